// What all requests of a tenant share: names of cookies, the client's address, the words and looks of the pages. Made once.
import type { Policy } from '../core/policy.ts'
import type { Context } from '../flow/context.ts'
import { scriptHash } from '../page/assets.generated.ts'
import { stylesheetHash } from '../page/stylesheet.ts'
import type { Frame } from '../page/view.ts'
import type { clientAddress } from './client-address.ts'
import { type CookieNames, cookieNames } from './cookies.ts'

export interface Site {
  readonly cookies: CookieNames
  readonly clientAddress: ReturnType<typeof clientAddress>
  readonly frame: (requestId: string, now: number, policy: Policy, language: string) => Frame
  /** Of an answer with a body, and of one without: a redirect shows nothing that could be framed or run. */
  readonly headers: Readonly<Record<string, string>>
  readonly bareHeaders: Readonly<Record<string, string>>
}

/** @param addresses reads where a request comes from: one for all tenants. */
export function siteOf(context: Context, addresses: Site['clientAddress']): Site {
  const { brand, basePath, versions } = context
  const assets = { stylesheet: stylesheetHash(brand), script: scriptHash, logo: brand.logo?.version ?? null }
  return {
    cookies: cookieNames(context),
    clientAddress: addresses,
    frame: (requestId, now, policy, language) => ({
      brand,
      language,
      requestId,
      basePath,
      policy,
      now,
      appVersion: versions.app,
      assets,
    }),
    headers: Object.freeze({ ...bareHeaders(context), ...pageHeaders(context) }),
    bareHeaders: Object.freeze(bareHeaders(context)),
  }
}

// Frozen objects, made once: a stack of header middleware costs as much as a route.

function bareHeaders(context: Context): Record<string, string> {
  return {
    'cache-control': 'no-store',
    // Not no-referrer: it would make the form's Origin "null", and every sign-in with it a suspected forgery.
    'referrer-policy': 'strict-origin',
    'x-content-type-options': 'nosniff',
    vary: 'Cookie, Origin, Sec-Fetch-Site',
    ...(context.origin.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  }
}

function pageHeaders(context: Context): Record<string, string> {
  // A form that answers 303 to an allowed origin is blocked by Chromium unless form-action names that origin too.
  const formAction = ["'self'", ...context.returnOrigins].join(' ')
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-src 'self'; form-action ${formAction}; frame-ancestors 'none'; base-uri 'none'`,
    'x-frame-options': 'DENY',
    'x-robots-tag': 'noindex, nofollow',
    vary: 'Cookie, Origin, Sec-Fetch-Site, Accept-Language',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  }
}
