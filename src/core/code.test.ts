// The table of what people type and paste for a code, and what holds for any text.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCode } from './code.ts'

const same: readonly (readonly [string, string])[] = [
  ['plain', '123456'],
  ['a space in the middle', '123 456'],
  ['a hyphen', '123-456'],
  ['an en dash', '123\u2013456'],
  ['an em dash', '123\u2014456'],
  ['a minus sign', '123\u2212456'],
  ['a non-breaking hyphen', '123\u2011456'],
  ['a Japanese long-vowel mark', '１２３ー４５６'],
  ['spaces around a dash', '123 - 456'],
  ['a no-break space', '123\u00a0456'],
  ['a narrow no-break space', '123\u202f456'],
  ['an ideographic space', '１２３\u3000４５６'],
  ['a tab', '123\t456'],
  ['every digit apart', '1 2 3 4 5 6'],
  ['a trailing newline', '123456\n'],
  ['CRLF around', '\r\n123456\r\n'],
  ['full-width digits', '１２３４５６'],
  ['Arabic-Indic digits', '١٢٣٤٥٦'],
  ['Persian digits', '۱۲۳۴۵۶'],
  ['digits of two scripts', '123٤٥٦'],
  ['RLM and LRM', '\u200f123\u200e456\u200f'],
  ['bidi isolates and embeddings', '\u2066123456\u2069\u202a\u202c'],
  ['zero-width space, joiners, word joiner, BOM, soft hyphen', '\ufeff1\u200b2\u200c3\u200d4\u20605\u00ad6'],
  ['a sentence', 'Your code is 123456.'],
  ['a sentence with another number', '123456 is your code, valid 15 minutes'],
  ['a grouped code in a sentence', 'Your code is 123 456, valid 15 minutes'],
  ['the next line of the mail', '123456\n15 minutes'],
  ['the same code twice', '123456 123456'],
  ['the same code twice in a sentence', '123456 is your code. Type 123-456.'],
  ['Chinese around it', '验证码123456有效'],
  ['a letter prefix', 'G-123456'],
]

const none: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['spaces', '   '],
  ['five digits', '12345'],
  ['seven digits', '1234567'],
  ['seven digits, grouped', '123 4567'],
  ['a digit too many behind a space', '123456 7'],
  ['two different codes', '123456 654321'],
  ['two different codes in a sentence', '123456 or 654321'],
  ['two different codes on two lines', '123456\n654321'],
  ['halves on two lines', '123\n456'],
  ['halves parted by a full stop', '123.456'],
  ['letters among digits', '12E456'],
  ['letters that look like digits', 'l23456'],
  ['Devanagari digits, which we do not fold', '१२३४५६'],
  ['mathematical digits, which we do not fold', '𝟏𝟐𝟑𝟒𝟓𝟔'],
  ['superscript digits', '¹²³⁴⁵⁶'],
  ['a negative number in exponent form', '-1.2e345'],
]

describe('a code as typed', () => {
  test.each(same)('TK-10, C2: %s', (_, typed) => {
    expect(readCode(typed, 6)).toBe('123456')
  })

  test.each(none)('C2: %s is no code', (_, typed) => {
    expect(readCode(typed, 6)).toBeNull()
  })

  test('keeps leading zeros', () => {
    expect(readCode('000 012', 6)).toBe('000012')
  })

  test('reads the length that the policy asks for, between 6 and 10', () => {
    expect(readCode('1234-5678', 8)).toBe('12345678')
    expect(readCode('1234567890', 10)).toBe('1234567890')
    expect(readCode('123456', 8)).toBeNull()
    expect(readCode('12345', 5)).toBeNull()
    expect(readCode('12345678901', 11)).toBeNull()
  })

  test('looks at 200 characters and no more', () => {
    expect(readCode(`${' '.repeat(194)}123456`, 6)).toBe('123456')
    expect(readCode(`${' '.repeat(195)}123456`, 6)).toBeNull()
  })

  test('gives exactly the asked number of ASCII digits or nothing, and its own answer again', () => {
    const bit = fc.oneof(
      fc.constantFrom('1', '7', '٣', '۴', '５', ' ', '-', '–', '\u00a0', '\u200f', '\n', '.', 'a'),
      fc.string({ unit: 'binary', maxLength: 2 }),
    )
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 40, size: 'max' }), fc.integer({ min: 6, max: 10 }), (bits, length) => {
        const code = readCode(bits.join(''), length)
        if (code === null) return
        expect(code).toMatch(/^[0-9]+$/)
        expect(code).toHaveLength(length)
        expect(readCode(code, length)).toBe(code)
      }),
      { numRuns: 1_000 },
    )
  })

  test('finds any code whatever stands between its digits', () => {
    const gap = fc.string({ unit: fc.constantFrom(' ', '-', '\u2013', '\u00a0', '\u200b', '\u200f', '\t'), maxLength: 3 })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), gap, fc.constantFrom(0x30, 0x660, 0x6f0, 0xff10)), {
          minLength: 6,
          maxLength: 6,
        }),
        (digits) => {
          const typed = digits.map(([digit, after, zero]) => String.fromCodePoint(zero + digit) + after).join('')
          expect(readCode(typed, 6)).toBe(digits.map(([digit]) => digit).join(''))
        },
      ),
      { numRuns: 500 },
    )
  })
})
