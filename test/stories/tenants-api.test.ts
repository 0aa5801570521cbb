// Tenants by JSON: programs with a key do what it lets them do; for everybody else there is nothing there.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../../src/run/command.ts'
import { type Answer, type Kit, signIn, startKit } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

const AT = '/api/admin/tenants'

describe.each(sharedDatabases)('the API for tenants on %s', (_, fresh) => {
  let database: TestDatabase
  let kit: Kit
  beforeAll(async () => {
    database = await fresh()
    kit = await startKit({ database: database.url })
    for (const name of ['acme', 'beta']) await kit.postkey.tenants.add(name, { name, prefix: `/t/${name}` })
  })
  afterAll(async () => {
    await kit?.close()
    await database?.drop()
  })

  async function key(...words: string[]): Promise<Record<string, unknown> & { text: string; key: { id: string } }> {
    let out = ''
    const terminal = { env: { POSTKEY_DATABASE_URL: database.url }, folder: '.', interactive: false }
    const code = await main(['tenants', 'key', ...words, '--json'], {
      ...terminal,
      out: (text) => {
        out += text
      },
      err: (text) => {
        throw new Error(text)
      },
    })
    expect(code).toBe(0)
    return JSON.parse(out) as Awaited<ReturnType<typeof key>>
  }
  const ask = (text: string, method: string, path = '', body?: unknown): Promise<Answer> =>
    kit.browser().api(method, `${AT}${path}`, body, { authorization: `Bearer ${text}`, origin: '', 'sec-fetch-site': '' })

  test('with a key of the installation: from nothing to a tenant that people sign in at, and to nothing again', async () => {
    const { text } = await key('add', 'default', '--scope', 'write')
    expect((await ask(text, 'POST', '', { tenant: 'made', name: 'Made', prefix: '/t/made', policy: 'strict' })).status).toBe(201)
    await kit.postkey.tenants.set('made', {})
    await signIn(kit, 'ada@example.net', kit.browser({ base: '/t/made' }))
    const changed = await ask(text, 'POST', '/made', { support: 'help@made.example', policy: null })
    expect(changed.json()).toMatchObject({ tenant: { tenant: 'made', settings: { name: 'Made', support: 'help@made.example' } } })
    expect(((await ask(text, 'GET')).json() as { tenants: { tenant: string }[] }).tenants.map(({ tenant }) => tenant)).toEqual([
      'acme',
      'beta',
      'made',
    ])
    expect((await ask(text, 'DELETE', '/made')).status).toBe(409)
    expect((await ask(text, 'POST', '/made/suspend')).json()).toMatchObject({ tenant: { status: 'suspended' } })
    expect((await ask(text, 'POST', '/made/resume')).status).toBe(200)
    await ask(text, 'POST', '/made/suspend')
    expect((await ask(text, 'DELETE', '/made')).json()).toMatchObject({ tenant: { status: 'removed' } })
    expect((await ask(text, 'GET', '/made')).status).toBe(404)
    const bad = await ask(text, 'POST', '', { tenant: 'bad', name: '', hosts: ['https://x'] })
    expect([bad.status, (bad.json() as { problems: string[] }).problems.length]).toEqual([400, 2])
    const taken = await ask(text, 'POST', '', { tenant: 'taken', name: 'Taken', prefix: '/t/acme' })
    expect([taken.status, (taken.json() as { problems: string[] }).problems[0]]).toEqual([
      409,
      expect.stringContaining('is that of the tenant "acme"'),
    ])
  })

  test('TE-09: a key reaches as far as it was made to, and no further', async () => {
    const known = (await key('add', 'default', '--scope', 'write')).text
    const keys = {
      'no key': 'x',
      'a cookie’s shape': 'A'.repeat(65),
      made_up: `pk.default.${'A'.repeat(16)}.${'A'.repeat(43)}`,
      'another secret': `${known.slice(0, -43)}${'A'.repeat(43)}`,
      reader: (await key('add', 'default')).text,
      acme: (await key('add', 'acme', '--scope', 'write')).text,
      'acme, reading': (await key('add', 'acme', '--scope', 'read')).text,
    }
    const wishes: Record<string, () => [method: string, path: string, body?: unknown]> = {
      list: () => ['GET', ''],
      add: () => ['POST', '', { tenant: 'other', name: 'Other', prefix: '/t/other' }],
      'look at acme': () => ['GET', '/acme'],
      'look at beta': () => ['GET', '/beta'],
      'change acme': () => ['POST', '/acme', { support: 'help@acme.example' }],
      'change beta': () => ['POST', '/beta', { support: 'help@acme.example' }],
      'move acme': () => ['POST', '/acme', { prefix: '/t/elsewhere' }],
      'suspend acme': () => ['POST', '/acme/suspend'],
      'remove acme': () => ['DELETE', '/acme'],
    }
    const may: Record<string, string[]> = {}
    for (const [name, text] of Object.entries(keys)) {
      may[name] = []
      for (const [wish, words] of Object.entries(wishes)) {
        const answer = await ask(text, ...words())
        if (answer.status < 300) may[name]?.push(wish)
        else expect([name, wish, answer.status, answer.reason]).toEqual([name, wish, 404, 'route_unknown'])
      }
    }
    expect(may).toEqual({
      'no key': [],
      'a cookie’s shape': [],
      made_up: [],
      'another secret': [],
      reader: ['list', 'look at acme', 'look at beta'],
      acme: ['look at acme', 'change acme'],
      'acme, reading': ['look at acme'],
    })
    // Under another tenant's name it is no key, and at another tenant's pages there is nothing to ask, whoever asks.
    for (const path of ['', '/acme']) {
      const renamed = await ask(keys.acme.replace('pk.acme.', 'pk.default.'), 'GET', path)
      const elsewhere = await kit.browser({ base: '/t/acme' }).api('GET', `${AT}${path}`, undefined, { authorization: `Bearer ${known}` })
      expect([path, renamed.status, elsewhere.status]).toEqual([path, 404, 404])
    }
  })

  test('a key is replaced without a break, is listed without its secret, and ends at once', async () => {
    const old = await key('add', 'beta')
    const next = await key('add', 'beta')
    for (const { text } of [old, next]) expect((await ask(text, 'GET', '/beta')).status).toBe(200)
    await key('end', 'beta', old.key.id)
    expect([(await ask(old.text, 'GET', '/beta')).status, (await ask(next.text, 'GET', '/beta')).status]).toEqual([404, 200])
    const listed = await key('list', 'beta')
    expect((listed['keys'] as { endedAt: string | null }[]).map(({ endedAt }) => endedAt === null)).toEqual([false, true])
    expect(JSON.stringify(listed)).not.toContain(next.text.slice(-43))
  })

  test('pages of somebody else cannot use it by the cookies of a browser', async () => {
    const { text } = await key('add', 'default', '--scope', 'write')
    const browser = await signIn(kit, 'ada@example.net')
    const headers = { authorization: `Bearer ${text}`, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await browser.api('POST', `${AT}/acme/suspend`, {}, headers)).status).toBe(403)
  })
})
