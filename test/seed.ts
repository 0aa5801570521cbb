// Chance that can be had again: every random run names its seed, and POSTKEY_TEST_SEED repeats it.

/** The seed of this run: the one that was asked for, or a new one. */
export function seedOfRun(): number {
  const asked = process.env['POSTKEY_TEST_SEED']
  if (asked === undefined || asked === '') return Math.floor(Math.random() * 0x7fff_ffff)
  const seed = Number(asked)
  if (!Number.isInteger(seed)) throw new Error(`POSTKEY_TEST_SEED: "${asked}" is not a whole number`)
  return seed
}

/** Mulberry32: small, fast, and the same on every machine. */
export class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Evenly in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  below(count: number): number {
    return Math.floor(this.next() * count)
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('nothing to pick from')
    return from[this.below(from.length)] as T
  }

  /** One of the names, each as often as its weight says. */
  weighted<N extends string>(weights: Readonly<Record<N, number>>): N {
    const names = Object.keys(weights) as N[]
    let rest = this.next() * names.reduce((sum, name) => sum + weights[name], 0)
    for (const name of names) {
      rest -= weights[name]
      if (rest < 0) return name
    }
    return names.at(-1) as N
  }
}
