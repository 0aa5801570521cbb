// English: the console. Its readers know what a challenge is; what they do not know is what happened here. Reasons are told by their
// meaning in core/reason.ts, for a face hides from strangers what an operator must see.
import type { Ms } from '../core/model.ts'
import type { Act } from '../core/operator.ts'
import { duration, roughly } from './format.ts'

const locale = 'en'

const number = (n: number): string => n.toLocaleString(locale)
const count = (n: number, one: string, many: string): string => `${number(n)} ${n === 1 ? one : many}`

export const operators = {
  number,
  console: 'Console',
  nav: 'Console pages',
  pages: { overview: 'Overview', mails: 'Mail', policy: 'Policy', versions: 'Versions' },
  signedInAs: 'Operator {address}',
  account: 'Your account',

  searchField: 'Address, id, Message-ID or network',
  searchHint: 'The id of a request, challenge, link, session or user. An address stays out of the address bar, and masked in the record.',
  searchGo: 'Find',

  /** "14:07 UTC" behind it; `{time}` is the element. */
  when: (ago: string): string => `{time}, ${ago}`,
  in: (ms: Ms): string => `in ${roughly(locale, ms)}`,
  never: 'never',

  confirm: {
    lead: (proof: Ms): string =>
      `The console wants a proof of your mailbox from the last ${duration(locale, proof)} for this. Yours is older. Nothing has been changed.`,
    to: 'The mail goes to {address}, and its link or code leads back to where you were.',
    send: 'Send me the mail',
  },

  overview: {
    heading: 'Console',
    lead: 'Why could somebody not get in? Find the person, or the request whose number they read to you: what was asked, what became of the mail, what was tried, and what is limited now.',
    numbers: 'Who gets in',
    window: 'Of the last',
    windows: { '1h': 'hour', '24h': '24 hours', '7d': '7 days' },
    counted: (n: number): string => `${count(n, 'event', 'events')} since {when}.`,
    cut: (n: number): string => `The first ${number(n)} events since {when}. There are more; the command postkey funnel counts them all.`,
    nothing: 'Nobody has asked in this time. How far each came who asks would be drawn here, and how long it took them.',
    stages: { requested: 'asked', accepted: 'mail taken', seen: 'link or code used', verified: 'signed in' },
    stagesCaption: 'How far they came',
    stagesChart: (stages: string): string => `Bars: ${stages}`,
    stage: 'Stage',
    number: 'Sign-ins',
    share: 'Share',
    forShow: (n: number): string => `${count(n, 'of them was', 'of them were')} for show: no mail was to be sent.`,
    curveCaption: 'How long it took those who got in',
    curveChart: (half: string, nine: string): string => `A curve that rises: half were in within ${half}, nine of ten within ${nine}`,
    within: 'Within',
    asTable: 'As a table',
    figures: 'In numbers',
    figure: 'Number',
    value: 'Value',
    of: (n: number): string => `of ${number(n)}`,
    warned: 'look at this',
    warns: (when: 'over' | 'under', than: string): string => `warns ${when} ${than}`,
    noPixel: 'Whether a mail was opened is not known: there is no pixel in it.',

    mail: 'Mail right now',
    mailMore: 'The queue',
    usable: 'The mail server takes our mail.',
    unusable: 'The mail server cannot be used since {time}.',
    waiting: (n: string): string => `${n} waiting`,
    noneWaiting: 'No mail is waiting.',
    erased: 'The person was erased. Counts stay; the address does not.',
  },

  mails: {
    heading: 'Mail queue',
    lead: 'Mails wait here until the mail server has taken them, or until nobody could use them any more.',
    waiting: 'Waiting',
    due: 'Due now',
    oldest: 'Oldest, asked for',
    server: 'Mail server',
    serverUsable: 'in order, as far as this process knows',
    serverUnusable: 'cannot be used since {time}',
    next: 'Next hand-overs',
    nextNone: 'No mail is waiting. Those that do would stand here, the next to go first.',
    nextRow: (tries: number): string => (tries === 0 ? 'not tried yet' : `tried ${count(tries, 'time', 'times')}`),
    dueAt: 'due {when}',
    askedAt: 'asked for {when}',
    recent: 'What became of the newest mails',
    recentLead: (n: number): string => `Of the newest ${count(n, 'mail', 'mails')}, since {when}.`,
    recentNone: 'No mail was asked for yet. Their fates would stand here, by number.',
    state: 'State',
    number: 'Mails',
    states: {
      queued: 'waiting',
      sent: 'taken by the mail server',
      dead: 'refused for good',
      expired: 'ran out before they went',
      suppressed: 'for show, sent to nobody',
    },
    more: (n: number): string => `${number(n)} or more`,
  },

  policy: {
    heading: 'Policy',
    lead: 'Every limit and lifetime in force, and every policy that ever decided here.',
    inForce: 'In force',
    history: 'History',
    tag: 'in force',
    firstUsed: 'First used {when}.',
    first: 'Nothing decided here before it.',
    same: 'Says the same as the one before it, in other words.',
    from: (before: string): string => `${before} before`,
    unset: 'not set',
  },

  versions: {
    heading: 'Versions',
    lead: 'What this process runs. Every event names the four it was decided with.',
    app: 'Postkey',
    schema: 'Schema of the database',
    policy: 'Policy',
    template: 'Pages and mails',
    policyHint: 'changes with every rule',
    templateHint: 'changes with every word',
  },

  found: {
    title: 'Sign-in',
    titles: 'Sign-ins',
    many: (n: number): string => `${count(n, 'sign-in fits', 'sign-ins fit')}, the newest first.`,
    more: (n: number): string => `The newest ${number(n)} that fit. There are more: look for something narrower.`,
    request: 'A request that was refused before there was a sign-in.',
    person: 'Address',
    gone: 'not known any more',
    challenge: 'Challenge',
    requestId: 'Request',
    whole: 'The whole story',
    story: 'What happened',
    times: (n: number): string => `${number(n)} times`,
    inRequest: 'request',
    guess: 'Who opened a link is a guess: by when and how it was opened.',
    nothing: 'Nothing is left of it but its name.',
  },

  person: {
    title: 'Person',
    noUser: 'No user has this address. Mails may have been asked for it all the same.',
    erased: 'This person was erased. Nobody can be it any more.',
    tags: { active: 'active', disabled: 'disabled', operator: 'operator', none: 'no user', erased: 'erased' },
    user: 'User id',
    since: 'User since',
    confirmed: 'Address proved',
    signIns: 'Sign-ins',
    signInsSaid: (n: number): string => count(n, 'sign-in', 'sign-ins'),
    last: 'Last sign-in',

    limits: 'Limits now',
    limitsLead: 'Of this mailbox, whatever spelling of it was typed.',
    limit: {
      mails: 'Mails',
      knownMails: 'Mails, for browsers that signed in before',
      failures: 'Wrong codes',
      bounces: 'Refusals by the receiving server',
    },
    full: {
      mails: 'full: the next mail can go out {when}',
      knownMails: 'full: the next mail can go out {when}',
      failures: 'full: mails carry a link and no code until {when}',
      bounces: 'full: no mail is sent until {when}',
    },
    room: 'room',
    used: (used: number, most: number, per: Ms): string => `${used} of ${most} in ${duration(locale, per)}`,

    sessions: 'Sessions',
    sessionsNone: 'Signed in nowhere. Open sessions would stand here, with browser and network.',
    session: (since: string, seen: string): string => `Signed in ${since}, last used ${seen}`,

    asked: 'Asked for',
    askedNone: 'Nothing was asked for this address in the time that is kept. Each request would stand here, with its mails.',
    askedIn: 'in {device}',
    challenge: 'Challenge',
    story: 'The whole story',
    live: 'open',
    completed: 'signed in {when}',
    linkUsed: 'signed in elsewhere {when}',
    over: 'not used, over',
    mail: (nth: number): string => `Mail ${nth}`,
    wrongCodes: (n: number): string => `${count(n, 'code', 'codes')} tried`,
    wrongAddresses: (n: number): string => `${count(n, 'address', 'addresses')} typed`,
    noCode: 'without a code',
    handOver: (tries: number): string => (tries === 0 ? 'not handed over yet' : `handed over ${count(tries, 'time', 'times')}`),
    nextTry: 'next try {when}',
    answer: 'Answer',

    acts: 'What you can do',
    actsNone: 'Nothing is left to do for somebody who was erased.',
    act: {
      resend: {
        label: 'Send another mail',
        hint: 'To the same address, for the browser that asked. You see neither its link nor its code.',
      },
      end_sessions: { label: 'End all sessions', hint: 'Every browser is signed out at once.' },
      disable: { label: 'Disable', hint: 'Ends all sessions; no mail is sent and no proof signs in until the user is enabled again.' },
      enable: { label: 'Enable', hint: 'Lets the person sign in again. Sessions from before stay ended.' },
      lift_mails: { label: 'Lift the limit on mails', hint: 'Mails asked for until now count no more.' },
      lift_failures: {
        label: 'Lift the limit on codes',
        hint: 'Wrong codes typed until now count no more. Whoever guesses has a new budget too: ask first who typed them.',
      },
      lift_bounces: { label: 'Send mail again', hint: 'Forgets that the receiving server refused our mail.' },
      erase: {
        label: 'Erase this person',
        hint: 'Removes the address for good, ends all sessions, and lets nobody in with what was sent. Counts and the record stay, under an id that leads to nobody. It cannot be undone.',
      },
    } satisfies Record<Act, { label: string; hint: string }>,
    eraseAsk: 'Erase…',
    eraseSure: 'Yes, erase this person for good',
    protected: 'Operators can be neither disabled nor erased here: take the address off POSTKEY_OPERATORS first.',
  },
}
