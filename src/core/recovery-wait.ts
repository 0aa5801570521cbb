// The way back into an account whose mailbox is lost, and with it everything else: somebody names a new address, every known address is told,
// and after a long wait that any sign-in ends, a link to the new address opens a session that can do no more than set it. Operators may begin
// it and agree to it; nothing they do makes the wait shorter or ends in a link. Pure, and made inside the transaction that writes what follows.
import { type Rule, spend } from './bucket.ts'
import type { Ms, Recovery, RecoveryEnd } from './model.ts'
import type { Policy } from './policy.ts'
import type { ReasonCode } from './reason.ts'
import type { Match } from './verify.ts'

const DAY: Ms = 86_400_000

/** Once the wait is over, the way back is there for so long. */
export const READY_FOR: Ms = 14 * DAY

/** How often anybody may ask for one account; whether there is such an account makes no difference. Each costs a proof of another mailbox. */
export const asksForOne: Rule = { count: 5, per: DAY }

/** One that somebody asked for, as it stands. */
export interface Waiting {
  /** From when the wait counts: the new mailbox was proved, or an operator began it; null: it does not count yet. */
  readonly beganAt: Ms | null
  /** When it ends, as everybody was told when it began. */
  readonly readyAt: Ms | null
  /** The operator who began it; null: a person did. */
  readonly operator: string | null
  /** Operators who agreed. */
  readonly approvals: readonly string[]
  /** The new address is set. */
  readonly appliedAt: Ms | null
  readonly endedAt: Ms | null
}

export function waitingOf(recovery: Recovery & Pick<Waiting, 'approvals'>): Waiting {
  const { startedBy, createdAt, newProvedAt, readyAt, operator, approvals, appliedAt, endedAt } = recovery
  const beganAt = readyAt === null ? null : startedBy === 'operator' ? createdAt : newProvedAt
  return { beganAt, readyAt, operator, approvals, appliedAt, endedAt }
}

/** Whose it would be; null: nobody's, or of somebody who was erased. */
export type Account = null | {
  readonly status: 'active' | 'disabled'
  /** On the list of operators, whose addresses the settings know. */
  readonly listed: boolean
  /** The address is the one that the way back was asked for. */
  readonly same: boolean
}

export type Standing =
  | { readonly is: 'off' | 'unproved' | 'applied' | 'ended' }
  | { readonly is: 'waiting'; readonly until: Ms }
  | { readonly is: 'unapproved' | 'ready'; readonly until: Ms }
  | { readonly is: 'expired'; readonly since: Ms }

/** A longer wait, or more who have to agree, count at once for what is under way; a shorter wait does not. */
export function standingOf({ recovery }: Pick<Policy, 'recovery'>, waiting: Waiting, now: Ms): Standing {
  if (waiting.appliedAt !== null) return { is: 'applied' }
  if (waiting.endedAt !== null) return { is: 'ended' }
  if (recovery.wait === null) return { is: 'off' }
  if (waiting.beganAt === null || waiting.readyAt === null) return { is: 'unproved' }
  const ready = Math.max(waiting.readyAt, waiting.beganAt + recovery.wait)
  if (now < ready) return { is: 'waiting', until: ready }
  const until = ready + READY_FOR
  if (now >= until) return { is: 'expired', since: until }
  return { is: approvalsMissing(recovery, waiting) > 0 ? 'unapproved' : 'ready', until }
}

/** Whoever began it has agreed by that, and is not asked twice. */
export function approvalsMissing({ approvals: wanted }: Policy['recovery'], { operator, approvals }: Waiting): number {
  return Math.max(0, wanted - new Set(approvals.filter((one) => one !== operator)).size)
}

export type WaitFacts = AskFacts | BeginFacts | CancelFacts | ApproveFacts | AnnounceFacts | OpenFacts

export interface AskFacts {
  readonly does: 'ask'
  readonly now: Ms
  readonly by: 'person' | 'operator'
  readonly account: Account
  /** The new address is the one the account is said to have. */
  readonly sameAddress: boolean
  /** The new address is an operator's. */
  readonly toOperator: boolean
  /** When the bucket of such questions for this address will be full again; null: it was never used. */
  readonly tat: Ms | null
}

/** The new mailbox is proved. */
export interface BeginFacts {
  readonly does: 'begin'
  readonly now: Ms
  readonly account: Account
}

