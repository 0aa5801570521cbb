// The part of the port that is about the account of whoever is signed in: the mailbox proved again, its change, one's own data; and "this was not me".
import type { AccountDecision, UndoDecision } from '../core/account.ts'
import type { Ms, Purpose, Recovery, Session, User } from '../core/model.ts'
import type { NotMeDecision } from '../core/not-me.ts'
import type { Policy } from '../core/policy.ts'
import type { MailState, Scope, SessionKey, StartInput, StartOutcome, VerifyInput, VerifyOutcome } from './store.ts'

/** To the address of whoever is signed in; nobody types one. */
export interface StepUpInput extends Omit<StartInput, 'purpose' | 'email' | 'addressInEvent'> {
  readonly key: SessionKey
  readonly addressInEvent: (email: string) => string
}

/** One of the mails of a change of address: its challenge, its event, its secrets. */
export interface ChangeMail extends Pick<StartInput, 'challenge' | 'secrets' | 'leaseMs'> {
  readonly eventId: string
}

export interface ChangeInput extends Omit<StartInput, 'purpose' | 'addressInEvent' | 'challenge' | 'secrets' | 'leaseMs'> {
  readonly key: SessionKey
  /** What the key is of: `recovery`, a limited session, which needs nothing else. */
  readonly by: 'session' | 'recovery'
  /** Addresses of operators. */
  readonly operators: readonly string[]
  readonly addressInEvent: (email: string) => string
  /**
   * To the new address; to the old one, which has to agree (where the policy says so), and which is told. In a recovery the second tells the
   * backup address instead.
   */
  readonly asked: ChangeMail
  readonly second: ChangeMail
  readonly undo: ChangeMail
}

export interface ChangeOutcome {
  readonly decision: AccountDecision
  readonly now: Ms
  /** null: it did not come to that mail. */
  readonly asked: StartOutcome | null
  readonly second: StartOutcome | null
  readonly undo: StartOutcome | null
}

export interface ConfirmInput extends VerifyInput {
  readonly purpose: 'change_email' | 'leave_email' | 'recover'
  /** Of the limited session that the request carries. */
  readonly recovery: SessionKey | null
  /** Ids of challenges that may still be good sort after this. */
  readonly aliveFrom: string
}

export interface UndoInput extends Pick<VerifyInput, 'challenge' | 'ordinal' | 'linkDigest'> {
  readonly aliveFrom: string
}

export interface UndoOutcome {
  readonly decision: UndoDecision
  readonly now: Ms
  /** The address that the person has again. */
  readonly email: string | null
}

export interface ChangeRow {
  readonly id: string
  readonly user: string
  readonly oldEmail: string
  readonly newEmail: string
  readonly createdAt: Ms
  /** 1: both mailboxes have to agree. */
  readonly both: 0 | 1
  /** The challenge by which the old mailbox agrees; null: it need not. */
  readonly leave: string | null
  readonly undo: string
  readonly newProvedAt: Ms | null
  readonly oldProvedAt: Ms | null
  readonly appliedAt: Ms | null
  readonly endedAt: Ms | null
  readonly undoneAt: Ms | null
  readonly undoUntil: Ms
  /** The recovery that it came of; null: somebody who was signed in asked for it. */
  readonly recovery: string | null
}

export interface ChangeView {
  readonly now: Ms
  readonly change: ChangeRow
}

/** A sign-in as the person may see it. */
export interface SignInView extends Pick<Session, 'device' | 'network' | 'proof'> {
  readonly at: Ms
}

/** All that rows say of a person, but for what opens something. */
export interface OwnData {
  readonly at: Ms
  readonly user: User & { readonly currentSignInPlace: string | null; readonly lastSignInPlace: string | null }
  readonly sessions: readonly (Session & { readonly live: boolean })[]
  /** What lets the person back in without the mailbox. */
  readonly recovery: {
    readonly backupEmail: string | null
    readonly backupProvedAt: Ms | null
    readonly codes: readonly { readonly printedAt: Ms; readonly usedAt: Ms | null }[]
    readonly attempts: readonly Pick<
      Recovery,
      'way' | 'startedBy' | 'createdAt' | 'newEmail' | 'openedAt' | 'appliedAt' | 'endedAt' | 'endedWhy'
    >[]
  }
  readonly addressChanges: readonly {
    readonly oldEmail: string
    readonly newEmail: string
    readonly askedAt: Ms
    readonly appliedAt: Ms | null
    readonly undoneAt: Ms | null
  }[]
  /** What was asked for the address, and what became of each mail. */
  readonly mails: readonly {
    readonly purpose: Purpose
    readonly device: string
    readonly network: string | null
    readonly askedAt: Ms
    readonly usedAt: Ms | null
    readonly mailedAt: Ms
    readonly state: MailState
  }[]
  /** What was decided in the requests that asked. */
  readonly events: readonly { readonly at: Ms; readonly kind: string; readonly reason: string; readonly requestId: string }[]
}

export interface EraseInput {
  readonly key: SessionKey
  readonly operators: readonly string[]
  /** What stays in place of the address. */
  readonly erasedEmail: string
}

export interface EraseOutcome {
  readonly decision: AccountDecision
  readonly now: Ms
}

/** Who has a mail says that they did not ask for it. */
export interface NotMeInput extends Pick<VerifyInput, 'challenge' | 'linkDigest' | 'browserDigest' | 'address' | 'addressTyped'> {
  readonly ordinal: number
  /** The tag of the mail's own link came along. */
  readonly tagged: boolean
}

export interface NotMeOutcome {
  readonly decision: NotMeDecision
  readonly now: Ms
  /** Of the mail; null: there is no such mail. */
  readonly purpose: Purpose | null
  /** How many ended. */
  readonly sessions: number
}

export interface AccountStore {
  /** A mail by which whoever is signed in proves their mailbox again. */
  startStepUp(scope: Scope, input: StepUpInput): Promise<StartOutcome>
  /** As `verify`, but renews the live session that this browser holds, and makes none. */
  renew(scope: Scope, input: VerifyInput): Promise<VerifyOutcome>
  /** The newest so many sign-ins of a user. */
  listSignIns(tenant: string, user: string, limit: number): Promise<readonly SignInView[]>
  /** null: there is no such user. */
  readOwnData(tenant: string, policy: Policy, user: string): Promise<OwnData | null>
  /** Erases the person who is signed in, with a recent proof. */
  eraseSelf(scope: Scope, input: EraseInput): Promise<EraseOutcome>
  /** Asks for another address, for whoever is signed in and has a recent proof. */
  startChange(scope: Scope, input: ChangeInput): Promise<ChangeOutcome>
  /** As `renew`, and changes the address once every mailbox agreed that has to. */
  confirmChange(scope: Scope, input: ConfirmInput): Promise<VerifyOutcome>
  /** By the link in the notice to the old mailbox, from any browser. */
  undoChange(scope: Scope, input: UndoInput): Promise<UndoOutcome>
  /** The change that a challenge belongs to; null: it is of none. */
  viewChange(tenant: string, challenge: string): Promise<ChangeView | null>
  /** By whoever has a mail: its challenge ends, and what came of it. */
  notMe(scope: Scope, input: NotMeInput): Promise<NotMeOutcome>
}
