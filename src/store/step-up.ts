// Proving the mailbox again, by whoever is signed in: the mail goes to their own stored address, and a good proof renews the session of the
// browser that asked. It never begins one.
import type { ReasonCode } from '../core/reason.ts'
import type { StartDecision } from '../core/start.ts'
import type { StepUpInput } from './account-store.ts'
import { writeEvent } from './event.ts'
import { complete, judge, presentedOf, refundFailures } from './judge.ts'
import type { Locks, Operation, Tx } from './operation.ts'
import { type FoundChallenge, findUserById, withoutBrowsers } from './rows.ts'
import { type FoundSession, findHolder, findSession, findSessions, renewSession, sessionsKey } from './session.ts'
import { decide, insertChallenge, limitsOf } from './start.ts'
import { type Scope, type SessionView, type StartOutcome, scopeFor, type VerifyInput, type VerifyOutcome } from './store.ts'
import { knowsBrowser } from './user.ts'
import { verifyLocks } from './verify.ts'

const PURPOSE = 'step_up'

export function* stepUpLocks(scope: Scope, input: StepUpInput): Operation<Locks> {
  const holder = yield* findHolder(scope.tenant, input.key.id)
  return { tenant: scope.tenant, keys: [], limits: holder === null ? [] : limitsOf(scope, holder.email, input.buckets) }
}

export function* startStepUp(tx: Tx, scope: Scope, input: StepUpInput): Operation<StartOutcome> {
  const { tenant, policy } = scope
  const { key, ...asked } = input
  const view = yield* findSession(tx, tenant, policy, key)
  const user = view?.decision.verdict === 'live' ? yield* findUserById(tenant, view.user.id) : null
  if (user === null) return yield* refuseUnheld(tx, scope, view)
  const { email } = user
  const challenge = { ...asked, purpose: PURPOSE, email } as const
  return yield* decide(
    tx,
    scope,
    {
      ...challenge,
      kind: 'start',
      addressInEvent: input.addressInEvent(email),
      resend: null,
      ordinal: 0,
      user,
      knownBrowser: knowsBrowser(user, input.browserDigest),
      asker: user.id,
    },
    () => insertChallenge(tx, tenant, challenge),
  )
}

/** The session ended between the look of the flow and this one. Nothing was looked up by which it could be decided again. */
function* refuseUnheld(tx: Tx, scope: Scope, view: SessionView | null): Operation<StartOutcome> {
  const reason: ReasonCode = view?.decision.reason ?? 'session_unknown'
  const decision: StartDecision = { verdict: 'refuse', reason, retryAfterMs: null, mail: null, tats: null }
  yield* writeEvent(tx, scope, { kind: 'start', reason, facts: { now: tx.now, purpose: PURPOSE }, decision: { reason } })
  return { decision, policy: scope.policy, now: tx.now, mail: null }
}

/** With all sessions of the person: who ends them meanwhile must not leave this one, and would not see its new row. */
export function* renewLocks(scope: Scope, input: VerifyInput): Operation<Locks> {
  const locks = yield* verifyLocks(scope, input)
  const holder = input.currentSession === null ? null : yield* findHolder(scope.tenant, input.currentSession.id)
  return holder === null ? locks : { ...locks, keys: [...locks.keys, sessionsKey(holder.user)] }
}

export function* renew(tx: Tx, given: Scope, input: VerifyInput, found: FoundChallenge | null): Operation<VerifyOutcome> {
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const { tenant, policy } = scope
  const presented = presentedOf(input, found)
  const { challenge } = presented
  const held = input.currentSession === null ? null : yield* findSession(tx, tenant, policy, input.currentSession)
  const holder = held?.decision.verdict === 'live' ? held : null
  const [own = null] = challenge?.completedAt == null ? [] : yield* findSessions(tenant, input.sessionId, '')
  // The address of the challenge must be the person's still: by it they are found.
  const user = found?.user ?? null
  const { facts, decision } = yield* judge(
    tx,
    scope,
    input,
    { ...presented, own },
    {
      user: user && { status: user.status, confirmed: user.confirmedAt !== null },
      otherSession: false,
      purpose: PURPOSE,
      holder: holder === null ? 'nobody' : holder.user.id === user?.id ? 'same' : 'other',
    },
  )

  let session: FoundSession | null = null
  let refunded = 0
  if (decision.verdict === 'renewed' && challenge && holder) {
    yield* complete(tx, tenant, challenge.id)
    refunded = refundFailures(tx, scope, challenge)
    session = yield* renewSession(tx, tenant, holder.session, {
      digest: input.sessionDigests[0] as string,
      id: input.sessionId,
      challenge: challenge.id,
      proof: input.proof,
      device: input.device,
      network: input.network,
    })
  } else if (decision.verdict === 'replayed') session = own
  yield* writeEvent(tx, scope, {
    kind: 'verify',
    reason: decision.reason,
    facts,
    decision,
    challenge: challenge?.id ?? null,
    user: user?.id ?? null,
    session: session?.id ?? null,
  })
  return {
    decision,
    facts,
    now: tx.now,
    user: session && user && withoutBrowsers(user),
    session,
    sessionIndex: session ? Math.max(0, input.sessionDigests.indexOf(session.digest)) : 0,
    returnTo: challenge?.returnTo ?? null,
    mails: presented.mails.length,
    refunded,
  }
}
