// A change of address: asked for by whoever is signed in, agreed to by the new mailbox (and by the old one, where the policy says so), and taken
// back by the old one. Everything about one person's changes happens with all their sessions in hand, one after the other.
import { type AccountFacts, decideAccount, decideUndo, type UndoFacts } from '../core/account.ts'
import { inUseAt, isDormant } from '../core/dormant.ts'
import type { Ms } from '../core/model.ts'
import { isErased } from '../core/operator.ts'
import type { ChangeInput, ChangeOutcome, ChangeRow, ChangeView, ConfirmInput, UndoInput, UndoOutcome } from './account-store.ts'
import { same } from './digest.ts'
import { dispatch, dispatchEnds } from './dispatch.ts'
import { writeEvent } from './event.ts'
import { complete, judge, presentedOf, refundFailures } from './judge.ts'
import { mailboxLimit, readWindows, withLeft, writeWindows } from './limits.ts'
import { changeColumns, endChanges, endOpenChanges, openChanges } from './open-changes.ts'
import { all, type Locks, type Operation, one, run, type Tx } from './operation.ts'
import { applyRecovery, dropRecovery, findBackup, findLiveRecovery, findRecoveryHolder, type RecoveryRow } from './recoveries.ts'
import {
  challengeKey,
  type FoundChallenge,
  findChallengeWithMails,
  findUserByEmail,
  findUserById,
  findUserOrNext,
  type UserRow,
  withoutBrowsers,
} from './rows.ts'
import { byColumn } from './search.ts'
import { endSessionsOf, type FoundSession, findHolder, findSession, findSessions, renewSession, sessionsKey } from './session.ts'
import { decide, insertChallengeOf, limitsOf } from './start.ts'
import { type Scope, scopeFor, type VerifyOutcome } from './store.ts'
import { knowsBrowser } from './user.ts'
import { voidMails } from './void.ts'

/** The change that a challenge of it belongs to. */
export const findChangeOf = (tenant: string, challenge: string): Operation<ChangeRow | null> =>
  one<ChangeRow>(
    `select ${changeColumns} from address_changes a where a.tenant = ? and a.id = (select change_id from challenges where tenant = ? and id = ?)`,
    tenant,
    tenant,
    challenge,
  )

/** The bucket of one person's questions for another address; whoever is in the account does not empty that of a recovery. */
export const changesLimit = (user: string, by: ChangeInput['by'] = 'session'): string =>
  `${by === 'recovery' ? 'recoveries' : 'changes'}:${user}`

export function* changeLocks(scope: Scope, input: ChangeInput): Operation<Locks> {
  const { tenant } = scope
  const holder = yield* findAsker(tenant, input)
  if (holder === null) return { tenant, keys: [], limits: [] }
  const backup = input.by === 'session' ? null : yield* findBackup(tenant, holder.user)
  const told = [holder.email, ...(backup?.email == null ? [] : [backup.email])]
  const limits = [...limitsOf(scope, input.email, input.buckets), ...told.map(mailboxLimit), changesLimit(holder.user, input.by)]
  return { tenant, keys: [sessionsKey(holder.user)], limits: [...new Set(limits)] }
}

/** Whose session it is, whether or not it is good. */
const findAsker = (tenant: string, { by, key }: ChangeInput): ReturnType<typeof findHolder> =>
  by === 'session' ? findHolder(tenant, key.id) : findRecoveryHolder(tenant, key.id)

interface Permission {
  readonly user: UserRow
  /** For the event. */
  readonly session: string | null
  readonly provedAt: Ms
  readonly recovery: RecoveryRow | null
}

/** A live session, or a limited one that is open. */
function* permissionOf(tx: Tx, { tenant, policy }: Scope, { by, key }: ChangeInput): Operation<Permission | null> {
  if (by === 'recovery') {
    const live = yield* findLiveRecovery(tx, tenant, key)
    return live && { user: live.user, session: null, provedAt: live.recovery.openedAt ?? 0, recovery: live.recovery }
  }
  const view = yield* findSession(tx, tenant, policy, key)
  if (view?.decision.verdict !== 'live') return null
  const user = yield* findUserById(tenant, view.user.id)
  return user && { user, session: view.session.id, provedAt: view.session.provedAt, recovery: null }
}

