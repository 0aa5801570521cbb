// Getting back in by waiting: asked for, begun by a proof of the new mailbox, stopped, agreed to, announced, opened. Everything about one
// person's happens with their mailbox and all their sessions in hand, so that of a sign-in and an opening at the same moment one comes first.

import type { Purpose } from '../core/model.ts'
import { type Account, decideWait, READY_FOR, type WaitDecision, type WaitFacts, type Waiting } from '../core/recovery-wait.ts'
import { same } from './digest.ts'
import { dispatch } from './dispatch.ts'
import { writeEvent } from './event.ts'
import { claimTry, complete, judge, presentedOf } from './judge.ts'
import { mailboxLimit } from './limits.ts'
import { all, type Locks, type Operation, one, run, type Tx } from './operation.ts'
import { endRecoveries, insertRecovery, openRecovery, type RecoveryRow, recoveryColumns } from './recoveries.ts'
import { challengeKey, type FoundChallenge, findChallengeWithMails, findUserByEmail, findUserById, type UserRow } from './rows.ts'
import { findHolder, findSession, sessionsKey } from './session.ts'
import { decide, insertChallengeOf, limitsOf } from './start.ts'
import { type ChangeMail, type Scope, type StartOutcome, scopeFor } from './store.ts'
import { voidMails } from './void.ts'
import type {
  AnnounceInput,
  AskWaitInput,
  AskWaitOutcome,
  BeginWaitInput,
  BeginWaitOutcome,
  CancelWaitInput,
  From,
  Notices,
  OpenWaitInput,
  OpenWaitOutcome,
  RecoveryAct,
  WaitOutcome,
  WaitPlace,
  WaitView,
} from './wait-store.ts'

/** The recovery that a challenge of it belongs to; those of other ways are none here. */
const findWaitOf = (tenant: string, challenge: string): Operation<RecoveryRow | null> =>
  one<RecoveryRow>(
    `select ${recoveryColumns} from recoveries r where r.tenant = ? and r.way = 'wait' and r.id = (select change_id from challenges where tenant = ? and id = ?)`,
    tenant,
    tenant,
    challenge,
  )

const findWait = (tenant: string, id: string): Operation<RecoveryRow | null> =>
  one<RecoveryRow>(`select ${recoveryColumns} from recoveries r where r.tenant = ? and r.id = ? and r.way = 'wait'`, tenant, id)

function* waitingOf(tenant: string, recovery: RecoveryRow): Operation<Waiting> {
  const approvals = yield* all<{ operator: string }>(
    'select operator from recovery_approvals where tenant = ? and recovery = ? order by operator',
    tenant,
    recovery.id,
  )
  const { operator, startedBy, newProvedAt, createdAt, readyAt, appliedAt, endedAt } = recovery
  return {
    beganAt: readyAt === null ? null : startedBy === 'operator' ? createdAt : newProvedAt,
    readyAt,
    operator,
    approvals: approvals.map((row) => row.operator),
    appliedAt,
    endedAt,
  }
}

/** `email`: for which it was asked. */
function accountOf(user: UserRow | null, email: string, operators: readonly string[]): Account {
  return user && { status: user.status, listed: operators.includes(user.email), same: user.email === email }
}

/** The person as the recovery knows them, and as they are now. */
function* lockPerson(tenant: string, recovery: RecoveryRow, more: Partial<Pick<Locks, 'keys' | 'limits'>> = {}): Operation<Locks> {
  const user = yield* findUserById(tenant, recovery.user)
  const mailboxes = [...new Set([recovery.email, user?.email ?? recovery.email])].filter((email) => email !== '').map(mailboxLimit)
  const keys = [
    ...mailboxes,
    ...(recovery.user === '' ? [] : [sessionsKey(recovery.user)]),
    challengeKey(recovery.id),
    ...(more.keys ?? []),
  ]
  return { tenant, keys: [...new Set(keys)], limits: [...new Set([...mailboxes, ...(more.limits ?? [])])] }
}

const nobody = (tenant: string): Locks => ({ tenant, keys: [], limits: [] })

