// Users by JSON, for programs that hold a key of their tenant. To everybody else there is nothing here. Nobody's address stands in a URL, which proxies
// write down.
import { z } from 'zod'
import { readExternalId } from '../core/external-id.ts'
import type { User } from '../core/model.ts'
import type { UserAct } from '../core/operator.ts'
import { paths } from '../core/paths.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { type Inviter, invite } from '../flow/invite.ts'
import { contextFor } from '../flow/roll-out.ts'
import { type Acted, actOnUser, createUser, findUser, listUsers, type UserKey } from '../flow/users.ts'
import { admitted } from './admin.ts'
import { readJsonBody } from './body.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { json, problem } from './respond.ts'
import type { RouteTable } from './routes.ts'
import type { Visit } from './visit.ts'

export function adminUserRoutes(): RouteTable {
  return {
    [paths.apiUsers]: { GET: list, POST: add },
    [`${paths.apiUsers}/find`]: { POST: find },
    [`${paths.apiUsers}/…`]: { GET: show, POST: act, DELETE: remove },
  }
}

const externalId = z.string().refine((text) => readExternalId(text) !== null)
const mailFields = { locale: z.string().max(40).optional(), returnTo: z.string().max(2_000).optional() }

export const addBody = z.strictObject({
  email: z.string().max(320),
  externalId: externalId.optional().describe('What another system knows the user by.'),
  invite: z.boolean().optional().describe('Send the mail that lets the person in; default: none is sent.'),
  ...mailFields,
})
export const findBody = z.union([z.strictObject({ email: z.string().max(320) }), z.strictObject({ externalId })])
export const inviteBody = z.strictObject(mailFields)

const LIMIT = 100
const LIMIT_MAX = 1_000

function careOf({ context }: Visit): Inviter {
  const by = 'api'
  return { ...context, by, rulesOf: (email) => ({ ...contextFor(context, email), by }) }
}

function holding(visit: Visit, request: Incoming, writes: boolean, work: () => Promise<Outgoing>): Promise<Outgoing> {
  return admitted(visit, request, { tenant: visit.context.tenant, writes, places: false }, work)
}

function list(visit: Visit, request: Incoming): Promise<Outgoing> {
  return holding(visit, request, false, async () => {
    const query = queryOf(request)
    const asked = Number(query.get('limit') ?? LIMIT)
    const limit = Number.isInteger(asked) && asked > 0 ? Math.min(asked, LIMIT_MAX) : LIMIT
    const { users, next } = await listUsers(visit.context, { after: query.get('after') ?? '', limit })
    return said(visit, { users: users.map(plain), next })
  })
}

function add(visit: Visit, request: Incoming): Promise<Outgoing> {
  return holding(visit, request, true, async () => {
    const body = await readJsonBody(request, addBody)
    if (!body.ok) return problem(visit, { reason: body.reason })
    const { invite: sends = false, ...given } = body.values
    if (sends) return await invited(visit, given, 201)
    const made = await createUser(careOf(visit), given)
    if (made.ok) return said(visit, { user: plain(made.user) }, 201)
    return refused(visit, made.reason === 'external_id_invalid' ? 'body_malformed' : made.reason, made.user)
  })
}

function find(visit: Visit, request: Incoming): Promise<Outgoing> {
  return holding(visit, request, false, async () => {
    const body = await readJsonBody(request, findBody)
    return body.ok ? await found(visit, body.values) : problem(visit, { reason: body.reason })
  })
}

const show = (visit: Visit, request: Incoming, id: string): Promise<Outgoing> => holding(visit, request, false, () => found(visit, { id }))

async function found(visit: Visit, key: UserKey): Promise<Outgoing> {
  const user = await findUser(visit.context, key)
  return user === null ? problem(visit, { reason: 'person_unknown' }) : said(visit, { user: plain(user) })
}

const ACTS: Readonly<Record<string, Exclude<UserAct, 'create'>>> = { disable: 'disable', enable: 'enable', 'end-sessions': 'end_sessions' }

/** `/ID/disable`, `/ID/enable`, `/ID/end-sessions`, `/ID/invite`. */
function act(visit: Visit, request: Incoming, rest: string): Promise<Outgoing> {
  const [id = '', name = '', ...more] = rest.split('/')
  const wants = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined
  if (more.length > 0 || (wants === undefined && name !== 'invite')) return Promise.resolve(problem(visit, { reason: 'route_unknown' }))
  return holding(visit, request, true, async () => {
    if (wants !== undefined) return acted(visit, await actOnUser(careOf(visit), wants, { id }))
    const body = await readJsonBody(request, inviteBody)
    if (!body.ok) return problem(visit, { reason: body.reason })
    const user = await findUser(visit.context, { id })
    return user === null ? problem(visit, { reason: 'person_unknown' }) : await invited(visit, { email: user.email, ...body.values }, 202)
  })
}

/** `/ID`, and `/ID/erase`, which takes the address from everything that names it. */
function remove(visit: Visit, request: Incoming, rest: string): Promise<Outgoing> {
  const [id = '', name, ...more] = rest.split('/')
  if (more.length > 0 || (name !== undefined && name !== 'erase')) return Promise.resolve(problem(visit, { reason: 'route_unknown' }))
  return holding(visit, request, true, async () =>
    acted(visit, await actOnUser(careOf(visit), name === 'erase' ? 'erase' : 'delete', { id })),
  )
}

async function invited(visit: Visit, given: Parameters<typeof invite>[1], status: number): Promise<Outgoing> {
  const result = await invite(careOf(visit), given)
  if (result.ok)
    return said(visit, { user: plain(result.user), invitation: { expiresAt: new Date(result.expiresAt).toISOString() } }, status)
  const { reason, user, retryAfterMs } = result
  return refused(visit, reason === 'external_id_invalid' ? 'body_malformed' : reason, user, retryAfterMs)
}

function acted(visit: Visit, result: Acted): Outgoing {
  visit.log.reason = result.reason
  return result.ok
    ? said(visit, { user: result.user?.id ?? null, sessions: result.sessions, reason: result.reason })
    : refused(visit, result.reason, null)
}

/** What a person could be told is told as everywhere; what only whoever runs it may know is said here, with who is there. */
function refused(visit: Visit, reason: ReasonCode, user: User | null, retryAfterMs: number | null = null): Outgoing {
  if (!FOR_OPERATORS.has(reason)) return problem(visit, { reason, retryAfterMs: retryAfterMs ?? undefined })
  visit.log.reason = reason
  const { requestId } = visit.asker
  return json(visit, { reason, title: reasons[reason].meaning, user: user && plain(user), requestId }, { status: 409 })
}

const FOR_OPERATORS: ReadonlySet<ReasonCode> = new Set([
  'user_exists',
  'user_confirmed',
  'user_disabled',
  'address_suppressed',
  'invitation_off',
  'operator_protected',
])

function said(visit: Visit, answer: object, status = 200): Outgoing {
  return json(visit, { ...answer, requestId: visit.asker.requestId }, { status })
}

const time = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

function plain({ id, email, status, externalId: external, createdAt, confirmedAt, signInCount, currentSignInAt }: User): object {
  return {
    id,
    email,
    status,
    externalId: external,
    createdAt: time(createdAt),
    confirmedAt: time(confirmedAt),
    signInCount,
    lastSignInAt: time(currentSignInAt),
  }
}
