// What is counted of a time, or of a part of it: nothing but numbers that can be added up.
import type { ViewClass } from './view.ts'

/** Whole seconds, and how often each. */
export type Seconds = Map<number, number>

/** Views of links within a day. */
export interface Day {
  views: number
  scanners: number
}

export interface Totals {
  /** Distinct challenges: each counts for the furthest it came, and for what is before. */
  readonly flows: { requested: number; forShow: number; accepted: number; seen: number; verified: number }
  /** Events by kind and reason, such as "start mail_queued"; for proofs "link signed_in". */
  readonly outcomes: Map<string, number>
  readonly codes: { right: number; older: number; wrong: number; refunded: number }
  readonly posts: { all: number; inVain: number }
  readonly signIns: { link: number; code: number; otherBrowser: number }
  /** Views of links, by what they most likely were; and those of people who came too late. */
  readonly views: Record<ViewClass | 'expired', number>
  /** The last 24 hours, and the 24 before them, however long the window is. */
  readonly days: { readonly last: Day; readonly before: Day }
  /** So many mails before a sign-in, and how often. */
  readonly mails: Map<number, number>
  readonly toVerify: Seconds
  readonly toAccept: Seconds
}

export function noTotals(): Totals {
  return {
    flows: { requested: 0, forShow: 0, accepted: 0, seen: 0, verified: 0 },
    outcomes: new Map(),
    codes: { right: 0, older: 0, wrong: 0, refunded: 0 },
    posts: { all: 0, inVain: 0 },
    signIns: { link: 0, code: 0, otherBrowser: 0 },
    views: { same_browser: 0, other_browser: 0, prefetch: 0, likely_scanner: 0, expired: 0 },
    days: { last: { views: 0, scanners: 0 }, before: { views: 0, scanners: 0 } },
    mails: new Map(),
    toVerify: new Map(),
    toAccept: new Map(),
  }
}

export function sumOf(parts: readonly Totals[]): Totals {
  const sum = noTotals()
  for (const part of parts) addTo(sum, part)
  return sum
}

/** Whatever is counted, in whichever group. */
function addTo(sum: object, part: object): void {
  const into = sum as Record<string, unknown>
  for (const [name, value] of Object.entries(part)) {
    if (typeof value === 'number') into[name] = (into[name] as number) + value
    else if (value instanceof Map) for (const [key, count] of value) add(into[name] as Map<unknown, number>, key, count as number)
    else addTo(into[name] as object, value as object)
  }
}

export function add<K>(counts: Map<K, number>, key: K, more = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + more)
}

/** The smallest number of seconds within which so many of all were: nearest rank. null: there were none. */
export function percentile(seconds: ReadonlyMap<number, number>, share: number): number | null {
  const sorted = [...seconds].sort(([one], [other]) => one - other)
  const rank = Math.ceil(share * sorted.reduce((sum, [, count]) => sum + count, 0))
  let seen = 0
  for (const [value, count] of sorted) {
    seen += count
    if (seen >= rank) return value
  }
  return null
}
