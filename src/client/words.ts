// English: every word of the component. The application puts its own in their place, one by one: `element.words = { send: 'Los' }`.
// `{name}` marks a place that is filled with an element or a value.
import type { Failure } from './failure.ts'

export const english = {
  askHeading: 'Sign in',
  askIntro: 'We send you a mail. No password.',
  email: 'E-mail address',
  /** `{address}` is the address with the likely domain. */
  typo: 'Did you mean {address}?',
  send: 'Send me the mail',
  back: 'Back to the mail that is out',

  checkHeading: 'Check your mail',
  onItsWay: 'If {address} can sign in here, a mail is on its way.',
  useLink: 'Open the link in it to sign in.',
  codeLabel: '{digits}-digit code from the mail',
  codeHint: 'We check it as soon as the last digit is in.',
  submit: 'Sign in',
  until: 'The mail is good until {time}.',
  nothing: 'No mail yet?',
  spam: 'Look in the spam folder. Company mail can take a few minutes.',
  noCode: 'No code in the mail? Then its link signs you in.',
  resend: 'Send a new mail',
  /** `{time}` counts down, as in 0:28. */
  resendWait: 'Send a new mail in {time}',
  resendReady: 'You can ask for a new mail now.',
  resent: 'A new mail is on its way.',
  otherAddress: 'Use another address',

  signedInHeading: 'You are signed in',
  signedInAs: 'You are signed in as {address}.',
  signOut: 'Sign out',
  signedOut: 'You are signed out.',

  problem: 'There is a problem',
  request: 'Request',
  /** Beside a field: what to correct there. The server's words are English; for another language go by `failure.reason`. */
  fieldProblem: ({ words }: Failure): string => `${words.title}. ${words.detail}`,
  /** Where there is no field to correct. */
  otherProblem: ({ words }: Failure): string => `${words.title}. ${words.detail} ${words.nextStep}`,
}

export type Words = typeof english
