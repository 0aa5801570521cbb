// What a GET of a link, or of the "check your mail" page, may show. Asks the same pure function that will judge the POST, and
// writes nothing: a scanner may come a thousand times.
import type { MailboxClass } from '../core/mailbox.ts'
import type { Challenge, Ms, Proof, Purpose, User } from '../core/model.ts'
import { paths } from '../core/paths.ts'
import type { Policy } from '../core/policy.ts'
import { codeEnd, decideVerify, linkEnd, type VerifyDecision, type VerifyFacts } from '../core/verify.ts'
import { digest, ID_SHAPE, sessionKey, sessionTokens } from '../secret.ts'
import type { ChangeRow } from '../store/account-store.ts'
import type { ChallengeView } from '../store/store.ts'
import { findChange, isSide } from './change.ts'
import type { Asker, Context } from './context.ts'
import { findRecovery } from './recovery.ts'
import { contextFor, contextsOf } from './roll-out.ts'
import { findLiveSession } from './session.ts'
import { readLinkId, readReturn } from './sign-in.ts'

export interface Landing {
  readonly now: Ms
  /** When the mail with this link was queued, and which of the challenge it is; null: no mail has it. */
  readonly mail: { readonly ordinal: number; readonly createdAt: Ms } | null
  /** What a POST with the right secret from this browser would be told. */
  readonly decision: VerifyDecision
  readonly challenge: string
  /** What the link is for. */
  readonly purpose: Purpose
  readonly bound: boolean
  readonly email: string | null
  /** Some mail of the challenge brought a code. */
  readonly hasCode: boolean
  /** Who receives the mail of the challenge, for those who count. */
  readonly mailbox: MailboxClass
  readonly device: string
  readonly askedAt: Ms
  readonly returnTo: string | null
  /** Who is signed in in this browser. */
  readonly signedIn: User | null
  /** This browser is signed in as the person the mail went to. */
  readonly sameUser: boolean
  /** Under which it is decided. */
  readonly policy: Policy
  /** Nobody who may be meant gets links, and no link from before is left that somebody could still open. */
  readonly gone: boolean
}

export async function viewLink(context: Context, asker: Asker, linkId: string): Promise<Landing> {
  const { challenge: id, ordinal } = readLinkId(linkId)
  const view = await find(context, asker, id)
  const mail = view?.mails.find((candidate) => candidate.ordinal === ordinal) ?? null
  const now = view?.now ?? context.now()
  const { policy } = view === null ? context : contextFor(context, view.challenge.email)
  const signedIn = await findLiveSession(context, asker.session)
  const purpose = view?.challenge.purpose ?? 'sign_in'
  const change = isSide(purpose) || purpose === 'recover' ? await findChange(context, id) : null
  // A limited session is looked for only where the link is for one.
  const limited = purpose === 'recover' || purpose === 'recover_backup' ? await findRecovery(context, asker) : null
  const isLimited = limited !== null && limited.recovery.id === (purpose === 'recover' ? change?.recovery : id)
  const sameUser =
    signedIn !== null &&
    (purpose === 'confirm_backup' || (change === null ? signedIn.user.email === view?.challenge.email : signedIn.user.id === change.user))
  const decision = decideVerify(policy, {
    now,
    proof: 'link',
    bound: view?.bound ?? false,
    challenge: view && standingOf(view.challenge),
    mail: mail?.hasLink ? mail : null,
    linkMatches: true,
    code: null,
    address: 'absent',
    failures: [],
    // Whether this person may sign in is told to nobody who has not proved the mailbox.
    user: { status: 'active', confirmed: true },
    session:
      purpose === 'recover_backup'
        ? limited && isLimited
          ? { createdAt: limited.recovery.openedAt ?? 0, ended: false }
          : null
        : mail !== null && (mail.linkUsedAt !== null || view?.challenge.completedAt != null)
          ? await ownSession(context, asker, id)
          : null,
    otherSession: false,
    ...(purpose === 'sign_in'
      ? {}
      : purpose === 'invite'
        ? { invited: true }
        : { purpose, open: true, holder: holderOf(purpose, { signedIn: signedIn?.user ?? null, sameUser, isLimited }) }),
    ...(change === null ? {} : { change: standing(change, purpose) }),
    // Whether somebody has the new address is told to nobody who has not proved it.
    ...(purpose === 'begin_recovery' ? { recovery: { open: true, taken: false } } : {}),
  })
  return {
    now,
    mail: mail && { ordinal: mail.ordinal, createdAt: mail.createdAt },
    decision,
    challenge: id,
    purpose,
    bound: view?.bound ?? false,
    // To which backup address it went is nobody's business who knows of the account: only of whoever reads it.
    email: view?.bound && purpose !== 'recover_backup' ? view.challenge.email : null,
    hasCode: view?.mails.some((one) => one.hasCode) ?? false,
    mailbox: view === null ? 'other' : context.mailboxOf(view.challenge.email),
    device: view?.challenge.device ?? '',
    askedAt: view?.challenge.createdAt ?? now,
    // One mailbox has agreed, and the other not: on to where its code is typed.
    returnTo:
      view === null
        ? null
        : isSide(purpose) && change !== null && change.appliedAt === null
          ? `${context.basePath}${paths.addressCheck}?c=${id}`
          : readReturn(context, view.challenge.returnTo),
    signedIn: signedIn?.user ?? null,
    sameUser,
    policy,
    gone: !mayUse(context, view, 'link') && !(mail?.hasLink === true && now < mail.linkExpiresAt),
  }
}

