import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Policy, readPolicy } from './policy.ts'
import { type RollOut, readRollOut, takesPart } from './roll-out.ts'

function standard(): Policy {
  const read = readPolicy('standard')
  if (!read.ok) throw new Error('no standard')
  return read.policy
}

function rollOutOf(input: object): RollOut {
  const read = readRollOut(input, standard())
  if (!read.ok) throw new Error(read.problems.join('; '))
  return read.rollOut
}

const change = { methods: ['code'] }

describe('what is given', () => {
  test('a change of everybody’s policy, for a share and a list', () => {
    const rollOut = rollOutOf({ name: 'codes', percent: 12.5, addresses: ['Ada@Example.NET'], change })
    expect(rollOut.policy).toEqual({ ...standard(), methods: ['code'] })
    expect([...rollOut.addresses]).toEqual(['ada@example.net'])
  })

  test.each([
    [null, /expected object/],
    [{ percent: 1, change }, /name/],
    [{ name: 'Codes First', change }, /small letters/],
    [{ name: 'codes', percent: 101, change }, /percent/],
    [{ name: 'codes', percent: 0.001, change }, /two decimals/],
    [{ name: 'codes', change: {} }, /change: is empty/],
    [{ name: 'codes', change: { codeLength: 8 } }, /codeLength cannot differ between people; what can: methods, /],
    [{ name: 'codes', change: { session: { idle: '1h' }, methods: ['code'] } }, /session cannot differ/],
    [{ name: 'codes', change: { methods: ['pigeon'] } }, /change: methods/],
    [{ name: 'codes', change: { methods: ['link'], otherBrowser: 'code' } }, /"code" needs the method "code"/],
    [{ name: 'codes', addresses: ['ada@@example.net'], change }, /"ada@@example.net" is not an e-mail address/],
    [{ name: 'codes', share: 10, change }, /share/],
  ])('%j is refused', (input, why) => {
    const read = readRollOut(input, standard())
    expect(read.ok ? '' : read.problems.join('; ')).toMatch(why)
  })
})

describe('who takes part', () => {
  test('nobody at 0, everybody at 100, and whoever is listed at any share', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (at) => {
        const none = rollOutOf({ name: 'codes', percent: 0, addresses: ['ada@example.net'], change })
        expect(takesPart(none, 'bob@example.net', at)).toBe(false)
        expect(takesPart(none, 'ada@example.net', at)).toBe(true)
        expect(takesPart({ ...none, percent: 100 }, 'bob@example.net', at)).toBe(true)
      }),
    )
  })
})
