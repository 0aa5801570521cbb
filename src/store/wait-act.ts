// What operators do with a wait: start one, agree, stop it.
import type { WaitDecision, WaitFacts } from '../core/recovery-wait.ts'
import { type Operation, run, type Tx } from './operation.ts'
import { insertRecovery } from './recoveries.ts'
import type { UserRow } from './rows.ts'
import { limitsOf } from './start.ts'
import { type Scope, scopeFor } from './store.ts'
import { tellKnown } from './wait-begin.ts'
import { endWait } from './wait-stop.ts'
import type { RecoveryAct } from './wait-store.ts'
import { accountOf, backupOf, decideAndWrite, findWait, findWaiting } from './waiting.ts'

/** What an operator does, who was let in before; `operator` is whom the record names. */
export function* actOnRecovery(
  tx: Tx,
  given: Scope,
  act: RecoveryAct,
  { operator, operators, user }: { readonly operator: string; readonly operators: readonly string[]; readonly user: UserRow | null },
): Operation<WaitDecision> {
  const scope = { ...(user === null ? given : scopeFor(given, user.email)), eventId: act.eventId }
  const { tenant } = scope
  if (act.does === 'start') return yield* startForUser(tx, given, act, { operator, operators, user })
  const recovery = yield* findWait(tenant, act.id)
  // Somebody else's is none of this page's.
  const waiting = recovery === null || recovery.user !== user?.id ? null : yield* findWaiting(tenant, recovery)
  const facts: WaitFacts =
    act.does === 'approve'
      ? { does: 'approve', now: tx.now, by: operator, waiting }
      : { does: 'cancel', now: tx.now, by: 'operator', waiting, linkMatches: false }
  const { decision } = yield* decideAndWrite(tx, scope, { facts, recovery: recovery?.id ?? null, user: user?.id ?? null })
  if (recovery === null || decision.verdict !== 'go') return decision
  if (decision.ends !== null) yield* endWait(tx, scope, recovery, decision.ends)
  else
    yield* run(
      'insert into recovery_approvals (tenant, recovery, operator, at) values (?, ?, ?, ?) on conflict do nothing',
      tenant,
      recovery.id,
      operator,
      tx.now,
    )
  return decision
}

function* startForUser(
  tx: Tx,
  given: Scope,
  act: Extract<RecoveryAct, { does: 'start' }>,
  { operator, operators, user }: { readonly operator: string; readonly operators: readonly string[]; readonly user: UserRow | null },
): Operation<WaitDecision> {
  const scope = { ...(user === null ? given : scopeFor(given, user.email)), eventId: act.eventId }
  const { tenant } = scope
  const { decision } = yield* decideAndWrite(tx, scope, {
    facts: {
      does: 'ask',
      now: tx.now,
      by: 'operator',
      account: accountOf(user, user?.email ?? '', operators),
      sameAddress: act.newEmail === user?.email,
      toOperator: operators.includes(act.newEmail),
      tat: null,
    },
    recovery: act.id,
    user: user?.id ?? null,
  })
  if (decision.verdict !== 'go' || user === null || decision.readyAt === null) return decision
  const { id, newEmail } = act
  const { email, id: userId } = user
  const { readyAt } = decision
  yield* insertRecovery(tx, tenant, { id, user: userId, way: 'wait', startedBy: 'operator', operator, email, newEmail, readyAt })
  yield* tellKnown(tx, given, act, act.notices, { id, readyAt, user })
  return decision
}

/** What a start by an operator needs beside what any act does. */
export function* startLimits(scope: Scope, act: RecoveryAct | null, user: UserRow | null): Operation<readonly string[]> {
  if (act?.does !== 'start' || user === null) return []
  const backup = yield* backupOf(scope.tenant, user.id)
  return [user.email, backup?.email ?? user.email].flatMap((email) => limitsOf(scope, email, act.buckets))
}
