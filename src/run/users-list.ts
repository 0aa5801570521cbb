// `postkey users list` and `show`. Both only look, and leave no trace.
import { readAddress } from '../core/address.ts'
import type { Ms, Session, User } from '../core/model.ts'
import { iso } from '../core/span.ts'
import { findUser, listUsers, type UserFilter, type UserPage } from '../flow/users.ts'
import { ID_SHAPE } from '../secret.ts'
import type { ExitCode, Request } from './command.ts'
import { withStore } from './reading.ts'
import { sinceOf, tenantOf } from './record.ts'
import { whoOf } from './users-care.ts'

const LIMIT = 50
const LIMIT_MAX = 1_000

/** As programs read it. */
export function plainUser({ createdAt, confirmedAt, currentSignInAt, lastSignInAt, ...user }: User): object {
  const time = (at: Ms | null): string | null => (at === null ? null : iso(at))
  const times = { createdAt: iso(createdAt), confirmedAt: time(confirmedAt), currentSignInAt: time(currentSignInAt) }
  return { ...user, ...times, lastSignInAt: time(lastSignInAt) }
}

interface Asked extends UserFilter {
  readonly after?: string | undefined
  readonly limit: number
}

export async function list(request: Request): Promise<ExitCode> {
  const asked = readAsked(request)
  if (typeof asked === 'string') {
    request.terminal.err(`postkey users list: ${asked}`)
    return 2
  }
  if (asked === null) return 2
  return await withStore(request, 'users list', async (store) => {
    const page = await listUsers({ store, tenant: tenantOf(request) }, asked)
    if (request.json) request.terminal.out(JSON.stringify({ ok: true, users: page.users.map(plainUser), next: page.next }))
    else request.terminal.out(pageText(page))
    return 0
  })
}

/** null: a time was not understood, and the person was told; a text: what else was not. */
function readAsked(request: Request): Asked | string | null {
  const { limit = String(LIMIT), after } = request.flags
  if (!/^\d{1,4}$/.test(limit) || Number(limit) < 1 || Number(limit) > LIMIT_MAX)
    return `--limit ${limit} is no number from 1 to ${LIMIT_MAX}`
  if (after !== undefined && !ID_SHAPE.test(after)) return `--after ${after} is no id of a user — copy it from the end of the page before`
  const filter = filterOf(request, 'users list')
  return filter === null || typeof filter === 'string' ? filter : { ...filter, after, limit: Number(limit) }
}

/** The same of a time that was not understood, and of what else was not. */
export function filterOf(request: Request, command: string): UserFilter | string | null {
  const { flags, switches } = request
  const { status, domain: typed } = flags
  if (status !== undefined && status !== 'active' && status !== 'disabled')
    return `--status ${status} is not known — write active or disabled`
  const domain = typed === undefined ? undefined : domainOf(typed)
  if (domain === null) return `--domain ${typed} is none — write what stands behind the "@", such as example.com`
  const since = flags['since'] === undefined ? undefined : sinceOf(request, command, '')
  if (since === null) return null
  return { status, domain, since, confirmed: switches.has('unconfirmed') ? false : undefined }
}

function domainOf(typed: string): string | null {
  const read = readAddress(`x@${typed.replace(/^@/, '')}`)
  return read.ok ? read.address.domain : null
}

function pageText({ users, next }: UserPage): string {
  if (users.length === 0) return 'No user fits.'
  const lines = users.map(({ id, email, status, createdAt, confirmedAt, signInCount }) =>
    [
      id,
      iso(createdAt).slice(0, 10),
      status.padEnd('disabled'.length),
      confirmedAt === null ? 'not confirmed' : `${signInCount} sign-ins`.padEnd('not confirmed'.length),
      email,
    ].join('  '),
  )
  return next === null ? lines.join('\n') : [...lines, '', `There are more: --after ${next}`].join('\n')
}

export async function show(request: Request): Promise<ExitCode> {
  const { terminal, json } = request
  const who = whoOf(request)
  if (who === null) return 2
  return await withStore(
    request,
    'users show',
    async (store, config) => {
      const tenant = tenantOf(request)
      const user = await findUser({ store, tenant }, who)
      if (user === null) {
        if (json) terminal.out(JSON.stringify({ ok: false, reason: 'person_unknown' }))
        else terminal.err('postkey users show: nobody is known by that')
        return 1
      }
      const [newest] = await store.listPolicies(tenant, 1)
      const sessions = await store.listSessions(tenant, newest?.policy ?? config.policy, user.id)
      const listed = config.operators.includes(user.email)
      if (json) terminal.out(JSON.stringify({ ok: true, user: plainUser(user), operator: listed, sessions: sessions.map(plainSession) }))
      else terminal.out(userText(user, sessions, listed))
      return 0
    },
    { mode: 'users' },
  )
}

function plainSession({ id, device, network, proof, createdAt, seenAt }: Session): object {
  return { id, device, network, proof, createdAt: iso(createdAt), seenAt: iso(seenAt) }
}

const minute = (at: Ms): string => `${iso(at).slice(0, 16).replace('T', ' ')} UTC`

function userText(user: User, sessions: readonly Session[], operator: boolean): string {
  const { id, email, status, externalId, createdAt, confirmedAt, signInCount, currentSignInAt } = user
  const lines: readonly (readonly [string, string])[] = [
    ['user', id],
    ['status', operator ? `${status}, operator` : status],
    ...(externalId === null ? [] : [['external id', externalId] as const]),
    ['made', minute(createdAt)],
    ['confirmed', confirmedAt === null ? 'not yet: nobody has proved the mailbox' : minute(confirmedAt)],
    ['sign-ins', currentSignInAt === null ? 'none' : `${signInCount}, the last ${minute(currentSignInAt)}`],
    ...sessions.map(
      ({ device, network, createdAt, seenAt }) =>
        ['session', `${device} from ${network}, since ${minute(createdAt)}, last used ${minute(seenAt)}`] as const,
    ),
  ]
  return [
    email,
    ...lines.map(([name, value]) => `  ${name.padEnd(11)}  ${value}`),
    '',
    `What was asked for: postkey audit search ${email}`,
  ].join('\n')
}
