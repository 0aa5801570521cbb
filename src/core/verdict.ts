// One sentence, or two, that answer "did she get in, and if not, why?". Put together from fixed phrases: what ended it, and what
// contributed. Nothing that anybody typed is ever repeated here.
import { windowVerdict } from './bucket.ts'
import type { Ms } from './model.ts'
import { mailWindows } from './policy.ts'
import { type ReasonCode, reasons } from './reason.ts'
import { clockOf, span } from './span.ts'
import { type Ask, type MailTrace, plainly, type Submit, type Told, type Trace } from './trace.ts'
import { classesOfViews, type View } from './view.ts'

export function verdictOf(trace: Trace, told: Told): string {
  const isSaid = told.others.some(({ kind, reason }) => kind === 'account' && reason === 'not_me')
  const isTried = told.submits.some(({ event }) => event.reason === 'disowned')
  return isSaid && !isTried ? `${whatCame(trace, told)} Whoever has the mail said that they had not asked for it.` : whatCame(trace, told)
}

function whatCame(trace: Trace, told: Told): string {
  const { asks, submits } = told
  const signedIn = submits.find(({ event }) => event.reason === 'signed_in') ?? submits.find(({ event }) => event.reason === 'replayed')
  if (signedIn !== undefined) return success(trace, told, signedIn)
  const proved = submits.findLast(({ event }) => Object.hasOwn(PROVED, event.reason))
  if (proved !== undefined) return `${PROVED[proved.event.reason]}${proved.proof === null ? '' : `, by ${proved.proof}`}.`
  if (trace.sessions[0] !== undefined || trace.challenge?.completedAt != null) return 'Signed in; the record of how is gone.'
  if (asks.length === 0 && submits.length === 0) return withoutAsking(told)
  const sent = told.mails.filter(({ pretended }) => !pretended)
  if (asks.length > 0 && sent.length === 0) return `No mail was sent: ${unsent(trace, asks[0] as Ask)}.`
  // A mail server may have taken a mail and not been heard saying so: then somebody was at its link, or its code was typed.
  const unseenYet = submits.length === 0 && told.views.length === 0
  if (unseenYet && sent.length > 0 && sent.every(({ state }) => state !== 'sent')) return undelivered(trace, sent)
  const cameBack = unseenYet ? told.others.find(({ kind, reason }) => kind === 'bounce' && reason === 'mail_bounced') : undefined
  if (cameBack !== undefined) return 'No mail arrived: its mail server took it, and it came back.'
  const why = failure(told)
  if (why === null) return unseen(trace, told)
  const open = isOpen(trace, told)
  return `${open ? 'Not signed in yet' : 'Did not sign in'}: ${[why, ...contributions(told)].join('; ')}.`
}

/** What somebody who was signed in already did with a mail. */
const PROVED: Readonly<Record<string, string>> = {
  proof_renewed: 'Proved the mailbox again',
  address_changed: 'Changed the address',
  change_confirmed: 'Agreed to a change of address, which the other mailbox has to agree to as well',
  change_undone: 'Took a change of address back',
}

function success({ challenge, sessions }: Trace, told: Told, submit: Submit): string {
  const { event, proof, bound } = submit
  const session = sessions.find(({ createdAt }) => createdAt === event.at) ?? sessions[0]
  const askedAt = told.asks[0]?.event.at ?? challenge?.createdAt
  const parts = [
    'Signed in',
    ...(proof === null ? [] : [`by ${proof}`]),
    ...(session === undefined ? [] : [`on ${plainly(session.device)}`]),
    ...(bound || proof === null ? [] : ['(not the browser that asked)']),
    ...(askedAt === undefined ? [] : [`${span(event.at - askedAt)} after asking`]),
  ]
  const before = told.submits.filter((other) => other.event.at < event.at)
  return `${[parts.join(' '), ...afterwards(told, before)].join('; ')}.`
}

/** What made it slow. */
function afterwards(told: Told, before: readonly Submit[]): string[] {
  const wrong = countOf(before, 'code_wrong', 'code_locked', 'code_superseded')
  const sent = told.mails.filter(({ state }) => state === 'sent').length
  return [
    ...(wrong > 0 ? [`${counted(wrong, 'wrong code')} before`] : []),
    ...(sent > 1 ? [`it took ${sent} mails`] : []),
    ...lateMail(told),
  ]
}

