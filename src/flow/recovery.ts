// Getting back in without the mailbox: a printed code or a mail to the backup address opens a limited session, and that can name another
// address. Everything random is minted here, for every address alike.
import { readAddress } from '../core/address.ts'
import type { Ms } from '../core/model.ts'
import { paths } from '../core/paths.ts'
import type { ReasonCode } from '../core/reason.ts'
import { readRecoveryCode } from '../core/recovery.ts'
import { toldStart } from '../core/told.ts'
import { addressKey, recoveryCodeDigests, recoveryKey, recoveryTokens } from '../secret.ts'
import type { LiveRecovery } from '../store/recovery-store.ts'
import { aliveFrom, askChange, type ChangeAsked } from './change.ts'
import { type Asker, type Context, recordRefusal, recoveryKeyOf, scopeOf } from './context.ts'
import { contextFor } from './roll-out.ts'
import {
  type Asked,
  asked,
  codeProof,
  linkProof,
  type OpenedLink,
  present,
  type Refused,
  resend,
  type TypedCode,
  type Verified,
  withHand,
} from './sign-in.ts'
import { requestOf, withNotices } from './telling.ts'

/** A limited session: for its cookie, which lives as long as it does. */
export interface Opened {
  readonly ok: true
  readonly token: string
  readonly livesMs: Ms
  readonly browser: string
}

const refusal = (reason: ReasonCode, retryAfterMs: Ms | null = null): Refused => ({ ok: false, reason, retryAfterMs })

/** The address of an account and one of its printed codes. Whether there is such an account is told by nothing but a right code. */
export async function presentRecoveryCode(
  base: Context,
  asker: Asker,
  request: { readonly email: string; readonly code: string; readonly locale?: string | undefined },
): Promise<Opened | Refused> {
  const read = readAddress(request.email)
  if (!read.ok) {
    recordRefusal(base, asker.requestId, 'start', 'address_invalid', { why: read.why })
    return refusal('address_invalid')
  }
  const { email } = read.address
  const context = contextFor(base, email)
  const { tenant, keys, store } = context
  const { requestId } = asker
  const { browser, telling } = requestOf(context, asker, request.locale)
  const code = readRecoveryCode(request.code)
  const tokensOf = (recovery: string): readonly string[] => recoveryTokens(keys, tenant, recovery, browser)
  const [token = ''] = tokensOf(requestId)
  const account = addressKey(keys, tenant, email)
  const { decision, again } = await withNotices(
    context,
    'tell_recovery',
    (notices) =>
      store.presentCode(scopeOf(base, requestId), {
        ...telling,
        ...notices,
        email,
        codeDigests: code === null ? null : recoveryCodeDigests(keys, tenant, code),
        limits: { strangers: `recover:${account}`, knownBrowser: `recover-known:${account}` },
        operators: context.operators,
        session: recoveryKey(tenant, token),
        digestsOf: (recovery) => tokensOf(recovery).map((one) => recoveryKey(tenant, one).digest),
      }),
    requestId,
  )
  context.log.event('recovery_code', { requestId, reason: decision.reason, address: account })
  const given = again === null ? token : (tokensOf(again.recovery)[again.index] ?? '')
  if (decision.verdict !== 'opened' && decision.verdict !== 'replayed') return refusal(decision.reason, decision.retryAfterMs)
  return { ok: true, token: given, livesMs: context.policy.recovery.sessionTtl, browser }
}

/** A look. null: the limited session of this browser is over, or there is none. */
export function findRecovery(context: Context, asker: Asker): Promise<LiveRecovery | null> {
  const key = recoveryKeyOf(context, asker)
  return key === null ? Promise.resolve(null) : context.store.findLiveRecovery(context.tenant, key)
}

