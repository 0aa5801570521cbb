// Every consequence gained and lost, each from a decision as it was recorded.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DeliveryFacts, decideDelivery } from './delivery.ts'
import type { Mail } from './model.ts'
import { type Policy, type PolicyInput, readPolicy } from './policy.ts'
import { decideStart, type StartFacts } from './start.ts'
import { type Consequence, type Tried, tryEvent, tryView } from './try.ts'
import { decideVerify, type VerifyFacts } from './verify.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const now = Date.UTC(2026, 10, 21, 9)

type Rules = PolicyInput & { preset?: string }

function policy(overrides: Rules = {}): Policy {
  const result = readPolicy(overrides)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}

/** As it was queued so many minutes ago under these rules. */
function mailOf(minutes: number, rules: Policy, more: Partial<Mail> = {}): Mail {
  const createdAt = now - minutes * MINUTE
  return {
    ordinal: 0,
    createdAt,
    hasLink: true,
    hasCode: true,
    linkExpiresAt: createdAt + rules.linkTtl,
    codeExpiresAt: createdAt + rules.codeTtl,
    linkUsedAt: null,
    codeTries: 0,
    addressTries: 0,
    ...more,
  }
}

const link = (mail: Mail, more: Partial<VerifyFacts> = {}): VerifyFacts => ({
  now,
  proof: 'link',
  bound: true,
  challenge: { createdAt: mail.createdAt, completedAt: null },
  mail,
  linkMatches: true,
  code: null,
  address: 'absent',
  failures: [],
  user: { status: 'active', confirmed: true },
  session: null,
  otherSession: false,
  ...more,
})
const code = (mail: Mail, more: Partial<VerifyFacts> = {}): VerifyFacts =>
  link(mail, { proof: 'code', linkMatches: false, code: 'right', ...more })

const ask: StartFacts = {
  now,
  purpose: 'sign_in',
  address: 'a•••@example.net',
  tats: { network: null, networkWide: null, browser: null, tenant: null },
  knownBrowser: false,
  mails: [],
  failures: [],
  bounces: [],
  user: { status: 'active' },
  resend: null,
}
const five = Array<number>(5).fill(now - 30 * MINUTE)

const recorded = <F extends object>(kind: string, decide: (policy: Policy, facts: F) => object, then: Policy, facts: F) => ({
  kind,
  facts,
  decision: JSON.parse(JSON.stringify(decide(then, facts))) as object,
})

type Row = readonly [
  title: string,
  then: Rules,
  facts: (then: Policy) => VerifyFacts,
  rules: Rules,
  more: Consequence[],
  less: Consequence[],
]

