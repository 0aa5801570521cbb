// What is read from a printed sheet however it is typed, and facts → decision for a recovery code.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPolicy } from './policy.ts'
import {
  CROCKFORD,
  decideRecoveryCode,
  isRecoveryLive,
  printedCode,
  RECOVERY_CODE_LENGTH,
  type RecoveryCodeFacts,
  readRecoveryCode,
} from './recovery.ts'
import { startBuckets } from './start.ts'

const now = Date.UTC(2026, 10, 21, 9)
const MINUTE = 60_000

function policyOf(recovery: object = {}) {
  const read = readPolicy({ recovery })
  if (!read.ok) throw new Error(read.problems.join('; '))
  return read.policy
}
const standard = policyOf()

const drawn = fc
  .array(fc.constantFrom(...CROCKFORD), { minLength: RECOVERY_CODE_LENGTH, maxLength: RECOVERY_CODE_LENGTH })
  .map((characters) => characters.join(''))

describe('a typed code', () => {
  /** As people and their keyboards write one character of it. */
  const written: Readonly<Record<string, string>> = { '0': '0Oo０Ｏ', '1': '1IiLl１Ｉｌ' }
  const spelling = (character: string): fc.Arbitrary<string> =>
    fc.constantFrom(...(written[character] ?? character + character.toLowerCase() + character.normalize('NFKC')))
  const between = fc.constantFrom('', '-', ' ', '\u00a0', '\t', '–', '—', '\u2011', '\u2212', 'ー', '\u200b', '\u3000', '\ufeff')

  test('is the printed one in whatever case, width, grouping and likeness of letters it comes', () => {
    const typed = drawn.chain((code) =>
      fc
        .tuple(
          fc.tuple(...[...code].map(spelling)),
          fc.array(between, { minLength: RECOVERY_CODE_LENGTH, maxLength: RECOVERY_CODE_LENGTH }),
        )
        .map(([characters, gaps]) => ({ code, text: characters.map((character, at) => character + gaps[at]).join('') })),
    )
    fc.assert(fc.property(typed, ({ code, text }) => readRecoveryCode(text) === code))
  })

  test('is read back as it is printed', () => {
    fc.assert(fc.property(drawn, (code) => readRecoveryCode(printedCode(code)) === code))
  })

  test('is one that could have been printed, or none, whatever anybody types', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 220 }),
      fc.string({ unit: fc.constantFrom(...CROCKFORD, ...'uUOoIil- *'), maxLength: 16 }),
    )
    fc.assert(
      fc.property(anything, (text) => {
        const read = readRecoveryCode(text)
        expect(read === null || (read.length === RECOVERY_CODE_LENGTH && [...read].every((one) => CROCKFORD.includes(one)))).toBe(true)
        // What was read is read the same again.
        if (read !== null) expect(readRecoveryCode(read)).toBe(read)
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['a character too few', '7K2M-9QXC-4TB'],
    ['a character too many', '7K2M-9QXC-4TBDA'],
    ['U, which stands on no sheet', '7K2M-9QXC-4TBU'],
    ['another sign', '7K2M-9QXC-4TB*'],
    ['nothing', ''],
    ['a code far behind blanks', `${' '.repeat(200)}7K2M9QXC4TBD`],
    ['letters that only look like ours', '7К2М-9QXC-4TBD'],
  ])('%s: none', (_, text) => {
    expect(readRecoveryCode(text)).toBeNull()
  })
})

