// What each page is given. http/ fills these in from flow answers; the views know nothing else: no request, no store.
import type { Brand, Ms, Proof, Purpose } from '../core/model.ts'
import type { Disownable, Ended } from '../core/not-me.ts'
import type { Policy } from '../core/policy.ts'
import type { ReasonCode } from '../core/reason.ts'

/** Shared by all pages. */
export interface Frame {
  readonly brand: Brand
  /** One that we have: words/words.ts. */
  readonly language: string
  readonly requestId: string
  /** "" or "/auth": put before every path. */
  readonly basePath: string
  readonly policy: Policy
  readonly now: Ms
  readonly appVersion: string
  /** Content hashes for cache-proof asset addresses. `logo` null: the brand has none. */
  readonly assets: { readonly stylesheet: string; readonly script: string; readonly logo: string | null }
}

/** A "no" shown on top of a page: its words come from the reason's face. */
export interface Problem {
  readonly reason: ReasonCode
  /** Tries left of the code or the typed address, where that helps. */
  readonly triesLeft?: number | undefined
  readonly retryAfterMs?: Ms | undefined
  /** When the thing happened or ended ("this link is from 09:12"). */
  readonly at?: Ms | undefined
}

export interface AskView {
  readonly returnTo: string | null
  /** Kept in the field after a problem. */
  readonly email?: string | undefined
  readonly problem?: Problem | undefined
  /** "You are signed out." and the like. */
  readonly notice?: 'signed_out' | undefined
  /** What the mail will hold depends on who asks. */
  readonly mailsDiffer?: boolean | undefined
}

export interface CheckView {
  readonly challenge: string
  /** Only for the browser that asked; null: a page that names no address. */
  readonly email: string | null
  readonly returnTo: string | null
  /** What was typed, kept and selected after a problem. */
  readonly code?: string | undefined
  readonly problem?: Problem | undefined
  readonly resendAt: Ms
  /** When the newest mail's proofs end. */
  readonly linkExpiresAt: Ms
  readonly codeExpiresAt: Ms
  /** The newest mail will not come. */
  readonly undelivered?: boolean | undefined
  /** After a resend: "A new mail is on its way." */
  readonly resent?: boolean | undefined
  /** Who else is signed in in this browser; signing in ends that session. */
  readonly signedInAs?: string | undefined
}

/** The landing page of a live link. */
export interface LandingView {
  /** What the link is for. */
  readonly purpose: Purpose
  readonly linkId: string
  readonly challenge: string
  /** Only with linkSecret "path": written into the form, so that no script is needed. */
  readonly secret?: string | undefined
  readonly bound: boolean
  /** The address, for the browser that asked only. */
  readonly email: string | null
  /** Who asked, from a fixed list, and when. */
  readonly device: string
  readonly askedAt: Ms
  /** In another browser: may the address be typed here, or is the code the only way? */
  readonly addressAllowed: boolean
  readonly problem?: Problem | undefined
  readonly signedInAs?: string | undefined
}

/** Somebody who is signed in proves the mailbox again. */
export interface ConfirmView {
  readonly email: string
  /** Where it leads; null: to the account page. */
  readonly returnTo: string | null
  /** The mail that is on its way; null: none was asked for yet. */
  readonly sent: null | Pick<CheckView, 'challenge' | 'code' | 'resendAt' | 'linkExpiresAt' | 'codeExpiresAt' | 'resent'>
  readonly problem?: Problem | undefined
}

export interface EraseView {
  readonly email: string
}

/** Where another address is typed. */
export interface ChangeView {
  /** The address so far. */
  readonly email: string
  readonly typed?: string | undefined
  readonly problem?: Problem | undefined
}

/** The two mailboxes of a change: the new one, and the one that is left. */
type Side = 'change_email' | 'leave_email'

export interface ChangeSentView {
  /** Whose code is typed here. */
  readonly side: Side
  readonly change: string
  readonly email: string
  /** Both mailboxes have to agree. */
  readonly both: boolean
  readonly agreed: Readonly<Record<Side, boolean>>
  readonly sent: NonNullable<ConfirmView['sent']>
  readonly problem?: Problem | undefined
}

