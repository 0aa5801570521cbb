import { describe, expect, test } from 'vitest'
import { isPublic, literalOf, readTarget } from './target.ts'

describe('WH4: addresses that only this server can reach are not connected to', () => {
  test.each([
    ['this machine', '127.0.0.1'],
    ['this machine, another way', '127.8.9.10'],
    ['any address of this machine', '0.0.0.0'],
    ['a private network', '10.1.2.3'],
    ['a private network', '172.31.255.254'],
    ['a private network', '192.168.0.1'],
    ['metadata of most clouds', '169.254.169.254'],
    ['metadata of Alibaba', '100.100.100.200'],
    ['metadata of Oracle', '192.0.0.192'],
    ['the agent of Azure', '168.63.129.16'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['documentation', '203.0.113.5'],
    ['benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.251'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['IPv6, this machine', '::1'],
    ['IPv6, unspecified', '::'],
    ['IPv6, link-local', 'fe80::1'],
    ['IPv6, private', 'fd00:ec2::254'],
    ['IPv6, site-local', 'fec0::1'],
    ['IPv6, multicast', 'ff02::1'],
    ['IPv4-mapped', '::ffff:10.0.0.1'],
    ['IPv4-mapped, public', '::ffff:8.8.8.8'],
    ['IPv4-compatible', '::7f00:1'],
    ['IPv4-translated', '::ffff:0:a00:1'],
    ['NAT64', '64:ff9b::a00:1'],
    ['NAT64, local', '64:ff9b:1::a00:1'],
    ['6to4', '2002:a00:1::'],
    ['Teredo', '2001:0:a00:1::'],
    ['documentation', '2001:db8::1'],
    ['discard', '100::1'],
    ['never allocated', '4000::1'],
    ['with a zone', 'fe80::1%eth0'],
    ['no address', 'localhost'],
    ['octal', '0177.0.0.1'],
    ['one number', '2130706433'],
  ])('%s: %s', (_, address) => {
    expect(isPublic(address)).toBe(false)
  })

  test.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '2a00:1450:4001:82f::200e'])('%s is public', (address) => {
    expect(isPublic(address)).toBe(true)
  })
})

describe('WH4: what may be named as an endpoint', () => {
  test.each([
    ['plain http', 'http://app.example.com/'],
    ['this machine', 'https://localhost/'],
    ['this machine, by number', 'https://127.0.0.1/'],
    ['this machine, by one number', 'https://2130706433/'],
    ['this machine, in octal', 'https://0177.1/'],
    ['this machine, in hexadecimal', 'https://0x7f.0.0.1/'],
    ['this machine, in full-width digits', 'https://１２７.0.0.1/'],
    ['this machine, IPv6', 'https://[::1]/'],
    ['mapped', 'https://[::ffff:169.254.169.254]/'],
    ['metadata', 'https://169.254.169.254/latest'],
    ['a user name', 'https://ada@app.example.com/'],
    ['a password', 'https://:x@app.example.com/'],
    ['a fragment', 'https://app.example.com/#x'],
    ['another scheme', 'file:///etc/passwd'],
    ['no URL', 'app.example.com'],
    ['too long', `https://app.example.com/${'x'.repeat(2_000)}`],
  ])('%s is refused', (_, url) => {
    expect(readTarget(url, false)).toMatchObject({ ok: false, what: expect.any(String), remedy: expect.any(String) })
  })

  test('who develops may name this machine, by its name alone', () => {
    expect(readTarget('http://localhost:4000/hooks', true)).toEqual({ ok: true, url: 'http://localhost:4000/hooks' })
    for (const host of ['127.0.0.1:4000', 'app.example.com', 'localhost.example.com', 'app.localhost', 'not-localhost', '10.0.0.1'])
      expect(readTarget(`http://${host}/`, true).ok, host).toBe(false)
    expect(readTarget('https://10.0.0.1/', true).ok).toBe(false)
  })

  test('any name may be given: where it leads is looked at with each message', () => {
    expect(readTarget('https://App.Example.com:8443/hooks?a=1', false)).toEqual({ ok: true, url: 'https://app.example.com:8443/hooks?a=1' })
  })

  test('a literal is told from a name', () => {
    expect(literalOf('[::1]')).toBe('::1')
    expect(literalOf('127.0.0.1')).toBe('127.0.0.1')
    expect(literalOf('app.example.com')).toBe(null)
  })
})
