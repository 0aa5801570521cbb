// Rows of limits: GCRA buckets, one time each, and exact windows, a short list of times. What they mean is decided in core/.
import { keepHits } from '../core/bucket.ts'
import type { Ms } from '../core/model.ts'
import { all, type Operation, run } from './operation.ts'

/** A hit: when, and for which challenge, so that a sign-in can take back the failures of its own flow. */
export type Hit = readonly [Ms, string]

export const mailWindow = (mailbox: string): string => `mails:${mailbox}`
/** Of the browsers that signed in to this address before: a stranger who asks for mails all day does not shut them out. */
export const knownMailWindow = (email: string): string => `mails-known:${email}`
export const failureWindow = (email: string): string => `codes:${email}`
export const bounceWindow = (email: string): string => `bounces:${email}`

export function* readBuckets(tenant: string, a: string, b: string, c: string, d: string): Operation<ReadonlyMap<string, Ms>> {
  const rows = yield* all<{ name: string; tat: Ms }>(
    'select name, tat from buckets where tenant = ? and name in (?, ?, ?, ?)',
    tenant,
    a,
    b,
    c,
    d,
  )
  return new Map(rows.map((row) => [row.name, row.tat]))
}

type Bucket = readonly [name: string, tat: Ms]

/** Four different names: one statement cannot write a row twice. */
export function* writeBuckets(tenant: string, a: Bucket, b: Bucket, c: Bucket, d: Bucket): Operation<void> {
  yield* run(
    'insert into buckets (tenant, name, tat) values (?, ?, ?), (?, ?, ?), (?, ?, ?), (?, ?, ?) on conflict (tenant, name) do update set tat = excluded.tat',
    tenant,
    ...a,
    tenant,
    ...b,
    tenant,
    ...c,
    tenant,
    ...d,
  )
}

export function* readWindows(tenant: string, a: string, b: string, c: string): Operation<ReadonlyMap<string, readonly Hit[]>> {
  const rows = yield* all<{ name: string; hits: string }>(
    'select name, hits from windows where tenant = ? and name in (?, ?, ?)',
    tenant,
    a,
    b,
    c,
  )
  return new Map(rows.map((row) => [row.name, JSON.parse(row.hits) as Hit[]]))
}

export function* readWindow(tenant: string, name: string): Operation<readonly Hit[]> {
  const rows = yield* all<{ hits: string }>('select hits from windows where tenant = ? and name = ?', tenant, name)
  return rows[0] ? (JSON.parse(rows[0].hits) as Hit[]) : []
}

/** Adds a hit and drops what no window can see any more. */
export function* addHit(
  tenant: string,
  name: string,
  windows: readonly { readonly count: number; readonly per: Ms }[],
  hits: readonly Hit[],
  hit: Hit,
): Operation<void> {
  const seen = new Set(
    keepHits(
      windows,
      hits.map(([at]) => at),
      hit[0],
    ),
  )
  yield* writeWindow(tenant, name, [...hits.filter(([at]) => seen.has(at)), hit])
}

export function* writeWindow(tenant: string, name: string, hits: readonly Hit[]): Operation<void> {
  yield* run(
    'insert into windows (tenant, name, hits) values (?, ?, ?) on conflict (tenant, name) do update set hits = excluded.hits',
    tenant,
    name,
    JSON.stringify(hits),
  )
}
