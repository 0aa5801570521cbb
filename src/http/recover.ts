// Getting back in without the mailbox, as pages. What a recovery opens is a cookie of its own, which no other route looks at; the links of its
// mails are http/link.ts.
import { isDormant } from '../core/dormant.ts'
import { paths } from '../core/paths.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import type { VerifyDecision } from '../core/verify.ts'
import { findChange } from '../flow/change.ts'
import { mintSecret } from '../flow/ids.ts'
import { viewCheck } from '../flow/landing.ts'
import {
  findRecovery,
  nameAddress,
  type Opened,
  openByBackup,
  presentRecoveryCode,
  resendRecover,
  startBackup,
  verifyRecover,
} from '../flow/recovery.ts'
import { contextFor } from '../flow/roll-out.ts'
import type { OpenedLink, TypedCode } from '../flow/sign-in.ts'
import {
  recoverAddressPage,
  recoverBackupPage,
  recoverBackupSentPage,
  recoveredPage,
  recoverPage,
  recoverSentPage,
} from '../page/recover.tsx'
import type { Problem } from '../page/view.ts'
import { readFormBody } from './body.ts'
import { browserCookie, endedRecoveryCookie, endedSessionCookie, recoveryCookie } from './cookies.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { faceOf, frameOf, html, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import { problemOf } from './sign-in.ts'
import type { Visit } from './visit.ts'

export function recoverRoutes(): RouteTable {
  const to = (path: string) => (visit: Visit) => redirect(visit, `${visit.context.basePath}${path}`)
  return {
    [paths.recover]: { GET: (visit) => recoverResponse(visit), POST: postRecover },
    [paths.recoverBackup]: { GET: (visit) => backupResponse(visit), POST: postBackup },
    [paths.recoverBackupCheck]: { GET: (visit, request) => backupSentResponse(visit, queryOf(request).get('c') ?? '') },
    [paths.recoverBackupCode]: { GET: to(paths.recoverBackup), POST: postBackupCode },
    [paths.recoverAddress]: { GET: (visit) => addressResponse(visit), POST: postAddress },
    [paths.recoverCheck]: { GET: getCheck },
    [paths.recoverCode]: { GET: to(paths.recoverAddress), POST: postCode },
    [paths.recoverResend]: { GET: to(paths.recoverAddress), POST: postResend },
    [paths.recovered]: { GET: (visit) => html(visit, recoveredPage(frameOf(visit, visit.context.now()))) },
  }
}

const began: readonly string[] = ['recovery_code_wrong', 'too_many_recovery_codes', 'too_many_requests', 'address_invalid']

interface Extra {
  readonly problem?: Problem | undefined
  readonly status?: number
}

function statusOf({ reason, retryAfterMs }: Problem): { readonly status: number; readonly retryAfterMs: number | null } {
  return { status: reasons[faceOf(reason)].status, retryAfterMs: retryAfterMs ?? null }
}

/** As it is shown: of some reasons no stranger learns more than the face. */
function faced(problem: Problem): Problem {
  return { ...problem, reason: faceOf(problem.reason) }
}

function recoverResponse(visit: Visit, email?: string, problem?: Problem): Outgoing {
  const { context, asker, site } = visit
  const cookies = [browserCookie(site.cookies, asker.browser ?? mintSecret())]
  if (problem !== undefined && !began.includes(faceOf(problem.reason))) return refuse(visit, problem, {}, { cookies })
  const view = { email, problem: problem && faced(problem) }
  return html(visit, recoverPage(frameOf(visit, context.now()), view), { cookies, ...(problem && statusOf(problem)) })
}

const recoverFields = { email: { max: 320, required: true }, code: { max: 200, required: true } } as const

async function postRecover(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, recoverFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { email, code } = body.values
  const result = await presentRecoveryCode(context, asker, { email, code, locale: visit.language })
  if (result.ok) return openedHere(visit, result)
  visit.log.reason = result.reason
  return recoverResponse(visit, email, problemOf(result))
}

/** On to the one thing that it is good for. */
function openedHere(visit: Visit, { token, livesMs, browser }: Opened): Outgoing {
  const { context, site } = visit
  visit.log.reason = 'recovery_opened'
  const cookies = [recoveryCookie(site.cookies, token, livesMs), browserCookie(site.cookies, browser)]
  // An empty fragment, or the browser takes the secret of a link along.
  return redirect(visit, `${context.basePath}${paths.recoverAddress}#`, { cookies })
}

function backupResponse(visit: Visit, email?: string, problem?: Problem): Outgoing {
  const { context, asker, site } = visit
  const cookies = [browserCookie(site.cookies, asker.browser ?? mintSecret())]
  const view = { email, problem: problem && faced(problem) }
  return html(visit, recoverBackupPage(frameOf(visit, context.now()), view), { cookies, ...(problem && statusOf(problem)) })
}

const backupFields = { email: { max: 320, required: true } } as const

