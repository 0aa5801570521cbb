// Everything that must not be guessed, forged or read back: minting, digests, comparison, the derived session, the sealed
// mail, and key rotation. Knows nothing of Postkey but names of purposes. node:crypto and not web crypto: its calls are
// synchronous and cost 1-5 µs where web crypto's hop through a thread pool costs 30.
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomBytes,
  randomInt,
  timingSafeEqual,
} from 'node:crypto'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Keys derived from one configured secret, each for one use; as objects, since Node 24 takes 20-30 µs to read a buffer as a key. */
interface Keys {
  readonly code: KeyObject
  readonly session: KeyObject
  readonly seal: KeyObject
  readonly bounce: KeyObject
  readonly notMe: KeyObject
  readonly record: KeyObject
  /** What a mac of the record names its key by; gives nothing away. */
  readonly recordName: string
  readonly address: string
}

/** Newest first. The first one makes; every one is accepted. */
export type Keyring = readonly [Keys, ...Keys[]]

/** The least a configured secret may have: 256 bits if it is random. */
export const SECRET_BYTES_MIN = 32

export function keyring(secrets: readonly string[]): Keyring {
  for (const secret of secrets) {
    if (Buffer.byteLength(secret) < SECRET_BYTES_MIN)
      throw new RangeError(`a secret needs at least ${SECRET_BYTES_MIN} bytes — make one with: openssl rand -base64 33`)
  }
  const [first, ...rest] = secrets.map(deriveKeys)
  if (!first) throw new RangeError('no secret given — set POSTKEY_SECRET')
  return [first, ...rest]
}

const RECORD_NAME_LENGTH = 8

function deriveKeys(secret: string): Keys {
  const key = (use: string): Buffer => Buffer.from(hkdfSync('sha256', secret, '', `postkey/${use}`, 32))
  return {
    code: createSecretKey(key('code')),
    session: createSecretKey(key('session')),
    seal: createSecretKey(key('seal')),
    bounce: createSecretKey(key('bounce')),
    notMe: createSecretKey(key('not-me')),
    record: createSecretKey(key('record')),
    recordName: key('record-name').toString('base64url').slice(0, RECORD_NAME_LENGTH),
    address: key('address').toString('base64url'),
  }
}

/**
 * 16 base62 characters: 7 of the time, so that rows of one hour lie together on disk at any size of table, and 9 random ones
 * (53 bits). An id is public: nothing is granted for knowing it.
 */
export function mintId(now: number): string {
  return idsOf(now) + base62(9)
}

/** How the ids begin that are minted at a time; later ones sort after earlier ones. */
export function idsOf(at: number): string {
  let time = ''
  for (let rest = at, digit = 0; digit < 7; digit++, rest = Math.floor(rest / 62)) time = BASE62.charAt(rest % 62) + time
  return time
}

/** When an id was minted. */
export function timeOf(id: string): number {
  return [...id.slice(0, 7)].reduce((time, digit) => time * 62 + Math.max(0, BASE62.indexOf(digit)), 0)
}

/** 256 bits in 43 base62 characters: mail software cuts or re-encodes anything but letters and digits. */
export function mintSecret(): string {
  return base62(43)
}

export const SECRET_SHAPE = /^[0-9A-Za-z]{43}$/
export const ID_SHAPE = /^[0-9A-Za-z]{16}$/
/** A session's id, and behind it the secret that was derived for it. */
export const SESSION_SHAPE = /^[0-9A-Za-z_-]{65}$/
const SESSION_ID_LENGTH = 22

/** The mail's place within its challenge as one character, so that a link's id names both. */
export function ordinalCharacter(ordinal: number): string {
  return BASE62.charAt(ordinal)
}

export function ordinalOf(character: string): number {
  return BASE62.indexOf(character)
}

/** Where an address stands among all those of a tenant, from 0 up to 1: evenly, for ever, and otherwise under another name. */
export function placeOf(tenant: string, name: string, email: string): number {
  return Number.parseInt(hash('sha256', `place\n${tenant}\n${name}\n${email}`).slice(0, 12), 16) / 2 ** 48
}

