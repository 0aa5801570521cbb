// The settings of a server: where each value comes from, whether all of them together are safe for what is to be run, and if not,
// everything that is wrong at once, each with its remedy. What one value may be is said in setting.ts. No answer repeats a secret.
import { resolve } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { type Policy, readPolicy } from '../core/policy.ts'
import { readReturnTo } from '../core/return-to.ts'
import { ensureSecretFile, readSecretFile } from './secret-file.ts'
import {
  type Accent,
  isLocalhost,
  type LogLevel,
  NEW_SECRET,
  type Read,
  readAccent,
  readAddresses,
  readBasePath,
  readBrandName,
  readConnections,
  readDatabaseUrl,
  readHost,
  readJsonFile,
  readLogLevel,
  readNetworks,
  readOrigin,
  readOrigins,
  readPolicySetting,
  readPort,
  readSecrets,
  readSelectors,
  readSender,
  readSmtpSetting,
  readSupport,
  type Sender,
} from './setting.ts'

export interface Config {
  /** The public origin, without a trailing slash. With port 0 the real one is known only once the server listens. */
  readonly url: string
  readonly basePath: string
  /** Newest first. Empty only for `migrate`, which needs none. */
  readonly secrets: readonly string[]
  readonly databaseUrl: string
  /** From this process to PostgreSQL; null: as many as the store thinks right. */
  readonly databaseConnections: number | null
  /** null: mails go to the development inbox. */
  readonly smtpUrl: string | null
  readonly mailFrom: Sender
  /** For `doctor`: under which names the mail service publishes its DKIM keys. */
  readonly dkimSelectors: readonly string[]
  readonly policy: Policy
  readonly trustedProxies: readonly string[]
  readonly operators: readonly string[]
  readonly brand: { readonly name: string; readonly support?: string; readonly accent?: Accent }
  readonly returnOrigins: readonly string[]
  /** Where to go after a sign-in that asked for nothing; null: the door decides. */
  readonly returnTo: string | null
  readonly log: LogLevel
  readonly host: string
  readonly port: number
}

export type Mode = 'dev' | 'serve' | 'doctor' | 'migrate'
export type Origin = 'flag' | 'env' | 'file' | 'default' | 'generated' | 'unset'

export interface ConfigProblem {
  /** The name people set it by: POSTKEY_URL. */
  readonly key: string
  readonly what: string
  readonly why: string
  readonly remedy: string
}

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Flags by camelCase key, as parsed. */
  readonly flags?: Readonly<Record<string, string | undefined>>
  /** A config file that must exist; without it, postkey.config.json is read if there is one. */
  readonly file?: string | undefined
  readonly mode: Mode
  readonly folder?: string
}

export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly origins: Readonly<Record<Key, Origin>> }
  | {
      readonly ok: false
      readonly problems: readonly ConfigProblem[]
      readonly origins: Readonly<Record<Key, Origin>>
      /** What could be read, for `doctor`. */
      readonly partial: Partial<Values>
    }

const CONFIG_FILE = 'postkey.config.json'
const FOLDER_OF_DEV = '.postkey'

interface Setting<T> {
  readonly env: string
  /** Never shown, and can stand in a file named by …_FILE. */
  readonly secret?: true
  /** What goes wrong with a bad value. */
  readonly why: string
  readonly read: (text: string) => Read<T>
}

const setting = <T>(value: Setting<T>): Setting<T> => value

