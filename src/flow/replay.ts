// Past decisions made again, one after the other: who changed the rules, or the code, sees what would have come out otherwise.
import type { Policy } from '../core/policy.ts'
import { type Replayed, replay } from '../core/replay.ts'
import type { RecordedEvent } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import { type Walk, type Walked, walkEvents } from './walk.ts'

export interface Replay extends Walk {
  readonly store: Pick<Store, 'readEvents' | 'findPolicy'>
  readonly onFinding: (event: RecordedEvent, replayed: Exclude<Replayed, { verdict: 'same' | 'not_replayable' }>) => void
}

export interface ReplaySummary extends Walked {
  readonly same: number
  readonly different: number
  readonly unreadable: number
  readonly notReplayable: number
}

export async function replayEvents({ onFinding, ...walk }: Replay): Promise<ReplaySummary> {
  const { store, tenant } = walk
  const policies = new Map<string, Policy | null>()
  const policyOf = async (version: string): Promise<Policy | null> => {
    const known = policies.get(version)
    if (known !== undefined) return known
    const found = await store.findPolicy(tenant, version)
    policies.set(version, found)
    return found
  }
  const count = { same: 0, different: 0, unreadable: 0, not_replayable: 0 }
  const { looked, goOnAfter } = await walkEvents(walk, async (events) => {
    for (const event of events) {
      const policy = await policyOf(event.policyVersion)
      const replayed = policy === null ? unknownPolicy(event.policyVersion) : replay(policy, event)
      count[replayed.verdict]++
      if (replayed.verdict === 'different' || replayed.verdict === 'unreadable') onFinding(event, replayed)
    }
  })
  const { same, different, unreadable, not_replayable: notReplayable } = count
  return { looked, same, different, unreadable, notReplayable, goOnAfter }
}

function unknownPolicy(version: string): Replayed {
  return { verdict: 'unreadable', why: `policy ${version} is not in the database` }
}
