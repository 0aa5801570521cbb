// What each setting may be: one reader per kind of value. A reader gets text from outside and returns a value, or what is wrong and
// how to put it right. No reader ever repeats a value that may hold a secret.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import ipaddr from 'ipaddr.js'
import { readAddress } from '../core/address.ts'
import { type Read, readLogo } from '../core/brand.ts'
import { type Policy, readPolicy } from '../core/policy.ts'
import { parseUrl } from '../core/url.ts'
import { type ReportService, type ReportSources, reportServices } from '../mail/report/readers.ts'
import { readSendgridKey } from '../mail/report/sendgrid.ts'
import { readSmtpUrl } from '../mail/smtp-url.ts'
import { BOUNCE_LOCAL_MAX } from '../secret.ts'
import { connectionBounds, readPostgresUrl } from '../store/postgres-url.ts'
import { readWebhookSecret } from '../webhook/signature.ts'
import { type OwnTexts, readOwnWords } from '../words/own.ts'

export type { Accent, Read } from '../core/brand.ts'

export interface Sender {
  readonly name: string | null
  readonly address: string
}

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

const good = <T>(value: T): Read<T> => ({ ok: true, value })
const bad = (what: string, remedy: string): Read<never> => ({ ok: false, what, remedy })

export function isLocalhost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

/** An origin: scheme, host and port, nothing else. */
export function readOrigin(text: string): Read<string> {
  const url = parseUrl(text)
  const remedy = 'write it like https://auth.example.com'
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return bad('is not an http(s) URL', remedy)
  if (url.username !== '' || url.password !== '') return bad('contains a user name or password', remedy)
  if (url.search !== '' || url.hash !== '') return bad('contains a query or fragment', remedy)
  if (url.pathname !== '/') return bad(`contains the path ${url.pathname}`, 'give the path in POSTKEY_BASE_PATH and the rest here')
  if (url.protocol === 'http:' && !isLocalhost(url.hostname))
    return bad('is plain http: cookies and links could be read on the way', 'use https://')
  return good(url.origin)
}

export function readOrigins(text: string): Read<readonly string[]> {
  return readList(text, readOrigin)
}

const KNOWN_SECRETS = /change.?me|secret|passw|example|default|insecure|postkey|testtest|12345678/i
export const NEW_SECRET = 'make one with: openssl rand -base64 33'

/** One or two secrets, newest first. A person's idea of random is not enough to derive every key from. */
export function readSecrets(text: string): Read<readonly string[]> {
  const secrets = text.split(',').map((part) => part.trim())
  if (secrets.length > 2) return bad('holds more than two secrets', 'keep the current one and, after a comma, the previous one')
  for (const [index, secret] of secrets.entries()) {
    const problem = weaknessOf(secret)
    if (problem) return bad(index === 0 ? problem : `${problem} (the previous secret, after the comma)`, NEW_SECRET)
  }
  if (secrets[0] === secrets[1]) return bad('names the same secret twice', 'put a new secret before the comma and the old one after it')
  return good(secrets)
}

// Bounds that random text fails less than once in 10⁹: 33 random bytes have about 31 different base64 characters, 32 bytes as hex
// lack more than 6 of the 16 digits practically never.
function weaknessOf(secret: string): string | null {
  const hex = /^[0-9a-f]+$/i.test(secret)
  if (!hex && !/^[A-Za-z0-9+/_-]+={0,2}$/.test(secret)) return 'is not written as base64 or hexadecimal digits'
  const bytes = hex ? secret.length / 2 : (secret.replace(/=+$/, '').length * 3) / 4
  if (Math.floor(bytes) < 32) return `is too short: ${Math.floor(bytes)} bytes where 32 are needed`
  if (KNOWN_SECRETS.test(secret)) return 'contains a word, so it is not random'
  if (/^(.{1,22})\1+.{0,22}$/.test(secret)) return 'repeats itself, so it is not random'
  const different = new Set(secret).size
  if (different < (hex ? 10 : 16) || (!hex && !(/[a-z]/.test(secret) && /[A-Z]/.test(secret)))) return 'is too regular to be random'
  return null
}

export function readDatabaseUrl(text: string): Read<string> {
  if (/^file:./.test(text)) return good(text)
  if (/^postgres(ql)?:\/\//.test(text)) {
    try {
      readPostgresUrl(text)
      return good(text)
    } catch (error) {
      const [what = '', remedy = ''] = (error as Error).message.replace(/^database: /, '').split(' — ')
      return bad(what, remedy)
    }
  }
  return bad('is not a database URL', 'use file:/var/lib/postkey/postkey.db, or postgres://USER:PASSWORD@HOST/DATABASE')
}

