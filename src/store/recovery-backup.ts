// The backup address: named by whoever is signed in and proved by its mailbox; and the mail to it that lets somebody back in.
import { decideAccount } from '../core/account.ts'
import { changesLimit } from './change.ts'
import { writeEvent } from './event.ts'
import { complete, judge, presentedOf, refundFailures } from './judge.ts'
import { BREAKER, mailboxLimit } from './limits.ts'
import type { Locks, Operation, Tx } from './operation.ts'
import { findBackup, findRecovery, insertRecovery, openRecovery, setBackup, supersede } from './recoveries.ts'
import { ownedBy, ownLocks } from './recovery-code.ts'
import type {
  AskBackupInput,
  AskBackupOutcome,
  ConfirmBackupInput,
  OpenBackupInput,
  OwnInput,
  OwnOutcome,
  StartBackupInput,
  ToldOfProof,
} from './recovery-store.ts'
import { type FoundChallenge, findUserById, findUserOrNext } from './rows.ts'
import { findHolder, findSession, sessionsKey } from './session.ts'
import { decide, insertChallenge, limitsOf } from './start.ts'
import { type Scope, type StartOutcome, scopeFor, type VerifyOutcome } from './store.ts'
import { tell, toldNobody } from './tell.ts'
import { knowsBrowser } from './user.ts'
import { verifyLocks } from './verify.ts'
import { voidMails } from './void.ts'

export function* askBackupLocks(scope: Scope, input: AskBackupInput): Operation<Locks> {
  const locks = yield* ownLocks(scope, input)
  return { ...locks, limits: [...new Set([...locks.limits, ...limitsOf(scope, input.email, input.buckets)])] }
}

/** Whoever has the address beside it, the same is said and written: whether it has an account is nobody's business here. */
export function* askBackup(tx: Tx, given: Scope, input: AskBackupInput): Operation<AskBackupOutcome> {
  const { scope, facts, user, session } = yield* ownedBy(tx, given, input, 'set_backup', input.email)
  const { tenant, policy } = scope
  const decision = decideAccount(policy, facts)
  yield* writeEvent(tx, scope, { kind: 'account', reason: decision.reason, facts, decision, user: user?.id ?? null, session })
  if (decision.verdict !== 'go' || user === null) return { decision, now: tx.now, asked: null }
  const { browserDigest, returnTo, locale, device, network, buckets, email } = input
  const { eventId, ...own } = input.asked
  const challenge = { browserDigest, returnTo, locale, device, network, buckets, ...own, purpose: 'confirm_backup', email } as const
  const asked = yield* decide(
    tx,
    { ...scopeFor(given, email), eventId },
    {
      ...challenge,
      kind: 'start',
      addressInEvent: input.addressInEvent(email),
      resend: null,
      ordinal: 0,
      user: null,
      knownBrowser: false,
      asker: user.id,
    },
    () => insertChallenge(tx, tenant, challenge),
  )
  if (asked.decision.mail === null) return { decision, now: tx.now, asked }
  tx.limits.set(tenant, changesLimit(user.id), String(decision.tat))
  const backup = yield* findBackup(tenant, user.id)
  // One at a time, as with a change of address.
  if (backup?.challenge != null) yield* voidMails(tx, tenant, [backup.challenge])
  yield* setBackup(tenant, user.id, { email: backup?.email ?? null, provedAt: backup?.provedAt ?? null, challenge: input.asked.challenge })
  return { decision, now: tx.now, asked }
}

export function* confirmBackupLocks(scope: Scope, input: ConfirmBackupInput): Operation<Locks> {
  const locks = yield* verifyLocks(scope, input)
  const holder = input.currentSession === null ? null : yield* findHolder(scope.tenant, input.currentSession.id)
  return yield* withPerson(scope, locks, input, holder)
}

