// Which addresses a file has shown so far, and in which line first. A file may have ten million: twelve bytes for each and as much air, where a
// map of texts takes ten times that. Told apart by 60 bits of a digest: two addresses that have the same are not to be expected in any file.
import { digest } from '../secret.ts'

const BASE64 = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].map((character, at) => [character, at]))
const FIRST_SIZE = 1 << 12

export class Seen {
  #high = new Uint32Array(FIRST_SIZE)
  #low = new Uint32Array(FIRST_SIZE)
  /** 0: free. */
  #lines = new Uint32Array(FIRST_SIZE)
  #count = 0

  /** The line where it was first; null: it is new, and noted. */
  note(text: string, line: number): number | null {
    if (this.#count * 2 >= this.#lines.length) this.#grow()
    const name = digest('record', text)
    return this.#put(bitsOf(name, 0), bitsOf(name, 5), line)
  }

  #put(high: number, low: number, line: number): number | null {
    const mask = this.#lines.length - 1
    for (let at = low & mask; ; at = (at + 1) & mask) {
      const there = this.#lines[at] as number
      if (there === 0) {
        this.#high[at] = high
        this.#low[at] = low
        this.#lines[at] = line
        this.#count++
        return null
      }
      if (this.#high[at] === high && this.#low[at] === low) return there
    }
  }

  #grow(): void {
    const [high, low, lines] = [this.#high, this.#low, this.#lines]
    const size = lines.length * 2
    this.#high = new Uint32Array(size)
    this.#low = new Uint32Array(size)
    this.#lines = new Uint32Array(size)
    this.#count = 0
    for (const [at, line] of lines.entries()) if (line !== 0) this.#put(high[at] as number, low[at] as number, line)
  }
}

/** 30 of them. */
function bitsOf(text: string, from: number): number {
  let bits = 0
  for (let at = from; at < from + 5; at++) bits = bits * 64 + (BASE64.get(text.charAt(at)) ?? 0)
  return bits
}