/**
 * Whether the new address is somebody's or not, the same is asked, written and sent: EN-09. It is the person's policy that says whether a change
 * may be asked for, and who has to agree; each mail is one of its own mailbox.
 */
export function* startChange(tx: Tx, given: Scope, input: ChangeInput): Operation<ChangeOutcome> {
  const holder = yield* findAsker(given.tenant, input)
  const scope = holder === null ? given : scopeFor(given, holder.email)
  const { tenant, policy } = scope
  const permission = yield* permissionOf(tx, scope, input)
  const { user = null, recovery = null } = permission ?? {}
  const state = user && tx.limits.get(tenant, changesLimit(user.id, input.by))
  const facts: AccountFacts = {
    now: tx.now,
    wants: input.by === 'session' ? 'change_email' : 'recover',
    session: permission && { provedAt: permission.provedAt },
    same: user?.email === input.email,
    tat: state === null ? null : Number(state),
    listed: user !== null && input.operators.includes(user.email),
  }
  const decision = decideAccount(policy, facts)
  yield* writeEvent(tx, scope, {
    kind: 'account',
    reason: decision.reason,
    facts,
    decision,
    user: user?.id ?? null,
    session: permission?.session ?? null,
  })
  if (decision.verdict !== 'go' || user === null) return { decision, now: tx.now, asked: null, second: null, undo: null }

  const { asked: toNew, second: other, undo: notice, by, ...shared } = input
  const owner = yield* findUserOrNext(tenant, input.email)
  const found = owner?.email === input.email ? owner : null
  const change = toNew.challenge
  const mailTo = (
    mail: ChangeInput['asked'],
    purpose: 'change_email' | 'leave_email' | 'undo_email' | 'recover' | 'undo_recovery',
    email: string,
    whose: UserRow | null,
  ) => {
    const { eventId, ...own } = mail
    const challenge = { ...shared, ...own, purpose, email }
    const follows = mail === toNew ? {} : ({ follows: true } as const)
    return decide(
      tx,
      { ...scopeFor(given, email), eventId },
      {
        ...challenge,
        ...follows,
        kind: 'start',
        addressInEvent: input.addressInEvent(email),
        resend: null,
        ordinal: 0,
        user: whose,
        knownBrowser: whose !== null && knowsBrowser(whose, input.browserDigest),
        asker: user.id,
      },
      () => insertChallengeOf(tx, tenant, challenge, change),
    )
  }
  const asked = yield* mailTo(toNew, by === 'session' ? 'change_email' : 'recover', input.email, found)
  if (asked.decision.mail === null) return { decision, now: tx.now, asked, second: null, undo: null }
  tx.limits.set(tenant, changesLimit(user.id, by), String(decision.tat))
  // One at a time: the code of an earlier question opens nothing any more, whichever address it was for.
  // Whoever is in the account does not end what a recovery asked for.
  const open = yield* openChanges(tenant, user.id)
  yield* endChanges(tx, tenant, by === 'recovery' ? open : open.filter((change) => change.recovery === null))
  const both = recovery === null && policy.changeEmail.confirm === 'both'
  yield* run(
    'insert into address_changes (tenant, id, user_id, old_email, new_email, created_at, both_agree, leave_challenge, undo_challenge, undo_until, recovery) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    tenant,
    change,
    user.id,
    user.email,
    input.email,
    tx.now,
    both ? 1 : 0,
    both ? other.challenge : null,
    notice.challenge,
    tx.now + policy.changeEmail.undo,
    recovery?.id ?? null,
  )
  const second = both ? yield* mailTo(other, 'leave_email', user.email, user) : null
  // Whoever reads the mailbox of an account that nobody used may be somebody else by now.
  const isOthers = recovery !== null && isDormant(policy, inUseAt(user), tx.now)
  const undo = isOthers ? null : yield* mailTo(notice, recovery === null ? 'undo_email' : 'undo_recovery', user.email, user)
  if (recovery === null) return { decision, now: tx.now, asked, second, undo }
  yield* run('update recoveries set new_email = ? where tenant = ? and id = ?', input.email, tenant, recovery.id)
  const backup = yield* findBackup(tenant, user.id)
  // Who reads the backup mailbox is told as well, but for the one who began it there, and the one who is to be the new mailbox.
  const tells = backup?.email != null && recovery.way !== 'backup' && backup.email !== input.email ? backup.email : null
  return { decision, now: tx.now, asked, second: tells === null ? null : yield* mailTo(other, 'undo_recovery', tells, null), undo }
}

