// What is said of how long people take, on the console and in a terminal alike.
import type { Advice } from './calibrate.ts'
import type { Ms } from './model.ts'
import { readable } from './policy.ts'

/** What can be read from the numbers, and what cannot. */
export const limits = [
  "A first use is the first view that was most likely a person's, or the first submit; scanners and prefetches are told by a guess.",
  'Who never clicked is in no number. Who was late and knew it, neither.',
  'Views are dropped when the server has too much to do, and a click on an expired link is nothing but a view.',
] as const

export interface AdviceWords {
  readonly said: string
  /** As POSTKEY_POLICY takes it; null: nothing is to be changed. */
  readonly policy: string | null
}

/** @param linkTtl in force. */
export function adviceWords(advice: Advice, linkTtl: Ms): AdviceWords {
  if ('needed' in advice) return { said: unadvised(advice), policy: null }
  const now = `Links live for ${readable(linkTtl)} now, which catches ${percent(advice.caught)} of ${advice.clicks} first clicks`
  if (advice.verdict === 'keep') return { said: `${now}: leave it so.`, policy: null }
  const who = advice.by === 'all' ? 'all mailboxes together ask for it' : `mailboxes of the class "${advice.by}" ask for it`
  return {
    said: `${now}. Let them live for ${readable(advice.linkTtl)}: ${percent(advice.wouldCatch)}; ${who}.`,
    policy: JSON.stringify(advice.policy, null, 2),
  }
}

function unadvised({ verdict, clicks, needed }: Extract<Advice, { needed: number }>): string {
  return verdict === 'too_few'
    ? `Too few to advise on: ${clicks} first clicks, of ${needed} that it takes.`
    : 'No view of a link was recorded in this time, so nobody knows of clicks that came after its end: nothing is advised.'
}

export function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`
}
