// Reports of mails that came back: the address is suppressed, the mail marked, and the event written, in one transaction. And the list of what is
// suppressed, for operators.
import { mailboxKey } from '../core/address.ts'
import { type BounceDecision, type BounceFacts, decideBounce, type Suppression } from '../core/bounce.ts'
import { windowVerdict } from '../core/bucket.ts'
import type { Ms } from '../core/model.ts'
import { bounceRule } from '../core/start.ts'
import { dispatch } from './dispatch.ts'
import { writeEvent } from './event.ts'
import { type Hit, mailboxesOf, mailboxLimit, readWindows, times, writeWindows } from './limits.ts'
import { all, type Locks, type Operation, one, run, type Tx } from './operation.ts'
import { findUserByEmail } from './rows.ts'
import type { BounceInput, LiftInput, Scope, SuppressedAddress } from './store.ts'

interface Reported {
  readonly email: string
  /** null: of no mail that is known here. */
  readonly mail: { readonly ordinal: number; readonly settledAt: Ms | null } | null
}

/** Who is meant. A mail for show went to nobody and cannot come back: somebody made that up. */
function* findReported(tenant: string, { mail, address }: BounceInput): Operation<Reported | null> {
  const found =
    mail === null
      ? null
      : yield* one<{ email: string; settledAt: Ms | null }>(
          'select c.email, m.settled_at as "settledAt" from mails m join challenges c on c.tenant = m.tenant and c.id = m.challenge where m.tenant = ? and m.challenge = ? and m.ordinal = ? and m.decoy = 0',
          tenant,
          mail.challenge,
          mail.ordinal,
        )
  if (found === null || mail === null) return address === null ? null : { email: address, mail: null }
  // It names somebody else besides: then it is no report on this mail.
  if (address !== null && mailboxKey(address) !== mailboxKey(found.email)) return { email: address, mail: null }
  return { email: found.email, mail: { ordinal: mail.ordinal, settledAt: found.settledAt } }
}

export function* bounceLocks(scope: Scope, input: BounceInput): Operation<Locks> {
  const reported = yield* findReported(scope.tenant, input)
  return { tenant: scope.tenant, keys: [], limits: reported === null ? [] : [mailboxLimit(reported.email)] }
}

/** null: of nobody who can be known. */
export function* settleBounce(tx: Tx, scope: Scope, input: BounceInput): Operation<BounceDecision | null> {
  const { tenant } = scope
  const reported = yield* findReported(tenant, input)
  if (reported === null) return null
  const { email, mail } = reported
  const mailbox = mailboxLimit(email)
  const windows = readWindows(tx.limits, tenant, mailbox)
  const facts: BounceFacts = {
    now: tx.now,
    reporter: input.reporter,
    kind: input.kind,
    address: input.addressInEvent(email),
    mail,
    suppressed: windows.suppressed ?? null,
  }
  const decision = decideBounce(facts)
  if (decision.verdict === 'suppress') {
    writeWindows(tx.limits, tenant, mailbox, { ...windows, suppressed: decision.suppression })
    yield* suppress(tenant, email, decision.suppression)
  }
  const challenge = mail === null ? null : (input.mail?.challenge ?? null)
  if (mail !== null && input.kind === 'bounced')
    yield* run(
      'update mails set bounced_at = ? where tenant = ? and challenge = ? and ordinal = ? and bounced_at is null',
      tx.now,
      tenant,
      challenge,
      mail.ordinal,
    )
  const user = (yield* findUserByEmail(tenant, email))?.id ?? null
  yield* writeEvent(tx, scope, {
    kind: 'bounce',
    reason: decision.reason,
    facts: { ...facts, replyText: input.detail },
    decision,
    challenge,
    user,
  })
  // Each report once, though a service sends it twice.
  const id = challenge === null ? undefined : `${challenge}-${decision.reason}`
  yield* dispatch(tx, scope, 'mail.bounced', { user, challenge, why: input.kind }, id)
  return decision
}

/** Beside the state of the mailbox, by which it is decided. */
function* suppress(tenant: string, email: string, { why, since, until }: Suppression): Operation<void> {
  yield* run(
    'insert into suppressions (tenant, address, why, since, until) values (?, ?, ?, ?, cast(? as {int})) on conflict (tenant, address) do update set why = excluded.why, since = excluded.since, until = excluded.until',
    tenant,
    mailboxKey(email),
    why,
    since,
    until,
  )
}

/**
 * After a refusal of the mail server: the one that was one too many puts the address on the list, for as long as the rule sees them.
 *
 * @param bounces with this one
 */
export function* suppressRefused(tx: Tx, tenant: string, email: string, bounces: readonly Hit[]): Operation<void> {
  const { open, retryInMs } = windowVerdict([bounceRule], times(bounces), tx.now)
  if (open) return
  yield* run(
    "insert into suppressions (tenant, address, why, since, until) values (?, ?, 'refused', ?, ?) on conflict (tenant, address) do update set until = case when suppressions.until is null then null else excluded.until end",
    tenant,
    mailboxKey(email),
    tx.now,
    tx.now + retryInMs,
  )
}

export function liftLocks({ tenant }: Scope, { email }: LiftInput): Locks {
  return { tenant, keys: [], limits: [mailboxLimit(email)] }
}

export function* liftBounces(tx: Tx, scope: Scope, { email, addressInEvent }: LiftInput): Operation<boolean> {
  const { tenant } = scope
  const { suppressed = null, ...windows } = readWindows(tx.limits, tenant, mailboxLimit(email))
  if (suppressed === null && windows.bounces.length === 0) return false
  writeWindows(tx.limits, tenant, mailboxLimit(email), { ...windows, bounces: [] })
  yield* liftSuppression(tenant, email)
  const decision = { reason: 'suppression_lifted' as const }
  const facts = { now: tx.now, address: addressInEvent, suppressed, bounces: windows.bounces.length }
  const user = (yield* findUserByEmail(tenant, email))?.id ?? null
  yield* writeEvent(tx, scope, { kind: 'bounce', reason: decision.reason, facts, decision, user })
  return true
}

export function liftSuppression(tenant: string, email: string): Operation<void> {
  return run('delete from suppressions where tenant = ? and address = ?', tenant, mailboxKey(email))
}

/** Of mailboxes that are forgotten as idle: what ran out by itself is on the list no longer. */
export function* forgetSuppressions(tx: Tx, tenant: string, idle: readonly string[]): Operation<void> {
  const addresses = mailboxesOf(idle)
  if (addresses.length === 0) return
  yield* run('delete from suppressions where tenant = ? and address {is_listed} and until <= ?', tenant, JSON.stringify(addresses), tx.now)
}

/** Those in force, by address, behind one of them, at most so many. */
export function listSuppressions(tx: Tx, tenant: string, after: string, limit: number): Operation<readonly SuppressedAddress[]> {
  return all<SuppressedAddress>(
    'select address, why, since, until from suppressions where tenant = ? and address > ? and (until is null or until > ?) order by address limit ?',
    tenant,
    after,
    tx.now,
    limit,
  )
}
