// The worker that tells the host: leases due messages of each endpoint, signs and posts them or calls the function, settles them. It may be
// killed between any two lines: the lease runs out, and the next worker sends the same message under the same id. It also knows who wants to
// be told of what, so that no sign-in has to ask.
import { type DispatchReply, HOOKS, restOf, type Wanted, wantedOf } from '../core/dispatch.ts'
import type { Ms } from '../core/model.ts'
import { mintId } from '../secret.ts'
import type { Dispatch, Endpoint } from '../store/webhook-store.ts'
import type { Post, Posted } from '../webhook/post.ts'
import { Bell } from './bell.ts'
import { type Context, scopeOf } from './context.ts'
import { headersOf, hostOf, openSecrets, resealed } from './endpoints.ts'
import { callHook, type Hooks, hasHooks, withHooks } from './hooks.ts'

export interface Dispatcher {
  /** Who wants what, as of the last look; undefined: nobody wants anything. */
  wanted(): Wanted | undefined
  /** Something may have been written that is to be told. */
  wake(): void
  /** Resolves when nothing is due and nothing is on its way. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export interface DispatcherOptions {
  readonly post: Post
  readonly hooks: Hooks
  /** Otherwise messages are left to other processes, and only what is wanted is looked up. */
  readonly sends: boolean
  /** So late another process hears of a new endpoint, or of one that is gone. */
  readonly lookAgainMs?: Ms
  readonly leaseMs?: Ms
}

/** To one endpoint. A slow one holds nobody else up. */
const AT_ONCE = 5
const LOOK_AGAIN_MS = 10_000
const AFTER_OUTAGE_MS = 1_000
/** Another process has in hand what was due. */
const ELSEWHERE_MS = 100
/** Longer than a post may take, and than a function is waited for. */
const LEASE_MS = 60_000
const HOOK_SHARE = 2 / 3

