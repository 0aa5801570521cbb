// Numbers, on the port of everything else: in `dev` only. On a server they have a port of their own (run/operations.ts), since a stranger
// has no business to know how much happens (AU-10).
import type { AppOptions } from './app.ts'
import type { Outgoing } from './exchange.ts'
import { html } from './respond.ts'
import type { Visit } from './visit.ts'

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export async function metricsOf(visit: Visit, { metrics }: Pick<AppOptions, 'metrics'>): Promise<Outgoing> {
  return html(visit, await metrics(), { headers: { 'content-type': METRICS_TYPE } })
}