function* backupOf(tenant: string, user: string): Operation<{ readonly email: string } | null> {
  const row = yield* one<{ email: string | null }>('select backup_email as email from users where tenant = ? and id = ?', tenant, user)
  return row === null || row.email === null ? null : { email: row.email }
}

export function askWaitLocks(scope: Scope, input: AskWaitInput): Locks {
  return { tenant: scope.tenant, keys: [], limits: [...limitsOf(scope, input.newEmail, input.buckets), input.limit] }
}

export function* askWait(tx: Tx, given: Scope, input: AskWaitInput, next: UserRow | null): Operation<AskWaitOutcome> {
  const scope = scopeFor(given, input.email)
  const { tenant } = scope
  const { mail, email, newEmail, limit } = input
  const user = next?.email === email ? next : null
  const state = tx.limits.get(tenant, limit)
  const { decision } = yield* decideAndWrite(tx, scope, {
    facts: {
      does: 'ask',
      now: tx.now,
      by: 'person',
      account: accountOf(user, email, input.operators),
      sameAddress: email === newEmail,
      toOperator: false,
      tat: state === null ? null : Number(state),
    },
    recovery: mail.challenge,
    user: user?.id ?? null,
  })
  if (decision.verdict !== 'go' && decision.verdict !== 'pretend') return { decision, now: tx.now, mail: null }
  const owner = yield* findUserByEmail(tenant, newEmail)
  const asked = yield* mailTo(tx, given, input, { mail, purpose: 'begin_recovery', email: newEmail, user: owner, recovery: mail.challenge })
  if (asked.decision.mail === null) return { decision, now: tx.now, mail: asked }
  tx.limits.set(tenant, limit, String(decision.tat))
  const goes = decision.verdict === 'go' && user !== null
  yield* insertRecovery(tx, tenant, {
    id: mail.challenge,
    user: goes ? user.id : '',
    way: 'wait',
    startedBy: 'person',
    operator: null,
    email: goes ? email : '',
    newEmail,
    readyAt: null,
  })
  return { decision, now: tx.now, mail: asked }
}

interface Telling {
  readonly mail: ChangeMail
  readonly purpose: Purpose
  readonly email: string
  readonly user: UserRow | null
  readonly recovery: string
  readonly notice?: { readonly ready: number; readonly until: number }
}

function mailTo(tx: Tx, given: Scope, from: From, { mail, purpose, email, user, recovery, notice }: Telling): Operation<StartOutcome> {
  const { eventId, ...own } = mail
  const { browserDigest, returnTo, locale, device, network, buckets } = from
  const challenge = { ...own, browserDigest, returnTo, locale, device, network, buckets, purpose, email }
  return decide(
    tx,
    { ...scopeFor(given, email), eventId },
    {
      ...challenge,
      kind: 'start',
      addressInEvent: from.addressInEvent(email),
      resend: null,
      ordinal: 0,
      user,
      knownBrowser: false,
      ...(notice === undefined ? {} : { recovery: notice }),
    },
    () => insertChallengeOf(tx, given.tenant, challenge, recovery),
  )
}

interface Deciding {
  readonly facts: WaitFacts
  readonly recovery: string | null
  readonly user: string | null
  readonly session?: string | null
}

/** Every decision of a wait stands in the record, under the id of its recovery. */
function* decideAndWrite(tx: Tx, scope: Scope, { facts, recovery, user, session = null }: Deciding): Operation<{ decision: WaitDecision }> {
  const decision = decideWait(scope.policy, facts)
  yield* writeEvent(tx, scope, { kind: 'account', reason: decision.reason, facts, decision, challenge: recovery, user, session })
  return { decision }
}

export function* beginWaitLocks(scope: Scope, input: BeginWaitInput): Operation<Locks> {
  const { tenant } = scope
  const recovery = yield* findWaitOf(tenant, input.challenge)
  if (recovery === null) return nobody(tenant)
  const backup = yield* backupOf(tenant, recovery.user)
  const current = recovery.email === '' ? NOBODY : recovery.email
  const limits = [recovery.newEmail ?? NOBODY, current, backup?.email ?? current].flatMap((email) => limitsOf(scope, email, input.buckets))
  return yield* lockPerson(tenant, recovery, { keys: [mailboxLimit(recovery.newEmail ?? NOBODY)], limits })
}

