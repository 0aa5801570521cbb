// Removing old rows, a batch at a time, each in a transaction of its own. Ids begin with their time, so that old rows lie together at
// the start of their key and need no index to be found; the states of limits are gone through in the order of their names.
// What is old is decided in core/keep.ts.
import { type DatedKind, isIdleBucket, isIdleMailbox, LIMITS_EVERY, type PurgeKind, purgeBefore, purgeKinds } from '../core/keep.ts'
import type { Ms } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import { forgetSuppressions } from './bounce.ts'
import { times, type Windows } from './limits.ts'
import { all, type Operation, one, run, type Tx } from './operation.ts'
import type { Purged, PurgeInput } from './store.ts'

interface Progress {
  readonly cursor: string
  readonly finishedAt: Ms
}

interface Batch {
  /** What was looked at, in the order of its key; fewer than asked for are the last. */
  readonly seen: number
  readonly last: string
  readonly deleted: number
}

const PROGRESS = 'select cursor, finished_at as "finishedAt" from purges where tenant = ? and kind = ?'

/** A day for the life of the longest link, which begins with a row that is older, and one for clocks that disagree. */
const BEFORE_SLACK: Ms = 2 * 86_400_000

/** Before which time rows of a kind were removed, by their ids; 0: none was. */
export function* purgedBefore(tenant: string, kind: DatedKind): Operation<Ms> {
  const row = yield* one<{ at: Ms }>('select before_at as at from purges where tenant = ? and kind = ?', tenant, kind)
  return Math.max(0, (row?.at ?? 0) - BEFORE_SLACK)
}

/** Which kinds have anything to remove: a look, so that a database in which nothing is old is not written to. */
export function* findDuePurges(
  tx: Tx,
  { tenant, policy, idsOf }: Pick<PurgeInput, 'tenant' | 'policy' | 'idsOf'>,
): Operation<readonly PurgeKind[]> {
  const due: PurgeKind[] = []
  for (const kind of purgeKinds) {
    if (
      kind === 'limits'
        ? yield* limitsAreDue(tx, tenant)
        : (yield* one(OLDEST[kind], tenant, idsOf(purgeBefore(policy, kind, tx.now)))) !== null
    )
      due.push(kind)
  }
  return due
}

const OLDEST = {
  challenges: 'select id from challenges where tenant = ? and id < ? order by id limit 1',
  sessions: 'select id from sessions where tenant = ? and id < ? order by id limit 1',
  events: 'select id from events where tenant = ? and request_id < ? order by request_id limit 1',
  views: 'select id from views where tenant = ? and challenge < ? order by challenge limit 1',
  dispatches: 'select id from dispatches where tenant = ? and id < ? order by id limit 1',
} as const

function* limitsAreDue(tx: Tx, tenant: string): Operation<boolean> {
  const progress = yield* one<Progress>(PROGRESS, tenant, 'limits')
  // A pass that was begun is gone on with; so is one that ended in the future, by a clock that was set back since.
  return progress === null || progress.cursor !== '' || tx.now >= progress.finishedAt + LIMITS_EVERY || tx.now < progress.finishedAt
}

