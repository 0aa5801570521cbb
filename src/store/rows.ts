// Columns as the model names them, for every statement that reads a noun.
import type { Mail, Ms, User } from '../core/model.ts'
import { all, type Operation, one } from './operation.ts'

export const userColumns =
  'id, email, status, created_at as "createdAt", confirmed_at as "confirmedAt", sign_in_count as "signInCount", current_sign_in_at as "currentSignInAt", last_sign_in_at as "lastSignInAt", external_id as "externalId", browsers, recovering_until as "recoveringUntil", awake_at as "awakeAt"'

export const sessionColumns =
  'id, user_id as "user", device, network, proof, created_at as "createdAt", seen_at as "seenAt", ended_at as "endedAt", coalesce(proved_at, created_at) as "provedAt"'

export interface ChallengeRow {
  readonly id: string
  readonly email: string
  readonly browser: string
  readonly returnTo: string | null
  readonly locale: string
  readonly device: string
  readonly createdAt: number
  readonly completedAt: number | null
  readonly disownedAt: number | null
}

export interface MailRow extends Omit<Mail, 'hasLink' | 'hasCode'> {
  readonly state: string
  readonly bouncedAt: number | null
  readonly linkDigest: string | null
  readonly codeDigest: string | null
}

export interface UserRow extends User {
  /** JSON: digests, newest first. */
  readonly browsers: string
  /** Until when a sign-in has a recovery to end; null: there is none. */
  readonly recoveringUntil: Ms | null
  /** When an operator enabled the account, or another address was set by a way back in; null: never. */
  readonly awakeAt: Ms | null
}

export function withoutBrowsers({ browsers: _, recoveringUntil: __, awakeAt: ___, ...user }: UserRow): User {
  return user
}

// The texts are put together once: engines find a prepared statement by its text, and a new string has to be hashed for that.
const userOrNext = `select ${userColumns} from users where tenant = ? and email >= ? order by email limit 1`

/**
 * The user of an address; where there is none, the next one: to find a row and read it takes some ten microseconds more than to find
 * none, and that could be seen in the answer. Whose it is, the caller has to look.
 */
export const findUserOrNext = (tenant: string, email: string): Operation<UserRow | null> => one<UserRow>(userOrNext, tenant, email)

/** Whom an operator means: one row or none, and nobody's time is to be hidden. */
export const findUserById = (tenant: string, id: string): Operation<UserRow | null> =>
  one<UserRow>(`select ${userColumns} from users where tenant = ? and id = ?`, tenant, id)

export const findUserByExternalId = (tenant: string, externalId: string): Operation<UserRow | null> =>
  one<UserRow>(`select ${userColumns} from users where tenant = ? and external_id = ? and external_id is not null`, tenant, externalId)

export const findUserByEmail = (tenant: string, email: string): Operation<UserRow | null> =>
  one<UserRow>(`select ${userColumns} from users where tenant = ? and email = ?`, tenant, email)

/** Who has it in hand holds the challenge and all its mails. */
export const challengeKey = (id: string): string => `challenge:${id}`

/** The purpose is part of the key: a challenge of another purpose does not exist here. */
export const findChallengeEmail = (tenant: string, purpose: string, id: string): Operation<{ readonly email: string } | null> =>
  one<{ readonly email: string }>('select email from challenges where tenant = ? and id = ? and purpose = ?', tenant, id, purpose)

export interface FoundChallenge {
  readonly challenge: ChallengeRow
  /** Oldest first. */
  readonly mails: readonly MailRow[]
  /** Whose address it is, if anybody's yet. */
  readonly user: UserRow | null
}

interface JoinedRow extends MailRow, Omit<ChallengeRow, 'id' | 'createdAt'> {
  readonly askedAt: number
  readonly userId: string | null
  readonly status: UserRow['status']
  readonly joinedAt: number
  readonly confirmedAt: number | null
  readonly signInCount: number
  readonly currentSignInAt: number | null
  readonly lastSignInAt: number | null
  readonly externalId: string | null
  readonly browsers: string
  readonly recoveringUntil: Ms | null
  readonly awakeAt: Ms | null
}

// The address is looked up once more for the user: joined by `c.email`, PostgreSQL may take the tenant alone to be key enough, as long as
// it knows nothing of the table, and read all its users each time.
const challengeWithMails =
  'select c.email, c.browser, c.return_to as "returnTo", c.locale, c.device, c.created_at as "askedAt", c.completed_at as "completedAt", c.disowned_at as "disownedAt", m.ordinal, m.created_at as "createdAt", m.link_digest as "linkDigest", m.code_digest as "codeDigest", m.link_expires_at as "linkExpiresAt", m.code_expires_at as "codeExpiresAt", m.link_used_at as "linkUsedAt", m.code_tries as "codeTries", m.address_tries as "addressTries", m.state, m.bounced_at as "bouncedAt", u.id as "userId", u.status, u.created_at as "joinedAt", u.confirmed_at as "confirmedAt", u.sign_in_count as "signInCount", u.current_sign_in_at as "currentSignInAt", u.last_sign_in_at as "lastSignInAt", u.external_id as "externalId", u.browsers, u.recovering_until as "recoveringUntil", u.awake_at as "awakeAt" from challenges c join mails m on m.tenant = c.tenant and m.challenge = c.id left join users u on u.tenant = ? and u.email = (select email from challenges where tenant = ? and id = ?) where c.tenant = ? and c.id = ? and c.purpose = ? order by m.ordinal'

/** All that a proof is judged by, in one look: a challenge is never without a mail. */
export function* findChallengeWithMails(tenant: string, purpose: string, id: string): Operation<FoundChallenge | null> {
  const mails = yield* all<JoinedRow>(challengeWithMails, tenant, tenant, id, tenant, id, purpose)
  const row = mails[0]
  if (row === undefined) return null
  const { email, browser, returnTo, locale, device, askedAt: createdAt, completedAt, disownedAt } = row
  return { challenge: { id, email, browser, returnTo, locale, device, createdAt, completedAt, disownedAt }, mails, user: userOf(row) }
}

function userOf(row: JoinedRow): UserRow | null {
  if (row.userId === null) return null
  const {
    userId: id,
    email,
    status,
    joinedAt: createdAt,
    confirmedAt,
    signInCount,
    currentSignInAt,
    lastSignInAt,
    externalId,
    browsers,
    recoveringUntil,
    awakeAt,
  } = row
  const seen = { signInCount, currentSignInAt, lastSignInAt }
  return { id, email, status, createdAt, confirmedAt, ...seen, externalId, browsers, recoveringUntil, awakeAt }
}

/** Field by field: to copy the rest of a driver's row costs as much as the statement did. */
export function toMail(row: MailRow): Mail {
  const { ordinal, createdAt, linkDigest, codeDigest, linkExpiresAt, codeExpiresAt, linkUsedAt, codeTries, addressTries } = row
  const has = { hasLink: linkDigest !== null, hasCode: codeDigest !== null }
  return { ordinal, createdAt, linkExpiresAt, codeExpiresAt, linkUsedAt, codeTries, addressTries, ...has }
}
