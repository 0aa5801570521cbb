// The part of the port that is about what the host is told: endpoints, and the messages to them.
import type { DispatchDecision, DispatchReply, EndpointState } from '../core/dispatch.ts'
import type { Ms } from '../core/model.ts'
import type { Scope } from './store.ts'

export interface Endpoint {
  readonly id: string
  readonly url: string
  /** Empty: all. */
  readonly types: readonly string[]
  /** A JSON list, newest first, sealed. */
  readonly secrets: string
  readonly state: EndpointState
  readonly createdAt: Ms
  readonly failingSince: Ms | null
}

export interface TenantEndpoint extends Endpoint {
  readonly tenant: string
}

export interface DueQueue {
  readonly tenant: string
  readonly endpoint: string
  readonly dueAt: Ms
}

export interface NewEndpoint extends Pick<Endpoint, 'id' | 'url' | 'types' | 'secrets'> {
  /** As it may stand in an event. */
  readonly host: string
}

/** In words of the event that tells of it. */
export type EndpointChange =
  | { readonly change: 'enabled' | 'disabled' }
  | { readonly change: 'rotated' | 'old_secret_dropped'; readonly secrets: string }

/** A message as a worker takes it. */
export interface Dispatch {
  readonly tenant: string
  readonly id: string
  readonly endpoint: string
  readonly type: string
  readonly body: string
  readonly tries: number
  readonly createdAt: Ms
}

export interface SeenDispatch extends Omit<Dispatch, 'tenant' | 'body'> {
  readonly state: 'queued' | 'delivered' | 'failed'
  readonly dueAt: Ms
  readonly settledAt: Ms | null
}

export interface Attempt {
  readonly endpoint: string
  readonly at: Ms
  readonly tookMs: Ms
  readonly status: number | null
  /** One line, cleaned. */
  readonly reply: string
}

export interface SettleDispatchInput {
  readonly dispatch: Dispatch
  readonly reply: DispatchReply
  readonly status: number | null
  readonly replyText: string
  readonly retryAfterMs: Ms | null
  readonly tookMs: Ms
  readonly lot: number
  /** Minted before. */
  readonly attempt: string
  /** As it may stand in an event. */
  readonly host: string
}

/** Which messages are to go once more: one, to all endpoints it was for or to one of them; or all that failed of an endpoint. */
export type ReplayInput =
  | { readonly dispatch: string; readonly endpoint: string | null }
  | { readonly dispatch: null; readonly endpoint: string; readonly since: Ms }

export interface WebhookStore {
  addEndpoint(scope: Scope, endpoint: NewEndpoint): Promise<void>
  /** false: there is none of that name. */
  changeEndpoint(scope: Scope, id: string, change: EndpointChange): Promise<boolean>
  /** With what still waits for it. */
  removeEndpoint(scope: Scope, id: string): Promise<boolean>
  /** Oldest first. */
  listEndpoints(tenant: string): Promise<readonly Endpoint[]>
  /** Those of all tenants. */
  listAllEndpoints(): Promise<readonly TenantEndpoint[]>
  /** Puts the same secrets, sealed with another key, in place of those that were read; nothing else is changed. */
  resealEndpoint(tenant: string, id: string, was: string, secrets: string): Promise<void>
  /** When the next message is due, of each endpoint that messages wait for; whosever it is. */
  findDueDispatches(): Promise<{ readonly now: Ms; readonly queues: readonly DueQueue[] }>
  /** Leases due messages: until the lease ends no other worker gets them. */
  claimDispatches(
    asks: readonly { readonly tenant: string; readonly endpoint: string; readonly most: number }[],
    leaseMs: Ms,
  ): Promise<readonly Dispatch[]>
  /** Writes down the attempt and what follows from it. */
  settleDispatch(scope: Scope, input: SettleDispatchInput): Promise<DispatchDecision>
  /** The newest to an endpoint, newest first, with every try of each, oldest first. */
  viewEndpoint(
    tenant: string,
    endpoint: string,
    limit: number,
  ): Promise<readonly (SeenDispatch & { readonly attempts: readonly Attempt[] })[]>
  /** The newest to an endpoint. */
  listDispatches(tenant: string, endpoint: string, limit: number): Promise<readonly SeenDispatch[]>
  /** One message, for each endpoint it was for; empty: there is none of that name. */
  findDispatch(tenant: string, id: string): Promise<{ readonly dispatches: readonly SeenDispatch[]; readonly attempts: readonly Attempt[] }>
  /** Queues them again, from the beginning of the schedule; how many. */
  replayDispatches(scope: Scope, input: ReplayInput): Promise<number>
}