/** A code or link of the new mailbox. It signs nobody in. */
export function* beginWait(tx: Tx, given: Scope, input: BeginWaitInput, found: FoundChallenge | null): Operation<BeginWaitOutcome> {
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const { tenant } = scope
  const presented = presentedOf(input, found)
  const { challenge } = presented
  const recovery = challenge === null ? null : yield* findWaitOf(tenant, challenge.id)
  const owner = found?.user ?? null
  const { facts, decision } = yield* judge(
    tx,
    scope,
    input,
    { ...presented, own: null },
    {
      user: null,
      otherSession: false,
      purpose: 'begin_recovery',
      holder: 'nobody',
      recovery: {
        open: recovery !== null && recovery.newProvedAt === null && recovery.endedAt === null && recovery.appliedAt === null,
        taken: owner !== null && owner.id !== recovery?.user,
      },
    },
  )
  yield* writeEvent(tx, scope, { kind: 'verify', reason: decision.reason, facts, decision, challenge: challenge?.id ?? null })
  let wait: WaitDecision | null = null
  if (challenge && recovery && decision.verdict === 'agreed') {
    yield* complete(tx, tenant, challenge.id)
    wait = yield* waitFrom(tx, given, input, { recovery, device: challenge.device })
  }
  return {
    decision,
    facts,
    wait,
    now: tx.now,
    user: null,
    session: null,
    sessionIndex: 0,
    returnTo: null,
    mails: presented.mails.length,
    refunded: 0,
  }
}

function* waitFrom(
  tx: Tx,
  given: Scope,
  input: BeginWaitInput,
  { recovery, device }: { readonly recovery: RecoveryRow; readonly device: string },
): Operation<WaitDecision> {
  const scope = { ...scopeFor(given, recovery.email), eventId: input.waitEventId }
  const { tenant } = scope
  const user = yield* findUserById(tenant, recovery.user)
  const { decision } = yield* decideAndWrite(tx, scope, {
    facts: { does: 'begin', now: tx.now, account: accountOf(user, recovery.email, input.operators) },
    recovery: recovery.id,
    user: user?.id ?? null,
  })
  if (decision.readyAt === null) return decision
  yield* run(
    'update recoveries set new_proved_at = ?, ready_at = ? where tenant = ? and id = ?',
    tx.now,
    decision.readyAt,
    tenant,
    recovery.id,
  )
  yield* tellKnown(tx, given, { ...input, device }, input.notices, {
    id: recovery.id,
    readyAt: decision.readyAt,
    user: decision.verdict === 'go' ? user : null,
  })
  return decision
}

interface Begun {
  readonly id: string
  readonly readyAt: number
  /** null: for show. */
  readonly user: UserRow | null
}

/** To an account that there is not the same is written, and nothing is sent. */
function* tellKnown(tx: Tx, given: Scope, from: From, { current, backup }: Notices, { id, readyAt, user }: Begun): Operation<void> {
  const { tenant } = given
  const until = readyAt + READY_FOR
  const notice = { ready: readyAt, until }
  const second = yield* backupOf(tenant, user?.id ?? '')
  const email = user?.email ?? NOBODY
  yield* run(
    'update users set recovering_until = case when recovering_until > ? then recovering_until else ? end where tenant = ? and id = ?',
    until,
    until,
    tenant,
    user?.id ?? '',
  )
  const shared = { purpose: 'cancel_recovery', recovery: id, notice } as const
  yield* mailTo(tx, given, from, { ...shared, mail: current, email, user })
  yield* mailTo(tx, given, from, { ...shared, mail: backup, email: second?.email ?? email, user: second === null ? null : user })
  if (user !== null)
    yield* dispatch(tx, given, 'recovery.started', { user: user.id, recovery: id, readyAt: new Date(readyAt).toISOString() })
}

