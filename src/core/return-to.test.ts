// RD-01 as a table, and the one property that matters: an answer is on the list.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ReturnRules, readReturnTo } from './return-to.ts'

const rules: ReturnRules = {
  base: 'https://auth.example.com',
  origins: ['https://app.example.com', 'http://localhost:5173'],
  fallback: '/account',
}
const allowed = ['https://auth.example.com', 'https://app.example.com', 'http://localhost:5173']
const read = (given: string | null | undefined): string | null => {
  const result = readReturnTo(given, rules)
  return result.ok ? result.returnTo : null
}

const hostile: readonly string[] = [
  '//evil.example',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\\/evil.example',
  'https:\\\\evil.example',
  '/fine\\path',
  '/fine?path=\\',
  'https://app.example.com\\@evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  ' /fine',
  '/fine ',
  '\u00a0/fine',
  'https:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  'https://evil.example',
  'HTTPS://EVIL.EXAMPLE',
  'http://auth.example.com',
  '//auth.example.com/fine',
  '@evil.example',
  'evil.example',
  '.evil.example',
  'https://auth.example.com@evil.example',
  'https://auth.example.com:pw@evil.example',
  'https://user@auth.example.com/',
  'https://user:pw@auth.example.com/',
  'https://@auth.example.com/',
  'https://:@auth.example.com/',
  'https://auth.example.com%40evil.example',
  'https://auth.example.com%2eevil.example',
  'https://auth.example.com%00.evil.example',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  'javascript://auth.example.com/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'ftp://auth.example.com/',
  'ws://auth.example.com/',
  'blob:https://auth.example.com/x',
  'filesystem:https://auth.example.com/x',
  'view-source:https://auth.example.com/',
  'about:blank',
  '//evil。com',
  'https://evil。com',
  '/\u2028/evil.example',
  '/\u2029evil',
  '/\u200b/evil.example',
  '/\u202eevil',
  '/fine\r\nSet-Cookie: a=b',
  '/fine\0',
  '/fine\x7f',
  '/fine\u0085',
  '/fine\ud800',
  '/.//evil.example',
  '/..//evil.example',
  '/a/../..//evil.example',
  '..//evil.example',
  '/%2e//evil.example',
  'https://auth.example.com//evil.example',
  'https://[::1]/',
  'https://',
  'http:',
  'https://auth.example.com:99999/',
]

const lookalikes: readonly string[] = [
  'https://app.example.com.evil.example',
  'https://evilapp.example.com',
  'https://evilexample.com',
  'https://xapp.example.com',
  'https://app.example.com.',
  'https://app.example.com:444',
  'https://app.example.co',
  'https://example.com',
  'https://sub.app.example.com',
  'http://app.example.com',
  'http://localhost',
  'http://localhost:5174',
  'https://localhost:5173',
  'https://app-example.com',
  'https://app.example.com\u0301',
]

const fine: readonly (readonly [string, string])[] = [
  ['/', 'https://auth.example.com/'],
  ['/welcome?x=1&y=%2F#top', 'https://auth.example.com/welcome?x=1&y=%2F#top'],
  ['/search?q=two words', 'https://auth.example.com/search?q=two%20words'],
  ['/konto/größe', 'https://auth.example.com/konto/gr%C3%B6%C3%9Fe'],
  ['/%09/evil.example', 'https://auth.example.com/%09/evil.example'],
  ['/@evil.example', 'https://auth.example.com/@evil.example'],
  ['/?next=//evil.example', 'https://auth.example.com/?next=//evil.example'],
  ['/a/../b', 'https://auth.example.com/b'],
  ['https://auth.example.com', 'https://auth.example.com/'],
  ['https://AUTH.example.com:443/x', 'https://auth.example.com/x'],
  ['https://app.example.com/inbox', 'https://app.example.com/inbox'],
  ['http://localhost:5173/', 'http://localhost:5173/'],
]

describe('the return address', () => {
  test.each(hostile)('RD-01: %j is refused', (given) => {
    expect(read(given)).toBeNull()
  })

  test.each(lookalikes)('RD-03: %j is not on the list', (given) => {
    expect(read(given)).toBeNull()
  })

  test.each(fine)('%j becomes %s, and stays that', (given, href) => {
    expect(read(given)).toBe(href)
    expect(read(href)).toBe(href)
  })

  test.each([null, undefined, ''])('without one (%j) the fallback is taken', (given) => {
    expect(read(given)).toBe('https://auth.example.com/account')
  })

  test('a fallback that leads away is a mistake in the configuration, and says so', () => {
    expect(() => readReturnTo(null, { ...rules, fallback: 'https://evil.example/' })).toThrow('not on an allowed origin')
    expect(readReturnTo(null, { ...rules, fallback: 'https://app.example.com' })).toEqual({
      ok: true,
      returnTo: 'https://app.example.com/',
    })
  })

  test('RD-07: 2,048 characters, typed or after encoding, and no more', () => {
    const room = 2_048 - 'https://auth.example.com'.length
    expect(read(`/${'a'.repeat(room - 1)}`)).toHaveLength(2_048)
    expect(read(`/${'a'.repeat(room)}`)).toBeNull()
    expect(read(`/${'ü'.repeat(400)}`)).toBeNull()
    expect(read(`/${'a'.repeat(4_096)}`)).toBeNull()
    expect(read('/a/..'.repeat(1_000))).toBeNull()
  })

  test('RD-01: whatever is asked for, the answer is absolute, on the list, and reads as itself', () => {
    const bit = fc.oneof(
      fc.constantFrom(
        '/',
        '//',
        '\\',
        '.',
        '..',
        ':',
        '@',
        '?',
        '#',
        '%2f',
        '%5c',
        '%00',
        '\t',
        '\n',
        ' ',
        'https:',
        'http://',
        'https://',
        'blob:',
        'javascript:',
      ),
      fc.constantFrom('auth.example.com', 'app.example.com', 'evil.example', 'localhost:5173', '。', '／', '＠', '[::1]', 'a'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.array(bit, { maxLength: 8, size: 'max' }).map((bits) => bits.join('')),
          fc.array(bit, { maxLength: 8, size: 'max' }).map((bits) => `/${bits.join('')}`),
        ),
        (given) => {
          const href = read(given)
          if (href === null) return
          const url = new URL(href)
          expect(allowed).toContain(url.origin)
          expect(['http:', 'https:']).toContain(url.protocol)
          expect(url.pathname).not.toMatch(/^\/\//)
          expect(href).toMatch(/^[!-~]{1,2048}$/)
          expect(read(href)).toBe(href)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
