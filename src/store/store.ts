// The port: what the rest of Postkey may ask of a database. One method is one transaction. The SQL behind each is in the
// file of the same name; the engines are sqlite.ts and postgres.ts. Parts of it have files of their own: those that end in -store.ts.
import type { AdminKey } from '../core/admin-key.ts'
import type { BounceDecision, BounceFacts, Suppression } from '../core/bounce.ts'
import type { DeliveryDecision, ReplyClass } from '../core/delivery.ts'
import type { Wanted } from '../core/dispatch.ts'
import type { HostWord } from '../core/host.ts'
import type { HitTimes, PurgeKind } from '../core/keep.ts'
import type { Challenge, Mail, Ms, Proof, Purpose, Session, User, Versions } from '../core/model.ts'
import type { Act, Hand, OperatorDecision, UserAct } from '../core/operator.ts'
import type { Ground, Places } from '../core/place.ts'
import type { Policy } from '../core/policy.ts'
import type { ReasonCode } from '../core/reason.ts'
import type { WaitDecision } from '../core/recovery-wait.ts'
import type { SessionDecision } from '../core/session.ts'
import type { StartDecision } from '../core/start.ts'
import type { TenantAct, TenantRow } from '../core/tenant.ts'
import type { ImportRow, RowOutcome } from '../core/user-import.ts'
import type { VerifyDecision, VerifyFacts } from '../core/verify.ts'
import type { AccountStore } from './account-store.ts'
import type { RecordStore } from './record-store.ts'
import type { RecoveryStore } from './recovery-store.ts'
import type { RecoveryAct, WaitStore } from './wait-store.ts'
import type { WebhookStore } from './webhook-store.ts'

/** In every call that decides: whose, under which rules, and for which request. */
export interface Scope {
  readonly tenant: string
  readonly policy: Policy
  readonly versions: Versions
  readonly requestId: string
  /** Ids for what the operation may create, minted before it. */
  readonly eventId: string
  /** Under which policy an address is decided about, where that is not known before it is read; absent: all under this one. */
  readonly rulesOf?: (email: string) => Pick<Scope, 'policy' | 'versions'>
  /** Who wants to be told of what; absent: nobody. */
  readonly wanted?: Wanted | undefined
  /** The mailbox of an address, by a keyed digest, as all tenants count its mails; absent: there is one tenant. */
  readonly everywhere?: ((email: string) => string) | undefined
}

/** The scope of what is decided about an address. */
export function scopeFor(scope: Scope, email: string): Scope {
  if (scope.rulesOf === undefined) return scope
  const { policy, versions } = scope.rulesOf(email)
  return { ...scope, policy, versions }
}

/** The secrets of one mail, as digests, and sealed for the outbox. Minted for every request, sent or not. */
export interface MailSecrets {
  readonly linkDigest: string
  readonly codeDigest: string
  readonly sealed: string
}

export interface StartInput {
  readonly purpose: Purpose
  readonly challenge: string
  readonly email: string
  /** As it may stand in an event. */
  readonly addressInEvent: string
  readonly browserDigest: string
  readonly returnTo: string
  readonly locale: string
  readonly device: string
  readonly network: string
  readonly buckets: BucketNames
  readonly secrets: MailSecrets
  /** Queue the mail as leased to this process for so long; null: as due at once, for any worker. */
  readonly leaseMs: Ms | null
  /** What the host says of the address, where it keeps users of its own. */
  readonly host?: HostWord | undefined
}

/** The limits that a start spends from, by name. */
export interface BucketNames {
  readonly network: string
  readonly networkWide: string
  readonly browser: string
  readonly tenant: string
}

/** A resend: the challenge gives the rest. */
export interface ResendInput {
  readonly purpose: Purpose
  readonly challenge: string
  readonly browserDigest: string
  readonly buckets: BucketNames
  readonly leaseMs: Ms | null
  readonly addressInEvent: (email: string) => string
  readonly secrets: MailSecrets
  readonly host?: HostWord | undefined
}

export interface StartOutcome {
  readonly decision: StartDecision
  /** By which it was decided. */
  readonly policy: Policy
  readonly now: Ms
  /** The mail, if one was queued as leased to this process. */
  readonly mail: QueuedMail | null
}

