// TE-03, on a real PostgreSQL: the database itself shows a transaction one tenant's rows. What no statement of ours would do is done here:
// ask without a tenant. A canary tenant has a row in every table, and nobody else may see it.
import { tmpdir } from 'node:os'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { main } from '../src/run/command.ts'
import type { Check } from '../src/run/doctor.ts'
import { createLog } from '../src/run/log.ts'
import { type OpenEngine, openEngine } from '../src/store/open.ts'
import { all, nothing, run } from '../src/store/operation.ts'
import { ROWS } from '../src/store/tenants.ts'
import { startKit } from './kit.ts'
import { asSuperuser, connected, type FreshDatabase, freshDatabase } from './postgres.ts'

const TENANTS = ['canary', 'ours', 'theirs'] as const
/** Each that has a tenant: tenant-lint.test.ts holds this list to the migrations. */
const TABLES = [...Object.keys(ROWS), 'tenants'].toSorted()

let database: FreshDatabase
let engine: OpenEngine
const inserts = new Map<string, (tenant: string) => string>()

beforeAll(async () => {
  database = await freshDatabase()
  engine = await openEngine(database.url)
  for (const table of TABLES) inserts.set(table, await insertInto(table))
  for (const insert of inserts.values())
    for (const tenant of TENANTS) await engine.within(tenant).write({ locks: nothing, run: () => run(insert(tenant)) })
})
afterAll(async () => {
  await engine?.close()
  await database?.drop()
})

/** What columns with a check take. */
const WORDS: Readonly<Record<string, string>> = { status: 'active', why: 'bounced', way: 'code', started_by: 'person', scope: 'read' }

/** A row of which nobody has to make sense: each column that must not be empty has its tenant's name, or a number of its own. */
async function insertInto(table: string): Promise<(tenant: string) => string> {
  const columns = await engine.read(() =>
    all<{ name: string; type: string }>(
      "select column_name as name, data_type as type from information_schema.columns where table_name = ? and is_nullable = 'NO' and is_generated = 'NEVER' order by 1",
      table,
    ),
  )
  const value = (name: string, type: string, tenant: string): string => {
    if (type === 'bigint') return String(TENANTS.indexOf(tenant as 'canary') + 1)
    const word = name === 'state' ? (table === 'endpoints' ? 'enabled' : 'queued') : WORDS[name]
    return `'${name === 'tenant' ? tenant : (word ?? `${tenant} ${name}`)}'`
  }
  return (tenant) =>
    `insert into ${table} (${columns.map(({ name }) => name).join(', ')}) values (${columns.map(({ name, type }) => value(name, type, tenant)).join(', ')})`
}

interface Seen {
  readonly tenant: string
}

test('TE-03: every table with a tenant has its policy, forced, and our role is not exempt from any', async () => {
  const held = await engine.read(() =>
    all<{ name: string }>(
      `select relname as name from pg_class join pg_attribute on attrelid = pg_class.oid join pg_policy on polrelid = pg_class.oid
       where attname = 'tenant' and relrowsecurity and relforcerowsecurity and polcmd = '*' and polpermissive and polroles = array[0::oid] order by relname`,
    ),
  )
  expect(held.map(({ name }) => name)).toEqual(TABLES)
  expect(await engine.read(() => all('select rolsuper, rolbypassrls from pg_roles where rolname = current_user'))).toEqual([
    { rolsuper: false, rolbypassrls: false },
  ])
  expect(await engine.wall()).toBeNull()
})

test.each([
  ['none, ever', ''],
  ['an empty one', "set postkey.tenant = ''"],
  ['one in a transaction that is over', "begin; select set_config('postkey.tenant', 'ours', true); commit"],
  ['one in a transaction that was taken back', "begin; select set_config('postkey.tenant', 'ours', true); rollback"],
])('TE-03, TE-07: a connection of our role that named %s sees no row and writes none', (_, before) =>
  connected(database.url, async (client) => {
    if (before !== '') await client.query(before)
    for (const table of TABLES) {
      const seen = await client.query(`select tenant from ${table}`).then(
        ({ rows }) => rows as unknown[],
        ({ message }: Error) => message,
      )
      expect(seen, table).toEqual(before === '' ? 'unrecognized configuration parameter "postkey.tenant"' : [])
      await expect(client.query(inserts.get(table)?.('ours') ?? ''), table).rejects.toThrow(/row-level security|postkey.tenant/)
    }
  }),
)

test('TE-03: looks of one tenant see no row of the canary, also where they ask without a tenant and beside those of others', async () => {
  const seenBy = (tenant: string) =>
    Promise.all(
      TABLES.map((table) =>
        // By a parameter, so that those that ask together are one statement.
        engine.within(tenant).read(() => all<Seen>(`select tenant from ${table} where tenant <> ?`, '')),
      ),
    )
  const [canary, ours, theirs] = await Promise.all(TENANTS.map(seenBy))
  for (const [tenant, seen] of [
    ['canary', canary],
    ['ours', ours],
    ['theirs', theirs],
  ] as const)
    expect(seen).toEqual(TABLES.map(() => [{ tenant }]))
  expect(await engine.read(() => all('select count(*) as n from users'))).toEqual([{ n: 3 }])
})

