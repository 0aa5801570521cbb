// Which path is answered by what, and with which methods: the table of contents of the web side. A path is found by its whole
// name, or by how it begins; nothing else is ever needed, and a request finds its route in one look.
import { paths } from '../core/paths.ts'
import { CONFIGURED } from '../core/place.ts'
import type { Context } from '../flow/context.ts'
import { icon, script } from '../page/assets.generated.ts'
import { reasonsPage } from '../page/reasons.tsx'
import { stylesheet } from '../page/stylesheet.ts'
import { getAccount, postEndOthers, postEndSession, postSignOut } from './account.ts'
import { adminRoutes } from './admin.ts'
import { adminUserRoutes } from './admin-users.ts'
import { postResend as apiResend, deleteCurrent, deleteOne, getCurrent, getList, postStart, postVerify } from './api.ts'
import type { AppOptions } from './app.ts'
import { changeRoutes } from './change.ts'
import { confirmRoutes } from './confirm.ts'
import { consoleRoutes } from './console.ts'
import { consoleRecoveryRoutes } from './console-recoveries.ts'
import { consoleTenantRoutes } from './console-tenants.ts'
import { devRoutes } from './dev.ts'
import type { Incoming, Outgoing } from './exchange.ts'
import { getLink, postLink } from './link.ts'
import { notMeRoutes } from './not-me.ts'
import { metricsOf } from './operations.ts'
import { ownRoutes } from './own.ts'
import { prepareRoutes } from './prepare.ts'
import { recoverRoutes } from './recover.ts'
import { waitRoutes } from './recovery-wait.ts'
import { reportRoutes } from './reports.ts'
import { frameOf, html, json, redirect, refuse } from './respond.ts'
import { getAsk, getCheck, getSwitched, postAsk, postCode, postResend } from './sign-in.ts'
import type { Visit } from './visit.ts'

/** `rest`: what follows the beginning of the path, for a route that ends in "/…"; as sent, nothing decoded. */
export type Route = (visit: Visit, request: Incoming, rest: string) => Outgoing | Promise<Outgoing>
export type Methods = Partial<Record<'GET' | 'POST' | 'DELETE', Route>>
/** By path; one that ends in "/…" answers whatever begins so. */
export type RouteTable = Readonly<Record<string, Methods>>

export type Router = (visit: Visit, request: Incoming, path: string) => Outgoing | Promise<Outgoing>

export function routes(context: Context, options: AppOptions): Router {
  const asset = assets()
  const table: RouteTable = {
    [paths.signIn]: { GET: getAsk, POST: postAsk },
    [paths.check]: { GET: getCheck },
    [paths.code]: { GET: toSignIn, POST: postCode },
    [paths.resend]: { GET: toSignIn, POST: postResend },
    [paths.switched]: { GET: getSwitched },
    [`${paths.link}/…`]: { GET: getLink, POST: postLink },
    [paths.account]: { GET: getAccount },
    ...confirmRoutes(),
    ...changeRoutes(),
    ...notMeRoutes(),
    ...ownRoutes(),
    ...prepareRoutes(),
    ...recoverRoutes(),
    ...waitRoutes(),
    [paths.endSession]: { POST: postEndSession },
    [paths.endOthers]: { POST: postEndOthers },
    [paths.signOut]: { POST: postSignOut },
    [paths.apiSignIn]: { POST: postStart },
    [paths.apiResend]: { POST: apiResend },
    [paths.apiVerify]: { POST: postVerify },
    [paths.apiSession]: { GET: getCurrent, DELETE: deleteCurrent },
    [paths.apiSessions]: { GET: getList },
    [`${paths.apiSessions}/…`]: { DELETE: (visit, _, rest) => deleteOne(visit, rest) },
    [paths.stylesheet]: { GET: asset(stylesheet(context.brand), 'text/css; charset=utf-8') },
    [paths.script]: { GET: asset(script, 'text/javascript; charset=utf-8') },
    [paths.icon]: { GET: asset(icon, 'image/svg+xml') },
    ...(context.brand.logo === undefined ? {} : { [paths.logo]: { GET: asset(context.brand.logo.svg, 'image/svg+xml', DRAWING) } }),
    [paths.reasons]: { GET: (visit) => html(visit, reasonsPage(frameOf(visit, context.now()))) },
    [paths.openapi]: { GET: contractOf },
    '/livez': { GET: (visit) => json(visit, { status: 'ok' }) },
    '/readyz': { GET: ready },
    '/version': { GET: (visit) => json(visit, context.versions) },
    // Tenants are managed where the installation is: at one of them there is nothing of the kind, whoever asks.
    ...(context.tenant === CONFIGURED ? adminRoutes() : {}),
    ...(context.tenant === CONFIGURED && context.operators.length > 0 ? consoleTenantRoutes() : {}),
    ...adminUserRoutes(),
    ...reportRoutes(options.reports),
    ...(context.operators.length > 0 ? { ...consoleRoutes(), ...consoleRecoveryRoutes() } : {}),
    ...(options.home ? { '/': { GET: (visit: Visit) => redirect(visit, homeOf(context, options.home as string)) } } : {}),
    ...(options.dev ? { ...devRoutes(options.dev), '/metrics': { GET: (visit: Visit) => metricsOf(visit, options) } } : {}),
  }
  return routerOf(table)
}

