// The JSON API: the same flows as the pages. Failures are application/problem+json with a reason.
import { z } from 'zod'
import type { Session, User } from '../core/model.ts'
import { sessionEnd } from '../core/session.ts'
import { contextsOf } from '../flow/roll-out.ts'
import { endSessions, getSession, listSessions } from '../flow/session.ts'
import { type Asked, resend, start, verifyCode, verifyLink } from '../flow/sign-in.ts'
import type * as answers from './answers.ts'
import { readJsonBody } from './body.ts'
import { browserCookie, endedSessionCookie, sessionCookie } from './cookies.ts'
import type { Incoming, Outgoing } from './exchange.ts'
import { languageOfMail } from './language.ts'
import { json, problem } from './respond.ts'
import { problemOf } from './sign-in.ts'
import type { Visit } from './visit.ts'

export const startBody = z.object({
  email: z.string().max(320),
  returnTo: z.string().max(2_048).optional(),
  locale: z.string().max(35).optional(),
})
export const resendBody = z.object({ challenge: z.string().max(64) })
export const verifyBody = z.union([
  z.strictObject({ challenge: z.string().max(64), code: z.string().max(400) }),
  z.strictObject({ link: z.strictObject({ id: z.string().max(64), secret: z.string().max(100), email: z.string().max(320).optional() }) }),
])

export async function postStart(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readJsonBody(request, startBody)
  if (!body.ok) return problem(visit, { reason: body.reason })
  const { locale, ...asks } = body.values
  const result = await start(visit.context, visit.asker, { ...asks, locale: languageOfMail(locale, visit) })
  return result.ok ? asked(visit, result) : problem(visit, problemOf(result))
}

export async function postResend(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readJsonBody(request, resendBody)
  if (!body.ok) return problem(visit, { reason: body.reason })
  const result = await resend(visit.context, visit.asker, body.values.challenge)
  return result.ok ? asked(visit, result) : problem(visit, problemOf(result))
}

export async function postVerify(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker, site } = visit
  const body = await readJsonBody(request, verifyBody)
  if (!body.ok) return problem(visit, { reason: body.reason })
  if ('link' in body.values && !contextsOf(context).some(({ policy }) => policy.methods.includes('link'))) {
    context.tell({ kind: 'verify', proof: 'link', reason: 'link_off', bound: false, code: null, tookMs: null, mails: 0, refunded: 0 })
    return problem(visit, { reason: 'link_off' })
  }
  const result = 'link' in body.values ? await verifyLink(context, asker, body.values.link) : await verifyCode(context, asker, body.values)
  const { signedIn, decision } = result
  if (signedIn === null) return problem(visit, problemOf(decision))
  visit.log.reason = decision.reason
  const session = { ...publicSession(visit, signedIn.session), ...(visit.cookieless ? { token: signedIn.token } : {}) }
  const answer: answers.Verified = {
    user: publicUser(signedIn.user),
    session,
    returnTo: result.returnTo,
    replayed: decision.verdict === 'replayed',
    requestId: asker.requestId,
  }
  if (visit.cookieless) return json(visit, answer, { headers: { 'postkey-browser': result.browser } })
  const cookies = [sessionCookie(site.cookies, signedIn.token, context.policy.session.absolute)]
  if (asker.browser === null) cookies.push(browserCookie(site.cookies, result.browser))
  return json(visit, answer, { cookies })
}

export async function getCurrent(visit: Visit): Promise<Outgoing> {
  const { live, reason } = await getSession(visit.context, visit.asker.session, { touch: visit.prefetch ? 'never' : 'due' })
  if (live === null) return problem(visit, { reason })
  const session = publicSession(visit, live.session, live.expiresAt)
  const answer: answers.Current = { user: publicUser(live.user), session, requestId: visit.asker.requestId }
  return json(visit, answer)
}

export async function deleteCurrent(visit: Visit): Promise<Outgoing> {
  const { ended, reason } = await endSessions(visit.context, visit.asker, 'this')
  if (ended === 0) return problem(visit, { reason })
  visit.log.reason = reason
  return json(visit, null, { cookies: [endedSessionCookie(visit.site.cookies)] })
}

export async function getList(visit: Visit): Promise<Outgoing> {
  const { live, reason } = await getSession(visit.context, visit.asker.session)
  if (live === null) return problem(visit, { reason })
  const sessions = await listSessions(visit.context, live.user)
  const list = sessions.map((session) => ({ ...publicSession(visit, session), current: session.id === live.session.id }))
  const answer: answers.Listed = { sessions: list, requestId: visit.asker.requestId }
  return json(visit, answer)
}

export async function deleteOne(visit: Visit, id: string): Promise<Outgoing> {
  const { live, reason } = await getSession(visit.context, visit.asker.session, { touch: 'never' })
  if (live === null) return problem(visit, { reason })
  const ending = await endSessions(visit.context, visit.asker, { id: id.slice(0, 64) })
  if (ending.ended === 0) return problem(visit, { reason: 'session_absent' })
  visit.log.reason = ending.reason
  return json(visit, null)
}

export function asked(visit: Visit, result: Asked): Outgoing {
  const { challenge, methods, codeLength, browser } = result
  const times = { expiresAt: iso(result.expiresAt), resendAt: iso(result.resendAt) }
  visit.log.reason = 'mail_queued'
  const answer: answers.Asked = { challenge, methods: [...methods], codeLength, ...times, requestId: visit.asker.requestId }
  if (visit.cookieless) return json(visit, answer, { status: 202, headers: { 'postkey-browser': browser } })
  return json(visit, answer, { status: 202, cookies: [browserCookie(visit.site.cookies, browser)] })
}

export function publicUser(user: User): answers.User {
  return {
    id: user.id,
    email: user.email,
    createdAt: iso(user.createdAt),
    signInCount: user.signInCount,
    lastSignInAt: user.lastSignInAt === null ? null : iso(user.lastSignInAt),
    externalId: user.externalId,
  }
}

export function publicSession(visit: Visit, session: Session, expiresAt = sessionEnd(visit.context.policy, session)): answers.Session {
  const { id, device, network, proof } = session
  const times = {
    createdAt: iso(session.createdAt),
    seenAt: iso(session.seenAt),
    provedAt: iso(session.provedAt),
    expiresAt: iso(expiresAt),
  }
  return { id, device, network, proof, ...times }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
