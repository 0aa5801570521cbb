// A wait has ended: it is announced once, and opened by the link of that mail.
import { decideWait, type WaitFacts } from '../core/recovery-wait.ts'
import { same } from './digest.ts'
import { claimTry } from './judge.ts'
import { type Locks, type Operation, one, run, type Tx } from './operation.ts'
import { openRecovery } from './recoveries.ts'
import { challengeKey, findChallengeWithMails, findUserById } from './rows.ts'
import { limitsOf } from './start.ts'
import { type Scope, scopeFor } from './store.ts'
import { endWait } from './wait-stop.ts'
import type { AnnounceInput, OpenWaitInput, OpenWaitOutcome, WaitOutcome } from './wait-store.ts'
import { accountOf, decideAndWrite, findWait, findWaiting, findWaitOf, lockPerson, mailTo, nobody } from './waiting.ts'

export function* announceWaitLocks(scope: Scope, input: AnnounceInput): Operation<Locks> {
  const { tenant } = scope
  const recovery = yield* findWait(tenant, input.id)
  if (recovery === null) return nobody(tenant)
  return yield* lockPerson(tenant, recovery, { limits: limitsOf(scope, recovery.newEmail ?? '', input.buckets) })
}

/** Once: of many processes that look, the first one writes. */
export function* announceWait(tx: Tx, given: Scope, input: AnnounceInput): Operation<WaitOutcome> {
  const { tenant } = given
  const recovery = yield* findWait(tenant, input.id)
  if (recovery === null) throw new Error('a recovery went while it was looked at')
  const scope = scopeFor(given, recovery.email)
  const user = yield* findUserById(tenant, recovery.user)
  const facts: WaitFacts = {
    does: 'announce',
    now: tx.now,
    waiting: yield* findWaiting(tenant, recovery),
    account: accountOf(user, recovery.email, input.operators),
  }
  const looked = decideWait(scope.policy, facts)
  if (looked.verdict === 'idle' || (looked.verdict === 'go' && recovery.readyChallenge !== null)) return { decision: looked, now: tx.now }
  const { decision } = yield* decideAndWrite(tx, scope, { facts, recovery: recovery.id, user: user?.id ?? null })
  if (decision.ends !== null) {
    yield* endWait(tx, scope, recovery, decision.ends)
    yield* forgetUntil(tx, tenant, recovery.user)
  } else if (decision.at !== null) {
    const challenge = yield* one<{ device: string; locale: string }>(
      'select device, locale from challenges where tenant = ? and id = ?',
      tenant,
      recovery.id,
    )
    const { device = input.device, locale = input.locale } = challenge ?? {}
    yield* mailTo(
      tx,
      given,
      { ...input, device, locale },
      {
        mail: input.mail,
        purpose: 'open_recovery',
        email: recovery.newEmail ?? '',
        user: null,
        recovery: recovery.id,
        notice: { ready: tx.now, until: decision.at },
      },
    )
    yield* run('update recoveries set ready_challenge = ? where tenant = ? and id = ?', input.mail.challenge, tenant, recovery.id)
  }
  return { decision, now: tx.now }
}

/** A sign-in looks for nothing once there is nothing to find. */
function* forgetUntil(tx: Tx, tenant: string, user: string): Operation<void> {
  yield* run(
    'update users set recovering_until = null where tenant = ? and id = ? and recovering_until <= ? and not exists (select 1 from recoveries r where r.tenant = ? and r.user_id = ? and r.ready_at is not null and r.applied_at is null and r.ended_at is null)',
    tenant,
    user,
    tx.now,
    tenant,
    user,
  )
}

export function* openWaitLocks({ tenant }: Scope, input: OpenWaitInput): Operation<Locks> {
  const recovery = yield* findWaitOf(tenant, input.challenge)
  return recovery === null ? nobody(tenant) : yield* lockPerson(tenant, recovery, { keys: [challengeKey(input.challenge)] })
}

export function* openWait(tx: Tx, given: Scope, input: OpenWaitInput): Operation<OpenWaitOutcome> {
  const { tenant } = given
  const found = yield* findChallengeWithMails(tenant, 'open_recovery', input.challenge)
  const recovery = found === null ? null : yield* findWaitOf(tenant, input.challenge)
  const scope = recovery === null ? given : scopeFor(given, recovery.email)
  const user = recovery === null ? null : yield* findUserById(tenant, recovery.user)
  const mail = found?.mails.find(({ ordinal }) => ordinal === input.ordinal) ?? null
  let facts: Extract<WaitFacts, { does: 'open' }> = {
    does: 'open',
    now: tx.now,
    waiting: recovery && (yield* findWaiting(tenant, recovery)),
    account: accountOf(user, recovery?.email ?? '', input.operators),
    linkMatches: mail?.linkDigest != null && input.linkDigest !== null && same(mail.linkDigest, input.linkDigest),
    address: input.addressTyped === 'absent' ? 'absent' : 'unclaimed',
    mail: mail && { ordinal: mail.ordinal, addressTries: mail.addressTries },
  }
  if (decideWait(scope.policy, facts).verdict === 'claim' && found && mail && recovery) {
    const claimed = yield* claimTry(scope, found.challenge, mail, 'address')
    facts = { ...facts, address: claimed ? (input.address === recovery.email ? 'right' : 'wrong') : 'exhausted' }
  }
  // With its own challenge, by which comparisons of an address are counted.
  const { decision } = yield* decideAndWrite(tx, scope, { facts, recovery: found?.challenge.id ?? null, user: user?.id ?? null })
  if (decision.verdict !== 'go' || recovery === null) return { decision, now: tx.now, until: null }
  const until = tx.now + scope.policy.recovery.sessionTtl
  yield* openRecovery(tx, tenant, recovery.id, { digest: input.tokenDigest, until })
  return { decision, now: tx.now, until }
}