/** More mails to one address can hardly be alive. */
const ALIVE_MAX = 1_000

/** What was mailed to an address and may still be good, but for the links that undo something. */
function* aliveAt(tenant: string, email: string, from: string): Operation<readonly string[]> {
  const found = yield* byColumn(tenant, { from, limit: ALIVE_MAX }, 'email', email)
  const rows = yield* all<{ id: string }>(
    "select id from challenges where tenant = ? and id {is_listed} and purpose not in ('undo_email', 'undo_recovery')",
    tenant,
    JSON.stringify(found.map(({ id }) => id)),
  )
  return rows.map(({ id }) => id)
}

/** The person, their mailboxes, and all that was mailed to the one that is about to be left. */
function* personLocks(tenant: string, change: ChangeRow, from: string): Operation<Locks> {
  const user = yield* findUserById(tenant, change.user)
  const mailboxes = [change.oldEmail, change.newEmail, user?.email ?? change.oldEmail].map(mailboxLimit)
  const alive = user === null ? [] : yield* aliveAt(tenant, user.email, from)
  const challenges = [change.id, change.undo, ...(change.leave === null ? [] : [change.leave]), ...alive]
  const keys = [...new Set([...mailboxes, ...challenges.map(challengeKey), sessionsKey(change.user)])]
  return { tenant, keys, limits: [...new Set(mailboxes)] }
}

export function* confirmLocks(scope: Scope, input: ConfirmInput): Operation<Locks> {
  const { tenant } = scope
  const change = yield* findChangeOf(tenant, input.challenge)
  return change === null ? { tenant, keys: [], limits: [] } : yield* personLocks(tenant, change, input.aliveFrom)
}

