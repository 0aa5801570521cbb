// The record from a place on, request by request, for those who look at all of it: it may be as long as years.
import type { EventPlace, RecordedEvent } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'

export interface Walk {
  readonly store: Pick<Store, 'readEvents'>
  readonly tenant: string
  readonly after: EventPlace
  /** Told after each few events: how many were looked at, and where it stands; false ends it there. */
  readonly onStep: (looked: number, place: EventPlace) => Promise<boolean>
}

export interface Walked {
  readonly looked: number
  /** Where to go on; null: the end was reached. */
  readonly goOnAfter: EventPlace | null
}

const STEP = 500

/** Hands over whole requests: what happened in one is told by several events, and whoever goes on later must not begin in its middle. */
export async function walkEvents(
  { store, tenant, after, onStep }: Walk,
  onEvents: (events: readonly RecordedEvent[]) => Promise<void>,
): Promise<Walked> {
  let looked = 0
  let place = after
  let read = after
  let held: readonly RecordedEvent[] = []
  for (;;) {
    const events = await store.readEvents(tenant, read, STEP)
    const ended = events.length < STEP
    const known = [...held, ...events]
    read = placeOf(known) ?? read
    const whole = ended ? known.length : known.findIndex(({ requestId }) => requestId === read.requestId)
    const ready = known.slice(0, whole)
    held = known.slice(whole)
    await onEvents(ready)
    looked += ready.length
    place = placeOf(ready) ?? place
    if (ended) return { looked, goOnAfter: null }
    if (!(await onStep(looked, place))) return { looked, goOnAfter: place }
  }
}

function placeOf(events: readonly RecordedEvent[]): EventPlace | null {
  const last = events.at(-1)
  return last === undefined ? null : { requestId: last.requestId, id: last.id }
}