/** Everything that can be set. Flags and the config file use the key, the environment uses the name. */
export const settings = {
  url: setting({ env: 'POSTKEY_URL', read: readOrigin, why: 'links in mails and the origin check are built from it' }),
  basePath: setting({ env: 'POSTKEY_BASE_PATH', read: readBasePath, why: 'every page and link starts with it' }),
  secret: setting({
    env: 'POSTKEY_SECRET',
    secret: true,
    read: readSecrets,
    why: 'whoever guesses it can make sessions and read queued mails',
  }),
  databaseUrl: setting({
    env: 'POSTKEY_DATABASE_URL',
    secret: true,
    read: readDatabaseUrl,
    why: 'users, challenges and sessions live there',
  }),
  databaseConnections: setting({
    env: 'POSTKEY_DATABASE_CONNECTIONS',
    read: readConnections,
    why: 'all processes together may open as many as the PostgreSQL server takes',
  }),
  smtpUrl: setting({ env: 'POSTKEY_SMTP_URL', secret: true, read: readSmtpSetting, why: 'without a mail server nobody can sign in' }),
  mailFrom: setting({ env: 'POSTKEY_MAIL_FROM', read: readSender, why: 'mail servers refuse, and people distrust, mail from nobody' }),
  dkimSelectors: setting({ env: 'POSTKEY_DKIM_SELECTORS', read: readSelectors, why: 'DNS cannot list DKIM keys, only answer for a name' }),
  policy: setting({
    env: 'POSTKEY_POLICY',
    read: (text): Read<Policy> => readPolicySetting(text, '.'),
    why: 'every limit and lifetime comes from it',
  }),
  trustedProxies: setting({ env: 'POSTKEY_TRUSTED_PROXIES', read: readNetworks, why: 'only these may say where a request comes from' }),
  operators: setting({ env: 'POSTKEY_OPERATORS', read: readAddresses, why: 'these people may use the console' }),
  name: setting({ env: 'POSTKEY_NAME', read: readBrandName, why: 'people recognise your pages and mails by it' }),
  support: setting({ env: 'POSTKEY_SUPPORT', read: readSupport, why: 'people who are stuck are sent there' }),
  accent: setting({ env: 'POSTKEY_ACCENT', read: readAccent, why: 'buttons and links are drawn in it' }),
  returnOrigins: setting({ env: 'POSTKEY_RETURN_ORIGINS', read: readOrigins, why: 'people are sent only to these after signing in' }),
  returnTo: setting({
    env: 'POSTKEY_RETURN_TO',
    read: (text): Read<string> => ({ ok: true, value: text }),
    why: 'people land there after signing in',
  }),
  log: setting({ env: 'POSTKEY_LOG', read: readLogLevel, why: 'it decides what is logged' }),
  host: setting({ env: 'HOST', read: readHost, why: 'the server listens there' }),
  port: setting({ env: 'PORT', read: readPort, why: 'the server listens there' }),
} as const

export type Key = keyof typeof settings
type Values = { readonly [K in Key]: (typeof settings)[K] extends Setting<infer T> ? T : never }

const keys = Object.keys(settings) as Key[]

export function readConfig(sources: ConfigSources): ConfigResult {
  const { mode } = sources
  const problems: ConfigProblem[] = []
  const file = readConfigFile(sources, problems)
  refuseUnknown(sources.env, file, problems)

  const origins = Object.fromEntries(keys.map((key) => [key, 'unset'])) as Record<Key, Origin>
  const values: Partial<Record<Key, unknown>> = {}
  for (const key of keys) {
    // `migrate` touches the database and nothing else: it has to run where the other settings are not at hand.
    if (mode === 'migrate' && key !== 'databaseUrl') continue
    const given = find(key, sources, file, problems)
    if (given === null) continue
    origins[key] = given.origin
    // A file that could not be read is reported already.
    if (given.value === null) continue
    const read = key === 'policy' ? readPolicySetting(given.value, folderOf(sources)) : readText(settings[key], given.value)
    if (read.ok) values[key] = read.value
    else problems.push({ key: settings[key].env, what: read.what, why: settings[key].why, remedy: read.remedy })
  }

  const partial = values as Partial<Values>
  const filled = fillIn(sources, partial, origins, problems)
  demand(sources, filled, origins, problems)
  const config = assemble(filled, problems)
  return problems.length === 0 ? { ok: true, config, origins } : { ok: false, problems, origins, partial: filled }
}

interface Given {
  readonly value: unknown
  readonly origin: Origin
}

interface Place {
  readonly origin: 'flag' | 'env' | 'file'
  readonly value: unknown
  readonly path: unknown
}

/** First things first. */
function placesOf(key: Key, sources: ConfigSources, file: Readonly<Record<string, unknown>>): readonly Place[] {
  const { env } = settings[key]
  return [
    { origin: 'flag', value: sources.flags?.[key], path: sources.flags?.[`${key}File`] },
    { origin: 'env', value: sources.env[env], path: sources.env[`${env}_FILE`] },
    { origin: 'file', value: file[key] ?? file[env], path: file[`${key}File`] ?? file[`${env}_FILE`] },
  ]
}

// An empty variable is how compose files and shells say "not set".
const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== ''