export interface VerifyInput {
  readonly purpose: Purpose
  readonly proof: Proof
  readonly challenge: string
  /** For a link: which mail. */
  readonly ordinal: number | null
  readonly linkDigest: string | null
  /** For a code: keyed digests, newest key first; null: what was typed is no code. */
  readonly codeDigests: readonly string[] | null
  /** For a link in another browser: the canonical form of what was typed; null: nothing, or no address at all. */
  readonly address: string | null
  readonly addressTyped: 'absent' | 'given'
  readonly browserDigest: string
  /** The session this browser would get from this challenge: its id, and its digests, newest key first. */
  readonly sessionId: string
  readonly sessionDigests: readonly string[]
  /** Of the session cookie that the request carries. */
  readonly currentSession: SessionKey | null
  readonly device: string
  readonly network: string
  readonly newUser: string
  /** Of the event that tells of sessions which made room for this one. */
  readonly displacedEventId: string
  /** What a notice of this sign-in would be sent with; absent: nobody is sent any. */
  readonly notice?: NoticeMail
  /** Of the limited session of a way back in that the request carries; absent or null: none. */
  readonly recovery?: SessionKey | null
  /** What the host says of the address, and which id it has there; absent: it keeps no users of its own. */
  readonly host?: { readonly word: HostWord; readonly id: string | null } | undefined
}

/** One mail that tells of a sign-in: its challenge, its event, and secrets that open nothing. */
export interface NoticeMail extends Pick<StartInput, 'challenge' | 'secrets'> {
  readonly eventId: string
  readonly addressInEvent: (email: string) => string
}

/** What a session's token comes to: where it stands, and the digest that must stand there. */
export interface SessionKey {
  readonly id: string
  readonly digest: string
}

export interface VerifyOutcome {
  readonly decision: VerifyDecision
  readonly facts: VerifyFacts
  readonly now: Ms
  readonly user: User | null
  readonly session: Session | null
  /** Which of the offered session digests is the session's. */
  readonly sessionIndex: number
  readonly returnTo: string | null
  /** Mails that the challenge had so far. */
  readonly mails: number
  /** Wrong codes of the challenge that its sign-in took back. */
  readonly refunded: number
  /** Of the mail that tells of it. */
  readonly notice?: StartDecision | null
}

export interface ChallengeView {
  readonly now: Ms
  readonly challenge: Challenge
  readonly bound: boolean
  /** Oldest first. */
  readonly mails: readonly Mail[]
  /** The newest was given up, or came back. */
  readonly undelivered: boolean
}

export interface SessionView {
  readonly now: Ms
  readonly decision: SessionDecision
  readonly session: Session
  readonly user: User
}

export interface EndInput {
  readonly key: SessionKey
  /** `this`: sign-out. Otherwise a session id of the same user, or all but this one. */
  readonly which: 'this' | 'others' | { readonly id: string }
}

/** Whom an operator means: a user, or an address that may have none. */
export type PersonKey = { readonly user: string } | { readonly email: string } | { readonly externalId: string }

export interface OperateInput {
  readonly key: SessionKey
  /** Addresses of operators. */
  readonly operators: readonly string[]
  readonly wants: 'look' | 'replay' | 'tenants' | Act
  readonly person: PersonKey | null
  readonly challenge: string | null
  /** Which page, by the pattern of its route. */
  readonly page: string
  /** What was searched for, as it may stand in an event; null: nothing was. */
  readonly searched: string | null
  /** For `erase`: the user that is made where there is none, and the address that stays. */
  readonly erased: { readonly user: string; readonly email: string }
  /** For `replay`: which message, and to whom. */
  readonly dispatch: { readonly dispatch: string; readonly endpoint: string } | null
  /** For acts on a recovery. */
  readonly recovery: RecoveryAct | null
  /** Which one is looked at, or is to be changed and how; null: none. */
  readonly tenant: { readonly tenant: string; readonly does?: TenantAct } | null
  /** For `resend`, whose event is one of its own. */
  readonly resend: (ResendInput & { readonly eventId: string }) | null
}

export interface OperateOutcome {
  readonly decision: OperatorDecision
  readonly now: Ms
  /** Who asks; null: nobody who is signed in. */
  readonly operator: User | null
  /** Whom it is about, as it was before; null: nobody, or nobody known. */
  readonly person: {
    readonly email: string
    readonly user: User | null
    readonly hits: HitTimes
    readonly suppressed: Suppression | null
    /** Until when strangers get it no mail, since "this was not me" was said; null: they do. */
    readonly quietUntil: Ms | null
  } | null
  /** Of a resend that was let through. */
  readonly start: StartOutcome | null
  /** Of an act on a recovery that was let through: what came of it. */
  readonly wait: WaitDecision | null
}

