import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HOURS_LENGTH, hoursBetween, timeOf } from '../src/core/time-key.ts'
import { idsOf, mintId } from '../src/secret.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 21, 9)

test('every id that was minted between two moments begins with one of them, each of which is there once, newest first', () => {
  const times = fc.tuple(
    fc.integer({ min: 0, max: 400 * DAY }),
    fc.integer({ min: 0, max: 400 * DAY }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  fc.assert(
    fc.property(times, ([one, other, share]) => {
      const [from, to] = [NOW - Math.max(one, other), NOW - Math.min(one, other)]
      const hours = hoursBetween(idsOf(from), idsOf(to))
      expect(hours).toContain(idsOf(Math.floor(from + share * (to - from))).slice(0, HOURS_LENGTH))
      expect(hours).toEqual([...new Set(hours)].toSorted((a, b) => (a < b ? 1 : -1)))
      expect(Math.abs(hours.length - (to - from) / 62 ** 4)).toBeLessThanOrEqual(2)
    }),
  )
})

test('when an id was minted is told by it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: NOW + 10_000 * DAY }), (at) => {
      expect([timeOf(mintId(at)), timeOf(idsOf(at))]).toEqual([at, at])
    }),
  )
  expect([timeOf(''), timeOf('~')]).toEqual([0, 0])
})

test.each([
  ['nothing between', idsOf(NOW), idsOf(NOW - DAY), 0],
  ['one moment', idsOf(NOW), idsOf(NOW), 1],
  ['a month', idsOf(NOW - 30 * DAY), idsOf(NOW), 177],
  ['since ever', '', idsOf(NOW), 25_000],
  ['what is no id', '-?', '0', 1],
])('%s', (_, from, to, count) => {
  expect(hoursBetween(from, to)).toHaveLength(count)
})
