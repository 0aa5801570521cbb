// Changes of address that are asked for and neither made nor over.
import type { ChangeRow } from './account-store.ts'
import { all, type Operation, run, type Tx } from './operation.ts'
import { voidMails } from './void.ts'

export const changeColumns =
  'a.id, a.user_id as "user", a.old_email as "oldEmail", a.new_email as "newEmail", a.created_at as "createdAt", a.both_agree as "both", a.leave_challenge as "leave", a.undo_challenge as "undo", a.new_proved_at as "newProvedAt", a.old_proved_at as "oldProvedAt", a.applied_at as "appliedAt", a.ended_at as "endedAt", a.undone_at as "undoneAt", a.undo_until as "undoUntil", a.recovery'

export const openChanges = (tenant: string, user: string): Operation<readonly ChangeRow[]> =>
  all<ChangeRow>(
    `select ${changeColumns} from address_changes a where a.tenant = ? and a.user_id = ? and a.applied_at is null and a.ended_at is null`,
    tenant,
    user,
  )

export function* endChanges(tx: Tx, tenant: string, changes: readonly ChangeRow[]): Operation<void> {
  if (changes.length === 0) return
  const ids = JSON.stringify(changes.map(({ id }) => id))
  yield* run(
    'update address_changes{by_change} set ended_at = ? where tenant = ? and id {is_listed} and ended_at is null',
    tx.now,
    tenant,
    ids,
  )
  yield* voidMails(
    tx,
    tenant,
    changes.flatMap(({ id, leave }) => (leave === null ? [id] : [id, leave])),
  )
}

/** Of somebody whose mailbox is proved for the first time: whatever was asked before was not asked by whoever reads it (RV-01). */
export function* endOpenChanges(tx: Tx, tenant: string, user: string): Operation<void> {
  yield* endChanges(tx, tenant, yield* openChanges(tenant, user))
}
