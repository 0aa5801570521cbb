// Is this link or code good? Everything that can be said about it is said in this file.
// Pure: digests were computed before; here we only learn whether they matched, and only after a try was claimed for looking.
import { windowVerdict } from './bucket.ts'
import { isDormant } from './dormant.ts'
import { HOST_RETRY_MS, type HostId, type HostWord } from './host.ts'
import type { Challenge, Mail, Ms, Proof, Purpose } from './model.ts'
import type { Policy } from './policy.ts'
import type { ReasonCode } from './reason.ts'
import { livesOf } from './start.ts'

/** `unclaimed`: nobody has looked yet. `exhausted`: no try was left to claim. `older`: the code of an earlier mail. */
export type Match = 'unclaimed' | 'exhausted' | 'right' | 'older' | 'wrong'

export interface VerifyFacts {
  readonly now: Ms
  readonly proof: Proof
  /** The request carries the cookie of the browser that asked. */
  readonly bound: boolean
  readonly challenge: (Pick<Challenge, 'createdAt' | 'completedAt'> & { readonly disownedAt?: Ms }) | null
  /** For a link: its mail. For a code: the newest mail that has one. */
  readonly mail: Mail | null
  /** A link's 256-bit secret needs no try: it is compared at once. */
  readonly linkMatches: boolean
  /** `malformed`: what was typed is no code at all; it can spend nothing. */
  readonly code: Match | 'malformed' | null
  /** What was typed as the address, in a browser that did not ask. */
  readonly address: Match | 'absent'
  readonly failures: readonly Ms[]
  readonly user: {
    readonly status: 'active' | 'disabled'
    readonly confirmed: boolean
    /** When the account was last seen to be its person's. Absent: nobody has signed in to it yet; and in old records. */
    readonly inUseAt?: Ms
  } | null
  /** This browser holds the limited session of a way back into this very account. Looked at only where the mailbox alone is not enough. */
  readonly regained?: true
  /** What this very browser already got from this challenge. */
  readonly session: { readonly createdAt: Ms; readonly ended: boolean } | null
  /** This browser holds a live session of another user. */
  readonly otherSession: boolean
  /** What the proof is for; absent: to sign in. */
  readonly purpose?: Exclude<Purpose, 'sign_in'>
  /** For those purposes: whose live session this browser holds: that of the person who asked, another's, or none. */
  readonly holder?: 'same' | 'other' | 'nobody'
  /** For what opens a recovery, or confirms a backup address: it was not ended, and is the one that was asked for last. */
  readonly open?: boolean
  /** For a change of address: how it stands. */
  readonly change?: {
    /** It did not end, and the person still has the address that it was asked from. */
    readonly open: boolean
    /** Somebody has the new address by now. */
    readonly taken: boolean
    /** The policy wanted both mailboxes to agree when it was asked. */
    readonly both: boolean
    /** The other mailbox of the two has agreed. */
    readonly other: boolean
  }
  /** It is the link of an invitation, which no browser asked for. */
  readonly invited?: true
  /** What the host says of the address, and how its id stands to ours; absent: it keeps no users of its own, or gave none. */
  readonly host?: HostWord
  readonly hostId?: HostId
  /** For getting back in by waiting: the new mailbox was not proved yet, and nothing has ended it; somebody else has that address by now. */
  readonly recovery?: { readonly open: boolean; readonly taken: boolean }
  /** Until when nobody new begins with the address: somebody left it and may come back. Absent: anybody may. */
  readonly left?: Ms
  /** The person has signed in before, and not with this browser. Looked at only where a notice would tell of it. */
  readonly newBrowser?: true
}

export interface VerifyDecision {
  /**
   * `claim`: take a try of this counter, look, and ask again. `retry`: a "no" that leaves the proof good. `renewed`: the session that is there
   * goes on under a new token, and nobody is signed in who was not. `agreed`: one of two mailboxes did; nothing is changed yet. `opened`: a
   * limited session begins, that can do no more than name another address. `done`: what was asked for is, and nobody is signed in by it.
   */
  readonly verdict: 'signed_in' | 'renewed' | 'agreed' | 'opened' | 'done' | 'replayed' | 'claim' | 'retry' | 'refuse'
  readonly reason: ReasonCode
  readonly claim: 'code' | 'address' | null
  readonly triesLeft: number | null
  readonly retryAfterMs: Ms | null
  /** When what the reason names happened: the expiry, the use. */
  readonly at: Ms | null
  /** Consequences of a sign-in. */
  readonly consequences: {
    readonly createUser: boolean
    /** First proof of this mailbox: what was set up before it is not trusted (pre-hijacking). */
    readonly confirm: boolean
    /** The browser that asked retires every proof of the challenge; another browser spends only its link. */
    readonly complete: boolean
    readonly endOtherSession: boolean
    /** A mail tells of it. Absent: none does. */
    readonly notice?: true
  } | null
}

