// What operators do, each in one transaction with its decision and its event. A look is written down as an act is: whoever reads other
// people's affairs leaves a trace, and without the trace there is nothing to read.

import type { HitTimes } from '../core/keep.ts'
import { type Act, decideOperator, isAct, isErased, type OperatorFacts, type UserAct } from '../core/operator.ts'
import type { WaitDecision } from '../core/recovery-wait.ts'
import { liftSuppression } from './bounce.ts'
import { dispatch } from './dispatch.ts'
import { requeue } from './endpoint.ts'
import { challengesOf, endAll, endForGood, erasePerson, formerAddresses, takeAddress } from './erase.ts'
import { writeEvent } from './event.ts'
import { mailboxLimit, readWindows, times, type Windows, writeWindows } from './limits.ts'
import { endOpenChanges } from './open-changes.ts'
import { type Locks, type Operation, run, type Tx } from './operation.ts'
import { awake, dropRecovery } from './recoveries.ts'
import {
  challengeKey,
  findChallengeWithMails,
  findUserByEmail,
  findUserByExternalId,
  findUserById,
  type UserRow,
  withoutBrowsers,
} from './rows.ts'
import { findSession, sessionsKey } from './session.ts'
import { limitsOf, resendTo } from './start.ts'
import type { OperateInput, OperateOutcome, PersonKey, Scope, StartOutcome } from './store.ts'
import { voidMails } from './void.ts'
import { actOnRecovery, startLimits } from './wait-act.ts'

export interface Person {
  readonly email: string
  readonly user: UserRow | null
}

export function* findPerson(tenant: string, key: PersonKey | null): Operation<Person | null> {
  if (key === null) return null
  if ('email' in key) return { email: key.email, user: yield* findUserByEmail(tenant, key.email) }
  const user = yield* 'user' in key ? findUserById(tenant, key.user) : findUserByExternalId(tenant, key.externalId)
  return user && { email: user.email, user }
}

/** No address is asked for so often while it is kept. */
const ALL = 1_000_000

/** Everything of the person: whoever proves, asks or signs out meanwhile waits, or is waited for. */
export function* operateLocks(
  scope: Scope,
  input: Pick<OperateInput, 'person' | 'challenge' | 'resend' | 'recovery'> & { readonly wants: OperatorFacts['wants'] },
): Operation<Locks> {
  const { tenant } = scope
  const person = yield* findPerson(tenant, input.person)
  if (person === null) return { tenant, keys: [], limits: [] }
  const mailbox = mailboxLimit(person.email)
  const limits = input.resend === null ? [mailbox] : limitsOf(scope, person.email, input.resend.buckets)
  limits.push(...(yield* startLimits(scope, input.recovery, person.user)))
  if (input.wants === 'look' || input.wants === 'replay') return { tenant, keys: [], limits }
  const keys = [mailbox, ...(person.user === null ? [] : [sessionsKey(person.user.id)])]
  if (input.challenge !== null) keys.push(challengeKey(input.challenge))
  if (input.wants === 'delete') keys.push(...(yield* challengesOf(tenant, person.email, ALL)).map(challengeKey))
  if (input.wants === 'erase') {
    const former = person.user === null ? [] : yield* formerAddresses(tenant, person.user.id)
    limits.push(...former.map(mailboxLimit))
    for (const email of [person.email, ...former]) keys.push(...(yield* challengesOf(tenant, email, ALL)).map(challengeKey))
  }
  return { tenant, keys, limits }
}

export function* operate(tx: Tx, scope: Scope, input: OperateInput): Operation<OperateOutcome> {
  const { tenant, policy } = scope
  const view = yield* findSession(tx, tenant, policy, input.key)
  const live = view?.decision.verdict === 'live' ? view : null
  const person = yield* findPerson(tenant, input.person)
  const facts: OperatorFacts = {
    now: tx.now,
    wants: input.wants,
    session: live && { createdAt: live.session.createdAt, provedAt: live.session.provedAt },
    listed: live !== null && input.operators.includes(live.user.email),
    person: input.person === null ? null : factsOf(person, input.operators),
  }
  const decision = decideOperator(facts)
  const windows = person && readWindows(tx.limits, tenant, mailboxLimit(person.email))
  const replayed =
    decision.verdict === 'admit' && input.wants === 'replay' && input.dispatch !== null ? yield* requeue(tx, scope, input.dispatch) : null
  const done =
    decision.verdict === 'admit' && isAct(input.wants) && person !== null && windows !== null
      ? yield* DO[input.wants](tx, scope, { input, person, windows, operator: live?.user.id ?? '' })
      : nothingDone
  yield* writeEvent(tx, scope, {
    kind: 'console',
    reason: decision.reason,
    facts: {
      ...facts,
      page: input.page,
      operator: live?.user.id ?? null,
      searched: input.searched,
      ...input.tenant,
      ...done.facts,
      ...(replayed === null ? {} : { ...input.dispatch, replayed }),
    },
    decision,
    challenge: done.challenge ?? null,
    user: done.user ?? person?.user?.id ?? null,
    session: live?.session.id ?? null,
  })
  return {
    decision,
    now: tx.now,
    operator: live?.user ?? null,
    person: person &&
      windows && {
        email: person.email,
        user: person.user && withoutBrowsers(person.user),
        hits: hitTimes(windows),
        suppressed: windows.suppressed ?? null,
        quietUntil: windows.quiet !== undefined && tx.now < windows.quiet ? windows.quiet : null,
      },
    start: done.start ?? null,
    wait: done.wait ?? null,
  }
}

