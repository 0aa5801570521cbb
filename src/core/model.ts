// The nouns of Postkey as plain JSON types. Every other file speaks these words; none adds a synonym.
// Times are milliseconds since 1970 (UTC) by the deciding clock; durations are milliseconds.

export type Ms = number

/**
 * What a challenge proves control of an address for. A proof of one purpose is never accepted for another. Of a change of address:
 * `change_email` goes to the new mailbox, `leave_email` asks the old one to agree, `undo_email` lets it take the change back. Of a recovery:
 * `recover_backup` goes to the backup address and opens it, `recover` to the new mailbox, `undo_recovery` to the others. `confirm_backup` goes to
 * an address that is to be a backup. The last three only tell, as does
 * `new_device`, of a sign-in. Of getting back in by waiting: `begin_recovery` goes to the new mailbox, `cancel_recovery` tells the known ones,
 * `open_recovery` goes to the new one at the end.
 */
export type Purpose =
  | 'sign_in'
  | 'invite'
  | 'step_up'
  | 'change_email'
  | 'leave_email'
  | 'undo_email'
  | 'recover'
  | 'recover_backup'
  | 'undo_recovery'
  | 'confirm_backup'
  | 'begin_recovery'
  | 'cancel_recovery'
  | 'open_recovery'
  | 'new_device'
  | 'tell_codes'
  | 'tell_backup'
  | 'tell_recovery'

/** What is about to be done, with a link that takes it back. */
export const isUndo = (purpose: Purpose): boolean => purpose === 'undo_email' || purpose === 'undo_recovery'
/** What was done, with neither link nor code. */
export const isTelling = (purpose: Purpose): boolean => purpose.startsWith('tell_')
/** A mail that nobody asks for. */
export const isNotice = (purpose: Purpose): boolean =>
  isUndo(purpose) || isTelling(purpose) || ['new_device', 'cancel_recovery', 'open_recovery'].includes(purpose)

/** The two proofs one mail carries. They are independent secrets. */
export type Proof = 'link' | 'code'

export interface User {
  readonly id: string
  readonly email: string
  readonly status: 'active' | 'disabled'
  readonly createdAt: Ms
  /** When a mailbox proof first confirmed the address; null until then. */
  readonly confirmedAt: Ms | null
  readonly signInCount: number
  readonly currentSignInAt: Ms | null
  readonly lastSignInAt: Ms | null
  /** What another system knows the user by: given when the user was imported or created, unique in the tenant. */
  readonly externalId: string | null
}

/** How somebody gets back in without the mailbox: a printed code, a mail to the backup address, or waiting while everybody is told. */
export const recoveryWays = ['code', 'backup', 'wait'] as const
export type RecoveryWay = (typeof recoveryWays)[number]

/** Why a recovery came to nothing. */
export type RecoveryEnd = 'signed_in' | 'cancelled' | 'superseded' | 'expired' | 'erased'

/** One attempt to get back in without the mailbox. It ends in a session that can name another address, and nothing else. */
export interface Recovery {
  /** Of the request that began it. */
  readonly id: string
  readonly user: string
  readonly way: RecoveryWay
  readonly startedBy: 'person' | 'operator'
  readonly operator: string | null
  /** The address of the account when it began. */
  readonly email: string
  /** null until one is named. */
  readonly newEmail: string | null
  readonly newProvedAt: Ms | null
  readonly createdAt: Ms
  /** From when it may be opened; null: at once. */
  readonly readyAt: Ms | null
  /** When its limited session began, and until when that lives; null: it did not. */
  readonly openedAt: Ms | null
  readonly openUntil: Ms | null
  readonly appliedAt: Ms | null
  readonly endedAt: Ms | null
  readonly endedWhy: RecoveryEnd | null
}

/** So many browsers of one person are remembered; the one that signed in longest ago is forgotten first. */
export const BROWSERS_KNOWN = 10

/** One request to prove control of an address. */
export interface Challenge {
  readonly id: string
  readonly purpose: Purpose
  readonly email: string
  readonly returnTo: string | null
  readonly locale: string
  /** The asking browser, from a fixed list of names ("Firefox on Linux"); never the raw User-Agent. */
  readonly device: string
  readonly createdAt: Ms
  /** Signed in by the browser that asked: every proof of the challenge is retired. */
  readonly completedAt: Ms | null
  /** When whoever has the mail said that they did not ask for it: nothing of it works any more. */
  readonly disownedAt: Ms | null
}

/** One message of a challenge. `ordinal` counts from 0; a resend makes the next one. */
export interface Mail {
  readonly ordinal: number
  readonly createdAt: Ms
  readonly hasLink: boolean
  readonly hasCode: boolean
  readonly linkExpiresAt: Ms
  readonly codeExpiresAt: Ms
  /** In a browser that did not ask; in the one that did, the whole challenge is completed. */
  readonly linkUsedAt: Ms | null
  /** Comparisons claimed against this mail's code. */
  readonly codeTries: number
  /** Comparisons claimed of a typed address, in a browser that did not ask. */
  readonly addressTries: number
}

export interface Session {
  readonly id: string
  readonly user: string
  readonly device: string
  /** /24 or /64 of the client, e.g. "203.0.113.0/24". */
  readonly network: string
  readonly proof: Proof
  /** When the person signed in: the lifetime counts from here, however often the mailbox is proved again. */
  readonly createdAt: Ms
  readonly seenAt: Ms
  readonly endedAt: Ms | null
  /** When its mailbox was proved last. */
  readonly provedAt: Ms
}

export interface Versions {
  readonly app: string
  readonly schema: number
  readonly policy: string
  readonly template: string
}

/** What one answer cost. */
export interface Cost {
  readonly mails: number
  readonly bytes: number
  readonly dbMs: number
}

/** How a tenant shows itself to its people, on pages and in mails. */
export interface Brand {
  readonly name: string
  /** "#rrggbb" that reach 4.5:1 as link and button colour on the page background; absent: Postkey's own. */
  readonly accent?: { readonly light: string; readonly dark: string } | undefined
  /** An SVG drawing that `readLogo` takes, on pages in the place of our mark, and what it is told apart by; absent: our mark. */
  readonly logo?: { readonly svg: string; readonly version: string } | undefined
  /** The address mails come from, shown so that people know what to look for. */
  readonly mailFrom: string
  /** mailto: or https: of the people who help. */
  readonly support?: string | undefined
  /** What it says in words of its own, by language, as words/own.ts made them; absent: nothing. */
  readonly words?: ReadonlyMap<string, object> | undefined
}

/** What events tell of. */
export const eventKinds = [
  'start',
  'resend',
  'deliver',
  'verify',
  'end_session',
  'console',
  'account',
  'guard',
  'webhook',
  'bounce',
] as const
export type EventKind = (typeof eventKinds)[number]
