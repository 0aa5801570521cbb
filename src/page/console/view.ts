// What the pages of the console are given. Nothing in here is a secret, or could be made into one.
import type { Suppression } from '../../core/bounce.ts'
import type { Advice, MeasuredPart } from '../../core/calibrate.ts'
import type { EndpointState } from '../../core/dispatch.ts'
import type { Split } from '../../core/funnel.ts'
import type { FunnelNumber } from '../../core/funnel-numbers.ts'
import type { Challenge, Ms, Session, User, Versions } from '../../core/model.ts'
import type { PolicyChange, PolicyLine } from '../../core/policy-difference.ts'
import type { ReasonCode } from '../../core/reason.ts'
import type { Standing } from '../../core/standing.ts'
import type { TenantStatus } from '../../core/tenant.ts'
import type { Timeline } from '../../core/timeline.ts'
import type { Problem } from '../view.ts'

/** Shared by all of them. */
export interface Desk {
  /** Who is looking. */
  readonly operator: string
  readonly page: 'overview' | 'mails' | 'recoveries' | 'calibrate' | 'webhooks' | 'policy' | 'versions' | 'tenants' | 'person' | 'found'
  /** It is the console of the installation, and not of one of its tenants. */
  readonly installation: boolean
}

export interface QueueFacts {
  readonly queued: number
  readonly due: number
  /** When the oldest that waits was asked for. */
  readonly oldest: Ms | null
  /** So many are counted at most. */
  readonly countedMax: number
  readonly unusableSince: Ms | null
}

/** A time up to now, as the address of the page names it. */
export const windows = ['1h', '24h', '7d'] as const
export type Window = (typeof windows)[number]

/** Read in the background, and not whole yet: after so many events. */
export interface UnderWay {
  readonly looked: number
}

interface Flows {
  readonly requested: number
  readonly accepted: number
  readonly seen: number
  readonly verified: number
  readonly forShow: number
}

export interface FunnelView {
  readonly window: Window
  readonly by: Split | null
  readonly read: CountedView | UnderWay
}

export interface CountedView {
  readonly since: Ms
  /** When it was counted. */
  readonly at: Ms
  /** Events that were counted. */
  readonly counted: number
  /** There are more in this time: these are the newest. */
  readonly cut: boolean
  readonly flows: Flows
  readonly numbers: readonly FunnelNumber[]
  /** From asking to being in: seconds, and how many took so long. */
  readonly toVerify: readonly (readonly [number, number])[]
  /** Told apart, the biggest first; null: they are not. */
  readonly parts: readonly { readonly name: string; readonly flows: Flows; readonly numbers: readonly FunnelNumber[] }[] | null
}

/** A time up to now in which people asked. */
export const calibrateWindows = ['24h', '7d', '30d'] as const
export type CalibrateWindow = (typeof calibrateWindows)[number]

export interface CalibrateView {
  readonly window: CalibrateWindow
  readonly read: MeasuredView | UnderWay
}

export interface MeasuredView {
  readonly since: Ms
  /** When it was read. */
  readonly at: Ms
  readonly challenges: number
  /** There are more in this time: these are the newest. */
  readonly cut: boolean
  /** All mailboxes first. */
  readonly parts: readonly [MeasuredPart, ...MeasuredPart[]]
  /** First clicks of all: seconds from when the mail was queued, and how many took so long. */
  readonly clicks: readonly (readonly [number, number])[]
  readonly advice: Advice
  /** Domains of which DNS said nothing. */
  readonly unanswered: number
}

export interface OverviewView {
  readonly queue: QueueFacts
  readonly funnel: FunnelView
  readonly problem?: Problem | undefined
  readonly notice?: 'erased' | undefined
}

export type MailState = 'queued' | 'sent' | 'dead' | 'expired' | 'suppressed'

export interface MailsView {
  readonly queue: QueueFacts
  readonly next: readonly {
    readonly challenge: string
    readonly ordinal: number
    readonly createdAt: Ms
    readonly tries: number
    readonly dueAt: Ms
  }[]
  readonly recent: { readonly since: Ms | null; readonly states: Readonly<Record<MailState, number>> }
}

export interface SeenEndpoint {
  readonly id: string
  readonly host: string
  /** Empty: all. */
  readonly types: readonly string[]
  readonly state: EndpointState
  readonly failingSince: Ms | null
}

export interface WebhooksView {
  readonly endpoints: readonly SeenEndpoint[]
}

