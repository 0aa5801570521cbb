// The funnel of a window: the record walked through once, in the order in which it stands.
import { closeFunnel, countEvent, countView, type Funnel, openFunnel, type Split } from '../core/funnel.ts'
import type { Ms } from '../core/model.ts'
import { idsOf } from '../secret.ts'
import type { EventPlace, RecordedView } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import { type PartsOptions, partsBy } from './parts.ts'

export interface FunnelWalk extends PartsOptions {
  readonly store: PartsOptions['store'] & Pick<Store, 'readEvents' | 'readViewsAfter' | 'findPolicy'>
  /** Requests from then on. */
  readonly since: Ms
  readonly until: Ms
  /** What is older is not read, not even to be compared with. */
  readonly notBefore?: Ms
  readonly by: Split | null
  /** Told after each few events how many were counted; false ends it there. */
  readonly onStep: (counted: number) => Promise<boolean>
}

export interface FunnelRead extends Pick<Funnel, 'totals' | 'parts' | 'by'> {
  readonly since: Ms
  readonly counted: number
  /** The end was reached. */
  readonly whole: boolean
}

const STEP = 500
/** Longer than a challenge and its last link live under any policy. */
const LIFE_MAX: Ms = 8 * 86_400_000
/** So much is always looked at, for what is told of a day and the one before it. */
const COMPARED: Ms = 2 * 86_400_000

export async function readFunnel(walk: FunnelWalk): Promise<FunnelRead> {
  const { store, tenant, until, by, notBefore = 0, onStep } = walk
  const since = Math.max(walk.since, notBefore)
  const begin = Math.max(notBefore, Math.min(since, until - COMPARED))
  const from = idsOf(since)
  const funnel = openFunnel({ by, from, until })
  const lives = new Map<string, Ms>()
  const lifeUnder = async (version: string): Promise<Ms> => {
    const policy = lives.has(version) ? null : await store.findPolicy(tenant, version)
    if (!lives.has(version)) lives.set(version, policy === null ? LIFE_MAX : policy.challengeTtl + policy.linkTtl)
    return lives.get(version) as Ms
  }
  const partsIn = partsBy(by, walk)
  const countViewsBefore = viewsOf(store, tenant, begin, funnel)
  let place: EventPlace = { requestId: idsOf(begin), id: '' }
  let counted = 0
  for (let whole = false; ; ) {
    const events = await store.readEvents(tenant, place, STEP)
    const last = events.at(-1)
    whole = events.length < STEP
    // First: an event may settle what a view belongs to.
    await countViewsBefore(whole ? null : (last?.requestId ?? null))
    const parts = await partsIn(events)
    for (const [nth, event] of events.entries()) {
      countEvent(funnel, event, await lifeUnder(event.policyVersion), parts[nth])
      if (event.requestId >= from) counted++
    }
    if (last !== undefined) place = { requestId: last.requestId, id: last.id }
    if (whole || !(await onStep(counted))) return { since, counted, whole, by, ...closeFunnel(funnel) }
  }
}

/** Counts the views of challenges that began before a request; null: all that are left. Ids of both begin with their time. */
function viewsOf(store: FunnelWalk['store'], tenant: string, since: Ms, funnel: Funnel): (requestId: string | null) => Promise<void> {
  let place = { challenge: idsOf(since), at: 0, id: '' }
  let ahead: readonly RecordedView[] = []
  let over = false
  return async (requestId) => {
    for (;;) {
      const end = requestId === null ? -1 : ahead.findIndex(({ challenge }) => challenge >= requestId)
      const now = end < 0 ? ahead : ahead.slice(0, end)
      for (const view of now) countView(funnel, view.challenge, view)
      ahead = ahead.slice(now.length)
      if (ahead.length > 0 || over) return
      ahead = await store.readViewsAfter(tenant, place, STEP)
      over = ahead.length < STEP
      const last = ahead.at(-1)
      if (last !== undefined) place = { challenge: last.challenge, at: last.at, id: last.id }
      if (ahead.length === 0) return
    }
  }
}
