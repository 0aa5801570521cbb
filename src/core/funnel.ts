// How many of those who ask get in, how long it takes them, and where the others are lost: counted out of the record, an event at a time;
// all together, and told apart by one thing. What is open about a challenge is kept only as long as something can still happen to it, so
// that a year takes no more memory than a day.
import type { DeliveryFacts } from './delivery.ts'
import { add, noTotals, type Totals } from './funnel-totals.ts'
import type { Ms, Proof } from './model.ts'
import type { ReasonCode } from './reason.ts'
import type { StartDecision, StartFacts } from './start.ts'
import { isHuman, type Told, type ToldVerify, toldRefusal, toldStart, toldVerify, wasInVain } from './told.ts'
import type { VerifyDecision, VerifyFacts } from './verify.ts'
import { classesOfViews, type View, type ViewClass } from './view.ts'

/** By what a funnel is told apart: who receives the mail, which browser asked, which proof was sent in, or which policy let them ask. */
export const splits = ['mailbox', 'device', 'method', 'policy'] as const
export type Split = (typeof splits)[number]

/** The part of what belongs to no mail, such as a form from another site; by method, of those who sent nothing in. */
export const NO_PART = 'none'

/** An event as the record has it. */
export interface FunnelEvent {
  readonly requestId: string
  readonly at: Ms
  readonly challenge: string | null
  readonly kind: string
  readonly reason: string
  readonly facts: object
  readonly decision: object
}

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
  /** That signed in; as long as none did, the last that was sent in. */
  proof: Proof | null
  /** null: nobody said. */
  part: string | null
  readonly views: View[]
  /** When proofs of it were sent in. */
  readonly actions: Ms[]
  /** Codes that were compared in vain since the last sign-in. */
  wrong: number
}

export interface FunnelWindow {
  readonly by: Split | null
  /** Ids of the window sort after this. Of what was before only that is noted which tells who opened links in the two last days. */
  readonly from: string
  /** Where it ends, for what is told by day. */
  readonly until: Ms
}

export interface Funnel extends FunnelWindow {
  readonly totals: Totals
  /** By name. Their sum is the whole; empty where nothing is told apart. */
  readonly parts: Map<string, Totals>
  /** In the order in which they began. */
  readonly open: Map<string, Flow>
}

export function openFunnel(window: FunnelWindow): Funnel {
  return { ...window, totals: noTotals(), parts: new Map(), open: new Map() }
}

/**
 * In the order of the record: requests by their time, and with each what became of its mail.
 *
 * @param lifeMs for how long something can happen to a challenge: its resends, and the link of the last one.
 * @param part whose mailbox or device it is about; by method nobody has to say.
 */
export function countEvent(funnel: Funnel, event: FunnelEvent, lifeMs: Ms, part: string | null = null): void {
  const counted = COUNT[event.kind]
  if (counted === undefined) return
  settleBefore(funnel, event.at - lifeMs)
  if (event.challenge !== null) flowOf(funnel, event.challenge, event.at).part ??= part
  if (event.requestId < funnel.from) noteEarlier(funnel, event)
  else countNow(funnel, event, counted, part)
}

function countNow(funnel: Funnel, event: FunnelEvent, counted: Count, part: string | null): void {
  const all = intoParts(funnel, funnel.by === 'method' ? proofOf(event) : part)
  const told = counted(funnel, event, all)
  if (told === null) return
  const inVain = wasInVain(told)
  for (const { outcomes, posts } of all) {
    add(outcomes, `${told.kind === 'verify' ? told.proof : event.kind} ${event.reason}`)
    if (inVain !== null) posts.all++
    if (inVain === true) posts.inVain++
  }
}

/** Before the events that settle its challenge. */
export function countView(funnel: Funnel, challenge: string, view: View): void {
  flowOf(funnel, challenge, view.at).views.push(view)
}

/** Everything that is still open counts for as far as it came. */
export function closeFunnel(funnel: Funnel): Pick<Funnel, 'totals' | 'parts'> {
  settleBefore(funnel, Number.POSITIVE_INFINITY)
  const { totals, parts } = funnel
  return { totals, parts }
}

type Count = (funnel: Funnel, event: FunnelEvent, all: readonly Totals[]) => Told | null

const COUNT: Readonly<Record<string, Count>> = {
  start: countStart,
  resend: countStart,
  deliver: countDelivery,
  verify: countVerify,
  guard: countGuard,
}

function noteEarlier(funnel: Funnel, { kind, at, challenge }: FunnelEvent): void {
  if (kind === 'verify' && challenge !== null) flowOf(funnel, challenge, at).actions.push(at)
}

