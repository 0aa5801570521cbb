// The part of the port that is about getting back in by waiting.
import type { Ms, Recovery } from '../core/model.ts'
import type { WaitDecision } from '../core/recovery-wait.ts'
import type { ChangeMail } from './account-store.ts'
import type { Scope, SessionKey, StartInput, StartOutcome, VerifyInput, VerifyOutcome } from './store.ts'

/** The two mails that tell the known addresses. Both are written in any case; where there is no backup address, one for show. */
export interface Notices {
  readonly current: ChangeMail
  readonly backup: ChangeMail
}

/** Who asks from where, as it stands in the mails that follow. */
export type From = Pick<StartInput, 'browserDigest' | 'returnTo' | 'locale' | 'device' | 'network' | 'buckets'> & {
  readonly addressInEvent: (email: string) => string
}

export interface AskWaitInput extends From {
  /** Of the account, as it was typed. */
  readonly email: string
  readonly newEmail: string
  /** Addresses of operators. */
  readonly operators: readonly string[]
  /** The name of the limit of such questions for that account: an address may not stand in it. */
  readonly limit: string
  /** To the new address. Its challenge has the id of the recovery. */
  readonly mail: ChangeMail
}

export interface AskWaitOutcome {
  readonly decision: WaitDecision
  readonly now: Ms
  /** null: it did not come to a mail. */
  readonly mail: StartOutcome | null
}

export interface BeginWaitInput extends VerifyInput, Pick<From, 'locale' | 'returnTo' | 'buckets' | 'addressInEvent'> {
  readonly operators: readonly string[]
  readonly notices: Notices
  /** Of the event of what is decided of the wait, beside that of the proof. */
  readonly waitEventId: string
}

export interface BeginWaitOutcome extends VerifyOutcome {
  /** null: the new mailbox was not proved. */
  readonly wait: WaitDecision | null
}

/** An operator's act on somebody's recovery; `mail` is minted for a start only. */
export type RecoveryAct =
  | ({ readonly does: 'start'; readonly id: string; readonly newEmail: string; readonly notices: Notices; readonly eventId: string } & From)
  | { readonly does: 'approve' | 'cancel'; readonly id: string; readonly eventId: string }

export type CancelWaitInput =
  | { readonly by: 'session'; readonly key: SessionKey }
  | { readonly by: 'link'; readonly challenge: string; readonly ordinal: number; readonly linkDigest: string | null }

export interface WaitOutcome {
  readonly decision: WaitDecision
  readonly now: Ms
}

export interface AnnounceInput extends From {
  readonly id: string
  readonly operators: readonly string[]
  /** To the new address. */
  readonly mail: ChangeMail
}

export interface OpenWaitInput extends Pick<VerifyInput, 'challenge' | 'ordinal' | 'linkDigest' | 'address' | 'addressTyped'> {
  readonly operators: readonly string[]
  /** Of the limited session that may begin. */
  readonly tokenDigest: string
}

export interface OpenWaitOutcome extends WaitOutcome {
  /** Until when the limited session lives; null: none began. */
  readonly until: Ms | null
}

/** As pages and operators may see it: nothing of it opens anything. */
export interface WaitView extends Recovery {
  /** Operators who agreed. */
  readonly approvals: readonly string[]
  readonly readyChallenge: string | null
  readonly device: string
  /** Whose account it is, by id and address now; null: nobody's. */
  readonly account: { readonly id: string; readonly email: string; readonly status: 'active' | 'disabled' } | null
}

/** Where one stands in the order in which they can be ready. */
export interface WaitPlace {
  readonly readyAt: Ms
  readonly id: string
}

export interface WaitStore {
  /** A mail to the new address; the same for any account and for none. */
  askWait(scope: Scope, input: AskWaitInput): Promise<AskWaitOutcome>
  /** The new mailbox is proved: the wait begins, and the known addresses are told. */
  beginWait(scope: Scope, input: BeginWaitInput): Promise<BeginWaitOutcome>
  /** By whoever can show that they have the account. */
  cancelWait(scope: Scope, input: CancelWaitInput): Promise<WaitOutcome>
  /** A mail that the wait is over, if it is; or its end, if nobody used it. */
  announceWait(scope: Scope, input: AnnounceInput): Promise<WaitOutcome>
  /** By the link of that mail: begins the limited session. */
  openWait(scope: Scope, input: OpenWaitInput): Promise<OpenWaitOutcome>
  /** The recovery that a challenge belongs to; null: it is of none. */
  viewWait(tenant: string, challenge: string): Promise<{ readonly now: Ms; readonly wait: WaitView } | null>
  /** Of one person, as far as they are not over. */
  waitsOf(tenant: string, user: string): Promise<readonly WaitView[]>
  /** The next that are not over, behind a place, in the order in which they can be ready; at most so many. */
  listWaits(tenant: string, after: WaitPlace, limit: number): Promise<{ readonly now: Ms; readonly waits: readonly WaitView[] }>
}
