// What a form body may look like, and that whatever a browser writes is read back as it was.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readForm } from './field.ts'

const fields = { email: { max: 20, required: true }, return_to: { max: 40, required: false } } as const
const why = (body: string): string | null => {
  const result = readForm(body, fields)
  return result.ok ? null : result.why
}

describe('a form body', () => {
  test('gives the fields it was asked for', () => {
    expect(readForm('email=ada%40example.com&return_to=%2Fa+b&other=1', fields)).toEqual({
      ok: true,
      values: { email: 'ada@example.com', return_to: '/a b' },
    })
    expect(readForm('email=a', fields)).toEqual({ ok: true, values: { email: 'a' } })
  })

  test('a required field may be empty, but not absent', () => {
    expect(readForm('email=', fields)).toEqual({ ok: true, values: { email: '' } })
    expect(readForm('email', fields)).toEqual({ ok: true, values: { email: '' } })
    expect(why('')).toBe('email: missing')
    expect(why('return_to=/')).toBe('email: missing')
  })

  test.each([
    ['IN-02: a field twice', 'email=a&email=b', 'email: sent twice'],
    ['IN-02: a field twice, once empty', 'email=&email=b', 'email: sent twice'],
    ['IN-02: a field twice, its name encoded', 'email=a&%65mail=b', 'email: sent twice'],
    ['a lone percent sign', 'email=100%', 'email: not readable'],
    ['half an escape', 'email=%4', 'email: not readable'],
    ['an escape that is none', 'email=%zz', 'email: not readable'],
    ['overlong UTF-8', 'email=%c0%80', 'email: not readable'],
    ['Latin-1', 'email=%fc', 'email: not readable'],
    ['an encoded surrogate', 'email=%ed%a0%80', 'email: not readable'],
    ['half a sequence', 'email=%e2%82', 'email: not readable'],
    ['the mark of text that was broken before', 'email=a\ufffd', 'email: not readable'],
    ['the same, encoded', 'email=a%EF%BF%BD', 'email: not readable'],
    ['a lone surrogate', 'email=\ud800', 'email: not readable'],
    ['IN-01: NUL', 'email=a%00', 'email: not readable'],
    ['IN-01: CRLF', 'email=a%0d%0aBcc:b', 'email: not readable'],
    ['IN-01: a line feed as it is', 'email=a\nb', 'email: not readable'],
    ['IN-01: escape', 'email=%1b[0m', 'email: not readable'],
    ['IN-01: delete', 'email=%7f', 'email: not readable'],
    ['a broken name', '%zz=1&email=a', 'a field name is not readable'],
    ['too long a value', `email=${'a'.repeat(21)}`, 'email: too long'],
    ['too long a value, encoded', `email=${'%61'.repeat(21)}`, 'email: too long'],
    ['far too long a value', `email=${'%'.repeat(10_000)}`, 'email: too long'],
    ['33 fields', `email=a${'&x=1'.repeat(32)}`, 'too many fields'],
    ['many separators', '&'.repeat(100_000), 'too many fields'],
  ])('%s is refused', (_, body, answer) => {
    expect(why(body)).toBe(answer)
  })

  test.each([
    ['as a browser sends them', 'email=a%0D%0Ab', 'a\nb'],
    ['as a program does', 'email=a%0Ab', 'a\nb'],
    ['a carriage return alone', 'email=a%0Db', null],
    ['NUL among them', 'email=a%0A%00', null],
    ['a line too much', `email=${'%0D%0A'.repeat(21)}`, null],
    ['as many as fit', `email=${'%0D%0A'.repeat(20)}`, '\n'.repeat(20)],
  ])('lines, where a field may have several: %s', (_, body, value) => {
    const read = readForm(body, { email: { max: 20, required: true, lines: true } })
    expect(read.ok ? read.values.email : null).toBe(value)
  })

  test.each([
    ['32 fields', `email=a${'&x=1'.repeat(31)}`, 'a'],
    ['the longest value', `email=${'a'.repeat(20)}`, 'a'.repeat(20)],
    ['the longest value in its longest spelling', `email=${'%e2%82%ac'.repeat(20)}`, '€'.repeat(20)],
    ['an equals sign in the value', 'email=a=b', 'a=b'],
    ['a tab, which a paste from a table brings', 'email=%09123456', '\t123456'],
    ['text that is not encoded', 'email=ü', 'ü'],
    ['unknown fields twice and broken', 'x=%zz&x=%zz&email=a', 'a'],
    ['names every object has', '__proto__=x&constructor=y&toString=z&email=a', 'a'],
    ['a name alone, before others', 'email&x=1', ''],
    ['empty pairs', '&&email=a&', 'a'],
    ['a nameless value', '=x&email=a', 'a'],
  ])('%s is fine', (_, body, email) => {
    expect(readForm(body, fields)).toEqual({ ok: true, values: { email } })
  })

  test('brings nothing along from Object.prototype', () => {
    const result = readForm('email=a', { email: { max: 9, required: true }, constructor: { max: 9, required: false } })
    expect(result).toEqual({ ok: true, values: { email: 'a' } })
    expect(result.ok && Object.keys(result.values)).toEqual(['email'])
  })

  test('the reason repeats nothing that was sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (body) => {
        expect([
          null,
          'email: missing',
          'email: sent twice',
          'email: too long',
          'email: not readable',
          'return_to: too long',
          'return_to: not readable',
          'return_to: sent twice',
          'a field name is not readable',
          'too many fields',
        ]).toContain(why(body))
      }),
      { numRuns: 500 },
    )
  })

  test('what a browser writes is read as it was typed', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
    const unfit = /[\0-\x08\x0a-\x1f\x7f\ufffd]/
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 10 }), fc.string({ unit: 'grapheme', maxLength: 10 }), (email, other) => {
        fc.pre(!unfit.test(email))
        const body = new URLSearchParams([
          ['email', email],
          ['other', other],
        ]).toString()
        expect(readForm(body, fields)).toEqual({ ok: true, values: { email } })
      }),
      { numRuns: 1_000 },
    )
  })
})
