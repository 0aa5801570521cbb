// Tables for the short decisions, and for the policy itself.
import { describe, expect, test } from 'vitest'
import { type DeliveryFacts, decideDelivery } from './delivery.ts'
import { mailWindows, type Policy, readable, readPolicy } from './policy.ts'
import { reasons } from './reason.ts'
import { decideSession, type SessionFacts } from './session.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const now = Date.UTC(2026, 10, 21, 9)

function policy(input: unknown = 'standard'): Policy {
  const result = readPolicy(input)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}

describe('decideSession', () => {
  const live: SessionFacts = { now, session: { createdAt: now - DAY, seenAt: now - HOUR, endedAt: null }, user: { status: 'active' } }
  test.each<[string, SessionFacts, string, string]>([
    ['a session in use', live, 'standard', 'session_live'],
    ['none', { ...live, session: null }, 'standard', 'session_unknown'],
    ['ended', { ...live, session: { createdAt: now, seenAt: now, endedAt: now } }, 'standard', 'session_ended'],
    ['of a disabled user (SE-08)', { ...live, user: { status: 'disabled' } }, 'standard', 'session_ended'],
    [
      'one millisecond before it is idle (SE-05)',
      { ...live, session: { createdAt: now - 8 * DAY, seenAt: now - 7 * DAY + 1, endedAt: null } },
      'standard',
      'session_live',
    ],
    ['idle (SE-05)', { ...live, session: { createdAt: now - 8 * DAY, seenAt: now - 7 * DAY, endedAt: null } }, 'standard', 'session_idle'],
    [
      'one millisecond before its absolute end',
      { ...live, session: { createdAt: now - 30 * DAY + 1, seenAt: now, endedAt: null } },
      'standard',
      'session_live',
    ],
    [
      'at its absolute end, however busy (SE-05)',
      { ...live, session: { createdAt: now - 30 * DAY, seenAt: now, endedAt: null } },
      'standard',
      'session_expired',
    ],
    ['a stricter policy applies at once', live, 'strict', 'session_expired'],
  ])('%s', (_, facts, preset, reason) => {
    expect(decideSession(policy(preset), facts).reason).toBe(reason)
  })

  test('a use is written down at most once a minute', () => {
    const touched = (ms: number): boolean =>
      decideSession(policy(), { ...live, session: { createdAt: now - DAY, seenAt: now - ms, endedAt: null } }).touch
    expect([touched(59_999), touched(60_000)]).toEqual([false, true])
  })
})

describe('decideDelivery', () => {
  const facts: DeliveryFacts = { now, tries: 0, expiresAt: now + 15 * MINUTE, decoy: false, reply: null }
  test.each<[string, Partial<DeliveryFacts>, object]>([
    ['a fresh mail goes out', {}, { verdict: 'hand_over' }],
    ['one that nobody could use any more does not (FA-05)', { now: now + 13 * MINUTE + 1 }, { state: 'expired', reason: 'mail_expired' }],
    ['accepted', { reply: 'accepted' }, { state: 'sent', reason: 'mail_sent' }],
    ['a mail for show', { reply: 'accepted', decoy: true }, { state: 'suppressed', reason: 'mail_suppressed' }],
    ['refused for good (FA-07)', { reply: 'permanent' }, { state: 'dead', reason: 'mail_dead' }],
    ['its key is gone', { reply: 'unreadable' }, { state: 'dead', reason: 'mail_dead' }],
    ['greylisted (FA-07)', { reply: 'temporary' }, { verdict: 'retry', reason: 'mail_deferred', retryInMs: 5_000 }],
    ['greylisted again and again', { reply: 'temporary', tries: 9 }, { verdict: 'retry', retryInMs: 2 * MINUTE }],
    ['nobody answers (FA-09)', { reply: 'unreachable', tries: 1 }, { verdict: 'retry', retryInMs: 15_000 }],
    ['the answer was lost (FA-08)', { reply: 'unknown' }, { verdict: 'retry' }],
    ['no time for another try', { reply: 'temporary', now: now + 12 * MINUTE + 56_000 }, { state: 'expired' }],
  ])('%s', (_, change, expected) => {
    expect(decideDelivery(policy(), { ...facts, ...change })).toMatchObject(expected)
  })
})

describe('the policy', () => {
  test.each(['strict', 'standard', 'corporate'])('preset %s holds the numbers of the standards', (preset) => {
    const rules = policy(preset)
    expect(rules.codeTries).toBe(5)
    expect(rules.codeFailures).toEqual([
      { count: 10, per: DAY },
      { count: 30, per: 30 * DAY },
      { count: 100, per: 365 * DAY },
    ])
    expect(rules.codeTtl).toBeLessThanOrEqual(15 * MINUTE)
  })

  test('the mail window follows the life of a link (seed 3, fire 5)', () => {
    for (const linkTtl of ['10m', '15m', '60m'])
      expect(mailWindows(policy({ linkTtl }))[0]).toEqual({ count: 3, per: policy({ linkTtl }).linkTtl })
  })

  test.each<[string, unknown, RegExp]>([
    ['an unknown preset', 'lax', /preset "lax"/],
    ['an unknown setting', { linkTTL: '5m' }, /linkTTL/],
    ['a life beyond bounds', { linkTtl: '48h' }, /linkTtl: must lie between 1m and 1d/],
    ['a duration in words', { codeTtl: 'ten minutes' }, /codeTtl/],
    ['no method', { methods: [] }, /methods/],
    ['a method twice', { methods: ['code', 'code'] }, /twice/],
    ['the code way without codes', { methods: ['link'], otherBrowser: 'code' }, /otherBrowser/],
    ['a code that outlives its link', { linkTtl: '5m', codeTtl: '10m' }, /codeTtl/],
    ['more tries than a code bears', { codeTries: 6 }, /codeTries/],
    ['idle longer than absolute', { session: { idle: '60d' } }, /session.idle/],
    ['a number', 7, /neither the name of a preset/],
    ['a list', [], /neither/],
  ])('refuses %s', (_, input, message) => {
    const result = readPolicy(input)
    expect(result.ok ? 'valid' : result.problems.join('\n')).toMatch(message)
  })

  test('a policy that was read reads again to the same', () => {
    expect(policy(policy({ linkTtl: '30m', starts: { browser: { count: 3, per: '1h' } } }))).toEqual(
      policy({ linkTtl: '30m', starts: { browser: { count: 3, per: '1h' } } }),
    )
  })

  test('durations read back as people write them', () => {
    expect([900_000, 86_400_000, 400, 90_000].map(readable)).toEqual(['15m', '1d', '400ms', '90s'])
  })
})

describe('reasons', () => {
  test('a face is itself a reason with the same face, status and next step', () => {
    for (const [code, reason] of Object.entries(reasons)) {
      const face = reasons[reason.face as keyof typeof reasons]
      expect(face, code).toMatchObject({ face: reason.face, status: reason.status, next: reason.next })
    }
  })

  test('codes are lower snake case and say the fact', () => {
    for (const code of Object.keys(reasons)) expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
  })
})
