// How long rows are kept, and what of them no decision can read any more. Nothing here deletes a user.
import { keepHits, type Rule } from './bucket.ts'
import type { Ms } from './model.ts'
import { mailWindows, type Policy } from './policy.ts'
import { READY_FOR } from './recovery-wait.ts'
import { bounceRule, everywhereRule } from './start.ts'

const DAY: Ms = 86_400_000

/** What goes when it is old; the mails of a challenge go with it. */
export const purgeKinds = ['challenges', 'sessions', 'events', 'views', 'dispatches', 'limits'] as const
export type PurgeKind = (typeof purgeKinds)[number]

/** Kinds whose rows are told by when they were made. */
export type DatedKind = Exclude<PurgeKind, 'limits'>

/** Ten times as long as a message is tried: so long it can be sent again. Its row holds no address, and the record tells the same. */
const DISPATCHES_KEPT: Ms = 30 * 86_400_000

/**
 * Rows of a kind that were made before this are not needed. `keep` counts from the end of the last thing that could be done with them
 * under the policy in force, and is a day at least: longer than a link lives under any policy, and than a proof can be repeated. So a
 * challenge goes when no link, code or resend of it can be good, and a session when it has run out however often it was used.
 */
export function purgeBefore(policy: Policy, kind: DatedKind, now: Ms): Ms {
  const { keep } = policy
  // The last resend, and its link.
  const proofs = policy.challengeTtl + Math.max(policy.linkTtl, policy.recovery.mailTtl)
  // The link of a notice or of an invitation may live longer than all that; its end is there to read for a day.
  if (kind === 'challenges')
    return now - Math.max(keep.challenges + proofs, policy.changeEmail.undo + DAY, policy.invitationTtl + DAY, recoveryLasts(policy) + DAY)
  // Its id is as old as its challenge.
  if (kind === 'sessions') return now - keep.sessions - policy.session.absolute - proofs
  if (kind === 'dispatches') return now - DISPATCHES_KEPT
  // Events, and the views that stand beside them.
  return now - keep.events
}

/** From the first question to the last moment at which a way back by waiting can be used. */
function recoveryLasts({ challengeTtl, linkTtl, recovery }: Policy): Ms {
  return recovery.wait === null ? 0 : challengeTtl + linkTtl + recovery.wait + READY_FOR
}

/**
 * A bucket that has been full again for so long. To the arithmetic it is one that was never used; it is kept a while because a clock may
 * be set back, and what is full now was not full then.
 */
export function isIdleBucket(policy: Policy, tat: Ms, now: Ms): boolean {
  return tat <= now - policy.keep.limits
}

export interface HitTimes {
  readonly mails: readonly Ms[]
  readonly knownMails: readonly Ms[]
  readonly failures: readonly Ms[]
  readonly bounces: readonly Ms[]
}

/** None of the hits of a mailbox has been in sight of a rule for so long: a wrong code is for a year, and a budget must not grow by purging. */
export function isIdleMailbox(policy: Policy, hits: HitTimes, now: Ms, heldUntil: readonly Ms[] = []): boolean {
  const then = now - policy.keep.limits
  if (heldUntil.some((until) => until > then)) return false
  const gone = (rules: readonly Rule[], times: readonly Ms[]): boolean => keepHits(rules, times, then).length === 0
  const mails = [...mailWindows(policy), everywhereRule]
  return (
    gone(mails, hits.mails) && gone(mails, hits.knownMails) && gone(policy.codeFailures, hits.failures) && gone([bounceRule], hits.bounces)
  )
}

/** All limits are gone through so often: whether one is idle stands in its state only. */
export const LIMITS_EVERY: Ms = 3_600_000

/**
 * What a batch may take: so little that whoever waits behind it does not notice; where nobody does, more, since most of it is the way to a
 * busy server and back, whatever its size.
 */
const batchMs = (othersWaited: boolean): Ms => (othersWaited ? 8 : 100)
/** So few take 6 ms with SQLite on a slow machine. */
export const BATCH_MIN = 400
const BATCH_MAX = 2_000

/** How many rows to take next, after so many took so long. Grows slowly and shrinks at once. */
export function nextBatch(rows: number, tookMs: number, othersWaited: boolean): number {
  const factor = Math.min(2, batchMs(othersWaited) / Math.max(tookMs, 0.5))
  return Math.max(BATCH_MIN, Math.min(BATCH_MAX, Math.floor(rows * factor)))
}

/**
 * The rest after a batch, so that purging is a fifth of the time of a database with one writer at most, and half of one connection's to one
 * that others write to meanwhile: with a fifth, on PostgreSQL, it did not keep up (docs/scale.md).
 */
export function restAfter(tookMs: number, othersWaited: boolean): Ms {
  return Math.max(2, Math.ceil((othersWaited ? 4 : 1) * tookMs))
}