/** What is done to a user by command line or library. */
export interface AdministerInput {
  readonly by: Hand
  /** Addresses of operators. */
  readonly operators: readonly string[]
  readonly wants: Exclude<UserAct, 'create'>
  readonly person: PersonKey
  /** For `delete` and `erase`, as for an operator. */
  readonly erased: OperateInput['erased']
  /** For acts on a recovery. */
  readonly recovery?: RecoveryAct | null
}

export interface AdministerOutcome {
  readonly decision: OperatorDecision
  readonly now: Ms
  /** Whom it was done to, as it was before; null: nobody known, or an address without a user. */
  readonly user: User | null
  /** How many of each were found, and are gone, ended or void now. */
  readonly found: { readonly sessions?: number; readonly challenges?: number }
  readonly wait: WaitDecision | null
}

export interface CreateInput {
  readonly by: Hand
  readonly id: string
  readonly email: string
  readonly externalId: string | null
}

export interface CreateOutcome {
  readonly decision: OperatorDecision
  readonly now: Ms
  /** The new one; or who has the address, or else the external id, already. */
  readonly user: User
}

/** Of somebody who is there. */
export interface InviteInput extends Omit<StartInput, 'purpose' | 'network' | 'device' | 'buckets' | 'browserDigest'> {
  readonly by: Hand
  /** Of a browser that does not exist: nobody asked. */
  readonly browserDigest: string
}

export interface ImportInput {
  readonly by: Hand
  readonly rows: readonly { readonly row: ImportRow; readonly newId: string }[]
}

export interface Imported {
  /** One for each row. */
  readonly outcomes: readonly RowOutcome[]
  /** In the database, with nothing else in the transaction. */
  readonly tookMs: number
  /** Nobody else could write meanwhile. */
  readonly othersWaited: boolean
}

export type MailState = 'queued' | 'sent' | 'dead' | 'expired' | 'suppressed'

/** A mail as an operator may see it: what became of it, nothing of what is in it. */
export interface SeenMail
  extends Pick<Mail, 'ordinal' | 'createdAt' | 'hasLink' | 'hasCode' | 'linkUsedAt' | 'codeTries' | 'addressTries'> {
  readonly challenge: string
  readonly requestId: string
  readonly linkExpiresAt: Ms
  readonly codeExpiresAt: Ms
  /** For show: nobody was to receive it. */
  readonly decoy: boolean
  readonly state: MailState
  readonly tries: number
  readonly dueAt: Ms
  readonly settledAt: Ms | null
}

/** What was decided about a mail: whether to write it, and what became of each hand-over. */
export interface MailEvent {
  readonly requestId: string
  readonly ordinal: number | null
  readonly at: Ms
  readonly kind: 'start' | 'resend' | 'deliver'
  readonly reason: ReasonCode
  /** Of the mail server, cleaned. */
  readonly replyText: string
}

export interface PersonView {
  readonly now: Ms
  readonly sessions: readonly Session[]
  /** Newest first, so many of them. */
  readonly challenges: readonly Challenge[]
  readonly mails: readonly SeenMail[]
  readonly events: readonly MailEvent[]
}

export interface QueueView {
  readonly now: Ms
  /** Waiting, counted up to a bound. */
  readonly queued: number
  readonly due: number
  readonly oldest: Ms | null
  /** The next that are due. */
  readonly next: readonly Pick<SeenMail, 'challenge' | 'ordinal' | 'createdAt' | 'tries' | 'dueAt'>[]
  /** Of the mails of the newest challenges: how many, since when, in which state. */
  readonly recent: { readonly since: Ms | null; readonly states: Readonly<Record<MailState, number>> }
}

