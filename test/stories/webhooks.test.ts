// The host is told what happens: by webhooks, in the transaction of what they tell, signed, again until they are taken, and never to who did
// not ask. On both engines.
import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, test } from 'vitest'
import { openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { verifyWebhook } from '../../src/webhook/verify.ts'
import { askForChange, notMeLink, typeChange } from '../account.ts'
import { askAndOpen, Clock, HOUR, type Kit, type KitOptions, MINUTE, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { addEndpoint, type Receiver, startReceiver, type Taken, typed } from '../webhook-receiver.ts'

const ADA = 'ada@example.net'
const OPS = 'ops@example.net'
const HERE = 'http://localhost:3999'
const SECRET = randomBytes(33).toString('base64')

async function* fileOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

describe.each(sharedDatabases)('%s', (_, fresh) => {
  const ends: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })

  interface Scene {
    readonly database: TestDatabase
    readonly receiver: Receiver
    readonly endpoint: string
    readonly secret: string
    readonly clock: Clock
    readonly kit: Kit
    settled(): Promise<void>
    webhooks(...words: string[]): ReturnType<typeof typed>
    rows<R>(sql: string): Promise<readonly R[]>
  }

  async function scene(types?: string, options: KitOptions = {}): Promise<Scene> {
    const database = await fresh()
    ends.push(() => database.drop())
    const receiver = await startReceiver()
    ends.push(async () => receiver[Symbol.asyncDispose]())
    const added = await addEndpoint(database.url, SECRET, receiver.url, types)
    const clock = new Clock(Date.now())
    const kit = await startKit({ url: HERE, secret: SECRET, database: database.url, now: clock.now, operators: [OPS], ...options })
    ends.push(() => kit.close())
    return {
      database,
      receiver,
      ...added,
      clock,
      kit,
      settled: async () => {
        await kit.settle()
        await kit.postkey.hostTold()
      },
      webhooks: (...words) => typed(database.url, SECRET, ['webhooks', ...words]),
      rows: async (sql) => {
        const engine = await openEngine(database.url)
        const rows = await engine.read(() => all(sql))
        await engine.close()
        return rows as never
      },
    }
  }

  const checked = (one: Taken | undefined, secret: string): unknown =>
    new Webhook(secret).verify(one?.body ?? '', one?.headers as Record<string, string>)

  test('WH1, WH2: a person from the first mail to the last: what happens is told, signed, and without address or secret', async () => {
    const { kit, receiver, settled, secret } = await scene()
    const operator = await signIn(kit, OPS)
    await settled()
    const before = receiver.taken.length
    const asked = await askAndOpen(kit, ADA)
    expect((await asked.browser.post('/sign-in/code', { c: asked.challenge, code: asked.code ?? '' })).status).toBe(303)
    await settled()
    expect(receiver.types().slice(before).toSorted()).toEqual(['address.confirmed', 'signin.completed', 'user.created'])
    const [signedIn] = receiver.data('signin.completed').slice(1)
    expect(signedIn).toMatchObject({ challenge: asked.challenge, proof: 'code', user: expect.stringMatching(/^\w{16}$/) })
    // Again: no new user.
    const browser = await signIn(kit, ADA, asked.browser)
    await settled()
    const { user } = signedIn as { user: string }
    expect(receiver.data('user.created').filter((one) => one['user'] === user)).toHaveLength(1)
    expect(receiver.data('session.ended')).toEqual([expect.objectContaining({ user, count: 1, reason: 'signed_in' })])
    await browser.post('/sign-out', {})
    await settled()
    expect(receiver.data('session.ended').at(-1)).toMatchObject({ user, count: 1, reason: 'signed_out' })
    await signIn(kit, ADA)
    const { location } = await operator.post('/console/search', { q: ADA })
    for (const act of ['disable', 'enable', 'erase']) await operator.post(location, { act, sure: 'yes' })
    await settled()
    expect(receiver.data('user.changed')).toEqual([
      expect.objectContaining({ user, change: 'disabled' }),
      expect.objectContaining({ user, change: 'enabled' }),
    ])
    expect(receiver.data('session.ended').at(-1)).toMatchObject({ user, reason: 'operator_disabled_user' })
    expect(receiver.data('user.deleted')).toEqual([expect.objectContaining({ user })])
    for (const one of receiver.taken) {
      expect(checked(one, secret)).toMatchObject({ data: { requestId: expect.any(String) } })
      expect(verifyWebhook(secret, one.headers, one.body)).toMatchObject({ ok: true })
      expect(one.body).not.toMatch(/@|[0-9A-Za-z]{43}/)
      expect(one.body.length).toBeLessThan(20_000)
    }
  })

  test('what the library and the command line do to a user is told as what the console does is', async () => {
    const { kit, receiver, settled, database, clock } = await scene('user.created,user.changed,user.deleted,session.ended')
    const { users } = kit.postkey
    const command = (...words: string[]) => typed(database.url, SECRET, ['users', ...words])
    const hands = [
      {
        create: async () => expect((await users.create({ email: ADA })).ok).toBe(true),
        act: async (act: 'disable' | 'enable' | 'delete') => expect((await users[act]({ email: ADA })).ok).toBe(true),
      },
      {
        create: async () => expect(await command('add', ADA)).toMatchObject({ code: 0 }),
        act: async (act: string) => expect(await command(act, ADA, ...(act === 'delete' ? ['--yes'] : []))).toMatchObject({ code: 0 }),
      },
    ]
    for (const { create, act } of hands) {
      await settled()
      const before = receiver.taken.length
      await create()
      const user = (await users.find({ email: ADA }))?.id
      await signIn(kit, ADA)
      for (const name of ['disable', 'enable', 'delete'] as const) await act(name)
      await settled()
      const told = receiver.taken.slice(before).map(({ body }) => JSON.parse(body) as { type: string; data: object })
      expect(told.map(({ type }) => type).toSorted()).toEqual([
        'session.ended',
        'user.changed',
        'user.changed',
        'user.created',
        'user.deleted',
      ])
      for (const { data } of told) expect(data).toMatchObject({ user, requestId: expect.stringMatching(/^\w{16}$/) })
      expect(told.find(({ type }) => type === 'user.created')?.data).toMatchObject({ by: 'operator', challenge: null })
      clock.forward(HOUR)
    }
    // An import tells nothing: whoever has the file knows.
    await typed(database.url, SECRET, ['users', 'import', '-', '--format', 'csv'], { input: fileOf('email\nbob@example.net\n') })
    await settled()
    expect(await users.find({ email: 'bob@example.net' })).not.toBeNull()
    expect(receiver.data('user.created')).toHaveLength(3)
  })

  test('another address, taken back, and an account that its person deletes: each is told once, with the sessions that ended', async () => {
    const { kit, receiver, settled } = await scene('user.changed,user.deleted,session.ended')
    const elsewhere = await signIn(kit, ADA)
    const browser = await signIn(kit, ADA)
    const { user } = (await browser.api('GET', '/api/session')).json() as { user: { id: string } }
    const { toNew, undo } = await askForChange(kit, browser, ADA, 'ada@new.example')
    await settled()
    expect(receiver.taken).toEqual([])
    await typeChange(browser, toNew, 'change_email')
    await settled()
    // The session of the browser that asked goes on.
    expect([await browser.whoAmI(), await elsewhere.whoAmI()]).toEqual(['ada@new.example', null])
    expect(receiver.data('session.ended')).toEqual([expect.objectContaining({ user: user.id, count: 1, reason: 'address_changed' })])
    for (let twice = 0; twice < 2; twice++) await browser.post(undo.path, { secret: undo.secret })
    const again = await signIn(kit, ADA)
    await again.post('/account/delete', { sure: 'yes' })
    await settled()
    const changed = expect.objectContaining({ user: user.id, change: 'address' })
    expect(receiver.data('user.changed')).toEqual([changed, changed])
    expect(receiver.data('session.ended').map(({ reason, count }) => [reason, count])).toEqual([
      ['address_changed', 1],
      ['change_undone', 1],
      ['person_erased', 1],
    ])
    expect(receiver.data('user.deleted')).toEqual([expect.objectContaining({ user: user.id })])
    for (const { body } of receiver.taken) expect(body).not.toMatch(/@|[0-9A-Za-z]{43}/)
  })

  test('WH4: an endpoint hears of what it wants, and of nothing else', async () => {
    const { kit, receiver, settled, rows } = await scene('session.ended')
    const browser = await signIn(kit, ADA)
    await browser.post('/sign-out', {})
    await settled()
    expect(receiver.types()).toEqual(['session.ended'])
    expect(await rows('select id from dispatches')).toHaveLength(1)
  })

  test('challenge.failed: once for each reason, however often it is tried, and not for a slip', async () => {
    const { kit, receiver, settled, clock } = await scene('challenge.failed')
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    for (let nth = 0; nth < 4; nth++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, nth) })
    await settled()
    expect(receiver.taken).toEqual([])
    for (let nth = 0; nth < 3; nth++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, nth) })
    clock.forward(HOUR)
    for (let nth = 0; nth < 3; nth++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, nth) })
    await settled()
    const told = receiver.data('challenge.failed').map(({ reason, challenge: of, proof }) => [reason, of, proof])
    expect(told).toEqual([
      ['code_locked', challenge, 'code'],
      ['code_expired', challenge, 'code'],
    ])
  })

  test('“This was not me”: challenge.failed of what nobody had used, session.ended of who was signed in by it', async () => {
    const { kit, receiver, settled } = await scene('challenge.failed,session.ended')
    const open = await askAndOpen(kit, ADA)
    await kit.browser().post(notMeLink(open.message), { email: ADA })
    // What is tried afterwards is not told once more.
    await open.browser.post('/sign-in/code', { c: open.challenge, code: open.code ?? '' })
    const used = await askAndOpen(kit, ADA)
    await used.browser.post('/sign-in/code', { c: used.challenge, code: used.code ?? '' })
    await kit.browser().post(notMeLink(used.message), { email: ADA })
    await settled()
    expect(receiver.data('challenge.failed')).toMatchObject([{ reason: 'disowned', challenge: open.challenge, proof: null, user: null }])
    expect(receiver.data('session.ended')).toMatchObject([{ reason: 'not_me', count: 1 }])
  })

  test('WH2, WH3: what was not taken comes again, under the same id and with a signature of its own time', async () => {
    const { kit, receiver, settled, clock, secret, endpoint, webhooks } = await scene('signin.completed')
    receiver.answer = (__, nth) => (nth === 1 ? { status: 500, body: 'ada@example.net 12345678\nno' } : { status: 200 })
    await signIn(kit, ADA)
    await settled()
    expect(receiver.taken).toHaveLength(1)
    clock.forward(4_000 - 1)
    await settled()
    expect(receiver.taken).toHaveLength(1)
    clock.forward(2_002)
    await settled()
    expect(receiver.taken).toHaveLength(2)
    const [first, second] = receiver.taken as [Taken, Taken]
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
    expect(second.body).toBe(first.body)
    expect(Number(second.headers['webhook-timestamp']) - Number(first.headers['webhook-timestamp'])).toBeGreaterThanOrEqual(6)
    expect(verifyWebhook(secret, second.headers, second.body, clock.at / 1_000)).toMatchObject({
      ok: true,
      id: first.headers['webhook-id'],
    })
    const shown = await webhooks('show', String(first.headers['webhook-id']), '--json')
    expect(shown.json).toMatchObject({
      dispatches: [{ state: 'delivered', tries: 2, endpoint }],
      attempts: [{ status: 500, reply: '•@• •' }, { status: 200 }],
    })
    clock.forward(100 * HOUR)
    await settled()
    expect(receiver.taken).toHaveLength(2)
  })

  test('WH3: a redirect is not followed, and is a failure', async () => {
    const { kit, receiver, settled, endpoint, webhooks } = await scene('signin.completed')
    receiver.answer = () => ({ status: 307, headers: { location: '/elsewhere' } })
    await signIn(kit, ADA)
    await settled()
    expect(receiver.taken.map(({ path }) => path)).toEqual(['/hooks'])
    expect((await webhooks('show', endpoint, '--json')).json).toMatchObject({ dispatches: [{ state: 'queued', tries: 1 }] })
  })

  test('WH3: 410 disables the endpoint, which is in the record; nothing is written for it until it is enabled', async () => {
    const { kit, receiver, settled, endpoint, webhooks, rows, database } = await scene('signin.completed')
    receiver.answer = () => ({ status: 410 })
    await signIn(kit, ADA)
    await settled()
    expect((await webhooks('list', '--json')).json).toMatchObject({ endpoints: [{ id: endpoint, state: 'gone' }] })
    await signIn(kit, ADA)
    await settled()
    expect(await rows('select id from dispatches')).toHaveLength(1)
    // The command has the clock of the machine, the kit its own.
    const events = await rows<{ reason: string; facts: string }>("select reason, facts from events where kind = 'webhook' order by reason")
    expect(events.map(({ reason }) => reason)).toEqual(['endpoint_changed', 'endpoint_disabled'])
    expect(events.map(({ facts }) => facts).join()).not.toContain('/hooks')
    receiver.answer = () => ({ status: 200 })
    await typed(database.url, SECRET, ['webhooks', 'enable', endpoint])
    await settled()
    await signIn(kit, ADA)
    await settled()
    expect(receiver.taken).toHaveLength(2)
  })

  test('WH3: an endpoint that takes nothing for three days is dead; what it missed is sent when somebody asks for it', async () => {
    const log: string[] = []
    const note = (name: string): void => void log.push(name)
    const { kit, receiver, settled, clock, endpoint, webhooks } = await scene('signin.completed', {
      log: { event: () => {}, warn: note, error: note },
    })
    receiver.answer = () => ({ status: 500 })
    await signIn(kit, ADA)
    for (let tries = 0; tries < 12; tries++) {
      await settled()
      clock.forward(30 * HOUR)
    }
    expect(receiver.taken).toHaveLength(10)
    expect(log).toContain('endpoint_disabled')
    expect((await webhooks('list', '--json')).json).toMatchObject({ endpoints: [{ id: endpoint, state: 'dead' }] })
    receiver.answer = () => ({ status: 200 })
    expect(await webhooks('replay', endpoint)).toMatchObject({
      code: 0,
      out: expect.stringContaining('One message is queued once more. They are sent when it is enabled'),
    })
    await settled()
    expect(receiver.taken).toHaveLength(10)
    expect((await webhooks('enable', endpoint)).code).toBe(0)
    await settled()
    expect(receiver.taken).toHaveLength(11)
    expect(new Set(receiver.taken.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    // By its name once more, though it was delivered.
    const [one] = receiver.taken as [Taken]
    expect((await webhooks('replay', String(one.headers['webhook-id']))).code).toBe(0)
    await settled()
    expect(receiver.taken).toHaveLength(12)
    expect((await webhooks('replay', 'msg_nothing')).code).toBe(1)
  })

  test('WH3: an endpoint that has too much to do is left alone, with all of its messages', async () => {
    const { kit, receiver, settled, clock } = await scene('signin.completed')
    receiver.answer = () => ({ status: 503, headers: { 'retry-after': '600' } })
    await signIn(kit, ADA)
    await settled()
    await signIn(kit, 'bob@example.net')
    clock.forward(MINUTE)
    await settled()
    expect(receiver.taken).toHaveLength(1)
    clock.forward(10 * MINUTE)
    receiver.answer = () => ({ status: 204 })
    await settled()
    expect(receiver.taken).toHaveLength(3)
  })

  test('FA-03: many processes send one copy of each', async () => {
    const { kit: first, receiver, database, clock } = await scene('signin.completed')
    const kits = await Promise.all(
      Array.from({ length: 3 }, () => startKit({ url: HERE, secret: SECRET, database: database.url, now: clock.now })),
    )
    await Promise.all(kits.flatMap((kit, at) => Array.from({ length: 5 }, (__, nth) => signIn(kit, `person-${at}-${nth}@example.net`))))
    await Promise.all([first, ...kits].map((kit) => kit.postkey.hostTold()))
    for (const kit of kits) await kit.close()
    expect(receiver.taken).toHaveLength(15)
    expect(new Set(receiver.taken.map(({ headers }) => headers['webhook-id'])).size).toBe(15)
  })

  test('WH4: operators see what was answered to each try, and send a message again; nobody else does', async () => {
    const { kit, receiver, settled, clock, endpoint, rows } = await scene('signin.completed')
    const operator = await signIn(kit, OPS)
    await settled()
    receiver.answer = () => ({ status: 500, body: 'no room for ada@example.net' })
    const ada = await signIn(kit, ADA)
    await settled()
    expect((await operator.get('/console/webhooks')).text).toContain(`localhost:${receiver.port}`)
    const page = await operator.get(`/console/webhooks/${endpoint}`)
    expect(page.text).toContain('500')
    expect(page.text).toContain('no room for •@•')
    expect(page.text).not.toContain('/hooks<')
    const [dispatch = ''] = [...page.text.matchAll(/name="dispatch" value="([^"]+)"/g)].map(([, id]) => id)
    receiver.answer = () => ({ status: 200 })
    const again = await operator.post(`/console/webhooks/${endpoint}`, { dispatch })
    expect(again.location).toBe(`/console/webhooks/${endpoint}?said=dispatch_replayed`)
    await settled()
    expect(receiver.taken.filter(({ headers }) => headers['webhook-id'] === `msg_${dispatch}`)).toHaveLength(2)
    const events = await rows<{ facts: string }>("select facts from events where kind = 'console' and reason = 'dispatch_replayed'")
    expect(events.map(({ facts }) => JSON.parse(facts))).toEqual([
      expect.objectContaining({ dispatch, endpoint, replayed: 1, wants: 'replay' }),
    ])
    for (const stranger of [ada, kit.browser()]) {
      await stranger.post(`/console/webhooks/${endpoint}`, { dispatch })
      expect((await stranger.get(`/console/webhooks/${endpoint}`)).text).not.toContain('localhost:')
    }
    clock.forward(HOUR)
    expect((await operator.post(`/console/webhooks/${endpoint}`, { dispatch })).status).toBe(401)
    await settled()
    expect(receiver.taken.filter(({ headers }) => headers['webhook-id'] === `msg_${dispatch}`)).toHaveLength(2)
    expect((await operator.get('/console/webhooks/nothing')).status).toBe(404)
  })

  test('WH2: a secret is replaced without a break: signed by both, then by the new one', async () => {
    const { kit, receiver, settled, secret, endpoint, webhooks } = await scene('signin.completed')
    const { json, code } = await webhooks('rotate', endpoint, '--json')
    expect(code).toBe(0)
    const next = String(json['secret'])
    // Within ten seconds, or when it is asked to look.
    await settled()
    await signIn(kit, ADA)
    await settled()
    for (const one of [secret, next]) expect(checked(receiver.taken[0], one)).toBeTruthy()
    expect((await webhooks('rotate', endpoint, '--drop-old')).code).toBe(0)
    await settled()
    await signIn(kit, ADA)
    await settled()
    expect(checked(receiver.taken[1], next)).toBeTruthy()
    expect(() => checked(receiver.taken[1], secret)).toThrow()
    expect((await webhooks('rotate', endpoint, '--drop-old')).code).toBe(1)
  })

  test('its secret is sealed, and goes over to the new key of the server by itself', async () => {
    const { kit, receiver, secret, endpoint, rows, database, clock } = await scene('signin.completed')
    const sealed = async (): Promise<string> => (await rows<{ secrets: string }>('select secrets from endpoints'))[0]?.secrets ?? ''
    const before = await sealed()
    expect(Buffer.from(before, 'base64url').toString('latin1')).not.toContain('whsec')
    expect(JSON.stringify(await rows('select * from events'))).not.toContain(secret)
    await kit.close()
    ends.pop()
    const next = randomBytes(33).toString('base64')
    for (const secrets of [[next, SECRET], [next]]) {
      const again = await startKit({ url: HERE, secret: secrets, database: database.url, now: clock.now })
      await signIn(again, ADA)
      await again.postkey.hostTold()
      await again.close()
    }
    expect(await sealed()).not.toBe(before)
    expect(receiver.taken).toHaveLength(2)
    for (const one of receiver.taken) expect(checked(one, secret)).toBeTruthy()
    expect((await typed(database.url, SECRET, ['webhooks', 'test', endpoint])).code).toBe(1)
  })

  test('a message for show, removal, and an endpoint that nobody has', async () => {
    const { receiver, secret, endpoint, webhooks, kit, settled, rows } = await scene('signin.completed')
    expect(await webhooks('test', endpoint)).toMatchObject({ code: 0, out: 'The endpoint answered 204.' })
    expect(checked(receiver.taken[0], secret)).toMatchObject({ type: 'webhook.test', data: { endpoint } })
    receiver.answer = () => ({ status: 404, body: 'no such page' })
    expect(await webhooks('test', endpoint)).toMatchObject({ code: 1, err: expect.stringContaining('404, no such page') })
    await signIn(kit, ADA)
    await settled()
    expect(await webhooks('remove', endpoint)).toMatchObject({ code: 0 })
    expect([await rows('select id from dispatches'), await rows('select id from attempts')]).toEqual([[], []])
    for (const action of ['remove', 'enable', 'disable', 'rotate', 'test', 'replay', 'show'])
      expect((await webhooks(action, endpoint)).code, action).toBe(1)
    expect((await webhooks('list', '--json')).json).toEqual({ ok: true, endpoints: [] })
  })
})

