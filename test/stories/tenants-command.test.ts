// `postkey tenants`: added, looked at, changed, stopped and removed by whoever runs the server; and every mistake is told with its remedy
// before anything is written. On both engines.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/run/command.ts'
import { ORIGIN, signIn, startKit } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Shown {
  readonly tenant: string
  readonly status: string
  readonly version: number
  readonly at: readonly string[]
  readonly settings: Readonly<Record<string, unknown>>
}

const mistakes: [what: string, words: string[], code: number, said: string][] = [
  ['nothing', [], 2, 'what with them?'],
  ['no such action', ['rename', 'x'], 2, '"rename" is not known'],
  ['which one', ['show'], 2, 'show which one?'],
  ['too much', ['list', 'beta'], 2, '"beta" is not expected after list'],
  ['a flag that is not taken', ['suspend', 'beta', '--name', 'X'], 2, 'suspend takes no settings'],
  ['nothing to set', ['set', 'beta'], 2, 'set what?'],
  ['one that is not there', ['set', 'nobody', '--name', 'X'], 1, 'there is no tenant "nobody"'],
  ['that of the settings', ['set', 'default', '--name', 'X'], 1, 'change the settings of the server'],
  ['its name again', ['add', 'default', '--name', 'X', '--prefix', '/t/x'], 2, 'is the tenant of the settings'],
  ['no name for one', ['add', 'A B', '--name', 'X', '--prefix', '/t/x'], 2, 'is no name for a tenant'],
  ['there already', ['add', 'beta', '--name', 'X', '--prefix', '/t/x'], 1, 'there is a tenant "beta"'],
  [
    'a place that is taken',
    ['add', 'x', '--name', 'X', '--hosts', 'AUTH.beta.example'],
    1,
    'auth.beta.example is a host of the tenant "beta"',
  ],
  ['our own place', ['add', 'x', '--name', 'X', '--hosts', 'auth.example.com'], 1, 'where the installation itself is'],
  ['our own page', ['add', 'x', '--name', 'X', '--prefix', '/console'], 1, 'is a page of the installation'],
  ['a bad policy', ['add', 'x', '--name', 'X', '--prefix', '/t/x', '--policy', 'lax'], 2, 'preset "lax" does not exist'],
  [
    'a policy that is no file',
    ['add', 'x', '--name', 'X', '--prefix', '/t/x', '--policy', './none.json'],
    2,
    'none.json cannot be read (ENOENT)',
  ],
  ['no such file', ['add', 'x', '--file', 'none.json'], 2, 'none.json cannot be read (ENOENT)'],
  [
    'a way that leads off',
    ['add', 'x', '--name', 'X', '--prefix', '/t/x', '--return-to', 'https://evil.example/'],
    2,
    'an origin that is not allowed',
  ],
  ['running already', ['resume', 'beta'], 1, '"beta" is not suspended'],
]

