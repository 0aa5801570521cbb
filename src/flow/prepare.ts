// What people prepare for the loss of their mailbox: codes on paper, and a backup address. By whoever is signed in, with a recent proof.
import { readAddress } from '../core/address.ts'
import type { ReasonCode } from '../core/reason.ts'
import { CROCKFORD, printedCode, RECOVERY_CODE_LENGTH } from '../core/recovery.ts'
import { toldStart } from '../core/told.ts'
import { mintPrinted, recoveryCodeDigests, SESSION_SHAPE, sessionKey } from '../secret.ts'
import type { Prepared } from '../store/recovery-store.ts'
import type { SessionKey } from '../store/store.ts'
import type { ChangeAsked } from './change.ts'
import { type Asker, type Context, recordRefusal, scopeOf } from './context.ts'
import { withMails } from './mails.ts'
import { contextFor } from './roll-out.ts'
import { getSession } from './session.ts'
import {
  type Asked,
  codeProof,
  linkProof,
  type OpenedLink,
  present,
  type Refused,
  resend,
  type TypedCode,
  type Verified,
} from './sign-in.ts'
import { requestOf, withNotices } from './telling.ts'

const refusal = (reason: ReasonCode, retryAfterMs: number | null = null): Refused => ({ ok: false, reason, retryAfterMs })

export function viewPrepared({ store, tenant }: Context, user: string): Promise<Prepared> {
  return store.viewPrepared(tenant, user)
}

function keyOf({ tenant }: Context, { session }: Asker): SessionKey | null {
  return session !== null && SESSION_SHAPE.test(session) ? sessionKey(tenant, session) : null
}

export interface Printed {
  readonly ok: true
  /** As they are printed; shown now, and never again. */
  readonly codes: readonly string[]
}

export async function printCodes(base: Context, asker: Asker, locale?: string | undefined): Promise<Printed | Refused> {
  const { live, reason } = await getSession(base, asker.session, { touch: 'never' })
  const key = keyOf(base, asker)
  if (live === null || key === null) return refusal(reason)
  const context = contextFor(base, live.user.email)
  const { tenant, keys, policy, operators, store } = context
  const { telling } = requestOf(context, asker, locale)
  const codes = Array.from({ length: policy.recovery.codes }, () => mintPrinted(CROCKFORD, RECOVERY_CODE_LENGTH))
  const digests = codes.map((code) => recoveryCodeDigests(keys, tenant, code)[0] as string)
  const { decision } = await withNotices(context, 'tell_codes', (notices) =>
    store.printCodes(scopeOf(base, asker.requestId), { ...telling, ...notices, key, operators, digests }),
  )
  context.log.event('recovery_codes', { requestId: asker.requestId, reason: decision.reason })
  if (decision.verdict !== 'go') return refusal(decision.reason, decision.retryAfterMs)
  return { ok: true, codes: codes.map(printedCode) }
}

/** Asks the mailbox that is to be the backup. One there is already stays until the new one is proved. */
export async function askBackup(
  base: Context,
  asker: Asker,
  request: { readonly email: string; readonly locale?: string | undefined },
): Promise<ChangeAsked | Refused> {
  const { live, reason } = await getSession(base, asker.session, { touch: 'never' })
  const key = keyOf(base, asker)
  if (live === null || key === null) return refusal(reason)
  const read = readAddress(request.email)
  if (!read.ok) {
    recordRefusal(base, asker.requestId, 'start', 'address_invalid', { why: read.why })
    return refusal('address_invalid')
  }
  const { email } = read.address
  const { requestId } = asker
  const context = contextFor(base, live.user.email)
  const { browser, telling } = requestOf(context, asker, request.locale)
  const asked = { context: contextFor(base, email), purpose: 'confirm_backup', challenge: requestId } as const
  const outcome = await withMails(
    { asked },
    (mails) => context.store.askBackup(scopeOf(base, requestId), { ...telling, ...mails, key, operators: context.operators, email }),
    (queued) => queued,
  )
  const { decision } = outcome
  if (outcome.asked !== null) context.tell(toldStart('start', outcome.asked.decision))
  const refused = outcome.asked?.decision.verdict === 'refuse' ? outcome.asked.decision : decision
  context.log.event('confirm_backup_start', { requestId, challenge: requestId, reason: outcome.asked?.decision.reason ?? decision.reason })
  if (decision.verdict !== 'go' || refused !== decision) return refusal(refused.reason, refused.retryAfterMs)
  return { ok: true, challenge: requestId, browser }
}

export async function resendBackup(context: Context, asker: Asker, challenge: string): Promise<Asked | Refused> {
  const { live, reason } = await getSession(context, asker.session, { touch: 'never' })
  if (live === null) return refusal(reason)
  const { pending } = await viewPrepared(context, live.user.id)
  if (pending?.challenge !== challenge) return refusal('change_ended')
  return await resend(context, asker, challenge, 'confirm_backup')
}

/** By a code or link of that mailbox, in the browser that asked, while the same person is signed in. */
export function verifyBackup(context: Context, asker: Asker, request: TypedCode | { readonly link: OpenedLink }): Promise<Verified> {
  const proof = 'link' in request ? linkProof(context, 'confirm_backup', request.link) : codeProof(context, 'confirm_backup', request)
  const { telling } = requestOf(context, asker, undefined)
  return present(context, asker, proof, async (scope, input) => {
    const { verified } = await withNotices(context, 'tell_backup', (notices) =>
      context.store.confirmBackup(scope, { ...telling, ...input, ...notices }),
    )
    return verified
  })
}

/** `backup_removed`: it is done, also where there was none. */
export async function removeBackup(base: Context, asker: Asker, locale?: string | undefined): Promise<Refused> {
  const key = keyOf(base, asker)
  if (key === null) return refusal('session_unknown')
  const { telling } = requestOf(base, asker, locale)
  const { decision } = await withNotices(base, 'tell_backup', (notices) =>
    base.store.removeBackup(scopeOf(base, asker.requestId), { ...telling, ...notices, key, operators: base.operators }),
  )
  base.log.event('backup_removed', { requestId: asker.requestId, reason: decision.reason })
  return refusal(decision.reason, decision.retryAfterMs)
}
