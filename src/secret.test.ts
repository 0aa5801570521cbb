// What is sealed opens as it was made, and in no other form.
import { expect, test } from 'vitest'
import { bounceTag, keyring, open, readBounceTag, seal } from './secret.ts'

const keys = keyring(['0123456789abcdef0123456789abcdef'])
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

test.each(['a', 'ab', 'abc'])('of all texts that differ from what was sealed in one character, none opens: %s', (plain) => {
  const sealed = seal(keys, 'here', plain)
  expect(open(keys, 'here', sealed)).toBe(plain)
  expect(open(keys, 'there', sealed)).toBe(null)
  for (let at = 0; at < sealed.length; at++)
    for (const character of BASE64URL.replace(sealed.charAt(at), ''))
      expect(open(keys, 'here', sealed.slice(0, at) + character + sealed.slice(at + 1))).toBe(null)
})

test('a return path names its mail in whatever case it comes back, under any key that is still there, and in its tenant', () => {
  const tag = bounceTag(keys, 'default', 'Vbb2l5kDZRh29KWG0')
  expect(tag).toMatch(/^[0-9a-f]{50}$/)
  expect(readBounceTag(keys, 'default', tag.toUpperCase())).toBe('Vbb2l5kDZRh29KWG0')
  expect(readBounceTag(keyring(['fedcba9876543210fedcba9876543210', '0123456789abcdef0123456789abcdef']), 'default', tag)).toBe(
    'Vbb2l5kDZRh29KWG0',
  )
  expect(readBounceTag(keyring(['fedcba9876543210fedcba9876543210']), 'default', tag)).toBe(null)
  expect(readBounceTag(keys, 'other', tag)).toBe(null)
  for (let at = 0; at < tag.length; at++)
    expect(readBounceTag(keys, 'default', tag.slice(0, at) + (tag.charAt(at) === '0' ? '1' : '0') + tag.slice(at + 1))).toBe(null)
  for (const none of ['', 'x', '00', tag.slice(0, 16), `${tag}zz`, tag.slice(2)]) expect(readBounceTag(keys, 'default', none)).toBe(null)
})
