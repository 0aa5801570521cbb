// What was worked out from a header and may be asked again: so many answers and no more, whatever strangers send.

/**
 * Requests of one client come in bursts, so half of the memory is forgotten at once. To forget the oldest answer each time, or to
 * put one last again, costs more than to make it anew: the first key of a Map is found by walking past all that were deleted.
 */
export class Memory<T> {
  readonly #most: number
  #recent = new Map<string, T>()
  #earlier = new Map<string, T>()

  constructor(most: number) {
    this.#most = most
  }

  recall(key: string, make: (key: string) => T): T {
    const had = this.#recent.get(key)
    if (had !== undefined) return had
    const value = this.#earlier.get(key) ?? make(key)
    if (this.#recent.size >= this.#most / 2) {
      this.#earlier = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, value)
    return value
  }
}
