// The settings of a server: whether all of them together are safe for what is to be run, and if not, everything that is wrong at once,
// each with its remedy. No answer repeats a secret.

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Policy, readPolicy } from '../core/policy.ts'
import { readReturnTo } from '../core/return-to.ts'
import { type RollOutInput, readRollOut } from '../core/roll-out.ts'
import type { ReportSources } from '../mail/report/readers.ts'
import type { OwnTexts } from '../words/own.ts'
import { ensureSecretFile, readSecretFile } from './secret-file.ts'
import {
  type Accent,
  isLocalhost,
  type LogLevel,
  NEW_SECRET,
  type Read,
  readLogoSetting,
  readPolicySetting,
  readRollOutSetting,
  readWordsSetting,
  type Sender,
} from './setting.ts'
import { type Key, keys, settings, type Values } from './settings.ts'
import {
  type ConfigProblem,
  type ConfigSources,
  find,
  folderOf,
  type Mode,
  type Origin,
  readConfigFile,
  readText,
  refuseUnknown,
} from './sources.ts'

export interface Config {
  /** The public origin, without a trailing slash. With port 0 the real one is known only once the server listens. */
  readonly url: string
  readonly basePath: string
  /** Newest first. Empty only for commands that need none. */
  readonly secrets: readonly string[]
  readonly databaseUrl: string
  /** From this process to PostgreSQL; null: as many as the store thinks right. */
  readonly databaseConnections: number | null
  /** null: mails go to the development inbox. */
  readonly smtpUrl: string | null
  readonly mailFrom: Sender
  /** Where mails come back to; null: to `mailFrom`. */
  readonly bounceAddress: string | null
  readonly mailReports: ReportSources
  /** For `doctor`: under which names the mail service publishes its DKIM keys. */
  readonly dkimSelectors: readonly string[]
  readonly policy: Policy
  /** As given: it was read beside the policy, and nothing was wrong. */
  readonly rollOut: RollOutInput | null
  readonly trustedProxies: readonly string[]
  readonly operators: readonly string[]
  readonly brand: { readonly name: string; readonly support?: string; readonly accent?: Accent; readonly logo?: string }
  /** Texts of its own; null: none. */
  readonly words: OwnTexts | null
  readonly returnOrigins: readonly string[]
  /** Where to go after a sign-in that asked for nothing; null: the door decides. */
  readonly returnTo: string | null
  readonly log: LogLevel
  /** Seal the record, from this process. */
  readonly seals: boolean
  /** Where numbers and versions are told; null: nowhere, and on the port of everything else in `dev`. */
  readonly metrics: { readonly host: string; readonly port: number } | null
  readonly host: string
  readonly port: number
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

const FOLDER_OF_DEV = '.postkey'

/** What touches the database and nothing else has to run where the other settings are not at hand. */
const NEEDS: { readonly [M in Mode]?: readonly Key[] } = {
  migrate: ['databaseUrl'],
  verify: ['databaseUrl', 'secret', 'policy'],
  users: ['databaseUrl', 'policy', 'operators'],
  webhooks: ['databaseUrl', 'secret', 'policy', 'url'],
  recovery: ['databaseUrl', 'secret', 'policy', 'operators'],
  // Where the installation is, if that is known: what would not fit there is refused.
  tenants: ['databaseUrl', 'url', 'basePath'],
}

/** What may name a file, from where the config file lies, or stand in the config file as an object. */
const IN_FOLDER: { readonly [K in Key]?: (given: unknown, folder: string) => Read<unknown> } = {
  policy: readPolicySetting,
  rollOut: readRollOutSetting,
  logo: readLogoSetting,
  words: readWordsSetting,
}

export function readConfig(sources: ConfigSources): ConfigResult {
  const { mode } = sources
  const problems: ConfigProblem[] = []
  const file = readConfigFile(sources, problems)
  refuseUnknown(sources.env, file, problems)

  const origins = Object.fromEntries(keys.map((key) => [key, 'unset'])) as Record<Key, Origin>
  const values: Partial<Record<Key, unknown>> = {}
  for (const key of keys) {
    if (NEEDS[mode]?.includes(key) === false) continue
    const given = find(key, sources, file, problems)
    if (given === null) continue
    origins[key] = given.origin
    // A file that could not be read is reported already.
    if (given.value === null) continue
    const inFolder = IN_FOLDER[key]
    const read = inFolder ? inFolder(given.value, folderOf(sources)) : readText(settings[key], given.value)
    if (read.ok) values[key] = read.value
    else problems.push({ key: settings[key].env, what: read.what, why: settings[key].why, remedy: read.remedy })
  }

  const partial = values as Partial<Values>
  const filled = fillIn(sources, partial, origins, problems)
  demand(sources, filled, origins, problems)
  const config = assemble(filled, problems)
  return problems.length === 0 ? { ok: true, config, origins } : { ok: false, problems, origins, partial: filled }
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
  settle('seals', true)
  settle('port', 3000)
  // A server without TLS should not be reachable by accident; containers set HOST=0.0.0.0.
  settle('host', '127.0.0.1')
  if (sources.mode === 'verify' && origins.databaseUrl === 'default' && origins.secret === 'unset') {
    const text = findSecretOfDev(sources, problems)
    if (text !== null) {
      filled.secret = [text]
      origins.secret = 'generated'
    }
  }
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

/** The record of `dev` is held against the secret that `dev` made; null: it made none, and none is made here. */
function findSecretOfDev(sources: ConfigSources, problems: ConfigProblem[]): string | null {
  const path = resolve(folderOf(sources), FOLDER_OF_DEV, 'secret')
  if (!existsSync(path)) return null
  const read = readSecretFile(path)
  if (read.ok) return read.text
  const remedy = 'run it as whoever runs `postkey dev`, or set POSTKEY_SECRET'
  problems.push({ key: 'POSTKEY_SECRET', what: `is not given, and ${read.why}`, why: settings.secret.why, remedy })
  return null
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
  const { url = '', name = 'Postkey', support, accent, logo, returnOrigins = [] } = values
  const returnTo = values.returnTo ?? null
  if (returnTo !== null && url !== '' && !readReturnTo(returnTo, { base: url, origins: returnOrigins, fallback: '/' }).ok) {
    const remedy = 'use a path of this server, or add its origin to POSTKEY_RETURN_ORIGINS'
    problems.push({ key: 'POSTKEY_RETURN_TO', what: 'leads to an origin that is not allowed', why: settings.returnTo.why, remedy })
  }
  if (values.rollOut !== undefined && values.policy !== undefined) {
    const read = readRollOut(values.rollOut, values.policy)
    const remedy = 'write it like {"name": "codes", "percent": 10, "change": {"methods": ["code"]}}'
    if (!read.ok) problems.push({ key: 'POSTKEY_ROLL_OUT', what: read.problems.join('; '), why: settings.rollOut.why, remedy })
  }
  return {
    url,
    basePath: values.basePath ?? '',
    secrets: values.secret ?? [],
    databaseUrl: values.databaseUrl ?? '',
    databaseConnections: values.databaseConnections ?? null,
    smtpUrl: values.smtpUrl ?? null,
    mailFrom: { name: values.mailFrom?.name ?? name, address: values.mailFrom?.address ?? '' },
    bounceAddress: values.bounceAddress ?? null,
    mailReports: values.mailReports ?? {},
    dkimSelectors: values.dkimSelectors ?? [],
    policy: values.policy as Policy,
    rollOut: (values.rollOut as RollOutInput | undefined) ?? null,
    trustedProxies: values.trustedProxies ?? [],
    operators: values.operators ?? [],
    brand: { name, ...(support && { support }), ...(accent && { accent }), ...(logo && { logo }) },
    words: values.words ?? null,
    returnOrigins,
    returnTo,
    log: values.log ?? 'info',
    seals: values.seals ?? true,
    metrics: values.metrics ?? null,
    host: values.host ?? '',
    port: values.port ?? 0,
  }
}