describe.each(sharedDatabases)('postkey tenants on %s', (engine, fresh) => {
  let database: TestDatabase
  let folder: string
  beforeAll(async () => {
    database = await fresh()
    folder = mkdtempSync(join(tmpdir(), 'postkey-tenants-'))
    expect((await postkey('migrate')).code).toBe(0)
  })
  afterAll(async () => {
    await database?.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function postkey(...words: string[]): Promise<Ran> {
    const said = { out: '', err: '' }
    const code = await main(words, {
      env: { POSTKEY_DATABASE_URL: database.url, POSTKEY_URL: ORIGIN },
      folder,
      interactive: false,
      out: (text) => {
        said.out += `${text}\n`
      },
      err: (text) => {
        said.err += `${text}\n`
      },
    })
    return { code, ...said }
  }
  const tenants = (...words: string[]): Promise<Ran> => postkey('tenants', ...words)
  const shown = async (tenant: string): Promise<Shown> =>
    (JSON.parse((await tenants('show', tenant, '--json')).out) as { tenant: Shown }).tenant

  test('from nothing to a tenant that people sign in at, and to nothing again', async () => {
    expect((await tenants('list')).out).toContain('There is only the tenant of the settings.')
    expect(JSON.parse((await tenants('list', '--json')).out)).toEqual({ ok: true, tenants: [] })

    const added = await tenants(
      'add',
      'acme',
      '--name',
      'Acme Works',
      '--prefix',
      '/t/acme',
      '--policy',
      'strict',
      '--operators',
      'a@acme.example,b@acme.example',
    )
    expect(added).toMatchObject({ code: 0, err: '' })
    expect(added.out).toContain(`${ORIGIN}/t/acme`)
    writeFileSync(join(folder, 'beta.json'), JSON.stringify({ name: 'Beta', hosts: ['auth.beta.example'], policy: { linkTtl: '20m' } }))
    expect((await tenants('add', 'beta', '--file', 'beta.json', '--support', 'help@beta.example')).code).toBe(0)
    expect((await tenants('list')).out.split('\n').slice(0, 2)).toEqual([
      `acme  active  Acme Works  ${ORIGIN}/t/acme`,
      'beta  active  Beta        https://auth.beta.example',
    ])
    expect(await shown('beta')).toMatchObject({
      at: ['https://auth.beta.example'],
      settings: { name: 'Beta', support: 'help@beta.example', policy: { linkTtl: '20m' } },
    })

    await using kit = await startKit({ database: database.url })
    await signIn(kit, 'ada@example.net', kit.browser({ base: '/t/acme' }))

    expect((await tenants('set', 'acme', '--support', 'help@acme.example', '--name', 'Acme')).out).toContain('Changed.')
    writeFileSync(join(folder, 'longer.json'), JSON.stringify({ preset: 'corporate', linkTtl: '45m' }))
    expect((await tenants('set', 'acme', '--support', '', '--policy', './longer.json')).code).toBe(0)
    expect((await shown('acme')).settings).toEqual({
      hosts: [],
      prefix: '/t/acme',
      name: 'Acme',
      policy: { preset: 'corporate', linkTtl: '45m' },
      operators: ['a@acme.example', 'b@acme.example'],
    })

    expect((await tenants('suspend', 'acme')).out).toContain('Suspended')
    expect((await shown('acme')).status).toBe('suspended')
    expect((await tenants('resume', 'acme')).code).toBe(0)
    expect(await tenants('remove', 'acme', '--yes')).toMatchObject({ code: 1, err: expect.stringContaining('suspend it first') })
    await tenants('suspend', 'acme')
    expect(await tenants('remove', 'acme')).toMatchObject({ code: 2, err: expect.stringContaining('--yes') })
    expect((await tenants('remove', 'acme', '--yes')).out).toContain('Removed.')
    expect(await tenants('show', 'acme')).toMatchObject({ code: 1, err: expect.stringContaining('there is no tenant "acme"') })
    expect(await tenants('add', 'acme', '--name', 'Acme', '--prefix', '/t/acme')).toMatchObject({
      code: 1,
      err: expect.stringContaining('its name stays its own'),
    })
    // Its places are free.
    expect((await tenants('add', 'acme-2', '--name', 'Acme', '--prefix', '/t/acme')).code).toBe(0)
  })

  // What is found before a database is asked is the same on both.
  test.each(engine === 'SQLite' ? mistakes : mistakes.filter(([, , code]) => code === 1))('a mistake: %s', async (_, words, code, said) => {
    const before = (await tenants('list', '--json')).out
    const ran = await tenants(...words)
    expect(ran).toMatchObject({ code, out: '' })
    expect(ran.err).toContain(said)
    const json = await tenants(...words, '--json')
    expect(json.code).toBe(code)
    if (json.out !== '') expect(JSON.parse(json.out)).toMatchObject({ ok: false })
    expect((await tenants('list', '--json')).out).toBe(before)
  })

  test('two who change one at the same moment: nothing of either is lost unseen', async () => {
    const ran = await Promise.all([
      tenants('set', 'beta', '--name', 'Beta One'),
      tenants('set', 'beta', '--support', 'one@beta.example'),
      tenants('set', 'beta', '--accent', '#0a5f38'),
    ])
    const lost = ran.filter(({ code }) => code !== 0)
    for (const { err } of lost) expect(err).toContain('somebody changed "beta" meanwhile')
    const { settings } = await shown('beta')
    const kept = [settings['name'] === 'Beta One', settings['support'] === 'one@beta.example', settings['accent'] === '#0a5f38']
    expect(kept).toEqual(ran.map(({ code }) => code === 0))
  })

  test('a database that is not there, or too old, is not made or changed', async () => {
    const elsewhere = async (url: string): Promise<Ran> => tenants('list', '--database-url', url)
    expect(await elsewhere(`file:${join(folder, 'none.db')}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no database at'),
    })
    writeFileSync(join(folder, 'empty.db'), '')
    expect(await elsewhere(`file:${join(folder, 'empty.db')}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('run postkey migrate first'),
    })
  })
})
