// The part of the port that is about getting back in without the mailbox, and what people prepare for it.
import type { AccountDecision } from '../core/account.ts'
import type { Ms, Recovery } from '../core/model.ts'
import type { RecoveryCodeDecision } from '../core/recovery.ts'
import type { ChangeMail } from './account-store.ts'
import type { Scope, SessionKey, StartInput, StartOutcome, VerifyInput, VerifyOutcome } from './store.ts'

/** What the mails of one request have in common. */
export interface Telling extends Pick<StartInput, 'browserDigest' | 'returnTo' | 'locale' | 'device' | 'network' | 'buckets'> {
  readonly addressInEvent: (email: string) => string
  /** To the address of the account. */
  readonly tell: ChangeMail
  /** To the backup address, where there is one. */
  readonly tellBackup: ChangeMail
}

/** What was sent to tell of it, for the outbox of this process; null: nothing. */
export interface Told {
  readonly tell: StartOutcome | null
  readonly tellBackup: StartOutcome | null
}

export interface PresentCodeInput extends Telling {
  /** Of the account, as it was typed; canonical. */
  readonly email: string
  /** Keyed, newest key first; null: what was typed is no code. */
  readonly codeDigests: readonly string[] | null
  /** Names of the limits of wrong codes for this account. */
  readonly limits: { readonly strangers: string; readonly knownBrowser: string }
  readonly operators: readonly string[]
  /** The limited session that would begin. */
  readonly session: SessionKey
  /** What stands where this browser began a recovery by its limited session: one for each key, newest first. */
  readonly digestsOf: (recovery: string) => readonly string[]
}

export interface Again {
  readonly recovery: string
  readonly index: number
}

export interface PresentCodeOutcome extends Told {
  readonly decision: RecoveryCodeDecision
  readonly now: Ms
  /** Which one this browser has again, and by which of its digests; null: none. */
  readonly again: Again | null
}

export interface OwnInput extends Telling {
  readonly key: SessionKey
  readonly operators: readonly string[]
}

export interface OwnOutcome extends Told {
  readonly decision: AccountDecision
  readonly now: Ms
}

export interface PrintInput extends OwnInput {
  readonly digests: readonly string[]
}

export interface AskBackupInput extends Omit<OwnInput, 'tell' | 'tellBackup'> {
  readonly email: string
  readonly asked: ChangeMail
}

export interface AskBackupOutcome extends Pick<OwnOutcome, 'decision' | 'now'> {
  readonly asked: StartOutcome | null
}

export interface ConfirmBackupInput extends VerifyInput, Pick<Telling, 'addressInEvent' | 'tell' | 'tellBackup' | 'buckets' | 'locale'> {
  readonly returnTo: string
}

export interface StartBackupInput extends Omit<StartInput, 'purpose' | 'addressInEvent'> {
  readonly addressInEvent: (email: string) => string
}

/** `sessionDigests` are of the limited session. */
export type OpenBackupInput = ConfirmBackupInput

export interface ToldOfProof extends Told {
  readonly verified: VerifyOutcome
}

/** What somebody has prepared. */
export interface Prepared {
  readonly now: Ms
  /** null: none were ever printed, or they are void. */
  readonly codes: { readonly printedAt: Ms; readonly left: number; readonly of: number } | null
  readonly backup: string | null
  /** A backup address that is yet to be proved. */
  readonly pending: { readonly challenge: string; readonly email: string } | null
}

export interface LiveRecovery {
  readonly now: Ms
  readonly recovery: Recovery
  readonly email: string
  /** When the account was last seen to be its person's; null: nobody has signed in to it yet. */
  readonly inUseAt: Ms | null
}

export interface RecoveryStore {
  /** Looks at a recovery code once a try is left, and begins the limited session. */
  presentCode(scope: Scope, input: PresentCodeInput): Promise<PresentCodeOutcome>
  /** null: the limited session is over, or there is none. */
  findLiveRecovery(tenant: string, key: SessionKey): Promise<LiveRecovery | null>
  viewPrepared(tenant: string, user: string): Promise<Prepared>
  /** New codes in place of all earlier ones, for whoever is signed in with a recent proof. */
  printCodes(scope: Scope, input: PrintInput): Promise<OwnOutcome>
  askBackup(scope: Scope, input: AskBackupInput): Promise<AskBackupOutcome>
  confirmBackup(scope: Scope, input: ConfirmBackupInput): Promise<ToldOfProof>
  removeBackup(scope: Scope, input: OwnInput): Promise<OwnOutcome>
  /** A mail to the backup address of an account, or one for show. */
  startBackup(scope: Scope, input: StartBackupInput): Promise<StartOutcome>
  /** By that mail, begins the limited session. */
  openBackup(scope: Scope, input: OpenBackupInput): Promise<ToldOfProof>
}
