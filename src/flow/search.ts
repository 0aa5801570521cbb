// "Why could she not get in?": what was found for what was typed, newest first, each with its verdict; the console and the command line
// ask here.
import type { Ms } from '../core/model.ts'
import type { SearchKey } from '../core/search.ts'
import { type Timeline, timelineOf } from '../core/timeline.ts'
import { idsOf } from '../secret.ts'
import type { TraceOf } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'

export interface Match extends Timeline {
  readonly challenge: string | null
  /** Where there is no challenge, because the request was refused before. */
  readonly request: string | null
  /** When it began. */
  readonly at: Ms
  /** To which the mail went; null: not known any more, or not yet. */
  readonly email: string | null
}

export interface Search {
  readonly store: Pick<Store, 'search' | 'readTrace'>
  readonly tenant: string
  readonly keys: readonly SearchKey[]
  /** What began before is left out. */
  readonly since: Ms
  readonly limit: number
}

export async function search({
  store,
  tenant,
  keys,
  since,
  limit,
}: Search): Promise<{ readonly matches: readonly Match[]; readonly more: boolean }> {
  const refs = await store.search(tenant, { keys, from: since <= 0 ? '' : idsOf(since), limit })
  const matches: Match[] = []
  for (const ref of refs.slice(0, limit)) matches.push(await readMatch(store, tenant, ref))
  return { matches, more: refs.length > limit }
}

async function readMatch(store: Search['store'], tenant: string, ref: TraceOf): Promise<Match> {
  const { email, ...trace } = await store.readTrace(tenant, ref)
  const timeline = timelineOf(trace)
  const at = trace.challenge?.createdAt ?? timeline.entries[0]?.at ?? 0
  return { challenge: ref.challenge ?? null, request: ref.request ?? null, at, email, ...timeline }
}
