// A user's rows. A sign-in counts and dates itself here; none of it is ever part of a token.
import { BROWSERS_KNOWN, type User } from '../core/model.ts'
import { type Operation, one, run, type Tx } from './operation.ts'
import { type UserRow, withoutBrowsers } from './rows.ts'

interface SignIn {
  readonly found: UserRow | null
  readonly id: string
  readonly email: string
  readonly place: string
  readonly browserDigest: string
  readonly externalId: string | null
}

/** The proof of the mailbox confirms the address, whoever made the account. */
export function* signIn(tx: Tx, tenant: string, input: SignIn): Operation<User> {
  const { found, browserDigest } = input
  if (found === null) {
    const user: User = {
      id: input.id,
      email: input.email,
      status: 'active',
      createdAt: tx.now,
      confirmedAt: tx.now,
      signInCount: 1,
      currentSignInAt: tx.now,
      lastSignInAt: null,
      externalId: input.externalId,
    }
    yield* run(
      "insert into users (tenant, id, email, status, created_at, confirmed_at, sign_in_count, current_sign_in_at, current_sign_in_place, browsers) values (?, ?, ?, 'active', ?, ?, 1, ?, ?, ?)",
      tenant,
      user.id,
      user.email,
      tx.now,
      tx.now,
      tx.now,
      input.place,
      JSON.stringify([browserDigest]),
    )
    if (input.externalId !== null) yield* keepExternalId(tenant, user.id, input.externalId)
    return user
  }
  // Who signed in before the mailbox was proved is nobody to be remembered.
  const before = found.confirmedAt === null ? [] : browsersOf(found).filter((known) => known !== browserDigest)
  const row = yield* one<{ confirmedAt: number; signInCount: number }>(
    'update users set confirmed_at = coalesce(confirmed_at, ?), sign_in_count = sign_in_count + 1, last_sign_in_at = current_sign_in_at, last_sign_in_place = current_sign_in_place, current_sign_in_at = ?, current_sign_in_place = ?, browsers = ? where tenant = ? and id = ? returning confirmed_at as "confirmedAt", sign_in_count as "signInCount"',
    tx.now,
    tx.now,
    input.place,
    JSON.stringify([browserDigest, ...before].slice(0, BROWSERS_KNOWN)),
    tenant,
    found.id,
  )
  if (input.externalId !== found.externalId) yield* keepExternalId(tenant, found.id, input.externalId)
  return {
    ...withoutBrowsers({ ...found, externalId: input.externalId }),
    ...row,
    lastSignInAt: found.currentSignInAt,
    currentSignInAt: tx.now,
  }
}

/** Only where the host has users of its own, and once for each: no part of the statements of every sign-in. */
function keepExternalId(tenant: string, id: string, externalId: string | null): Operation<void> {
  return run('update users set external_id = ? where tenant = ? and id = ?', externalId, tenant, id)
}

/** Has this browser signed in to this account before? Its cookie is 256 bits: nobody else can say so. */
export function knowsBrowser(user: UserRow, browserDigest: string): boolean {
  return browsersOf(user).includes(browserDigest)
}

/** Browsers that the person says were not theirs. */
export function* forgetBrowsers(tenant: string, user: UserRow, isOne: (browserDigest: string) => boolean): Operation<void> {
  const kept = browsersOf(user).filter((known) => !isOne(known))
  yield* run('update users set browsers = ? where tenant = ? and id = ?', JSON.stringify(kept), tenant, user.id)
}

function browsersOf(user: UserRow): string[] {
  return JSON.parse(user.browsers) as string[]
}
