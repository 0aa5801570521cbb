import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Queue, shareOut } from './room.ts'

const ROOM = { each: 5, all: 40, endpoints: 50 }
const nothing = { endpoint: () => 0, tenant: () => 0, all: 0 }
const of = (tenant: string, count: number): Queue[] => Array.from({ length: count }, (_, at) => ({ tenant, endpoint: `${tenant}${at}` }))

test('a single endpoint gets what one may', () => {
  expect(shareOut(of('a', 1), nothing, ROOM)).toEqual([{ tenant: 'a', endpoint: 'a0', most: 5 }])
})

test('TE-10: one tenant takes half of the room, and the next that comes finds some', () => {
  const loud = shareOut(of('loud', 30), nothing, ROOM)
  const took = loud.reduce((sum, { most }) => sum + most, 0)
  expect(took).toBe(20)
  const running = { endpoint: () => 0, tenant: (tenant: string) => (tenant === 'loud' ? took : 0), all: took }
  const next = shareOut([...of('loud', 30), ...of('quiet', 1)], running, ROOM)
  expect(next).toEqual([{ tenant: 'quiet', endpoint: 'quiet0', most: 5 }])
})

test('tenants in turn, and endpoints of a tenant in turn', () => {
  const shared = shareOut([...of('a', 3), ...of('b', 1)], nothing, { each: 5, all: 9, endpoints: 50 })
  expect(shared).toEqual([
    { tenant: 'a', endpoint: 'a0', most: 1 },
    { tenant: 'b', endpoint: 'b0', most: 3 },
    { tenant: 'a', endpoint: 'a1', most: 1 },
    { tenant: 'a', endpoint: 'a2', most: 1 },
  ])
})

test('never more than there is room for, to all and to each', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 12 }), { maxLength: 30 }), fc.integer({ min: 1, max: 60 }), (counts, all) => {
      const room = { each: 5, all, endpoints: 20 }
      const shared = shareOut(
        counts.flatMap((count, at) => of(`t${at}-`, count)),
        nothing,
        room,
      )
      const took = shared.reduce((sum, { most }) => sum + most, 0)
      expect(took).toBeLessThanOrEqual(all)
      expect(shared.length).toBeLessThanOrEqual(20)
      expect(shared.every(({ most }) => most >= 1 && most <= 5)).toBe(true)
      expect(took > 0).toBe(counts.some((count) => count > 0))
    }),
  )
})