describe('a code that was presented', () => {
  const tats = Object.fromEntries(startBuckets.map((name) => [name, null])) as RecoveryCodeFacts['tats']
  const facts: RecoveryCodeFacts = {
    now,
    presents: 'recovery_code',
    tats,
    tat: null,
    knownBrowser: false,
    code: 'right',
    user: { status: 'active' },
    listed: false,
  }
  const said = (change: Partial<RecoveryCodeFacts>, policy = standard): string => {
    const { verdict, reason } = decideRecoveryCode(policy, { ...facts, ...change })
    return `${verdict}: ${reason}`
  }
  const used = (ago: number) => ({ code: 'used', openedAt: now - ago }) as const

  test.each<[string, Partial<RecoveryCodeFacts>, string]>([
    ['a right one', {}, 'opened: recovery_opened'],
    ['before anybody looked', { code: 'unclaimed' }, 'claim: recovery_code_wrong'],
    ['what is no code', { code: 'malformed' }, 'retry: recovery_code_malformed'],
    ['a wrong one', { code: 'wrong' }, 'retry: recovery_code_wrong'],
    ['of nobody', { code: 'wrong', user: null }, 'retry: recovery_code_wrong'],
    ['a right one, of nobody', { user: null }, 'retry: recovery_code_wrong'],
    ['of somebody who is disabled', { user: { status: 'disabled' } }, 'refuse: sign_in_refused'],
    ['of an operator', { listed: true }, 'refuse: operator_protected'],
    ['a used one', { code: 'used' }, 'retry: recovery_code_used'],
    ['a used one, by the browser that used it', used(0), 'replayed: replayed'],
    ['the same, at the last moment', used(2 * MINUTE - 1), 'replayed: replayed'],
    ['the same, a millisecond later', used(2 * MINUTE), 'retry: recovery_code_used'],
    ['the same, of somebody who is disabled by now', { ...used(0), user: { status: 'disabled' } }, 'refuse: sign_in_refused'],
    ['the same, of somebody who is an operator by now', { ...used(0), listed: true }, 'refuse: operator_protected'],
    ['a wrong one, where something is open', { code: 'wrong', openedAt: now }, 'retry: recovery_code_wrong'],
    ['a right one after too many wrong ones', { tat: now + 24 * 60 * MINUTE }, 'refuse: too_many_recovery_codes'],
    ['a used one after too many wrong ones', { ...used(0), tat: now + 24 * 60 * MINUTE }, 'refuse: too_many_recovery_codes'],
    [
      'out of a network that asked too much',
      { tats: { ...tats, network: now + standard.starts.network.per } },
      'refuse: too_many_requests',
    ],
    [
      'RL-11: by a stranger, when four fifths of what the tenant may ask are spent',
      { tats: { ...tats, tenant: now + 48_000 } },
      'refuse: too_many_requests',
    ],
    [
      'RL-11: then, by a browser that has signed in to the account before',
      { knownBrowser: true, tats: { ...tats, tenant: now + 48_000 } },
      'opened: recovery_opened',
    ],
    [
      'what is no code, out of such a network',
      { code: 'malformed', tats: { ...tats, network: now + standard.starts.network.per } },
      'retry: recovery_code_malformed',
    ],
  ])('%s', (_, change, expected) => {
    expect(said(change)).toBe(expected)
  })

  test('where there are none, none opens', () => {
    for (const code of ['malformed', 'unclaimed', 'right', 'wrong', 'used'] as const)
      expect(said({ code, openedAt: now }, policyOf({ codes: 0 }))).toBe('refuse: recovery_off')
  })

  test('a wrong one counts against the account, a right or repeated one does not; each of them counts as a request', () => {
    const spent = (change: Partial<RecoveryCodeFacts>): unknown[] => {
      const { tat, tats: spentBy } = decideRecoveryCode(standard, { ...facts, ...change })
      return [tat !== null, spentBy !== null]
    }
    expect(spent({})).toEqual([false, true])
    expect(spent(used(0))).toEqual([false, true])
    expect(spent({ code: 'wrong' })).toEqual([true, true])
    expect(spent({ code: 'used' })).toEqual([true, true])
    expect(spent({ code: 'malformed' })).toEqual([false, false])
    let tat: number | null = null
    let tries = 0
    for (; tries < 50; tries++) {
      const { verdict, tat: next }: { verdict: string; tat: number | null } = decideRecoveryCode(standard, { ...facts, code: 'wrong', tat })
      if (verdict === 'refuse') break
      tat = next
    }
    expect(tries).toBe(5)
  })
})

describe('a limited session', () => {
  const recovery = {
    id: 'r',
    user: 'u',
    way: 'code',
    startedBy: 'person',
    operator: null,
    email: 'ada@example.net',
    newEmail: null,
    newProvedAt: null,
    createdAt: now,
    readyAt: null,
    openedAt: now,
    openUntil: now + 30 * MINUTE,
    appliedAt: null,
    endedAt: null,
    endedWhy: null,
  } as const

  test.each([
    ['in its time', {}, 'ada@example.net', now, true],
    ['at its last moment', {}, 'ada@example.net', now + 30 * MINUTE - 1, true],
    ['a millisecond later', {}, 'ada@example.net', now + 30 * MINUTE, false],
    ['never opened', { openUntil: null }, 'ada@example.net', now, false],
    ['that has set an address', { appliedAt: now }, 'ada@example.net', now, false],
    ['that was ended', { endedAt: now }, 'ada@example.net', now, false],
    ['of an account that has another address by now', {}, 'new@example.net', now, false],
  ] as const)('%s', (_, change, email, at, live) => {
    expect(isRecoveryLive({ ...recovery, ...change }, email, at)).toBe(live)
  })
})
