// Looks that change nothing: what the pages show of a challenge.
import type { Policy } from '../core/policy.ts'
import { same } from './digest.ts'
import { type Operation, run, type Tx } from './operation.ts'
import { findChallengeWithMails, toMail } from './rows.ts'
import type { ChallengeView } from './store.ts'

export function* findChallenge(tx: Tx, tenant: string, id: string, browserDigest: string | null): Operation<ChallengeView | null> {
  const found = yield* findChallengeWithMails(tenant, 'sign_in', id)
  if (found === null) return null
  const { browser, ...challenge } = found.challenge
  return {
    now: tx.now,
    challenge: { ...challenge, purpose: 'sign_in' },
    bound: browserDigest !== null && same(browser, browserDigest),
    mails: found.mails.map(toMail),
  }
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
