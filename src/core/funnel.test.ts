import { describe, expect, test } from 'vitest'
import { closeFunnel, countEvent, countView, type FunnelEvent, type FunnelWindow, NO_PART, openFunnel } from './funnel.ts'
import { LEAST, numbersOf, OTHER_PARTS, partsOf } from './funnel-numbers.ts'
import { noTotals, percentile, sumOf, type Totals } from './funnel-totals.ts'
import type { ViewFacts } from './view.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const LIFE = 25 * HOUR

const always: FunnelWindow = { by: null, from: '', until: Number.POSITIVE_INFINITY }
/** In the order of their times. */
const requestAt = (at: number): string => String(at).padStart(16, '0')

const start = (challenge: string, at: number, verdict: 'send' | 'pretend' = 'send'): FunnelEvent => ({
  kind: 'start',
  at,
  requestId: requestAt(at),
  challenge,
  reason: 'mail_queued',
  facts: { resend: null },
  decision: { verdict, reason: 'mail_queued', mail: {} },
})
const resend = (challenge: string, at: number, before: number): FunnelEvent => ({
  ...start(challenge, at),
  kind: 'resend',
  facts: { resend: { mailsAt: Array.from({ length: before }, () => 0) } },
})
const deliver = (challenge: string, at: number, ordinal = 0): FunnelEvent => ({
  kind: 'deliver',
  at,
  requestId: requestAt(at),
  challenge,
  reason: 'mail_sent',
  facts: { ordinal },
  decision: { verdict: 'settle', reason: 'mail_sent' },
})
const verify = (challenge: string, at: number, reason: string, code: string | null, createdAt: number): FunnelEvent => ({
  kind: 'verify',
  at,
  requestId: requestAt(at),
  challenge,
  reason,
  facts: { now: at, proof: 'code', bound: true, code, challenge: { createdAt }, linkMatches: false },
  decision: { verdict: 'retry', reason },
})

const view = (at: number, facts: Partial<ViewFacts> = {}) => ({
  at,
  ordinal: 0,
  facts: { method: 'GET', state: 'live', bound: true, cookie: true, prefetch: false, navigation: true, ageMs: at, ...facts } as ViewFacts,
})

function count(events: readonly FunnelEvent[]) {
  const funnel = openFunnel(always)
  for (const event of events) countEvent(funnel, event, LIFE)
  return closeFunnel(funnel).totals
}

describe('a challenge', () => {
  test('counts for the furthest it came, and for what is before', () => {
    const { flows } = count([
      start('a', 0),
      start('b', 1),
      deliver('b', 2),
      start('c', 3),
      deliver('c', 4),
      verify('c', 5, 'code_wrong', 'wrong', 3),
      start('d', 6),
      verify('d', 7, 'signed_in', 'right', 6),
      start('e', 8, 'pretend'),
    ])
    expect(flows).toEqual({ requested: 5, forShow: 1, accepted: 3, seen: 2, verified: 1 })
  })

  test('that began before the window counts for nothing, but what happens to it in the window does', () => {
    const { flows, mails, codes, signIns } = count([
      verify('old', HOUR, 'code_wrong', 'wrong', 0),
      verify('old', HOUR + 1, 'signed_in', 'right', 0),
    ])
    expect(flows.requested).toBe(0)
    expect([codes.wrong, signIns.code, mails.size]).toEqual([1, 1, 0])
    // The ordinal of a mail tells how many there were before.
    expect([...count([resend('old', HOUR, 3), verify('old', HOUR + 1, 'signed_in', 'right', 0)]).mails]).toEqual([[4, 1]])
  })

  test('may have its mail delivered in the millisecond in which it begins, and stand behind that', () => {
    expect(count([deliver('a', 5), start('a', 5)]).flows).toMatchObject({ requested: 1, accepted: 1 })
  })

  test('is forgotten once nothing can happen to it any more, and counted all the same', () => {
    const funnel = openFunnel(always)
    for (let nth = 0; nth < 1_000; nth++) {
      countEvent(funnel, start(`c${nth}`, nth * HOUR), LIFE)
      expect(funnel.open.size).toBeLessThanOrEqual(26)
    }
    expect(closeFunnel(funnel).totals.flows.requested).toBe(1_000)
    expect(funnel.open.size).toBe(0)
  })

  test('is seen by a person who opens its link, and by no scanner', () => {
    const funnel = openFunnel(always)
    for (const challenge of ['a', 'b', 'c']) countEvent(funnel, start(challenge, 0), LIFE)
    countView(funnel, 'a', view(5_000))
    countView(funnel, 'b', view(900_001, { bound: false, state: 'expired' }))
    countView(funnel, 'c', view(10, { bound: false, cookie: false, method: 'HEAD' }))
    const { totals } = closeFunnel(funnel)
    expect(totals.flows.seen).toBe(2)
    expect(totals.views).toEqual({ same_browser: 1, other_browser: 1, prefetch: 0, likely_scanner: 1, expired: 1 })
  })
})