async function postBackup(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readFormBody(request, backupFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { email } = body.values
  const result = await startBackup(context, asker, { email, locale: visit.language })
  if (result.ok) {
    visit.log.reason = 'mail_queued'
    const cookies = [browserCookie(site.cookies, result.browser)]
    return redirect(visit, `${context.basePath}${paths.recoverBackupCheck}?c=${result.challenge}`, { cookies })
  }
  visit.log.reason = result.reason
  return backupResponse(visit, email, problemOf(result))
}

async function backupSentResponse(visit: Visit, challenge: string, problem?: Problem, code?: string): Promise<Outgoing> {
  const check = await viewCheck(visit.context, visit.asker, challenge, 'recover_backup')
  if (check.email === null) return refuse(visit, problem ?? { reason: 'challenge_unknown' })
  const { resendAt, linkExpiresAt, codeExpiresAt } = check
  const sent = { challenge, resendAt, linkExpiresAt, codeExpiresAt, ...(code === undefined ? {} : { code }) }
  const page = recoverBackupSentPage(frameOf(visit, check.now), { sent, problem: problem && faced(problem) })
  return html(visit, page, problem && statusOf(problem))
}

const codeFields = { c: { max: 64, required: true }, code: { max: 400, required: true } } as const

async function postBackupCode(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readFormBody(request, codeFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { c: challenge, code } = body.values
  const opened = await openedResponse(visit, { challenge, code })
  if ('status' in opened) return opened
  return backupSentResponse(visit, challenge, problemOf(opened.decision), code.slice(0, 40))
}

/** 303 with the cookie of the limited session, or why there is none. */
export async function openedResponse(
  visit: Visit,
  request: TypedCode | { readonly link: OpenedLink },
): Promise<Outgoing | { readonly decision: VerifyDecision }> {
  const { opened, decision } = await openByBackup(visit.context, visit.asker, request, visit.language)
  visit.log.reason = decision.reason
  if (opened !== null) return openedHere(visit, opened)
  const over = decision.reason === 'link_used' || decision.reason === 'code_used'
  // "Back", or a second tap on the mail.
  if (over && (await findRecovery(visit.context, visit.asker)) !== null)
    return redirect(visit, `${visit.context.basePath}${paths.recoverAddress}#`)
  return { decision }
}

function beginAgain(visit: Visit, given?: Problem): Outgoing {
  return refuse(visit, given ?? { reason: 'recovery_over' }, {}, { cookies: [endedRecoveryCookie(visit.site.cookies)] })
}

async function addressResponse(visit: Visit, { problem }: Extra = {}, typed?: string): Promise<Outgoing> {
  const { context, asker } = visit
  const live = await findRecovery(context, asker)
  if (live === null) return beginAgain(visit)
  const { policy } = contextFor(context, live.email)
  const page = recoverAddressPage(frameOf(visit, live.now, policy), {
    email: live.email,
    dormant: isDormant(policy, live.inUseAt, live.now),
    until: live.recovery.openUntil ?? live.now,
    // What was named when the wait began, or before: to be agreed to, or changed.
    typed: typed ?? live.recovery.newEmail ?? undefined,
    problem: problem && faced(problem),
  })
  return html(visit, page, problem && statusOf(problem))
}

async function postAddress(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readFormBody(request, backupFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { email } = body.values
  const result = await nameAddress(context, asker, { email, locale: visit.language })
  if (result.ok) {
    visit.log.reason = 'change_asked'
    return redirect(visit, sentPath(visit, result.challenge), { cookies: [browserCookie(site.cookies, result.browser)] })
  }
  visit.log.reason = result.reason
  if (result.reason === 'recovery_over') return beginAgain(visit)
  if (result.reason === 'operator_protected') return refuse(visit, problemOf(result))
  return addressResponse(visit, { problem: problemOf(result) }, email)
}

function sentPath({ context }: Visit, challenge: string): string {
  return `${context.basePath}${paths.recoverCheck}?c=${challenge}`
}

function getCheck(visit: Visit, request: Incoming): Promise<Outgoing> {
  const query = queryOf(request)
  return sentResponse(visit, query.get('c') ?? '', { resent: query.get('sent') === 'again' })
}

interface SentExtra {
  readonly problem?: Problem
  readonly code?: string
  readonly resent?: boolean
}

async function sentResponse(visit: Visit, challenge: string, { problem, ...extra }: SentExtra): Promise<Outgoing> {
  const { context, asker } = visit
  const live = await findRecovery(context, asker)
  if (live === null) return beginAgain(visit, problem)
  const change = await findChange(context, challenge)
  const check = await viewCheck(context, asker, challenge, 'recover')
  if (check.email === null || change?.recovery !== live.recovery.id) return refuse(visit, problem ?? { reason: 'challenge_unknown' })
  if (change.endedAt !== null && problem === undefined) return redirect(visit, `${context.basePath}${paths.recoverAddress}`)
  const { email, resendAt, linkExpiresAt, codeExpiresAt } = check
  const page = recoverSentPage(frameOf(visit, check.now, check.policy), {
    email,
    sent: { challenge, resendAt, linkExpiresAt, codeExpiresAt, ...extra },
    problem: problem && faced(problem),
  })
  return html(visit, page, problem && statusOf(problem))
}

async function postCode(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readFormBody(request, codeFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { c: challenge, code } = body.values
  const { decision } = await verifyRecover(visit.context, visit.asker, { challenge, code })
  if (decision.verdict === 'done') return doneResponse(visit, decision.reason)
  visit.log.reason = decision.reason
  return sentResponse(visit, challenge, { problem: problemOf(decision), code: code.slice(0, 40) })
}

/** By code or link. Nobody is signed in by it, and who was is not any more. */
export function doneResponse(visit: Visit, reason: ReasonCode): Outgoing {
  const { context, site } = visit
  visit.log.reason = reason
  if (reason === 'backup_set') return redirect(visit, `${context.basePath}${paths.prepare}?notice=backup_set#`)
  const cookies = [endedRecoveryCookie(site.cookies), endedSessionCookie(site.cookies)]
  return redirect(visit, `${context.basePath}${paths.recovered}#`, { cookies })
}

const resendFields = { c: { max: 64, required: true } } as const

async function postResend(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readFormBody(request, resendFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { c: challenge } = body.values
  const result = await resendRecover(visit.context, visit.asker, challenge)
  visit.log.reason = result.ok ? 'mail_queued' : result.reason
  if (result.ok) return redirect(visit, `${sentPath(visit, challenge)}&sent=again`)
  return sentResponse(visit, challenge, { problem: problemOf(result) })
}
