import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Advice, addClicks, adviseOn, CLICKS_NEEDED, measure, noSamples, type SamplesByMailbox, together } from './calibrate.ts'
import type { MailboxClass } from './mailbox.ts'
import type { Ms } from './model.ts'
import { type Policy, readPolicy } from './policy.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND

function policy(input: unknown = 'standard'): Policy {
  const result = readPolicy(input)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}

/** First clicks of so many minutes each, as seen by so many views. */
function samplesOf(clicks: Partial<Record<MailboxClass, readonly number[]>>, views = true): SamplesByMailbox {
  const samples = noSamples()
  for (const [name, minutes] of Object.entries(clicks) as [MailboxClass, number[]][]) {
    const links = minutes.map((minute) => ({
      sinceQueued: Math.round(minute * MINUTE),
      sinceAccepted: Math.max(0, Math.round((minute - 1) * MINUTE)),
    }))
    addClicks(samples[name], { links, codes: [], humanViews: views ? links.length : 0, expiredViews: 0 })
  }
  return samples
}

const range = (count: number): number[] => Array.from({ length: count }, (_, nth) => nth + 1)

describe('measured', () => {
  test('quantiles are exact: 1 to 100 minutes, and the lives that would have caught them', () => {
    const { links, lives } = measure(together(samplesOf({ google: range(50), other: range(100).slice(50) })))
    expect(links.sinceQueued).toEqual({ count: 100, p50: 50 * MINUTE, p90: 90 * MINUTE, p95: 95 * MINUTE, p99: 99 * MINUTE })
    expect(links.sinceAccepted).toEqual({ count: 100, p50: 49 * MINUTE, p90: 89 * MINUTE, p95: 94 * MINUTE, p99: 98 * MINUTE })
    // At its end a link is over.
    expect(lives).toEqual({ p90: 90 * MINUTE + SECOND, p95: 95 * MINUTE + SECOND, p99: 99 * MINUTE + SECOND })
  })

  test('of nothing there is nothing', () => {
    const none = { count: 0, p50: null, p90: null, p95: null, p99: null }
    expect(measure(noSamples().google)).toEqual({
      links: { sinceQueued: none, sinceAccepted: none },
      codes: { sinceQueued: none, sinceAccepted: none },
      landings: { human: 0, expired: 0, rate: null },
      lives: { p90: null, p95: null, p99: null },
    })
  })

  test('a life catches at least the share it is named by, and a second less does not', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 200 }), (seconds) => {
        const { lives } = measure(samplesOf({ other: seconds.map((second) => second / 60) }).other)
        const caught = (life: Ms): number => seconds.filter((second) => Math.round(second * SECOND) < life).length / seconds.length
        for (const [name, share] of [
          ['p90', 0.9],
          ['p95', 0.95],
          ['p99', 0.99],
        ] as const) {
          const life = lives[name] as Ms
          expect(caught(life)).toBeGreaterThanOrEqual(share - 1e-9)
          expect(caught(life - SECOND)).toBeLessThan(share)
        }
      }),
    )
  })
})

/** So many at a minute and so many at another. */
const mix = (...parts: readonly (readonly [count: number, minute: number])[]): number[] =>
  parts.flatMap(([count, minute]) => Array<number>(count).fill(minute))

describe('advice', () => {
  test.each<[string, unknown, SamplesByMailbox, Partial<Advice> & object]>([
    ['99 first clicks', 'standard', samplesOf({ google: mix([99, 1]) }), { verdict: 'too_few', clicks: 99, needed: CLICKS_NEEDED }],
    ['clicks without a view', 'standard', samplesOf({ google: mix([200, 1]) }, false), { verdict: 'unseen', clicks: 200 }],
    [
      '95 of 100 in time',
      'standard',
      samplesOf({ google: mix([95, 9], [5, 40]) }),
      { verdict: 'keep', linkTtl: 15 * MINUTE, caught: 0.95 },
    ],
    [
      '94 of 100 in time, the rest within 40 minutes',
      'standard',
      samplesOf({ google: mix([94, 9], [6, 40]) }),
      {
        verdict: 'longer',
        linkTtl: 45 * MINUTE,
        caught: 0.94,
        wouldCatch: 1,
        by: 'all',
        policy: { preset: 'standard', linkTtl: '45m' },
      },
    ],
    [
      'all in time but for a company behind a filter',
      'standard',
      samplesOf({ google: mix([2_000, 2]), mimecast: mix([85, 5], [15, 50]) }),
      { verdict: 'longer', linkTtl: 60 * MINUTE, by: 'mimecast', policy: { preset: 'standard', linkTtl: '1h' } },
    ],
    [
      'a filter with too few people to tell',
      'standard',
      samplesOf({ google: mix([2_000, 2]), mimecast: mix([50, 5], [49, 50]) }),
      { verdict: 'keep' },
    ],
    [
      'everybody quick under a long life: no code outlives its link',
      'corporate',
      samplesOf({ google: mix([1_000, 2]) }),
      { verdict: 'shorter', linkTtl: 15 * MINUTE, caught: 1, wouldCatch: 1, policy: { preset: 'corporate', linkTtl: '15m' } },
    ],
    [
      'everybody quick, but for more than one in a hundred',
      'corporate',
      samplesOf({ google: mix([980, 2], [20, 50]) }),
      { verdict: 'keep', linkTtl: 60 * MINUTE },
    ],
    [
      'never under ten minutes',
      { linkTtl: '20m', codeTtl: '5m' },
      samplesOf({ other: mix([200, 1]) }),
      { verdict: 'shorter', linkTtl: 10 * MINUTE },
    ],
    [
      'people who come the next day: the longest life there is',
      'standard',
      samplesOf({ other: mix([90, 5], [10, 3_000]) }),
      { verdict: 'longer', linkTtl: 1_440 * MINUTE, wouldCatch: 0.9 },
    ],
  ])('%s', (_, input, samples, expected) => {
    expect(adviseOn(policy(input), samples)).toMatchObject(expected)
  })

  test('is always a policy that passes, and differs from the one in force by the life of a link alone', () => {
    const clicks = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 100, maxLength: 150 })
    const inputs = fc.constantFrom(
      'strict',
      'standard',
      'corporate',
      { linkTtl: '24h', codeTtl: '1h' },
      { methods: ['link'], mailUsefulFor: '9m' },
    )
    const verdicts = new Set<string>()
    fc.assert(
      fc.property(clicks, inputs, fc.constantFrom(1, 0.1, 0.01), (minutes, input, scale) => {
        const then = policy(input)
        const advice = adviseOn(then, samplesOf({ other: minutes.map((minute) => minute * scale) }))
        verdicts.add(advice.verdict)
        if (!('policy' in advice)) return
        expect(policy(JSON.parse(JSON.stringify(advice.policy)))).toEqual({ ...then, linkTtl: advice.linkTtl })
      }),
      { numRuns: 300 },
    )
    expect([...verdicts].sort()).toEqual(['keep', 'longer', 'shorter'])
  })
})
