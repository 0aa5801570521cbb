// Getting back in by waiting, as pages: ask, type the code of the new mailbox, stop it by link or in a session, go on after the wait. Links of
// its mails are inert: a GET shows a page.
import { paths } from '../core/paths.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { approvalsMissing, type WaitDecision, waitingOf } from '../core/recovery-wait.ts'
import { mintSecret } from '../flow/ids.ts'
import { viewCheck } from '../flow/landing.ts'
import {
  beginWait,
  cancelByLink,
  cancelInSession,
  openWait,
  resendWait,
  startWait,
  untilOf,
  viewNotice,
  viewWait,
} from '../flow/recovery-wait.ts'
import { waitBegunPage, waitOpenPage, waitPage, waitSentPage, waitStopPage, waitStoppedPage } from '../page/recovery-wait.tsx'
import type { Problem } from '../page/view.ts'
import { readFormBody } from './body.ts'
import { signInFirst } from './confirm.ts'
import { browserCookie, recoveryCookie } from './cookies.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { faceOf, frameOf, html, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import { problemOf } from './sign-in.ts'
import type { Visit } from './visit.ts'

export function waitRoutes(): RouteTable {
  const toAsk = (visit: Visit): Outgoing => redirect(visit, `${visit.context.basePath}${paths.recoverWait}`)
  const toAccount = (visit: Visit): Outgoing => redirect(visit, `${visit.context.basePath}${paths.account}`)
  return {
    [paths.recoverWait]: { GET: (visit) => askResponse(visit), POST: postAsk },
    [paths.recoverWaitCheck]: { GET: getCheck },
    [paths.recoverWaitCode]: { GET: toAsk, POST: postCode },
    [paths.recoverWaitResend]: { GET: toAsk, POST: postResend },
    [`${paths.recoverCancel}/…`]: { GET: getStop, POST: postStop },
    [`${paths.recoverOpen}/…`]: { GET: getOpen, POST: postOpen },
    [paths.recoveryStop]: { GET: toAccount, POST: postStopHere },
  }
}

type Typed = Pick<Parameters<typeof waitPage>[1], 'account' | 'email' | 'of'>

function askResponse(visit: Visit, problem?: Problem, typed: Typed = {}): Outgoing {
  const { context, asker, site } = visit
  if (context.policy.recovery.wait === null) return refuse(visit, { reason: 'recovery_off' })
  const page = waitPage(frameOf(visit, context.now()), { ...typed, problem })
  const cookies = [browserCookie(site.cookies, asker.browser ?? mintSecret())]
  if (problem === undefined) return html(visit, page, { cookies })
  return html(visit, page, { cookies, status: reasons[faceOf(problem.reason)].status, retryAfterMs: problem.retryAfterMs })
}

const askFields = { account: { max: 320, required: true }, email: { max: 320, required: true } } as const

