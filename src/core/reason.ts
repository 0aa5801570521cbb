// Every way Postkey answers, in one place. A decision carries exactly one of these codes; once released a code is never
// renamed. `face` is all that a stranger may learn: several reasons share one face on purpose (no account enumeration).
// docs/reasons.md is generated from this table.

export type Severity = 'info' | 'notice' | 'warning' | 'error'

/** What a person can safely do next; the words are in words/. */
export type NextStep =
  | 'check_mail'
  | 'continue'
  | 'correct_address'
  | 'correct_code'
  | 'new_mail'
  | 'newest_mail'
  | 'use_link'
  | 'use_code'
  | 'where_started'
  | 'type_address'
  | 'start_again'
  | 'sign_in'
  | 'wait'
  | 'confirm'
  | 'reload'
  | 'contact'

export type ReasonKind = 'start' | 'verify' | 'session' | 'guard' | 'delivery' | 'operator' | 'account' | 'webhook' | 'bounce' | 'outage'

export interface Reason {
  readonly kind: ReasonKind
  /** The code a stranger sees; differs from the reason where the difference would tell on somebody. */
  readonly face: string
  /** HTTP status of a page or problem with this face. */
  readonly status: number
  readonly next: NextStep
  readonly severity: Severity
  /** For operators and docs/reasons.md. */
  readonly meaning: string
}

const reason = (kind: ReasonKind, face: string, status: number, next: NextStep, severity: Severity, meaning: string): Reason => ({
  kind,
  face,
  status,
  next,
  severity,
  meaning,
})

