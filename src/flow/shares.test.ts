// Whose turn it is in which round.
import { expect, test } from 'vitest'
import { sharesOf } from './shares.ts'

const named = (count: number): string[] => Array.from({ length: count }, (_, nth) => `t${nth}`)

test('a few have all their turn in every round', () => {
  const share = sharesOf(() => ['own', ...named(3)], { least: 20, rounds: 60 })
  for (let round = 0; round < 3; round++) expect([...share()].sort()).toEqual(['own', 't0', 't1', 't2'])
  expect(sharesOf(() => ['own'], { least: 20, rounds: 60 })()).toEqual(['own'])
})

test('of many each has a turn within so many rounds, also while some come and go', () => {
  let all = named(1_000)
  const share = sharesOf(() => ['own', ...all], { least: 20, rounds: 10 })
  const had = new Set<string>()
  for (let round = 0; round < 10; round++) {
    const turn = share()
    expect([turn[0], turn.length]).toEqual(['own', 101])
    for (const one of turn) had.add(one)
  }
  expect(had.size).toBe(1_001)
  all = named(30)
  expect(share()).toHaveLength(21)
  all = []
  expect(share()).toEqual(['own'])
})
