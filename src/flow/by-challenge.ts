// The record by challenge: what was decided about each and what was seen of its links, both read in the order of their ids and joined on
// the way, so that no more than a few challenges are in memory.
import type { ChallengePlace, RecordedEvent, RecordedView, ViewPlace } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'

export interface ChallengeRecord {
  readonly challenge: string
  readonly events: readonly RecordedEvent[]
  readonly views: readonly RecordedView[]
}

export type ChallengeStore = Pick<Store, 'readEventsByChallenge' | 'readViewsAfter'>

const STEP = 500

/** Whoever presents one link a million times is not to fill the memory; the first of it tell enough. */
const EVENTS_KEPT = 1_000

/** Those begun since: `after` is how their ids begin. */
export async function* challengesAfter(store: ChallengeStore, tenant: string, after: string): AsyncGenerator<ChallengeRecord> {
  const events = groups((place: ChallengePlace) => store.readEventsByChallenge(tenant, place, STEP), {
    challenge: after,
    requestId: '',
    id: '',
  })
  const views = viewsAfter(store, tenant, after)
  let decided = (await events.next()).value
  let seen = (await views.next()).value
  while (decided || seen) {
    const challenge = !seen || (decided && decided.challenge < seen.challenge) ? decided?.challenge : seen.challenge
    const record = {
      challenge: challenge as string,
      events: decided?.challenge === challenge ? (decided?.rows ?? []) : [],
      views: seen?.challenge === challenge ? (seen?.rows ?? []) : [],
    }
    if (decided?.challenge === challenge) decided = (await events.next()).value
    if (seen?.challenge === challenge) seen = (await views.next()).value
    yield record
  }
}

/** Views alone, challenge by challenge. */
export function viewsAfter(
  store: Pick<Store, 'readViewsAfter'>,
  tenant: string,
  after: string,
): AsyncGenerator<Group<RecordedView>, undefined> {
  return groups((place: ViewPlace) => store.readViewsAfter(tenant, place, STEP), { challenge: after, at: 0, id: '' })
}

interface Group<R> {
  readonly challenge: string
  readonly rows: R[]
}

/** Rows that follow each other and belong to one challenge. */
async function* groups<P extends { readonly challenge: string }, R extends P>(
  read: (place: P) => Promise<readonly R[]>,
  from: P,
): AsyncGenerator<Group<R>, undefined> {
  let place = from
  let group = null as Group<R> | null
  for (;;) {
    const rows = await read(place)
    for (const row of rows) {
      if (group?.challenge !== row.challenge) {
        if (group !== null) yield group
        group = { challenge: row.challenge, rows: [] }
      }
      if (group.rows.length < EVENTS_KEPT) group.rows.push(row)
      place = row
    }
    if (rows.length === 0) break
  }
  if (group !== null) yield group
}
