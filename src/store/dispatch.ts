// What the host is told, in the transaction of what it tells. Nothing is asked and nothing written where nobody wants it.
import { type DispatchType, dispatchTypes } from '../core/dispatch.ts'
import type { ReasonCode } from '../core/reason.ts'
import { type Operation, run, type Tx } from './operation.ts'
import type { Scope } from './store.ts'

/** So many ids in one body: a message stays below 20 KB. */
const IDS_MAX = 300

export function isWanted(scope: Scope, type: DispatchType): boolean {
  return scope.wanted?.[type] !== undefined
}

/**
 * Of a type once in an operation, unless `id` says what else it can be known by.
 *
 * @param data ids and words of ours: no address, no secret.
 */
export function* dispatch(tx: Tx, scope: Scope, type: DispatchType, data: object, id?: string): Operation<void> {
  const endpoints = scope.wanted?.[type]
  if (endpoints === undefined) return
  const body = JSON.stringify({ type, timestamp: new Date(tx.now).toISOString(), data: { ...data, requestId: scope.requestId } })
  for (const endpoint of endpoints) {
    yield* run(
      "insert into dispatches (tenant, id, endpoint, type, body, created_at, state, tries, due_at) values (?, ?, ?, ?, ?, ?, 'queued', 0, ?) on conflict do nothing",
      scope.tenant,
      id ?? `${scope.eventId}-${dispatchTypes.indexOf(type)}`,
      endpoint,
      type,
      body,
      tx.now,
      tx.now,
    )
  }
}

/** Nothing where none ended. */
export function* dispatchEnds(
  tx: Tx,
  scope: Scope,
  { user, sessions, reason }: { readonly user: string; readonly sessions: readonly string[]; readonly reason: ReasonCode },
  id?: string,
): Operation<void> {
  if (sessions.length === 0) return
  yield* dispatch(tx, scope, 'session.ended', { user, sessions: sessions.slice(0, IDS_MAX), count: sessions.length, reason }, id)
}
