// Who may see a page of the host: whoever is signed in. Everybody else is sent to sign in, and comes back.
import { paths } from '../core/paths.ts'
import type { ReasonCode } from '../core/reason.ts'
import type { Context } from './context.ts'
import { getSession, type LiveSession } from './session.ts'

export type RequiredUser =
  | { readonly live: LiveSession; readonly reason: 'session_live' }
  /** `goTo`: the sign-in page, which leads back. */
  | { readonly live: null; readonly reason: ReasonCode; readonly goTo: string }

/** A use of the session: it keeps it from going idle. */
export async function requireUser(context: Context, token: string | null, returnTo: string): Promise<RequiredUser> {
  const session = await getSession(context, token)
  if (session.live !== null) return session
  const goTo = `${context.origin}${context.basePath}${paths.signIn}?return_to=${encodeURIComponent(returnTo)}`
  return { ...session, goTo }
}
