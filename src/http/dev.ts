// The routes of `postkey dev` only: a demo application and an inbox that holds every mail. They do not exist on a server.
import { paths } from '../core/paths.ts'
import { getSession } from '../flow/session.ts'
import { demoPage } from '../page/demo.tsx'
import { devInboxPage } from '../page/dev-inbox.tsx'
import type { DevMail } from '../page/view.ts'
import { type Outgoing, queryOf } from './exchange.ts'
import { englishFrame, html, json, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import type { Visit } from './visit.ts'

export interface DevRoutes {
  list(filter: { to?: string; after?: number | string }): readonly DevMail[]
  get(id: string): DevMail | undefined
}

export function devRoutes(inbox: DevRoutes): RouteTable {
  const page = (visit: Visit, open?: DevMail): Outgoing =>
    html(visit, devInboxPage(englishFrame(visit, visit.context.now()), { mails: inbox.list({}), open }))
  return {
    '/': {
      GET: async (visit) => {
        const { live } = await getSession(visit.context, visit.asker.session, { touch: visit.prefetch ? 'never' : 'due' })
        return html(visit, demoPage(englishFrame(visit, visit.context.now()), { email: live?.user.email ?? null }))
      },
    },
    [paths.devInbox]: { GET: (visit) => page(visit) },
    [`${paths.devInbox}.json`]: {
      GET: (visit, request) => {
        const query = queryOf(request)
        const to = query.get('to')
        const after = query.get('after')
        return json(visit, inbox.list({ ...(to === null ? {} : { to }), ...(after === null ? {} : { after }) }))
      },
    },
    /** A mail, and below it its HTML alone. */
    [`${paths.devInbox}/…`]: {
      GET: (visit, _, rest) => {
        const [id = '', part, ...more] = rest.split('/')
        const open = inbox.get(id)
        if (open === undefined || more.length > 0 || (part !== undefined && part !== 'html'))
          return refuse(visit, { reason: 'route_unknown' })
        if (part === undefined) return page(visit, open)
        // The mail as it is, in a frame without script and without an origin.
        const csp =
          "default-src 'none'; style-src 'unsafe-inline'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'"
        return html(visit, open.html, { headers: { 'content-security-policy': csp, 'x-frame-options': 'SAMEORIGIN' } })
      },
    },
  }
}