const proofs: readonly Row[] = [
  ['a late link under a longer life', {}, (then) => link(mailOf(20, then)), { linkTtl: '30m' }, ['signIns'], ['expired']],
  ['a link that is late even so', {}, (then) => link(mailOf(30, then)), { linkTtl: '30m' }, [], []],
  [
    'one millisecond before the longer life ends',
    {},
    (then) => link(mailOf(30 - 1 / MINUTE, then)),
    { linkTtl: '30m' },
    ['signIns'],
    ['expired'],
  ],
  ['a good link under a shorter life', {}, (then) => link(mailOf(6, then)), { linkTtl: '5m', codeTtl: '5m' }, ['expired'], ['signIns']],
  ['a late link in another browser', {}, (then) => link(mailOf(20, then), { bound: false }), { linkTtl: '30m' }, [], ['expired']],
  [
    'the same with an address that nobody compared',
    {},
    (then) => link(mailOf(20, then), { bound: false, address: 'unclaimed' }),
    { linkTtl: '30m' },
    ['notCompared'],
    ['expired'],
  ],
  [
    'another browser, where it had the way to sign in',
    {},
    (then) => link(mailOf(1, then), { bound: false, address: 'right' }),
    { otherBrowser: 'code' },
    ['otherBrowser'],
    ['signIns'],
  ],
  ['another browser, where it had none', { preset: 'strict' }, (then) => link(mailOf(1, then), { bound: false }), {}, [], ['otherBrowser']],
  ['a link where none are taken any more', {}, (then) => link(mailOf(1, then)), { methods: ['code'] }, [], ['signIns']],
  [
    'a late code under a longer life: nobody looked at it',
    {},
    (then) => code(mailOf(12, then), { code: 'unclaimed' }),
    { codeTtl: '15m' },
    ['notCompared'],
    ['expired'],
  ],
  ['a good code under a shorter life', {}, (then) => code(mailOf(6, then)), { codeTtl: '5m' }, ['expired'], ['signIns']],
  [
    'the fourth try, right, where three are given',
    {},
    (then) => code(mailOf(1, then, { codeTries: 3 })),
    { codeTries: 3 },
    ['codesLocked'],
    ['signIns'],
  ],
  ['the third try, right, where three are given', {}, (then) => code(mailOf(1, then, { codeTries: 2 })), { codeTries: 3 }, [], []],
  [
    'the third try, wrong, where three are given',
    {},
    (then) => code(mailOf(1, then, { codeTries: 2 }), { code: 'wrong' }),
    { codeTries: 3 },
    ['codesLocked'],
    [],
  ],
  [
    'a locked code where more tries are given: nobody looked at it',
    { codeTries: 3 },
    (then) => code(mailOf(1, then, { codeTries: 3 }), { code: 'unclaimed' }),
    {},
    ['notCompared'],
    ['codesLocked'],
  ],
  [
    'a right code after five wrong ones of late, where five are the budget',
    {},
    (then) => code(mailOf(1, then), { failures: five }),
    { codeFailures: [{ count: 5, per: '24h' }] },
    [],
    ['signIns'],
  ],
  [
    'a fifth address, right, where four are given',
    {},
    (then) => link(mailOf(1, then, { addressTries: 4 }), { bound: false, address: 'right' }),
    { addressTries: 4 },
    ['otherBrowser'],
    ['signIns'],
  ],
  [
    'a second submit, past the shorter window',
    {},
    (then) => link(mailOf(3, then, { linkUsedAt: now - MINUTE }), { session: { createdAt: now - MINUTE, ended: false } }),
    { replayWindow: '30s' },
    [],
    ['repeats'],
  ],
  [
    'a second submit of a code, tries all taken: recognised without one',
    {},
    (then) =>
      code(mailOf(3, then, { codeTries: 3 }), {
        challenge: { createdAt: now - 3 * MINUTE, completedAt: now - MINUTE },
        session: { createdAt: now - MINUTE, ended: false },
      }),
    { codeTries: 3 },
    [],
    [],
  ],
  ['a first sign-in where sign-up is closed', {}, (then) => link(mailOf(1, then), { user: null }), { signUp: 'closed' }, [], ['signIns']],
]

describe('a proof tried under other rules', () => {
  test.each(proofs)('%s', (_, before, facts, rules, more, less) => {
    const then = policy(before)
    const tried = tryEvent(policy(rules), recorded('verify', decideVerify, then, facts(then)))
    expect(tried).toMatchObject({ verdict: more.length + less.length > 0 ? 'different' : expect.any(String), more, less })
  })
})

const starts: readonly (readonly [string, Partial<StartFacts>, Rules, Rules, Consequence[], Consequence[]])[] = [
  ['an unknown address, by invitation only', { user: null }, {}, { signUp: 'invited' }, [], ['mails']],
  ['an unknown address, let in', { user: null }, { signUp: 'invited' }, {}, ['mails'], []],
  ['the third mail where two are given', { mails: [now - MINUTE, now - 2 * MINUTE] }, {}, { mailsPerLinkTtl: 2 }, [], ['mails']],
  [
    'the fourth mail where the window is shorter',
    { mails: [11, 12, 13].map((ago) => now - ago * MINUTE) },
    {},
    { linkTtl: '10m' },
    ['mails'],
    [],
  ],
  [
    'after five wrong codes, where five are the budget',
    { failures: five },
    {},
    { codeFailures: [{ count: 5, per: '24h' }] },
    ['mailsWithoutCode'],
    [],
  ],
  [
    'a resend too soon',
    { resend: { createdAt: now - 45_000, completedAt: null, mailsAt: [now - 45_000] } },
    { resendAfter: '30s' },
    {},
    ['startsRefused'],
    ['mails'],
  ],
]

describe('a start tried under other rules', () => {
  test.each(starts)('%s', (_, facts, before, rules, more, less) => {
    const event = recorded('start', decideStart, policy(before), { ...ask, ...facts })
    expect(tryEvent(policy(rules), event)).toMatchObject({ verdict: 'different', more, less })
  })

  test('other lives alone are a detail, and the mail as it would have been made comes with it', () => {
    const tried = tryEvent(policy({ linkTtl: '30m' }), recorded('start', decideStart, policy(), ask))
    expect(tried).toMatchObject({ verdict: 'detail', more: [], less: [], mail: { linkExpiresAt: now + 30 * MINUTE } })
  })

  test('what was refused before anything was looked up stays aside', () => {
    expect(tryEvent(policy(), { kind: 'start', facts: { why: 'at' }, decision: { reason: 'address_invalid' } }).verdict).toBe(
      'not_replayable',
    )
  })
})

