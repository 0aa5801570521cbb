import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideDelivery, type ReplyClass } from './delivery.ts'
import type { Mail } from './model.ts'
import { type Policy, readPolicy } from './policy.ts'
import { reasons } from './reason.ts'
import { decideStart, type StartFacts } from './start.ts'
import { timelineOf } from './timeline.ts'
import type { Trace, TracedEvent, TracedSession } from './trace.ts'
import { decideVerify, type VerifyFacts } from './verify.ts'
import type { View, ViewFacts } from './view.ts'

const policyOf = (given: unknown): Policy => {
  const result = readPolicy(given)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}
const policy = policyOf('standard')

const T0 = Date.UTC(2026, 10, 21, 13, 0, 0)
const at = (seconds: number): number => T0 + 1_000 * seconds
const MINUTE = 60

const device = 'Firefox on Linux'
const network = '203.0.113.0/24'

let count = 0
function eventOf(seconds: number, kind: string, facts: object, decision: { readonly reason: string }): TracedEvent {
  const id = `event${String(++count).padStart(9, '0')}`
  return { id, at: at(seconds), requestId: `request${count}`, kind, reason: decision.reason, facts, decision }
}

const ADA = { status: 'active' } as const

/** As the store would write it: what is decided here is decided by the code that decides there. */
function start(seconds: number, change: Partial<StartFacts> = {}, rules = policy): TracedEvent {
  const facts: StartFacts = {
    now: at(seconds),
    purpose: 'sign_in',
    address: 'a•••@example.net',
    tats: { network: null, networkWide: null, browser: null, tenant: null },
    knownBrowser: false,
    mails: [],
    failures: [],
    bounces: [],
    user: ADA,
    resend: null,
    ...change,
  }
  return eventOf(seconds, facts.resend === null ? 'start' : 'resend', facts, decideStart(rules, facts))
}

const resend = (seconds: number, ...mailsAt: number[]): TracedEvent =>
  start(seconds, { resend: { createdAt: at(0), completedAt: null, mailsAt: mailsAt.map(at) } })

function deliver(seconds: number, reply: ReplyClass, { tries = 0, ordinal = 0, text = '', decoy = false, queued = 0 } = {}): TracedEvent {
  const facts = { now: at(seconds), tries, expiresAt: at(queued + 15 * MINUTE), decoy, reply }
  return eventOf(seconds, 'deliver', { ordinal, replyText: text, ...facts }, decideDelivery(policy, facts))
}

function verify(
  seconds: number,
  change: Partial<VerifyFacts> & { readonly mailed?: Partial<Mail>; readonly queued?: number },
): TracedEvent {
  const { mailed, queued = 0, ...given } = change
  const mail: Mail = {
    ordinal: 0,
    createdAt: at(queued),
    hasLink: true,
    hasCode: true,
    linkExpiresAt: at(queued + 15 * MINUTE),
    codeExpiresAt: at(queued + 10 * MINUTE),
    linkUsedAt: null,
    codeTries: 0,
    addressTries: 0,
    ...mailed,
  }
  const facts: VerifyFacts = {
    now: at(seconds),
    proof: 'link',
    bound: true,
    challenge: { createdAt: at(0), completedAt: null },
    mail,
    linkMatches: true,
    code: given.proof === 'code' ? 'right' : null,
    address: 'absent',
    failures: [],
    user: { status: 'active', confirmed: true },
    session: null,
    otherSession: false,
    ...given,
  }
  return eventOf(seconds, 'verify', facts, decideVerify(policy, facts))
}

const code = (seconds: number, change: Parameters<typeof verify>[1] = {}): TracedEvent => verify(seconds, { proof: 'code', ...change })
const link = verify

function view(seconds: number, facts: Partial<ViewFacts> = {}): View {
  const state = seconds >= 15 * MINUTE ? 'expired' : 'live'
  const usual = { method: 'GET', bound: false, cookie: false, prefetch: false, navigation: true, ageMs: seconds * 1_000 } as const
  return { at: at(seconds), ordinal: 0, facts: { state, ...usual, ...facts } }
}
const scanned = (seconds: number): View[] => [view(seconds, { method: 'HEAD', navigation: null }), view(seconds, { navigation: null })]
const mine = { bound: true, cookie: true } as const

function session(seconds: number, change: Partial<TracedSession> = {}): TracedSession {
  return { id: 's', proof: 'code', device, network, createdAt: at(seconds), endedAt: null, ...change }
}

const ended = (seconds: number): TracedEvent =>
  eventOf(seconds, 'end_session', { now: at(seconds), which: 'this' }, { reason: 'signed_out' })