/** A code or link of the new mailbox, or of the old one: which, says the purpose it was looked for by. */
export function* confirmChange(tx: Tx, given: Scope, input: ConfirmInput, found: FoundChallenge | null): Operation<VerifyOutcome> {
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const { tenant, policy } = scope
  const presented = presentedOf(input, found)
  const { challenge } = presented
  const change = challenge === null ? null : yield* findChangeOf(tenant, challenge.id)
  const person = change === null ? null : yield* findUserById(tenant, change.user)
  const owner = change === null ? null : yield* findUserByEmail(tenant, change.newEmail)
  const held = input.currentSession === null ? null : yield* findSession(tx, tenant, policy, input.currentSession)
  const holder = held?.decision.verdict === 'live' ? held : null
  const [own = null] = challenge?.completedAt == null ? [] : yield* findSessions(tenant, input.sessionId, '')
  const isNew = input.purpose !== 'leave_email'
  const recovering = input.purpose === 'recover' && input.recovery !== null ? yield* findLiveRecovery(tx, tenant, input.recovery) : null
  const { facts, decision } = yield* judge(
    tx,
    scope,
    input,
    { ...presented, own },
    {
      user: person && { status: person.status, confirmed: person.confirmedAt !== null },
      otherSession: false,
      purpose: input.purpose,
      holder:
        input.purpose === 'recover'
          ? recovering !== null && recovering.recovery.id === change?.recovery
            ? 'same'
            : 'nobody'
          : holder === null
            ? 'nobody'
            : holder.user.id === change?.user
              ? 'same'
              : 'other',
      change: {
        open: change !== null && change.endedAt === null && change.appliedAt === null && person?.email === change.oldEmail,
        taken: owner !== null && owner.id !== person?.id,
        both: change?.both === 1,
        other: (isNew ? change?.oldProvedAt : change?.newProvedAt) != null,
      },
    },
  )

  let session: FoundSession | null = null
  let refunded = 0
  if (challenge && change && decision.consequences !== null) {
    yield* complete(tx, tenant, challenge.id)
    yield* run(isNew ? NEW_PROVED : OLD_PROVED, tx.now, tenant, change.id)
  }
  if (decision.verdict === 'done' && challenge && change && person && recovering) {
    refunded = refundFailures(tx, scope, challenge)
    yield* apply(tx, scope, change, input.aliveFrom)
    yield* applyRecovery(tx, scope, recovering.recovery, change.newEmail)
    yield* endOpenChanges(tx, tenant, person.id)
    const ended = yield* endSessionsOf(tx, scope, person.id)
    yield* dispatch(tx, scope, 'user.changed', { user: person.id, change: 'address' })
    yield* dispatchEnds(tx, scope, { user: person.id, sessions: ended, reason: decision.reason })
  } else if (decision.verdict === 'renewed' && challenge && change && person && holder) {
    refunded = refundFailures(tx, scope, challenge)
    yield* apply(tx, scope, change, input.aliveFrom)
    // Whoever else is in knew the old mailbox, or came by it.
    const ended = yield* endSessionsOf(tx, scope, person.id)
    yield* dispatch(tx, scope, 'user.changed', { user: person.id, change: 'address' })
    // The session of this browser goes on.
    const others = ended.filter((id) => id !== holder.session.id)
    yield* dispatchEnds(tx, scope, { user: person.id, sessions: others, reason: decision.reason })
    session = yield* renewSession(tx, tenant, holder.session, {
      digest: input.sessionDigests[0] as string,
      id: input.sessionId,
      challenge: challenge.id,
      proof: input.proof,
      device: input.device,
      network: input.network,
    })
  } else if (decision.verdict === 'replayed') session = own
  yield* writeEvent(tx, scope, {
    kind: 'verify',
    reason: decision.reason,
    facts,
    decision,
    challenge: challenge?.id ?? null,
    user: person?.id ?? null,
    session: session?.id ?? null,
  })
  const email = decision.verdict === 'renewed' && change ? change.newEmail : person?.email
  return {
    decision,
    facts,
    now: tx.now,
    user: session && person && email !== undefined ? { ...withoutBrowsers(person), email } : null,
    session,
    sessionIndex: session ? Math.max(0, input.sessionDigests.indexOf(session.digest)) : 0,
    returnTo: challenge?.returnTo ?? null,
    mails: presented.mails.length,
    refunded,
  }
}

const NEW_PROVED = 'update address_changes set new_proved_at = ? where tenant = ? and id = ?'
const OLD_PROVED = 'update address_changes set old_proved_at = ? where tenant = ? and id = ?'

/** The very bytes that the mail went to, which nothing can have edited since: RV-06. */
function* apply(tx: Tx, scope: Scope, change: ChangeRow, aliveFrom: string): Operation<void> {
  const { tenant } = scope
  yield* moveTo(tx, scope, { user: change.user, from: change.oldEmail, to: change.newEmail, aliveFrom })
  yield* run('update address_changes set applied_at = ? where tenant = ? and id = ?', tx.now, tenant, change.id)
  setLeft(tx, tenant, change.oldEmail, change.undoUntil)
}

interface Move {
  readonly user: string
  readonly from: string
  readonly to: string
  readonly aliveFrom: string
}

function* moveTo(tx: Tx, { tenant }: Scope, { user, from, to, aliveFrom }: Move): Operation<void> {
  yield* run('update users set email = ? where tenant = ? and id = ?', to, tenant, user)
  yield* voidMails(tx, tenant, yield* aliveAt(tenant, from, aliveFrom))
}