/** What is for show is addressed to nobody (RFC 2606). */
const NOBODY = 'nobody@nobody.invalid'

export function* cancelWaitLocks(scope: Scope, input: CancelWaitInput): Operation<Locks> {
  const { tenant } = scope
  if (input.by === 'session') {
    const holder = yield* findHolder(tenant, input.key.id)
    return holder === null ? nobody(tenant) : { tenant, keys: [mailboxLimit(holder.email), sessionsKey(holder.user)], limits: [] }
  }
  const recovery = yield* findWaitOf(tenant, input.challenge)
  return recovery === null ? nobody(tenant) : yield* lockPerson(tenant, recovery)
}

export function* cancelWait(tx: Tx, given: Scope, input: CancelWaitInput): Operation<WaitOutcome> {
  return input.by === 'session' ? yield* cancelBySession(tx, given, input) : yield* cancelByLink(tx, given, input)
}

function* cancelBySession(tx: Tx, given: Scope, input: Extract<CancelWaitInput, { by: 'session' }>): Operation<WaitOutcome> {
  const { tenant, policy } = given
  const view = yield* findSession(tx, tenant, policy, input.key)
  const live = view?.decision.verdict === 'live' ? view : null
  const scope = live === null ? given : scopeFor(given, live.user.email)
  const by = { by: 'session', session: live?.session.id ?? null } as const
  const decisions = live === null ? [] : yield* cancelAll(tx, scope, live.user.id, by)
  const [first] = decisions
  if (first !== undefined) return { decision: first, now: tx.now }
  const facts = { does: 'cancel', now: tx.now, by: 'session', waiting: null, linkMatches: false } as const
  const { decision } = yield* decideAndWrite(tx, scope, { facts, recovery: null, user: live?.user.id ?? null, session: by.session })
  return { decision, now: tx.now }
}

const waitsOfUser = (tenant: string, user: string): Operation<readonly RecoveryRow[]> =>
  all<RecoveryRow>(
    `select ${recoveryColumns} from recoveries r where r.tenant = ? and r.user_id = ? and r.way = 'wait' and r.ready_at is not null and r.applied_at is null and r.ended_at is null order by r.id`,
    tenant,
    user,
  )

/** All that a person has under way. Each has a decision and an event of its own. */
export function* cancelAll(
  tx: Tx,
  scope: Scope,
  user: string,
  { by, session = null }: { readonly by: 'session' | 'sign_in'; readonly session?: string | null },
): Operation<readonly WaitDecision[]> {
  const { tenant } = scope
  const decisions: WaitDecision[] = []
  for (const [index, recovery] of (yield* waitsOfUser(tenant, user)).entries()) {
    const waiting = yield* waitingOf(tenant, recovery)
    const { decision } = yield* decideAndWrite(
      tx,
      // Beside the event of what stopped it, which has the id itself.
      { ...scope, eventId: `${scope.eventId}-${index}` },
      { facts: { does: 'cancel', now: tx.now, by, waiting, linkMatches: false }, recovery: recovery.id, user, session },
    )
    if (decision.ends !== null) yield* endWait(tx, scope, recovery, decision.ends, index)
    decisions.push(decision)
  }
  // Not what somebody opened with a printed code: whoever has the mailbox alone could end that by asking to wait, and signing in.
  yield* endRecoveries(tx, tenant, user, by === 'sign_in' ? 'signed_in' : 'cancelled', 'waiting')
  return decisions
}

/** Its links lead nowhere any more, but for those of the notices, which go on saying that it is stopped. */
function* endWait(tx: Tx, scope: Scope, { id, user, readyChallenge }: RecoveryRow, why: string, nth = 0): Operation<void> {
  const { tenant } = scope
  yield* run(
    'update recoveries set ended_at = ?, ended_why = ? where tenant = ? and id = ? and applied_at is null and ended_at is null',
    tx.now,
    why,
    tenant,
    id,
  )
  yield* voidMails(tx, tenant, readyChallenge === null ? [id] : [id, readyChallenge])
  if (user !== '') yield* dispatch(tx, scope, 'recovery.ended', { user, recovery: id, why }, `${scope.eventId}-recovery-${nth}`)
}

