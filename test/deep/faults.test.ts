// Faults that take long or want more of the machine: PostgreSQL killed again and again, and a disk that is really full.
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import type { Message } from '../../src/index.ts'
import { brokenRows } from '../examine.ts'
import { type Answer, type AskedFor, askAndOpen, MINUTE, startKit } from '../kit.ts'
import { asSuperuser, startPostgres, startPostgresOnDisk } from '../postgres.ts'
import { Dice, seedOfRun } from '../seed.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const CRASHES = 40
const ROUNDS = 20
/** Of PostgreSQL on a small disk. */
const LOG_FILE = 1_048_576

test('FA-16: PostgreSQL killed forty times amid sign-ins, each time at another moment: whoever got no answer gets in with the same code', async () => {
  const seed = seedOfRun()
  const dice = new Dice(seed)
  const server = await startPostgres({ fsync: 'on' })
  closing.push(() => server.stop())
  const kit = await startKit({ database: server.url })
  closing.push(() => kit.close())
  const counts = { answered: 0, unavailable: 0 }
  const count = (answer: Answer): Answer => {
    expect([303, 503], `POSTKEY_TEST_SEED=${seed}: ${answer.text.slice(0, 300)}`).toContain(answer.status)
    counts[answer.status === 303 ? 'answered' : 'unavailable']++
    return answer
  }
  for (let crash = 0; crash < CRASHES; crash++) {
    const asked: AskedFor[] = []
    for (let at = 0; at < 6; at++) asked.push(await askAndOpen(kit, `crash${crash}-${at}@example.net`))
    const prove = ({ browser, challenge, code }: AskedFor): Promise<Answer> =>
      browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    const working = Promise.all([
      ...asked.map(prove),
      ...asked.map((_, at) => kit.browser().post('/sign-in', { email: `crash${crash}-new${at}@example.net` })),
    ])
    await new Promise((resolve) => setTimeout(resolve, dice.below(25)))
    await server.crash()
    for (const answer of await working) count(answer)
    await server.start()
    for (const one of asked) expect((await prove(one)).status).toBe(303)
    // Past the leases of mails that could not be settled.
    kit.clock.forward(3 * MINUTE)
    await kit.settle()
    expect(await brokenRows(server.url, kit.clock.at), `POSTKEY_TEST_SEED=${seed}, crash ${crash}`).toEqual([])
  }
  console.info(`${CRASHES} crashes, POSTKEY_TEST_SEED=${seed}: ${JSON.stringify(counts)}`)
  expect(counts.unavailable).toBeGreaterThan(0)
}, 600_000)

test('FA-13: a file system without room: 503, nothing half-written; with room again all goes on in the same process', async () => {
  const disk = await smallDisk()
  const answers: Record<string, number> = {}
  const accepted: string[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // Room for a few requests, or half of one.
    disk.ballast.load({ leave: round * 12_288 })
    // Until nothing goes any more, and then some.
    for (let failed = 0, at = 0; failed < 10; at++) {
      const email = `full-${round}-${at}@example.net`
      const { status, retryAfter } = await disk.ask(email)
      answers[status] = (answers[status] ?? 0) + 1
      if (status === 202) accepted.push(email)
      else {
        expect([status, retryAfter]).toEqual([503, '5'])
        failed++
      }
    }
    disk.ballast.drop()
    expect((await disk.ask(`room-${round}@example.net`)).status).toBe(202)
  }
  console.info(`a full disk: ${JSON.stringify(answers)}`)
  expect(answers[202]).toBeGreaterThan(0)
  // What could not be noted as sent is sent again when its lease is over; here it is enough that none is lost.
  for (const end = Date.now() + 20_000; Date.now() < end && accepted.some((email) => !disk.mails.has(email)); )
    await new Promise((resolve) => setTimeout(resolve, 100))
  expect(accepted.filter((email) => !disk.mails.has(email))).toEqual([])
  expect(await disk.brokenRows()).toEqual([])
}, 120_000)

