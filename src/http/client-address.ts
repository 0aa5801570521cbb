// Who is calling, as an address and as the networks that limits are kept for. X-Forwarded-For is a claim: it is believed only as
// far as trusted proxies vouch for it, hop by hop from the right; no other header is read. An IPv6 form of an IPv4 address is
// that IPv4 address, else all IPv4 clients of a dual-stack socket would share one /64 bucket (CVE-2026-30827).
import ipaddr from 'ipaddr.js'
import { Memory } from './memory.ts'

export interface ClientAddress {
  readonly address: string
  /** /24 or /64, e.g. "203.0.113.0/24". */
  readonly network: string
  /** /16 or /48. */
  readonly networkWide: string
}

export interface ClientAddressOptions {
  /** Proxies of ours, as CIDR ranges or single addresses. */
  readonly trustedProxies: readonly string[]
}

export type ClientAddressReader = (socketAddress: string | undefined, forwardedFor: string | null) => ClientAddress

type Ip = ipaddr.IPv4 | ipaddr.IPv6

const UNKNOWN: ClientAddress = { address: 'unknown', network: 'unknown', networkWide: 'unknown' }
const CALLERS_MAX = 10_000
const HOPS_MAX = 32

const noProxies: ClientAddressReader = clientAddress({ trustedProxies: [] })

/** Which network limits and records count an address to; null: it is no address. */
export function networkOf(address: string): string | null {
  const { network } = noProxies(address, null)
  return network === UNKNOWN.network ? null : network
}

/** The reader asks on every request, mostly about callers it has just seen: it remembers some thousands. */
export function clientAddress(options: ClientAddressOptions): ClientAddressReader {
  const trusted = options.trustedProxies.map(readRange)
  const isTrusted = (ip: Ip): boolean => trusted.some((range) => within(ip, range))
  const known = new Memory<ClientAddress>(CALLERS_MAX)
  const peers = new Memory<{ readonly ip: Ip | null; readonly trusted: boolean }>(CALLERS_MAX)

  return (socketAddress, forwardedFor) => {
    if (socketAddress === undefined) return UNKNOWN
    // The zone of a link-local peer ("fe80::1%eth0") is ours, not the caller's.
    const peer = peers.recall(socketAddress, () => {
      const ip = readAddress(socketAddress.replace(/%.*$/, ''))
      return { ip, trusted: ip !== null && isTrusted(ip) }
    })
    const { ip } = peer
    if (ip === null) return UNKNOWN
    if (!peer.trusted || forwardedFor === null) return known.recall(socketAddress, () => describe(ip))
    const answer = (): ClientAddress => describe(lastVouched(ip, forwardedFor, isTrusted))
    // Long lists are somebody's filling; they are not worth the memory.
    return forwardedFor.length > 200 ? answer() : known.recall(`${socketAddress} ${forwardedFor}`, answer)
  }
}

/** Right to left: each trusted hop vouches for the one it names. What is not an address ends the walk, since nobody vouches for more. */
function lastVouched(peer: Ip, forwardedFor: string, isTrusted: (ip: Ip) => boolean): Ip {
  let last = peer
  let end = forwardedFor.length
  for (let hop = 0; hop < HOPS_MAX && end >= 0 && isTrusted(last); hop++) {
    const comma = end === 0 ? -1 : forwardedFor.lastIndexOf(',', end - 1)
    const named = readAddress(withoutPort(forwardedFor.slice(comma + 1, end).trim()))
    if (named === null) return last
    last = named
    end = comma
  }
  return last
}

/** Some proxies write "192.0.2.1:4711" or "[2001:db8::1]:4711"; most write an address alone, which is seen at less cost. */
function withoutPort(text: string): string {
  if (!text.startsWith('[') && !(text.includes('.') && text.includes(':'))) return text
  return text.replace(
    /^(?:\[([\da-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/i,
    (_, six: string | undefined, four: string | undefined) => six ?? four ?? '',
  )
}

/** Strict: to ipaddr.js "010.1" and "0x7f.1" are addresses too, and octal at that. */
function readAddress(text: string): Ip | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  if (text.length > 45 || !/^[\da-f:.]+$/i.test(text) || !text.includes(':') || !ipaddr.IPv6.isValid(text)) return null
  const ip = ipaddr.IPv6.parse(text)
  const bytes = ip.toByteArray()
  return ip.isIPv4MappedAddress() || ip.match(NAT64) ? new ipaddr.IPv4(bytes.slice(12)) : ip
}

const NAT64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96]

interface Range {
  readonly ip: Ip
  readonly bits: number
}

function readRange(text: string): Range {
  const [address = '', bitsText, ...more] = text.trim().split('/')
  const ip = readAddress(address)
  const longest = ip?.kind() === 'ipv4' ? 32 : 128
  const bits = bitsText === undefined ? longest : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : Number.NaN
  if (ip === null || more.length > 0 || !(bits <= longest)) {
    throw new Error(`trusted proxies: "${text}" is not an address range — write it like 10.0.0.0/8 or 2001:db8::/32, IPv4 ranges as IPv4`)
  }
  return { ip, bits }
}

function within(ip: Ip, range: Range): boolean {
  if (ip instanceof ipaddr.IPv4) return range.ip instanceof ipaddr.IPv4 && ip.match(range.ip, range.bits)
  return range.ip instanceof ipaddr.IPv6 && ip.match(range.ip, range.bits)
}

function describe(ip: Ip): ClientAddress {
  if (ip instanceof ipaddr.IPv4) {
    const [a, b, c] = ip.octets
    return { address: ip.toString(), network: `${a}.${b}.${c}.0/24`, networkWide: `${a}.${b}.0.0/16` }
  }
  const first = (groups: number): string =>
    new ipaddr.IPv6([...ip.parts.slice(0, groups), ...Array<number>(8 - groups).fill(0)]).toRFC5952String()
  return { address: ip.toRFC5952String(), network: `${first(4)}/64`, networkWide: `${first(3)}/48` }
}
