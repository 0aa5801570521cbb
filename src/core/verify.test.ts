import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Mail } from './model.ts'
import { type Policy, type PolicyInput, readPolicy } from './policy.ts'
import type { ReasonCode } from './reason.ts'
import { decideVerify, type Match, type VerifyDecision, type VerifyFacts } from './verify.ts'

const MINUTE = 60_000
const now = Date.UTC(2026, 10, 21, 9)

function policy(overrides: PolicyInput & { preset?: string } = {}): Policy {
  const result = readPolicy(overrides)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}

const standard = policy()

const mail: Mail = {
  ordinal: 0,
  createdAt: now - MINUTE,
  hasLink: true,
  hasCode: true,
  linkExpiresAt: now - MINUTE + standard.linkTtl,
  codeExpiresAt: now - MINUTE + standard.codeTtl,
  linkUsedAt: null,
  codeTries: 0,
  addressTries: 0,
}

const link: VerifyFacts = {
  now,
  proof: 'link',
  bound: true,
  challenge: { createdAt: now - MINUTE, completedAt: null },
  mail,
  linkMatches: true,
  code: null,
  address: 'absent',
  failures: [],
  user: { status: 'active', confirmed: true },
  session: null,
  otherSession: false,
}
const code: VerifyFacts = { ...link, proof: 'code', linkMatches: false, code: 'right' }
const elsewhere: VerifyFacts = { ...link, bound: false }
const completed = { createdAt: now - MINUTE, completedAt: now - 30_000 }
const live = { createdAt: now - 30_000, ended: false }

const DAY = 24 * 60 * MINUTE
const dormant = policy({ dormantAfter: '90d' })
const last = (inUseAt: number) => ({ status: 'active', confirmed: true, inUseAt }) as const

type Row = [title: string, facts: VerifyFacts, expected: ReasonCode, more?: Partial<VerifyDecision>, rules?: Policy]

