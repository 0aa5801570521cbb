// No statement of a request reads a table whole: LO-08, and `npm run bench:scale` says the same of a database with millions of people.
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BY_CHALLENGE, NEWEST } from '../src/store/audit.ts'
import { WAITING } from '../src/store/endpoint.ts'
import { speak } from '../src/store/fragments.ts'
import { openEngine } from '../src/store/open.ts'
import { ASKERS } from '../src/store/read.ts'
import type { SqliteEngine } from '../src/store/sqlite.ts'
import { askForChange } from './account.ts'
import { copyRows } from './copies.ts'
import { signIn, startKit } from './kit.ts'
import { emptyDatabases, type TestDatabase } from './nodes.ts'
import { scansOf, statementsOf } from './plans.ts'
import { printCodes } from './recovery.ts'
import { beginToWait } from './recovery-wait.ts'

// Of its own: rows that were deleted leave a table as long as it was, and the planner looks at that.
describe.each(emptyDatabases)('LO-08, %s', (engine, fresh) => {
  let database: TestDatabase
  let statements: readonly string[]
  beforeAll(async () => {
    const used = await fresh()
    statements = await statementsOf(used.url)
    await used.drop()
    database = await fresh()
    await useSome(database.url)
    await fill(database.url)
  })
  afterAll(() => database.drop())

  test('every table that grows is asked, in all the ways there are', () => {
    for (const words of [
      'insert into challenges',
      'insert into mails',
      'insert into users',
      'insert into sessions',
      'insert into sessions .* proved_at',
      'select purpose from challenges',
      'insert into challenges .* change_id',
      'insert into challenges .* about',
      'coalesce\\(about, id\\) as about',
      'update challenges set disowned_at',
      'update mails set not_me_tries',
      'from sessions where tenant = .* and id > .* and id < ',
      'from sessions .* order by seen_at desc',
      'update sessions set ended_at .* and id (in|= any)',
      'update sessions.* created_at = ',
      'update users set browsers',
      'insert into address_changes',
      'update address_changes set applied_at',
      'update address_changes.* set undone_at',
      'from address_changes a where .*user_id',
      'delete from address_changes.* id',
      'insert into recoveries',
      'update recoveries set token_digest',
      'update recoveries set applied_at',
      'from recoveries r where .* r.id = ',
      'delete from recoveries.* id',
      'insert into recovery_codes',
      'from recovery_codes where .* digest ',
      'update recoveries set new_proved_at',
      'update recoveries set ended_at .* and id = ',
      'update recoveries set ended_at .* and user_id = ',
      'update recoveries set token_digest',
      'update recoveries set ready_challenge',
      'from recoveries r .*ready_at, r.id\\) >',
      'from recoveries r where r.tenant = .* and r.user_id',
      'insert into recovery_approvals',
      'from recovery_approvals where',
      'delete from recoveries',
      'insert into events',
      'insert into views',
      'insert into dispatches',
      'insert into attempts',
      'insert into suppressions',
      'from dispatches where tenant = .* and endpoint = .* and due_at <= ',
      'delete from dispatches',
      'update challenges',
      'update mails set code_tries',
      'update mails set address_tries',
      'update mails set due_at',
      'update mails set state',
      'update users',
      'update sessions set seen_at',
      'ended_at is null and id = ',
      'ended_at is null and id <> ',
      'update sessions.* and ended_at is null$',
      'from sessions s join users',
      'from challenges c join mails',
      'from users where',
      'from users where .* external_id = ',
      'from users where .* id > ',
      'insert into users .* select',
      'update users set external_id',
      'from users where .* external_id .* external_id is not null$',
      'from limits',
      'from views where',
      '(substr\\(c.id, 1, 3\\)|hours) = .* (c.)?email = ',
      '(substr\\(c.id, 1, 3\\)|hours) = .* (c.)?network = ',
      'from events where tenant = .* and challenge = .* order by at desc',
      'from events where tenant = .* and request_id = .* and challenge = ',
      'from events where tenant = .* and request_id = ',
      'from sessions.* user_id = .* order by created_at desc limit',
      'with recursive',
      'delete from challenges',
      'delete from mails',
      'delete from sessions',
      'delete from events',
      'delete from views',
      'insert into seals',
      'from seals where .* seq >',
      'from seals where .* order by seq desc',
      'delete from seals',
      'from events where .* request_id <= ',
    ])
      expect(
        statements.filter((sql) => new RegExp(words).test(sql)),
        words,
      ).not.toEqual([])
  })

  test('none of them reads a table whole, while the database knows nothing of its tables', async () => {
    expect(await scansOf(database.url, statements)).toEqual([])
  })

  test('nor when it does', async () => {
    await analyze(database.url)
    expect(await scansOf(database.url, statements)).toEqual([])
  })

  // By autovacuum; on SQLite somebody would have to ask for it.
  if (engine === 'PostgreSQL')
    test('nor by what it learned of them while there was next to nothing', async () => {
      const grown = await fresh()
      await useSome(grown.url)
      await analyze(grown.url)
      await fill(grown.url)
      expect(await scansOf(grown.url, statements)).toEqual([])
      await grown.drop()
    })

  test('nor those who read the record challenge by challenge, or only its end, or ask for many challenges or for what is to be told', async () => {
    const read = [...Object.values(BY_CHALLENGE), NEWEST, ASKERS, WAITING].map((sql) => inWordsOf(database.url, sql))
    const settings = statements.filter((one) => one.startsWith('set '))
    expect(await scansOf(database.url, [...settings, ...read])).toEqual([])
  })

  test.each([
    'select id from events where id = ?',
    'select count(*) from users where tenant = ?',
    'select id from challenges where tenant = ? and created_at < ?',
    'delete from mails where request_id = ?',
    'select m.ordinal from sessions s join mails m on m.tenant = s.tenant where s.tenant = ? and s.id = ?',
    'select name from limits where state = ?',
    'select count(*) from dispatches where type = ?',
  ])('one that would is seen: %s', async (sql) => {
    const settings = statements.filter((one) => one.startsWith('set '))
    expect(await scansOf(database.url, [...settings, inWordsOf(database.url, sql)])).toHaveLength(1)
  })
})

/** A row or two in every table. */
async function useSome(url: string): Promise<void> {
  const kit = await startKit({ database: url, now: Date.now, hooks: { signedIn: () => {} } })
  await askForChange(kit, await signIn(kit, 'ada@example.net'), 'ada@example.net', 'ada@new.example')
  const eve = await signIn(kit, 'eve@example.net')
  const [code = ''] = await printCodes(eve)
  await kit.browser().post('/recover', { email: 'eve@example.net', code })
  await beginToWait(kit, 'ada@example.net', 'lost@new.example')
  await kit.postkey.hostTold()
  await kit.close()
}

/** So many that one who plans sees a difference. */
async function fill(url: string): Promise<void> {
  const engine = await openEngine(url)
  await copyRows(engine, 5_000)
  await engine.close()
}

function inWordsOf(url: string, sql: string): string {
  let count = 0
  const sqlite = url.startsWith('file:')
  const said = speak(sqlite ? 'sqlite' : 'postgres', sql)
  return sqlite ? said : said.replace(/\?/g, () => `$${++count}`)
}

async function analyze(url: string): Promise<void> {
  if (url.startsWith('file:')) {
    const engine = (await openEngine(url)) as SqliteEngine
    engine.database.exec('analyze')
    await engine.close()
    return
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('vacuum analyze')
  await client.end()
}
