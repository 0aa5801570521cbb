// The link's landing page and its POST. The GET is inert: it may hand out the browser cookie, and nothing else. That it was there is
// noted beside all that anything is decided by, and the note may get lost.
import { paths } from '../core/paths.ts'
import { reasons } from '../core/reason.ts'
import { toldView } from '../core/told.ts'
import { stateOfView, type ViewFacts } from '../core/view.ts'
import { verifyChange } from '../flow/change.ts'
import { mintSecret } from '../flow/ids.ts'
import { type Landing, viewLink } from '../flow/landing.ts'
import { verifyBackup } from '../flow/prepare.ts'
import { verifyRecover } from '../flow/recovery.ts'
import { beginWait } from '../flow/recovery-wait.ts'
import { contextsOf } from '../flow/roll-out.ts'
import { type OpenedLink, type Verified, verifyLink } from '../flow/sign-in.ts'
import { verifyStepUp } from '../flow/step-up.ts'
import { landingPage } from '../page/landing.tsx'
import type { Problem } from '../page/view.ts'
import { readFormBody } from './body.ts'
import { browserCookie } from './cookies.ts'
import type { Incoming, Outgoing } from './exchange.ts'
import { doneResponse, openedResponse } from './recover.ts'
import { faceOf, frameOf, html, redirect, refuse } from './respond.ts'
import { problemOf, signedInResponse } from './sign-in.ts'
import type { Visit } from './visit.ts'

/** Reasons under which the link is still good, in the right browser at least. */
const LIVE = new Set([
  'signed_in',
  'proof_renewed',
  'address_changed',
  'recovery_opened',
  'recovered',
  'backup_set',
  'change_confirmed',
  'recovery_waiting',
  'address_needed',
  'link_other_browser',
  'replayed',
])

/**
 * `rest` is what follows the id in the path: the secret under linkSecret "path"; else what a gateway made of the fragment
 * (`%23…`), which is not accepted, since it stands in that gateway's and our log by now: the page asks for the code.
 */
export async function getLink(visit: Visit, request: Incoming, given: string): Promise<Outgoing> {
  const { id, rest } = split(given)
  const landing = await viewLink(visit.context, visit.asker, id)
  if (landing.gone) return refuse(visit, { reason: 'route_unknown' })
  note(visit, request, landing)
  const secret = visit.context.policy.linkSecret === 'path' && rest.startsWith('/') ? rest.slice(1) : undefined
  return show(visit, id, landing, secret)
}

function note({ context, asker, prefetch }: Visit, request: Incoming, landing: Landing): void {
  const { now, mail, bound, decision, challenge, mailbox } = landing
  const ordinal = mail?.ordinal ?? 0
  const mode = request.header('sec-fetch-mode')
  const facts: ViewFacts = {
    method: request.method === 'HEAD' ? 'HEAD' : 'GET',
    state: stateOfView(decision.reason),
    bound,
    cookie: asker.browser !== null,
    prefetch,
    navigation: mode === null ? null : mode === 'navigate',
    ageMs: mail === null ? 0 : now - mail.createdAt,
  }
  context.tell(toldView(facts, mailbox, () => context.views.isFirst(challenge, ordinal)))
  context.views.saw({ challenge: mail === null ? null : challenge, at: now, ordinal, facts })
}

const linkFields = {
  secret: { max: 100, required: false },
  email: { max: 320, required: false },
  for: { max: 20, required: false },
} as const

type Verify = (visit: Visit, link: OpenedLink) => Promise<Verified>

/** Where somebody goes on after a proof that changed nothing yet. */
const ON: Partial<Record<string, string>> = { begin_recovery: paths.recoverWaitCheck }

/** By what the page said that the link is for: under another purpose it is not found. */
const VERIFY: Readonly<Record<string, Verify>> = {
  sign_in: ({ context, asker }, link) => verifyLink(context, asker, link),
  invite: ({ context, asker }, link) => verifyLink(context, asker, link, 'invite'),
  step_up: ({ context, asker }, link) => verifyStepUp(context, asker, { link }),
  change_email: ({ context, asker }, link) => verifyChange(context, asker, 'change_email', { link }),
  leave_email: ({ context, asker }, link) => verifyChange(context, asker, 'leave_email', { link }),
  confirm_backup: ({ context, asker }, link) => verifyBackup(context, asker, { link }),
  recover: ({ context, asker }, link) => verifyRecover(context, asker, { link }),
  begin_recovery: ({ context, asker, language }, link) => beginWait(context, asker, { link }, language),
}