function setLeft({ limits }: Tx, tenant: string, email: string, until: Ms | null): void {
  const mailbox = mailboxLimit(email)
  writeWindows(limits, tenant, mailbox, withLeft(readWindows(limits, tenant, mailbox), email, until))
}

export function* undoLocks(scope: Scope, input: UndoInput): Operation<Locks> {
  const { tenant } = scope
  const change = yield* findChangeOf(tenant, input.challenge)
  return change === null ? { tenant, keys: [], limits: [] } : yield* personLocks(tenant, change, input.aliveFrom)
}

/** Restores the old address, whatever was changed since: a change that came later was made by whoever had the account then. */
export function* undoChange(tx: Tx, given: Scope, input: UndoInput): Operation<UndoOutcome> {
  const { tenant } = given
  const found =
    (yield* findChallengeWithMails(tenant, 'undo_email', input.challenge)) ??
    (yield* findChallengeWithMails(tenant, 'undo_recovery', input.challenge))
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const change = found === null ? null : yield* findChangeOf(tenant, input.challenge)
  const person = change === null ? null : yield* findUserById(tenant, change.user)
  const owner = change === null ? null : yield* findUserByEmail(tenant, change.oldEmail)
  const mail = found?.mails.find(({ ordinal }) => ordinal === input.ordinal)
  const facts: UndoFacts = {
    now: tx.now,
    change: change && {
      // A restore and an erasure void what was mailed.
      undoUntil: Math.min(change.undoUntil, mail?.linkExpiresAt ?? 0),
      undoneAt: change.undoneAt,
      current: person?.email === change.oldEmail,
      taken: owner !== null && owner.id !== change.user,
    },
    linkMatches: mail?.linkDigest != null && input.linkDigest !== null && same(mail.linkDigest, input.linkDigest),
    user: person && !isErased(person.email) ? { status: person.status } : null,
  }
  const decision = decideUndo(facts)
  if (decision.verdict === 'undo' && change && person) {
    const later = yield* changesSince(tenant, change)
    if (person.email !== change.oldEmail) {
      yield* moveTo(tx, scope, { user: person.id, from: person.email, to: change.oldEmail, aliveFrom: input.aliveFrom })
      setLeft(tx, tenant, change.oldEmail, null)
      yield* dispatch(tx, scope, 'user.changed', { user: person.id, change: 'address' })
    }
    yield* endChanges(tx, tenant, later)
    // Whoever had the account may have printed codes since, and what a recovery came by is known to whoever began it.
    yield* dropRecovery(tx, tenant, person.id, 'cancelled')
    if (change.recovery !== null) yield* run('update users set awake_at = null where tenant = ? and id = ?', tenant, person.id)
    yield* run(
      'update address_changes{by_change} set undone_at = ? where tenant = ? and id {is_listed}',
      tx.now,
      tenant,
      JSON.stringify(later.map(({ id }) => id)),
    )
    const sessions = yield* endSessionsOf(tx, scope, person.id)
    yield* dispatchEnds(tx, scope, { user: person.id, sessions, reason: decision.reason })
  }
  yield* writeEvent(tx, scope, {
    kind: 'account',
    reason: decision.reason,
    facts,
    decision,
    challenge: found?.challenge.id ?? null,
    user: person?.id ?? null,
  })
  return { decision, now: tx.now, email: decision.verdict === 'refuse' ? null : (change?.oldEmail ?? null) }
}

/** This one, and those that came after it. */
const changesSince = (tenant: string, { user, id }: ChangeRow): Operation<readonly ChangeRow[]> =>
  all<ChangeRow>(
    `select ${changeColumns} from address_changes a where a.tenant = ? and a.user_id = ? and a.id >= ? order by a.id`,
    tenant,
    user,
    id,
  )

/** What the pages show of the change that a challenge belongs to. */
export function* viewChange(tx: Tx, tenant: string, challenge: string): Operation<ChangeView | null> {
  const change = yield* findChangeOf(tenant, challenge)
  return change && { now: tx.now, change }
}
