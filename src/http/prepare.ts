// What people prepare for the loss of their mailbox, as pages: each wants somebody who is signed in with a recent proof.
import { paths } from '../core/paths.ts'
import { reasons } from '../core/reason.ts'
import { viewCheck } from '../flow/landing.ts'
import { askBackup, printCodes, removeBackup, resendBackup, verifyBackup, viewPrepared } from '../flow/prepare.ts'
import { contextFor } from '../flow/roll-out.ts'
import { viewSession } from '../flow/session.ts'
import type { Refused } from '../flow/sign-in.ts'
import { backupSentPage, codesPage, preparePage } from '../page/prepare.tsx'
import type { Problem } from '../page/view.ts'
import { readFormBody } from './body.ts'
import { proofFirst } from './change.ts'
import { signInFirst } from './confirm.ts'
import { browserCookie } from './cookies.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { doneResponse } from './recover.ts'
import { faceOf, frameOf, html, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import { problemOf } from './sign-in.ts'
import type { Visit } from './visit.ts'

export function prepareRoutes(): RouteTable {
  const toPrepare = (visit: Visit): Outgoing => redirect(visit, preparePath(visit))
  return {
    [paths.prepare]: { GET: getPrepare },
    [paths.prepareCodes]: { GET: toPrepare, POST: postCodes },
    [paths.prepareBackup]: { GET: getBackup, POST: postBackup },
    [paths.prepareBackupCode]: { GET: toPrepare, POST: postBackupCode },
    [paths.prepareBackupResend]: { GET: toPrepare, POST: postBackupResend },
    [paths.prepareBackupRemove]: { GET: toPrepare, POST: postRemove },
  }
}

function preparePath({ context }: Visit): string {
  return `${context.basePath}${paths.prepare}`
}

const notices = ['backup_set', 'backup_removed'] as const

function getPrepare(visit: Visit, request: Incoming): Promise<Outgoing> {
  const notice = queryOf(request).get('notice')
  return prepareResponse(visit, { notice: notices.find((known) => known === notice) })
}

interface Extra {
  readonly notice?: (typeof notices)[number] | undefined
  readonly problem?: Problem
  readonly typed?: string
}

async function prepareResponse(visit: Visit, { notice, problem, typed }: Extra = {}): Promise<Outgoing> {
  const { context, asker } = visit
  const first = await proofFirst(visit, paths.prepare)
  if (first !== null) return first
  const { view } = await viewSession(context, asker.session)
  if (view === null) return signInFirst(visit, preparePath(visit))
  const { codes, backup } = await viewPrepared(context, view.user.id)
  const page = preparePage(frameOf(visit, view.now, contextFor(context, view.user.email).policy), { codes, backup, typed, notice, problem })
  if (problem === undefined) return html(visit, page)
  return html(visit, page, { status: reasons[faceOf(problem.reason)].status, retryAfterMs: problem.retryAfterMs })
}

/** A "no" of any of them: to sign in or to prove it first, or the page that says why not. */
async function refused(visit: Visit, result: Refused, typed?: string): Promise<Outgoing> {
  visit.log.reason = result.reason
  const away = result.reason === 'operator_protected' || result.reason === 'recovery_off'
  if (away) return refuse(visit, problemOf(result), { continueTo: `${visit.context.basePath}${paths.account}` })
  return prepareResponse(visit, { problem: problemOf(result), ...(typed === undefined ? {} : { typed }) })
}

/** The codes are in this answer and nowhere else: to load it again makes new ones. */
async function postCodes(visit: Visit): Promise<Outgoing> {
  const { context, asker } = visit
  const first = await proofFirst(visit, paths.prepare)
  if (first !== null) return first
  const { view } = await viewSession(context, asker.session)
  const result = await printCodes(context, asker, visit.language)
  if (!result.ok || view === null) return result.ok ? signInFirst(visit, preparePath(visit)) : refused(visit, result)
  visit.log.reason = 'recovery_codes_printed'
  const url = `${context.origin}${context.basePath}${paths.recover}`
  return html(visit, codesPage(frameOf(visit, view.now), { email: view.user.email, codes: result.codes, url }))
}

const backupFields = { email: { max: 320, required: true } } as const

async function postBackup(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readFormBody(request, backupFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { email } = body.values
  const result = await askBackup(context, asker, { email, locale: visit.language })
  if (!result.ok) return refused(visit, result, email)
  visit.log.reason = 'backup_asked'
  return redirect(visit, sentPath(visit, result.challenge), { cookies: [browserCookie(site.cookies, result.browser)] })
}

function sentPath({ context }: Visit, challenge: string): string {
  return `${context.basePath}${paths.prepareBackup}?c=${challenge}`
}

function getBackup(visit: Visit, request: Incoming): Outgoing | Promise<Outgoing> {
  const query = queryOf(request)
  const challenge = query.get('c')
  if (challenge === null) return redirect(visit, preparePath(visit))
  return sentResponse(visit, challenge, { resent: query.get('sent') === 'again' })
}

interface SentExtra {
  readonly problem?: Problem
  readonly code?: string
  readonly resent?: boolean
}

async function sentResponse(visit: Visit, challenge: string, { problem, ...extra }: SentExtra): Promise<Outgoing> {
  const { context, asker } = visit
  const { view } = await viewSession(context, asker.session)
  if (view === null) return signInFirst(visit, preparePath(visit))
  const check = await viewCheck(context, asker, challenge, 'confirm_backup')
  if (check.email === null) return refuse(visit, problem ?? { reason: 'challenge_unknown' }, { continueTo: preparePath(visit) })
  const { email, resendAt, linkExpiresAt, codeExpiresAt } = check
  const page = backupSentPage(frameOf(visit, check.now, check.policy), {
    email,
    sent: { challenge, resendAt, linkExpiresAt, codeExpiresAt, ...extra },
    problem,
  })
  if (problem === undefined) return html(visit, page)
  return html(visit, page, { status: reasons[faceOf(problem.reason)].status, retryAfterMs: problem.retryAfterMs })
}

const codeFields = { c: { max: 64, required: true }, code: { max: 400, required: true } } as const

async function postBackupCode(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readFormBody(request, codeFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { c: challenge, code } = body.values
  const { decision } = await verifyBackup(visit.context, visit.asker, { challenge, code })
  if (decision.verdict === 'done') return doneResponse(visit, decision.reason)
  visit.log.reason = decision.reason
  return sentResponse(visit, challenge, { problem: problemOf(decision), code: code.slice(0, 40) })
}

const resendFields = { c: { max: 64, required: true } } as const

async function postBackupResend(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readFormBody(request, resendFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { c: challenge } = body.values
  const result = await resendBackup(visit.context, visit.asker, challenge)
  visit.log.reason = result.ok ? 'mail_queued' : result.reason
  if (result.ok) return redirect(visit, `${sentPath(visit, challenge)}&sent=again`)
  return sentResponse(visit, challenge, { problem: problemOf(result) })
}

async function postRemove(visit: Visit): Promise<Outgoing> {
  const result = await removeBackup(visit.context, visit.asker, visit.language)
  if (result.reason !== 'backup_removed') return refused(visit, result)
  visit.log.reason = result.reason
  return redirect(visit, `${preparePath(visit)}?notice=backup_removed`)
}