const challenge = { createdAt: at(0), completedAt: null, device, network }

const trace = (change: Partial<Trace>): Trace => ({
  now: at(3_600),
  challenge,
  events: [],
  views: [],
  sessions: [],
  policy,
  ...change,
})

const taken = deliver(2, 'accepted')

describe('the verdict', () => {
  test.each<readonly [string, string, Partial<Trace>]>([
    [
      'by code',
      'Signed in by code on Firefox on Linux 40 s after asking.',
      { events: [start(0), taken, code(40)], sessions: [session(40)] },
    ],
    [
      'by code, after a typing error',
      'Signed in by code on Firefox on Linux 50 s after asking; 1 wrong code before.',
      { events: [start(0), taken, code(40, { code: 'wrong' }), code(50)], sessions: [session(50)] },
    ],
    [
      'by link on the phone',
      'Signed in by link on Safari on iPhone (not the browser that asked) 5 min after asking.',
      {
        events: [start(0), taken, link(299, { bound: false }), link(300, { bound: false, address: 'right' })],
        sessions: [session(300, { proof: 'link', device: 'Safari on iPhone' })],
      },
    ],
    [
      'with the second mail, the first of which was late',
      'Signed in by code on Firefox on Linux 8 min after asking; it took 2 mails; the mail took 5 min to be accepted.',
      {
        events: [
          start(0),
          deliver(5 * MINUTE, 'accepted', { tries: 4 }),
          resend(6 * MINUTE, 0),
          deliver(6 * MINUTE + 1, 'accepted', { ordinal: 1, queued: 360 }),
          code(8 * MINUTE, { queued: 360 }),
        ],
        sessions: [session(8 * MINUTE)],
      },
    ],
    [
      'that somebody says was not theirs',
      'Signed in by code 40 s after asking. Whoever has the mail said that they had not asked for it.',
      { events: [start(0), taken, code(40), eventOf(90, 'account', {}, { reason: 'not_me' })] },
    ],
    [
      'tried after that',
      'Did not sign in: whoever has the mail had said that they had not asked for it.',
      {
        now: at(60 * MINUTE),
        events: [
          start(0),
          taken,
          eventOf(30, 'account', {}, { reason: 'not_me' }),
          code(40, { challenge: { createdAt: at(0), completedAt: null, disownedAt: at(30) } }),
        ],
      },
    ],
    ['with its session removed since', 'Signed in by code 40 s after asking.', { events: [start(0), taken, code(40)] }],
    [
      'with its events removed since',
      'Signed in; the record of how is gone.',
      { challenge: { ...challenge, completedAt: at(40) }, views: [view(20, mine)] },
    ],
    [
      'clicked too late, mailed late',
      'Did not sign in: the link expired 12 min before the click; the mail took 9 min to be accepted.',
      { events: [start(0), deliver(9 * MINUTE, 'accepted', { tries: 6 }), link(27 * MINUTE, {})] },
    ],
    [
      'opened too late, and the page was enough',
      'Did not sign in: the link expired 12 min before the click.',
      { events: [start(0), taken], views: [view(27 * MINUTE, mine)] },
    ],
    [
      'opened too late elsewhere',
      'Did not sign in: the link expired 12 min before the click.',
      { events: [start(0), taken], views: [...scanned(20), view(27 * MINUTE)] },
    ],
    [
      'typed too late, after a wrong one',
      'Did not sign in: the code expired 2 min before it was typed; 1 wrong code before.',
      { events: [start(0), taken, code(60, { code: 'wrong' }), code(12 * MINUTE)] },
    ],
    [
      'wrong codes only',
      'Did not sign in: 2 wrong codes, and no right one.',
      { events: [start(0), taken, code(60, { code: 'wrong' }), code(80, { code: 'wrong', mailed: { codeTries: 1 } })] },
    ],
    [
      'wrong codes, while there is time',
      'Not signed in yet: 1 wrong code, and no right one.',
      { now: at(90), events: [start(0), taken, code(60, { code: 'wrong' })] },
    ],
    [
      'locked',
      'Did not sign in: the code was locked after too many wrong ones; the link went on working.',
      { events: [start(0), taken, ...[0, 1, 2, 3, 4].map((codeTries) => code(60 + codeTries, { code: 'wrong', mailed: { codeTries } }))] },
    ],
    [
      'over the budget of the address',
      'Did not sign in: codes of this address were off until 2026-11-22 12:59 UTC, after too many wrong ones; the link went on working.',
      { events: [start(0), taken, code(60, { failures: Array.from({ length: 10 }, () => at(-30)) })] },
    ],
    [
      'the code of the first mail',
      'Did not sign in: the code of an earlier mail was typed, and not the newest.',
      { events: [start(0), taken, resend(60, 0), deliver(61, 'accepted', { ordinal: 1 }), code(80, { code: 'older' })] },
    ],
    [
      'no code at all',
      'Did not sign in: what was typed is no code of the right length.',
      { events: [start(0), taken, code(80, { code: 'malformed' })] },
    ],
    [
      'the code, where nobody asked',
      'Did not sign in: the code was typed in a browser that had not asked.',
      { events: [start(0), taken, code(80, { bound: false })] },
    ],
    [
      'the link, where nobody asked',
      'Did not sign in: the link was opened in a browser that had not asked, and the address was not typed there.',
      { events: [start(0), taken, link(80, { bound: false })] },
    ],
    [
      'with another address',
      'Did not sign in: in a browser that had not asked, another address was typed than the one the mail went to.',
      { events: [start(0), taken, link(80, { bound: false }), link(90, { bound: false, address: 'wrong' })] },
    ],
    [
      'with too many addresses',
      'Did not sign in: the link was opened in a browser that had not asked, where it does not work.',
      { events: [start(0), taken, link(90, { bound: false, address: 'wrong', mailed: { addressTries: 4 } })] },
    ],
    [
      'a link that was cut off',
      'Did not sign in: the link arrived damaged: its secret was missing or altered.',
      { events: [start(0), taken, link(90, { linkMatches: false })] },
    ],
    [
      'disabled meanwhile',
      'Did not sign in: the proof was right, but the user is disabled.',
      { events: [start(0), taken, link(90, { user: { status: 'disabled', confirmed: true } })] },
    ],
    [
      'closed meanwhile',
      'Did not sign in: the proof was right, but sign-up is not open.',
      {
        events: [start(0), taken, eventOf(90, 'verify', { proof: 'link', bound: true, user: null }, { reason: 'sign_in_refused' })],
      },
    ],
    [
      'gone for long',
      'Did not sign in: the proof was right, but nobody had signed in to the account for so long that the mailbox alone does not open it.',
      {
        events: [start(0), taken, eventOf(90, 'verify', { proof: 'link', bound: true }, { reason: 'account_dormant' })],
      },
    ],
    [
      'seen and left',
      'Did not sign in: the link was opened in the browser that asked, and nothing was submitted.',
      { events: [start(0), taken], views: [...scanned(20), view(120, mine)] },
    ],
    [
      'seen and left, elsewhere',
      'Did not sign in: the link was opened in another browser, or by a mail scanner, and nothing was submitted.',
      { events: [start(0), taken], views: [view(120)] },
    ],
    [
      'scanned only',
      'Did not sign in: the link was opened by likely mail scanners only.',
      { events: [start(0), taken], views: [...scanned(20), ...scanned(40)] },
    ],
    [
      'scanned only, as soon as a late mail was there',
      'Did not sign in: the link was opened by likely mail scanners only; the mail took 9 min to be accepted.',
      { events: [start(0), deliver(9 * MINUTE, 'accepted')], views: [view(9 * MINUTE + 20, { navigation: null })] },
    ],
    [
      'scanned only, so far',
      'Not signed in yet: the link was opened by likely mail scanners only.',
      { now: at(90), events: [start(0), taken], views: scanned(20) },
    ],
    [
      'prefetched only',
      'Did not sign in: the link was only prefetched.',
      { events: [start(0), taken], views: [view(20, { prefetch: true })] },
    ],
    ['nobody', 'Mail was sent, nobody came.', { events: [start(0), taken] }],
    ['nobody yet', 'Mail was sent 28 s ago, nobody came yet.', { now: at(30), events: [start(0), taken] }],
    [
      'nobody, and it was late',
      'Mail was sent, nobody came; the mail took 9 min to be accepted.',
      { events: [start(0), deliver(9 * MINUTE, 'accepted', { tries: 6 })] },
    ],
    [
      'too many mails, told to the one who asked for them',
      'No mail was sent: the address has too many mails until 13:01 UTC.',
      { challenge: null, events: [resend(30, 0)] },
    ],
    [
      'too many mails, told to nobody',
      'No mail was sent: the address has too many mails until 13:05 UTC.',
      { events: [start(0, { mails: [at(-10 * MINUTE), at(-8 * MINUTE), at(-MINUTE)] }), deliver(2, 'accepted', { decoy: true })] },
    ],
    [
      'too many mails of all tenants together',
      'No mail was sent: all tenants of this server together have sent the mailbox as many mails as they may in a day.',
      { events: [start(0, { everywhere: 'full' }), deliver(2, 'accepted', { decoy: true })] },
    ],
    [
      'too many requests',
      'No mail was sent: too many requests from this network, browser or site until 13:20 UTC.',
      {
        challenge: null,
        events: [eventOf(0, 'start', {}, { reason: 'too_many_requests', ...{ verdict: 'refuse', mail: null, retryAfterMs: 1_200_000 } })],
      },
    ],
    [
      'unknown, by invitation',
      'No mail was sent: no user has this address, and sign-up is by invitation.',
      { events: [start(0, { user: null }, policyOf({ signUp: 'invited' })), deliver(2, 'accepted', { decoy: true })] },
    ],
    [
      'unknown, and closed',
      'No mail was sent: no user has this address, and sign-up is closed.',
      { events: [start(0, { user: null }, policyOf({ signUp: 'closed' }))] },
    ],
    ['disabled', 'No mail was sent: the user is disabled.', { events: [start(0, { user: { status: 'disabled' } })] }],
    [
      'a mailbox that refuses',
      'No mail was sent: mails to the address came back, were not wanted, or were refused too often within a week.',
      { events: [start(0, { bounces: [at(-9), at(-8), at(-7)] })] },
    ],
    [
      'codes only, and too many wrong ones',
      'No mail was sent: too many wrong codes for this address, and the policy has no link.',
      { events: [start(0, { failures: Array.from({ length: 10 }, () => at(-30)) }, policyOf({ methods: ['code'] }))] },
    ],
    [
      'no address',
      'No mail was sent: what was typed is not one plain e-mail address.',
      { challenge: null, events: [eventOf(0, 'start', { why: 'at' }, { reason: 'address_invalid' })] },
    ],
    [
      'refused by the mail server',
      'No mail arrived: the mail server refused it for good (550 5.1.1 no such user).',
      { events: [start(0), deliver(2, 'permanent', { text: '550 5.1.1 no such user' })] },
    ],
    [
      'put off until it was too late',
      'No mail was sent: no mail server took it in 2 tries, and then its link and code ran out (451 come again).',
      {
        events: [
          start(0),
          deliver(2, 'temporary', { text: '451 come again' }),
          deliver(14 * MINUTE, 'temporary', { tries: 1, text: '451 come again' }),
        ],
      },
    ],
    [
      'put off',
      'The mail server has not taken the mail yet, after 1 try in 30 s (451 come again).',
      { now: at(30), events: [start(0), deliver(2, 'temporary', { text: '451 come again' })] },
    ],
    [
      'taken by a mail server that was not heard saying so',
      'Not signed in yet: the link was opened in the browser that asked, and nothing was submitted.',
      { now: at(90), events: [start(0), deliver(10, 'unknown')], views: [view(60, mine)] },
    ],
    ['in the queue', 'The mail has been waiting in the queue for 30 s.', { now: at(30), events: [start(0)] }],
    [
      'another site',
      'The request was refused: the request came from another site.',
      { challenge: null, events: [eventOf(0, 'guard', { method: 'POST' }, { reason: 'origin_foreign' })] },
    ],
    ['signed out, where nothing else is asked about', 'The person ended this session.', { challenge: null, events: [ended(0)] }],
    ['nothing', 'Nothing is recorded of it any more.', {}],
  ])('%s: %s', (_, verdict, change) => {
    expect(timelineOf(trace(change)).verdict).toBe(verdict)
  })
})

