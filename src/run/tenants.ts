// `postkey tenants …`: applications beside the one of the settings. What is given is checked as a whole, and everything that is wrong with it
// is told at once; a server that runs sees a change within about two seconds.
import { resolve } from 'node:path'
import { type AdminKey, keyScopes } from '../core/admin-key.ts'
import { addressesOf, CONFIGURED, type Ground } from '../core/place.ts'
import { readTenant, type TenantRow } from '../core/tenant.ts'
import { makeKey } from '../flow/admin.ts'
import { addTenant, findTenant, inputOf, listTenants, moveTenant, type Office, setTenant } from '../flow/tenant-admin.ts'
import type { Store, TenantChanged } from '../store/store.ts'
import { appVersion, policyVersion, schemaVersion, templateVersion } from '../versions.ts'
import { wordProblems } from '../words/own.ts'
import type { ExitCode, Request } from './command.ts'
import type { Config } from './config.ts'
import { withWritableStore } from './reading.ts'
import { readJsonFile, readLogoFile } from './setting.ts'

/** As the settings name them, and how each is read from the command line. */
const FIELDS = {
  hosts: 'list',
  prefix: 'text',
  name: 'text',
  mailFrom: 'text',
  support: 'text',
  accent: 'text',
  logo: 'drawing',
  policy: 'policy',
  rollOut: 'file',
  words: 'file',
  returnOrigins: 'list',
  returnTo: 'text',
  operators: 'list',
} as const

/** Those that may name a file. */
const FLAG_OF = { logo: '--logo', policy: '--policy', rollOut: '--roll-out', words: '--words' } as const

interface Action {
  /** Behind its name. */
  readonly words: 0 | 1
  /** Takes settings. */
  readonly given: boolean
  readonly run: (asked: Asked) => Promise<ExitCode>
}

interface Asked {
  readonly request: Request
  readonly office: Office
  readonly tenant: string
  /** From flags and file. */
  readonly input: Readonly<Record<string, unknown>>
}

const NEXT = 'Servers see it within about two seconds.'

const actions: Readonly<Record<string, Action>> = {
  list: { words: 0, given: false, run: list },
  show: { words: 1, given: false, run: show },
  add: {
    words: 1,
    given: true,
    run: async ({ request, office, tenant, input }) => told(request, office, await addTenant(office, tenant, input), `Added. ${NEXT}`),
  },
  set: {
    words: 1,
    given: true,
    run: async ({ request, office, tenant, input }) => told(request, office, await setTenant(office, tenant, input), `Changed. ${NEXT}`),
  },
  suspend: {
    words: 1,
    given: false,
    run: async ({ request, office, tenant }) =>
      told(request, office, await moveTenant(office, tenant, 'suspend'), `Suspended: to everybody it is as if it were not there. ${NEXT}`),
  },
  resume: {
    words: 1,
    given: false,
    run: async ({ request, office, tenant }) => told(request, office, await moveTenant(office, tenant, 'resume'), `Resumed. ${NEXT}`),
  },
  remove: { words: 1, given: false, run: remove },
}

/** `postkey tenants key …`: for programs that use the JSON API. */
const keyActions: Readonly<Record<string, (asked: AskedKey) => Promise<ExitCode>>> = { add: addKey, list: listKeys, end: endKey }

interface AskedKey {
  readonly request: Request
  readonly store: Store
  readonly tenant: string
  readonly id: string
}

async function keys(request: Request): Promise<ExitCode> {
  const [, name = '', tenant = '', id = '', ...more] = request.words
  const run = Object.hasOwn(keyActions, name) ? keyActions[name] : undefined
  if (run === undefined || tenant === '' || more.length > 0 || (name === 'end') !== (id !== ''))
    return misunderstood(
      request,
      'which key? — postkey tenants key add TENANT --scope read, key list TENANT, key end TENANT ID; default: of the installation',
    )
  const scope = request.flags['scope']
  if (scope !== undefined && (name !== 'add' || !keyScopes.some((one) => one === scope)))
    return misunderstood(request, `--scope ${scope} is not expected here — key add takes read or write`)
  return await withWritableStore(
    request,
    'tenants',
    async (store) => {
      if (tenant !== CONFIGURED && (await findTenant({ store }, tenant)) === null)
        return refused(request, 1, [`there is no tenant "${tenant}" — see: postkey tenants list`])
      return await run({ request, store, tenant, id })
    },
    { mode: 'tenants' },
  )
}

