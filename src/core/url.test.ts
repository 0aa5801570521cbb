import { expect, test } from 'vitest'
import { parseUrl } from './url.ts'

test('a URL is one, whatever was asked before: also with letters beyond ASCII, a hundred thousand questions later', () => {
  const texts = ['https://auth.example.com/', 'https://bücher.example/', 'https://例え.example/', 'https://example.com/é?ü#ö']
  const refused = new Set<string>()
  for (let round = 0; round < 25_000; round++) for (const text of texts) if (parseUrl(text) === null) refused.add(text)
  expect([...refused]).toEqual([])
})

test.each(['', '/path', 'auth.example.com', 'https://', 'https://a b/', 'https://[::1', 'http://\u00ad/'])('%j alone is none', (text) => {
  expect(parseUrl(text)).toBeNull()
})

test('a path is one where it is said of what', () => {
  expect(parseUrl('/path', 'https://auth.example.com')?.href).toBe('https://auth.example.com/path')
})
