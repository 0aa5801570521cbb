// May a mail go out? Everything about starting a challenge, and about asking for another mail of one, is decided here.
// Pure: the store has read the facts and will write the consequences in the same transaction.
import { isSuppressed, type Suppression } from './bounce.ts'
import { fillOf, spend, windowVerdict, withoutReserve } from './bucket.ts'
import { HOST_RETRY_MS, type HostWord } from './host.ts'
import { isNotice, isTelling, isUndo, type Ms, type Purpose } from './model.ts'
import type { Hand } from './operator.ts'
import { mailWindows, type Policy } from './policy.ts'
import type { ReasonCode } from './reason.ts'

/** The GCRA buckets of a start: what the rate of each is, the policy knows. */
export type StartBucket = 'network' | 'networkWide' | 'browser' | 'tenant'
export const startBuckets: readonly StartBucket[] = ['network', 'networkWide', 'browser', 'tenant']

export interface StartFacts {
  readonly now: Ms
  readonly purpose: Purpose
  /** Masked or hashed, for the reader of the event; nothing is decided by it. */
  readonly address: string
  /** Theoretical arrival time of each bucket; null: never used. */
  readonly tats: Readonly<Record<StartBucket, Ms | null>>
  /** This browser has signed in to this address before: it has a window of its own, which nobody else can fill (RL-08, RL-11). */
  readonly knownBrowser: boolean
  /** Times of mails in the window that counts, of wrong codes for this address, and of refusals by its mail server. */
  readonly mails: readonly Ms[]
  readonly failures: readonly Ms[]
  readonly bounces: readonly Ms[]
  /** What was reported of it; absent: nothing. */
  readonly suppressed?: Suppression
  /** When the wrong codes of everybody will have run out of the breaker; null: there were none. Absent in old records. */
  readonly breaker?: Ms | null
  readonly user: { readonly status: 'active' | 'disabled' } | null
  /** It is an invitation, by whose hand, and whether the person has shown the mailbox to be theirs already. */
  readonly invitation?: { readonly by: Hand; readonly confirmed: boolean }
  /** Until when nobody new begins with the address: somebody left it and may come back. Absent: anybody may. */
  readonly left?: Ms
  /** Until when whoever has the mailbox wants no mail that a stranger asked for. Absent: nobody said so lately. */
  readonly quiet?: Ms
  /** All tenants of the server together have sent the mailbox as many as they may. Absent: they have not, or there is one tenant. */
  readonly everywhere?: 'full'
  /** What the host says of the address; absent: it keeps no users of its own. */
  readonly host?: HostWord
  /** Of a notice about getting back in: from when on that can be done, and until when. */
  readonly recovery?: { readonly ready: Ms; readonly until: Ms }
  /** It follows from another mail of the same request, which paid for both. */
  readonly follows?: true
  /** For a resend: the challenge as this browser may see it. */
  readonly resend: null | 'unknown' | ResendFacts
}

export interface ResendFacts {
  readonly createdAt: Ms
  readonly completedAt: Ms | null
  /** When each mail of this challenge was queued, oldest first. */
  readonly mailsAt: readonly Ms[]
  /** Whoever has the mail said that they did not ask for it. */
  readonly disowned?: true
}

export interface StartDecision {
  /** `pretend` answers and writes as `send` does, but nobody receives the mail. */
  readonly verdict: 'send' | 'pretend' | 'refuse'
  readonly reason: ReasonCode
  readonly retryAfterMs: Ms | null
  readonly mail: { readonly link: boolean; readonly code: boolean; readonly linkExpiresAt: Ms; readonly codeExpiresAt: Ms } | null
  /** New bucket states; null when nothing was spent. */
  readonly tats: Readonly<Record<StartBucket, Ms>> | null
}

/** Three refusals by the receiving server within a week: sending on would hurt the sender's name and help nobody. */
export const bounceRule = { count: 3, per: 7 * 24 * 3_600_000 } as const

/**
 * What a mailbox gets from all tenants of a server together, in a window for browsers that signed in before and one for all others (RL-09): twice
 * what one tenant may send by any preset. No policy: that of one tenant must not say how much the others leave over.
 */
export const everywhereRule = { count: 20, per: 24 * 3_600_000 } as const

/** What anybody may have sent to anybody. Whoever is signed in with an address has shown it to be theirs, and notices are bounded by what they tell of. */
export function countsEverywhere(purpose: Purpose): boolean {
  return !isNotice(purpose) && !OWN.has(purpose)
}

/** Mails of one challenge; the ordinal of a mail is one base62 character of its link. */
const MAILS_PER_CHALLENGE = 62

/**
 * Everything that is asked from outside, a mail or a way back in, is asked of the same buckets. Each must have room before any is charged: a
 * refused request must not push the next honest one further away. Strangers leave a part of the tenant's to browsers that signed in before (RL-11).
 */