export interface CancelFacts {
  readonly does: 'cancel'
  readonly now: Ms
  /** A sign-in, a button in a live session, the link of a notice, or an operator. */
  readonly by: 'sign_in' | 'session' | 'link' | 'operator'
  /** null: there is none. */
  readonly waiting: Waiting | null
  readonly linkMatches: boolean
}

export interface ApproveFacts {
  readonly does: 'approve'
  readonly now: Ms
  /** Who agrees. */
  readonly by: string
  readonly waiting: Waiting | null
}

/** A look from time to time at one that is not over. */
export interface AnnounceFacts {
  readonly does: 'announce'
  readonly now: Ms
  readonly waiting: Waiting
  readonly account: Account
}

/** By the link of the mail that said that the wait is over. */
export interface OpenFacts {
  readonly does: 'open'
  readonly now: Ms
  readonly waiting: Waiting | null
  readonly account: Account
  readonly linkMatches: boolean
  /** What was typed as the address of the account: whoever got the mail by mistake does not know it, nor does a scanner. */
  readonly address: Match | 'absent'
  /** Which mail of its challenge, and how often an address was compared for it; null: none has the link. */
  readonly mail: { readonly ordinal: number; readonly addressTries: number } | null
}

export interface WaitDecision {
  /**
   * `pretend`: answered like `go`, and nothing will come of it. `idle`: nothing is to be done yet. `repeated`: it was so already. `claim`: take a
   * try, compare the address, and ask again. `retry`: a "no" that leaves the link good.
   */
  readonly verdict: 'go' | 'pretend' | 'idle' | 'repeated' | 'claim' | 'retry' | 'refuse'
  readonly reason: ReasonCode
  /** Of a wait that begins: when it ends. */
  readonly readyAt: Ms | null
  /** Of what ends it: why it ended. */
  readonly ends: RecoveryEnd | null
  readonly retryAfterMs: Ms | null
  /** When what the reason names happened, or will. */
  readonly at: Ms | null
  readonly triesLeft: number | null
  /** New state of the bucket; null: nothing was spent. */
  readonly tat: Ms | null
}

export function decideWait(policy: Policy, facts: WaitFacts): WaitDecision {
  switch (facts.does) {
    case 'ask':
      return decideAsk(policy, facts)
    case 'begin':
      return decideBegin(policy, facts)
    case 'cancel':
      return decideCancel(policy, facts)
    case 'approve':
      return decideApprove(policy, facts)
    case 'announce':
      return decideAnnounce(policy, facts)
    case 'open':
      return decideOpen(policy, facts)
  }
}

function decideAsk({ recovery }: Policy, facts: AskFacts): WaitDecision {
  const { now, by, account } = facts
  if (recovery.wait === null) return refuse('recovery_off')
  if (facts.sameAddress) return refuse('address_same')
  if (by === 'operator') {
    if (account === null) return refuse('person_unknown')
    // By the address an operator is one. And nobody begins for somebody else what ends in a mail to themself.
    if (account.listed || facts.toOperator) return refuse('operator_protected')
    if (account.status === 'disabled') return refuse('user_disabled')
    return { verdict: 'go', reason: 'recovery_waiting', ...blank, readyAt: now + recovery.wait }
  }
  const bucket = spend(asksForOne, facts.tat, now)
  if (!bucket.allowed) return refuse('too_many_recoveries', { retryAfterMs: bucket.retryInMs })
  return isTheirs(account)
    ? { verdict: 'go', reason: 'recovery_asked', ...blank, tat: bucket.tat }
    : { verdict: 'pretend', reason: 'recovery_unknown', ...blank, tat: bucket.tat }
}

/** Somebody who may come back this way. The same is answered of everybody else. */
function isTheirs(account: Account): boolean {
  return account !== null && account.status === 'active' && !account.listed && account.same
}

function decideBegin({ recovery }: Policy, { now, account }: BeginFacts): WaitDecision {
  if (recovery.wait === null) return refuse('recovery_off')
  const readyAt = now + recovery.wait
  return isTheirs(account)
    ? { verdict: 'go', reason: 'recovery_waiting', ...blank, readyAt }
    : { verdict: 'pretend', reason: 'recovery_unknown', ...blank, readyAt }
}

