// Whose address counts, and in which network; forged headers and the many spellings of one address.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clientAddress } from './client-address.ts'

const direct = clientAddress({ trustedProxies: [] })
const proxied = clientAddress({ trustedProxies: ['10.0.0.0/8', '2001:db8:aaaa::/48', '192.0.2.7'] })

describe('the address of a client', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9', '203.0.113.0/24', '203.0.0.0/16'],
    ['::ffff:203.0.113.9', '203.0.113.9', '203.0.113.0/24', '203.0.0.0/16'],
    ['::ffff:cb00:7109', '203.0.113.9', '203.0.113.0/24', '203.0.0.0/16'],
    ['0:0:0:0:0:FFFF:203.0.113.9', '203.0.113.9', '203.0.113.0/24', '203.0.0.0/16'],
    ['64:ff9b::203.0.113.9', '203.0.113.9', '203.0.113.0/24', '203.0.0.0/16'],
    ['64:ff9b::cb00:7109', '203.0.113.9', '203.0.113.0/24', '203.0.0.0/16'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
    ['2001:0DB8:0001::1', '2001:db8:1::1', '2001:db8:1::/64', '2001:db8:1::/48'],
    ['64:ff9b:1::1', '64:ff9b:1::1', '64:ff9b:1::/64', '64:ff9b:1::/48'],
    ['::1', '::1', '::/64', '::/48'],
    ['fe80::1%eth0', 'fe80::1', 'fe80::/64', 'fe80::/48'],
    ['127.0.0.1', '127.0.0.1', '127.0.0.0/24', '127.0.0.0/16'],
  ])('RL-05: %s is %s, in %s and %s', (socket, address, network, networkWide) => {
    expect(direct(socket, null)).toEqual({ address, network, networkWide })
  })

  test.each([
    undefined,
    '',
    'unknown',
    '/run/app.sock',
    '1.2.3',
    '010.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '1.2.3.4.5',
    '256.0.0.1',
    'g::1',
    ':::',
  ])('without a readable socket address (%j) the client is unknown', (socket) => {
    expect(proxied(socket, '203.0.113.9')).toEqual({ address: 'unknown', network: 'unknown', networkWide: 'unknown' })
  })

  test('RL-05: a thousand IPv4 clients of a dual-stack socket do not share one network', () => {
    const seen = Array.from({ length: 1_000 }, (_, n) => direct(`::ffff:198.${n >> 8}.${n & 255}.1`, null))
    expect(new Set(seen.map(({ network }) => network)).size).toBe(1_000)
    expect(new Set(seen.map(({ network }) => network)).has('::/64')).toBe(false)
  })

  test.each(['203.0.113.9', '203.0.113.9, 10.0.0.1', '127.0.0.1', ',', 'x'])(
    'RL-06, HH-02: an untrusted peer claims %j and is not heard',
    (forwarded) => {
      expect(direct('198.51.100.1', forwarded).address).toBe('198.51.100.1')
      expect(proxied('198.51.100.1', forwarded).address).toBe('198.51.100.1')
    },
  )

  test.each([
    ['one hop', '203.0.113.9', '203.0.113.9'],
    ['no header', null, '10.0.0.1'],
    ['an empty header', '', '10.0.0.1'],
    ['a forged entry to the left', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
    ['a forged trusted entry to the left', '10.0.0.9, 203.0.113.9', '203.0.113.9'],
    ['trusted hops to the right', '1.1.1.1, 203.0.113.9, 10.2.0.1 ,192.0.2.7', '203.0.113.9'],
    ['a trusted hop as mapped IPv6', '203.0.113.9, ::ffff:10.2.0.1', '203.0.113.9'],
    ['a trusted IPv6 hop', '2001:db8:1::9, 2001:db8:aaaa::1', '2001:db8:1::9'],
    ['trusted hops only', '10.0.0.8, 10.0.0.9', '10.0.0.8'],
    ['a malformed entry', '203.0.113.9, unknown', '10.0.0.1'],
    ['a malformed entry behind a good one', 'unknown, 10.0.0.7', '10.0.0.7'],
    ['an empty entry', '203.0.113.9,', '10.0.0.1'],
    ['an octal look-alike', '012.0.0.1', '10.0.0.1'],
    ['a short form', '203.113', '10.0.0.1'],
    ['a number', '3405803785', '10.0.0.1'],
    ['an obfuscated name', '_hidden', '10.0.0.1'],
    ['a zone', 'fe80::1%eth0', '10.0.0.1'],
    ['a port', '203.0.113.9:4711', '203.0.113.9'],
    ['a bracketed address', '[2001:db8:1::9]', '2001:db8:1::9'],
    ['a bracketed address with a port', '[2001:db8:1::9]:443', '2001:db8:1::9'],
    ['a bracket left open', '[2001:db8:1::9', '10.0.0.1'],
    ['a CIDR', '203.0.113.0/24', '10.0.0.1'],
    ['line breaks', '203.0.113.9\r\n', '203.0.113.9'],
  ])('RL-06: behind a trusted proxy, %s', (_, forwarded, address) => {
    expect(proxied('10.0.0.1', forwarded).address).toBe(address)
    expect(proxied('::ffff:10.0.0.1', forwarded).address).toBe(address)
  })

  test('RL-06: what one proxy sent is not remembered for another', () => {
    expect(proxied('10.0.0.1', 'unknown, hidden').address).toBe('10.0.0.1')
    expect(proxied('10.0.0.2', 'unknown, hidden').address).toBe('10.0.0.2')
  })

  test('RL-06: a list of thousands of hops ends after some', () => {
    const many = `203.0.113.9${', 10.0.0.1'.repeat(5_000)}`
    expect(proxied('10.0.0.1', many).address).toBe('10.0.0.1')
  })

  test.each([
    '',
    'localhost',
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '010.0.0.0/8',
    '10.0/8',
    '10.0.0.0/x',
    '::ffff:10.0.0.0/104',
  ])('a range that is none (%j) is refused with a hint', (range) => {
    expect(() => clientAddress({ trustedProxies: ['10.0.0.0/8', range] })).toThrow('write it like 10.0.0.0/8')
  })

  test('ranges of one kind do not catch addresses of the other', () => {
    expect(clientAddress({ trustedProxies: ['0.0.0.0/0'] })('2001:db8::1', '203.0.113.9').address).toBe('2001:db8::1')
    expect(clientAddress({ trustedProxies: ['::/0'] })('198.51.100.1', '203.0.113.9').address).toBe('198.51.100.1')
  })

  test('what is remembered is what would be worked out anew, for more callers than are remembered', () => {
    const reader = clientAddress({ trustedProxies: ['10.0.0.0/8'] })
    for (let round = 0; round < 2; round++) {
      for (let n = 0; n < 12_000; n++) {
        const address = `198.18.${n >> 8}.${n & 255}`
        expect(reader('10.0.0.1', address).address === address && reader(address, '1.1.1.1').address === address).toBe(true)
      }
    }
  })

  test('HH-02: whatever a header says, an untrusted peer is itself, and the answer is always an address', () => {
    const bit = fc.oneof(
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.constantFrom('10.0.0.1', '10.9.9.9', ' ', '', 'unknown', '::ffff:10.0.0.1'),
      fc.string({ maxLength: 5 }),
    )
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 6 }), (bits) => {
        const forwarded = bits.join(',')
        expect(proxied('198.51.100.1', forwarded).address).toBe('198.51.100.1')
        const { address, network, networkWide } = proxied('10.0.0.1', forwarded)
        expect(address).toMatch(/^(\d{1,3}(\.\d{1,3}){3}|[\da-f:]+)$/)
        expect(network).toMatch(/^(\d{1,3}\.\d{1,3}\.\d{1,3}\.0\/24|[\da-f:]+\/64)$/)
        expect(networkWide).toMatch(/^(\d{1,3}\.\d{1,3}\.0\.0\/16|[\da-f:]+\/48)$/)
      }),
      { numRuns: 500 },
    )
  })
})
