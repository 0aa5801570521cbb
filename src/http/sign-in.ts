// The sign-in pages: ask, check the mail, type the code, ask again. GETs look; POSTs go through the flow and answer 303, or
// the page with the reason.
import { paths } from '../core/paths.ts'
import { reasons } from '../core/reason.ts'
import { mintSecret } from '../flow/ids.ts'
import { viewCheck } from '../flow/landing.ts'
import { contextsOf } from '../flow/roll-out.ts'
import { findLiveSession } from '../flow/session.ts'
import { type Refused, readReturn, resend, start, type Verified, verifyCode } from '../flow/sign-in.ts'
import { askPage } from '../page/ask.tsx'
import { checkPage } from '../page/check.tsx'
import { switchedPage } from '../page/switched.tsx'
import type { Problem } from '../page/view.ts'
import { readFormBody } from './body.ts'
import { browserCookie, sessionCookie } from './cookies.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { faceOf, frameOf, html, redirect, refuse } from './respond.ts'
import type { Visit } from './visit.ts'

export async function getAsk(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const query = queryOf(request)
  const returnTo = readReturn(context, query.get('return_to'))
  if (returnTo === null) return refuse(visit, { reason: 'return_invalid' })
  const notice = query.get('notice') === 'signed_out' ? ('signed_out' as const) : undefined
  const page = askPage(frameOf(visit, context.now()), {
    returnTo: query.get('return_to') === null ? null : returnTo,
    notice,
    mailsDiffer: mailsDiffer(visit),
  })
  // Handed out before anything is asked: two quick taps on the button then come from one browser and not from two.
  const cookies = [browserCookie(visit.site.cookies, asker.browser ?? mintSecret())]
  return html(visit, page, { cookies })
}

const askFields = { email: { max: 320, required: true }, return_to: { max: 2_048, required: false } } as const

