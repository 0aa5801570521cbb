// The handler: one request in, one response out. Guard, route, answer; what goes wrong on our side becomes a page that says so
// and spends nothing.
import { type Context as Call, Hono } from 'hono'
import { getPath } from 'hono/utils/url'
import { paths } from '../core/paths.ts'
import type { ReasonCode } from '../core/reason.ts'
import { type Context, recordRefusal } from '../flow/context.ts'
import { icon, script } from '../page/assets.generated.ts'
import { reasonsPage } from '../page/reasons.tsx'
import { stylesheet } from '../page/stylesheet.ts'
import { getAccount, postEndOthers, postEndSession, postSignOut } from './account.ts'
import { postResend as apiResend, deleteCurrent, deleteOne, getCurrent, getList, postStart, postVerify } from './api.ts'
import { type DevRoutes, devRoutes } from './dev.ts'
import { guard } from './guard.ts'
import { getLink, postLink } from './link.ts'
import { frameOf, html, json, refuse } from './respond.ts'
import { getAsk, getCheck, getSwitched, postAsk, postCode, postResend } from './sign-in.ts'
import type { Site } from './site.ts'
import { type RequestInfo, type Visit, visitOf } from './visit.ts'

export type Handler = (request: Request, info?: RequestInfo) => Promise<Response>

export interface AppOptions {
  /** The demo page and the inbox of `postkey dev`. */
  readonly dev?: DevRoutes | undefined
  /** Where `/` leads on a stand-alone server; absent: `/` is the host's. */
  readonly home?: string | undefined
}

type Env = { Bindings: { visit: Visit } }
type Route = (visit: Visit, request: Request, call: Call<Env>) => Response | Promise<Response>

export function createHandler(context: Context, site: Site, options: AppOptions): Handler {
  const app = routes(context, options)
  return async (request, info = {}) => {
    const began = performance.now()
    const visit = visitOf(context, site, request, info, getPath(request).slice(context.basePath.length))
    const response = await answer(app, visit, request, info)
    context.log.event('request', {
      requestId: visit.asker.requestId,
      method: request.method,
      route: visit.log.route,
      status: response.status,
      reason: visit.log.reason,
      ms: Math.round((performance.now() - began) * 10) / 10,
    })
    return response
  }
}

async function answer(app: Hono<Env>, visit: Visit, request: Request, info: RequestInfo): Promise<Response> {
  try {
    const refused = guard(visit, request, info.tenant ?? 'default')
    if (refused === null) return await app.fetch(request, { visit })
    recordRefusal(visit.context, visit.asker.requestId, 'guard', refused, { method: request.method, secFetchSite: fetchSite(request) })
    return refuse(visit, { reason: refused }, { home: visit.context.origin })
  } catch (error) {
    return outage(visit, error)
  }
}

/** The header's four values, or that it was something else: nothing of a request is echoed into an event. */
function fetchSite(request: Request): string {
  const value = request.headers.get('sec-fetch-site') ?? 'absent'
  return ['absent', 'same-origin', 'same-site', 'cross-site', 'none'].includes(value) ? value : 'other'
}

function outage(visit: Visit, error: unknown): Response {
  const reason: ReasonCode = error instanceof Error && error.name === 'Unavailable' ? 'unavailable' : 'failed'
  visit.context.log.error('request_failed', error, { requestId: visit.asker.requestId, route: visit.log.route })
  return refuse(visit, { reason, ...(reason === 'unavailable' ? { retryAfterMs: 5_000 } : {}) })
}