export interface KeptPolicy {
  readonly version: string
  readonly policy: Policy
  readonly firstUsedAt: Ms
}
export interface QueuedMail {
  readonly tenant: string
  readonly challenge: string
  readonly ordinal: number
  readonly requestId: string
  readonly purpose: Purpose
  readonly email: string
  readonly locale: string
  readonly device: string
  /** From where somebody asked, or signed in; null: not known. */
  readonly network: string | null
  readonly createdAt: Ms
  readonly linkExpiresAt: Ms
  readonly codeExpiresAt: Ms
  readonly hasLink: boolean
  readonly hasCode: boolean
  readonly decoy: boolean
  /** It opens nothing, and tells the owner of the address that somebody would have it. */
  readonly tellsOwner: boolean
  readonly sealed: string
  readonly tries: number
  /** The clock at the claim. */
  readonly now: Ms
}

/** The life of the longest-lived secret in the mail: past it nobody could use it. */
export function mailExpiresAt(mail: QueuedMail): Ms {
  // What only tells has neither.
  return Math.max(mail.hasLink || !mail.hasCode ? mail.linkExpiresAt : 0, mail.hasCode ? mail.codeExpiresAt : 0)
}

export interface BounceInput extends Pick<BounceFacts, 'reporter' | 'kind'> {
  /** Which of ours it is about, if it says so. */
  readonly mail: { readonly challenge: string; readonly ordinal: number } | null
  /** Whom it names, canonical; null: nobody, it is the mail that counts. */
  readonly address: string | null
  /** What was said, cleaned, for the event. */
  readonly detail: string
  readonly addressInEvent: (email: string) => string
}

export interface LiftInput {
  /** Canonical. */
  readonly email: string
  readonly addressInEvent: string
}

/** As the list has it: the mailbox, by the name of its limits. */
export interface SuppressedAddress extends Suppression {
  readonly address: string
}

export interface SettleInput {
  readonly mail: QueuedMail
  /** What the mail server meant, null where it was never asked; and its words, cleaned, for the event. */
  readonly reply: ReplyClass | null
  readonly replyText: string
  readonly bytes: number
  /** Its tenant is suspended or gone. */
  readonly withdrawn?: boolean
}

export interface PurgeInput {
  readonly tenant: string
  readonly policy: Policy
  readonly kind: PurgeKind
  /** How many rows to look at. */
  readonly limit: number
  /** How the ids begin that are minted at a time. */
  readonly idsOf: (at: Ms) => string
}

export interface Purged {
  /** `elsewhere`: another process has this kind in hand. */
  readonly verdict: 'more' | 'done' | 'elsewhere'
  readonly deleted: number
  /** In the database, with nothing else in the transaction. */
  readonly tookMs: number
  /** Nobody else could write meanwhile. */
  readonly othersWaited: boolean
}

export interface ChangeTenantInput {
  readonly does: TenantAct
  /** What it is to be from now on; null: nothing of that is changed. */
  readonly given: (Places & { readonly settings: object }) | null
  /** The version that was looked at; null: whichever there is. */
  readonly version: number | null
  /** Where the installation is; null: nobody knows here. */
  readonly ground: Ground | null
  /** Through what it was changed. */
  readonly by: 'command' | 'library' | 'api' | 'console'
  /** By the console: the user of the installation that did it. */
  readonly operator?: string | undefined
}

export type TenantChanged =
  | { readonly ok: true; readonly tenant: TenantRow }
  | {
      readonly ok: false
      /** In what was given, or in how things stand. */
      readonly fault: 'input' | 'state'
      readonly problems: readonly string[]
    }