/** Uniform over all codes of this length, leading zeros included. */
export function mintCode(length: number): string {
  return randomInt(0, 10 ** length)
    .toString()
    .padStart(length, '0')
}

// One system call for many secrets: each randomBytes call costs more than what is drawn from it.
let pool = Buffer.alloc(0)
let used = 0

function refill(): void {
  pool = randomBytes(4096)
  used = 0
}

/** Bytes that nobody else is given: a rest that is too short is left. */
function random(count: number): Buffer {
  if (used + count > pool.length) refill()
  used += count
  return pool.subarray(used - count, used)
}

function base62(length: number): string {
  let text = ''
  while (text.length < length) {
    if (used >= pool.length) refill()
    const byte = pool[used] as number
    pool[used++] = 0
    // 248 is the largest multiple of 62 in a byte: taking the rest of higher bytes would favour the first eight letters.
    if (byte < 248) text += BASE62.charAt(byte % 62)
  }
  return text
}

/** Digest of a secret with at least 128 bits, or of what is no secret. `use` and the other parts keep a digest from fitting anywhere else. */
export function digest(
  use: 'browser' | 'link' | 'session' | 'event' | 'record' | 'admin_key' | 'recovery',
  ...parts: readonly string[]
): string {
  return hash('sha256', [use, ...parts].join('\0'), 'base64url')
}

/**
 * A six-digit code in a stolen database falls to a million guesses in two seconds unless a key outside of it is needed.
 * One digest for each key, newest first.
 */
export function codeDigests(keys: Keyring, tenant: string, purpose: string, challenge: string, code: string): string[] {
  return keys.map((key) => mac(key.code, tenant, purpose, challenge, code))
}

/** The session a browser gets from a challenge: derived, so that presenting the proof twice cannot make two. */
export function sessionTokens(keys: Keyring, tenant: string, challenge: string, browser: string): string[] {
  const id = challenge + digest('browser', tenant, browser).slice(0, SESSION_ID_LENGTH - challenge.length)
  return keys.map((key) => id + mac(key.session, tenant, challenge, browser))
}

/** To be typed from paper. @param alphabet 32 characters: of those, five bits of a byte choose one evenly. */
export function mintPrinted(alphabet: string, length: number): string {
  return Array.from(randomBytes(length), (byte) => alphabet.charAt(byte % 32)).join('')
}

/** As of the codes of a mail; in whichever account it is looked for. One for each key, newest first. */
export function recoveryCodeDigests(keys: Keyring, tenant: string, code: string): string[] {
  return keys.map((key) => mac(key.code, tenant, 'recovery_code', code))
}

/** What a browser gets that began a recovery: derived, as a session is, and good for nothing that a session is good for. */
export function recoveryTokens(keys: Keyring, tenant: string, recovery: string, browser: string): string[] {
  return keys.map((key) => recovery + mac(key.session, tenant, 'recovery', recovery, browser))
}

/** A recovery's id, and behind it the secret that was derived for it. */
export const RECOVERY_SHAPE = /^[0-9A-Za-z]{16}[0-9A-Za-z_-]{43}$/

/** Where a recovery stands, and the digest that must stand there. */
export function recoveryKey(tenant: string, token: string): { readonly id: string; readonly digest: string } {
  return { id: token.slice(0, 16), digest: digest('recovery', tenant, token) }
}

/** Where a session stands, and the digest that must stand there. */
export function sessionKey(tenant: string, token: string): { readonly id: string; readonly digest: string } {
  return { id: token.slice(0, SESSION_ID_LENGTH), digest: digest('session', tenant, token) }
}

/** A name for an address in keys of limits and events that cannot be turned back without the key. */
export function addressKey(keys: Keyring, tenant: string, address: string): string {
  // Key first and a fixed length of it: cut to 132 bits, nothing can be appended to what was hashed.
  return hash('sha256', [keys[0].address, tenant, address].join('\0'), 'base64url').slice(0, 22)
}

const BOUNCE_MAC_LENGTH = 16
/** Of the address that mails come back to: a plus and a tag of 50 characters go behind it, and a local part has 64 at most. */
export const BOUNCE_LOCAL_MAX = 13