async function postAsk(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readFormBody(request, askFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const result = await startWait(context, asker, { ...body.values, locale: visit.language })
  visit.log.reason = result.ok ? 'recovery_asked' : result.reason
  if (result.ok) return redirect(visit, checkPath(visit, result.challenge), { cookies: [browserCookie(site.cookies, result.browser)] })
  if (result.reason === 'recovery_off') return refuse(visit, problemOf(result))
  return askResponse(visit, problemOf(result), { ...body.values, of: result.of })
}

function checkPath({ context }: Visit, challenge: string): string {
  return `${context.basePath}${paths.recoverWaitCheck}?c=${challenge}`
}

function getCheck(visit: Visit, request: Incoming): Promise<Outgoing> {
  const query = queryOf(request)
  return checkResponse(visit, query.get('c') ?? '', { resent: query.get('sent') === 'again' })
}

interface CheckExtra {
  readonly problem?: Problem
  readonly code?: string
  readonly resent?: boolean
}

async function checkResponse(visit: Visit, challenge: string, { problem, ...extra }: CheckExtra): Promise<Outgoing> {
  const { context, asker } = visit
  const { email, completed, now, policy, resendAt, linkExpiresAt, codeExpiresAt } = await viewCheck(
    context,
    asker,
    challenge,
    'begin_recovery',
  )
  const frame = frameOf(visit, now, policy)
  if (email === null) return refuse(visit, problem ?? { reason: 'challenge_unknown' })
  if (completed) {
    const look = await viewWait(context, challenge)
    if (look === null) return refuse(visit, problem ?? { reason: 'challenge_unknown' })
    const approvals = approvalsMissing(policy.recovery, waitingOf(look.wait)) > 0
    return html(visit, waitBegunPage(frame, { email, readyAt: untilOf(look), approvals }))
  }
  const page = waitSentPage(frame, { email, sent: { challenge, resendAt, linkExpiresAt, codeExpiresAt, ...extra }, problem })
  if (problem === undefined) return html(visit, page)
  return html(visit, page, { status: reasons[faceOf(problem.reason)].status, retryAfterMs: problem.retryAfterMs })
}

const codeFields = { c: { max: 64, required: true }, code: { max: 400, required: true } } as const

async function postCode(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, codeFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { c: challenge, code } = body.values
  const { decision } = await beginWait(context, asker, { challenge, code }, visit.language)
  visit.log.reason = decision.reason
  if (decision.verdict === 'agreed') return redirect(visit, checkPath(visit, challenge))
  return checkResponse(visit, challenge, { problem: problemOf(decision), code: code.slice(0, 40) })
}

const resendFields = { c: { max: 64, required: true } } as const

async function postResend(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, resendFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { c: challenge } = body.values
  const result = await resendWait(context, asker, challenge)
  visit.log.reason = result.ok ? 'mail_queued' : result.reason
  if (result.ok) return redirect(visit, `${checkPath(visit, challenge)}&sent=again`)
  return checkResponse(visit, challenge, { problem: problemOf(result) })
}

/** The id is 17 letters and digits; behind it the secret, where the policy puts that into the path. */
function split({ context }: Visit, given: string): { readonly id: string; readonly secret: string | undefined } {
  const rest = given.slice(17)
  return { id: given.slice(0, 17), secret: context.policy.linkSecret === 'path' && rest.startsWith('/') ? rest.slice(1) : undefined }
}

const secretOf = (text: string): string => /([0-9A-Za-z]{43})\s*$/.exec(text)?.[1] ?? ''

function getStop(visit: Visit, _: Incoming, given: string): Promise<Outgoing> {
  const { id, secret } = split(visit, given)
  return stopResponse(visit, id, secret)
}

async function stopResponse(visit: Visit, id: string, secret: string | undefined, problem?: Problem): Promise<Outgoing> {
  const { now, decision, look } = await viewNotice(visit.context, id, 'cancel_recovery')
  if (decision.verdict === 'refuse' || look === null) return refuse(visit, { reason: decision.reason, at: decision.at ?? undefined })
  const frame = frameOf(visit, now)
  if (decision.verdict === 'repeated') return html(visit, waitStoppedPage(frame, { at: decision.at ?? now }))
  const { device, createdAt: askedAt } = look.wait
  const page = waitStopPage(frame, { linkId: id, secret, device, askedAt, readyAt: untilOf(look), problem })
  return html(visit, page, { status: problem === undefined ? 200 : reasons[faceOf(problem.reason)].status })
}

/** Long enough for a whole link, which is pasted where no script reads it out of the address. */
const stopFields = { secret: { max: 600, required: true } } as const

async function postStop(visit: Visit, request: Incoming, given: string): Promise<Outgoing> {
  const { context, asker } = visit
  const { id } = split(visit, given)
  const body = await readFormBody(request, stopFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const decision = await cancelByLink(context, asker, { id, secret: secretOf(body.values.secret) })
  visit.log.reason = decision.reason
  // An empty fragment, or the browser takes the secret along.
  if (decision.verdict !== 'refuse') return redirect(visit, `${context.basePath}${paths.recoverCancel}/${id}#`)
  return notNow(visit, decision, (problem) => stopResponse(visit, id, undefined, problem))
}

/** The whole link did not arrive: the page asks for it. Everything else is an end. */
function notNow(visit: Visit, { reason, at }: Pick<WaitDecision, 'reason' | 'at'>, again: (problem: Problem) => Promise<Outgoing>) {
  if (reason === 'link_malformed') return again({ reason })
  return refuse(visit, { reason, at: at ?? undefined })
}

function getOpen(visit: Visit, _: Incoming, given: string): Promise<Outgoing> {
  const { id, secret } = split(visit, given)
  return openResponse(visit, id, secret)
}

/** Under these the link is good, and the address is still to be typed. */
const OPENS: ReadonlySet<ReasonCode> = new Set(['address_needed', 'address_mismatch'])

async function openResponse(visit: Visit, id: string, secret: string | undefined, problem?: Problem): Promise<Outgoing> {
  const { now, decision } = await viewNotice(visit.context, id, 'open_recovery')
  if (!OPENS.has(decision.reason)) return refuse(visit, { reason: decision.reason, at: decision.at ?? undefined })
  const page = waitOpenPage(frameOf(visit, now), { linkId: id, secret, problem })
  return html(visit, page, { status: problem === undefined ? 200 : reasons[faceOf(problem.reason)].status })
}

const openFields = { secret: { max: 600, required: true }, email: { max: 320, required: false } } as const

async function postOpen(visit: Visit, request: Incoming, given: string): Promise<Outgoing> {
  const { context, asker, site } = visit
  const { id } = split(visit, given)
  const body = await readFormBody(request, openFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const secret = secretOf(body.values.secret)
  const { decision, limited } = await openWait(context, asker, { id, secret, email: body.values.email ?? '' })
  visit.log.reason = decision.reason
  if (limited !== null) {
    const cookies = [recoveryCookie(site.cookies, limited.token, limited.livesMs), browserCookie(site.cookies, limited.browser)]
    return redirect(visit, `${context.basePath}${paths.recoverAddress}#`, { cookies })
  }
  // The form keeps the secret it was sent: nobody has to find the mail again for a slip of the hand.
  if (decision.verdict === 'retry') {
    const { reason, triesLeft } = decision
    return openResponse(visit, id, secret, { reason, triesLeft: triesLeft ?? undefined })
  }
  return notNow(visit, decision, (problem) => openResponse(visit, id, undefined, problem))
}

async function postStopHere(visit: Visit): Promise<Outgoing> {
  const { context, asker } = visit
  const account = `${context.basePath}${paths.account}`
  const decision = await cancelInSession(context, asker)
  visit.log.reason = decision?.reason ?? 'session_unknown'
  if (decision === null) return signInFirst(visit, account)
  return redirect(visit, decision.reason === 'recovery_cancelled' ? `${account}?notice=recovery_stopped` : account)
}
