// Where a deployment is, as far as it decides what can be tried.
export function isThisMachine(url: string): boolean {
  return /^(localhost|.+\.localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname)
}

/** Names that no DNS outside of this network knows: RFC 2606, RFC 6762 and what people make up. */
const RESERVED = /(^|\.)(localhost|local|localdomain|internal|home\.arpa|lan|test|example|invalid)$/

export const isReserved = (domain: string): boolean => !domain.includes('.') || RESERVED.test(domain)
