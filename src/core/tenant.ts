// A tenant beside that of the settings: what may be said of it, as data from outside. The same names as the settings of the installation
// have, with the same meaning. What is not said is as the installation has it, or as nobody asked for it.
import { z } from 'zod'
import { readAddress } from './address.ts'
import { type Accent, type Read, readAccent, readBrandName, readLogo, readSupport } from './brand.ts'
import type { Ms } from './model.ts'
import { CONFIGURED, type Ground, homeOf, type Places, PREFIX_DEPTH } from './place.ts'
import { type Policy, type PolicyInput, type PresetName, readPolicy } from './policy.ts'
import type { ReasonCode } from './reason.ts'
import { readReturnTo } from './return-to.ts'
import { type RollOut, type RollOutInput, readRollOut } from './roll-out.ts'
import { parseUrl } from './url.ts'

/** Stands in names of cookies and in keys: letters, digits and hyphens. */
const SLUG = /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/

export type TenantStatus = 'active' | 'suspended' | 'removed'

export const tenantActs = ['add', 'set', 'suspend', 'resume', 'remove'] as const
export type TenantAct = (typeof tenantActs)[number]

/** What stands in the event of a change. */
export const REASON_OF = {
  add: 'tenant_added',
  set: 'tenant_changed',
  suspend: 'tenant_suspended',
  resume: 'tenant_resumed',
  remove: 'tenant_removed',
} as const satisfies Record<TenantAct, ReasonCode>

/**
 * What stands in the way of a change, as a sentence; null: nothing.
 *
 * @param version that the change was made from; null: whichever there is.
 */
export function changeProblem(
  does: TenantAct,
  row: Pick<TenantRow, 'tenant' | 'status' | 'version'> | null,
  version: number | null,
): string | null {
  if (does === 'add')
    return row === null
      ? null
      : row.status === 'removed'
        ? `"${row.tenant}" was removed, and its name stays its own — take another`
        : `there is a tenant "${row.tenant}" — change it with set, or take another name`
  if (row === null || row.status === 'removed') return 'there is no such tenant — see: postkey tenants list'
  if (version !== null && version !== row.version)
    return `somebody changed "${row.tenant}" meanwhile (version ${row.version}) — look at it, and try again`
  if (does === 'suspend' && row.status === 'suspended') return `"${row.tenant}" is suspended already`
  if (does === 'resume' && row.status === 'active') return `"${row.tenant}" is not suspended`
  if (does === 'remove' && row.status === 'active')
    return `"${row.tenant}" serves people — suspend it first: all its rows are deleted with it`
  return null
}

/** As somebody writes it: a JSON file, an argument of the library. */
export interface TenantInput {
  /** "auth.acme.example": links lead to the first; the others lead there too. */
  readonly hosts?: readonly string[]
  /** "/t/acme": a path below the installation's own address. */
  readonly prefix?: string
  /** The name that people know it by. */
  readonly name: string
  /** The address its mails come from. Default: the installation's. */
  readonly mailFrom?: string
  /** An e-mail address or https URL of the people who help. */
  readonly support?: string
  /** `#rrggbb`, or two for light and dark with a comma between. */
  readonly accent?: string
  /** An SVG drawing, as text. */
  readonly logo?: string
  /** A preset's name, or `{ preset, …overrides }`. Default: "standard". */
  readonly policy?: PresetName | ({ readonly preset?: PresetName } & PolicyInput)
  /** A change of the policy for some people first. */
  readonly rollOut?: RollOutInput
  /** By language, as `de`: some texts in the place of ours. */
  readonly words?: { readonly [lang: string]: object }
  /** Further origins a sign-in may lead to. */
  readonly returnOrigins?: readonly string[]
  /** Where a sign-in leads when nothing was asked for. Default: the account page. */
  readonly returnTo?: string
  /** Addresses of those who may use its console, and hear of its alarms. */
  readonly operators?: readonly string[]
}

/** As it is kept. */
export interface TenantRow extends Places {
  readonly tenant: string
  readonly status: TenantStatus
  /** What was said, without its places: read again by whoever uses it. */
  readonly settings: object
  /** Greater with each change of any tenant. */
  readonly version: number
  readonly createdAt: Ms
  readonly updatedAt: Ms
}

/** As it is used. */
export interface TenantSettings {
  readonly name: string
  readonly mailFrom: string | null
  readonly support: string | undefined
  readonly accent: Accent | undefined
  readonly logo: string | undefined
  readonly policy: Policy
  readonly rollOut: RollOut | null
  /** As they were said: whoever speaks reads them. */
  readonly words: object | null
  readonly returnOrigins: readonly string[]
  readonly returnTo: string | null
  readonly operators: readonly string[]
}

export type TenantRead =
  | { readonly ok: true; readonly places: Places; readonly said: object; readonly settings: TenantSettings }
  | { readonly ok: false; readonly problems: readonly string[] }

/** A text that one of our readers takes. */
const text = <T>(reader: (text: string) => Read<T>) =>
  z.string('is no text').transform((given, context): T => {
    const read = reader(given.trim())
    if (read.ok) return read.value
    context.addIssue({ code: 'custom', message: `${read.what} — ${read.remedy}` })
    return z.NEVER
  })

const good = <T>(value: T): Read<T> => ({ ok: true, value })
const bad = (what: string, remedy: string): Read<never> => ({ ok: false, what, remedy })

const MANY = 100

