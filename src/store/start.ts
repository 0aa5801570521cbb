// Starting a challenge, and another mail of one. Known and unknown addresses run the same statements and write the same
// rows; only `decoy` tells the outbox that nobody is to receive the mail.

import { windowVerdict } from '../core/bucket.ts'
import { isNotice } from '../core/model.ts'
import { mailWindows } from '../core/policy.ts'
import { countsEverywhere, decideStart, everywhereRule, type ResendFacts, type StartDecision, type StartFacts } from '../core/start.ts'
import { same } from './digest.ts'
import { writeEvent } from './event.ts'
import {
  BREAKER,
  everywhereLimit,
  leftUntil,
  mailboxLimit,
  readBreaker,
  readBuckets,
  readWindows,
  times,
  withHit,
  writeBuckets,
  writeWindows,
} from './limits.ts'
import { type Locks, type Operation, ownerOf, run, type Tx } from './operation.ts'
import { challengeKey, type FoundChallenge, findChallengeEmail, type UserRow } from './rows.ts'
import {
  type BucketNames,
  type MailSecrets,
  type QueuedMail,
  type ResendInput,
  type Scope,
  type StartInput,
  type StartOutcome,
  scopeFor,
} from './store.ts'
import { knowsBrowser } from './user.ts'

export interface Ask {
  readonly kind: 'start' | 'resend'
  readonly purpose: StartInput['purpose']
  readonly challenge: string
  readonly email: string
  readonly addressInEvent: string
  readonly browserDigest: string
  readonly buckets: BucketNames
  readonly secrets: MailSecrets
  readonly locale: string
  readonly device: string
  readonly leaseMs: number | null
  readonly resend: ResendFacts | null
  readonly ordinal: number
  readonly user: UserRow | null
  readonly knownBrowser: boolean
  /** Who is signed in and asks; absent: nobody has to be. */
  readonly asker?: string
  readonly invitation?: StartFacts['invitation']
  readonly follows?: true
  readonly host?: StartInput['host']
  readonly recovery?: StartFacts['recovery']
}

/** Every limit that a mail to this address from there may touch. */
export function limitsOf(scope: Scope, email: string, buckets: BucketNames): string[] {
  const everywhere = everywhereLimit(scope, email)
  return [...Object.values(buckets), mailboxLimit(email), BREAKER, ...(everywhere === null ? [] : [everywhere])]
}

export function startLocks(scope: Scope, input: StartInput): Locks {
  return { tenant: scope.tenant, keys: [], limits: limitsOf(scope, input.email, input.buckets) }
}

export function* resendLocks(scope: Scope, input: ResendInput): Operation<Locks> {
  const challenge = yield* findChallengeEmail(scope.tenant, input.purpose, input.challenge)
  const limits = challenge === null ? [] : limitsOf(scope, challenge.email, input.buckets)
  return { tenant: scope.tenant, keys: [challengeKey(input.challenge)], limits }
}

/** `next`: the user of the address, or the one after. */
export function* start(tx: Tx, scope: Scope, input: StartInput, next: UserRow | null): Operation<StartOutcome> {
  const knownBrowser = next !== null && knowsBrowser(next, input.browserDigest)
  const found = next?.email === input.email ? { user: next, knownBrowser } : { user: null, knownBrowser: false }
  return yield* decide(tx, scope, { kind: 'start', resend: null, ordinal: 0, ...found, ...input }, () =>
    insertChallenge(tx, scope.tenant, input),
  )
}

export function insertChallenge(tx: Tx, tenant: string, input: Omit<StartInput, 'addressInEvent'>): Operation<void> {
  return run(
    'insert into challenges (tenant, id, purpose, email, browser, return_to, locale, device, network, created_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    tenant,
    input.challenge,
    input.purpose,
    input.email,
    input.browserDigest,
    input.returnTo,
    input.locale,
    input.device,
    input.network,
    tx.now,
  )
}

