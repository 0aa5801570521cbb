// Providers give a mailbox that nobody used to somebody else, after months. Whoever comes back to an account after so long has proved a mailbox,
// and not that it is still the same person's.
import type { Ms } from './model.ts'
import type { Policy } from './policy.ts'

/** `awakeAt`: when an operator enabled the account, or another address was set by a way back in, if anybody ever did. */
export interface Seen {
  readonly currentSignInAt: Ms | null
  readonly awakeAt: Ms | null
}

/** When the account was last seen to be its person's; null: nobody has signed in to it yet. */
export function inUseAt({ currentSignInAt, awakeAt }: Seen): Ms | null {
  return currentSignInAt === null ? null : Math.max(currentSignInAt, awakeAt ?? 0)
}

/** The mailbox alone opens it no more. A policy from before there was such a rule has none. */
export function isDormant({ dormantAfter }: Partial<Policy>, at: Ms | null, now: Ms): boolean {
  return dormantAfter != null && at !== null && now >= at + dormantAfter
}
