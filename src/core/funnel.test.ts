import { describe, expect, test } from 'vitest'
import { closeFunnel, countEvent, countView, type FunnelEvent, openFunnel, percentile } from './funnel.ts'
import { LEAST, numbersOf } from './funnel-numbers.ts'
import type { ViewFacts } from './view.ts'

const HOUR = 3_600_000
const LIFE = 25 * HOUR

const start = (challenge: string, at: number, verdict: 'send' | 'pretend' = 'send'): FunnelEvent => ({
  kind: 'start',
  at,
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
  challenge,
  reason: 'mail_sent',
  facts: { ordinal },
  decision: { verdict: 'settle', reason: 'mail_sent' },
})
const verify = (challenge: string, at: number, reason: string, code: string | null, createdAt: number): FunnelEvent => ({
  kind: 'verify',
  at,
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
  const funnel = openFunnel()
  for (const event of events) countEvent(funnel, event, LIFE)
  return closeFunnel(funnel)
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
    const funnel = openFunnel()
    for (let nth = 0; nth < 1_000; nth++) {
      countEvent(funnel, start(`c${nth}`, nth * HOUR), LIFE)
      expect(funnel.open.size).toBeLessThanOrEqual(26)
    }
    expect(closeFunnel(funnel).flows.requested).toBe(1_000)
    expect(funnel.open.size).toBe(0)
  })

  test('is seen by a person who opens its link, and by no scanner', () => {
    const funnel = openFunnel()
    for (const challenge of ['a', 'b', 'c']) countEvent(funnel, start(challenge, 0), LIFE)
    countView(funnel, 'a', view(5_000))
    countView(funnel, 'b', view(900_001, { bound: false, state: 'expired' }))
    countView(funnel, 'c', view(10, { bound: false, cookie: false, method: 'HEAD' }))
    const totals = closeFunnel(funnel)
    expect(totals.flows.seen).toBe(2)
    expect(totals.views).toEqual({ same_browser: 1, other_browser: 1, prefetch: 0, likely_scanner: 1, expired: 1 })
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
