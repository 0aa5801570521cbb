// Getting back in by waiting, for whoever runs the server: begin it for somebody, agree, stop. What is minted here is sealed for the outbox; no
// secret of it comes back, and nothing makes the wait shorter.
import { erasedAddress } from '../core/operator.ts'
import type { ReasonCode } from '../core/reason.ts'
import { mintId, mintSecret } from '../secret.ts'
import type { Asker, Context } from './context.ts'
import { listWaits, recoveryAct, WANTS, type WaitLook, type WantedAct } from './recovery-wait.ts'
import { type Care, personOf, scopeOf, type UserKey } from './users.ts'

export type RecoveryCare = Care & Pick<Context, 'keys'>

export interface ActedOnRecovery {
  readonly ok: boolean
  /** What was decided: of who may, or else of the recovery. */
  readonly reason: ReasonCode
  /** Of the one that began, or that it is about; null: none. */
  readonly recovery: string | null
  readonly readyAt: number | null
  readonly requestId: string
}

/** null: the new address is none. */
export async function startRecovery(care: RecoveryCare, who: UserKey, email: string): Promise<ActedOnRecovery | null> {
  return await act(care, { does: 'start', email }, who)
}

/** By its id, as the list has it. */
export async function actOnRecovery(care: RecoveryCare, does: 'approve' | 'cancel', id: string): Promise<ActedOnRecovery> {
  const found = (await waitsFor(care)).find(({ wait }) => wait.id === id)
  const acted = await act(care, { does, id }, { id: found?.wait.user ?? '' })
  if (acted === null) throw new Error('an act without an address')
  return acted
}

export function waitsFor({ store, tenant, policy }: Pick<Care, 'store' | 'tenant' | 'policy'>): Promise<readonly WaitLook[]> {
  return listWaits({ store, tenant, policy, rollOut: null })
}

async function act(care: RecoveryCare, wanted: WantedAct, who: UserKey): Promise<ActedOnRecovery | null> {
  const requestId = mintId(care.now())
  const nowhere: Asker = { requestId, browser: null, session: null, recovery: null, device: '', network: '', networkWide: '' }
  const recovery = recoveryAct({ ...care, defaultReturn: '' }, nowhere, wanted)
  if (recovery === null) return null
  const { decision, wait } = await care.store.administer(scopeOf(care, requestId), {
    by: care.by,
    operators: care.operators,
    wants: WANTS[wanted.does],
    person: personOf(who),
    erased: { user: mintId(care.now()), email: erasedAddress(mintSecret().slice(0, 20)) },
    recovery,
  })
  care.dispatches.wake()
  const refused = wait?.verdict === 'refuse' ? wait.reason : null
  care.log.event('console', { requestId, reason: refused ?? decision.reason })
  return {
    ok: decision.verdict === 'admit' && refused === null,
    reason: refused ?? decision.reason,
    recovery: recovery.id,
    readyAt: wait?.readyAt ?? null,
    requestId,
  }
}
