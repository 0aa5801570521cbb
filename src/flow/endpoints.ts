// Endpoints as operators handle them: made, changed, tried, and told again what they missed. Their secrets are minted here, shown once, and kept
// sealed.
import { type DispatchType, type EndpointState, HOOKS, TEST_TYPE } from '../core/dispatch.ts'
import type { Ms } from '../core/model.ts'
import { type Keyring, mintId, open, seal } from '../secret.ts'
import type { Scope } from '../store/store.ts'
import type { Attempt, Endpoint, ReplayInput, SeenDispatch } from '../store/webhook-store.ts'
import type { Post, Posted } from '../webhook/post.ts'
import { mintWebhookSecret, sign } from '../webhook/signature.ts'
import type { Context } from './context.ts'

export type EndpointContext = Pick<Context, 'store' | 'tenant' | 'keys' | 'policy' | 'versions' | 'now'>

function scopeOf({ tenant, policy, versions, now }: EndpointContext): Scope {
  return { tenant, policy, versions, requestId: mintId(now()), eventId: mintId(now()) }
}

const sealOf = (tenant: string, id: string): string => `endpoint\0${tenant}\0${id}`

/** Newest first; null: sealed with a key that is gone. */
export function openSecrets(keys: Keyring, tenant: string, { id, secrets }: Pick<Endpoint, 'id' | 'secrets'>): readonly string[] | null {
  const text = open(keys, sealOf(tenant, id), secrets)
  return text === null ? null : (JSON.parse(text) as string[])
}

/** The same with the newest key; null: that is what they are sealed with. */
export function resealed(keys: Keyring, tenant: string, endpoint: Pick<Endpoint, 'id' | 'secrets'>): string | null {
  if (open([keys[0]], sealOf(tenant, endpoint.id), endpoint.secrets) !== null) return null
  const secrets = openSecrets(keys, tenant, endpoint)
  return secrets && sealSecrets(keys, tenant, endpoint.id, secrets)
}

function sealSecrets(keys: Keyring, tenant: string, id: string, secrets: readonly string[]): string {
  return seal(keys, sealOf(tenant, id), JSON.stringify(secrets))
}

/** As an event, a log or a page may have it: what stands in a path may be a secret. */
export function hostOf(url: string): string {
  return new URL(url).host
}

/** @param url read by webhook/target.ts */
export async function addEndpoint(
  context: EndpointContext,
  { url, types }: { readonly url: string; readonly types: readonly DispatchType[] },
): Promise<{ readonly id: string; readonly secret: string }> {
  const { keys, tenant, now } = context
  const id = mintId(now())
  const secret = mintWebhookSecret()
  await context.store.addEndpoint(scopeOf(context), { id, url, types, secrets: sealSecrets(keys, tenant, id, [secret]), host: hostOf(url) })
  return { id, secret }
}

export async function findEndpoint({ store, tenant }: EndpointContext, id: string): Promise<Endpoint | null> {
  return (await store.listEndpoints(tenant)).find((endpoint) => endpoint.id === id) ?? null
}

export function changeEndpoint(context: EndpointContext, id: string, change: 'enabled' | 'disabled'): Promise<boolean> {
  return context.store.changeEndpoint(scopeOf(context), id, { change })
}

export function removeEndpoint(context: EndpointContext, id: string): Promise<boolean> {
  return context.store.removeEndpoint(scopeOf(context), id)
}

export function replay(context: EndpointContext, what: ReplayInput): Promise<number> {
  return context.store.replayDispatches(scopeOf(context), what)
}

/** A new secret before the one there is: messages are signed with both until the old one is dropped. */
export async function rotateSecret(context: EndpointContext, endpoint: Endpoint): Promise<string> {
  const { keys, tenant, store } = context
  const secret = mintWebhookSecret()
  // One that nobody can open any more signs nothing: the new one alone.
  const [before] = openSecrets(keys, tenant, endpoint) ?? []
  const secrets = sealSecrets(keys, tenant, endpoint.id, before === undefined ? [secret] : [secret, before])
  await store.changeEndpoint(scopeOf(context), endpoint.id, { change: 'rotated', secrets })
  return secret
}