const rows: Row[] = [
  ['a live link in the browser that asked signs in', link, 'signed_in', { verdict: 'signed_in' }],
  ['an unknown link', { ...link, challenge: null, mail: null }, 'link_unknown'],
  ['a link whose secret was cut', { ...link, linkMatches: false }, 'link_malformed'],
  ['a link one millisecond before its end', { ...link, now: mail.linkExpiresAt - 1 }, 'signed_in'],
  ['a link at its end (TK-04)', { ...link, now: mail.linkExpiresAt }, 'link_expired', { at: mail.linkExpiresAt }],
  [
    'a stricter policy ends a link that is already out (TK-22)',
    { ...link, now: now + 9 * MINUTE },
    'link_expired',
    {},
    policy({ preset: 'strict' }),
  ],
  ['a laxer policy does not revive one', { ...link, now: mail.linkExpiresAt }, 'link_expired', {}, policy({ preset: 'corporate' })],
  ['a policy without links refuses one that is out', link, 'link_off', {}, policy({ methods: ['code'] })],
  ['a used link', { ...link, mail: { ...mail, linkUsedAt: now - 1 } }, 'link_used', { at: now - 1 }],
  ['a link whose challenge a code completed (TK-07)', { ...link, challenge: completed }, 'link_used'],
  [
    'a used link in the browser it signed in',
    { ...link, mail: { ...mail, linkUsedAt: now - 30_000 }, challenge: completed, session: live },
    'replayed',
  ],
  [
    'the same after the replay window',
    {
      ...link,
      now: live.createdAt + standard.replayWindow,
      mail: { ...mail, linkUsedAt: now - 30_000 },
      challenge: completed,
      session: live,
    },
    'link_used',
  ],
  [
    'the same after sign-out (TK-02)',
    { ...link, mail: { ...mail, linkUsedAt: now - 30_000 }, challenge: completed, session: { ...live, ended: true } },
    'link_used',
  ],
  ['another link of the challenge, where this browser has its session already', { ...elsewhere, session: live }, 'replayed'],
  ['another browser must type the address', elsewhere, 'address_needed', { verdict: 'retry' }],
  [
    'a typed address is not looked at before a try is claimed',
    { ...elsewhere, address: 'unclaimed' },
    'address_mismatch',
    { verdict: 'claim', claim: 'address' },
  ],
  ['the right address signs in there, and spends only this link', { ...elsewhere, address: 'right' }, 'signed_in'],
  ['a wrong address', { ...elsewhere, address: 'wrong' }, 'address_mismatch', { verdict: 'retry', triesLeft: 4 }],
  ['the last wrong address', { ...elsewhere, address: 'wrong', mail: { ...mail, addressTries: 4 } }, 'link_other_browser'],
  ['no address tries left', { ...elsewhere, address: 'unclaimed', mail: { ...mail, addressTries: 5 } }, 'link_other_browser'],
  ['no address tries left, nothing typed yet', { ...elsewhere, mail: { ...mail, addressTries: 5 } }, 'link_other_browser'],
  ['the last try lost to a race', { ...elsewhere, address: 'exhausted', mail: { ...mail, addressTries: 4 } }, 'link_other_browser'],
  [
    'strict: another browser only learns where to type the code',
    { ...elsewhere, address: 'right' },
    'link_other_browser',
    {},
    policy({ preset: 'strict' }),
  ],
  [
    'refuse: nor does a policy that refuses',
    { ...elsewhere, address: 'right' },
    'link_other_browser',
    {},
    policy({ otherBrowser: 'refuse' }),
  ],
  ['a disabled user (TK-20)', { ...link, user: { status: 'disabled', confirmed: true } }, 'sign_in_refused'],
  ['RV-10: an account that was used a moment less than so long ago', { ...link, user: last(now - 90 * DAY + 1) }, 'signed_in', {}, dormant],
  [
    'RV-10: one that was not',
    { ...link, user: last(now - 90 * DAY) },
    'account_dormant',
    { at: now - 90 * DAY, verdict: 'refuse' },
    dormant,
  ],
  ['RV-10: the same with a way back in as well', { ...link, user: last(now - 90 * DAY), regained: true }, 'signed_in', {}, dormant],
  ['RV-10: the same by code', { ...code, user: last(now - 90 * DAY) }, 'account_dormant', {}, dormant],
  ['RV-10: one that nobody has signed in to yet', { ...link, user: { status: 'active', confirmed: false } }, 'signed_in', {}, dormant],
  ['RV-10: where no policy says so', { ...link, user: last(0) }, 'signed_in'],
  ['a new person where sign-up is open', { ...link, user: null }, 'signed_in'],
  ['a new person where it is not', { ...link, user: null }, 'sign_in_refused', {}, policy({ signUp: 'invited' })],

  ['the right code signs in', code, 'signed_in', { verdict: 'signed_in' }],
  ['a code is not looked at before a try is claimed', { ...code, code: 'unclaimed' }, 'code_wrong', { verdict: 'claim', claim: 'code' }],
  ['a wrong code', { ...code, code: 'wrong' }, 'code_wrong', { verdict: 'retry', triesLeft: 4 }],
  ['the fifth wrong code', { ...code, code: 'wrong', mail: { ...mail, codeTries: 4 } }, 'code_locked'],
  ['the right code after five wrong ones (TK-13)', { ...code, code: 'unclaimed', mail: { ...mail, codeTries: 5 } }, 'code_locked'],
  ['the fifth try lost to a race', { ...code, code: 'exhausted', mail: { ...mail, codeTries: 4 } }, 'code_locked'],
  ['the code of an earlier mail (TK-05)', { ...code, code: 'older' }, 'code_superseded', { verdict: 'retry' }],
  ['something that is no code', { ...code, code: 'malformed' }, 'code_malformed', { verdict: 'retry', triesLeft: null }],
  ['a code at its end (TK-04)', { ...code, now: mail.codeExpiresAt }, 'code_expired', { at: mail.codeExpiresAt }],
  ['a code one millisecond before it', { ...code, now: mail.codeExpiresAt - 1 }, 'signed_in'],
  [
    'a code in another browser is not looked at (RL-14)',
    { ...code, code: 'unclaimed', bound: false },
    'code_other_browser',
    { claim: null },
  ],
  ['a code for a challenge nobody asked for', { ...code, code: 'unclaimed', challenge: null, mail: null }, 'code_other_browser'],
  ['a code with the budget of the day spent', { ...code, code: 'unclaimed', failures: Array<number>(10).fill(now - MINUTE) }, 'code_off'],
  ['a policy without codes refuses one that is out (TK-22)', { ...code, code: 'unclaimed' }, 'code_off', {}, policy({ methods: ['link'] })],
  ['a mail that carried no code', { ...code, code: 'unclaimed', mail: null }, 'code_off'],
  ['a used code in the browser it signed in', { ...code, challenge: completed, session: live }, 'replayed'],
  ['a wrong code there', { ...code, code: 'wrong', challenge: completed, session: live }, 'code_used'],
  ['a used code after sign-out', { ...code, challenge: completed, session: { ...live, ended: true } }, 'code_used'],
  ['a code whose challenge a link completed, no session of ours', { ...code, code: 'unclaimed', challenge: completed }, 'code_used'],
  ['a disabled user with the right code', { ...code, user: { status: 'disabled', confirmed: true } }, 'sign_in_refused'],
]

