import { describe, expect, test } from 'vitest'
import { type Policy, type PolicyInput, readPolicy } from './policy.ts'
import type { ReasonCode } from './reason.ts'
import { countsEverywhere, decideStart, type ResendFacts, type StartDecision, type StartFacts } from './start.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const now = Date.UTC(2026, 10, 21, 9)

function policy(overrides: PolicyInput & { preset?: string } = {}): Policy {
  const result = readPolicy(overrides)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}

const standard = policy()
const fresh = { network: null, networkWide: null, browser: null, tenant: null }
const ask: StartFacts = {
  now,
  purpose: 'sign_in',
  address: 'a•••@example.net',
  tats: fresh,
  knownBrowser: false,
  mails: [],
  failures: [],
  bounces: [],
  user: { status: 'active' },
  resend: null,
}
const again: ResendFacts = { createdAt: now - 2 * MINUTE, completedAt: null, mailsAt: [now - 2 * MINUTE] }
const ten = Array<number>(10).fill(now - 30 * MINUTE)

type Row = [title: string, facts: StartFacts, verdict: StartDecision['verdict'], reason: ReasonCode, rules?: Policy, more?: object]

const rows: Row[] = [
  ['a known address', ask, 'send', 'mail_queued'],
  ['an unknown one, where sign-up is open', { ...ask, user: null }, 'send', 'mail_queued'],
  ['an unknown one, by invitation only', { ...ask, user: null }, 'pretend', 'address_unknown', policy({ signUp: 'invited' })],
  ['an unknown one, sign-up closed', { ...ask, user: null }, 'pretend', 'sign_up_closed', policy({ signUp: 'closed' })],
  ['a disabled user', { ...ask, user: { status: 'disabled' } }, 'pretend', 'user_disabled'],
  [
    'an address that refused three mails this week',
    { ...ask, bounces: [now - DAY, now - DAY, now - MINUTE] },
    'pretend',
    'address_suppressed',
  ],
  ['the third mail within a link life', { ...ask, mails: [now - MINUTE, now - 2 * MINUTE] }, 'send', 'mail_queued'],
  ['the fourth (RL-08)', { ...ask, mails: [now - 3 * MINUTE, now - 2 * MINUTE, now - MINUTE] }, 'pretend', 'too_many_mails'],
  ['the eleventh within a day', { ...ask, mails: ten.map((at, index) => at - index * 20 * MINUTE) }, 'pretend', 'too_many_mails'],
  ['RL-09: with none of its own, the mailbox full of mails of all tenants', { ...ask, everywhere: 'full' }, 'pretend', 'mailbox_full'],
  [
    'RL-09: that is told to nobody, not even to a browser that asks for the second time',
    { ...ask, everywhere: 'full', mails: again.mailsAt, resend: again },
    'pretend',
    'mailbox_full',
  ],
  [
    'its own fullness comes first, and is told as ever',
    { ...ask, everywhere: 'full', mails: ten.map((at, index) => at - index * 20 * MINUTE) },
    'pretend',
    'too_many_mails',
  ],
  [
    'a full mailbox, and an invitation',
    { ...ask, purpose: 'invite', invitation: { by: 'library', confirmed: false }, everywhere: 'full' },
    'refuse',
    'too_many_mails',
  ],
  [
    'a spent code budget: the link still goes out',
    { ...ask, failures: ten },
    'send',
    'budget_spent',
    standard,
    { mail: { link: true, code: false } },
  ],
  [
    'a spent budget under a code-only policy: there is nothing to send',
    { ...ask, failures: ten },
    'pretend',
    'budget_spent',
    policy({ methods: ['code'] }),
  ],
  [
    'a link-only policy has no code and no budget',
    { ...ask, failures: ten },
    'send',
    'mail_queued',
    policy({ methods: ['link'] }),
    { mail: { link: true, code: false } },
  ],
  [
    'RL-22: a full breaker: links only',
    { ...ask, breaker: now + DAY },
    'send',
    'breaker_open',
    standard,
    { mail: { link: true, code: false } },
  ],
  ['one that is nearly full', { ...ask, breaker: now + DAY - 1 }, 'send', 'mail_queued', standard, { mail: { link: true, code: true } }],
  [
    'a full one, and codes alone: a code, or nobody gets in',
    { ...ask, breaker: now + DAY },
    'send',
    'mail_queued',
    policy({ methods: ['code'] }),
  ],
  ['a full one that the policy has not', { ...ask, breaker: now + DAY }, 'send', 'mail_queued', policy({ breaker: null })],
  ['one of its own size', { ...ask, breaker: now + MINUTE }, 'send', 'breaker_open', policy({ breaker: { count: 3, per: '1m' } })],
  ['a spent budget says more than a full breaker', { ...ask, failures: ten, breaker: now + DAY }, 'send', 'budget_spent'],
  ['a full network', { ...ask, tats: { ...fresh, network: now + 10 * MINUTE } }, 'refuse', 'too_many_requests', standard, { tats: null }],
  ['a full tenant', { ...ask, tats: { ...fresh, tenant: now + MINUTE } }, 'refuse', 'too_many_requests'],
  ['RL-11: four fifths of the tenant, for a stranger', { ...ask, tats: { ...fresh, tenant: now + 48_000 } }, 'refuse', 'too_many_requests'],
  ['RL-11: and just before', { ...ask, tats: { ...fresh, tenant: now + 47_990 } }, 'send', 'mail_queued'],
  [
    'RL-11: the last fifth, for a browser that has signed in to the address before',
    { ...ask, knownBrowser: true, tats: { ...fresh, tenant: now + 59_990 } },
    'send',
    'mail_queued',
  ],
  [
    'RL-11: and not more than that',
    { ...ask, knownBrowser: true, tats: { ...fresh, tenant: now + MINUTE } },
    'refuse',
    'too_many_requests',
  ],
  ['a resend after the cooldown', { ...ask, resend: again }, 'send', 'mail_queued'],
  [
    'a resend within it',
    { ...ask, resend: { ...again, mailsAt: [now - 59_999] } },
    'refuse',
    'too_many_mails',
    standard,
    { retryAfterMs: 1 },
  ],
  ['a resend of an unknown challenge', { ...ask, resend: 'unknown' }, 'refuse', 'challenge_unknown'],
  ['a resend after signing in', { ...ask, resend: { ...again, completedAt: now - 1 } }, 'refuse', 'challenge_completed'],
  ['a resend a day later', { ...ask, resend: { ...again, createdAt: now - DAY } }, 'refuse', 'challenge_unknown'],
  [
    'a window that this browser filled itself is told',
    {
      ...ask,
      mails: [now - 6 * MINUTE, now - 4 * MINUTE, now - 2 * MINUTE],
      resend: { ...again, createdAt: now - 6 * MINUTE, mailsAt: [now - 6 * MINUTE, now - 4 * MINUTE, now - 2 * MINUTE] },
    },
    'refuse',
    'too_many_mails',
    standard,
    { retryAfterMs: 9 * MINUTE },
  ],
  [
    'one that somebody else filled is not',
    { ...ask, mails: [now - 6 * MINUTE, now - 4 * MINUTE, now - 2 * MINUTE], resend: again },
    'pretend',
    'too_many_mails',
  ],
]

