// A change of address, by whoever is signed in: ask for it, agree to it, take it back. What goes to which mailbox is minted here, for every
// address alike; what it means is decided inside the transaction.
import { decideUndo, type UndoDecision } from '../core/account.ts'
import { readAddress } from '../core/address.ts'
import { isUndo, type Ms } from '../core/model.ts'
import { isErased } from '../core/operator.ts'
import { paths } from '../core/paths.ts'
import type { ReasonCode } from '../core/reason.ts'
import { toldStart } from '../core/told.ts'
import { addressKey, digest, idsOf, mintId, mintSecret, SECRET_SHAPE, sessionKey } from '../secret.ts'
import type { ChangeMail, ChangeOutcome, ChangeRow } from '../store/account-store.ts'
import { type Asker, type Context, recordRefusal, scopeOf } from './context.ts'
import { withMails } from './mails.ts'
import { contextFor, contextsOf } from './roll-out.ts'
import { getSession } from './session.ts'
import {
  type Asked,
  addressInEvent,
  bucketNames,
  codeProof,
  linkDigest,
  linkProof,
  type OpenedLink,
  present,
  type Refused,
  readLinkId,
  resend,
  type TypedCode,
  type Verified,
} from './sign-in.ts'

/** The two mailboxes that may have to agree: the new one, and the one that is left. */
export type Side = 'change_email' | 'leave_email'

export function isSide(text: string | undefined): text is Side {
  return text === 'change_email' || text === 'leave_email'
}

export interface ChangeAsked {
  readonly ok: true
  readonly challenge: string
  /** For the browser cookie. */
  readonly browser: string
}

/** The answer is the same whether somebody has the new address or not. */
export async function startChange(
  base: Context,
  asker: Asker,
  request: { readonly email: string; readonly locale?: string | undefined },
): Promise<ChangeAsked | Refused> {
  const { store, tenant, keys } = base
  const { live, reason } = await getSession(base, asker.session, { touch: 'never' })
  if (live === null || asker.session === null) return { ok: false, reason, retryAfterMs: null }
  const read = readAddress(request.email)
  if (!read.ok) {
    recordRefusal(base, asker.requestId, 'start', 'address_invalid', { why: read.why })
    return { ok: false, reason: 'address_invalid', retryAfterMs: null }
  }
  const { email } = read.address
  const { requestId, session } = asker
  const browser = asker.browser ?? mintSecret()
  const browserDigest = digest('browser', tenant, browser)
  const context = contextFor(base, live.user.email)
  const outcome = await askChange(base, context, { email, requestId, second: 'leave_email' }, (mails) =>
    store.startChange(scopeOf(base, requestId), {
      key: sessionKey(tenant, session),
      by: 'session',
      operators: context.operators,
      email,
      addressInEvent: (address) => addressInEvent(context, address),
      browserDigest,
      returnTo: `${context.origin}${context.basePath}${paths.account}?notice=address_changed`,
      locale: request.locale ?? 'en',
      device: asker.device,
      network: asker.network,
      buckets: bucketNames(asker, browserDigest),
      ...mails,
    }),
  )
  const { decision, asked } = outcome
  for (const mail of [asked, outcome.second, outcome.undo]) if (mail !== null) context.tell(toldStart('start', mail.decision))
  const refused = asked?.decision.verdict === 'refuse' ? asked.decision : decision
  context.log.event('change_email_start', {
    requestId,
    challenge: requestId,
    reason: asked?.decision.reason ?? decision.reason,
    address: addressKey(keys, tenant, email),
  })
  if (decision.verdict !== 'go' || refused !== decision) return { ok: false, reason: refused.reason, retryAfterMs: refused.retryAfterMs }
  return { ok: true, challenge: requestId, browser }
}

type Mails = Readonly<Record<'asked' | 'second' | 'undo', ChangeMail>>

/** @param own of the address that the person has. */
export function askChange(
  base: Context,
  own: Context,
  request: { readonly email: string; readonly requestId: string; readonly second: 'leave_email' | 'undo_email' },
  work: (mails: Mails) => Promise<ChangeOutcome>,
): Promise<ChangeOutcome> {
  const { email, requestId, second } = request
  const asked = {
    context: contextFor(base, email),
    purpose: second === 'leave_email' ? 'change_email' : 'recover',
    challenge: requestId,
  } as const
  const mint = (purpose: 'leave_email' | 'undo_email') => ({ context: own, purpose, challenge: mintId(own.now()) }) as const
  return withMails({ asked, second: mint(second), undo: mint('undo_email') }, work, (outcome) => outcome)
}

