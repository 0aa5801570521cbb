// Columns as the model names them, for every statement that reads a noun.
import type { Mail, User } from '../core/model.ts'
import { all, type Operation, one } from './operation.ts'

const userColumns =
  'id, email, status, created_at as "createdAt", confirmed_at as "confirmedAt", sign_in_count as "signInCount", current_sign_in_at as "currentSignInAt", last_sign_in_at as "lastSignInAt", browsers'

export const sessionColumns =
  'id, user_id as "user", device, network, proof, created_at as "createdAt", seen_at as "seenAt", ended_at as "endedAt"'

const mailColumns =
  'ordinal, created_at as "createdAt", link_digest as "linkDigest", code_digest as "codeDigest", link_expires_at as "linkExpiresAt", code_expires_at as "codeExpiresAt", link_used_at as "linkUsedAt", code_used_at as "codeUsedAt", code_tries as "codeTries", address_tries as "addressTries"'

export interface ChallengeRow {
  readonly id: string
  readonly email: string
  readonly browser: string
  readonly returnTo: string | null
  readonly locale: string
  readonly device: string
  readonly createdAt: number
  readonly completedAt: number | null
}

export interface MailRow extends Omit<Mail, 'hasLink' | 'hasCode'> {
  readonly linkDigest: string | null
  readonly codeDigest: string | null
}

export interface UserRow extends User {
  /** JSON: digests, newest first. */
  readonly browsers: string
}

// The texts are put together once: engines find a prepared statement by its text, and a new string has to be hashed for that.
const userByEmail = `select ${userColumns} from users where tenant = ? and email = ?`
const mailsOfChallenge = `select ${mailColumns} from mails where tenant = ? and challenge = ? order by ordinal`

export const findUserByEmail = (tenant: string, email: string): Operation<UserRow | null> => one<UserRow>(userByEmail, tenant, email)

/** Who has it in hand holds the challenge and all its mails. */
export const challengeKey = (id: string): string => `challenge:${id}`

/** The purpose is part of the key: a challenge of another purpose does not exist here. */
export const findChallengeRow = (tenant: string, purpose: string, id: string): Operation<ChallengeRow | null> =>
  one<ChallengeRow>(
    'select id, email, browser, return_to as "returnTo", locale, device, created_at as "createdAt", completed_at as "completedAt" from challenges where tenant = ? and id = ? and purpose = ?',
    tenant,
    id,
    purpose,
  )

/** Oldest first. */
export const findMailRows = (tenant: string, challenge: string): Operation<readonly MailRow[]> =>
  all<MailRow>(mailsOfChallenge, tenant, challenge)

/** Field by field: to copy the rest of a driver's row costs as much as the statement did. */
export function toMail(row: MailRow): Mail {
  const { ordinal, createdAt, linkDigest, codeDigest, linkExpiresAt, codeExpiresAt, linkUsedAt, codeUsedAt, codeTries, addressTries } = row
  const has = { hasLink: linkDigest !== null, hasCode: codeDigest !== null }
  return { ordinal, createdAt, linkExpiresAt, codeExpiresAt, linkUsedAt, codeUsedAt, codeTries, addressTries, ...has }
}
