// Removing old rows, on every engine: what goes and what stays, that nobody waits for it, and that what is left is still whole.
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PurgeKind } from '../src/core/keep.ts'
import { readPolicy } from '../src/core/policy.ts'
import { startPurge } from '../src/flow/purge.ts'
import { idsOf } from '../src/secret.ts'
import { mailboxLimit } from '../src/store/limits.ts'
import { type OpenEngine, openEngine, storeOver } from '../src/store/open.ts'
import { all, nothing, one, run } from '../src/store/operation.ts'
import { SqliteEngine } from '../src/store/sqlite.ts'
import type { Purged, Store } from '../src/store/store.ts'
import { windowsOf } from './database.ts'
import { brokenRows } from './examine.ts'
import { askAndOpen, DAY, HOUR, type Kit, MINUTE, signIn, startKit, wrongCode } from './kit.ts'
import { sharedDatabases, type TestDatabase } from './nodes.ts'
import { freshDatabase, seeing } from './postgres.ts'

const policy = (() => {
  const result = readPolicy('standard')
  if (!result.ok) throw new Error(result.problems.join())
  return result.policy
})()

/** In Swedish, v and w, and capitals and small letters, stand elsewhere than byte by byte. */
const databases = [...sharedDatabases, ['PostgreSQL that sorts as Swedes do', () => freshDatabase('sv')] as const]