function* cancelByLink(tx: Tx, given: Scope, input: Extract<CancelWaitInput, { by: 'link' }>): Operation<WaitOutcome> {
  const { tenant } = given
  const found = yield* findChallengeWithMails(tenant, 'cancel_recovery', input.challenge)
  const scope = found === null ? given : scopeFor(given, found.challenge.email)
  const recovery = found === null ? null : yield* findWaitOf(tenant, input.challenge)
  const mail = found?.mails.find(({ ordinal }) => ordinal === input.ordinal)
  const { decision } = yield* decideAndWrite(tx, scope, {
    facts: {
      does: 'cancel',
      now: tx.now,
      by: 'link',
      waiting: recovery && (yield* waitingOf(tenant, recovery)),
      linkMatches: mail?.linkDigest != null && input.linkDigest !== null && same(mail.linkDigest, input.linkDigest),
    },
    recovery: recovery?.id ?? null,
    user: recovery?.user === '' ? null : (recovery?.user ?? null),
  })
  if (recovery !== null && decision.ends !== null) yield* endWait(tx, scope, recovery, decision.ends)
  return { decision, now: tx.now }
}

/** What an operator does, who was let in before; `operator` is whom the record names. */
export function* actOnRecovery(
  tx: Tx,
  given: Scope,
  act: RecoveryAct,
  { operator, operators, user }: { readonly operator: string; readonly operators: readonly string[]; readonly user: UserRow | null },
): Operation<WaitDecision> {
  const scope = { ...(user === null ? given : scopeFor(given, user.email)), eventId: act.eventId }
  const { tenant } = scope
  if (act.does === 'start') return yield* startForUser(tx, given, act, { operator, operators, user })
  const recovery = yield* findWait(tenant, act.id)
  // Somebody else's is none of this page's.
  const waiting = recovery === null || recovery.user !== user?.id ? null : yield* waitingOf(tenant, recovery)
  const facts: WaitFacts =
    act.does === 'approve'
      ? { does: 'approve', now: tx.now, by: operator, waiting }
      : { does: 'cancel', now: tx.now, by: 'operator', waiting, linkMatches: false }
  const { decision } = yield* decideAndWrite(tx, scope, { facts, recovery: recovery?.id ?? null, user: user?.id ?? null })
  if (recovery === null || decision.verdict !== 'go') return decision
  if (decision.ends !== null) yield* endWait(tx, scope, recovery, decision.ends)
  else
    yield* run(
      'insert into recovery_approvals (tenant, recovery, operator, at) values (?, ?, ?, ?) on conflict do nothing',
      tenant,
      recovery.id,
      operator,
      tx.now,
    )
  return decision
}

function* startForUser(
  tx: Tx,
  given: Scope,
  act: Extract<RecoveryAct, { does: 'start' }>,
  { operator, operators, user }: { readonly operator: string; readonly operators: readonly string[]; readonly user: UserRow | null },
): Operation<WaitDecision> {
  const scope = { ...(user === null ? given : scopeFor(given, user.email)), eventId: act.eventId }
  const { tenant } = scope
  const { decision } = yield* decideAndWrite(tx, scope, {
    facts: {
      does: 'ask',
      now: tx.now,
      by: 'operator',
      account: accountOf(user, user?.email ?? '', operators),
      sameAddress: act.newEmail === user?.email,
      toOperator: operators.includes(act.newEmail),
      tat: null,
    },
    recovery: act.id,
    user: user?.id ?? null,
  })
  if (decision.verdict !== 'go' || user === null || decision.readyAt === null) return decision
  const { id, newEmail } = act
  const { email, id: userId } = user
  const { readyAt } = decision
  yield* insertRecovery(tx, tenant, { id, user: userId, way: 'wait', startedBy: 'operator', operator, email, newEmail, readyAt })
  yield* tellKnown(tx, given, act, act.notices, { id, readyAt, user })
  return decision
}

