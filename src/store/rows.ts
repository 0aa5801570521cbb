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

export const findUserByEmail = (tenant: string, email: string): Operation<UserRow | null> =>
  one<UserRow>(`select ${userColumns} from users where tenant = ? and email = ?`, tenant, email)

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
  all<MailRow>(`select ${mailColumns} from mails where tenant = ? and challenge = ? order by ordinal`, tenant, challenge)

export function toMail({ linkDigest, codeDigest, ...mail }: MailRow): Mail {
  return { ...mail, hasLink: linkDigest !== null, hasCode: codeDigest !== null }
}
