// Several mails of one request, each with a challenge of its own. All are minted whatever comes of it; those that are not queued are forgotten.
import type { Purpose } from '../core/model.ts'
import { mintId } from '../secret.ts'
import type { ChangeMail } from '../store/account-store.ts'
import type { StartOutcome } from '../store/store.ts'
import type { Context } from './context.ts'
import { withHand } from './sign-in.ts'

export interface Minting {
  /** Of the mailbox that it goes to. */
  readonly context: Context
  /** Whose secret its link holds: a proof of another purpose is found nowhere. */
  readonly purpose: Purpose
  readonly challenge: string
}

/** @param queued what became of each mail, by the same names; null: it did not come to that one. */
export async function withMails<K extends string, O>(
  minting: Readonly<Record<K, Minting>>,
  work: (mails: Readonly<Record<K, ChangeMail>>) => Promise<O>,
  queued: (outcome: O) => Readonly<Record<K, StartOutcome | null>>,
): Promise<O> {
  const mint = async ([next, ...rest]: readonly (readonly [K, Minting])[], mails: Partial<Record<K, ChangeMail>>): Promise<O> => {
    if (next === undefined) return await work(mails as Record<K, ChangeMail>)
    const [name, { context, purpose, challenge }] = next
    let outcome: { readonly of: O } | null = null
    await withHand(context, purpose, challenge, async (secrets, leaseMs) => {
      const mail: ChangeMail = { challenge, eventId: mintId(context.now()), secrets, leaseMs }
      outcome = { of: await mint(rest, { ...mails, [name]: mail }) }
      return queued(outcome.of)[name] ?? NOT_QUEUED
    })
    return (outcome as unknown as { readonly of: O }).of
  }
  return await mint(Object.entries(minting) as [K, Minting][], {})
}

const NOT_QUEUED = { mail: null, decision: { mail: null } } as const
