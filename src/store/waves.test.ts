import { expect, test } from 'vitest'
import { nothing } from './operation.ts'
import { waves } from './waves.ts'

const on = (...keys: string[]) => ({ tenant: 'default', keys, limits: [] })

test.each([
  ['what shares nothing runs side by side', [on('a'), on('b'), on()], [[0, 1, 2]]],
  ['what wants the same key takes turns, in the order of asking', [on('a'), on('a'), on('a')], [[0], [1], [2]]],
  ['the others do not wait for them', [on('a'), on('a'), on('b')], [[0, 2], [1]]],
  ['one that wants two keys waits for both', [on('a'), on('b'), on('b'), on('a', 'b')], [[0, 1], [2], [3]]],
  ['the same key of another tenant is another key', [on('a'), { ...on('a'), tenant: 'other' }], [[0, 1]]],
  ['a turn is a key for this process', [{ ...nothing, turn: 'outbox' }, { ...nothing, turn: 'outbox' }, nothing], [[0, 2], [1]]],
  ['nothing', [], []],
])('%s', (_, locks, expected) => {
  expect(waves(locks)).toEqual(expected)
})
