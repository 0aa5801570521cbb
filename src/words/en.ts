// English, which the other languages are held against: every word that a person sees on a page, in ICU syntax. A gap such as
// `{address}` may be filled by an element of the page. Typographic quotes only: ' begins what ICU does not read.
// Answers to a "no" are in en-faces.ts, mails in mail-en.ts. How to add a text: docs/words.md.
import { change, confirm, erase, landings, notMe, own, undo } from './en-account.ts'
import { faces } from './en-faces.ts'
import { prepare, recover, recoveryLandings, recoveryMails } from './en-recovery.ts'
import { wait } from './en-recovery-wait.ts'
import { mail } from './mail-en.ts'
import { mails } from './mail-en-account.ts'

export const en = {
  faces,
  mail,
  mails: { ...mails, ...recoveryMails },
  confirm,
  landings: { ...landings, ...recoveryLandings },
  recover,
  prepare,
  change,
  own,
  erase,
  undo,
  notMe,
  wait,

  frame: {
    title: '{page} · {brand}',
    errorTitle: 'Error: {title}',
    /** Heading and reason of a "no" as one text. */
    noAndWhy: '{title}. {detail}',
    request: 'Request',
    copy: 'Copy',
    copied: 'Copied',
    help: 'Get help',
    problem: 'There is a problem',
    language: 'Language',
  },

  /** How times are put together; what they are made of comes from Intl. */
  time: {
    two: '{first} {second}',
    day: '{day}, {time}',
    justNow: 'just now',
    /** Where "in 3 minutes" would stand, but no number is known. */
    soon: 'in a little while',
  },

  /** Browsers are told by names from a fixed list. */
  browser: {
    on: '{browser} on {system}',
    unknown: 'an unknown browser',
    app: 'an app',
  },

  /** "3 mails in 15 minutes and 10 in 24 hours" */
  limits: {
    first: '{count, plural, one {# mail} other {# mails}} in {duration}',
    more: '{count, number} in {duration}',
  },

  /** Follow the reason, where the number or the time is known. */
  after: {
    tries: '{count, plural, =0 {No try is left.} one {# try is left.} other {# tries are left.}}',
    ended: 'This one ended at {clock}, {ago}.',
  },

  reasons: {
    title: 'Answers',
    intro: 'Every reason that the API and the pages answer with, and what to do next.',
  },

  ask: {
    title: 'Sign in',
    heading: 'Sign in to {brand}',
    intro: {
      both: 'We send you a mail with a link and a code. No password.',
      link: 'We send you a mail with a link. No password.',
      code: 'We send you a mail with a code. No password.',
      /** Who is still to say who they are may get the one or the other. */
      either: 'We send you a mail to sign in with. No password.',
    },
    email: 'E-mail address',
    send: 'Send me the mail',
    signedOut: 'You are signed out.',
    /** `{address}` is the address with the likely domain. */
    typo: 'Did you mean {address}?',
  },

  check: {
    title: 'Check your mail',
    onItsWay: 'If {address} can sign in here, a mail is on its way.',
    useLink: 'Open the link in it to sign in.',
    resent: 'A new mail is on its way.',
    undelivered: 'Our last mail to {address} could not be delivered. Look whether the address is right, or use another one.',
    codeLabel: '{digits, number}-digit code from the mail',
    codeHint: 'We check it as soon as the last digit is in.',
    submit: 'Sign in',
    from: 'From',
    codeRow: 'Code works',
    linkRow: 'Link works',
    until: 'for {duration}, until {time}',
    over: 'ended at {time}',
    openMail: 'Open {provider}',
    newTab: 'opens in a new tab',
    nothing: 'No mail yet?',
    spam: 'Look in the spam folder. Company mail can take a few minutes.',
    noCode: 'No code in the mail? Then its link signs you in.',
    limit: 'One address gets at most {limits}.',
    resend: 'Send a new mail',
    /** `{time}` counts down, as in 0:28. */
    resendWait: 'Send a new mail in {time}',
    resendReady: 'You can ask for a new mail now.',
    otherAddress: 'Use another address',
    otherHeading: 'Use another address',
    otherBack: 'Back to the code',
    otherBackLink: 'Back',
    signedInAs: 'This browser is signed in as {address}. Signing in here ends that session.',
    namelessHeading: 'Go on where you started',
    nameless: 'A sign-in was asked for in another browser. Type the code from the mail there.',
    namelessLink: 'A sign-in was asked for in another browser. Open the link from the mail there.',
    startAgain: 'Start again here',
  },

  landing: {
    title: 'Sign in',
    boundHeading: 'Signing you in',
    boundAs: 'as {address}',
    continue: 'Continue',
    busy: 'Signing you in',
    codeHeading: 'Type the code',
    codeIntro: 'One step is left: type the code from the same mail.',
    noCodeHeading: 'Open the whole link',
    noCode: 'The last part of the link did not arrive here. Copy the whole link from the mail into the address bar.',
    otherHeading: 'Where do you want to sign in?',
    whereHeading: 'Go on where you started',
    asked: 'A sign-in to {brand} was asked for in {device}, {ago}.',
    thereHeading: 'Where you started',
    there: 'Type the code from the mail there.',
    thereLink: 'Open the link there.',
    onlyThere: 'This link works only in that browser. Type the code from the mail there.',
    onlyThereLink: 'This link works only in that browser. Open it there.',
    hereHeading: 'On this device',
    whichAddress: 'Which address was the mail sent to?',
    signInHere: 'Sign in here',
    notMe: 'Not you? Then close this page and ignore the mail. Nobody gets in without it.',
    notMeMail: 'A link at the end of the mail says that it was not you.',
    switchHeading: 'Change accounts?',
    switchAsk: 'You are signed in as {current}. Continue as {address}?',
    switchAskNameless: 'You are signed in as {current}. Signing in here ends that session.',
    switchTo: 'Continue as {address}',
    stay: 'Keep the current session',
    startAgain: 'Start again here',
  },

  failure: {
    resendTo: 'It goes to {address}.',
    resend: 'Send a new mail',
    typeCode: 'Type the code',
    otherAddress: 'Use another address',
    signIn: 'Go to sign-in',
    home: 'This server is at {home}.',
    continue: 'Continue',
    contact: 'Get help',
  },

  account: {
    title: 'Your account',
    heading: 'Your account',
    signedInAs: 'You are signed in as {address}.',
    sessions: 'Where you are signed in',
    current: 'This browser',
    used: 'Signed in {since}, last used {seen}',
    end: 'End',
    endOf: 'the session in {device}',
    endOthers: 'End all other sessions',
    onlyOne: 'You are signed in nowhere else.',
    lifetime: 'A session ends after {idle} without use, and after {absolute} in any case.',
    signOut: 'Sign out',
    sessionEnded: 'The session has ended.',
    othersEnded: 'All other sessions have ended.',
  },

  switched: {
    title: 'You are signed in',
    heading: 'You are signed in',
    now: 'You are now signed in as {address}.',
    before: 'The session that was open in this browser before has ended.',
    continue: 'Continue',
    account: 'See your sessions',
  },
} as const
