// Facts → decision for what people do to their own account.
import { describe, expect, test } from 'vitest'
import { type AccountFacts, decideAccount, decideUndo, type UndoFacts } from './account.ts'
import { type PolicyInput, readPolicy } from './policy.ts'
import { decideVerify, type VerifyFacts } from './verify.ts'

const now = Date.UTC(2026, 10, 21, 9)
const MINUTE = 60_000

function policyOf(overrides: PolicyInput = {}) {
  const read = readPolicy(overrides)
  if (!read.ok) throw new Error(read.problems.join('; '))
  return read.policy
}
const standard = policyOf()

const asking: AccountFacts = { now, wants: 'change_email', session: { provedAt: now - MINUTE }, same: false, tat: null, listed: false }

describe('what somebody asks of their own account', () => {
  test.each<[string, Partial<AccountFacts>, string]>([
    ['a change, with a recent proof', {}, 'go: change_asked'],
    ['a deletion', { wants: 'erase' }, 'go: person_erased'],
    ['by nobody', { session: null }, 'sign_in: session_unknown'],
    ['a millisecond before the proof is old', { session: { provedAt: now - standard.recentProof + 1 } }, 'go: change_asked'],
    ['when it is', { session: { provedAt: now - standard.recentProof } }, 'confirm: proof_old'],
    ['a deletion, when it is', { wants: 'erase', session: { provedAt: now - standard.recentProof } }, 'confirm: proof_old'],
    ['by an operator', { listed: true }, 'refuse: operator_protected'],
    ['a deletion, by an operator', { wants: 'erase', listed: true }, 'refuse: operator_protected'],
    ['to the same address', { same: true }, 'refuse: address_same'],
    ['too often', { tat: now + 24 * 60 * MINUTE }, 'refuse: too_many_changes'],
  ])('%s', (_, change, expected) => {
    const { verdict, reason } = decideAccount(standard, { ...asking, ...change })
    expect(`${verdict}: ${reason}`).toBe(expected)
  })

  test('five times a day, and only what is let through is counted', () => {
    let tat: number | null = null
    for (let nth = 0; nth < 5; nth++) tat = decideAccount(standard, { ...asking, tat }).tat
    const sixth = decideAccount(standard, { ...asking, tat })
    expect([sixth.reason, sixth.tat, (sixth.retryAfterMs ?? 0) > 0]).toEqual(['too_many_changes', null, true])
  })
})

const open = { undoUntil: now + MINUTE, undoneAt: null, current: false, taken: false }
const undo: UndoFacts = { now, change: open, linkMatches: true, user: { status: 'active' } }

test.each<[string, Partial<UndoFacts>, string]>([
  ['the old mailbox takes it back', {}, 'undo: change_undone'],
  ['before it happened', { change: { ...open, current: true } }, 'undo: change_undone'],
  ['also of somebody who is disabled', { user: { status: 'disabled' } }, 'undo: change_undone'],
  ['at the end of its time', { change: { ...open, undoUntil: now } }, 'refuse: undo_expired'],
  ['twice, also later', { change: { ...open, undoUntil: now, undoneAt: now - 1 } }, 'repeated: change_undone'],
  ['with another secret', { linkMatches: false }, 'refuse: link_malformed'],
  ['with another secret, after it was undone', { linkMatches: false, change: { ...open, undoneAt: now } }, 'refuse: link_malformed'],
  ['of no change', { change: null }, 'refuse: link_unknown'],
  ['of somebody who was erased', { user: null }, 'refuse: link_unknown'],
  ['when somebody else has the address', { change: { ...open, taken: true } }, 'refuse: address_in_use'],
])('undo: %s', (_, change, expected) => {
  const { verdict, reason } = decideUndo({ ...undo, ...change })
  expect(`${verdict}: ${reason}`).toBe(expected)
})

const mail = {
  ordinal: 0,
  createdAt: now - MINUTE,
  hasLink: true,
  hasCode: true,
  linkExpiresAt: now + MINUTE,
  codeExpiresAt: now + MINUTE,
  linkUsedAt: null,
  codeTries: 0,
  addressTries: 0,
}
const change = { open: true, taken: false, both: false, other: false }
const proving: VerifyFacts = {
  now,
  proof: 'code',
  bound: true,
  challenge: { createdAt: now - MINUTE, completedAt: null },
  mail,
  linkMatches: false,
  code: 'right',
  address: 'absent',
  failures: [],
  user: { status: 'active', confirmed: true },
  session: null,
  otherSession: false,
  purpose: 'step_up',
  holder: 'same',
}
const byLink = { proof: 'link', code: null, linkMatches: true } as const

describe('a proof for a session', () => {
  test.each<[string, Partial<VerifyFacts>, string]>([
    ['renews it', {}, 'renewed: proof_renewed'],
    ['by link', byLink, 'renewed: proof_renewed'],
    ['RV-07: not that of somebody else', { holder: 'other' }, 'refuse: session_of_other'],
    ['RV-07: nor by link', { ...byLink, holder: 'other' }, 'refuse: session_of_other'],
    ['nor that of nobody', { holder: 'nobody' }, 'refuse: session_unknown'],
    ['before anything is compared', { holder: 'nobody', code: 'unclaimed' }, 'refuse: session_unknown'],
    ['nor in another browser', { bound: false }, 'refuse: code_other_browser'],
    ['nor by link, whatever address is typed', { ...byLink, bound: false, address: 'right' }, 'refuse: link_other_browser'],
    ['nor again for somebody else', { session: { createdAt: now - 1, ended: false }, holder: 'other' }, 'refuse: session_of_other'],
    ['RV-03: a change, with the new mailbox', { purpose: 'change_email', change }, 'renewed: address_changed'],
    ['RV-03: with the new one of two', { purpose: 'change_email', change: { ...change, both: true } }, 'agreed: change_confirmed'],
    [
      'RV-03: with the second of two',
      { purpose: 'change_email', change: { ...change, both: true, other: true } },
      'renewed: address_changed',
    ],
    ['RV-03: with the old one alone', { purpose: 'leave_email', change }, 'agreed: change_confirmed'],
    ['RV-03: with the old one at last', { purpose: 'leave_email', change: { ...change, other: true } }, 'renewed: address_changed'],
    ['a change that ended', { purpose: 'change_email', change: { ...change, open: false } }, 'refuse: change_ended'],
    ['to what somebody has', { purpose: 'change_email', change: { ...change, taken: true } }, 'refuse: address_in_use'],
    ['a change of which nothing is known', { purpose: 'change_email' }, 'refuse: change_ended'],
  ])('%s', (_, given, expected) => {
    const { verdict, reason } = decideVerify(standard, { ...proving, ...given })
    expect(`${verdict}: ${reason}`).toBe(expected)
  })

  test('RV-03: a stricter policy counts for what is under way', () => {
    const both = policyOf({ changeEmail: { confirm: 'both', undo: '72h', asks: { count: 5, per: '24h' } } })
    expect(decideVerify(both, { ...proving, purpose: 'change_email', change }).reason).toBe('change_confirmed')
  })

  test('nobody new begins with an address that was left, until its time is over', () => {
    const { purpose: _, holder: __, ...signIn } = proving
    const left = { ...signIn, user: null, left: now + 1 }
    expect(decideVerify(standard, left).reason).toBe('sign_in_refused')
    expect(decideVerify(standard, { ...left, left: now }).reason).toBe('signed_in')
  })
})