/** Where the secret stands: in a file of its own, or right in the environment or the config file; null: nowhere. */
export function placeOfSecret(
  sources: ConfigSources,
): { readonly file: string } | { readonly direct: Origin } | { readonly problems: readonly ConfigProblem[] } | null {
  const problems: ConfigProblem[] = []
  const config = readConfigFile(sources, problems)
  if (problems.length > 0) return { problems }
  for (const { origin, value, path } of placesOf('secret', sources, config)) {
    if (isGiven(value)) return { direct: origin }
    if (typeof path === 'string' && path !== '') return { file: resolve(folderOf(sources), path) }
  }
  return null
}

function find(key: Key, sources: ConfigSources, file: Readonly<Record<string, unknown>>, problems: ConfigProblem[]): Given | null {
  const { env } = settings[key]
  const secret = 'secret' in settings[key]
  for (const { origin, value, path } of placesOf(key, sources, file)) {
    const hasValue = isGiven(value)
    const hasPath = secret && typeof path === 'string' && path !== ''
    if (hasValue && hasPath) {
      problems.push({
        key: env,
        what: `is given twice, directly and as ${env}_FILE`,
        why: 'one of them is out of date',
        remedy: 'remove one of the two',
      })
    }
    if (hasValue) return { origin, value }
    if (!hasPath) continue
    const read = readSecretFile(resolve(folderOf(sources), path))
    if (read.ok) return { origin, value: read.text }
    problems.push({ key: `${env}_FILE`, what: read.why, why: settings[key].why, remedy: 'check the path, and that this user may read it' })
    return { origin, value: null }
  }
  return null
}

function readText(reader: Setting<unknown>, value: unknown): Read<unknown> {
  if (typeof value === 'string') return reader.read(value.trim())
  if (typeof value === 'number') return reader.read(String(value))
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return reader.read(value.join(','))
  return { ok: false, what: 'is neither text, number nor a list of texts', remedy: 'write it as text' }
}

function readConfigFile(sources: ConfigSources, problems: ConfigProblem[]): Readonly<Record<string, unknown>> {
  const path = resolve(folderOf(sources), sources.file ?? CONFIG_FILE)
  const read = readJsonFile(path)
  if (!read.ok) {
    const absent = sources.file === undefined && read.what.includes('(ENOENT)')
    if (!absent) problems.push({ key: '--config', what: read.what, why: 'settings in it would silently not apply', remedy: read.remedy })
    return {}
  }
  if (typeof read.value === 'object' && read.value !== null && !Array.isArray(read.value)) return read.value as Record<string, unknown>
  problems.push({
    key: '--config',
    what: `${path} is not a JSON object`,
    why: 'settings in it would silently not apply',
    remedy: 'write { "url": "https://…" }',
  })
  return {}
}

// A setting with a slip in its name does nothing, and the server runs on a default nobody chose.
function refuseUnknown(env: ConfigSources['env'], file: Readonly<Record<string, unknown>>, problems: ConfigProblem[]): void {
  const names = keys.flatMap((key) => ('secret' in settings[key] ? [settings[key].env, `${settings[key].env}_FILE`] : [settings[key].env]))
  const inFile = [...names, ...keys.flatMap((key) => ('secret' in settings[key] ? [key, `${key}File`] : [key])), '$schema']
  for (const name of Object.keys(env)) {
    if (name.startsWith('POSTKEY_') && !name.startsWith('POSTKEY_TEST_') && !names.includes(name))
      problems.push(unknown(name, names, 'environment variable'))
  }
  for (const name of Object.keys(file)) {
    if (!inFile.includes(name)) problems.push(unknown(name, inFile, 'key of the config file'))
  }
}

function unknown(name: string, known: readonly string[], place: string): ConfigProblem {
  const nearest = closest(name, known as string[])
  const near = distance(name, nearest) <= 4 || nearest.startsWith(name)
  return {
    key: name,
    what: `is no ${place} that Postkey knows`,
    why: 'a misspelled setting has no effect',
    remedy: near ? `did you mean ${nearest}?` : 'remove it, or see postkey --help',
  }
}

