// Changing tenants: read strictly, fitted to where the installation is, and written in one transaction with its event. The command line and the
// library ask here.
import { CONFIGURED, type Ground, type Places } from '../core/place.ts'
import { readPolicy } from '../core/policy.ts'
import { policyChanges } from '../core/policy-difference.ts'
import {
  fitProblems,
  readTenant,
  readTenantId,
  type TenantAct,
  type TenantInput,
  type TenantRow,
  type TenantSettings,
} from '../core/tenant.ts'
import { mintId } from '../secret.ts'
import type { ChangeTenantInput, Store, TenantChanged } from '../store/store.ts'
import { policyVersion } from '../versions.ts'
import type { Context } from './context.ts'

export type { TenantChanged } from '../store/store.ts'

export interface Office {
  readonly store: Pick<Store, 'readTenants' | 'changeTenant'>
  readonly versions: Context['versions']
  /** Where the installation is; null: nobody knows here, and what would not fit there is found when it is served. */
  readonly ground: Ground | null
  /** What is wrong with words of its own. */
  readonly wordProblems: (words: object) => readonly string[]
  readonly by: ChangeTenantInput['by']
  readonly operator?: ChangeTenantInput['operator']
  readonly now: () => number
}

/** What is to be another from now on; null: as if it had never been said. */
export type TenantChanges = { readonly [K in keyof TenantInput]?: TenantInput[K] | null }

/** No installation has more. */
const ALL = 1_000_000

/** In the order of their names; removed ones are left out. */
export async function listTenants({ store }: Pick<Office, 'store'>): Promise<readonly TenantRow[]> {
  const rows = await store.readTenants(0, ALL)
  return rows.filter(({ status }) => status !== 'removed').toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1))
}

export async function findTenant(office: Pick<Office, 'store'>, tenant: string): Promise<TenantRow | null> {
  return (await listTenants(office)).find((row) => row.tenant === tenant) ?? null
}

export async function addTenant(office: Office, tenant: string, input: unknown): Promise<TenantChanged> {
  const id = readTenantId(tenant)
  const problems = id.ok ? [] : [`"${tenant}" ${id.what} — ${id.remedy}`]
  return await write(office, { tenant, does: 'add', input, version: null, problems })
}

export async function setTenant(office: Office, tenant: string, changes: TenantChanges): Promise<TenantChanged> {
  const row = await findTenant(office, tenant)
  if (row === null) return absent(tenant)
  const input = Object.fromEntries(Object.entries({ ...inputOf(row), ...changes }).filter(([, value]) => value !== null))
  return await write(office, { tenant, does: 'set', input, version: row.version, problems: [] })
}

/**
 * All that is said of it anew; what is left out is as if it had never been said.
 *
 * @param version that it was seen at: what somebody changed meanwhile is not written over.
 */
export async function replaceTenant(office: Office, tenant: string, input: unknown, version: number): Promise<TenantChanged> {
  return await write(office, { tenant, does: 'set', input, version, problems: [] })
}

export async function moveTenant(office: Office, tenant: string, does: 'suspend' | 'resume' | 'remove'): Promise<TenantChanged> {
  const row = await findTenant(office, tenant)
  if (row === null) return absent(tenant)
  // One that this version cannot read must still be stopped.
  const read = readTenant(inputOf(row))
  const policy = read.ok ? { ok: true as const, policy: read.settings.policy } : readPolicy('standard')
  if (!policy.ok) return { ok: false, fault: 'state', problems: policy.problems }
  return await office.store.changeTenant(scopeFor(office, tenant, policy.policy), {
    does,
    given: null,
    version: row.version,
    ...handOf(office),
  })
}

/** As it was given. */
export function inputOf({ hosts, prefix, settings }: TenantRow): object {
  return { hosts, ...(prefix === null ? {} : { prefix }), ...settings }
}

/** What its people live under, against the preset that whoever says nothing has. */
export function viewRules({ policy, rollOut }: Pick<TenantSettings, 'policy' | 'rollOut'>) {
  const standard = readPolicy('standard')
  return {
    version: policyVersion(policy),
    changes: standard.ok ? policyChanges(standard.policy, policy) : [],
    rollOut: rollOut && {
      name: rollOut.name,
      percent: rollOut.percent,
      listed: rollOut.addresses.size,
      changes: policyChanges(policy, rollOut.policy),
    },
  }
}

function absent(tenant: string): TenantChanged {
  const problem =
    tenant === CONFIGURED
      ? 'that is the tenant of the settings — change the settings of the server'
      : `there is no tenant "${tenant}" — see: postkey tenants list`
  return { ok: false, fault: 'state', problems: [problem] }
}

interface Write {
  readonly tenant: string
  readonly does: TenantAct
  readonly input: unknown
  readonly version: number | null
  readonly problems: readonly string[]
}

async function write(office: Office, { tenant, does, input, version, problems }: Write): Promise<TenantChanged> {
  const read = readTenant(input)
  if (!read.ok) return { ok: false, fault: 'input', problems: [...problems, ...read.problems] }
  const { places, said: settings, settings: used } = read
  const unfit = [
    ...(office.ground === null ? [] : fitProblems(places, used, office.ground)),
    ...(used.words === null ? [] : office.wordProblems(used.words).map((problem) => `words: ${problem}`)),
  ]
  if (problems.length + unfit.length > 0) return { ok: false, fault: 'input', problems: [...problems, ...unfit] }
  const given: Places & { readonly settings: object } = { ...places, settings }
  return await office.store.changeTenant(scopeFor(office, tenant, used.policy), {
    does,
    given,
    version,
    ...handOf(office),
  })
}

function handOf({ ground, by, operator }: Office): Pick<ChangeTenantInput, 'ground' | 'by' | 'operator'> {
  return { ground, by, operator }
}

function scopeFor({ versions, now }: Office, tenant: string, policy: Context['policy']) {
  const mint = (): string => mintId(now())
  return { tenant, policy, versions: { ...versions, policy: policyVersion(policy) }, requestId: mint(), eventId: mint() }
}
