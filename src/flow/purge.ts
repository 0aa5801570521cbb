// Old rows go in the background, from every process that serves: what is due once a minute, batch by batch with rests between them, so
// that sign-ins do not wait. It may be killed between any two lines: each batch is whole, and the next process goes on.
import { BATCH_MIN, nextBatch, type PurgeKind, restAfter } from '../core/keep.ts'
import type { Ms } from '../core/model.ts'
import { idsOf } from '../secret.ts'
import type { Purged } from '../store/store.ts'
import type { Context } from './context.ts'
import { type Rounds, startRounds } from './rounds.ts'

type PurgeContext = Pick<Context, 'store' | 'tenant' | 'policy' | 'log'>

const LOOK_AGAIN_MS = 60_000

export function startPurge(context: PurgeContext, lookAgainMs: Ms = LOOK_AGAIN_MS): Rounds {
  return startRounds(lookAgainMs, async (rest) => {
    const restOf = ({ tookMs, othersWaited }: Purged): Promise<boolean> => rest(restAfter(tookMs, othersWaited))
    await purgeDue(context, restOf).catch((error: unknown) => context.log.error('purge_failed', error))
  })
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
