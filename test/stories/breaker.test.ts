// RL-22: guessing that is spread so thinly that no address notices is noticed by all together: mails carry links only, until it ends.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { askAndOpen, HOUR, type Kit, type KitOptions, MINUTE, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

const TWELVE = { breaker: { count: 12, per: '12h' } } as const

/** Two wrong codes at each of so many addresses, from as many networks. */
async function guessAt(kit: Kit, addresses: number): Promise<void> {
  for (let nth = 0; nth < addresses; nth++) {
    const { browser, challenge, code } = await askAndOpen(kit, `victim-${kit.clock.at}-${nth}@example.net`)
    if (code === null) throw new Error('there is no code to guess at')
    for (const guess of [0, 1]) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, guess) })
  }
}

const fill = async (kit: Kit): Promise<number> => Number(/^postkey_breaker_fill_ratio (.*)$/m.exec(await kit.postkey.metrics())?.[1])

describe.each(sharedDatabases)('RL-22, %s', (_, fresh) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await fresh()
  })
  afterEach(() => database.drop())
  const start = (options: KitOptions): Promise<Kit> => startKit({ database: database.url, ...options })

  test('mails carry links only, the link signs in, nothing outside tells, and it ends by itself', async () => {
    await using kit = await start({ policy: TWELVE })
    const before = await askAndOpen(kit, 'early@example.net')
    await guessAt(kit, 5)
    expect(await fill(kit)).toBeCloseTo(10 / 12, 5)
    expect((await askAndOpen(kit, 'last@example.net')).code).not.toBe(null)
    await guessAt(kit, 1)
    expect(await fill(kit)).toBe(1)

    const { browser, challenge, code, linkId, secret, message } = await askAndOpen(kit, 'ada@example.net')
    expect(code).toBe(null)
    expect(message.text).toContain('This mail has only the link. Too many wrong codes were typed lately.')
    expect((await browser.get(`/sign-in/check?c=${challenge}`)).status).toBe(200)
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
    expect(await browser.whoAmI()).toBe('ada@example.net')
    // The answer is that of any other day.
    const asked = (await kit.browser().api('POST', '/api/sign-in', { email: 'bob@example.net' })).json()
    expect(asked).toMatchObject({ methods: ['link', 'code'], codeLength: 6 })
    // Codes that are out already go on working.
    expect((await before.browser.post('/sign-in/code', { c: before.challenge, code: before.code ?? '' })).status).toBe(303)

    const engine = await openEngine(database.url)
    const events = await engine.read(() =>
      all<{ facts: string; decision: string }>("select facts, decision from events where reason = 'breaker_open'"),
    )
    await engine.close()
    expect(events).toHaveLength(2)
    for (const { facts, decision } of events) {
      expect(JSON.parse(facts)).toMatchObject({ breaker: kit.clock.at + 12 * HOUR })
      expect(JSON.parse(decision)).toMatchObject({ verdict: 'send', mail: { link: true, code: false } })
    }

    kit.clock.forward(HOUR)
    expect((await askAndOpen(kit, 'carla@example.net')).code).not.toBe(null)
  })

  test('slips of people who get in open nothing, however many they are', async () => {
    await using kit = await start({ policy: TWELVE })
    for (let nth = 0; nth < 10; nth++) {
      const { browser, challenge, code } = await askAndOpen(kit, `slip-${nth}@example.net`)
      for (const guess of [0, 1]) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, guess) })
      expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    }
    expect(await fill(kit)).toBe(0)
    expect((await askAndOpen(kit, 'ada@example.net')).code).not.toBe(null)
  })

  test('a flood is forgotten a day after it ends, not in a year', async () => {
    await using kit = await start({ policy: { breaker: { count: 4, per: '4h' }, codeTries: 5 } })
    // All have their code before the first is typed.
    const flows = []
    for (let nth = 0; nth < 8; nth++) flows.push(await askAndOpen(kit, `victim-${nth}@example.net`))
    for (const { browser, challenge, code } of flows)
      for (let guess = 0; guess < 5; guess++) await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code, guess) })
    expect(await fill(kit)).toBe(2)
    kit.clock.forward(4 * HOUR - MINUTE)
    expect((await askAndOpen(kit, 'ada@example.net')).code).toBe(null)
    kit.clock.forward(2 * MINUTE)
    expect((await askAndOpen(kit, 'bob@example.net')).code).not.toBe(null)
  })

  test('without a link to fall back on, and where it is off, nobody is shut out by it', async () => {
    for (const policy of [{ ...TWELVE, methods: ['code' as const] }, { breaker: null }]) {
      await using kit = await start({ policy })
      await guessAt(kit, 7)
      await signIn(kit, `ada-${policy.breaker?.count}@example.net`)
    }
  })
})