test('TE-03: transactions of one tenant neither see, change nor delete a row of the canary, also in one batch with its own', async () => {
  const written = (tenant: string, table: string) => {
    let found: readonly Seen[] = []
    return engine.within(tenant).write({
      locks: function* () {
        found = yield* all<Seen>(`select tenant from ${table}`)
        return { tenant, keys: [], limits: [] }
      },
      ask: () => all<Seen>(`select tenant from ${table}`),
      run: function* (_, asked) {
        const seen = yield* all<Seen>(`select tenant from ${table} where tenant <> ?`, '')
        const changed = yield* all<Seen>(`update ${table} set tenant = tenant returning tenant`)
        return [found, asked, seen, changed]
      },
    })
  }
  const replaced = (tenant: string, table: string) =>
    engine.within(tenant).write({
      locks: nothing,
      run: function* () {
        const deleted = yield* all<Seen>(`delete from ${table} returning tenant`)
        yield* run(inserts.get(table)?.(tenant) ?? '')
        return deleted
      },
    })
  for (const table of TABLES) {
    const [canary, ours] = await Promise.all([written('canary', table), written('ours', table)])
    for (const seen of ours) expect(seen, table).toEqual([{ tenant: 'ours' }])
    for (const seen of canary) expect(seen, table).toEqual([{ tenant: 'canary' }])
    expect(await replaced('ours', table), table).toEqual([{ tenant: 'ours' }])
    const foreign = engine.within('ours').write({ locks: nothing, run: () => run(`update ${table} set tenant = 'canary'`) })
    await expect(foreign, table).rejects.toThrow(/row-level security/)
  }
})

test('TE-07: no connection of ours keeps the name of a tenant, whatever became of what it was named for', async () => {
  const sent = vi.spyOn(pg.Client.prototype, 'query')
  const ours = engine.within('ours')
  await ours.write({ locks: nothing, run: () => run('select 1') })
  await expect(ours.write({ locks: nothing, run: () => all('select 1 / 0') })).rejects.toThrow(/zero/)
  await ours.read(() => all('select 1'))
  await expect(ours.read(() => all('select 1 / 0'))).rejects.toThrow(/zero/)
  const clients = new Set(sent.mock.contexts as unknown as pg.Client[])
  sent.mockRestore()
  expect(clients.size).toBeGreaterThan(0)
  for (const client of clients) {
    const { rows } = await client.query("select current_setting('postkey.tenant', true) as named, now() = statement_timestamp() as alone")
    expect(rows).toEqual([{ named: '', alone: true }])
  }
})

/** Of a command, without a process of its own. */
async function doctor(url: string): Promise<readonly Check[]> {
  let out = ''
  const say = (text: string): void => {
    out += text
  }
  const env = { POSTKEY_DATABASE_URL: url }
  await main(['doctor', '--json'], { env, folder: tmpdir(), interactive: false, out: say, err: say })
  return (JSON.parse(out) as { checks: readonly Check[] }).checks.filter(({ area }) => area === 'tenants')
}

const ASSURED = [{ area: 'tenants', state: 'ok', what: 'are held apart by PostgreSQL too' }]

// The server of the run has a superuser whom we know.
test.skipIf(!new URL(process.env['POSTKEY_TEST_DATABASE_URL'] ?? 'none:').username.startsWith('postkey'))(
  'TE-03: whoever connects as a superuser is told by `doctor`, and once by the log, that nothing holds tenants apart but our statements',
  async () => {
    const unused = await freshDatabase()
    const superuser = asSuperuser(unused.url)
    expect(await doctor(superuser)).toEqual([
      {
        area: 'tenants',
        state: 'warn',
        what: expect.stringContaining('superuser'),
        remedy: expect.stringContaining('A role that is held'),
      },
    ])
    expect(await doctor(unused.url)).toEqual(ASSURED)
    for (const [url, told] of [
      [superuser, [['no_wall', expect.stringContaining('superuser')]]],
      [unused.url, []],
    ] as const) {
      const lines: [unknown, unknown][] = []
      const log = createLog({
        level: 'warn',
        format: 'json',
        destination: {
          write: (line) => {
            const { event, detail } = JSON.parse(line) as { event: string; detail?: string }
            lines.push([event, detail])
          },
          flush: async () => {},
        },
      })
      await (await startKit({ database: url, now: Date.now, log })).close()
      expect(lines).toEqual(told)
    }
    await unused.drop()
  },
)

test('TE-03: a table that lost its policy is named', async () => {
  for (const [broken, mended] of [
    ['alter table users no force row level security', 'alter table users force row level security'],
    ['alter policy tenant on users rename to away', 'alter policy away on users rename to tenant'],
  ] as const) {
    await connected(database.url, async (client) => void (await client.query(broken)))
    expect(await doctor(database.url)).toEqual([
      { area: 'tenants', state: 'warn', what: expect.stringMatching(/ in users: /), remedy: expect.any(String) },
    ])
    await connected(database.url, async (client) => void (await client.query(mended)))
  }
  expect(await doctor(database.url)).toEqual(ASSURED)
})