describe('the entries', () => {
  const texts = (change: Partial<Trace>): string[] =>
    timelineOf(trace(change)).entries.map(
      ({ at: when, text, count: times }) => `${(when - T0) / 1_000} ${text}${times > 1 ? ` ×${times}` : ''}`,
    )

  test('stand in the order of time, and views that say the same are one', () => {
    const change: Partial<Trace> = {
      events: [
        ended(900),
        code(200),
        code(100, { code: 'wrong' }),
        deliver(9, 'accepted', { tries: 1, text: '250 2.0.0 Ok' }),
        deliver(3, 'temporary', { text: '451 4.7.1 Greylisted' }),
        start(0),
      ],
      views: [...scanned(10), view(12, { navigation: null }), view(90, mine), view(91, mine), view(150)],
      sessions: [session(200, { endedAt: at(900) })],
    }
    expect(texts(change)).toEqual([
      '0 Asked on Firefox on Linux from 203.0.113.0/24: A mail is in the outbox.',
      '3 Mail 1, try 1: The mail server was unreachable or said later; the mail will be tried again while its secrets live. Again in 5 s. The answer: 451 4.7.1 Greylisted',
      '9 Mail 1, try 2: The mail server accepted the mail. The answer: 250 2.0.0 Ok',
      '10 Link of mail 1 opened most likely by a mail scanner ×3',
      '90 Link of mail 1 opened in the browser that asked ×2',
      '100 Code submitted in the browser that asked: The code does not match. Tries left: 4.',
      '150 Link of mail 1 opened in another browser',
      '200 Code submitted in the browser that asked: The proof was right; a session exists.',
      '200 Session began on Firefox on Linux from 203.0.113.0/24',
      '900 Session ended: The person ended this session.',
    ])
  })

  test('a session that was ended from elsewhere says so; a live link that somebody left may have been left by anybody', () => {
    const change = { events: [start(0), taken], views: [view(120), view(950)], sessions: [session(200, { endedAt: at(900) })] }
    expect(texts(change).slice(2)).toEqual([
      '120 Link of mail 1 opened in another browser, or by a mail scanner',
      '200 Session began on Firefox on Linux from 203.0.113.0/24',
      '900 Session ended on Firefox on Linux',
      '950 Link of mail 1 opened in another browser; it had expired',
    ])
  })

  test('what another version wrote is told by its name', () => {
    const later = eventOf(5, 'approve', {}, { reason: 'approved_elsewhere' })
    expect(texts({ events: [later] })).toEqual(['5 approve: Reason approved_elsewhere, of another version.'])
  })
})

