// A request and its answer as routes see them, whichever way they travel: by web-standard fetch (fetch.ts) or by node:http
// (node.ts). Going through Request, Headers and Response objects on Node costs as much as a whole sign-in's SQL.

export interface Incoming {
  readonly method: string
  /** Which host was asked, as the client says; null: it does not say. */
  readonly host: string | null
  /** As sent: nothing decoded, without the query. */
  readonly path: string
  /** Without the "?"; read by those who need it. */
  readonly search: string
  /** Lower-case names. Sent twice: joined, as HTTP has it. */
  header(name: string): string | null
  /** The body as text; null: it is larger than `bytesMax`. Broken UTF-8 becomes U+FFFD, which readers refuse. */
  text(bytesMax: number): Promise<string | null>
}

export interface Outgoing {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Each its own Set-Cookie. */
  readonly cookies: readonly string[]
  readonly body: string | null
}

export function queryOf(request: Incoming): URLSearchParams {
  return new URLSearchParams(request.search)
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'])

/** null: a word of the client's own, which has no business in a log, event or span. */
export function knownMethod(method: string): string | null {
  return METHODS.has(method) ? method : null
}

/** Splits "/path?query"; a fragment is never sent. */
export function splitTarget(target: string): { readonly path: string; readonly search: string } {
  const at = target.indexOf('?')
  return at < 0 ? { path: target, search: '' } : { path: target.slice(0, at), search: target.slice(at + 1) }
}