/** The next batch of a pass. Processes that purge one database take turns at it: who finds it in another's hands goes away. */
export function* purge(tx: Tx, input: PurgeInput): Operation<Omit<Purged, 'othersWaited'>> {
  const { tenant, kind, policy, limit, idsOf } = input
  yield* run(
    "insert into purges (tenant, kind, cursor, before, before_at, deleted, finished_at) values (?, ?, '', '', 0, 0, 0) on conflict (tenant, kind) do nothing",
    tenant,
    kind,
  )
  const progress = yield* one<Progress>(`${PROGRESS} {locked}`, tenant, kind)
  if (progress === null) return { verdict: 'elsewhere', deleted: 0, tookMs: tx.elapsed() }

  const before = kind === 'limits' ? 0 : purgeBefore(policy, kind, tx.now)
  const from = progress.cursor
  const batch =
    kind === 'limits'
      ? yield* purgeLimits(tx, tenant, policy, from, limit)
      : yield* PURGE[kind](tenant, from, { at: before, id: idsOf(before) }, limit)
  const done = batch.seen < limit
  yield* run(
    'update purges set cursor = ?, deleted = deleted + ?, finished_at = case when ? = 1 then ? else finished_at end where tenant = ? and kind = ?',
    done ? '' : batch.last,
    batch.deleted,
    done ? 1 : 0,
    tx.now,
    tenant,
    kind,
  )
  // Only what was removed once is missed: what the rows of somebody's clock kept back stays behind this mark and is none the worse.
  if (kind !== 'limits' && batch.deleted > 0) {
    const mark = before + BEFORE_SLACK
    yield* run(
      'update purges set before = ?, before_at = ? where tenant = ? and kind = ? and before_at < ?',
      idsOf(mark),
      mark,
      tenant,
      kind,
      mark,
    )
  }
  return { verdict: done ? 'done' : 'more', deleted: batch.deleted, tookMs: tx.elapsed() }
}

interface Mark {
  readonly at: Ms
  readonly id: string
}

interface Dated {
  readonly key: string
  readonly at: Ms
}

/** By the id and by the deciding clock: an id is minted by the clock of a node, and that may be behind. */
const PURGE = {
  challenges: purgeChallenges,
  sessions: purgeSessions,
  events: purgeEvents,
  views: purgeViews,
  dispatches: purgeDispatches,
} as const

function* purgeChallenges(tenant: string, from: string, before: Mark, limit: number): Operation<Batch> {
  const rows = yield* all<Dated>(
    'select id as key, created_at as at from challenges where tenant = ? and id > ? and id < ? order by id limit ?',
    tenant,
    from,
    before.id,
    limit,
  )
  const old = keysBefore(rows, before.at)
  if (old.length > 0) {
    const ids = JSON.stringify(old)
    yield* run('delete from mails where tenant = ? and challenge {is_listed}', tenant, ids)
    yield* run('delete from challenges where tenant = ? and id {is_listed}', tenant, ids)
    yield* run('delete from address_changes{by_change} where tenant = ? and id {is_listed}', tenant, ids)
    yield* run('delete from recoveries{by_recovery} where tenant = ? and id {is_listed}', tenant, ids)
    yield* run('delete from recovery_approvals where tenant = ? and recovery {is_listed}', tenant, ids)
  }
  return batchOf(rows, old.length)
}

function* purgeSessions(tenant: string, from: string, before: Mark, limit: number): Operation<Batch> {
  // Whoever ends all sessions of a user has the old ones in hand too, and may wait for one of ours.
  const rows = yield* all<Dated>(
    'select id as key, created_at as at from sessions where tenant = ? and id > ? and id < ? order by id limit ? {locked}',
    tenant,
    from,
    before.id,
    limit,
  )
  const old = keysBefore(rows, before.at)
  if (old.length > 0) yield* run('delete from sessions where tenant = ? and id {is_listed}', tenant, JSON.stringify(old))
  return batchOf(rows, old.length)
}

/**
 * Rows that stand together under one key: events of a request, views of a challenge. All of a key, also what the limit cut off of the last
 * one: the next batch begins behind it. Those of late come when they are old as well.
 */
function* purgeTogether({ table, key, order }: Together, tenant: string, from: string, before: Mark, limit: number): Operation<Batch> {
  const rows = yield* all<Dated>(
    `select ${key} as key, at from ${table} where tenant = ? and ${key} > ? and ${key} < ? order by ${order} limit ?`,
    tenant,
    from,
    before.id,
    limit,
  )
  const last = rows.at(-1)?.key
  if (last === undefined || keysBefore(rows, before.at).length === 0) return batchOf(rows, 0)
  const gone = yield* all(
    `delete from ${table} where tenant = ? and ${key} > ? and ${key} <= ? and at < ? returning id`,
    tenant,
    from,
    last,
    before.at,
  )
  return batchOf(rows, gone.length)
}

