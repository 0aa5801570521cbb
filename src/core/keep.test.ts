// How long rows are kept, against everything that may still be decided by them.
import { describe, expect, test } from 'vitest'
import { BATCH_MIN, isIdleBucket, isIdleMailbox, nextBatch, purgeBefore, restAfter } from './keep.ts'
import { type Policy, type PolicyInput, readPolicy } from './policy.ts'
import { decideSession } from './session.ts'
import { codeEnd, linkEnd } from './verify.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const now = Date.UTC(2026, 10, 21, 9)

function policy(input: unknown = 'standard'): Policy {
  const result = readPolicy(input)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}

/** The longest life that anything may have, kept as short as may be. */
const longest = policy({
  linkTtl: '24h',
  codeTtl: '1h',
  challengeTtl: '7d',
  session: { idle: '365d', absolute: '365d' },
  keep: { challenges: '1d', sessions: '1d', events: '1d', limits: '1h' },
})

describe('what is old enough to go', () => {
  test.each<[string, Policy]>([
    ['standard', policy()],
    ['strict', policy('strict')],
    ['corporate', policy('corporate')],
    ['the longest lives, kept as short as may be', longest],
  ])('I14, %s: nothing can be done with a challenge that goes, and its end was there to read for a day', (_, rules) => {
    const createdAt = purgeBefore(rules, 'challenges', now) - 1
    const lastMail = createdAt + rules.challengeTtl
    const mail = { createdAt: lastMail, linkExpiresAt: lastMail + rules.linkTtl, codeExpiresAt: lastMail + rules.codeTtl }
    const end = Math.max(linkEnd(rules, mail), codeEnd(rules, mail))
    expect(now - end).toBeGreaterThan(DAY)
    expect(now - end).toBeGreaterThan(rules.replayWindow)
  })

  test('nor with a session, however busy it was', () => {
    for (const rules of [policy(), policy('strict'), longest]) {
      const createdAt = purgeBefore(rules, 'sessions', now) - 1
      const decision = decideSession(rules, {
        now: now - DAY,
        session: { createdAt, seenAt: now, endedAt: null },
        user: { status: 'active' },
      })
      expect(decision.reason).toBe('session_expired')
    }
  })

  test('events go by their age', () => {
    expect(purgeBefore(policy({ keep: { events: '90d' } }), 'events', now)).toBe(now - 90 * DAY)
  })

  test.each<[string, unknown, RegExp]>([
    ['challenges that would go while a late click asks', { challenges: '23h' }, /keep.challenges: must lie between 1d/],
    ['sessions', { sessions: 0 }, /keep.sessions: must lie between 1d/],
    ['events', { events: '1h' }, /keep.events: must lie between 1d/],
    ['limits that a clock set back would fill', { limits: '59m' }, /keep.limits: must lie between 1h/],
    ['users', { users: '1d' }, /users/],
  ])('a policy cannot ask to drop %s', (_, keep, message) => {
    const result = readPolicy({ keep })
    expect(result.ok ? 'valid' : result.problems.join('\n')).toMatch(message)
  })
})

describe('limits that say nothing', () => {
  test('RL-20: a bucket that was full again for an hour', () => {
    expect([-HOUR - 1, -HOUR, -HOUR + 1, 0, HOUR].map((ms) => isIdleBucket(policy(), now + ms, now))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })

  const none = { mails: [], knownMails: [], failures: [], bounces: [] }
  test.each<[string, object, boolean, PolicyInput?]>([
    ['nothing', {}, true],
    ['mails of a day ago, and an hour', { mails: [now - 25 * HOUR], knownMails: [now - 25 * HOUR] }, true],
    ['a mail of a day ago', { mails: [now - 25 * HOUR + 1] }, false],
    ['one of a browser that is known', { knownMails: [now - 24 * HOUR] }, false],
    ['a wrong code of 364 days ago (I14)', { failures: [now - 364 * DAY] }, false],
    ['a wrong code of a year ago, and an hour', { failures: [now - 365 * DAY - HOUR] }, true],
    ['a refusal by the mail server this week', { bounces: [now - 7 * DAY] }, false],
    ['one that is older', { bounces: [now - 7 * DAY - HOUR] }, true],
    ['an old one and a young one', { failures: [now - 400 * DAY, now - DAY] }, false],
    [
      'mails of all tenants, whatever one of them would count (RL-09)',
      { mails: [now - 24 * HOUR] },
      false,
      { mailsPerAddress: [{ count: 3, per: '1h' }] },
    ],
    ['what the clock has not come to yet', { mails: [now + DAY] }, false],
  ])('a mailbox with %s', (_, hits, idle, rules = {}) => {
    expect(isIdleMailbox(policy(rules), { ...none, ...hits }, now)).toBe(idle)
  })
})

describe('LO-08: batches', () => {
  test('grow while they are quick, and shrink at once when they are not, down to what always goes', () => {
    expect(nextBatch(BATCH_MIN, 0.1, true)).toBe(800)
    expect(nextBatch(800, 8, true)).toBe(800)
    expect(nextBatch(2_000, 16, true)).toBe(1_000)
    expect(nextBatch(2_000, 1, true)).toBe(2_000)
    expect(nextBatch(800, 5_000, true)).toBe(BATCH_MIN)
  })

  test('where nobody waits behind one, the way to a busy server and back makes none smaller', () => {
    expect(nextBatch(BATCH_MIN, 40, false)).toBe(800)
    expect(nextBatch(2_000, 100, false)).toBe(2_000)
    expect(nextBatch(2_000, 200, false)).toBe(1_000)
    expect(nextBatch(2_000, 5_000, false)).toBe(BATCH_MIN)
  })

  test.each([
    [true, 0.2],
    [false, 0.5],
  ])('where others wait for the writer (%s) take no more than %f of the time', (othersWaited, most) => {
    for (const tookMs of [0.1, 3, 8, 50]) expect(tookMs / (tookMs + restAfter(tookMs, othersWaited))).toBeLessThanOrEqual(most)
    expect(restAfter(50, othersWaited)).toBe(othersWaited ? 200 : 50)
  })
})
