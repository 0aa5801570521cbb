import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readSearch } from './search.ts'

const ID = 'Vbb2l5kDZRh29KWG'
const challenge = { by: 'challenge', challenge: ID }

/** As the web side counts addresses to networks. */
const networkOf = (address: string): string | null =>
  /^\d+\.\d+\.\d+\.\d+$/.test(address) ? address.replace(/\d+$/, '0/24') : /^2001:db8:/i.test(address) ? '2001:db8:1:2::/64' : null

describe('what is typed is', () => {
  test.each([
    ['an address', 'ada@example.net', [{ by: 'address', email: 'ada@example.net' }]],
    ['an address in another form, as for a sign-in', '  Ada@EXAMPLE.net ', [{ by: 'address', email: 'ada@example.net' }]],
    ['an address in Unicode', 'ada@bücher.example', [{ by: 'address', email: 'ada@xn--bcher-kva.example' }]],
    ['the id of a request, a challenge or a user', ID, [{ by: 'id', id: ID }]],
    ["a link's id", `${ID}0`, [challenge]],
    ['a link', `https://auth.example.com/l/${ID}1#${'S'.repeat(43)}`, [challenge]],
    ['a link whose fragment a gateway encoded', `https://auth.example.com/auth/l/${ID}1%23${'S'.repeat(43)}`, [challenge]],
    ["a session's id", `${ID}a_-bC1`, [challenge]],
    ['a Message-ID', `<${ID}2@example.com>`, [challenge]],
    [
      'a Message-ID without its brackets, or an address',
      `${ID}2@example.com`,
      [{ by: 'address', email: `${ID.toLowerCase()}2@example.com` }, challenge],
    ],
    ['a Message-ID of a local host', `<${ID}2@localhost>`, [challenge]],
    ['the address of a client', '203.0.113.7', [{ by: 'network', network: '203.0.113.0/24' }]],
    ['its network', '203.0.113.0/24', [{ by: 'network', network: '203.0.113.0/24' }]],
    ['an IPv6 address', '2001:DB8:1:2:3::4', [{ by: 'network', network: '2001:db8:1:2::/64' }]],
  ])('%s: %s', (_, typed, keys) => {
    expect(readSearch(typed, networkOf)).toEqual({ ok: true, keys })
  })
})

describe('and is not', () => {
  test.each([
    ['empty', '  '],
    ['secret', 'S'.repeat(43)],
    ['secret', `${ID}a_-bC1${'S'.repeat(43)}`],
    ['network', '203.0.113.0/16'],
    ['network', '999.1.1'],
    ['network', '203.0.113.0/24/24'.slice(0, 14).replace('24', '99')],
    ['shape', 'ada'],
    ['shape', `${ID}123`],
    ['shape', 'https://auth.example.com/sign-in'],
    ['domain', 'ada@localhost'],
    ['local', 'ada smith@example.net'.replace(' ', '..')],
    ['at', 'ada@@example.net'],
  ])('%s: %s', (why, typed) => {
    expect(readSearch(typed, networkOf)).toEqual({ ok: false, why })
  })
})

test('whatever is typed is read or refused, and what is looked for is never longer than it may be', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'aZ09@.:/<>#_-%l') })), (typed) => {
      const result = readSearch(typed, networkOf)
      if (!result.ok) return
      for (const key of result.keys) {
        if (key.by === 'id' || key.by === 'challenge') expect(Object.values(key)[1]).toMatch(/^[0-9A-Za-z]{16}$/)
        if (key.by === 'address') expect(key.email).toMatch(/^[!-~]{3,254}$/)
      }
    }),
    { numRuns: 2_000 },
  )
})
