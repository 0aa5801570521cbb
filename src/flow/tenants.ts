// The tenants as this process knows them: that of the settings, and those of the table. It looks every two seconds for those that were changed,
// here or by another process; a context is made when somebody first asks for it, and again after a change.
import type { Ms } from '../core/model.ts'
import { CONFIGURED, type Ground, mapOf, meantBy, type PlaceMap } from '../core/place.ts'
import type { ReasonCode } from '../core/reason.ts'
import type { TenantRow } from '../core/tenant.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import { type Rounds, startRounds } from './rounds.ts'

export interface Asked {
  /** Named by the host application, which knows; else it is found by host and path. */
  readonly tenant: string | undefined
  readonly host: string | null
  readonly path: string
}

export interface Found {
  /** Whose pages answer; of a tenant that is not there, those of the settings. */
  readonly context: Context
  /** Why it is not served; null: it is. */
  readonly refused: ReasonCode | null
  /** It is at home somewhere else: the same page there; null: it is here. */
  readonly movedTo: string | null
}

export interface Tenants {
  /** Of the settings. */
  readonly own: Context
  /** At once, where all is known already. */
  find(asked: Asked): Found | Promise<Found>
  /** For what is done in the background, also for one that is suspended; null: it is not there, or was removed. */
  contextOf(tenant: string): Context | null | Promise<Context | null>
  /** Some tenant is there besides that of the settings. */
  hasOthers(): boolean
  /** That serves nobody: suspended, removed, or never there. */
  isOff(tenant: string): boolean
  /** All of them, that of the settings first. */
  known(): readonly Known[]
  /** Resolves when it has seen what was changed until now. */
  look(): Promise<void>
  stop(): Promise<void>
}

/** For work in the background, which has to be done for all and needs little of each. */
export interface Known {
  readonly tenant: string
  readonly removed: boolean
  /** @throws Error when this version cannot read what is kept of it. */
  rules(): Pick<Context, 'tenant' | 'policy' | 'log'>
}

export interface TenantsOptions {
  readonly store: Pick<Store, 'readTenants'>
  readonly ground: Ground
  readonly own: Context
  /** What is given of one, without asking the database. */
  readonly rulesOf: (row: TenantRow) => ReturnType<Known['rules']>
  /** Rejects when this version cannot read what is kept of it; throws nothing, for whoever asks may not wait. */
  readonly make: (row: TenantRow) => Promise<Context>
  readonly lookAgainMs?: Ms
}

/** So late a change is seen, and the time that a look takes. */
const LOOK_AGAIN_MS = 2_000
/** A process that stood still looks before it answers. One that cannot reach its database goes on with what it knew. */
const STALE_MS = 10_000
const AT_ONCE = 500

interface Held {
  readonly row: TenantRow
  made: Context | Promise<Context> | null
  rules: ReturnType<Known['rules']> | null
}

export async function openTenants({ store, ground, own, rulesOf, make, lookAgainMs = LOOK_AGAIN_MS }: TenantsOptions): Promise<Tenants> {
  const held = new Map<string, Held>()
  let map: PlaceMap = mapOf(ground, [])
  let hasOthers = false
  let version = 0
  let triedAt = performance.now()
  let looking: Promise<void> | null = null

  const readAll = async (): Promise<void> => {
    let changed = false
    for (let rows: readonly TenantRow[] | null = null; rows === null || rows.length === AT_ONCE; changed ||= rows.length > 0) {
      rows = await store.readTenants(version, AT_ONCE)
      for (const row of rows) {
        held.set(row.tenant, { row, made: null, rules: null })
        version = row.version
      }
    }
    // A suspended one keeps its places: whoever comes there is told that it is not there, and not sent to another's pages.
    if (!changed) return
    const there = [...held.values()].map(({ row }) => row).filter(({ status }) => status !== 'removed')
    map = mapOf(ground, there)
    hasOthers = there.length > 0
  }
  const look = (): Promise<void> => {
    looking ??= readAll().finally(() => {
      triedAt = performance.now()
      looking = null
    })
    return looking
  }
  /** One that began before a change may not have seen it. */
  const lookAnew = async (): Promise<void> => {
    await looking?.catch(() => {})
    await look()
  }

  const contextOf = (tenant: string): Context | null | Promise<Context | null> => {
    if (tenant === CONFIGURED) return own
    const one = held.get(tenant)
    // Another process may have added it a moment ago, and mails of it may be here already.
    if (one === undefined) return lookAnew().then(() => (held.has(tenant) ? contextOf(tenant) : null))
    if (one.row.status === 'removed') return null
    one.made ??= make(one.row).then(
      (context) => {
        one.made = context
        return context
      },
      (error: unknown) => {
        // Whoever asks next has it tried again.
        one.made = null
        throw error
      },
    )
    return one.made
  }

  const absent = (refused: ReasonCode): Found => ({ context: own, refused, movedTo: null })

  const serve = (tenant: string, moved: string | null): Found | Promise<Found> => {
    if (tenant === CONFIGURED) return { context: own, refused: null, movedTo: null }
    const status = held.get(tenant)?.row.status
    if (status === undefined || status === 'removed') return absent('tenant_unknown')
    if (status === 'suspended') return absent('tenant_off')
    const context = contextOf(tenant)
    const found = (its: Context | null): Found =>
      its === null
        ? absent('tenant_unknown')
        : { context: its, refused: null, movedTo: moved === null ? null : `${its.origin}${its.basePath}${moved}` }
    return context instanceof Promise ? context.then(found) : found(context)
  }

  const known = ({ tenant, host, path }: Asked): Found | Promise<Found> => {
    if (tenant !== undefined) return serve(tenant, null)
    const meant = meantBy(map, host, path)
    return meant.tenant === null ? absent('tenant_unknown') : serve(meant.tenant, meant.moved ? meant.rest : null)
  }

  await look()
  const tryLook = (): Promise<void> => look().catch((error: unknown) => own.log.error('tenants_unavailable', error))
  const rounds: Rounds = startRounds(lookAgainMs, tryLook)
  return {
    own,
    find: (asked) => (looking === null && performance.now() - triedAt > STALE_MS ? tryLook().then(() => known(asked)) : known(asked)),
    contextOf,
    hasOthers: () => hasOthers,
    isOff: (tenant) => tenant !== CONFIGURED && held.get(tenant)?.row.status !== 'active',
    known: () => [
      { tenant: CONFIGURED, removed: false, rules: () => own },
      ...[...held.values()].map((one) => ({
        tenant: one.row.tenant,
        removed: one.row.status === 'removed',
        rules: () => {
          one.rules ??= rulesOf(one.row)
          return one.rules
        },
      })),
    ],
    look: lookAnew,
    stop: async () => {
      await rounds.stop()
      await looking?.catch(() => {})
    },
  }
}
