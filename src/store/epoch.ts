// Epochs: after a restore nothing that was handed out before is good any more. The copy may be older than a sign-out, and than the
// use of a link: what was spent or ended since then would be good again.
import type { Ms } from '../core/model.ts'
import { type Operation, one, run, type Tx } from './operation.ts'

export interface Voided {
  readonly epoch: number
  readonly at: Ms
}

/** Written into a copy: who opens it voids first. */
export function* markCopy(tx: Tx): Operation<void> {
  yield* beginEpoch(tx)
}

/** What the marks of a copy ask for; null: this is no copy, or it was opened before. */
export function* voidIfCopy(tx: Tx): Operation<Voided | null> {
  const row = yield* one<{ number: number }>('select number from epochs where voided_at is null')
  return row === null ? null : yield* voidSecrets(tx)
}

/** After a restore that nobody marked: a dump of PostgreSQL, a snapshot of a disk. */
export function* voidAll(tx: Tx): Operation<Voided> {
  yield* beginEpoch(tx)
  return yield* voidSecrets(tx)
}

function* beginEpoch(tx: Tx): Operation<void> {
  yield* run('insert into epochs (number, began_at) select coalesce(max(number), 0) + 1, ? from epochs', tx.now)
}

/** Users, events and limits stay. Links and codes run out, and with them the mails that are still queued; sessions end. */
function* voidSecrets(tx: Tx): Operation<Voided> {
  const { now } = tx
  yield* run('update mails set link_expires_at = ? where link_expires_at > ?', now, now)
  yield* run('update mails set code_expires_at = ? where code_expires_at > ?', now, now)
  yield* run('update sessions set ended_at = ? where ended_at is null', now)
  yield* run('update epochs set voided_at = ? where voided_at is null', now)
  const row = yield* one<{ number: number }>('select max(number) as number from epochs')
  return { epoch: row?.number ?? 0, at: now }
}
