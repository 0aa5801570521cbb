// The outbox: queued mails are leased, handed over outside of any transaction, and settled. A worker that dies leaves a lease
// that runs out, and the next worker sends the same mail with the same secrets and Message-ID.
import { type DeliveryDecision, type DeliveryFacts, decideDelivery } from '../core/delivery.ts'
import type { Ms } from '../core/model.ts'
import { bounceRule } from '../core/start.ts'
import { suppressRefused } from './bounce.ts'
import { dispatch, isWanted } from './dispatch.ts'
import { writeEvent } from './event.ts'
import { mailboxLimit, readWindows, withHit, writeWindows } from './limits.ts'
import { all, type Locks, nothing, type Operation, one, run, type Tx } from './operation.ts'
import { challengeKey, findUserByEmail } from './rows.ts'
import { OWNER_TOLD } from './start.ts'
import { mailExpiresAt, type QueuedMail, type Scope, type SettleInput } from './store.ts'

interface Leased extends Omit<QueuedMail, 'hasLink' | 'hasCode' | 'decoy' | 'tellsOwner' | 'now'> {
  readonly hasLink: 0 | 1
  readonly hasCode: 0 | 1
  readonly decoy: 0 | 1 | typeof OWNER_TOLD
}

/** Two claims in one transaction would not skip each other's rows. */
export const claimLocks: Locks = { ...nothing, turn: 'outbox' }

/** Tenants that have queued mails: one step in the index for each, however long its queue is. */
const TENANTS = `tenants (tenant) as (
  select min(tenant) from mails where state = 'queued'
  union all
  select (select min(m.tenant) from mails m where m.state = 'queued' and m.tenant > t.tenant) from tenants t where t.tenant is not null
)`

/**
 * One of each tenant that has any, oldest first, then a second one of each, and so on: a tenant with a hundred thousand mails in the
 * queue keeps nobody waiting. Where each of n tenants gives one, no tenant can be asked for more than `most - n + 1`: so few are looked
 * at, and 200 besides, for those that other workers have in hand.
 */
const DUE = `with recursive given (now, most) as (
  select cast(? as {int}), cast(? as {int})
), ${TENANTS}, queues (tenant) as (
  select t.tenant from tenants t where (select min(m.due_at) from mails m where m.state = 'queued' and m.tenant = t.tenant) <= (select now from given)
), share (each) as (
  select case when most > count(*) then most - count(*) + 1 else 1 end + 200 / count(*) from queues, given group by most
), turns (tenant, challenge, ordinal, due_at) as (
  select tenant, challenge, ordinal, due_at from (
    select m.tenant, m.challenge, m.ordinal, m.due_at, row_number() over (partition by m.tenant order by m.due_at) as turn from queues q {first_due}
  ) as ranked order by turn, due_at limit 1000
), picked as (
  select m.* from turns t {taken} limit (select most from given)
)
select p.tenant, p.challenge, p.ordinal, p.request_id as "requestId", c.purpose, c.email, c.locale, c.device, c.network, p.created_at as "createdAt", p.link_expires_at as "linkExpiresAt", p.code_expires_at as "codeExpiresAt", p.link_digest is not null as "hasLink", p.code_digest is not null as "hasCode", p.decoy, p.sealed, p.tries
from picked p join challenges c on c.tenant = p.tenant and c.id = p.challenge`

export function* claimMails(tx: Tx, limit: number, leaseMs: Ms): Operation<readonly QueuedMail[]> {
  const due = yield* all<Leased>(DUE, tx.now, limit)
  if (due.length === 0) return []
  yield* run(
    'update mails set due_at = ? from {listed} as leased where mails.tenant = leased.tenant and mails.challenge = leased.challenge and mails.ordinal = leased.ordinal',
    tx.now + leaseMs,
    JSON.stringify(due.map(({ tenant, challenge, ordinal }) => [tenant, challenge, ordinal])),
  )
  return due.map((row) => ({
    ...row,
    hasLink: Boolean(row.hasLink),
    hasCode: Boolean(row.hasCode),
    decoy: row.decoy === 1,
    tellsOwner: row.decoy === OWNER_TOLD,
    now: tx.now,
  }))
}

export function settleLocks({ mail, reply }: SettleInput): Locks {
  return { tenant: mail.tenant, keys: [challengeKey(mail.challenge)], limits: reply === 'permanent' ? [mailboxLimit(mail.email)] : [] }
}

export function* settleMail(tx: Tx, scope: Scope, input: SettleInput): Operation<DeliveryDecision> {
  const { mail, reply } = input
  const facts: DeliveryFacts = {
    now: tx.now,
    tries: mail.tries,
    expiresAt: mailExpiresAt(mail),
    decoy: mail.decoy,
    reply,
    ...(input.withdrawn && { withdrawn: true }),
  }
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
    yield* suppressRefused(tx, mail.tenant, mail.email, bounces)
    if (isWanted(scope, 'mail.bounced')) {
      const user = (yield* findUserByEmail(mail.tenant, mail.email))?.id ?? null
      yield* dispatch(tx, scope, 'mail.bounced', { user, challenge: mail.challenge, why: 'refused' })
    }
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
  const row = yield* one<{ dueAt: Ms | null }>(
    `with recursive ${TENANTS} select min((select min(m.due_at) from mails m where m.state = 'queued' and m.tenant = t.tenant)) as "dueAt" from tenants t where t.tenant is not null`,
  )
  return { now: tx.now, dueAt: row?.dueAt ?? null }
}
