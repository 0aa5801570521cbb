// A host that keeps users of its own is asked who an address is, before a mail is sent and before a proof lets anybody in. On both engines, where
// ids are kept.
import { describe, expect, test } from 'vitest'
import type { AskedOwnUser, OwnUser } from '../../src/index.ts'
import { openStore } from '../../src/store/open.ts'
import { askAndOpen, decideAgain, type Kit, type KitOptions, MINUTE, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const ADA = 'ada@example.net'
const EVE = 'eve@example.net'

/** The table of the host; what it throws is its outage. */
class Host {
  readonly users = new Map<string, OwnUser>()
  readonly asked: AskedOwnUser[] = []
  readonly errors: string[] = []
  fails = false

  start(options: KitOptions = {}): Promise<Kit> {
    return startKit({
      log: { event: () => {}, warn: () => {}, error: (name, error) => void this.errors.push(`${name} ${String(error)}`) },
      ownUsers: async (asked) => {
        this.asked.push(asked)
        if (this.fails) throw new Error('no connection')
        return this.users.get(asked.email) ?? null
      },
      ...options,
    })
  }
}

async function idOf(kit: Kit, email: string): Promise<string | null | undefined> {
  return (await kit.postkey.users.find({ email }))?.externalId
}

describe('known there', () => {
  test('whoever the host knows may sign in for the first time where only invited people may, and nobody else', async () => {
    const host = new Host()
    host.users.set(ADA, { allowed: true, id: 'usr_7' })
    await using kit = await host.start({ policy: { signUp: 'invited' } })
    const browser = await signIn(kit, ADA)
    expect(await browser.whoAmI()).toBe(ADA)
    await kit.browser().ask(EVE)
    await kit.settle()
    expect(kit.mailbox.all().map(({ to }) => to)).toEqual([ADA])
    // The application, by its own id.
    const { live } = await kit.postkey.getSession(new Headers({ cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; ') }))
    expect(live?.user.externalId).toBe('usr_7')
  })

  test('it is asked with the canonical address, for the mail and for the proof, and another mail is decided with its word too', async () => {
    const host = new Host()
    host.users.set(ADA, { allowed: true })
    await using kit = await host.start({ policy: { signUp: 'closed' } })
    const browser = kit.browser()
    const challenge = await browser.ask(' Ada@Example.NET ')
    // A mail that is still on its way when two minutes have passed is taken for lost, and sent again.
    await kit.settle()
    kit.clock.forward(2 * MINUTE)
    expect((await browser.post('/sign-in/resend', { c: challenge })).status).toBe(303)
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toHaveLength(2)
    await browser.post('/sign-in/code', { c: challenge, code: kit.mailbox.newest(ADA).code ?? '' })
    expect(await browser.whoAmI()).toBe(ADA)
    expect(host.asked.map(({ email, tenant, signal }) => [email, tenant, signal.aborted])).toEqual([
      [ADA, 'default', true],
      [ADA, 'default', true],
      [ADA, 'default', true],
    ])
  })

  test('EN-07: known, unknown and not allowed get the same answer', async () => {
    const host = new Host()
    host.users.set(ADA, { allowed: true })
    host.users.set(EVE, { allowed: false })
    await using kit = await host.start()
    const answers = await Promise.all(
      [ADA, EVE, 'nobody@example.net'].map(async (email) => {
        const { status, headers, text } = await kit.browser().api('POST', '/api/sign-in', { email })
        return [status, [...headers.keys()], text.replaceAll(/"[A-Za-z0-9]{16}"/g, '"…"')]
      }),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    await kit.settle()
    expect(
      kit.mailbox
        .all()
        .map(({ to }) => to)
        .toSorted(),
    ).toEqual([ADA, 'nobody@example.net'])
  })
})

describe('not allowed any more', () => {
  test('whoever the host shuts out after the mail was sent is not let in, by code or by link', async () => {
    const host = new Host()
    await using kit = await host.start()
    const asked = await askAndOpen(kit, ADA)
    host.users.set(ADA, { allowed: false })
    expect((await asked.browser.post('/sign-in/code', { c: asked.challenge, code: asked.code ?? '' })).status).toBe(403)
    const byLink = await asked.browser.post(`/l/${asked.linkId}`, { secret: asked.secret })
    expect(byLink.status).toBe(403)
    expect(await asked.browser.whoAmI()).toBeNull()
    host.users.delete(ADA)
    expect((await asked.browser.post(`/l/${asked.linkId}`, { secret: asked.secret })).status).toBe(303)
  })
})

describe('a host that does not answer', () => {
  test('no mail goes out, and the person is told to come again; when it is back, all is as it was', async () => {
    const host = new Host()
    await using kit = await host.start()
    host.fails = true
    const browser = kit.browser()
    for (let i = 0; i < 40; i++) {
      const answer = await browser.post('/sign-in', { email: ADA })
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    }
    const problem = await browser.api('POST', '/api/sign-in', { email: ADA })
    expect([problem.status, problem.reason]).toEqual([503, 'unavailable'])
    expect(host.errors[0]).toBe('host_failed Error: no connection')
    host.fails = false
    // No limit was touched by all that.
    expect(await (await signIn(kit, ADA, browser)).whoAmI()).toBe(ADA)
  })

  test('a proof that meets it spends nothing: not even a wrong code counts', async () => {
    const host = new Host()
    await using kit = await host.start()
    const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
    host.fails = true
    for (let i = 0; i < 6; i++) expect((await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, i) })).status).toBe(503)
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(503)
    expect((await browser.api('POST', '/api/sign-in/verify', { challenge, code })).reason).toBe('unavailable')
    host.fails = false
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    expect(await browser.whoAmI()).toBe(ADA)
  })

  test.each<[string, () => unknown]>([
    ['one that has no verdict', () => ({ id: '7' })],
    ['an id that breaks a line', () => ({ allowed: true, id: 'a\nb' })],
    ['nothing', () => undefined],
    ['a word', () => 'yes'],
  ])('an answer that is none lets nobody in: %s', async (_, answer) => {
    const host = new Host()
    await using kit = await host.start({ ownUsers: answer as () => OwnUser })
    expect((await kit.browser().post('/sign-in', { email: ADA })).status).toBe(503)
    expect(host.errors[0]).toMatch(/^host_failed .*ownUsers/)
  })

  test('one that is slow is waited for five seconds, and told to stop', async () => {
    const host = new Host()
    let aborted = false
    await using kit = await host.start({
      ownUsers: ({ signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = true
          })
        }),
    })
    const began = performance.now()
    expect((await kit.browser().post('/sign-in', { email: ADA })).status).toBe(503)
    expect(performance.now() - began).toBeGreaterThan(4_900)
    expect(aborted).toBe(true)
    expect(host.errors[0]).toContain('within 5 seconds')
  }, 20_000)
})