/** Only refusals that touched nothing: a request that the guard turned away, or whatever else stands alone. */
function withoutAsking({ attempts, others, ends }: Told): string {
  const [event] = [...others, ...ends, ...attempts.map((attempt) => attempt.event)]
  if (event === undefined) return 'Nothing is recorded of it any more.'
  const refused = reasonOf(event.reason)?.kind === 'guard'
  return refused ? `The request was refused: ${inSentence(event.reason)}.` : meaning(event.reason)
}

/** Why the first ask led to no mail. */
function unsent(trace: Trace, ask: Ask): string {
  const { event } = ask
  const until = waitUntil(trace, ask)
  const time = until === null ? '' : ` until ${clockOf(until, event.at)}`
  return (
    (
      {
        too_many_mails: `the address has too many mails${time}`,
        mailbox_full: 'all tenants of this server together have sent the mailbox as many mails as they may in a day',
        too_many_requests: `too many requests from this network, browser or site${time}`,
        address_unknown: 'no user has this address, and sign-up is by invitation',
        sign_up_closed: 'no user has this address, and sign-up is closed',
        user_disabled: 'the user is disabled',
        host_refused: 'the application says that the address may not sign in',
        host_unavailable: 'the application did not say who the address is',
        address_suppressed: 'mails to the address came back, were not wanted, or were refused too often within a week',
        budget_spent: 'too many wrong codes for this address, and the policy has no link',
        address_invalid: 'what was typed is not one plain e-mail address',
      } as Partial<Record<string, string>>
    )[event.reason] ?? inSentence(event.reason)
  )
}

/** When asking would have led to a mail again. A decision that pretends says no time: it follows from its facts. */
function waitUntil({ policy }: Trace, { event, retryAfterMs, mailsAt }: Ask): Ms | null {
  if (retryAfterMs !== null) return event.at + retryAfterMs
  if (event.reason !== 'too_many_mails' || policy === null) return null
  const { open, retryInMs } = windowVerdict(mailWindows(policy), mailsAt, event.at)
  return open ? null : event.at + retryInMs
}

/** Mails were queued, and no mail server has taken one. */
function undelivered({ now }: Trace, mails: readonly MailTrace[]): string {
  const mail = mails.at(-1) as MailTrace
  const last = mail.attempts.at(-1)
  const said = last === undefined || last.said === '' ? '' : ` (${last.said})`
  const tries = counted(mail.attempts.length, 'try', 'tries')
  if (mail.state === 'dead') return `No mail arrived: the mail server refused it for good${said}.`
  if (mail.state === 'expired') return `No mail was sent: no mail server took it in ${tries}, and then its link and code ran out${said}.`
  const age = span(now - mail.queuedAt)
  if (last === undefined) return `The mail has been waiting in the queue for ${age}.`
  return `The mail server has not taken the mail yet, after ${tries} in ${age}${said}.`
}

/** What ended it, or stood in the way last; null: nobody was there. */
function failure(told: Told): string | null {
  const submit = told.submits.findLast(({ event }) => !EMPTY.has(event.reason)) ?? told.submits.at(-1)
  if (submit !== undefined) return refused(told, submit)
  // That nothing was done afterwards is what is being asked about, and no sign of a scanner here.
  const classes = classesOfViews(told.views, [Number.POSITIVE_INFINITY])
  const people = told.views.filter((_, at) => classes[at] === 'same_browser' || classes[at] === 'other_browser')
  const person = people.at(-1)
  if (person !== undefined) return opened(told, person)
  if (told.views.length === 0) return null
  return classes.includes('likely_scanner') ? 'the link was opened by likely mail scanners only' : 'the link was only prefetched'
}

/** Says less than what came before it. */
const EMPTY: ReadonlySet<string> = new Set(['code_malformed', 'link_malformed', 'address_needed'])