/** Everybody who can show that they have the account may, at any time, and has to prove nothing more: it takes nothing from anybody. */
function decideCancel(policy: Policy, { now, by, waiting, linkMatches }: CancelFacts): WaitDecision {
  if (waiting === null) return refuse(by === 'link' ? 'link_unknown' : 'recovery_ended')
  if (by === 'link' && !linkMatches) return refuse('link_malformed')
  if (waiting.appliedAt !== null) return refuse('recovery_ended', { at: waiting.appliedAt })
  if (waiting.endedAt !== null) return { verdict: 'repeated', reason: 'recovery_cancelled', ...blank, at: waiting.endedAt }
  const standing = standingOf(policy, waiting, now)
  if (standing.is === 'expired') return { verdict: 'repeated', reason: 'recovery_cancelled', ...blank, at: standing.since }
  return { verdict: 'go', reason: 'recovery_cancelled', ...blank, ends: by === 'sign_in' ? 'signed_in' : 'cancelled' }
}

function decideApprove(policy: Policy, { now, by, waiting }: ApproveFacts): WaitDecision {
  if (waiting === null) return refuse('recovery_ended')
  const { is } = standingOf(policy, waiting, now)
  if (is === 'applied' || is === 'ended' || is === 'expired' || is === 'off') return refuse('recovery_ended')
  if (by === waiting.operator) return refuse('recovery_own')
  const verdict = waiting.approvals.includes(by) ? 'repeated' : 'go'
  return { verdict, reason: 'recovery_approved', ...blank }
}

function decideAnnounce(policy: Policy, { now, waiting, account }: AnnounceFacts): WaitDecision {
  const standing = standingOf(policy, waiting, now)
  if (standing.is === 'ended' || standing.is === 'applied') return { verdict: 'idle', reason: 'recovery_ended', ...blank }
  if (standing.is === 'expired') return { verdict: 'refuse', reason: 'recovery_expired', ...blank, ends: 'expired', at: standing.since }
  // Nobody has the address any more that it was asked for.
  if (account === null || !account.same) return { verdict: 'refuse', reason: 'recovery_ended', ...blank, ends: 'superseded' }
  if (standing.is !== 'ready')
    return { verdict: 'idle', reason: standing.is === 'unapproved' ? 'recovery_unapproved' : 'recovery_waiting', ...blank }
  return isTheirs(account)
    ? { verdict: 'go', reason: 'recovery_ready', ...blank, at: standing.until }
    : { verdict: 'idle', reason: 'recovery_waiting', ...blank }
}

function decideOpen(policy: Policy, { now, waiting, account, linkMatches, address, mail }: OpenFacts): WaitDecision {
  if (waiting === null || mail === null) return refuse('link_unknown')
  const { addressTries } = mail
  if (!linkMatches) return refuse('link_malformed')
  const standing = standingOf(policy, waiting, now)
  if (standing.is === 'waiting') return refuse('recovery_waiting', { at: standing.until })
  if (standing.is === 'expired') return refuse('recovery_expired', { at: standing.since })
  if (standing.is === 'unapproved') return refuse('recovery_unapproved')
  if (standing.is !== 'ready' || !isTheirs(account)) return refuse('recovery_ended')
  // Asked before the address is looked at: whoever tries addresses ends here.
  const spent = address === 'exhausted' || ((address === 'absent' || address === 'unclaimed') && addressTries >= policy.addressTries)
  if (spent) return refuse('recovery_ended')
  if (address === 'absent') return retry('address_needed')
  if (address === 'unclaimed') return { verdict: 'claim', reason: 'address_mismatch', ...blank }
  if (address !== 'right') {
    const triesLeft = Math.max(0, policy.addressTries - addressTries - 1)
    return triesLeft === 0 ? refuse('recovery_ended') : retry('address_mismatch', { triesLeft })
  }
  return { verdict: 'go', reason: 'recovery_opened', ...blank }
}

type Detail = Partial<Pick<WaitDecision, 'retryAfterMs' | 'at' | 'triesLeft'>>
const blank = { readyAt: null, ends: null, retryAfterMs: null, at: null, triesLeft: null, tat: null } as const

function refuse(reason: ReasonCode, detail: Detail = {}): WaitDecision {
  return { verdict: 'refuse', reason, ...blank, ...detail }
}

function retry(reason: ReasonCode, detail: Detail = {}): WaitDecision {
  return { verdict: 'retry', reason, ...blank, ...detail }
}
