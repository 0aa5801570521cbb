// The way to a PostgreSQL server, on real ones: who is trusted on it, and how long anything on it may take.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type OpenEngine, openEngine, openStore } from '../src/store/open.ts'
import { all, nothing, one, run, Unavailable } from '../src/store/operation.ts'
import { startKit } from './kit.ts'
import { type Certificate, certificateFile, freshDatabase, type PostgresServer, startPostgres } from './postgres.ts'

const authority = certificateFile('authority')
/** Signed by the authority, and itself no authority of anybody. */
const stranger = certificateFile('expired')

const servers = new Map<Certificate | null, PostgresServer>()
const address = (server: Certificate | null, words: string): string => `${servers.get(server)?.url}?${words}`

/** Whether the server says that this connection is encrypted; or what we say when it comes to none. */
async function reach(url: string): Promise<boolean | string> {
  try {
    const store = await openStore(url)
    await store.close()
  } catch (error) {
    return (error as Error).message
  }
  const engine = await openEngine(url)
  const row = await engine.read(() => one<{ ssl: unknown }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()'))
  await engine.close()
  return row?.ssl as boolean
}

describe('TLS', () => {
  beforeAll(async () => {
    for (const certificate of [null, 'localhost', 'elsewhere', 'expired'] as const)
      servers.set(certificate, await startPostgres({ fsync: 'off' }, certificate))
  })
  afterAll(async () => {
    for (const server of servers.values()) await server.stop()
  })

  test.each([
    ['sslmode=disable', false],
    ['', false],
    [`sslmode=verify-full&sslrootcert=${authority}`, true],
    [`sslmode=require&sslrootcert=${authority}`, true],
    [`sslmode=verify-ca&sslrootcert=${authority}`, true],
    [`sslrootcert=${authority}`, true],
    ['sslmode=no-verify', true],
    ['ssl=no-verify', true],
    // A word of ours and one of the driver's: ours holds.
    [`sslmode=verify-full&sslrootcert=${authority}&ssl=0&uselibpqcompat=true`, true],
  ])('with "%s" the server says that the connection is encrypted: %s', async (words, encrypted) => {
    expect(await reach(address('localhost', words))).toBe(encrypted)
  })

  test.each([
    'sslmode=require',
    'sslmode=verify-full',
    'ssl=true',
    'sslmode=require&uselibpqcompat=true',
    'sslmode=require&sslrootcert=system',
  ])('with "%s" a server whose authority nobody knows is refused, with a remedy', async (words) => {
    expect(await reach(address('localhost', words))).toMatch(
      /^PostgreSQL at 127\.0\.0\.1:\d+: its certificate is signed by nobody who is trusted here — name the authority that signed it: sslrootcert=FILE$/,
    )
  })

  test.each(['verify-full', 'verify-ca', 'require'])('a wrong authority is told as such (%s)', async (mode) => {
    expect(await reach(address('localhost', `sslmode=${mode}&sslrootcert=${stranger}`))).toContain('signed by nobody who is trusted here')
  })

  test('a certificate for another name is refused; verify-ca asks for the signature only', async () => {
    for (const mode of ['verify-full', 'require'])
      expect(await reach(address('elsewhere', `sslmode=${mode}&sslrootcert=${authority}`))).toContain('is made out to another name')
    expect(await reach(address('elsewhere', `sslmode=verify-ca&sslrootcert=${authority}`))).toBe(true)
  })

  test('an expired certificate is refused, whatever its name', async () => {
    for (const mode of ['verify-full', 'verify-ca'])
      expect(await reach(address('expired', `sslmode=${mode}&sslrootcert=${authority}`))).toContain('is not valid now')
  })

  test('nobody is talked to in clear who was to be talked to by TLS', async () => {
    for (const mode of ['verify-full', 'require', 'no-verify'])
      expect(await reach(address(null, `sslmode=${mode}`))).toContain('it offers no encryption — turn ssl on there')
  })
})

test('a certificate that is not trusted any more while we run: 503 with Retry-After; with a good one all goes on, without a restart', async () => {
  const server = await startPostgres({ fsync: 'off' }, 'localhost')
  const kit = await startKit({ database: `${server.url}?sslmode=verify-full&sslrootcert=${authority}` })
  const browser = kit.browser()
  expect((await browser.post('/sign-in', { email: 'ada@example.net' })).status).toBe(303)
  for (const certificate of ['expired', 'elsewhere'] as const) {
    await server.crash()
    await server.start(certificate)
    const answer = await browser.post('/sign-in', { email: 'bob@example.net' })
    expect([certificate, answer.status, answer.headers.get('retry-after')]).toEqual([certificate, 503, '5'])
    expect((await browser.get('/readyz')).status).toBe(503)
  }
  await server.crash()
  await server.start('localhost')
  expect((await browser.get('/readyz')).status).toBe(200)
  expect((await browser.post('/sign-in', { email: 'bob@example.net' })).status).toBe(303)
  await kit.close()
  await server.stop()
})

describe('what cannot be reached is told with a remedy, and without the password', () => {
  test.each([
    ['nothing listens', 'postgres://postkey:hunter2pass@127.0.0.1:1/postkey', 'nothing listens there — check host and port'],
    ['no such name', 'postgres://postkey:hunter2pass@nowhere.invalid/postkey', 'its name does not resolve here — check the host'],
    ['no such socket', 'postgres://postkey:hunter2pass@localhost/postkey?host=/nowhere', 'PostgreSQL at /nowhere'],
  ])('%s', async (_, url, told) => {
    const said = await reach(url)
    expect(said).toContain(told)
    expect(said).not.toContain('hunter2pass')
  })

  test('no such database', async () => {
    const { url, drop } = await freshDatabase()
    expect(await reach(`${url}_nowhere`)).toMatch(/database "\w+" does not exist — create it/)
    await drop()
  })
})

describe('what takes too long', () => {
  let database: { readonly url: string; drop(): Promise<void> }
  const engines: OpenEngine[] = []
  beforeAll(async () => {
    database = await freshDatabase()
  })
  afterAll(async () => {
    for (const engine of engines) await engine.close()
    await database.drop()
  })
  /** With shorter times, which an address may set: those that are set by default are looked up below. */
  const open = async (words = '', connections?: number): Promise<OpenEngine> => {
    const engine = await openEngine(`${database.url}?${words}`, { connections })
    engines.push(engine)
    return engine
  }
  const sleepy = (seconds: number) => ({ locks: nothing, run: () => all('select pg_sleep(?)', seconds) })
  const locked = { tenant: 'default', keys: ['challenge:one'], limits: [] }

  test('every connection has its limits: 5 s for a lock, 10 s for a statement, 10 s for silence within a transaction', async () => {
    const engine = await open()
    const settings = await engine.read(() =>
      all<{ name: string; setting: string }>(
        "select name, setting from pg_settings where name in ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout') order by name",
      ),
    )
    expect(settings.map(({ name, setting }) => `${name} ${setting}`)).toEqual([
      'idle_in_transaction_session_timeout 10000',
      'lock_timeout 5000',
      'statement_timeout 10000',
    ])
  })

  test('FA-19: a statement that is too slow ends as "unavailable", and the next one is served', async () => {
    const engine = await open('statement_timeout=300')
    const began = performance.now()
    await expect(engine.write(sleepy(20))).rejects.toBeInstanceOf(Unavailable)
    await expect(engine.read(() => all('select pg_sleep(20)'))).rejects.toBeInstanceOf(Unavailable)
    expect(performance.now() - began).toBeLessThan(3_000)
    await engine.write(sleepy(0))
  })

  test('FA-26: a column that a migration changes costs a connection one "unavailable", and the next one is served', async () => {
    const engine = await open()
    const look = () => engine.read(() => all('select locale from challenges where tenant = ?', 'default'))
    await engine.migrate()
    await look()
    await engine.write({ locks: nothing, run: () => run('alter table challenges alter column locale type text collate "C"') })
    await expect(look()).rejects.toBeInstanceOf(Unavailable)
    await look()
  })

  test('a lock that somebody else holds is not waited for longer than said', async () => {
    const [holder, waiter] = [await open(), await open('lock_timeout=300')]
    const held = holder.write({ locks: locked, run: () => all('select pg_sleep(2)') })
    await new Promise((resolve) => setTimeout(resolve, 200))
    const began = performance.now()
    await expect(waiter.write({ locks: locked, run: () => all('select 1') })).rejects.toBeInstanceOf(Unavailable)
    expect(performance.now() - began).toBeLessThan(1_500)
    await held
    await waiter.write({ locks: locked, run: () => all('select 1') })
  })

  test('FA-19: at the page that is a 503 which says when to come again, in time; nothing was used up', async () => {
    const kit = await startKit({ database: `${database.url}?lock_timeout=300` })
    const browser = kit.browser()
    const somebody = new pg.Client({ connectionString: database.url })
    await somebody.connect()
    await somebody.query('begin; lock table challenges, mails in access exclusive mode')
    const began = performance.now()
    const answer = await browser.post('/sign-in', { email: 'ada@example.net' })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    expect(performance.now() - began).toBeLessThan(1_500)
    await somebody.query('rollback')
    await somebody.end()
    expect((await browser.post('/sign-in', { email: 'ada@example.net' })).status).toBe(303)
    await kit.close()
  })

  test('a process that stands still in the middle of a transaction loses it, and with it the locks that others wait for', async () => {
    const [sleeper, waiter] = [await open('idle_in_transaction_session_timeout=300'), await open()]
    await sleeper.write({ locks: nothing, run: () => run('create table left_behind (n int)') })
    const stands = sleeper.write({
      locks: locked,
      *run() {
        yield* run('insert into left_behind values (1)')
        // As a stopped process does, or one whose event loop is held.
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500)
        yield* run('insert into left_behind values (2)')
      },
    })
    await expect(stands).rejects.toBeInstanceOf(Unavailable)
    await waiter.write({ locks: locked, run: () => all('select 1') })
    expect(await waiter.read(() => all('select n from left_behind'))).toEqual([])
  })

  test('FA-19: a server that takes no more connections is "unavailable", and works again when it does', async () => {
    const small = await startPostgres({ fsync: 'off', max_connections: '8', superuser_reserved_connections: '0', max_wal_senders: '0' })
    const others = Array.from({ length: 8 }, () => new pg.Client({ connectionString: small.url }))
    for (const other of others) await other.connect()
    const engine = await openEngine(small.url)
    const began = performance.now()
    await expect(engine.write(sleepy(0))).rejects.toBeInstanceOf(Unavailable)
    await expect(engine.read(() => all('select 1'))).rejects.toBeInstanceOf(Unavailable)
    expect(performance.now() - began).toBeLessThan(2_000)
    expect(await reach(small.url)).toMatch(/too many clients already — raise max_connections there, or lower POSTKEY_DATABASE_CONNECTIONS$/)
    for (const other of others) await other.end()
    await engine.check()
    await engine.close()
    await small.stop()
  })

  test('FA-19: connections are what was asked for: as many transactions at once, and three more', async () => {
    const engine = await open('', 5)
    const began = performance.now()
    // Two for looks, one for whoever spends from limits, two for the rest. One turn of the event loop each, so that they are not one batch.
    const writes: Promise<unknown>[] = []
    for (let index = 0; index < 4; index++) {
      writes.push(engine.write(sleepy(0.4)))
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
    const others = await engine.read(() =>
      all<{ n: number }>(
        "select count(*)::int as n from pg_stat_activity where query like '%pg_sleep%' and pid <> pg_backend_pid() and datname = current_database() and state = 'active'",
      ),
    )
    expect(others[0]?.n).toBe(2)
    await Promise.all(writes)
    expect(performance.now() - began).toBeGreaterThan(750)
  })
})

test.each([2, 101, 3.5])('%s connections are refused', async (connections) => {
  await expect(openEngine('postgres://localhost/postkey', { connections })).rejects.toThrow('use a number from 3 to 100')
})
