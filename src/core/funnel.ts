// How many of those who ask get in, how long it takes them, and where the others are lost: counted out of the record, an event at a time.
// What is open about a challenge is kept only as long as something can still happen to it, so that a year takes no more memory than a day.
import type { DeliveryFacts } from './delivery.ts'
import type { Ms } from './model.ts'
import type { ReasonCode } from './reason.ts'
import type { StartDecision, StartFacts } from './start.ts'
import { isHuman, type Told, type ToldVerify, toldRefusal, toldStart, toldVerify, wasInVain } from './told.ts'
import type { VerifyDecision, VerifyFacts } from './verify.ts'
import { classesOfViews, type View, type ViewClass } from './view.ts'

/** An event as the record has it. */
export interface FunnelEvent {
  readonly at: Ms
  readonly challenge: string | null
  readonly kind: string
  readonly reason: string
  readonly facts: object
  readonly decision: object
}

/** Whole seconds, and how often each. */
type Seconds = Map<number, number>

interface Flow {
  /** When the first was heard of it. */
  readonly since: Ms
  /** When each of its mails was queued, by ordinal; those from before the window are left out, but have their place. */
  readonly mailsAt: Ms[]
  /** null: it began before the window, and counts for nothing; or its start stands a millisecond behind its mail. */
  started: null | 'send' | 'pretend'
  accepted: boolean
  /** Somebody sent in a link that was right, or a code. */
  used: boolean
  verified: boolean
  readonly views: View[]
  /** When proofs of it were sent in. */
  readonly actions: Ms[]
  /** Codes that were compared in vain since the last sign-in. */
  wrong: number
}

export interface Totals {
  /** Distinct challenges: each counts for the furthest it came, and for what is before. */
  readonly flows: { requested: number; forShow: number; accepted: number; seen: number; verified: number }
  /** Events by kind and reason, such as "start mail_queued"; for proofs "link signed_in". */
  readonly outcomes: Map<string, number>
  readonly codes: { right: number; older: number; wrong: number; refunded: number }
  readonly posts: { all: number; inVain: number }
  readonly signIns: { link: number; code: number; otherBrowser: number }
  /** Views of links, by what they most likely were; and those of people who came too late. */
  readonly views: Record<ViewClass | 'expired', number>
  /** So many mails before a sign-in, and how often. */
  readonly mails: Map<number, number>
  readonly toVerify: Seconds
  readonly toAccept: Seconds
}

export interface Funnel {
  readonly totals: Totals
  /** In the order in which they began. */
  readonly open: Map<string, Flow>
}

export function openFunnel(): Funnel {
  const totals: Totals = {
    flows: { requested: 0, forShow: 0, accepted: 0, seen: 0, verified: 0 },
    outcomes: new Map(),
    codes: { right: 0, older: 0, wrong: 0, refunded: 0 },
    posts: { all: 0, inVain: 0 },
    signIns: { link: 0, code: 0, otherBrowser: 0 },
    views: { same_browser: 0, other_browser: 0, prefetch: 0, likely_scanner: 0, expired: 0 },
    mails: new Map(),
    toVerify: new Map(),
    toAccept: new Map(),
  }
  return { totals, open: new Map() }
}

/**
 * In the order of the record: requests by their time, and with each what became of its mail.
 *
 * @param lifeMs for how long something can happen to a challenge: its resends, and the link of the last one.
 */
export function countEvent(funnel: Funnel, event: FunnelEvent, lifeMs: Ms): void {
  const counted = COUNT[event.kind]
  if (counted === undefined) return
  settleBefore(funnel, event.at - lifeMs)
  const told = counted(funnel, event)
  if (told === null) return
  add(funnel.totals.outcomes, `${told.kind === 'verify' ? told.proof : event.kind} ${event.reason}`)
  const inVain = wasInVain(told)
  if (inVain === null) return
  funnel.totals.posts.all++
  if (inVain) funnel.totals.posts.inVain++
}

/** Before the events that settle its challenge. */
export function countView(funnel: Funnel, challenge: string, view: View): void {
  flowOf(funnel, challenge, view.at).views.push(view)
}

/** Everything that is still open counts for as far as it came. */
export function closeFunnel(funnel: Funnel): Totals {
  settleBefore(funnel, Number.POSITIVE_INFINITY)
  return funnel.totals
}

type Count = (funnel: Funnel, event: FunnelEvent) => Told | null

const COUNT: Readonly<Record<string, Count>> = {
  start: countStart,
  resend: countStart,
  deliver: countDelivery,
  verify: countVerify,
  guard: countGuard,
}

