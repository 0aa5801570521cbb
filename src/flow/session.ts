// Sessions after the sign-in: who is this, which others are there, end them.
import type { Ms, Session, User } from '../core/model.ts'
import type { ReasonCode } from '../core/reason.ts'
import { sessionEnd } from '../core/session.ts'
import { SESSION_SHAPE, sessionKey } from '../secret.ts'
import type { SessionView } from '../store/store.ts'
import { type Asker, type Context, scopeOf } from './context.ts'

export interface LiveSession {
  readonly user: User
  readonly session: Session
  readonly expiresAt: Ms
}

export type SessionAnswer =
  | { readonly live: LiveSession; readonly reason: 'session_live' }
  | { readonly live: null; readonly reason: ReasonCode }

/**
 * Who is signed in. Using a session keeps it from going idle, which is written at most once a minute and only here, for a
 * request that carries the session itself; a prefetch passes `touch: 'never'`.
 */
export async function getSession(
  context: Context,
  token: string | null,
  use: { touch: 'due' | 'never' } = { touch: 'due' },
): Promise<SessionAnswer> {
  const view = await look(context, token)
  if (view === null) return { live: null, reason: 'session_unknown' }
  const { decision, session, user } = view
  if (decision.verdict !== 'live') return { live: null, reason: decision.reason }
  if (decision.touch && use.touch === 'due') {
    context.store.touchSession(context.tenant, session.id, view.now).catch((error: unknown) => context.log.error('touch_failed', error))
  }
  const seenAt = decision.touch && use.touch === 'due' ? view.now : session.seenAt
  return { live: { user, session, expiresAt: sessionEnd(context.policy, { ...session, seenAt }) }, reason: 'session_live' }
}

/** A look that never touches: for pages which are no use of the session. */
export async function findLiveSession(context: Context, token: string | null): Promise<SessionView | null> {
  return (await viewSession(context, token)).view
}

/** The same, with the reason where nobody is signed in. */
export async function viewSession(
  context: Context,
  token: string | null,
): Promise<{ readonly view: SessionView | null; readonly reason: ReasonCode }> {
  const view = await look(context, token)
  if (view === null) return { view, reason: 'session_unknown' }
  return { view: view.decision.verdict === 'live' ? view : null, reason: view.decision.reason }
}

export function liveOf({ policy }: Context, { user, session }: SessionView): LiveSession {
  return { user, session, expiresAt: sessionEnd(policy, session) }
}

export function listSessions(context: Context, user: User): Promise<readonly Session[]> {
  return context.store.listSessions(context.tenant, context.policy, user.id)
}

export async function endSessions(
  context: Context,
  asker: Asker,
  which: 'this' | 'others' | { readonly id: string },
): Promise<{ ended: number; reason: ReasonCode }> {
  if (asker.session === null || !SESSION_SHAPE.test(asker.session)) return { ended: 0, reason: 'session_unknown' }
  const result = await context.store.endSessions(scopeOf(context, asker.requestId), {
    key: sessionKey(context.tenant, asker.session),
    which,
  })
  context.dispatches.wake()
  context.log.event('session_end', { requestId: asker.requestId, reason: result.reason, ended: result.ended })
  return result
}

function look(context: Context, token: string | null): Promise<SessionView | null> {
  if (token === null || !SESSION_SHAPE.test(token)) return Promise.resolve(null)
  return context.store.findSession(context.tenant, context.policy, sessionKey(context.tenant, token))
}