export function decideVerify(policy: Policy, facts: VerifyFacts): VerifyDecision {
  return facts.proof === 'link' ? decideLink(policy, facts) : decideCode(policy, facts)
}

function decideLink(policy: Policy, facts: VerifyFacts): VerifyDecision {
  const { now, challenge, mail, bound } = facts
  if (challenge === null || mail === null) return refuse('link_unknown')
  if (!facts.linkMatches) return refuse('link_malformed')
  if (challenge.disownedAt !== undefined) return refuse('disowned', { at: challenge.disownedAt })
  if (mail.linkUsedAt !== null || challenge.completedAt !== null || facts.session !== null) {
    return replay(policy, facts) ?? refuse('link_used', { at: mail.linkUsedAt ?? challenge.completedAt })
  }
  if (!policy.methods.includes('link')) return refuse('link_off')
  const end = linkEnd(policy, mail, facts.invited ? 'invite' : facts.purpose)
  if (now >= end) return refuse('link_expired', { at: end })
  if (facts.host === 'unavailable') return hostUnavailable()
  if (!bound) {
    // What is for a session is never for another browser.
    if (policy.otherBrowser !== 'address' || facts.purpose !== undefined) return refuse('link_other_browser')
    // Asked before the address is looked at: a scanner that tries addresses ends here, and the code goes on working.
    const spent =
      facts.address === 'absent' || facts.address === 'unclaimed' ? mail.addressTries >= policy.addressTries : facts.address === 'exhausted'
    if (spent) return refuse('link_other_browser')
    if (facts.address === 'absent') return retry('address_needed')
    if (facts.address === 'unclaimed') return claim('address')
    if (facts.address !== 'right') {
      const triesLeft = Math.max(0, policy.addressTries - mail.addressTries - 1)
      return triesLeft === 0 ? refuse('link_other_browser') : retry('address_mismatch', { triesLeft })
    }
  }
  return withoutHolder(facts) ?? admit(policy, facts)
}

function decideCode(policy: Policy, facts: VerifyFacts): VerifyDecision {
  const { now, challenge, mail } = facts
  // Before anything is compared: a stranger who knows the challenge's id must not spend the five tries of the person.
  if (challenge === null || !facts.bound) return refuse('code_other_browser')
  if (challenge.disownedAt !== undefined) return refuse('disowned', { at: challenge.disownedAt })
  if (facts.code === 'malformed') return retry('code_malformed')
  if (challenge.completedAt !== null || facts.session !== null)
    return replay(policy, facts) ?? refuse('code_used', { at: challenge.completedAt })
  const unheld = withoutHolder(facts)
  if (unheld !== null) return unheld
  if (!policy.methods.includes('code') || mail === null) return refuse('code_off')
  const end = codeEnd(policy, mail, facts.purpose)
  if (now >= end) return refuse('code_expired', { at: end })
  const budget = windowVerdict(policy.codeFailures, facts.failures, now)
  if (!budget.open) return refuse('code_off', { retryAfterMs: budget.retryInMs })
  // Before a try is claimed: it is not the person's fault.
  if (facts.host === 'unavailable') return hostUnavailable()
  // Past the limit even the right code is refused. The link stays good, so nobody can be locked out by guessing.
  if (facts.code === 'exhausted' || (facts.code === 'unclaimed' && mail.codeTries >= policy.codeTries)) return refuse('code_locked')
  if (facts.code === 'unclaimed') return claim('code')
  if (facts.code !== 'right') {
    const triesLeft = Math.max(0, policy.codeTries - mail.codeTries - 1)
    if (facts.code === 'older') return retry('code_superseded', { triesLeft })
    return triesLeft === 0 ? refuse('code_locked') : retry('code_wrong', { triesLeft })
  }
  return admit(policy, facts)
}

/** A stricter policy applies at once to mails already out; a laxer one does not revive them. */
export function linkEnd(policy: Policy, mail: Pick<Mail, 'createdAt' | 'linkExpiresAt'>, purpose: Purpose = 'sign_in'): Ms {
  return Math.min(mail.linkExpiresAt, mail.createdAt + livesOf(policy, purpose).link)
}

export function codeEnd(policy: Policy, mail: Pick<Mail, 'createdAt' | 'codeExpiresAt'>, purpose: Purpose = 'sign_in'): Ms {
  return Math.min(mail.codeExpiresAt, mail.createdAt + livesOf(policy, purpose).code)
}

