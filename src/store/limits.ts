// The states of limits: GCRA buckets, one time each, and the exact windows of a mailbox, short lists of times. What they mean is
// decided in core/.
import { mailboxKey } from '../core/address.ts'
import type { Suppression } from '../core/bounce.ts'
import { keepHits, type Rule } from '../core/bucket.ts'
import type { Ms } from '../core/model.ts'
import { type StartBucket, startBuckets } from '../core/start.ts'
import { EVERYWHERE, type Limits } from './operation.ts'
import type { BucketNames, Scope } from './store.ts'

/** A hit: when, and for which challenge, so that a sign-in can take back the failures of its own flow. */
export type Hit = readonly [Ms, string]

/** One state for all windows of a mailbox: they are read together, and together are one row. */
export interface Windows {
  readonly mails: readonly Hit[]
  /** Asked for by browsers that signed in to the address before: a stranger who asks all day does not shut them out. */
  readonly knownMails: readonly Hit[]
  /** Wrong codes. */
  readonly failures: readonly Hit[]
  readonly bounces: readonly Hit[]
  /** What was reported of it, until somebody lifts that; absent: nothing. */
  readonly suppressed?: Suppression
  /** Addresses of the mailbox that somebody left, each with the time until which nobody new begins with it. Absent: none. */
  readonly left?: readonly (readonly [Ms, string])[]
  /** Until when whoever has the mailbox wants no mail to sign in that a stranger asked for. Absent: nobody said so. */
  readonly quiet?: Ms
}

const MAILBOX = 'mailbox:'
export const mailboxLimit = (email: string): string => MAILBOX + mailboxKey(email)

/** The same as all tenants count it; null: there is one. */
export function everywhereLimit({ everywhere }: Pick<Scope, 'everywhere'>, email: string): string | null {
  return everywhere === undefined ? null : EVERYWHERE + everywhere(email)
}

/** The mailboxes among the names of limits, as lists of addresses have them. */
export const mailboxesOf = (limits: readonly string[]): readonly string[] =>
  limits.filter((name) => name.startsWith(MAILBOX)).map((name) => name.slice(MAILBOX.length))

/** One for a tenant: the wrong codes of everybody. */
export const BREAKER = 'breaker'

/** As text, to be read like any other: an address that was never here must not be quicker to answer than one that was (EN-02). */
const UNTOUCHED = JSON.stringify({ mails: [], knownMails: [], failures: [], bounces: [] } satisfies Windows)

export function readWindows(limits: Limits, tenant: string, name: string): Windows {
  return JSON.parse(limits.get(tenant, name) ?? UNTOUCHED) as Windows
}

export function writeWindows(limits: Limits, tenant: string, name: string, windows: Windows): void {
  limits.set(tenant, name, JSON.stringify(windows))
}

/** Until when nobody new begins with the address; undefined: anybody may. */
export function leftUntil({ left }: Windows, email: string): Ms | undefined {
  return left?.find(([, address]) => address === email)?.[0]
}

/** `until` null: whoever left came back. */
export function withLeft({ left = [], ...windows }: Windows, email: string, until: Ms | null): Windows {
  const others = left.filter(([, address]) => address !== email)
  const kept = until === null ? others : [...others, [until, email] as const]
  return kept.length === 0 ? windows : { ...windows, left: kept }
}

/** With one hit more, and without what no rule can see any more. */
export function withHit(hits: readonly Hit[], rules: readonly Rule[], hit: Hit): readonly Hit[] {
  const seen = new Set(keepHits(rules, times(hits), hit[0]))
  return [...hits.filter(([at]) => seen.has(at)), hit]
}

export function times(hits: readonly Hit[]): Ms[] {
  return hits.map(([at]) => at)
}

/** The states of the buckets that a start spends from. */
export type Tats = Readonly<Record<StartBucket, Ms | null>>

export function readBuckets(limits: Limits, tenant: string, names: BucketNames): Tats {
  const tatOf = (name: string): Ms | null => {
    const state = limits.get(tenant, name)
    return state === null ? null : Number(state)
  }
  return {
    network: tatOf(names.network),
    networkWide: tatOf(names.networkWide),
    browser: tatOf(names.browser),
    tenant: tatOf(names.tenant),
  }
}

export function readBreaker(limits: Limits, tenant: string): Ms | null {
  const state = limits.get(tenant, BREAKER)
  return state === null ? null : Number(state)
}

export function writeBuckets(limits: Limits, tenant: string, names: BucketNames, tats: Readonly<Record<StartBucket, Ms>>): void {
  for (const bucket of startBuckets) limits.set(tenant, names[bucket], String(tats[bucket]))
}
