// The tenants in the console of the installation, for its operators. At a tenant there are no such routes: whoever works there, or comes from
// there, is told that there is nothing, before anything is looked up. Who is let in stands in the record of the installation, and what came
// of it in that of the tenant, each in a transaction of its own.
import { paths } from '../core/paths.ts'
import { addressesOf } from '../core/place.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { REASON_OF, readTenant, readTenantId, type TenantAct, type TenantRow, type TenantSettings } from '../core/tenant.ts'
import {
  addTenant,
  findTenant,
  inputOf,
  listTenants,
  moveTenant,
  replaceTenant,
  type TenantChanged,
  viewRules,
} from '../flow/tenant-admin.ts'
import { tenantPage, tenantPath, tenantsPage } from '../page/console/tenants.tsx'
import type { Desk, SeenTenant, TenantPageView, TenantsView } from '../page/console/view.ts'
import { operators as texts } from '../words/en-console.ts'
import { languages } from '../words/words.ts'
import { officeOf } from './admin.ts'
import { readFormBody } from './body.ts'
import { admit, COUNTED_MAX } from './console.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { englishFrame, html, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import type { Visit } from './visit.ts'

export function consoleTenantRoutes(): RouteTable {
  return {
    [paths.consoleTenants]: { GET: getTenants, POST: postAdd },
    [`${paths.consoleTenants}/…`]: { GET: getTenant, POST: postAct },
  }
}

/** Characters, and bytes of a form that holds them; words of many texts and long lists are for the command. */
const SETTINGS_MAX = 20_000
const FORM_BYTES_MAX = 81_920

const idField = { max: 64, required: true } as const
const settingsField = { max: SETTINGS_MAX, lines: true } as const

function getTenants(visit: Visit, request: Incoming): Promise<Outgoing> {
  return admit(visit, { wants: 'look' }, paths.consoleTenants, (desk) => listing(visit, desk('tenants'), { said: saidIn(request) }))
}

async function listing(visit: Visit, desk: Desk, more: Omit<TenantsView, 'tenants'>, status = 200): Promise<Outgoing> {
  const rows = await listTenants(officeOf(visit))
  const view = { tenants: rows.map((row) => seenOf(visit, row)), ...more }
  return html(visit, tenantsPage(englishFrame(visit, visit.context.now()), desk, view), { status })
}

const addFields = { tenant: idField, settings: { ...settingsField, required: true } } as const

async function postAdd(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readFormBody(request, addFields, FORM_BYTES_MAX)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const typed = body.values
  const about = { tenant: named(typed.tenant), does: 'add' } as const
  return admit(visit, { wants: 'tenants', tenant: about }, paths.consoleTenants, async (desk, { operator }) => {
    const input = readSettings(typed.settings)
    const added = input === null ? noJson : await addTenant(officeOf(visit, 'console', operator?.id), typed.tenant, input)
    if (!added.ok) return listing(visit, desk('tenants'), { typed, problems: told(visit, added) }, statusOf(added))
    return done(visit, 'add', tenantPath(typed.tenant))
  })
}

function getTenant(visit: Visit, request: Incoming, rest: string): Promise<Outgoing> {
  const tenant = named(rest)
  return admit(visit, { wants: 'look', tenant: { tenant } }, backTo(tenant), (desk) =>
    one(visit, desk('tenants'), tenant, { said: saidIn(request) }),
  )
}

type Shown = Pick<TenantPageView, 'said' | 'problems' | 'wrong'> & { readonly version?: number; readonly settings?: string }

async function one(visit: Visit, desk: Desk, tenant: string, more: Shown, status = 200): Promise<Outgoing> {
  const { context } = visit
  const row = await findTenant(officeOf(visit), tenant)
  if (row === null) return refuse(visit, { reason: 'tenant_unknown' }, { continueTo: `${context.basePath}${paths.consoleTenants}` })
  const { queued, oldest } = await context.store.viewQueue(tenant)
  const read = readTenant(inputOf(row))
  const settings = JSON.stringify(inputOf(row), null, 2)
  const view: TenantPageView = {
    tenant: seenOf(visit, row),
    version: row.version,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    unreadable: read.ok ? [] : read.problems,
    brand: read.ok ? brandOf(visit, read.settings) : null,
    rules: read.ok ? viewRules(read.settings) : null,
    queue: { queued, oldest, countedMax: COUNTED_MAX },
    settings: settings.length > SETTINGS_MAX ? null : settings,
    ...more,
  }
  return html(visit, tenantPage(englishFrame(visit, context.now()), desk, view), { status })
}

