// The checker is checked: histories that one register per secret could have answered, and histories that none could.
import { describe, expect, test } from 'vitest'
import { type Answer, type Ask, type Call, faultsOf, faultsOfRecords, type Records, type Rules } from './history.ts'

const rules: Rules = { linkTtl: 900, codeTtl: 600, codeTries: 5, replayWindow: 120, skew: 1 }
const FOREVER = Number.POSITIVE_INFINITY

type Line = readonly [from: number, to: number, ask: Ask, answer: string | Answer | null]

function history(...lines: readonly Line[]): Call[] {
  return lines.map(([from, to, ask, answer], index) => ({
    id: index + 1,
    client: `c${index + 1}`,
    ask,
    from,
    to: answer === null ? FOREVER : to,
    answer: typeof answer === 'string' ? { reason: answer } : answer,
    requestId: `r${index + 1}`,
  }))
}

const start: Ask = { do: 'start', challenge: 'C', browser: 'a' }
const resend: Ask = { do: 'resend', challenge: 'C' }
const code = (which: number | 'wrong', carries: string | null = null): Ask => ({
  do: 'code',
  challenge: 'C',
  browser: 'a',
  code: which,
  carries,
})
const link = (browser: string, mail = 0): Ask => ({ do: 'link', challenge: 'C', browser, mail, carries: null })
const check = (session: string): Ask => ({ do: 'check', session })
const signOut = (session: string): Ask => ({ do: 'sign_out', session })
const signedIn = (session: string): Answer => ({ reason: 'signed_in', session })
const replayed = (session: string): Answer => ({ reason: 'replayed', session })
const wrong = (triesLeft: number): Answer => ({ reason: 'code_wrong', triesLeft })
const guesses = (count: number): Line[] =>
  Array.from({ length: count }, (_, at): Line => [2, 9, code('wrong'), at < 4 ? wrong(4 - at) : 'code_locked'])
const asked: Line = [0, 1, start, 'queued']
/** Another challenge of the same browser. */
const later: Line = [20, 21, { do: 'start', challenge: 'D', browser: 'a' }, 'queued']
const signInLater = (answer: Answer | null, carries = 'S'): Line => [
  22,
  23,
  { do: 'code', challenge: 'D', browser: 'a', code: 0, carries },
  answer,
]