describe('decideStart', () => {
  test.each(rows)('%s', (_, facts, verdict, reason, rules = standard, more = {}) => {
    const decision = decideStart(rules, facts)
    expect(decision).toMatchObject({ verdict, reason, ...more })
  })

  test('I7: what is sent and what is pretended differ in verdict and reason alone', () => {
    const rules = policy({ signUp: 'invited' })
    const { verdict: _a, reason: _b, ...known } = decideStart(rules, ask)
    for (const facts of [
      { ...ask, user: null },
      { ...ask, user: { status: 'disabled' as const } },
      { ...ask, bounces: [now, now, now] },
      { ...ask, mails: [now, now, now] },
    ]) {
      const { verdict, reason: _, ...other } = decideStart(rules, facts)
      expect(verdict).toBe('pretend')
      expect(other).toEqual(known)
    }
  })

  test('a refused request charges no bucket', () => {
    expect(decideStart(standard, { ...ask, tats: { ...fresh, browser: now + 10 * MINUTE } }).tats).toBeNull()
  })

  test('all lives come from the policy', () => {
    const rules = policy({ linkTtl: '30m', codeTtl: '7m' })
    expect(decideStart(rules, ask).mail).toMatchObject({ linkExpiresAt: now + 30 * MINUTE, codeExpiresAt: now + 7 * MINUTE })
  })
})

test('RL-09: what anybody can have sent to anybody counts for all tenants; not what goes to who is signed in, nor what tells of something', () => {
  const counts = ['sign_in', 'change_email', 'recover', 'recover_backup', 'confirm_backup', 'begin_recovery', 'invite'] as const
  expect(counts.map(countsEverywhere)).toEqual(counts.map(() => true))
  expect((['step_up', 'leave_email', 'undo_email', 'cancel_recovery'] as const).map(countsEverywhere)).toEqual([false, false, false, false])
})
