// Endpoints, and the queue of messages to each: leased, handed over outside of any transaction, and settled, as mails are.
import { type DispatchDecision, decideDispatch } from '../core/dispatch.ts'
import type { Ms } from '../core/model.ts'
import { writeEvent } from './event.ts'
import { methodsOver } from './methods.ts'
import { all, type Engine, EVERYBODY, type Locks, nothing, type Operation, one, run, type Tx } from './operation.ts'
import type { Scope } from './store.ts'
import type {
  Attempt,
  Dispatch,
  DueQueue,
  Endpoint,
  EndpointChange,
  NewEndpoint,
  ReplayInput,
  SeenDispatch,
  SettleDispatchInput,
  TenantEndpoint,
  WebhookStore,
} from './webhook-store.ts'

/** Each method and its operation. */
export function webhookStoreOver(engine: Engine): WebhookStore {
  const { read } = methodsOver(engine)
  const write = <T>(tenant: string, run: (tx: Tx) => Operation<T>, locks: Locks = nothing): Promise<T> =>
    engine.within(tenant).write({ locks, run })
  return {
    addEndpoint: (scope, endpoint) => write(scope.tenant, (tx) => addEndpoint(tx, scope, endpoint)),
    changeEndpoint: (scope, id, change) => write(scope.tenant, (tx) => changeEndpoint(tx, scope, id, change)),
    removeEndpoint: (scope, id) => write(scope.tenant, (tx) => removeEndpoint(tx, scope, id)),
    listEndpoints: read(listEndpoints),
    listAllEndpoints: () => engine.within(EVERYBODY).read(listAllEndpoints),
    resealEndpoint: (tenant, id, was, secrets) =>
      write(tenant, () => run('update endpoints set secrets = ? where tenant = ? and id = ? and secrets = ?', secrets, tenant, id, was)),
    findDueDispatches: () => engine.within(EVERYBODY).read(findDueDispatches),
    claimDispatches: (asks, leaseMs) => write(EVERYBODY, (tx) => claimDispatches(tx, asks, leaseMs), claimLocks),
    settleDispatch: (scope, input) => write(scope.tenant, (tx) => settleDispatch(tx, scope, input)),
    viewEndpoint: read(viewEndpoint),
    listDispatches: read(listDispatches),
    findDispatch: read(findDispatch),
    replayDispatches: (scope, input) => write(scope.tenant, (tx) => replayDispatches(tx, scope, input)),
  }
}

/** Two claims in one transaction would not skip each other's rows. */
const claimLocks: Locks = { ...nothing, turn: 'dispatches' }

function* addEndpoint(tx: Tx, scope: Scope, { id, url, types, secrets, host }: NewEndpoint): Operation<void> {
  yield* run(
    "insert into endpoints (tenant, id, url, types, secrets, state, created_at) values (?, ?, ?, ?, ?, 'enabled', ?)",
    scope.tenant,
    id,
    url,
    JSON.stringify(types),
    secrets,
    tx.now,
  )
  yield* writeChange(tx, scope, { endpoint: id, change: 'added', host, types })
}

function* changeEndpoint(tx: Tx, scope: Scope, id: string, change: EndpointChange): Operation<boolean> {
  const changed =
    'secrets' in change
      ? yield* one('update endpoints set secrets = ? where tenant = ? and id = ? returning id', change.secrets, scope.tenant, id)
      : yield* one(
          'update endpoints set state = ?, failing_since = null where tenant = ? and id = ? returning id',
          change.change,
          scope.tenant,
          id,
        )
  if (changed === null) return false
  // What waited meanwhile goes now, and not when its next try would have been.
  if (change.change === 'enabled')
    yield* run(
      "update dispatches set due_at = ? where tenant = ? and endpoint = ? and state = 'queued' and due_at > ?",
      tx.now,
      scope.tenant,
      id,
      tx.now,
    )
  yield* writeChange(tx, scope, { endpoint: id, change: change.change })
  return true
}

function* removeEndpoint(tx: Tx, scope: Scope, id: string): Operation<boolean> {
  const removed = yield* one('delete from endpoints where tenant = ? and id = ? returning id', scope.tenant, id)
  if (removed === null) return false
  const gone = yield* all<{ id: string }>(
    "delete from dispatches where tenant = ? and endpoint = ? and state = 'queued' returning id",
    scope.tenant,
    id,
  )
  // Tries are removed as old with their message alone.
  yield* run(
    'delete from attempts where tenant = ? and dispatch {is_listed} and endpoint = ?',
    scope.tenant,
    JSON.stringify(gone.map((dispatch) => dispatch.id)),
    id,
  )
  yield* writeChange(tx, scope, { endpoint: id, change: 'removed' })
  return true
}

