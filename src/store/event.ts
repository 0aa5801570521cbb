// The audit record, written in the transaction of what it tells. Facts and decision hold no secret: they are typed in core.
import type { Cost, EventKind, Versions } from '../core/model.ts'
import type { ReasonCode } from '../core/reason.ts'
import { type Operation, run, type Tx } from './operation.ts'
import type { Scope } from './store.ts'

export interface EventInput {
  readonly kind: EventKind
  readonly reason: ReasonCode
  readonly facts: object
  readonly decision: object
  readonly challenge?: string | null
  readonly user?: string | null
  readonly session?: string | null
  readonly mails?: number
  readonly bytes?: number
}

export function* writeEvent(tx: Tx, scope: Scope, event: EventInput): Operation<void> {
  const cost: Cost = { mails: event.mails ?? 0, bytes: event.bytes ?? 0, dbMs: Math.round(tx.elapsed() * 1_000) / 1_000 }
  yield* run(
    'insert into events (tenant, id, at, request_id, challenge, user_id, session_id, kind, reason, facts, decision, versions, cost) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    scope.tenant,
    scope.eventId,
    tx.now,
    scope.requestId,
    event.challenge ?? null,
    event.user ?? null,
    event.session ?? null,
    event.kind,
    event.reason,
    JSON.stringify(event.facts),
    JSON.stringify(event.decision),
    versionsText(scope.versions),
    JSON.stringify(cost),
  )
}

/** The versions are one object for the life of a process. */
const texts = new WeakMap<Versions, string>()

function versionsText(versions: Versions): string {
  let text = texts.get(versions)
  if (text === undefined) {
    text = JSON.stringify(versions)
    texts.set(versions, text)
  }
  return text
}
