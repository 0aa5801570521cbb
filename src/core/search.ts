// What somebody typed into the search: an address, or one of the many ids that people read off pages, mails and headers. One text may be
// several of them; then all are looked for.
import { type AddressFault, readAddress } from './address.ts'
import { ID_LENGTH } from './time-key.ts'

export type SearchKey =
  | { readonly by: 'address'; readonly email: string }
  | { readonly by: 'network'; readonly network: string }
  /** A request's, a challenge's or a user's: they look alike. */
  | { readonly by: 'id'; readonly id: string }
  /** A link's id, a session's or a Message-ID: they begin with their challenge's. */
  | { readonly by: 'challenge'; readonly challenge: string }

export type SearchFault = 'empty' | 'secret' | 'network' | 'shape' | AddressFault

export type SearchResult = { readonly ok: true; readonly keys: readonly SearchKey[] } | { readonly ok: false; readonly why: SearchFault }

const ID = /^[0-9A-Za-z]{16}$/
const LINK_ID = /^[0-9A-Za-z]{17}$/
const SESSION_ID = /^[0-9A-Za-z]{16}[0-9A-Za-z_-]{6}$/
/** What follows may be a secret: it is not looked at. */
const LINK = /^https?:\/\/[^\s?#]*\/l\/([0-9A-Za-z]{17})(?![0-9A-Za-z])/
const MESSAGE_ID = /^(<?)([0-9A-Za-z]{17})@[^\s<>@]+(>?)$/
const SECRET = /^[0-9A-Za-z_-]{43}$|^[0-9A-Za-z_-]{65}$/
const NETWORK = /^([\d.]+|[\da-f:.]*:[\da-f:.]*)(?:\/(\d{1,3}))?$/i

/** @param networkOf the network that a client address is counted to, such as "203.0.113.0/24"; null: it is no address. */
export function readSearch(typed: string, networkOf: (address: string) => string | null): SearchResult {
  const text = typed.trim()
  if (text === '') return { ok: false, why: 'empty' }
  if (SECRET.test(text)) return { ok: false, why: 'secret' }
  if (ID.test(text)) return found({ by: 'id', id: text })
  const link = LINK.exec(text)?.[1] ?? (LINK_ID.test(text) || SESSION_ID.test(text) ? text : null)
  if (link !== null) return found(ofChallenge(link))
  if (text.includes('@')) return readAt(text)
  const network = NETWORK.exec(text)
  return network === null ? { ok: false, why: 'shape' } : readNetwork(network, networkOf)
}

function readAt(text: string): SearchResult {
  const [, before, id, after] = MESSAGE_ID.exec(text) ?? []
  const message = id === undefined ? [] : [ofChallenge(id)]
  // In brackets it can be nothing else.
  if (before === '<' && after === '>' && message.length > 0) return found(...message)
  const read = readAddress(text)
  if (!read.ok) return message.length > 0 ? found(...message) : { ok: false, why: read.why }
  return found({ by: 'address', email: read.address.email }, ...message)
}

function readNetwork([, address = '', length]: RegExpExecArray, networkOf: (address: string) => string | null): SearchResult {
  const network = networkOf(address)
  if (network === null || (length !== undefined && !network.endsWith(`/${length}`))) return { ok: false, why: 'network' }
  return found({ by: 'network', network })
}

const ofChallenge = (id: string): SearchKey => ({ by: 'challenge', challenge: id.slice(0, ID_LENGTH) })

const found = (...keys: SearchKey[]): SearchResult => ({ ok: true, keys })
