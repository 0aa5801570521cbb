// How long links and codes should live, from how long people took. Every quantile is exact: all first uses are kept, eight bytes each.
import type { Clicks, Use } from './clicks.ts'
import { type MailboxClass, mailboxClasses } from './mailbox.ts'
import type { Ms } from './model.ts'
import type { Policy } from './policy.ts'
import { changeOf, type PolicyChange } from './policy-change.ts'

/** What was seen of one class of mailbox, or of all. */
export interface Samples {
  readonly links: Times
  readonly codes: Times
  humanViews: number
  expiredViews: number
}

interface Times {
  readonly sinceQueued: Ms[]
  readonly sinceAccepted: Ms[]
}

export type SamplesByMailbox = Readonly<Record<MailboxClass, Samples>>

export function noSamples(): SamplesByMailbox {
  const times = (): Times => ({ sinceQueued: [], sinceAccepted: [] })
  const none = (): Samples => ({ links: times(), codes: times(), humanViews: 0, expiredViews: 0 })
  return Object.fromEntries(mailboxClasses.map((name) => [name, none()])) as Record<MailboxClass, Samples>
}

export function addClicks(samples: Samples, { links, codes, humanViews, expiredViews }: Clicks): void {
  addUses(samples.links, links)
  addUses(samples.codes, codes)
  samples.humanViews += humanViews
  samples.expiredViews += expiredViews
}

function addUses({ sinceQueued, sinceAccepted }: Times, uses: readonly Use[]): void {
  for (const use of uses) {
    sinceQueued.push(use.sinceQueued)
    if (use.sinceAccepted !== null) sinceAccepted.push(use.sinceAccepted)
  }
}

export interface Distribution {
  readonly count: number
  /** null: of nothing. */
  readonly p50: Ms | null
  readonly p90: Ms | null
  readonly p95: Ms | null
  readonly p99: Ms | null
}

export interface Measured {
  readonly links: { readonly sinceQueued: Distribution; readonly sinceAccepted: Distribution }
  readonly codes: { readonly sinceQueued: Distribution; readonly sinceAccepted: Distribution }
  /** Views that were most likely a person's; of them those of an expired link; and the share of these. */
  readonly landings: { readonly human: number; readonly expired: number; readonly rate: number | null }
  /** The lives, in whole seconds, that would have caught so many percent of the first clicks. */
  readonly lives: { readonly p90: Ms | null; readonly p95: Ms | null; readonly p99: Ms | null }
}

export interface MeasuredPart {
  readonly name: MailboxClass | 'all'
  readonly measured: Measured
}

export type Advice =
  /** `too_few`: first clicks. `unseen`: no view was recorded, so that nobody knows of clicks after the end. */
  | { readonly verdict: 'too_few' | 'unseen'; readonly clicks: number; readonly needed: number }
  | { readonly verdict: 'keep'; readonly clicks: number; readonly linkTtl: Ms; readonly caught: number }
  | {
      readonly verdict: 'longer' | 'shorter'
      readonly clicks: number
      readonly linkTtl: Ms
      /** Shares of the first clicks: under the policy in force, and under the one that is advised. */
      readonly caught: number
      readonly wouldCatch: number
      /** What decided: all mailboxes together, or the class that needs it longest. */
      readonly by: MailboxClass | 'all'
      /** As POSTKEY_POLICY takes it. */
      readonly policy: PolicyChange
    }

/** Fewer first clicks say more about these people than about the next. */
export const CLICKS_NEEDED = 100

/** Lives that people know how to say. */
const LADDER: readonly Ms[] = [5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1_440].map((minutes) => minutes * 60_000)
/** What NIST and ASVS grant a secret that is guessable; a link needs no less. */
const LEAST: Ms = 10 * 60_000

export function measure(samples: Samples): Measured {
  const { links, codes, humanViews, expiredViews } = samples
  const sorted = inOrder(links.sinceQueued)
  return {
    links: { sinceQueued: distributionOf(links.sinceQueued), sinceAccepted: distributionOf(links.sinceAccepted) },
    codes: { sinceQueued: distributionOf(codes.sinceQueued), sinceAccepted: distributionOf(codes.sinceAccepted) },
    landings: { human: humanViews, expired: expiredViews, rate: humanViews === 0 ? null : expiredViews / humanViews },
    lives: { p90: lifeFor(sorted, 0.9), p95: lifeFor(sorted, 0.95), p99: lifeFor(sorted, 0.99) },
  }
}

