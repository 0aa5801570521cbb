// The part of the port that is about what was recorded: events, views, the search among them, and the seals.
import type { EventKind, Ms } from '../core/model.ts'
import type { ReasonCode } from '../core/reason.ts'
import type { EventRow, Link, Place, Seal } from '../core/seal.ts'
import type { SearchKey } from '../core/search.ts'
import type { Trace } from '../core/trace.ts'
import type { View } from '../core/view.ts'
import type { PurgeInput, Scope } from './store.ts'

/** Where an event stands. */
export type EventPlace = Place

export interface RecordedEvent extends EventPlace {
  readonly at: Ms
  readonly challenge: string | null
  readonly kind: string
  readonly reason: string
  readonly facts: object
  readonly decision: object
  readonly policyVersion: string
}

/** Who asked for the mails of a challenge. */
export interface Asker {
  readonly challenge: string
  /** Of the address; null: it has none. */
  readonly domain: string | null
  readonly device: string
}

/** Where an event stands among those of its challenge. */
export interface ChallengePlace extends EventPlace {
  readonly challenge: string
}

/** Where a view stands: those of one challenge lie together, and challenges in the order of their time. */
export interface ViewPlace {
  readonly challenge: string
  readonly at: Ms
  readonly id: string
}

export interface RecordedView extends ViewPlace, View {}

export interface SearchInput {
  readonly keys: readonly SearchKey[]
  /** Ids that sort before this one are left out; '': none. */
  readonly from: string
  readonly limit: number
}

/** A challenge, or a request that was refused before there was one. */
export type TraceOf =
  | { readonly challenge: string; readonly request?: undefined }
  | { readonly request: string; readonly challenge?: undefined }

export interface FoundTrace extends Trace {
  /** The address that the challenge is for; null: there is none, or it was removed. */
  readonly email: string | null
}

export type SealInput = Pick<PurgeInput, 'tenant' | 'policy' | 'idsOf'>

/** What the next seal has to hold. */
export interface ToSeal {
  readonly now: Ms
  /** The seal that it is chained to; null: it is the first. */
  readonly newest: Link | null
  /** Events of requests before this id are all written. */
  readonly closed: string
  /** Events of requests before this id may be gone as old. */
  readonly goneBefore: string
  /** The first that are closed and not sealed, as far as one seal takes them, and one more. */
  readonly rows: readonly EventRow[]
  /** Below this number seals hold nothing that is kept; 0: none does. */
  readonly dropBelow: number
}

/** How far the record is sealed. */
export interface Sealing {
  readonly now: Ms
  /** The number of the oldest seal that is kept; 0: there is none. */
  readonly oldest: number
  readonly newest: Link | null
  /** When the first event behind it was written; null: there is none. */
  readonly waitingSince: Ms | null
  /** Events of requests before this time were removed as old, says the row of the purge; 0: none was. */
  readonly removedBefore: Ms
}

export interface RecordStore {
  /** An event of a refusal that touched nothing else. */
  record(scope: Scope, event: { readonly kind: EventKind; readonly reason: ReasonCode; readonly facts: object }): Promise<void>
  /** The next events behind a place, at most so many. */
  readEvents(tenant: string, after: EventPlace, limit: number): Promise<readonly RecordedEvent[]>
  countEvents(tenant: string, after: EventPlace): Promise<number>
  /** Behind which the newest so many events stand; null: behind `after` there are no more than that. */
  findPlaceBefore(tenant: string, after: EventPlace, newest: number): Promise<EventPlace | null>
  /** The same, challenge by challenge; events of none are left out. */
  readEventsByChallenge(tenant: string, after: ChallengePlace, limit: number): Promise<readonly (RecordedEvent & ChallengePlace)[]>
  /** Of those challenges that are still there. */
  findAskers(tenant: string, challenges: readonly string[]): Promise<readonly Asker[]>
  /** Telemetry: of each challenge no more than `VIEWS_KEPT`, the first ones. */
  writeViews(tenant: string, views: readonly RecordedView[]): Promise<void>
  /** Of one challenge, oldest first. */
  readViews(tenant: string, challenge: string): Promise<readonly RecordedView[]>
  /** The next views behind a place, at most so many. */
  readViewsAfter(tenant: string, after: ViewPlace, limit: number): Promise<readonly RecordedView[]>
  /** What was asked for or happened, newest first: at most `limit`, and one more if there are more. */
  search(tenant: string, input: SearchInput): Promise<readonly TraceOf[]>
  /** All there is of one, as of one moment. */
  readTrace(tenant: string, ref: TraceOf): Promise<FoundTrace>
  /** What stands behind the newest seal and is closed. */
  readToSeal(input: SealInput): Promise<ToSeal>
  /**
   * Puts a seal behind the newest, and removes those below a number (0: none); false: another process put one there meanwhile.
   */
  appendSeal(seal: Seal, dropBelow: number): Promise<boolean>
  findSealing(tenant: string): Promise<Sealing>
  /** The next seals behind a number, at most so many. */
  readSeals(tenant: string, after: number, limit: number): Promise<readonly Seal[]>
  /** The next events behind a place and up to another, as they are stored, at most so many. */
  readEventRows(tenant: string, after: EventPlace, upTo: EventPlace, limit: number): Promise<readonly EventRow[]>
}