/** Resolves when it knows what is wanted: what is written from then on misses nobody. */
export async function startDispatcher(
  context: Context,
  { post, hooks, sends, lookAgainMs = LOOK_AGAIN_MS, leaseMs = LEASE_MS }: DispatcherOptions,
): Promise<Dispatcher> {
  const { store, tenant, keys, log } = context
  const bell = new Bell()
  const waiting: (() => void)[] = []
  const running = new Map<string, number>()
  /** By the clock of this process. */
  const resting = new Map<string, Ms>()
  const unreadable = new Set<string>()
  let endpoints: readonly Endpoint[] = []
  let wanted: Wanted | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  let stopped = false

  const refresh = async (): Promise<void> => {
    // First: who asks for a new look meanwhile gets one.
    lookedAt = performance.now()
    endpoints = await store.listEndpoints(tenant)
    const all = withHooks(wantedOf(endpoints), hooks)
    wanted = Object.keys(all).length === 0 ? undefined : all
    for (const endpoint of endpoints) {
      const again = resealed(keys, tenant, endpoint)
      // So that the old key can be taken away one day.
      if (again !== null) await store.resealEndpoint(tenant, endpoint.id, endpoint.secrets, again)
    }
  }

  const targets = (): readonly string[] => [
    ...endpoints.filter(({ state }) => state === 'enabled').map(({ id }) => id),
    ...(hasHooks(hooks) ? [HOOKS] : []),
  ]

  const count = (endpoint: string, by: 1 | -1): void => void running.set(endpoint, (running.get(endpoint) ?? 0) + by)
  const isBusy = (): boolean => [...running.values()].some((n) => n > 0)

  const carry = async (dispatch: Dispatch): Promise<void> => {
    const began = performance.now()
    try {
      const host = hostOfEndpoint(endpoints, dispatch.endpoint)
      const answer = dispatch.endpoint === HOOKS ? await call(dispatch) : await postTo(dispatch)
      const tookMs = Math.round(performance.now() - began)
      const rest = restOf(answer)
      if (rest > 0) resting.set(dispatch.endpoint, performance.now() + rest)
      const requestId = mintId(context.now())
      const decision = await store.settleDispatch(scopeOf(context, requestId), {
        dispatch,
        reply: answer.reply,
        status: answer.status,
        replyText: answer.text,
        retryAfterMs: answer.retryAfterMs,
        tookMs,
        lot: Math.random(),
        attempt: mintId(context.now()),
        host,
      })
      context.tell({ kind: 'dispatch', outcome: decision.verdict })
      const fields = { endpoint: dispatch.endpoint, dispatch: dispatch.id }
      log.event('dispatch', {
        ...fields,
        kind: dispatch.type,
        reason: decision.verdict,
        tries: dispatch.tries + 1,
        status: answer.status,
        reply: answer.reply === 'accepted' ? '' : answer.text,
        ms: tookMs,
      })
      if (decision.disable === null) return
      log.warn('endpoint_disabled', { endpoint: dispatch.endpoint, host, reason: decision.disable, requestId })
      await refresh()
    } catch (error) {
      // Its lease runs out, and it is sent again.
      log.error('dispatch_not_settled', error, { endpoint: dispatch.endpoint, dispatch: dispatch.id })
    } finally {
      count(dispatch.endpoint, -1)
      bell.ring()
    }
  }

  const postTo = async (dispatch: Dispatch): Promise<Posted> => {
    const endpoint = endpoints.find(({ id }) => id === dispatch.endpoint)
    const secrets = endpoint === undefined ? null : openSecrets(keys, tenant, endpoint)
    if (endpoint === undefined || secrets === null) {
      if (!unreadable.has(dispatch.endpoint)) {
        unreadable.add(dispatch.endpoint)
        log.warn('endpoint_unreadable', { endpoint: dispatch.endpoint, detail: 'its secret is sealed with a key that is gone: rotate it' })
      }
      return { reply: 'unreachable', status: null, text: 'not sent: its secret is sealed with a key that is gone', retryAfterMs: null }
    }
    unreadable.delete(dispatch.endpoint)
    const headers = headersOf(secrets, dispatch.id, dispatch.body, context.now())
    return await post({ url: endpoint.url, body: dispatch.body, headers })
  }

  const call = async (dispatch: Dispatch): Promise<Posted> => {
    const outcome = (reply: DispatchReply, text: string): Posted => ({ reply, status: null, text, retryAfterMs: null })
    try {
      return (await inTime(callHook(hooks, dispatch), leaseMs * HOOK_SHARE))
        ? outcome('accepted', '')
        : outcome('unreachable', 'took too long')
    } catch (error) {
      log.error('hook_failed', error, { kind: dispatch.type, dispatch: dispatch.id, tries: dispatch.tries + 1 })
      // What it says may hold anything: it is in the log, cleaned, and nowhere else.
      return outcome('refused', 'the function threw an error')
    }
  }

  /** Takes what is due; how long to rest unless the bell rings. */
  const look = async (): Promise<Ms> => {
    // Who asks from now on has a look of their own.
    const asked = waiting.length
    if (performance.now() - lookedAt >= lookAgainMs) await refresh()
    const ids = sends ? targets() : []
    const { now, dueAt } = ids.length === 0 ? { now: 0, dueAt: new Map<string, Ms>() } : await store.findDueDispatches(tenant, ids)
    const rests = (id: string): boolean => (resting.get(id) ?? 0) > performance.now()
    const due = ids.filter((id) => (dueAt.get(id) ?? Number.POSITIVE_INFINITY) <= now && !rests(id))
    const asks = due.map((endpoint) => ({ endpoint, most: AT_ONCE - (running.get(endpoint) ?? 0) })).filter(({ most }) => most > 0)
    const claimed = asks.length === 0 ? [] : await store.claimDispatches(tenant, asks, leaseMs)
    for (const dispatch of claimed) {
      count(dispatch.endpoint, 1)
      void carry(dispatch)
    }
    // Whatever is under way rings when it ends.
    if (isBusy()) return lookAgainMs
    if (due.length > 0) return ELSEWHERE_MS
    for (const resolve of waiting.splice(0, asked)) resolve()
    const waits = ids.map((id) => Math.max((dueAt.get(id) ?? Number.POSITIVE_INFINITY) - now, (resting.get(id) ?? 0) - performance.now()))
    return Math.max(ELSEWHERE_MS, Math.min(lookAgainMs, ...waits))
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
    wanted: () => wanted,
    wake: () => {
      if (sends && targets().length > 0) bell.ring()
    },
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
      while (isBusy()) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
}

function hostOfEndpoint(endpoints: readonly Endpoint[], id: string): string {
  const url = endpoints.find((endpoint) => endpoint.id === id)?.url
  return url === undefined ? '' : hostOf(url)
}

/** false: it is not waited for any longer, whatever it goes on doing. */
async function inTime(work: Promise<void>, ms: Ms): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  return await Promise.race([work.then(() => true), late]).finally(() => clearTimeout(timer))
}
