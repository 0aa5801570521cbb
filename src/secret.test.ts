// What is sealed opens as it was made, and in no other form.
import { expect, test } from 'vitest'
import { keyring, open, seal } from './secret.ts'

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