function refused(told: Told, submit: Submit): string {
  const { event, reasonAt, retryAfterMs } = submit
  const since = reasonAt === null ? '' : `${span(event.at - reasonAt)} `
  const phrases: Partial<Record<ReasonCode, string>> = {
    link_expired: reasonAt === null ? 'the link had expired' : `the link expired ${since}before the click`,
    code_expired: reasonAt === null ? 'the code had expired' : `the code expired ${since}before it was typed`,
    link_used: reasonAt === null ? 'the link had been used' : `the link was used ${since}before the click`,
    code_used: 'the challenge had been used',
    code_wrong: `${counted(countOf(told.submits, 'code_wrong'), 'wrong code')}, and no right one`,
    code_locked: 'the code was locked after too many wrong ones; the link went on working',
    code_superseded: 'the code of an earlier mail was typed, and not the newest',
    code_malformed: 'what was typed is no code of the right length',
    code_other_browser: 'the code was typed in a browser that had not asked',
    code_off:
      retryAfterMs === null
        ? 'codes were off; the link went on working'
        : `codes of this address were off until ${clockOf(event.at + retryAfterMs, event.at)}, after too many wrong ones; the link went on working`,
    link_malformed: 'the link arrived damaged: its secret was missing or altered',
    link_unknown: 'no mail has such a link',
    disowned: 'whoever has the mail had said that they had not asked for it',
    link_off: 'the policy takes no links any more',
    link_other_browser: 'the link was opened in a browser that had not asked, where it does not work',
    address_needed: 'the link was opened in a browser that had not asked, and the address was not typed there',
    address_mismatch: 'in a browser that had not asked, another address was typed than the one the mail went to',
    account_dormant: 'the proof was right, but nobody had signed in to the account for so long that the mailbox alone does not open it',
    host_refused_proof: 'the proof was right, but the application says that the address may not sign in',
    host_id_differs: 'the proof was right, but the application knows the address under another id',
    host_unavailable: 'the application did not say who the address is',
    sign_in_refused:
      submit.userStatus === 'disabled' ? 'the proof was right, but the user is disabled' : 'the proof was right, but sign-up is not open',
  }
  return phrases[event.reason as ReasonCode] ?? inSentence(event.reason)
}

/** Somebody saw the page, and did nothing there. */
function opened({ mails }: Told, { at, ordinal, facts }: View): string {
  const where = facts.bound ? 'in the browser that asked' : 'in another browser, or by a mail scanner'
  const end = mails.find((mail) => mail.ordinal === ordinal)?.linkExpiresAt ?? null
  if (facts.state === 'expired')
    return end === null || end > at ? 'the link had expired' : `the link expired ${span(at - end)} before the click`
  if (facts.state === 'used') return 'the link had been used'
  if (facts.state === 'off') return 'the policy takes no links any more'
  return `the link was opened ${where}, and nothing was submitted`
}

function unseen(trace: Trace, told: Told): string {
  const taken = told.mails.findLast(({ state }) => state === 'sent')?.settledAt ?? null
  if (taken === null) return 'Nothing is recorded of what became of the mail.'
  if (isOpen(trace, told)) return `Mail was sent ${span(trace.now - taken)} ago, nobody came yet.`
  return `${['Mail was sent, nobody came', ...lateMail(told)].join('; ')}.`
}

function contributions(told: Told): string[] {
  const last = told.submits.at(-1)?.event.reason
  const wrong = countOf(told.submits, 'code_wrong')
  return [
    ...(wrong > 0 && last !== 'code_wrong' && last !== 'code_locked' ? [`${counted(wrong, 'wrong code')} before`] : []),
    ...lateMail(told),
  ]
}

/** A person waits for a mail in seconds. */
const LATE: Ms = 60_000

function lateMail({ mails }: Told): string[] {
  const waits = mails.filter(({ state }) => state === 'sent').map(({ queuedAt, settledAt }) => (settledAt ?? queuedAt) - queuedAt)
  const longest = Math.max(0, ...waits)
  return longest < LATE ? [] : [`the mail took ${span(longest)} to be accepted`]
}

/** Something of it can still be used. */
function isOpen({ now }: Trace, { mails }: Told): boolean {
  return mails.some((mail) => !mail.pretended && now < Math.max(mail.linkExpiresAt ?? 0, mail.codeExpiresAt ?? 0))
}

const countOf = (submits: readonly Submit[], ...which: string[]): number =>
  submits.filter(({ event }) => which.includes(event.reason)).length

const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

const reasonOf = (code: string) => (Object.hasOwn(reasons, code) ? reasons[code as ReasonCode] : undefined)

/** In words; a reason of another version by its name. */
export function meaning(code: string): string {
  return reasonOf(code)?.meaning ?? `Reason ${plainly(code)}, of another version.`
}

const inSentence = (code: string): string => {
  const text = meaning(code).replace(/\.$/, '')
  return text.charAt(0).toLowerCase() + text.slice(1)
}
