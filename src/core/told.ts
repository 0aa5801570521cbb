// What happened, as far as it is counted. A flow tells it as it happens, and it is read out of the record later, in the same words: so
// the counts of a running process can be held against the record. No id, no address, nothing without a bound.
import type { MailboxClass } from './mailbox.ts'
import type { Ms, Proof, Purpose } from './model.ts'
import { type ReasonCode, reasons } from './reason.ts'
import type { StartDecision } from './start.ts'
import type { VerifyDecision, VerifyFacts } from './verify.ts'
import { classOfView, type ViewClass, type ViewFacts, type ViewState } from './view.ts'

export type Told = ToldStart | ToldVerify | ToldDelivery | ToldRefusal | ToldView | ToldRequest | ToldDispatch | ToldBounce | ToldNotMe

export interface ToldStart {
  readonly kind: 'start' | 'resend'
  readonly reason: ReasonCode
  /** A mail was queued, if only for show. */
  readonly queued: boolean
}

export interface ToldVerify {
  readonly kind: 'verify'
  readonly proof: Proof
  readonly reason: ReasonCode
  /** In the browser that asked. */
  readonly bound: boolean
  /** What a look at the code showed; null: none was looked at. */
  readonly code: 'right' | 'older' | 'wrong' | null
  /** Since the challenge began; set by a sign-in. */
  readonly tookMs: Ms | null
  /** Mails of the challenge up to its sign-in, and wrong codes that it took back; 0 without one. */
  readonly mails: number
  readonly refunded: number
}

export interface ToldDelivery {
  readonly kind: 'deliver'
  readonly reason: ReasonCode
  /** Since the mail was queued. */
  readonly ageMs: Ms
}

/** Refused before any facts were looked up: by the guard, or since what was typed is no address. */
export interface ToldRefusal {
  readonly kind: 'refusal'
  readonly of: 'guard' | 'start'
  readonly reason: ReasonCode
  /** Something was sent in, and not only asked for. */
  readonly posted: boolean
}

export interface ToldView {
  readonly kind: 'view'
  /** As far as one view tells: what comes before and after it is not known yet. */
  readonly class: ViewClass
  readonly state: ViewState
  readonly method: ViewFacts['method']
  /** Since the mail was queued. */
  readonly ageMs: Ms
  /** The first of this link by a person, most likely. */
  readonly first: boolean
  readonly mailbox: MailboxClass
}

export interface ToldRequest {
  readonly kind: 'request'
  /** The pattern, never the path. */
  readonly route: string
  readonly status: number
  /** '': a page that was looked at. */
  readonly reason: string
}

/** One try to tell the host. */
export interface ToldDispatch {
  readonly kind: 'dispatch'
  readonly outcome: 'delivered' | 'retry' | 'failed'
}

/** A report of a mail that was taken before. */
export interface ToldBounce {
  readonly kind: 'bounce'
  readonly reason: ReasonCode
}

/** Somebody said of a mail that they had not asked for it, and for the first time. */
export interface ToldNotMe {
  readonly kind: 'not_me'
  /** What the mail was for. */
  readonly purpose: Purpose
  /** How many sessions ended by it. */
  readonly sessions: number
}

/** How flows tell; never throws. */
export type Tell = (told: Told) => void

export function toldStart(kind: 'start' | 'resend', decision: StartDecision): ToldStart {
  return { kind, reason: decision.reason, queued: decision.mail !== null }
}

/** @param facts as they are written down of it. */
export function toldRefusal(of: 'guard' | 'start', reason: ReasonCode, facts: object): ToldRefusal {
  return { kind: 'refusal', of, reason, posted: of === 'start' || !('method' in facts) || !LOOKS.has(String(facts.method)) }
}

const LOOKS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** @param flow of its challenge so far. */
export function toldVerify(
  facts: VerifyFacts,
  { reason }: VerifyDecision,
  flow: { readonly mails: number; readonly refunded: number },
): ToldVerify {
  const { proof, bound, code, now, challenge } = facts
  const looked = code === 'right' || code === 'older' || code === 'wrong' ? code : null
  const signedIn = reason === 'signed_in'
  return {
    kind: 'verify',
    proof,
    reason,
    bound,
    // At a challenge that is spent there is nothing to guess.
    code: reason === 'replayed' || reason === 'code_used' ? null : looked,
    tookMs: signedIn && challenge !== null ? now - challenge.createdAt : null,
    mails: signedIn ? flow.mails : 0,
    refunded: signedIn ? flow.refunded : 0,
  }
}

/** @param isFirst asked only of a person's. */
export function toldView(facts: ViewFacts, mailbox: MailboxClass, isFirst: () => boolean): ToldView {
  const { state, method, ageMs } = facts
  const view = classOfView({ at: 0, ordinal: 0, facts }, [], true)
  return { kind: 'view', class: view, state, method, ageMs, first: isHuman(view) && isFirst(), mailbox }
}

/** By a person, most likely. */
export function isHuman(view: ViewClass): boolean {
  return view === 'same_browser' || view === 'other_browser'
}

/** A link, a code or a form that was sent in: was it for nothing? null: nothing was sent in. */
export function wasInVain(told: Told): boolean | null {
  if (told.kind === 'refusal') return told.of === 'guard' && told.posted ? true : null
  return told.kind === 'verify' ? statusOf(told.reason) >= 400 : null
}

/** As the browser sees it. */
function statusOf(reason: ReasonCode): number {
  return reasons[reasons[reason].face as ReasonCode].status
}
