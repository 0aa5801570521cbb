// Proving the mailbox again, as pages and as JSON: ask for a mail, ask for another, type its code. Its link is http/link.ts.
import { z } from 'zod'
import { paths } from '../core/paths.ts'
import { reasons } from '../core/reason.ts'
import { mintSecret } from '../flow/ids.ts'
import { viewCheck } from '../flow/landing.ts'
import { contextFor } from '../flow/roll-out.ts'
import { viewSession } from '../flow/session.ts'
import { readReturn } from '../flow/sign-in.ts'
import { resendStepUp, startStepUp, verifyStepUp } from '../flow/step-up.ts'
import { confirmPage } from '../page/confirm.tsx'
import type { ConfirmView, Problem } from '../page/view.ts'
import { asked, publicSession, publicUser, resendBody } from './api.ts'
import { readFormBody, readJsonBody } from './body.ts'
import { browserCookie, sessionCookie } from './cookies.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { languageOfMail } from './language.ts'
import { faceOf, frameOf, html, json, problem, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import { problemOf, signedInResponse } from './sign-in.ts'
import type { Visit } from './visit.ts'

export function confirmRoutes(): RouteTable {
  const toConfirm = (visit: Visit): Outgoing => redirect(visit, `${visit.context.basePath}${paths.confirm}`)
  return {
    [paths.confirm]: { GET: getConfirm, POST: postConfirm },
    [paths.confirmCode]: { GET: toConfirm, POST: postConfirmCode },
    [paths.confirmResend]: { GET: toConfirm, POST: postConfirmResend },
    [paths.apiStepUp]: { POST: apiStart },
    [paths.apiStepUpResend]: { POST: apiResend },
    [paths.apiStepUpVerify]: { POST: apiVerify },
  }
}

/** To sign in, and back to a page; never to what was posted. */
export function signInFirst(visit: Visit, returnTo: string): Outgoing {
  return redirect(visit, `${visit.context.basePath}${paths.signIn}?return_to=${encodeURIComponent(returnTo)}`)
}

async function getConfirm(visit: Visit, request: Incoming): Promise<Outgoing> {
  const query = queryOf(request)
  const challenge = query.get('c')
  if (challenge !== null) return sentResponse(visit, challenge, { resent: query.get('sent') === 'again' })
  return askResponse(visit, query.get('return_to'))
}

async function askResponse(visit: Visit, wanted: string | null, problem?: Problem): Promise<Outgoing> {
  const { context, asker, site } = visit
  const returnTo = readReturn(context, wanted)
  if (returnTo === null) return refuse(visit, { reason: 'return_invalid' })
  const { view } = await viewSession(context, asker.session)
  if (view === null) return signInFirst(visit, returnTo)
  const page = confirmPage(frameOf(visit, view.now, contextFor(context, view.user.email).policy), {
    email: view.user.email,
    returnTo: wanted === null ? null : returnTo,
    sent: null,
    problem,
  })
  const cookies = [browserCookie(site.cookies, asker.browser ?? mintSecret())]
  if (problem === undefined) return html(visit, page, { cookies })
  return html(visit, page, { cookies, status: reasons[faceOf(problem.reason)].status, retryAfterMs: problem.retryAfterMs })
}

const askFields = { return_to: { max: 2_048, required: false } } as const

async function postConfirm(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readFormBody(request, askFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { return_to: returnTo } = body.values
  const result = await startStepUp(context, asker, { returnTo, locale: visit.language })
  if (result.ok) {
    visit.log.reason = 'mail_queued'
    return redirect(visit, `${context.basePath}${paths.confirm}?c=${result.challenge}`, {
      cookies: [browserCookie(site.cookies, result.browser)],
    })
  }
  visit.log.reason = result.reason
  return askResponse(visit, returnTo ?? null, problemOf(result))
}

const codeFields = { c: { max: 64, required: true }, code: { max: 400, required: true } } as const

async function postConfirmCode(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, codeFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { c: challenge, code } = body.values
  const result = await verifyStepUp(context, asker, { challenge, code })
  if (result.signedIn) return signedInResponse(visit, result)
  visit.log.reason = result.decision.reason
  return sentResponse(visit, challenge, { problem: problemOf(result.decision), code: code.slice(0, 40) })
}

const resendFields = { c: { max: 64, required: true } } as const

async function postConfirmResend(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, resendFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const result = await resendStepUp(context, asker, body.values.c)
  visit.log.reason = result.ok ? 'mail_queued' : result.reason
  if (result.ok) return redirect(visit, `${context.basePath}${paths.confirm}?c=${result.challenge}&sent=again`)
  return sentResponse(visit, body.values.c, { problem: problemOf(result) })
}

interface SentExtra {
  readonly problem?: Problem
  readonly code?: string
  readonly resent?: boolean
}

async function sentResponse(visit: Visit, challenge: string, { problem, ...extra }: SentExtra): Promise<Outgoing> {
  const { context, asker } = visit
  const check = await viewCheck(context, asker, challenge, 'step_up')
  if (check.signedIn === null) return signInFirst(visit, check.returnTo ?? context.defaultReturn)
  // "Back" after the proof, or the tab that waited.
  if (check.completed && check.sameUser && check.returnTo !== null && problem === undefined) return redirect(visit, check.returnTo)
  if (check.email === null || !check.sameUser) {
    const reason = check.email === null ? 'challenge_unknown' : 'session_of_other'
    return refuse(visit, problem ?? { reason }, { continueTo: `${context.basePath}${paths.account}` })
  }
  const { email, returnTo, resendAt, linkExpiresAt, codeExpiresAt } = check
  const view: ConfirmView = { email, returnTo, sent: { challenge, resendAt, linkExpiresAt, codeExpiresAt, ...extra }, problem }
  const page = confirmPage(frameOf(visit, check.now, check.policy), view)
  if (problem === undefined) return html(visit, page)
  return html(visit, page, { status: reasons[faceOf(problem.reason)].status, retryAfterMs: problem.retryAfterMs })
}

export const startBody = z.object({ returnTo: z.string().max(2_048).optional(), locale: z.string().max(35).optional() })
export const verifyBody = z.union([
  z.strictObject({ challenge: z.string().max(64), code: z.string().max(400) }),
  z.strictObject({ link: z.strictObject({ id: z.string().max(64), secret: z.string().max(100) }) }),
])

async function apiStart(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readJsonBody(request, startBody)
  if (!body.ok) return problem(visit, { reason: body.reason })
  const { returnTo, locale } = body.values
  const result = await startStepUp(visit.context, visit.asker, { returnTo, locale: languageOfMail(locale, visit) })
  return result.ok ? asked(visit, result) : problem(visit, problemOf(result))
}

async function apiResend(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readJsonBody(request, resendBody)
  if (!body.ok) return problem(visit, { reason: body.reason })
  const result = await resendStepUp(visit.context, visit.asker, body.values.challenge)
  return result.ok ? asked(visit, result) : problem(visit, problemOf(result))
}

async function apiVerify(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readJsonBody(request, verifyBody)
  if (!body.ok) return problem(visit, { reason: body.reason })
  const { signedIn, decision, ...result } = await verifyStepUp(context, asker, body.values)
  if (signedIn === null) return problem(visit, problemOf(decision))
  visit.log.reason = decision.reason
  const answer = {
    user: publicUser(signedIn.user),
    session: { ...publicSession(visit, signedIn.session), ...(visit.cookieless ? { token: signedIn.token } : {}) },
    returnTo: result.returnTo,
    replayed: decision.verdict === 'replayed',
    requestId: asker.requestId,
  }
  if (visit.cookieless) return json(visit, answer)
  return json(visit, answer, { cookies: [sessionCookie(site.cookies, signedIn.token, context.policy.session.absolute)] })
}