/** What may be left out, and what `dev` makes up so that it starts with nothing at hand. */
function fillIn(sources: ConfigSources, given: Partial<Values>, origins: Record<Key, Origin>, problems: ConfigProblem[]): Partial<Values> {
  const filled: { -readonly [K in Key]?: Values[K] } = { ...given }
  const settle = <K extends Key>(key: K, value: Values[K]): void => {
    // Only where nothing was given: a bad value is a problem, not an absence.
    if (origins[key] !== 'unset') return
    filled[key] = value
    origins[key] = 'default'
  }
  const standard = readPolicy('standard')
  if (standard.ok) settle('policy', standard.policy)
  settle('basePath', '')
  settle('databaseUrl', `file:${FOLDER_OF_DEV}/postkey.db`)
  settle('trustedProxies', [])
  settle('operators', [])
  settle('dkimSelectors', [])
  settle('name', 'Postkey')
  settle('returnOrigins', [])
  settle('log', 'info')
  settle('port', 3000)
  // A server without TLS should not be reachable by accident; containers set HOST=0.0.0.0.
  settle('host', '127.0.0.1')
  if (sources.mode !== 'dev') return filled

  settle('url', `http://localhost:${filled.port ?? 3000}`)
  settle('mailFrom', { name: null, address: 'sign-in@localhost.test' })
  if (origins.secret === 'unset') {
    try {
      filled.secret = [ensureSecretFile(resolve(folderOf(sources), FOLDER_OF_DEV, 'secret')).text]
      origins.secret = 'generated'
    } catch (error) {
      const what = `cannot be kept in ${FOLDER_OF_DEV}/secret: ${error instanceof Error ? error.message : 'unknown error'}`
      problems.push({
        key: 'POSTKEY_SECRET',
        what,
        why: settings.secret.why,
        remedy: `make ${FOLDER_OF_DEV} writable, or set POSTKEY_SECRET`,
      })
    }
  }
  return filled
}

/** What each command insists on. */
function demand(sources: ConfigSources, values: Partial<Values>, origins: Readonly<Record<Key, Origin>>, problems: ConfigProblem[]): void {
  const missing = (key: Key, remedy: string): void => {
    if (origins[key] === 'unset') problems.push({ key: settings[key].env, what: 'is missing', why: settings[key].why, remedy })
  }
  if (sources.mode === 'serve' || sources.mode === 'doctor') {
    missing('url', 'set it to the public address, like https://auth.example.com')
    missing('secret', `${NEW_SECRET}, and keep it where only the server reads it`)
    missing('smtpUrl', 'set it like smtps://USER:PASSWORD@mail.example.com:465; the inbox of `postkey dev` is not for production')
    missing('mailFrom', 'set it like: Example <sign-in@example.com>')
  }
  if (sources.mode !== 'dev') return
  if (sources.env['NODE_ENV'] === 'production') {
    const why = '`dev` shows every mail, with its link and code, to whoever opens the inbox'
    problems.push({
      key: 'NODE_ENV',
      what: 'is "production", where `postkey dev` does not run',
      why,
      remedy: 'run `postkey serve`, or unset NODE_ENV',
    })
  }
  if (values.url !== undefined && !isLocalhost(new URL(values.url).hostname)) {
    const why = '`dev` shows every mail, with its link and code, to whoever opens the inbox'
    problems.push({ key: 'POSTKEY_URL', what: 'is not on localhost', why, remedy: 'run `postkey serve`, or leave POSTKEY_URL out' })
  }
}

function assemble(values: Partial<Values>, problems: ConfigProblem[]): Config {
  const { url = '', name = 'Postkey', support, accent, returnOrigins = [] } = values
  const returnTo = values.returnTo ?? null
  if (returnTo !== null && url !== '' && !readReturnTo(returnTo, { base: url, origins: returnOrigins, fallback: '/' }).ok) {
    const remedy = 'use a path of this server, or add its origin to POSTKEY_RETURN_ORIGINS'
    problems.push({ key: 'POSTKEY_RETURN_TO', what: 'leads to an origin that is not allowed', why: settings.returnTo.why, remedy })
  }
  return {
    url,
    basePath: values.basePath ?? '',
    secrets: values.secret ?? [],
    databaseUrl: values.databaseUrl ?? '',
    databaseConnections: values.databaseConnections ?? null,
    smtpUrl: values.smtpUrl ?? null,
    mailFrom: { name: values.mailFrom?.name ?? name, address: values.mailFrom?.address ?? '' },
    dkimSelectors: values.dkimSelectors ?? [],
    policy: values.policy as Policy,
    trustedProxies: values.trustedProxies ?? [],
    operators: values.operators ?? [],
    brand: { name, ...(support && { support }), ...(accent && { accent }) },
    returnOrigins,
    returnTo,
    log: values.log ?? 'info',
    host: values.host ?? '',
    port: values.port ?? 0,
  }
}

function folderOf(sources: ConfigSources): string {
  return sources.folder ?? process.cwd()
}
