// One request as the flows see it: who asks, under which id. Read once, before any route.

import { paths } from '../core/paths.ts'
import type { Asker, Context } from '../flow/context.ts'
import { mintId, SECRET_SHAPE } from '../flow/ids.ts'
import { readCookie } from './cookies.ts'
import { deviceName } from './device.ts'
import type { Incoming } from './exchange.ts'
import { languageOf } from './language.ts'
import type { Site } from './site.ts'

/** What the host that calls the handler knows beyond the request. */
export interface RequestInfo {
  /** The peer of the socket. Without it every client shares the strictest limits. */
  readonly clientAddress?: string | undefined
  /** Whose users. Without it the host and the path of the request tell: `postkey tenants`. */
  readonly tenant?: string | undefined
}

export interface Visit {
  readonly asker: Asker
  readonly context: Context
  readonly site: Site
  /** The Postkey-Browser header was sent: a client without cookies, which is answered in headers. */
  readonly cookieless: boolean
  readonly api: boolean
  /** What is sent here is signed by a program, and no cookie is looked at. */
  readonly signed: boolean
  readonly prefetch: boolean
  /** Of what a person reads: pages, and the mails that are asked for here. */
  readonly language: string
  /** The address asked for that language. */
  readonly languageAsked: boolean
  /** For the log: the route's pattern, never the path, which may hold what a gateway made of a secret. */
  readonly log: { route: string; reason: string }
}

const SIGNED = `${paths.mailReports}/`

export function visitOf(context: Context, site: Site, request: Incoming, info: RequestInfo, path: string): Visit {
  const cookies = request.header('cookie')
  const named = request.header('postkey-browser')
  const bearer = request.header('authorization')
  const browser = named ?? readCookie(cookies, site.cookies.browser)
  const { language, asked } = languageOf(request, site.cookies)
  const from = site.clientAddress(info.clientAddress, request.header('x-forwarded-for'))
  return {
    context,
    site,
    asker: {
      requestId: mintId(context.now()),
      browser: browser !== null && SECRET_SHAPE.test(browser) ? browser : null,
      session: bearer !== null && /^bearer /i.test(bearer) ? bearer.slice(7).trim() : readCookie(cookies, site.cookies.session),
      recovery: readCookie(cookies, site.cookies.recovery),
      device: deviceName(request.header('user-agent')),
      network: from.network,
      networkWide: from.networkWide,
    },
    cookieless: named !== null,
    api: path.startsWith('/api/') || path.startsWith(SIGNED),
    signed: path.startsWith(SIGNED),
    prefetch: /prefetch|prerender/i.test(
      `${request.header('sec-purpose') ?? ''}${request.header('purpose') ?? ''}${request.header('x-moz') ?? ''}`,
    ),
    language,
    languageAsked: asked,
    log: { route: '-', reason: '' },
  }
}
