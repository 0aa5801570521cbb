// Work in the background of every process that serves: a round once in a while, in pieces with rests between them. It may be killed
// between any two lines; what a round does must be whole piece by piece.
import type { Ms } from '../core/model.ts'
import { Bell } from './bell.ts'

export interface Rounds {
  /** Ends with the piece that is under way. */
  stop(): Promise<void>
}

/** @param round awaits `rest` after each piece, which answers whether to go on. It does not reject. */
export function startRounds(everyMs: Ms, round: (rest: (ms: Ms) => Promise<boolean>) => Promise<void>): Rounds {
  const bell = new Bell()
  let stopped = false
  const rest = async (ms: Ms): Promise<boolean> => {
    await bell.heard(ms)
    return !stopped
  }
  const work = async (): Promise<void> => {
    // Processes that start together do not look together, and none while it is still busy with its start.
    await bell.heard(everyMs * (1 - Math.random() / 2))
    while (!stopped) {
      await round(rest)
      // A ring that a rest between two pieces heard is not heard again.
      if (!stopped) await bell.heard(everyMs)
    }
  }
  const working = work()
  return {
    stop: async () => {
      stopped = true
      bell.ring()
      await working
    },
  }
}