/** Another mail to one of the two; only the browser that asked may, as long as somebody is signed in there. */
export async function resendChange(context: Context, asker: Asker, challenge: string, side: Side): Promise<Asked | Refused> {
  const { live, reason } = await getSession(context, asker.session, { touch: 'never' })
  if (live === null) return { ok: false, reason, retryAfterMs: null }
  const change = await findChange(context, challenge)
  if (change !== null && (change.endedAt !== null || change.appliedAt !== null))
    return { ok: false, reason: 'change_ended', retryAfterMs: null }
  return await resend(context, asker, challenge, side)
}

/** `verdict: 'agreed'`: the other mailbox has to agree as well. `signedIn`: the address is changed, and the session goes on under a new token. */
export function verifyChange(
  context: Context,
  asker: Asker,
  side: Side,
  request: TypedCode | { readonly link: OpenedLink },
): Promise<Verified> {
  const proof = 'link' in request ? linkProof(context, side, request.link) : codeProof(context, side, request)
  return present(context, asker, proof, (scope, input) =>
    context.store.confirmChange(scope, { ...input, purpose: side, recovery: null, aliveFrom: aliveFrom(context) }),
  )
}

/** Ids of what was mailed and may still be good sort after this; an hour for clocks that disagree. */
export function aliveFrom(context: Context): string {
  const lives = contextsOf(context).map(({ policy }) => policy.challengeTtl + Math.max(policy.linkTtl, policy.recovery.mailTtl))
  return idsOf(context.now() - Math.max(...lives) - 3_600_000)
}

/** null: the challenge is of no change. */
export async function findChange({ store, tenant }: Context, challenge: string): Promise<ChangeRow | null> {
  return (await store.viewChange(tenant, challenge))?.change ?? null
}

export interface Undone {
  readonly decision: UndoDecision
  /** The address that the account has again; null: nothing was undone. */
  readonly email: string | null
}

/** By the link of the notice, from any browser: the old mailbox is what proves it. */
export async function undoChange(
  context: Context,
  asker: Asker,
  request: { readonly id: string; readonly secret: string },
): Promise<Undone> {
  const { challenge, ordinal } = readLinkId(request.id)
  const { decision, email } = await context.store.undoChange(scopeOf(context, asker.requestId), {
    challenge,
    ordinal,
    linkDigest: SECRET_SHAPE.test(request.secret) ? linkDigest(context, 'undo_email', challenge, request.secret) : null,
    aliveFrom: aliveFrom(context),
  })
  context.dispatches.wake()
  context.log.event('undo_email', { requestId: asker.requestId, challenge, reason: decision.reason })
  return { decision, email }
}

export interface UndoLanding {
  readonly now: Ms
  /** What a POST with the right secret would be told. */
  readonly reason: ReasonCode
  readonly at: Ms | null
  readonly device: string
  readonly askedAt: Ms
  /** It is changed already; else only asked for. */
  readonly applied: boolean
}

/** A look: who has no more than the id of the link is told of no address. */
export async function viewUndo(context: Context, linkId: string): Promise<UndoLanding> {
  const { store, tenant } = context
  const { challenge, ordinal } = readLinkId(linkId)
  const found = challenge === '' ? null : await store.findChallenge(tenant, challenge, null)
  const mail = found?.mails.find((candidate) => candidate.ordinal === ordinal) ?? null
  const isOne = found !== null && isUndo(found.challenge.purpose) && mail !== null
  const view = isOne ? await store.viewChange(tenant, challenge) : null
  const now = found?.now ?? context.now()
  const { reason, at } = decideUndo({
    now,
    change: view &&
      mail && {
        undoUntil: Math.min(view.change.undoUntil, mail.linkExpiresAt),
        undoneAt: view.change.undoneAt,
        current: false,
        taken: false,
      },
    linkMatches: true,
    user: view !== null && isErased(view.change.oldEmail) ? null : { status: 'active' },
  })
  return {
    now,
    reason,
    at,
    device: found?.challenge.device ?? '',
    askedAt: found?.challenge.createdAt ?? now,
    applied: view?.change.appliedAt != null,
  }
}