/** And whoever is told. */
function* withPerson(
  { tenant }: Scope,
  locks: Locks,
  { buckets }: Pick<ConfirmBackupInput, 'buckets'>,
  person: { readonly user: string; readonly email: string } | null,
): Operation<Locks> {
  if (person === null) return locks
  const backup = yield* findBackup(tenant, person.user)
  const told = [person.email, ...(backup?.email == null ? [] : [backup.email])].map(mailboxLimit)
  return {
    tenant,
    keys: [...locks.keys, sessionsKey(person.user)],
    limits: [...new Set([...locks.limits, ...told, ...Object.values(buckets), BREAKER])],
  }
}

export function* confirmBackup(tx: Tx, given: Scope, input: ConfirmBackupInput, found: FoundChallenge | null): Operation<ToldOfProof> {
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const { tenant, policy } = scope
  const presented = presentedOf(input, found)
  const { challenge } = presented
  const held = input.currentSession === null ? null : yield* findSession(tx, tenant, policy, input.currentSession)
  const person = held?.decision.verdict === 'live' ? held.user : null
  const backup = person && (yield* findBackup(tenant, person.id))
  const asked = challenge !== null && backup?.challenge === challenge.id
  const { facts, decision } = yield* judge(
    tx,
    scope,
    input,
    { ...presented, own: null },
    {
      user: person && { status: person.status, confirmed: person.confirmedAt !== null },
      otherSession: false,
      purpose: 'confirm_backup',
      holder: person === null ? 'nobody' : 'same',
      open: asked,
    },
  )
  let told = toldNobody
  let refunded = 0
  if (decision.verdict === 'done' && challenge && person && backup) {
    yield* complete(tx, tenant, challenge.id)
    refunded = refundFailures(tx, scope, challenge)
    // The very bytes that the mail went to.
    yield* setBackup(tenant, person.id, { email: challenge.email, provedAt: tx.now, challenge: null })
    // A mail to the one before opens nothing any more.
    yield* supersede(tx, tenant, person.id)
    told = yield* tell(tx, given, input, 'tell_backup', { user: person.id, email: person.email, backup: backup.email })
  }
  yield* writeEvent(tx, scope, {
    kind: 'verify',
    reason: decision.reason,
    facts,
    decision,
    challenge: challenge?.id ?? null,
    user: person?.id ?? null,
    session: held?.session.id ?? null,
  })
  return { verified: outcomeOf(tx, { decision, facts, refunded, challenge, mails: presented.mails.length }), ...told }
}

function outcomeOf(
  tx: Tx,
  {
    challenge,
    ...rest
  }: Pick<VerifyOutcome, 'decision' | 'facts' | 'refunded' | 'mails'> & { readonly challenge: FoundChallenge['challenge'] | null },
): VerifyOutcome {
  return { ...rest, now: tx.now, user: null, session: null, sessionIndex: 0, returnTo: challenge?.returnTo ?? null }
}

export function* removeBackup(tx: Tx, given: Scope, input: OwnInput): Operation<OwnOutcome> {
  const { scope, facts, user, session } = yield* ownedBy(tx, given, input, 'remove_backup', null)
  const { tenant, policy } = scope
  const decision = decideAccount(policy, facts)
  let told = toldNobody
  if (decision.verdict === 'go' && user !== null) {
    tx.limits.set(tenant, changesLimit(user.id), String(decision.tat))
    const backup = yield* findBackup(tenant, user.id)
    if (backup?.challenge != null) yield* voidMails(tx, tenant, [backup.challenge])
    yield* setBackup(tenant, user.id, { email: null, provedAt: null, challenge: null })
    yield* supersede(tx, tenant, user.id)
    if (backup?.email != null)
      told = yield* tell(tx, given, input, 'tell_backup', { user: user.id, email: user.email, backup: backup.email })
  }
  yield* writeEvent(tx, scope, { kind: 'account', reason: decision.reason, facts, decision, user: user?.id ?? null, session })
  return { decision, now: tx.now, ...told }
}

/** Whether or not there is an account with a backup address, the same is looked up, locked and written. */
export function* startBackupLocks(scope: Scope, input: StartBackupInput): Operation<Locks> {
  const { to } = yield* backupOf(scope.tenant, input.email)
  return { tenant: scope.tenant, keys: [], limits: limitsOf(scope, to, input.buckets) }
}

