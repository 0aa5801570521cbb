// The rows of recoveries: attempts to get back in without the mailbox.
import type { Ms, Recovery, RecoveryEnd } from '../core/model.ts'
import { isRecoveryLive } from '../core/recovery.ts'
import { same } from './digest.ts'
import { all, type Operation, one, run, type Tx } from './operation.ts'
import { findUserById, type UserRow } from './rows.ts'
import type { Scope, SessionKey } from './store.ts'
import { voidMails } from './void.ts'

export interface RecoveryRow extends Recovery {
  /** Of the limited session; null: not opened. */
  readonly tokenDigest: string | null
  /** Of the mail that said that the wait is over; null: none did. */
  readonly readyChallenge: string | null
}

export const recoveryColumns =
  'r.id, r.user_id as "user", r.way, r.started_by as "startedBy", r.operator, r.email, r.new_email as "newEmail", r.new_proved_at as "newProvedAt", r.created_at as "createdAt", r.ready_at as "readyAt", r.ready_challenge as "readyChallenge", r.token_digest as "tokenDigest", r.opened_at as "openedAt", r.open_until as "openUntil", r.applied_at as "appliedAt", r.ended_at as "endedAt", r.ended_why as "endedWhy"'

export const findRecovery = (tenant: string, id: string): Operation<RecoveryRow | null> =>
  one<RecoveryRow>(`select ${recoveryColumns} from recoveries r where r.tenant = ? and r.id = ?`, tenant, id)

/** Of a person, neither applied nor ended; their time may be over. */
export const openRecoveries = (tenant: string, user: string): Operation<readonly RecoveryRow[]> =>
  all<RecoveryRow>(
    `select ${recoveryColumns} from recoveries r where r.tenant = ? and r.user_id = ? and r.applied_at is null and r.ended_at is null order by r.id`,
    tenant,
    user,
  )

export type NewRecovery = Pick<Recovery, 'id' | 'user' | 'way' | 'startedBy' | 'operator' | 'email' | 'newEmail' | 'readyAt'>

export function insertRecovery(tx: Tx, tenant: string, recovery: NewRecovery): Operation<void> {
  const { id, user, way, startedBy, operator, email, newEmail, readyAt } = recovery
  return run(
    'insert into recoveries (tenant, id, user_id, way, started_by, operator, email, new_email, created_at, ready_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    tenant,
    id,
    user,
    way,
    startedBy,
    operator,
    email,
    newEmail,
    tx.now,
    readyAt,
  )
}

/** Begins its limited session. */
export function openRecovery(
  tx: Tx,
  tenant: string,
  id: string,
  session: { readonly digest: string; readonly until: Ms },
): Operation<void> {
  return run(
    'update recoveries set token_digest = ?, opened_at = ?, open_until = ? where tenant = ? and id = ?',
    session.digest,
    tx.now,
    session.until,
    tenant,
    id,
  )
}

/**
 * Whatever is open of a person, or what waits alone; their limited sessions are good no more.
 *
 * @returns how many
 */
export function* endRecoveries(
  tx: Tx,
  tenant: string,
  user: string,
  why: RecoveryEnd,
  which: 'all' | 'waiting' = 'all',
): Operation<number> {
  const ended = yield* all(
    `update recoveries set ended_at = ?, ended_why = ? where tenant = ? and user_id = ?${which === 'all' ? '' : " and way = 'wait'"} and applied_at is null and ended_at is null returning id`,
    tx.now,
    why,
    tenant,
    user,
  )
  yield* run('update users set recovering_until = null where tenant = ? and id = ?', tenant, user)
  return ended.length
}

/** One that is open. */
export function cancelRecovery(tx: Tx, tenant: string, id: string): Operation<void> {
  return run(
    "update recoveries set ended_at = ?, ended_why = 'cancelled' where tenant = ? and id = ? and applied_at is null and ended_at is null",
    tx.now,
    tenant,
    id,
  )
}

/** Whose limited session it is, whether or not it is good. */
export const findRecoveryHolder = (tenant: string, recovery: string): Operation<{ readonly user: string; readonly email: string } | null> =>
  one(
    'select r.user_id as "user", u.email from recoveries r join users u on u.tenant = r.tenant and u.id = r.user_id where r.tenant = ? and r.id = ?',
    tenant,
    recovery,
  )