const actFields = {
  act: { max: 20, required: true },
  settings: { ...settingsField, required: false },
  version: { max: 15, required: false },
  sure: { ...idField, required: false },
} as const

async function postAct(visit: Visit, request: Incoming, rest: string): Promise<Outgoing> {
  const tenant = named(rest)
  const body = await readFormBody(request, actFields, FORM_BYTES_MAX)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { act, settings = '', version = '', sure } = body.values
  if (!isMove(act) && (act !== 'set' || !/^\d+$/.test(version))) return refuse(visit, { reason: 'body_malformed' })
  return admit(visit, { wants: 'tenants', tenant: { tenant, does: act } }, backTo(tenant), async (desk, { operator }) => {
    const office = officeOf(visit, 'console', operator?.id)
    const page = (changed: Refused, more: Shown = {}): Promise<Outgoing> =>
      one(visit, desk('tenants'), tenant, { problems: told(visit, changed), wrong: act, ...more }, statusOf(changed))
    if (act === 'set') {
      const input = readSettings(settings)
      const changed = input === null ? noJson : await replaceTenant(office, tenant, input, Number(version))
      // As it was typed, and from what it was seen at: to write over somebody's change they have to see it first.
      return changed.ok ? done(visit, act, tenantPath(tenant)) : page(changed, { settings, version: Number(version) })
    }
    if (act === 'remove' && sure?.trim() !== tenant) return page(bad(texts.tenants.removeUnsure(tenant)))
    const changed = await moveTenant(office, tenant, act)
    if (!changed.ok) return page(changed)
    return done(visit, act, act === 'remove' ? paths.consoleTenants : tenantPath(tenant))
  })
}

type Refused = Extract<TenantChanged, { ok: false }>

const bad = (problem: string): Refused => ({ ok: false, fault: 'input', problems: [problem] })
const noJson = bad(texts.tenants.noJson)

const isMove = (act: string): act is 'suspend' | 'resume' | 'remove' => act === 'suspend' || act === 'resume' || act === 'remove'

/** null: it is no JSON. What the parser says is not told on: it is about quotes and places that nobody sees. */
function readSettings(typed: string): unknown {
  try {
    return JSON.parse(typed) ?? {}
  } catch {
    return null
  }
}

/** As it may stand in an event; '': no tenant has such a name. */
function named(typed: string): string {
  return readTenantId(typed).ok ? typed : ''
}

function backTo(tenant: string): string {
  return tenant === '' ? paths.consoleTenants : tenantPath(tenant)
}

function told(visit: Visit, { problems }: Refused): readonly string[] {
  visit.log.reason = 'body_malformed'
  return problems
}

function statusOf({ fault }: Refused): number {
  return fault === 'input' ? 400 : 409
}

function done(visit: Visit, does: TenantAct, path: string): Outgoing {
  const said = REASON_OF[does]
  visit.log.reason = said
  return redirect(visit, `${visit.context.basePath}${path}?said=${said}`)
}

function saidIn(request: Incoming): ReasonCode | undefined {
  const said = queryOf(request).get('said')
  return said !== null && Object.hasOwn(reasons, said) ? (said as ReasonCode) : undefined
}

function seenOf({ context: { origin, basePath } }: Visit, row: TenantRow): SeenTenant {
  const { name } = row.settings as { readonly name?: unknown }
  return { tenant: row.tenant, name: String(name ?? ''), status: row.status, at: addressesOf({ origin, basePath }, row) }
}

function brandOf({ context }: Visit, settings: TenantSettings): TenantPageView['brand'] {
  const { mailFrom, support, accent, logo, returnTo, returnOrigins, operators, words } = settings
  return {
    mailFrom: { address: mailFrom ?? context.brand.mailFrom, own: mailFrom !== null },
    support,
    accent: accent && `${accent.light} ${accent.dark}`,
    logo: logo?.length,
    returnTo,
    returnOrigins,
    operators,
    words: Object.entries(words ?? {}).map(([lang, own]) => ({ language: languages.get(lang)?.name ?? lang, texts: textsIn(own) })),
  }
}

function textsIn(own: unknown): number {
  return typeof own === 'object' && own !== null ? Object.values(own).reduce<number>((sum, part) => sum + textsIn(part), 0) : 1
}
