// Recovery codes: printed by whoever is signed in, and typed by somebody who cannot read the mailbox any more.
import { type AccountFacts, decideAccount } from '../core/account.ts'
import { inUseAt } from '../core/dormant.ts'
import type { Ms, User } from '../core/model.ts'
import { decideRecoveryCode, type RecoveryCodeFacts } from '../core/recovery.ts'
import { changesLimit } from './change.ts'
import { same } from './digest.ts'
import { writeEvent } from './event.ts'
import { BREAKER, mailboxLimit, readBuckets, writeBuckets } from './limits.ts'
import { all, type Locks, type Operation, run, type Tx } from './operation.ts'
import { deleteCodes, findBackup, findLiveRecovery, insertRecovery, openRecoveries, openRecovery, supersede } from './recoveries.ts'
import type {
  Again,
  LiveRecovery,
  OwnInput,
  OwnOutcome,
  Prepared,
  PresentCodeInput,
  PresentCodeOutcome,
  PrintInput,
} from './recovery-store.ts'
import { findUserOrNext, type UserRow } from './rows.ts'
import { findHolder, findSession, sessionsKey } from './session.ts'
import { type Scope, type SessionKey, scopeFor } from './store.ts'
import { tell, toldNobody } from './tell.ts'
import { knowsBrowser } from './user.ts'

/** Whether or not somebody has the address, the same is looked up and locked: EN-09. */
export function* presentCodeLocks(scope: Scope, input: PresentCodeInput): Operation<Locks> {
  const { tenant } = scope
  const next = yield* findUserOrNext(tenant, input.email)
  const backup = yield* findBackup(tenant, next?.id ?? '')
  const found = next?.email === input.email
  const mailboxes = [input.email, found && backup?.email != null ? backup.email : input.email].map(mailboxLimit)
  return {
    tenant,
    keys: [sessionsKey(found ? next.id : input.session.id)],
    limits: [...new Set([...Object.values(input.buckets), ...Object.values(input.limits), ...mailboxes, BREAKER])],
  }
}

export function* presentCode(tx: Tx, given: Scope, input: PresentCodeInput): Operation<PresentCodeOutcome> {
  const scope = scopeFor(given, input.email)
  const { tenant, policy } = scope
  const next = yield* findUserOrNext(tenant, input.email)
  const user = next?.email === input.email ? next : null
  const knownBrowser = next !== null && knowsBrowser(next, input.browserDigest) && user !== null
  const limit = knownBrowser ? input.limits.knownBrowser : input.limits.strangers
  const state = tx.limits.get(tenant, limit)
  let facts: RecoveryCodeFacts = {
    now: tx.now,
    presents: 'recovery_code',
    tats: readBuckets(tx.limits, tenant, input.buckets),
    tat: state === null ? null : Number(state),
    knownBrowser,
    code: input.codeDigests === null ? 'malformed' : 'unclaimed',
    user: user && { status: user.status },
    listed: input.operators.includes(input.email),
  }
  let decision = decideRecoveryCode(policy, facts)
  let digest: string | null = null
  let again: Again | null = null
  if (decision.verdict === 'claim') {
    // Of the next person where nobody has the address: it takes as long, and nothing of it is looked at.
    const [row = null] = yield* all<{ digest: string; usedAt: number | null }>(
      'select digest, used_at as "usedAt" from recovery_codes where tenant = ? and user_id = ? and digest {is_listed}',
      tenant,
      next?.id ?? '',
      JSON.stringify(input.codeDigests ?? []),
    )
    digest = user === null ? null : (row?.digest ?? null)
    facts = { ...facts, code: digest === null ? 'wrong' : row?.usedAt == null ? 'right' : 'used' }
    if (user !== null && digest !== null && row?.usedAt != null) again = yield* findOpenedBy(tenant, user, row.usedAt, input)
    if (again !== null && row?.usedAt != null) facts = { ...facts, openedAt: row.usedAt }
    decision = decideRecoveryCode(policy, facts)
  }
  if (decision.tats !== null) writeBuckets(tx.limits, tenant, input.buckets, decision.tats)
  if (decision.tat !== null) tx.limits.set(tenant, limit, String(decision.tat))
  let told = toldNobody
  if (decision.verdict === 'opened' && user !== null && digest !== null) {
    yield* run('update recovery_codes set used_at = ? where tenant = ? and user_id = ? and digest = ?', tx.now, tenant, user.id, digest)
    yield* supersede(tx, tenant, user.id)
    const { id } = input.session
    const began = {
      id,
      user: user.id,
      way: 'code',
      startedBy: 'person',
      operator: null,
      email: user.email,
      newEmail: null,
      readyAt: null,
    } as const
    yield* insertRecovery(tx, tenant, began)
    yield* openRecovery(tx, tenant, id, { digest: input.session.digest, until: tx.now + policy.recovery.sessionTtl })
    const backup = yield* findBackup(tenant, user.id)
    told = yield* tell(tx, given, input, 'tell_recovery', { user: user.id, email: user.email, backup: backup?.email ?? null })
  }
  yield* writeEvent(tx, scope, {
    kind: 'account',
    reason: decision.reason,
    facts,
    decision,
    user: user?.id ?? null,
    challenge: decision.verdict === 'opened' ? input.session.id : decision.verdict === 'replayed' ? (again?.recovery ?? null) : null,
  })
  return { decision, now: tx.now, again: decision.verdict === 'replayed' ? again : null, ...told }
}