/** Names another address, by the limited session. The answer is the same whether somebody has that address or not. */
export async function nameAddress(
  base: Context,
  asker: Asker,
  request: { readonly email: string; readonly locale?: string | undefined },
): Promise<ChangeAsked | Refused> {
  const live = await findRecovery(base, asker)
  const key = recoveryKeyOf(base, asker)
  if (live === null || key === null) return refusal('recovery_over')
  const read = readAddress(request.email)
  if (!read.ok) {
    recordRefusal(base, asker.requestId, 'start', 'address_invalid', { why: read.why })
    return refusal('address_invalid')
  }
  const { email } = read.address
  const { requestId } = asker
  const context = contextFor(base, live.email)
  const { browser, telling } = requestOf(context, asker, request.locale)
  const returnTo = `${context.origin}${context.basePath}${paths.signIn}`
  const outcome = await askChange(base, context, { email, requestId, second: 'undo_email' }, (mails) =>
    context.store.startChange(scopeOf(base, requestId), {
      ...telling,
      key,
      by: 'recovery',
      operators: context.operators,
      email,
      ...mails,
      returnTo,
    }),
  )
  const { decision, asked: toNew } = outcome
  for (const mail of [toNew, outcome.second, outcome.undo]) if (mail !== null) context.tell(toldStart('start', mail.decision))
  const refused = toNew?.decision.verdict === 'refuse' ? toNew.decision : decision
  context.log.event('recover_start', {
    requestId,
    challenge: requestId,
    reason: toNew?.decision.reason ?? decision.reason,
    address: addressKey(context.keys, context.tenant, email),
  })
  if (decision.verdict !== 'go' || refused !== decision) return refusal(refused.reason, refused.retryAfterMs)
  return { ok: true, challenge: requestId, browser }
}

export async function resendRecover(context: Context, asker: Asker, challenge: string): Promise<Asked | Refused> {
  if ((await findRecovery(context, asker)) === null) return refusal('recovery_over')
  return await resend(context, asker, challenge, 'recover')
}

/** By a code or link of the new mailbox, in the browser of the limited session. `done`: the address is set, and nobody is signed in. */
export function verifyRecover(context: Context, asker: Asker, request: TypedCode | { readonly link: OpenedLink }): Promise<Verified> {
  const proof = 'link' in request ? linkProof(context, 'recover', request.link) : codeProof(context, 'recover', request)
  return present(context, asker, proof, (scope, input) =>
    context.store.confirmChange(scope, {
      ...input,
      purpose: 'recover',
      recovery: recoveryKeyOf(context, asker),
      aliveFrom: aliveFrom(context),
    }),
  )
}

/** A mail to the backup address of the account, if there is one: the answer is the same for every address. */
export async function startBackup(
  base: Context,
  asker: Asker,
  request: { readonly email: string; readonly locale?: string | undefined },
): Promise<Asked | Refused> {
  const read = readAddress(request.email)
  if (!read.ok) {
    recordRefusal(base, asker.requestId, 'start', 'address_invalid', { why: read.why })
    return refusal('address_invalid')
  }
  const { email } = read.address
  const context = contextFor(base, email)
  const { requestId } = asker
  const { browser, telling } = requestOf(context, asker, request.locale)
  const returnTo = `${context.origin}${context.basePath}${paths.recoverAddress}`
  const { decision, now } = await withHand(context, 'recover_backup', requestId, (secrets, leaseMs) =>
    context.store.startBackup(scopeOf(base, requestId), { ...telling, returnTo, challenge: requestId, email, secrets, leaseMs }),
  )
  context.tell(toldStart('start', decision))
  context.log.event('recover_backup_start', {
    requestId,
    challenge: requestId,
    reason: decision.reason,
    address: addressKey(context.keys, context.tenant, email),
  })
  if (decision.verdict === 'refuse') return refusal(decision.reason, decision.retryAfterMs)
  return asked(context.policy, requestId, browser, now)
}

export interface OpenedByMail extends Verified {
  /** null: it was not opened. */
  readonly opened: Opened | null
}

/** By a code or link of the backup mailbox, in the browser that asked. The same browser has the same limited session again, as of a sign-in. */
export async function openByBackup(
  context: Context,
  asker: Asker,
  request: TypedCode | { readonly link: OpenedLink },
  locale?: string | undefined,
): Promise<OpenedByMail> {
  const { tenant, keys } = context
  const proof = 'link' in request ? linkProof(context, 'recover_backup', request.link) : codeProof(context, 'recover_backup', request)
  const { browser, telling } = requestOf(context, asker, locale)
  const tokens = recoveryTokens(keys, tenant, proof.challenge, browser)
  let index = 0
  const verified = await present(context, { ...asker, browser }, proof, async (scope, input) => {
    const { verified } = await withNotices(context, 'tell_recovery', (notices) =>
      context.store.openBackup(scope, {
        ...telling,
        ...input,
        ...notices,
        sessionDigests: tokens.map((token) => recoveryKey(tenant, token).digest),
      }),
    )
    index = verified.sessionIndex
    return verified
  })
  const { verdict } = verified.decision
  const token = verdict === 'opened' || verdict === 'replayed' ? tokens[index] : undefined
  const livesMs = context.policy.recovery.sessionTtl
  return { ...verified, opened: token === undefined ? null : { ok: true, token, livesMs, browser } }
}