describe.each(databases)('%s', (_, fresh) => {
  let database: TestDatabase
  let kit: Kit
  let engine: OpenEngine
  let store: Store

  beforeEach(async () => {
    database = await fresh()
    kit = await startKit({ database: database.url })
    engine = await openEngine(database.url, { now: kit.clock.now })
    store = storeOver(engine)
  })
  afterEach(async () => {
    await kit.close()
    await engine.close()
    await database.drop()
  })

  const count = (table: string): Promise<number> =>
    engine.read(function* () {
      return Number((yield* one<{ n: number }>(`select count(*) as n from ${table}`))?.n)
    })
  const counts = async (): Promise<Record<string, number>> => {
    const tables = ['users', 'challenges', 'mails', 'sessions', 'events'] as const
    return Object.fromEntries(await Promise.all(tables.map(async (table) => [table, await count(table)])))
  }
  /** The rounds of the kit begin within a minute, whenever chance has it, and would take a hand in it. */
  const withoutItsOwn = (): Promise<void> => kit.close()
  const batch = (kind: PurgeKind, limit: number): Promise<Purged> => store.purge({ tenant: 'default', policy, kind, limit, idsOf })

  test('what is old goes, each kind in its time; what is young stays, users too, and every invariant holds', async () => {
    await signIn(kit, 'ada@example.net')
    kit.clock.forward(MINUTE)
    const { browser, challenge, code } = await askAndOpen(kit, 'bob@example.net')
    await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) })
    kit.clock.forward(MINUTE)
    // Resends: a challenge goes with all its mails.
    await browser.post('/sign-in/resend', { c: challenge })
    await kit.settle()
    kit.clock.forward(26 * DAY)
    await signIn(kit, 'eve@example.net')
    const before = await counts()
    expect(before).toEqual({ users: 2, challenges: 3, mails: 4, sessions: 2, events: 11 })
    await kit.postkey.purge()
    expect(await counts()).toEqual(before)

    // 30 days after the last that could be done with the challenges of ada and bob.
    kit.clock.forward(6 * DAY)
    await kit.postkey.purge()
    expect(await counts()).toEqual({ ...before, challenges: 1, mails: 1 })
    expect(await brokenRows(database.url, kit.clock.at)).toEqual([])

    // 30 days after the end of ada's session.
    kit.clock.forward(32 * DAY)
    await kit.postkey.purge()
    expect(await counts()).toEqual({ ...before, challenges: 0, mails: 0, sessions: 1 })
    expect(await brokenRows(database.url, kit.clock.at)).toEqual([])

    await signIn(kit, 'ada@example.net')
    kit.clock.forward(301 * DAY + HOUR)
    await signIn(kit, 'eve@example.net')
    await kit.postkey.purge()
    // Those of eve's first sign-in are 339 days old.
    expect(await counts()).toEqual({ users: 2, challenges: 1, mails: 1, sessions: 1, events: 9 })
    expect(await brokenRows(database.url, kit.clock.at)).toEqual([])
  })

  test('RL-20: limits that say nothing go; a wrong code stays for the year in which it counts', async () => {
    const names = (): Promise<string[]> =>
      engine.read(function* () {
        return (yield* all<{ name: string }>('select name from limits order by name')).map(({ name }) => name.split(':')[0] ?? '')
      })
    const { browser, challenge, code } = await askAndOpen(kit, 'bob@example.net')
    await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) })
    for (const who of ['ada', 'eve']) await signIn(kit, `${who}@example.net`)
    await putLimitsToTheirRows(engine)
    expect(new Set(await names())).toEqual(new Set(['net', 'wide', 'none', 'tenant', 'mailbox', 'breaker']))

    kit.clock.forward(30 * MINUTE)
    await kit.postkey.purge()
    expect((await names()).length).toBeGreaterThan(9)
    kit.clock.forward(2 * HOUR)
    await kit.postkey.purge()
    expect(await names()).toEqual(['mailbox', 'mailbox', 'mailbox'])
    kit.clock.forward(26 * HOUR)
    await kit.postkey.purge()
    expect(await names()).toEqual(['mailbox'])
    kit.clock.forward(363 * DAY)
    await kit.postkey.purge()
    expect((await windowsOf(engine, 'bob@example.net')).failures).toHaveLength(1)
    expect(await names()).toEqual(['mailbox'])
    kit.clock.forward(DAY)
    await kit.postkey.purge()
    expect(await names()).toEqual([])
  })

  test('views go with the events of their time, also those of a challenge that a batch cuts through', async () => {
    const old = kit.clock.at - 366 * DAY
    const facts = { method: 'GET', state: 'live', bound: false, cookie: false, prefetch: false, navigation: null, ageMs: 1 } as const
    const viewsAt = (mintedAt: number, at: number) =>
      Array.from({ length: 7 }, (_, nth) => ({ challenge: `${idsOf(mintedAt)}123456789`, at: at + nth, id: `${nth}`, ordinal: 0, facts }))
    await store.writeViews('default', [
      ...viewsAt(old, old),
      ...viewsAt(old + 1, old + 1),
      // Somebody opened a link of last year yesterday; one that nobody had opened before, and one that was.
      ...viewsAt(old + 2, kit.clock.at - DAY),
      ...viewsAt(old + 1, kit.clock.at - DAY),
      ...viewsAt(kit.clock.at - DAY, kit.clock.at - DAY),
    ])
    const seen: Purged[] = []
    do seen.push(await batch('views', 5))
    while (seen.at(-1)?.verdict === 'more')
    expect(seen.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(14)
    expect(await count('views')).toBe(21)
    kit.clock.forward(DAY)
    await kit.postkey.purge()
    expect(await count('views')).toBe(21)
    kit.clock.forward(365 * DAY)
    await kit.postkey.purge()
    expect(await count('views')).toBe(0)
  })

  test('a limit that is in use keeps its state, whatever is purged meanwhile', async () => {
    const { browser, challenge, code } = await askAndOpen(kit, 'bob@example.net')
    kit.clock.forward(9 * MINUTE)
    await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) })
    await putLimitsToTheirRows(engine)
    kit.clock.forward(364 * DAY)
    // A second one, which on SQLite stands in the journal only, while the row still tells of the first.
    const again = await askAndOpen(kit, 'bob@example.net')
    await again.browser.post('/sign-in/code', { c: again.challenge, code: wrongCode(again.code) })
    kit.clock.forward(2 * DAY)
    await kit.postkey.purge()
    expect((await windowsOf(engine, 'bob@example.net')).failures.map(([, flow]) => flow)).toContain(again.challenge)
    await putLimitsToTheirRows(engine)
    await kit.postkey.purge()
    expect((await windowsOf(engine, 'bob@example.net')).failures.map(([, flow]) => flow)).toContain(again.challenge)
  })

  test('batches are as small as asked for, come to an end, and leave nothing out', async () => {
    await insertChallenges(engine, 25, kit.clock.at - 40 * DAY)
    const seen: Purged[] = []
    do seen.push(await batch('challenges', 10))
    while (seen.at(-1)?.verdict === 'more')
    expect(seen.map(({ verdict, deleted }) => [verdict, deleted])).toEqual([
      ['more', 10],
      ['more', 10],
      ['done', 5],
    ])
    expect([await count('challenges'), await count('mails')]).toEqual([0, 0])
  })

  test('rows that stay are passed by, and not looked at again and again', async () => {
    await insertChallenges(engine, 15, kit.clock.at - 400 * DAY, kit.clock.at - MINUTE)
    await insertChallenges(engine, 10, kit.clock.at - 40 * DAY)
    const seen: string[] = []
    do
      seen.push(
        Object.values(await batch('challenges', 10))
          .slice(0, 2)
          .join(' '),
      )
    while (seen.at(-1)?.startsWith('more') && seen.length < 9)
    expect(seen).toEqual(['more 0', 'more 5', 'done 5'])
  })

  test('two processes that purge one database take turns, and remove each row once', async () => {
    await withoutItsOwn()
    await insertChallenges(engine, 300, kit.clock.at - 40 * DAY)
    const other = await openEngine(database.url, { now: kit.clock.now })
    const removeAll = async (from: Store): Promise<number> => {
      let removed = 0
      for (let idle = 0; idle < 3; ) {
        const { verdict, deleted } = await from.purge({ tenant: 'default', policy, kind: 'challenges', limit: 7, idsOf })
        removed += deleted
        idle = verdict === 'more' ? 0 : idle + 1
      }
      return removed
    }
    const removed = await Promise.all([removeAll(store), removeAll(storeOver(other))])
    await other.close()
    expect(removed[0] + removed[1]).toBe(300)
    const row = await engine.read(() => one("select deleted, cursor from purges where kind = 'challenges'"))
    expect(row).toEqual({ deleted: 300, cursor: '' })
  })

  test('an id from a clock that was behind does not make a row old', async () => {
    await insertChallenges(engine, 1, kit.clock.at - 400 * DAY, kit.clock.at - MINUTE)
    expect((await batch('challenges', 10)).deleted).toBe(0)
    kit.clock.forward(40 * DAY)
    expect((await batch('challenges', 10)).deleted).toBe(1)
  })

  test('in the background: what becomes old goes by itself, and a stop does not wait for the rest', async () => {
    await withoutItsOwn()
    await insertChallenges(engine, 5_000, kit.clock.at - 40 * DAY)
    const errors: unknown[] = []
    const log = { event: () => {}, warn: () => {}, error: (_name: string, error: unknown) => void errors.push(error) }
    const first = startPurge({ store, tenant: 'default', policy, log }, 1_500)
    while ((await count('challenges')) > 4_900) await new Promise((resolve) => setTimeout(resolve, 2))
    const began = performance.now()
    await first.stop()
    expect(performance.now() - began).toBeLessThan(1_000)
    const left = await count('challenges')
    expect(left).toBeGreaterThan(0)
    const second = startPurge({ store, tenant: 'default', policy, log }, 20)
    while ((await count('challenges')) > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await insertChallenges(engine, 10, kit.clock.at - 41 * DAY)
    while ((await count('challenges')) > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await second.stop()
    expect(errors).toEqual([])
  })

  test('where nothing is old nothing is written', async () => {
    await signIn(kit, 'ada@example.net')
    await kit.postkey.purge()
    const written = (): Promise<unknown> => engine.read(() => all('select kind, cursor, deleted, finished_at as at from purges'))
    const before = await written()
    kit.clock.forward(10 * MINUTE)
    await kit.postkey.purge()
    expect(await written()).toEqual(before)
    expect(before).toEqual([{ kind: 'limits', cursor: '', deleted: 0, at: kit.clock.at - 10 * MINUTE }])
    // A pass that ended in a future which a clock made up does not keep the next one waiting until then.
    kit.clock.forward(-HOUR)
    await kit.postkey.purge()
    expect(await written()).toEqual([{ kind: 'limits', cursor: '', deleted: 0, at: kit.clock.at }])
  })
})