export async function postLink(visit: Visit, request: Incoming, given: string): Promise<Outgoing> {
  const { id } = split(given)
  const { context, asker } = visit
  if (await isGone(visit, id)) return refuse(visit, { reason: 'route_unknown' })
  const body = await readFormBody(request, linkFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { secret = '', email, for: purpose = 'sign_in' } = body.values
  if (purpose === 'recover_backup') {
    const opened = await openedResponse(visit, { link: { id, secret } })
    return 'status' in opened ? opened : dead(visit, await viewLink(context, asker, id), problemOf(opened.decision))
  }
  const verify = Object.hasOwn(VERIFY, purpose) ? VERIFY[purpose] : undefined
  if (verify === undefined) return refuse(visit, { reason: 'body_malformed' })
  const result = await verify(visit, { id, secret, email })
  if (result.signedIn) return signedInResponse(visit, result)
  const { decision } = result
  visit.log.reason = decision.reason
  if (decision.verdict === 'done') return doneResponse(visit, decision.reason)
  if (decision.verdict === 'agreed')
    return redirect(visit, withoutFragment(`${context.basePath}${ON[purpose] ?? paths.addressCheck}?c=${result.challenge}`))
  const landing = await viewLink(context, asker, id)
  // The person may try again, and must not have to find the mail again for it: the form keeps the secret it was sent.
  if (decision.verdict === 'retry') return show(visit, id, landing, secret, problemOf(decision))
  return dead(visit, landing, problemOf(decision))
}

/** The landing page once more, where something else was wanted from it and a person may try again. */
export async function landingAgain(visit: Visit, id: string, secret: string, problem: Problem): Promise<Outgoing> {
  return show(visit, id, await viewLink(visit.context, visit.asker, id), secret, problem)
}

/** Only where not everybody gets links there is something to look for. */
async function isGone({ context, asker }: Visit, id: string): Promise<boolean> {
  const everybody = contextsOf(context).every(({ policy }) => policy.methods.includes('link'))
  return !everybody && (await viewLink(context, asker, id)).gone
}

/** The id is 17 letters and digits. What else stands behind "/l/" is not part of it: the secret, or a `#` that became `%23`. */
function split(given: string): { readonly id: string; readonly rest: string } {
  const rest = given.slice(17)
  return /^(?:[/%]|$)/.test(rest) ? { id: given.slice(0, 17), rest } : { id: '', rest: '' }
}

function show(visit: Visit, id: string, landing: Landing, secret: string | undefined, problem?: Problem): Outgoing {
  const { decision } = landing
  // A replay is for the browser that never got its cookie; whoever is signed in goes on without another POST.
  const over = !LIVE.has(decision.reason) || (decision.reason === 'replayed' && landing.signedIn !== null)
  if (over) return dead(visit, landing, problemOf(decision.reason === 'replayed' ? { ...decision, reason: 'link_used' } : decision))
  const { challenge, purpose, bound, email, device, askedAt } = landing
  const isForSession = purpose !== 'recover' && purpose !== 'recover_backup'
  const signedInAs = isForSession && landing.signedIn && !landing.sameUser ? landing.signedIn.email : undefined
  const addressAllowed = decision.reason === 'address_needed' || decision.reason === 'replayed'
  const view = { purpose, linkId: id, challenge, secret, bound, email, device, askedAt, addressAllowed, problem, signedInAs }
  const status = problem ? reasons[faceOf(problem.reason)].status : 200
  return html(visit, landingPage(frameOf(visit, landing.now, landing.policy), view), { status, cookies: [handOut(visit)] })
}

function dead(visit: Visit, landing: Landing, problem: Problem): Outgoing {
  const { context } = visit
  // A tab restored, "back", a second tap on the mail: who is signed in by now goes on, and sees no error.
  // What is for a session has done its work only where it was used.
  const wasForThis = landing.purpose === 'sign_in' || landing.purpose === 'invite' || problem.reason === 'link_used'
  if (wasForThis && landing.sameUser && landing.returnTo !== null) return redirect(visit, withoutFragment(landing.returnTo))
  const resend =
    landing.purpose === 'sign_in' && landing.bound && landing.email !== null
      ? { challenge: landing.challenge, email: landing.email, hasCode: landing.hasCode }
      : undefined
  const continueTo = landing.signedIn ? `${context.basePath}${paths.account}` : undefined
  return refuse(visit, problem, { resend, returnTo: landing.returnTo, continueTo, policy: landing.policy }, { cookies: [handOut(visit)] })
}

/** A browser takes the fragment of what it asked for along to where it is sent: here that would be the link's secret. */
function withoutFragment(url: string): string {
  return url.includes('#') ? url : `${url}#`
}

function handOut(visit: Visit): string {
  return browserCookie(visit.site.cookies, visit.asker.browser ?? mintSecret())
}
