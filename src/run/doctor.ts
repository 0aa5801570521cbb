// `postkey doctor`: is this installation fit to let people in? Looks at settings, database, mail server and DNS, changes nothing,
// and for everything that is not well says what to do. Exit code 1 when something would keep people from signing in.
import { existsSync } from 'node:fs'
import type { Policy } from '../core/policy.ts'
import type { RollOutInput } from '../core/roll-out.ts'
import type { ExamineOptions, Finding, Offender } from '../store/examine.ts'
import { readPostgresUrl } from '../store/postgres-url.ts'
import type { NoWall } from '../store/wall.ts'
import { policyVersion, schemaVersion } from '../versions.ts'
import type { ExitCode, Request, Terminal } from './command.ts'
import { type Config, type ConfigResult, readConfig } from './config.ts'
import { sourcesOf } from './problems.ts'
import { type Key, settings } from './settings.ts'

export interface Check {
  readonly area: 'settings' | 'database' | 'tenants' | 'rows' | 'mail server' | 'dns'
  readonly state: 'ok' | 'warn' | 'fail'
  readonly what: string
  readonly remedy?: string
  /** Of an invariant that rows break: which invariant, the first of these rows, and whether there are more. */
  readonly invariant?: string
  readonly offenders?: readonly Offender[]
  readonly more?: boolean
}

interface ShownSetting {
  readonly name: string
  readonly value: string
  readonly origin: string
}

/** Long enough for a slow resolver, short enough for whoever waits. */
const DNS_MS = 5_000
/** A mail server that does not even greet within this time lets nobody in. */
const SMTP_MS = 20_000

export async function doctor(request: Request): Promise<ExitCode> {
  const { terminal, json } = request
  const result = readConfig(sourcesOf(request, 'doctor'))
  const shown = showSettings(result)
  const checks = [...checkSettings(result)]
  const progress = await startProgress(terminal, json)
  try {
    const { databaseUrl, smtpUrl, mailFrom, dkimSelectors } = result.ok ? result.config : result.partial
    if (databaseUrl) {
      progress.say('database')
      checks.push(...(await checkDatabase(databaseUrl)))
      const sound = checks.every(({ area, state }) => area !== 'database' || state === 'ok')
      if (request.switches.has('deep')) checks.push(...(await checkRows(databaseUrl, sound, progress.say)))
    }
    if (smtpUrl) {
      progress.say('mail server')
      checks.push(await checkMailServer(smtpUrl))
    }
    const domain = mailFrom?.address.split('@')[1]
    if (domain) {
      progress.say(`DNS of ${domain}`)
      checks.push(...(await checkDns(domain, dkimSelectors ?? [])))
    }
  } finally {
    progress.stop()
  }
  const failed = checks.some(({ state }) => state === 'fail')
  terminal.out(json ? JSON.stringify({ ok: !failed, checks, settings: shown }, null, 2) : report(checks, shown, terminal))
  return failed ? 1 : 0
}

function showSettings(result: ConfigResult): ShownSetting[] {
  const values: Readonly<Record<string, unknown>> = result.ok ? { ...result.config, ...result.config.brand } : result.partial
  return (Object.keys(settings) as Key[])
    .filter((key) => result.origins[key] !== 'unset')
    .map((key) => ({ name: settings[key].env, value: redacted(key, values[key]), origin: result.origins[key] }))
}

function redacted(key: Key, value: unknown): string {
  if (key === 'secret') return '(hidden)'
  if (value === undefined || value === null) return '(unreadable)'
  if (key === 'smtpUrl' || key === 'databaseUrl') return withoutSecrets(String(value))
  if (key === 'policy') return `version ${policyVersion(value as Policy)}`
  if (key === 'words') return Object.keys(value).join(', ')
  if (key === 'rollOut') return rollOutShown(value as RollOutInput)
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'object' && 'address' in value) return String(value.address)
  return Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? Object.values(value).join(', ') : String(value)
}

/** Nobody's address has to stand in what is pasted into a ticket. */
function rollOutShown({ name, percent = 0, addresses = [] }: RollOutInput): string {
  return `${name}: ${percent} %${addresses.length === 0 ? '' : ` and ${addresses.length} listed`}`
}

