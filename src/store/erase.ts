// Taking the address of a person from everything that names it. What stays is a user whom nobody can be any more, so that counts and the
// record keep their rows.
import type { ReasonCode } from '../core/reason.ts'
import { liftSuppression } from './bounce.ts'
import { dispatch, dispatchEnds } from './dispatch.ts'
import { mailboxLimit, readWindows, withLeft, writeWindows } from './limits.ts'
import { all, type Operation, run, type Tx } from './operation.ts'
import { eraseRecoveries } from './recoveries.ts'
import { byColumn } from './search.ts'
import type { Scope } from './store.ts'
import { voidMails } from './void.ts'

/** No address is asked for so often while it is kept. */
const ALL = 1_000_000

/** Newest first. */
export function* challengesOf(tenant: string, email: string, limit: number): Operation<readonly string[]> {
  return (yield* byColumn(tenant, { from: '', limit }, 'email', email)).map(({ id }) => id)
}

interface Erasing {
  readonly email: string
  readonly user: string
  /** There was such a user before; else the row was made just now, to stand in the way of later proofs. */
  readonly known: boolean
}

interface Erased {
  /** The address that stays in place of the one that was. */
  readonly email: string
  /**
   * Of the mailbox: what was counted `stays` where people erase themselves, or deleting an account would be a way to new guesses (I14); where an
   * operator does, the name of the limit goes as well, in which the address stands.
   */
  readonly counts: 'stay' | 'go'
  readonly reason: ReasonCode
}

/** Address, external id, devices and places go from all rows of the person; whoever is told of things is told of the end of sessions and user. */
export function* erasePerson(
  tx: Tx,
  scope: Scope,
  { email, user, known }: Erasing,
  erased: Erased,
): Operation<{ readonly challenges: number; readonly sessions: number }> {
  const { tenant } = scope
  yield* takeAddress(tenant, user, erased.email)
  const former = yield* formerAddresses(tenant, user)
  const changes = yield* changesOf(tenant, user)
  const challenges = new Set(changes.flatMap(({ id, leave, undo }) => [id, undo, leave ?? id]))
  for (const address of [email, ...former]) for (const id of yield* challengesOf(tenant, address, ALL)) challenges.add(id)
  const ids = JSON.stringify([...challenges])
  yield* run(
    "update challenges set email = ?, device = '', network = null, return_to = null where tenant = ? and id {is_listed}",
    erased.email,
    tenant,
    ids,
  )
  yield* voidMails(tx, tenant, [...challenges])
  // Also those of others who asked for this address.
  yield* run(
    'update address_changes{by_change} set new_email = ?, ended_at = coalesce(ended_at, ?) where tenant = ? and id {is_listed}',
    erased.email,
    tx.now,
    tenant,
    ids,
  )
  yield* run('update address_changes set old_email = ? where tenant = ? and user_id = ?', erased.email, tenant, user)
  yield* eraseRecoveries(tx, tenant, { user, challenges: ids, instead: erased.email })
  const sessions = yield* endForGood(tx, scope, user, erased.reason)
  if (known) yield* dispatch(tx, scope, 'user.deleted', { user })
  for (const address of former) {
    tx.limits.drop(tenant, mailboxLimit(address))
    yield* liftSuppression(tenant, address)
  }
  const mailbox = mailboxLimit(email)
  const { suppressed: _, ...windows } = withLeft(readWindows(tx.limits, tenant, mailbox), email, null)
  yield* liftSuppression(tenant, email)
  const counted = [windows.mails, windows.knownMails, windows.failures, windows.bounces].some((hits) => hits.length > 0)
  if (erased.counts === 'stay' && counted) writeWindows(tx.limits, tenant, mailbox, windows)
  else tx.limits.drop(tenant, mailbox)
  return { challenges: challenges.size, sessions }
}

export function* takeAddress(tenant: string, user: string, instead: string): Operation<void> {
  yield* run(
    "update users set email = ?, status = 'disabled', browsers = '[]', current_sign_in_place = null, last_sign_in_place = null, external_id = null where tenant = ? and id = ?",
    instead,
    tenant,
    user,
  )
}

/** @returns how many. */
export function* endAll(tx: Tx, scope: Scope, user: string, reason: ReasonCode): Operation<number> {
  const ended = yield* all<{ id: string }>(
    'update sessions{by_user} set ended_at = ? where tenant = ? and user_id = ? and ended_at is null returning id',
    tx.now,
    scope.tenant,
    user,
  )
  yield* dispatchEnds(tx, scope, { user, sessions: ended.map(({ id }) => id), reason })
  return ended.length
}

/** Nobody will look at the list of them again. */
export function* endForGood(tx: Tx, scope: Scope, user: string, reason: ReasonCode): Operation<number> {
  const ended = yield* endAll(tx, scope, user, reason)
  yield* run("update sessions{by_user} set device = '', network = '' where tenant = ? and user_id = ?", scope.tenant, user)
  return ended
}

/** Which the person had before, or has as a backup, and nobody else has now. */
export function* formerAddresses(tenant: string, user: string): Operation<readonly string[]> {
  const rows = yield* all<{ email: string }>(
    'select a.old_email as email from address_changes a where a.tenant = ? and a.user_id = ? and a.applied_at is not null and not exists (select 1 from users u where u.tenant = a.tenant and u.email = a.old_email) union all select b.backup_email as email from users b where b.tenant = ? and b.id = ? and b.backup_email is not null and not exists (select 1 from users u where u.tenant = b.tenant and u.email = b.backup_email)',
    tenant,
    user,
    tenant,
    user,
  )
  return [...new Set(rows.map(({ email }) => email))]
}

const changesOf = (
  tenant: string,
  user: string,
): Operation<readonly { readonly id: string; readonly leave: string | null; readonly undo: string }[]> =>
  all('select id, leave_challenge as leave, undo_challenge as undo from address_changes where tenant = ? and user_id = ?', tenant, user)