interface Together {
  readonly table: string
  readonly key: string
  /** That of the primary key. */
  readonly order: string
}

function purgeEvents(tenant: string, from: string, before: Mark, limit: number): Operation<Batch> {
  return purgeTogether({ table: 'events', key: 'request_id', order: 'request_id, id' }, tenant, from, before, limit)
}

function purgeViews(tenant: string, from: string, before: Mark, limit: number): Operation<Batch> {
  return purgeTogether({ table: 'views', key: 'challenge', order: 'challenge, at, id' }, tenant, from, before, limit)
}

/** To all endpoints, with what each answered. */
function* purgeDispatches(tenant: string, from: string, before: Mark, limit: number): Operation<Batch> {
  const rows = yield* all<Dated>(
    'select id as key, created_at as at from dispatches where tenant = ? and id > ? and id < ? order by id, endpoint limit ?',
    tenant,
    from,
    before.id,
    limit,
  )
  const old = keysBefore(rows, before.at)
  if (old.length > 0) {
    const ids = JSON.stringify([...new Set(old)])
    yield* run('delete from attempts where tenant = ? and dispatch {is_listed}', tenant, ids)
    yield* run('delete from dispatches where tenant = ? and id {is_listed}', tenant, ids)
  }
  return batchOf(rows, old.length)
}

/**
 * On SQLite a state in the journal is newer than its row: then the row says nothing, and comes back when the journal is put to the table.
 * The names of a small installation would never leave the journal by themselves, so each round ends that for the next one.
 * On PostgreSQL only rows that are still idle once they are ours, and that nobody has in hand.
 */
function* purgeLimits(tx: Tx, tenant: string, policy: Policy, from: string, limit: number): Operation<Batch> {
  if (from === '') tx.limits.settle()
  const rows = yield* all<{ key: string; state: string }>(
    'select name as key, state from limits where tenant = ? and name > ? order by name limit ?',
    tenant,
    from,
    limit,
  )
  const idle = namesOfIdle(rows, policy, tx.now)
  if (idle.length === 0) return batchOf(rows, 0)
  const ours = yield* all<{ key: string; state: string }>(
    'select name as key, state from limits where tenant = ? and name {is_listed} {locked}',
    tenant,
    JSON.stringify(idle),
  )
  const still = namesOfIdle(ours, policy, tx.now)
  if (still.length > 0) {
    yield* run('delete from limits where tenant = ? and name {is_listed}', tenant, JSON.stringify(still))
    yield* forgetSuppressions(tx, tenant, still)
  }
  return batchOf(rows, still.length)
}

function namesOfIdle(rows: readonly { readonly key: string; readonly state: string }[], policy: Policy, now: Ms): string[] {
  return rows.filter(({ state }) => isIdle(state, policy, now)).map(({ key }) => key)
}

/** A bucket is one time, the windows of a mailbox are JSON. */
function isIdle(state: string, policy: Policy, now: Ms): boolean {
  if (!state.startsWith('{')) return isIdleBucket(policy, Number(state), now)
  const { mails, knownMails, failures, bounces, suppressed, left = [], quiet = 0 } = JSON.parse(state) as Windows
  // Until somebody lifts it, however long that takes.
  if (suppressed !== undefined) return false
  const hits = { mails: times(mails), knownMails: times(knownMails), failures: times(failures), bounces: times(bounces) }
  return isIdleMailbox(policy, hits, now, [...left.map(([until]) => until), quiet])
}

function keysBefore(rows: readonly Dated[], at: Ms): string[] {
  return rows.filter((row) => row.at < at).map(({ key }) => key)
}

function batchOf(rows: readonly { readonly key: string }[], deleted: number): Batch {
  return { seen: rows.length, last: rows.at(-1)?.key ?? '', deleted }
}
