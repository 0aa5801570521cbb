// "This was not me": what follows when whoever has a mail says that they did not ask for it. Pure, and made inside the transaction that
// writes what follows.
import type { Ms, Purpose } from './model.ts'
import type { Policy } from './policy.ts'
import type { ReasonCode } from './reason.ts'
import type { Match } from './verify.ts'

export interface NotMeFacts {
  readonly now: Ms
  /** The mail that it is said of; null: there is none. */
  readonly disowns: null | {
    readonly purpose: Purpose
    /** When it was said before. */
    readonly saidAt: Ms | null
    /** Typed addresses that were looked at. */
    readonly tries: number
  }
  /** What only the mail holds came along. Whoever asked knows the id of the challenge and the address, and could silence a mailbox by them. */
  readonly proved: boolean
  /** The request carries the cookie of the browser that asked; of a notice: of the one that signed in. */
  readonly bound: boolean
  /** What was typed as the address, in any other browser. */
  readonly address: Match | 'absent'
}

export interface NotMeDecision {
  /** `claim`: take a try, look, and ask again. `repeated`: it was said before, and nothing follows once more. */
  readonly verdict: 'end' | 'repeated' | 'claim' | 'retry' | 'refuse'
  readonly reason: ReasonCode
  readonly triesLeft: number | null
  /** When it was said before. */
  readonly at: Ms | null
  readonly consequences: null | {
    readonly sessions: Ended
    /** The change of address that it belongs to ends, unless it is made. */
    readonly change: boolean
    readonly recovery: boolean
    /** Until when no mail to sign in goes to the mailbox, unless a browser asks that has signed in there. */
    readonly quietUntil: Ms | null
  }
}

/** Sessions that end: those that the challenge began, or all of the person. */
export type Ended = 'its' | 'all' | 'none'

/** What can be said of it is said by a link of its own. */
export type Disownable = Exclude<
  Purpose,
  'undo_email' | 'undo_recovery' | 'tell_codes' | 'tell_backup' | 'tell_recovery' | 'cancel_recovery' | 'open_recovery'
>

interface Ends {
  readonly sessions: Ended
  readonly change?: true
  readonly quiet?: true
  /** And the way back in that it opened. */
  readonly recovery?: true
}

/**
 * What is mailed to somebody who is signed in was asked for out of a session of theirs, and which one it was the mailbox cannot say. The new
 * address of a change may be that of a stranger, who has nothing to end but the question.
 */
const ENDS: Readonly<Record<Disownable, Ends>> = {
  sign_in: { sessions: 'its', quiet: true },
  invite: { sessions: 'its', quiet: true },
  new_device: { sessions: 'its', quiet: true },
  step_up: { sessions: 'all' },
  leave_email: { sessions: 'all', change: true },
  change_email: { sessions: 'none', change: true },
  recover: { sessions: 'none', change: true },
  recover_backup: { sessions: 'none', recovery: true },
  confirm_backup: { sessions: 'none' },
  begin_recovery: { sessions: 'none' },
}

/** Else the mail is itself the way to take back what it tells of. */
export function isDisownable(purpose: Purpose): purpose is Disownable {
  return Object.hasOwn(ENDS, purpose)
}

export function endsOf(purpose: Disownable): Ended {
  return ENDS[purpose].sessions
}

export function decideNotMe(policy: Policy, facts: NotMeFacts): NotMeDecision {
  const { now, disowns, bound, address } = facts
  if (disowns === null || !isDisownable(disowns.purpose) || !facts.proved) return no('refuse', 'not_me_unknown')
  const ends = ENDS[disowns.purpose]
  if (disowns.saidAt !== null) return { ...no('repeated', 'not_me'), at: disowns.saidAt }
  // A mail scanner presses every button, and does not know whom the mail was for.
  if (!bound) {
    const spent = address === 'absent' || address === 'unclaimed' ? disowns.tries >= policy.addressTries : address === 'exhausted'
    if (spent) return no('refuse', 'not_me_locked')
    if (address === 'absent') return no('retry', 'address_needed')
    if (address === 'unclaimed') return no('claim', 'address_mismatch')
    if (address !== 'right') {
      const triesLeft = Math.max(0, policy.addressTries - disowns.tries - 1)
      return triesLeft === 0 ? no('refuse', 'not_me_locked') : no('retry', 'address_mismatch', triesLeft)
    }
  }
  const quiet = ends.quiet === true ? policy.quietAfterNotMe : null
  return {
    ...no('end', 'not_me'),
    consequences: {
      sessions: ends.sessions,
      change: ends.change === true,
      recovery: ends.recovery === true,
      quietUntil: quiet === null ? null : now + quiet,
    },
  }
}

function no(verdict: NotMeDecision['verdict'], reason: ReasonCode, triesLeft: number | null = null): NotMeDecision {
  return { verdict, reason, triesLeft, at: null, consequences: null }
}
