// Is this session good? Idle and absolute limits are read from the policy in force, so a stricter one applies at once.
import type { Ms } from './model.ts'
import type { Policy } from './policy.ts'
import type { ReasonCode } from './reason.ts'

export interface SessionFacts {
  readonly now: Ms
  readonly session: { readonly createdAt: Ms; readonly seenAt: Ms; readonly endedAt: Ms | null } | null
  readonly user: { readonly status: 'active' | 'disabled' } | null
}

export interface SessionDecision {
  readonly verdict: 'live' | 'none'
  readonly reason: ReasonCode
  /** Write down that it was used. */
  readonly touch: boolean
}

/** A touch at most this often: the idle time is hours, the write is dear. */
const TOUCH_EVERY: Ms = 60_000

export function decideSession(policy: Policy, facts: SessionFacts): SessionDecision {
  const { now, session, user } = facts
  if (session === null) return none('session_unknown')
  if (session.endedAt !== null || user === null || user.status === 'disabled') return none('session_ended')
  if (now >= session.createdAt + policy.session.absolute) return none('session_expired')
  if (now >= session.seenAt + policy.session.idle) return none('session_idle')
  return { verdict: 'live', reason: 'session_live', touch: now >= session.seenAt + TOUCH_EVERY }
}

/** When the session ends unless it is used before: the earlier of its idle and its absolute end. */
export function sessionEnd(policy: Policy, session: { readonly createdAt: Ms; readonly seenAt: Ms }): Ms {
  return Math.min(session.seenAt + policy.session.idle, session.createdAt + policy.session.absolute)
}

/** Is the proof of the mailbox behind a live session younger than this? What changes who can get in asks for one. */
export function isProofRecent(session: { readonly provedAt: Ms }, maxAge: Ms, now: Ms): boolean {
  return now < session.provedAt + maxAge
}

function none(reason: ReasonCode): SessionDecision {
  return { verdict: 'none', reason, touch: false }
}