describe('told apart', () => {
  test('every count stands in one part and in the whole, also what belongs to no mail', () => {
    const funnel = openFunnel({ ...always, by: 'mailbox' })
    const guard = { ...start('', 9), kind: 'guard', challenge: null, reason: 'origin_null', facts: { method: 'POST' }, decision: {} }
    for (const [event, part] of [
      [start('a', 0), 'google'],
      [deliver('a', 1), 'google'],
      [start('b', 2, 'pretend'), 'other'],
      [verify('a', 3, 'code_wrong', 'wrong', 0), 'google'],
      [verify('a', 4_000, 'signed_in', 'right', 0), 'google'],
      [guard, null],
    ] as const)
      countEvent(funnel, event, LIFE, part)
    countView(funnel, 'b', view(5_000))
    const { totals, parts } = closeFunnel(funnel)
    expect([...parts.keys()].sort()).toEqual(['google', NO_PART, 'other'])
    expect(sumOf([...parts.values()])).toEqual(totals)
    expect(parts.get('google')).toMatchObject({ flows: { requested: 1, verified: 1 }, codes: { wrong: 1, right: 1, refunded: 1 } })
    expect(parts.get('other')).toMatchObject({ flows: { requested: 1, forShow: 1, seen: 1 }, views: { same_browser: 1 } })
    expect(parts.get(NO_PART)).toMatchObject({ flows: { requested: 0 }, posts: { all: 1, inVain: 1 } })
  })

  test('by method a sign-in counts for what signed in first, a view for the link, and who sent nothing for neither', () => {
    const funnel = openFunnel({ ...always, by: 'method' })
    const byLink = (event: FunnelEvent): FunnelEvent => ({ ...event, facts: { ...event.facts, proof: 'link', linkMatches: true } })
    for (const event of [
      start('both', 0),
      byLink(verify('both', 1, 'address_needed', null, 0)),
      verify('both', 2, 'signed_in', 'right', 0),
      byLink(verify('both', 3, 'signed_in', null, 0)),
      start('tried', 4),
      verify('tried', 5, 'code_wrong', 'wrong', 4),
      start('looked', 6),
      start('away', 7),
    ])
      countEvent(funnel, event, LIFE)
    countView(funnel, 'looked', view(900_001, { state: 'expired' }))
    const { totals, parts } = closeFunnel(funnel)
    expect(sumOf([...parts.values()])).toEqual(totals)
    expect(parts.get('code')).toMatchObject({ flows: { requested: 2, verified: 1 }, signIns: { code: 1, link: 0 } })
    expect(parts.get('link')).toMatchObject({ flows: { requested: 1, seen: 1, verified: 0 }, signIns: { link: 1 }, views: { expired: 1 } })
    expect(parts.get(NO_PART)).toMatchObject({ flows: { requested: 1, seen: 0 } })
  })

  test('those that most asked in come first, what is beyond some is told as one, and what has no mail comes last', () => {
    const part = (requested: number): Totals => ({ ...noTotals(), flows: { ...noTotals().flows, requested } })
    const parts = new Map([
      [NO_PART, part(0)],
      ['one', part(1)],
      ['three', part(3)],
      ['two', part(2)],
    ])
    const named = (most?: number) => partsOf(parts, most).map(({ name, totals }) => [name, totals.flows.requested])
    expect(named()).toEqual([
      ['three', 3],
      ['two', 2],
      ['one', 1],
      [NO_PART, 0],
    ])
    expect(named(1)).toEqual([
      ['three', 3],
      [OTHER_PARTS, 3],
      [NO_PART, 0],
    ])
  })
})

