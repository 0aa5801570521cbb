// Taking the own data along, and deleting the account: what cannot be undone is said twice, and wants a proof that is not old.
import { paths } from '../core/paths.ts'
import { eraseSelf, readOwnData } from '../flow/own.ts'
import { viewSession } from '../flow/session.ts'
import { erasedPage, erasePage } from '../page/erase.tsx'
import { readFormBody } from './body.ts'
import { proofFirst } from './change.ts'
import { signInFirst } from './confirm.ts'
import { endedSessionCookie } from './cookies.ts'
import type { Incoming, Outgoing } from './exchange.ts'
import { frameOf, html, json, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import type { Visit } from './visit.ts'

export function ownRoutes(): RouteTable {
  return {
    [paths.ownData]: { GET: getData },
    [paths.erase]: { GET: getErase, POST: postErase },
    [paths.erased]: { GET: (visit) => html(visit, erasedPage(frameOf(visit, visit.context.now()))) },
  }
}

/** Times as people write them. */
const dated = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value).map(([name, part]) => [name, TIMES.test(name) && typeof part === 'number' ? iso(part) : part]),
      )
    : value

const TIMES = /^at$|At$/
const iso = (ms: number): string => new Date(ms).toISOString()

async function getData(visit: Visit): Promise<Outgoing> {
  const { context, asker } = visit
  const { view, reason } = await viewSession(context, asker.session)
  visit.log.reason = reason
  if (view === null) return signInFirst(visit, `${context.basePath}${paths.account}`)
  const data = await readOwnData(context, view.user.id)
  const headers = { 'content-disposition': 'attachment; filename="my-data.json"' }
  return json(visit, JSON.parse(JSON.stringify(data ?? {}, dated)) as object, { headers })
}

async function getErase(visit: Visit): Promise<Outgoing> {
  const { context, asker } = visit
  const first = await proofFirst(visit, paths.erase)
  if (first !== null) return first
  const { view } = await viewSession(context, asker.session)
  if (view === null) return signInFirst(visit, `${context.basePath}${paths.account}`)
  return html(visit, erasePage(frameOf(visit, view.now), { email: view.user.email }))
}

const eraseFields = { sure: { max: 3, required: true } } as const

async function postErase(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readFormBody(request, eraseFields)
  if (!body.ok || body.values.sure !== 'yes') return refuse(visit, { reason: body.ok ? 'body_malformed' : body.reason })
  const reason = await eraseSelf(context, asker)
  visit.log.reason = reason
  if (reason === 'person_erased') {
    const headers = { 'clear-site-data': '"cache"' }
    return redirect(visit, `${context.basePath}${paths.erased}`, { cookies: [endedSessionCookie(site.cookies)], headers })
  }
  if (reason === 'operator_protected') return refuse(visit, { reason }, { continueTo: `${context.basePath}${paths.account}` })
  // Not signed in, or with a proof that is too old: to prove it, and back to the page that asks.
  return (await proofFirst(visit, paths.erase)) ?? redirect(visit, `${context.basePath}${paths.erase}`)
}
