import { domainToASCII } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePunycode } from './punycode.ts'

// RFC 3492, section 7.1, and a few that are in use.
test.each([
  ['bcher-kva', 'bücher'],
  ['fa-hia', 'faß'],
  ['r8jz45g', '例え'],
  ['ls8h', '💩'],
  ['egbpdaj6bu4bxfgehfvwxn', 'ليهمابتكلموشعربي؟'],
  ['ihqwcrb4cv8a8dqg056pqjye', '他们为什么不说中文'],
  ['3b-ww4c5e180e575a65lsy2b', '3年b組金八先生'],
  ['a-', 'a'],
  ['a', '\u0080'],
  ['', ''],
])('%j says %j', (text, said) => {
  expect(decodePunycode(text)).toBe(said)
})

// Cut short, no digit, beyond Unicode.
test.each(['a-b-9', 'ü', 'bcher-kv!', '999999999', `${'9'.repeat(500)}aaa9`])('%j says nothing', (text) => {
  expect(decodePunycode(text)).toBe(null)
})

test('UN-06: it undoes what the URL parser did', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), (text) => {
      const label = domainToASCII(text)
      if (!/^xn--[a-z0-9-]+$/.test(label)) return
      const said = decodePunycode(label.slice('xn--'.length))
      expect(said).not.toBe(null)
      expect(domainToASCII(said ?? '')).toBe(label)
    }),
    { numRuns: 2_000 },
  )
})