/** The limited session of a key, with the person it is for; null: it is over, or there is none. */
export function* findLiveRecovery(
  tx: Tx,
  tenant: string,
  key: SessionKey,
): Operation<{ readonly recovery: RecoveryRow; readonly user: UserRow } | null> {
  const recovery = yield* findRecovery(tenant, key.id)
  if (recovery?.tokenDigest == null || !same(recovery.tokenDigest, key.digest)) return null
  const user = yield* findUserById(tenant, recovery.user)
  return user?.status === 'active' && isRecoveryLive(recovery, user.email, tx.now) ? { recovery, user } : null
}

export interface BackupRow {
  /** null: there is none. */
  readonly email: string | null
  readonly provedAt: Ms | null
  /** By which another one has to be proved; null: none is asked for. */
  readonly challenge: string | null
}

export const findBackup = (tenant: string, user: string): Operation<BackupRow | null> =>
  one<BackupRow>(
    'select backup_email as email, backup_proved_at as "provedAt", backup_challenge as challenge from users where tenant = ? and id = ?',
    tenant,
    user,
  )

export function setBackup(tenant: string, user: string, { email, provedAt, challenge }: BackupRow): Operation<void> {
  return run(
    'update users set backup_email = ?, backup_proved_at = ?, backup_challenge = ? where tenant = ? and id = ?',
    email,
    provedAt,
    challenge,
    tenant,
    user,
  )
}

const NO_BACKUP: BackupRow = { email: null, provedAt: null, challenge: null }

/** All other attempts end with it. Printed codes are void if one of them was used: whoever has the sheet has all of them. */
export function* applyRecovery(tx: Tx, { tenant }: Scope, { id, user, way }: RecoveryRow, newEmail: string): Operation<void> {
  yield* run('update recoveries set applied_at = ?, new_proved_at = ? where tenant = ? and id = ?', tx.now, tx.now, tenant, id)
  yield* endRecoveries(tx, tenant, user, 'superseded')
  yield* awake(tx, tenant, user)
  if (way === 'code') yield* deleteCodes(tenant, user)
  const backup = yield* findBackup(tenant, user)
  // The mailbox that it was for is the first one now.
  if (backup?.email === newEmail) yield* setBackup(tenant, user, NO_BACKUP)
}

/** Everything by which somebody could get in beside the mailbox: of whoever had the account before it was proved, or was taken back (RV-01). */
export function* dropRecovery(tx: Tx, tenant: string, user: string, why: RecoveryEnd): Operation<void> {
  const backup = yield* findBackup(tenant, user)
  if (backup?.challenge != null) yield* voidMails(tx, tenant, [backup.challenge])
  yield* setBackup(tenant, user, NO_BACKUP)
  yield* deleteCodes(tenant, user)
  yield* endRecoveries(tx, tenant, user, why)
}

/** From now on the mailbox alone opens the account, as if somebody had signed in (core/dormant.ts). */
export const awake = (tx: Tx, tenant: string, user: string): Operation<void> =>
  run('update users set awake_at = ? where tenant = ? and id = ?', tx.now, tenant, user)

export const deleteCodes = (tenant: string, user: string): Operation<void> =>
  run('delete from recovery_codes where tenant = ? and user_id = ?', tenant, user)

/** Its addresses go: of those that were asked for the person, and of those that anybody asked for with that address as the new one. */
export function* eraseRecoveries(
  tx: Tx,
  tenant: string,
  { user, challenges, instead }: { readonly user: string; readonly challenges: string; readonly instead: string },
): Operation<void> {
  yield* dropRecovery(tx, tenant, user, 'erased')
  yield* run(
    'update recoveries set email = ?, new_email = ?, token_digest = null where tenant = ? and user_id = ?',
    instead,
    instead,
    tenant,
    user,
  )
  yield* run(
    "update recoveries{by_recovery} set new_email = ?, ended_at = coalesce(ended_at, ?), ended_why = coalesce(ended_why, 'erased') where tenant = ? and id {is_listed}",
    instead,
    tx.now,
    tenant,
    challenges,
  )
}

/** Of ways that open at once, but for one: it began later, or what they came by is no longer there. Whoever waits goes on waiting. */
export function supersede(tx: Tx, tenant: string, user: string, but = ''): Operation<void> {
  return run(
    "update recoveries set ended_at = ?, ended_why = 'superseded' where tenant = ? and user_id = ? and way <> 'wait' and id <> ? and applied_at is null and ended_at is null",
    tx.now,
    tenant,
    user,
    but,
  )
}