/** What a start by an operator needs beside what any act does. */
export function* startLimits(scope: Scope, act: RecoveryAct | null, user: UserRow | null): Operation<readonly string[]> {
  if (act?.does !== 'start' || user === null) return []
  const backup = yield* backupOf(scope.tenant, user.id)
  return [user.email, backup?.email ?? user.email].flatMap((email) => limitsOf(scope, email, act.buckets))
}

export function* announceWaitLocks(scope: Scope, input: AnnounceInput): Operation<Locks> {
  const { tenant } = scope
  const recovery = yield* findWait(tenant, input.id)
  if (recovery === null) return nobody(tenant)
  return yield* lockPerson(tenant, recovery, { limits: limitsOf(scope, recovery.newEmail ?? '', input.buckets) })
}

/** Once: of many processes that look, the first one writes. */
export function* announceWait(tx: Tx, given: Scope, input: AnnounceInput): Operation<WaitOutcome> {
  const { tenant } = given
  const recovery = yield* findWait(tenant, input.id)
  if (recovery === null) throw new Error('a recovery went while it was looked at')
  const scope = scopeFor(given, recovery.email)
  const user = yield* findUserById(tenant, recovery.user)
  const facts: WaitFacts = {
    does: 'announce',
    now: tx.now,
    waiting: yield* waitingOf(tenant, recovery),
    account: accountOf(user, recovery.email, input.operators),
  }
  const looked = decideWait(scope.policy, facts)
  if (looked.verdict === 'idle' || (looked.verdict === 'go' && recovery.readyChallenge !== null)) return { decision: looked, now: tx.now }
  const { decision } = yield* decideAndWrite(tx, scope, { facts, recovery: recovery.id, user: user?.id ?? null })
  if (decision.ends !== null) {
    yield* endWait(tx, scope, recovery, decision.ends)
    yield* forgetUntil(tx, tenant, recovery.user)
  } else if (decision.at !== null) {
    const challenge = yield* one<{ device: string; locale: string }>(
      'select device, locale from challenges where tenant = ? and id = ?',
      tenant,
      recovery.id,
    )
    const { device = input.device, locale = input.locale } = challenge ?? {}
    yield* mailTo(
      tx,
      given,
      { ...input, device, locale },
      {
        mail: input.mail,
        purpose: 'open_recovery',
        email: recovery.newEmail ?? '',
        user: null,
        recovery: recovery.id,
        notice: { ready: tx.now, until: decision.at },
      },
    )
    yield* run('update recoveries set ready_challenge = ? where tenant = ? and id = ?', input.mail.challenge, tenant, recovery.id)
  }
  return { decision, now: tx.now }
}

/** A sign-in looks for nothing once there is nothing to find. */
function* forgetUntil(tx: Tx, tenant: string, user: string): Operation<void> {
  yield* run(
    'update users set recovering_until = null where tenant = ? and id = ? and recovering_until <= ? and not exists (select 1 from recoveries r where r.tenant = ? and r.user_id = ? and r.ready_at is not null and r.applied_at is null and r.ended_at is null)',
    tenant,
    user,
    tx.now,
    tenant,
    user,
  )
}

export function* openWaitLocks({ tenant }: Scope, input: OpenWaitInput): Operation<Locks> {
  const recovery = yield* findWaitOf(tenant, input.challenge)
  return recovery === null ? nobody(tenant) : yield* lockPerson(tenant, recovery, { keys: [challengeKey(input.challenge)] })
}