function* backupOf(tenant: string, email: string) {
  const next = yield* findUserOrNext(tenant, email)
  const backup = yield* findBackup(tenant, next?.id ?? '')
  const user = next?.email === email && backup?.email != null ? next : null
  return { next, user, to: user === null ? email : (backup?.email ?? email) }
}

export function* startBackup(tx: Tx, given: Scope, input: StartBackupInput): Operation<StartOutcome> {
  const { tenant } = given
  const scope = scopeFor(given, input.email)
  const { next, user, to } = yield* backupOf(tenant, input.email)
  const on = scope.policy.recovery.backup
  const knownBrowser = next !== null && knowsBrowser(next, input.browserDigest) && user !== null
  const challenge = { ...input, purpose: 'recover_backup', email: to } as const
  return yield* decide(
    tx,
    scope,
    {
      ...challenge,
      kind: 'start',
      addressInEvent: input.addressInEvent(to),
      resend: null,
      ordinal: 0,
      user: on ? user : null,
      knownBrowser,
    },
    function* () {
      yield* insertChallenge(tx, tenant, challenge)
      yield* insertRecovery(tx, tenant, {
        id: input.challenge,
        user: user?.id ?? '',
        way: 'backup',
        startedBy: 'person',
        operator: null,
        email: user?.email ?? '',
        newEmail: null,
        readyAt: null,
      })
    },
  )
}

export function* openBackupLocks(scope: Scope, input: OpenBackupInput): Operation<Locks> {
  const locks = yield* verifyLocks(scope, input)
  const recovery = yield* findRecovery(scope.tenant, input.challenge)
  const user = recovery === null ? null : yield* findUserById(scope.tenant, recovery.user)
  return yield* withPerson(scope, locks, input, user && { user: user.id, email: user.email })
}

export function* openBackup(tx: Tx, given: Scope, input: OpenBackupInput, found: FoundChallenge | null): Operation<ToldOfProof> {
  const presented = presentedOf(input, found)
  const { challenge } = presented
  const { tenant } = given
  const recovery = challenge === null ? null : yield* findRecovery(tenant, challenge.id)
  const person = recovery === null ? null : yield* findUserById(tenant, recovery.user)
  const backup = person && (yield* findBackup(tenant, person.id))
  // Whose account it is decides under which rules.
  const scope = person === null ? given : scopeFor(given, person.email)
  const { policy } = scope
  const isOver = recovery === null || recovery.endedAt !== null || recovery.appliedAt !== null
  const own =
    recovery?.tokenDigest == null || recovery.openedAt === null
      ? null
      : { provedAt: recovery.openedAt, endedAt: isOver ? tx.now : null, digest: recovery.tokenDigest }
  const { facts, decision } = yield* judge(
    tx,
    scope,
    input,
    { ...presented, own },
    {
      user: person && { status: person.status, confirmed: person.confirmedAt !== null },
      otherSession: false,
      purpose: 'recover_backup',
      holder: 'nobody',
      open: !isOver && policy.recovery.backup && recovery.email === person?.email && backup?.email === challenge?.email,
    },
  )
  let told = toldNobody
  let refunded = 0
  if (decision.verdict === 'opened' && challenge && person && recovery) {
    yield* complete(tx, tenant, challenge.id)
    refunded = refundFailures(tx, scope, challenge)
    yield* supersede(tx, tenant, person.id, recovery.id)
    const digest = input.sessionDigests[0] as string
    yield* openRecovery(tx, tenant, recovery.id, { digest, until: tx.now + policy.recovery.sessionTtl })
    told = yield* tell(tx, given, input, 'tell_recovery', { user: person.id, email: person.email, backup: null })
  }
  yield* writeEvent(tx, scope, {
    kind: 'verify',
    reason: decision.reason,
    facts,
    decision,
    challenge: challenge?.id ?? null,
    user: person?.id ?? null,
  })
  const index = own === null ? 0 : Math.max(0, input.sessionDigests.indexOf(own.digest))
  const outcome = outcomeOf(tx, { decision, facts, refunded, challenge, mails: presented.mails.length })
  return { verified: { ...outcome, sessionIndex: index }, ...told }
}
