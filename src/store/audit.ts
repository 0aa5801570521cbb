// The record, read by those who ask what happened. Nothing here is part of a sign-in.
import type { Ms } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import { all, type Operation, one } from './operation.ts'
import type { ChallengePlace, EventPlace, RecordedEvent } from './record-store.ts'
import type { KeptPolicy } from './store.ts'

interface Row {
  readonly requestId: string
  readonly id: string
  readonly at: Ms
  readonly challenge: string | null
  readonly kind: string
  readonly reason: string
  readonly facts: string
  readonly decision: string
  readonly versions: string
}

/** The next events behind a place. */
export function* readEvents(tenant: string, after: EventPlace, limit: number): Operation<readonly RecordedEvent[]> {
  const rows = yield* all<Row>(
    'select request_id as "requestId", id, at, challenge, kind, reason, facts, decision, versions from events where tenant = ? and (request_id, id) > (?, ?) order by request_id, id limit ?',
    tenant,
    after.requestId,
    after.id,
    limit,
  )
  return rows.map(toEvent)
}

const select = 'select request_id as "requestId", id, at, challenge, kind, reason, facts, decision, versions from events where tenant = ?'

/**
 * What happened in the request that began a challenge, whose id it has, and what happened later. Said twice from where on: by the column
 * that both engines have an index of, and by the exact place.
 */
export const BY_CHALLENGE = {
  begun: `${select} and challenge = request_id and request_id >= ? and (request_id, request_id, id) > (?, ?, ?) order by request_id, id limit ?`,
  later: `${select} and challenge <> request_id and challenge >= ? and (challenge, request_id, id) > (?, ?, ?) order by challenge, request_id, id limit ?`,
} as const

export function* readEventsByChallenge(
  tenant: string,
  after: ChallengePlace,
  limit: number,
): Operation<readonly (RecordedEvent & ChallengePlace)[]> {
  const { challenge, requestId, id } = after
  const next = (sql: string) => all<Row & { readonly challenge: string }>(sql, tenant, challenge, challenge, requestId, id, limit)
  const rows = [...(yield* next(BY_CHALLENGE.begun)), ...(yield* next(BY_CHALLENGE.later))]
  return rows.sort(inOrder).slice(0, limit).map(toEvent)
}

/** As both engines compare ids: byte by byte. */
function inOrder(one: ChallengePlace, other: ChallengePlace): number {
  for (const key of ['challenge', 'requestId', 'id'] as const) if (one[key] !== other[key]) return one[key] < other[key] ? -1 : 1
  return 0
}

function toEvent<R extends Row>({ facts, decision, versions, ...row }: R): Omit<R, 'facts' | 'decision' | 'versions'> & Parsed {
  return {
    ...row,
    facts: JSON.parse(facts) as object,
    decision: JSON.parse(decision) as object,
    policyVersion: (JSON.parse(versions) as { policy: string }).policy,
  }
}

type Parsed = Pick<RecordedEvent, 'facts' | 'decision' | 'policyVersion'>

/** Behind which the newest so many events stand; null: behind `after` there are no more than that. */
export function* findPlaceBefore(tenant: string, after: EventPlace, newest: number): Operation<EventPlace | null> {
  return yield* one<EventPlace>(NEWEST, tenant, after.requestId, after.id, newest)
}

export const NEWEST =
  'select request_id as "requestId", id from events where tenant = ? and (request_id, id) > (?, ?) order by request_id desc, id desc limit 1 offset ?'

export function* countEvents(tenant: string, after: EventPlace): Operation<number> {
  const row = yield* one<{ n: number }>(
    'select count(*) as n from events where tenant = ? and (request_id, id) > (?, ?)',
    tenant,
    after.requestId,
    after.id,
  )
  return row?.n ?? 0
}

/** null: it never decided here. */
export function* findPolicy(tenant: string, version: string): Operation<Policy | null> {
  const row = yield* one<{ policy: string }>('select policy from policies where tenant = ? and version = ?', tenant, version)
  return row === null ? null : (JSON.parse(row.policy) as Policy)
}

/** Newest first. */
export function* listPolicies(tenant: string, limit: number): Operation<readonly KeptPolicy[]> {
  const rows = yield* all<{ version: string; policy: string; firstUsedAt: Ms }>(
    'select version, policy, first_used_at as "firstUsedAt" from policies where tenant = ? order by first_used_at desc, version limit ?',
    tenant,
    limit,
  )
  return rows.map(({ policy, ...row }) => ({ ...row, policy: JSON.parse(policy) as Policy }))
}