export function* resend(tx: Tx, scope: Scope, input: ResendInput, found: FoundChallenge | null): Operation<StartOutcome> {
  if (found === null || !same(found.challenge.browser, input.browserDigest)) {
    const decision = decideStart(scope.policy, unknownChallenge(tx, input))
    yield* writeEvent(tx, scope, { kind: 'resend', reason: decision.reason, facts: unknownChallenge(tx, input), decision })
    return { decision, policy: scope.policy, now: tx.now, mail: null }
  }
  return yield* resendTo(tx, scope, input, found)
}

/** Another mail of a challenge, to its address and for the browser that asked, whoever wants it sent. */
export function* resendTo(tx: Tx, scope: Scope, input: ResendInput, { challenge, mails, user }: FoundChallenge): Operation<StartOutcome> {
  return yield* decide(tx, scopeFor(scope, challenge.email), {
    ...input,
    kind: 'resend',
    email: challenge.email,
    locale: challenge.locale,
    device: challenge.device,
    addressInEvent: input.addressInEvent(challenge.email),
    resend: {
      createdAt: challenge.createdAt,
      completedAt: challenge.completedAt,
      mailsAt: mails.map((mail) => mail.createdAt),
      ...(challenge.disownedAt === null ? {} : { disowned: true }),
    },
    ordinal: mails.length,
    user,
    knownBrowser: user !== null && knowsBrowser(user, challenge.browser),
  })
}

/** One of the challenges of a change of address. */
export function insertChallengeOf(tx: Tx, tenant: string, input: Omit<StartInput, 'addressInEvent'>, change: string): Operation<void> {
  return run(
    'insert into challenges (tenant, id, purpose, email, browser, return_to, locale, device, network, created_at, change_id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    tenant,
    input.challenge,
    input.purpose,
    input.email,
    input.browserDigest,
    input.returnTo,
    input.locale,
    input.device,
    input.network,
    tx.now,
    change,
  )
}

/** Decides, and writes what follows; `begin` the challenge, where this is its first mail. */
export function* decide(tx: Tx, scope: Scope, ask: Ask, begin?: () => Operation<void>): Operation<StartOutcome> {
  const { tenant, policy } = scope
  const { limits } = tx
  const { user, knownBrowser } = ask
  const mailbox = mailboxLimit(ask.email)
  const windows = readWindows(limits, tenant, mailbox)
  const own = knownBrowser ? 'knownMails' : 'mails'
  const left = leftUntil(windows, ask.email)
  const everywhere = countsEverywhere(ask.purpose) ? readEverywhere(tx, scope, ask.email) : null
  let facts: StartFacts = {
    now: tx.now,
    purpose: ask.purpose,
    address: ask.addressInEvent,
    tats: readBuckets(limits, tenant, ask.buckets),
    knownBrowser,
    mails: times(windows[own]),
    failures: times(windows.failures),
    bounces: times(windows.bounces),
    ...(windows.suppressed === undefined ? {} : { suppressed: windows.suppressed }),
    breaker: readBreaker(limits, tenant),
    user: user && { status: user.status },
    resend: ask.resend,
  }
  if (left !== undefined) facts = { ...facts, left }
  // No more than this one word: when others were asked for mails is theirs.
  if (everywhere !== null && !windowVerdict([everywhereRule], times(everywhere.windows[own]), tx.now).open)
    facts = { ...facts, everywhere: 'full' }
  if (ask.invitation !== undefined) facts = { ...facts, invitation: ask.invitation }
  if (windows.quiet !== undefined && tx.now < windows.quiet) facts = { ...facts, quiet: windows.quiet }
  if (ask.host !== undefined) facts = { ...facts, host: ask.host }
  if (ask.follows === true) facts = { ...facts, follows: true }
  if (ask.recovery !== undefined) facts = { ...facts, recovery: ask.recovery }
  const decision = decideStart(policy, facts)
  let mail: QueuedMail | null = null
  if (decision.mail !== null) {
    if (decision.tats !== null) writeBuckets(limits, tenant, ask.buckets, decision.tats)
    // A mail that a full window swallowed does not fill it further, or asking would never end the wait. A notice is none that was asked for.
    if (decision.reason !== 'too_many_mails' && !isNotice(ask.purpose)) {
      const hits = withHit(windows[own], mailWindows(policy), [tx.now, ask.challenge])
      writeWindows(limits, tenant, mailbox, { ...windows, [own]: hits })
      if (everywhere !== null && decision.reason !== 'mailbox_full') {
        const { owner, name, windows } = everywhere
        // Without its challenge, which is its tenant's own.
        writeWindows(limits, owner, name, { ...windows, [own]: withHit(windows[own], [everywhereRule], [tx.now, '']) })
      }
    }
    if (begin) yield* begin()
    mail = yield* queueMail(tx, scope, ask, decision)
  }
  const written = decision.mail !== null
  yield* writeEvent(tx, scope, {
    kind: ask.kind,
    reason: decision.reason,
    facts,
    decision,
    challenge: written || ask.kind === 'resend' ? ask.challenge : null,
    user: ask.asker ?? null,
    mails: decision.verdict === 'send' ? 1 : 0,
    bytes: written ? ask.secrets.sealed.length : 0,
  })
  return { decision, policy, now: tx.now, mail }
}

