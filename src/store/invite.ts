// An invitation: the mail that somebody gets for whom an account was made. A challenge like any other, but for the browser that asked, which
// does not exist.
import { mailboxLimit } from './limits.ts'
import type { Locks, Operation, Tx } from './operation.ts'
import { findUserByEmail } from './rows.ts'
import { decide, insertChallenge, limitsOf } from './start.ts'
import { type InviteInput, type Scope, type StartOutcome, scopeFor } from './store.ts'

/** Nobody from anywhere: what is named is read, and nothing is spent. */
const buckets = { network: 'tenant', networkWide: 'tenant', browser: 'tenant', tenant: 'tenant' }
const nowhere = { device: '', network: '' }

/** With the mailbox as a proof has it: whoever signs in for the first time at this moment needs no invitation. */
export function inviteLocks(scope: Scope, { email }: InviteInput): Locks {
  return { tenant: scope.tenant, keys: [mailboxLimit(email)], limits: limitsOf(scope, email, buckets) }
}

export function* invite(tx: Tx, given: Scope, { by, ...input }: InviteInput): Operation<StartOutcome> {
  const scope = scopeFor(given, input.email)
  const user = yield* findUserByEmail(scope.tenant, input.email)
  const challenge = { ...input, ...nowhere, buckets, purpose: 'invite' } as const
  return yield* decide(
    tx,
    scope,
    {
      ...challenge,
      kind: 'start',
      resend: null,
      ordinal: 0,
      user,
      knownBrowser: false,
      invitation: { by, confirmed: user !== null && user.confirmedAt !== null },
    },
    () => insertChallenge(tx, scope.tenant, challenge),
  )
}
