// May this session use the console, and do what it asks for? An operator is whoever proves a mailbox that is on the list of the
// settings; nothing about it is stored. Who runs the server may too, by its command line or its code: they have the database in hand, and
// what is left to decide is whether there is somebody to do it to. Pure, and made again inside the transaction that acts.
import type { Ms } from './model.ts'
import type { ReasonCode } from './reason.ts'

/** What an operator can do for or to a person. None of it lets the operator in as that person, or shows a secret. */
export const acts = [
  'resend',
  'end_sessions',
  'disable',
  'enable',
  'lift_mails',
  'lift_failures',
  'lift_bounces',
  'erase',
  'start_recovery',
  'approve_recovery',
  'cancel_recovery',
] as const
export type Act = (typeof acts)[number]

export function isAct(text: string): text is Act {
  return (acts as readonly string[]).includes(text)
}

/** What is done to a user from outside of the console. `create` is of somebody who is not there yet. */
export const userActs = [
  'create',
  'end_sessions',
  'disable',
  'enable',
  'delete',
  'erase',
  'start_recovery',
  'approve_recovery',
  'cancel_recovery',
] as const
export type UserAct = (typeof userActs)[number]

/** Not by a session of the console: who holds settings and database needs none. */
export type Hand = 'command_line' | 'library' | 'api'

export interface OperatorFacts {
  readonly now: Ms
  /** `replay`: of a webhook. `tenants`: to change one, by an operator of the installation. Both are of nobody in particular. */
  readonly wants: 'look' | 'replay' | 'tenants' | Act | UserAct
  /** Absent: by the console. */
  readonly by?: Hand
  /** The live session that asks, and when its mailbox was proved last; null: there is none. `provedAt` is absent in old records. */
  readonly session: { readonly createdAt: Ms; readonly provedAt?: Ms } | null
  /** Its address is on the list. */
  readonly listed: boolean
  /** Whom it is about: null, nobody in particular; `unknown`, nobody here is known by that. `user`: is there one with the address? */
  readonly person: null | 'unknown' | { readonly listed: boolean; readonly user: boolean; readonly erased: boolean }
}

export interface OperatorDecision {
  /** `hide`: there is no such page, as for any stranger. `step_up`: prove the mailbox again, then go on. */
  readonly verdict: 'admit' | 'sign_in' | 'hide' | 'step_up' | 'refuse'
  readonly reason: ReasonCode
}

const HOUR: Ms = 3_600_000

/**
 * How old the proof of the mailbox may be. Constants, since a laxer choice would be no use to anybody: a session lives for weeks, and
 * whoever finds the desk of an operator unlocked, or takes a cookie, must not find the console there. To look, a working day is in reach with
 * one proof; to act, about as long as one act and the talk around it take.
 */
export const proofAge = { look: 12 * HOUR, act: HOUR / 4 } as const

const done: Readonly<Record<OperatorFacts['wants'], ReasonCode>> = {
  look: 'operator_looked',
  replay: 'dispatch_replayed',
  tenants: 'operator_at_tenants',
  resend: 'operator_resent',
  end_sessions: 'operator_ended_sessions',
  disable: 'operator_disabled_user',
  enable: 'operator_enabled_user',
  lift_mails: 'operator_lifted_limit',
  lift_failures: 'operator_lifted_limit',
  lift_bounces: 'operator_lifted_limit',
  erase: 'operator_erased_user',
  create: 'operator_created_user',
  delete: 'operator_deleted_user',
  start_recovery: 'operator_started_recovery',
  approve_recovery: 'operator_approved_recovery',
  cancel_recovery: 'operator_cancelled_recovery',
}

const ofNobody: ReadonlySet<OperatorFacts['wants']> = new Set(['look', 'replay', 'tenants'])

/** What would lock another operator out, or the last one. Who is to go is taken off the list first. */
const guarded: ReadonlySet<OperatorFacts['wants']> = new Set(['disable', 'delete', 'erase', 'start_recovery'])

/** Of somebody who only asked for a mail there is nothing to end, and nobody to keep out. */
const ofUsers: ReadonlySet<OperatorFacts['wants']> = new Set([
  'end_sessions',
  'disable',
  'enable',
  'delete',
  'start_recovery',
  'approve_recovery',
  'cancel_recovery',
])

export function decideOperator(facts: OperatorFacts): OperatorDecision {
  const { now, wants, by, session, listed, person } = facts
  if (by === undefined) {
    if (session === null) return { verdict: 'sign_in', reason: 'session_unknown' }
    if (!listed) return { verdict: 'hide', reason: 'operator_unknown' }
    if (now >= (session.provedAt ?? session.createdAt) + (wants === 'look' ? proofAge.look : proofAge.act))
      return { verdict: 'step_up', reason: 'operator_proof_old' }
  }
  if (wants === 'create') return person === null ? { verdict: 'admit', reason: done.create } : { verdict: 'refuse', reason: 'user_exists' }
  if (person === 'unknown') return { verdict: 'refuse', reason: 'person_unknown' }
  if (!ofNobody.has(wants) && (person === null || person.erased || (!person.user && ofUsers.has(wants))))
    return { verdict: 'refuse', reason: 'person_unknown' }
  if (person?.listed && guarded.has(wants)) return { verdict: 'refuse', reason: 'operator_protected' }
  return { verdict: 'admit', reason: done[wants] }
}

/** Reserved for names that lead nowhere (RFC 2606): nobody can prove a mailbox there. */
const ERASED = '@erased.invalid'

/** What stands in place of the address of somebody who was erased. `name` is drawn by lot and tells nothing. */
export function erasedAddress(name: string): string {
  return `${name.toLowerCase()}${ERASED}`
}

export function isErased(email: string): boolean {
  return email.endsWith(ERASED)
}