const good: Readonly<Record<string, Call[]>> = {
  'nothing at all': [],
  'a sign-in, looked at, and ended': history(
    asked,
    [2, 3, code(0), signedIn('S')],
    [4, 5, check('S'), 'session_live'],
    [6, 7, signOut('S'), 'signed_out'],
    [8, 9, check('S'), 'session_ended'],
    [8, 9, signOut('S'), 'session_ended'],
  ),
  'two taps at once: whichever came first, the other is a replay': history(
    asked,
    [2, 9, code(0), replayed('S')],
    [3, 8, link('a'), signedIn('S')],
    [4, 8, code(0), replayed('S')],
  ),
  'a link in two browsers at once: one gets in': history(asked, [2, 9, link('b'), 'link_used'], [3, 8, link('a'), signedIn('S')]),
  'a link spent elsewhere leaves the code': history(asked, [2, 3, link('b'), signedIn('T')], [4, 5, code(0), signedIn('S')]),
  'two links of a challenge in one other browser: one session, shown twice': history(
    asked,
    [2, 3, resend, 'queued'],
    [4, 5, link('b', 0), signedIn('T')],
    [6, 7, link('b', 1), replayed('T')],
  ),
  'an older code takes a try of the newest, and says so': history(
    asked,
    [2, 3, resend, 'queued'],
    [4, 5, code(0), { reason: 'code_superseded', triesLeft: 4 }],
    [6, 7, code(1), signedIn('S')],
  ),
  'a code that a resend overtakes': history(asked, [2, 9, resend, 'queued'], [3, 8, code(0), { reason: 'code_superseded', triesLeft: 4 }]),
  'a resend that came before the sign-in it overlaps, or after it': history(
    asked,
    [2, 9, resend, 'challenge_completed'],
    [3, 8, code(0), signedIn('S')],
  ),
  'five looks at a code, whatever order they came in, then no more': history(
    asked,
    [2, 9, code('wrong'), wrong(1)],
    [2, 9, code('wrong'), wrong(3)],
    [2, 9, code('wrong'), 'code_locked'],
    [2, 9, code('wrong'), wrong(2)],
    [2, 9, code('wrong'), wrong(4)],
    [2, 9, code('wrong'), 'code_locked'],
    [10, 11, code(0), 'code_locked'],
    [12, 13, link('a'), signedIn('S')],
  ),
  'the last try of a new mail is answered as one behind the last of the mail before': history(
    asked,
    ...guesses(5),
    [10, 20, resend, 'queued'],
    [11, 20, code('wrong'), 'code_locked'],
    ...[4, 3, 2, 1].map((left): Line => [12, 20, code('wrong'), wrong(left)]),
    [21, 22, code(0), 'code_locked'],
  ),
  'a new mail has a code with tries of its own': history(
    asked,
    ...guesses(5),
    [10, 11, resend, 'queued'],
    [12, 13, code('wrong'), wrong(4)],
    [14, 15, code(1), signedIn('S')],
  ),
  'the clock decides: expired from the end of its life on': history(
    asked,
    [599, 602, code(0), 'code_expired'],
    [899, 902, link('a'), signedIn('S')],
  ),
  'a replay until the window closes, then "used"': history(
    asked,
    [2, 3, code(0), signedIn('S')],
    [121, 123, code(0), replayed('S')],
    [124, 125, code(0), 'code_used'],
    [126, 127, check('S'), 'session_live'],
  ),
  'a sign-in without an answer that did happen': history(
    asked,
    [2, 3, code(0), null],
    [4, 5, link('a'), replayed('S')],
    [6, 7, check('S'), 'session_live'],
  ),
  'a sign-in without an answer that did not': history(asked, [2, 3, code(0), null], [4, 5, link('b'), signedIn('T')]),
  'a sign-in without an answer that happened late': history(
    asked,
    [2, 3, code(0), null],
    [4, 5, link('b'), signedIn('T')],
    [6, 7, resend, 'too_many_mails'],
    [8, 9, resend, 'challenge_completed'],
  ),
  'a guess without an answer that took its try': history(asked, [2, 3, code('wrong'), null], [4, 5, code('wrong'), wrong(3)]),
  'a resend without an answer that was queued': history(asked, [2, 3, resend, null], [4, 5, code(1), signedIn('S')]),
  'a sign-out without an answer': history(
    asked,
    [2, 3, code(0), signedIn('S')],
    [4, 5, signOut('S'), null],
    [6, 7, check('S'), 'session_live'],
    [8, 9, check('S'), 'session_ended'],
  ),
  'a look at a session while it is ended': history(
    asked,
    [2, 3, code(0), signedIn('S')],
    [4, 9, signOut('S'), 'signed_out'],
    [5, 6, check('S'), 'session_live'],
    [7, 8, check('S'), 'session_ended'],
  ),
  'a sign-in ends the session its browser held': history(
    asked,
    [2, 3, code(0), signedIn('S')],
    later,
    signInLater(signedIn('T')),
    [24, 25, check('S'), 'session_ended'],
    [24, 25, check('T'), 'session_live'],
  ),
  'and perhaps did, where there was no answer': history(
    asked,
    [2, 3, code(0), signedIn('S')],
    later,
    signInLater(null),
    [24, 25, check('S'), 'session_live'],
    [26, 27, check('S'), 'session_ended'],
  ),
}