async function addKey({ request, store, tenant }: AskedKey): Promise<ExitCode> {
  const scope = request.flags['scope'] === 'write' ? 'write' : 'read'
  const { key, text } = await makeKey(store, { tenant, scope, now: Date.now() })
  request.terminal.out(
    request.json
      ? JSON.stringify({ ok: true, key: plainKey(key), text })
      : `${text}\n\nIt is shown this once. Its holder may ${scope === 'write' ? 'change' : 'look at'} ${tenant === CONFIGURED ? 'all tenants' : tenant}.\nTo replace a key: add another one, change over, and end this one: postkey tenants key end ${tenant} ${key.id}`,
  )
  return 0
}

async function listKeys({ request, store, tenant }: AskedKey): Promise<ExitCode> {
  const found = await store.listAdminKeys(tenant)
  if (request.json) request.terminal.out(JSON.stringify({ ok: true, keys: found.map(plainKey) }))
  else if (found.length === 0) request.terminal.out(`There are no keys of ${tenant}.`)
  else
    request.terminal.out(
      columns(found.map((key) => [key.id, key.scope, key.endedAt === null ? 'in use' : 'ended', new Date(key.createdAt).toISOString()])),
    )
  return 0
}

async function endKey({ request, store, tenant, id }: AskedKey): Promise<ExitCode> {
  if (!(await store.endAdminKey(tenant, id)))
    return refused(request, 1, [`${tenant} has no such key in use — see: postkey tenants key list ${tenant}`])
  request.terminal.out(request.json ? JSON.stringify({ ok: true }) : 'Ended: it is good for nothing from now on.')
  return 0
}

function plainKey({ createdAt, endedAt, ...key }: AdminKey): object {
  return { ...key, createdAt: new Date(createdAt).toISOString(), endedAt: endedAt === null ? null : new Date(endedAt).toISOString() }
}

export async function tenants(request: Request): Promise<ExitCode> {
  const [name = '', tenant = '', ...more] = request.words
  if (name === 'key') return await keys(request)
  if (request.flags['scope'] !== undefined) return misunderstood(request, '--scope is of key add')
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined) return misunderstood(request, name === '' ? 'what with them?' : `"${name}" is not known`)
  if (action.words === 1 && tenant === '') return misunderstood(request, `${name} which one?`)
  if (more.length > 0 || (action.words === 0 && tenant !== ''))
    return misunderstood(request, `"${more[0] ?? tenant}" is not expected after ${name}`)
  const given = inputFrom(request)
  if ('problems' in given) return refused(request, 2, given.problems)
  if (!action.given && Object.keys(given.input).length > 0) return misunderstood(request, `${name} takes no settings`)
  if (name === 'set' && Object.keys(given.input).length === 0) return misunderstood(request, 'set what? — give a flag, or --file')
  return await withWritableStore(
    request,
    'tenants',
    (store, config) => action.run({ request, office: officeOf(store, config), tenant, input: given.input }),
    { mode: 'tenants' },
  )
}

function officeOf(store: Store, { url, basePath, policy }: Config): Office {
  const ground: Ground | null = url === '' ? null : { origin: url, basePath }
  const versions = { app: appVersion, schema: schemaVersion, policy: policyVersion(policy), template: templateVersion }
  return { store, versions, ground, wordProblems, by: 'command', now: Date.now }
}

type Given = { readonly input: Readonly<Record<string, unknown>> } | { readonly problems: readonly string[] }

/** Flags win over the file. An empty flag takes a setting back. */
function inputFrom({ flags, terminal }: Request): Given {
  const input: Record<string, unknown> = {}
  if (flags['file'] !== undefined) {
    const file = readJsonFile(resolve(terminal.folder, flags['file']))
    if (!file.ok) return { problems: [`--file ${file.what} — ${file.remedy}`] }
    if (typeof file.value !== 'object' || file.value === null || Array.isArray(file.value))
      return { problems: [`--file ${flags['file']} is no JSON object — write { "name": "Acme", "hosts": ["auth.acme.example"] }`] }
    Object.assign(input, file.value)
  }
  for (const [name, kind] of Object.entries(FIELDS)) {
    const text = flags[name]
    if (text === undefined) continue
    if (text.trim() === '') input[name] = null
    else if (kind === 'list') input[name] = text.split(/[\s,]+/).filter(Boolean)
    else if (kind === 'text' || (kind === 'policy' && !/[./\\]/.test(text))) input[name] = text
    else {
      const read = kind === 'drawing' ? readLogoFile : readJsonFile
      const file = read(resolve(terminal.folder, text))
      if (!file.ok) return { problems: [`${FLAG_OF[name as keyof typeof FLAG_OF]} ${file.what} — ${file.remedy}`] }
      input[name] = file.value
    }
  }
  return { input }
}

