import { describe, expect, test } from 'vitest'
import { type Counts, countsOf, judge, type Minutes, rules, type Seen, sumOf, WINDOW_MINUTES, withTold } from './alarms.ts'
import type { Told, ToldVerify } from './told.ts'

const MINUTE = 60_000
const now = Date.UTC(2026, 10, 21, 9)
const nothing: Counts = { opened: 0, openedLate: 0, posts: 0, inVain: 0, wrongCodes: 0, handedOver: 0, notTaken: 0, notMe: 0 }
const calm: Seen = { counts: nothing, queueAgeMs: 0, breakerFill: 0, unsealedMs: 0 }

const view = { method: 'GET', ageMs: 1, first: true, mailbox: 'other' } as const

const proof = (change: Partial<ToldVerify>): Told => ({
  kind: 'verify',
  proof: 'code',
  reason: 'code_wrong',
  bound: true,
  code: 'wrong',
  tookMs: null,
  mails: 0,
  refunded: 0,
  ...change,
})

describe('a rule', () => {
  const seen = (counts: Partial<Counts>, change: Partial<Seen> = {}): Seen => ({ ...calm, counts: { ...nothing, ...counts }, ...change })
  test.each<[string, Seen, Seen]>([
    ['expired_landings', seen({ opened: 20, openedLate: 5 }), seen({ opened: 20, openedLate: 6 })],
    ['expired_landings', seen({ opened: 19, openedLate: 19 }), seen({ opened: 21, openedLate: 19 })],
    ['posts_in_vain', seen({ posts: 100, inVain: 25 }), seen({ posts: 100, inVain: 26 })],
    ['posts_in_vain', seen({ posts: 49, inVain: 49 }), seen({ posts: 50, inVain: 49 })],
    ['wrong_codes', seen({ wrongCodes: 100 }), seen({ wrongCodes: 101 })],
    ['not_me', seen({ notMe: 10 }), seen({ notMe: 11 })],
    ['breaker_open', seen({}, { breakerFill: 0.998 }), seen({}, { breakerFill: 1 })],
    ['breaker_open', seen({}, { breakerFill: null }), seen({}, { breakerFill: 2 })],
    ['mails_not_taken', seen({ handedOver: 10, notTaken: 5 }), seen({ handedOver: 10, notTaken: 6 })],
    ['mails_not_taken', seen({ handedOver: 9, notTaken: 9 }), seen({ handedOver: 11, notTaken: 9 })],
    ['mail_queue_age', seen({}, { queueAgeMs: 120_000 }), seen({}, { queueAgeMs: 120_001 })],
    ['record_unsealed_age', seen({}, { unsealedMs: 7_200_000 }), seen({}, { unsealedMs: 7_200_001 })],
  ])('%s speaks above its value and of enough, and ends below', (id, quiet, loud) => {
    expect([...judge(new Set(), quiet).now]).toEqual([])
    const begun = judge(new Set(), loud)
    expect([begun.raised.map(({ rule }) => rule.id), [...begun.now]]).toEqual([[id], [id]])
    // Once.
    expect(judge(begun.now, loud)).toMatchObject({ raised: [], ended: [] })
    const over = judge(begun.now, quiet)
    expect([over.ended.map(({ rule }) => rule.id), over.now.size]).toEqual([[id], 0])
  })

  test('each has a row above', () => {
    expect(rules.map(({ id }) => id).sort()).toEqual(
      [
        'breaker_open',
        'expired_landings',
        'mail_queue_age',
        'mails_not_taken',
        'not_me',
        'posts_in_vain',
        'record_unsealed_age',
        'wrong_codes',
      ].sort(),
    )
  })
})

describe('what is counted', () => {
  test.each<[string, Told, Partial<Counts> | null]>([
    ['a person', { kind: 'view', class: 'same_browser', state: 'live', ...view }, { opened: 1, openedLate: 0 }],
    ['a person who comes too late', { kind: 'view', class: 'other_browser', state: 'expired', ...view }, { opened: 1, openedLate: 1 }],
    ['a scanner', { kind: 'view', class: 'likely_scanner', state: 'expired', ...view }, null],
    ['a wrong code', proof({}), { posts: 1, inVain: 1, wrongCodes: 1 }],
    ['slips that are taken back', proof({ reason: 'signed_in', code: 'right', refunded: 2 }), { posts: 1, inVain: 0, wrongCodes: -2 }],
    ['a mail', { kind: 'deliver', reason: 'mail_sent', ageMs: 1 }, { handedOver: 1, notTaken: 0 }],
    ['a mail that must wait', { kind: 'deliver', reason: 'mail_deferred', ageMs: 1 }, { handedOver: 1, notTaken: 1 }],
    ['a foreign form', { kind: 'refusal', of: 'guard', reason: 'origin_null', posted: true }, { posts: 1, inVain: 1 }],
    ['a foreign look', { kind: 'refusal', of: 'guard', reason: 'origin_foreign', posted: false }, null],
    ['no address', { kind: 'refusal', of: 'start', reason: 'address_invalid', posted: true }, null],
    ['an answer', { kind: 'request', route: '/', status: 500, reason: 'failed' }, null],
  ])('%s', (_, told, expected) => {
    const counts = countsOf(told)
    expect(counts && { ...counts, ...(counts.wrongCodes === 0 ? { wrongCodes: undefined } : {}) }).toEqual(expected)
  })

  test('is forgotten after an hour, and never more than an hour is kept', () => {
    let minutes: Minutes = []
    for (let minute = 0; minute < 200; minute++)
      minutes = withTold(withTold(minutes, proof({}), now + minute * MINUTE), proof({}), now + minute * MINUTE)
    expect(minutes).toHaveLength(WINDOW_MINUTES)
    const last = now + 199 * MINUTE
    expect(sumOf(minutes, last).wrongCodes).toBe(2 * WINDOW_MINUTES)
    expect(sumOf(minutes, last + 30 * MINUTE).wrongCodes).toBe(WINDOW_MINUTES)
    expect(sumOf(minutes, last + WINDOW_MINUTES * MINUTE)).toEqual(nothing)
    // A clock that was set back.
    expect(sumOf(minutes, now).wrongCodes).toBe(0)
  })
})
