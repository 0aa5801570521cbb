// What a batch does with what others do meanwhile, statement by statement; on databases it is held by test/purge.test.ts.
import { expect, test } from 'vitest'
import { readPolicy } from '../core/policy.ts'
import type { Row } from './operation.ts'
import { purge } from './purge.ts'

test('a limit that comes into use between the look and the lock stays', () => {
  const result = readPolicy('standard')
  if (!result.ok) throw new Error(result.problems.join())
  const now = Date.UTC(2026, 10, 21)
  const tx = { now, elapsed: () => 0, limits: { get: () => null, set: () => {}, drop: () => {}, pour: () => {}, settle: () => {} } }
  const batch = purge(tx, { tenant: 'default', policy: result.policy, kind: 'limits', limit: 10, idsOf: String })
  const deleted: unknown[] = []
  const answer = (sql: string): readonly Row[] => {
    if (sql.includes('from purges')) return [{ cursor: '', finishedAt: 0 }]
    if (sql.includes('limit ?')) return ['net:a', 'net:b'].map((key) => ({ key, state: '1' }))
    if (sql.includes('{locked}'))
      return [
        { key: 'net:a', state: String(now) },
        { key: 'net:b', state: '1' },
      ]
    return []
  }
  for (let step = batch.next(); !step.done; step = batch.next(answer(step.value.sql)))
    if (step.value.sql.startsWith('delete')) deleted.push(step.value.params)
  expect(deleted).toEqual([['default', '["net:b"]']])
})