describe.each(sharedDatabases)('its ids: %s', (_, fresh) => {
  async function withHost(work: (kit: Kit, host: Host) => Promise<void>): Promise<void> {
    const { url, drop } = await fresh()
    const host = new Host()
    const store = await openStore(url, { now: () => Date.UTC(2026, 10, 21, 9) })
    try {
      await using kit = await host.start({ database: store })
      await work(kit, host)
      expect(await decideAgain(store)).toEqual([])
    } finally {
      await drop()
    }
  }

  const prove = async (kit: Kit, email: string): Promise<number> => {
    const { browser, challenge, code } = await askAndOpen(kit, email)
    return (await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status
  }

  test('one is taken over by whoever was there before it was known, and stays', async () => {
    await withHost(async (kit, host) => {
      expect(await prove(kit, ADA)).toBe(303)
      expect(await idOf(kit, ADA)).toBeNull()
      host.users.set(ADA, { allowed: true, id: '7' })
      expect(await prove(kit, ADA)).toBe(303)
      expect(await idOf(kit, ADA)).toBe('7')
      host.users.set(ADA, { allowed: true })
      expect(await prove(kit, ADA)).toBe(303)
      expect(await idOf(kit, ADA)).toBe('7')
    })
  })

  test('an address that is another person there by now is not let into the account of the person before, nor is an id at a second address', async () => {
    await withHost(async (kit, host) => {
      host.users.set(ADA, { allowed: true, id: '7' })
      expect(await prove(kit, ADA)).toBe(303)
      host.users.set(ADA, { allowed: true, id: '8' })
      expect(await prove(kit, ADA)).toBe(403)
      host.users.set(EVE, { allowed: true, id: '7' })
      expect(await prove(kit, EVE)).toBe(403)
      expect([await idOf(kit, ADA), await idOf(kit, EVE)]).toEqual(['7', undefined])
    })
  })

  test('RC-08: two addresses that prove one id at once do not both come to have it', async () => {
    await withHost(async (kit, host) => {
      for (const email of [ADA, EVE]) host.users.set(email, { allowed: true, id: '7' })
      const asked = await Promise.all([ADA, EVE].map((email) => askAndOpen(kit, email)))
      const statuses = await Promise.all(
        asked.map(async ({ browser, challenge, code }) => (await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status),
      )
      expect(statuses.toSorted()).toEqual([303, 403])
    })
  })
})

test('the record holds what the host said, and no id of it', async () => {
  const host = new Host()
  host.users.set(ADA, { allowed: true, id: 'secret-id-of-the-host' })
  const store = await openStore('file::memory:', { now: () => Date.UTC(2026, 10, 21, 9) })
  await using kit = await host.start({ database: store })
  await signIn(kit, ADA)
  const events = await store.readEvents('default', { requestId: '', id: '' }, 100)
  const words = events.map(({ kind, facts }) => [kind, (facts as { host?: string }).host])
  expect(words).toContainEqual(['start', 'known'])
  expect(words).toContainEqual(['verify', 'known'])
  expect(JSON.stringify(events)).not.toContain('secret-id-of-the-host')
})
