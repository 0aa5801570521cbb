// "This was not me": the challenge of a mail ends, and what came of it. With all sessions of the person in hand, as whoever proves the mailbox
// again meanwhile must not carry one on.
import type { Ms, Purpose } from '../core/model.ts'
import { decideNotMe, isDisownable, type NotMeFacts } from '../core/not-me.ts'
import type { ChangeRow, NotMeInput, NotMeOutcome } from './account-store.ts'
import { findChangeOf } from './change.ts'
import { same } from './digest.ts'
import { dispatch, dispatchEnds } from './dispatch.ts'
import { endAll } from './erase.ts'
import { writeEvent } from './event.ts'
import { mailboxLimit, readWindows, writeWindows } from './limits.ts'
import { endChanges } from './open-changes.ts'
import { all, type Locks, type Operation, one, run, type Tx } from './operation.ts'
import { cancelRecovery, findRecoveryHolder } from './recoveries.ts'
import { challengeKey, findChallengeWithMails, findUserByEmail, findUserById } from './rows.ts'
import { sessionsKey } from './session.ts'
import { type Scope, scopeFor } from './store.ts'
import { forgetBrowsers } from './user.ts'
import { voidMails } from './void.ts'

interface Disowned {
  readonly purpose: Purpose
  readonly email: string
  readonly browser: string
  /** The sign-in that it tells of, or itself. */
  readonly about: string
  readonly completedAt: Ms | null
}

interface Began {
  readonly id: string
  readonly user: string
  readonly createdAt: Ms
}

const findDisowned = (tenant: string, id: string): Operation<Disowned | null> =>
  one(
    'select purpose, email, browser, coalesce(about, id) as about, completed_at as "completedAt" from challenges where tenant = ? and id = ?',
    tenant,
    id,
  )

/** Their ids begin with the challenge's. */
const findBegan = (tenant: string, challenge: string): Operation<readonly Began[]> =>
  all(
    'select id, user_id as "user", created_at as "createdAt" from sessions where tenant = ? and id > ? and id < ?',
    tenant,
    challenge,
    `${challenge}~`,
  )

export function* notMeLocks({ tenant }: Scope, { challenge }: NotMeInput): Operation<Locks> {
  const found = yield* findDisowned(tenant, challenge)
  if (found === null || !isDisownable(found.purpose)) return { tenant, keys: [], limits: [] }
  const change = yield* findChangeOf(tenant, challenge)
  const owner = yield* findUserByEmail(tenant, found.email)
  const users = (yield* findBegan(tenant, found.about)).map(({ user }) => user)
  if (owner !== null) users.push(owner.id)
  if (change !== null) users.push(change.user)
  const recovery = found.purpose === 'recover_backup' ? yield* findRecoveryHolder(tenant, challenge) : null
  if (recovery !== null) users.push(recovery.user)
  const challenges = [challenge, found.about, ...(change === null ? [] : [change.id, change.leave ?? change.id])]
  const mailbox = mailboxLimit(found.email)
  return {
    tenant,
    keys: [...new Set([mailbox, ...challenges.map(challengeKey), ...users.map(sessionsKey)])],
    limits: [mailbox],
  }
}