const bad: Readonly<Record<string, readonly [Call[], string]>> = {
  'a code that signs in twice': [
    history(asked, [2, 9, code(0), signedIn('S')], [3, 8, code(0), signedIn('S')]),
    'code of mail 0 in a → signed_in S — here it must be replayed S',
  ],
  'a link that signs in two browsers': [
    history(asked, [2, 9, link('a'), signedIn('S')], [3, 8, link('b'), signedIn('T')]),
    'link of mail 0 in b → signed_in T — here it must be link_used',
  ],
  'a replay with a session of its own': [
    history(asked, [2, 3, code(0), signedIn('S')], [4, 5, code(0), replayed('T')]),
    'here it must be replayed S',
  ],
  'a replay in a browser that got nothing': [
    history(asked, [2, 3, code(0), signedIn('S')], [4, 5, link('b'), replayed('S')]),
    'here it must be link_used',
  ],
  'a replay of nothing': [history(asked, [2, 3, code(0), replayed('S')]), 'here it must be signed_in S'],
  'a replay when the window is closed': [
    history(asked, [2, 3, code(0), signedIn('S')], [125, 126, code(0), replayed('S')]),
    'here it must be code_used',
  ],
  'a replay for a wrong code': [
    history(asked, [2, 3, code(0), signedIn('S')], [4, 5, code('wrong'), replayed('S')]),
    'here it must be code_used',
  ],
  'a tap too many that is told "used"': [
    history(asked, [2, 3, code(0), signedIn('S')], [4, 5, code(0), 'code_used']),
    'here it must be replayed S',
  ],
  'a replay of a session that was ended': [
    history(asked, [2, 3, code(0), signedIn('S')], [4, 5, signOut('S'), 'signed_out'], [6, 7, code(0), replayed('S')]),
    'here it must be code_used',
  ],
  'spent for nothing': [history(asked, [2, 3, code(0), 'code_used']), 'here it must be signed_in'],
  'a link of an earlier mail that outlives the sign-in': [
    history(asked, [2, 3, resend, 'queued'], [4, 5, code(1), signedIn('S')], [6, 7, link('b', 0), signedIn('T')]),
    'here it must be link_used',
  ],
  'an older code that opens': [
    history(asked, [2, 3, resend, 'queued'], [4, 5, code(0), signedIn('S')]),
    'here it must be code_superseded 4 left',
  ],
  'a code and the resend that would have retired it, both at once': [
    history(asked, [2, 9, resend, 'queued'], [3, 8, code(0), signedIn('S')]),
    'code of mail 0 in a → signed_in S — here it must be code_superseded 4 left',
  ],
  'a sixth look': [
    history(asked, ...guesses(5), [10, 11, code('wrong'), wrong(0)]),
    'wrong code in a → code_wrong 0 left — here it must be code_locked',
  ],
  'a right code behind five wrong ones': [history(asked, ...guesses(5), [10, 11, code(0), signedIn('S')]), 'here it must be code_locked'],
  'two guesses that took the same try': [
    history(asked, [2, 9, code('wrong'), wrong(4)], [3, 8, code('wrong'), wrong(4)]),
    'here it must be code_wrong 3 left',
  ],
  'a try that came back': [
    history(asked, [2, 3, code('wrong'), wrong(4)], [4, 5, resend, 'too_many_mails'], [6, 7, code('wrong'), wrong(4)]),
    'here it must be code_wrong 3 left',
  ],
  'a sign-in after the end of the code': [history(asked, [603, 604, code(0), signedIn('S')]), 'here it must be code_expired'],
  'a sign-in after the end of the link': [history(asked, [903, 904, link('a'), signedIn('S')]), 'here it must be link_expired'],
  'a code that ends early': [history(asked, [500, 501, code(0), 'code_expired']), 'here it must be signed_in'],
  'a link that ends early': [history(asked, [800, 801, link('a'), 'link_expired']), 'here it must be signed_in'],
  'a code that came with no mail': [history(asked, [2, 3, code(1), wrong(4)]), 'there is no such thing yet'],
  'a start that was acknowledged and is gone': [history(asked, [2, 3, code(0), 'code_other_browser']), 'here it must be signed_in'],
  'a resend that was acknowledged and is gone': [
    history(asked, [2, 3, resend, 'queued'], [4, 5, code(0), signedIn('S')]),
    'here it must be code_superseded',
  ],
  'a session that was acknowledged and is gone': [
    history(asked, [2, 3, code(0), signedIn('S')], [4, 5, check('S'), 'session_unknown']),
    'here it must be session_live',
  ],
  'a session that ended by itself': [
    history(asked, [2, 3, code(0), signedIn('S')], [4, 5, check('S'), 'session_ended']),
    'here it must be session_live',
  ],
  'a session that lives on after its end': [
    history(asked, [2, 3, code(0), signedIn('S')], [4, 5, signOut('S'), 'signed_out'], [6, 7, check('S'), 'session_live']),
    'check S → session_live — here it must be session_ended',
  ],
  'a session that comes back': [
    history(
      asked,
      [2, 3, code(0), signedIn('S')],
      [4, 5, signOut('S'), null],
      [6, 7, check('S'), 'session_ended'],
      [8, 9, check('S'), 'session_live'],
    ),
    'here it must be session_ended',
  ],
  'a session ended twice': [
    history(asked, [2, 3, code(0), signedIn('S')], [4, 9, signOut('S'), 'signed_out'], [4, 9, signOut('S'), 'signed_out']),
    'here it must be session_ended',
  ],
  'a session that its browser put away, and that lives on': [
    history(asked, [2, 3, code(0), signedIn('S')], later, signInLater(signedIn('T')), [24, 25, check('S'), 'session_live']),
    'here it must be session_ended',
  ],
  'one session of two challenges': [
    history(asked, [2, 3, code(0), signedIn('S')], later, signInLater(signedIn('S'))),
    'session S was given by two challenges, C and D',
  ],
  'an outage that is none': [history(asked, [2, 3, code(0), 'failed']), 'here it must be signed_in'],
  'a look before anything was asked': [history([2, 3, code(0), signedIn('S')]), 'there is no such thing yet'],
  'a session of nobody': [history([2, 3, check('S'), 'session_live']), 'there is no such thing yet'],
}