test('FA-13: PostgreSQL on a file system without room for its tables, then for its log: 503, nothing half-written; with room again all goes on', async () => {
  const seed = seedOfRun()
  const dice = new Dice(seed)
  const server = await startPostgresOnDisk(64 * LOG_FILE)
  closing.push(() => server.stop())
  const ballast = ballastOn(server.disk)
  const kit = await startKit({ database: server.url })
  closing.push(() => kit.close())
  const counts = { answered: 0, unavailable: 0 }
  const count = (answer: Answer): Answer => {
    const said = [answer.status, answer.headers.get('retry-after')]
    expect(
      [
        [303, null],
        [503, '5'],
      ],
      `POSTKEY_TEST_SEED=${seed}`,
    ).toContainEqual(said)
    counts[answer.status === 303 ? 'answered' : 'unavailable']++
    return answer
  }
  const ask = (name: string): Promise<Answer> => kit.browser().post('/sign-in', { email: `${name}@example.net` })
  for (let round = 0; round < ROUNDS; round++) {
    const asked: AskedFor[] = []
    for (let at = 0; at < 4; at++) asked.push(await askAndOpen(kit, `full${round}-${at}@example.net`))
    const prove = ({ browser, challenge, code }: AskedFor): Promise<Answer> =>
      browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    // Every other time there is room for what tables grow by, and none for the next file of the log.
    const log = round % 2 === 1
    ballast.load({ leave: log ? LOG_FILE / 2 : dice.below(40) * 8_192 })
    // Some files ahead are there already, and old ones that are removed make room for another.
    for (let file = 0; log && file < 20 && (await endLogFile(server.url)); file++) ballast.load({ leave: LOG_FILE / 2 })
    const accepted: string[] = []
    const before = counts.unavailable
    for (let at = 0; counts.unavailable < before + 5; at++) {
      expect(at, 'a full disk takes everything').toBeLessThan(500)
      if (count(await ask(`full${round}-new${at}`)).status === 303) accepted.push(`full${round}-new${at}@example.net`)
      const one = asked[at]
      if (one !== undefined) count(await prove(one))
    }
    ballast.drop()
    for (const end = Date.now() + 60_000; (await kit.browser().get('/readyz')).status !== 200; ) {
      expect(Date.now(), 'ready again').toBeLessThan(end)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    for (const one of asked) expect((await prove(one)).status).toBe(303)
    kit.clock.forward(3 * MINUTE)
    await kit.settle()
    expect(accepted.filter((email) => kit.mailbox.all(email).length === 0)).toEqual([])
    expect(await brokenRows(server.url, kit.clock.at), `POSTKEY_TEST_SEED=${seed}, round ${round}`).toEqual([])
  }
  console.info(`PostgreSQL on a full disk, POSTKEY_TEST_SEED=${seed}: ${JSON.stringify(counts)}, ${server.panics()} panics`)
  expect(counts.answered).toBeGreaterThan(0)
  expect(server.panics()).toBeGreaterThan(0)
}, 300_000)

/** What is written next goes into a new file of PostgreSQL's log. False: there was no room for one, which ends all connections. */
async function endLogFile(url: string): Promise<boolean> {
  const client = new pg.Client(asSuperuser(url))
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query("select pg_logical_emit_message(true, 'test', 'text')")
    await client.query('select pg_switch_wal()')
    await client.query("select pg_logical_emit_message(true, 'test', 'text')")
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

interface SmallDisk {
  /** To whom mails went. */
  readonly mails: ReadonlySet<string>
  ask(email: string): Promise<{ readonly status: number; readonly retryAfter: string | null }>
  readonly ballast: Ballast
  brokenRows(): Promise<string[]>
}

interface Ballast {
  /** Takes all room but so many bytes. */
  load(room: { readonly leave: number }): void
  drop(): void
}

function ballastOn(disk: string): Ballast {
  const ballast = join(disk, 'ballast')
  return {
    load: ({ leave }) => {
      const block = Buffer.alloc(16_384)
      try {
        for (;;) appendFileSync(ballast, block)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
      truncateSync(ballast, Math.max(0, statSync(ballast).size - leave))
    },
    drop: () => truncateSync(ballast, 0),
  }
}

const SIZE = 8 * 1_048_576

/** A Postkey whose database lies on a file system of its own, in memory, of eight megabytes. */
async function smallDisk(): Promise<SmallDisk> {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-disk-'))
  const child = fileURLToPath(new URL('../node-child.mjs', import.meta.url))
  const options = {
    database: `file:${join(folder, 'postkey.db')}`,
    secret: 'disk-secret-of-at-least-32-bytes-0123456789abcdef',
    policy: {},
    clock: null,
  }
  const script = `mount -t tmpfs -o size=${SIZE} tmpfs "$1" && exec "$2" "$3" "$4"`
  const node = spawn(
    'unshare',
    ['--mount', '--map-root-user', 'sh', '-c', script, 'sh', folder, process.execPath, child, JSON.stringify(options)],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], serialization: 'advanced', env: { PATH: process.env['PATH'] ?? '' } },
  )
  const stop = async (): Promise<void> => {
    if (node.exitCode !== null || node.signalCode !== null) return
    const gone = new Promise((resolve) => node.once('exit', resolve))
    node.kill('SIGKILL')
    await gone
  }
  closing.push(() => rmSync(folder, { recursive: true, force: true }), stop)
  const mails = new Set<string>()
  const port = await ready(node, (message) => mails.add(message.to))
  // As that process sees it.
  const inside = `/proc/${node.pid}/root${folder}`
  let people = 0
  return {
    mails,
    ask: async (email) => {
      people++
      const response = await fetch(`http://127.0.0.1:${port}/api/sign-in`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'postkey-browser': `disk${people}`.padEnd(43, 'x'),
          'x-forwarded-for': `198.${people >> 8}.${people & 255}.7`,
        },
        body: JSON.stringify({ email }),
      })
      await response.text()
      return { status: response.status, retryAfter: response.headers.get('retry-after') }
    },
    ballast: ballastOn(inside),
    brokenRows: async () => {
      const copy = mkdtempSync(join(tmpdir(), 'postkey-disk-copy-'))
      closing.push(() => rmSync(copy, { recursive: true, force: true }))
      for (const ending of ['', '-wal']) writeFileSync(join(copy, `postkey.db${ending}`), readFileSync(join(inside, `postkey.db${ending}`)))
      return brokenRows(`file:${join(copy, 'postkey.db')}`)
    },
  }
}

function ready(node: ChildProcess, arrived: (message: Message) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    node.once('error', (error) => reject(new Error(`unshare (of util-linux) is needed here: ${error.message}`)))
    node.once('exit', (code) => reject(new Error(`no small disk: unshare, mount or Postkey ended with ${code}`)))
    node.on('message', (message: { port?: number; mail?: Message }) => {
      if (message.mail !== undefined) arrived(message.mail)
      if (message.port !== undefined) resolve(message.port)
    })
  })
}
