// Verifying a proof: lock, read the facts, decide, write what follows. The decision asks for a try before anything is
// compared; the try is taken by a conditional update, so that two hundred guesses sent together get exactly five looks.

import { isFailure } from '../core/dispatch.ts'
import type { User } from '../core/model.ts'
import { decideVerify, type Match, type VerifyDecision, type VerifyFacts } from '../core/verify.ts'
import { same } from './digest.ts'
import { dispatch, dispatchEnds } from './dispatch.ts'
import { writeEvent } from './event.ts'
import { BREAKER, mailboxLimit, readWindows, times, withHit, writeWindows } from './limits.ts'
import { type Locks, type Operation, one, run, type Tx } from './operation.ts'
import { type ChallengeRow, challengeKey, type FoundChallenge, findChallengeEmail, type MailRow, toMail, type UserRow } from './rows.ts'
import { createSession, endOtherSession, endSessionsOf, type FoundSession, findSessions } from './session.ts'
import { type Scope, scopeFor, type VerifyInput, type VerifyOutcome } from './store.ts'
import { signIn } from './user.ts'

/** The challenge, and its mailbox: two flows of one address share its failures and, at a first sign-in, its user. */
export function* verifyLocks(scope: Scope, input: VerifyInput): Operation<Locks> {
  const challenge = yield* findChallengeEmail(scope.tenant, input.purpose, input.challenge)
  if (challenge === null) return { tenant: scope.tenant, keys: [], limits: [] }
  const mailbox = mailboxLimit(challenge.email)
  return { tenant: scope.tenant, keys: [challengeKey(input.challenge), mailbox], limits: [mailbox] }
}

const nobody = { challenge: null, mails: [], user: null }

export function* verify(tx: Tx, given: Scope, input: VerifyInput, found: FoundChallenge | null): Operation<VerifyOutcome> {
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const { tenant, policy } = scope
  const { challenge, mails, user } = found ?? nobody
  const mail = (input.proof === 'link' ? mails.find((row) => row.ordinal === input.ordinal) : newestWithCode(mails)) ?? null
  // Nothing used, no session: as long as no proof of the challenge was good, there is none to look for.
  const used = challenge?.completedAt != null || mails.some((row) => row.linkUsedAt !== null)
  const mayHave = used || (challenge !== null && input.currentSession !== null)
  const { currentSession: held } = input
  const sessions = mayHave ? yield* findSessions(tenant, input.sessionId, held?.id ?? '') : []
  const own = sessions.find((row) => row.id === input.sessionId) ?? null
  const current = sessions.find((row) => row.id === held?.id && same(row.digest, held.digest) && row.endedAt === null) ?? null

  let facts: VerifyFacts = {
    now: tx.now,
    proof: input.proof,
    bound: challenge !== null && same(challenge.browser, input.browserDigest),
    challenge: challenge && { createdAt: challenge.createdAt, completedAt: challenge.completedAt },
    mail: mail && toMail(mail),
    linkMatches: mail?.linkDigest != null && input.linkDigest !== null && same(mail.linkDigest, input.linkDigest),
    code: input.proof === 'link' ? null : input.codeDigests === null ? 'malformed' : 'unclaimed',
    address: input.addressTyped === 'absent' ? 'absent' : 'unclaimed',
    failures: challenge ? times(readWindows(tx.limits, tenant, mailboxLimit(challenge.email)).failures) : [],
    user: user && { status: user.status, confirmed: user.confirmedAt !== null },
    // Made with a key that is gone: it can be given to nobody any more.
    session: own && { createdAt: own.createdAt, ended: own.endedAt !== null || !input.sessionDigests.includes(own.digest) },
    otherSession: current !== null && current.user !== user?.id,
  }
  // A spent challenge has nothing left to guess: the browser that was signed in by it may be recognised without a try.
  if (facts.code === 'unclaimed' && facts.bound && challenge?.completedAt != null && own !== null) {
    facts = { ...facts, code: matchCode(mails, mail, input) }
  }

  let decision = decideVerify(policy, facts)
  if (decision.claim !== null && challenge && mail) {
    const claimed = yield* claimTry(scope, challenge, mail, decision.claim)
    if (decision.claim === 'code') facts = { ...facts, code: claimed ? matchCode(mails, mail, input) : 'exhausted' }
    else facts = { ...facts, address: claimed ? (input.address === challenge.email ? 'right' : 'wrong') : 'exhausted' }
    decision = decideVerify(policy, facts)
    if (claimed && facts.code !== null && decision.verdict !== 'signed_in') {
      const mailbox = mailboxLimit(challenge.email)
      const windows = readWindows(tx.limits, tenant, mailbox)
      const failures = withHit(windows.failures, policy.codeFailures, [tx.now, challenge.id])
      writeWindows(tx.limits, tenant, mailbox, { ...windows, failures })
      pourIntoBreaker(tx, scope, 1)
    }
  }

  let signedIn: Admitted | null = null
  if (decision.verdict === 'signed_in' && challenge && mail) {
    signedIn = yield* admit(tx, scope, input, { challenge, mail, user, current, decision })
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
  }
}