export function* openWait(tx: Tx, given: Scope, input: OpenWaitInput): Operation<OpenWaitOutcome> {
  const { tenant } = given
  const found = yield* findChallengeWithMails(tenant, 'open_recovery', input.challenge)
  const recovery = found === null ? null : yield* findWaitOf(tenant, input.challenge)
  const scope = recovery === null ? given : scopeFor(given, recovery.email)
  const user = recovery === null ? null : yield* findUserById(tenant, recovery.user)
  const mail = found?.mails.find(({ ordinal }) => ordinal === input.ordinal) ?? null
  let facts: Extract<WaitFacts, { does: 'open' }> = {
    does: 'open',
    now: tx.now,
    waiting: recovery && (yield* waitingOf(tenant, recovery)),
    account: accountOf(user, recovery?.email ?? '', input.operators),
    linkMatches: mail?.linkDigest != null && input.linkDigest !== null && same(mail.linkDigest, input.linkDigest),
    address: input.addressTyped === 'absent' ? 'absent' : 'unclaimed',
    mail: mail && { ordinal: mail.ordinal, addressTries: mail.addressTries },
  }
  if (decideWait(scope.policy, facts).verdict === 'claim' && found && mail && recovery) {
    const claimed = yield* claimTry(scope, found.challenge, mail, 'address')
    facts = { ...facts, address: claimed ? (input.address === recovery.email ? 'right' : 'wrong') : 'exhausted' }
  }
  // With its own challenge, by which comparisons of an address are counted.
  const { decision } = yield* decideAndWrite(tx, scope, { facts, recovery: found?.challenge.id ?? null, user: user?.id ?? null })
  if (decision.verdict !== 'go' || recovery === null) return { decision, now: tx.now, until: null }
  const until = tx.now + scope.policy.recovery.sessionTtl
  yield* openRecovery(tx, tenant, recovery.id, { digest: input.tokenDigest, until })
  return { decision, now: tx.now, until }
}

interface ViewRow extends RecoveryRow {
  readonly device: string | null
  readonly accountId: string | null
  readonly accountEmail: string | null
  readonly accountStatus: 'active' | 'disabled' | null
}

const viewed = `${recoveryColumns}, c.device, u.id as "accountId", u.email as "accountEmail", u.status as "accountStatus" from recoveries r left join challenges c on c.tenant = r.tenant and c.id = r.id left join users u on u.tenant = r.tenant and u.id = r.user_id`

function* toView(tenant: string, row: ViewRow): Operation<WaitView> {
  const { device, accountId, accountEmail, accountStatus, tokenDigest: _, ...recovery } = row
  const { approvals } = yield* waitingOf(tenant, row)
  const account =
    accountId === null || accountEmail === null || accountStatus === null
      ? null
      : { id: accountId, email: accountEmail, status: accountStatus }
  return { ...recovery, approvals, device: device ?? '', account }
}

export function* viewWait(tx: Tx, tenant: string, challenge: string): Operation<{ readonly now: number; readonly wait: WaitView } | null> {
  const row = yield* one<ViewRow>(
    `select ${viewed} where r.tenant = ? and r.way = 'wait' and r.id = (select change_id from challenges where tenant = ? and id = ?)`,
    tenant,
    tenant,
    challenge,
  )
  return row && { now: tx.now, wait: yield* toView(tenant, row) }
}

export function* waitsOf(tenant: string, user: string): Operation<readonly WaitView[]> {
  const rows = yield* all<ViewRow>(
    `select ${viewed} where r.tenant = ? and r.user_id = ? and r.way = 'wait' and r.ready_at is not null and r.applied_at is null and r.ended_at is null order by r.id`,
    tenant,
    user,
  )
  const views: WaitView[] = []
  for (const row of rows) views.push(yield* toView(tenant, row))
  return views
}

export function* listWaits(
  tx: Tx,
  tenant: string,
  after: WaitPlace,
  limit: number,
): Operation<{ readonly now: number; readonly waits: readonly WaitView[] }> {
  const rows = yield* all<ViewRow>(
    `select ${viewed} where r.tenant = ? and r.ready_at is not null and r.applied_at is null and r.ended_at is null and (r.ready_at, r.id) > (?, ?) order by r.ready_at, r.id limit ?`,
    tenant,
    after.readyAt,
    after.id,
    limit,
  )
  const waits: WaitView[] = []
  for (const row of rows) waits.push(yield* toView(tenant, row))
  return { now: tx.now, waits }
}
