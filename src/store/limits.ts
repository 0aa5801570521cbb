// Rows of limits: GCRA buckets, one time each, and exact windows, a short list of times. What they mean is decided in core/.
import { keepHits } from '../core/bucket.ts'
import type { Ms } from '../core/model.ts'
import type { StartBucket } from '../core/start.ts'
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

/** All buckets of one wide network in one row, since a start spends from three of them and a row is a page of the disk to write. */
interface Place {
  readonly wide: Ms
  /** By network, and by browser as seen from here. Full ones are left out. */
  readonly inside: Readonly<Record<string, Ms>>
}

export function readBuckets(limits: Limits, tenant: string, names: BucketNames): Tats {
  const state = limits.get(tenant, names.networkWide)
  const place = state === null ? null : (JSON.parse(state) as Place)
  const all = limits.get(tenant, names.tenant)
  return {
    networkWide: place?.wide ?? null,
    network: place?.inside[names.network] ?? null,
    browser: place?.inside[names.browser] ?? null,
    tenant: all === null ? null : Number(all),
  }
}

export function writeBuckets(limits: Limits, tenant: string, names: BucketNames, tats: Readonly<Record<StartBucket, Ms>>, now: Ms): void {
  const state = limits.get(tenant, names.networkWide)
  const before = state === null ? {} : (JSON.parse(state) as Place).inside
  const inside: Record<string, Ms> = {}
  // A bucket that is full again is as one that was never used.
  for (const name in before) if ((before[name] as Ms) > now) inside[name] = before[name] as Ms
  inside[names.network] = tats.network
  inside[names.browser] = tats.browser
  limits.set(tenant, names.networkWide, JSON.stringify({ wide: tats.networkWide, inside } satisfies Place))
  limits.set(tenant, names.tenant, String(tats.tenant))
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