function routes(context: Context, options: AppOptions): Hono<Env> {
  const app = new Hono<Env>()
  const { basePath } = context
  const asset = assets(context)

  const table: Record<string, Partial<Record<'GET' | 'POST' | 'DELETE', Route>>> = {
    [paths.signIn]: { GET: getAsk, POST: postAsk },
    [paths.check]: { GET: getCheck },
    [paths.code]: { GET: toSignIn, POST: postCode },
    [paths.resend]: { GET: toSignIn, POST: postResend },
    [paths.switched]: { GET: getSwitched },
    // Without a rest as well.
    [`${paths.link}/:id/*`]: {
      GET: (visit, _, call) => landing(visit, call),
      POST: (visit, request, call) => postLink(visit, request, call.req.param('id') ?? ''),
    },
    [paths.account]: { GET: getAccount },
    [paths.endSession]: { POST: postEndSession },
    [paths.endOthers]: { POST: postEndOthers },
    [paths.signOut]: { POST: postSignOut },
    [paths.apiSignIn]: { POST: postStart },
    [paths.apiResend]: { POST: apiResend },
    [paths.apiVerify]: { POST: postVerify },
    [paths.apiSession]: { GET: getCurrent, DELETE: deleteCurrent },
    [paths.apiSessions]: { GET: getList },
    [`${paths.apiSessions}/:id`]: { DELETE: (visit, _, call) => deleteOne(visit, call.req.param('id') ?? '') },
    [paths.stylesheet]: { GET: asset.styles },
    [paths.script]: { GET: asset.script },
    [paths.icon]: { GET: asset.icon },
    [paths.reasons]: { GET: (visit) => html(visit, reasonsPage(frameOf(visit, context.now()))) },
    '/livez': { GET: (visit) => json(visit, { status: 'ok' }) },
    '/readyz': { GET: ready },
    '/version': { GET: (visit) => json(visit, context.versions) },
    ...(options.home ? { '/': { GET: (visit) => redirectHome(visit, options.home as string) } } : {}),
    ...(options.dev ? devRoutes(options.dev) : {}),
  }
  for (const [pattern, methods] of Object.entries(table)) {
    const path = basePath + (pattern === '/' && basePath !== '' ? '' : pattern)
    const allow = Object.keys(methods)
      .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
      .join(', ')
    // One handler for a path: a second one, and every request would go through Hono's composition of middleware.
    app.all(path, (call) => {
      const { visit } = call.env
      visit.log.route = pattern
      // Hono answers HEAD by GET without the body: what a GET may not do, a HEAD cannot.
      const method = call.req.method === 'HEAD' ? 'GET' : call.req.method
      const route = Object.hasOwn(methods, method) ? methods[method as keyof typeof methods] : undefined
      return route ? route(visit, call.req.raw, call) : refuse(visit, { reason: 'method_not_allowed' }, {}, { headers: { allow } })
    })
  }
  app.notFound((call) => refuse(call.env.visit, { reason: 'route_unknown' }))
  app.onError((error, call) => outage(call.env.visit, error))
  return app
}

/** The id is 17 letters and digits; a `#` that a gateway encoded, and all after it, is not part of it. */
function landing(visit: Visit, call: Call<Env>): Promise<Response> {
  const given = call.req.param('id') ?? ''
  const id = given.slice(0, 17)
  const rest = new URL(call.req.url).pathname.split(`${paths.link}/`)[1]?.slice(17) ?? ''
  return getLink(visit, /^(?:[#%]|$)/.test(given.slice(17)) ? id : given, rest)
}

function toSignIn(visit: Visit): Response {
  return redirectHome(visit, `${visit.context.basePath}${paths.signIn}`)
}

function redirectHome(visit: Visit, location: string): Response {
  return new Response(null, { status: 303, headers: { ...visit.site.headers, location, 'x-request-id': visit.asker.requestId } })
}

async function ready(visit: Visit): Promise<Response> {
  try {
    await visit.context.store.check()
    return json(visit, { status: 'ok' })
  } catch (error) {
    visit.context.log.error('not_ready', error, { requestId: visit.asker.requestId })
    return json(visit, { status: 'unavailable' }, { status: 503, retryAfterMs: 5_000 })
  }
}

function assets(context: Context): Record<'styles' | 'script' | 'icon', Route> {
  const serve =
    (body: string, type: string): Route =>
    (visit) =>
      new Response(body, {
        headers: {
          ...visit.site.headers,
          'content-type': type,
          // Addresses carry a hash of the content: a year is safe.
          'cache-control': 'public, max-age=31536000, immutable',
          vary: 'Accept-Encoding',
          'x-request-id': visit.asker.requestId,
        },
      })
  return {
    styles: serve(stylesheet(context.brand), 'text/css; charset=utf-8'),
    script: serve(script, 'text/javascript; charset=utf-8'),
    icon: serve(icon, 'image/svg+xml'),
  }
}
