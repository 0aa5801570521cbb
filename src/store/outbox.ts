// The outbox: queued mails are leased, handed over outside of any transaction, and settled. A worker that dies leaves a lease
// that runs out, and the next worker sends the same mail with the same secrets and Message-ID.
import { type DeliveryDecision, type DeliveryFacts, decideDelivery } from '../core/delivery.ts'
import type { Ms } from '../core/model.ts'
import { bounceRule } from '../core/start.ts'
import { writeEvent } from './event.ts'
import { mailboxLimit, readWindows, withHit, writeWindows } from './limits.ts'
import { all, type Locks, nothing, type Operation, one, run, type Tx } from './operation.ts'
import { challengeKey } from './rows.ts'
import { mailExpiresAt, type QueuedMail, type Scope, type SettleInput } from './store.ts'

interface Leased extends Omit<QueuedMail, 'hasLink' | 'hasCode' | 'decoy' | 'now'> {
  readonly hasLink: 0 | 1
  readonly hasCode: 0 | 1
  readonly decoy: 0 | 1
}

/** Two claims in one transaction would not skip each other's rows. */
export const claimLocks: Locks = { ...nothing, turn: 'outbox' }

export function* claimMails(tx: Tx, limit: number, leaseMs: Ms): Operation<readonly QueuedMail[]> {
  const due = yield* all<Leased>(
    'select m.tenant, m.challenge, m.ordinal, m.request_id as "requestId", c.purpose, c.email, c.locale, c.device, m.created_at as "createdAt", m.link_expires_at as "linkExpiresAt", m.code_expires_at as "codeExpiresAt", m.link_digest is not null as "hasLink", m.code_digest is not null as "hasCode", m.decoy, m.sealed, m.tries from mails m join challenges c on c.tenant = m.tenant and c.id = m.challenge where m.state = \'queued\' and m.due_at <= ? order by m.due_at limit ? {skip_locked}',
    tx.now,
    limit,
  )
  for (const { tenant, challenge, ordinal } of due) {
    yield* run(
      'update mails set due_at = ? where tenant = ? and challenge = ? and ordinal = ?',
      tx.now + leaseMs,
      tenant,
      challenge,
      ordinal,
    )
  }
  return due.map((row) => ({
    ...row,
    hasLink: Boolean(row.hasLink),
    hasCode: Boolean(row.hasCode),
    decoy: row.decoy === 1,
    now: tx.now,
  }))
}

export function settleLocks({ mail, reply }: SettleInput): Locks {
  return { tenant: mail.tenant, keys: [challengeKey(mail.challenge)], limits: reply === 'permanent' ? [mailboxLimit(mail.email)] : [] }
}

export function* settleMail(tx: Tx, scope: Scope, input: SettleInput): Operation<DeliveryDecision> {
  const { mail, reply } = input
  const facts: DeliveryFacts = { now: tx.now, tries: mail.tries, expiresAt: mailExpiresAt(mail), decoy: mail.decoy, reply }
  const decision = decideDelivery(scope.policy, facts)
  // Found by its key: "queued" would lead PostgreSQL to the index of the queue, which holds all that have left it until it is tidied up.
  if (decision.verdict === 'settle') {
    // The secret goes with the settling: a stolen database holds nothing that could still be sent.
    yield* run(
      'update mails set state = ?, sealed = null, settled_at = ?, tries = tries + 1 where tenant = ? and challenge = ? and ordinal = ? and settled_at is null',
      decision.state,
      tx.now,
      mail.tenant,
      mail.challenge,
      mail.ordinal,
    )
  } else {
    yield* run(
      'update mails set due_at = ?, tries = tries + 1 where tenant = ? and challenge = ? and ordinal = ? and settled_at is null',
      tx.now + (decision.retryInMs ?? 0),
      mail.tenant,
      mail.challenge,
      mail.ordinal,
    )
  }
  if (reply === 'permanent') {
    const mailbox = mailboxLimit(mail.email)
    const windows = readWindows(tx.limits, mail.tenant, mailbox)
    const bounces = withHit(windows.bounces, [bounceRule], [tx.now, mail.challenge])
    writeWindows(tx.limits, mail.tenant, mailbox, { ...windows, bounces })
  }
  yield* writeEvent(tx, scope, {
    kind: 'deliver',
    reason: decision.reason,
    facts: { ordinal: mail.ordinal, replyText: input.replyText, ...facts },
    decision,
    challenge: mail.challenge,
    mails: reply === 'accepted' && !mail.decoy ? 1 : 0,
    bytes: input.bytes,
  })
  return decision
}

export function* nextMailDue(tx: Tx): Operation<{ readonly now: Ms; readonly dueAt: Ms | null }> {
  const row = yield* one<{ dueAt: Ms | null }>('select min(due_at) as "dueAt" from mails where state = \'queued\'')
  return { now: tx.now, dueAt: row?.dueAt ?? null }
}
