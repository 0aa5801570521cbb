// How ids of ours begin: with their time, so that rows of one hour lie together, and can be asked for hour by hour.

/** Of an id of ours; a session's begins with its challenge's, and a link's too. */
export const ID_LENGTH = 16

/** So many characters of an id are 62⁴ ms of time: a little more than four hours. */
export const HOURS_LENGTH = 3

/** In the order in which ids sort; that of secret.ts, which knows nothing of this folder. */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** So many characters of an id are the time at which it was minted. */
const TIME_LENGTH = 7

/** When an id was minted, or what begins as an id of that time does. */
export function timeOf(id: string): number {
  return numberOf(id, TIME_LENGTH)
}

/** Eleven years. What is older is a mistake in some clock. */
const HOURS_MAX = 25_000

/** How the ids between two of them may begin, newest first. */
export function hoursBetween(from: string, to: string): string[] {
  const [first, last] = [numberOf(from), numberOf(to)]
  const count = Math.max(0, Math.min(HOURS_MAX, last - first + 1))
  return Array.from({ length: count }, (_, back) => textOf(last - back))
}

/** What is no digit counts as the nearest that is none the later. */
function numberOf(id: string, length = HOURS_LENGTH): number {
  let number = 0
  for (let at = 0; at < length; at++) number = number * DIGITS.length + Math.max(0, DIGITS.indexOf(id.charAt(at) || '0'))
  return number
}

function textOf(number: number): string {
  let text = ''
  for (let rest = number, at = 0; at < HOURS_LENGTH; at++, rest = Math.floor(rest / DIGITS.length))
    text = DIGITS.charAt(rest % DIGITS.length) + text
  return text
}
