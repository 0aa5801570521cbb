// Where webhooks may go. Whoever names an endpoint, or has a name in DNS, chooses an address that this server connects to: never one that only
// this server can reach.
import ipaddr from 'ipaddr.js'
import { parseUrl } from '../core/url.ts'

/** What answers only to machines of its own network, though its address looks like any other: the agent of Azure. */
const METADATA: readonly string[] = ['168.63.129.16']

/** All that is allocated to be reached from everywhere lies in here; what does not is for special uses or for none. */
const GLOBAL_V6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Can it be reached from everywhere? Addresses that carry another one in them (mapped, NAT64, 6to4, Teredo) count as special. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  return parsed instanceof ipaddr.IPv6 ? parsed.match(GLOBAL_V6) : !METADATA.includes(parsed.toString())
}

export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === 'loopback'
}

/** The host of a URL as an address; null: it is a name. */
export function literalOf(hostname: string): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '')
  return ipaddr.isValid(bare) ? bare : null
}

/** This machine, for who develops: by this name and no other. */
export const isLocalName = (hostname: string): boolean => hostname === 'localhost'

export type Target = { readonly ok: true; readonly url: string } | { readonly ok: false; readonly what: string; readonly remedy: string }

const URL_CHARS = 2_000

/** @param local whether plain http to this machine will do. */
export function readTarget(text: string, local: boolean): Target {
  const url = parseUrl(text)
  const no = (what: string, remedy: string): Target => ({ ok: false, what, remedy })
  if (url === null || !/^https?:$/.test(url.protocol)) return no('is no web address', 'write it like https://app.example.com/hooks/postkey')
  if (url.href.length > URL_CHARS) return no('is longer than 2,000 characters', 'use a shorter one')
  if (url.username !== '' || url.password !== '')
    return no('holds a user name or password', 'leave them out: every message is signed, check that instead')
  if (url.hash !== '') return no('holds a fragment, which is never sent', 'leave it out')
  if (local && isLocalName(url.hostname)) return { ok: true, url: url.href }
  if (url.protocol === 'http:')
    return no('is not https', 'use https; plain http only goes to localhost, from a Postkey that runs on http://localhost itself')
  const literal = literalOf(url.hostname)
  if (isLocalName(url.hostname) || (literal !== null && !isPublic(literal)))
    return no('leads to an address that is not public', 'use a name that is reached from everywhere')
  return { ok: true, url: url.href }
}
