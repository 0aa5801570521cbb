// When a mail is settled. Not when its own answer came: a mail for show has none to wait for, and who asks on and on would notice when
// the database was written to. But when the slowest of those sent lately had its answer, real or for show.

const LATELY = 32

export class Pace {
  readonly #longestMs: number
  readonly #lately: number[] = []
  #next = 0
  #slowest = 0

  /** @param longestMs mails of a mail server that takes its time must not be left unsettled until their lease is over. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs
  }

  /** Asked for when a mail is handed over: over when it may be settled. null: at once. */
  rest(): Promise<void> | null {
    if (this.#slowest < 1) return null
    return new Promise((resolve) => setTimeout(resolve, Math.ceil(this.#slowest)))
  }

  /** A real mail had its answer after so long. */
  took(ms: number): void {
    this.#lately[this.#next] = ms
    this.#next = (this.#next + 1) % LATELY
    this.#slowest = Math.min(this.#longestMs, Math.max(...this.#lately))
  }
}