/** What all tenants together count of the mailbox; null: there is one tenant. */
function readEverywhere({ limits }: Tx, scope: Scope, email: string) {
  const name = everywhereLimit(scope, email)
  if (name === null) return null
  const owner = ownerOf(scope.tenant, name)
  return { owner, name, windows: readWindows(limits, owner, name) }
}

/** In the column `decoy`: it is sent and opens nothing, but tells the owner of the address that somebody would have it. */
export const OWNER_TOLD = 2

type Queueing = Pick<Ask, 'purpose' | 'challenge' | 'ordinal' | 'email' | 'locale' | 'device' | 'secrets' | 'leaseMs'> & {
  /** From where somebody signed in; null: it is about no sign-in. */
  readonly network?: string | null
}

export function* queueMail(tx: Tx, scope: Scope, ask: Queueing, decision: StartDecision): Operation<QueuedMail | null> {
  const { mail } = decision
  if (mail === null) return null
  const decoy = decision.verdict === 'pretend'
  const tellsOwner = decision.reason === 'address_taken'
  yield* run(
    "insert into mails (tenant, challenge, ordinal, request_id, created_at, link_digest, code_digest, link_expires_at, code_expires_at, code_tries, address_tries, decoy, state, sealed, tries, due_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, 'queued', ?, 0, ?)",
    scope.tenant,
    ask.challenge,
    ask.ordinal,
    scope.requestId,
    tx.now,
    mail.link ? ask.secrets.linkDigest : null,
    // The digest of such a code matches nothing: a lucky guess must not open what nobody was sent.
    mail.code ? (decoy || tellsOwner ? ask.secrets.linkDigest : ask.secrets.codeDigest) : null,
    mail.linkExpiresAt,
    mail.codeExpiresAt,
    tellsOwner ? OWNER_TOLD : decoy ? 1 : 0,
    ask.secrets.sealed,
    tx.now + (ask.leaseMs ?? 0),
  )
  if (ask.leaseMs === null) return null
  return {
    tenant: scope.tenant,
    challenge: ask.challenge,
    ordinal: ask.ordinal,
    requestId: scope.requestId,
    purpose: ask.purpose,
    email: ask.email,
    locale: ask.locale,
    device: ask.device,
    network: ask.network ?? null,
    createdAt: tx.now,
    linkExpiresAt: mail.linkExpiresAt,
    codeExpiresAt: mail.codeExpiresAt,
    hasLink: mail.link,
    hasCode: mail.code,
    decoy,
    tellsOwner,
    sealed: ask.secrets.sealed,
    tries: 0,
    now: tx.now,
  }
}

function unknownChallenge(tx: Tx, input: ResendInput): StartFacts {
  const tats = { network: null, networkWide: null, browser: null, tenant: null }
  return {
    now: tx.now,
    purpose: input.purpose,
    address: '',
    tats,
    knownBrowser: false,
    mails: [],
    failures: [],
    bounces: [],
    user: null,
    resend: 'unknown',
  }
}
