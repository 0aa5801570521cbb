// What people see of themselves, take with them, and do to themselves.
import { erasedAddress } from '../core/operator.ts'
import type { ReasonCode } from '../core/reason.ts'
import { mintSecret, SESSION_SHAPE, sessionKey } from '../secret.ts'
import type { OwnData, SignInView } from '../store/account-store.ts'
import { type Asker, type Context, scopeOf } from './context.ts'

/** More would not be read. */
const SIGN_INS_SHOWN = 10

export function listSignIns({ store, tenant }: Context, user: string): Promise<readonly SignInView[]> {
  return store.listSignIns(tenant, user, SIGN_INS_SHOWN)
}

export function readOwnData({ store, tenant, policy }: Context, user: string): Promise<OwnData | null> {
  return store.readOwnData(tenant, policy, user)
}

/** `person_erased`: it is done. */
export async function eraseSelf(context: Context, asker: Asker): Promise<ReasonCode> {
  const { store, tenant, operators, dispatches } = context
  if (asker.session === null || !SESSION_SHAPE.test(asker.session)) return 'session_unknown'
  const { decision } = await store.eraseSelf(scopeOf(context, asker.requestId), {
    key: sessionKey(tenant, asker.session),
    operators,
    erasedEmail: erasedAddress(mintSecret().slice(0, 20)),
  })
  dispatches.wake()
  context.log.event('erase_self', { requestId: asker.requestId, reason: decision.reason })
  return decision.reason
}
