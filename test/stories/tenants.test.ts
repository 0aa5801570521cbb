// Several applications on one Postkey: each with people, brand, rules and operators of its own, at a host or a path of its own; and nothing
// of one is good, seen or counted at another. On both engines.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TenantInput } from '../../src/index.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import {
  type Answer,
  askAndOpen,
  type Browser,
  type BrowserOptions,
  decideAgain,
  type Kit,
  ORIGIN,
  signIn,
  startKit,
  wrongCode,
} from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

const ADA = 'ada@example.net'
const OPS = 'ops@acme.example'

const TENANTS: Readonly<Record<string, TenantInput>> = {
  acme: {
    name: 'Acme',
    hosts: ['auth.acme.example', 'old.acme.example'],
    mailFrom: 'sign-in@acme.example',
    support: 'help@acme.example',
    accent: '#0a5f38',
    policy: 'strict',
    returnOrigins: ['https://app.acme.example'],
    operators: [OPS],
  },
  beta: { name: 'Beta', hosts: ['auth.beta.example'], returnOrigins: ['https://app.beta.example'] },
  first: { name: 'First', prefix: '/t/first', operators: ['ops@first.example'] },
  second: { name: 'Second', prefix: '/t/second' },
}

/** Where the pages of each are. */
const AT: Readonly<Record<string, BrowserOptions>> = {
  default: {},
  acme: { origin: 'https://auth.acme.example' },
  beta: { origin: 'https://auth.beta.example' },
  first: { base: '/t/first' },
  second: { base: '/t/second' },
}

const NAMES = Object.keys(AT)
const elsewhere = (own: string): string[] => NAMES.filter((name) => name !== own)