describe('whatever was recorded', () => {
  const secrets = [
    'A'.repeat(43),
    '123456',
    'ada@example.net',
    'https://auth.example.com/l/abc#def',
    'postgres://u:p@h/d',
    `${'x'.repeat(21)}-y`,
  ]
  const nasty = fc.constantFrom(...secrets)
  const time = fc.integer({ min: -1_000, max: 10_000 }).map(at)
  const json = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom(null, true, false, 0, 1, 'send', 'pretend', 'refuse', 'link', 'code', 'sent', 'dead', 'expired'),
    },
    { weight: 1, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: time },
    { weight: 1, arbitrary: nasty },
  )
  const names = [
    'verdict',
    'mail',
    'ordinal',
    'tries',
    'replyText',
    'proof',
    'bound',
    'at',
    'triesLeft',
    'retryAfterMs',
    'resend',
    'mails',
    'user',
    'state',
    'retryInMs',
    'linkExpiresAt',
    'link',
    'secret',
    'status',
    'mailsAt',
  ]
  const shallow = fc.dictionary(fc.constantFrom(...names), json, { maxKeys: 8 })
  const bag = fc.dictionary(fc.constantFrom(...names), fc.oneof(json, shallow), { maxKeys: 10 })
  const event = fc.record({
    id: fc.string({ minLength: 1, maxLength: 5 }),
    at: time,
    requestId: fc.constant('request'),
    kind: fc.constantFrom('start', 'resend', 'deliver', 'verify', 'end_session', 'guard', 'later'),
    reason: fc.oneof(fc.constantFrom(...Object.keys(reasons)), nasty),
    facts: bag,
    decision: bag,
  })
  const views = fc.array(
    fc.record({
      at: time,
      ordinal: fc.integer({ min: 0, max: 3 }),
      facts: fc.record({
        method: fc.constantFrom('GET' as const, 'HEAD' as const),
        state: fc.constantFrom('live' as const, 'expired' as const, 'used' as const, 'off' as const),
        bound: fc.boolean(),
        cookie: fc.boolean(),
        prefetch: fc.boolean(),
        navigation: fc.constantFrom(true, false, null),
        ageMs: fc.nat(),
      }),
    }),
    { maxLength: 6 },
  )

  test('there is a verdict of one line, all entries are in order, and nothing looks like a secret', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), views, time, fc.boolean(), (events, seen, now, known) => {
        const { verdict, entries } = timelineOf(trace({ events, views: seen, now, challenge: known ? challenge : null }))
        expect(verdict).toMatch(/^[A-Z][^\n]{8,400}\.$/)
        expect(entries.map((entry) => entry.at)).toEqual(entries.map((entry) => entry.at).toSorted((one, other) => one - other))
        expect(entries.reduce((sum, entry) => sum + entry.count, 0)).toBe(events.length + seen.length)
        const shown = [verdict, ...entries.map(({ text }) => text)].join('\n')
        for (const secret of secrets) expect(shown).not.toContain(secret)
        expect(shown).not.toMatch(/@|:\/\/|[A-Za-z0-9]{30}|undefined|NaN|\[object/)
      }),
      { numRuns: 500 },
    )
  })
})