test('LO-08: a batch has a commit of its own, on which nobody waits with it', async () => {
  const [, sqlite] = sharedDatabases[0] as (typeof sharedDatabases)[number]
  const database = await sqlite()
  const engine = (await openEngine(database.url)) as SqliteEngine
  await engine.migrate()
  const said: string[] = []
  const heard = new SqliteEngine(
    {
      exec: (sql) => {
        said.push(sql)
        engine.database.exec(sql)
      },
      prepare: (sql) => engine.database.prepare(sql),
      close: () => {},
    },
    { now: Date.now },
  )
  const step = (name: string) => ({
    locks: nothing,
    // biome-ignore lint/correctness/useYield: an operation without a statement
    run: function* () {
      said.push(name)
    },
  })
  const store = storeOver(heard)
  await Promise.all([
    heard.write(step('before')),
    store.purge({ tenant: 'default', policy, kind: 'events', limit: 10, idsOf }),
    heard.write(step('after')),
  ])
  expect(said).toEqual(['begin immediate', 'before', 'commit', 'begin immediate', 'commit', 'begin immediate', 'after', 'commit'])
  await engine.close()
  await database.drop()
})

describe('PostgreSQL', () => {
  test('rows that somebody has in hand are passed over, not waited for', async () => {
    const at = Date.UTC(2026, 0, 1)
    const database = await freshDatabase()
    const engine = await openEngine(database.url, { now: () => at })
    await engine.migrate()
    const store = storeOver(engine)
    const session = (id: string) =>
      run(
        "insert into sessions (tenant, id, digest, user_id, challenge, proof, device, network, created_at, seen_at) values ('default', ?, 'd', 'u', 'c', 'code', '', '', 1, 1)",
        id,
      )
    await engine.write({
      locks: nothing,
      run: function* () {
        yield* session(`${idsOf(1)}a`)
        yield* session(`${idsOf(1)}b`)
        for (const name of ['net:a', 'net:b']) yield* run("insert into limits (tenant, name, state) values ('default', ?, '1')", name)
      },
    })
    const other = new pg.Client(seeing(database.url))
    await other.connect()
    await other.query("begin; update sessions set seen_at = 2 where id like '%a'; update limits set state = '2' where name = 'net:a'")
    const began = performance.now()
    for (const kind of ['sessions', 'limits'] as const)
      expect((await store.purge({ tenant: 'default', policy, kind, limit: 10, idsOf })).deleted).toBe(1)
    expect(performance.now() - began).toBeLessThan(2_000)

    // And what another process purges at this moment is left to it.
    await other.query("select 1 from purges where kind = 'sessions' for update")
    expect((await store.purge({ tenant: 'default', policy, kind: 'sessions', limit: 10, idsOf })).verdict).toBe('elsewhere')
    await other.query('commit')
    await other.end()
    expect((await store.purge({ tenant: 'default', policy, kind: 'sessions', limit: 10, idsOf })).deleted).toBe(1)
    await engine.close()
    await database.drop()
  })
})