export function factsOf(person: Person | null, operators: readonly string[]): OperatorFacts['person'] {
  if (person === null) return 'unknown'
  return { listed: operators.includes(person.email), user: person.user !== null, erased: isErased(person.email) }
}

function hitTimes({ mails, knownMails, failures, bounces }: Windows): HitTimes {
  return { mails: times(mails), knownMails: times(knownMails), failures: times(failures), bounces: times(bounces) }
}

export interface Acting {
  readonly input: Pick<OperateInput, 'resend' | 'challenge' | 'erased' | 'recovery' | 'operators'>
  /** Whom the record names: a user, or the hand without one. */
  readonly operator: string
  readonly person: Person
  readonly windows: Windows
}

export interface Done {
  /** What was found and is gone now, in numbers. */
  readonly facts: object
  readonly challenge?: string | null
  readonly user?: string
  readonly start?: StartOutcome
  readonly wait?: WaitDecision
}

const nothingDone: Done = { facts: {} }

type Doing = (tx: Tx, scope: Scope, acting: Acting) => Operation<Done>

export const DO: Readonly<Record<Act | Exclude<UserAct, 'create'>, Doing>> = {
  resend,
  *end_sessions(tx, scope, { person }) {
    return { facts: { sessions: yield* endAll(tx, scope, person.user?.id ?? '', 'operator_ended_sessions') } }
  },
  *disable(tx, scope, { person }) {
    yield* setStatus(tx, scope, person.user, 'disabled')
    // Or they would be good again once the user is.
    return {
      facts: { status: person.user?.status ?? null, sessions: yield* endAll(tx, scope, person.user?.id ?? '', 'operator_disabled_user') },
    }
  },
  *enable(tx, scope, { person }) {
    yield* setStatus(tx, scope, person.user, 'active')
    yield* awake(tx, scope.tenant, person.user?.id ?? '')
    return { facts: { status: person.user?.status ?? null } }
  },
  *lift_mails(tx, scope, acting) {
    // Whoever wanted no mail from strangers may have locked themselves out.
    const { quiet: _, ...windows } = acting.windows
    return yield* lift(tx, scope, { ...acting, windows }, { mails: [], knownMails: [] })
  },
  lift_failures: (tx, scope, acting) => lift(tx, scope, acting, { failures: [] }),
  *lift_bounces(tx, scope, acting) {
    const { suppressed = null, ...windows } = acting.windows
    yield* liftSuppression(scope.tenant, acting.person.email)
    const done = yield* lift(tx, scope, { ...acting, windows }, { bounces: [] })
    return { ...done, facts: { ...done.facts, suppressed } }
  },
  delete: leave,
  erase,
  start_recovery: recover,
  approve_recovery: recover,
  cancel_recovery: recover,
}

/** Who may is decided; what may be done to it is decided as for anybody, and stands in an event of its own. */
function* recover(tx: Tx, scope: Scope, { input, person, operator }: Acting): Operation<Done> {
  const { recovery, operators } = input
  if (recovery === null) throw new Error('an act on a recovery without one')
  const wait = yield* actOnRecovery(tx, scope, recovery, { operator, operators, user: person.user })
  return { facts: { recovery: recovery.id, came: wait.reason }, challenge: recovery.id, wait }
}