function writeChange(tx: Tx, scope: Scope, facts: object): Operation<void> {
  const decision = { reason: 'endpoint_changed' as const }
  return writeEvent(tx, scope, { kind: 'webhook', reason: decision.reason, facts: { now: tx.now, ...facts }, decision })
}

type Listed<E extends Endpoint> = Omit<E, 'types'> & { readonly types: string }

const columns = 'id, url, types, secrets, state, created_at as "createdAt", failing_since as "failingSince"'

function* listEndpoints(tenant: string): Operation<readonly Endpoint[]> {
  const rows = yield* all<Listed<Endpoint>>(`select ${columns} from endpoints where tenant = ? order by id`, tenant)
  return rows.map((row) => ({ ...row, types: listIn(row.types) }))
}

function* listAllEndpoints(): Operation<readonly TenantEndpoint[]> {
  const rows = yield* all<Listed<TenantEndpoint>>(`select tenant, ${columns} from endpoints order by tenant, id`)
  return rows.map((row) => ({ ...row, types: listIn(row.types) }))
}

const listIn = (text: string): readonly string[] => JSON.parse(text) as string[]

/**
 * Endpoints that messages wait for: one step in the index for each, however many wait. Those of tenants and endpoints to which nothing is to be
 * sent are among them. `> ''` leads both engines to the index that holds nothing but the queue.
 */
export const WAITING = `with recursive waiting (tenant) as (
  select min(tenant) from dispatches where state = 'queued'
  union all
  select (select min(d.tenant) from dispatches d where d.state = 'queued' and d.tenant > w.tenant) from waiting w where w.tenant is not null
), queues (tenant, endpoint) as (
  select w.tenant, (select min(d.endpoint) from dispatches d where d.state = 'queued' and d.tenant = w.tenant and d.endpoint > '') from waiting w where w.tenant is not null
  union all
  select q.tenant, (select min(d.endpoint) from dispatches d where d.state = 'queued' and d.tenant = q.tenant and d.endpoint > q.endpoint) from queues q where q.endpoint is not null
)
select q.tenant, q.endpoint, (select min(d.due_at) from dispatches d where d.state = 'queued' and d.tenant = q.tenant and d.endpoint = q.endpoint) as "dueAt" from queues q where q.endpoint is not null`

function* findDueDispatches(tx: Tx): Operation<{ readonly now: Ms; readonly queues: readonly DueQueue[] }> {
  return { now: tx.now, queues: yield* all<DueQueue>(WAITING) }
}

function* claimDispatches(
  tx: Tx,
  asks: readonly { readonly tenant: string; readonly endpoint: string; readonly most: number }[],
  leaseMs: Ms,
): Operation<readonly Dispatch[]> {
  const claimed: Dispatch[] = []
  for (const { tenant, endpoint, most } of asks) {
    const due = yield* all<Dispatch>(
      `select tenant, id, endpoint, type, body, tries, created_at as "createdAt" from dispatches where tenant = ? and endpoint = ? and state = 'queued' and due_at <= ? order by due_at limit ? {locked}`,
      tenant,
      endpoint,
      tx.now,
      most,
    )
    if (due.length === 0) continue
    yield* run(
      'update dispatches set due_at = ? where tenant = ? and endpoint = ? and id {is_listed}',
      tx.now + leaseMs,
      tenant,
      endpoint,
      JSON.stringify(due.map(({ id }) => id)),
    )
    claimed.push(...due)
  }
  return claimed
}

function* settleDispatch(tx: Tx, scope: Scope, input: SettleDispatchInput): Operation<DispatchDecision> {
  const { tenant } = scope
  const { dispatch, reply, lot, retryAfterMs } = input
  const { id, endpoint } = dispatch
  const health = yield* one<{ failingSince: Ms | null }>(
    'select failing_since as "failingSince" from endpoints where tenant = ? and id = ?',
    tenant,
    endpoint,
  )
  const failingSince = health?.failingSince ?? null
  const facts = { now: tx.now, tries: dispatch.tries, reply, retryAfterMs, lot, failingSince }
  const decision = decideDispatch(facts)
  yield* run(
    // Cast, since of several together none may have a status: then PostgreSQL would not know that it is a number.
    'insert into attempts (tenant, dispatch, endpoint, id, at, took_ms, status, reply) values (?, ?, ?, ?, ?, ?, cast(? as {int}), ?)',
    tenant,
    id,
    endpoint,
    input.attempt,
    tx.now,
    input.tookMs,
    input.status,
    input.replyText,
  )
  // Found by its key: "queued" would lead PostgreSQL to the index of all queues.
  if (decision.verdict === 'retry') {
    yield* run(
      'update dispatches set due_at = ?, tries = tries + 1 where tenant = ? and id = ? and endpoint = ? and settled_at is null',
      tx.now + (decision.retryInMs ?? 0),
      tenant,
      id,
      endpoint,
    )
  } else {
    yield* run(
      'update dispatches set state = ?, settled_at = ?, tries = tries + 1 where tenant = ? and id = ? and endpoint = ? and settled_at is null',
      decision.verdict,
      tx.now,
      tenant,
      id,
      endpoint,
    )
  }
  // Only where it changes: many messages to one endpoint are settled at once, and each would wait for the row.
  if (reply === 'accepted' && failingSince !== null)
    yield* run('update endpoints set failing_since = null where tenant = ? and id = ?', tenant, endpoint)
  if (reply !== 'accepted' && failingSince === null)
    yield* run('update endpoints set failing_since = ? where tenant = ? and id = ? and failing_since is null', tx.now, tenant, endpoint)
  if (decision.disable !== null) yield* disable(tx, scope, input, decision.disable, facts)
  return decision
}

