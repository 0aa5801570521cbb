import { expect, test } from 'vitest'
import { type LaneName, Lanes, laneOf } from './lanes.ts'
import { nothing, Unavailable } from './operation.ts'

interface Job {
  readonly name: string
  readonly write: { readonly alone?: true }
}

const job = (name: string): Job => ({ name, write: {} })

/** Lanes whose batches last until they are told to end. */
function lanes(writers: number, batchMax = 100): { readonly all: Lanes<Job>; readonly under: (() => void)[]; readonly left: string[][] } {
  const under: (() => void)[] = []
  const left: string[][] = []
  const all = new Lanes<Job>({ writers, batchMax, waitingMax: 4 }, (jobs) => {
    left.push(jobs.map(({ name }) => name))
    return new Promise((resolve) => under.push(resolve))
  })
  return { all, under, left }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

test('what names limits goes in the one lane, what names none or has to look first in the other', () => {
  const locks = { tenant: 'default', keys: [], limits: ['tenant'] }
  expect(laneOf(locks)).toBe('limited')
  expect(laneOf(nothing)).toBe('free')
  expect(
    laneOf(function* () {
      yield { sql: 'select 1', params: [] }
      return locks
    }),
  ).toBe('free')
})

test('one batch that spends from limits is under way, and the rest does not wait behind it', async () => {
  const { all, under, left } = lanes(3)
  const add = async (lane: LaneName, ...names: string[]): Promise<void> => {
    for (const name of names) all.add(lane, job(name))
    await turns()
  }
  await add('limited', 'a', 'b')
  await add('limited', 'c', 'd')
  await add('free', 'e')
  await add('free', 'f')
  await add('free', 'g')
  expect(left).toEqual([['a', 'b'], ['e'], ['f']])
  under[0]?.()
  await turns()
  expect(left.slice(3)).toEqual([['c', 'd']])
})

test('with one writer for both, neither lane keeps the other from it', async () => {
  const { all, under, left } = lanes(1, 1)
  for (const name of ['a', 'b', 'c']) all.add('limited', job(name))
  for (const name of ['x', 'y', 'z']) all.add('free', job(name))
  for (let batch = 0; batch < 6; batch++) {
    await turns()
    under[batch]?.()
  }
  expect(left.flat()).toEqual(['a', 'x', 'b', 'y', 'c', 'z'])
})

test('FA-19: who comes when too many wait is told so', () => {
  const { all } = lanes(1)
  for (const name of ['a', 'b', 'c', 'd']) all.add('free', job(name))
  expect(() => all.add('free', job('e'))).toThrow(Unavailable)
  expect(() => all.add('limited', job('e'))).not.toThrow()
})

test('idle is when nothing waits and nothing is under way', async () => {
  const { all, under } = lanes(1)
  all.add('free', job('a'))
  let idle = false
  const resting = all.idle().then(() => {
    idle = true
  })
  await turns()
  all.add('limited', job('b'))
  under[0]?.()
  await turns()
  expect(idle).toBe(false)
  under[1]?.()
  await resting
})