/** false: there was only one. */
export async function dropOldSecret(context: EndpointContext, endpoint: Endpoint): Promise<boolean> {
  const { keys, tenant, store } = context
  const [newest, old] = openSecrets(keys, tenant, endpoint) ?? []
  if (newest === undefined || old === undefined) return false
  const secrets = sealSecrets(keys, tenant, endpoint.id, [newest])
  await store.changeEndpoint(scopeOf(context), endpoint.id, { change: 'old_secret_dropped', secrets })
  return true
}

/** A message that says nothing, sent now and written down nowhere; null: its secret cannot be opened. */
export async function testEndpoint(context: EndpointContext, endpoint: Endpoint, post: Post): Promise<Posted | null> {
  const secrets = openSecrets(context.keys, context.tenant, endpoint)
  if (secrets === null) return null
  const now = context.now()
  const body = JSON.stringify({ type: TEST_TYPE, timestamp: new Date(now).toISOString(), data: { endpoint: endpoint.id } })
  return post({ url: endpoint.url, body, headers: headersOf(secrets, mintId(now), body, now) })
}

/** @param now of this try: its signature is good for five minutes, the id for all tries. */
export function headersOf(secrets: readonly string[], dispatch: string, body: string, now: Ms): Readonly<Record<string, string>> {
  const id = messageIdOf(dispatch)
  const timestamp = Math.floor(now / 1_000)
  return {
    'content-type': 'application/json',
    'user-agent': 'Postkey',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': sign(secrets, id, timestamp, body),
  }
}

/** As receivers and their logs have it. */
export const messageIdOf = (dispatch: string): string => `msg_${dispatch}`

/** With or without what stands before it outside. */
export const dispatchOf = (messageId: string): string => messageId.replace(/^msg_/, '')

/** As an operator may see it: without its path and its secrets. */
export interface SeenEndpoint {
  readonly id: string
  readonly host: string
  readonly types: readonly string[]
  readonly state: EndpointState
  readonly failingSince: Ms | null
}

/** The functions of this process among them, if it has any. */
export async function viewEndpoints({
  store,
  tenant,
  dispatches,
}: Pick<Context, 'store' | 'tenant' | 'dispatches'>): Promise<readonly SeenEndpoint[]> {
  const endpoints = (await store.listEndpoints(tenant)).map(({ id, url, types, state, failingSince }) => ({
    id,
    host: hostOf(url),
    types,
    state,
    failingSince,
  }))
  const own = Object.entries(dispatches.wanted() ?? {}).filter(([, ids]) => ids.includes(HOOKS))
  const hooks: SeenEndpoint = { id: HOOKS, host: '', types: own.map(([type]) => type), state: 'enabled', failingSince: null }
  return own.length === 0 ? endpoints : [...endpoints, hooks]
}

const SHOWN = 30

export interface ViewedEndpoint {
  readonly endpoint: SeenEndpoint
  /** Newest first. */
  readonly dispatches: readonly (SeenDispatch & { readonly attempts: readonly Attempt[]; readonly messageId: string })[]
}

/** null: there is none of that name. */
export async function viewEndpoint(context: Pick<Context, 'store' | 'tenant' | 'dispatches'>, id: string): Promise<ViewedEndpoint | null> {
  const endpoint = (await viewEndpoints(context)).find((one) => one.id === id)
  if (endpoint === undefined) return null
  const dispatches = await context.store.viewEndpoint(context.tenant, id, SHOWN)
  return { endpoint, dispatches: dispatches.map((dispatch) => ({ ...dispatch, messageId: messageIdOf(dispatch.id) })) }
}
