import { expect, test } from 'vitest'
import { decideNotMe, type NotMeFacts } from './not-me.ts'
import { type Policy, readPolicy } from './policy.ts'

const policyOf = (given: unknown): Policy => {
  const result = readPolicy(given)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}
const standard = policyOf('standard')
const now = Date.UTC(2026, 10, 21, 9)
const mail = { purpose: 'sign_in', saidAt: null, tries: 0 } as const
const right: NotMeFacts = { now, disowns: mail, proved: true, bound: false, address: 'right' }

test.each<[string, Partial<NotMeFacts>, string, number | null]>([
  ['by its reader, who types the address', {}, 'end: not_me', null],
  ['in the browser that asked, without it', { bound: true, address: 'absent' }, 'end: not_me', null],
  ['by somebody who has no mail', { proved: false }, 'refuse: not_me_unknown', null],
  ['in the browser that asked, without the mail', { proved: false, bound: true }, 'refuse: not_me_unknown', null],
  ['of no mail', { disowns: null }, 'refuse: not_me_unknown', null],
  ['of the notice that has a link of its own', { disowns: { ...mail, purpose: 'undo_email' } }, 'refuse: not_me_unknown', null],
  ['without the address', { address: 'absent' }, 'retry: address_needed', null],
  ['before anybody looked', { address: 'unclaimed' }, 'claim: address_mismatch', null],
  ['with another address', { address: 'wrong' }, 'retry: address_mismatch', 4],
  ['with the last one that is looked at', { address: 'wrong', disowns: { ...mail, tries: 4 } }, 'refuse: not_me_locked', null],
  ['when all tries are gone', { address: 'unclaimed', disowns: { ...mail, tries: 5 } }, 'refuse: not_me_locked', null],
  ['when somebody else took the last one', { address: 'exhausted', disowns: { ...mail, tries: 4 } }, 'refuse: not_me_locked', null],
  ['once more', { address: 'absent', disowns: { ...mail, saidAt: now - 1 } }, 'repeated: not_me', null],
])('SC-14: said %s', (_, change, expected, triesLeft) => {
  const decision = decideNotMe(standard, { ...right, ...change })
  expect([`${decision.verdict}: ${decision.reason}`, decision.triesLeft]).toEqual([expected, triesLeft])
  expect(decision.consequences !== null).toBe(decision.verdict === 'end')
})

test.each([
  ['sign_in', 'its', false, true],
  ['new_device', 'its', false, true],
  ['step_up', 'all', false, false],
  ['leave_email', 'all', true, false],
  ['change_email', 'none', true, false],
  ['recover', 'none', true, false],
  ['recover_backup', 'none', false, false],
  ['confirm_backup', 'none', false, false],
  ['begin_recovery', 'none', false, false],
  ['invite', 'its', false, true],
] as const)('of a mail for %s: %s sessions end', (purpose, sessions, change, isQuiet) => {
  const facts = { ...right, disowns: { ...mail, purpose } }
  expect(decideNotMe(standard, facts).consequences).toEqual({ sessions, change, recovery: purpose === 'recover_backup', quietUntil: null })
  const quiet = policyOf({ quietAfterNotMe: '2h' })
  expect(decideNotMe(quiet, facts).consequences?.quietUntil).toBe(isQuiet ? now + 7_200_000 : null)
})
