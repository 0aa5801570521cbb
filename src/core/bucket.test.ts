// The arithmetic of limits: a story for each kind, the edges, and what holds over any sequence of times.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countWithin, keepHits, type Rule, spend, windowVerdict, withoutReserve } from './bucket.ts'

const NOW = 1_760_000_000_000
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

describe('a rate', () => {
  test('spend all, be refused, wait as long as told, be allowed; a millisecond less is refused', () => {
    const rule: Rule = { count: 3, per: 10 * MINUTE }
    let tat: number | null = null
    for (const remaining of [2, 1, 0]) {
      const spent = spend(rule, tat, NOW)
      expect(spent).toEqual({ allowed: true, tat: spent.tat, retryInMs: 0, remaining })
      tat = spent.tat
    }
    const no = spend(rule, tat, NOW)
    expect(no).toEqual({ allowed: false, tat, retryInMs: 200_000, remaining: 0 })
    expect(spend(rule, no.tat, NOW + no.retryInMs - 1)).toMatchObject({ allowed: false, retryInMs: 1 })
    expect(spend(rule, no.tat, NOW + no.retryInMs)).toMatchObject({ allowed: true, remaining: 0 })
  })

  test('a bucket left alone for long is full, not fuller', () => {
    const rule: Rule = { count: 2, per: MINUTE }
    expect(spend(rule, NOW - 365 * DAY, NOW)).toEqual(spend(rule, null, NOW))
  })

  test.each([
    [{ count: 7, per: 1_000 }, 7],
    [{ count: 1, per: DAY }, 1],
    [{ count: 6_000, per: MINUTE }, 6_000],
    [{ count: 3_000, per: 1_000 }, 3_000],
  ])('%j lets exactly %i through at once, in whole milliseconds', (rule, burst) => {
    let tat: number | null = null
    let admitted = 0
    for (let n = 0; n < burst + 10; n++) {
      const spent = spend(rule, tat, NOW)
      expect(Number.isSafeInteger(spent.tat)).toBe(true)
      tat = spent.tat
      if (spent.allowed) admitted++
    }
    expect(admitted).toBe(burst)
  })

  test('I14: a clock set back a little grants nothing; the wait stays true', () => {
    const rule: Rule = { count: 2, per: MINUTE }
    const full = NOW + MINUTE
    const back = NOW - 20_000
    const no = spend(rule, full, back)
    expect(no).toEqual({ allowed: false, tat: full, retryInMs: 50_000, remaining: 0 })
    expect(spend(rule, full, back + 49_999).allowed).toBe(false)
    expect(spend(rule, full, back + 50_000).allowed).toBe(true)
  })

  test('a clock set back by a year locks nobody out for a year: one call, and the rate goes on from an empty bucket', () => {
    const rule: Rule = { count: 5, per: MINUTE }
    const back = NOW - 365 * DAY
    const first = spend(rule, NOW + MINUTE, back)
    expect(first).toEqual({ allowed: true, tat: back + MINUTE, retryInMs: 0, remaining: 0 })
    expect(spend(rule, first.tat, back)).toMatchObject({ allowed: false, retryInMs: 12_000 })
  })

  const rules = fc.record({ count: fc.integer({ min: 1, max: 50 }), per: fc.integer({ min: 1, max: 5_000 }) })

  test('never admits more than count + elapsed · count / per, in any stretch of time; its advice is true', () => {
    fc.assert(
      fc.property(
        rules,
        fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 6_000 })), {
          maxLength: 120,
          size: 'max',
        }),
        (rule, waits) => {
          const admitted: number[] = []
          let now = NOW
          let tat: number | null = null
          for (const wait of waits) {
            now += wait
            const spent = spend(rule, tat, now)
            if (spent.allowed) {
              admitted.push(now)
              expect(spent.retryInMs).toBe(0)
            } else {
              expect(spent.tat).toBe(tat)
              expect(spent.retryInMs).toBeGreaterThan(0)
              expect(spent.retryInMs).toBeLessThanOrEqual(rule.per)
              expect(spend(rule, tat, now + spent.retryInMs).allowed).toBe(true)
              expect(spend(rule, tat, now + spent.retryInMs - 1).allowed).toBe(false)
            }
            tat = spent.tat
          }
          for (const [first, from] of admitted.entries()) {
            for (let last = first; last < admitted.length; last++) {
              const elapsed = (admitted[last] as number) - from
              if (last - first + 1 > rule.count + (elapsed * rule.count) / rule.per) throw new Error(`${last - first + 1} in ${elapsed} ms`)
            }
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('FA-23, I14: a clock that jumps about grants what its steps forward would, and one call for each step back by more than the wait', () => {
    const steps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: -40, max: 40 }), fc.integer({ min: -9_000, max: 6_000 })), {
      maxLength: 120,
      size: 'max',
    })
    fc.assert(
      fc.property(rules, steps, (rule, jumps) => {
        let now = NOW
        let tat: number | null = null
        let forward = 0
        let back = 0
        let admitted = 0
        for (const jump of jumps) {
          now += jump
          if (jump > 0) forward += jump
          if (jump < 0) back++
          const spent = spend(rule, tat, now)
          expect(spent.retryInMs).toBeGreaterThanOrEqual(0)
          expect(spent.retryInMs).toBeLessThanOrEqual(rule.per)
          if (spent.allowed) admitted++
          tat = spent.tat
        }
        expect(admitted).toBeLessThanOrEqual(rule.count + (forward * rule.count) / rule.per + back)
      }),
      { numRuns: 300 },
    )
  })

  test('after the wait that is told, whatever the state and the clock, a call is allowed', () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: -20_000, max: 20_000 }), (rule, ahead) => {
        const spent = spend(rule, NOW + ahead, NOW)
        expect(spent.retryInMs).toBeLessThanOrEqual(rule.per)
        expect(spent.remaining).toBeGreaterThanOrEqual(0)
        expect(spent.remaining).toBeLessThan(rule.count)
        expect(spent.allowed).toBe(spent.retryInMs === 0)
        if (!spent.allowed) expect(spend(rule, spent.tat, NOW + spent.retryInMs).allowed).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})