/** Parameters that are known to hold none; a driver takes a password as one, too. */
const SHOWN = new Set(['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'ssl', 'host', 'port', 'tls', 'ca', 'timeout'])

function withoutSecrets(url: string): string {
  return url
    .replace(/\/\/[^/]*@/, '//(hidden)@')
    .replaceAll(/([?&])([^=&]*)=([^&]*)/g, (all, sign, name) => (SHOWN.has(name) ? all : `${sign}${name}=(hidden)`))
}

function checkSettings(result: ConfigResult): Check[] {
  const advice = adviseOn(result.ok ? result.config : result.partial)
  if (result.ok) return [...advice, { area: 'settings', state: 'ok', what: 'safe for `postkey serve`' }]
  return [
    ...advice,
    ...result.problems.map(({ key, what, remedy }): Check => ({ area: 'settings', state: 'fail', what: `${key} ${what}`, remedy })),
  ]
}

function adviseOn({
  policy,
  trustedProxies,
  url,
  databaseUrl,
}: Partial<Pick<Config, 'policy' | 'trustedProxies' | 'url' | 'databaseUrl'>>): Check[] {
  const checks: Check[] = []
  if (policy?.linkSecret === 'path') {
    const what = 'the policy puts the secret of links into their path, and so into every access log on the way'
    checks.push({
      area: 'settings',
      state: 'warn',
      what,
      remedy: 'use linkSecret "fragment", or keep paths out of the logs of every proxy',
    })
  }
  if (trustedProxies?.length === 0 && url?.startsWith('https:')) {
    const what = 'no trusted proxy is named; behind one, all people share its address and its limits'
    checks.push({
      area: 'settings',
      state: 'warn',
      what,
      remedy: 'set POSTKEY_TRUSTED_PROXIES to the networks of your proxies, if there are any',
    })
  }
  return [...checks, ...adviseOnTheWayTo(databaseUrl ?? '')]
}

/** A database of this machine, or one that shows a certificate: nobody on the way reads or changes what is said to it. */
function adviseOnTheWayTo(databaseUrl: string): Check[] {
  if (!/^postgres(ql)?:/.test(databaseUrl)) return []
  const { place, local, trust } = readPostgresUrl(databaseUrl)
  if (local || trust === 'name' || trust === 'authority') return []
  const what =
    trust === 'none'
      ? `the connection to PostgreSQL at ${place} is not encrypted: who is on the way reads and changes all of it`
      : `the connection to PostgreSQL at ${place} is encrypted to whoever answers there`
  const remedy = 'add sslmode=verify-full to POSTKEY_DATABASE_URL, and sslrootcert=FILE for an authority of your own'
  return [{ area: 'settings', state: 'warn', what, remedy }]
}

async function checkDatabase(url: string): Promise<Check[]> {
  const { explain, openEngine, sqlitePath } = await import('../store/open.ts')
  const path = sqlitePath(url)
  // Opening would make it, and doctor changes nothing.
  if (path !== null && path !== ':memory:' && !existsSync(path)) {
    return [{ area: 'database', state: 'warn', what: 'does not exist yet', remedy: '`postkey serve` and `postkey migrate` make it' }]
  }
  try {
    const engine = await openEngine(url)
    try {
      const current = await engine.schema()
      const checks = [integrity(await engine.damage()), schema(current, schemaVersion)]
      // SQLite has no such means; and what an older schema lacks, its migration brings.
      return path !== null || current < schemaVersion ? checks : [...checks, wall(await engine.wall())]
    } finally {
      await engine.close()
    }
  } catch (error) {
    const [what = '', known] = messageOf(explain(url, error)).split(' — ')
    const remedy = known ?? (path === null ? 'check POSTKEY_DATABASE_URL' : 'check the path, its permissions and the disk')
    return [{ area: 'database', state: 'fail', what: `cannot be opened: ${what}`, remedy }]
  }
}

function integrity(damage: string | null): Check {
  if (damage === null) return { area: 'database', state: 'ok', what: 'opens, and is sound' }
  return {
    area: 'database',
    state: 'fail',
    what: `is damaged: ${damage}`,
    remedy: 'stop the server, keep a copy of the files, restore a backup',
  }
}

function schema(current: number, newest: number): Check {
  if (current === newest) return { area: 'database', state: 'ok', what: `has the newest schema (${current})` }
  if (current < newest)
    return {
      area: 'database',
      state: 'warn',
      what: `has schema ${current} of ${newest}`,
      remedy: 'run `postkey migrate`; `postkey serve` does it too',
    }
  return {
    area: 'database',
    state: 'fail',
    what: `has schema ${current}, this version knows ${newest}`,
    remedy: 'run the newer version that made it, or restore a backup',
  }
}

function wall(missing: NoWall | null): Check {
  if (missing === null) return { area: 'tenants', state: 'ok', what: 'are held apart by PostgreSQL too' }
  return { area: 'tenants', state: 'warn', ...missing }
}

/** --deep: every row, against what must always be true. */
async function checkRows(url: string, sound: boolean, say: (step: string) => void): Promise<Check[]> {
  if (!sound) return [{ area: 'rows', state: 'warn', what: 'were not looked at', remedy: 'the database comes first: see above' }]
  const { openToRead } = await import('../store/open.ts')
  const { examineRows } = await import('../store/examine.ts')
  const { idsOf } = await import('../secret.ts')
  const engine = await openToRead(url)
  try {
    const { looked, findings } = await examineRows(engine, { idsOf, onStep: stepsShown(say) })
    return findings.length > 0 ? findings.map(brokenRows) : [{ area: 'rows', state: 'ok', what: `keep to all ${looked} invariants` }]
  } finally {
    await engine.close()
  }
}

/** SQLite keeps the thread while it looks: where that takes long, the terminal is given the time to show what comes. */
function stepsShown(say: (step: string) => void): NonNullable<ExamineOptions['onStep']> {
  let shown = performance.now()
  return async ({ number, of, claim }) => {
    say(`rows, ${number} of ${of}: ${claim}`)
    if (performance.now() < shown + 1_000) return
    await new Promise((resolve) => setTimeout(resolve, 100))
    shown = performance.now()
  }
}

function brokenRows({ invariant, offenders, more }: Finding): Check {
  const { name, of, claim, remedy } = invariant
  const ids = offenders.map(({ tenant, id }) => `${tenant}/${id}`).join(', ')
  const what = `${of} ${name}: not true that ${claim}: ${ids}${more ? ', and more' : ''}`
  return { area: 'rows', state: 'fail', what, remedy, invariant: name, offenders, more }
}

async function checkMailServer(url: string): Promise<Check> {
  const { smtpTransport } = await import('../mail/smtp.ts')
  const transport = smtpTransport({ url })
  try {
    await within(SMTP_MS, transport.verify())
    return { area: 'mail server', state: 'ok', what: 'answers and lets us in' }
  } catch (error) {
    const [what = '', remedy = 'check POSTKEY_SMTP_URL'] = messageOf(error).split(' — ')
    return { area: 'mail server', state: 'fail', what, remedy }
  } finally {
    await transport.close()
  }
}

async function checkDns(domain: string, selectors: readonly string[]): Promise<Check[]> {
  const { checkMailDns } = await import('./dns.ts')
  const findings = await checkMailDns(domain, { timeoutMs: DNS_MS, selectors })
  return findings.map(({ check, status, detail, remedy }) => {
    // A resolver that did not answer says nothing about the domain.
    const state = status === 'unknown' ? 'warn' : status
    return { area: 'dns', state, what: `${check}: ${detail}`, ...(remedy && { remedy }) }
  })
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1_000} s — check the host, the port and the firewall`)), ms)
  })
  return await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** What takes longer than a second says what it is doing, to a person only. */
async function startProgress({ interactive }: Terminal, json: boolean): Promise<{ say(step: string): void; stop(): void }> {
  if (!interactive || json) return { say: () => undefined, stop: () => undefined }
  const { spinner } = await import('@clack/prompts')
  const spin = spinner({ indicator: 'timer' })
  spin.start('Looking at settings')
  return { say: (step) => spin.message(`Looking at ${step}`), stop: () => spin.stop('Done') }
}

function report(checks: readonly Check[], shown: readonly ShownSetting[], { env, interactive }: Terminal): string {
  const colour = (code: number, text: string): string => (interactive && !env['NO_COLOR'] ? `\u001b[${code}m${text}\u001b[39m` : text)
  const words = { ok: colour(32, 'ok  '), warn: colour(33, 'warn'), fail: colour(31, 'fail') }
  const area = Math.max(...checks.map((check) => check.area.length))
  const lines = checks.flatMap((check) => [
    `  ${words[check.state]}  ${check.area.padEnd(area)}  ${check.what}`,
    ...(check.remedy ? [`  ${' '.repeat(area + 8)}→ ${check.remedy}`] : []),
  ])
  const width = Math.max(0, ...shown.map(({ name }) => name.length))
  const settingLines = shown.map(({ name, value, origin }) => `  ${name.padEnd(width)}  ${origin.padEnd(9)}  ${value}`)
  const failed = checks.filter(({ state }) => state === 'fail').length
  const verdict = failed === 0 ? 'Nothing here keeps people from signing in.' : `${failed} of ${checks.length} checks failed.`
  return ['Settings', ...settingLines, '', 'Checks', ...lines, '', verdict].join('\n')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