function withoutBrowsers({ browsers: _, ...user }: UserRow): User {
  return user
}

function newestWithCode(mails: readonly MailRow[]): MailRow | undefined {
  return mails.findLast((row) => row.codeDigest !== null)
}

/** Older codes are looked at only to say "that was an earlier one"; they open nothing. */
function matchCode(mails: readonly MailRow[], newest: MailRow | null, input: VerifyInput): Match {
  const matches = (row: MailRow): boolean =>
    (input.codeDigests ?? []).some((digest) => row.codeDigest !== null && same(row.codeDigest, digest))
  if (newest && matches(newest)) return 'right'
  return mails.some(matches) ? 'older' : 'wrong'
}

/** Conditional, so that no more tries are taken than there are, whoever else takes one now. */
const TAKE_A_TRY = {
  code: 'update mails set code_tries = code_tries + 1 where tenant = ? and challenge = ? and ordinal = ? and code_tries < ? returning ordinal',
  address:
    'update mails set address_tries = address_tries + 1 where tenant = ? and challenge = ? and ordinal = ? and address_tries < ? returning ordinal',
} as const

function* claimTry(scope: Scope, challenge: ChallengeRow, mail: MailRow, counter: 'code' | 'address'): Operation<boolean> {
  const max = counter === 'code' ? scope.policy.codeTries : scope.policy.addressTries
  const row = yield* one(TAKE_A_TRY[counter], scope.tenant, challenge.id, mail.ordinal, max)
  return row !== null
}

function pourIntoBreaker({ now, limits }: Tx, { tenant, policy: { breaker } }: Scope, hits: number): void {
  if (breaker !== null) limits.pour(tenant, BREAKER, { rule: breaker, hits, now })
}

interface Admission {
  readonly challenge: ChallengeRow
  readonly mail: MailRow
  readonly user: UserRow | null
  readonly current: FoundSession | null
  readonly decision: VerifyDecision
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
  if (decision.consequences?.complete) {
    // Retires every proof of the challenge, this one among them.
    yield* run('update challenges set completed_at = ? where tenant = ? and id = ?', tx.now, tenant, challenge.id)
  } else {
    yield* run(
      'update mails set link_used_at = ? where tenant = ? and challenge = ? and ordinal = ?',
      tx.now,
      tenant,
      challenge.id,
      mail.ordinal,
    )
  }
  // Refunded: the failures of the very flow that ends in success. Somebody else's flow refunds nothing of this one.
  const mailbox = mailboxLimit(challenge.email)
  const windows = readWindows(tx.limits, tenant, mailbox)
  const failures = windows.failures.filter(([, flow]) => flow !== challenge.id)
  const refunded = windows.failures.length - failures.length
  if (refunded > 0) {
    writeWindows(tx.limits, tenant, mailbox, { ...windows, failures })
    pourIntoBreaker(tx, scope, -refunded)
  }

  const user = yield* signIn(tx, tenant, {
    found: found.user,
    id: input.newUser,
    email: challenge.email,
    place: `${input.device}, ${input.network}`,
    browserDigest: input.browserDigest,
  })
  const before = decision.consequences?.confirm && found.user ? yield* endSessionsOf(tx, scope, found.user.id) : []
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
