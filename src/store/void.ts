// What was mailed is good for nothing any more.
import { type Operation, run, type Tx } from './operation.ts'

/** Links and codes run out. Whoever takes such a mail out of the queue finds that, and sends nothing. */
export function* voidMails(tx: Tx, tenant: string, challenges: readonly string[]): Operation<void> {
  if (challenges.length === 0) return
  const ids = JSON.stringify(challenges)
  for (const what of ['link', 'code'] as const) yield* run(EXPIRE[what], tx.now, tenant, ids, tx.now)
}

const EXPIRE = {
  link: 'update mails set link_expires_at = ? where tenant = ? and challenge {is_listed} and link_expires_at > ?',
  code: 'update mails set code_expires_at = ? where tenant = ? and challenge {is_listed} and code_expires_at > ?',
} as const
