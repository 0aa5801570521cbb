import { expect, test } from 'vitest'
import { idsOf } from '../secret.ts'
import { slotsBetween } from './challenges-of.ts'

test('every beginning from one id to the other, in their order, and no other', () => {
  expect(slotsBetween('VbzAAAA', 'Vc1zzzz')).toEqual(['Vbz', 'Vc0', 'Vc1'])
  expect(slotsBetween('Vbbxxxx', 'Vbbyyyy')).toEqual(['Vbb'])
  expect(slotsBetween('Vzz0000', 'W000000')).toEqual(['Vzz', 'W00'])
})

test('a month of ids is some two hundred of them, and each moment of it is in one', () => {
  const from = Date.UTC(2026, 10, 1)
  const to = Date.UTC(2026, 11, 2)
  const slots = slotsBetween(idsOf(from), idsOf(to))
  expect(slots.length).toBeLessThan(200)
  expect(new Set(slots).size).toBe(slots.length)
  for (let at = from; at <= to; at += 977_777) expect(slots).toContain(idsOf(at).slice(0, 3))
})
