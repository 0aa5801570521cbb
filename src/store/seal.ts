// Seals of the record: what the next one has to hold, appending it, and reading what is sealed. What a seal says is made of it in flow.
import { purgeBefore } from '../core/keep.ts'
import type { Ms } from '../core/model.ts'
import { closedBefore, EVENTS_MAX, type EventRow, goneBefore, type Link, type Place, SETTLED_AFTER, type Seal } from '../core/seal.ts'
import { all, type Operation, one, run, type Tx } from './operation.ts'
import { purgedBefore } from './purge.ts'
import type { SealInput, Sealing, ToSeal } from './record-store.ts'

const eventColumns =
  'tenant, request_id as "requestId", id, at, challenge, user_id as "user", session_id as "session", kind, reason, facts, decision, versions, cost'

const sealColumns =
  'tenant, seq, from_request as "from", until_request as "requestId", until_id as id, events, prints, gone_before as "goneBefore", made_at as "madeAt", digest, mac'

type Row = Omit<Seal, 'until'> & Place

function toSeal({ requestId, id, ...row }: Row): Seal {
  return { ...row, until: { requestId, id } }
}

/** More mails than that wait: then nothing is sealed, rather than that all of them are looked at. */
const QUEUED_MAX = 10_000

/** Of mails that somebody will still settle: by no worker, one that ran out would wait for ever. */
const QUEUED = `select count(*) as n, min(request_id) as first from (
  select request_id from mails where tenant = ? and state = 'queued' and (link_expires_at > ? or code_expires_at > ?) order by due_at limit ${QUEUED_MAX}
) as queued`

const CLOSED = `select ${eventColumns} from events where tenant = ? and (request_id, id) > (?, ?) and request_id < ? order by request_id, id limit ?`

/** Old seals that are looked at with each new one, of which all but one may go: more than come. */
const OLD_MAX = 20

/** In this order: of a mail that does not wait any more the event is written, also where each statement sees a moment of its own. */
export function* readToSeal(tx: Tx, { tenant, policy, idsOf }: SealInput): Operation<ToSeal> {
  const newest = yield* findNewest(tenant)
  const settledBy = tx.now - SETTLED_AFTER
  const queued = yield* one<{ n: number; first: string | null }>(QUEUED, tenant, settledBy, settledBy)
  const due = idsOf(purgeBefore(policy, 'events', tx.now))
  const gone = goneBefore(newest?.goneBefore ?? '', idsOf(yield* purgedBefore(tenant, 'events')), due)
  const closed = closedBefore(tx.now, queued?.first ?? null, idsOf)
  const from = newest?.until ?? { requestId: '', id: '' }
  const rows = tooMany(queued) ? [] : yield* all<EventRow>(CLOSED, tenant, from.requestId, from.id, closed, EVENTS_MAX + 1)
  return { now: tx.now, newest, closed, goneBefore: gone, rows, dropBelow: yield* findOld(tenant, gone) }
}

const tooMany = (queued: { readonly n: number } | null): boolean => (queued?.n ?? 0) >= QUEUED_MAX

/** Below which number seals hold nothing that is kept. One that ends there stays: the next begins with it. */
function* findOld(tenant: string, gone: string): Operation<number> {
  const rows = yield* all<{ seq: number; until: string }>(
    'select seq, until_request as until from seals where tenant = ? and seq > 0 order by seq limit ?',
    tenant,
    OLD_MAX,
  )
  return rows.findLast(({ until }) => until <= gone)?.seq ?? 0
}

/** false: another process was there before; what it sealed is to be read first. */
export function* appendSeal(seal: Seal, dropBelow: number): Operation<boolean> {
  const { tenant, seq, from, until, events, prints, goneBefore: gone, madeAt, digest, mac } = seal
  const appended = yield* one(
    'insert into seals (tenant, seq, from_request, until_request, until_id, events, prints, gone_before, made_at, digest, mac) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (tenant, seq) do nothing returning seq',
    tenant,
    seq,
    from,
    until.requestId,
    until.id,
    events,
    prints,
    gone,
    madeAt,
    digest,
    mac,
  )
  if (appended !== null && dropBelow > 0) yield* run('delete from seals where tenant = ? and seq < ?', tenant, dropBelow)
  return appended !== null
}

/** The next seals behind a number. */
export function* readSeals(tenant: string, after: number, limit: number): Operation<readonly Seal[]> {
  const rows = yield* all<Row>(`select ${sealColumns} from seals where tenant = ? and seq > ? order by seq limit ?`, tenant, after, limit)
  return rows.map(toSeal)
}

function* findNewest(tenant: string): Operation<Link | null> {
  const row = yield* one<Pick<Row, 'seq' | 'digest' | 'goneBefore' | 'requestId' | 'id'>>(
    'select seq, digest, gone_before as "goneBefore", until_request as "requestId", until_id as id from seals where tenant = ? and seq > 0 order by seq desc limit 1',
    tenant,
  )
  if (row === null) return null
  const { seq, digest, goneBefore: gone, requestId, id } = row
  return { seq, digest, goneBefore: gone, until: { requestId, id } }
}

export function* findSealing(tx: Tx, tenant: string): Operation<Sealing> {
  const newest = yield* findNewest(tenant)
  const from = newest?.until ?? { requestId: '', id: '' }
  const oldest = yield* one<{ seq: number }>('select seq from seals where tenant = ? and seq > 0 order by seq limit 1', tenant)
  const waiting = yield* one<{ at: Ms }>(
    'select at from events where tenant = ? and (request_id, id) > (?, ?) order by request_id, id limit 1',
    tenant,
    from.requestId,
    from.id,
  )
  const removedBefore = yield* purgedBefore(tenant, 'events')
  return { now: tx.now, oldest: oldest?.seq ?? 0, newest, waitingSince: waiting?.at ?? null, removedBefore }
}

/** The next events behind a place and up to another, at most so many. Said twice how far: by the column that an engine ends its search at. */
export function* readEventRows(tenant: string, after: Place, upTo: Place, limit: number): Operation<readonly EventRow[]> {
  return yield* all<EventRow>(
    `select ${eventColumns} from events where tenant = ? and (request_id, id) > (?, ?) and request_id <= ? and (request_id, id) <= (?, ?) order by request_id, id limit ?`,
    tenant,
    after.requestId,
    after.id,
    upTo.requestId,
    upTo.requestId,
    upTo.id,
    limit,
  )
}
