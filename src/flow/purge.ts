// Old rows go in the background, from every process that serves: what is due once a minute, batch by batch with rests between them, so
// that sign-ins do not wait. It may be killed between any two lines: each batch is whole, and the next process goes on.
import { BATCH_MIN, nextBatch, type PurgeKind, restAfter } from '../core/keep.ts'
import type { Ms } from '../core/model.ts'
import { idsOf } from '../secret.ts'
import type { Purged } from '../store/store.ts'
import type { Context } from './context.ts'
import { type Rounds, startRounds } from './rounds.ts'
import { sharesOf } from './shares.ts'
import type { Known, Tenants } from './tenants.ts'

type PurgeContext = Pick<Context, 'store' | 'tenant' | 'policy' | 'log'>

const LOOK_AGAIN_MS = 60_000

/** What is old may wait for an hour. */
const SHARING = { least: 20, rounds: 60 }
const BETWEEN_TENANTS_MS = 5

/** @param tenants of all of them, that of the context first; null: of that alone. */
export function startPurge(context: PurgeContext, lookAgainMs: Ms = LOOK_AGAIN_MS, tenants: Pick<Tenants, 'known'> | null = null): Rounds {
  const own: Known = { tenant: context.tenant, removed: false, rules: () => context }
  const turns = sharesOf(() => tenants?.known() ?? [own], SHARING)
  return startRounds(lookAgainMs, async (rest) => {
    const restOf = ({ tookMs, othersWaited }: Purged): Promise<boolean> => rest(restAfter(tookMs, othersWaited))
    for (const one of turns()) {
      if (one.tenant !== context.tenant && !(await rest(BETWEEN_TENANTS_MS))) return
      await purgeOne(context, one, restOf).catch((error: unknown) => context.log.error('purge_failed', error, { tenant: one.tenant }))
    }
  })
}

async function purgeOne(context: PurgeContext, one: Known, rest: (after: Purged) => Promise<boolean>): Promise<void> {
  if (one.removed) await eraseRemoved(context, one.tenant, rest)
  else await purgeDue({ ...context, ...one.rules() }, rest)
}

/** All that is due anywhere, without rests. */
export async function purgeAll(context: PurgeContext, tenants: Pick<Tenants, 'known'>): Promise<void> {
  for (const one of tenants.known()) await purgeOne(context, one, async () => true)
}

/** What was left out by a request that was under way when the tenant was removed is found by the next round. */
async function eraseRemoved({ store, log }: PurgeContext, tenant: string, rest: (after: Purged) => Promise<boolean>): Promise<void> {
  let count = 0
  for (let goOn = true; goOn; ) {
    const began = performance.now()
    const deleted = await store.eraseTenant(tenant, BATCH_MIN)
    count += deleted
    goOn = deleted > 0 && (await rest({ verdict: 'more', deleted, tookMs: performance.now() - began, othersWaited: true }))
  }
  if (count > 0) log.event('tenant_erased', { tenant, count })
}

/** Everything that is due, one kind after the other. `rest` is awaited after each batch, and answers whether to go on. */
export async function purgeDue(context: PurgeContext, rest: (after: Purged) => Promise<boolean>): Promise<void> {
  const { store, tenant, policy } = context
  for (const kind of await store.findDuePurges({ tenant, policy, idsOf })) {
    if (!(await purgeKind(context, kind, rest))) return
  }
}

async function purgeKind(context: PurgeContext, kind: PurgeKind, rest: (after: Purged) => Promise<boolean>): Promise<boolean> {
  const { store, tenant, policy, log } = context
  const began = performance.now()
  let count = 0
  let limit = BATCH_MIN
  let goOn = true
  try {
    for (let verdict = 'more'; goOn && verdict === 'more'; ) {
      const purged = await store.purge({ tenant, policy, kind, limit, idsOf })
      verdict = purged.verdict
      count += purged.deleted
      limit = nextBatch(limit, purged.tookMs, purged.othersWaited)
      goOn = await rest(purged)
    }
    return goOn
  } finally {
    if (count > 0) log.event('purged', { kind, count, ms: Math.round(performance.now() - began) })
  }
}
