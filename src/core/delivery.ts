// What becomes of a queued mail: hand it over, try again later, or give it up. Retries live only as long as the secrets:
// RFC 5321's days of patience would deliver dead codes.
import type { Ms } from './model.ts'
import type { Policy } from './policy.ts'
import type { ReasonCode } from './reason.ts'

/**
 * What the mail server's answer means. `unknown`: the data went out and the answer never came. `unreadable`: not the server's
 * word: the mail cannot be made, because the key of its sealed secrets is gone or a defect of ours.
 */
export type ReplyClass = 'accepted' | 'temporary' | 'permanent' | 'unreachable' | 'unknown' | 'unreadable'

export interface DeliveryFacts {
  readonly now: Ms
  /** Handed over so many times before. */
  readonly tries: number
  /** When the last of the mail's secrets ends. */
  readonly expiresAt: Ms
  readonly decoy: boolean
  /** null: not handed over yet. */
  readonly reply: ReplyClass | null
  /** Its tenant is suspended or gone. */
  readonly withdrawn?: boolean
}

export interface DeliveryDecision {
  readonly verdict: 'hand_over' | 'settle' | 'retry'
  readonly reason: ReasonCode
  /** `settle`: the state in which the mail rests. */
  readonly state: 'sent' | 'dead' | 'expired' | 'suppressed' | null
  readonly retryInMs: Ms | null
}

/** Short at first, since a person is waiting; then every two minutes, for greylisting. */
const RETRIES: readonly Ms[] = [5_000, 15_000, 45_000, 120_000]

export function decideDelivery(policy: Policy, facts: DeliveryFacts): DeliveryDecision {
  if (facts.reply === 'accepted') return settle(facts.decoy ? 'suppressed' : 'sent', facts.decoy ? 'mail_suppressed' : 'mail_sent')
  if (facts.reply === 'permanent' || facts.reply === 'unreadable') return settle('dead', 'mail_dead')
  if (facts.withdrawn) return settle('expired', 'mail_withdrawn')
  const lastUseful = facts.expiresAt - policy.mailUsefulFor
  if (facts.reply === null) {
    return facts.now > lastUseful
      ? settle('expired', 'mail_expired')
      : { verdict: 'hand_over', reason: 'mail_queued', state: null, retryInMs: null }
  }
  // Temporary, unreachable or unknown: the same mail with the same Message-ID again. A second copy is harmless, none is not.
  const retryInMs = RETRIES[Math.min(facts.tries, RETRIES.length - 1)] as Ms
  if (facts.now + retryInMs > lastUseful) return settle('expired', 'mail_expired')
  return { verdict: 'retry', reason: 'mail_deferred', state: null, retryInMs }
}

function settle(state: 'sent' | 'dead' | 'expired' | 'suppressed', reason: ReasonCode): DeliveryDecision {
  return { verdict: 'settle', reason, state, retryInMs: null }
}
