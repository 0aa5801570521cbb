import { expect, test } from 'vitest'
import { Lately } from './lately.ts'

test('so many are remembered and no more, and those that were asked for stay', () => {
  const lately = new Lately<number>(10)
  for (let nth = 0; nth < 1_000; nth++) {
    lately.set(`key ${nth}`, nth)
    expect(lately.get('key 0')).toBe(0)
  }
  const remembered = Array.from({ length: 1_000 }, (_, nth) => lately.get(`key ${nth}`)).filter((value) => value !== undefined)
  expect(remembered.length).toBeLessThanOrEqual(20)
  expect(lately.get('key 999')).toBe(999)
  expect(lately.get('key 500')).toBeUndefined()
})
