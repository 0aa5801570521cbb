// Proving the mailbox again, by whoever is signed in: before something that changes who can get in, or because the host asks for it. The
// mail goes to the stored address of the session, and nowhere else.
import type { Ms } from '../core/model.ts'
import { paths } from '../core/paths.ts'
import type { ReasonCode } from '../core/reason.ts'
import { isProofRecent } from '../core/session.ts'
import { toldStart } from '../core/told.ts'
import { digest, mintSecret, sessionKey } from '../secret.ts'
import { type Asker, type Context, recordRefusal, scopeOf } from './context.ts'
import { contextFor } from './roll-out.ts'
import { getSession, type LiveSession, liveOf, viewSession } from './session.ts'
import {
  type Asked,
  addressInEvent,
  asked,
  bucketNames,
  codeProof,
  linkProof,
  type OpenedLink,
  present,
  type Refused,
  readReturn,
  resend,
  type TypedCode,
  type Verified,
  withHand,
} from './sign-in.ts'

const PURPOSE = 'step_up'

export interface StepUpRequest {
  /** Where a good proof leads; default: the account page. */
  readonly returnTo?: string | null | undefined
  readonly locale?: string | undefined
}

/** Asks for a mail to the address of the session that the request carries. */
export async function startStepUp(base: Context, asker: Asker, request: StepUpRequest): Promise<Asked | Refused> {
  const { store, tenant } = base
  const { live, reason } = await getSession(base, asker.session, { touch: 'never' })
  if (live === null || asker.session === null) return { ok: false, reason, retryAfterMs: null }
  const context = contextFor(base, live.user.email)
  const returnTo = readReturn(context, request.returnTo)
  if (returnTo === null) {
    recordRefusal(context, asker.requestId, 'start', 'return_invalid', {})
    return { ok: false, reason: 'return_invalid', retryAfterMs: null }
  }
  const { requestId, session } = asker
  const browser = asker.browser ?? mintSecret()
  const browserDigest = digest('browser', tenant, browser)
  const { decision, now } = await withHand(context, PURPOSE, requestId, (secrets, leaseMs) =>
    store.startStepUp(scopeOf(context, requestId), {
      key: sessionKey(tenant, session),
      challenge: requestId,
      addressInEvent: (email) => addressInEvent(context, email),
      browserDigest,
      returnTo,
      locale: request.locale ?? 'en',
      device: asker.device,
      network: asker.network,
      buckets: bucketNames(asker, browserDigest),
      secrets,
      leaseMs,
    }),
  )
  context.tell(toldStart('start', decision))
  context.log.event('step_up_start', { requestId, challenge: requestId, reason: decision.reason })
  if (decision.verdict === 'refuse') return { ok: false, reason: decision.reason, retryAfterMs: decision.retryAfterMs }
  return asked(context.policy, requestId, browser, now)
}

/** Asks for another mail; only the browser that asked may, as long as somebody is signed in there. */
export async function resendStepUp(context: Context, asker: Asker, challenge: string): Promise<Asked | Refused> {
  const { live, reason } = await getSession(context, asker.session, { touch: 'never' })
  if (live === null) return { ok: false, reason, retryAfterMs: null }
  return await resend(context, asker, challenge, PURPOSE)
}

export function verifyStepUp(context: Context, asker: Asker, request: TypedCode | { readonly link: OpenedLink }): Promise<Verified> {
  const proof = 'link' in request ? linkProof(context, PURPOSE, request.link) : codeProof(context, PURPOSE, request)
  return present(context, asker, proof, (scope, input) => context.store.renew(scope, input))
}

export type RecentProof =
  | { readonly live: LiveSession; readonly reason: 'proof_recent' }
  /** `goTo`: where to send the person: a page of this server that leads back. */
  | { readonly live: null; readonly reason: ReasonCode; readonly goTo: string }

/**
 * Is somebody signed in, and was their mailbox proved within `maxAge`? A look: it changes nothing and does not keep the session from going
 * idle.
 */
export async function requireRecentProof(context: Context, token: string | null, maxAge: Ms, returnTo: string): Promise<RecentProof> {
  const { view, reason } = await viewSession(context, token)
  const back = `?return_to=${encodeURIComponent(returnTo)}`
  const at = `${context.origin}${context.basePath}`
  if (view === null) return { live: null, reason, goTo: `${at}${paths.signIn}${back}` }
  if (!isProofRecent(view.session, maxAge, view.now)) return { live: null, reason: 'proof_old', goTo: `${at}${paths.confirm}${back}` }
  return { live: liveOf(context, view), reason: 'proof_recent' }
}
