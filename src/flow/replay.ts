// Past decisions made again, one after the other: who changed the rules, or the code, sees what would have come out otherwise.
import type { Policy } from '../core/policy.ts'
import { type Replayed, replay } from '../core/replay.ts'
import type { EventPlace, RecordedEvent, Store } from '../store/store.ts'

export interface Replay {
  readonly store: Pick<Store, 'readEvents' | 'findPolicy'>
  readonly tenant: string
  readonly after: EventPlace
  /** Told after each few events: how many were looked at, and where it stands; false ends it there. */
  readonly onStep: (looked: number, place: EventPlace) => Promise<boolean>
  readonly onFinding: (event: RecordedEvent, replayed: Exclude<Replayed, { verdict: 'same' | 'not_replayable' }>) => void
}

export interface ReplaySummary {
  readonly looked: number
  readonly same: number
  readonly different: number
  readonly unreadable: number
  readonly notReplayable: number
  /** Where to go on; null: the end was reached. */
  readonly goOnAfter: EventPlace | null
}

const STEP = 500

export async function replayEvents({ store, tenant, after, onStep, onFinding }: Replay): Promise<ReplaySummary> {
  const policies = new Map<string, Policy | null>()
  const policyOf = async (version: string): Promise<Policy | null> => {
    const known = policies.get(version)
    if (known !== undefined) return known
    const found = await store.findPolicy(tenant, version)
    policies.set(version, found)
    return found
  }
  const count = { same: 0, different: 0, unreadable: 0, not_replayable: 0 }
  let looked = 0
  let place = after
  for (;;) {
    const events = await store.readEvents(tenant, place, STEP)
    for (const event of events) {
      const policy = await policyOf(event.policyVersion)
      const replayed = policy === null ? unknownPolicy(event.policyVersion) : replay(policy, event)
      count[replayed.verdict]++
      if (replayed.verdict === 'different' || replayed.verdict === 'unreadable') onFinding(event, replayed)
    }
    looked += events.length
    const last = events.at(-1)
    if (last !== undefined) place = { requestId: last.requestId, id: last.id }
    const { same, different, unreadable, not_replayable: notReplayable } = count
    const summary = { looked, same, different, unreadable, notReplayable }
    if (events.length < STEP) return { ...summary, goOnAfter: null }
    if (!(await onStep(looked, place))) return { ...summary, goOnAfter: place }
  }
}

function unknownPolicy(version: string): Replayed {
  return { verdict: 'unreadable', why: `policy ${version} is not in the database` }
}
