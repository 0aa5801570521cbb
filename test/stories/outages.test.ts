// The database is gone, full, locked or read-only while people sign in: they are told to come again, nothing is half-written, and all
// goes on when it is back, without a restart.
import { afterEach, describe, expect, test } from 'vitest'
import { openEngine, storeOver } from '../../src/store/open.ts'
import { one, run } from '../../src/store/operation.ts'
import { type Database, openSqlite, SqliteEngine } from '../../src/store/sqlite.ts'
import { type Dump, temporaryDatabase } from '../database.ts'
import { brokenRows } from '../examine.ts'
import { type Answer, type AskedFor, askAndOpen, Clock, type Kit, MINUTE, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { startPostgres } from '../postgres.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

function expectUnavailable(answer: Answer): void {
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
}

describe('PostgreSQL is killed and comes back', () => {
  test('FA-16, I13: 503 with Retry-After at once while it is gone; afterwards all goes on, and nothing was spent for nothing', async () => {
    const server = await startPostgres()
    closing.push(() => server.stop())
    const kit = await startKit({ database: server.url })
    closing.push(() => kit.close())
    const ada = await signIn(kit, 'ada@example.net')
    const proofs = []
    for (let index = 0; index < 8; index++) proofs.push(await askAndOpen(kit, `proof${index}@example.net`))

    // Killed in the middle of starts and proofs.
    const asking = Array.from({ length: 12 }, (_, index) => ask(kit, `start${index}@example.net`))
    const proving = proofs.map((proof) => proof.browser.post('/sign-in/code', { c: proof.challenge, code: proof.code ?? '' }))
    await new Promise((resolve) => setImmediate(resolve))
    await server.crash()
    const asked = await Promise.all(asking)
    for (const answer of [...asked.map((one) => one.answer), ...(await Promise.all(proving))]) {
      if (answer.status !== 303) expectUnavailable(answer)
    }
    const began = performance.now()
    expectUnavailable(await kit.browser().post('/sign-in', { email: 'late@example.net' }))
    expectUnavailable(await ada.api('GET', '/api/session'))
    expectUnavailable(await ada.post('/sign-out', {}))
    expect((await kit.browser().get('/readyz')).status).toBe(503)
    expect((await kit.browser().get('/livez')).status).toBe(200)
    expect(performance.now() - began).toBeLessThan(1_000)

    await server.start()
    expect((await kit.browser().get('/readyz')).status).toBe(200)
    expect(await ada.whoAmI()).toBe('ada@example.net')
    // Whether the commit went through before it was killed, nobody was told: the same again gets in.
    for (const { browser, challenge, code } of proofs)
      expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    // What was on its way is sent when its lease is over; every start that was answered has its mail.
    kit.clock.forward(3 * MINUTE)
    expect(await signIn(kit, 'late@example.net')).toBeDefined()
    await kit.settle()
    for (const { email, answer } of asked) if (answer.status === 303) expect(kit.mailbox.all(email).length).toBeGreaterThan(0)
    expect(await brokenRows(server.url, kit.clock.at)).toEqual([])
  })
})

async function ask(kit: Kit, email: string): Promise<{ readonly email: string; readonly answer: Answer }> {
  return { email, answer: await kit.browser().post('/sign-in', { email }) }
}

/** By another connection, as an operator would. */
async function sql(database: TestDatabase, text: string): Promise<void> {
  const engine = await openEngine(database.url)
  await engine.read(() => run(text))
  await engine.close()
}

async function count(database: TestDatabase, table: string): Promise<number> {
  const engine = await openEngine(database.url)
  const row = await engine.read(() => one<{ n: number }>(`select count(*) as n from ${table}`))
  await engine.close()
  return row?.n ?? Number.NaN
}

/** The embedded engine keeps changes in a journal before they are put to their rows. */
const limiter = sharedDatabases.map(
  ([engine, fresh]) => [engine, engine === 'SQLite' ? ['limits', 'limit_changes'] : ['limits'], fresh] as const,
)

describe.each(limiter)('RL-18, I13, %s: the table of the limits is gone', (_, tables, fresh) => {
  test('nothing is asked for, compared or mailed, and the answer is 503; sessions go on; back again, all is as before', async () => {
    const database = await fresh()
    closing.push(() => database.drop())
    const kit = await startKit({ database: database.url })
    closing.push(() => kit.close())
    const ada = await signIn(kit, 'ada@example.net')
    const [bob, cyd, dan] = [
      await askAndOpen(kit, 'bob@example.net'),
      await askAndOpen(kit, 'cyd@example.net'),
      await askAndOpen(kit, 'dan@example.net'),
    ]
    const wrong = { c: bob.challenge, code: wrongCode(bob.code) }
    expect((await bob.browser.post('/sign-in/code', wrong)).status).toBe(422)
    kit.clock.forward(2 * MINUTE)
    const counted = async (): Promise<number[]> => [await count(database, 'challenges'), await count(database, 'events')]
    const before = await counted()

    for (const table of tables) await sql(database, `alter table ${table} rename to ${table}_away`)
    const api = await kit.browser().api('POST', '/api/sign-in', { email: 'eve@example.net' })
    expect([api.reason, api.headers.get('retry-after')]).toEqual(['unavailable', '5'])
    const asked = await kit.browser().post('/sign-in', { email: 'fay@example.net' })
    expect(asked.text).toContain('Sign-in is not available right now')
    for (const answer of [
      api,
      asked,
      await dan.browser.post('/sign-in/resend', { c: dan.challenge }),
      await bob.browser.post('/sign-in/code', { c: bob.challenge, code: bob.code ?? '' }),
      await bob.browser.post('/sign-in/code', wrong),
      await cyd.browser.post(`/l/${cyd.linkId}`, { secret: cyd.secret }),
      await kit.browser().post(`/l/${cyd.linkId}`, { secret: cyd.secret, email: 'cyd@example.net' }),
    ])
      expectUnavailable(answer)
    expect([await bob.browser.whoAmI(), await cyd.browser.whoAmI(), await ada.whoAmI()]).toEqual([null, null, 'ada@example.net'])
    expect(await counted()).toEqual(before)

    for (const table of tables.toReversed()) await sql(database, `alter table ${table}_away rename to ${table}`)
    // One wrong code was counted before, and none while nothing could be.
    const again = await bob.browser.api('POST', '/api/sign-in/verify', { challenge: bob.challenge, code: wrong.code })
    expect(again.json()).toMatchObject({ reason: 'code_wrong', triesLeft: 3 })
    await inAgain(kit, bob)
    expect((await cyd.browser.post(`/l/${cyd.linkId}`, { secret: cyd.secret })).status).toBe(303)
    expect(['eve', 'fay', 'dan'].map((name) => kit.mailbox.all(`${name}@example.net`).length)).toEqual([0, 0, 1])
    expect(await brokenRows(database.url, kit.clock.at)).toEqual([])
  })
})

interface OnSqlite {
  readonly kit: Kit
  readonly clock: Clock
  readonly path: string
  /** The connection that Postkey has. */
  readonly database: Database
  /** What others see. */
  dump(): Dump
  rows(): Promise<string[]>
}

async function onSqlite(): Promise<OnSqlite> {
  const file = await temporaryDatabase()
  closing.push(() => file[Symbol.asyncDispose]())
  const clock = new Clock(Date.UTC(2026, 10, 21, 9))
  const engine = (await openEngine(file.url, { now: clock.now })) as SqliteEngine
  await engine.migrate()
  const impatient = new SqliteEngine(engine.database, { now: clock.now, busyForMs: 150 })
  const kit = await startKit({ database: storeOver(impatient), now: clock.now })
  closing.push(() => kit.close())
  return {
    kit,
    clock,
    path: file.url.slice('file:'.length),
    database: engine.database,
    dump: () => file.dump(),
    rows: () => brokenRows(file.url, clock.at),
  }
}

/** SQLite's own word for a disk that is full, at the page where it would grow next. */
class Disk {
  readonly #database: Database
  constructor(database: Database) {
    this.#database = database
  }
  full(): void {
    // Not below what it has: then not one page more.
    this.#database.prepare('pragma max_page_count = 1').all()
  }
  room(): void {
    this.#database.prepare('pragma max_page_count = 1000000000').all()
  }
}

const OUTAGES = 6

describe('FA-13, I13: the disk is full', () => {
  test('starts and proofs are answered 503 and leave nothing behind, wherever the room ended; the same again, with room, works', async () => {
    const { kit, clock, database, dump, rows } = await onSqlite()
    const disk = new Disk(database)
    const outages = { start: 0, verify: 0 }
    for (let round = 0; outages.start < OUTAGES || outages.verify < OUTAGES; round++) {
      expect(round).toBeLessThan(400)
      const email = `person${round}@example.net`
      const browser = kit.browser()
      const attempt = async (what: keyof typeof outages, send: () => Promise<Answer>): Promise<Answer> => {
        await kit.settle()
        const before = dump()
        disk.full()
        const answer = await send()
        if (answer.status === 303) {
          disk.room()
          return answer
        }
        expectUnavailable(answer)
        expect(dump()).toEqual(before)
        outages[what]++
        disk.room()
        return send()
      }
      const asked = await attempt('start', () => browser.post('/sign-in', { email }))
      expect(asked.status).toBe(303)
      await kit.settle()
      clock.forward(3 * MINUTE)
      await kit.settle()
      const c = new URL(asked.location, 'http://x').searchParams.get('c') ?? ''
      const code = kit.mailbox.newest(email).code ?? ''
      expect((await attempt('verify', () => browser.post('/sign-in/code', { c, code }))).status).toBe(303)
      expect(await browser.whoAmI()).toBe(email)
    }
    clock.forward(3 * MINUTE)
    await kit.settle()
    expect(await rows()).toEqual([])
  })
})

async function inAgain(kit: Kit, { browser, challenge, code }: AskedFor): Promise<void> {
  expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
  await signIn(kit, 'cyd@example.net')
  await kit.settle()
}

describe('the file is locked or read-only', () => {
  test('FA-10, I13: while another process writes without end: 503 after a wait, pages and sessions go on; then the same works', async () => {
    const { kit, path, dump, rows } = await onSqlite()
    const ada = await signIn(kit, 'ada@example.net')
    const bob = await askAndOpen(kit, 'bob@example.net')
    await kit.settle()
    const before = dump()
    // By the same library: two of them in one process do not see each other's locks.
    const { database: other } = await openSqlite(path, { now: Date.now })
    other.exec('begin immediate')
    expectUnavailable(await kit.browser().post('/sign-in', { email: 'cyd@example.net' }))
    expectUnavailable(await bob.browser.post('/sign-in/code', { c: bob.challenge, code: bob.code ?? '' }))
    expect(await ada.whoAmI()).toBe('ada@example.net')
    expect((await bob.browser.get(`/l/${bob.linkId}`)).status).toBe(200)
    expect(dump()).toEqual(before)
    other.exec('rollback')
    other.close()
    await inAgain(kit, bob)
    expect(await rows()).toEqual([])
  })

  test('I13: a file that became read-only: 503, sessions go on; writable again, the same works', async () => {
    const { kit, database, dump, rows } = await onSqlite()
    const ada = await signIn(kit, 'ada@example.net')
    const bob = await askAndOpen(kit, 'bob@example.net')
    await kit.settle()
    const before = dump()
    database.exec('pragma query_only = on')
    expectUnavailable(await kit.browser().post('/sign-in', { email: 'cyd@example.net' }))
    expectUnavailable(await bob.browser.post('/sign-in/code', { c: bob.challenge, code: bob.code ?? '' }))
    expect(await ada.whoAmI()).toBe('ada@example.net')
    expect(dump()).toEqual(before)
    database.exec('pragma query_only = off')
    await inAgain(kit, bob)
    expect(await rows()).toEqual([])
  })
})