/**
 * Names a mail in its return path, so that only who was given it can send something there. In hexadecimal digits: on the way some mail systems
 * write local parts in small letters.
 */
export function bounceTag(keys: Keyring, tenant: string, mail: string): string {
  return Buffer.from(mail).toString('hex') + bounceMac(keys[0], tenant, mail)
}

/** Which mail; null: it is no tag of ours, or of a key that is gone. */
export function readBounceTag(keys: Keyring, tenant: string, tag: string): string | null {
  const text = tag.toLowerCase()
  if (!/^(?:[0-9a-f]{2})+$/.test(text) || text.length <= BOUNCE_MAC_LENGTH) return null
  const mail = Buffer.from(text.slice(0, -BOUNCE_MAC_LENGTH), 'hex').toString('latin1')
  return keys.some((key) => text.endsWith(bounceMac(key, tenant, mail))) ? mail : null
}

function bounceMac({ bounce }: Keys, tenant: string, mail: string): string {
  return createHmac('sha256', bounce).update([tenant, mail].join('\0')).digest('hex').slice(0, BOUNCE_MAC_LENGTH)
}

const NOT_ME_LENGTH = 24
/** Instead of hexadecimal digits: in a mail, programs take six digits in a row for its code. */
const NOT_ME_LETTERS = 'bcdfghjklmnpqrst'
export const NOT_ME_SHAPE = /^([0-9A-Za-z]{17})([bcdfghjklmnpqrst]{24})$/

/**
 * What only the mail holds, so that nobody but its reader can disown it; 96 bits. Derived, so that nothing is stored for it; and it signs nobody
 * in.
 */
export function notMeTag(keys: Keyring, tenant: string, mail: string): string {
  return notMeMac(keys[0], tenant, mail)
}

export function isNotMeTag(keys: Keyring, tenant: string, mail: string, tag: string): boolean {
  return keys.some((key) => {
    const own = notMeMac(key, tenant, mail)
    return own.length === tag.length && timingSafeEqual(Buffer.from(own), Buffer.from(tag))
  })
}

function notMeMac({ notMe }: Keys, tenant: string, mail: string): string {
  const hex = createHmac('sha256', notMe).update([tenant, mail].join('\0')).digest('hex')
  return Array.from(hex.slice(0, NOT_ME_LENGTH), (digit) => NOT_ME_LETTERS.charAt(Number.parseInt(digit, 16))).join('')
}

/** Says of a digest of the record that a holder of the secret made it. */
export function recordMac(keys: Keyring, digestOfSeal: string): string {
  return keys[0].recordName + mac(keys[0].record, digestOfSeal)
}

/** `key_gone`: by its name, made with none of these keys. Whoever changes what he has no key for can write any name. */
export function checkRecordMac(keys: Keyring, digestOfSeal: string, given: string): 'good' | 'wrong' | 'key_gone' {
  const key = keys.find(({ recordName }) => given.startsWith(recordName))
  if (key === undefined) return 'key_gone'
  return given === key.recordName + mac(key.record, digestOfSeal) ? 'good' : 'wrong'
}

function mac(key: KeyObject, ...parts: readonly string[]): string {
  return createHmac('sha256', key).update(parts.join('\0')).digest('base64url')
}

/** Encrypts and authenticates. `context` is bound to it: a sealed text opens only in the place it was made for. */
export function seal(keys: Keyring, context: string, plain: string): string {
  const nonce = random(12)
  const cipher = createCipheriv('aes-256-gcm', keys[0].seal, nonce).setAAD(Buffer.from(context))
  return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** null: made with a key that is gone, for another place, or tampered with. */
export function open(keys: Keyring, context: string, sealed: string): string | null {
  const bytes = Buffer.from(sealed, 'base64url')
  // The last character has bits that no byte takes: of the texts that read as the same bytes, only one is what was made.
  if (bytes.length < 28 || bytes.toString('base64url') !== sealed) return null
  for (const key of keys) {
    const decipher = createDecipheriv('aes-256-gcm', key.seal, bytes.subarray(0, 12), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-16))
    try {
      return decipher.update(bytes.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8')
    } catch {
      // Not this key; perhaps the previous one.
    }
  }
  return null
}
