// Sessions: found by digest, so that a stolen table opens nothing; ended, never deleted, so that a replay finds them ended.
import type { Ms, Proof, Session, User } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import type { ReasonCode } from '../core/reason.ts'
import { decideSession } from '../core/session.ts'
import { ID_LENGTH } from '../core/time-key.ts'
import { same } from './digest.ts'
import { dispatchEnds, isWanted } from './dispatch.ts'
import { writeEvent } from './event.ts'
import { all, type Locks, type Operation, one, run, type Tx } from './operation.ts'
import { sessionColumns } from './rows.ts'
import type { EndInput, Scope, SessionKey, SessionView } from './store.ts'

/** More than a policy can allow, should it have become that much stricter. */
const DISPLACED_MAX = 1_000

export interface FoundSession extends Session {
  readonly digest: string
}

/** What this browser would get, and what it holds. */
export function findSessions(tenant: string, own: string, held: string): Operation<readonly FoundSession[]> {
  return all<FoundSession>(`select digest, ${sessionColumns} from sessions where tenant = ? and id in (?, ?)`, tenant, own, held)
}

interface NewSession {
  readonly digest: string
  readonly id: string
  readonly user: string
  readonly challenge: string
  readonly proof: Proof
  readonly device: string
  readonly network: string
}

export function* createSession(tx: Tx, tenant: string, input: NewSession): Operation<FoundSession> {
  yield* run(
    'insert into sessions (tenant, id, digest, user_id, challenge, proof, device, network, created_at, seen_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    tenant,
    input.id,
    input.digest,
    input.user,
    input.challenge,
    input.proof,
    input.device,
    input.network,
    tx.now,
    tx.now,
  )
  const { challenge: _, ...session } = input
  return { createdAt: tx.now, seenAt: tx.now, endedAt: null, provedAt: tx.now, ...session }
}

/** The same session under a new token (SE-06): whoever has the old one has nothing. Its lifetime goes on counting from the sign-in. */
export function* renewSession(tx: Tx, tenant: string, held: Session, input: Omit<NewSession, 'user'>): Operation<FoundSession> {
  yield* endOtherSession(tx, tenant, held.id)
  yield* run(
    'insert into sessions (tenant, id, digest, user_id, challenge, proof, device, network, created_at, seen_at, proved_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    tenant,
    input.id,
    input.digest,
    held.user,
    input.challenge,
    input.proof,
    input.device,
    input.network,
    held.createdAt,
    tx.now,
    tx.now,
  )
  const { challenge: _, ...session } = input
  return { user: held.user, createdAt: held.createdAt, seenAt: tx.now, endedAt: null, provedAt: tx.now, ...session }
}

interface Checked extends Omit<Session, 'user'> {
  readonly digest: string
  readonly user: string
  readonly email: string
  readonly status: 'active' | 'disabled'
  readonly userCreatedAt: Ms
  readonly confirmedAt: Ms | null
  readonly signInCount: number
  readonly currentSignInAt: Ms | null
  readonly lastSignInAt: Ms | null
  readonly externalId: string | null
}

/** One statement: the hottest of all. */
export function* findSession(tx: Tx, tenant: string, policy: Policy, key: SessionKey): Operation<SessionView | null> {
  const row = yield* one<Checked>(
    'select s.id, s.digest, s.user_id as "user", s.device, s.network, s.proof, s.created_at as "createdAt", s.seen_at as "seenAt", s.ended_at as "endedAt", coalesce(s.proved_at, s.created_at) as "provedAt", u.email, u.status, u.created_at as "userCreatedAt", u.confirmed_at as "confirmedAt", u.sign_in_count as "signInCount", u.current_sign_in_at as "currentSignInAt", u.last_sign_in_at as "lastSignInAt", u.external_id as "externalId" from sessions s join users u on u.tenant = s.tenant and u.id = s.user_id where s.tenant = ? and s.id = ?',
    tenant,
    key.id,
  )
  if (row === null || !same(row.digest, key.digest)) return null
  const { id, device, network, proof, createdAt, seenAt, endedAt, provedAt } = row
  const { email, status, confirmedAt, signInCount, currentSignInAt, lastSignInAt, externalId } = row
  return {
    now: tx.now,
    decision: decideSession(policy, { now: tx.now, session: row, user: row }),
    session: { id, user: row.user, device, network, proof, createdAt, seenAt, endedAt, provedAt },
    user: {
      id: row.user,
      email,
      status,
      createdAt: row.userCreatedAt,
      confirmedAt,
      signInCount,
      currentSignInAt,
      lastSignInAt,
      externalId,
    },
  }
}

/** Whose session it is, whether or not it is good. */
export const findHolder = (tenant: string, session: string): Operation<{ readonly user: string; readonly email: string } | null> =>
  one(
    'select s.user_id as "user", u.email from sessions s join users u on u.tenant = s.tenant and u.id = s.user_id where s.tenant = ? and s.id = ?',
    tenant,
    session,
  )

export function* touchSession(tenant: string, id: string, seenAt: Ms): Operation<void> {
  yield* run('update sessions set seen_at = ? where tenant = ? and id = ? and ended_at is null and seen_at < ?', seenAt, tenant, id, seenAt)
}

