// The routes of `postkey dev` only: a demo application and an inbox that holds every mail. They do not exist on a server.
import { paths } from '../core/paths.ts'
import { getSession } from '../flow/session.ts'
import { demoPage } from '../page/demo.tsx'
import { devInboxPage } from '../page/dev-inbox.tsx'
import type { DevMail } from '../page/view.ts'
import { frameOf, html, json, refuse } from './respond.ts'
import type { Visit } from './visit.ts'

export interface DevRoutes {
  list(filter: { to?: string; after?: number | string }): readonly DevMail[]
  get(id: string): DevMail | undefined
}

type DevRoute = (visit: Visit, request: Request) => Response | Promise<Response>

export function devRoutes(inbox: DevRoutes): Record<string, { GET: DevRoute }> {
  const idOf = (request: Request): string =>
    decodeURIComponent(new URL(request.url).pathname.split(`${paths.devInbox}/`)[1]?.split('/')[0] ?? '')
  return {
    '/': {
      GET: async (visit) => {
        const { live } = await getSession(visit.context, visit.asker.session, { touch: visit.prefetch ? 'never' : 'due' })
        return html(visit, demoPage(frameOf(visit, visit.context.now()), { email: live?.user.email ?? null }))
      },
    },
    [paths.devInbox]: { GET: (visit) => html(visit, devInboxPage(frameOf(visit, visit.context.now()), { mails: inbox.list({}) })) },
    [`${paths.devInbox}.json`]: {
      GET: (visit, request) => {
        const query = new URL(request.url).searchParams
        const to = query.get('to')
        const after = query.get('after')
        return json(visit, inbox.list({ ...(to === null ? {} : { to }), ...(after === null ? {} : { after }) }))
      },
    },
    [`${paths.devInbox}/:id`]: {
      GET: (visit, request) => {
        const open = inbox.get(idOf(request))
        if (open === undefined) return refuse(visit, { reason: 'route_unknown' })
        return html(visit, devInboxPage(frameOf(visit, visit.context.now()), { mails: inbox.list({}), open }))
      },
    },
    [`${paths.devInbox}/:id/html`]: {
      GET: (visit, request) => {
        const open = inbox.get(idOf(request))
        if (open === undefined) return refuse(visit, { reason: 'route_unknown' })
        // The mail as it is, in a frame without script and without an origin.
        const csp =
          "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"
        return html(visit, open.html, { headers: { 'content-security-policy': csp, 'x-frame-options': 'SAMEORIGIN' } })
      },
    },
  }
}