/** What was opened in the moment in which a code was spent, by the browser that asks: only its secret makes the digest that stands there. */
function* findOpenedBy(tenant: string, user: UserRow, usedAt: Ms, { digestsOf }: PresentCodeInput): Operation<Again | null> {
  const opened = (yield* openRecoveries(tenant, user.id)).find(({ way, openedAt }) => way === 'code' && openedAt === usedAt)
  if (opened === undefined) return null
  const index = digestsOf(opened.id).findIndex((digest) => same(digest, opened.tokenDigest ?? ''))
  return index < 0 ? null : { recovery: opened.id, index }
}

export function* viewLiveRecovery(tx: Tx, tenant: string, key: SessionKey): Operation<LiveRecovery | null> {
  const live = yield* findLiveRecovery(tx, tenant, key)
  return live && { now: tx.now, recovery: live.recovery, email: live.user.email, inUseAt: inUseAt(live.user) }
}

/** The person, with all that can be told of what is done. */
export function* ownLocks(scope: Scope, input: Pick<OwnInput, 'key' | 'buckets'>): Operation<Locks> {
  const { tenant } = scope
  const holder = yield* findHolder(tenant, input.key.id)
  if (holder === null) return { tenant, keys: [], limits: [] }
  const backup = yield* findBackup(tenant, holder.user)
  const told = [holder.email, ...(backup?.email == null ? [] : [backup.email])]
  return {
    tenant,
    keys: [sessionsKey(holder.user)],
    limits: [...new Set([...told.map(mailboxLimit), changesLimit(holder.user), BREAKER, ...Object.values(input.buckets)])],
  }
}

export interface Owned {
  readonly scope: Scope
  readonly facts: AccountFacts
  readonly user: User | null
  readonly session: string | null
}

/** Who asks, as far as a decision about their own account has to know. */
export function* ownedBy(
  tx: Tx,
  given: Scope,
  input: Pick<OwnInput, 'key' | 'operators'>,
  wants: AccountFacts['wants'],
  email: string | null,
): Operation<Owned> {
  const holder = yield* findHolder(given.tenant, input.key.id)
  const scope = holder === null ? given : scopeFor(given, holder.email)
  const { tenant, policy } = scope
  const view = yield* findSession(tx, tenant, policy, input.key)
  const live = view?.decision.verdict === 'live' ? view : null
  const state = live && tx.limits.get(tenant, changesLimit(live.user.id))
  const facts: AccountFacts = {
    now: tx.now,
    wants,
    session: live && { provedAt: live.session.provedAt },
    same: live !== null && live.user.email === email,
    tat: state === null ? null : Number(state),
    listed: live !== null && input.operators.includes(live.user.email),
  }
  return { scope, facts, user: live?.user ?? null, session: live?.session.id ?? null }
}

export function* printCodes(tx: Tx, given: Scope, input: PrintInput): Operation<OwnOutcome> {
  const { scope, facts, user, session } = yield* ownedBy(tx, given, input, 'print_codes', null)
  const { tenant, policy } = scope
  const decision = decideAccount(policy, facts)
  let told = toldNobody
  if (decision.verdict === 'go' && user !== null) {
    tx.limits.set(tenant, changesLimit(user.id), String(decision.tat))
    yield* deleteCodes(tenant, user.id)
    // Minted before the person's policy was known: so many as there may ever be.
    for (const digest of input.digests.slice(0, policy.recovery.codes)) yield* run(INSERT, tenant, user.id, digest, tx.now)
    // Who came in by a sheet that is void now.
    yield* supersede(tx, tenant, user.id)
    const backup = yield* findBackup(tenant, user.id)
    told = yield* tell(tx, given, input, 'tell_codes', { user: user.id, email: user.email, backup: backup?.email ?? null })
  }
  yield* writeEvent(tx, scope, { kind: 'account', reason: decision.reason, facts, decision, user: user?.id ?? null, session })
  return { decision, now: tx.now, ...told }
}

const INSERT = 'insert into recovery_codes (tenant, user_id, digest, created_at) values (?, ?, ?, ?)'

export function* viewPrepared(tx: Tx, tenant: string, user: string): Operation<Prepared> {
  const codes = yield* all<{ printedAt: number; usedAt: number | null }>(
    'select created_at as "printedAt", used_at as "usedAt" from recovery_codes where tenant = ? and user_id = ?',
    tenant,
    user,
  )
  const backup = yield* findBackup(tenant, user)
  const [pending = null] =
    backup?.challenge == null
      ? []
      : yield* all<{ challenge: string; email: string }>(
          'select id as challenge, email from challenges where tenant = ? and id = ?',
          tenant,
          backup.challenge,
        )
  const [first] = codes
  return {
    now: tx.now,
    codes:
      first === undefined
        ? null
        : { printedAt: first.printedAt, left: codes.filter(({ usedAt }) => usedAt === null).length, of: codes.length },
    backup: backup?.email ?? null,
    pending,
  }
}
