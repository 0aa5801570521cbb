// What an e-mail address is, here: one ASCII dot-atom at one LDH domain. Canonicalised once, then judged, and from then on only
// the canonical bytes are used, in the database and in RCPT TO alike. Judging first and folding afterwards has sent other
// people's mail to attackers (CVE-2026-73420, CVE-2022-35924, CVE-2019-19844). Whether an address exists is not known here.
import { decodePunycode } from './punycode.ts'
import { parseUrl } from './url.ts'

/** A canonical address; only readAddress makes one. */
export interface Address {
  /** `local@domain`. The identity of a user, and the bytes that mail goes to. */
  readonly email: string
  /** Lower-case ASCII. */
  readonly local: string
  /** Lower-case A-labels. */
  readonly domain: string
}

/** `characters`: white space, control, invisible or look-alike characters. `at`: not exactly one "@". */
export type AddressFault = 'empty' | 'too_long' | 'characters' | 'at' | 'local' | 'domain'

export type AddressResult = { readonly ok: true; readonly address: Address } | { readonly ok: false; readonly why: AddressFault }

export function readAddress(typed: string): AddressResult {
  if (typed.length > LONGEST_TYPED) return { ok: false, why: 'too_long' }
  const text = typed.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '')
  if (text === '') return { ok: false, why: 'empty' }
  if (UNFIT.test(text) || text.normalize('NFKC') !== text) return { ok: false, why: 'characters' }
  const parts = text.split('@')
  if (parts.length !== 2) return { ok: false, why: 'at' }
  const [typedLocal, typedDomain] = parts as [string, string]
  if (!DOT_ATOM.test(typedLocal) || ROUTING.test(typedLocal)) return { ok: false, why: 'local' }
  const domain = readDomain(typedDomain)
  if (domain === null) return { ok: false, why: 'domain' }
  // All ASCII by now, so that no locale and no Unicode version has a say in the lower case (UN-10).
  const local = typedLocal.toLowerCase()
  const email = `${local}@${domain}`
  if (local.length > 64 || email.length > 254) return { ok: false, why: 'too_long' }
  return { ok: true, address: { email, local, domain } }
}

const LONGEST_TYPED = 1_000

/** Control, format, unassigned, private and lone surrogates; white space; what IDNA silently drops; IDNA's other full stop. */
const UNFIT = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u3002]/u

const DOT_ATOM = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/

/** Bang paths, the percent hack and encoded words: some mail server on the way may read another address out of them. */
const ROUTING = /[!%]|=\?/

/** A domain as lower-case A-labels, or null. */
function readDomain(typed: string): string | null {
  // Before the URL parser sees it: to that, ":", "/", "%41" and "[" mean something.
  if (/[^A-Za-z0-9.\-\u0080-\u{10ffff}]/u.test(typed)) return null
  const lower = typed.toLowerCase()
  // Lower-casing can bring forth what NFKC folds further (a Greek iota with two accents); such a name has two spellings.
  if (lower.normalize('NFKC') !== lower) return null
  const labels = lower.split('.')
  if (labels.length < 2 || !/[^\d]/.test(labels.at(-1) as string)) return null
  const host = toAscii(lower)
  const ascii = host?.split('.')
  if (host === null || ascii?.length !== labels.length || host.length > 253) return null
  for (const [index, label] of labels.entries()) {
    const given = ascii[index] as string
    if (given.length > 63 || !/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(given)) return null
    // ASCII must come back as it went in, anything else as an A-label. No character of today's Unicode gets this far and turns
    // into plain letters, but which mapping the URL parser knows depends on the Node version.
    if (/^[a-z0-9-]+$/.test(label) ? given !== label : !given.startsWith('xn--')) return null
    if (label.startsWith('xn--') && !saysItself(label)) return null
  }
  return host
}

/** An A-label is what its own Unicode turns into; only some versions of the URL parser see to that. */
function saysItself(label: string): boolean {
  const said = decodePunycode(label.slice('xn--'.length))
  return said !== null && toAscii(`${said}.com`) === `${label}.com`
}

function toAscii(domain: string): string | null {
  return parseUrl(`http://${domain}`)?.hostname ?? null
}

/** Providers whose mailboxes have many names: their domains, what they skip in a local part, and where a tag begins. */
const PROVIDERS: readonly { readonly domains: readonly [string, ...string[]]; readonly skip?: RegExp; readonly tag?: RegExp }[] = [
  { domains: ['gmail.com', 'googlemail.com'], skip: /\./g },
  { domains: ['proton.me', 'protonmail.com', 'pm.me', 'protonmail.ch'], skip: /[._-]/g },
  { domains: ['icloud.com', 'me.com', 'mac.com'] },
  { domains: ['yandex.ru', 'yandex.com', 'ya.ru', 'yandex.by', 'yandex.kz'], skip: /[.-]/g },
  // Yahoo's disposable addresses are base-keyword; a Yahoo name itself has no hyphen.
  { domains: ['yahoo.com'], tag: /[+-]/ },
  { domains: ['ymail.com'], tag: /[+-]/ },
]

/**
 * The mailbox that a canonical address most likely ends in, for the limits on mails and codes and for nothing else: `victim+1@`,
 * `v.i.ctim@` … fill one inbox (RL-10). Never an identity: the folding is a guess about other people's servers, and a wrong
 * guess must cost no more than a shared limit.
 */
export function mailboxKey(email: string): string {
  const at = email.lastIndexOf('@')
  const domain = email.slice(at + 1)
  const whole = email.slice(0, at)
  const provider = PROVIDERS.find(({ domains }) => domains.includes(domain))
  const tagAt = whole.search(provider?.tag ?? /\+/)
  const untagged = tagAt < 0 ? whole : whole.slice(0, tagAt)
  const local = provider?.skip ? untagged.replace(provider.skip, '') : untagged
  return `${local || whole}@${provider?.domains[0] ?? domain}`
}

/** `j•••@example.com`, for pages, events and logs; of a one-letter local part not even that letter is told. */
export function maskAddress(email: string): string {
  const at = email.lastIndexOf('@')
  const local = Array.from(at < 0 ? email : email.slice(0, at))
  return `${local.length > 1 ? local[0] : ''}•••${at < 0 ? '' : email.slice(at)}`
}
