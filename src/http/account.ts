// The account page: who am I, where am I signed in, end a session, sign out.
import { paths } from '../core/paths.ts'
import { listSignIns } from '../flow/own.ts'
import { untilOf, waitsOf } from '../flow/recovery-wait.ts'
import { endSessions, getSession, listSessions } from '../flow/session.ts'
import { accountPage } from '../page/account.tsx'
import { readFormBody } from './body.ts'
import { endedSessionCookie } from './cookies.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { frameOf, html, redirect, refuse } from './respond.ts'
import type { Visit } from './visit.ts'

export async function getAccount(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const { live } = await getSession(context, asker.session, { touch: visit.prefetch ? 'never' : 'due' })
  if (live === null) return redirect(visit, signInFirst(visit))
  const [sessions, signIns, [waits]] = await Promise.all([
    listSessions(context, live.user),
    listSignIns(context, live.user.id),
    waitsOf(context, live.user.id),
  ])
  const notice = queryOf(request).get('notice')
  const page = accountPage(frameOf(visit, context.now()), {
    email: live.user.email,
    sessions: sessions.map(({ id, device, network, createdAt, seenAt }) => ({
      id,
      current: id === live.session.id,
      device,
      network,
      createdAt,
      seenAt,
    })),
    signIns,
    waiting: waits === undefined ? null : { device: waits.wait.device, askedAt: waits.wait.createdAt, readyAt: untilOf(waits) },
    notice: notices.find((known) => known === notice),
  })
  return html(visit, page)
}

const notices = ['session_ended', 'others_ended', 'address_changed', 'recovery_stopped'] as const

const endFields = { session: { max: 64, required: true } } as const

export async function postEndSession(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readFormBody(request, endFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { live, reason } = await getSession(visit.context, visit.asker.session, { touch: 'never' })
  visit.log.reason = reason
  if (live === null) return redirect(visit, signInFirst(visit))
  if (body.values.session === live.session.id) return postSignOut(visit)
  const { ended, reason: ending } = await endSessions(visit.context, visit.asker, { id: body.values.session })
  visit.log.reason = ending
  return redirect(visit, `${visit.context.basePath}${paths.account}${ended > 0 ? '?notice=session_ended' : ''}`)
}

export async function postEndOthers(visit: Visit): Promise<Outgoing> {
  const { live, reason } = await getSession(visit.context, visit.asker.session, { touch: 'never' })
  visit.log.reason = reason
  if (live === null) return redirect(visit, signInFirst(visit))
  visit.log.reason = (await endSessions(visit.context, visit.asker, 'others')).reason
  return redirect(visit, `${visit.context.basePath}${paths.account}?notice=others_ended`)
}

export async function postSignOut(visit: Visit): Promise<Outgoing> {
  const { context, asker, site } = visit
  visit.log.reason = (await endSessions(context, asker, 'this')).reason
  // Pages that "back" would bring out of a cache are the last trace of the session in this browser.
  const headers = { 'clear-site-data': '"cache"' }
  return redirect(visit, `${context.basePath}${paths.signIn}?notice=signed_out`, { cookies: [endedSessionCookie(site.cookies)], headers })
}

function signInFirst(visit: Visit): string {
  const { basePath } = visit.context
  return `${basePath}${paths.signIn}?return_to=${encodeURIComponent(`${basePath}${paths.account}`)}`
}
