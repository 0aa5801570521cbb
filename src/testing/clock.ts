// A clock that stands still until it is moved.
import { readDuration } from '../core/policy.ts'

export class Clock {
  /** Milliseconds since 1970. */
  at: number
  constructor(at: number) {
    this.at = at
  }
  now = (): number => this.at

  /**
   * @param by milliseconds, or "16m"
   * @throws TypeError where that is no duration.
   */
  forward(by: number | string): void {
    const ms = typeof by === 'number' ? by : readDuration(by)
    if (ms === null)
      throw new TypeError(`"${by}" is no duration: use a number of milliseconds, or a text such as "90s", "16m", "2h" or "8d"`)
    this.at += ms
  }
}
