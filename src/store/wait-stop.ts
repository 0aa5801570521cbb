// A wait is stopped: by a session, by a sign-in, by the link of a notice.
import type { WaitDecision } from '../core/recovery-wait.ts'
import { same } from './digest.ts'
import { dispatch } from './dispatch.ts'
import { mailboxLimit } from './limits.ts'
import { all, type Locks, type Operation, run, type Tx } from './operation.ts'
import { endRecoveries, type RecoveryRow, recoveryColumns } from './recoveries.ts'
import { findChallengeWithMails } from './rows.ts'
import { findHolder, findSession, sessionsKey } from './session.ts'
import { type Scope, scopeFor } from './store.ts'
import { voidMails } from './void.ts'
import type { CancelWaitInput, WaitOutcome } from './wait-store.ts'
import { decideAndWrite, findWaiting, findWaitOf, lockPerson, nobody } from './waiting.ts'

export function* cancelWaitLocks(scope: Scope, input: CancelWaitInput): Operation<Locks> {
  const { tenant } = scope
  if (input.by === 'session') {
    const holder = yield* findHolder(tenant, input.key.id)
    return holder === null ? nobody(tenant) : { tenant, keys: [mailboxLimit(holder.email), sessionsKey(holder.user)], limits: [] }
  }
  const recovery = yield* findWaitOf(tenant, input.challenge)
  return recovery === null ? nobody(tenant) : yield* lockPerson(tenant, recovery)
}

export function* cancelWait(tx: Tx, given: Scope, input: CancelWaitInput): Operation<WaitOutcome> {
  return input.by === 'session' ? yield* cancelBySession(tx, given, input) : yield* cancelByLink(tx, given, input)
}

function* cancelBySession(tx: Tx, given: Scope, input: Extract<CancelWaitInput, { by: 'session' }>): Operation<WaitOutcome> {
  const { tenant, policy } = given
  const view = yield* findSession(tx, tenant, policy, input.key)
  const live = view?.decision.verdict === 'live' ? view : null
  const scope = live === null ? given : scopeFor(given, live.user.email)
  const by = { by: 'session', session: live?.session.id ?? null } as const
  const decisions = live === null ? [] : yield* cancelAll(tx, scope, live.user.id, by)
  const [first] = decisions
  if (first !== undefined) return { decision: first, now: tx.now }
  const facts = { does: 'cancel', now: tx.now, by: 'session', waiting: null, linkMatches: false } as const
  const { decision } = yield* decideAndWrite(tx, scope, { facts, recovery: null, user: live?.user.id ?? null, session: by.session })
  return { decision, now: tx.now }
}

const waitsOfUser = (tenant: string, user: string): Operation<readonly RecoveryRow[]> =>
  all<RecoveryRow>(
    `select ${recoveryColumns} from recoveries r where r.tenant = ? and r.user_id = ? and r.way = 'wait' and r.ready_at is not null and r.applied_at is null and r.ended_at is null order by r.id`,
    tenant,
    user,
  )

/** All that a person has under way. Each has a decision and an event of its own. */
export function* cancelAll(
  tx: Tx,
  scope: Scope,
  user: string,
  { by, session = null }: { readonly by: 'session' | 'sign_in'; readonly session?: string | null },
): Operation<readonly WaitDecision[]> {
  const { tenant } = scope
  const decisions: WaitDecision[] = []
  for (const [index, recovery] of (yield* waitsOfUser(tenant, user)).entries()) {
    const waiting = yield* findWaiting(tenant, recovery)
    const { decision } = yield* decideAndWrite(
      tx,
      // Beside the event of what stopped it, which has the id itself.
      { ...scope, eventId: `${scope.eventId}-${index}` },
      { facts: { does: 'cancel', now: tx.now, by, waiting, linkMatches: false }, recovery: recovery.id, user, session },
    )
    if (decision.ends !== null) yield* endWait(tx, scope, recovery, decision.ends, index)
    decisions.push(decision)
  }
  // Not what somebody opened with a printed code: whoever has the mailbox alone could end that by asking to wait, and signing in.
  yield* endRecoveries(tx, tenant, user, by === 'sign_in' ? 'signed_in' : 'cancelled', 'waiting')
  return decisions
}

/** Its links lead nowhere any more, but for those of the notices, which go on saying that it is stopped. */
export function* endWait(tx: Tx, scope: Scope, { id, user, readyChallenge }: RecoveryRow, why: string, nth = 0): Operation<void> {
  const { tenant } = scope
  yield* run(
    'update recoveries set ended_at = ?, ended_why = ? where tenant = ? and id = ? and applied_at is null and ended_at is null',
    tx.now,
    why,
    tenant,
    id,
  )
  yield* voidMails(tx, tenant, readyChallenge === null ? [id] : [id, readyChallenge])
  if (user !== '') yield* dispatch(tx, scope, 'recovery.ended', { user, recovery: id, why }, `${scope.eventId}-recovery-${nth}`)
}

function* cancelByLink(tx: Tx, given: Scope, input: Extract<CancelWaitInput, { by: 'link' }>): Operation<WaitOutcome> {
  const { tenant } = given
  const found = yield* findChallengeWithMails(tenant, 'cancel_recovery', input.challenge)
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const recovery = found === null ? null : yield* findWaitOf(tenant, input.challenge)
  const mail = found?.mails.find(({ ordinal }) => ordinal === input.ordinal)
  const { decision } = yield* decideAndWrite(tx, scope, {
    facts: {
      does: 'cancel',
      now: tx.now,
      by: 'link',
      waiting: recovery && (yield* findWaiting(tenant, recovery)),
      linkMatches: mail?.linkDigest != null && input.linkDigest !== null && same(mail.linkDigest, input.linkDigest),
    },
    recovery: recovery?.id ?? null,
    user: recovery?.user === '' ? null : (recovery?.user ?? null),
  })
  if (recovery !== null && decision.ends !== null) yield* endWait(tx, scope, recovery, decision.ends)
  return { decision, now: tx.now }
}
