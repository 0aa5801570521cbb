// The rows of recoveries: attempts to get back in without the mailbox.
import type { Ms, Recovery, RecoveryEnd } from '../core/model.ts'
import { all, type Operation, one, run, type Tx } from './operation.ts'

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

/** Its addresses go: of those that were asked for the person, and of those that anybody asked for with that address as the new one. */
export function* eraseRecoveries(
  tx: Tx,
  tenant: string,
  { user, challenges, instead }: { readonly user: string; readonly challenges: string; readonly instead: string },
): Operation<void> {
  yield* endRecoveries(tx, tenant, user, 'erased')
  yield* run('update recoveries set email = ?, new_email = ? where tenant = ? and user_id = ?', instead, instead, tenant, user)
  yield* run(
    "update recoveries{by_recovery} set new_email = ?, ended_at = coalesce(ended_at, ?), ended_why = coalesce(ended_why, 'erased') where tenant = ? and id {is_listed}",
    instead,
    tx.now,
    tenant,
    challenges,
  )
}

/** Whatever is open of a person; their limited sessions are good no more. @returns how many. */
export function* endRecoveries(tx: Tx, tenant: string, user: string, why: RecoveryEnd): Operation<number> {
  const ended = yield* all(
    'update recoveries set ended_at = ?, ended_why = ? where tenant = ? and user_id = ? and applied_at is null and ended_at is null returning id',
    tx.now,
    why,
    tenant,
    user,
  )
  yield* run('update users set recovering_until = null where tenant = ? and id = ?', tenant, user)
  return ended.length
}
