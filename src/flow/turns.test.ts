// One of each tenant in turn.
import { expect, test } from 'vitest'
import { Turns } from './turns.ts'

test('TE-10: whoever has one mail waiting waits for one mail of each other tenant, not for all of them', async () => {
  const turns = new Turns()
  const called: string[] = []
  for (let nth = 0; nth < 100; nth++) void turns.wait('noisy').then(() => called.push(`noisy ${nth}`))
  for (const tenant of ['quiet', 'other']) void turns.wait(tenant).then(() => called.push(tenant))
  void turns.wait('quiet').then(() => called.push('quiet again'))
  expect(turns.length).toBe(103)
  for (let nth = 0; nth < 6; nth++) expect(turns.next()).toBe(true)
  await Promise.resolve()
  expect(called).toEqual(['noisy 0', 'quiet', 'other', 'noisy 1', 'quiet again', 'noisy 2'])
  expect(turns.length).toBe(97)
  while (turns.next());
  await Promise.resolve()
  expect(called).toHaveLength(103)
  expect([turns.length, turns.next()]).toEqual([0, false])
})
