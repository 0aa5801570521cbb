// The application: one request in, one answer out. Guard, route, answer; what goes wrong on our side becomes a page that says so
// and spends nothing.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ReasonCode } from '../core/reason.ts'
import type { ReportReaders } from '../flow/bounce.ts'
import { type Context, recordRefusal } from '../flow/context.ts'
import { within } from '../flow/tracing.ts'
import type { DevRoutes } from './dev.ts'
import { type Incoming, knownMethod, type Outgoing } from './exchange.ts'
import { fromFetch, toFetch } from './fetch.ts'
import { guard } from './guard.ts'
import { fromNode, toNode } from './node.ts'
import { refuse } from './respond.ts'
import { type Router, routes } from './routes.ts'
import type { Site } from './site.ts'
import { type RequestInfo, type Visit, visitOf } from './visit.ts'

/** Every page and route as a web-standard function. */
export type Handler = (request: Request, info?: RequestInfo) => Promise<Response>
/** The same for node:http and what is built on it; the client's address is the socket's unless `info` says otherwise. */
export type Listener = (incoming: IncomingMessage, outgoing: ServerResponse, info?: RequestInfo) => Promise<void>

export interface AppOptions {
  /** The demo page and the inbox of `postkey dev`. */
  readonly dev?: DevRoutes | undefined
  /** Where `/` leads on a stand-alone server; absent: `/` is the host's. */
  readonly home?: string | undefined
  readonly metrics: () => Promise<string>
  /** Mail services that may report. */
  readonly reports: ReportReaders
}

export function createApp(context: Context, site: Site, options: AppOptions): { readonly handler: Handler; readonly listener: Listener } {
  const router = routes(context, options)
  const exchange = async (request: Incoming, info: RequestInfo): Promise<Outgoing> => {
    const began = performance.now()
    const path = request.path.startsWith(context.basePath) ? request.path.slice(context.basePath.length) || '/' : ''
    const visit = visitOf(context, site, request, info, path)
    const { requestId } = visit.asker
    const span = context.tracing?.request({ requestId, method: request.method, header: (name) => request.header(name) }) ?? null
    const answered = await within(span, () => answer(router, visit, request, info, path))
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
    listener: async (incoming, outgoing, info = { clientAddress: incoming.socket.remoteAddress }) =>
      toNode(await exchange(fromNode(incoming), info), incoming.method ?? 'GET', outgoing),
  }
}

async function answer(router: Router, visit: Visit, request: Incoming, info: RequestInfo, path: string): Promise<Outgoing> {
  try {
    const refused = guard(visit, request, info.tenant ?? 'default')
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
