// Before any route: did this site's own pages make the request? No framework's default is trusted with that: they look at form content
// types only, or let a missing Origin pass.
import { decideOrigin } from '../core/origin.ts'
import type { ReasonCode } from '../core/reason.ts'
import type { Incoming } from './exchange.ts'
import type { Visit } from './visit.ts'

export function guard(visit: Visit, request: Incoming): ReasonCode | null {
  // No browser sends such, and whoever has one send it gains nothing: what is not signed is refused.
  if (visit.signed) return null
  return decideOrigin({
    method: request.method,
    origin: request.header('origin'),
    secFetchSite: request.header('sec-fetch-site'),
    hasCookie: request.header('cookie') !== null,
    hasBearer: /^bearer \S/i.test(request.header('authorization') ?? ''),
    hasBrowserHeader: visit.cookieless,
    ownOrigin: visit.context.origin,
  })
}
