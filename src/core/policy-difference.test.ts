import { expect, test } from 'vitest'
import { type PolicyInput, readPolicy } from './policy.ts'
import { policyChanges, policyLines } from './policy-difference.ts'

const policy = (input: PolicyInput = {}): object => {
  const read = readPolicy(input)
  if (!read.ok) throw new Error(read.problems.join())
  return read.policy
}

test.each([
  ['linkTtl', '15m'],
  ['codeLength', '6'],
  ['mailsPerLinkTtl', '3'],
  ['methods', 'link, code'],
  ['codeInSubject', 'yes'],
  ['codeFailures', '10 in 1d, 30 in 30d, 100 in 365d'],
  ['starts.network', '30 in 10m'],
  ['session.idle', '7d'],
  ['keep.limits', '1h'],
  ['autoSubmitDelay', '0ms'],
])('%s reads "%s"', (name, value) => {
  expect(policyLines(policy())).toContainEqual({ name, value })
})

test('every setting has its line, once', () => {
  const names = policyLines(policy()).map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const name of Object.keys(policy())) expect(names.some((line) => line.split('.')[0] === name)).toBe(true)
})

test('two policies differ where one of their lines does, and only there', () => {
  expect(policyChanges(policy(), policy())).toEqual([])
  expect(policyChanges(policy(), policy({ linkTtl: '60m', session: { idle: '1h', absolute: '30d' } }))).toEqual([
    { name: 'linkTtl', before: '15m', after: '1h' },
    { name: 'session.idle', before: '7d', after: '1h' },
  ])
})

test('a setting that only one of them knows is told as one', () => {
  const { codeTries: _, ...older } = policy() as Record<string, unknown>
  expect(policyChanges(older, policy())).toEqual([{ name: 'codeTries', before: null, after: '5' }])
  expect(policyChanges(policy(), older)).toEqual([{ name: 'codeTries', before: '5', after: null }])
})
