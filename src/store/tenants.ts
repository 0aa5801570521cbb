// Tenants beside the one of the settings. Few rows, changed by people and read by every process: all changes take turns, so that no two
// tenants get one place and a greater version is never seen before a smaller one.
import { placeProblems } from '../core/place.ts'
import { changeProblem, REASON_OF, type TenantRow } from '../core/tenant.ts'
import { writeEvent } from './event.ts'
import { all, type Locks, type Operation, one, run, type Tx } from './operation.ts'
import { keepPolicy } from './read.ts'
import type { ChangeTenantInput, Scope, TenantChanged } from './store.ts'

interface Row extends Omit<TenantRow, 'hosts' | 'settings'> {
  readonly hosts: string
  readonly settings: string
}

const READ =
  'select tenant, status, hosts, prefix, settings, version, created_at as "createdAt", updated_at as "updatedAt" from tenants where version > ? order by version limit ?'

/** Changed since a version, removed ones too; in the order of their changes. */
export function* readTenants(after: number, limit: number): Operation<readonly TenantRow[]> {
  return (yield* all<Row>(READ, after, limit)).map(toTenant)
}

function toTenant({ hosts, settings, ...row }: Row): TenantRow {
  return { ...row, hosts: JSON.parse(hosts) as string[], settings: JSON.parse(settings) as object }
}

/** Names no tenant: it is about all of them. */
export const changeTenantLocks: Locks = { tenant: '', keys: ['tenants'], limits: [] }

/** No more are read to find out whether a place is free. */
const ALL = 1_000_000

export function* changeTenant(tx: Tx, scope: Scope, input: ChangeTenantInput): Operation<TenantChanged> {
  const { tenant, policy, versions } = scope
  const { does, given, ground, by, operator } = input
  const rows = yield* readTenants(0, ALL)
  const row = rows.find((one) => one.tenant === tenant) ?? null
  const others = rows.filter((one) => one.tenant !== tenant && one.status !== 'removed')
  const problem = changeProblem(does, row, input.version)
  const problems = problem === null ? (given === null ? [] : placeProblems(given, others, ground)) : [problem]
  if (problems.length > 0) return { ok: false, fault: 'state', problems }

  const { hosts, prefix, settings } = given ?? (does === 'remove' || row === null ? NOTHING : row)
  const status = does === 'suspend' ? 'suspended' : does === 'remove' ? 'removed' : does === 'set' && row !== null ? row.status : 'active'
  const version = Math.max(0, ...rows.map((one) => one.version)) + 1
  const after: TenantRow = { tenant, status, hosts, prefix, settings, version, createdAt: row?.createdAt ?? tx.now, updatedAt: tx.now }
  yield* run(
    'insert into tenants (tenant, status, hosts, prefix, settings, version, created_at, updated_at) values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (tenant) do update set status = excluded.status, hosts = excluded.hosts, prefix = excluded.prefix, settings = excluded.settings, version = excluded.version, updated_at = excluded.updated_at',
    tenant,
    status,
    JSON.stringify(hosts),
    prefix,
    JSON.stringify(settings),
    version,
    after.createdAt,
    after.updatedAt,
  )
  yield* keepPolicy(tx, tenant, versions.policy, policy)
  const reason = REASON_OF[does]
  yield* writeEvent(tx, scope, {
    kind: 'console',
    reason,
    facts: { now: tx.now, by, ...(operator === undefined ? {} : { operator }), version, hosts, prefix },
    decision: { reason },
  })
  return { ok: true, tenant: after }
}

const NOTHING = { hosts: [], prefix: null, settings: {} }

/** Its rows, by the key in which they lie together. */
export const ROWS = {
  mails: 'challenge',
  challenges: 'id',
  sessions: 'id',
  users: 'id',
  limits: 'name',
  views: 'challenge',
  events: 'request_id',
  seals: 'seq',
  policies: 'version',
  purges: 'kind',
  endpoints: 'id',
  dispatches: 'id',
  attempts: 'dispatch',
  suppressions: 'address',
  admin_keys: 'id',
  address_changes: 'id',
  recoveries: 'id',
  recovery_approvals: 'recovery',
  recovery_codes: 'user_id',
} as const

/** The next rows of a tenant that was removed; how many, 0: there are none left. */
export function* eraseTenant(tenant: string, limit: number): Operation<number> {
  const removed = yield* one("select tenant from tenants where tenant = ? and status = 'removed'", tenant)
  if (removed === null) return 0
  for (const [table, key] of Object.entries(ROWS)) {
    const last = yield* one<{ key: string | number }>(
      `select ${key} as key from (select ${key} from ${table} where tenant = ? order by ${key} limit ?) as first order by ${key} desc limit 1`,
      tenant,
      limit,
    )
    if (last === null) continue
    return (yield* all(`delete from ${table} where tenant = ? and ${key} <= ? returning tenant`, tenant, last.key)).length
  }
  return 0
}
