import { describe, expect, test } from 'vitest'
import { clearDifference, median, PAIRS } from './timing.ts'

const pairs = (known: readonly number[], unknown: readonly number[]): [number, number][] => known.map((ms, nth) => [ms, unknown[nth] ?? 0])

describe('a difference in time is clear', () => {
  const calm = [20, 22, 19, 21, 23, 20]
  test.each([
    ['a mail is sent before the answer', [170, 181, 165, 190, 174, 168], calm, 151],
    ['those who are not known wait', calm, [70, 75, 66, 72, 71, 69], -49],
    ['nothing', [21, 20, 22, 19, 21, 22], calm, null],
    ['one pair says otherwise', [170, 181, 165, 190, 174, 18], calm, null],
    ['all say so, by less than can be told', [24, 26, 23, 25, 27, 24], calm, null],
    ['all say so, but each something else', [31, 400, 60, 900, 40, 2_000], calm, null],
  ] as const)('%s', (_, known, unknown, told) => {
    const found = clearDifference(pairs(known, unknown))
    expect(found === null ? null : Math.round(found)).toBe(told)
  })

  test('twice in a row by chance less than once in 1,000 runs, whatever the noise; one of five times the noise nearly always', () => {
    let seed = 7
    const drawn = (): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647
    }
    const normal = (): number => Math.sqrt(-2 * Math.log(drawn())) * Math.cos(2 * Math.PI * drawn())
    const round = (leak: number, noise: () => number): number | null =>
      clearDifference(Array.from({ length: PAIRS }, () => [100 + leak + noise(), 100 + noise()]))
    const found = (leak: number, noise: () => number): number => {
      let both = 0
      for (let run = 0; run < 4_000; run++) {
        const [first, second] = [round(leak, noise), round(leak, noise)]
        if (first !== null && second !== null && Math.sign(first) === Math.sign(second)) both++
      }
      return both / 4_000
    }
    const noises = [
      () => 10 * normal(),
      () => 50 * normal(),
      () => 30 * Math.exp(normal()),
      () => (drawn() < 0.15 ? 400 * drawn() : 5 * normal()),
    ]
    for (const noise of noises) expect(found(0, noise)).toBeLessThan(0.001)
    expect(found(50, () => 10 * normal())).toBeGreaterThan(0.85)
  })
})

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[7], 7],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle)
})