describe('a delivery tried under other rules', () => {
  const standard = policy()
  const facts: DeliveryFacts = { now: now + 14 * MINUTE, tries: 7, expiresAt: now + 15 * MINUTE, decoy: false, reply: null }
  const given = recorded('deliver', decideDelivery, standard, facts)
  const made = (rules: Policy) => decideStart(rules, ask).mail

  test('a mail that was given up has life enough under a longer one', () => {
    const hour = policy({ linkTtl: '60m' })
    expect(tryEvent(hour, given, made(hour))).toMatchObject({ verdict: 'different', more: [], less: ['mailsGivenUp'] })
    expect(tryEvent(hour, given, made(standard))).toMatchObject({ verdict: 'same' })
  })

  test('its start unknown, it keeps the life it had', () => {
    expect(tryEvent(policy({ linkTtl: '60m' }), given, undefined)).toMatchObject({ verdict: 'same' })
  })

  test('a mail that would not be there has no fate', () => {
    expect(tryEvent(standard, given, null)).toEqual({ verdict: 'moot', more: [], less: [] })
  })
})

test.each([
  ['expired', 20, { linkTtl: '30m' }, 'less'],
  ['expired', 30, { linkTtl: '30m' }, null],
  ['live', 6, { linkTtl: '5m', codeTtl: '5m' }, 'more'],
  ['live', 5, { linkTtl: '5m', codeTtl: '5m' }, 'more'],
  ['live', 4, { linkTtl: '5m', codeTtl: '5m' }, null],
  ['used', 20, { linkTtl: '5m', codeTtl: '5m' }, null],
  ['off', 20, { linkTtl: '30m' }, null],
  ['expired', 20, { methods: ['code'] }, null],
] as const)('a view of a link that was %s after %i minutes, under %j: %s', (state, minutes, rules, expected) => {
  const seen = { method: 'GET', state, bound: true, cookie: true, prefetch: false, navigation: true, ageMs: minutes * MINUTE } as const
  expect(tryView(policy(rules as Rules), seen)).toBe(expected)
})

test('facts that this version cannot read are told', () => {
  for (const kind of ['start', 'verify'])
    expect(tryEvent(policy(), { kind, facts: { mail: {} }, decision: { verdict: 'send', reason: 'no_such_reason' } }).verdict, kind).toBe(
      'unreadable',
    )
})

test('the rules of the time change nothing, whatever happened', () => {
  const match = fc.constantFrom('unclaimed', 'right', 'older', 'wrong' as const)
  const facts = fc.record({
    proof: fc.constantFrom('link', 'code' as const),
    bound: fc.boolean(),
    minutes: fc.integer({ min: 0, max: 90 }),
    linkMatches: fc.boolean(),
    code: match,
    address: fc.oneof(match, fc.constant('absent' as const)),
    codeTries: fc.integer({ min: 0, max: 5 }),
    addressTries: fc.integer({ min: 0, max: 5 }),
    failures: fc.array(fc.integer({ min: now - 2 * DAY, max: now }), { maxLength: 12 }),
    completed: fc.boolean(),
    session: fc.boolean(),
  })
  const seen = new Set<string>()
  fc.assert(
    fc.property(facts, fc.constantFrom('strict', 'standard', 'corporate'), (drawn, preset) => {
      const then = policy({ preset })
      const { minutes, codeTries, addressTries, completed, session, ...rest } = drawn
      // As the store writes it down: what was compared had a try left to take.
      if (rest.code !== 'unclaimed' && codeTries >= then.codeTries) return
      if (rest.address !== 'unclaimed' && rest.address !== 'absent' && addressTries >= then.addressTries) return
      const mail = mailOf(minutes, then, { codeTries, addressTries })
      const event = recorded('verify', decideVerify, then, {
        ...link(mail, rest as Partial<VerifyFacts>),
        ...(completed ? { challenge: { createdAt: mail.createdAt, completedAt: now - 1 } } : {}),
        ...(session ? { session: { createdAt: now - 1, ended: false } } : {}),
      })
      const tried: Tried = tryEvent(then, event)
      // A recorded decision is never a claim: the store takes the try and asks again.
      if ((event.decision as { verdict: string }).verdict !== 'claim') expect(tried).toEqual({ verdict: 'same', more: [], less: [] })
      seen.add((event.decision as { reason: string }).reason)
    }),
    { numRuns: 2_000 },
  )
  expect(seen.size).toBeGreaterThan(8)
})
