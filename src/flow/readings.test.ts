// What a page is told of a reading: kept for a while, tried again after a failure, and ended with the process. The rest is in the stories of
// the console.
import { afterEach, expect, test } from 'vitest'
import { type Policy, readPolicy } from '../core/policy.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import type { Context } from './context.ts'
import { readCalibration, readNumbers, stopReadings } from './readings.ts'

const DAY = 86_400_000
const stores: Store[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

async function contextOf(): Promise<{ readonly context: Context; readonly clock: { at: number }; readonly failed: string[] }> {
  const clock = { at: Date.UTC(2026, 10, 21) }
  const failed: string[] = []
  const store = await openStore('file::memory:', { now: () => clock.at })
  stores.push(store)
  const context = {
    store,
    tenant: 'default',
    policy: (readPolicy('standard') as { policy: Policy }).policy,
    now: () => clock.at,
    mailboxes: { find: async () => 'other' as const, unanswered: () => 0 },
    log: { event: () => {}, warn: () => {}, error: (name: string) => void failed.push(name) },
  }
  // Of what a flow is given a reading needs no more.
  return { context: context as unknown as Context, clock, failed }
}

test('it is read again when it has grown old, or for another time or by something else, and not before', async () => {
  const { context, clock } = await contextOf()
  const begun = clock.at
  const readAt = async (ms = DAY, by: 'device' | null = null): Promise<number | null> => {
    const reading = await readNumbers(context, ms, by)
    return reading.over ? reading.at : null
  }
  expect(await readAt()).toBe(begun)
  clock.at += 59_999
  expect(await readAt()).toBe(begun)
  expect(await readAt(DAY, 'device')).toBe(clock.at)
  expect(await readAt(2 * DAY)).toBe(clock.at)
  clock.at++
  expect(await readAt()).toBe(clock.at)
  // The clock was set back.
  clock.at = begun - DAY
  expect(await readAt()).toBe(clock.at)
})

test('many who look at once have it read once', async () => {
  const { context } = await contextOf()
  const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => readCalibration(context, DAY)))
  for (const other of others) expect(other).toEqual(first)
  if (!first?.over) throw new Error('it is not whole')
  for (const other of others) expect(other.over && other.value).toBe(first.value)
})

test('a failure is written down and told to who waits; who looks next has it tried again', async () => {
  const { context, failed } = await contextOf()
  await context.store.close()
  await expect(readNumbers(context, DAY, null)).rejects.toThrow('the database is closed')
  await expect(readNumbers(context, DAY, null)).rejects.toThrow('the database is closed')
  expect(failed).toEqual(['reading_failed', 'reading_failed'])
})

test('a process that ends does not begin another one', async () => {
  const { context, failed } = await contextOf()
  await stopReadings(context)
  await context.store.close()
  expect(await readNumbers(context, DAY, null)).toEqual({ over: false, looked: 0 })
  expect(failed).toEqual([])
})
