// What came together with tenants later: who is told what happens, users by hand, another proof, a roll-out. Each is of one tenant. On both engines.
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import type { RollOutInput, SignedIn } from '../../src/index.ts'
import { openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { verifyWebhook } from '../../src/webhook/verify.ts'
import { stepUp } from '../account.ts'
import { askAndOpen, type Browser, HOUR, type Kit, type KitOptions, signIn, startKit } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { type Receiver, startReceiver, type Told, typed } from '../webhook-receiver.ts'

const ADA = 'ada@example.net'
const BOB = 'bob@example.net'
const HERE = 'http://localhost:3999'
const SECRET = randomBytes(33).toString('base64')

describe.each(sharedDatabases)('%s', (_, fresh) => {
  const ends: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  interface Scene {
    readonly kit: Kit
    readonly database: TestDatabase
    at(tenant: string): Browser
    command(...words: string[]): Promise<Told>
    /** An endpoint of its own. */
    endpointAt(tenant: string): Promise<{ readonly receiver: Receiver; readonly endpoint: string; readonly secret: string }>
    settled(): Promise<void>
    count(table: string, tenant: string): Promise<number>
  }

  async function scene(options: KitOptions = {}): Promise<Scene> {
    const database = await fresh()
    ends.push(() => database.drop())
    const kit = await startKit({ url: HERE, secret: SECRET, database: database.url, ...options })
    ends.push(() => kit.close())
    for (const name of ['acme', 'beta']) await kit.postkey.tenants.add(name, { name, prefix: `/t/${name}` })
    const command = (...words: string[]): Promise<Told> => typed(database.url, SECRET, words)
    const settled = async (): Promise<void> => {
      await kit.settle()
      await kit.postkey.hostTold()
    }
    return {
      kit,
      database,
      command,
      settled,
      at: (tenant) => kit.browser(tenant === 'default' ? {} : { base: `/t/${tenant}` }),
      endpointAt: async (tenant) => {
        const receiver = await startReceiver()
        ends.push(async () => receiver[Symbol.asyncDispose]())
        const added = await command('webhooks', 'add', receiver.url, '--tenant', tenant, '--types', 'signin.completed', '--json')
        expect(added).toMatchObject({ code: 0, err: '' })
        // Within ten seconds, or when it is asked to look.
        await settled()
        const { endpoint, secret } = added.json as { endpoint: string; secret: string }
        return { receiver, endpoint, secret }
      },
      count: async (table, tenant) => {
        const engine = await openEngine(database.url)
        const rows = await engine.read(() => all<{ n: number }>(`select count(*) as n from ${table} where tenant = ?`, tenant))
        await engine.close()
        return Number(rows[0]?.n)
      },
    }
  }

  test('TE-02: two tenants with a webhook endpoint each: either gets its own messages and none of the other’s', async () => {
    const { kit, at, endpointAt, settled, command } = await scene()
    const acme = await endpointAt('acme')
    const beta = await endpointAt('beta')
    // One after the other: all of it comes to one mailbox.
    for (const tenant of ['acme', 'beta', 'default']) await signIn(kit, ADA, at(tenant))
    await signIn(kit, BOB, at('beta'))
    await settled()
    expect([acme.receiver.taken.length, beta.receiver.taken.length]).toEqual([1, 2])
    const idOf = async (tenant: string, email: string): Promise<string | undefined> =>
      (await kit.postkey.usersOf(tenant).find({ email }))?.id
    expect(acme.receiver.data('signin.completed').map(({ user }) => user)).toEqual([await idOf('acme', ADA)])
    expect(
      beta.receiver
        .data('signin.completed')
        .map(({ user }) => user)
        .toSorted(),
    ).toEqual([await idOf('beta', ADA), await idOf('beta', BOB)].toSorted())
    for (const { headers, body } of beta.receiver.taken) {
      expect(verifyWebhook(beta.secret, headers, body, kit.clock.at / 1_000)).toMatchObject({ ok: true })
      expect(verifyWebhook(acme.secret, headers, body, kit.clock.at / 1_000)).toMatchObject({ ok: false, why: 'signature_wrong' })
    }
    // Nor is an endpoint or a message to be had by its name at another tenant.
    const message = String(acme.receiver.taken[0]?.headers['webhook-id'])
    for (const [action, what] of [
      ['show', acme.endpoint],
      ['show', message],
      ['remove', acme.endpoint],
      ['disable', acme.endpoint],
      ['rotate', acme.endpoint],
      ['replay', message],
    ] as const)
      for (const other of [['--tenant', 'beta'], []]) expect((await command('webhooks', action, what, ...other)).code).toBe(1)
    expect((await command('webhooks', 'list', '--tenant', 'acme', '--json')).json).toMatchObject({ endpoints: [{ id: acme.endpoint }] })
    expect((await command('webhooks', 'list', '--json')).json).toMatchObject({ endpoints: [] })
    expect(await command('webhooks', 'list', '--tenant', 'gamma')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no tenant "gamma"'),
    })
  })

  test('what happened at a suspended tenant is told when it is back; of a removed one nothing is left', async () => {
    const { kit, at, endpointAt, settled, count } = await scene()
    const { receiver } = await endpointAt('acme')
    receiver.answer = () => ({ status: 500 })
    await signIn(kit, ADA, at('acme'))
    await settled()
    expect([receiver.taken.length, await count('dispatches', 'acme')]).toEqual([1, 1])
    await kit.postkey.tenants.suspend('acme')
    receiver.answer = () => ({ status: 204 })
    kit.clock.forward(HOUR)
    await settled()
    expect([receiver.taken.length, await count('attempts', 'acme')]).toEqual([1, 1])
    await kit.postkey.tenants.resume('acme')
    kit.clock.forward(HOUR)
    await settled()
    expect([receiver.taken.length, await count('attempts', 'acme')]).toEqual([2, 2])
    await kit.postkey.tenants.suspend('acme')
    await kit.postkey.tenants.remove('acme')
    await kit.postkey.purge()
    for (const table of ['endpoints', 'dispatches', 'attempts', 'users', 'events'])
      expect([table, await count(table, 'acme')]).toEqual([table, 0])
  })

  test('hooks of the library hear of all tenants, and where it was', async () => {
    const told: SignedIn[] = []
    const { kit, at, settled } = await scene({ hooks: { signedIn: (what) => void told.push(what) } })
    for (const tenant of ['default', 'acme', 'beta']) await signIn(kit, ADA, at(tenant))
    await settled()
    expect(told.map(({ tenant }) => tenant).toSorted()).toEqual(['acme', 'beta', 'default'])
  })

  test('users of a tenant, by the library and by the command line', async () => {
    const { kit, at, command } = await scene()
    const acme = kit.postkey.usersOf('acme')
    const made = await acme.create({ email: ADA, externalId: '4711' })
    expect(made.ok).toBe(true)
    expect([await kit.postkey.users.find({ email: ADA }), await kit.postkey.usersOf('beta').find({ externalId: '4711' })]).toEqual([
      null,
      null,
    ])
    expect((await command('users', 'add', BOB, '--tenant', 'beta', '--json')).json).toMatchObject({ ok: true })
    const listed = async (...words: string[]): Promise<unknown> =>
      ((await command('users', 'list', '--json', ...words)).json['users'] as { email: string }[]).map(({ email }) => email)
    expect([await listed(), await listed('--tenant', 'acme'), await listed('--tenant', 'beta')]).toEqual([[], [ADA], [BOB]])
    expect((await command('users', 'disable', ADA, '--tenant', 'beta')).code).toBe(1)
    expect((await command('users', 'disable', ADA, '--tenant', 'acme')).code).toBe(0)
    expect(await acme.find({ email: ADA })).toMatchObject({ status: 'disabled' })
    await kit.postkey.tenants.set('acme', { operators: [BOB] })
    await at('acme').get('/sign-in')
    expect(await command('users', 'disable', BOB, '--tenant', 'acme', '--json')).toMatchObject({
      code: 1,
      json: { reason: 'operator_protected' },
    })
    await expect(kit.postkey.usersOf('gamma').find({ email: ADA })).rejects.toThrow('there is no tenant "gamma"')
  })

  test('another proof is asked for at the pages of the tenant, and good there alone', async () => {
    const { kit, at } = await scene()
    const acme = await signIn(kit, ADA, at('acme'))
    const beta = await signIn(kit, ADA, at('beta'))
    const proof = (browser: Browser, tenant: string) =>
      kit.postkey.requireRecentProof(
        new Request(`${HERE}/t/${tenant}/danger`, { headers: { cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; ') } }),
      )
    kit.clock.forward(HOUR)
    const old = await proof(acme, 'acme')
    expect(old).toMatchObject({ live: null, reason: 'proof_old' })
    expect('goTo' in old && old.goTo).toBe(`${HERE}/t/acme/account/confirm?return_to=${encodeURIComponent(`${HERE}/t/acme/danger`)}`)
    // Somebody else, with the same address.
    const { challenge, code } = await stepUp(kit, acme, ADA)
    expect((await beta.post('/account/confirm/code', { c: challenge, code: code ?? '' })).status).not.toBe(303)
    expect((await proof(beta, 'beta')).reason).toBe('proof_old')
    expect((await acme.post('/account/confirm/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    expect(await proof(acme, 'acme')).toMatchObject({ reason: 'proof_recent', live: { user: { email: ADA } } })
    expect((await proof(acme, 'beta')).reason).toBe('session_unknown')
    expect((await proof(acme, 'gamma')).reason).toBe('tenant_unknown')
  })

  test('a roll-out of one tenant: its people have it, the same people elsewhere do not, and its policy is on record', async () => {
    const { kit, at, command } = await scene({ policy: { methods: ['link'] } })
    const rollOut: RollOutInput = { name: 'codes', addresses: [ADA], change: { methods: ['code'] } }
    await kit.postkey.tenants.set('acme', { policy: { methods: ['link'] }, rollOut })
    const held = async (tenant: string, email: string): Promise<unknown> => {
      const { link, code } = await askAndOpen(kit, email, { browser: at(tenant) })
      return [link !== null, code !== null]
    }
    const [LINK, CODE] = [
      [true, false],
      [false, true],
    ]
    expect([await held('acme', ADA), await held('acme', BOB), await held('default', ADA)]).toEqual([CODE, LINK, LINK])
    expect((await kit.browser({ base: '/t/acme' }).get('/sign-in')).text).toContain('We send you a mail to sign in with')
    const { code, json } = await command('audit', 'replay', '--tenant', 'acme', '--since', '2026-11-01', '--json')
    expect([code, json['unreadable'], Number(json['same']) > 1]).toEqual([0, 0, true])
    await expect(kit.postkey.tenants.set('acme', { rollOut: { ...rollOut, change: { codeLength: 8 } } })).rejects.toThrow(
      'rollOut: change: codeLength cannot differ between people',
    )
    await kit.postkey.tenants.set('acme', { rollOut: null })
    expect(await held('acme', 'carol@example.net')).toEqual(LINK)
  })
})