export function readConnections(text: string): Read<number> {
  const { min, max } = connectionBounds
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  return count >= min && count <= max
    ? good(count)
    : bad('is not a possible number of connections', `use a number from ${min} to ${max}: two are for looks, the others write`)
}

/** What it may say is decided where it is used; here only whether it passes. */
export function readSmtpSetting(text: string): Read<string> {
  try {
    readSmtpUrl(text)
    return good(text)
  } catch (error) {
    const [what = '', remedy = ''] = (error as Error).message.replace(/^POSTKEY_SMTP_URL /, '').split(' — ')
    return bad(what, remedy)
  }
}

/** `Name <a@b.c>` or `a@b.c`. */
export function readSender(text: string): Read<Sender> {
  const remedy = 'write it like: Example <sign-in@example.com>'
  // A line break here would let a setting add headers to every mail.
  if (/\p{Cc}/u.test(text)) return bad('contains a control character', remedy)
  const parts = /^\s*(?:"([^"]*)"|([^"<>]*?))\s*<([^<>]*)>\s*$/.exec(text)
  const name = (parts?.[1] ?? parts?.[2] ?? '').trim()
  const read = readAddress((parts?.[3] ?? text).trim())
  if (!read.ok) return bad('holds no valid e-mail address', remedy)
  return good({ name: name === '' ? null : name, address: read.address.email })
}

export function readBounceAddress(text: string): Read<string> {
  const read = readAddress(text)
  const remedy = `use one such as bounces@mail.example.com, with up to ${BOUNCE_LOCAL_MAX} characters and no plus before the @`
  if (!read.ok) return bad('is no e-mail address', remedy)
  const { email } = read.address
  return email.indexOf('@') <= BOUNCE_LOCAL_MAX && !email.includes('+')
    ? good(email)
    : bad('leaves no room for a tag behind a plus', remedy)
}

/** `service=what it is known by`, several separated by commas. */
export function readReportSources(text: string): Read<ReportSources> {
  const sources: { -readonly [K in keyof ReportSources]: string } = {}
  for (const part of text.split(',').map((one) => one.trim())) {
    const at = part.indexOf('=')
    const service = reportServices.find((name) => name === part.slice(0, Math.max(0, at)))
    if (service === undefined)
      return bad('names a mail service that is not known', `write SERVICE=KEY with one of ${reportServices.join(', ')}: docs/bounces.md`)
    if (sources[service] !== undefined) return bad(`names ${service} twice`, 'keep one of them')
    const key = part.slice(at + 1)
    const wanted = REPORT_KEYS[service]
    if (!wanted.is(key)) return bad(`has no usable key for ${service}`, wanted.remedy)
    sources[service] = key
  }
  return good(sources)
}

const REPORT_KEYS: Readonly<Record<ReportService, { readonly is: (key: string) => boolean; readonly remedy: string }>> = {
  ses: { is: (key) => /^arn:aws(-[a-z-]+)?:sns:[a-z0-9-]+:\d{12}:[\w-]+$/.test(key), remedy: 'use the ARN of the SNS topic' },
  postmark: {
    is: (key) => /^[^:\s]+:\S{16,}$/.test(key),
    remedy: 'use NAME:PASSWORD as in the address that Postmark has, with a password of 16 characters or more, without a comma',
  },
  sendgrid: {
    is: (key) => passes(() => readSendgridKey(key).asymmetricKeyType === 'ec'),
    remedy: 'use the public key of the signed event webhook',
  },
  mailgun: { is: (key) => key.length >= 16, remedy: 'use the HTTP webhook signing key' },
  signed: {
    is: (key) => key.startsWith('whsec_') && passes(() => readWebhookSecret(key)),
    remedy: 'use whsec_ and 24 to 64 random bytes as base64',
  },
}

function passes(read: () => unknown): boolean {
  try {
    return Boolean(read())
  } catch {
    return false
  }
}

export function readAddresses(text: string): Read<readonly string[]> {
  return readList(text, (part) => {
    const read = readAddress(part)
    return read.ok ? good(read.address.email) : bad('holds something that is not an e-mail address', 'separate the addresses by commas')
  })
}

/** A preset's name, the path of a JSON file, or (from the config file) the policy itself. */
export function readPolicySetting(given: unknown, folder: string): Read<Policy> {
  let input = given
  if (typeof given === 'string' && /[./\\]/.test(given)) {
    const file = readJsonFile(resolve(folder, given))
    if (!file.ok) return file
    input = file.value
  }
  const result = readPolicy(input)
  return result.ok
    ? good(result.policy)
    : bad(result.problems.join('; '), 'use strict, standard, corporate, or the path of a JSON file that passes')
}

/** The path of a JSON file, or (from the config file) the roll-out itself; what is in it is judged beside the policy. */
export function readRollOutSetting(given: unknown, folder: string): Read<unknown> {
  return typeof given === 'string' ? readJsonFile(resolve(folder, given)) : good(given)
}

