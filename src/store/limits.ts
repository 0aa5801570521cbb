// Rows of limits: GCRA buckets, one time each, and exact windows, a short list of times. What they mean is decided in core/.
import { keepHits } from '../core/bucket.ts'
import type { Ms } from '../core/model.ts'
import { type StartBucket, startBuckets } from '../core/start.ts'
import type { Limits } from './operation.ts'
import type { BucketNames } from './store.ts'

/** A hit: when, and for which challenge, so that a sign-in can take back the failures of its own flow. */
export type Hit = readonly [Ms, string]

export const mailWindow = (mailbox: string): string => `mails:${mailbox}`
/** Of the browsers that signed in to this address before: a stranger who asks for mails all day does not shut them out. */
export const knownMailWindow = (email: string): string => `mails-known:${email}`
export const failureWindow = (email: string): string => `codes:${email}`
export const bounceWindow = (email: string): string => `bounces:${email}`

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

export function writeBuckets(limits: Limits, tenant: string, names: BucketNames, tats: Readonly<Record<StartBucket, Ms>>): void {
  for (const bucket of startBuckets) limits.set(tenant, names[bucket], String(tats[bucket]))
}

export function readHits(limits: Limits, tenant: string, name: string): readonly Hit[] {
  const state = limits.get(tenant, name)
  return state === null ? [] : (JSON.parse(state) as Hit[])
}

export function writeHits(limits: Limits, tenant: string, name: string, hits: readonly Hit[]): void {
  limits.set(tenant, name, JSON.stringify(hits))
}

/** Adds a hit and drops what no window can see any more. */
export function addHit(
  limits: Limits,
  tenant: string,
  name: string,
  windows: readonly { readonly count: number; readonly per: Ms }[],
  hit: Hit,
): void {
  const hits = readHits(limits, tenant, name)
  const times = hits.map(([at]) => at)
  const seen = new Set(keepHits(windows, times, hit[0]))
  writeHits(limits, tenant, name, [...hits.filter(([at]) => seen.has(at)), hit])
}