describe('scanners, by day', () => {
  const scanned = (last: number, before: number, ofEach = 40) => {
    const until = 10 * DAY
    const funnel = openFunnel({ by: null, from: requestAt(until - DAY), until })
    for (const [scanners, day] of [
      [before, until - 2 * DAY],
      [last, until - DAY],
    ] as const) {
      for (let nth = 0; nth < ofEach; nth++) {
        const at = day + 1_000 * nth
        countEvent(funnel, start(requestAt(at), at), LIFE)
        const facts = nth < scanners ? ({ bound: false, cookie: false, method: 'HEAD' } as const) : {}
        countView(funnel, requestAt(at), { ...view(at + 10, facts), facts: view(10, facts).facts })
      }
    }
    return closeFunnel(funnel).totals
  }
  const jump = (totals: Totals) => numbersOf(totals).find(({ id }) => id === 'scanner_jump')

  test.each([
    [8, 4, 2, false],
    [9, 4, 2.25, true],
    [3, 0, 3, true],
    [0, 4, 0, false],
  ])('%d of 40 against %d of 40 the day before: ×%d, warned: %s', (last, before, value, warned) => {
    expect(jump(scanned(last, before))).toMatchObject({ value: expect.closeTo(value), of: 40, warned })
  })

  test('of little nothing is said, and what was before the window counts for nothing else', () => {
    expect(jump(scanned(9, 4, LEAST - 1))).toMatchObject({ value: null, warned: false })
    const { flows, views, days } = scanned(9, 4)
    expect([flows.requested, views.likely_scanner, views.same_browser]).toEqual([40, 9, 31])
    expect(days).toEqual({ last: { views: 40, scanners: 9 }, before: { views: 40, scanners: 4 } })
  })
})

describe('numbers', () => {
  test.each([
    [[[1, 1]], 0.5, 1],
    [
      [
        [1, 1],
        [9, 1],
      ],
      0.5,
      1,
    ],
    [
      [
        [9, 1],
        [1, 1],
      ],
      0.51,
      9,
    ],
    [
      [
        [1, 99],
        [500, 1],
      ],
      0.99,
      1,
    ],
    [
      [
        [1, 98],
        [500, 2],
      ],
      0.99,
      500,
    ],
    [[], 0.5, null],
  ] as const)('of %j the rank %d is %s', (seconds, share, expected) => {
    expect(percentile(new Map(seconds), share)).toBe(expected)
  })

  test('warn from their value on, of so many at least, and of nothing where there is nothing', () => {
    const warned = (asked: number, inVain: number): boolean | undefined => {
      const events = Array.from({ length: asked }, (_, nth) => verify('a', nth, nth < inVain ? 'code_wrong' : 'replayed', null, 0))
      return numbersOf(count(events)).find(({ id }) => id === 'posts_in_vain')?.warned
    }
    expect(warned(100, 5)).toBe(false)
    expect(warned(100, 6)).toBe(true)
    expect(warned(LEAST - 1, LEAST - 1)).toBe(false)
    expect(warned(LEAST, LEAST)).toBe(true)
    for (const { value, warned: loud } of numbersOf(count([]))) expect([value, loud]).toEqual([null, false])
  })
})
