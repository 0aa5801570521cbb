// The funnel of a window: the record walked through once, in the order in which it stands.
import { closeFunnel, countEvent, countView, type Funnel, openFunnel, type Totals } from '../core/funnel.ts'
import type { Ms } from '../core/model.ts'
import { idsOf } from '../secret.ts'
import type { EventPlace, RecordedView, Store } from '../store/store.ts'

export interface FunnelWalk {
  readonly store: Pick<Store, 'readEvents' | 'readViewsAfter' | 'findPolicy'>
  readonly tenant: string
  /** Requests from then on. */
  readonly since: Ms
  /** Told after each few events how many were counted; false ends it there. */
  readonly onStep: (counted: number) => Promise<boolean>
}

export interface FunnelRead {
  readonly counted: number
  /** The end was reached. */
  readonly whole: boolean
  readonly totals: Totals
}

const STEP = 500
/** Longer than a challenge and its last link live under any policy. */
const LIFE_MAX: Ms = 8 * 86_400_000

export async function readFunnel({ store, tenant, since, onStep }: FunnelWalk): Promise<FunnelRead> {
  const funnel = openFunnel()
  const lives = new Map<string, Ms>()
  const lifeUnder = async (version: string): Promise<Ms> => {
    const policy = lives.has(version) ? null : await store.findPolicy(tenant, version)
    if (!lives.has(version)) lives.set(version, policy === null ? LIFE_MAX : policy.challengeTtl + policy.linkTtl)
    return lives.get(version) as Ms
  }
  const countViewsBefore = viewsOf(store, tenant, since, funnel)
  let place: EventPlace = { requestId: idsOf(since), id: '' }
  let counted = 0
  for (let whole = false; ; ) {
    const events = await store.readEvents(tenant, place, STEP)
    const last = events.at(-1)
    whole = events.length < STEP
    // First: an event may settle what a view belongs to.
    await countViewsBefore(whole ? null : (last?.requestId ?? null))
    for (const event of events) countEvent(funnel, event, await lifeUnder(event.policyVersion))
    counted += events.length
    if (last !== undefined) place = { requestId: last.requestId, id: last.id }
    if (whole || !(await onStep(counted))) return { counted, whole, totals: closeFunnel(funnel) }
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
