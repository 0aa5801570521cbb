// The worker that tells the host: leases due messages of each endpoint, signs and posts them or calls the function, settles them. It may be
// killed between any two lines: the lease runs out, and the next worker sends the same message under the same id. It also knows who wants to
// be told of what, so that no sign-in has to ask. One for all tenants.
import { type DispatchReply, HOOKS, restOf, type Wanted, wantedOf } from '../core/dispatch.ts'
import type { Ms } from '../core/model.ts'
import { mintId } from '../secret.ts'
import type { Dispatch, DueQueue, TenantEndpoint } from '../store/webhook-store.ts'
import type { Post, Posted } from '../webhook/post.ts'
import { Bell } from './bell.ts'
import { type Context, scopeOf } from './context.ts'
import { headersOf, hostOf, openSecrets, resealed } from './endpoints.ts'
import { callHook, type Hooks, hasHooks, withHooks } from './hooks.ts'
import { type Queue, shareOut } from './room.ts'
import type { Tenants } from './tenants.ts'

/** Of one tenant. */
export interface DispatchesOf {
  /** Who wants what, as of the last look; undefined: nobody wants anything. */
  wanted(): Wanted | undefined
  /** Something may have been written that is to be told. */
  wake(): void
}

export interface Dispatcher {
  of(tenant: string): DispatchesOf
  /** Resolves when nothing is due and nothing is on its way. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export interface DispatcherOptions {
  readonly post: Post
  readonly hooks: Hooks
  /** Otherwise messages are left to other processes, and only what is wanted is looked up. */
  readonly sends: boolean
  readonly tenants: Pick<Tenants, 'contextOf' | 'isOff'>
  /** So late another process hears of a new endpoint, or of one that is gone. */
  readonly lookAgainMs?: Ms
  readonly leaseMs?: Ms
}

/** To one endpoint, so that a slow one holds nobody else up; and to all. */
const ROOM = { each: 5, all: 400, endpoints: 50 }
const LOOK_AGAIN_MS = 10_000
const AFTER_OUTAGE_MS = 1_000
/** Another process has in hand what was due. */
const ELSEWHERE_MS = 100
/** Longer than a post may take, and than a function is waited for. */
const LEASE_MS = 60_000
const HOOK_SHARE = 2 / 3

const NOTHING: { readonly now: Ms; readonly queues: readonly DueQueue[] } = { now: 0, queues: [] }

