// Users, for whoever runs the server: the command line and the library ask here. Each act is one transaction and one event, which says by
// whose hand; a look leaves no trace, since who holds the database can look without us.
import { readAddress } from '../core/address.ts'
import { readExternalId } from '../core/external-id.ts'
import type { Ms, User } from '../core/model.ts'
import { erasedAddress, type Hand, isErased, type UserAct } from '../core/operator.ts'
import type { ReasonCode } from '../core/reason.ts'
import { mintId, mintSecret } from '../secret.ts'
import type { PersonKey, Scope } from '../store/store.ts'
import type { Context } from './context.ts'

/** What of a Postkey is needed for it, so that a command needs no more. */
export type Care = Pick<Context, 'store' | 'tenant' | 'policy' | 'versions' | 'operators' | 'dispatches' | 'everywhere' | 'now' | 'log'> & {
  readonly by: Hand
}

/** Whom it is about. */
export type UserKey = { readonly id: string } | { readonly email: string } | { readonly externalId: string }

export interface NewUser {
  readonly email: string
  /** What another system knows the user by: up to 200 letters, digits and `. _ | : @ / + = ~ -`. */
  readonly externalId?: string | undefined
}

/** `user_exists`: nothing was changed, and `user` is who has the address or the external id. */
export type Created =
  | { readonly ok: true; readonly user: User; readonly requestId: string }
  | { readonly ok: false; readonly reason: 'user_exists'; readonly user: User; readonly requestId: string }
  | { readonly ok: false; readonly reason: 'address_invalid' | 'external_id_invalid'; readonly user: null; readonly requestId: null }

/**
 * `person_unknown`: nobody is known by that, or is there any more; `operator_protected`: an operator is neither disabled, deleted nor erased
 * before the address is off the list.
 */
export type Acted =
  | {
      readonly ok: true
      readonly reason: ReasonCode
      /** As it was before; null: an address that had no user. */
      readonly user: User | null
      /** Sessions that were live until now; 0 for `enable`. */
      readonly sessions: number
      readonly requestId: string
    }
  | { readonly ok: false; readonly reason: ReasonCode; readonly requestId: string }

/** Makes a user, and sends nothing: the first mail is the one that the person asks for, and its proof confirms the address. */
export async function createUser(care: Care, { email: typed, externalId: given }: NewUser): Promise<Created> {
  const email = readUserAddress(typed)
  if (email === null) return { ok: false, reason: 'address_invalid', user: null, requestId: null }
  const externalId = given === undefined ? null : readExternalId(given)
  if (given !== undefined && externalId === null) return { ok: false, reason: 'external_id_invalid', user: null, requestId: null }
  const requestId = mintId(care.now())
  const { decision, user } = await care.store.createUser(scopeOf(care, requestId), {
    by: care.by,
    id: mintId(care.now()),
    email,
    externalId,
  })
  tell(care, requestId, decision.reason)
  return decision.verdict === 'admit' ? { ok: true, user, requestId } : { ok: false, reason: 'user_exists', user, requestId }
}

/** Nobody can have the address of somebody who was erased. */
export function readUserAddress(typed: string): string | null {
  const read = readAddress(typed)
  return read.ok && !isErased(read.address.email) ? read.address.email : null
}

export async function actOnUser(care: Care, wants: Exclude<UserAct, 'create'>, key: UserKey): Promise<Acted> {
  const requestId = mintId(care.now())
  const { decision, user, found } = await care.store.administer(scopeOf(care, requestId), {
    by: care.by,
    operators: care.operators,
    wants,
    person: personOf(key),
    erased: { user: mintId(care.now()), email: erasedAddress(mintSecret().slice(0, 20)) },
  })
  tell(care, requestId, decision.reason)
  const { reason } = decision
  return decision.verdict === 'admit'
    ? { ok: true, reason, user, sessions: found.sessions ?? 0, requestId }
    : { ok: false, reason, requestId }
}

/** null: nobody is known by that; also who was deleted or erased, by their id. */
export async function findUser({ store, tenant }: Pick<Care, 'store' | 'tenant'>, key: UserKey): Promise<User | null> {
  const user = await store.findUser(tenant, personOf(key))
  return user === null || isErased(user.email) ? null : user
}

export interface UserFilter {
  readonly status?: User['status'] | undefined
  /** Has proved the mailbox. */
  readonly confirmed?: boolean | undefined
  /** What stands behind the "@". */
  readonly domain?: string | undefined
  /** Made from then on. */
  readonly since?: Ms | undefined
}

export interface UserPage {
  readonly users: readonly User[]
  /** Where the next page begins; null: this was the last. */
  readonly next: string | null
}

/** So many rows are looked at in one go: a filter has no index, and nobody's sign-in must wait for a statement that reads millions. */
const LOOKED_AT = 1_000

/** The users of a filter in the order of their ids, which is that of their making but for imported ones. */
export async function listUsers(
  { store, tenant }: Pick<Care, 'store' | 'tenant'>,
  { after = '', limit, ...filter }: UserFilter & { readonly after?: string | undefined; readonly limit: number },
): Promise<UserPage> {
  const users: User[] = []
  for (let place = after; ; ) {
    const rows = await store.listUsers(tenant, place, LOOKED_AT)
    for (const user of rows) {
      if (!fits(user, filter)) continue
      if (users.length === limit) return { users, next: (users.at(-1) as User).id }
      users.push(user)
    }
    if (rows.length < LOOKED_AT) return { users, next: null }
    place = (rows.at(-1) as User).id
  }
}

export function fits(user: User, { status, confirmed, domain, since }: UserFilter): boolean {
  return (
    !isErased(user.email) &&
    (status === undefined || user.status === status) &&
    (confirmed === undefined || (user.confirmedAt !== null) === confirmed) &&
    (domain === undefined || user.email.endsWith(`@${domain}`)) &&
    (since === undefined || user.createdAt >= since)
  )
}

/** An address is compared in its one form; what is none is nobody's. */
export function personOf(key: UserKey): PersonKey {
  if ('id' in key) return { user: key.id }
  if ('externalId' in key) return { externalId: key.externalId }
  const read = readAddress(key.email)
  return read.ok ? { email: read.address.email } : { user: '' }
}

export function scopeOf({ tenant, policy, versions, dispatches, everywhere, now }: Care, requestId: string): Scope {
  return { tenant, policy, versions, requestId, eventId: mintId(now()), wanted: dispatches.wanted(), everywhere: everywhere() }
}

function tell({ dispatches, log }: Care, requestId: string, reason: ReasonCode): void {
  dispatches.wake()
  log.event('console', { requestId, reason })
}