export function spendStart(
  { starts }: Policy,
  { now, tats, knownBrowser }: Pick<StartFacts, 'now' | 'tats' | 'knownBrowser'>,
): { readonly tats: Readonly<Record<StartBucket, Ms>>; readonly retryInMs: Ms } {
  const rules = knownBrowser ? starts : { ...starts, tenant: withoutReserve(starts.tenant) }
  const spent = startBuckets.map((name) => ({ name, ...spend(rules[name], tats[name], now) }))
  return {
    tats: Object.fromEntries(spent.map(({ name, tat }) => [name, tat])) as Record<StartBucket, Ms>,
    retryInMs: Math.max(...spent.map((bucket) => bucket.retryInMs)),
  }
}

export function decideStart(policy: Policy, facts: StartFacts): StartDecision {
  const { now, resend } = facts
  if (resend === 'unknown') return refuse('challenge_unknown')
  if (resend !== null) {
    if (resend.disowned === true) return refuse('disowned')
    if (resend.completedAt !== null) return refuse('challenge_completed')
    if (now >= resend.createdAt + policy.challengeTtl || resend.mailsAt.length >= MAILS_PER_CHALLENGE) return refuse('challenge_unknown')
    const last = resend.mailsAt.at(-1) ?? resend.createdAt
    if (now < last + policy.resendAfter) return refuse('too_many_mails', last + policy.resendAfter - now)
  }

  if (isNotice(facts.purpose)) return decideNotice(policy, facts)
  if (facts.invitation !== undefined) return decideInvitation(policy, facts, facts.invitation)

  if (facts.host === 'unavailable') return refuse('host_unavailable', HOST_RETRY_MS)

  const asking = spendStart(policy, facts)
  if (asking.retryInMs > 0 && facts.follows !== true) return refuse('too_many_requests', asking.retryInMs)
  const tats = facts.follows === true ? null : asking.tats

  const lives = livesOf(policy, facts.purpose)
  const answer = (verdict: 'send' | 'pretend', reason: ReasonCode, code: boolean): StartDecision => ({
    verdict,
    reason,
    retryAfterMs: null,
    mail: { link: policy.methods.includes('link'), code, linkExpiresAt: now + lives.link, codeExpiresAt: now + lives.code },
    tats,
  })
  const wantsCode = policy.methods.includes('code')

  const windows = mailWindows(policy)
  const room = windowVerdict(windows, facts.mails, now)
  if (!room.open) {
    // Told truthfully only where this browser's own requests filled the window, or to the person themself; else the answer would tell a
    // stranger that somebody is asking for mails to this address.
    const own = facts.purpose === 'step_up' || (resend !== null && !windowVerdict(windows, resend.mailsAt, now).open)
    return own ? refuse('too_many_mails', room.retryInMs) : answer('pretend', 'too_many_mails', wantsCode)
  }
  // Told to nobody, not even to whoever asked for all of them: somebody may have asked at another tenant.
  if (facts.everywhere === 'full') return answer('pretend', 'mailbox_full', wantsCode)
  if (isSuppressed(facts.suppressed ?? null, now) || !windowVerdict([bounceRule], facts.bounces, now).open)
    return answer('pretend', 'address_suppressed', wantsCode)
  if (facts.user?.status === 'disabled') return answer('pretend', 'user_disabled', wantsCode)
  if (facts.host === 'refused') return answer('pretend', 'host_refused', wantsCode)
  // Nobody begins with what is to be a backup.
  const begins = facts.purpose !== 'confirm_backup' && facts.purpose !== 'recover_backup'
  if (begins && facts.user === null && facts.left !== undefined && now < facts.left) return answer('pretend', 'address_left', wantsCode)
  if (facts.purpose === 'sign_in' && facts.quiet !== undefined && now < facts.quiet && !facts.knownBrowser)
    return answer('pretend', 'mailbox_quiet', wantsCode)
  // No account has the address, or its account has no backup: for show, to be told from none that has.
  if (facts.user === null && facts.purpose === 'recover_backup') return answer('pretend', 'backup_unknown', wantsCode)
  // The address was somebody's who is signed in, and is nobody's by now.
  if (facts.user === null && OWN.has(facts.purpose)) return refuse('challenge_unknown')
  // What the answer keeps from whoever asks, the owner may know.
  if (facts.user !== null && (facts.purpose === 'change_email' || facts.purpose === 'recover'))
    return answer('send', 'address_taken', wantsCode)
  const isKnown = facts.user !== null || facts.host === 'known'
  if (!isKnown && facts.purpose === 'sign_in' && policy.signUp === 'invited') return answer('pretend', 'address_unknown', wantsCode)
  if (!isKnown && facts.purpose === 'sign_in' && policy.signUp === 'closed') return answer('pretend', 'sign_up_closed', wantsCode)

  // The budget takes away the guessable proof only: the 256-bit link goes on working, so guessing locks nobody out.
  if (wantsCode && !windowVerdict(policy.codeFailures, facts.failures, now).open) {
    return answer(policy.methods.includes('link') ? 'send' : 'pretend', 'budget_spent', false)
  }
  // Only where the link is left: else whoever guesses could keep everybody out.
  if (wantsCode && policy.methods.includes('link') && isBreakerOpen(policy, facts.breaker ?? null, now))
    return answer('send', 'breaker_open', false)
  return answer('send', 'mail_queued', wantsCode)
}