test('RL-11: whatever was asked before, who asks by the rule without its reserve leaves a fifth of the whole, and never more than the whole gives', () => {
  const rules = fc.record({ count: fc.integer({ min: 1, max: 10_000 }), per: fc.integer({ min: 1_000, max: 86_400_000 }) })
  fc.assert(
    fc.property(rules, fc.array(fc.boolean(), { maxLength: 200 }), (rule, asks) => {
      let tat: number | null = null
      for (const known of asks) {
        const left = spend(rule, tat, 0).remaining
        const { allowed, tat: next } = spend(known ? rule : withoutReserve(rule), tat, 0)
        if (allowed && !known) expect(left).toBeGreaterThanOrEqual(Math.floor(rule.count / 5))
        if (allowed) expect(spend(rule, tat, 0).allowed).toBe(true)
        tat = next
      }
    }),
  )
})

describe('exact windows', () => {
  const windows: readonly Rule[] = [
    { count: 3, per: 15 * MINUTE },
    { count: 10, per: DAY },
  ]

  test('spend all, be refused, wait as long as told, be allowed; a millisecond less is refused', () => {
    const hits = [NOW - 4 * MINUTE, NOW - 2 * MINUTE, NOW]
    expect(windowVerdict(windows, hits.slice(0, 2), NOW)).toEqual({ open: true, retryInMs: 0 })
    const no = windowVerdict(windows, hits, NOW)
    expect(no).toEqual({ open: false, retryInMs: 11 * MINUTE })
    expect(windowVerdict(windows, hits, NOW + no.retryInMs - 1)).toEqual({ open: false, retryInMs: 1 })
    expect(windowVerdict(windows, hits, NOW + no.retryInMs)).toEqual({ open: true, retryInMs: 0 })
  })

  test('the wait is that of the slowest window', () => {
    const hits = Array.from({ length: 10 }, (_, n) => NOW - n * 60 * MINUTE)
    expect(windowVerdict(windows, hits, NOW)).toEqual({ open: false, retryInMs: DAY - 9 * 60 * MINUTE })
  })

  test('a hit is seen until its window has passed, and not at that moment', () => {
    expect(countWithin([NOW], MINUTE, NOW + MINUTE - 1)).toBe(1)
    expect(countWithin([NOW], MINUTE, NOW + MINUTE)).toBe(0)
    expect(countWithin([], MINUTE, NOW)).toBe(0)
  })

  test('I14: hits from the future count, since a clock set back must not empty a window', () => {
    const ahead = [NOW + DAY, NOW + DAY, NOW + DAY]
    expect(countWithin(ahead, MINUTE, NOW)).toBe(3)
    expect(windowVerdict(windows, ahead, NOW)).toEqual({ open: false, retryInMs: DAY + 15 * MINUTE })
    expect(keepHits(windows, ahead, NOW)).toEqual(ahead)
  })

  test('hits that the longest window still sees are kept, others dropped; without windows nothing is', () => {
    expect(keepHits(windows, [NOW - DAY - 1, NOW - DAY, NOW - DAY + 1, NOW], NOW)).toEqual([NOW - DAY + 1, NOW])
    expect(keepHits([], [NOW - 1, NOW], NOW)).toEqual([])
  })

  const someWindows = fc.array(fc.record({ count: fc.integer({ min: 1, max: 6 }), per: fc.integer({ min: 1, max: 2_000 }) }), {
    minLength: 1,
    maxLength: 3,
  })
  const someWaits = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 2_500 })), {
    maxLength: 60,
    size: 'max',
  })

  test('never more than count in any stretch of per; the advice is true; forgetting old hits changes no answer', () => {
    fc.assert(
      fc.property(someWindows, someWaits, (rules, waits) => {
        const admitted: number[] = []
        let kept: number[] = []
        let now = NOW
        for (const wait of waits) {
          now += wait
          const verdict = windowVerdict(rules, kept, now)
          expect(verdict).toEqual(windowVerdict(rules, admitted, now))
          if (!verdict.open) {
            expect(windowVerdict(rules, kept, now + verdict.retryInMs).open).toBe(true)
            expect(windowVerdict(rules, kept, now + verdict.retryInMs - 1).open).toBe(false)
            continue
          }
          admitted.push(now)
          kept = [...keepHits(rules, kept, now), now]
        }
        for (const { count, per } of rules) {
          for (const [first, from] of admitted.entries()) {
            const beyond = admitted[first + count]
            if (beyond !== undefined && beyond - from < per) throw new Error(`${count + 1} within ${beyond - from} ms`)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  test('I14: the order of the hits and a clock that jumps about open no window that counting would keep shut', () => {
    fc.assert(
      fc.property(
        someWindows,
        fc.array(fc.integer({ min: -3_000, max: 3_000 }), { maxLength: 20, size: 'max' }),
        fc.integer({ min: 0, max: 6_000 }),
        (rules, offsets, later) => {
          const hits = offsets.map((offset) => NOW + offset)
          const verdict = windowVerdict(rules, hits, NOW)
          expect(verdict.open).toBe(rules.every(({ count, per }) => countWithin(hits, per, NOW) < count))
          expect(verdict.open).toBe(verdict.retryInMs === 0)
          const kept = keepHits(rules, hits, NOW)
          expect(windowVerdict(rules, kept, NOW + later)).toEqual(windowVerdict(rules, hits, NOW + later))
        },
      ),
      { numRuns: 500 },
    )
  })
})
