// Who waits for a place at the mail server: one mail of each tenant in turn, however many a tenant has waiting.

export class Turns {
  /** In the order in which their turns come. */
  readonly #waiting = new Map<string, (() => void)[]>()
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Resolves when it is called up. */
  wait(tenant: string): Promise<void> {
    return new Promise((resolve) => {
      const own = this.#waiting.get(tenant)
      if (own === undefined) this.#waiting.set(tenant, [resolve])
      else own.push(resolve)
      this.#length++
    })
  }

  /** Calls up the next; false: nobody waits. */
  next(): boolean {
    const [first] = this.#waiting
    if (first === undefined) return false
    const [tenant, [resolve, ...rest]] = first
    this.#waiting.delete(tenant)
    if (rest.length > 0) this.#waiting.set(tenant, rest)
    this.#length--
    resolve?.()
    return true
  }
}
