// Which tenant a request means, by host and path; and whose places stand in whose way.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Ground, homeOf, mapOf, meantBy, type Placed, placeProblems } from './place.ts'

const ground: Ground = { origin: 'https://auth.example.com', basePath: '' }
const placed = (tenant: string, hosts: string[], prefix: string | null = null): Placed => ({ tenant, hosts, prefix })
const ALONE: Placed[] = []
const BY_PATH = [placed('acme', [], '/t/acme'), placed('deep', [], '/t/x/deep'), placed('short', [], '/short')]
const BY_BOTH = [...BY_PATH, placed('host', ['login.host.example', 'old.host.example'], '/t/host')]

const named = (tenants: readonly Placed[], host: string | null, path: string, at = ground): string => {
  const meant = meantBy(mapOf(at, tenants), host, path)
  return meant.tenant === null ? 'nobody' : `${meant.tenant}${meant.moved ? ' moved' : ''} ${meant.rest}`
}

describe('who is meant', () => {
  test.each<[string, readonly Placed[], string | null, string, string]>([
    ['nobody else is there: whatever the host says', ALONE, 'evil.example', '/sign-in', 'default /sign-in'],
    ['nobody else is there, and no host is said', ALONE, null, '/t/acme/sign-in', 'default /t/acme/sign-in'],
    ['no tenant has a host: none is refused', BY_PATH, '10.0.0.7:3000', '/sign-in', 'default /sign-in'],
    ['a path', BY_PATH, 'auth.example.com', '/t/acme/sign-in', 'acme /sign-in'],
    ['a path and nothing behind it', BY_PATH, null, '/t/acme', 'acme '],
    ['a deeper path', BY_PATH, null, '/t/x/deep/l/ID', 'deep /l/ID'],
    ['a path of one part', BY_PATH, null, '/short/account', 'short /account'],
    ['what only begins like a path', BY_PATH, null, '/t/acme2/sign-in', 'nobody'],
    ['what only begins like one, outside of a folder', BY_PATH, null, '/shorter/sign-in', 'default /shorter/sign-in'],
    ['other letters', BY_PATH, null, '/t/ACME/sign-in', 'nobody'],
    ['an escaped slash', BY_PATH, null, '/t%2facme/sign-in', 'default /t%2facme/sign-in'],
    ['dots that nobody resolved', BY_PATH, null, '/t/../t/acme/sign-in', 'nobody'],
    ['two slashes', BY_PATH, null, '//t/acme/sign-in', 'default //t/acme/sign-in'],
    ['the folder alone', BY_PATH, null, '/t', 'default /t'],
    ['nothing in the folder', BY_PATH, null, '/t/', 'nobody'],
    ['a host', BY_BOTH, 'login.host.example', '/sign-in', 'host /sign-in'],
    ['in capitals, with a dot and the usual port', BY_BOTH, 'LOGIN.Host.example.:443', '/sign-in', 'host /sign-in'],
    ['with another port', BY_BOTH, 'login.host.example:444', '/sign-in', 'nobody'],
    ['a further host', BY_BOTH, 'old.host.example', '/l/ID', 'host moved /l/ID'],
    ['the path of one that has a host', BY_BOTH, 'auth.example.com', '/t/host/l/ID', 'host moved /l/ID'],
    ['a path at the host of somebody else', BY_BOTH, 'login.host.example', '/t/acme/sign-in', 'host /t/acme/sign-in'],
    ['the host of the installation', BY_BOTH, 'auth.example.com', '/sign-in', 'default /sign-in'],
    ['a host that nobody has', BY_BOTH, 'evil.example', '/sign-in', 'nobody'],
    ['one that ends like ours', BY_BOTH, 'evilauth.example.com', '/sign-in', 'nobody'],
    ['no host', BY_BOTH, null, '/sign-in', 'nobody'],
    ['the style of one that has a host', BY_BOTH, 'login.host.example', '/assets/postkey.css', 'host /assets/postkey.css'],
    ['a load balancer asks', BY_BOTH, '10.0.0.7', '/readyz', 'default /readyz'],
  ])('%s', (_, tenants, host, path, expected) => {
    expect(named(tenants, host, path)).toBe(expected)
  })

  test('below the base path of the installation', () => {
    const at = { origin: 'http://localhost:3000', basePath: '/auth' }
    expect(named(BY_PATH, null, '/auth/t/acme/sign-in', at)).toBe('acme /sign-in')
    expect(named(BY_PATH, null, '/t/acme/sign-in', at)).toBe('default ')
    expect(homeOf(at, { hosts: [], prefix: '/t/acme' })).toEqual({ origin: 'http://localhost:3000', basePath: '/auth/t/acme' })
    expect(homeOf(at, { hosts: ['acme.localhost:3000'], prefix: '/t/acme' })).toEqual({
      origin: 'http://acme.localhost:3000',
      basePath: '/auth',
    })
  })

  test('IN-10: whatever is sent, it is a tenant of the list or nobody, and the rest of the path is what was sent', () => {
    const map = mapOf(ground, BY_BOTH)
    const names = new Set(['default', ...BY_BOTH.map(({ tenant }) => tenant)])
    const path = fc.oneof(
      fc.string(),
      fc
        .array(fc.constantFrom('/', 't', 'acme', 'x', 'deep', 'short', '%2f', '..', '?', '\\'), { maxLength: 8 })
        .map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(fc.option(fc.oneof(fc.string(), fc.constantFrom('auth.example.com', 'login.host.example'))), path, (host, sent) => {
        const meant = meantBy(map, host, sent)
        expect(meant.tenant === null || (names.has(meant.tenant) && sent.endsWith(meant.rest))).toBe(true)
      }),
    )
  })
})

describe('whose way a place stands in', () => {
  test.each<[string, string[], string | null, string[]]>([
    ['free', ['login.new.example'], '/t/new', []],
    ['a host of another', ['old.host.example'], null, ['hosts: old.host.example is a host of the tenant "host"']],
    ['that of the installation', ['auth.example.com'], null, ['hosts: auth.example.com is where the installation itself is']],
    ['a path of another', [], '/t/acme', ['prefix: /t/acme is that of the tenant "acme"']],
    ['in that of another', [], '/t/acme/inner', ['prefix: /t/acme/inner and /t/acme of the tenant "acme" lie one in the other']],
    ['around those of others', [], '/t/x', ['prefix: /t/x and /t/x/deep of the tenant "deep" lie one in the other']],
    ['a page of ours', [], '/l/acme', ['prefix: /l is a page of the installation']],
    ['the console', [], '/console', ['prefix: /console is a page of the installation']],
    ['all at once', ['old.host.example', 'auth.example.com'], '/short', ['hosts: old', 'hosts: auth', 'prefix: /short']],
  ])('%s', (_, hosts, prefix, expected) => {
    const problems = placeProblems({ hosts, prefix }, BY_BOTH, ground)
    expect(problems.map((problem, nth) => problem.startsWith(expected[nth] ?? '-'))).toEqual(expected.map(() => true))
    for (const problem of problems) expect(problem).toContain(' — ')
  })
})
