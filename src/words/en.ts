// English: every word on a page. `{name}` marks a place that the page fills with an element of its own, such as the address.
// Answers to a "no" are in en-faces.ts; mails have their own file.
import type { Ms } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import { change, confirm, erase, landings, own, undo } from './en-account.ts'
import { operators } from './en-console.ts'
import { faces, mailLimits } from './en-faces.ts'
import { ago, clock, duration } from './format.ts'

const locale = 'en'

type Direction = 'ltr' | 'rtl'

export const en = {
  lang: 'en',
  dir: 'ltr' as Direction,
  duration: (ms: Ms): string => duration(locale, ms),
  clock: (at: Ms, now: Ms): string => clock(locale, at, now),
  ago: (at: Ms, now: Ms): string => ago(locale, at, now).replace(/^now$/, 'just now'),
  faces,
  console: operators,
  confirm,
  landings,
  change,
  own,
  erase,
  undo,

  frame: {
    title: (page: string, brand: string): string => `${page} · ${brand}`,
    errorTitle: (title: string): string => `Error: ${title}`,
    request: 'Request',
    copy: 'Copy',
    copied: 'Copied',
    help: 'Get help',
    problem: 'There is a problem',
  },

  reasons: {
    title: 'Answers',
    intro: 'Every reason that the API and the pages answer with, and what to do next.',
  },

  ask: {
    title: 'Sign in',
    heading: (brand: string): string => `Sign in to ${brand}`,
    intro: {
      both: 'We send you a mail with a link and a code. No password.',
      link: 'We send you a mail with a link. No password.',
      code: 'We send you a mail with a code. No password.',
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
    codeLabel: (digits: number): string => `${digits}-digit code from the mail`,
    codeHint: 'We check it as soon as the last digit is in.',
    submit: 'Sign in',
    from: 'From',
    codeRow: 'Code works',
    linkRow: 'Link works',
    until: (ms: Ms): string => `for ${duration(locale, ms)}, until {time}`,
    over: 'ended at {time}',
    openMail: (provider: string): string => `Open ${provider}`,
    newTab: 'opens in a new tab',
    nothing: 'No mail yet?',
    spam: 'Look in the spam folder. Company mail can take a few minutes.',
    noCode: 'No code in the mail? Then its link signs you in.',
    limit: (policy: Policy): string => `One address gets at most ${mailLimits(policy)}.`,
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
    asked: (ago: string): string => `A sign-in to {brand} was asked for in {device}, ${ago}.`,
    thereHeading: 'Where you started',
    there: 'Type the code from the mail there.',
    thereLink: 'Open the link there.',
    onlyThere: 'This link works only in that browser. Type the code from the mail there.',
    onlyThereLink: 'This link works only in that browser. Open it there.',
    hereHeading: 'On this device',
    whichAddress: 'Which address was the mail sent to?',
    signInHere: 'Sign in here',
    notMe: 'Not you? Then close this page and ignore the mail. Nobody gets in without it.',
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
    since: (ago: string): string => `Signed in ${ago}`,
    seen: (ago: string): string => `last used ${ago}`,
    end: 'End',
    endOf: (device: string): string => `the session in ${device}`,
    endOthers: 'End all other sessions',
    onlyOne: 'You are signed in nowhere else.',
    lifetime: (policy: Policy): string =>
      `A session ends after ${duration(locale, policy.session.idle)} without use, and after ${duration(locale, policy.session.absolute)} in any case.`,
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

  demo: {
    title: 'Demo',
    hello: 'Hello',
    signedInAs: 'You are signed in as {address}.',
    inside: 'This page stands in for your application.',
    outHeading: 'Sign in without a password',
    out: 'This page stands in for your application. Mails of this demo stay on this machine: read them in the dev inbox.',
    signIn: 'Sign in',
    account: 'Your account',
    signOut: 'Sign out',
    inbox: 'Dev inbox',
  },

  devInbox: {
    title: 'Dev inbox',
    heading: 'Dev inbox',
    intro: 'Mails stay here and go nowhere. Newest first.',
    empty: 'No mail yet. Ask for one on the sign-in page.',
    signIn: 'Sign-in page',
    to: 'To',
    received: 'Received',
    code: 'Code',
    link: 'Link',
    copyCode: 'Copy the code',
    openLink: 'Open the link',
    back: 'All mails',
    html: 'The mail',
    text: 'As plain text',
    headers: 'Headers',
    missing: 'This mail is not here any more.',
  },
}
