// Users in the hands of those who run the server: made, found, listed, and all that an operator can do to one, by command line or library
// and without a session. What is done and how it is written down is the console's (operator.ts).

import type { User } from '../core/model.ts'
import { decideOperator, type OperatorFacts } from '../core/operator.ts'
import { dispatch } from './dispatch.ts'
import { writeEvent } from './event.ts'
import { mailboxLimit, readWindows } from './limits.ts'
import { all, type Locks, type Operation, one, run, type Tx } from './operation.ts'
import { DO, type Done, factsOf, findPerson, operateLocks } from './operator.ts'
import { findUserByEmail, findUserByExternalId, type UserRow, userColumns, withoutBrowsers } from './rows.ts'
import type { AdministerInput, AdministerOutcome, CreateInput, CreateOutcome, PersonKey, Scope } from './store.ts'

export function administerLocks(scope: Scope, { wants, person, recovery = null }: AdministerInput): Operation<Locks> {
  return operateLocks(scope, { wants, person, challenge: null, resend: null, recovery })
}

export function* administer(tx: Tx, scope: Scope, input: AdministerInput): Operation<AdministerOutcome> {
  const { tenant } = scope
  const { by, wants, operators, erased, recovery = null } = input
  const person = yield* findPerson(tenant, input.person)
  const facts: OperatorFacts = { now: tx.now, wants, by, session: null, listed: false, person: factsOf(person, operators) }
  const decision = decideOperator(facts)
  const acting = person && {
    input: { erased, resend: null, challenge: null, recovery, operators },
    operator: by,
    person,
    windows: readWindows(tx.limits, tenant, mailboxLimit(person.email)),
  }
  const done: Done = decision.verdict === 'admit' && acting !== null ? yield* DO[wants](tx, scope, acting) : { facts: {} }
  yield* writeEvent(tx, scope, {
    kind: 'console',
    reason: decision.reason,
    facts: { ...facts, ...done.facts },
    decision,
    challenge: done.challenge ?? null,
    user: done.user ?? person?.user?.id ?? null,
  })
  return { decision, now: tx.now, user: person?.user ? withoutBrowsers(person.user) : null, found: done.facts, wait: done.wait ?? null }
}

/** Whoever writes an external id, so that no two users come to have the same at the same time. */
export const EXTERNAL_IDS = 'external_ids'

/** The mailbox: a first sign-in of the same address makes the same user. */
export function createLocks({ tenant }: Scope, { email, externalId }: CreateInput): Locks {
  return { tenant, keys: [mailboxLimit(email), ...(externalId === null ? [] : [EXTERNAL_IDS])], limits: [] }
}

export function* createUser(tx: Tx, scope: Scope, { by, id, email, externalId }: CreateInput): Operation<CreateOutcome> {
  const { tenant } = scope
  const there = (yield* findUserByEmail(tenant, email)) ?? (externalId === null ? null : yield* findUserByExternalId(tenant, externalId))
  // Which operator it is does not matter for somebody who is to be made.
  const person = there && factsOf({ email: there.email, user: there }, [])
  const facts: OperatorFacts = { now: tx.now, wants: 'create', by, session: null, listed: false, person }
  const decision = decideOperator(facts)
  const user: User =
    there === null
      ? {
          id,
          email,
          status: 'active',
          createdAt: tx.now,
          // Nobody has proved the mailbox: the first who does is believed, and ends what was there before.
          confirmedAt: null,
          signInCount: 0,
          currentSignInAt: null,
          lastSignInAt: null,
          externalId,
        }
      : withoutBrowsers(there)
  if (decision.verdict === 'admit') {
    yield* run(
      "insert into users (tenant, id, email, status, created_at, sign_in_count, external_id) values (?, ?, ?, 'active', ?, 0, ?)",
      tenant,
      id,
      email,
      tx.now,
      externalId,
    )
    yield* dispatch(tx, scope, 'user.created', { user: id, challenge: null, by: 'operator' })
  }
  yield* writeEvent(tx, scope, { kind: 'console', reason: decision.reason, facts, decision, user: user.id })
  return { decision, now: tx.now, user }
}

export function* findUser(tenant: string, key: PersonKey): Operation<User | null> {
  const person = yield* findPerson(tenant, key)
  return person?.user ? withoutBrowsers(person.user) : null
}

export function* listUsers(tenant: string, after: string, limit: number): Operation<readonly User[]> {
  const rows = yield* all<UserRow>(`select ${userColumns} from users where tenant = ? and id > ? order by id limit ?`, tenant, after, limit)
  return rows.map(withoutBrowsers)
}

export function* countUsers(tenant: string): Operation<number> {
  const row = yield* one<{ n: number }>('select count(*) as n from users where tenant = ?', tenant)
  return Number(row?.n ?? 0)
}
