// The arithmetic of limits, for whatever is limited: rates that refill evenly (GCRA, one time per bucket) and windows that
// count exactly (a short list of times). All times are whole milliseconds.
import type { Ms } from './model.ts'

export interface Rule {
  readonly count: number
  readonly per: Ms
}

export interface Spending {
  readonly allowed: boolean
  /** The bucket's new state: when it will be full again. A refused call leaves it as it was. */
  readonly tat: Ms
  /** 0 if allowed; else the wait after which the next call is allowed, not a millisecond less. */
  readonly retryInMs: Ms
  readonly remaining: number
}

/**
 * One call against a rate: `count` at once, then one each `per / count`. That interval is rounded up to whole milliseconds, so
 * that a bucket is never too generous; a rate of more than 1,000 a second refills with 1,000 a second.
 */
export function spend(rule: Rule, tat: Ms | null, now: Ms): Spending {
  const interval = Math.ceil(rule.per / rule.count)
  const capacity = interval * rule.count
  const start = tat === null || tat < now ? now : tat
  const retryInMs = start + interval - capacity - now
  if (retryInMs > 0 && retryInMs <= rule.per) return { allowed: false, tat: start, retryInMs, remaining: 0 }
  // A wait of more than `per` cannot come from spending: the clock was set back. Then the bucket counts as just emptied by this
  // call, since waiting for the old time to come again could lock everybody out for a year.
  const next = retryInMs > 0 ? now + capacity : start + interval
  return { allowed: true, tat: next, retryInMs: 0, remaining: Math.floor((now + capacity - next) / interval) }
}

/** A fifth. */
const RESERVE = 5

/** The same rate with less at once: whoever asks by this rule leaves a fifth of the bucket to those who ask by the whole one. */
export function withoutReserve({ count, per }: Rule): Rule {
  const left = count - Math.floor(count / RESERVE)
  return { count: left, per: Math.ceil(per / count) * left }
}

/** What is poured into a bucket that refuses nobody, and runs out of it evenly: `count` in `per`. It tells how much there was of late. */
export interface Pour {
  readonly rule: Rule
  /** So many more; below zero: taken back. */
  readonly hits: number
  readonly now: Ms
}

/** It runs over at twice its size: however much came at once, it is not full any more `per` after that has ended. */
export const POUR_MAX = 2

/**
 * When the bucket will be empty. While it is full nothing is taken back: what ran over was never in it, and whoever pours and takes back in
 * turns must not empty it.
 */
export function pour(emptyAt: Ms | null, { rule, hits, now }: Pour): Ms {
  const interval = Math.ceil(rule.per / rule.count)
  const capacity = interval * rule.count
  if (hits > 0) return Math.min(Math.max(emptyAt ?? now, now) + hits * interval, now + POUR_MAX * capacity)
  const before = emptyAt ?? 0
  return before >= now + capacity ? before : Math.max(0, before + hits * interval)
}

/** 0: empty, 1: full, and up to 2. */
export function fillOf(rule: Rule, emptyAt: Ms | null, now: Ms): number {
  return Math.max(0, (emptyAt ?? 0) - now) / (Math.ceil(rule.per / rule.count) * rule.count)
}

/** How many hits a window of length `per` sees. Hits from the future (the clock was set back) count: no counter goes down by that. */
export function countWithin(hits: readonly Ms[], per: Ms, now: Ms): number {
  let count = 0
  for (const hit of hits) if (hit > now - per) count++
  return count
}

/** Has every window room for one more? If not: the wait until the first moment at which all have. */
export function windowVerdict(windows: readonly Rule[], hits: readonly Ms[], now: Ms): { readonly open: boolean; readonly retryInMs: Ms } {
  let retryInMs = 0
  let newestFirst: readonly Ms[] | null = null
  for (const { count, per } of windows) {
    if (hits.length < count || countWithin(hits, per, now) < count) continue
    newestFirst ??= hits.toSorted((a, b) => b - a)
    // Room comes when the count-th newest leaves.
    retryInMs = Math.max(retryInMs, (newestFirst[count - 1] as Ms) + per - now)
  }
  return { open: retryInMs === 0, retryInMs }
}

/** Without the hits that no window can see any more, now or later. */
export function keepHits(windows: readonly Rule[], hits: readonly Ms[], now: Ms): Ms[] {
  const longest = windows.reduce((max, { per }) => Math.max(max, per), 0)
  return hits.filter((hit) => hit > now - longest)
}