interface Here {
  readonly signedIn: User | null
  readonly sameUser: boolean
  readonly isLimited: boolean
}

function holderOf(purpose: Purpose, { signedIn, sameUser, isLimited }: Here): NonNullable<VerifyFacts['holder']> {
  if (purpose === 'recover') return isLimited ? 'same' : 'nobody'
  if (purpose === 'recover_backup') return 'nobody'
  // Whose backup it is to be is known once it is posted: whoever is signed in here may have asked.
  if (purpose === 'confirm_backup') return signedIn === null ? 'nobody' : 'same'
  return signedIn === null ? 'nobody' : sameUser ? 'same' : 'other'
}

/** Whether the way of proving is one of the person's; of nobody known: of anybody. */
function mayUse(context: Context, view: ChallengeView | null, proof: Proof): boolean {
  const contexts = view === null ? contextsOf(context) : [contextFor(context, view.challenge.email)]
  return contexts.some(({ policy }) => policy.methods.includes(proof))
}

function standingOf({ createdAt, completedAt, disownedAt }: Challenge): NonNullable<VerifyFacts['challenge']> {
  return { createdAt, completedAt, ...(disownedAt === null ? {} : { disownedAt }) }
}

/** As far as a look may know: whether somebody has the new address is told to nobody who has not proved it. */
function standing({ endedAt, appliedAt, both, newProvedAt, oldProvedAt }: ChangeRow, purpose: Purpose): NonNullable<VerifyFacts['change']> {
  const other = purpose === 'change_email' ? oldProvedAt : newProvedAt
  return { open: endedAt === null && appliedAt === null, taken: false, both: both === 1, other: other !== null }
}

/** What this browser got from the challenge, though the cookie may never have arrived: then the link has to lead on once more. */
async function ownSession(context: Context, asker: Asker, challenge: string): Promise<VerifyFacts['session']> {
  if (asker.browser === null) return null
  for (const token of sessionTokens(context.keys, context.tenant, challenge, asker.browser)) {
    const found = await context.store.findSession(context.tenant, context.policy, sessionKey(context.tenant, token))
    if (found !== null) return { createdAt: found.session.provedAt, ended: found.session.endedAt !== null }
  }
  return null
}

export interface Check {
  readonly now: Ms
  readonly challenge: string
  /** null: this browser did not ask. */
  readonly email: string | null
  readonly returnTo: string | null
  readonly completed: boolean
  /** When whoever has the mail said that they did not ask; null: nobody did, or this browser did not ask. */
  readonly disownedAt: Ms | null
  readonly resendAt: Ms
  readonly linkExpiresAt: Ms
  readonly codeExpiresAt: Ms
  /** The newest mail will not come: told where that says nothing of who has an account. */
  readonly undelivered: boolean
  readonly signedIn: User | null
  readonly sameUser: boolean
  /** As of a landing. */
  readonly policy: Policy
  readonly gone: boolean
}

/** @param purpose what the page is for: to it, a challenge for something else is one that this browser never asked for. */
export async function viewCheck(context: Context, asker: Asker, challenge: string, purpose: Purpose = 'sign_in'): Promise<Check> {
  const view = await find(context, asker, ID_SHAPE.test(challenge) ? challenge : '')
  const bound = view?.bound && view.challenge.purpose === purpose ? view : null
  const newest = bound?.mails.at(-1)
  const signedIn = await findLiveSession(context, asker.session)
  const now = view?.now ?? context.now()
  const { policy } = view === null ? context : contextFor(context, view.challenge.email)
  const alive = view?.mails.some((mail) => mail.hasCode && now < mail.codeExpiresAt) ?? false
  return {
    now,
    challenge,
    email: bound?.challenge.email ?? null,
    returnTo: bound ? readReturn(context, bound.challenge.returnTo) : null,
    completed: bound !== null && bound.challenge.completedAt !== null,
    disownedAt: bound?.challenge.disownedAt ?? null,
    resendAt: newest ? newest.createdAt + policy.resendAfter : now,
    linkExpiresAt: newest ? linkEnd(policy, newest, purpose) : now,
    codeExpiresAt: newest ? codeEnd(policy, newest, purpose) : now,
    // Where not everybody may sign up, only who has an account is sent a mail that can come back.
    undelivered: bound?.undelivered === true && policy.signUp === 'open',
    signedIn: signedIn?.user ?? null,
    sameUser: signedIn !== null && signedIn.user.email === bound?.challenge.email,
    policy,
    gone: !mayUse(context, view, 'code') && !alive,
  }
}

function find(context: Context, asker: Asker, id: string): Promise<ChallengeView | null> {
  if (id === '') return Promise.resolve(null)
  return context.store.findChallenge(context.tenant, id, asker.browser === null ? null : digest('browser', context.tenant, asker.browser))
}
