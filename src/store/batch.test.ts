import { expect, test } from 'vitest'
import { takeBatch } from './batch.ts'

const queueOf = (text: string) => [...text].map((name) => ({ name, write: name === 'A' ? ({ alone: true } as const) : {} }))

test.each<[string, number, string[]]>([
  ['', 3, ['']],
  ['abc', 3, ['abc', '']],
  ['abcd', 3, ['abc', 'd', '']],
  ['A', 3, ['A', '']],
  ['abAcd', 3, ['ab', 'A', 'cd', '']],
  ['AAb', 3, ['A', 'A', 'b', '']],
  ['abcA', 3, ['abc', 'A', '']],
])('of "%s" with %i at most, batches are %j', (waiting, max, batches) => {
  const queue = queueOf(waiting)
  const taken = batches.map(() =>
    takeBatch(queue, max)
      .map(({ name }) => name)
      .join(''),
  )
  expect(taken).toEqual(batches)
  expect(queue).toEqual([])
})
