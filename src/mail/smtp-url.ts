// What POSTKEY_SMTP_URL says, checked once at start. TLS is not negotiable: it is off only towards this very machine.
import { readFileSync } from 'node:fs'
import { parseUrl } from '../core/url.ts'
import { replyText } from './transport.ts'

/** Makes one line of foreign text fit for logs: as replyText, and without our credentials, which a server may echo. */
export type Mute = (text: string) => string

export interface SmtpSettings {
  /** Host and port, for messages. */
  readonly place: string
  readonly connection: Readonly<Record<string, unknown>>
  /** Longest time for one mail, waiting for a free connection included. */
  readonly deadlineMs: number
  readonly mute: Mute
}

const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000, dnsTimeout: 10_000 }
const DEADLINE_MS = 90_000

/**
 * `smtp://` means STARTTLS, `smtps://` TLS from the first byte. `?tls=off` and `?tls=required` for a server on this machine,
 * where STARTTLS is otherwise used if offered; `?ca=FILE` trusts one more authority; `?timeout=…ms` shortens every wait.
 */
export function readSmtpUrl(text: string): SmtpSettings {
  // Messages name the setting and never quote its value: it holds a password.
  const url = parseUrl(text)
  if (url === null) throw wrong('is not a URL', 'write smtp://user:password@host:587, with special characters percent-encoded')
  if (url.protocol !== 'smtp:' && url.protocol !== 'smtps:')
    throw wrong('begins neither with smtp:// nor with smtps://', 'write smtp://host:587 or smtps://host:465')
  const secure = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (host === '') throw wrong('names no host', 'write smtp://host:587')
  for (const name of url.searchParams.keys()) {
    if (!['tls', 'ca', 'timeout'].includes(name))
      throw wrong('has an option that is not known', 'known are tls, ca and timeout; a "?" in a password is written %3F')
  }
  const port = url.port === '' ? (secure ? 465 : 587) : Number(url.port)
  const [user, pass] = [decoded(url.username), decoded(url.password)]
  if ((user === '') !== (pass === '')) throw wrong('has only one of user and password', 'give both, or neither')
  const ca = url.searchParams.get('ca')
  const timeout = readTimeout(url.searchParams.get('timeout'))
  return {
    place: `${host}:${port}`,
    connection: {
      host,
      port,
      secure,
      ...readTls(url.searchParams.get('tls'), { secure, loopback: isLoopback(host) }),
      tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca === null ? {} : { ca: readAuthority(ca) }) },
      // A server that "forgets" to offer a login must not get mail without one: the login is then tried, and fails loudly.
      ...(user === '' ? {} : { auth: { user, pass }, forceAuth: true }),
      ...(timeout === null ? TIMEOUTS : Object.fromEntries(Object.keys(TIMEOUTS).map((name) => [name, timeout]))),
    },
    deadlineMs: timeout === null ? DEADLINE_MS : 3 * timeout,
    mute: muteOf([pass, Buffer.from(pass).toString('base64'), Buffer.from(`\0${user}\0${pass}`).toString('base64'), user]),
  }
}

const wrong = (what: string, remedy: string): Error => new Error(`POSTKEY_SMTP_URL ${what} — ${remedy}`)

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

function readTls(tls: string | null, where: { secure: boolean; loopback: boolean }): Record<string, boolean> {
  if (tls !== null && tls !== 'off' && tls !== 'required') throw wrong('has an unknown value of tls', 'known are tls=off and tls=required')
  if (tls === 'off') {
    if (where.secure) throw wrong('asks for TLS and for none', 'leave out tls=off, or write smtp://')
    if (!where.loopback) throw wrong('turns TLS off for another machine', 'leave out tls=off: codes and the password would travel in clear')
    return { ignoreTLS: true }
  }
  return { requireTLS: !where.secure && (tls === 'required' || !where.loopback) }
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw wrong('names a certificate authority file that cannot be read', 'check the path after ca=')
  }
}

function readTimeout(text: string | null): number | null {
  if (text === null) return null
  const ms = /^(\d{1,6})ms$/.exec(text)?.[1]
  if (ms === undefined || Number(ms) < 1) throw wrong('has an unreadable timeout', 'write for example timeout=5000ms')
  return Number(ms)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw wrong('has a user or password that is not percent-encoded', 'write % as %25, @ as %40, / as %2F')
  }
}

function muteOf(secrets: readonly string[]): Mute {
  // One or two characters would blank out half of every answer, and are no secret.
  const kept = secrets.filter((secret) => secret.length > 2)
  return (text) => replyText(kept.reduce((muted, secret) => muted.replaceAll(secret, '•'), text.slice(0, 4_096)))
}