/** Where the link in the notice leads. It names no address. */
export interface UndoView {
  readonly linkId: string
  /** As in LandingView. */
  readonly secret?: string | undefined
  readonly device: string
  readonly askedAt: Ms
  readonly applied: boolean
  readonly problem?: Problem | undefined
}

export interface UndoneView {
  readonly at: Ms
}

/** Where "This was not me" of a mail leads. It names no address. */
export interface NotMeView {
  /** What stands in its own path: the mail, and the tag. */
  readonly path: string
  readonly purpose: Disownable
  readonly device: string
  readonly askedAt: Ms
  /** The browser that asked: it need not say whom the mail was for. */
  readonly bound: boolean
  /** How long no mail goes to the mailbox afterwards that a stranger asked for; null: that is not so. */
  readonly quiet: Ms | null
  readonly problem?: Problem | undefined
}

export interface SaidNotMeView {
  readonly at: Ms
  readonly ended: Ended
  /** null: mails go there as before. */
  readonly quietUntil: Ms | null
}

/** Where a recovery begins. */
export interface RecoverView {
  readonly email?: string | undefined
  readonly problem?: Problem | undefined
}

export interface RecoverAddressView {
  /** Its mailbox alone does not open the account, and is told of nothing that it could take back. */
  readonly dormant?: boolean
  /** The address of the account so far. */
  readonly email: string
  /** When the limited session ends. */
  readonly until: Ms
  readonly typed?: string | undefined
  readonly problem?: Problem | undefined
}

export interface RecoverSentView {
  readonly email: string
  readonly sent: NonNullable<ConfirmView['sent']>
  readonly problem?: Problem | undefined
}

export interface PrepareView {
  /** null: there are none. */
  readonly codes: { readonly printedAt: Ms; readonly left: number; readonly of: number } | null
  readonly backup: string | null
  readonly typed?: string | undefined
  readonly notice?: 'backup_set' | 'backup_removed' | undefined
  readonly problem?: Problem | undefined
}

export interface CodesView {
  readonly email: string
  readonly codes: readonly string[]
  /** Where they are typed. */
  readonly url: string
}

/** A dead end with a way out: expired, used, refused, malformed, not found, our fault. */
export interface FailureView {
  readonly problem: Problem
  /** Set where this browser asked and a new mail can be had with one tap. */
  readonly resend?: { readonly challenge: string; readonly email: string; readonly hasCode: boolean } | undefined
  readonly returnTo?: string | null | undefined
  /** For origin refusals: where this server really is. */
  readonly home?: string | undefined
  /** The person is signed in already: a way on. */
  readonly continueTo?: string | undefined
}

export interface AccountView {
  readonly email: string
  readonly sessions: readonly {
    readonly id: string
    readonly current: boolean
    readonly device: string
    readonly network: string
    readonly createdAt: Ms
    readonly seenAt: Ms
  }[]
  /** Newest first. */
  readonly signIns: readonly {
    readonly at: Ms
    readonly device: string
    readonly network: string
    readonly proof: Proof
  }[]
  readonly notice?: 'session_ended' | 'others_ended' | 'address_changed' | 'recovery_stopped' | undefined
  /** Somebody waits to get in without the mailbox; null: nobody. */
  readonly waiting?: { readonly device: string; readonly askedAt: Ms; readonly readyAt: Ms } | null
}

/** Shown once when a sign-in ended somebody else's session in this browser. */
export interface SwitchedView {
  readonly email: string
  readonly continueTo: string
}

/** The demo application of `postkey dev`. */
export interface DemoView {
  readonly email: string | null
}

export interface DevMail {
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly headers: Readonly<Record<string, string>>
  readonly receivedAt: string
  readonly link: string | null
  readonly code: string | null
}

export interface DevInboxView {
  readonly mails: readonly DevMail[]
  /** The opened mail, if any. */
  readonly open?: DevMail | undefined
}
