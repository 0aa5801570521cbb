// Did this request come from a page of ours? Asked of everything that changes something, forms and JSON alike. The browser says
// so in two headers that no script can forge; no token and no framework default is relied upon.

export interface OriginFacts {
  readonly method: string
  readonly origin: string | null
  readonly secFetchSite: string | null
  readonly hasCookie: boolean
  readonly hasBearer: boolean
  /** The request carries `Postkey-Browser`. */
  readonly hasBrowserHeader: boolean
  /** The configured origin, never one made from the Host header. */
  readonly ownOrigin: string
}

export type OriginRefusal = 'origin_null' | 'origin_foreign' | 'origin_missing'

/** null: go on. */
export function decideOrigin(facts: OriginFacts): OriginRefusal | null {
  if (facts.method === 'GET' || facts.method === 'HEAD' || facts.method === 'OPTIONS') return null
  // Siblings (`same-site`) are foreign too: one taken-over subdomain must not sign people in. `none` is a person at the address bar.
  if (facts.secFetchSite !== null && facts.secFetchSite !== 'same-origin' && facts.secFetchSite !== 'none') return 'origin_foreign'
  if (facts.origin === facts.ownOrigin) return null
  // Sandboxed frames, local files and `Referrer-Policy: no-referrer` give "null"; nobody can tell them apart.
  if (facts.origin === 'null') return 'origin_null'
  if (facts.origin !== null) return 'origin_foreign'
  // Programs send no Origin. Neither header can be set by a form of another site, and we answer no CORS preflight.
  if (!facts.hasCookie && (facts.hasBearer || facts.hasBrowserHeader)) return null
  return 'origin_missing'
}
