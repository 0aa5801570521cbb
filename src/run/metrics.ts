// What is counted, in the form that Prometheus reads. The one place that knows which metric a thing that happened belongs to; loaded only
// where somebody wants the numbers. Labels come from lists of ours: no address, no id, nothing that a stranger could make many of.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { rules } from '../core/alarms.ts'
import type { Ms, Versions } from '../core/model.ts'
import { type ReasonCode, type ReasonKind, reasons } from '../core/reason.ts'
import type { Tell, Told, ToldVerify } from '../core/told.ts'
import type { ViewState } from '../core/view.ts'
import type { Vitals } from '../flow/vitals.ts'

export interface Metrics {
  readonly tell: Tell
  /** In the text format of Prometheus. */
  text(): Promise<string>
  close(): void
}

/** From a double click to somebody who comes back after lunch. */
const TO_VERIFY = [5, 10, 20, 30, 45, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400]
const TO_ACCEPT = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600]
/** What is used already says nothing of how long people take to come. */
const CLICKABLE: ReadonlySet<ViewState> = new Set(['live', 'expired'])
/** The delay of the event loop is measured by a timer of so many milliseconds: a finer one would cost more than it tells. */
const LAG_EVERY_MS = 50

/**
 * @param transport how this process sends its mails, by name.
 * @param vitals what is looked up when somebody asks; a database that does not answer costs these, and not the counts.
 */
