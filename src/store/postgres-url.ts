// What a PostgreSQL address says, checked once at start: where the server is, and how far the way to it is trusted. The driver takes
// `sslmode` for what it is not in libpq (its `require` verifies, with a warning that this will change; a slip of the pen encrypts without a
// word), so the words are read here, and it is handed settings instead.
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { parseUrl } from '../core/url.ts'
import { Unavailable } from './operation.ts'

export interface PostgresAddress {
  /** Host and port, for messages. */
  readonly place: string
  /** On this machine: what is said to it passes no wire. */
  readonly local: boolean
  /** `any`: encrypted, but whoever answers is believed. */
  readonly trust: 'none' | 'any' | 'authority' | 'name'
  /** For the driver. */
  readonly connection: Readonly<Record<string, unknown>>
}

/** From one process. Fewer than three would leave none to write with; a server takes a hundred of everybody unless told otherwise. */
export const connectionBounds = { min: 3, max: 100 } as const

/** What the driver would read by itself, and would let win over what it is given. */
const READ_HERE = ['ssl', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslnegotiation', 'uselibpqcompat']

/** @throws Error that never quotes the address, which holds a password. */
export function readPostgresUrl(text: string): PostgresAddress {
  const url = /^postgres(ql)?:\/\//.test(text) ? parseUrl(text) : null
  if (url === null) throw wrong('is not a readable PostgreSQL address', 'use postgres://USER:PASSWORD@HOST/DATABASE')
  const words = new URLSearchParams(url.searchParams)
  for (const name of READ_HERE) url.searchParams.delete(name)
  const host = words.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '')
  const { trust, ssl } = readTrust(words)
  const negotiation = words.get('sslnegotiation')
  return {
    place: host.startsWith('/') ? host : `${host === '' ? 'localhost' : host}:${words.get('port') ?? (url.port || '5432')}`,
    local: host === '' || host === 'localhost' || host === '::1' || host.startsWith('/') || /^127(\.\d{1,3}){3}$/.test(host),
    trust,
    connection: { connectionString: url.href, ssl, ...(negotiation === null ? {} : { sslnegotiation: negotiation }) },
  }
}

const wrong = (what: string, remedy: string): Error => new Error(`database: ${what} — ${remedy}`)

interface Trust {
  readonly trust: PostgresAddress['trust']
  readonly ssl: false | ConnectionOptions
}

function readTrust(words: URLSearchParams): Trust {
  const files = ['sslrootcert', 'sslcert', 'sslkey'].filter((name) => words.has(name))
  const mode = words.get('sslmode') ?? readSsl(words.get('ssl')) ?? (files.length > 0 ? 'verify-full' : 'disable')
  if (mode === 'disable') {
    if (files.length > 0) throw wrong('names certificates and turns encryption off', 'take sslmode=disable away, or the certificates')
    return { trust: 'none', ssl: false }
  }
  if (mode === 'prefer' || mode === 'allow') {
    throw wrong(
      `asks with sslmode=${mode} for encryption that anybody on the way can turn off`,
      'use sslmode=verify-full, or sslmode=disable',
    )
  }
  const authority = words.get('sslrootcert')
  const ssl: ConnectionOptions = {
    // `system` as in libpq: the authorities that Node knows.
    ...(authority === null || authority === 'system' ? {} : { ca: readPem(authority, 'sslrootcert') }),
    ...(words.has('sslcert') ? { cert: readPem(words.get('sslcert') ?? '', 'sslcert') } : {}),
    ...(words.has('sslkey') ? { key: readPem(words.get('sslkey') ?? '', 'sslkey') } : {}),
  }
  // Encrypting to whoever answers keeps nobody out who can stand in between, so `require` verifies here.
  if (mode === 'verify-full' || mode === 'require') return { trust: 'name', ssl }
  if (mode === 'verify-ca') {
    // A public authority signs for everybody: only with one of one's own is its name enough.
    if (ssl.ca === undefined) throw wrong('asks for sslmode=verify-ca without an authority', 'name its file with sslrootcert=FILE')
    return { trust: 'authority', ssl: { ...ssl, checkServerIdentity: () => undefined } }
  }
  if (mode === 'no-verify') return { trust: 'any', ssl: { ...ssl, rejectUnauthorized: false } }
  throw wrong('has an unknown sslmode', 'known are verify-full, verify-ca, require, no-verify and disable')
}

function readSsl(ssl: string | null): string | null {
  if (ssl === null) return null
  if (ssl === 'true' || ssl === '1') return 'verify-full'
  if (ssl === 'false' || ssl === '0') return 'disable'
  if (ssl === 'no-verify') return ssl
  throw wrong('has an unknown value of ssl', 'use sslmode=verify-full')
}

function readPem(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw wrong(`names a file with ${name} that cannot be read`, 'check the path and the permissions')
  }
}

/** What an operator can do about a server that cannot be used; what is not known here stays as it is. */
export function explainPostgres(url: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const cause = error.cause instanceof Error ? error.cause : error
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  const found = hints.find(({ when }) => when.test(code) || when.test(cause.message))
  if (found === undefined) return error
  const text = `PostgreSQL at ${readPostgresUrl(url).place}: ${found.what ?? cause.message} — ${found.remedy}`
  return error instanceof Unavailable ? new Unavailable(text, { cause }) : new Error(text, { cause })
}

const hints: readonly { readonly when: RegExp; readonly what?: string; readonly remedy: string }[] = [
  {
    when: /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/,
    what: 'its certificate is signed by nobody who is trusted here',
    remedy: 'name the authority that signed it: sslrootcert=FILE',
  },
  {
    when: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    what: 'its certificate is made out to another name',
    remedy: 'use the name in it as the host; with an authority of your own, sslmode=verify-ca asks for its signature only',
  },
  { when: /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, what: 'its certificate is not valid now', remedy: 'renew it, and check both clocks' },
  {
    when: /does not support SSL/,
    what: 'it offers no encryption',
    remedy: 'turn ssl on there, or, where nobody else is on the way, say sslmode=disable',
  },
  {
    when: /no encryption|SSL off/,
    what: 'it does not take us in clear',
    remedy: 'add sslmode=verify-full, and sslrootcert=FILE for an authority of your own',
  },
  { when: /^28(000|P01)$/, remedy: 'check user and password, and pg_hba.conf there' },
  { when: /^3D000$/, remedy: 'create it: createdb' },
  { when: /^42501$/, remedy: 'let the user own the database, or grant it: create on schema public' },
  { when: /^53300$/, remedy: 'raise max_connections there, or lower POSTKEY_DATABASE_CONNECTIONS' },
  { when: /^(ENOTFOUND|EAI_AGAIN)$/, what: 'its name does not resolve here', remedy: 'check the host' },
  { when: /^(ECONNREFUSED|ENOENT)$/, what: 'nothing listens there', remedy: 'check host and port, and that it runs' },
  {
    when: /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$|timeout/,
    what: 'it does not answer',
    remedy: 'check the host, the port and the firewall',
  },
]
