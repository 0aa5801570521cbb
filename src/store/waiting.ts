// What the ways of a wait have in common: the recovery that is waited for, whom it is about, and how it is told of and written down.
// Everything about one person's happens with their mailbox and all their sessions in hand, so that of a sign-in and an opening at the same
// moment one comes first.
import type { Purpose } from '../core/model.ts'
import { type Account, decideWait, type WaitDecision, type WaitFacts, type Waiting, waitingOf } from '../core/recovery-wait.ts'
import type { ChangeMail } from './account-store.ts'
import { writeEvent } from './event.ts'
import { mailboxLimit } from './limits.ts'
import { all, type Locks, type Operation, one, type Tx } from './operation.ts'
import { type RecoveryRow, recoveryColumns } from './recoveries.ts'
import { challengeKey, findUserById, type UserRow } from './rows.ts'
import { sessionsKey } from './session.ts'
import { decide, insertChallengeOf } from './start.ts'
import { type Scope, type StartOutcome, scopeFor } from './store.ts'
import type { From } from './wait-store.ts'

/** The recovery that a challenge of it belongs to; those of other ways are none here. */
export const findWaitOf = (tenant: string, challenge: string): Operation<RecoveryRow | null> =>
  one<RecoveryRow>(
    `select ${recoveryColumns} from recoveries r where r.tenant = ? and r.way = 'wait' and r.id = (select change_id from challenges where tenant = ? and id = ?)`,
    tenant,
    tenant,
    challenge,
  )

export const findWait = (tenant: string, id: string): Operation<RecoveryRow | null> =>
  one<RecoveryRow>(`select ${recoveryColumns} from recoveries r where r.tenant = ? and r.id = ? and r.way = 'wait'`, tenant, id)

export function* findWaiting(tenant: string, recovery: RecoveryRow): Operation<Waiting> {
  const approvals = yield* all<{ operator: string }>(
    'select operator from recovery_approvals where tenant = ? and recovery = ? order by operator',
    tenant,
    recovery.id,
  )
  return waitingOf({ ...recovery, approvals: approvals.map(({ operator }) => operator) })
}

/** `email`: for which it was asked. */
export function accountOf(user: UserRow | null, email: string, operators: readonly string[]): Account {
  return user && { status: user.status, listed: operators.includes(user.email), same: user.email === email }
}

/** The person as the recovery knows them, and as they are now. */
export function* lockPerson(tenant: string, recovery: RecoveryRow, more: Partial<Pick<Locks, 'keys' | 'limits'>> = {}): Operation<Locks> {
  const user = yield* findUserById(tenant, recovery.user)
  const mailboxes = [...new Set([recovery.email, user?.email ?? recovery.email])].filter((email) => email !== '').map(mailboxLimit)
  const keys = [
    ...mailboxes,
    ...(recovery.user === '' ? [] : [sessionsKey(recovery.user)]),
    challengeKey(recovery.id),
    ...(more.keys ?? []),
  ]
  return { tenant, keys: [...new Set(keys)], limits: [...new Set([...mailboxes, ...(more.limits ?? [])])] }
}

export const nobody = (tenant: string): Locks => ({ tenant, keys: [], limits: [] })

export function* backupOf(tenant: string, user: string): Operation<{ readonly email: string } | null> {
  const row = yield* one<{ email: string | null }>('select backup_email as email from users where tenant = ? and id = ?', tenant, user)
  return row === null || row.email === null ? null : { email: row.email }
}

/** What is for show is addressed to nobody (RFC 2606). */
export const NOBODY = 'nobody@nobody.invalid'

interface Telling {
  readonly mail: ChangeMail
  readonly purpose: Purpose
  readonly email: string
  readonly user: UserRow | null
  readonly recovery: string
  readonly notice?: { readonly ready: number; readonly until: number }
}

export function mailTo(
  tx: Tx,
  given: Scope,
  from: From,
  { mail, purpose, email, user, recovery, notice }: Telling,
): Operation<StartOutcome> {
  const { eventId, ...own } = mail
  const { browserDigest, returnTo, locale, device, network, buckets } = from
  const challenge = { ...own, browserDigest, returnTo, locale, device, network, buckets, purpose, email }
  return decide(
    tx,
    { ...scopeFor(given, email), eventId },
    {
      ...challenge,
      kind: 'start',
      addressInEvent: from.addressInEvent(email),
      resend: null,
      ordinal: 0,
      user,
      knownBrowser: false,
      ...(notice === undefined ? {} : { recovery: notice }),
    },
    () => insertChallengeOf(tx, given.tenant, challenge, recovery),
  )
}

interface Deciding {
  readonly facts: WaitFacts
  readonly recovery: string | null
  readonly user: string | null
  readonly session?: string | null
}

/** Every decision of a wait stands in the record, under the id of its recovery. */
export function* decideAndWrite(
  tx: Tx,
  scope: Scope,
  { facts, recovery, user, session = null }: Deciding,
): Operation<{ decision: WaitDecision }> {
  const decision = decideWait(scope.policy, facts)
  yield* writeEvent(tx, scope, { kind: 'account', reason: decision.reason, facts, decision, challenge: recovery, user, session })
  return { decision }
}
