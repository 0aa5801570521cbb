// A change of address, as pages: type the new one, type the code that went there (and the one that went to the old), and the page that undoes
// it all. The links of these mails are http/link.ts.
import { paths } from '../core/paths.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { findChange, isSide, resendChange, type Side, startChange, undoChange, verifyChange, viewUndo } from '../flow/change.ts'
import { mintSecret } from '../flow/ids.ts'
import { viewCheck } from '../flow/landing.ts'
import { viewSession } from '../flow/session.ts'
import { requireRecentProof } from '../flow/step-up.ts'
import { changePage, changeSentPage } from '../page/change.tsx'
import { undonePage, undoPage } from '../page/undo.tsx'
import type { Problem } from '../page/view.ts'
import { readFormBody } from './body.ts'
import { signInFirst } from './confirm.ts'
import { browserCookie, endedSessionCookie } from './cookies.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { faceOf, frameOf, html, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import { problemOf, signedInResponse } from './sign-in.ts'
import type { Visit } from './visit.ts'

export function changeRoutes(): RouteTable {
  const toAddress = (visit: Visit): Outgoing => redirect(visit, `${visit.context.basePath}${paths.address}`)
  return {
    [paths.address]: { GET: (visit) => addressResponse(visit), POST: postAddress },
    [paths.addressCheck]: { GET: getSent },
    [paths.addressCode]: { GET: toAddress, POST: postCode },
    [paths.addressResend]: { GET: toAddress, POST: postResend },
    [`${paths.undo}/…`]: { GET: getUndo, POST: postUndo },
  }
}

/** null: somebody is signed in whose proof is recent; else where they are sent first, to come back to a page. */
export async function proofFirst(visit: Visit, path: string): Promise<Outgoing | null> {
  const { context, asker } = visit
  const back = `${context.origin}${context.basePath}${path}`
  const proof = await requireRecentProof(context, asker.session, context.policy.recentProof, back)
  if (proof.live !== null) return null
  visit.log.reason = proof.reason
  return redirect(visit, proof.goTo)
}

async function addressResponse(visit: Visit, problem?: Problem, typed?: string): Promise<Outgoing> {
  const { context, asker, site } = visit
  const first = await proofFirst(visit, paths.address)
  if (first !== null) return first
  const { view } = await viewSession(context, asker.session)
  if (view === null) return signInFirst(visit, `${context.basePath}${paths.address}`)
  const page = changePage(frameOf(visit, view.now), { email: view.user.email, typed, problem })
  const cookies = [browserCookie(site.cookies, asker.browser ?? mintSecret())]
  if (problem === undefined) return html(visit, page, { cookies })
  return html(visit, page, { cookies, status: reasons[faceOf(problem.reason)].status, retryAfterMs: problem.retryAfterMs })
}

const addressFields = { email: { max: 320, required: true } } as const

async function postAddress(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readFormBody(request, addressFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { email } = body.values
  const result = await startChange(context, asker, { email, locale: visit.language })
  if (result.ok) {
    visit.log.reason = 'change_asked'
    return redirect(visit, sentPath(visit, result.challenge), { cookies: [browserCookie(site.cookies, result.browser)] })
  }
  visit.log.reason = result.reason
  if (result.reason === 'operator_protected') return refuse(visit, problemOf(result))
  return addressResponse(visit, problemOf(result), email)
}

function sentPath({ context }: Visit, challenge: string): string {
  return `${context.basePath}${paths.addressCheck}?c=${challenge}`
}

function getSent(visit: Visit, request: Incoming): Promise<Outgoing> {
  const query = queryOf(request)
  const side = query.get('for') ?? undefined
  return sentResponse(visit, query.get('c') ?? '', { side: isSide(side) ? side : undefined, resent: query.get('sent') === 'again' })
}

interface SentExtra {
  readonly side?: Side | undefined
  readonly problem?: Problem
  readonly code?: string
  readonly resent?: boolean
}

/** One mailbox at a time: the one that was asked for, or the first that has not agreed. */
async function sentResponse(visit: Visit, challenge: string, { side: wanted, problem, ...extra }: SentExtra): Promise<Outgoing> {
  const { context, asker } = visit
  const account = `${context.basePath}${paths.account}`
  const { view: session, reason } = await viewSession(context, asker.session)
  if (session === null) {
    visit.log.reason = reason
    return signInFirst(visit, account)
  }
  const change = await findChange(context, challenge)
  if (change === null) return refuse(visit, problem ?? { reason: 'challenge_unknown' }, { continueTo: account })
  if (change.user !== session.user.id) return refuse(visit, { reason: 'session_of_other' }, { continueTo: account })
  if (change.appliedAt !== null && problem === undefined) return redirect(visit, `${account}?notice=address_changed`)
  const ended: Problem | undefined = change.endedAt !== null ? { reason: 'change_ended' } : undefined
  if (ended !== undefined || change.appliedAt !== null)
    return refuse(visit, problem ?? ended ?? { reason: 'change_ended' }, { continueTo: account })
  const first: Side = change.newProvedAt === null || change.leave === null ? 'change_email' : 'leave_email'
  const side = wanted !== undefined && (wanted === 'change_email' || change.leave !== null) ? wanted : first
  const id = side === 'change_email' ? change.id : (change.leave ?? change.id)
  const check = await viewCheck(context, asker, id, side)
  if (check.email === null) return refuse(visit, problem ?? { reason: 'challenge_unknown' }, { continueTo: account })
  const { resendAt, linkExpiresAt, codeExpiresAt } = check
  const page = changeSentPage(frameOf(visit, check.now, check.policy), {
    side,
    change: change.id,
    email: check.email,
    both: change.leave !== null,
    agreed: { change_email: change.newProvedAt !== null, leave_email: change.oldProvedAt !== null },
    sent: { challenge: id, resendAt, linkExpiresAt, codeExpiresAt, ...extra },
    problem,
  })
  if (problem === undefined) return html(visit, page)
  return html(visit, page, { status: reasons[faceOf(problem.reason)].status, retryAfterMs: problem.retryAfterMs })
}

const codeFields = { c: { max: 64, required: true }, code: { max: 400, required: true }, for: { max: 20, required: true } } as const

async function postCode(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, codeFields)
  if (!body.ok || !isSide(body.values.for)) return refuse(visit, { reason: body.ok ? 'body_malformed' : body.reason })
  const { c: challenge, code, for: side } = body.values
  const result = await verifyChange(context, asker, side, { challenge, code })
  if (result.signedIn) return signedInResponse(visit, result)
  const { decision } = result
  visit.log.reason = decision.reason
  if (decision.verdict === 'agreed') return redirect(visit, sentPath(visit, challenge))
  return sentResponse(visit, challenge, { side, problem: problemOf(decision), code: code.slice(0, 40) })
}

