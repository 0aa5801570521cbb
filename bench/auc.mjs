// Can two kinds of requests be told apart by how long they took? Pure arithmetic on pairs of samples, and the lots that are drawn.

/** The chance that one of `known` took longer than one of `other`. 0.5: nothing is learned; 0 or 1: everything. */
export const LIMITS = { low: 0.48, high: 0.52 }

/** Two-sided, 95 %. */
const Z = 1.959964

/**
 * Mann–Whitney, with an interval for pairs: what slowed the machine down for a moment slowed both of a pair, so the variance is that of
 * the pairs' own terms (DeLong's placements, summed within a pair) and not that of two independent samples.
 */
export function auc(known, other) {
  const pairs = known.length
  if (pairs < 2 || other.length !== pairs) throw new Error('two samples of one length are compared')
  const sortedKnown = Float64Array.from(known).sort()
  const sortedOther = Float64Array.from(other).sort()
  const terms = known.map((time, index) => rank(sortedOther, time) + 1 - rank(sortedKnown, other[index]))
  const mean = terms.reduce((sum, term) => sum + term, 0) / pairs
  const variance = terms.reduce((sum, term) => sum + (term - mean) ** 2, 0) / (pairs - 1) / pairs
  const value = mean / 2
  // The sum of both placements has twice the area as its mean, and all of its variance: U is linear in each.
  const half = Z * Math.sqrt(variance)
  return { value, low: value - half, high: value + half, pairs }
}

/** The share of `sorted` that is below `time`. What is equal is below in neither sample, which comes to half of it. */
function rank(sorted, time) {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (sorted[middle] < time) from = middle + 1
    else to = middle
  }
  return from / sorted.length
}

/** Of the differences within pairs, with the interval that order statistics give. */
export function medianDifference(known, other) {
  const sorted = Float64Array.from(known, (time, index) => time - other[index]).sort()
  const reach = Math.ceil((Z * Math.sqrt(sorted.length)) / 2)
  const at = (place) => sorted[Math.min(sorted.length - 1, Math.max(0, place))]
  const middle = sorted.length >> 1
  return { value: at(middle), low: at(middle - reach), high: at(middle + reach) }
}

/**
 * Of a look before the end: one of many, the luckiest of which would otherwise end a case. At three standard errors either side, fewer
 * than one in fifty cases is ended wrongly by any of sixteen looks.
 */
export function early({ value, low, high }) {
  const half = (3 / Z) * ((high - low) / 2)
  return verdict({ low: value - half, high: value + half })
}

/** `undecided`: the interval crosses a limit, so that nothing is shown either way; more pairs are needed. */
export function verdict({ low, high }) {
  if (low >= LIMITS.low && high <= LIMITS.high) return 'within'
  if (high < LIMITS.low || low > LIMITS.high) return 'outside'
  return 'undecided'
}

/** mulberry32: numbers from 0 to below 1, the same ones for the same seed. */
export function lots(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
