// What whoever runs a server asks it, and a stranger has no business to know (AU-10): how much happens, and which version runs. In `dev`
// on the port of everything else; on a server on one of its own (run/operations.ts).
import type { AppOptions } from './app.ts'
import { html, json } from './respond.ts'
import type { RouteTable } from './routes.ts'

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function operationsRoutes({ metrics }: Pick<AppOptions, 'metrics'>): RouteTable {
  return {
    '/metrics': { GET: async (visit) => html(visit, await metrics(), { headers: { 'content-type': METRICS_TYPE } }) },
    '/version': { GET: (visit) => json(visit, visit.context.versions) },
  }
}