export interface EndpointPageView {
  readonly endpoint: SeenEndpoint
  /** Newest first, so many of them. */
  readonly dispatches: readonly {
    readonly id: string
    /** As the receiver has it. */
    readonly messageId: string
    readonly type: string
    readonly state: 'queued' | 'delivered' | 'failed'
    readonly createdAt: Ms
    readonly dueAt: Ms
    /** Oldest first. */
    readonly attempts: readonly { readonly at: Ms; readonly tookMs: Ms; readonly status: number | null; readonly reply: string }[]
  }[]
  /** What came of the act that led here. */
  readonly said?: ReasonCode | undefined
}

export interface PolicyView {
  /** In force. */
  readonly lines: readonly PolicyLine[]
  /** For some people first. */
  readonly rollOut: {
    readonly name: string
    readonly version: string
    readonly percent: number
    readonly listed: number
    readonly changes: readonly PolicyChange[]
  } | null
  /** Newest first. */
  readonly history: readonly {
    readonly version: string
    readonly firstUsedAt: Ms
    readonly inForce: boolean
    /** What it has otherwise than the one before it; null: nothing came before. */
    readonly changes: readonly PolicyChange[] | null
  }[]
}

export interface SeenTenant {
  readonly tenant: string
  /** '': what is kept of it has none. */
  readonly name: string
  readonly status: TenantStatus
  /** Its addresses, home first. */
  readonly at: readonly string[]
}

export interface TenantsView {
  readonly tenants: readonly SeenTenant[]
  readonly said?: ReasonCode | undefined
  /** What was to be added, and what stood in the way of it. */
  readonly typed?: { readonly tenant: string; readonly settings: string }
  readonly problems?: readonly string[]
}

export interface TenantPageView {
  readonly tenant: SeenTenant
  readonly version: number
  readonly createdAt: Ms
  readonly updatedAt: Ms
  /** Why this version cannot read it; none: it can. */
  readonly unreadable: readonly string[]
  readonly brand: {
    readonly mailFrom: { readonly address: string; readonly own: boolean }
    readonly support: string | undefined
    readonly accent: string | undefined
    /** Its size in characters. */
    readonly logo: number | undefined
    readonly returnTo: string | null
    readonly returnOrigins: readonly string[]
    readonly operators: readonly string[]
    readonly words: readonly { readonly language: string; readonly texts: number }[]
  } | null
  readonly rules: {
    readonly version: string
    /** Against the preset that whoever says nothing has. */
    readonly changes: readonly PolicyChange[]
    readonly rollOut: {
      readonly name: string
      readonly percent: number
      readonly listed: number
      readonly changes: readonly PolicyChange[]
    } | null
  } | null
  readonly queue: Pick<QueueFacts, 'queued' | 'oldest' | 'countedMax'>
  /** As they can be changed, or as they were typed; null: too long for a form. */
  readonly settings: string | null
  readonly said?: ReasonCode | undefined
  readonly problems?: readonly string[]
  /** Which form they are about. */
  readonly wrong?: string | undefined
}

export interface VersionsView {
  readonly versions: Versions
}

export interface SeenMail {
  readonly ordinal: number
  readonly createdAt: Ms
  readonly hasCode: boolean
  readonly linkUsedAt: Ms | null
  readonly codeTries: number
  readonly addressTries: number
  readonly decoy: boolean
  readonly state: MailState
  readonly tries: number
  readonly dueAt: Ms
  readonly settledAt: Ms | null
  /** Why it was written, or only pretended. */
  readonly reason: ReasonCode | null
  /** What the mail server said to each hand-over. */
  readonly answers: readonly { readonly at: Ms; readonly reason: ReasonCode; readonly replyText: string }[]
}

export interface PersonPageView {
  /** As the path names the person: a user's id, or a sealed address. */
  readonly name: string
  readonly email: string
  readonly user: User | null
  readonly listed: boolean
  readonly erased: boolean
  readonly standings: readonly Standing[]
  /** Nothing is sent to it, since a mail came back or was not wanted. */
  readonly suppressed: Suppression | null
  /** Until then no mail goes out that strangers ask for. */
  readonly quietUntil: Ms | null
  readonly sessions: readonly Session[]
  readonly challenges: readonly (Challenge & { readonly live: boolean; readonly verdict: string; readonly mails: readonly SeenMail[] })[]
  /** What came of the act that led here. */
  readonly said?: ReasonCode | undefined
  readonly policyHasCode: boolean
}

/** One sign-in, or one request that led to none. */
export interface Story extends Timeline {
  readonly challenge: string | null
  readonly request: string | null
  readonly at: Ms
  /** Whose page to go to; null: not known any more. */
  readonly person: { readonly email: string; readonly name: string } | null
}

export interface FoundView {
  /** Newest first. */
  readonly stories: readonly Story[]
  readonly more: boolean
}

export interface ConfirmView {
  readonly operator: string
  /** So old the proof may be for what was wanted. */
  readonly proof: Ms
  readonly returnTo: string
}