async function list({ request, office }: Asked): Promise<ExitCode> {
  const rows = await listTenants(office)
  const { terminal, json } = request
  if (json) terminal.out(JSON.stringify({ ok: true, tenants: rows.map((row) => plain(row, office.ground)) }))
  else if (rows.length === 0) terminal.out('There is only the tenant of the settings. Add one: postkey tenants add --help')
  else terminal.out(columns(rows.map((row) => [row.tenant, row.status, nameOf(row), placesOf(row, office.ground).join(' ')])))
  return 0
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

async function show({ request, office, tenant }: Asked): Promise<ExitCode> {
  const row = await findTenant(office, tenant)
  if (row === null) return refused(request, 1, [`there is no tenant "${tenant}" — see: postkey tenants list`])
  request.terminal.out(request.json ? JSON.stringify({ ok: true, tenant: plain(row, office.ground) }) : textOf(row, office.ground))
  return 0
}

async function remove({ request, office, tenant }: Asked): Promise<ExitCode> {
  if (!request.switches.has('yes'))
    return refused(request, 2, [`that deletes every user, session and event of "${tenant}", and cannot be undone — say so: --yes`])
  const changed = await moveTenant(office, tenant, 'remove')
  return told(request, office, changed, 'Removed. Servers delete its rows in the background; its name is not given again.')
}

function told(request: Request, { ground }: Office, changed: TenantChanged, done: string): ExitCode {
  if (!changed.ok) return refused(request, changed.fault === 'input' ? 2 : 1, changed.problems)
  const { tenant } = changed
  request.terminal.out(
    request.json
      ? JSON.stringify({ ok: true, tenant: plain(tenant, ground) })
      : tenant.status === 'removed'
        ? done
        : `${textOf(tenant, ground)}\n\n${done}`,
  )
  return 0
}

function refused({ terminal, json }: Request, code: 1 | 2, problems: readonly string[]): ExitCode {
  if (json) terminal.out(JSON.stringify({ ok: false, problems }))
  for (const problem of problems) terminal.err(`postkey tenants: ${problem}`)
  return code
}

function misunderstood({ terminal }: Request, what: string): ExitCode {
  terminal.err(
    `postkey tenants: ${what}${
      what.includes(' — ') ? '' : ` — ${[...Object.keys(actions), 'key'].map((one) => `postkey tenants ${one}`).join(', ')}`
    }`,
  )
  return 2
}

const nameOf = ({ settings }: TenantRow): string => String((settings as { name?: unknown }).name ?? '')

/** Where it is. Without the address of the installation, as it was said. */
function placesOf(row: TenantRow, ground: Ground | null): string[] {
  return ground === null ? [...row.hosts, ...(row.prefix === null ? [] : [row.prefix])] : addressesOf(ground, row)
}

function plain(row: TenantRow, ground: Ground | null): object {
  const { tenant, status, version, createdAt, updatedAt } = row
  const read = readTenant(inputOf(row))
  return {
    tenant,
    status,
    version,
    at: placesOf(row, ground),
    settings: inputOf(row),
    policy: read.ok ? policyVersion(read.settings.policy) : null,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  }
}

function textOf(row: TenantRow, ground: Ground | null): string {
  const settings = Object.entries(inputOf(row)).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : JSON.stringify(value),
  ])
  const lines = [
    ['at', placesOf(row, ground).join(', ')],
    ...settings,
    ['version', String(row.version)],
    ['changed', new Date(row.updatedAt).toISOString()],
  ]
  const width = Math.max(...lines.map(([name = '']) => name.length))
  return [`${row.tenant} (${row.status})`, ...lines.map(([name = '', value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n')
}