export interface Store extends WebhookStore, RecoveryStore, WaitStore, RecordStore, AccountStore {
  /** Decides, and writes challenge, mail, limits and event. */
  start(scope: Scope, input: StartInput): Promise<StartOutcome>
  resend(scope: Scope, input: ResendInput): Promise<StartOutcome>
  /** Claims a try, compares, decides, and writes proof, user, session, limits and event. */
  verify(scope: Scope, input: VerifyInput): Promise<VerifyOutcome>
  /** Of whatever purpose. */
  findChallenge(tenant: string, id: string, browserDigest: string | null): Promise<ChallengeView | null>
  findSession(tenant: string, policy: Policy, key: SessionKey): Promise<SessionView | null>
  touchSession(tenant: string, id: string, seenAt: Ms): Promise<void>
  listSessions(tenant: string, policy: Policy, user: string): Promise<readonly Session[]>
  /** Ends sessions and writes the event; how many ended. */
  endSessions(scope: Scope, input: EndInput): Promise<{ readonly ended: number; readonly reason: ReasonCode }>
  /** Newest first, so many of them. */
  listPolicies(tenant: string, limit: number): Promise<readonly KeptPolicy[]>
  /** Decides whether an operator may, does it, and writes the event, also of a look and of a "no". */
  operate(scope: Scope, input: OperateInput): Promise<OperateOutcome>
  /** Makes a user for each address that has none, with an event; how many were made. */
  makeOperators(
    scope: Scope,
    operators: readonly { readonly id: string; readonly email: string; readonly eventId: string }[],
  ): Promise<number>
  /** The same for command line and library, which need no session. */
  administer(scope: Scope, input: AdministerInput): Promise<AdministerOutcome>
  /** Makes a user whose mailbox nobody has proved, unless there is one; writes the event. */
  createUser(scope: Scope, input: CreateInput): Promise<CreateOutcome>
  invite(scope: Scope, input: InviteInput): Promise<StartOutcome>
  /** Makes those of the rows that are not there; one event for all of them. The same rows once more change nothing. */
  importUsers(scope: Scope, input: ImportInput): Promise<Imported>
  /** What would become of them. */
  tryImport(tenant: string, rows: ImportInput['rows']): Promise<readonly RowOutcome[]>
  findUser(tenant: string, person: PersonKey): Promise<User | null>
  /** In the order of their ids, those behind `after` ('': from the first), at most so many; also those who were deleted or erased. */
  listUsers(tenant: string, after: string, limit: number): Promise<readonly User[]>
  countUsers(tenant: string): Promise<number>
  hasUser(tenant: string, id: string): Promise<boolean>
  viewPerson(tenant: string, policy: Policy, person: { readonly email: string; readonly user: string | null }): Promise<PersonView>
  viewQueue(tenant: string): Promise<QueueView>
  /** Leases due mails: until the lease ends no other worker gets them. */
  claimMails(limit: number, leaseMs: Ms): Promise<readonly QueuedMail[]>
  settleMail(scope: Scope, input: SettleInput): Promise<DeliveryDecision>
  /** Suppresses the address and writes the event; null: it is about nobody who is known. */
  settleBounce(scope: Scope, input: BounceInput): Promise<BounceDecision | null>
  /** By command, with its event; false: nothing was counted against it. */
  liftBounces(scope: Scope, input: LiftInput): Promise<boolean>
  /** Behind an address, in their order, at most so many. */
  listSuppressions(tenant: string, after: string, limit: number): Promise<readonly SuppressedAddress[]>
  /** When the wrong codes of everybody will have run out of the breaker; null: there were none. */
  findBreaker(tenant: string): Promise<{ readonly now: Ms; readonly emptyAt: Ms | null }>
  /** When the next queued mail is due; null: none. */
  nextMailDue(): Promise<{ readonly now: Ms; readonly dueAt: Ms | null }>
  /** Writes down a policy, so that its decisions can be replayed. */
  keepPolicy(tenant: string, version: string, policy: Policy): Promise<void>
  /** Kinds of rows of which some may be old enough to go. */
  findDuePurges(input: Pick<PurgeInput, 'tenant' | 'policy' | 'idsOf'>): Promise<readonly PurgeKind[]>
  /** Removes old rows: the next few of them. */
  purge(input: PurgeInput): Promise<Purged>
  /** The policy that a version names; null: it never decided here. */
  findPolicy(tenant: string, version: string): Promise<Policy | null>
  /** The next tenants that were changed since a version, removed ones too, in the order of their changes. */
  readTenants(after: number, limit: number): Promise<readonly TenantRow[]>
  /** Adds or changes the tenant of the scope, whose policy is the one from then on, and writes the event. */
  changeTenant(scope: Scope, input: ChangeTenantInput): Promise<TenantChanged>
  /** Deletes the next rows of a tenant that was removed; how many. */
  eraseTenant(tenant: string, limit: number): Promise<number>
  addAdminKey(key: Pick<AdminKey, 'tenant' | 'id' | 'scope'> & { readonly digest: string }): Promise<AdminKey>
  /** null: there is none with this id and digest. One that has ended is still found. */
  findAdminKey(tenant: string, id: string, digest: string): Promise<AdminKey | null>
  listAdminKeys(tenant: string): Promise<readonly AdminKey[]>
  /** false: there is none, or it had ended. */
  endAdminKey(tenant: string, id: string): Promise<boolean>
  check(): Promise<void>
  close(): Promise<void>
}
