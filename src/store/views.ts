// Views of links: telemetry beside the record. No decision reads them, and no request waits until they are written.
import { VIEWS_KEPT } from '../core/view.ts'
import { all, type Operation, run } from './operation.ts'
import type { RecordedView, ViewPlace } from './record-store.ts'

/**
 * Of each challenge no more than are kept, those in this list and those that are there. On PostgreSQL two processes that write at the same
 * moment do not see each other's: a challenge may then have some more.
 */
const WRITE = `insert into views (tenant, challenge, at, id, ordinal, facts)
select n.tenant, n.challenge, n.at, n.id, n.ordinal, n.facts from (
  select v.*, row_number() over (partition by v.challenge order by v.at, v.id) as nth from {listed_views} v
) n where n.nth + (select count(*) from views h where h.tenant = n.tenant and h.challenge = n.challenge) <= ${VIEWS_KEPT}`

export function* writeViews(tenant: string, views: readonly RecordedView[]): Operation<void> {
  const rows = views.map(({ challenge, at, id, ordinal, facts }) => [tenant, challenge, at, id, ordinal, JSON.stringify(facts)])
  yield* run(WRITE, JSON.stringify(rows))
}

interface Row extends Omit<RecordedView, 'facts'> {
  readonly facts: string
}

/** Of one challenge, oldest first. */
export function* readViews(tenant: string, challenge: string): Operation<readonly RecordedView[]> {
  const rows = yield* all<Row>(
    'select challenge, at, id, ordinal, facts from views where tenant = ? and challenge = ? order by at, id',
    tenant,
    challenge,
  )
  return rows.map(toView)
}

/** The next ones behind a place. */
export function* readViewsAfter(tenant: string, after: ViewPlace, limit: number): Operation<readonly RecordedView[]> {
  const rows = yield* all<Row>(
    'select challenge, at, id, ordinal, facts from views where tenant = ? and (challenge, at, id) > (?, ?, ?) order by challenge, at, id limit ?',
    tenant,
    after.challenge,
    after.at,
    after.id,
    limit,
  )
  return rows.map(toView)
}

function toView({ facts, ...row }: Row): RecordedView {
  return { ...row, facts: JSON.parse(facts) as RecordedView['facts'] }
}
