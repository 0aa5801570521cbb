// What every flow is given: the tenant's rules and keys, the store, and who is asking. Made once by the door, and once a request.
import type { MailboxClass } from '../core/mailbox.ts'
import type { Brand, Ms, Versions } from '../core/model.ts'
import type { Policy } from '../core/policy.ts'
import type { ReasonCode } from '../core/reason.ts'
import { type Tell, toldRefusal } from '../core/told.ts'
import { type Keyring, mintId, RECOVERY_SHAPE, recoveryKey } from '../secret.ts'
import type { QueuedMail, Scope, SessionKey, Store } from '../store/store.ts'
import type { DispatchesOf } from './dispatcher.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { FindOwnUser } from './own-users.ts'
import type { RollingOut } from './roll-out.ts'
import type { SealedSecrets } from './sealed.ts'
import type { Tracing } from './tracing.ts'
import type { ViewsOf } from './views.ts'

export interface Log {
  event(name: string, fields: Readonly<Record<string, string | number | boolean | null>>): void
  warn(name: string, fields: Readonly<Record<string, string | number | boolean | null>>): void
  error(name: string, error: unknown, fields?: Readonly<Record<string, string | number | boolean | null>>): void
}

export interface Context {
  readonly tenant: string
  readonly store: Store
  readonly keys: Keyring
  /** Of everybody who takes no part in the roll-out. */
  readonly policy: Policy
  /** A change for some people first; null: everybody has the one policy. */
  readonly rollOut: RollingOut | null
  readonly versions: Versions
  readonly brand: Brand
  /** Public base URL without a trailing slash and without the base path. Links are built from it, never from a Host header. */
  readonly origin: string
  readonly basePath: string
  /** Of its own origin a person may be sent no further than to what lies below this path; '': anywhere there. */
  readonly returnBelow: string
  /** Further origins a person may be sent to after signing in. */
  readonly returnOrigins: readonly string[]
  /** Where to go when nothing was asked for: absolute, and on an origin that is allowed. */
  readonly defaultReturn: string
  /** Where mails come back to, each with a tag of its own behind a plus; null: where they came from. */
  readonly bounceAddress: string | null
  /** Canonical addresses of those who may use the console. */
  readonly operators: readonly string[]
  /** Asks the host who an address is; null: it keeps no users of its own. */
  readonly findOwnUser: FindOwnUser | null
  readonly log: Log
  /** null: nobody traces. */
  readonly tracing: Tracing | null
  /** Hears what happened, to count it. */
  readonly tell: Tell
  /** The wall clock: for ids and cookies only. Decisions use the store's. */
  readonly now: () => number
  readonly hand: Hand
  /** Who in the host wants to be told of what. */
  readonly dispatches: DispatchesOf
  /** How all tenants count the mails of a mailbox; undefined: there is none but this. */
  readonly everywhere: () => Scope['everywhere']
  readonly views: ViewsOf
  /** Asks DNS, for operators who want to know. */
  readonly mailboxes: Pick<Mailboxes, 'find' | 'unanswered'>
  /** Who receives the mail of an address, as far as it is known by now; `other` as long as nobody wants the numbers that it is for. */
  readonly mailboxOf: (email: string) => MailboxClass
  /** Since when the mail server cannot be used, as far as is known; null: nothing is wrong, or this process sends no mail. */
  readonly mailUnusableSince: () => Ms | null
}

/** The outbox of this process, as a flow that queues a mail sees it. */
export interface Hand {
  /**
   * A place for one more mail, now? Then the mail is queued as leased to this process, for so many milliseconds, and need not be
   * looked for, locked and opened again. null: no place; it waits in the queue for whoever looks next.
   */
  reserve(): Ms | null
  /** Fills the place that was reserved; with null gives it back. */
  take(mail: QueuedMail | null, secrets: SealedSecrets): void
  /** There is something in the queue. */
  wake(): void
}

/** Who is asking, as far as a request tells. */
export interface Asker {
  readonly requestId: string
  /** The secret of the browser cookie, well-formed; null: a browser without one. */
  readonly browser: string | null
  /** The session token the request carries, unverified. */
  readonly session: string | null
  /** The token of a limited session of a recovery, unverified. */
  readonly recovery: string | null
  /** From a fixed list of names. */
  readonly device: string
  readonly network: string
  readonly networkWide: string
}

export function scopeOf(context: Context, requestId: string): Scope {
  const { tenant, policy, versions, dispatches, rollOut, everywhere } = context
  const scope = {
    tenant,
    policy,
    versions,
    requestId,
    eventId: mintId(context.now()),
    wanted: dispatches.wanted(),
    everywhere: everywhere(),
  }
  if (rollOut === null) return scope
  return { ...scope, rulesOf: (email) => (rollOut.takesPart(email) ? rollOut.context : context) }
}

/** Of the limited session that the request carries; null: none that could be one. */
export function recoveryKeyOf({ tenant }: Pick<Context, 'tenant'>, { recovery }: Pick<Asker, 'recovery'>): SessionKey | null {
  return recovery !== null && RECOVERY_SHAPE.test(recovery) ? recoveryKey(tenant, recovery) : null
}

const RECORDED_PER_SECOND = 50
const recorded = new WeakMap<Context, { readonly second: number; count: number }>()

/**
 * Writes down a refusal that touched nothing else. Bounded: whoever floods us with bad requests must not fill the database;
 * the log line is always written, and all are counted.
 */
export function recordRefusal(
  context: Context,
  requestId: string,
  kind: 'guard' | 'start' | 'console',
  reason: ReasonCode,
  facts: object,
): void {
  if (kind !== 'console') context.tell(toldRefusal(kind, reason, facts))
  const second = Math.floor(context.now() / 1_000)
  const had = recorded.get(context)
  const current = had?.second === second ? had : { second, count: 0 }
  recorded.set(context, current)
  if (++current.count > RECORDED_PER_SECOND) return
  context.store
    .record(scopeOf(context, requestId), { kind, reason, facts })
    .catch((error: unknown) => context.log.error('record_failed', error, { requestId }))
}
