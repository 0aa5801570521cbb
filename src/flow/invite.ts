// Invitations: an account that somebody else makes, and the one mail that lets its person in. No browser asked, so whoever opens the link types
// the address that it went to; the proof confirms the mailbox.
import type { Ms, User } from '../core/model.ts'
import type { ReasonCode } from '../core/reason.ts'
import { sendsInvitations } from '../core/start.ts'
import { toldStart } from '../core/told.ts'
import { digest, mintId, mintSecret } from '../secret.ts'
import type { Context } from './context.ts'
import { addressInEvent, readReturn, withHand } from './sign-in.ts'
import { type Care, createUser, type NewUser, readUserAddress, scopeOf } from './users.ts'

/** What of a Postkey is needed for it. */
export type Inviting = Care & Pick<Context, 'keys' | 'hand' | 'tell' | 'origin' | 'returnBelow' | 'returnOrigins' | 'defaultReturn'>

export interface Inviter extends Inviting {
  /** Under the policy that this address takes part in. */
  readonly rulesOf: (email: string) => Inviting
}

export interface Invitation extends NewUser {
  /** Of the mail, such as "de"; default: English. */
  readonly locale?: string | undefined
  /** Where the sign-in leads; default: as for any. */
  readonly returnTo?: string | undefined
}

export type Invited =
  | { readonly ok: true; readonly user: User; readonly expiresAt: Ms; readonly requestId: string }
  /**
   * `user_confirmed`: somebody who has signed in already needs none. `user_exists`: another user has the external id. `too_many_mails`: as many as
   * the mailbox takes. `user`: who is there; null: nobody, and nobody was made.
   */
  | {
      readonly ok: false
      readonly reason: ReasonCode | 'external_id_invalid'
      readonly user: User | null
      readonly retryAfterMs: Ms | null
      readonly requestId: string | null
    }

/**
 * Makes the user where there is none with this address, and sends an invitation; to somebody who has not come yet, another one. Earlier ones
 * stay good until they run out or one of them is used.
 */
export async function invite(inviter: Inviter, invitation: Invitation): Promise<Invited> {
  const no = (reason: ReasonCode | 'external_id_invalid', user: User | null = null, requestId: string | null = null): Invited => ({
    ok: false,
    reason,
    user,
    retryAfterMs: null,
    requestId,
  })
  const returnTo = readReturn(inviter, invitation.returnTo)
  if (returnTo === null) return no('return_invalid')
  // Before anybody is made: an account whose person hears nothing of it is not what was asked for.
  if (!sendsInvitations(inviter.rulesOf(invitation.email).policy)) return no('invitation_off')
  const made = await createUser(inviter, invitation)
  if (made.user === null) return no(made.reason)
  const { user } = made
  // Somebody else: by the address, or by the external id.
  const isOther = user.email !== readUserAddress(invitation.email) || (invitation.externalId ?? user.externalId) !== user.externalId
  if (isOther) return no('user_exists', user, made.requestId)
  const its = inviter.rulesOf(user.email)
  const requestId = mintId(its.now())
  const { decision } = await withHand(its, 'invite', requestId, (secrets, leaseMs) =>
    its.store.invite(scopeOf(its, requestId), {
      by: its.by,
      challenge: requestId,
      email: user.email,
      addressInEvent: addressInEvent(its, user.email),
      browserDigest: digest('browser', its.tenant, mintSecret()),
      returnTo,
      locale: invitation.locale ?? 'en',
      secrets,
      leaseMs,
    }),
  )
  its.tell(toldStart('start', decision))
  its.log.event('invite', { requestId, challenge: requestId, reason: decision.reason })
  if (decision.mail === null) return { ok: false, reason: decision.reason, user, retryAfterMs: decision.retryAfterMs, requestId }
  return { ok: true, user, expiresAt: decision.mail.linkExpiresAt, requestId }
}