export const reasons = {
  // start: the first eight share one face, whatever is known of the address
  mail_queued: reason('start', 'mail_queued', 202, 'check_mail', 'info', 'A mail is in the outbox.'),
  budget_spent: reason(
    'start',
    'mail_queued',
    202,
    'check_mail',
    'warning',
    'A mail is in the outbox without a code: too many wrong codes for this address. Its link works.',
  ),
  breaker_open: reason(
    'start',
    'mail_queued',
    202,
    'check_mail',
    'warning',
    'A mail is in the outbox without a code: too many wrong codes were typed, for whatever address. Its link works.',
  ),
  address_unknown: reason(
    'start',
    'mail_queued',
    202,
    'check_mail',
    'notice',
    'No user has this address and sign-up is by invitation; no mail is sent.',
  ),
  sign_up_closed: reason(
    'start',
    'mail_queued',
    202,
    'check_mail',
    'notice',
    'No user has this address and sign-up is closed; no mail is sent.',
  ),
  user_disabled: reason('start', 'mail_queued', 202, 'check_mail', 'notice', 'The user is disabled; no mail is sent.'),
  address_suppressed: reason(
    'start',
    'mail_queued',
    202,
    'check_mail',
    'notice',
    'Mail to this address is suppressed (bounces or complaints); no mail is sent.',
  ),
  address_taken: reason(
    'start',
    'mail_queued',
    202,
    'check_mail',
    'notice',
    'Somebody would change to an address that another user has: the mail tells its owner so, and there is no code that would work.',
  ),
  address_left: reason(
    'start',
    'mail_queued',
    202,
    'check_mail',
    'notice',
    'The address was left by a change that can still be undone; until then nobody new begins with it. No mail is sent.',
  ),
  too_many_mails: reason(
    'start',
    'too_many_mails',
    429,
    'wait',
    'notice',
    'The address had its share of mails for now. Told only to the browser whose own requests used it up; everyone else sees the face of mail_queued.',
  ),
  too_many_requests: reason('start', 'too_many_requests', 429, 'wait', 'warning', 'A limit by network, browser or tenant is reached.'),
  address_invalid: reason('start', 'address_invalid', 422, 'correct_address', 'info', 'What was typed is not one plain e-mail address.'),
  return_invalid: reason(
    'start',
    'return_invalid',
    400,
    'start_again',
    'notice',
    'The return address is not on the list of allowed origins.',
  ),
  challenge_unknown: reason('start', 'challenge_unknown', 404, 'start_again', 'info', 'No such challenge was asked for in this browser.'),
  challenge_completed: reason(
    'start',
    'challenge_completed',
    410,
    'sign_in',
    'info',
    'The challenge was already used to sign in; a new mail would be for nothing.',
  ),

  // verify
  signed_in: reason('verify', 'signed_in', 200, 'continue', 'info', 'The proof was right; a session exists.'),
  replayed: reason('verify', 'replayed', 200, 'continue', 'info', 'The same browser presented a proof again; it has the same session.'),
  address_needed: reason(
    'verify',
    'address_needed',
    422,
    'type_address',
    'info',
    'The link was opened in a browser that did not ask; the person must type the address.',
  ),
  address_mismatch: reason(
    'verify',
    'address_mismatch',
    422,
    'type_address',
    'notice',
    'The typed address is not the one the mail went to.',
  ),
  link_malformed: reason('verify', 'link_malformed', 404, 'use_code', 'notice', 'The secret of the link is missing or altered.'),
  link_unknown: reason('verify', 'link_unknown', 404, 'start_again', 'notice', 'No mail has this link.'),
  link_expired: reason('verify', 'link_expired', 410, 'new_mail', 'info', 'The link is past its life.'),
  link_used: reason(
    'verify',
    'link_used',
    410,
    'sign_in',
    'info',
    'The link, or another proof of the same challenge, has signed someone in.',
  ),
  link_other_browser: reason(
    'verify',
    'link_other_browser',
    403,
    'where_started',
    'info',
    'The link works only in the browser that asked: by policy, or because the address was mistyped too often.',
  ),
  link_off: reason('verify', 'link_off', 410, 'use_code', 'notice', 'The policy no longer accepts links.'),
  code_wrong: reason('verify', 'code_wrong', 422, 'correct_code', 'notice', 'The code does not match.'),
  code_malformed: reason(
    'verify',
    'code_malformed',
    422,
    'correct_code',
    'info',
    'What was typed does not hold one code of the right length; no try is spent.',
  ),
  code_expired: reason('verify', 'code_expired', 410, 'new_mail', 'info', 'The code is past its life.'),
  code_superseded: reason('verify', 'code_superseded', 422, 'newest_mail', 'info', 'The code is from an earlier mail of this challenge.'),
  code_used: reason(
    'verify',
    'code_used',
    410,
    'sign_in',
    'info',
    'The challenge has already signed this browser in, or its session has ended.',
  ),
  code_locked: reason(
    'verify',
    'code_locked',
    429,
    'use_link',
    'warning',
    'All tries of this code are spent; the link of the same mail still works.',
  ),
  code_other_browser: reason(
    'verify',
    'code_other_browser',
    403,
    'where_started',
    'notice',
    'The code was typed in a browser that did not ask; it is not looked at.',
  ),
  code_off: reason(
    'verify',
    'code_off',
    422,
    'use_link',
    'warning',
    'Codes are off: by policy, or too many wrong codes for this address. The link works.',
  ),
  sign_in_refused: reason(
    'verify',
    'sign_in_refused',
    403,
    'contact',
    'warning',
    'The proof was right, but this person may not sign in (disabled, or sign-up is closed).',
  ),
  proof_renewed: reason(
    'verify',
    'proof_renewed',
    200,
    'continue',
    'info',
    'The proof was right; the session of this browser goes on under a new token, and its mailbox is proved anew.',
  ),
  session_of_other: reason(
    'verify',
    'session_of_other',
    403,
    'start_again',
    'warning',
    'The browser that asked is signed in as somebody else by now: the proof does nothing for them.',
  ),
  change_confirmed: reason(
    'verify',
    'change_confirmed',
    200,
    'check_mail',
    'info',
    'One mailbox agreed to a change of address; the other has to agree as well.',
  ),
  address_changed: reason(
    'verify',
    'address_changed',
    200,
    'continue',
    'notice',
    'The proof was right, and the address of the person was changed; all other sessions ended.',
  ),
  address_in_use: reason(
    'verify',
    'address_in_use',
    409,
    'contact',
    'notice',
    'Somebody else has the address by now; whoever is told so has proved the mailbox.',
  ),

  // session
  session_live: reason('session', 'session_live', 200, 'continue', 'info', 'The session is good.'),
  session_unknown: reason('session', 'session_unknown', 401, 'sign_in', 'info', 'No session, or none that we know.'),
  session_idle: reason('session', 'session_idle', 401, 'sign_in', 'info', 'The session was not used for longer than its idle time.'),
  session_expired: reason('session', 'session_expired', 401, 'sign_in', 'info', 'The session reached its absolute lifetime.'),
  session_ended: reason(
    'session',
    'session_ended',
    401,
    'sign_in',
    'info',
    'The session was ended: signed out, ended from the list, or the user was disabled.',
  ),
  proof_recent: reason('session', 'proof_recent', 200, 'continue', 'info', 'The mailbox of the session was proved recently enough.'),
  proof_old: reason(
    'session',
    'proof_old',
    401,
    'confirm',
    'info',
    'The mailbox of the session was proved too long ago for what was asked; a code or link to it leads back.',
  ),
  signed_out: reason('session', 'signed_out', 200, 'sign_in', 'info', 'The person ended this session.'),
  session_absent: reason('session', 'session_absent', 404, 'continue', 'info', 'No live session of this person has that id.'),
  session_revoked: reason('session', 'session_revoked', 200, 'continue', 'info', 'The person ended one or more sessions from the list.'),

  // guard: refused before anything is looked up
  origin_null: reason('guard', 'origin_null', 403, 'reload', 'notice', 'The browser sent Origin: null.'),
  origin_foreign: reason('guard', 'origin_foreign', 403, 'reload', 'warning', 'The request came from another site.'),
  origin_missing: reason('guard', 'origin_missing', 403, 'reload', 'notice', 'The request did not say where it came from.'),
  body_too_large: reason('guard', 'body_too_large', 413, 'start_again', 'notice', 'The request body is larger than any form of ours.'),
  body_malformed: reason(
    'guard',
    'body_malformed',
    400,
    'start_again',
    'notice',
    'The body is not what this route takes: unreadable, a wrong type, or a field sent twice.',
  ),
  report_forged: reason(
    'guard',
    'body_malformed',
    400,
    'start_again',
    'warning',
    'A report of bounces was not signed by the mail service that it names; nothing was done.',
  ),
  tenant_unknown: reason('guard', 'tenant_unknown', 404, 'contact', 'notice', 'No tenant of that name.'),
  admin_key_unknown: reason(
    'guard',
    'route_unknown',
    404,
    'start_again',
    'notice',
    'The API for tenants was asked for without a key that is known.',
  ),
  admin_key_scope: reason(
    'guard',
    'route_unknown',
    404,
    'start_again',
    'warning',
    'A key was presented that has ended, or does not reach so far.',
  ),
  tenant_off: reason('guard', 'tenant_unknown', 404, 'contact', 'notice', 'The tenant is suspended: to strangers it is not there.'),
  route_unknown: reason('guard', 'route_unknown', 404, 'start_again', 'info', 'There is nothing at this address.'),
  method_not_allowed: reason('guard', 'method_not_allowed', 405, 'start_again', 'notice', 'The route exists, but not with this method.'),

  // delivery: what became of one attempt to hand a mail over
  mail_sent: reason('delivery', 'mail_sent', 200, 'check_mail', 'info', 'The mail server accepted the mail.'),
  mail_deferred: reason(
    'delivery',
    'mail_deferred',
    200,
    'wait',
    'notice',
    'The mail server was unreachable or said later; the mail will be tried again while its secrets live.',
  ),
  mail_dead: reason('delivery', 'mail_dead', 200, 'contact', 'warning', 'The mail server refused the mail for good.'),
  mail_expired: reason(
    'delivery',
    'mail_expired',
    200,
    'new_mail',
    'warning',
    'The secrets ran out before the mail could be handed over; it was not sent.',
  ),
  mail_suppressed: reason('delivery', 'mail_suppressed', 200, 'check_mail', 'info', 'A mail for show: nobody was to receive it.'),

  mail_withdrawn: reason(
    'delivery',
    'mail_withdrawn',
    200,
    'contact',
    'notice',
    'The tenant was suspended or removed while the mail waited; it was not sent.',
  ),

  // operator: what is done in the console, and by whom it is not; most of it is seen there only
  operator_made: reason('operator', 'operator_made', 200, 'sign_in', 'notice', 'A server made the user of an operator at its start.'),
  operator_looked: reason('operator', 'operator_looked', 200, 'continue', 'info', 'An operator looked at a page of the console.'),
  operator_unknown: reason(
    'operator',
    'route_unknown',
    404,
    'start_again',
    'warning',
    'Somebody who is signed in and no operator asked for the console.',
  ),
  operator_proof_old: reason(
    'operator',
    'operator_proof_old',
    401,
    'confirm',
    'notice',
    'The operator proved the mailbox too long ago for this; a code or link to it leads back.',
  ),
  operator_protected: reason(
    'operator',
    'operator_protected',
    403,
    'contact',
    'notice',
    'An operator cannot be disabled or erased: take the address off the list of operators first.',
  ),
  person_unknown: reason(
    'operator',
    'person_unknown',
    404,
    'continue',
    'info',
    'An operator asked for somebody or something that is not known here.',
  ),
  operator_resent: reason('operator', 'operator_resent', 200, 'continue', 'notice', 'An operator asked for another mail of a sign-in.'),
  operator_ended_sessions: reason(
    'operator',
    'operator_ended_sessions',
    200,
    'continue',
    'notice',
    'An operator ended all sessions of a person.',
  ),
  operator_disabled_user: reason(
    'operator',
    'operator_disabled_user',
    200,
    'continue',
    'warning',
    'An operator disabled a user, and ended all sessions.',
  ),
  operator_enabled_user: reason('operator', 'operator_enabled_user', 200, 'continue', 'notice', 'An operator let a user sign in again.'),
  operator_lifted_limit: reason(
    'operator',
    'operator_lifted_limit',
    200,
    'continue',
    'warning',
    'An operator lifted a limit of a mailbox: what was counted until then counts no more.',
  ),
  operator_erased_user: reason(
    'operator',
    'operator_erased_user',
    200,
    'continue',
    'warning',
    'An operator erased a person: the address is gone, the counts stay.',
  ),
  operator_started_recovery: reason(
    'operator',
    'operator_started_recovery',
    200,
    'continue',
    'warning',
    'An operator began a way back in for somebody: it takes as long as any other, and ends in no link for an operator.',
  ),
  operator_approved_recovery: reason(
    'operator',
    'operator_approved_recovery',
    200,
    'continue',
    'warning',
    'An operator wanted to agree to a way back in; what came of it stands beside.',
  ),
  operator_cancelled_recovery: reason(
    'operator',
    'operator_cancelled_recovery',
    200,
    'continue',
    'warning',
    'An operator wanted to stop a way back in; what came of it stands beside.',
  ),
  operator_created_user: reason('operator', 'operator_created_user', 201, 'sign_in', 'notice', 'An operator made a user.'),
  operator_imported_users: reason('operator', 'operator_imported_users', 200, 'sign_in', 'notice', 'An operator imported users.'),
  operator_deleted_user: reason(
    'operator',
    'operator_deleted_user',
    200,
    'continue',
    'warning',
    'An operator deleted a user: the address is free for somebody new, and what is known of it runs out in its time.',
  ),
  user_exists: reason('operator', 'user_exists', 409, 'continue', 'info', 'There is a user with this address or external id already.'),
  suppression_lifted: reason(
    'operator',
    'suppression_lifted',
    200,
    'continue',
    'warning',
    'Somebody with the database let mail to an address go out again, by command.',
  ),
  tenant_added: reason('operator', 'tenant_added', 200, 'continue', 'notice', 'A tenant was added.'),
  tenant_changed: reason('operator', 'tenant_changed', 200, 'continue', 'notice', 'Settings of a tenant were changed.'),
  tenant_suspended: reason(
    'operator',
    'tenant_suspended',
    200,
    'continue',
    'warning',
    'A tenant was suspended: its pages and links answer as if it were not there.',
  ),
  tenant_resumed: reason('operator', 'tenant_resumed', 200, 'continue', 'notice', 'A suspended tenant serves people again.'),
  tenant_removed: reason(
    'operator',
    'tenant_removed',
    200,
    'continue',
    'warning',
    'A tenant was removed; its rows are deleted in the background.',
  ),

  // bounce: what became of a mail after it was taken
  mail_bounced: reason(
    'bounce',
    'mail_bounced',
    200,
    'correct_address',
    'warning',
    'A mail came back for good: its address is sent nothing until an operator lifts that.',
  ),
  mail_complained: reason(
    'bounce',
    'mail_complained',
    200,
    'contact',
    'warning',
    'Somebody reported a mail as unwanted: its address is sent nothing until an operator lifts that.',
  ),

  // webhook: where the host is told of what happens; never on a page of people who sign in
  endpoint_changed: reason(
    'webhook',
    'endpoint_changed',
    200,
    'continue',
    'notice',
    'An endpoint for webhooks was added, changed or removed.',
  ),
  endpoint_disabled: reason(
    'webhook',
    'endpoint_disabled',
    200,
    'contact',
    'error',
    'An endpoint said that it is gone, or took nothing for days: it is sent nothing more until somebody enables it.',
  ),
  dispatch_replayed: reason('webhook', 'dispatch_replayed', 200, 'continue', 'notice', 'Webhooks were queued once more.'),

  // account: what people do to their own
  change_asked: reason('account', 'change_asked', 202, 'check_mail', 'notice', 'Somebody asked to change their address.'),
  change_ended: reason(
    'account',
    'change_ended',
    410,
    'start_again',
    'info',
    'The change was undone, another one was asked for since, or the person has another address by now.',
  ),
  address_same: reason('account', 'address_same', 422, 'correct_address', 'info', 'The new address is the one the person has.'),
  too_many_changes: reason(
    'account',
    'too_many_changes',
    429,
    'wait',
    'notice',
    'The person asked for changes of the address too often lately.',
  ),
  change_undone: reason(
    'account',
    'change_undone',
    200,
    'sign_in',
    'warning',
    'The old mailbox took a change of address back: it is as before, and all sessions ended.',
  ),
  undo_expired: reason('account', 'undo_expired', 410, 'contact', 'notice', 'The time in which the change could be undone is over.'),
  person_erased: reason('account', 'person_erased', 200, 'continue', 'warning', 'A person erased their own account.'),

  // getting back in by waiting
  recovery_asked: reason(
    'account',
    'recovery_asked',
    202,
    'check_mail',
    'notice',
    'Somebody asked for the way back into an account whose mailbox is lost; the new mailbox has to be proved before the wait begins.',
  ),
  recovery_unknown: reason(
    'account',
    'recovery_asked',
    202,
    'check_mail',
    'notice',
    'The same, for an address that nobody has, or whose account does not come back this way: the answers are alike, and nothing will come of it.',
  ),
  too_many_recoveries: reason(
    'account',
    'too_many_recoveries',
    429,
    'wait',
    'warning',
    'The way back into one account was asked for too often lately, whether there is such an account or not.',
  ),
  recovery_off: reason('account', 'route_unknown', 404, 'start_again', 'notice', 'The policy has no way back in by waiting.'),
  recovery_waiting: reason(
    'verify',
    'recovery_waiting',
    403,
    'wait',
    'warning',
    'The wait for the way back into an account has begun, or is not over yet; every known address of the account is told.',
  ),
  recovery_unapproved: reason(
    'account',
    'recovery_waiting',
    403,
    'wait',
    'notice',
    'The wait for the way back is over, and operators who have to agree to it have not.',
  ),
  recovery_approved: reason('account', 'recovery_approved', 200, 'continue', 'warning', 'An operator agreed to a way back in.'),
  recovery_own: reason(
    'account',
    'recovery_own',
    403,
    'contact',
    'notice',
    'Whoever began a way back in for somebody else cannot agree to it as well: another operator has to.',
  ),
  recovery_cancelled: reason(
    'account',
    'recovery_cancelled',
    200,
    'sign_in',
    'warning',
    'A way back in was stopped: by a sign-in, in a session, by the link of the notice, or by an operator.',
  ),
  recovery_ready: reason(
    'account',
    'recovery_ready',
    200,
    'check_mail',
    'warning',
    'The wait for the way back is over, and nobody stopped it: a link went to the new address.',
  ),
  recovery_opened: reason(
    'account',
    'recovery_opened',
    200,
    'continue',
    'warning',
    'The link after the wait was used: a session began that can only set the new address.',
  ),
  recovery_ended: reason(
    'account',
    'recovery_ended',
    410,
    'start_again',
    'info',
    'The way back was stopped or used, or the account has another address by now, or does not come back this way.',
  ),
  recovery_expired: reason('account', 'recovery_ended', 410, 'start_again', 'info', 'The way back was there, and nobody used it in time.'),

  // outage: not a decision; nothing was written
  unavailable: reason('outage', 'unavailable', 503, 'wait', 'error', 'The database is not answering.'),
  failed: reason('outage', 'failed', 500, 'reload', 'error', 'A defect on our side.'),
} as const satisfies Record<string, Reason>

export type ReasonCode = keyof typeof reasons