describe('an order is found for', () => {
  test.each(Object.entries(good))('%s', (_, calls) => {
    expect(faultsOf(rules, calls)).toEqual([])
  })
})

describe('no order is found for', () => {
  test.each(Object.entries(bad))('%s', (_, [calls, words]) => {
    const faults = faultsOf(rules, calls)
    expect(faults.length).toBeGreaterThan(0)
    expect(faults.join('\n')).toContain(words)
  })
})

test('a hundred calls at once, of which ten went unanswered, are judged in a moment', () => {
  const calls = history(
    asked,
    ...Array.from({ length: 10 }, (): Line => [2, 50, code('wrong'), null]),
    ...Array.from({ length: 60 }, (): Line => [2, 50, code('wrong'), 'code_locked']),
    ...Array.from({ length: 29 }, (_, at): Line => [2, 50, link('a'), at === 7 ? signedIn('S') : replayed('S')]),
  )
  const began = performance.now()
  expect(faultsOf(rules, calls)).toEqual([])
  expect(performance.now() - began).toBeLessThan(2_000)
})

describe('what was written down', () => {
  const calls = history(asked, [2, 3, code('wrong'), wrong(4)], [4, 5, code(0), signedIn('S')], [6, 7, signOut('S'), 'signed_out'])
  const event = (request: number, kind: string, reason: string, session: string | null = null): Records['events'][number] => ({
    requestId: `r${request}`,
    kind,
    reason,
    session,
    looked: kind === 'verify' ? { challenge: 'C', mail: 0 } : null,
  })
  const complete: Records = {
    sessions: [{ id: 'S', ended: true }],
    events: [
      event(1, 'start', 'mail_queued'),
      event(1, 'deliver', 'mail_sent'),
      event(2, 'verify', 'code_wrong'),
      event(3, 'verify', 'signed_in', 'S'),
      event(4, 'end_session', 'signed_out', 'S'),
    ],
  }
  const without = (request: number): Records => ({
    ...complete,
    events: complete.events.filter(({ requestId }) => requestId !== `r${request}`),
  })
  const table: Readonly<Record<string, readonly [Records, string | null]>> = {
    'agrees with what was answered': [complete, null],
    'lacks a session that was acknowledged': [{ ...complete, sessions: [] }, 'a session was acknowledged and is not there: #3'],
    'has a session alive that was ended': [{ ...complete, sessions: [{ id: 'S', ended: false }] }, 'a session was ended and lives: #4'],
    'has a session that no event made': [
      { ...complete, sessions: [...complete.sessions, { id: 'T', ended: false }] },
      'session T: a row and 0 events that made it',
    ],
    'lacks the event of a start': [without(1), '0 events of one request: #1'],
    'lacks the event of a guess': [without(2), '0 events of one request: #2'],
    'has two events of one sign-in': [
      { ...complete, events: [...complete.events, event(9, 'verify', 'signed_in', 'S')] },
      'session S: a row and 2 events that made it',
    ],
    'tells of a request what was not answered': [
      { ...complete, events: complete.events.map((one) => (one.requestId === 'r2' ? { ...one, reason: 'code_locked' } : one)) },
      'the event says code_locked: #2',
    ],
    'has a sixth look at one code': [
      { ...complete, events: [...complete.events, ...[5, 6, 7, 8].map((request) => event(request, 'verify', 'code_wrong'))] },
      'the code of C, mail 0 was compared 6 times',
    ],
  }
  test.each(Object.entries(table))('%s', (_, [records, words]) => {
    const faults = faultsOfRecords(rules, calls, records)
    if (words === null) expect(faults).toEqual([])
    else expect(faults.join('\n')).toContain(words)
  })
})
