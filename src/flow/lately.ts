// What was asked for of late, by key, and so many of them and no more: with twice as many as `most`, the half that nobody asked for since
// is forgotten at once. (To put a key last again costs a Map more than to keep two.)

export class Lately<T> {
  readonly #most: number
  #recent = new Map<string, T>()
  #earlier = new Map<string, T>()

  constructor(most: number) {
    this.#most = most
  }

  get(key: string): T | undefined {
    const recent = this.#recent.get(key)
    if (recent !== undefined) return recent
    const earlier = this.#earlier.get(key)
    if (earlier !== undefined) this.set(key, earlier)
    return earlier
  }

  set(key: string, value: T): void {
    if (this.#recent.size >= this.#most && !this.#recent.has(key)) {
      this.#earlier = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(key, value)
  }
}
