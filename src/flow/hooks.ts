// Functions of the host that are told what happened, after it is written down and at least once: a process that is killed in between calls them
// when it is back. Each may be called twice for one thing, and knows it by its id.
import { type DispatchType, HOOKS, type Wanted } from '../core/dispatch.ts'
import type { Ms, Proof } from '../core/model.ts'

interface Happened {
  /** The same whenever this is told again. */
  readonly id: string
  /** Where it happened: "default" is that of the options. */
  readonly tenant: string
  /** Milliseconds since 1970. */
  readonly at: Ms
  readonly requestId: string
}

export interface SignedIn extends Happened {
  readonly user: string
  readonly session: string
  readonly challenge: string
  readonly proof: Proof
}

export interface AddressConfirmed extends Happened {
  readonly user: string
  readonly challenge: string
}

export interface SignedOut extends Happened {
  readonly user: string
  /** Those that ended, as far as one message holds them. */
  readonly sessions: readonly string[]
  /** How many ended. */
  readonly count: number
  readonly reason: string
}

/**
 * Each is called after the commit, in a process that has it, and again by the schedule of webhooks when it throws or takes longer than 40
 * seconds. In no order.
 */
export interface Hooks {
  readonly signedIn?: (told: SignedIn) => Promise<void> | void
  /** The first proof of a mailbox, whoever made the account. */
  readonly addressConfirmed?: (told: AddressConfirmed) => Promise<void> | void
  /** Sessions ended: by their person, by an operator, or by another sign-in in the same browser. One that runs out is not told. */
  readonly signedOut?: (told: SignedOut) => Promise<void> | void
}

const NAMES: readonly (readonly [DispatchType, keyof Hooks])[] = [
  ['signin.completed', 'signedIn'],
  ['address.confirmed', 'addressConfirmed'],
  ['session.ended', 'signedOut'],
]

/** What is wanted besides, for the sake of functions. */
export function withHooks(wanted: Wanted, hooks: Hooks): Wanted {
  const own = NAMES.filter(([, name]) => hooks[name] !== undefined).map(([type]) => [type, [...(wanted[type] ?? []), HOOKS]])
  return own.length === 0 ? wanted : { ...wanted, ...Object.fromEntries(own) }
}

export function hasHooks(hooks: Hooks): boolean {
  return NAMES.some(([, name]) => hooks[name] !== undefined)
}

/** Calls the function for a message; none has it any more: then there is nobody to be told. */
export async function callHook(
  hooks: Hooks,
  { id, tenant, type, body }: { readonly id: string; readonly tenant: string; readonly type: string; readonly body: string },
): Promise<void> {
  const name = NAMES.find(([of]) => of === type)?.[1]
  if (name === undefined) return
  const { timestamp, data } = JSON.parse(body) as { readonly timestamp: string; readonly data: object }
  const told = { ...data, id, tenant, at: Date.parse(timestamp) }
  await (hooks[name] as ((told: object) => Promise<void> | void) | undefined)?.call(hooks, told)
}
