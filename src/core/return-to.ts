// Where a person goes after signing in. An open redirect on a sign-in page is a phishing tool, so the answer is always an
// absolute URL on an origin from the list, or no. Never a path: `/.//evil.example` is same-origin while its *path* is
// `//evil.example`, which sent to a browser again leads away.
import { parseUrl } from './url.ts'

export interface ReturnRules {
  /** Our own public address, e.g. https://auth.example.com; paths are resolved against it. */
  readonly base: string
  /** Of our own address only what lies below this path: others live there too. Absent: all of it. */
  readonly below?: string
  /** Further allowed origins, exact: scheme, host, port, no path, no wildcard. */
  readonly origins: readonly string[]
  /** Where to go when nothing was asked for. */
  readonly fallback: string
}

export type ReturnResult = { readonly ok: true; readonly returnTo: string } | { readonly ok: false }

export function readReturnTo(given: string | null | undefined, rules: ReturnRules): ReturnResult {
  return given ? admit(given, rules) : { ok: true, returnTo: readFallback(rules) }
}

/** As an absolute URL. @throws Error when it leads away: a mistake in the configuration. */
export function readFallback(rules: ReturnRules): string {
  const fallback = admit(rules.fallback, rules)
  if (!fallback.ok) throw new Error('the fallback for return_to is not on an allowed origin — use a path such as "/", or allow its origin')
  return fallback.returnTo
}

const LONGEST = 2_048
const NO: ReturnResult = { ok: false }

function admit(given: string, rules: ReturnRules): ReturnResult {
  if (given.length > LONGEST || UNFIT.test(given)) return NO
  // A path from the root, or a whole URL. All other forms the URL parser knows (`https:evil`, `//evil`, `@evil`, `blob:…`) are
  // there to confuse.
  if (!/^(?:\/(?!\/)|https?:\/\/[^/])/i.test(given)) return NO
  const url = parseUrl(given, rules.base)
  // Not by the origin alone: that of blob:https://auth.example.com/x is https://auth.example.com.
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return NO
  // User info, even an empty one, which the parser drops.
  if (/^https?:\/\/[^/?#]*@/i.test(given)) return NO
  if (!rules.origins.includes(url.origin) && !(url.origin === new URL(rules.base).origin && isBelow(url.pathname, rules.below))) return NO
  // Harmless as long as it stays absolute; but an application may well cut the path out again.
  if (url.pathname.startsWith('//')) return NO
  return url.href.length > LONGEST ? NO : { ok: true, returnTo: url.href }
}

/** By the path as the parser left it: without dots that lead up. */
function isBelow(path: string, below = ''): boolean {
  return path === below || path.startsWith(`${below}/`)
}

/** Backslashes (a slash to browsers), controls that the URL parser drops unseen, invisible characters, line separators, edges. */
const UNFIT = /[\\\p{C}\u2028\u2029]|^\s|\s$/u