/** By one worker, whoever else comes to the same conclusion. */
function* disable(tx: Tx, scope: Scope, { dispatch, host }: SettleDispatchInput, state: 'gone' | 'dead', facts: object): Operation<void> {
  const disabled = yield* one(
    "update endpoints set state = ? where tenant = ? and id = ? and state = 'enabled' returning id",
    state,
    scope.tenant,
    dispatch.endpoint,
  )
  if (disabled === null) return
  const decision = { reason: 'endpoint_disabled' as const, state }
  const told = { ...facts, endpoint: dispatch.endpoint, dispatch: dispatch.id, host }
  yield* writeEvent(tx, scope, { kind: 'webhook', reason: decision.reason, facts: told, decision })
}

const seenColumns = 'id, endpoint, type, state, tries, created_at as "createdAt", due_at as "dueAt", settled_at as "settledAt"'

function listDispatches(tenant: string, endpoint: string, limit: number): Operation<readonly SeenDispatch[]> {
  return all<SeenDispatch>(
    `select ${seenColumns} from dispatches where tenant = ? and endpoint = ? and id > ? order by id desc limit ?`,
    tenant,
    endpoint,
    '',
    limit,
  )
}

function* viewEndpoint(
  tenant: string,
  endpoint: string,
  limit: number,
): Operation<readonly (SeenDispatch & { readonly attempts: readonly Attempt[] })[]> {
  const dispatches = yield* listDispatches(tenant, endpoint, limit)
  const attempts = yield* all<Attempt & { readonly dispatch: string }>(
    'select dispatch, endpoint, at, took_ms as "tookMs", status, reply from attempts where tenant = ? and dispatch {is_listed} and endpoint = ? order by dispatch, id',
    tenant,
    JSON.stringify(dispatches.map(({ id }) => id)),
    endpoint,
  )
  return dispatches.map((dispatch) => ({ ...dispatch, attempts: attempts.filter((attempt) => attempt.dispatch === dispatch.id) }))
}

function* findDispatch(
  tenant: string,
  id: string,
): Operation<{ readonly dispatches: readonly SeenDispatch[]; readonly attempts: readonly Attempt[] }> {
  const dispatches = yield* all<SeenDispatch>(
    `select ${seenColumns} from dispatches where tenant = ? and id = ? order by endpoint`,
    tenant,
    id,
  )
  const attempts = yield* all<Attempt>(
    'select endpoint, at, took_ms as "tookMs", status, reply from attempts where tenant = ? and dispatch = ? order by endpoint, id',
    tenant,
    id,
  )
  return { dispatches, attempts }
}

function* replayDispatches(tx: Tx, scope: Scope, input: ReplayInput): Operation<number> {
  const count = yield* requeue(tx, scope, input)
  const decision = { reason: 'dispatch_replayed' as const, count }
  const facts = { now: tx.now, dispatch: input.dispatch, endpoint: input.endpoint, ...('since' in input ? { since: input.since } : {}) }
  yield* writeEvent(tx, scope, { kind: 'webhook', reason: decision.reason, facts, decision })
  return count
}

/** Without the event: who asks for it writes one. */
export function* requeue(tx: Tx, scope: Scope, input: ReplayInput): Operation<number> {
  const again = "update dispatches set state = 'queued', tries = 0, due_at = ?, settled_at = null where tenant = ?"
  const { tenant } = scope
  const replayed =
    input.dispatch === null
      ? yield* all(
          `${again} and endpoint = ? and id > ? and state = 'failed' and created_at >= ? returning id`,
          tx.now,
          tenant,
          input.endpoint,
          '',
          input.since,
        )
      : input.endpoint === null
        ? yield* all(`${again} and id = ? returning id`, tx.now, tenant, input.dispatch)
        : yield* all(`${again} and id = ? and endpoint = ? returning id`, tx.now, tenant, input.dispatch, input.endpoint)
  return replayed.length
}
