// What is known of one challenge, read out of the record: who asked, what became of each mail, what was submitted. Events are read as
// leniently as they may have been written, by whatever version: what a field does not say is not known, and nothing fails for it.
import type { Ms, Proof } from './model.ts'
import type { Policy } from './policy.ts'
import { sinceSent, type View } from './view.ts'

export interface TracedEvent {
  readonly id: string
  readonly at: Ms
  readonly requestId: string
  readonly kind: string
  readonly reason: string
  readonly facts: object
  readonly decision: object
}

export interface TracedSession {
  readonly id: string
  readonly proof: Proof
  readonly device: string
  readonly network: string
  readonly createdAt: Ms
  readonly endedAt: Ms | null
}

export interface Trace {
  readonly now: Ms
  /** null: none was made, or it was removed since. */
  readonly challenge: null | {
    readonly createdAt: Ms
    readonly completedAt: Ms | null
    readonly device: string
    readonly network: string | null
  }
  readonly events: readonly TracedEvent[]
  readonly views: readonly View[]
  readonly sessions: readonly TracedSession[]
  /** The one that decided the start, for what follows from it and was not written down; null: not known. */
  readonly policy: Policy | null
}

/** A start or resend. */
export interface Ask {
  readonly event: TracedEvent
  readonly verdict: string
  /** Which mail it made, if any. */
  readonly ordinal: number | null
  readonly linkExpiresAt: Ms | null
  readonly codeExpiresAt: Ms | null
  readonly retryAfterMs: Ms | null
  /** Of the address, in the window that counted. */
  readonly mailsAt: readonly Ms[]
}

/** An attempt to hand a mail over. */
export interface Attempt {
  readonly event: TracedEvent
  readonly ordinal: number
  readonly state: string | null
  readonly nth: number
  /** The mail server's words. */
  readonly said: string
  readonly retryInMs: Ms | null
}

export interface MailTrace {
  readonly ordinal: number
  readonly queuedAt: Ms
  readonly linkExpiresAt: Ms | null
  readonly codeExpiresAt: Ms | null
  readonly pretended: boolean
  readonly attempts: readonly Attempt[]
  /** `waiting`: not settled, as far as is known. */
  readonly state: string
  readonly settledAt: Ms | null
}

export interface Submit {
  readonly event: TracedEvent
  readonly proof: Proof | null
  readonly bound: boolean
  /** When what the reason names happened. */
  readonly reasonAt: Ms | null
  readonly triesLeft: number | null
  readonly retryAfterMs: Ms | null
  readonly userStatus: string | null
}

export interface Told {
  readonly asks: readonly Ask[]
  readonly mails: readonly MailTrace[]
  readonly attempts: readonly Attempt[]
  readonly submits: readonly Submit[]
  /** Their age told from when the mail was taken. */
  readonly views: readonly View[]
  readonly ends: readonly TracedEvent[]
  /** Of no kind that is known here. */
  readonly others: readonly TracedEvent[]
}

export function read(trace: Trace): Told {
  const events = trace.events.toSorted((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
  const of = (...kinds: string[]): TracedEvent[] => events.filter(({ kind }) => kinds.includes(kind))
  const asks = of('start', 'resend').map(askOf)
  const attempts = of('deliver').map(attemptOf)
  const mails = asks.filter((ask) => ask.ordinal !== null).map((ask) => mailOf(ask, attempts))
  const sentAt = new Map(mails.map(({ ordinal, state, settledAt }) => [ordinal, state === 'sent' ? settledAt : null]))
  return {
    asks,
    attempts,
    mails,
    views: trace.views.map((view) => sinceSent(view, sentAt.get(view.ordinal) ?? null)),
    submits: of('verify').map(submitOf),
    ends: of('end_session'),
    others: events.filter(({ kind }) => !KINDS.includes(kind)),
  }
}

const KINDS = ['start', 'resend', 'deliver', 'verify', 'end_session']

function askOf(event: TracedEvent): Ask {
  const { facts, decision } = event
  const mail = objectIn(decision, 'mail')
  const resend = objectIn(facts, 'resend')
  return {
    event,
    verdict: textIn(decision, 'verdict') ?? '',
    ordinal: mail === null ? null : event.kind === 'start' ? 0 : timesIn(resend ?? {}, 'mailsAt').length,
    linkExpiresAt: mail && isTrue(mail, 'link') ? numberIn(mail, 'linkExpiresAt') : null,
    codeExpiresAt: mail && isTrue(mail, 'code') ? numberIn(mail, 'codeExpiresAt') : null,
    retryAfterMs: numberIn(decision, 'retryAfterMs'),
    mailsAt: timesIn(facts, 'mails'),
  }
}

function attemptOf(event: TracedEvent): Attempt {
  const { facts, decision } = event
  return {
    event,
    ordinal: countIn(facts, 'ordinal') ?? 0,
    state: textIn(decision, 'state'),
    nth: (countIn(facts, 'tries') ?? 0) + 1,
    said: plainly(textIn(facts, 'replyText') ?? ''),
    retryInMs: numberIn(decision, 'retryInMs'),
  }
}

function mailOf(ask: Ask, all: readonly Attempt[]): MailTrace {
  const ordinal = ask.ordinal ?? 0
  const attempts = all.filter((attempt) => attempt.ordinal === ordinal)
  const settled = attempts.findLast(({ state }) => state !== null)
  return {
    ordinal,
    queuedAt: ask.event.at,
    linkExpiresAt: ask.linkExpiresAt,
    codeExpiresAt: ask.codeExpiresAt,
    pretended: ask.verdict === 'pretend',
    attempts,
    state: settled?.state ?? 'waiting',
    settledAt: settled?.event.at ?? null,
  }
}

function submitOf(event: TracedEvent): Submit {
  const { facts, decision } = event
  const proof = textIn(facts, 'proof')
  return {
    event,
    proof: proof === 'link' || proof === 'code' ? proof : null,
    bound: isTrue(facts, 'bound'),
    reasonAt: numberIn(decision, 'at'),
    triesLeft: countIn(decision, 'triesLeft'),
    retryAfterMs: numberIn(decision, 'retryAfterMs'),
    userStatus: textIn(objectIn(facts, 'user') ?? {}, 'status'),
  }
}

/**
 * What others wrote, fit to be shown: without addresses, web addresses, and whatever might be a code or a secret that a mail server
 * repeats. Its own numbers ("550 5.1.1") are short.
 */
export function plainly(text: string): string {
  return text
    .slice(0, 1_000)
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .replaceAll(/\S*(?:@|:\/\/)\S*/g, '…')
    .replaceAll(/[\w-]{20,}|\d{6,}/g, '…')
    .trim()
    .slice(0, 160)
}

const field = (from: object, name: string): unknown => (Object.hasOwn(from, name) ? (from as Record<string, unknown>)[name] : undefined)

function numberIn(from: object, name: string): number | null {
  const value = field(from, name)
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

function countIn(from: object, name: string): number | null {
  const value = numberIn(from, name)
  return value !== null && Number.isInteger(value) && value >= 0 && value < 10_000 ? value : null
}

function textIn(from: object, name: string): string | null {
  const value = field(from, name)
  return typeof value === 'string' ? value : null
}

function objectIn(from: object, name: string): object | null {
  const value = field(from, name)
  return typeof value === 'object' && value !== null ? value : null
}

function timesIn(from: object, name: string): number[] {
  const value = field(from, name)
  return Array.isArray(value) ? value.filter((at): at is number => typeof at === 'number' && Number.isFinite(at)) : []
}

const isTrue = (from: object, name: string): boolean => field(from, name) === true
