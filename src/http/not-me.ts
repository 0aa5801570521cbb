// "This was not me", from the link in a mail and from the landing page of a sign-in link. The GET is inert.
import { paths } from '../core/paths.ts'
import { reasons } from '../core/reason.ts'
import { notMe, viewNotMe } from '../flow/not-me.ts'
import { notMePage, saidNotMePage } from '../page/not-me.tsx'
import type { Problem } from '../page/view.ts'
import { readFormBody } from './body.ts'
import type { Incoming, Outgoing } from './exchange.ts'
import { landingAgain } from './link.ts'
import { faceOf, frameOf, html, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import type { Visit } from './visit.ts'

export function notMeRoutes(): RouteTable {
  return { [`${paths.notMe}/…`]: { GET: (visit, _, given) => notMeResponse(visit, given), POST: postNotMe } }
}

async function notMeResponse(visit: Visit, given: string, problem?: Problem): Promise<Outgoing> {
  const { now, decision, purpose, device, askedAt, policy, ended } = await viewNotMe(visit.context, visit.asker, given)
  if (decision.verdict === 'refuse') return refuse(visit, problem ?? { reason: decision.reason })
  const frame = frameOf(visit, now, policy)
  if (decision.at !== null) {
    const quietUntil = decision.at + (policy.quietAfterNotMe ?? 0)
    const isQuiet = ended === 'its' && now < quietUntil
    return html(visit, saidNotMePage(frame, { at: decision.at, ended, quietUntil: isQuiet ? quietUntil : null }))
  }
  const quiet = ended === 'its' ? policy.quietAfterNotMe : null
  const page = notMePage(frame, { path: given, purpose, device, askedAt, bound: decision.verdict === 'end', quiet, problem })
  return html(visit, page, { status: problem === undefined ? 200 : reasons[faceOf(problem.reason)].status })
}

const fields = { secret: { max: 100, required: false }, email: { max: 320, required: false } } as const

async function postNotMe(visit: Visit, request: Incoming, given: string): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, fields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { secret, email } = body.values
  const { decision, path } = await notMe(context, asker, { given, secret, email })
  visit.log.reason = decision.reason
  // An empty fragment, or the browser takes the secret of the link along.
  if (decision.verdict === 'end' || decision.verdict === 'repeated') return redirect(visit, `${context.basePath}${paths.notMe}/${path}#`)
  const problem: Problem = { reason: decision.reason, triesLeft: decision.triesLeft ?? undefined }
  if (decision.verdict === 'refuse') return refuse(visit, problem)
  return secret === undefined ? notMeResponse(visit, given, problem) : landingAgain(visit, given, secret, problem)
}
