// EN-12: a mail that is only pretended, as far as the database can show it, with a mail server and without: the statements and the rows of
// a real one. How long it takes is measured elsewhere (bench/timing.mjs).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPostkey, type Postkey } from '../../src/index.ts'
import { openEngine, storeOver } from '../../src/store/open.ts'
import { type Database, SqliteEngine } from '../../src/store/sqlite.ts'
import { type TestDatabase, temporaryDatabase } from '../database.ts'
import { Browser, ORIGIN, SECRET } from '../kit.ts'
import { type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'

const KNOWN = 'known'
const UNKNOWN = 'other'
const PEOPLE = 30

let smtp: SmtpTestServer
beforeAll(async () => {
  smtp = await startSmtpServer({ mode: 'accept' })
})
afterAll(() => smtp.stop())

interface Watched {
  readonly postkey: Postkey
  /** The statements since the last question, without the looks of the outbox, which come at any time. */
  statements(): string[]
  readonly settled: Record<string, unknown>[]
}

/** The driver is wrapped from outside. */
async function watch(database: TestDatabase): Promise<Watched> {
  const engine = await openEngine(database.url)
  await engine.migrate()
  const inner = (engine as unknown as { database: Database }).database
  let seen: string[] = []
  const note = (sql: string): void => {
    if (!sql.startsWith('with recursive')) seen.push(sql)
  }
  const watched: Database = {
    exec: (sql) => {
      note(sql)
      return inner.exec(sql)
    },
    prepare: (sql) => {
      const statement = inner.prepare(sql)
      return {
        all: (...params) => {
          note(sql)
          return statement.all(...params)
        },
        run: (...params) => {
          note(sql)
          return statement.run(...params)
        },
      }
    },
    close: () => inner.close(),
  }
  const settled: Record<string, unknown>[] = []
  const postkey = await createPostkey({
    url: ORIGIN,
    secret: SECRET,
    database: storeOver(new SqliteEngine(watched, { now: Date.now })),
    mail: { from: 'sign-in@example.com', transport: `smtp://127.0.0.1:${smtp.port}?tls=off` },
    policy: { signUp: 'invited' },
    log: { event: (name, fields) => void (name === 'mail' && settled.push(fields)), warn: () => {}, error: () => {} },
  })
  // Background work looks by the clock whether there is something to do, and then reads what is filtered here, or commits nothing.
  const statements = (): string[] => {
    const had = seen
      .filter((sql) => !sql.includes('from tenants where version >'))
      .join('\n')
      .replaceAll('begin immediate\npragma data_version\ncommit', '')
      .replaceAll('begin\ncommit', '')
      .split('\n')
      .filter(Boolean)
    seen = []
    return had
  }
  return { postkey, statements, settled }
}

/** What a mail's row comes to: everything but what is random or a time of day. */
function mailsOf(database: TestDatabase, name: string): unknown[] {
  return database
    .rows(
      `select m.state, m.tries, m.due_at - m.created_at > 4000 as later, m.sealed is null as erased, m.settled_at is null as open,
        (select group_concat(e.kind || ' ' || e.reason) from (select * from events where challenge = m.challenge order by at, id) e) as events
       from mails m join challenges c on c.tenant = m.tenant and c.id = m.challenge where c.email like ?`,
      `${name}%`,
    )
    .map((row) =>
      JSON.stringify(row).replace('suppressed', 'sent').replace('address_unknown', 'mail_queued').replace('mail_suppressed', 'mail_sent'),
    )
}

test.each(['accept', 'down'] as const)(
  'EN-12: mail server: %s. The mails of unknown addresses are the rows and the statements of known ones',
  async (mode) => {
    await smtp.setMode({ mode })
    await using database = await temporaryDatabase()
    const { postkey, statements, settled } = await watch(database)
    const now = Date.now()
    for (let person = 0; person < PEOPLE; person++) {
      const email = `${KNOWN}${person}@example.net`
      database.insertUser({ id: `user-${person}`, email, confirmedAt: now, createdAt: now })
    }
    const ask = async (name: string): Promise<void> => {
      const before = settled.length
      const answer = await new Browser(postkey, ORIGIN).post('/sign-in', { email: `${name}@example.net` })
      expect(answer.status).toBe(303)
      await expect.poll(() => settled.length, { timeout: 15_000 }).toBeGreaterThan(before)
    }
    await ask(`${KNOWN}0`)
    statements()
    await ask(`${KNOWN}1`)
    const known = statements()
    await ask(`${UNKNOWN}1`)
    expect(known.length).toBeGreaterThan(6)
    expect(statements()).toEqual(known)

    const rest = Array.from({ length: PEOPLE - 2 }, (_, at) => at + 2)
    await Promise.all(rest.flatMap((person) => [ask(`${KNOWN}${person}`), ask(`${UNKNOWN}${person}`)]))
    await expect.poll(() => settled.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(2 * PEOPLE - 1)
    const [one, other] = [mailsOf(database, KNOWN), mailsOf(database, UNKNOWN)]
    expect(new Set(other)).toEqual(new Set(one))
    expect(new Set(one).size).toBe(1)
    expect(other).toHaveLength(PEOPLE - 1)
    expect(String(one[0])).toContain(mode === 'down' ? 'mail_deferred' : 'mail_sent')
    await postkey.close()
    for (const { rcptTo } of await smtp.messages()) expect(rcptTo[0]).toMatch(/^known/)
  },
  30_000,
)
