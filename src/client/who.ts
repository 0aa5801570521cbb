// Who is signed in, as the server says it.
import { type Failure, failureOf, type Json } from './failure.ts'

export interface User {
  readonly id: string
  readonly email: string
  /** ISO 8601, as all times in what the server says. */
  readonly createdAt: string
  readonly signInCount: number
  readonly lastSignInAt: string | null
  /** What another system knows the user by, where the user came from one. */
  readonly externalId: string | null
}

export interface Session {
  readonly id: string
  readonly device: string
  readonly network: string
  readonly proof: 'link' | 'code'
  readonly createdAt: string
  readonly seenAt: string
  readonly expiresAt: string
  /** Only for a client without cookies. */
  readonly token?: string
}

export interface Who {
  readonly user: User
  readonly session: Session
}

export interface Current extends Who {
  readonly ok: true
}

/** From an answer of the API; what it is not is never handed on as if it were. */
export function readWho(body: Json): Current | Failure {
  const { user, session } = body as { readonly user?: Partial<User>; readonly session?: Partial<Session> }
  const whole =
    typeof user?.id === 'string' &&
    typeof user.email === 'string' &&
    typeof session?.id === 'string' &&
    typeof session.createdAt === 'string'
  return whole ? { ok: true, user: user as User, session: session as Session } : failureOf('answer_unknown')
}