describe('decideVerify', () => {
  test.each(rows)('%s', (_, facts, reason, more = {}, rules = standard) => {
    const decision = decideVerify(rules, facts)
    expect(decision.reason).toBe(reason)
    expect(decision).toMatchObject(more)
  })

  test.each<[string, Partial<VerifyFacts>, Partial<NonNullable<VerifyDecision['consequences']>>]>([
    ['the browser that asked retires the whole challenge', {}, { complete: true, createUser: false, confirm: false }],
    ['another browser spends only its link: the code stays good', { bound: false, address: 'right' }, { complete: false }],
    [
      'a first proof confirms, whoever made the account',
      { user: { status: 'active', confirmed: false } },
      { confirm: true, createUser: false },
    ],
    ['a new person is created confirmed', { user: null }, { confirm: true, createUser: true }],
    ["somebody else's session in this browser ends", { otherSession: true }, { endOtherSession: true }],
  ])('%s', (_, change, consequences) => {
    expect(decideVerify(standard, { ...link, ...change }).consequences).toMatchObject(consequences)
  })

  const matches: Match[] = ['unclaimed', 'exhausted', 'right', 'older', 'wrong']
  const anyFacts = fc.record({
    now: fc.integer({ min: now - 60 * MINUTE, max: now + 60 * MINUTE }),
    proof: fc.constantFrom('link' as const, 'code' as const),
    bound: fc.boolean(),
    challenge: fc.option(fc.record({ createdAt: fc.constant(now - MINUTE), completedAt: fc.option(fc.constant(now - 1)) })),
    mail: fc.option(
      fc.record({
        ordinal: fc.nat(3),
        createdAt: fc.constant(now - MINUTE),
        hasLink: fc.boolean(),
        hasCode: fc.boolean(),
        linkExpiresAt: fc.integer({ min: now - MINUTE, max: now + 60 * MINUTE }),
        codeExpiresAt: fc.integer({ min: now - MINUTE, max: now + 60 * MINUTE }),
        linkUsedAt: fc.option(fc.constant(now - 1)),
        codeTries: fc.nat(6),
        addressTries: fc.nat(6),
      }),
    ),
    linkMatches: fc.boolean(),
    code: fc.option(fc.constantFrom(...matches, 'malformed' as const)),
    address: fc.constantFrom(...matches, 'absent' as const),
    failures: fc.array(fc.integer({ min: now - 20 * MINUTE, max: now }), { maxLength: 12 }),
    user: fc.option(fc.record({ status: fc.constantFrom('active' as const, 'disabled' as const), confirmed: fc.boolean() })),
    session: fc.option(fc.record({ createdAt: fc.integer({ min: now - 10 * MINUTE, max: now }), ended: fc.boolean() })),
    otherSession: fc.boolean(),
  })

  test('I3: whatever the facts, nobody gets in without a right, live, unspent proof', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const decision = decideVerify(standard, facts)
        if (decision.verdict !== 'signed_in') return decision.consequences === null
        const { mail: found } = facts
        return (
          found !== null &&
          facts.challenge?.completedAt === null &&
          facts.session === null &&
          facts.user?.status !== 'disabled' &&
          (facts.proof === 'link'
            ? facts.linkMatches &&
              found.linkUsedAt === null &&
              facts.now < found.linkExpiresAt &&
              (facts.bound || facts.address === 'right')
            : facts.bound && facts.code === 'right' && facts.now < found.codeExpiresAt && facts.failures.length < 10)
        )
      }),
      { numRuns: 3_000 },
    )
  })

  test('I4: a replay gives nothing that this browser did not have', () => {
    fc.assert(
      fc.property(
        anyFacts,
        (facts) => decideVerify(standard, facts).verdict !== 'replayed' || (facts.session !== null && !facts.session.ended),
      ),
      { numRuns: 3_000 },
    )
  })
})