export function openMetrics(
  versions: Versions,
  transport: string,
  vitals: () => Promise<Vitals & { readonly alarms: ReadonlySet<string> }>,
): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name: `postkey_${name}`, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name: `postkey_${name}`, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, buckets: number[], ...labelNames: L[]): Histogram<L> =>
    new Histogram({ name: `postkey_${name}`, help, buckets, labelNames, registers })

  const challenges = counter('challenges_total', 'Requests for a sign-in mail, by reason.', 'outcome')
  const resends = counter('resends_total', 'Requests for another mail of a challenge, by reason.', 'outcome')
  const mails = counter('mails_total', 'Attempts to hand a mail over, by reason.', 'transport', 'outcome')
  const accepted = histogram('mail_accept_seconds', 'From a mail in the queue to its acceptance by the mail server.', TO_ACCEPT)
  const verifications = counter('verifications_total', 'Links and codes presented, by reason.', 'method', 'outcome')
  const codes = counter('code_checks_total', 'Codes that were compared, by what came out.', 'result')
  const refunded = counter('wrong_codes_refunded_total', 'Wrong codes in flows that ended in a sign-in.')
  const replays = counter('replays_total', 'Proofs that the same browser presented again.', 'method')
  const signIns = counter('sign_ins_total', 'Sign-ins, by proof and by browser.', 'method', 'browser')
  const took = histogram('time_to_verify_seconds', 'From the request for a mail to the sign-in.', TO_VERIFY, 'method')
  const views = counter(
    'link_views_total',
    'Links that were opened, by what it most likely was, and how good they were.',
    'method',
    'class',
    'state',
  )
  const viewsDropped = counter(
    'views_dropped_total',
    'Views that were not written down: too many waited, or the database did not take them.',
  )
  const linkAge = histogram(
    'link_age_at_click_seconds',
    'Age of a link when a person most likely opened it for the first time, expired ones included.',
    TO_VERIFY,
    'state',
    'mailbox',
  )
  const mailsPerSuccess = histogram('mails_per_success', 'Mails of a challenge up to its sign-in.', [1, 2, 3, 4, 5, 10])
  const refusals = counter('refusals_total', 'Requests refused before anything was looked up, by reason.', 'reason')
  const requests = counter('http_requests_total', 'Answers, by pattern of the path and class of the status.', 'route', 'status')
  const bounces = counter('bounces_total', 'Reports of mails that came back or were not wanted, by reason.', 'outcome')
  const notMe = counter(
    'not_me_total',
    'Mails of which somebody said that they had not asked for them, by what they were for, and whether sessions ended by it.',
    'purpose',
    'sessions',
  )
  const dispatches = counter('webhook_attempts_total', 'Tries to tell the host, by webhook or function, by what came of it.', 'outcome')
  const queueAge = gauge('mail_queue_age_seconds', 'How long the mail that waits longest for a worker has been due.')
  const mailUsable = gauge('mail_server_usable', '1: the mail server can be used, as far as is known.')
  const breaker = gauge('breaker_fill_ratio', 'Wrong codes of everybody, of those the breaker takes. From 1 on mails carry links only.')
  const sealSeq = gauge('record_seal_seq', 'Number of the newest seal of the record. It never falls.')
  const unsealed = gauge('record_unsealed_age_seconds', 'Age of the oldest event that no seal holds.')
  const alarm = gauge('alarm', '1: raised, by rule.', 'rule')
  const databaseUsable = gauge('database_usable', '1: the database answered when these numbers were asked for.')
  const build = gauge('build_info', 'Versions, as labels.', 'version', 'schema', 'policy', 'template')
  build.set({ version: versions.app, schema: versions.schema, policy: versions.policy, template: versions.template }, 1)
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_EVERY_MS })

  const start = byReason('start', (outcome) => challenges.labels({ outcome }))
  const resend = byReason('start', (outcome) => resends.labels({ outcome }))
  const delivery = byReason('delivery', (outcome) => mails.labels({ transport, outcome }))
  const bounce = byReason('bounce', (outcome) => bounces.labels({ outcome }))
  const guard = byReason('guard', (reason) => refusals.labels({ reason }))
  const proofs = {
    link: byReason('verify', (outcome) => verifications.labels({ method: 'link', outcome })),
    code: byReason('verify', (outcome) => verifications.labels({ method: 'code', outcome })),
  }
  for (const result of ['right', 'older', 'wrong']) codes.inc({ result }, 0)
  for (const method of ['link', 'code']) replays.inc({ method }, 0)

  for (const sessions of ['ended', 'none']) notMe.inc({ purpose: 'sign_in', sessions }, 0)
  for (const outcome of ['delivered', 'retry', 'failed']) dispatches.inc({ outcome }, 0)

  const verified = ({ proof: method, reason, bound, code, tookMs, mails: count, refunded: back }: ToldVerify): void => {
    proofs[method](reason)
    if (code !== null) codes.inc({ result: code })
    if (reason === 'replayed') replays.inc({ method })
    if (tookMs === null) return
    signIns.inc({ method, browser: bound ? 'same' : 'other' })
    took.observe({ method }, seconds(tookMs))
    mailsPerSuccess.observe(count)
    refunded.inc(back)
  }
  const hear: { readonly [K in Told['kind']]: (told: Extract<Told, { readonly kind: K }>) => void } = {
    start: ({ reason }) => start(reason),
    resend: ({ reason }) => resend(reason),
    verify: verified,
    deliver: ({ reason, ageMs }) => {
      delivery(reason)
      if (reason === 'mail_sent') accepted.observe(seconds(ageMs))
    },
    // Those of the guard are among the answers below.
    refusal: ({ of, reason }) => {
      if (of === 'start') start(reason)
    },
    view: ({ class: kind, state, method, first, mailbox, ageMs }) => {
      views.inc({ method, class: kind, state })
      if (first && CLICKABLE.has(state)) linkAge.observe({ state, mailbox }, seconds(ageMs))
    },
    bounce: ({ reason }) => bounce(reason),
    not_me: ({ purpose, sessions }) => notMe.inc({ purpose, sessions: sessions > 0 ? 'ended' : 'none' }),
    dispatch: ({ outcome }) => dispatches.inc({ outcome }),
    request: ({ route, status, reason }) => {
      requests.inc({ route, status: `${Math.floor(status / 100)}xx` })
      // Whoever refused it: the guard, a route that was sent what is no form, or none, since nothing is there.
      if (isOfGuard(reason)) guard(reason)
    },
  }
  let dropped = 0
  const look = async (): Promise<void> => {
    try {
      const seen = await vitals()
      viewsDropped.inc(seen.viewsDropped - dropped)
      dropped = seen.viewsDropped
      sealSeq.set(seen.sealSeq)
      unsealed.set(seconds(seen.unsealedMs))
      queueAge.set(seconds(seen.queueAgeMs))
      if (seen.breakerFill !== null) breaker.set(seen.breakerFill)
      for (const { id: rule } of rules) alarm.set({ rule }, seen.alarms.has(rule) ? 1 : 0)
      mailUsable.set(seen.mailUnusableSince === null ? 1 : 0)
      databaseUsable.set(1)
    } catch {
      // Who watches sees it by the number; what the database said is in the log of those who wanted something of it.
      databaseUsable.set(0)
    }
  }
  return {
    tell: (told) => (hear[told.kind] as Tell)(told),
    text: async () => {
      await look()
      return registry.metrics()
    },
    close: () => registry.clear(),
  }
}

function isOfGuard(reason: string): reason is ReasonCode {
  return Object.hasOwn(reasons, reason) && reasons[reason as ReasonCode].kind === 'guard'
}

const seconds = (ms: Ms): number => ms / 1_000

/** Every reason of a kind is there from the start, as 0: what appears with its first count has no rise that an alert could see. */
function byReason(kind: ReasonKind, of: (code: ReasonCode) => { inc(by?: number): void }): (reason: ReasonCode) => void {
  const known = new Map<ReasonCode, { inc(by?: number): void }>()
  const child = (code: ReasonCode): { inc(by?: number): void } => {
    const found = known.get(code) ?? of(code)
    known.set(code, found)
    return found
  }
  for (const [code, reason] of Object.entries(reasons)) if (reason.kind === kind) child(code as ReasonCode).inc(0)
  return (reason) => child(reason).inc()
}
