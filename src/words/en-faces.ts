// English: what happened, why, and the safe next step, for every face of core/reason.ts. It is 23:00 and the reader is tired:
// short sentences, no blame, no exclamation marks; say what was not used up; every number is the policy's. What fills the gaps
// stands in face.ts.
import { accountFaces } from './en-account.ts'
import { recoveryFaces } from './en-recovery.ts'
import type { Face, FaceTexts } from './face.ts'

const typeTheCode = 'Type the code from the same mail in the browser where you started.'

export const faces = {
  mail_queued: {
    heading: 'Check your mail',
    why: 'If this address can sign in here, a mail is on its way.',
    next: '{methods, select, both {Open the link in the mail, or type its code here.} code {Type the code from the mail here.} other {Open the link in the mail.}}',
    nextLabel: 'Continue',
  },
  too_many_mails: {
    heading: 'No more mails for now',
    why: 'We leave {resendAfter} between two mails, and send one address no more than {mailLimits}.',
    next: 'Use a mail you already have, or ask again {soon}.',
    nextLabel: 'Back to sign-in',
  },
  too_many_requests: {
    heading: 'Too many requests at once',
    why: 'Many sign-ins were asked for from your network or browser in a short time.',
    next: 'Use a mail you already have, or try again {soon}.',
    nextLabel: 'Back to sign-in',
  },
  address_invalid: {
    heading: 'Check the e-mail address',
    why: 'This does not read as one e-mail address, like name@example.com.',
    next: 'Correct it and send it again.',
    nextLabel: 'Correct the address',
  },
  return_invalid: {
    heading: 'We cannot send you back there',
    why: 'The page you came from named a place that is not on this site’s list.',
    next: 'Go back to the application and start from there, or sign in here without returning.',
    nextLabel: 'Sign in here',
  },
  challenge_unknown: {
    heading: 'This sign-in is not open here',
    why: 'It was started in another browser, or more than {challengeTtl} ago.',
    next: 'Go on in the browser where you started, or start again here.',
    nextLabel: 'Start again',
  },
  challenge_completed: {
    heading: 'This sign-in is done',
    why: 'It was completed{at, select, unknown {} other { at {at}}}, so another mail would be of no use.',
    next: 'If you are not signed in any more, sign in again.',
    nextLabel: 'Sign in',
  },

  signed_in: {
    heading: 'You are signed in',
    why: 'The mail was yours and the sign-in is complete.',
    next: 'Continue to where you were going.',
    nextLabel: 'Continue',
  },
  replayed: {
    heading: 'You are signed in',
    why: 'This browser had already signed in with the same mail.',
    next: 'Continue to where you were going.',
    nextLabel: 'Continue',
  },
  address_needed: {
    heading: 'Which address was the mail sent to?',
    why: 'This link was opened in a browser that did not ask for it.',
    next: 'Type the address the mail was sent to.',
    nextLabel: 'Type the address',
  },
  address_mismatch: {
    heading: 'That is another address',
    why: 'The mail with this link went to another address.{tries}',
    next: 'Type the address the mail was sent to.',
    nextLabel: 'Correct the address',
  },
  link_malformed: {
    heading: 'The link is not complete',
    why: 'Mail programs sometimes cut or change a link. Nothing was used up.',
    next: `{methods, select, link {Copy the whole link from the mail into the address bar.} other {${typeTheCode}}}`,
    nextLabel: 'Start again',
  },
  link_unknown: {
    heading: 'We do not know this link',
    why: 'It is from long ago, or was changed on its way.',
    next: 'Start again and use the new mail.',
    nextLabel: 'Start again',
  },
  link_expired: {
    heading: 'This link has expired',
    why: 'Links work for {linkTtl}.{ended}',
    next: 'Send a new mail and use that one.',
    nextLabel: 'Send a new mail',
  },
  link_used: {
    heading: 'This link has been used',
    why: 'It, or another proof from the same request, signed someone in{at, select, unknown {} other { at {at}}}.',
    next: 'If that was you, go on in that browser. To sign in here, ask for a new mail.',
    nextLabel: 'Sign in again',
  },
  link_other_browser: {
    heading: 'Open it where you started',
    why: 'For safety, this link works only in the browser that asked for it. Nothing was used up.',
    next: `{methods, select, link {Open the link in the browser where you started, or start again here.} other {${typeTheCode}}}`,
    nextLabel: 'Start again here',
  },
  disowned: {
    heading: 'This was ended',
    why: 'Whoever has the mail said{at, select, unknown {} other { at {at}}} that they had not asked for it.',
    next: 'If it was you who asked, start again and use the new mail.',
    nextLabel: 'Start again',
  },
  link_off: {
    heading: 'Links are switched off',
    why: 'This site no longer signs people in by link.',
    next: 'If the mail has a code, type it in the browser where you started. Else ask for a new mail: that one brings a code.',
    nextLabel: 'Start again',
  },
  code_wrong: {
    heading: 'That code does not match',
    why: 'It is not the code of your newest mail.{tries}',
    next: 'Look at the newest mail and type its code again.',
    nextLabel: 'Try again',
  },
  code_malformed: {
    heading: 'The code is not complete',
    why: 'A code has {codeLength, number} digits. No try was used.',
    next: 'Type all digits from the mail.',
    nextLabel: 'Try again',
  },
  code_expired: {
    heading: 'This code has expired',
    why: 'Codes work for {codeTtl}.{ended}',
    next: 'Send a new mail and type its code.',
    nextLabel: 'Send a new mail',
  },
  code_superseded: {
    heading: 'There is a newer mail',
    why: 'This code is from an earlier mail; only the newest code works.{tries}',
    next: 'Type the code from the newest mail.',
    nextLabel: 'Try again',
  },
  code_used: {
    heading: 'This sign-in is done',
    why: 'This browser was signed in with this request{at, select, unknown {} other { at {at}}}.',
    next: 'If you are not signed in any more, sign in again.',
    nextLabel: 'Sign in again',
  },
  code_locked: {
    heading: 'This code is locked',
    why: 'A code may be tried {codeTries, plural, one {once} other {# times}}. Then even the right one no longer works.',
    next: '{methods, select, code {Send a new mail and type its code.} other {Open the link in the same mail, or send a new mail.}}',
    nextLabel: 'Send a new mail',
  },
  code_other_browser: {
    heading: 'Type the code where you started',
    why: 'A code works only in the browser that asked for it. Nothing was used up.',
    next: 'Go back to that browser and type it there, or start again here.',
    nextLabel: 'Start again here',
  },
  code_off: {
    heading: 'Codes are off for now',
    why: '{methods, select, link {This site signs people in by link only.} other {Too many wrong codes were typed for this address, by you or by someone else.}}',
    next: '{methods, select, link {Open the link in the mail. If it has none, ask for a new mail.} code {Try again {soon}.} other {Open the link in the mail instead.}}',
    nextLabel: 'Start again',
  },
  sign_in_refused: {
    heading: 'This address cannot sign in here',
    why: 'The mail reached you, so the address is yours. It has no open account on this site.',
    next: 'Ask the people who run this site, and give them the request number below.',
    nextLabel: 'Use another address',
  },
  account_dormant: {
    heading: 'The mail alone does not open this account',
    why: 'The mail reached you. But nobody has signed in to this account for more than {dormantAfter}, and mailboxes pass to other people.',
    next: 'Get back in with a recovery code or by your backup address, and then sign in again in this browser. Or ask the people who run this site, and give them the request number below.',
    nextLabel: 'Get back in',
  },

  session_live: {
    heading: 'You are signed in',
    why: 'This browser has an open session.',
    next: 'Continue to where you were going.',
    nextLabel: 'Continue',
  },
  session_unknown: {
    heading: 'You are not signed in',
    why: 'This browser has no session here.',
    next: 'Sign in to go on.',
    nextLabel: 'Sign in',
  },
  session_idle: {
    heading: 'Please sign in again',
    why: 'A session ends after {sessionIdle} without use.',
    next: 'Sign in to go on.',
    nextLabel: 'Sign in',
  },
  session_expired: {
    heading: 'Please sign in again',
    why: 'A session lasts {sessionAbsolute} at most.',
    next: 'Sign in to go on.',
    nextLabel: 'Sign in',
  },
  session_ended: {
    heading: 'This session has ended',
    why: 'It was signed out, ended from the list of sessions, or replaced by a newer one.',
    next: 'Sign in to go on.',
    nextLabel: 'Sign in',
  },
  signed_out: {
    heading: 'You are signed out',
    why: 'The session in this browser has ended.',
    next: 'Sign in when you need to.',
    nextLabel: 'Sign in',
  },
  session_absent: {
    heading: 'That session is not open any more',
    why: 'It has ended already.',
    next: 'Look at the list of your sessions.',
    nextLabel: 'Continue',
  },
  session_revoked: {
    heading: 'The session has ended',
    why: 'That browser is signed out from now on.',
    next: 'Continue where you were.',
    nextLabel: 'Continue',
  },

  origin_null: {
    heading: 'We could not check this request',
    why: 'Your browser did not say which page it came from. Nothing was used up.',
    next: 'Open the page again and repeat the step. The mail you have is still good.',
    nextLabel: 'Open the sign-in page',
  },
  origin_foreign: {
    heading: 'This request came from another site',
    why: 'Sign-in forms work only from our own pages. Nothing was used up.',
    next: 'Open the sign-in page here and repeat the step.',
    nextLabel: 'Open the sign-in page',
  },
  origin_missing: {
    heading: 'We could not check this request',
    why: 'Your browser did not say where the request came from. Nothing was used up.',
    next: 'Open the page again and repeat the step. The mail you have is still good.',
    nextLabel: 'Open the sign-in page',
  },
  body_too_large: {
    heading: 'That was too much to read',
    why: 'What was sent is larger than any of our forms.',
    next: 'Start again with the form on the sign-in page.',
    nextLabel: 'Start again',
  },
  body_malformed: {
    heading: 'We could not read this request',
    why: 'What was sent does not fit the form it is for.',
    next: 'Start again with the form on the sign-in page.',
    nextLabel: 'Start again',
  },
  tenant_unknown: {
    heading: 'No site of this name',
    why: 'There is no sign-in for this name on this server.',
    next: 'Check the address, or ask the people who sent you here.',
    nextLabel: 'Start again',
  },
  route_unknown: {
    heading: 'There is no page here',
    why: 'The address may be cut short or mistyped.',
    next: 'Check the address, or start at the sign-in page.',
    nextLabel: 'Open the sign-in page',
  },
  method_not_allowed: {
    heading: 'That does not work here',
    why: 'The page exists, but it cannot be used in this way.',
    next: 'Start at the sign-in page.',
    nextLabel: 'Open the sign-in page',
  },

  operator_proof_old: {
    heading: 'Confirm that it is you',
    why: 'This shows and changes what belongs to other people, so it wants a proof of your mailbox that is not old.',
    next: 'Prove your mailbox once more. You come back to where you were.',
    nextLabel: 'Send me the mail',
  },
  person_unknown: {
    heading: 'Nothing is known by that',
    why: 'No person, sign-in or request here has this name; or it is older than what is kept.',
    next: 'Check it, or look for the address. The secret of a link or a session is never looked for.',
    nextLabel: 'Back to the console',
  },

  unavailable: {
    heading: 'Sign-in is not available right now',
    why: 'Our database does not answer. Nothing was used up: the mail you have is still good.',
    next: 'Try again {soon}.',
    nextLabel: 'Try again',
  },
  failed: {
    heading: 'Something went wrong on our side',
    why: 'This is a fault of ours. Nothing was used up: the mail you have is still good.',
    next: 'Try again. If it happens again, send us the request number below.',
    nextLabel: 'Try again',
  },
  ...accountFaces,
  ...recoveryFaces,
} as const satisfies Record<Face, FaceTexts>
