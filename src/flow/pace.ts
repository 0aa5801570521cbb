// When a mail is settled. Not when its own answer came: a mail for show has none to wait for, and who asks on and on would notice when
// the database was written to. But when most of those sent lately had their answer; and one for show as late as any of them, drawn by lot.

const LATELY = 32
const MOST = 24
/** No mail server is as quick: a transport within this process, which answers at once to both, but for a pause of the garbage collector. */
const AT_ONCE_MS = 0.3

export class Pace {
  readonly #longestMs: number
  readonly #lately: number[] = []
  #next = 0
  #usual = 0

  /** @param longestMs mails of a mail server that takes its time must not be left unsettled until their lease is over. */
  constructor(longestMs: number) {
    this.#longestMs = longestMs
  }

  /** Asked for when a mail is handed over: over when it may be settled. null: at once. */
  rest(decoy: boolean): Promise<void> | null {
    const drawn = this.#lately[Math.floor(Math.random() * this.#lately.length)] ?? 0
    const ms = decoy ? Math.max(this.#usual, drawn) : this.#usual
    return this.#usual === 0 ? null : new Promise((resolve) => setTimeout(resolve, ms))
  }

  /** A real mail had its answer after so long. */
  took(ms: number): void {
    this.#lately[this.#next] = Math.min(ms, this.#longestMs)
    this.#next = (this.#next + 1) % LATELY
    const sorted = this.#lately.toSorted((one, other) => one - other)
    const usual = sorted[Math.floor((sorted.length * MOST) / LATELY)] as number
    this.#usual = (sorted[0] as number) < AT_ONCE_MS ? 0 : Math.ceil(usual)
  }
}
