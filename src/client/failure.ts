// How a "no" reaches the application: as a value, never as an exception. The server names its reason (core/reason.ts); a few more are met
// by a client only. The server's table stays out of the bundle, since it holds a sentence for operators on each reason: what comes next
// is said here once more, and a test holds the two against each other.
import type { NextStep, ReasonCode } from '../core/reason.ts'

const served = {
  too_many_mails: 'wait',
  too_many_requests: 'wait',
  address_invalid: 'correct_address',
  return_invalid: 'start_again',
  challenge_unknown: 'start_again',
  challenge_completed: 'sign_in',
  address_needed: 'type_address',
  address_mismatch: 'type_address',
  link_malformed: 'use_code',
  link_unknown: 'start_again',
  link_expired: 'new_mail',
  link_used: 'sign_in',
  link_other_browser: 'where_started',
  disowned: 'start_again',
  link_off: 'use_code',
  code_wrong: 'correct_code',
  code_malformed: 'correct_code',
  code_expired: 'new_mail',
  code_superseded: 'newest_mail',
  code_used: 'sign_in',
  code_locked: 'use_link',
  code_other_browser: 'where_started',
  code_off: 'use_link',
  sign_in_refused: 'contact',
  account_dormant: 'recover',
  proof_old: 'confirm',
  session_of_other: 'start_again',
  address_in_use: 'contact',
  session_unknown: 'sign_in',
  session_idle: 'sign_in',
  session_expired: 'sign_in',
  session_ended: 'sign_in',
  session_absent: 'continue',
  origin_null: 'reload',
  origin_foreign: 'reload',
  origin_missing: 'reload',
  body_too_large: 'start_again',
  body_malformed: 'start_again',
  tenant_unknown: 'contact',
  route_unknown: 'start_again',
  method_not_allowed: 'start_again',
  unavailable: 'wait',
  failed: 'reload',
} as const satisfies Partial<Record<ReasonCode, NextStep>>

const own = {
  /** No answer came: offline, the server is gone, or the browser did not let the request out. */
  unreachable: 'wait',
  /** An answer that is none of Postkey's, or a newer one than this client knows. */
  answer_unknown: 'reload',
  /** `poll`: link and code of the newest mail ran out before anybody came. */
  timed_out: 'new_mail',
  /** `poll`: given up by its signal, or the sign-in was forgotten meanwhile. */
  aborted: 'continue',
} as const satisfies Record<string, NextStep>

/** By reason, what a person can safely do next. */
export const nextSteps = { ...served, ...own }

export type ServedReason = keyof typeof served
export type Reason = keyof typeof nextSteps

/** What to show: what happened, why, and the safe next step. In the server's words where it answered. */
export interface FailureWords {
  readonly title: string
  readonly detail: string
  readonly nextStep: string
}

export interface Failure {
  readonly ok: false
  readonly reason: Reason
  readonly nextStep: NextStep
  readonly words: FailureWords
  /** Of the code or the typed address; null where it is not counted. */
  readonly triesLeft: number | null
  /** When to try again, by this machine's clock; null where waiting does not help. */
  readonly retryAt: number | null
  /** Finds what happened in the audit record; null if no answer came. */
  readonly requestId: string | null
  /** What the failed request threw, for a developer. */
  readonly cause?: unknown
}

/** For answers that come without words. */
const said: Partial<Record<Reason, readonly [title: string, detail: string, nextStep: string]>> = {
  unreachable: [
    'No answer came',
    'The connection or the server did not answer. The mail you have is still good.',
    'Try again in a moment.',
  ],
  timed_out: ['This sign-in has run out', 'The link and the code of the newest mail have expired.', 'Send a new mail.'],
  aborted: ['The wait has ended', 'Nobody waits for this sign-in any more.', 'Go on as you like.'],
  challenge_unknown: ['This sign-in is not open here', 'It was started elsewhere, or is over.', 'Start again.'],
  too_many_requests: ['Too many requests at once', 'The server asks for a pause.', 'Try again in a little while.'],
  unavailable: [
    'Sign-in is not available right now',
    'Nothing was used up: the mail you have is still good.',
    'Try again in a little while.',
  ],
}
const unread = ['Something went wrong', 'The answer could not be read.', 'Load the page again.'] as const

interface More {
  readonly words?: FailureWords | undefined
  readonly triesLeft?: number | null
  readonly retryAt?: number | null
  readonly requestId?: string | null
  readonly cause?: unknown
}

export function failureOf(reason: Reason, more: More = {}): Failure {
  const [title, detail, nextStep] = said[reason] ?? unread
  return {
    ok: false,
    reason,
    nextStep: nextSteps[reason],
    triesLeft: null,
    retryAt: null,
    requestId: null,
    ...more,
    words: more.words ?? { title, detail, nextStep },
  }
}

export type Json = Readonly<Record<string, unknown>>

/** An answer that is no success: Postkey's problem, or what a proxy, a captive portal or a newer server put in its place. */
export function refusalOf(status: number, body: Json | null, retryAfterHeader: string | null): Failure {
  const { reason, title, detail, nextStep, triesLeft, retryAfter, requestId } = body ?? {}
  const ours = typeof reason === 'string'
  const known = ours && Object.keys(served).includes(reason) ? (reason as ServedReason) : byStatus(status)
  return failureOf(known, {
    words:
      ours && typeof title === 'string' && typeof detail === 'string' && typeof nextStep === 'string'
        ? { title, detail, nextStep }
        : undefined,
    triesLeft: typeof triesLeft === 'number' ? triesLeft : null,
    retryAt: retryAtOf(typeof retryAfter === 'number' ? String(retryAfter) : retryAfterHeader),
    requestId: typeof requestId === 'string' ? requestId : null,
  })
}

function byStatus(status: number): Reason {
  if (status === 429) return 'too_many_requests'
  if (status >= 502 && status <= 504) return 'unavailable'
  return status >= 500 ? 'failed' : 'answer_unknown'
}

/** Seconds, or a date as proxies send it. */
function retryAtOf(after: string | null): number | null {
  if (after === null) return null
  const at = /^\d+$/.test(after) ? Date.now() + Number(after) * 1_000 : Date.parse(after)
  return Number.isNaN(at) ? null : at
}