/** Resolves when it knows what is wanted: what is written from then on misses nobody. */
export async function startDispatcher(
  { store, keys, log, now: clock }: Pick<Context, 'store' | 'keys' | 'log' | 'now'>,
  { post, hooks, sends, tenants, lookAgainMs = LOOK_AGAIN_MS, leaseMs = LEASE_MS }: DispatcherOptions,
): Promise<Dispatcher> {
  const bell = new Bell()
  const waiting: (() => void)[] = []
  const running = { endpoints: new Map<string, number>(), tenants: new Map<string, number>(), all: 0 }
  /** By the clock of this process. */
  const resting = new Map<string, Ms>()
  const unreadable = new Set<string>()
  const hooksOnly = orNothing(withHooks({}, hooks))
  /** Sealed with the newest key, as far as was looked. */
  const sealedAnew = new Map<string, string>()
  let endpoints: ReadonlyMap<string, TenantEndpoint> = new Map()
  let wanted: ReadonlyMap<string, Wanted | undefined> = new Map()
  let lookedAt = Number.NEGATIVE_INFINITY
  let stopped = false

  const refresh = async (): Promise<void> => {
    // First: who asks for a new look meanwhile gets one.
    lookedAt = performance.now()
    const rows = await store.listAllEndpoints()
    endpoints = new Map(rows.map((row) => [keyOf({ tenant: row.tenant, endpoint: row.id }), row]))
    wanted = new Map([...byTenant(rows)].map(([tenant, own]) => [tenant, orNothing(withHooks(wantedOf(own), hooks))]))
    for (const [key, endpoint] of endpoints) {
      const { tenant, id, secrets } = endpoint
      if (sealedAnew.get(key) === secrets) continue
      const again = resealed(keys, tenant, endpoint)
      // So that the old key can be taken away one day.
      if (again !== null) await store.resealEndpoint(tenant, id, secrets, again)
      sealedAnew.set(key, secrets)
    }
  }

  const wantedAt = (tenant: string): Wanted | undefined => wanted.get(tenant) ?? hooksOnly
  const tellsAny = (): boolean => hasHooks(hooks) || [...endpoints.values()].some(({ state }) => state === 'enabled')
  /** To a tenant that is suspended nothing is sent: what waits there goes when it is back. */
  const isOpen = (queue: Queue): boolean =>
    (queue.endpoint === HOOKS ? hasHooks(hooks) : endpoints.get(keyOf(queue))?.state === 'enabled') && !tenants.isOff(queue.tenant)

  const count = (queue: Queue, by: 1 | -1): void => {
    add(running.endpoints, keyOf(queue), by)
    add(running.tenants, queue.tenant, by)
    running.all += by
  }

  const carry = async (dispatch: Dispatch): Promise<void> => {
    const began = performance.now()
    const key = keyOf(dispatch)
    let its: Context | null = null
    try {
      its = await tenants.contextOf(dispatch.tenant)
      const endpoint = endpoints.get(key)
      // Removed meanwhile; so its rows are.
      if (its === null || (endpoint === undefined && dispatch.endpoint !== HOOKS)) return
      const host = endpoint === undefined ? '' : hostOf(endpoint.url)
      const answer = endpoint === undefined ? await call(its, dispatch) : await postTo(its, dispatch, endpoint)
      const tookMs = Math.round(performance.now() - began)
      const rest = restOf(answer)
      if (rest > 0) resting.set(key, clock() + rest)
      const requestId = mintId(clock())
      const decision = await store.settleDispatch(scopeOf(its, requestId), {
        dispatch,
        reply: answer.reply,
        status: answer.status,
        replyText: answer.text,
        retryAfterMs: answer.retryAfterMs,
        tookMs,
        lot: Math.random(),
        attempt: mintId(clock()),
        host,
      })
      its.tell({ kind: 'dispatch', outcome: decision.verdict })
      const fields = { endpoint: dispatch.endpoint, dispatch: dispatch.id }
      its.log.event('dispatch', {
        ...fields,
        kind: dispatch.type,
        reason: decision.verdict,
        tries: dispatch.tries + 1,
        status: answer.status,
        reply: answer.reply === 'accepted' ? '' : answer.text,
        ms: tookMs,
      })
      if (decision.disable === null) return
      its.log.warn('endpoint_disabled', { endpoint: dispatch.endpoint, host, reason: decision.disable, requestId })
      await refresh()
    } catch (error) {
      // Its lease runs out, and it is sent again.
      const whose = its?.log ?? log
      whose.error('dispatch_not_settled', error, { endpoint: dispatch.endpoint, dispatch: dispatch.id })
    } finally {
      count(dispatch, -1)
      bell.ring()
    }
  }

  const postTo = async (its: Context, dispatch: Dispatch, endpoint: TenantEndpoint): Promise<Posted> => {
    const key = keyOf(dispatch)
    const secrets = openSecrets(keys, dispatch.tenant, endpoint)
    if (secrets === null) {
      if (!unreadable.has(key)) {
        unreadable.add(key)
        its.log.warn('endpoint_unreadable', {
          endpoint: dispatch.endpoint,
          detail: 'its secret is sealed with a key that is gone: rotate it',
        })
      }
      return { reply: 'unreachable', status: null, text: 'not sent: its secret is sealed with a key that is gone', retryAfterMs: null }
    }
    unreadable.delete(key)
    const headers = headersOf(secrets, dispatch.id, dispatch.body, clock())
    return await post({ url: endpoint.url, body: dispatch.body, headers })
  }

  const call = async (its: Context, dispatch: Dispatch): Promise<Posted> => {
    const outcome = (reply: DispatchReply, text: string): Posted => ({ reply, status: null, text, retryAfterMs: null })
    try {
      return (await inTime(callHook(hooks, dispatch), leaseMs * HOOK_SHARE))
        ? outcome('accepted', '')
        : outcome('unreachable', 'took too long')
    } catch (error) {
      its.log.error('hook_failed', error, { kind: dispatch.type, dispatch: dispatch.id, tries: dispatch.tries + 1 })
      // What it says may hold anything: it is in the log, cleaned, and nowhere else.
      return outcome('refused', 'the function threw an error')
    }
  }

  /** Takes what is due; how long to rest unless the bell rings. */
  const look = async (): Promise<Ms> => {
    // Who asks from now on has a look of their own.
    const asked = waiting.length
    if (performance.now() - lookedAt >= lookAgainMs) await refresh()
    const { now, queues } = sends && tellsAny() ? await store.findDueDispatches() : NOTHING
    const open = queues.filter(isOpen)
    const restLeft = (queue: Queue): Ms => Math.max(0, (resting.get(keyOf(queue)) ?? 0) - clock())
    const due = open.filter((queue) => queue.dueAt <= now && restLeft(queue) === 0).sort((one, other) => one.dueAt - other.dueAt)
    const asks = shareOut(
      due,
      {
        endpoint: (queue) => running.endpoints.get(keyOf(queue)) ?? 0,
        tenant: (tenant) => running.tenants.get(tenant) ?? 0,
        all: running.all,
      },
      ROOM,
    )
    const claimed = asks.length === 0 ? [] : await store.claimDispatches(asks, leaseMs)
    for (const dispatch of claimed) {
      count(dispatch, 1)
      void carry(dispatch)
    }
    // Others are due that could not be asked for in one go.
    if (claimed.length > 0 && asks.length === ROOM.endpoints) return 0
    // What is due already waits for room, and whatever is under way rings when it ends.
    const waits = open.map((queue) => Math.max(queue.dueAt - now, restLeft(queue))).filter((wait) => wait > 0)
    const soonest = Math.max(ELSEWHERE_MS, Math.min(lookAgainMs, ...waits))
    if (running.all > 0) return soonest
    if (due.length > 0) return ELSEWHERE_MS
    for (const resolve of waiting.splice(0, asked)) resolve()
    return soonest
  }

  const work = async (): Promise<void> => {
    while (!stopped) {
      const rest = await look().catch((error: unknown) => {
        log.error('dispatches_unavailable', error)
        return AFTER_OUTAGE_MS
      })
      if (!stopped) await bell.heard(rest)
    }
  }

  await refresh()
  const working = work()
  return {
    of: (tenant) => ({
      wanted: () => wantedAt(tenant),
      wake: () => {
        if (sends && wantedAt(tenant) !== undefined) bell.ring()
      },
    }),
    idle: () =>
      new Promise((resolve) => {
        if (stopped) return resolve()
        waiting.push(resolve)
        // Who waits for it wants it to know what is wanted now.
        lookedAt = Number.NEGATIVE_INFINITY
        bell.ring()
      }),
    stop: async () => {
      stopped = true
      bell.ring()
      await working
      while (running.all > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}

/** Functions have the same name at every tenant. */
const keyOf = ({ tenant, endpoint }: Queue): string => `${tenant} ${endpoint}`

function orNothing(wanted: Wanted): Wanted | undefined {
  return Object.keys(wanted).length === 0 ? undefined : wanted
}

function add(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

function byTenant(rows: readonly TenantEndpoint[]): ReadonlyMap<string, readonly TenantEndpoint[]> {
  const tenants = new Map<string, TenantEndpoint[]>()
  for (const row of rows) {
    const own = tenants.get(row.tenant)
    if (own === undefined) tenants.set(row.tenant, [row])
    else own.push(row)
  }
  return tenants
}

/** false: it is not waited for any longer, whatever it goes on doing. */
async function inTime(work: Promise<void>, ms: Ms): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  return await Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer))
}
