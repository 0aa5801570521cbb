// The four cookies: browser, session, the limited session of a recovery, and the language a person chose. Tenants may share a host, and with it a jar: each has names of its own there,
// and what is in them fits no other. Prefixes are enforced by browsers only, so the server reads exactly and trusts no duplicate: two cookies of
// one name mean that somebody else could set one.
import { CONFIGURED } from '../core/place.ts'
import type { Context } from '../flow/context.ts'

export interface CookieNames {
  readonly browser: string
  readonly session: string
  readonly recovery: string
  readonly language: string
  readonly secure: boolean
}

const BROWSER_DAYS = 180
const LANGUAGE_DAYS = 365

/** `__Host-` needs https; plain http is for localhost only. */
export function cookieNames({ origin, tenant }: Pick<Context, 'origin' | 'tenant'>): CookieNames {
  const secure = origin.startsWith('https:')
  const prefix = secure ? '__Host-' : ''
  const whose = tenant === CONFIGURED ? '' : `-${tenant}`
  const name = (of: string): string => `${prefix}postkey-${of}${whose}`
  return { browser: name('browser'), session: name('session'), recovery: name('recovery'), language: name('language'), secure }
}

/** null: absent, or there twice. */
export function readCookie(header: string | null, name: string): string | null {
  if (header === null || !header.includes(name)) return null
  let found: string | null = null
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at < 0 || part.slice(0, at).trim() !== name) continue
    if (found !== null) return null
    found = part.slice(at + 1).trim()
  }
  return found
}

export function browserCookie(names: CookieNames, secret: string): string {
  return write(names, names.browser, secret, BROWSER_DAYS * 24 * 3_600)
}

export function languageCookie(names: CookieNames, language: string): string {
  return write(names, names.language, language, LANGUAGE_DAYS * 24 * 3_600)
}

/** Lives as long as the session can at most; the server decides when it ends earlier. */
export function sessionCookie(names: CookieNames, token: string, absoluteMs: number): string {
  return write(names, names.session, token, Math.floor(absoluteMs / 1_000))
}

export function endedSessionCookie(names: CookieNames): string {
  return write(names, names.session, '', 0)
}

/** Nothing but the pages of a recovery looks at it, and a sign-in to an account that its mailbox alone does not open. */
export function recoveryCookie(names: CookieNames, token: string, ms: number): string {
  return write(names, names.recovery, token, Math.floor(ms / 1_000))
}

export function endedRecoveryCookie(names: CookieNames): string {
  return write(names, names.recovery, '', 0)
}

function write(names: CookieNames, name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Lax${names.secure ? '; Secure' : ''}`
}