async function insertChallenges(engine: OpenEngine, many: number, mintedAt: number, createdAt = mintedAt): Promise<void> {
  await engine.write({
    locks: nothing,
    run: function* () {
      for (let number = 0; number < many; number++) {
        const id = `${idsOf(mintedAt + number)}${String(number).padStart(9, '0')}`
        yield* run(
          "insert into challenges (tenant, id, purpose, email, browser, locale, device, created_at) values ('default', ?, 'sign_in', 'ada@example.net', 'b', 'en', '', ?)",
          id,
          createdAt,
        )
        yield* run(
          "insert into mails (tenant, challenge, ordinal, request_id, created_at, link_expires_at, code_expires_at, code_tries, address_tries, decoy, state, tries, due_at) values ('default', ?, 0, 'r', ?, 0, 0, 0, 0, 0, 'sent', 1, 0)",
          id,
          createdAt,
        )
      }
    },
  })
}

/** On SQLite the states of limits come to their rows when there are thousands; here by that many of another tenant. */
async function putLimitsToTheirRows(engine: OpenEngine): Promise<void> {
  const names = Array.from({ length: 2_100 }, (_, index) => mailboxLimit(`person-${index}@example.net`))
  for (const half of ['a', 'b'])
    await engine.write({
      locks: { tenant: 'other', keys: [], limits: names.map((name) => `${half}${name}`) },
      // biome-ignore lint/correctness/useYield: an operation without a statement
      run: function* ({ limits }) {
        for (const name of names) limits.set('other', `${half}${name}`, '1')
      },
    })
  await engine.write({ locks: nothing, run: () => run("delete from limits where tenant = 'other'") })
}
