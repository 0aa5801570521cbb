import { describe, expect, test } from 'vitest'
import { decideDelivery } from './delivery.ts'
import { type Policy, readPolicy } from './policy.ts'
import { replay } from './replay.ts'

const now = Date.UTC(2026, 10, 25, 9)

function policy(input: unknown = 'standard'): Policy {
  const result = readPolicy(input)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}

const facts = { now, tries: 0, expiresAt: now + 100_000, decoy: false, reply: null }
const decision = decideDelivery(policy(), facts)

describe('a decision made again', () => {
  test('comes out as before, also where the record names things in another order, and more facts than were asked for', () => {
    const reversed = Object.fromEntries(Object.entries(decision).reverse())
    expect(replay(policy(), { kind: 'deliver', facts: { ordinal: 0, ...facts }, decision: reversed })).toEqual({ verdict: 'same' })
  })

  test('comes out otherwise under another policy, and says how', () => {
    const other = policy({ preset: 'standard', mailUsefulFor: '1m' })
    expect(replay(policy(), { kind: 'deliver', facts, decision }).verdict).toBe('same')
    expect(replay(other, { kind: 'deliver', facts, decision })).toEqual({
      verdict: 'different',
      decision: { verdict: 'hand_over', reason: 'mail_queued', state: null, retryInMs: null },
    })
  })

  test.each([
    ['another value', { ...decision, retryInMs: 1 }],
    ['a name too many', { ...decision, more: null }],
    ['a name too few', { verdict: decision.verdict, reason: decision.reason, state: decision.state }],
    ['null in place of a list', { ...decision, state: [] }],
  ])('is not the same with %s', (_, recorded) => {
    expect(replay(policy(), { kind: 'deliver', facts, decision: recorded }).verdict).toBe('different')
  })

  test('what no function of policy and facts decided is left aside', () => {
    expect(replay(policy(), { kind: 'guard', facts: {}, decision: { reason: 'origin_null' } })).toEqual({ verdict: 'not_replayable' })
    expect(replay(policy(), { kind: 'start', facts: { why: 'at' }, decision: { reason: 'address_invalid' } })).toEqual({
      verdict: 'not_replayable',
    })
  })

  test('facts that this version cannot read are told, not guessed at', () => {
    expect(replay(policy(), { kind: 'start', facts: {}, decision: { verdict: 'send' } }).verdict).toBe('unreadable')
  })
})
