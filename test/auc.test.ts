// The arithmetic of the timing test (bench/auc.mjs): a judge who cannot count would let a leak pass, or see one where there is none.
import { describe, expect, test } from 'vitest'

interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
}

interface Judge {
  auc(known: readonly number[], other: readonly number[]): Estimate
  medianDifference(known: readonly number[], other: readonly number[]): Estimate
  verdict(interval: Omit<Estimate, 'value'>): 'within' | 'outside' | 'undecided'
  early(estimate: Estimate): 'within' | 'outside' | 'undecided'
  lots(seed: number): () => number
}

const judge = (await import(new URL('../bench/auc.mjs', import.meta.url).href)) as Judge

/** Times of pairs on a machine that is slow at times: both of a pair share the moment. `later` is added to the first. */
function pairs(count: number, later: number, seed: number): [number[], number[]] {
  const draw = judge.lots(seed)
  const moments = Array.from({ length: count }, () => (draw() < 0.1 ? 20 * draw() : 1))
  return [moments.map((moment) => moment + draw() + later), moments.map((moment) => moment + draw())]
}

test('the area is the share of couples in which the first is larger, a tie counting half', () => {
  const known = [3, 1, 4, 1, 5, 9]
  const other = [2, 7, 1, 8, 2, 8]
  const couples = known.flatMap((one) => other.map((two): number => (one > two ? 1 : one === two ? 0.5 : 0)))
  expect(judge.auc(known, other).value).toBeCloseTo(couples.reduce((sum, one) => sum + one, 0) / couples.length, 12)
  expect(judge.auc([2, 2, 2], [1, 1, 1]).value).toBe(1)
  expect(judge.auc([1, 1, 1], [1, 1, 1]).value).toBe(0.5)
})

test('the interval holds the truth about 95 times in a hundred', () => {
  const runs = Array.from({ length: 400 }, (_, seed) => judge.auc(...pairs(200, 0, seed)))
  const held = runs.filter(({ low, high }) => low <= 0.5 && high >= 0.5).length
  expect(held).toBeGreaterThan(365)
  expect(held).toBeLessThan(395)
})

test('5,000 pairs that are alike lie within the limits, and pairs with a delay outside', () => {
  expect(judge.verdict(judge.auc(...pairs(5_000, 0, 1)))).toBe('within')
  expect(judge.verdict(judge.auc(...pairs(5_000, 0.2, 1)))).toBe('outside')
  expect(judge.verdict(judge.auc(...(pairs(5_000, 0.2, 1).reverse() as [number[], number[]])))).toBe('outside')
})

describe('a verdict', () => {
  test.each([
    [0.49, 0.51, 'within'],
    [0.48, 0.52, 'within'],
    [0.521, 0.6, 'outside'],
    [0.3, 0.479, 'outside'],
    [0.47, 0.5, 'undecided'],
    [0.5, 0.53, 'undecided'],
    [0.4, 0.6, 'undecided'],
  ] as const)('of %d to %d is %s', (low, high, verdict) => {
    expect(judge.verdict({ low, high })).toBe(verdict)
  })
})

describe('a verdict before the end wants more room', () => {
  test.each([
    [0.49, 0.51, 'within'],
    [0.485, 0.515, 'undecided'],
    [0.53, 0.56, 'outside'],
    [0.521, 0.541, 'undecided'],
    [0.45, 0.46, 'outside'],
  ] as const)('%d to %d is %s', (low, high, verdict) => {
    expect(judge.early({ value: (low + high) / 2, low, high })).toBe(verdict)
  })
})

test('the median of the differences within pairs is found, with an interval around it', () => {
  const { value, low, high } = judge.medianDifference(...pairs(5_000, 0.2, 3))
  expect(low).toBeLessThan(value)
  expect(value).toBeLessThan(high)
  expect(low).toBeGreaterThan(0.15)
  expect(high).toBeLessThan(0.25)
})

test('a seed draws the same lots again, and another one others', () => {
  const drawn = (seed: number): number[] => Array.from({ length: 100 }, judge.lots(seed))
  expect(drawn(7)).toEqual(drawn(7))
  expect(drawn(8)).not.toEqual(drawn(7))
  const many = Array.from({ length: 20_000 }, judge.lots(9))
  expect(many.reduce((sum, one) => sum + one, 0) / many.length).toBeCloseTo(0.5, 2)
})
