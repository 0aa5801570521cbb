// The funnel of a window: the record walked through once, in the order in which it stands.
import { closeFunnel, countEvent, openFunnel, type Totals } from '../core/funnel.ts'
import type { Ms } from '../core/model.ts'
import { idsOf } from '../secret.ts'
import type { EventPlace, Store } from '../store/store.ts'

export interface FunnelWalk {
  readonly store: Pick<Store, 'readEvents' | 'findPolicy'>
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
  let place: EventPlace = { requestId: idsOf(since), id: '' }
  let counted = 0
  for (let whole = false; ; ) {
    const events = await store.readEvents(tenant, place, STEP)
    for (const event of events) countEvent(funnel, event, await lifeUnder(event.policyVersion))
    counted += events.length
    const last = events.at(-1)
    if (last !== undefined) place = { requestId: last.requestId, id: last.id }
    whole = events.length < STEP
    if (whole || !(await onStep(counted))) return { counted, whole, totals: closeFunnel(funnel) }
  }
}