/** All mailboxes together first, then each class. */
export function measureEach(byMailbox: SamplesByMailbox): readonly [MeasuredPart, ...MeasuredPart[]] {
  return [
    { name: 'all', measured: measure(together(byMailbox)) },
    ...mailboxClasses.map((name) => ({ name, measured: measure(byMailbox[name]) })),
  ]
}

export function together(byMailbox: SamplesByMailbox): Samples {
  const parts = Object.values(byMailbox)
  const all = (which: 'links' | 'codes', since: keyof Times): Ms[] => parts.flatMap((part) => part[which][since])
  const times = (which: 'links' | 'codes'): Times => ({
    sinceQueued: all(which, 'sinceQueued'),
    sinceAccepted: all(which, 'sinceAccepted'),
  })
  return {
    links: times('links'),
    codes: times('codes'),
    humanViews: parts.reduce((sum, part) => sum + part.humanViews, 0),
    expiredViews: parts.reduce((sum, part) => sum + part.expiredViews, 0),
  }
}

/**
 * Longer, where the life in force misses more than 5 % of the first clicks of all, or 10 % of those of a class that is big enough to tell.
 * Shorter, where half of it would miss no more than 1 % and 5 %. It is the link's life that is moved: a code is guessable, and the
 * standards hold it to ten minutes.
 */
export function adviseOn(policy: Policy, byMailbox: SamplesByMailbox): Advice {
  const all = together(byMailbox)
  const clicks = inOrder(all.links.sinceQueued)
  const count = clicks.length
  if (count < CLICKS_NEEDED) return { verdict: 'too_few', clicks: count, needed: CLICKS_NEEDED }
  if (all.humanViews === 0) return { verdict: 'unseen', clicks: count, needed: CLICKS_NEEDED }
  const caught = shareBefore(clicks, policy.linkTtl)
  const change = (verdict: 'longer' | 'shorter', { life, by }: Need): Advice => {
    const wouldCatch = shareBefore(clicks, life)
    return { verdict, clicks: count, linkTtl: life, caught, wouldCatch, by, policy: changeOf(policy, { linkTtl: life }) }
  }
  const longer = need(policy, byMailbox, clicks, { all: 0.95, each: 0.9 })
  if (longer.life > policy.linkTtl) return change('longer', longer)
  const shorter = need(policy, byMailbox, clicks, { all: 0.99, each: 0.95 })
  if (2 * shorter.life <= policy.linkTtl) return change('shorter', shorter)
  return { verdict: 'keep', clicks: count, linkTtl: policy.linkTtl, caught }
}

interface Need {
  readonly life: Ms
  readonly by: MailboxClass | 'all'
}

function need(policy: Policy, byMailbox: SamplesByMailbox, clicks: readonly Ms[], share: { all: number; each: number }): Need {
  const needs: Need[] = [{ life: lifeFor(clicks, share.all) ?? 0, by: 'all' }]
  for (const name of mailboxClasses) {
    const own = inOrder(byMailbox[name].links.sinceQueued)
    if (own.length >= CLICKS_NEEDED) needs.push({ life: lifeFor(own, share.each) ?? 0, by: name })
  }
  const { life, by } = needs.reduce((most, one) => (one.life > most.life ? one : most))
  const rung = LADDER.find((rung) => rung >= life) ?? (LADDER.at(-1) as Ms)
  // No code may outlive the link of its mail.
  return { life: Math.max(rung, LEAST, policy.codeTtl), by }
}

function distributionOf(times: readonly Ms[]): Distribution {
  const sorted = inOrder(times)
  const p = (share: number): Ms | null => quantile(sorted, share)
  return { count: sorted.length, p50: p(0.5), p90: p(0.9), p95: p(0.95), p99: p(0.99) }
}

/** The smallest of the values that at least such a share of them does not exceed. */
function quantile(sorted: readonly Ms[], share: number): Ms | null {
  // 0.95 * 100 is 95.00000000000001 for a computer.
  return sorted[Math.max(0, Math.ceil(Number((share * sorted.length).toFixed(6))) - 1)] ?? null
}

/** At its end a link is over: the click must come before. */
function lifeFor(sorted: readonly Ms[], share: number): Ms | null {
  const click = quantile(sorted, share)
  return click === null ? null : (Math.floor(click / 1_000) + 1) * 1_000
}

function shareBefore(sorted: readonly Ms[], life: Ms): number {
  const late = sorted.findIndex((click) => click >= life)
  return sorted.length === 0 ? 0 : (late === -1 ? sorted.length : late) / sorted.length
}

function inOrder(times: readonly Ms[]): Ms[] {
  return times.toSorted((one, other) => one - other)
}
