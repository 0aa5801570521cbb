// Looks that change nothing: what the pages show of a challenge.
import { domainOf } from '../core/mailbox.ts'
import type { Ms, Purpose } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import { same } from './digest.ts'
import { BREAKER } from './limits.ts'
import { all, type Operation, one, run, type Tx } from './operation.ts'
import type { Asker } from './record-store.ts'
import { findChallengeWithMails, type MailRow, toMail } from './rows.ts'
import type { ChallengeView } from './store.ts'

export function* findChallenge(tx: Tx, tenant: string, id: string, browserDigest: string | null): Operation<ChallengeView | null> {
  // Nearly all are to sign in; only of the others is it asked what they are for.
  const signIn = yield* findChallengeWithMails(tenant, 'sign_in', id)
  const purpose = signIn === null ? yield* findPurpose(tenant, id) : 'sign_in'
  const found = signIn ?? (purpose === null ? null : yield* findChallengeWithMails(tenant, purpose, id))
  if (found === null || purpose === null) return null
  const { browser, ...challenge } = found.challenge
  return {
    now: tx.now,
    challenge: { ...challenge, purpose },
    bound: browserDigest !== null && same(browser, browserDigest),
    mails: found.mails.map(toMail),
    undelivered: isUndelivered(found.mails.at(-1)),
  }
}

function* findPurpose(tenant: string, id: string): Operation<Purpose | null> {
  const row = yield* one<{ purpose: Purpose }>('select purpose from challenges where tenant = ? and id = ?', tenant, id)
  return row?.purpose ?? null
}

function isUndelivered(mail: MailRow | undefined): boolean {
  return mail !== undefined && (mail.state === 'dead' || mail.bouncedAt !== null)
}

export const ASKERS = 'select id as challenge, email, device from challenges where tenant = ? and id {is_listed}'

/** Of many challenges at once: who receives the mail, by no more than the domain, and which browser asked. */
export function* findAskers(tenant: string, challenges: readonly string[]): Operation<readonly Asker[]> {
  const rows = yield* all<{ challenge: string; email: string; device: string }>(ASKERS, tenant, JSON.stringify(challenges))
  return rows.map(({ challenge, email, device }) => ({ challenge, domain: domainOf(email), device }))
}

/** On SQLite the journal may be ahead of the row. */
export function* findBreaker(tx: Tx, tenant: string): Operation<{ readonly now: Ms; readonly emptyAt: Ms | null }> {
  const row = yield* one<{ state: string }>('select state from limits where tenant = ? and name = ?', tenant, BREAKER)
  const state = tx.limits.get(tenant, BREAKER) ?? row?.state ?? null
  return { now: tx.now, emptyAt: state === null ? null : Number(state) }
}

export function* keepPolicy(tx: Tx, tenant: string, version: string, policy: Policy): Operation<void> {
  yield* run(
    'insert into policies (tenant, version, policy, first_used_at) values (?, ?, ?, ?) on conflict (tenant, version) do nothing',
    tenant,
    version,
    JSON.stringify(policy),
    tx.now,
  )
}
