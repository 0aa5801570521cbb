// Everything that can be set: under which name, how it is read, and what goes wrong with a bad value. What one value may be is said in
// setting.ts, where values come from in sources.ts, and what all of them together make in config.ts.

import { readAccent, readBrandName, readSupport } from '../core/brand.ts'
import type { Policy } from '../core/policy.ts'
import type { OwnTexts } from '../words/own.ts'
import {
  type Read,
  readAddresses,
  readBasePath,
  readBounceAddress,
  readConnections,
  readDatabaseUrl,
  readHost,
  readLogLevel,
  readLogoSetting,
  readNetworks,
  readOrigin,
  readOrigins,
  readPlace,
  readPolicySetting,
  readPort,
  readReportSources,
  readRollOutSetting,
  readSecrets,
  readSelectors,
  readSender,
  readSmtpSetting,
  readSwitch,
  readWordsSetting,
} from './setting.ts'

export interface Setting<T> {
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
  bounceAddress: setting({
    env: 'POSTKEY_BOUNCE_ADDRESS',
    read: readBounceAddress,
    why: 'mails that cannot be delivered come back there, and tell which they are',
  }),
  mailReports: setting({
    env: 'POSTKEY_MAIL_REPORTS',
    secret: true,
    read: readReportSources,
    why: 'whoever can report a bounce decides who is sent no mail',
  }),
  dkimSelectors: setting({ env: 'POSTKEY_DKIM_SELECTORS', read: readSelectors, why: 'DNS cannot list DKIM keys, only answer for a name' }),
  policy: setting({
    env: 'POSTKEY_POLICY',
    read: (text): Read<Policy> => readPolicySetting(text, '.'),
    why: 'every limit and lifetime comes from it',
  }),
  rollOut: setting({
    env: 'POSTKEY_ROLL_OUT',
    read: (text): Read<unknown> => readRollOutSetting(text, '.'),
    why: 'some people sign in under another policy by it',
  }),
  trustedProxies: setting({ env: 'POSTKEY_TRUSTED_PROXIES', read: readNetworks, why: 'only these may say where a request comes from' }),
  operators: setting({ env: 'POSTKEY_OPERATORS', read: readAddresses, why: 'these people may use the console' }),
  name: setting({ env: 'POSTKEY_NAME', read: readBrandName, why: 'people recognise your pages and mails by it' }),
  support: setting({ env: 'POSTKEY_SUPPORT', read: readSupport, why: 'people who are stuck are sent there' }),
  accent: setting({ env: 'POSTKEY_ACCENT', read: readAccent, why: 'buttons and links are drawn in it' }),
  logo: setting({ env: 'POSTKEY_LOGO', read: (path): Read<string> => readLogoSetting(path, '.'), why: 'pages show it beside your name' }),
  words: setting({
    env: 'POSTKEY_WORDS',
    read: (text): Read<OwnTexts> => readWordsSetting(text, '.'),
    why: 'pages and mails say it in the place of ours',
  }),
  returnOrigins: setting({ env: 'POSTKEY_RETURN_ORIGINS', read: readOrigins, why: 'people are sent only to these after signing in' }),
  returnTo: setting({
    env: 'POSTKEY_RETURN_TO',
    read: (text): Read<string> => ({ ok: true, value: text }),
    why: 'people land there after signing in',
  }),
  seals: setting({ env: 'POSTKEY_SEALS', read: readSwitch, why: 'a record without seals does not show that somebody changed it' }),
  log: setting({ env: 'POSTKEY_LOG', read: readLogLevel, why: 'it decides what is logged' }),
  metrics: setting({
    env: 'POSTKEY_METRICS',
    read: readPlace,
    why: 'your collector asks for numbers and versions there, and nobody else should',
  }),
  host: setting({ env: 'HOST', read: readHost, why: 'the server listens there' }),
  port: setting({ env: 'PORT', read: readPort, why: 'the server listens there' }),
} as const

export type Key = keyof typeof settings
/** As read. */
export type Values = { readonly [K in Key]: (typeof settings)[K] extends Setting<infer T> ? T : never }

export const keys = Object.keys(settings) as Key[]