export async function postAsk(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readFormBody(request, askFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { email, return_to: returnTo } = body.values
  const result = await start(context, asker, { email, returnTo, locale: visit.language })
  if (result.ok) {
    visit.log.reason = 'mail_queued'
    return redirect(visit, `${context.basePath}${paths.check}?c=${result.challenge}`, {
      cookies: [browserCookie(site.cookies, result.browser)],
    })
  }
  if (result.reason === 'return_invalid') return refuse(visit, { reason: result.reason })
  const problem = problemOf(result)
  visit.log.reason = result.reason
  const page = askPage(frameOf(visit, context.now()), { returnTo: returnTo ?? null, email, problem, mailsDiffer: mailsDiffer(visit) })
  const cookies = [browserCookie(site.cookies, asker.browser ?? mintSecret())]
  return html(visit, page, { status: reasons[faceOf(result.reason)].status, retryAfterMs: result.retryAfterMs, cookies })
}

function mailsDiffer({ context }: Visit): boolean {
  return new Set(contextsOf(context).map(({ policy }) => [...policy.methods].sort().join())).size > 1
}

export async function getCheck(visit: Visit, request: Incoming): Promise<Outgoing> {
  const query = queryOf(request)
  return checkResponse(visit, query.get('c') ?? '', { resent: query.get('sent') === 'again' })
}

/** The code was right, and there is nothing to correct in it. */
const SHUT: ReadonlySet<string> = new Set(['sign_in_refused', 'account_dormant'])

const codeFields = { c: { max: 64, required: true }, code: { max: 400, required: true } } as const

export async function postCode(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, codeFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  if (await isGone(visit, body.values.c)) return refuse(visit, { reason: 'route_unknown' })
  const result = await verifyCode(context, asker, { challenge: body.values.c, code: body.values.code })
  if (result.signedIn) return signedInResponse(visit, result)
  const { decision } = result
  visit.log.reason = decision.reason
  const problem = problemOf(decision)
  if (SHUT.has(faceOf(decision.reason))) return refuse(visit, problem)
  if (decision.reason === 'code_used' && (await signedInHere(visit))) return redirect(visit, result.returnTo)
  return checkResponse(visit, body.values.c, {
    problem,
    code: body.values.code.slice(0, 40),
    status: reasons[faceOf(decision.reason)].status,
  })
}

const resendFields = { c: { max: 64, required: true } } as const

export async function postResend(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, resendFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const result = await resend(context, asker, body.values.c)
  if (result.ok) {
    visit.log.reason = 'mail_queued'
    return redirect(visit, `${context.basePath}${paths.check}?c=${result.challenge}&sent=again`)
  }
  visit.log.reason = result.reason
  if (result.reason === 'too_many_mails' || result.reason === 'too_many_requests') {
    return checkResponse(visit, body.values.c, { problem: problemOf(result), status: 429, retryAfterMs: result.retryAfterMs })
  }
  return refuse(visit, problemOf(result))
}

/** Only where not everybody gets codes there is something to look for. */
async function isGone({ context, asker }: Visit, challenge: string): Promise<boolean> {
  const everybody = contextsOf(context).every(({ policy }) => policy.methods.includes('code'))
  return !everybody && (await viewCheck(context, asker, challenge)).gone
}

/** Shown once, where a sign-in ended somebody else's session in this browser. */
export async function getSwitched(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const check = await viewCheck(context, asker, queryOf(request).get('c') ?? '')
  const session = await findLiveSession(context, asker.session)
  if (session === null) return redirect(visit, `${context.basePath}${paths.signIn}`)
  const continueTo = check.returnTo ?? context.defaultReturn
  return html(visit, switchedPage(frameOf(visit, session.now), { email: session.user.email, continueTo }))
}

interface CheckExtra {
  readonly problem?: Problem
  readonly code?: string
  readonly status?: number
  readonly resent?: boolean
  readonly retryAfterMs?: number | null
}

async function checkResponse(visit: Visit, challenge: string, extra: CheckExtra): Promise<Outgoing> {
  const { context, asker } = visit
  const check = await viewCheck(context, asker, challenge)
  // "Back" after signing in, or the tab that waited: on to where the person wanted to go.
  if (check.completed && check.sameUser && check.returnTo !== null) return redirect(visit, check.returnTo)
  if (check.disownedAt !== null) return refuse(visit, { reason: 'disowned', at: check.disownedAt }, { policy: check.policy })
  const signedInAs = check.signedIn && !check.sameUser ? check.signedIn.email : undefined
  const { email, returnTo, resendAt, linkExpiresAt, codeExpiresAt, undelivered } = check
  const view = {
    challenge: email === null ? '' : challenge,
    email,
    returnTo,
    resendAt,
    linkExpiresAt,
    codeExpiresAt,
    undelivered,
    signedInAs,
  }
  const page = checkPage(frameOf(visit, check.now, check.policy), {
    ...view,
    code: extra.code,
    problem: extra.problem,
    resent: extra.resent,
  })
  return html(visit, page, { status: extra.status ?? 200, retryAfterMs: extra.retryAfterMs })
}

/** 303 with the session's cookie; by way of a page that says so where somebody else was signed in before. */
export function signedInResponse(visit: Visit, result: Verified): Outgoing {
  const { context, asker, site } = visit
  const { signedIn } = result
  if (signedIn === null) throw new Error('not signed in')
  visit.log.reason = result.decision.reason
  const cookies = [sessionCookie(site.cookies, signedIn.token, context.policy.session.absolute)]
  if (asker.browser === null) cookies.push(browserCookie(site.cookies, result.browser))
  const switched = `${context.basePath}${paths.switched}?c=${result.challenge}`
  return redirect(visit, signedIn.endedOther ? switched : result.returnTo, { cookies })
}

async function signedInHere(visit: Visit): Promise<boolean> {
  return (await findLiveSession(visit.context, visit.asker.session)) !== null
}

export function problemOf(given: Refused | Verified['decision']): Problem {
  const { reason } = given
  const retryAfterMs = given.retryAfterMs ?? undefined
  if ('ok' in given) return { reason, retryAfterMs }
  return { reason, retryAfterMs, triesLeft: given.triesLeft ?? undefined, at: given.at ?? undefined }
}
