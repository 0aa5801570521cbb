// The database's clock, as this process knows it: heard with each transaction, and carried on in between. It decides for all nodes
// alike, whatever their own clocks say (FA-21, FA-22); and here it never goes back, whatever its machine does to it (FA-23).
import type { Ms } from '../core/model.ts'
import { steadyClock } from './clock.ts'

/** Beyond this, times in the log of this node no longer fit those in the record. */
const SKEW_MS = 2_000
const TELL_AGAIN_MS = 60_000

export interface Clocks {
  /** This machine's. */
  readonly wall: () => Ms
  /** Counts milliseconds and cannot be set. */
  readonly elapsed: () => number
}

export class DatabaseClock {
  readonly now: () => Ms
  readonly #clocks: Clocks
  readonly #onSkew: (ms: Ms) => void
  /** What `elapsed` must be corrected by, and when that was heard. */
  #offset = 0
  #heardAt = Number.NEGATIVE_INFINITY
  #toldAt = Number.NEGATIVE_INFINITY

  /** `onSkew` hears, once a minute at most, by how much this machine's clock is ahead of the database's, or behind (negative). */
  constructor(onSkew: (ms: Ms) => void, clocks: Clocks = { wall: Date.now, elapsed: () => performance.now() }) {
    this.#onSkew = onSkew
    this.#clocks = clocks
    this.now = steadyClock(() => Math.floor(this.#offset + clocks.elapsed()), clocks.elapsed)
  }

  /** How long ago it was heard. */
  age(): Ms {
    return this.#clocks.elapsed() - this.#heardAt
  }

  /** `askedAt`, by `elapsed`: the answer may have been under way for as long as somebody held a lock. */
  heard(now: Ms, askedAt: number): void {
    const { wall, elapsed } = this.#clocks
    this.#heardAt = elapsed()
    this.#offset = now - this.#heardAt
    const aheadAtMost = wall() - now
    const aheadAtLeast = aheadAtMost - (this.#heardAt - askedAt)
    const skew = aheadAtLeast > SKEW_MS ? aheadAtLeast : aheadAtMost < -SKEW_MS ? aheadAtMost : null
    if (skew === null || this.#heardAt - this.#toldAt < TELL_AGAIN_MS) return
    this.#toldAt = this.#heardAt
    this.#onSkew(Math.round(skew))
  }
}
