// Getting back in by waiting: asked for, and begun by a proof of the new mailbox; whoever may have a say is told.

import { READY_FOR, type WaitDecision } from '../core/recovery-wait.ts'
import { dispatch } from './dispatch.ts'
import { writeEvent } from './event.ts'
import { complete, judge, presentedOf } from './judge.ts'
import { mailboxLimit } from './limits.ts'
import { type Locks, type Operation, run, type Tx } from './operation.ts'
import { insertRecovery, type RecoveryRow } from './recoveries.ts'
import { type FoundChallenge, findUserByEmail, findUserById, type UserRow } from './rows.ts'
import { limitsOf } from './start.ts'
import { type Scope, scopeFor } from './store.ts'
import type { AskWaitInput, AskWaitOutcome, BeginWaitInput, BeginWaitOutcome, From, Notices } from './wait-store.ts'
import { accountOf, backupOf, decideAndWrite, findWaitOf, lockPerson, mailTo, NOBODY, nobody } from './waiting.ts'

export function askWaitLocks(scope: Scope, input: AskWaitInput): Locks {
  return { tenant: scope.tenant, keys: [], limits: [...limitsOf(scope, input.newEmail, input.buckets), input.limit] }
}

export function* askWait(tx: Tx, given: Scope, input: AskWaitInput, next: UserRow | null): Operation<AskWaitOutcome> {
  const scope = scopeFor(given, input.email)
  const { tenant } = scope
  const { mail, email, newEmail, limit } = input
  const user = next?.email === email ? next : null
  const state = tx.limits.get(tenant, limit)
  const { decision } = yield* decideAndWrite(tx, scope, {
    facts: {
      does: 'ask',
      now: tx.now,
      by: 'person',
      account: accountOf(user, email, input.operators),
      sameAddress: email === newEmail,
      toOperator: false,
      tat: state === null ? null : Number(state),
    },
    recovery: mail.challenge,
    user: user?.id ?? null,
  })
  if (decision.verdict !== 'go' && decision.verdict !== 'pretend') return { decision, now: tx.now, mail: null }
  const owner = yield* findUserByEmail(tenant, newEmail)
  const asked = yield* mailTo(tx, given, input, { mail, purpose: 'begin_recovery', email: newEmail, user: owner, recovery: mail.challenge })
  if (asked.decision.mail === null) return { decision, now: tx.now, mail: asked }
  tx.limits.set(tenant, limit, String(decision.tat))
  const goes = decision.verdict === 'go' && user !== null
  yield* insertRecovery(tx, tenant, {
    id: mail.challenge,
    user: goes ? user.id : '',
    way: 'wait',
    startedBy: 'person',
    operator: null,
    email: goes ? email : '',
    newEmail,
    readyAt: null,
  })
  return { decision, now: tx.now, mail: asked }
}

export function* beginWaitLocks(scope: Scope, input: BeginWaitInput): Operation<Locks> {
  const { tenant } = scope
  const recovery = yield* findWaitOf(tenant, input.challenge)
  if (recovery === null) return nobody(tenant)
  const backup = yield* backupOf(tenant, recovery.user)
  const current = recovery.email === '' ? NOBODY : recovery.email
  const limits = [recovery.newEmail ?? NOBODY, current, backup?.email ?? current].flatMap((email) => limitsOf(scope, email, input.buckets))
  return yield* lockPerson(tenant, recovery, { keys: [mailboxLimit(recovery.newEmail ?? NOBODY)], limits })
}

/** A code or link of the new mailbox. It signs nobody in. */
export function* beginWait(tx: Tx, given: Scope, input: BeginWaitInput, found: FoundChallenge | null): Operation<BeginWaitOutcome> {
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const { tenant } = scope
  const presented = presentedOf(input, found)
  const { challenge } = presented
  const recovery = challenge === null ? null : yield* findWaitOf(tenant, challenge.id)
  const owner = found?.user ?? null
  const { facts, decision } = yield* judge(
    tx,
    scope,
    input,
    { ...presented, own: null },
    {
      user: null,
      otherSession: false,
      purpose: 'begin_recovery',
      holder: 'nobody',
      recovery: {
        open: recovery !== null && recovery.newProvedAt === null && recovery.endedAt === null && recovery.appliedAt === null,
        taken: owner !== null && owner.id !== recovery?.user,
      },
    },
  )
  yield* writeEvent(tx, scope, { kind: 'verify', reason: decision.reason, facts, decision, challenge: challenge?.id ?? null })
  let wait: WaitDecision | null = null
  if (challenge && recovery && decision.verdict === 'agreed') {
    yield* complete(tx, tenant, challenge.id)
    wait = yield* waitFrom(tx, given, input, { recovery, device: challenge.device })
  }
  return {
    decision,
    facts,
    wait,
    now: tx.now,
    user: null,
    session: null,
    sessionIndex: 0,
    returnTo: null,
    mails: presented.mails.length,
    refunded: 0,
  }
}

function* waitFrom(
  tx: Tx,
  given: Scope,
  input: BeginWaitInput,
  { recovery, device }: { readonly recovery: RecoveryRow; readonly device: string },
): Operation<WaitDecision> {
  const scope = { ...scopeFor(given, recovery.email), eventId: input.waitEventId }
  const { tenant } = scope
  const user = yield* findUserById(tenant, recovery.user)
  const { decision } = yield* decideAndWrite(tx, scope, {
    facts: { does: 'begin', now: tx.now, account: accountOf(user, recovery.email, input.operators) },
    recovery: recovery.id,
    user: user?.id ?? null,
  })
  if (decision.readyAt === null) return decision
  yield* run(
    'update recoveries set new_proved_at = ?, ready_at = ? where tenant = ? and id = ?',
    tx.now,
    decision.readyAt,
    tenant,
    recovery.id,
  )
  yield* tellKnown(tx, given, { ...input, device }, input.notices, {
    id: recovery.id,
    readyAt: decision.readyAt,
    user: decision.verdict === 'go' ? user : null,
  })
  return decision
}

interface Begun {
  readonly id: string
  readonly readyAt: number
  /** null: for show. */
  readonly user: UserRow | null
}

/** To an account that there is not the same is written, and nothing is sent. */
export function* tellKnown(tx: Tx, given: Scope, from: From, { current, backup }: Notices, { id, readyAt, user }: Begun): Operation<void> {
  const { tenant } = given
  const until = readyAt + READY_FOR
  const notice = { ready: readyAt, until }
  const second = yield* backupOf(tenant, user?.id ?? '')
  const email = user?.email ?? NOBODY
  yield* run(
    'update users set recovering_until = case when recovering_until > ? then recovering_until else ? end where tenant = ? and id = ?',
    until,
    until,
    tenant,
    user?.id ?? '',
  )
  const shared = { purpose: 'cancel_recovery', recovery: id, notice } as const
  yield* mailTo(tx, given, from, { ...shared, mail: current, email, user })
  yield* mailTo(tx, given, from, { ...shared, mail: backup, email: second?.email ?? email, user: second === null ? null : user })
  if (user !== null)
    yield* dispatch(tx, given, 'recovery.started', { user: user.id, recovery: id, readyAt: new Date(readyAt).toISOString() })
}