function countStart(funnel: Funnel, { kind, at, challenge, reason, facts, decision }: FunnelEvent): Told {
  if (!('verdict' in decision)) return toldRefusal('start', reason as ReasonCode, facts)
  const decided = decision as StartDecision
  if (challenge !== null && decided.mail !== null) {
    const flow = flowOf(funnel, challenge, at)
    const { resend } = facts as StartFacts
    flow.mailsAt[resend === null || resend === 'unknown' ? 0 : resend.mailsAt.length] = at
    if (kind === 'start' && decided.verdict !== 'refuse') flow.started = decided.verdict
  }
  return toldStart(kind as 'start' | 'resend', decided)
}

function countDelivery(funnel: Funnel, { at, challenge, reason, facts }: FunnelEvent): Told {
  const flow = challenge === null ? null : flowOf(funnel, challenge, at)
  const { ordinal } = facts as DeliveryFacts & { readonly ordinal: number }
  const ageMs = at - (flow?.mailsAt[ordinal] ?? at)
  if (reason === 'mail_sent' && flow !== null) {
    flow.accepted = true
    add(funnel.totals.toAccept, inSeconds(ageMs))
  }
  return { kind: 'deliver', reason: reason as ReasonCode, ageMs }
}

function countVerify(funnel: Funnel, { at, challenge, facts, decision }: FunnelEvent): Told {
  const seen = facts as VerifyFacts
  const { totals } = funnel
  const flow = challenge === null ? null : flowOf(funnel, challenge, at)
  const told = toldVerify(seen, decision as VerifyDecision, { mails: flow?.mailsAt.length ?? 0, refunded: flow?.wrong ?? 0 })
  if (told.code !== null) totals.codes[told.code]++
  if (told.tookMs !== null) countSignIn(totals, told, told.tookMs)
  if (flow === null) return told
  flow.actions.push(at)
  flow.used ||= seen.proof === 'link' ? seen.linkMatches : seen.bound && seen.code !== 'malformed'
  flow.verified ||= told.tookMs !== null
  if (told.tookMs !== null) flow.wrong = 0
  else if (told.code !== null) flow.wrong++
  return told
}

function flowOf({ open }: Funnel, challenge: string, at: Ms): Flow {
  const known = open.get(challenge)
  if (known !== undefined) return known
  const flow: Flow = {
    since: at,
    mailsAt: [],
    started: null,
    accepted: false,
    used: false,
    verified: false,
    wrong: 0,
    views: [],
    actions: [],
  }
  open.set(challenge, flow)
  return flow
}

function countSignIn(totals: Totals, { proof, bound, mails, refunded }: ToldVerify, tookMs: Ms): void {
  totals.signIns[proof]++
  if (!bound) totals.signIns.otherBrowser++
  totals.codes.refunded += refunded
  add(totals.toVerify, inSeconds(tookMs))
  // Of a challenge that began before the window the mails are not known.
  if (mails > 0) add(totals.mails, mails)
}

function countGuard(_: Funnel, { reason, facts }: FunnelEvent): Told {
  return toldRefusal('guard', reason as ReasonCode, facts)
}

function settleBefore({ open, totals }: Funnel, at: Ms): void {
  for (const [id, flow] of open) {
    if (flow.since > at) return
    open.delete(id)
    const { flows } = totals
    const classes = classesOfViews(flow.views, flow.actions)
    for (const [nth, view] of classes.entries()) {
      totals.views[view]++
      if (isHuman(view) && flow.views[nth]?.facts.state === 'expired') totals.views.expired++
    }
    if (flow.started === null) continue
    const seen = flow.used || classes.some(isHuman)
    flows.requested++
    if (flow.started === 'pretend') flows.forShow++
    // Whoever comes further was also where the way leads through.
    if (flow.accepted || seen || flow.verified) flows.accepted++
    if (seen || flow.verified) flows.seen++
    if (flow.verified) flows.verified++
  }
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const inSeconds = (ms: Ms): number => Math.round(ms / 1_000)

/** The smallest number of seconds within which so many of all were: nearest rank. null: there were none. */
export function percentile(seconds: ReadonlyMap<number, number>, share: number): number | null {
  const sorted = [...seconds].sort(([one], [other]) => one - other)
  const rank = Math.ceil(share * sorted.reduce((sum, [, count]) => sum + count, 0))
  let seen = 0
  for (const [value, count] of sorted) {
    seen += count
    if (seen >= rank) return value
  }
  return null
}
