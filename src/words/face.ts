// What the words of a reason may speak of. Their gaps have fixed names, so that a language may tell in its own order what is known.

import type { Ms } from '../core/model.ts'
import { mailWindows, type Policy } from '../core/policy.ts'
import type { ReasonCode } from '../core/reason.ts'
import type { Words } from './words.ts'

/** Reasons that a stranger sees under another reason's face, or never on a page. A new reason must get words or stand here. */
type Faceless =
  | 'budget_spent'
  | 'address_taken'
  | 'mailbox_quiet'
  | 'mailbox_full'
  | 'address_left'
  | 'host_refused'
  | 'host_refused_proof'
  | 'host_id_differs'
  | 'host_unavailable'
  | 'breaker_open'
  | 'address_unknown'
  | 'sign_up_closed'
  | 'user_disabled'
  | 'address_suppressed'
  | 'mail_sent'
  | 'mail_deferred'
  | 'mail_dead'
  | 'mail_expired'
  | 'mail_suppressed'
  | 'session_displaced'
  | 'operator_made'
  | 'operator_looked'
  | 'operator_at_tenants'
  | 'operator_unknown'
  | 'operator_resent'
  | 'operator_ended_sessions'
  | 'operator_disabled_user'
  | 'operator_enabled_user'
  | 'operator_lifted_limit'
  | 'operator_erased_user'
  | 'operator_created_user'
  | 'operator_imported_users'
  | 'operator_deleted_user'
  | 'user_exists'
  | 'user_confirmed'
  | 'invitation_off'
  | 'suppression_lifted'
  | 'report_forged'
  | 'mail_bounced'
  | 'mail_complained'
  | 'endpoint_changed'
  | 'endpoint_disabled'
  | 'dispatch_replayed'
  | 'tenant_off'
  | 'admin_key_unknown'
  | 'admin_key_scope'
  | 'mail_withdrawn'
  | 'tenant_added'
  | 'tenant_changed'
  | 'tenant_suspended'
  | 'tenant_resumed'
  | 'tenant_removed'
  | 'backup_unknown'
  | 'recovery_code_used'
  | 'recovery_code_malformed'
  | 'recovery_asked'
  | 'recovery_unknown'
  | 'recovery_unapproved'
  | 'recovery_approved'
  | 'recovery_own'
  | 'recovery_cancelled'
  | 'recovery_ready'
  | 'recovery_expired'
  | 'operator_started_recovery'
  | 'operator_approved_recovery'
  | 'operator_cancelled_recovery'

export type Face = Exclude<ReasonCode, Faceless>

/** As a language writes it, in ICU syntax. */
export interface FaceTexts {
  readonly heading: string
  /** What happened. */
  readonly why: string
  /** The safe next step, as a sentence. */
  readonly next: string
  /** The same step on a button. */
  readonly nextLabel: string
}

/** What is known of a "no". Every number comes from the policy in force. */
export interface FaceParams {
  readonly policy: Policy
  readonly now: Ms
  readonly triesLeft?: number | undefined
  readonly retryAfterMs?: Ms | undefined
  readonly at?: Ms | undefined
}

export interface FaceWords {
  readonly heading: string
  why(params: FaceParams): string
  next(params: FaceParams): string
  readonly nextLabel: string
}

/** Name of a gap → what fills it. A number for what is counted, else a text. */
export const faceGaps = {
  /** both, link, code */
  methods: (_, { policy }) => (policy.methods.length === 2 ? 'both' : (policy.methods[0] ?? 'link')),
  linkTtl: (words, { policy }) => words.duration(policy.linkTtl),
  codeTtl: (words, { policy }) => words.duration(policy.codeTtl),
  challengeTtl: (words, { policy }) => words.duration(policy.challengeTtl),
  resendAfter: (words, { policy }) => words.duration(policy.resendAfter),
  sessionIdle: (words, { policy }) => words.duration(policy.session.idle),
  sessionAbsolute: (words, { policy }) => words.duration(policy.session.absolute),
  dormantAfter: (words, { policy }) => words.duration(policy.dormantAfter ?? 0),
  recentProof: (words, { policy }) => words.duration(policy.recentProof),
  changes: (_, { policy }) => policy.changeEmail.asks.count,
  changesPer: (words, { policy }) => words.duration(policy.changeEmail.asks.per),
  undoTime: (words, { policy }) => words.duration(policy.changeEmail.undo),
  recoveryTime: (words, { policy }) => words.duration(policy.recovery.sessionTtl),
  recoveryTries: (_, { policy }) => policy.recovery.tries.count,
  recoveryTriesPer: (words, { policy }) => words.duration(policy.recovery.tries.per),
  mailLimits: (words, { policy }) => mailLimits(words, policy),
  codeLength: (_, { policy }) => policy.codeLength,
  codeTries: (_, { policy }) => policy.codeTries,
  /** "in 3 minutes" */
  soon: (words, { retryAfterMs }) => (retryAfterMs === undefined ? words.time.soon : words.inTime(retryAfterMs)),
  /** "14:20 UTC", or "unknown" */
  at: (words, { at, now }) => (at === undefined ? 'unknown' : words.clock(at, now)),
  /** A sentence of its own with what parts it from the one before, or nothing. */
  tries: (words, { triesLeft }) => (triesLeft === undefined ? '' : `${words.gap}${words.after.tries({ count: triesLeft })}`),
  /** The same. */
  ended: (words, { at, now }) =>
    at === undefined ? '' : `${words.gap}${words.after.ended({ clock: words.clock(at, now), ago: words.ago(at, now) })}`,
} satisfies Record<string, (words: Words, params: FaceParams) => string | number>

/** "3 mails in 15 minutes and 10 in 24 hours" */
export function mailLimits(words: Words, policy: Policy): string {
  return words.list(
    mailWindows(policy).map(({ count, per }, index) =>
      words.limits[index === 0 ? 'first' : 'more']({ count, duration: words.duration(per) }),
    ),
  )
}
