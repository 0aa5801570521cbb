// When the people behind one challenge first used what a mail carried, read from what was recorded and what was seen.
import type { Ms } from './model.ts'
import type { VerifyFacts } from './verify.ts'
import { classesOfViews, sinceSent, type View } from './view.ts'

/** As it was recorded: facts and decision of other versions are read as far as they can be. */
export interface RecordedOf {
  readonly kind: string
  readonly reason: string
  readonly at: Ms
  readonly facts: object
  readonly decision: object
}

export interface Use {
  readonly sinceQueued: Ms
  /** null: the record does not say when the mail server took it. */
  readonly sinceAccepted: Ms | null
}

export interface Clicks {
  /** First uses: at most one of each kind for each mail. */
  readonly links: readonly Use[]
  readonly codes: readonly Use[]
  /** Views that were most likely a person's, and those of them on a link that was past its life. */
  readonly humanViews: number
  readonly expiredViews: number
}

interface MailSeen {
  queuedAt: Ms | null
  acceptedAt: Ms | null
  link: Ms | null
  code: Ms | null
}

export function clicksOf(events: readonly RecordedOf[], views: readonly View[]): Clicks {
  const mails = new Map<number, MailSeen>()
  const seen = (ordinal: number): MailSeen => {
    const mail = mails.get(ordinal) ?? { queuedAt: null, acceptedAt: null, link: null, code: null }
    mails.set(ordinal, mail)
    return mail
  }
  noteMails(events, seen)
  for (const { kind, reason, facts } of events) if (kind === 'verify') noteProof(facts as VerifyFacts, reason, seen)

  const people = peopleAmong(events, views)
  const human = views.filter((_, index) => people[index])
  for (const { ordinal, facts } of human) {
    // A link that was used or is off tells nothing of how long it should have lived.
    if (facts.state !== 'live' && facts.state !== 'expired') continue
    const mail = seen(ordinal)
    mail.link = earlier(mail.link, facts.ageMs)
  }
  const found = [...mails.values()]
  return {
    links: found.flatMap((mail) => useOf(mail, mail.link)),
    codes: found.flatMap((mail) => useOf(mail, mail.code)),
    humanViews: human.length,
    expiredViews: human.filter(({ facts }) => facts.state === 'expired').length,
  }
}

/** Which views of a challenge were most likely a person's, by all that is known of it. */
export function peopleAmong(events: readonly RecordedOf[], views: readonly View[]): boolean[] {
  const sentAt = sendings(events)
  const actions = events.filter(({ kind }) => kind === 'verify').map(({ at }) => at)
  const told = views.map((view) => sinceSent(view, sentAt.get(view.ordinal) ?? null))
  return classesOfViews(told, actions).map((name) => name === 'same_browser' || name === 'other_browser')
}

/** When the mail server took each mail. */
function sendings(events: readonly RecordedOf[]): Map<number, Ms> {
  const found = new Map<number, Ms>()
  for (const { reason, at, facts } of events)
    if (reason === 'mail_sent' && 'ordinal' in facts && typeof facts.ordinal === 'number') found.set(facts.ordinal, at)
  return found
}

function noteMails(events: readonly RecordedOf[], seen: (ordinal: number) => MailSeen): void {
  const queuedAt = events
    .filter(({ kind, decision }) => (kind === 'start' || kind === 'resend') && 'mail' in decision && decision.mail !== null)
    .map(({ at }) => at)
    .sort((one, other) => one - other)
  for (const [ordinal, at] of queuedAt.entries()) seen(ordinal).queuedAt = at
  for (const [ordinal, at] of sendings(events)) seen(ordinal).acceptedAt = at
}

function noteProof(facts: Partial<VerifyFacts>, reason: string, seen: (ordinal: number) => MailSeen): void {
  const { mail: given, now, proof, bound, address } = facts
  if (typeof given?.createdAt !== 'number' || typeof now !== 'number') return
  const mail = seen(given.ordinal)
  mail.queuedAt ??= given.createdAt
  const age = now - given.createdAt
  // Whoever submits in another browser without an address may be a machine that presses every button.
  if (proof === 'link' && facts.linkMatches === true && (bound === true || address !== 'absent')) mail.link = earlier(mail.link, age)
  // A late code is not compared; only a person in the browser that asked gets that far.
  if (proof === 'code' && bound === true && (facts.code === 'right' || reason === 'code_expired')) mail.code = earlier(mail.code, age)
}

/** Two clocks may differ by a little; nobody uses a mail before it is there. */
function earlier(first: Ms | null, age: Ms): Ms {
  return Math.max(0, first === null ? age : Math.min(first, age))
}

function useOf({ queuedAt, acceptedAt }: MailSeen, sinceQueued: Ms | null): Use[] {
  if (sinceQueued === null) return []
  const sinceAccepted = queuedAt === null || acceptedAt === null ? null : Math.max(0, sinceQueued - (acceptedAt - queuedAt))
  return [{ sinceQueued, sinceAccepted }]
}
