// Mails that come back, and people who do not want them: what such a report means for the address. Pure; who may report is settled before.
import type { Ms } from './model.ts'
import type { ReasonCode } from './reason.ts'

/** Why an address is sent nothing. `refused`: the mail server said so to our face, several times in a week (core/start.ts). */
export type SuppressedWhy = 'refused' | 'bounced' | 'complained'

export interface Suppression {
  readonly why: SuppressedWhy
  readonly since: Ms
  /** null: until an operator lifts it. */
  readonly until: Ms | null
}

/** Who reported: the mail system that tried, by a message of its own, or the service that was asked to. */
export const reporters = ['dsn', 'ses', 'postmark', 'sendgrid', 'mailgun', 'signed'] as const
export type Reporter = (typeof reporters)[number]

export interface BounceFacts {
  readonly now: Ms
  readonly reporter: Reporter
  /** For good: what may work later is no report. */
  readonly kind: 'bounced' | 'complained'
  /** Masked or hashed, for the reader of the event. */
  readonly address: string
  /** The mail it is about, where the report names one of ours. */
  readonly mail: { readonly ordinal: number; readonly settledAt: Ms | null } | null
  /** What it was suppressed for before. */
  readonly suppressed: Suppression | null
}

export interface BounceDecision {
  /** `keep`: it is suppressed already, for as good a reason. */
  readonly verdict: 'suppress' | 'keep'
  readonly reason: ReasonCode
  readonly suppression: Suppression
}

export function isSuppressed(suppression: Suppression | null, now: Ms): boolean {
  return suppression !== null && (suppression.until === null || now < suppression.until)
}

export function decideBounce({ now, kind, suppressed }: BounceFacts): BounceDecision {
  const reason = kind === 'bounced' ? 'mail_bounced' : 'mail_complained'
  // Who complained does so also when the mailbox is full afterwards; a mailbox that is gone may have complained before.
  if (suppressed !== null && suppressed.until === null && (suppressed.why === 'complained' || suppressed.why === kind))
    return { verdict: 'keep', reason, suppression: suppressed }
  return { verdict: 'suppress', reason, suppression: { why: kind, since: now, until: null } }
}