/** The same browser with a good proof soon after: a double tap, a timer and a click, an answer that never arrived. */
function replay(policy: Policy, facts: VerifyFacts): VerifyDecision | null {
  const { session, now } = facts
  if (facts.holder === 'other') return refuse('session_of_other')
  if (session === null || session.ended || now >= session.createdAt + policy.replayWindow) return null
  if (facts.proof === 'code' && facts.code !== 'right') return null
  // A cookie would be handed out that opens nothing any more.
  if (facts.user === null || facts.user.status === 'disabled') return refuse('sign_in_refused')
  if (now >= session.createdAt + Math.min(policy.session.idle, policy.session.absolute)) return null
  return { verdict: 'replayed', reason: 'replayed', ...blank }
}

/** What was asked for by somebody who is signed in ends with that: it is for that session, and for no other person's. */
function withoutHolder({ purpose, holder }: VerifyFacts): VerifyDecision | null {
  // Whoever asks for a way back in is nobody yet.
  if (purpose === undefined || purpose === 'recover_backup' || purpose === 'begin_recovery' || holder === 'same') return null
  if (purpose === 'recover') return refuse('recovery_over')
  return refuse(holder === 'other' ? 'session_of_other' : 'session_unknown')
}

const renewal = { createUser: false, confirm: false, complete: true, endOtherSession: false } as const

function admit(policy: Policy, facts: VerifyFacts): VerifyDecision {
  const { user } = facts
  if (facts.purpose !== undefined) return admitHolder(policy, facts)
  const isLeft = facts.left !== undefined && facts.now < facts.left
  if (facts.host === 'refused') return refuse('host_refused_proof')
  if (facts.hostId === 'differs') return refuse('host_id_differs')
  const mayBegin = (policy.signUp === 'open' || facts.host === 'known') && !isLeft
  if (user?.status === 'disabled' || (user === null && !mayBegin)) return refuse('sign_in_refused')
  if (!facts.regained && isDormant(policy, user?.inUseAt ?? null, facts.now))
    return refuse('account_dormant', { at: user?.inUseAt ?? null })
  return {
    verdict: 'signed_in',
    reason: 'signed_in',
    ...blank,
    consequences: {
      createUser: user === null,
      confirm: user === null || !user.confirmed,
      complete: facts.bound,
      endOtherSession: facts.otherSession,
      ...(facts.newBrowser && policy.newDeviceNotice ? { notice: true } : {}),
    },
  }
}

function admitHolder(policy: Policy, facts: VerifyFacts): VerifyDecision {
  const { purpose, change, recovery } = facts
  const admitted = (verdict: VerifyDecision['verdict'], reason: ReasonCode): VerifyDecision => ({
    verdict,
    reason,
    ...blank,
    consequences: renewal,
  })
  const renewed = (reason: ReasonCode): VerifyDecision => admitted('renewed', reason)
  if (purpose === 'begin_recovery') {
    if (!recovery?.open) return refuse('recovery_ended')
    if (recovery.taken) return refuse('address_in_use')
    return admitted('agreed', 'recovery_waiting')
  }
  if (purpose === 'step_up') return renewed('proof_renewed')
  if (purpose === 'recover_backup') {
    if (!facts.open) return refuse('recovery_over')
    return facts.user?.status === 'active' ? admitted('opened', 'recovery_opened') : refuse('sign_in_refused')
  }
  if (purpose === 'confirm_backup') return facts.open ? admitted('done', 'backup_set') : refuse('change_ended')
  if (!change?.open) return refuse('change_ended')
  if (change.taken) return refuse('address_in_use')
  // The new mailbox always has to; in which order they do makes no difference.
  const needsOther = purpose === 'leave_email' || change.both || policy.changeEmail.confirm === 'both'
  if (purpose === 'recover') return admitted('done', 'recovered')
  if (needsOther && !change.other) return admitted('agreed', 'change_confirmed')
  return renewed('address_changed')
}

const hostUnavailable = (): VerifyDecision => retry('host_unavailable', { retryAfterMs: HOST_RETRY_MS })

type Detail = Partial<Pick<VerifyDecision, 'triesLeft' | 'retryAfterMs' | 'at'>>
// Spread after the properties that are given: V8 adds each property behind a spread by a slow path, half a microsecond each.
const blank = { claim: null, triesLeft: null, retryAfterMs: null, at: null, consequences: null } as const

function refuse(reason: ReasonCode, detail: Detail = {}): VerifyDecision {
  return { verdict: 'refuse', reason, ...blank, ...detail }
}

function retry(reason: ReasonCode, detail: Detail = {}): VerifyDecision {
  return { verdict: 'retry', reason, ...blank, ...detail }
}

function claim(counter: 'code' | 'address'): VerifyDecision {
  return { verdict: 'claim', reason: counter === 'code' ? 'code_wrong' : 'address_mismatch', ...blank, claim: counter }
}