const settingsSchema = z.strictObject({
  hosts: z.array(text(readHostName)).max(MANY).default([]),
  prefix: text(readPrefix).nullish(),
  name: text((name) => (name === '' ? bad('is empty', 'give the name that people know it by') : readBrandName(name))),
  mailFrom: text(readPlainAddress).nullish(),
  support: text(readSupport).nullish(),
  accent: text(readAccent).nullish(),
  logo: text(readLogo).nullish(),
  policy: z.unknown().optional(),
  rollOut: z.unknown().optional(),
  words: z.record(z.string(), z.unknown(), 'is no object of languages').nullish(),
  returnOrigins: z.array(text(readReturnOrigin)).max(MANY).default([]),
  returnTo: z.string().nullish(),
  operators: z.array(text(readPlainAddress)).max(MANY).default([]),
})

/** Everything that is wrong at once, each with its remedy. */
export function readTenant(given: unknown): TenantRead {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return { ok: false, problems: ['it is no object of settings — write { "name": "Acme", "hosts": ["auth.acme.example"] }'] }
  const parsed = settingsSchema.safeParse(given)
  const { rollOut: change } = given as TenantInput
  const policy = readPolicy((given as TenantInput).policy)
  const rollOut = change == null || !policy.ok ? null : readRollOut(change, policy.policy)
  const problems = [
    ...(parsed.success
      ? []
      : parsed.error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`))),
    ...(policy.ok ? [] : policy.problems.map((problem) => `policy: ${problem}`)),
    ...(rollOut === null || rollOut.ok ? [] : rollOut.problems.map((problem) => `rollOut: ${problem}`)),
  ]
  if (!parsed.success || !policy.ok) return { ok: false, problems }
  const { hosts, prefix = null, mailFrom, support, accent, logo, words, returnTo, ...rest } = parsed.data
  if (new Set(hosts).size < hosts.length) problems.push('hosts: one of them is named twice — name it once')
  if (hosts.length === 0 && prefix === null)
    problems.push('hosts: neither a host nor a prefix leads to it — give hosts, such as auth.acme.example, or a prefix, such as /t/acme')
  if (problems.length > 0) return { ok: false, problems }
  const { hosts: _, prefix: __, ...said } = given as TenantInput
  const settings = {
    ...rest,
    mailFrom: mailFrom ?? null,
    support: support ?? undefined,
    accent: accent ?? undefined,
    logo: logo ?? undefined,
    policy: policy.policy,
    rollOut: rollOut?.ok === true ? rollOut.rollOut : null,
    words: words ?? null,
    returnTo: returnTo ?? null,
  }
  return { ok: true, places: { hosts, prefix }, said, settings }
}

/** What of it does not fit to where the installation is. */
export function fitProblems(places: Places, { returnTo, returnOrigins }: TenantSettings, ground: Ground): string[] {
  const { origin } = homeOf(ground, places)
  const problems: string[] = []
  if (returnTo !== null && !readReturnTo(returnTo, { base: origin, origins: returnOrigins, fallback: '/' }).ok)
    problems.push(
      `returnTo: ${returnTo} leads to an origin that is not allowed — use a path of its own, or add the origin to returnOrigins`,
    )
  // Cookies would travel in clear, and browsers take none with `__Host-` there.
  const foreign = ground.origin.startsWith('http:') ? places.hosts.find((host) => !isLocal(host)) : undefined
  if (foreign !== undefined)
    problems.push(`hosts: ${foreign} would be served without https, as the installation is — use a name that ends in .localhost`)
  return problems
}

const isLocal = (host: string): boolean => /^(?:localhost|[a-z0-9.-]+\.localhost|127(?:\.\d{1,3}){3})(?::\d+)?$/.test(host)

export function readTenantId(id: string): Read<string> {
  if (id === CONFIGURED)
    return bad('is the tenant of the settings, which has no row', 'change the settings of the server, or take another name')
  return SLUG.test(id) ? good(id) : bad('is no name for a tenant', 'use small letters, digits and hyphens, at most 40, a letter first')
}

function readHostName(given: string): Read<string> {
  const host = given.toLowerCase()
  const remedy = 'write it like auth.acme.example, without https:// and without a path'
  const url = parseUrl(`https://${host}`)
  if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/.test(host) || url === null) return bad(`${given} is no host name`, remedy)
  // As a browser names it: a port that everybody leaves out, a number that means an address.
  return url.host === host ? good(host) : bad(`${given} is not how browsers name it`, `write ${url.host}`)
}

function readPrefix(given: string): Read<string> {
  const parts = given.split('/').length - 1
  if (!/^(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(given)) return bad(`${given} is no path`, 'write it like /t/acme')
  return parts > PREFIX_DEPTH ? bad(`${given} has more than ${PREFIX_DEPTH} parts`, 'write it like /t/acme') : good(given)
}

function readPlainAddress(given: string): Read<string> {
  const read = readAddress(given)
  return read.ok ? good(read.address.email) : bad(`${given} is no e-mail address`, 'give a plain one, such as sign-in@acme.example')
}

function readReturnOrigin(given: string): Read<string> {
  const url = parseUrl(given)
  const remedy = 'write it like https://app.acme.example'
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== ''
  )
    return bad(`${given} is no origin`, remedy)
  if (url.protocol === 'http:' && !isLocal(url.host)) return bad(`${given} is plain http`, 'use https, or localhost')
  return good(url.origin)
}
