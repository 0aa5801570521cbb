// Seals of the record: for each window of events that is closed a print of every one of them, chained to the seal before. What is sealed
// when, and what exactly is hashed; by which hash, and with which key, is told in secret.ts.
import type { Ms } from './model.ts'

/** Where an event stands: events of one request lie together, and requests in the order of their time. */
export interface Place {
  readonly requestId: string
  readonly id: string
}

/** An event with all its columns, as they are stored. */
export interface EventRow extends Place {
  readonly tenant: string
  readonly at: Ms
  readonly challenge: string | null
  readonly user: string | null
  readonly session: string | null
  readonly kind: string
  readonly reason: string
  readonly facts: string
  readonly decision: string
  readonly versions: string
  readonly cost: string
}

/** What a seal says. */
export interface Sealed {
  readonly tenant: string
  /** From 1 on, without a gap. */
  readonly seq: number
  /** The request of its first event. */
  readonly from: string
  /** The window ends with this event, or, without an id, before this request. It begins behind the end of the one before. */
  readonly until: Place
  readonly events: number
  /** Of each event, in the order of their places. */
  readonly prints: string
  /** Events of requests before this id may have been removed since, as old. */
  readonly goneBefore: string
  readonly madeAt: Ms
}

export interface Seal extends Sealed {
  /** Of all of it, and of the digest before: whoever knows one digest knows that nothing before it was changed. */
  readonly digest: string
  /** What only a holder of the secret can make of the digest, so that nobody else can seal anew what he changed. */
  readonly mac: string
}

/** What the next seal is chained to. */
export type Link = Pick<Seal, 'seq' | 'digest' | 'until' | 'goneBefore'>

/** A seal, by what is told of it in the log. */
export type Head = Pick<Seal, 'seq' | 'digest'>

/** 132 bits: to change an event and keep its print takes 2¹³² tries. */
export const PRINT_LENGTH = 22

/** So few are read in one go, and are in memory. */
export const EVENTS_MAX = 500

/**
 * What is younger is not sealed. Events stand in the order of their requests' ids, which are minted by the clocks of nodes; one whose clock is
 * behind writes among what is old. Ten minutes are forgiven, and what is on its way is written within seconds.
 */
export const LAG: Ms = 15 * 60_000

/** Windows end with a minute, so that of ten nodes one finds something to seal and the others do not. */
const WINDOW: Ms = 60_000

/** A worker settles it within two minutes of its end, if there is one. */
export const SETTLED_AFTER: Ms = 3_600_000

/** Longer than a closed window waits for its seal, with a mail in it that is tried until its link runs out. */
export const BEHIND: Ms = 2 * 3_600_000

/**
 * Events of requests before this id are all written. `queuedFirst`: of the mails that still wait, the first request; how a mail was handed
 * over is written under the request that asked for it.
 */
export function closedBefore(now: Ms, queuedFirst: string | null, idsOf: (at: Ms) => string): string {
  const old = idsOf(Math.max(0, Math.floor((now - LAG) / WINDOW) * WINDOW))
  return queuedFirst !== null && queuedFirst < old ? queuedFirst : old
}

export interface Window {
  readonly until: Place
  readonly rows: readonly EventRow[]
  /** There is more to seal behind it. */
  readonly more: boolean
}

/**
 * The next to be sealed; null: nothing.
 *
 * @param rows the first that are closed and not sealed, one more than EVENTS_MAX if there are so many.
 */
export function nextWindow(rows: readonly EventRow[], closed: string): Window | null {
  if (rows.length === 0) return null
  if (rows.length <= EVENTS_MAX) return { until: { requestId: closed, id: '' }, rows, more: false }
  const { requestId, id } = rows[EVENTS_MAX - 1] as EventRow
  return { until: { requestId, id }, rows: rows.slice(0, EVENTS_MAX), more: true }
}

/**
 * Up to where events may be gone as old. A row says how far they were removed, and could be made to say anything: it is believed as far as
 * the policy removes, and what a seal believed once stays believed, also when they are kept longer from then on.
 *
 * @param removed what the row says. @param due what the policy in force would remove.
 */
export function goneBefore(sealed: string, removed: string, due: string): string {
  const believed = removed < due ? removed : due
  return sealed > believed ? sealed : believed
}

/** What an event's print is of: every column, and no two rows give the same text. */
export function eventText(row: EventRow): string {
  const { tenant, requestId, id, at, challenge, user, session, kind, reason, facts, decision, versions, cost } = row
  return JSON.stringify([tenant, requestId, id, at, challenge, user, session, kind, reason, facts, decision, versions, cost])
}

/** What a seal's digest is of. @param before the digest of the seal before; '': it is the first. */
export function sealText(before: string, sealed: Sealed): string {
  const { tenant, seq, from, until, events, prints, goneBefore: gone, madeAt } = sealed
  return JSON.stringify([before, tenant, seq, from, until.requestId, until.id, events, prints, gone, madeAt])
}

export function printsOf(sealed: Pick<Sealed, 'prints'>): string[] {
  return sealed.prints.match(new RegExp(`.{1,${PRINT_LENGTH}}`, 'gs')) ?? []
}