describe.each(sharedDatabases)('tenants on %s', (_, fresh) => {
  let database: TestDatabase
  let kit: Kit
  /** Looks beside the one that serves. */
  let store: Store
  const lines: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[] = []

  beforeAll(async () => {
    database = await fresh()
    const note = (name: string, fields: object = {}): void => void lines.push({ name, fields: { ...fields } })
    const log = {
      event: note,
      warn: note,
      error: (name: string, error: unknown, fields?: object) => note(name, { ...fields, error: String(error) }),
    }
    kit = await startKit({ database: database.url, log })
    for (const [id, tenant] of Object.entries(TENANTS)) await kit.postkey.tenants.add(id, tenant)
    store = await openStore(database.url, { now: kit.clock.now })
  })
  afterAll(async () => {
    await store?.close()
    await kit?.close()
    await database?.drop()
    expect(lines.filter(({ fields }) => 'error' in fields)).toEqual([])
  })

  const at = (tenant: string, more: BrowserOptions = {}): Browser => kit.browser({ ...AT[tenant], ...more })
  const eventsOf = (tenant: string) => store.readEvents(tenant, { requestId: '', id: '' }, 10_000)
  const counts = () => Promise.all(NAMES.map(async (name) => [name, (await eventsOf(name)).length]))
  const isSignedIn = (answer: Answer): boolean => answer.status === 200 || (answer.status === 303 && /account|app\./.test(answer.location))

  test('brand, sender, rules, links and cookies are its own', async () => {
    const told: Record<string, unknown> = {}
    for (const name of NAMES) {
      const browser = at(name)
      const page = await browser.get('/sign-in')
      const { message, link, code } = await askAndOpen(kit, `brand-${name}@example.net`, { browser })
      const style = await browser.get('/assets/postkey.css')
      told[name] = {
        heading: /<h1[^>]*>([^<]*)/.exec(page.text)?.[1],
        from: `${message.from.name} <${message.from.address}>`,
        link: link?.replace(/\/l\/.*/, '/l/'),
        digits: code?.length,
        cookies: [...browser.cookies.keys()],
        accent: style.text.includes('#0a5f38'),
      }
    }
    const cookie = '__Host-postkey-browser'
    const own = { accent: false, digits: 6 }
    expect(told).toEqual({
      default: { ...own, heading: 'Sign in to Example', from: 'Example <sign-in@example.com>', link: `${ORIGIN}/l/`, cookies: [cookie] },
      acme: {
        heading: 'Sign in to Acme',
        from: 'Acme <sign-in@acme.example>',
        link: 'https://auth.acme.example/l/',
        digits: 8,
        cookies: [`${cookie}-acme`],
        accent: true,
      },
      beta: {
        ...own,
        heading: 'Sign in to Beta',
        from: 'Beta <sign-in@example.com>',
        link: 'https://auth.beta.example/l/',
        cookies: [`${cookie}-beta`],
      },
      first: {
        ...own,
        heading: 'Sign in to First',
        from: 'First <sign-in@example.com>',
        link: `${ORIGIN}/t/first/l/`,
        cookies: [`${cookie}-first`],
      },
      second: {
        ...own,
        heading: 'Sign in to Second',
        from: 'Second <sign-in@example.com>',
        link: `${ORIGIN}/t/second/l/`,
        cookies: [`${cookie}-second`],
      },
    })
  })

  test.each(NAMES)('somebody signs in at %s by link and by code, sees the account, and signs out', async (name) => {
    const asked = await askAndOpen(kit, ADA, { browser: at(name) })
    const landed = await asked.browser.post(`/l/${asked.linkId}`, { secret: asked.secret })
    expect([landed.status, landed.location]).toEqual([303, `${AT[name]?.origin ?? ORIGIN}${AT[name]?.base ?? ''}/account`])
    expect(await asked.browser.whoAmI()).toBe(ADA)
    expect((await asked.browser.get('/account')).text).toContain(ADA)
    expect((await asked.browser.post('/sign-out', {})).status).toBe(303)
    expect(await asked.browser.whoAmI()).toBe(null)
    kit.clock.forward(3 * 60_000)
    await signIn(kit, ADA, asked.browser)
  })

  test('TE-01: a link and a code of one are good at no other, whatever host, path, header, cookie or field says', async () => {
    for (const own of NAMES) {
      const email = `te01-${own}@example.net`
      const { browser, challenge, linkId, secret, code } = await askAndOpen(kit, email, { browser: at(own) })
      const [cookie = ''] = browser.cookies.values()
      for (const other of elsewhere(own)) {
        const home = AT[own]?.origin?.slice('https://'.length) ?? 'auth.example.com'
        const claims = {
          'x-forwarded-host': home,
          forwarded: `host=${home}`,
          'x-original-url': `${AT[own]?.base ?? ''}/l/${linkId}`,
          'x-tenant': own,
        }
        const claimed = { tenant: own, t: own }
        // With the cookie of the browser that asked under the names of the other, and by header.
        const thief = at(other)
        await thief.get('/sign-in')
        for (const name of [...thief.cookies.keys()]) thief.cookies.set(name, cookie)
        const answers = [
          await thief.post(`/l/${linkId}`, { secret, email }, claims),
          await thief.post(`/l/${linkId}`, { secret }, claims),
          await thief.post('/sign-in/code', { c: challenge, code: code ?? '' }, claims),
          await thief.api('POST', '/api/sign-in/verify', { link: { id: linkId, secret, email } }, claims),
          await thief.api('POST', '/api/sign-in/verify', { challenge, code }, claims),
          await thief.api('POST', '/api/sign-in/verify', { challenge, code }, { ...claims, cookie: 'none', 'postkey-browser': cookie }),
          await thief.post(`/l/${linkId}?tenant=${own}`, { secret, email, ...claimed }, claims),
          await thief.post('/sign-in/resend', { c: challenge }, claims),
        ]
        expect([own, other, answers.filter((answer) => answer.status < 400 || isSignedIn(answer)).map(({ status }) => status)]).toEqual([
          own,
          other,
          [],
        ])
        expect(await thief.whoAmI()).toBe(null)
      }
      // Nothing was spent of it where it belongs.
      const answer = await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
      expect([own, answer.status]).toEqual([own, 303])
      expect(await browser.whoAmI()).toBe(email)
    }
  })

  test('TE-02: one address is another person at each, with a budget of its own, and nobody learns of the others', async () => {
    const email = 'te02@example.net'
    const users = new Set<string>()
    for (const name of ['acme', 'beta', 'first', 'second']) {
      const browser = await signIn(kit, email, at(name))
      const { user } = (await browser.api('GET', '/api/session')).json() as { user: { id: string; signInCount: number } }
      expect(user.signInCount).toBe(1)
      users.add(user.id)
    }
    expect(users.size).toBe(4)

    const spent = 'te02-budget@example.net'
    for (let round = 0; round < 2; round++) {
      const { browser, challenge, code } = await askAndOpen(kit, spent, { browser: at('beta') })
      for (let nth = 0; nth < 5; nth++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, nth) })
      kit.clock.forward(16 * 60_000)
    }
    expect((await askAndOpen(kit, spent, { browser: at('beta') })).code).toBe(null)
    for (const name of elsewhere('beta'))
      expect([name, (await askAndOpen(kit, spent, { browser: at(name) })).code === null]).toEqual([name, false])

    // Known only elsewhere is unknown here: the same page, and a mail for show.
    await kit.postkey.tenants.set('second', { policy: { signUp: 'invited' } })
    const known = await at('second').post('/sign-in', { email })
    const unknown = await at('second').post('/sign-in', { email: 'te02-elsewhere@example.net' })
    const shape = ({ status, location, headers }: Answer) => [status, location.replace(/c=.*/, ''), [...headers.keys()]]
    expect(shape(unknown)).toEqual(shape(known))
    await kit.settle()
    expect([kit.mailbox.all(email).length, kit.mailbox.all('te02-elsewhere@example.net').length]).toEqual([5, 0])
    await kit.postkey.tenants.set('second', { policy: null })
  })

  test('SE-13, HH-03: a session of one is nobody at another, and is not ended there', async () => {
    for (const own of NAMES) {
      const email = `se13-${own}@example.net`
      const browser = await signIn(kit, email, at(own))
      const token = [...browser.cookies].find(([name]) => name.includes('session'))?.[1] ?? ''
      expect(token).toHaveLength(65)
      for (const other of elsewhere(own)) {
        // Two tenants of one host share a jar; and here somebody writes the token under the other's name besides.
        const shared = at(other, { cookies: new Map(browser.cookies) })
        expect([own, other, (await shared.api('GET', '/api/session')).status]).toEqual([own, other, 401])
        const name = `__Host-postkey-session${other === 'default' ? '' : `-${other}`}`
        const planted = at(other, { cookies: new Map([...browser.cookies, [name, token]]) })
        const bearer = { authorization: `Bearer ${token}`, cookie: 'none' }
        for (const headers of [{}, bearer]) {
          const seen = await planted.api('GET', '/api/session', undefined, headers)
          expect([own, other, seen.status, seen.reason]).toEqual([own, other, 401, 'session_unknown'])
          expect((await planted.api('DELETE', '/api/session', undefined, headers)).status).toBe(401)
        }
        await planted.post('/sign-out', {})
        await planted.post('/account/sessions/end-others', {})
        const line = lines.filter(({ name }) => name === 'request').at(-1)
        expect(line?.fields['tenant']).toBe(other === 'default' ? undefined : other)
      }
      expect(await browser.whoAmI()).toBe(email)
    }
  })

  test('two tenants of one host in one browser: a person at each, and signing out of one leaves the other', async () => {
    const first = await signIn(kit, 'jar-one@example.net', at('first'))
    const second = await signIn(kit, 'jar-two@example.net', at('second', { cookies: first.cookies }))
    expect([await first.whoAmI(), await second.whoAmI()]).toEqual(['jar-one@example.net', 'jar-two@example.net'])
    await second.post('/sign-out', {})
    expect([await first.whoAmI(), await second.whoAmI()]).toEqual(['jar-one@example.net', null])
  })

  test('RD-05: where one may send people the others may not', async () => {
    const goes = async (tenant: string, to: string): Promise<number> =>
      (await at(tenant).post('/sign-in', { email: `rd05-${to.length}@example.net`, return_to: to })).status
    expect(await goes('acme', 'https://app.acme.example/x')).toBe(303)
    for (const other of elsewhere('acme')) expect([other, await goes(other, 'https://app.acme.example/x')]).toEqual([other, 400])
    expect(await goes('beta', 'https://auth.acme.example/account')).toBe(400)
    // One host, and so one origin: each keeps below its own path.
    expect(await goes('first', '/t/first/account')).toBe(303)
    for (const to of [
      '/t/second/account',
      '/account',
      '/',
      '/t/first/../second/account',
      '/t/first/%2e%2e/second',
      '/t/firsts',
      `${ORIGIN}/t/second/x`,
    ])
      expect([to, await goes('first', to)]).toEqual([to, 400])
  })

  test('whoever comes to a name that nobody has is told so, and nothing is looked up or written', async () => {
    // Refusals are written after their answer.
    const written = async () => {
      await kit.settle()
      await new Promise((resolve) => setTimeout(resolve, 100))
      return await counts()
    }
    const before = await written()
    const strangers = [
      kit.browser({ origin: 'https://evil.example' }),
      kit.browser({ origin: 'https://auth.acme.example.evil.example' }),
      kit.browser({ base: '/t/nobody' }),
    ]
    for (const stranger of strangers) {
      expect((await stranger.get('/sign-in')).status).toBe(404)
      expect((await stranger.get('/sign-in')).text).toContain('No site of this name')
      const asked = await stranger.api('POST', '/api/sign-in', { email: ADA })
      expect([asked.status, asked.reason]).toEqual([404, 'tenant_unknown'])
      expect(asked.headers.getSetCookie()).toEqual([])
      const foreign = await stranger.post('/sign-in', { email: ADA }, { origin: 'https://elsewhere.example' })
      expect(foreign.status).toBe(404)
    }
    expect(await written()).toEqual(before)
    expect(lines.filter(({ name }) => name === 'request').at(-1)?.fields).toMatchObject({ reason: 'tenant_unknown', status: 404 })
    // Load balancers ask by address.
    expect((await kit.browser({ origin: 'https://10.0.0.7' }).get('/readyz')).status).toBe(200)
  })

  test('a request from the pages of one is foreign at another', async () => {
    for (const own of NAMES) {
      const origin = AT[own]?.origin ?? ORIGIN
      for (const other of elsewhere(own).filter((name) => (AT[name]?.origin ?? ORIGIN) !== origin)) {
        // A browser that says where its request comes from, and one that says the origin alone.
        for (const site of ['cross-site', '']) {
          const answer = await at(other).api('POST', '/api/sign-in', { email: ADA }, { origin, 'sec-fetch-site': site })
          expect([own, other, site, answer.reason]).toEqual([own, other, site, 'origin_foreign'])
        }
      }
    }
  })

  test('a further host leads to the first, with all that was asked for; nothing is sent in there', async () => {
    const old = kit.browser({ origin: 'https://old.acme.example' })
    const { linkId } = await askAndOpen(kit, 'moved@example.net', { browser: at('acme') })
    const moved = await old.get(`/l/${linkId}?x=1`)
    expect([moved.status, moved.location]).toEqual([308, `https://auth.acme.example/l/${linkId}?x=1`])
    expect((await old.api('POST', '/api/sign-in', { email: ADA })).reason).toBe('origin_foreign')
  })

  test('TE-09: an operator of one sees and does nothing at another, by id, address, search or path', async () => {
    const operator = await signIn(kit, OPS, at('acme'))
    expect((await operator.get('/console')).status).toBe(200)
    // The same mailbox elsewhere is nobody.
    for (const other of elsewhere('acme')) {
      const same = await signIn(kit, OPS, at(other))
      expect([other, (await same.get('/console')).status]).toEqual([other, 404])
      const carried = at(other, { cookies: new Map(operator.cookies) })
      expect([other, (await carried.get('/console')).status === 200]).toEqual([other, false])
    }
    const victim = 'te09@example.net'
    const asked = await askAndOpen(kit, victim, { browser: at('beta') })
    await asked.browser.post('/sign-in/code', { c: asked.challenge, code: asked.code ?? '' })
    const { user, session } = (await asked.browser.api('GET', '/api/session')).json() as { user: { id: string }; session: { id: string } }
    const events = await eventsOf('beta')
    const ids = [user.id, session.id, asked.challenge, asked.linkId, ...events.slice(0, 5).map(({ requestId }) => requestId)]
    for (const q of [victim, ...ids]) {
      const { location } = await operator.post('/console/search', { q })
      const found = await operator.get(location)
      expect([q, found.text.includes(asked.challenge) && q !== asked.challenge, /nothing|Nothing|No /.test(found.text)]).toEqual([
        q,
        false,
        true,
      ])
    }
    expect((await operator.get(`/console/people/${user.id}`)).status).toBe(404)
    for (const act of ['disable', 'end_sessions', 'erase', 'resend'])
      await operator.post(`/console/people/${user.id}`, { act, challenge: asked.challenge, sure: 'yes' })
    expect(await asked.browser.whoAmI()).toBe(victim)
    expect((await store.search('acme', { keys: ids.map((id) => ({ by: 'id', id })), from: '', limit: 50 })).length).toBe(0)
    expect((await eventsOf('acme')).filter(({ challenge }) => challenge === asked.challenge)).toEqual([])
  })

  test('TE-06: rows with the ids of another tenant are other rows', async () => {
    const { challenge, linkId, secret, browser } = await askAndOpen(kit, 'te06@example.net', { browser: at('first') })
    const scope = { tenant: 'second', policy: kit.postkey.policy, versions: kit.postkey.versions, requestId: challenge, eventId: challenge }
    const buckets = { network: 'n', networkWide: 'w', browser: 'b', tenant: 't' }
    await store.start(scope, {
      purpose: 'sign_in',
      challenge,
      email: 'te06-other@example.net',
      addressInEvent: '',
      browserDigest: 'none',
      returnTo: '/',
      locale: 'en',
      device: '',
      network: '',
      buckets,
      secrets: { linkDigest: 'x', codeDigest: 'x', sealed: 'x' },
      leaseMs: 600_000,
    })
    expect((await store.findChallenge('second', challenge, null))?.challenge.email).toBe('te06-other@example.net')
    expect((await store.findChallenge('first', challenge, null))?.challenge.email).toBe('te06@example.net')
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
    expect((await store.findChallenge('second', challenge, null))?.challenge.completedAt).toBe(null)
  })

  test('TE-08: no number is told by tenant, and every line says whose it is', async () => {
    await kit.browser({ base: '/t/first' }).ask('te08@example.net')
    await kit.settle()
    const metrics = await kit.postkey.metrics()
    for (const name of Object.keys(TENANTS)) expect(metrics).not.toMatch(new RegExp(`="[^"]*${name}[^"]*"`))
    const of = (name: string) => lines.filter((line) => line.name === name).at(-1)?.fields['tenant']
    expect([of('sign_in_start'), of('mail'), of('request')]).toEqual(['first', 'first', 'first'])
  })

  test('TK-20, SE-08: suspended, it answers as if it were not there; resumed, all is as before', async () => {
    const browser = await signIn(kit, 'te20@example.net', at('second'))
    const waiting = await askAndOpen(kit, 'te20-link@example.net', { browser: at('second') })
    await kit.postkey.tenants.suspend('second')
    const page = await browser.get('/account')
    expect([page.status, page.text.includes('No site of this name')]).toEqual([404, true])
    expect((await browser.api('GET', '/api/session')).reason).toBe('tenant_unknown')
    expect((await waiting.browser.post(`/l/${waiting.linkId}`, { secret: waiting.secret })).status).toBe(404)
    expect(lines.filter(({ name }) => name === 'request').at(-1)?.fields).toMatchObject({ reason: 'tenant_off' })
    await kit.postkey.tenants.resume('second')
    expect(await browser.whoAmI()).toBe('te20@example.net')
    expect((await waiting.browser.post(`/l/${waiting.linkId}`, { secret: waiting.secret })).status).toBe(303)
  })

  test('the library answers for the tenant that it is told, or that the host says', async () => {
    const browser = await signIn(kit, 'library@example.net', at('beta'))
    const headers = { cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const who = async (url: string, tenant?: string) => {
      const { live, reason } = await kit.postkey.getSession(new Request(url, { headers }), tenant === undefined ? {} : { tenant })
      return live?.user.email ?? reason
    }
    expect(await who('https://auth.beta.example/dashboard')).toBe('library@example.net')
    expect(await who('https://auth.example.com/dashboard', 'beta')).toBe('library@example.net')
    expect(await who('https://auth.example.com/dashboard')).toBe('session_unknown')
    expect(await who('https://evil.example/dashboard')).toBe('tenant_unknown')
    expect(await who('https://auth.beta.example/dashboard', 'nobody')).toBe('tenant_unknown')
    const asked = await kit.postkey.startSignIn({ email: ADA }, new Request('https://evil.example/x', { method: 'POST' }))
    expect(asked).toEqual({ ok: false, reason: 'tenant_unknown', retryAfterMs: null })
    await expect(kit.postkey.tenants.add('gamma', { name: '', hosts: ['auth.beta.example'] })).rejects.toThrow('name: is empty')
    await expect(
      kit.postkey.tenants.add('gamma', { name: 'Gamma', hosts: ['auth.beta.example', 'auth.example.com'], prefix: '/t/first' }),
    ).rejects.toThrow(/host of the tenant "beta"[\s\S]*where the installation itself is[\s\S]*\/t\/first is that of the tenant "first"/)
  })

  test('another process sees within seconds what was added and suspended, and what is removed goes with all its rows', async () => {
    await using other = await startKit({ database: database.url, now: kit.clock.now })
    const there = other.browser({ base: '/t/late' })
    const until = async (what: string, seen: (answer: Answer) => boolean): Promise<void> => {
      const began = performance.now()
      while (!seen(await there.get('/sign-in'))) {
        if (performance.now() - began > 5_000) throw new Error(`${what}: not seen`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    await kit.postkey.tenants.add('late', { name: 'Late', prefix: '/t/late' })
    await until('added', ({ status }) => status === 200)
    await signIn(kit, ADA, kit.browser({ base: '/t/late' }))
    await kit.postkey.tenants.suspend('late')
    await until('suspended', ({ status }) => status === 404)
    await kit.postkey.tenants.remove('late')
    expect((await eventsOf('late')).length).toBeGreaterThan(0)
    await kit.postkey.purge()
    expect(await eventsOf('late')).toEqual([])
    expect(await store.search('late', { keys: [{ by: 'address', email: ADA }], from: '', limit: 5 })).toEqual([])
    // Nobody else's went with it.
    expect((await eventsOf('first')).length).toBeGreaterThan(0)
    await expect(kit.postkey.tenants.add('late', { name: 'Late', prefix: '/t/late' })).rejects.toThrow('its name stays its own')
  })

  test('old rows go and the record is sealed at every tenant', async () => {
    expect(await decideAgain(store)).toEqual([])
    kit.clock.forward(3_600_000)
    await kit.postkey.seal()
    for (const name of ['default', 'acme', 'first']) expect([name, (await store.findSealing(name)).newest?.seq ?? 0]).not.toEqual([name, 0])
    kit.clock.forward(400 * 86_400_000)
    await kit.postkey.purge()
    for (const name of ['default', 'acme', 'first', 'second']) expect([name, (await eventsOf(name)).length]).toEqual([name, 0])
  })
})

test('without any tenant of the table it answers as ever, whatever the host says', async () => {
  await using kit = await startKit()
  const request = (host: string) => kit.postkey.handler(new Request(`https://${host}/sign-in`))
  for (const host of ['auth.example.com', 'evil.example', '10.0.0.7:8080']) expect((await request(host)).status).toBe(200)
})

test('a tenant that this version cannot read answers that something failed, and nobody else notices', async () => {
  const store = await openStore('file::memory:')
  await using kit = await startKit({ database: store })
  const ids = { requestId: 'A'.repeat(16), eventId: 'A'.repeat(16) }
  const given = { hosts: [], prefix: '/t/later', settings: { name: 'Later', policy: 'of another version' } }
  const { policy, versions } = kit.postkey
  const change = { does: 'add', given, version: null, ground: null, by: 'command' } as const
  await store.changeTenant({ tenant: 'later', policy, versions, ...ids }, change)
  await kit.postkey.tenants.add('first', { name: 'First', prefix: '/t/first' })
  for (const _ of ['first time', 'again']) {
    const answer = await kit.browser({ base: '/t/later' }).api('GET', '/api/session')
    expect([answer.status, answer.reason]).toEqual([500, 'failed'])
  }
  await signIn(kit, ADA, kit.browser({ base: '/t/first' }))
})

test('mails of a suspended tenant are not sent, and those of the others are', async () => {
  let down = true
  await using kit = await startKit({
    reply: () => (down ? { class: 'unreachable', text: 'no route' } : { class: 'accepted', text: '250 ok' }),
  })
  for (const name of ['first', 'second']) await kit.postkey.tenants.add(name, { name, prefix: `/t/${name}` })
  for (const name of ['first', 'second']) await kit.browser({ base: `/t/${name}` }).ask(`${name}@example.net`)
  await kit.settle()
  await kit.postkey.tenants.suspend('first')
  down = false
  kit.clock.forward(5_000)
  await kit.settle()
  expect(kit.mailbox.messages.map(({ to }) => to)).toEqual(['second@example.net'])
})

test('TE-10: mails of a tenant that floods the mail server keep nobody else waiting for all of them', async () => {
  let busy = 0
  let most = 0
  await using kit = await startKit({
    policy: {
      starts: {
        network: { count: 1_000, per: '1m' },
        networkWide: { count: 1_000, per: '1m' },
        browser: { count: 1_000, per: '1m' },
        tenant: { count: 1_000, per: '1m' },
      },
    },
    reply: async () => {
      most = Math.max(most, ++busy)
      await new Promise((resolve) => setTimeout(resolve, 200))
      busy--
      return { class: 'accepted', text: '250 ok' }
    },
  })
  await kit.postkey.tenants.add('quiet', { name: 'Quiet', prefix: '/t/quiet' })
  await kit.browser({ base: '/t/quiet' }).get('/sign-in')
  await Promise.all(Array.from({ length: 150 }, (_, nth) => kit.browser().ask(`flood-${nth}@example.net`)))
  await kit.browser({ base: '/t/quiet' }).ask(ADA)
  await kit.settle()
  expect([kit.mailbox.messages.length, most]).toEqual([151, 20])
  // Those that were on their way, those that came before it in the same round, and no more.
  expect(kit.mailbox.messages.findIndex(({ to }) => to === ADA)).toBeLessThan(80)
})
