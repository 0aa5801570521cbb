// The look at a proof, whatever it is for: the decision asks for a try before anything is compared; the try is taken by a conditional
// update, so that two hundred guesses sent together get exactly five looks. What follows from a good proof is for each purpose to write.
import { decideVerify, type Match, type VerifyDecision, type VerifyFacts } from '../core/verify.ts'
import { same } from './digest.ts'
import { BREAKER, leftUntil, mailboxLimit, readWindows, times, withHit, writeWindows } from './limits.ts'
import { type Operation, one, run, type Tx } from './operation.ts'
import { type ChallengeRow, type FoundChallenge, type MailRow, toMail } from './rows.ts'
import type { FoundSession } from './session.ts'
import type { Scope, VerifyInput } from './store.ts'

/** What is known before anybody looked. */
export interface Presented {
  readonly challenge: ChallengeRow | null
  readonly mails: readonly MailRow[]
  /** For a link: its own. For a code: the newest that has one. */
  readonly mail: MailRow | null
  /** What this browser already got from the challenge. */
  readonly own: Pick<FoundSession, 'provedAt' | 'endedAt' | 'digest'> | null
}

export interface Judged {
  readonly facts: VerifyFacts
  readonly decision: VerifyDecision
}

const nobody = { challenge: null, mails: [] }

export function presentedOf(input: VerifyInput, found: FoundChallenge | null): Omit<Presented, 'own'> {
  const { challenge, mails } = found ?? nobody
  const mail = (input.proof === 'link' ? mails.find((row) => row.ordinal === input.ordinal) : newestWithCode(mails)) ?? null
  return { challenge, mails, mail }
}

/** `purpose` and `holder` where it is no sign-in. */
type Person = Pick<VerifyFacts, 'user' | 'otherSession' | 'change' | 'newBrowser' | 'host' | 'hostId' | 'open' | 'recovery' | 'regained'> &
  (Required<Pick<VerifyFacts, 'purpose' | 'holder'>> | { readonly purpose?: undefined })

export function* judge(tx: Tx, scope: Scope, input: VerifyInput, presented: Presented, person: Person): Operation<Judged> {
  const { tenant, policy } = scope
  const { challenge, mails, mail, own } = presented
  const windows = challenge && readWindows(tx.limits, tenant, mailboxLimit(challenge.email))
  let facts: VerifyFacts = {
    now: tx.now,
    proof: input.proof,
    bound: challenge !== null && same(challenge.browser, input.browserDigest),
    challenge: challenge && standingOf(challenge),
    mail: mail && toMail(mail),
    linkMatches: mail?.linkDigest != null && input.linkDigest !== null && same(mail.linkDigest, input.linkDigest),
    code: input.proof === 'link' ? null : input.codeDigests === null ? 'malformed' : 'unclaimed',
    address: input.addressTyped === 'absent' ? 'absent' : 'unclaimed',
    failures: windows ? times(windows.failures) : [],
    user: person.user,
    // Made with a key that is gone: it can be given to nobody any more.
    session: own && { createdAt: own.provedAt, ended: own.endedAt !== null || !input.sessionDigests.includes(own.digest) },
    otherSession: person.otherSession,
  }
  if (input.purpose === 'invite') facts = { ...facts, invited: true }
  if (person.purpose !== undefined) facts = { ...facts, purpose: person.purpose, holder: person.holder }
  if (person.newBrowser) facts = { ...facts, newBrowser: true }
  if (person.regained) facts = { ...facts, regained: true }
  if (person.open !== undefined) facts = { ...facts, open: person.open }
  if (person.change !== undefined) facts = { ...facts, change: person.change }
  if (person.host !== undefined) facts = { ...facts, host: person.host }
  if (person.hostId !== undefined) facts = { ...facts, hostId: person.hostId }
  if (person.recovery !== undefined) facts = { ...facts, recovery: person.recovery }
  const left = windows ? leftUntil(windows, challenge?.email ?? '') : undefined
  if (left !== undefined && person.purpose === undefined) facts = { ...facts, left }
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
    if (claimed && facts.code !== null && decision.consequences === null) {
      const mailbox = mailboxLimit(challenge.email)
      const windows = readWindows(tx.limits, tenant, mailbox)
      const failures = withHit(windows.failures, policy.codeFailures, [tx.now, challenge.id])
      writeWindows(tx.limits, tenant, mailbox, { ...windows, failures })
      pourIntoBreaker(tx, scope, 1)
    }
  }
  return { facts, decision }
}

function standingOf({ createdAt, completedAt, disownedAt }: ChallengeRow): NonNullable<VerifyFacts['challenge']> {
  return disownedAt === null ? { createdAt, completedAt } : { createdAt, completedAt, disownedAt }
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

export function* claimTry(scope: Scope, challenge: ChallengeRow, mail: MailRow, counter: 'code' | 'address'): Operation<boolean> {
  const max = counter === 'code' ? scope.policy.codeTries : scope.policy.addressTries
  const row = yield* one(TAKE_A_TRY[counter], scope.tenant, challenge.id, mail.ordinal, max)
  return row !== null
}

function pourIntoBreaker({ now, limits }: Tx, { tenant, policy: { breaker } }: Scope, hits: number): void {
  if (breaker !== null) limits.pour(tenant, BREAKER, { rule: breaker, hits, now })
}

/** Retires every proof of the challenge. */
export function complete(tx: Tx, tenant: string, challenge: string): Operation<void> {
  return run('update challenges set completed_at = ? where tenant = ? and id = ?', tx.now, tenant, challenge)
}

/** Of the very flow that ends in success; somebody else's flow refunds nothing of this one. How many they were. */
export function refundFailures(tx: Tx, scope: Scope, { id, email }: ChallengeRow): number {
  const { tenant } = scope
  const mailbox = mailboxLimit(email)
  const windows = readWindows(tx.limits, tenant, mailbox)
  const failures = windows.failures.filter(([, flow]) => flow !== id)
  const refunded = windows.failures.length - failures.length
  if (refunded > 0) {
    writeWindows(tx.limits, tenant, mailbox, { ...windows, failures })
    pourIntoBreaker(tx, scope, -refunded)
  }
  return refunded
}
