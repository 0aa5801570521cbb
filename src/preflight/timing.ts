// What a handful of requests can honestly say about time: that a difference is clear, or that none is. docs/preflight.md has the figures.
export const PAIRS = 6
/** Less than this disappears on any way through the internet. */
const LEAST_MS = 10
const SPREADS = 3

/**
 * How much longer the one took, in milliseconds, where that is beyond doubt: in every pair the same one, and far more than pairs differ among
 * each other. null: it is not.
 */
export function clearDifference(pairs: readonly (readonly [one: number, other: number])[]): number | null {
  const differences = pairs.map(([one, other]) => one - other)
  const middle = median(differences)
  const spread = median(differences.map((difference) => Math.abs(difference - middle)))
  const agree = differences.every((difference) => Math.sign(difference) === Math.sign(middle))
  return agree && Math.abs(middle) >= LEAST_MS && Math.abs(middle) > SPREADS * spread ? middle : null
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const half = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? half - 1 : half], sorted[half]]
  return (low + high) / 2
}
