import { describe, expect, test } from 'vitest'
import { readAddress } from './address.ts'
import { acts, decideOperator, erasedAddress, isErased, type OperatorFacts, proofAge } from './operator.ts'

const now = Date.UTC(2026, 10, 25, 9)
const ada = { listed: false, user: true, erased: false }
const ops = { ...ada, listed: true }
const facts = (change: Partial<OperatorFacts> = {}): OperatorFacts => ({
  now,
  wants: 'look',
  session: { createdAt: now - 60_000 },
  listed: true,
  person: null,
  ...change,
})
const age = (ms: number): Pick<OperatorFacts, 'session'> => ({ session: { createdAt: now - ms } })
const told = (change: Partial<OperatorFacts>): string => {
  const { verdict, reason } = decideOperator(facts(change))
  return `${verdict}: ${reason}`
}

describe('who may use the console', () => {
  test.each([
    ['nobody is signed in', { session: null }, 'sign_in: session_unknown'],
    ['nobody is signed in, and wants to act', { session: null, wants: 'erase' }, 'sign_in: session_unknown'],
    ['somebody who is not on the list', { listed: false }, 'hide: operator_unknown'],
    ['the same, with an old proof: no word about proofs', { listed: false, ...age(proofAge.look * 2) }, 'hide: operator_unknown'],
    ['the same, after somebody who is not there', { listed: false, person: 'unknown' }, 'hide: operator_unknown'],
    ['an operator who looks', {}, 'admit: operator_looked'],
    ['at the last moment', age(proofAge.look - 1), 'admit: operator_looked'],
    ['a millisecond later', age(proofAge.look), 'step_up: operator_proof_old'],
    ['an operator who acts', { wants: 'disable', person: ada }, 'admit: operator_disabled_user'],
    ['at the last moment to act', { wants: 'enable', person: ada, ...age(proofAge.act - 1) }, 'admit: operator_enabled_user'],
    ['a millisecond later, to act', { wants: 'enable', person: ada, ...age(proofAge.act) }, 'step_up: operator_proof_old'],
    ['to look at that age', age(proofAge.act), 'admit: operator_looked'],
    ['an operator who changes a tenant', { wants: 'tenants', ...age(proofAge.act - 1) }, 'admit: operator_at_tenants'],
    ['with a proof too old for that', { wants: 'tenants', ...age(proofAge.act) }, 'step_up: operator_proof_old'],
    ['nobody is known by that', { person: 'unknown' }, 'refuse: person_unknown'],
    ['to disable an operator', { wants: 'disable', person: ops }, 'refuse: operator_protected'],
    ['to erase an operator', { wants: 'erase', person: ops }, 'refuse: operator_protected'],
    ['to act on nobody in particular', { wants: 'erase' }, 'refuse: person_unknown'],
    ['to act on somebody who was erased', { wants: 'enable', person: { ...ada, erased: true } }, 'refuse: person_unknown'],
    ['to look at somebody who was erased', { person: { ...ada, erased: true } }, 'admit: operator_looked'],
    ['to disable an address without a user', { wants: 'disable', person: { ...ada, user: false } }, 'refuse: person_unknown'],
    ['to end the sessions of one', { wants: 'end_sessions', person: { ...ada, user: false } }, 'refuse: person_unknown'],
    ['to lift a limit of one', { wants: 'lift_mails', person: { ...ada, user: false } }, 'admit: operator_lifted_limit'],
    ['to erase one', { wants: 'erase', person: { ...ada, user: false } }, 'admit: operator_erased_user'],
    ['to look at an operator', { person: ops }, 'admit: operator_looked'],
    ['to end the sessions of an operator', { wants: 'end_sessions', person: ops }, 'admit: operator_ended_sessions'],
  ] as const)('%s', (_, change, expected) => {
    expect(told(change)).toBe(expected)
  })

  test.each(acts)('to %s wants a proof that is younger than one for a look', (wants) => {
    expect(told({ wants, person: ada, ...age(proofAge.act) })).toBe('step_up: operator_proof_old')
    expect(told({ wants, person: ada, ...age(proofAge.act - 1) })).toMatch(/^admit: operator_/)
  })
})

test('an erased address is an address like any other to the tables, and to nobody else', () => {
  const email = erasedAddress('Zk3vXxYyPq8W1aaBbCcD')
  expect(readAddress(email)).toMatchObject({ ok: true, address: { email } })
  expect([isErased(email), isErased('ada@example.net'), isErased('ada@erased.invalid.example.net')]).toEqual([true, false, false])
})
