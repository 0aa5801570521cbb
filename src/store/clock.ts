// The clock that decides on SQLite: the machine's, but it never goes back. A link that ran out would be good again after a step
// back, and limits would forget what they saw in the hour that comes twice.
import type { Ms } from '../core/model.ts'

/**
 * After a step back time goes on at half speed until the machine's clock has caught up: nobody waits for an hour that does not pass,
 * and no restart is needed for it to be right again.
 *
 * @param elapsed counts milliseconds and cannot be set.
 */
export function steadyClock(wall: () => Ms = Date.now, elapsed: () => number = () => performance.now()): () => Ms {
  let last = wall()
  let lastElapsed = elapsed()
  return () => {
    const now = wall()
    const passed = elapsed()
    const least = Math.floor(last + (passed - lastElapsed) / 2)
    if (now < least) return least
    last = now
    lastElapsed = passed
    return now
  }
}