/** To the person's own address, with new secrets that this browser never sees, and within every limit. */
function* resend(tx: Tx, scope: Scope, { input, person }: Acting): Operation<Done> {
  const { tenant } = scope
  if (input.resend === null || input.challenge === null) throw new Error('a resend without a challenge')
  const found = yield* findChallengeWithMails(tenant, input.resend.purpose, input.challenge)
  // Somebody else's, or gone meanwhile.
  if (found === null || found.challenge.email !== person.email) return { facts: { resent: 'challenge_unknown' } }
  const start = yield* resendTo(tx, { ...scope, eventId: input.resend.eventId }, input.resend, found)
  return { facts: { resent: start.decision.reason }, challenge: input.challenge, start }
}

function* setStatus(tx: Tx, scope: Scope, user: UserRow | null, status: UserRow['status']): Operation<void> {
  yield* run('update users set status = ? where tenant = ? and id = ?', status, scope.tenant, user?.id ?? '')
  if (user !== null && user.status !== status)
    yield* dispatch(tx, scope, 'user.changed', { user: user.id, change: status === 'disabled' ? 'disabled' : 'enabled' })
}

function* lift(tx: Tx, scope: Scope, { person, windows }: Acting, none: Partial<Windows>): Operation<Done> {
  const { tenant } = scope
  const hits = (Object.keys(none) as (keyof HitTimes)[]).reduce((sum, key) => sum + windows[key].length, 0)
  writeWindows(tx.limits, tenant, mailboxLimit(person.email), { ...windows, ...none })
  // For whom it was, as long as anybody can know: the event holds no address, but its challenge was for one.
  const [newest = null] = yield* challengesOf(tenant, person.email, 1)
  return { facts: { hits }, challenge: newest }
}

/**
 * The address is nobody's from now on, and whoever comes with it next is somebody new. What was asked for and counted under it stays as long
 * as it is kept anyway: support can still tell what happened, and nobody begins anew with guessing (RV-12).
 */
function* leave(tx: Tx, scope: Scope, { input, person }: Acting): Operation<Done> {
  const { tenant } = scope
  const user = person.user?.id ?? ''
  yield* takeAddress(tenant, user, input.erased.email)
  const challenges = yield* challengesOf(tenant, person.email, ALL)
  yield* voidMails(tx, tenant, challenges)
  yield* endOpenChanges(tx, tenant, user)
  yield* dropRecovery(tx, tenant, user, 'erased')
  const sessions = yield* endForGood(tx, scope, user, 'operator_deleted_user')
  if (person.user !== null) yield* dispatch(tx, scope, 'user.deleted', { user })
  return { facts: { challenges: challenges.length, sessions } }
}

/**
 * Takes the address from everything that names it. What stays is a user whom nobody can be any more, so that counts and the record keep
 * their rows; also for somebody who never had a user, or a later proof of a mail that is out would make one.
 */
function* erase(tx: Tx, scope: Scope, { input, person }: Acting): Operation<Done> {
  const { tenant } = scope
  const { erased } = input
  const user = person.user?.id ?? erased.user
  if (person.user === null) {
    yield* run(
      "insert into users (tenant, id, email, status, created_at, sign_in_count) values (?, ?, ?, 'disabled', ?, 0)",
      tenant,
      user,
      erased.email,
      tx.now,
    )
  }
  const counted = { email: erased.email, counts: 'go', reason: 'operator_erased_user' } as const
  return { facts: yield* erasePerson(tx, scope, { email: person.email, user, known: person.user !== null }, counted), user }
}

interface NewOperator {
  readonly id: string
  readonly email: string
  readonly eventId: string
}

/** The mailbox too: a first sign-in of the same address makes the same user. */
export function makeOperatorsLocks(scope: Scope, operators: readonly NewOperator[]): Locks {
  return { tenant: scope.tenant, keys: ['operators', ...operators.map(({ email }) => mailboxLimit(email))], limits: [] }
}

/** So that an operator can sign in where nobody may sign up. */
export function* makeOperators(tx: Tx, scope: Scope, operators: readonly NewOperator[]): Operation<number> {
  const { tenant } = scope
  let made = 0
  for (const { id, email, eventId } of operators) {
    if ((yield* findUserByEmail(tenant, email)) !== null) continue
    yield* run(
      "insert into users (tenant, id, email, status, created_at, sign_in_count) values (?, ?, ?, 'active', ?, 0)",
      tenant,
      id,
      email,
      tx.now,
    )
    const decision = { reason: 'operator_made' as const }
    yield* writeEvent(tx, { ...scope, eventId }, { kind: 'console', reason: decision.reason, facts: { now: tx.now }, decision, user: id })
    yield* dispatch(tx, { ...scope, eventId }, 'user.created', { user: id, challenge: null, by: 'operator' })
    made++
  }
  return made
}