export function* notMe(tx: Tx, given: Scope, input: NotMeInput): Operation<NotMeOutcome> {
  const found = yield* findDisowned(given.tenant, input.challenge)
  const scope = found === null ? given : scopeFor(given, found.email)
  const { tenant, policy } = scope
  const whole = found === null ? null : yield* findChallengeWithMails(tenant, found.purpose, input.challenge)
  const mail = whole?.mails.find(({ ordinal }) => ordinal === input.ordinal) ?? null
  let facts: NotMeFacts = {
    now: tx.now,
    disowns: found &&
      whole &&
      mail && {
        purpose: found.purpose,
        saidAt: whole.challenge.disownedAt,
        tries: yield* findTries(tenant, input.challenge, mail.ordinal),
      },
    proved: input.tagged || (mail?.linkDigest != null && input.linkDigest !== null && same(mail.linkDigest, input.linkDigest)),
    bound: found !== null && same(found.browser, input.browserDigest),
    address: input.addressTyped === 'absent' ? 'absent' : 'unclaimed',
  }
  let decision = decideNotMe(policy, facts)
  if (decision.verdict === 'claim' && mail) {
    const claimed = yield* one(TAKE_A_TRY, tenant, input.challenge, mail.ordinal, policy.addressTries)
    facts = { ...facts, address: claimed === null ? 'exhausted' : input.address === found?.email ? 'right' : 'wrong' }
    decision = decideNotMe(policy, facts)
  }
  const { consequences } = decision
  let sessions = 0
  let user: string | null = null
  if (consequences !== null && found !== null) {
    const owner = yield* findUserByEmail(tenant, found.email)
    const began = yield* findBegan(tenant, found.about)
    user = began[0]?.user ?? owner?.id ?? null
    yield* run(DISOWN, tx.now, tenant, JSON.stringify([input.challenge, found.about]))
    yield* voidMails(tx, tenant, [input.challenge, found.about])
    if (consequences.change) yield* endOpen(tx, tenant, yield* findChangeOf(tenant, input.challenge))
    if (consequences.recovery) yield* cancelRecovery(tx, tenant, input.challenge)
    if (consequences.sessions === 'its') sessions = yield* endBegan(tx, scope, began)
    if (consequences.sessions === 'all' && owner !== null) {
      sessions = yield* endAll(tx, scope, owner.id, 'not_me')
      yield* forgetBrowsers(tenant, owner, (browser) => browser === found.browser)
    }
    if (consequences.quietUntil !== null) {
      const mailbox = mailboxLimit(found.email)
      writeWindows(tx.limits, tenant, mailbox, { ...readWindows(tx.limits, tenant, mailbox), quiet: consequences.quietUntil })
    }
    const used = found.completedAt !== null || whole?.mails.some(({ linkUsedAt }) => linkUsedAt !== null)
    if (found.purpose === 'sign_in' && !used) {
      const told = { user, challenge: input.challenge, proof: null, reason: 'disowned' }
      yield* dispatch(tx, scope, 'challenge.failed', told, `${input.challenge}-disowned`)
    }
  }
  yield* writeEvent(tx, scope, {
    kind: 'account',
    reason: decision.reason,
    facts,
    decision,
    // With what it is about, where somebody looks who asks how that sign-in went.
    challenge: found?.about ?? null,
    user,
  })
  return { decision, now: tx.now, purpose: found?.purpose ?? null, sessions }
}

const DISOWN = 'update challenges set disowned_at = ? where tenant = ? and id {is_listed} and disowned_at is null'

/** Conditional, as for proofs: whoever else takes one now. */
const TAKE_A_TRY =
  'update mails set not_me_tries = not_me_tries + 1 where tenant = ? and challenge = ? and ordinal = ? and not_me_tries < ? returning ordinal'

function* findTries(tenant: string, challenge: string, ordinal: number): Operation<number> {
  const row = yield* one<{ tries: number }>(
    'select not_me_tries as tries from mails where tenant = ? and challenge = ? and ordinal = ?',
    tenant,
    challenge,
    ordinal,
  )
  return row?.tries ?? 0
}

function* endOpen(tx: Tx, tenant: string, change: ChangeRow | null): Operation<void> {
  if (change !== null && change.appliedAt === null) yield* endChanges(tx, tenant, [change])
}

/**
 * A session whose mailbox was proved again goes on in another row, which keeps the time of the sign-in. Their browsers are strangers again, or one
 * of them could go on asking for mails.
 */
function* endBegan(tx: Tx, scope: Scope, began: readonly Began[]): Operation<number> {
  let count = 0
  for (const { id, user, createdAt } of began) {
    const ended = yield* all<{ id: string }>(
      'update sessions{by_user} set ended_at = ? where tenant = ? and user_id = ? and created_at = ? and ended_at is null returning id',
      tx.now,
      scope.tenant,
      user,
      createdAt,
    )
    count += ended.length
    yield* dispatchEnds(tx, scope, { user, sessions: ended.map((row) => row.id), reason: 'not_me' }, `${scope.eventId}-${id}`)
    const row = yield* findUserById(scope.tenant, user)
    // A session's id ends with how the digest of its browser begins.
    if (row !== null) yield* forgetBrowsers(scope.tenant, row, (browser) => browser.startsWith(id.slice(-BROWSER_PART)))
  }
  return count
}

const BROWSER_PART = 6
