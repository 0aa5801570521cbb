// What mail services report: no page, no cookie, no origin; who sent it is told by its signature. Only the services of the settings have a route.
import { paths } from '../core/paths.ts'
import { type ReportReaders, takeReport } from '../flow/bounce.ts'
import { recordRefusal, scopeOf } from '../flow/context.ts'
import type { Incoming, Outgoing } from './exchange.ts'
import { json, problem } from './respond.ts'
import type { RouteTable } from './routes.ts'
import type { Visit } from './visit.ts'

/** Services send many reports at once: SendGrid up to 768 KB. */
const BODY_BYTES_MAX = 1_048_576

export function reportRoutes(readers: ReportReaders): RouteTable {
  return Object.fromEntries(
    [...readers].map(([service, read]) => [
      `${paths.mailReports}/${service}`,
      { POST: (visit: Visit, request: Incoming) => postReport(visit, request, [service, read]) },
    ]),
  )
}

type Service = ReportReaders extends ReadonlyMap<infer Name, infer Read> ? readonly [Name, Read] : never

async function postReport(visit: Visit, request: Incoming, [service, read]: Service): Promise<Outgoing> {
  const { context, asker } = visit
  const { requestId } = asker
  const body = await request.text(BODY_BYTES_MAX)
  if (body === null) return problem(visit, { reason: 'body_too_large' })
  const delivery = { header: (name: string) => request.header(name), body, now: context.now() }
  const taken = await takeReport({ ...context, scope: () => scopeOf(context, requestId) }, service, read, delivery)
  context.dispatches.wake()
  // 200 and not 204: some take nothing else for a yes.
  if (taken.ok) return json(visit, { ok: true })
  if (taken.why === 'unreadable') return problem(visit, { reason: 'body_malformed' })
  recordRefusal(context, requestId, 'guard', 'report_forged', { method: 'POST', service })
  return problem(visit, { reason: 'report_forged' })
}
