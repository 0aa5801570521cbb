// What people see of themselves and do to themselves: where they signed in, all that is stored about them, and that it be gone.
import { type AccountFacts, decideAccount } from '../core/account.ts'
import type { Policy } from '../core/policy.ts'
import type { EraseInput, EraseOutcome, OwnData, SignInView } from './account-store.ts'
import { challengesOf, erasePerson, formerAddresses } from './erase.ts'
import { writeEvent } from './event.ts'
import { mailboxLimit } from './limits.ts'
import { all, type Locks, type Operation, one, type Tx } from './operation.ts'
import { findBackup } from './recoveries.ts'
import { challengeKey, findUserById } from './rows.ts'
import { byColumn } from './search.ts'
import { findHolder, findSession, listSessions, sessionsKey } from './session.ts'
import { type Scope, scopeFor } from './store.ts'

/** Newest first, ended or not. A session that goes on under a new token is no sign-in. */
export function* listSignIns(tenant: string, user: string, limit: number): Operation<readonly SignInView[]> {
  return yield* all<SignInView>(
    'select created_at as at, device, network, proof from sessions{by_user} where tenant = ? and user_id = ? and proved_at is null order by created_at desc limit ?',
    tenant,
    user,
    limit,
  )
}

/** More than anybody has asked for while it is kept. */
const ALL = 10_000

/** In words that people can read, as far as rows have them; no digest, no seal, nothing that opens anything. */
export function* readOwnData(tx: Tx, tenant: string, policy: Policy, id: string): Operation<OwnData | null> {
  const user = yield* one<OwnData['user']>(
    'select id, email, status, created_at as "createdAt", confirmed_at as "confirmedAt", sign_in_count as "signInCount", current_sign_in_at as "currentSignInAt", current_sign_in_place as "currentSignInPlace", last_sign_in_at as "lastSignInAt", last_sign_in_place as "lastSignInPlace" from users where tenant = ? and id = ?',
    tenant,
    id,
  )
  if (user === null) return null
  const live = new Set((yield* listSessions(tx, tenant, policy, id)).map((session) => session.id))
  const sessions = yield* all<Omit<OwnData['sessions'][number], 'live'>>(
    'select id, device, network, proof, created_at as "createdAt", seen_at as "seenAt", coalesce(proved_at, created_at) as "provedAt", ended_at as "endedAt" from sessions{by_user} where tenant = ? and user_id = ? order by created_at desc, id desc limit ?',
    tenant,
    id,
    ALL,
  )
  const addressChanges = yield* all<OwnData['addressChanges'][number]>(
    'select old_email as "oldEmail", new_email as "newEmail", created_at as "askedAt", applied_at as "appliedAt", undone_at as "undoneAt" from address_changes where tenant = ? and user_id = ? order by id',
    tenant,
    id,
  )
  const backup = yield* findBackup(tenant, id)
  const codes = yield* all<OwnData['recovery']['codes'][number]>(
    'select created_at as "printedAt", used_at as "usedAt" from recovery_codes where tenant = ? and user_id = ? order by used_at, digest',
    tenant,
    id,
  )
  const attempts = yield* all<OwnData['recovery']['attempts'][number]>(
    'select way, started_by as "startedBy", created_at as "createdAt", new_email as "newEmail", opened_at as "openedAt", applied_at as "appliedAt", ended_at as "endedAt", ended_why as "endedWhy" from recoveries where tenant = ? and user_id = ? order by id',
    tenant,
    id,
  )
  const ids = JSON.stringify((yield* byColumn(tenant, { from: '', limit: ALL }, 'email', user.email)).map((found) => found.id))
  const mails = yield* all<OwnData['mails'][number]>(
    'select c.purpose, c.device, c.network, c.created_at as "askedAt", c.completed_at as "usedAt", m.created_at as "mailedAt", m.state from challenges c join mails m on m.tenant = c.tenant and m.challenge = c.id where c.tenant = ? and c.id {is_listed} order by c.id, m.ordinal',
    tenant,
    ids,
  )
  const events = yield* all<OwnData['events'][number]>(
    'select at, kind, reason, request_id as "requestId" from events where tenant = ? and request_id {is_listed} order by request_id, id',
    tenant,
    ids,
  )
  return {
    at: tx.now,
    user,
    sessions: sessions.map((session) => ({ ...session, live: live.has(session.id) })),
    recovery: { backupEmail: backup?.email ?? null, backupProvedAt: backup?.provedAt ?? null, codes, attempts },
    addressChanges,
    mails,
    events,
  }
}

export function* eraseLocks(scope: Scope, input: EraseInput): Operation<Locks> {
  const { tenant } = scope
  const holder = yield* findHolder(tenant, input.key.id)
  if (holder === null) return { tenant, keys: [], limits: [] }
  const addresses = [holder.email, ...(yield* formerAddresses(tenant, holder.user))]
  const mailboxes = addresses.map(mailboxLimit)
  const keys = [...mailboxes, sessionsKey(holder.user)]
  for (const email of addresses) keys.push(...(yield* challengesOf(tenant, email, ALL)).map(challengeKey))
  return { tenant, keys, limits: mailboxes }
}

/** As an operator erases, by the person themself. */
export function* eraseSelf(tx: Tx, given: Scope, input: EraseInput): Operation<EraseOutcome> {
  const holder = yield* findHolder(given.tenant, input.key.id)
  const scope = holder === null ? given : scopeFor(given, holder.email)
  const { tenant, policy } = scope
  const view = yield* findSession(tx, tenant, policy, input.key)
  const live = view?.decision.verdict === 'live' ? view : null
  const user = live && (yield* findUserById(tenant, live.user.id))
  const facts: AccountFacts = {
    now: tx.now,
    wants: 'erase',
    session: live && { provedAt: live.session.provedAt },
    same: false,
    tat: null,
    listed: user !== null && input.operators.includes(user.email),
  }
  const decision = decideAccount(policy, facts)
  const done =
    decision.verdict === 'go' && user !== null
      ? yield* erasePerson(
          tx,
          scope,
          { email: user.email, user: user.id, known: true },
          { email: input.erasedEmail, counts: 'stay', reason: decision.reason },
        )
      : null
  yield* writeEvent(tx, scope, {
    kind: 'account',
    reason: decision.reason,
    facts: done === null ? facts : { ...facts, ...done },
    decision,
    user: user?.id ?? null,
    session: live?.session.id ?? null,
  })
  return { decision, now: tx.now }
}
