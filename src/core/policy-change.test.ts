import { expect, test } from 'vitest'
import { type Policy, readPolicy } from './policy.ts'
import { changeOf } from './policy-change.ts'

const MINUTE = 60_000

function policy(input: unknown): Policy {
  const result = readPolicy(input)
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
}

test.each<[string, unknown, Partial<Policy>, object]>([
  ['a preset and one change', 'standard', { linkTtl: 45 * MINUTE }, { preset: 'standard', linkTtl: '45m' }],
  ['another preset', 'strict', { linkTtl: 30 * MINUTE }, { preset: 'strict', linkTtl: '30m' }],
  ['a change that leads to a preset', { preset: 'corporate', linkTtl: '30m' }, { linkTtl: 60 * MINUTE }, { preset: 'corporate' }],
  [
    'everything that was changed before stays',
    {
      preset: 'corporate',
      session: { idle: '1h' },
      codeFailures: [{ count: 5, per: '24h' }],
      starts: { network: { count: 7, per: '1m' } },
    },
    { linkTtl: 120 * MINUTE },
    {
      preset: 'corporate',
      linkTtl: '2h',
      session: { idle: '1h' },
      codeFailures: [{ count: 5, per: '1d' }],
      starts: { network: { count: 7, per: '1m' } },
    },
  ],
  [
    'whatever is no round number',
    { resendAfter: 1_500, keep: { limits: '90m' } },
    {},
    { preset: 'standard', resendAfter: '1500ms', keep: { limits: '90m' } },
  ],
])('%s, and it reads back as it is meant', (_, before, change, written) => {
  const given = policy(before)
  expect(changeOf(given, change)).toEqual(written)
  expect(policy(JSON.parse(JSON.stringify(changeOf(given, change))))).toEqual({ ...given, ...change })
})
