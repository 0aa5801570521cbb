// When somebody should be called: rules on what a process counted in the last hour, and on how it stands. Data: what each looks at, from when
// on it speaks, and what is to be done then.
import type { Ms } from './model.ts'
import { BEHIND } from './seal.ts'
import { isHuman, type Told, wasInVain } from './told.ts'

export type Counted = 'opened' | 'openedLate' | 'posts' | 'inVain' | 'wrongCodes' | 'handedOver' | 'notTaken' | 'notMe'
export type Counts = Readonly<Record<Counted, number>>

/** Counts by the minute, oldest first. */
export type Minutes = readonly { readonly minute: number; readonly counts: Counts }[]

const MINUTE: Ms = 60_000
/** So much of the past is looked at. */
export const WINDOW_MINUTES = 60

const none: Counts = { opened: 0, openedLate: 0, posts: 0, inVain: 0, wrongCodes: 0, handedOver: 0, notTaken: 0, notMe: 0 }

/** What one thing that happened adds; null: nothing. */
export function countsOf(told: Told): Partial<Counts> | null {
  const inVain = wasInVain(told)
  const posts = inVain === null ? null : { posts: 1, inVain: inVain ? 1 : 0 }
  if (told.kind === 'view') return isHuman(told.class) ? { opened: 1, openedLate: told.state === 'expired' ? 1 : 0 } : null
  if (told.kind === 'deliver') return { handedOver: 1, notTaken: told.reason === 'mail_sent' || told.reason === 'mail_suppressed' ? 0 : 1 }
  if (told.kind === 'not_me') return { notMe: 1 }
  // Those of flows that ended in a sign-in were slips.
  if (told.kind === 'verify') return { ...posts, wrongCodes: (told.code === 'wrong' || told.code === 'older' ? 1 : 0) - told.refunded }
  return posts
}

/** With one thing more, and without what is too old. */
export function withTold(minutes: Minutes, told: Told, now: Ms): Minutes {
  const more = countsOf(told)
  if (more === null) return minutes
  const minute = Math.floor(now / MINUTE)
  const last = minutes.at(-1)
  if (last?.minute === minute) return [...minutes.slice(0, -1), { minute, counts: plus(last.counts, more) }]
  return [...recent(minutes, now), { minute, counts: plus(none, more) }]
}

export function sumOf(minutes: Minutes, now: Ms): Counts {
  return recent(minutes, now).reduce((sum, { counts }) => plus(sum, counts), none)
}

function recent(minutes: Minutes, now: Ms): Minutes {
  const minute = Math.floor(now / MINUTE)
  // Also without what comes from the future: the clock was set back.
  return minutes.filter((one) => one.minute > minute - WINDOW_MINUTES && one.minute <= minute)
}

function plus(one: Counts, more: Partial<Counts>): Counts {
  const sum: Record<Counted, number> = { ...one }
  for (const name of Object.keys(more) as Counted[]) sum[name] += more[name] ?? 0
  return sum
}

/** What the rules look at. */
export interface Seen {
  readonly counts: Counts
  readonly queueAgeMs: Ms
  /** From 1 on the breaker is open; null: there is none. */
  readonly breakerFill: number | null
  /** For how long an event has waited for its seal, as far as this process was there to see it. */
  readonly unsealedMs: Ms
}

export interface Rule {
  readonly id: string
  readonly words: string
  readonly unit: 'share' | 'seconds' | 'count'
  /** It speaks above this. */
  readonly over: number
  /** null: there is too little to judge by. */
  readonly value: (seen: Seen) => number | null
  readonly todo: string
}

const share = (part: number, of: number, least: number): number | null => (of < least ? null : part / of)

export const rules: readonly Rule[] = [
  {
    id: 'expired_landings',
    words: 'links that people opened too late',
    unit: 'share',
    over: 0.25,
    value: ({ counts }) => share(counts.openedLate, counts.opened, 20),
    todo: 'see whether mails are late (postkey_mail_accept_seconds); if not, a longer linkTtl would have caught them',
  },
  {
    id: 'posts_in_vain',
    words: 'links, codes and forms sent in for nothing',
    unit: 'share',
    over: 0.25,
    value: ({ counts }) => share(counts.inVain, counts.posts, 50),
    todo: 'see which reason it is (postkey_verifications_total, postkey_refusals_total): origin_null is a proxy or a page of yours, code_wrong is guessing',
  },
  {
    id: 'wrong_codes',
    words: 'wrong codes in an hour, whatever the address',
    unit: 'count',
    over: 100,
    value: ({ counts }) => counts.wrongCodes,
    todo: 'somebody guesses: the breaker of the policy takes codes out of mails when they are too many; block the networks at the proxy',
  },
  {
    id: 'not_me',
    words: 'mails in an hour of which people said that they had not asked for them',
    unit: 'count',
    over: 10,
    value: ({ counts }) => counts.notMe,
    todo: 'somebody asks for mails to other people, or gets them to give codes away: see who asked (postkey audit search, by network), and block the networks at the proxy',
  },
  {
    id: 'breaker_open',
    words: 'wrong codes, of those that the breaker takes',
    unit: 'share',
    // At 1 it is open.
    over: 0.999,
    value: ({ breakerFill }) => breakerFill,
    todo: 'nothing for those who sign in, links go on working; find out where the guesses come from',
  },
  {
    id: 'mails_not_taken',
    words: 'mails that the mail server did not take',
    unit: 'share',
    over: 0.5,
    value: ({ counts }) => share(counts.notTaken, counts.handedOver, 10),
    todo: 'run postkey doctor; the words of the mail server stand in the log lines "mail"',
  },
  {
    id: 'mail_queue_age',
    words: 'seconds that a mail has waited for a worker',
    unit: 'seconds',
    over: 120,
    value: ({ queueAgeMs }) => queueAgeMs / 1_000,
    todo: 'is there a process that sends mail, and is the mail server so slow that all are busy?',
  },
  {
    id: 'record_unsealed_age',
    words: 'seconds that an event of the record has waited for its seal',
    unit: 'seconds',
    over: BEHIND / 1_000,
    value: ({ unsealedMs }) => unsealedMs / 1_000,
    todo: 'look for sealing_failed in the log, and whether POSTKEY_SEALS is off everywhere: until it is sealed, a change of the record does not show',
  },
]

export interface Finding {
  readonly rule: Rule
  /** null: ended, as there is too little to judge by. */
  readonly value: number | null
}

export interface Judged {
  readonly raised: readonly Finding[]
  readonly ended: readonly Finding[]
  /** Ids of all that are raised now. */
  readonly now: ReadonlySet<string>
}

/** @param before ids of those that were raised. */
export function judge(before: ReadonlySet<string>, seen: Seen): Judged {
  const findings = rules.map((rule) => ({ rule, value: rule.value(seen) }))
  const isOver = ({ rule, value }: Finding): boolean => value !== null && value > rule.over
  const over = findings.filter(isOver)
  return {
    raised: over.filter(({ rule }) => !before.has(rule.id)),
    ended: findings.filter((finding) => before.has(finding.rule.id) && !isOver(finding)),
    now: new Set(over.map(({ rule }) => rule.id)),
  }
}
