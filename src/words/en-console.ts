// English: the console. Its readers know what a challenge is; what they do not know is what happened here. Reasons are told by their
// meaning in core/reason.ts, for a face hides from strangers what an operator must see.
import type { Ms } from '../core/model.ts'
import type { Act } from '../core/operator.ts'
import { duration, roughly } from './format.ts'

const locale = 'en'

const number = (n: number): string => n.toLocaleString(locale)
const count = (n: number, one: string, many: string): string => `${number(n)} ${n === 1 ? one : many}`

const MAILBOXES: Readonly<Record<string, string>> = {
  all: 'all mailboxes',
  google: 'Google',
  microsoft: 'Microsoft',
  proofpoint: 'Proofpoint',
  mimecast: 'Mimecast',
  barracuda: 'Barracuda',
}

export const operators = {
  number,
  console: 'Console',
  nav: 'Console pages',
  pages: { overview: 'Overview', mails: 'Mail', calibrate: 'Calibrate', policy: 'Policy', versions: 'Versions' },
  /** Classes by their names, which `postkey calibrate` says as they are. */
  mailbox: (name: string): string => MAILBOXES[name] ?? name,
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
    by: 'By',
    splits: { nothing: 'all', mailbox: 'mailbox', device: 'device', method: 'method', policy: 'policy' },
    underWay: (n: number): string =>
      `It is being counted, ${count(n, 'event', 'events')} so far, slowly, so that nobody has to wait who signs in. Load the page again in a few seconds.`,
    counted: (n: number): string => `${count(n, 'event', 'events')} since {when}. Counted: {at}.`,
    cut: (n: number): string =>
      `The newest ${number(n)} events, since {when}. Counted: {at}. There are more in this time; the command postkey funnel counts them all.`,
    partsCaption: {
      mailbox: 'Whose mailbox',
      device: 'In which browser they asked',
      method: 'What they sent in',
      policy: 'Under which policy they asked',
    },
    gotIn: (share: string): string => `${share} got in`,
    figuresOf: (name: string): string => `In numbers: ${name}`,
    proof: (name: string): string => (name === 'link' ? 'the link' : 'the code'),
    noProof: 'nothing',
    noMail: 'refused before there was a mail',
    device: (name: string): string => (name === 'unknown' ? 'not known any more' : name),
    otherParts: 'all others',
    lives: 'How long should links live?',
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
    guess: 'Who opened a link is a guess.',

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

  calibrate: {
    heading: 'Calibrate',
    lead: 'How long people take from the mail to the click, and to the code, and what life of links follows from it. Clicks that came too late are among them.',
    window: 'Who asked in the last',
    windows: { '24h': '24 hours', '7d': '7 days', '30d': '30 days' },
    underWay: (n: number): string =>
      `It is being read, ${count(n, 'event', 'events')} so far, slowly, so that nobody has to wait who signs in. Load the page again in a few seconds.`,
    read: (n: number): string => `${count(n, 'sign-in', 'sign-ins')} asked for since {when}. Read: {at}.`,
    cut: (n: number): string =>
      `The newest ${count(n, 'sign-in', 'sign-ins')}, asked for since {when}. Read: {at}. There are more in this time; the command postkey calibrate reads them all.`,
    nothing: 'Nobody has used a link or a code in this time. How long they took would be drawn here.',
    advice: 'What follows',
    change: 'As POSTKEY_POLICY takes it, in a file. Try it on the record first: postkey audit try --policy FILE',
    copy: 'Copy the policy',
    clicks: 'To the first click on a link',
    codes: 'To the code',
    clicksCaption: 'How many had clicked, after how long',
    clicksChart: (half: string, nine: string): string =>
      `A curve that rises: half had clicked within ${half}, nine of ten within ${nine}; a line stands where a link ends now`,
    byMailbox: 'By mailbox: strong from half of them to nine of ten, faint on to 99 of 100',
    stripsChart: (strips: string): string => `Bars: ${strips}`,
    strip: (half: string, nine: string, all: string): string => `half within ${half}, nine of ten within ${nine}, 99 of 100 within ${all}`,
    half: (time: string): string => `half within ${time}`,
    linkEnds: (life: Ms): string => `The dashed line stands where a link ends now: ${duration(locale, life)} after its mail was queued.`,
    codeEnds: (life: Ms): string => `The dashed line stands where a code ends now: ${duration(locale, life)} after its mail was queued.`,
    sinceQueued: 'From when the mail was queued',
    sinceAccepted: 'From when the mail server took it',
    mailbox: 'Mailbox',
    none: 'None in this time.',
    lives: 'Lives that would have caught them',
    livesCaption: 'So many of the first clicks would have met a live link, had it lived so long',
    expired: 'too late',
    landings: (expired: number, human: number, share: string): string =>
      `${number(expired)} of ${number(human)} links that likely people opened had expired: ${share}.`,
    landingsNone: 'No view of a link was recorded in this time.',
    silent: (n: number): string => `DNS gave no answer for ${count(n, 'domain', 'domains')}, whose mailboxes count as other.`,
    limits: 'What this cannot say',
  },

  policy: {
    heading: 'Policy',
    lead: 'Every limit and lifetime in force, and every policy that ever decided here.',
    inForce: 'In force',
    history: 'History',
    tag: 'in force',
    rollOut: 'Roll-out',
    /** `{name}` of the roll-out, `{version}` of its policy. */
    rollOutOf: (percent: number, listed: number): string =>
      `{name}: ${percent} % of all addresses${listed === 0 ? '' : ` and ${count(listed, 'address', 'addresses')} of a list`} have policy {version}. How they fare is told by the numbers on the overview, by policy. What they have otherwise:`,
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
