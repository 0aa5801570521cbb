// Verifying a proof to sign in: lock, read the facts, decide, write what follows.
import { isFailure } from '../core/dispatch.ts'
import { inUseAt, isDormant } from '../core/dormant.ts'
import type { HostId } from '../core/host.ts'
import type { User } from '../core/model.ts'
import type { VerifyDecision, VerifyFacts } from '../core/verify.ts'
import { same } from './digest.ts'
import { dispatch, dispatchEnds } from './dispatch.ts'
import { writeEvent } from './event.ts'
import { complete, judge, presentedOf, refundFailures } from './judge.ts'
import { mailboxLimit } from './limits.ts'
import { tellOfSignIn } from './new-device.ts'
import { endOpenChanges } from './open-changes.ts'
import { type Locks, type Operation, run, type Tx } from './operation.ts'
import { dropRecovery, endRecoveries, findLiveRecovery } from './recoveries.ts'
import {
  type ChallengeRow,
  challengeKey,
  type FoundChallenge,
  findChallengeEmail,
  findUserByExternalId,
  type MailRow,
  type UserRow,
  withoutBrowsers,
} from './rows.ts'
import { createSession, endOtherSession, endSessionsOf, type FoundSession, findSessions, makeRoom } from './session.ts'
import { type Scope, scopeFor, type VerifyInput, type VerifyOutcome } from './store.ts'
import { knowsBrowser, signIn } from './user.ts'
import { EXTERNAL_IDS } from './users.ts'
import { cancelAll } from './wait-stop.ts'

/** The challenge, and its mailbox: two flows of one address share its failures and, at a first sign-in, its user. */
export function* verifyLocks(scope: Scope, input: VerifyInput): Operation<Locks> {
  const challenge = yield* findChallengeEmail(scope.tenant, input.purpose, input.challenge)
  if (challenge === null) return { tenant: scope.tenant, keys: [], limits: [] }
  const mailbox = mailboxLimit(challenge.email)
  // Two addresses must not come to have one external id at the same time.
  const ids = input.host?.id == null ? [] : [EXTERNAL_IDS]
  return { tenant: scope.tenant, keys: [challengeKey(input.challenge), mailbox, ...ids], limits: [mailbox] }
}

export function* verify(tx: Tx, given: Scope, input: VerifyInput, found: FoundChallenge | null): Operation<VerifyOutcome> {
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const { tenant } = scope
  const { challenge, mails, mail } = presentedOf(input, found)
  const user = found?.user ?? null
  // Nothing used, no session: as long as no proof of the challenge was good, there is none to look for.
  const used = challenge?.completedAt != null || mails.some((row) => row.linkUsedAt !== null)
  const mayHave = used || (challenge !== null && input.currentSession !== null)
  const { currentSession: held } = input
  const sessions = mayHave ? yield* findSessions(tenant, input.sessionId, held?.id ?? '') : []
  const own = sessions.find((row) => row.id === input.sessionId) ?? null
  const current = sessions.find((row) => row.id === held?.id && same(row.digest, held.digest) && row.endedAt === null) ?? null

  const hostId = yield* standingOf(tenant, user, input.host?.id ?? null)

  const { facts, decision } = yield* judge(
    tx,
    scope,
    input,
    { challenge, mails, mail, own },
    {
      user: user && factsOf(user),
      otherSession: current !== null && current.user !== user?.id,
      ...((yield* isRegained(tx, scope, input, user)) ? { regained: true } : {}),
      ...(isNewBrowser(scope, input, user) ? { newBrowser: true } : {}),
      ...(input.host === undefined ? {} : { host: input.host.word }),
      ...(hostId === null ? {} : { hostId }),
    },
  )

  let signedIn: Admitted | null = null
  if (decision.verdict === 'signed_in' && challenge && mail) {
    signedIn = yield* admit(tx, scope, input, { challenge, mail, user, current, decision, regained: facts.regained === true })
  } else if (decision.verdict === 'replayed' && own && user) {
    signedIn = { user: withoutBrowsers(user), session: own, refunded: 0, ended: [] }
  }
  yield* writeEvent(tx, scope, {
    kind: 'verify',
    reason: decision.reason,
    facts,
    decision,
    challenge: challenge?.id ?? null,
    user: signedIn?.user.id ?? user?.id ?? null,
    session: signedIn?.session.id ?? null,
  })
  const notice =
    decision.consequences?.notice === true && input.notice && challenge && user
      ? yield* tellOfSignIn(tx, scope, input, { notice: input.notice, challenge, user })
      : null
  // Nobody is told twice of one thing: a replay is none, and a second refusal for the same reason has the name of the first.
  if (scope.wanted !== undefined && challenge !== null) {
    if (decision.verdict === 'signed_in' && signedIn !== null) yield* dispatchSignIn(tx, scope, input, { user, signedIn })
    else if (isFailure(decision.reason)) {
      const told = { user: user?.id ?? null, challenge: challenge.id, proof: input.proof, reason: decision.reason }
      yield* dispatch(tx, scope, 'challenge.failed', told, `${challenge.id}-${decision.reason}`)
    }
  }
  return {
    decision,
    facts,
    now: tx.now,
    user: signedIn?.user ?? null,
    session: signedIn?.session ?? null,
    sessionIndex: signedIn ? Math.max(0, input.sessionDigests.indexOf(signedIn.session.digest)) : 0,
    returnTo: challenge?.returnTo ?? null,
    mails: mails.length,
    refunded: signedIn?.refunded ?? 0,
    notice,
  }
}

