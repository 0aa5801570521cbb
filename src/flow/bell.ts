// How a worker sleeps: until it is woken, or for a while.

/** A bell that rang while nobody listened is heard by the next who does. */
export class Bell {
  #rung = false
  #answer: (() => void) | null = null

  ring(): void {
    this.#rung = true
    this.#answer?.()
  }

  /** Resolves at the next ring, or after `ms`. */
  async heard(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        // A sleeping worker does not keep a process alive.
        timer.unref()
        this.#answer = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#answer = null
    }
    this.#rung = false
  }
}
