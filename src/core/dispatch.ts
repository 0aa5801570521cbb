// What the host of an installation is told, and what becomes of one message to it: delivered, tried again, or given up. Retries by
// Standard Webhooks 1.0. Pure: how an answer was got, and the lot that spreads retries, is not its business.
import type { Ms } from './model.ts'

/** Released names are never changed; docs/webhooks.md says what stands in each. */
export const dispatchTypes = [
  'signin.completed',
  'address.confirmed',
  'user.created',
  'user.changed',
  'user.deleted',
  'session.ended',
  'challenge.failed',
  'mail.bounced',
  'recovery.started',
  'recovery.ended',
] as const
export type DispatchType = (typeof dispatchTypes)[number]

/** Sent when an operator asks whether an endpoint can be reached; no filter keeps it out. */
export const TEST_TYPE = 'webhook.test'

/** The endpoint that is no address: functions of the host, in this process. */
export const HOOKS = 'hooks'

/** Which endpoints want to be told of what. Types that nobody wants are not in it. */
export type Wanted = { readonly [T in DispatchType]?: readonly string[] }

export type EndpointState = 'enabled' | 'disabled' | 'gone' | 'dead'

/**
 * - `accepted`: 2xx, or the function ended well
 * - `gone`: 410: it wants nothing any more
 * - `busy`: 429, 502, 503, 504, or any answer with Retry-After: it is there, and can take no more for now
 * - `refused`: any other answer, redirects among them
 * - `unreachable`: no answer in time, no connection, a name that leads nowhere or to where we do not go
 */
export type DispatchReply = 'accepted' | 'gone' | 'busy' | 'refused' | 'unreachable'

export interface DispatchFacts {
  readonly now: Ms
  /** So many before this one. */
  readonly tries: number
  readonly reply: DispatchReply
  /** As the endpoint asked for. */
  readonly retryAfterMs: Ms | null
  /** From 0 to 1, drawn: messages that failed together do not come again together. */
  readonly lot: number
  /** Since when nothing has come through to this endpoint, before this try. */
  readonly failingSince: Ms | null
}

export interface DispatchDecision {
  readonly verdict: 'delivered' | 'retry' | 'failed'
  readonly retryInMs: Ms | null
  /** What becomes of the endpoint; null: it stays enabled. */
  readonly disable: 'gone' | 'dead' | null
}

const SECOND: Ms = 1_000
const MINUTE: Ms = 60 * SECOND
const HOUR: Ms = 60 * MINUTE

/** Before each try. */
const WAITS: readonly Ms[] = [0, 5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]
/** Retries come up to a fifth earlier or later. */
const SPREAD = 0.2
/** An endpoint cannot put a message off for longer. */
const RETRY_AFTER_MAX: Ms = 24 * HOUR
/** A message was tried to its end while nothing else came through for so long either: nobody is there. A little less than all waits together. */
const DEAD_AFTER: Ms = 48 * HOUR

export function decideDispatch(facts: DispatchFacts): DispatchDecision {
  const { now, tries, reply, lot, failingSince } = facts
  if (reply === 'accepted') return { verdict: 'delivered', retryInMs: null, disable: null }
  if (reply === 'gone') return { verdict: 'failed', retryInMs: null, disable: 'gone' }
  const wait = WAITS[tries + 1]
  if (wait === undefined) {
    const dead = failingSince !== null && now - failingSince >= DEAD_AFTER
    return { verdict: 'failed', retryInMs: null, disable: dead ? 'dead' : null }
  }
  const spread = Math.round(wait * (1 - SPREAD + 2 * SPREAD * lot))
  const asked = Math.min(Math.max(facts.retryAfterMs ?? 0, 0), RETRY_AFTER_MAX)
  return { verdict: 'retry', retryInMs: Math.max(spread, asked), disable: null }
}

/** While an endpoint has too much to do it is left alone: with all of its messages, not with this one. */
export function restOf({ reply, retryAfterMs }: Pick<DispatchFacts, 'reply' | 'retryAfterMs'>): Ms {
  return reply === 'busy' ? Math.min(Math.max(retryAfterMs ?? 0, 30 * SECOND), HOUR) : 0
}

/** Who wants what, of those that are enabled. */
export function wantedOf(
  endpoints: readonly { readonly id: string; readonly types: readonly string[]; readonly state: EndpointState }[],
): Wanted {
  const enabled = endpoints.filter(({ state }) => state === 'enabled')
  const wanted: Record<string, readonly string[]> = {}
  for (const type of dispatchTypes) {
    const ids = enabled.filter(({ types }) => types.length === 0 || types.includes(type)).map(({ id }) => id)
    if (ids.length > 0) wanted[type] = ids
  }
  return wanted
}

/**
 * What a refused proof has to be for the host to hear of it: whoever holds it cannot get in by it any more, whatever is typed. Not a wrong
 * code, which can be corrected, nor a used link, which is most often a second click.
 */
export const failures = [
  'link_expired',
  'link_off',
  'code_expired',
  'code_locked',
  'code_off',
  'sign_in_refused',
  'account_dormant',
  'host_refused_proof',
  'host_id_differs',
  'disowned',
] as const

export function isFailure(reason: string): reason is (typeof failures)[number] {
  return (failures as readonly string[]).includes(reason)
}
