// RV-10: nobody has used an account for long, and its mailbox has been given to somebody else. Whoever reads it proves the mailbox, and is not let in
// by that alone; whoever has more to show for the account is.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEngine, openStore } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { brokenRows } from '../examine.ts'
import { askAndOpen, type Browser, Clock, DAY, decideAgain, type Kit, signIn, startKit } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { printCodes, setBackup, typeNew } from '../recovery.ts'

const POLICY = { dormantAfter: '90d' } as const
const RECOVERY = '__Host-postkey-recovery'

describe.each(sharedDatabases)('RV-10, %s', (_, fresh) => {
  const clock = new Clock(Date.UTC(2026, 10, 21, 9, 0, 0))
  let database: TestDatabase
  let kit: Kit
  beforeAll(async () => {
    database = await fresh()
    kit = await startKit({ database: database.url, now: clock.now, policy: POLICY })
  })
  afterAll(async () => {
    await kit?.settle()
    const broken = database === undefined ? [] : await brokenRows(database.url, clock.at)
    const store = await openStore(database.url, { now: clock.now })
    const differences = await decideAgain(store)
    await store.close()
    await kit?.close()
    await database?.drop()
    expect([broken, differences]).toEqual([[], []])
  })

  async function query<R>(sql: string): Promise<readonly R[]> {
    const engine = await openEngine(database.url)
    try {
      return await engine.read(() => all<R>(sql))
    } finally {
      await engine.close()
    }
  }
  const eventsOf = (user: string) =>
    query<{ reason: string; facts: string }>(
      `select reason, facts from events where user_id = '${user}' and kind = 'verify' order by request_id`,
    )
  const idOf = async (browser: Browser) => ((await browser.api('GET', '/api/session')).json() as { user: { id: string } }).user.id
  const prove = async (email: string, browser: Browser = kit.browser()) => {
    const { challenge, code, linkId, secret } = await askAndOpen(kit, email, { browser })
    return {
      code: () => browser.post('/sign-in/code', { c: challenge, code: code ?? '' }),
      link: () => browser.post(`/l/${linkId}`, { secret }),
      api: () => browser.api('POST', '/api/sign-in/verify', { challenge, code }),
    }
  }

  test('a proof that comes too late says what, why and what next, signs nobody in and is an event; a day earlier it was good', async () => {
    const ada = await signIn(kit, 'ada@example.net')
    const user = await idOf(ada)
    clock.forward(90 * DAY - 60_000)
    await signIn(kit, 'ada@example.net')
    const seen = clock.at
    clock.forward(90 * DAY)

    const stranger = kit.browser()
    const proofs = await prove('ada@example.net', stranger)
    const [code, link, api] = [await proofs.code(), await proofs.link(), await proofs.api()]
    for (const page of [code, link]) {
      expect(page.status).toBe(403)
      for (const part of [
        'The mail alone does not open this account',
        'more than 90 days',
        'Get back in with a recovery code',
        'href="/recover"',
      ])
        expect(page.text).toContain(part)
    }
    expect([api.status, api.json()]).toEqual([403, expect.objectContaining({ reason: 'account_dormant' })])
    expect([await stranger.whoAmI(), [...stranger.cookies.keys()]]).toEqual([null, ['__Host-postkey-browser']])
    const late = (await eventsOf(user)).filter(({ reason }) => reason === 'account_dormant')
    expect(late).toHaveLength(3)
    expect(JSON.parse(late[0]?.facts ?? '')).toMatchObject({ user: { status: 'active', confirmed: true, inUseAt: seen } })

    // Whoever proves nothing sees what anybody sees.
    const shape = async (email: string) => {
      const asked = await kit.browser().post('/sign-in', { email })
      return [asked.status, asked.location.replace(/c=.*/, ''), [...asked.headers.keys()]]
    }
    expect(await shape('ada@example.net')).toEqual(await shape('nobody@example.net'))

    // An operator who knows better.
    clock.forward(DAY)
    await kit.postkey.users.enable({ email: 'ada@example.net' })
    expect(await (await signIn(kit, 'ada@example.net')).whoAmI()).toBe('ada@example.net')
  })

  test('with a printed code as well, in the same browser, the same mailbox signs in: once, and nobody else by it', async () => {
    const bob = await signIn(kit, 'bob@example.net')
    const user = await idOf(bob)
    const codes = await printCodes(bob)
    clock.forward(91 * DAY)
    const browser = kit.browser()
    const proofs = await prove('bob@example.net', browser)
    expect((await proofs.code()).status).toBe(403)
    expect((await browser.post('/recover', { email: 'bob@example.net', code: codes[0] ?? '' })).location).toBe('/recover/address#')
    expect((await browser.get('/recover/address')).text).toContain('sign in with it now, in this browser')

    // The mailbox without the code is what it was.
    expect((await (await prove('bob@example.net')).code()).status).toBe(403)
    // A way back into one account is none into another.
    const eve = await signIn(kit, 'eve@example.net')
    const [hers = ''] = await printCodes(eve)
    await eve.post('/recover', { email: 'eve@example.net', code: hers })
    expect(
      (
        await (
          await prove('bob@example.net', kit.browser({ cookies: new Map([...eve.cookies].filter(([name]) => name === RECOVERY)) }))
        ).code()
      ).status,
    ).toBe(403)

    expect((await proofs.link()).status).toBe(303)
    expect(await browser.whoAmI()).toBe('bob@example.net')
    const into = (await eventsOf(user)).filter(({ reason }) => reason === 'signed_in')
    expect(JSON.parse(into.at(-1)?.facts ?? '')).toMatchObject({ regained: true })
    // The limited session has done its work.
    expect((await browser.get('/recover/address')).status).toBe(410)
    clock.forward(20 * 60_000)
    expect(await (await signIn(kit, 'bob@example.net')).whoAmI()).toBe('bob@example.net')
  })

  test('by the backup address to a new one: the old mailbox cannot take it back, and the new one signs in', async () => {
    const cyd = await signIn(kit, 'cyd@example.net')
    await setBackup(kit, cyd, 'cyd@backup.example')
    clock.forward(91 * DAY)
    const browser = kit.browser()
    const asked = await browser.post('/recover/backup', { email: 'cyd@example.net' })
    await kit.settle()
    const { code } = kit.mailbox.newest('cyd@backup.example')
    const c = new URL(asked.location, 'http://x').searchParams.get('c') ?? ''
    expect((await browser.post('/recover/backup/code', { c, code: code ?? '' })).status).toBe(303)
    await kit.settle()
    const before = kit.mailbox.all('cyd@example.net').length
    expect((await browser.post('/recover/address', { email: 'cyd@new.example' })).status).toBe(303)
    await kit.settle()
    expect(kit.mailbox.all('cyd@example.net')).toHaveLength(before)
    expect((await typeNew(browser, kit.mailbox.newest('cyd@new.example'))).status).toBe(303)
    expect(await (await signIn(kit, 'cyd@new.example')).whoAmI()).toBe('cyd@new.example')
  })
})

test('RV-10: without the policy an account is open to its mailbox for ever, and the policy is only sensible beyond a session', async () => {
  await using kit = await startKit()
  await signIn(kit, 'ada@example.net')
  kit.clock.forward(3_000 * DAY)
  expect(await (await signIn(kit, 'ada@example.net')).whoAmI()).toBe('ada@example.net')
  await expect(startKit({ policy: { dormantAfter: '30d' } })).rejects.toThrow('dormantAfter: is no longer than session.absolute')
})
