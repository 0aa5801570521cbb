// Mails that tell an owner what was done to the account: they follow from something that was decided, ask for nothing and open nothing.
import type { Purpose } from '../core/model.ts'
import type { Operation, Tx } from './operation.ts'
import type { Telling, Told } from './recovery-store.ts'
import { decide, insertChallenge } from './start.ts'
import { type Scope, type StartOutcome, scopeFor } from './store.ts'

interface Owner {
  readonly user: string
  readonly email: string
  /** null: there is none. */
  readonly backup: string | null
}

export function* tell(tx: Tx, given: Scope, input: Telling, purpose: Purpose, { user, email, backup }: Owner): Operation<Told> {
  const { tell: toAccount, tellBackup: toBackup, addressInEvent, browserDigest, returnTo, locale, device, network, buckets } = input
  const mailTo = (mail: Telling['tell'], to: string): Operation<StartOutcome> => {
    const { eventId, ...own } = mail
    const challenge = { browserDigest, returnTo, locale, device, network, buckets, ...own, purpose, email: to }
    return decide(
      tx,
      { ...scopeFor(given, to), eventId },
      {
        ...challenge,
        kind: 'start',
        addressInEvent: addressInEvent(to),
        resend: null,
        ordinal: 0,
        user: null,
        knownBrowser: false,
        asker: user,
        follows: true,
      },
      () => insertChallenge(tx, given.tenant, challenge),
    )
  }
  return { tell: yield* mailTo(toAccount, email), tellBackup: backup === null ? null : yield* mailTo(toBackup, backup) }
}

export const toldNobody: Told = { tell: null, tellBackup: null }