describe('postkey webhooks says what is wrong', () => {
  const secret = SECRET
  test.each([
    [['webhooks'], 2, 'what?'],
    [['webhooks', 'ad'], 2, '"ad" is not known'],
    [['webhooks', 'add'], 2, 'add needs URL behind it'],
    [['webhooks', 'list', 'x'], 2, '"x" is not expected after list'],
    [['webhooks', 'remove', 'x', '--types', 'a'], 2, 'remove takes no --types'],
    [['webhooks', 'add', 'https://a.example', '--drop-old'], 2, 'add takes no --drop-old'],
    [['webhooks', 'add', 'nonsense'], 2, 'is no web address'],
    [['webhooks', 'add', 'http://a.example/'], 2, 'is not https'],
    [['webhooks', 'add', 'https://10.1.2.3/'], 2, 'not public'],
    [['webhooks', 'add', 'http://localhost:1/', '--url', 'https://auth.example.com'], 2, 'is not https'],
    [['webhooks', 'add', 'https://a.example/', '--types', 'signin.complete'], 2, 'is not known'],
    [['webhooks', 'replay', 'x', '--since', 'soon'], 2, 'is no time'],
  ] as const)('%j', async (words, code, what) => {
    const database = await (sharedDatabases[0] as (typeof sharedDatabases)[number])[1]()
    try {
      const { migrate } = await import('../../src/store/open.ts')
      await migrate(database.url)
      expect(await typed(database.url, secret, words)).toMatchObject({ code, err: expect.stringContaining(what) })
    } finally {
      await database.drop()
    }
  })
})