/** To the address of whoever is signed in and asks. */
const OWN: ReadonlySet<Purpose> = new Set(['step_up', 'leave_email'])

/** How long link and code are good: what opens a recovery may lie in a mailbox that is seldom looked at, and nobody waits for an invitation. */
export function livesOf(policy: Policy, purpose: Purpose): { readonly link: Ms; readonly code: Ms } {
  const { linkTtl, codeTtl, recovery, invitationTtl } = policy
  if (purpose === 'invite') return { link: invitationTtl, code: invitationTtl }
  return purpose === 'recover_backup' ? { link: recovery.mailTtl, code: recovery.mailTtl } : { link: linkTtl, code: codeTtl }
}

/** What only tells is handed over within a day, or was no notice. */
const TOLD_WITHIN: Ms = 24 * 3_600_000

/**
 * The notice of a change to the mailbox that is to be left, of a sign-in, of what was done to an account, and those of getting back in. No limit keeps it back, or whoever took
 * over an account could fill the window of the mailbox first; how many there are is bounded by how often one person may ask, and by sign-ins.
 */
function decideNotice(policy: Policy, facts: StartFacts): StartDecision {
  const { now, purpose, bounces, suppressed: reported, recovery } = facts
  const until = recovery?.until ?? now + (isUndo(purpose) ? policy.changeEmail.undo : TOLD_WITHIN)
  // A notice of a new device has the link that says "not me", and no other. None has a code: the field tells a mail about getting back in from
  // when on that can be done.
  const mail = { link: !isTelling(purpose), code: false, linkExpiresAt: until, codeExpiresAt: recovery?.ready ?? until }
  // To an account that there is not the same is written and nothing sent.
  if (purpose === 'cancel_recovery' && facts.user === null)
    return { verdict: 'pretend', reason: 'address_unknown', retryAfterMs: null, mail, tats: null }
  const suppressed = isSuppressed(reported ?? null, now) || !windowVerdict([bounceRule], bounces, now).open
  const answer = suppressed ? (['pretend', 'address_suppressed'] as const) : (['send', 'mail_queued'] as const)
  return { verdict: answer[0], reason: answer[1], retryAfterMs: null, mail, tats: null }
}

/** Whether it goes out under this policy: its link is opened where nobody asked for one. */
export function sendsInvitations({ methods, otherBrowser }: Policy): boolean {
  return methods.includes('link') && otherBrowser === 'address'
}

/**
 * To somebody for whom an account was made. Whoever asks runs the server and is told the truth. The mailbox is spared as from anybody's mails;
 * a code would be of no use, since no browser asked.
 */
function decideInvitation(policy: Policy, facts: StartFacts, { confirmed }: NonNullable<StartFacts['invitation']>): StartDecision {
  const { now, user, mails, bounces } = facts
  if (user === null) return refuse('person_unknown')
  if (!sendsInvitations(policy)) return refuse('invitation_off')
  if (user.status === 'disabled') return refuse('user_disabled')
  if (confirmed) return refuse('user_confirmed')
  if (isSuppressed(facts.suppressed ?? null, now) || !windowVerdict([bounceRule], bounces, now).open) return refuse('address_suppressed')
  const room = windowVerdict(mailWindows(policy), mails, now)
  if (!room.open) return refuse('too_many_mails', room.retryInMs)
  if (facts.everywhere === 'full') return refuse('too_many_mails')
  const until = now + policy.invitationTtl
  const mail = { link: true, code: false, linkExpiresAt: until, codeExpiresAt: until }
  return { verdict: 'send', reason: 'mail_queued', retryAfterMs: null, mail, tats: null }
}

/** A policy from before there was one has none. */
function isBreakerOpen({ breaker }: Partial<Policy>, emptyAt: Ms | null, now: Ms): boolean {
  return breaker != null && fillOf(breaker, emptyAt, now) >= 1
}

function refuse(reason: ReasonCode, retryAfterMs: Ms | null = null): StartDecision {
  return { verdict: 'refuse', reason, retryAfterMs, mail: null, tats: null }
}
