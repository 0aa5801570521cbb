// All limits, lifetimes and choices of a tenant. Every duration of the product exists once, here: pages, mails, limits and
// tests read it from the policy in force. Validated data, never code.
import { z } from 'zod'
import type { Ms } from './model.ts'

const UNIT: Record<string, Ms> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A duration: "15m", "24h", "7d", "400ms", or a number of milliseconds. */
const duration = (min: Ms, max: Ms) =>
  z
    .union([z.number().int(), z.string().regex(/^\d+(ms|s|m|h|d)$/, 'a duration looks like "15m", "24h" or "7d"')])
    .transform((value): Ms => (typeof value === 'number' ? value : (readDuration(value) ?? Number.NaN)))
    .refine((ms) => ms >= min && ms <= max, `must lie between ${readable(min)} and ${readable(max)}`)

/** "15m", "24h", "7d"; null: it is none. */
export function readDuration(text: string): Ms | null {
  const [, count, unit] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? []
  return count === undefined || unit === undefined ? null : Number.parseInt(count, 10) * (UNIT[unit] as Ms)
}

export function readable(ms: Ms): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = UNIT[unit] as Ms
    if (ms !== 0 && ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `count` per `per`: a GCRA bucket that lets `count` through at once and refills evenly. */
const rate = z.strictObject({ count: z.number().int().min(1).max(1_000_000_000), per: duration(SECOND, 365 * DAY) })
/** `count` within any window of length `per`, exactly. */
const window = z.strictObject({ count: z.number().int().min(1).max(1_000), per: duration(SECOND, 366 * DAY) })

const policySchema = z.strictObject({
  /** Life of a link. Seed of the choice: 10 min NIST/ASVS, 60 min for corporate mail that is quarantined first. */
  linkTtl: duration(MINUTE, DAY),
  /** Life of a code. NIST 800-63B-4 3.1.3.2 and ASVS 6.5.5: 10 minutes. */
  codeTtl: duration(MINUTE, HOUR),
  /** What a mail carries. Without "link" the link routes answer 404; without "code" there is no code to phish. */
  methods: z
    .array(z.enum(['link', 'code']))
    .min(1)
    .max(2)
    .refine((list) => new Set(list).size === list.length, 'names a method twice'),
  /** Where the link's secret stands. "path" works without JavaScript, and puts the secret into access logs. */
  linkSecret: z.enum(['fragment', 'path']),
  /** What a link can do in a browser that did not ask. */
  otherBrowser: z.enum(['address', 'code', 'refuse']),
  /** Digits of a code. Six digits are 19.93 bits, which ASVS 6.5.4 accepts. */
  codeLength: z.number().int().min(6).max(10),
  /** Comparisons of one code. */
  codeTries: z.number().int().min(1).max(5),
  /** Comparisons of a typed address, per mail. */
  addressTries: z.number().int().min(1).max(10),
  /** Wrong codes per address, whatever the flow or network; past any of them mails carry no code. 0.01 % a year. */
  codeFailures: z.array(window).min(1).max(5),
  /**
   * Wrong codes of everybody together, those of flows that ended in a sign-in left out; while there were more, mails carry links only. So many
   * at once, or more than `count` in `per` for long. Whoever guesses at many addresses, a little at each, takes over one account in a million
   * guesses: 500 a day are one in five years. Nothing happens where there is no link to fall back on. null: never.
   */
  breaker: rate.nullable(),
  /** Wait before the next mail of a challenge. */
  resendAfter: duration(0, HOUR),
  /** Mails to one mailbox: so many per linkTtl (the window is derived), and the further windows. */
  mailsPerLinkTtl: z.number().int().min(1).max(20),
  mailsPerAddress: z.array(window).min(1).max(5),
  /** A code subject front-loads the code for the lock screen; subjects outlive bodies in other people's logs. */
  codeInSubject: z.boolean(),
  /** How long after its start a challenge takes a resend. */
  challengeTtl: duration(HOUR, 7 * DAY),
  /** Starts and resends by where they come from. */
  starts: z.strictObject({
    /** per /24 (IPv4) or /64 (IPv6) */
    network: rate,
    /** per /16 or /48 */
    networkWide: rate,
    browser: rate,
    tenant: rate,
  }),
  signUp: z.enum(['open', 'invited', 'closed']),
  /**
   * `most`: of one person at once. A sign-in beyond them ends the one that was used longest ago. More than anybody has browsers, so that what a
   * mailbox in wrong hands, or a program that signs in and never out, can pile up has an end.
   */
  session: z.strictObject({
    idle: duration(MINUTE, 365 * DAY),
    absolute: duration(MINUTE, 365 * DAY),
    most: z.number().int().min(1).max(1_000),
  }),
  /** How old the proof of the mailbox may be for what changes who can get in; with an older one the person proves it again first. */
  recentProof: duration(MINUTE, DAY),
  /**
   * A change of address. `confirm`: who has to agree by a code or link, beside the recent proof of whoever asks: the new mailbox, or both. For
   * `undo` the notice to the old mailbox takes the change back, and nobody new begins with the old address. `asks`: of one person.
   */
  changeEmail: z.strictObject({ confirm: z.enum(['new', 'both']), undo: duration(HOUR, 30 * DAY), asks: rate }),
  /**
   * Life of the link of an invitation, which nobody waits for. It is good in any browser whose user types the address; where `otherBrowser` is
   * not "address", or `methods` has no "link", there are no invitations.
   */
  invitationTtl: duration(HOUR, 30 * DAY),
  /**
   * After "this was not me": for so long no mail to sign in goes to the mailbox, unless a browser asks that has signed in there. Who has no such
   * browser at hand cannot sign in meanwhile. null: nothing is held back.
   */
  quietAfterNotMe: duration(MINUTE, 30 * DAY).nullable(),
  /**
   * Whoever has not signed in for so long does not get in by the mailbox alone, which may be somebody else's by now: it takes another way back in
   * as well, or an operator. Longer than `session.absolute`, so that nobody who is signed in counts as gone. null: never.
   */
  dormantAfter: duration(30 * DAY, 3_650 * DAY).nullable(),
  /** A sign-in from a browser that the person has not signed in with before is told of, by a mail. */
  newDeviceNotice: z.boolean(),
  /**
   * Getting back in without the mailbox, which always ends in no more than a session that can name another address, for `sessionTtl`. `codes`: so
   * many are printed, 0: none ever; `tries`: wrong ones for one account. `backup`: people may have a backup address; a mail to it lives for
   * `mailTtl`. `wait`: how long everybody who may have a say is told before a recovery by waiting can go on, null: there is no such way.
   * `approvals`: so many operators have to agree to one by waiting, besides the one who began it, if one did.
   */
  recovery: z.strictObject({
    codes: z.number().int().min(0).max(20),
    tries: rate,
    backup: z.boolean(),
    mailTtl: duration(5 * MINUTE, DAY),
    wait: duration(DAY, 30 * DAY).nullable(),
    approvals: z.number().int().min(0).max(2),
    sessionTtl: duration(5 * MINUTE, HOUR),
  }),
  /** How long the same browser gets the same session again for the same proof. */
  replayWindow: duration(0, 10 * MINUTE),
  /** Wait before a bound landing page submits itself. */
  autoSubmitDelay: duration(0, 5 * SECOND),
  /** A queued mail with less life than this is not sent any more: nobody could use it. */
  mailUsefulFor: duration(0, 10 * MINUTE),
  /**
   * How long rows stay that no decision reads any more; then they are deleted. Users never are. A challenge with its mails, and a
   * session: after nothing can be done with it any more; a day at least, so that a late click still reads "expired" and not "unknown".
   * An event: after it was written. The state of a limit: after it says no more than none would; an hour at least, as much as a clock
   * may be set back without filling a bucket (I14). Wrong codes are in sight of their windows for a year and stay that long.
   */
  keep: z.strictObject({
    challenges: duration(DAY, 3_650 * DAY),
    sessions: duration(DAY, 3_650 * DAY),
    events: duration(DAY, 3_650 * DAY),
    limits: duration(HOUR, 30 * DAY),
  }),
  /** How e-mail addresses appear in events and logs: j•••@example.com, or only a keyed hash. */
  addressInEvents: z.enum(['masked', 'hashed']),
})

export type Policy = Readonly<z.output<typeof policySchema>>
type Whole = z.input<typeof policySchema>

const GROUPS = ['breaker', 'starts', 'session', 'changeEmail', 'recovery', 'keep'] as const

/** What may be set: what is left out, also within a group, is that of the preset. */
export type PolicyInput = {
  readonly [K in keyof Whole]?: K extends (typeof GROUPS)[number] ? Partial<NonNullable<Whole[K]>> | Extract<Whole[K], null> : Whole[K]
}
export type PresetName = 'strict' | 'standard' | 'corporate'

const standard: Whole = {
  linkTtl: '15m',
  codeTtl: '10m',
  methods: ['link', 'code'],
  linkSecret: 'fragment',
  otherBrowser: 'address',
  codeLength: 6,
  codeTries: 5,
  addressTries: 5,
  codeFailures: [
    { count: 10, per: '24h' },
    { count: 30, per: '30d' },
    { count: 100, per: '365d' },
  ],
  breaker: { count: 500, per: '24h' },
  resendAfter: '60s',
  mailsPerLinkTtl: 3,
  mailsPerAddress: [{ count: 10, per: '24h' }],
  codeInSubject: true,
  challengeTtl: '24h',
  starts: {
    network: { count: 30, per: '10m' },
    networkWide: { count: 300, per: '10m' },
    browser: { count: 20, per: '10m' },
    tenant: { count: 6_000, per: '1m' },
  },
  signUp: 'open',
  session: { idle: '7d', absolute: '30d', most: 100 },
  recentProof: '15m',
  changeEmail: { confirm: 'new', undo: '72h', asks: { count: 5, per: '24h' } },
  invitationTtl: '72h',
  quietAfterNotMe: null,
  dormantAfter: null,
  newDeviceNotice: false,
  recovery: { codes: 8, tries: { count: 5, per: '24h' }, backup: true, mailTtl: '1h', wait: '72h', approvals: 0, sessionTtl: '30m' },
  replayWindow: '2m',
  autoSubmitDelay: 0,
  mailUsefulFor: '2m',
  keep: { challenges: '30d', sessions: '30d', events: '365d', limits: '1h' },
  addressInEvents: 'masked',
}

const presets: Record<PresetName, Whole> = {
  standard,
  strict: {
    ...standard,
    linkTtl: '10m',
    otherBrowser: 'code',
    codeLength: 8,
    session: { idle: '1h', absolute: '24h', most: 10 },
    recentProof: '5m',
    changeEmail: { confirm: 'both', undo: '72h', asks: { count: 5, per: '24h' } },
    recovery: { ...standard.recovery, mailTtl: '15m' },
  },
  corporate: {
    ...standard,
    linkTtl: '60m',
    codeTtl: '15m',
    session: { idle: '12h', absolute: '7d', most: 100 },
    starts: { ...standard.starts, network: { count: 300, per: '10m' }, networkWide: { count: 3_000, per: '10m' } },
  },
}

export type PolicyResult = { readonly ok: true; readonly policy: Policy } | { readonly ok: false; readonly problems: readonly string[] }

/** Preset name, or `{ preset?, …overrides }` as parsed JSON. Unknown keys are errors; nothing is guessed. */
export function readPolicy(input: unknown): PolicyResult {
  const given = typeof input === 'string' ? { preset: input } : (input ?? {})
  if (typeof given !== 'object' || Array.isArray(given))
    return { ok: false, problems: ['policy: is neither the name of a preset nor an object of settings'] }
  const { preset = 'standard', ...overrides } = given as Record<string, unknown>
  if (typeof preset !== 'string' || !Object.hasOwn(presets, preset)) {
    return { ok: false, problems: [`preset "${String(preset)}" does not exist: use strict, standard or corporate`] }
  }
  const base = presets[preset as PresetName]
  const merged: Record<string, unknown> = { ...base, ...overrides }
  for (const group of GROUPS) {
    const given = overrides[group]
    if (typeof given === 'object' && given !== null && !Array.isArray(given)) merged[group] = { ...base[group], ...given }
  }
  const parsed = policySchema.safeParse(merged)
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'policy'}: ${issue.message}`) }
  const problems = contradictions(parsed.data)
  return problems.length > 0 ? { ok: false, problems } : { ok: true, policy: parsed.data }
}

function contradictions(policy: Policy): string[] {
  const problems: string[] = []
  const hasCode = policy.methods.includes('code')
  if (!hasCode && policy.otherBrowser === 'code') problems.push('otherBrowser: "code" needs the method "code"')
  if (policy.session.idle > policy.session.absolute) problems.push('session.idle: is longer than session.absolute')
  if (policy.dormantAfter !== null && policy.dormantAfter <= policy.session.absolute)
    problems.push('dormantAfter: is no longer than session.absolute; who is signed in all the time would count as gone')
  if (policy.methods.includes('link') && hasCode && policy.codeTtl > policy.linkTtl)
    problems.push('codeTtl: is longer than linkTtl; the 256-bit link is the proof that may live longer')
  if (policy.mailUsefulFor >= Math.min(policy.linkTtl, policy.codeTtl)) problems.push('mailUsefulFor: is longer than a secret lives')
  return problems
}

/** The exact windows that bound mails to one mailbox; the first is derived from linkTtl so that the two cannot drift apart. */
export function mailWindows(policy: Policy): readonly { readonly count: number; readonly per: Ms }[] {
  return [{ count: policy.mailsPerLinkTtl, per: policy.linkTtl }, ...policy.mailsPerAddress]
}