/** Of somebody who has signed in before; asked only where a notice would tell of it. */
function isNewBrowser({ policy }: Scope, { notice, browserDigest }: VerifyInput, user: UserRow | null): boolean {
  return policy.newDeviceNotice && notice !== undefined && user !== null && user.signInCount > 0 && !knowsBrowser(user, browserDigest)
}

function factsOf(user: UserRow): NonNullable<VerifyFacts['user']> {
  const facts = { status: user.status, confirmed: user.confirmedAt !== null }
  const at = inUseAt(user)
  return at === null ? facts : { ...facts, inUseAt: at }
}

/** Asked only of an account that the mailbox alone does not open. */
function* isRegained(tx: Tx, { tenant, policy }: Scope, { recovery }: VerifyInput, user: UserRow | null): Operation<boolean> {
  if (user === null || recovery == null || !isDormant(policy, inUseAt(user), tx.now)) return false
  return (yield* findLiveRecovery(tx, tenant, recovery))?.user.id === user.id
}

/** How the id that the host gave stands to the user of the address. */
function* standingOf(tenant: string, user: UserRow | null, id: string | null): Operation<HostId | null> {
  if (id === null) return null
  if (user !== null && user.externalId !== null) return user.externalId === id ? 'same' : 'differs'
  return (yield* findUserByExternalId(tenant, id)) === null ? 'new' : 'differs'
}

interface Admission {
  readonly challenge: ChallengeRow
  readonly mail: MailRow
  readonly user: UserRow | null
  readonly current: FoundSession | null
  readonly decision: VerifyDecision
  /** By a way back in as well, since the mailbox alone was not enough. */
  readonly regained: boolean
}

interface Admitted {
  readonly user: User
  readonly session: FoundSession
  /** Wrong codes of this very flow. */
  readonly refunded: number
  /** Sessions that it put an end to, as far as somebody wants to be told. */
  readonly ended: readonly { readonly user: string; readonly id: string }[]
}

/** Everything that follows from a good proof, in the same transaction as the proof's end. */
function* admit(tx: Tx, scope: Scope, input: VerifyInput, found: Admission): Operation<Admitted> {
  const { tenant } = scope
  const { challenge, mail, decision, current } = found
  if (decision.consequences?.complete) yield* complete(tx, tenant, challenge.id)
  else {
    yield* run(
      'update mails set link_used_at = ? where tenant = ? and challenge = ? and ordinal = ?',
      tx.now,
      tenant,
      challenge.id,
      mail.ordinal,
    )
  }
  const refunded = refundFailures(tx, scope, challenge)

  const user = yield* signIn(tx, tenant, {
    found: found.user,
    id: input.newUser,
    email: challenge.email,
    place: `${input.device}, ${input.network}`,
    browserDigest: input.browserDigest,
    externalId: input.host?.id ?? found.user?.externalId ?? null,
  })
  let before: readonly string[] = []
  if (decision.consequences?.confirm && found.user) {
    before = yield* endSessionsOf(tx, scope, found.user.id)
    yield* endOpenChanges(tx, tenant, found.user.id)
    yield* dropRecovery(tx, tenant, found.user.id, 'superseded')
  }
  // It has done its work, and is no second way in for whoever comes to this browser next.
  if (found.regained && found.user) yield* endRecoveries(tx, tenant, found.user.id, 'signed_in')
  if (found.user?.recoveringUntil != null) yield* cancelAll(tx, scope, found.user.id, { by: 'sign_in' })
  // Also where it was the same person's: the cookie is about to be replaced, and nobody could end what nobody holds.
  if (current) yield* endOtherSession(tx, tenant, current.id)
  const session = yield* createSession(tx, tenant, {
    digest: input.sessionDigests[0] as string,
    id: input.sessionId,
    user: user.id,
    challenge: challenge.id,
    proof: input.proof,
    device: input.device,
    network: input.network,
  })
  yield* makeRoom(tx, scope, { user, session: session.id, eventId: input.displacedEventId })
  const ended = before.map((id) => ({ user: user.id, id }))
  return { user, session, refunded, ended: current === null || before.includes(current.id) ? ended : [...ended, current] }
}

interface SignedIn {
  /** As it was before; null: there was none. */
  readonly user: UserRow | null
  readonly signedIn: Admitted
}

function* dispatchSignIn(tx: Tx, scope: Scope, { proof, challenge }: VerifyInput, { user: before, signedIn }: SignedIn): Operation<void> {
  const { user, session, ended } = signedIn
  const by = { user: user.id, challenge }
  if (before === null) yield* dispatch(tx, scope, 'user.created', { ...by, by: 'sign_in' })
  if (before === null || before.confirmedAt === null) yield* dispatch(tx, scope, 'address.confirmed', by)
  yield* dispatch(tx, scope, 'signin.completed', { ...by, session: session.id, proof })
  const own = ended.filter((one) => one.user === user.id).map(({ id }) => id)
  yield* dispatchEnds(tx, scope, { user: user.id, sessions: own, reason: 'signed_in' })
  // In the same browser, of somebody else.
  for (const other of ended.filter((one) => one.user !== user.id))
    yield* dispatchEnds(tx, scope, { user: other.user, sessions: [other.id], reason: 'signed_in' }, `${scope.eventId}-other`)
}