/** Live ones only, newest first. */
export function* listSessions(tx: Tx, tenant: string, policy: Policy, user: string): Operation<readonly Session[]> {
  return yield* all<Session>(
    `select ${sessionColumns} from sessions{by_user} where tenant = ? and user_id = ? and ended_at is null and created_at > ? and seen_at > ? order by created_at desc, id`,
    tenant,
    user,
    tx.now - policy.session.absolute,
    tx.now - policy.session.idle,
  )
}

interface Room {
  readonly user: User
  /** The one that was just begun, and stays. */
  readonly session: string
  /** For the event that tells of it, which stands with the beginning of what ended. */
  readonly eventId: string
}

/** SE-09: those used longest ago, beyond what the policy allows. Whoever has not signed in more often cannot have more: nothing is asked. */
export function* makeRoom(tx: Tx, given: Scope, { user, session, eventId }: Room): Operation<void> {
  const scope = { ...given, eventId }
  const { tenant, policy } = scope
  const { most, absolute, idle } = policy.session
  if (user.signInCount <= most) return
  const found = yield* all<{ id: string }>(
    'select id from sessions{by_user} where tenant = ? and user_id = ? and ended_at is null and created_at > ? and seen_at > ? and id <> ? order by seen_at desc, id desc limit ? offset ?',
    tenant,
    user.id,
    tx.now - absolute,
    tx.now - idle,
    session,
    DISPLACED_MAX,
    most - 1,
  )
  const [first] = found
  if (first === undefined) return
  const ended = found.map(({ id }) => id)
  yield* run(
    'update sessions set ended_at = ? where tenant = ? and id {is_listed} and ended_at is null',
    tx.now,
    tenant,
    JSON.stringify(ended),
  )
  const reason: ReasonCode = 'session_displaced'
  yield* writeEvent(tx, scope, {
    kind: 'end_session',
    reason,
    facts: { now: tx.now, which: 'oldest', most, by: session },
    decision: { reason, ended },
    challenge: first.id.slice(0, ID_LENGTH),
    user: user.id,
    session: first.id,
  })
  yield* dispatchEnds(tx, scope, { user: user.id, sessions: ended, reason })
}

/** Pre-hijacking: whatever was signed in before the first proof of the mailbox was not its owner. */
export function* endSessionsOf(tx: Tx, scope: Scope, user: string): Operation<readonly string[]> {
  const end = 'update sessions{by_user} set ended_at = ? where tenant = ? and user_id = ? and ended_at is null'
  // Which ones is asked only where somebody wants to know: nobody else waits for the answer.
  if (isWanted(scope, 'session.ended'))
    return (yield* all<{ id: string }>(`${end} returning id`, tx.now, scope.tenant, user)).map(({ id }) => id)
  yield* run(end, tx.now, scope.tenant, user)
  return []
}

export function* endOtherSession(tx: Tx, tenant: string, id: string): Operation<void> {
  yield* run('update sessions set ended_at = ? where tenant = ? and id = ? and ended_at is null', tx.now, tenant, id)
}

/** All sessions of one user have one key: two who end them at once would each wait for rows that the other holds. */
export const sessionsKey = (user: string): string => `sessions:${user}`

export function* endLocks(scope: Scope, input: EndInput): Operation<Locks> {
  const row = yield* one<{ user: string }>('select user_id as "user" from sessions where tenant = ? and id = ?', scope.tenant, input.key.id)
  return { tenant: scope.tenant, keys: row === null ? [] : [sessionsKey(row.user)], limits: [] }
}

export function* endSessions(tx: Tx, scope: Scope, input: EndInput): Operation<{ readonly ended: number; readonly reason: ReasonCode }> {
  const { tenant, policy } = scope
  const view = yield* findSession(tx, tenant, policy, input.key)
  const live = view?.decision.verdict === 'live' ? view : null
  let ended: readonly { id: string }[] = []
  if (live) {
    const { user, session } = live
    const id = typeof input.which === 'object' ? input.which.id : session.id
    ended = yield* all<{ id: string }>(
      input.which === 'others'
        ? 'update sessions{by_user} set ended_at = ? where tenant = ? and user_id = ? and ended_at is null and id <> ? returning id'
        : 'update sessions set ended_at = ? where tenant = ? and user_id = ? and ended_at is null and id = ? returning id',
      tx.now,
      tenant,
      user.id,
      id,
    )
  }
  const reason: ReasonCode =
    live === null ? (view?.decision.reason ?? 'session_unknown') : input.which === 'this' ? 'signed_out' : 'session_revoked'
  const which = typeof input.which === 'object' ? 'one' : input.which
  const facts = {
    now: tx.now,
    which,
    session: view && { createdAt: view.session.createdAt, seenAt: view.session.seenAt, endedAt: view.session.endedAt },
  }
  const decision = { reason, ended: ended.map((row) => row.id) }
  yield* writeEvent(tx, scope, {
    kind: 'end_session',
    reason,
    facts,
    decision,
    // A session's id begins with its challenge's: the end stands with the beginning.
    challenge: view?.session.id.slice(0, ID_LENGTH) ?? null,
    user: view?.user.id ?? null,
    session: view?.session.id ?? null,
  })
  if (view !== null) yield* dispatchEnds(tx, scope, { user: view.user.id, sessions: decision.ended, reason })
  return { ended: ended.length, reason }
}
