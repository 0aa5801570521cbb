// Finding challenges by what people know of them, and reading all there is of one. Nothing here is part of a sign-in, and no statement
// reads a table whole: docs/decisions/016.
import type { Policy } from '../core/policy.ts'
import { hoursBetween } from '../core/time-key.ts'
import type { Trace, TracedEvent, TracedSession } from '../core/trace.ts'
import { findPolicy } from './audit.ts'
import { all, type Operation, one, type Tx } from './operation.ts'
import type { FoundTrace, SearchInput, TraceOf } from './record-store.ts'
import { readViews } from './views.ts'

/** Newest first, one more than asked for if there are more. */
export function* search(tenant: string, input: SearchInput): Operation<readonly TraceOf[]> {
  const found = new Map<string, TraceOf>()
  const add = (rows: readonly { readonly id: string }[], what: keyof TraceOf): void => {
    for (const { id } of rows) if (id >= input.from) found.set(id, what === 'challenge' ? { challenge: id } : { request: id })
  }
  for (const key of input.keys) {
    if (key.by === 'address') add(yield* byColumn(tenant, input, 'email', key.email), 'challenge')
    if (key.by === 'network') add(yield* byColumn(tenant, input, 'network', key.network), 'challenge')
    if (key.by === 'challenge') add(yield* byChallenge(tenant, key.challenge), 'challenge')
    if (key.by === 'id') {
      add(yield* byChallenge(tenant, key.id), 'challenge')
      add(yield* byUser(tenant, input, key.id), 'challenge')
      const events = yield* all<{ challenge: string | null }>(
        'select challenge from events where tenant = ? and request_id = ?',
        tenant,
        key.id,
      )
      const challenges = events.flatMap(({ challenge }) => (challenge === null ? [] : [{ id: challenge }]))
      add(challenges, 'challenge')
      // What was refused before there was a challenge stands alone.
      if (challenges.length === 0 && events.length > 0) add([{ id: key.id }], 'request')
    }
  }
  return [...found]
    .sort(([one], [other]) => (one < other ? 1 : -1))
    .map(([, ref]) => ref)
    .slice(0, input.limit + 1)
}

type Ids = Operation<readonly { readonly id: string }[]>

const BY = {
  email: 'select c.id from {hours} {with_email} order by c.id desc limit ?',
  network: 'select c.id from {hours} {with_network} order by c.id desc limit ?',
} as const

/** In each four hours from the oldest to the newest that is there. */
export function* byColumn(
  tenant: string,
  { from, limit }: Pick<SearchInput, 'from' | 'limit'>,
  column: keyof typeof BY,
  value: string,
): Ids {
  const oldest = yield* one<{ id: string }>('select id from challenges where tenant = ? and id >= ? order by id limit 1', tenant, from)
  const newest = yield* one<{ id: string }>('select id from challenges where tenant = ? and id >= ? order by id desc limit 1', tenant, from)
  if (oldest === null || newest === null) return []
  return yield* all(BY[column], JSON.stringify(hoursBetween(oldest.id, newest.id)), tenant, value, limit + 1)
}

/** What happened in the request that began a challenge, whose id it has; and what happened to it later. */
const BEGUN = 'tenant = ? and request_id = ? and challenge = ?'
const LATER = 'tenant = ? and challenge = ? and challenge <> request_id'

/** Also one of which no more than events are left. */
function* byChallenge(tenant: string, id: string): Ids {
  const row = yield* one<{ id: string }>(
    `select id from challenges where tenant = ? and id = ? union all select challenge as id from events where ${BEGUN} union all select challenge as id from events where ${LATER} limit 1`,
    tenant,
    id,
    tenant,
    id,
    id,
    tenant,
    id,
  )
  return row === null ? [] : [row]
}

/** What was asked for the address of a user, and what signed them in: those may have been removed or had another address. */
function* byUser(tenant: string, input: SearchInput, id: string): Ids {
  const user = yield* one<{ email: string }>('select email from users where tenant = ? and id = ?', tenant, id)
  if (user === null) return []
  const asked = yield* byColumn(tenant, input, 'email', user.email)
  const signedIn = yield* all<{ id: string }>(
    'select challenge as id from sessions{by_user} where tenant = ? and user_id = ? order by created_at desc limit ?',
    tenant,
    id,
    input.limit + 1,
  )
  return [...asked, ...signedIn]
}

/** Somebody who knows a challenge's id can send it a proof a second for a year: so many events are read from its beginning, and from its end. */
const FIRST = 400
const LAST = 100

const eventColumns = 'id, at, request_id as "requestId", kind, reason, facts, decision, versions'

interface EventRow extends Omit<TracedEvent, 'facts' | 'decision'> {
  readonly facts: string
  readonly decision: string
  readonly versions: string
}

export function* readTrace(tx: Tx, tenant: string, ref: TraceOf): Operation<FoundTrace> {
  if (ref.challenge === undefined) {
    const rows = yield* all<EventRow>(
      `select ${eventColumns} from events where tenant = ? and request_id = ? and challenge is null order by id limit ${FIRST}`,
      tenant,
      ref.request,
    )
    return { email: null, ...(yield* traceOf(tx, tenant, rows)), challenge: null, views: [], sessions: [] }
  }
  const id = ref.challenge
  const challenge = yield* one<NonNullable<Trace['challenge']> & { readonly email: string }>(
    'select email, device, network, created_at as "createdAt", completed_at as "completedAt" from challenges where tenant = ? and id = ?',
    tenant,
    id,
  )
  const rows = yield* readEventsOf(tenant, id)
  const sessions = yield* all<TracedSession>(
    'select id, proof, device, network, created_at as "createdAt", ended_at as "endedAt" from sessions where tenant = ? and id > ? and id < ? order by id limit 100',
    tenant,
    id,
    // Behind every character of an id.
    `${id}~`,
  )
  return {
    email: challenge?.email ?? null,
    ...(yield* traceOf(tx, tenant, rows)),
    challenge: challenge && withoutEmail(challenge),
    views: yield* readViews(tenant, id),
    sessions: sessions.toSorted((one, other) => one.createdAt - other.createdAt),
  }
}

function* readEventsOf(tenant: string, challenge: string): Operation<readonly EventRow[]> {
  const select = `select ${eventColumns} from events where`
  // A mail and its tries: never many.
  const begun = yield* all<EventRow>(`${select} ${BEGUN} order by id limit ${FIRST}`, tenant, challenge, challenge)
  const first = yield* all<EventRow>(`${select} ${LATER} order by at limit ${FIRST}`, tenant, challenge)
  const last = first.length < FIRST ? [] : yield* all<EventRow>(`${select} ${LATER} order by at desc limit ${LAST}`, tenant, challenge)
  const had = new Set(first.map(({ id }) => id))
  return [...begun, ...first, ...last.filter(({ id }) => !had.has(id)).toReversed()].toSorted((one, other) => one.at - other.at)
}

function* traceOf(tx: Tx, tenant: string, rows: readonly EventRow[]): Operation<Pick<Trace, 'now' | 'events' | 'policy'>> {
  const events = rows.map(({ versions: _, facts, decision, ...row }) => ({
    ...row,
    facts: JSON.parse(facts) as object,
    decision: JSON.parse(decision) as object,
  }))
  const [asked] = rows
  const policy: Policy | null =
    asked === undefined ? null : yield* findPolicy(tenant, (JSON.parse(asked.versions) as { policy: string }).policy)
  return { now: tx.now, events, policy }
}

function withoutEmail<T extends { readonly email: string }>({ email: _, ...challenge }: T): Omit<T, 'email'> {
  return challenge
}