const resendFields = { c: { max: 64, required: true }, for: { max: 20, required: true } } as const

async function postResend(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, resendFields)
  if (!body.ok || !isSide(body.values.for)) return refuse(visit, { reason: body.ok ? 'body_malformed' : body.reason })
  const { c: challenge, for: side } = body.values
  const result = await resendChange(context, asker, challenge, side)
  visit.log.reason = result.ok ? 'mail_queued' : result.reason
  if (result.ok) return redirect(visit, `${sentPath(visit, challenge)}&for=${side}&sent=again`)
  return sentResponse(visit, challenge, { side, problem: problemOf(result) })
}

/** The id is 17 letters and digits; behind it the secret, where the policy puts that into the path. */
function split(given: string): { readonly id: string; readonly secret: string | undefined } {
  const rest = given.slice(17)
  return { id: given.slice(0, 17), secret: rest.startsWith('/') ? rest.slice(1) : undefined }
}

async function getUndo(visit: Visit, _: Incoming, given: string): Promise<Outgoing> {
  const { id, secret } = split(given)
  return undoResponse(visit, id, visit.context.policy.linkSecret === 'path' ? secret : undefined)
}

async function undoResponse(visit: Visit, id: string, secret: string | undefined, problem?: Problem): Promise<Outgoing> {
  const { context } = visit
  const landing = await viewUndo(context, id)
  const { reason, now, at } = landing
  if (reason !== 'change_undone') return refuse(visit, { reason, at: at ?? undefined })
  const frame = frameOf(visit, now)
  if (at !== null) return html(visit, undonePage(frame, { at }))
  const { device, askedAt, applied } = landing
  const page = undoPage(frame, { linkId: id, secret, device, askedAt, applied, problem })
  return html(visit, page, { status: problem === undefined ? 200 : reasons[faceOf(problem.reason)].status })
}

/** Long enough for a whole link, which is pasted where no script reads it out of the address. */
const undoFields = { secret: { max: 600, required: true } } as const

async function postUndo(visit: Visit, request: Incoming, given: string): Promise<Outgoing> {
  const { context, asker, site } = visit
  const { id } = split(given)
  const body = await readFormBody(request, undoFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const secret = /([0-9A-Za-z]{43})\s*$/.exec(body.values.secret)?.[1] ?? ''
  const { decision } = await undoChange(context, asker, { id, secret })
  visit.log.reason = decision.reason
  if (decision.verdict === 'refuse') return undoRefused(visit, id, decision.reason, decision.at)
  // Whoever was signed in here is not any more. An empty fragment, or the browser takes the secret along.
  return redirect(visit, `${context.basePath}${paths.undo}/${id}#`, { cookies: [endedSessionCookie(site.cookies)] })
}

function undoRefused(visit: Visit, id: string, reason: ReasonCode, at: number | null): Outgoing | Promise<Outgoing> {
  // The whole link did not arrive: the page asks for it.
  if (reason === 'link_malformed') return undoResponse(visit, id, undefined, { reason })
  return refuse(visit, { reason, at: at ?? undefined })
}
