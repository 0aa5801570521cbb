// The application: one request in, one answer out. Whose, guard, route, answer; what goes wrong on our side becomes a page that says so
// and spends nothing.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ReasonCode } from '../core/reason.ts'
import type { ReportReaders } from '../flow/bounce.ts'
import { type Context, recordRefusal } from '../flow/context.ts'
import type { Found, Tenants } from '../flow/tenants.ts'
import { within } from '../flow/tracing.ts'
import type { DevRoutes } from './dev.ts'
import { type Incoming, knownMethod, type Outgoing } from './exchange.ts'
import { fromFetch, toFetch } from './fetch.ts'
import { fromGiven, type GivenRequest, infoOf } from './given.ts'
import { guard } from './guard.ts'
import { fromNode, pathOf, targetOf, toNode } from './node.ts'
import { redirect, refuse } from './respond.ts'
import { type Router, routes } from './routes.ts'
import { type Site, siteOf } from './site.ts'
import { type RequestInfo, type Visit, visitOf } from './visit.ts'

/** Every page and route as a web-standard function. */
export type Handler = (request: Request, info?: RequestInfo) => Promise<Response>
/**
 * The same for node:http and what is built on it; the client's address is the socket's unless `info` says otherwise. It is a middleware, too:
 * in the place of `info` Express and its like hand over `next`, which gets what is not below the base path, and errors.
 */
export type Listener = (incoming: IncomingMessage, outgoing: ServerResponse, info?: RequestInfo | Next) => Promise<void>
export type Next = (error?: unknown) => void

export interface AppOptions {
  /** The demo page and the inbox of `postkey dev`. */
  readonly dev?: DevRoutes | undefined
  /** Where `/` leads on a stand-alone server, and at a tenant to its account page; absent: `/` is the host's. */
  readonly home?: string | undefined
  readonly metrics: () => Promise<string>
  /** Mail services that may report. */
  readonly reports: ReportReaders
}

export interface App {
  readonly handler: Handler
  readonly listener: Listener
  /** A request as whoever answers it without a page of ours needs it: whose users, and who asks. Null: there is no such tenant. */
  visitOf(request: GivenRequest, info: RequestInfo): Promise<Visit | null>
}

/** The pages of one tenant. */
interface Pages {
  readonly site: Site
  readonly router: Router
}

export function createApp(tenants: Pick<Tenants, 'own' | 'find'>, addresses: Site['clientAddress'], options: AppOptions): App {
  const made = new WeakMap<Context, Pages>()
  const pagesOf = (context: Context): Pages => {
    const pages = made.get(context) ?? { site: siteOf(context, addresses), router: routes(context, options) }
    made.set(context, pages)
    return pages
  }
  const exchange = async (request: Incoming, info: RequestInfo): Promise<Outgoing> => {
    const began = performance.now()
    const asked = tenants.find({ tenant: info.tenant, host: request.host, path: request.path })
    // For the one tenant of most installations, and for all that had a request before, there is nothing to wait for.
    const found: Met = asked instanceof Promise ? await asked.catch((error: unknown) => ({ ...nowhere(tenants.own), error })) : asked
    const { context } = found
    const { site, router } = pagesOf(context)
    const isThere = found.refused === null && found.error === undefined
    const path = isThere ? behind(context.basePath, request.path) : behindNobody(request.path)
    const visit = visitOf(context, site, request, info, path)
    const { requestId } = visit.asker
    const span = context.tracing?.request({ requestId, method: request.method, header: (name) => request.header(name) }) ?? null
    const answered = await within(span, () => answer(router, visit, request, path, found))
    const { route, reason } = visit.log
    const { status } = answered
    context.tell({ kind: 'request', route, status, reason })
    context.log.event('request', {
      requestId,
      method: knownMethod(request.method) ?? 'other',
      route,
      status,
      reason,
      ms: Math.round((performance.now() - began) * 10) / 10,
    })
    span?.end({ route, status, reason })
    return answered
  }
  return {
    handler: async (request, info = {}) => toFetch(await exchange(fromFetch(request), info), request.method),
    listener: async (incoming, outgoing, given) => {
      const next = typeof given === 'function' ? given : null
      if (next !== null && !isBelow(tenants.own.basePath, pathOf(targetOf(incoming)))) return next()
      const info = next === null && given !== undefined ? (given as RequestInfo) : infoOf(incoming)
      try {
        toNode(await exchange(fromNode(incoming), info), incoming.method ?? 'GET', outgoing)
      } catch (error) {
        if (next !== null) return next(error)
        // The client is gone, or the answer could not be written: there is nobody to tell.
        tenants.own.log.error('answer_failed', error)
        outgoing.destroy()
      }
    },
    visitOf: async (given, info) => {
      const request = fromGiven(given)
      const { context, refused } = await tenants.find({ tenant: info.tenant, host: request.host, path: request.path })
      return refused === null ? visitOf(context, pagesOf(context).site, request, info, '') : null
    },
  }
}

function isBelow(basePath: string, path: string): boolean {
  return path === basePath || path.startsWith(`${basePath}/`)
}

function behind(basePath: string, path: string): string {
  return path.startsWith(basePath) ? path.slice(basePath.length) || '/' : ''
}

/** Of whom nobody knows where they are: enough to tell a program from a person. */
function behindNobody(path: string): string {
  const at = path.indexOf('/api/')
  return at < 0 ? '' : path.slice(at)
}

interface Met extends Found {
  /** Why nobody knows. */
  readonly error?: unknown
}

const nowhere = (own: Context): Found => ({ context: own, refused: null, movedTo: null })

async function answer(router: Router, visit: Visit, request: Incoming, path: string, found: Met): Promise<Outgoing> {
  try {
    if (found.error !== undefined) throw found.error
    // Before anything is looked up or written, also that it was refused: whoever makes names up must not fill anybody's record.
    if (found.refused !== null) return refuse(visit, { reason: found.refused })
    if (found.movedTo !== null && isLook(request)) return moved(visit, request, found.movedTo)
    const refused = guard(visit, request)
    if (refused === null) return await router(visit, request, path)
    recordRefusal(visit.context, visit.asker.requestId, 'guard', refused, {
      method: knownMethod(request.method) ?? 'other',
      secFetchSite: fetchSite(request),
    })
    return refuse(visit, { reason: refused }, { home: visit.context.origin })
  } catch (error) {
    return outage(visit, error)
  }
}

const isLook = ({ method }: Incoming): boolean => method === 'GET' || method === 'HEAD'

/** To where the tenant is at home: another host, and so another jar of cookies and another origin. */
function moved(visit: Visit, { search }: Incoming, to: string): Outgoing {
  return redirect(visit, search === '' ? to : `${to}?${search}`, { status: 308 })
}

/** The header's four values, or that it was something else: nothing of a request is echoed into an event. */
function fetchSite(request: Incoming): string {
  const value = request.header('sec-fetch-site') ?? 'absent'
  return ['absent', 'same-origin', 'same-site', 'cross-site', 'none'].includes(value) ? value : 'other'
}

function outage(visit: Visit, error: unknown): Outgoing {
  const reason: ReasonCode = error instanceof Error && error.name === 'Unavailable' ? 'unavailable' : 'failed'
  visit.context.log.error('request_failed', error, { requestId: visit.asker.requestId, route: visit.log.route })
  return refuse(visit, { reason, ...(reason === 'unavailable' ? { retryAfterMs: 5_000 } : {}) })
}
