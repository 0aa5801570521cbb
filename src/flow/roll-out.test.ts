import { expect, test } from 'vitest'
import { type RollOut, takesPart } from '../core/roll-out.ts'
import { placeOf } from '../secret.ts'

const place = (name: string, at: number): number => placeOf('default', name, `person${at}@example.net`)
const shareOf = (percent: number): RollOut => ({ name: 'codes', percent, addresses: new Set(), policy: {} as RollOut['policy'] })

test('as many take part as the share says, and a greater share keeps all of a smaller one', () => {
  const people = Array.from({ length: 20_000 }, (_, at) => place('codes', at))
  let before: readonly number[] = []
  for (const percent of [0, 1, 10, 50, 100]) {
    const taken = people.filter((one) => takesPart(shareOf(percent), '', one))
    expect(Math.abs(taken.length / people.length - percent / 100)).toBeLessThan(0.012)
    const kept = new Set(taken)
    expect(before.every((one) => kept.has(one))).toBe(true)
    before = taken
  }
})

test('another name, and another tenant, draw others', () => {
  const both = Array.from({ length: 4_000 }, (_, at) => place('codes', at) < 0.5 && place('links', at) < 0.5).filter(Boolean).length
  expect(both / 4_000).toBeGreaterThan(0.2)
  expect(both / 4_000).toBeLessThan(0.3)
  expect(placeOf('default', 'codes', 'ada@example.net')).not.toBe(placeOf('other', 'codes', 'ada@example.net'))
})

test('a place is the same for ever: people must not change sides by an upgrade', () => {
  expect(placeOf('default', 'codes', 'ada@example.net')).toBeCloseTo(0.14281348050806386, 12)
})