function homeOf({ tenant, basePath }: Context, home: string): string {
  return tenant === CONFIGURED ? home : `${basePath}${paths.account}`
}

export function routerOf(table: RouteTable): Router {
  const whole = new Map<string, Entry>()
  const beginnings: (readonly [string, Entry])[] = []
  for (const [pattern, methods] of Object.entries(table)) {
    const entry = { pattern, methods, allow: allowOf(methods) }
    if (pattern.endsWith('/…')) beginnings.push([pattern.slice(0, -1), entry])
    else whole.set(pattern, entry)
  }
  return (visit, request, path) => {
    const beginning = whole.has(path) ? undefined : beginnings.find(([start]) => path.startsWith(start))
    const entry = whole.get(path) ?? beginning?.[1]
    if (entry === undefined) return refuse(visit, { reason: 'route_unknown' })
    visit.log.route = entry.pattern
    // HEAD is GET without the body: what a GET may not do, a HEAD cannot.
    const method = request.method === 'HEAD' ? 'GET' : request.method
    const route = Object.hasOwn(entry.methods, method) ? entry.methods[method as keyof Methods] : undefined
    if (route === undefined) return refuse(visit, { reason: 'method_not_allowed' }, {}, { headers: { allow: entry.allow } })
    return route(visit, request, beginning === undefined ? '' : path.slice(beginning[0].length))
  }
}

interface Entry {
  readonly pattern: string
  readonly methods: Methods
  readonly allow: string
}

function allowOf(methods: Methods): string {
  return Object.keys(methods)
    .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
    .join(', ')
}

function toSignIn(visit: Visit): Outgoing {
  return redirect(visit, `${visit.context.basePath}${paths.signIn}`)
}

/**
 * Without its mail server a node is still ready: who is signed in stays so, and mails wait. All nodes share that server, and a load
 * balancer that took them all away would make an outage of it.
 */
async function ready(visit: Visit): Promise<Outgoing> {
  try {
    await visit.context.store.check()
    const since = visit.context.mailUnusableSince()
    return json(visit, since === null ? { status: 'ok' } : { status: 'degraded', mail: `unusable since ${new Date(since).toISOString()}` })
  } catch (error) {
    visit.context.log.error('not_ready', error, { requestId: visit.asker.requestId })
    return json(visit, { status: 'unavailable' }, { status: 503, retryAfterMs: 5_000 })
  }
}

/** Loaded by the first who asks. */
async function contractOf(visit: Visit): Promise<Outgoing> {
  const { origin, basePath, versions } = visit.context
  const { openapi } = await import('./contract.ts')
  return json(visit, openapi({ url: `${origin}${basePath}`, version: versions.app }, visit.site.cookies))
}

/** Opened by itself it is a page of our origin, which whoever drew it must not act for. */
const DRAWING = { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox" }

function assets(): (body: string, type: string, own?: Readonly<Record<string, string>>) => Route {
  // Addresses carry a hash of the content: a year is safe.
  const headers = { 'cache-control': 'public, max-age=31536000, immutable', vary: 'Accept-Encoding' }
  return (body, type, own) => (visit) => html(visit, body, { headers: { ...headers, ...own, 'content-type': type } })
}