function countStart(funnel: Funnel, { kind, at, challenge, reason, facts, decision }: FunnelEvent): Told {
  if (!('verdict' in decision)) return toldRefusal('start', reason as ReasonCode, facts)
  const decided = decision as StartDecision
  if (challenge !== null && decided.mail !== null) {
    const flow = flowOf(funnel, challenge, at)
    const { resend, purpose } = facts as StartFacts
    flow.mailsAt[resend === null || resend === 'unknown' ? 0 : resend.mailsAt.length] = at
    // Of those who are in already nobody has to get in.
    if (kind === 'start' && (purpose ?? 'sign_in') === 'sign_in' && decided.verdict !== 'refuse') flow.started = decided.verdict
  }
  return toldStart(kind as 'start' | 'resend', decided)
}

function countDelivery(funnel: Funnel, { at, challenge, reason, facts }: FunnelEvent, all: readonly Totals[]): Told {
  const flow = challenge === null ? null : flowOf(funnel, challenge, at)
  const { ordinal } = facts as DeliveryFacts & { readonly ordinal: number }
  const ageMs = at - (flow?.mailsAt[ordinal] ?? at)
  if (reason === 'mail_sent' && flow !== null) {
    flow.accepted = true
    for (const { toAccept } of all) add(toAccept, inSeconds(ageMs))
  }
  return { kind: 'deliver', reason: reason as ReasonCode, ageMs }
}

function countVerify(funnel: Funnel, { at, challenge, facts, decision }: FunnelEvent, all: readonly Totals[]): Told {
  const seen = facts as VerifyFacts
  const flow = challenge === null ? null : flowOf(funnel, challenge, at)
  const told = toldVerify(seen, decision as VerifyDecision, { mails: flow?.mailsAt.length ?? 0, refunded: flow?.wrong ?? 0 })
  for (const totals of all) {
    if (told.code !== null) totals.codes[told.code]++
    if (told.tookMs !== null) countSignIn(totals, told, told.tookMs)
  }
  if (flow === null) return told
  flow.actions.push(at)
  flow.used ||= seen.proof === 'link' ? seen.linkMatches : seen.bound && seen.code !== 'malformed'
  if (!flow.verified) flow.proof = seen.proof
  flow.verified ||= told.tookMs !== null
  if (told.tookMs !== null) flow.wrong = 0
  else if (told.code !== null) flow.wrong++
  return told
}

function countGuard(_: Funnel, { reason, facts }: FunnelEvent): Told {
  return toldRefusal('guard', reason as ReasonCode, facts)
}

function countSignIn(totals: Totals, { proof, bound, mails, refunded }: ToldVerify, tookMs: Ms): void {
  totals.signIns[proof]++
  if (!bound) totals.signIns.otherBrowser++
  totals.codes.refunded += refunded
  add(totals.toVerify, inSeconds(tookMs))
  // Of a challenge that began before the window the mails are not known.
  if (mails > 0) add(totals.mails, mails)
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
    proof: null,
    part: null,
    wrong: 0,
    views: [],
    actions: [],
  }
  open.set(challenge, flow)
  return flow
}

/** The whole, and the part of this name. */
function intoParts({ by, totals, parts }: Funnel, part: string | null): readonly Totals[] {
  if (by === null) return [totals]
  const name = part ?? NO_PART
  const own = parts.get(name) ?? noTotals()
  parts.set(name, own)
  return [totals, own]
}

function proofOf({ kind, facts }: FunnelEvent): Proof | null {
  return kind === 'verify' ? (facts as VerifyFacts).proof : null
}

function settleBefore(funnel: Funnel, at: Ms): void {
  for (const [id, flow] of funnel.open) {
    if (flow.since > at) return
    funnel.open.delete(id)
    const classes = classesOfViews(flow.views, flow.actions)
    if (classes.length > 0) settleViews(funnel, id, flow, classes)
    if (flow.started !== null) settleFlow(funnel, flow, classes.some(isHuman))
  }
}

function settleViews(funnel: Funnel, id: string, flow: Flow, classes: readonly ViewClass[]): void {
  for (const { views, days } of intoParts(funnel, funnel.by === 'method' ? 'link' : flow.part)) {
    for (const [nth, view] of classes.entries()) {
      const { at, facts } = flow.views[nth] as View
      const day = DAYS[Math.floor((funnel.until - at) / DAY)]
      if (day !== undefined) days[day].views++
      if (day !== undefined && view === 'likely_scanner') days[day].scanners++
      if (id < funnel.from) continue
      views[view]++
      if (isHuman(view) && facts.state === 'expired') views.expired++
    }
  }
}

const DAY: Ms = 86_400_000
/** By how many whole days something is past. */
const DAYS = ['last', 'before'] as const

function settleFlow(funnel: Funnel, flow: Flow, opened: boolean): void {
  const seen = flow.used || opened
  for (const { flows } of intoParts(funnel, funnel.by === 'method' ? (flow.proof ?? (opened ? 'link' : null)) : flow.part)) {
    flows.requested++
    if (flow.started === 'pretend') flows.forShow++
    // Whoever comes further was also where the way leads through.
    if (flow.accepted || seen || flow.verified) flows.accepted++
    if (seen || flow.verified) flows.seen++
    if (flow.verified) flows.verified++
  }
}

const inSeconds = (ms: Ms): number => Math.round(ms / 1_000)