/** The path of a JSON file, or (from the config file) the texts themselves. */
export function readLogoSetting(given: unknown, folder: string): Read<string> {
  if (typeof given !== 'string') return bad('names no file', 'give the path of an SVG file')
  return readLogoFile(resolve(folder, given))
}

export function readLogoFile(path: string): Read<string> {
  const text = readTextFile(path)
  if (!text.ok) return text
  const logo = readLogo(text.value)
  return logo.ok ? logo : bad(`${path} ${logo.what}`, logo.remedy)
}

export function readWordsSetting(given: unknown, folder: string): Read<OwnTexts> {
  const said = typeof given === 'string' ? readJsonFile(resolve(folder, given)) : good(given)
  if (!said.ok) return said
  const { problems } = readOwnWords(said.value)
  return problems.length === 0
    ? good(said.value as OwnTexts)
    : bad(problems.join('; '), 'the keys and gaps are those of src/words/en.ts: docs/words.md')
}

export function readJsonFile(path: string): Read<unknown> {
  const text = readTextFile(path)
  if (!text.ok) return text
  try {
    return good(JSON.parse(text.value.replace(/^\ufeff/, '')))
  } catch {
    // The parser's message quotes the file, which may hold a secret.
    return bad(`${path} is not valid JSON`, 'look for a missing quote or a comma too many')
  }
}

function readTextFile(path: string): Read<string> {
  try {
    return good(readFileSync(path, 'utf8'))
  } catch (error) {
    return bad(`${path} cannot be read (${String((error as NodeJS.ErrnoException).code)})`, 'check the path and the permissions')
  }
}

/** Networks of the proxies whose X-Forwarded-For is believed, as CIDRs. */
export function readNetworks(text: string): Read<readonly string[]> {
  return readList(text, (part) => {
    const [address = '', prefix, ...rest] = part.split('/')
    // ipaddr.js reads 010.0.0.1 as octal; nobody who writes that means it.
    const kind = ipaddr.IPv4.isValidFourPartDecimal(address) ? 32 : ipaddr.IPv6.isValid(address) ? 128 : 0
    const bits = prefix === undefined ? kind : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1
    if (kind === 0 || rest.length > 0 || bits < 0 || bits > kind)
      return bad(`holds ${JSON.stringify(part)}, which is no network`, 'write networks like 10.0.0.0/8, fd00::/8')
    if (bits === 0) return bad(`holds ${part}: every client could claim any address`, 'name the networks of your own proxies only')
    return good(`${address}/${bits}`)
  })
}

export function readSelectors(text: string): Read<readonly string[]> {
  const names = text.split(/[\s,]+/).filter((name) => name !== '')
  return names.every((name) => /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(name))
    ? good(names)
    : bad('is no list of DKIM selectors', 'use the s= of the DKIM-Signature header of a mail you sent, for example s1,s2')
}

export function readBasePath(text: string): Read<string> {
  const path = text.replace(/\/+$/, '')
  return /^(\/[A-Za-z0-9._~-]+)*$/.test(path) ? good(path) : bad('is not a path', 'write it like /auth')
}

export function readLogLevel(text: string): Read<LogLevel> {
  const level = logLevels.find((name) => name === text.toLowerCase())
  return level ? good(level) : bad('is not a level', `use one of ${logLevels.join(', ')}`)
}

export function readSwitch(text: string): Read<boolean> {
  return /^(on|off)$/i.test(text) ? good(text.toLowerCase() === 'on') : bad('is neither on nor off', 'write on or off')
}

export function readHost(text: string): Read<string> {
  return /^[A-Za-z0-9._:-]+$/.test(text) ? good(text) : bad('is not a host name or IP address', 'use 127.0.0.1, 0.0.0.0 or ::')
}

export function readPort(text: string): Read<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  return port >= 0 && port <= 65_535 ? good(port) : bad('is not a port', 'use a number from 1 to 65535')
}

/** HOST:PORT, an IPv6 address in brackets. */
export function readPlace(text: string): Read<{ readonly host: string; readonly port: number }> {
  const remedy = 'write it like 127.0.0.1:9464, or [::1]:9464'
  const [, host = '', digits = ''] = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits)
  return host !== '' && port <= 65_535 ? good({ host: host.replace(/^\[|\]$/g, ''), port }) : bad('is not HOST:PORT', remedy)
}

function readList<T>(text: string, read: (part: string) => Read<T>): Read<readonly T[]> {
  const values: T[] = []
  for (const part of text.split(/[\s,]+/).filter(Boolean)) {
    const result = read(part)
    if (!result.ok) return result
    values.push(result.value)
  }
  return good(values)
}
