// What may be said of a tenant: everything that is wrong is named at once, with what to do.
import { describe, expect, test } from 'vitest'
import { changeProblem, fitProblems, readTenant, readTenantId, tenantActs } from './tenant.ts'

const ACME = { name: 'Acme', hosts: ['auth.acme.example'] }

describe('what is said of a tenant', () => {
  test('little', () => {
    const read = readTenant(ACME)
    if (!read.ok) throw new Error(read.problems.join())
    expect(read.places).toEqual({ hosts: ['auth.acme.example'], prefix: null })
    expect(read.said).toEqual({ name: 'Acme' })
    expect(read.settings).toMatchObject({
      name: 'Acme',
      mailFrom: null,
      returnTo: null,
      returnOrigins: [],
      operators: [],
      support: undefined,
    })
    expect(read.settings.policy.linkTtl).toBe(15 * 60_000)
  })

  test('all of it, and what is kept of it can be read again', () => {
    const given = {
      name: 'Acme',
      hosts: ['Auth.Acme.example', 'auth.acme.example:8443'],
      prefix: '/t/acme',
      mailFrom: 'Sign-In@Acme.example',
      support: 'help@acme.example',
      accent: '#1f4ed8',
      policy: { preset: 'strict', linkTtl: '12m' },
      rollOut: { name: 'codes', percent: 10, change: { methods: ['code'] } },
      returnOrigins: ['https://app.acme.example/'],
      returnTo: 'https://app.acme.example/home',
      operators: ['Ops@acme.example'],
    }
    const read = readTenant(given)
    if (!read.ok) throw new Error(read.problems.join())
    expect(read.places).toEqual({ hosts: ['auth.acme.example', 'auth.acme.example:8443'], prefix: '/t/acme' })
    expect(read.settings).toMatchObject({
      mailFrom: 'sign-in@acme.example',
      support: 'mailto:help@acme.example',
      returnOrigins: ['https://app.acme.example'],
      operators: ['ops@acme.example'],
    })
    expect(read.settings.policy).toMatchObject({ linkTtl: 12 * 60_000, codeLength: 8 })
    expect(read.settings.rollOut).toMatchObject({ name: 'codes', policy: { linkTtl: 12 * 60_000, methods: ['code'] } })
    expect(readTenant({ ...JSON.parse(JSON.stringify(read.said)), ...read.places })).toEqual(read)
    expect(fitProblems(read.places, read.settings, { origin: 'https://auth.example.com', basePath: '' })).toEqual([])
  })

  test.each<[string, unknown, string[]]>([
    ['no object', [], ['it is no object of settings']],
    ['nothing at all', {}, ['name: is no text']],
    ['no place', { name: 'Acme' }, ['hosts: neither a host nor a prefix leads to it']],
    ['a word that is not known', { ...ACME, colour: 'red' }, ['Unrecognized key: "colour"']],
    ['a host with a scheme', { ...ACME, hosts: ['https://a.example'] }, ['hosts.0: https://a.example is no host name']],
    ['a host with a path', { ...ACME, hosts: ['a.example/x'] }, ['hosts.0: a.example/x is no host name']],
    ['a host with the usual port', { ...ACME, hosts: ['a.example:443'] }, ['hosts.0: a.example:443 is not how browsers name it']],
    ['a number for a host', { ...ACME, hosts: ['0x7f.1'] }, ['hosts.0: 0x7f.1 is not how browsers name it']],
    ['a wildcard', { ...ACME, hosts: ['*.acme.example'] }, ['hosts.0: *.acme.example is no host name']],
    ['a host twice', { ...ACME, hosts: ['a.example', 'A.example'] }, ['hosts: one of them is named twice']],
    ['a path that leads up', { name: 'Acme', prefix: '/t/..' }, ['prefix: /t/.. is no path']],
    ['a path with an escape', { name: 'Acme', prefix: '/t/%61' }, ['prefix: /t/%61 is no path']],
    ['a path that is too deep', { name: 'Acme', prefix: '/a/b/c/d/e' }, ['prefix: /a/b/c/d/e has more than 4 parts']],
    ['an empty name', { ...ACME, name: ' ' }, ['name: is empty']],
    [
      'a name with a line break, for headers',
      { ...ACME, name: 'Acme\r\nBcc: x' },
      ['name: is longer than 60 characters or holds a control'],
    ],
    ['a pale colour', { ...ACME, accent: '#eeeeee,#ffffff' }, ['accent: #eeeeee is too pale']],
    ['a sender with a name', { ...ACME, mailFrom: 'Acme <a@acme.example>' }, ['mailFrom: Acme <a@acme.example> is no e-mail address']],
    ['a policy that contradicts itself', { ...ACME, policy: { session: { idle: '60d' } } }, ['policy: session.idle: is longer']],
    ['a preset that is not there', { ...ACME, policy: 'lax' }, ['policy: preset "lax" does not exist']],
    [
      'a roll-out of what is one for everybody',
      { ...ACME, rollOut: { name: 'x', change: { codeLength: 8 } } },
      ['rollOut: change: codeLength cannot'],
    ],
    ['an origin with a path', { ...ACME, returnOrigins: ['https://a.example/x'] }, ['returnOrigins.0: https://a.example/x is no origin']],
    ['an origin in clear', { ...ACME, returnOrigins: ['http://a.example'] }, ['returnOrigins.0: http://a.example is plain http']],
    [
      'much at once',
      { ...ACME, support: 'x', operators: ['y'], policy: 'lax' },
      ['support: is neither', 'operators.0: y is no', 'policy: preset'],
    ],
  ])('%s', (_, given, expected) => {
    const read = readTenant(given)
    expect(read.ok).toBe(false)
    const problems = read.ok ? [] : read.problems
    expect(problems.map((problem, nth) => [problem, problem.startsWith(expected[nth] ?? '-')])).toEqual(
      problems.map((problem) => [problem, true]),
    )
    expect(problems).toHaveLength(expected.length)
  })

  test('what does not fit to where the installation is', () => {
    const fits = (input: object, origin: string): string[] => {
      const read = readTenant({ ...ACME, ...input })
      if (!read.ok) throw new Error(read.problems.join())
      return fitProblems(read.places, read.settings, { origin, basePath: '' })
    }
    expect(fits({ returnTo: 'https://evil.example/' }, 'https://auth.example.com')).toEqual([
      expect.stringContaining('returnTo: https://evil.example/'),
    ])
    expect(fits({ returnTo: '/welcome' }, 'https://auth.example.com')).toEqual([])
    expect(fits({ returnTo: 'https://auth.acme.example/x' }, 'https://auth.example.com')).toEqual([])
    expect(fits({}, 'http://localhost:3000')).toEqual([expect.stringContaining('without https')])
    expect(fits({ hosts: ['acme.localhost:3000'] }, 'http://localhost:3000')).toEqual([])
  })

  test.each(['default', '', 'A', '-a', 'a-', 'a b', 'a/b', 'a;b', 'ä', "a'", 'a'.repeat(41)])('"%s" is no name for one', (id) => {
    expect(readTenantId(id).ok).toBe(false)
  })
  test.each(['a', 'acme', 'acme-2', 'a'.repeat(40)])('"%s" is one', (id) => {
    expect(readTenantId(id)).toEqual({ ok: true, value: id })
  })
})

test('what may become of a tenant', () => {
  const row = (status: 'active' | 'suspended' | 'removed') => ({ tenant: 'acme', status, version: 7 })
  const may = (status: 'active' | 'suspended' | 'removed' | null, version: number | null = null): string[] =>
    tenantActs.filter((act) => changeProblem(act, status === null ? null : row(status), version) === null)
  expect(may(null)).toEqual(['add'])
  expect(may('active')).toEqual(['set', 'suspend'])
  expect(may('suspended')).toEqual(['set', 'resume', 'remove'])
  expect(may('removed')).toEqual([])
  expect(may('active', 7)).toEqual(['set', 'suspend'])
  expect(may('active', 6)).toEqual([])
  expect(changeProblem('set', row('active'), 6)).toContain('somebody changed "acme" meanwhile (version 7)')
})
