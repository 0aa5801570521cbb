// Plans of PostgreSQL that were made while there was nothing are not kept until there is much.
import pg from 'pg'
import { expect, test } from 'vitest'
import { openEngine } from '../src/store/open.ts'
import { copyRows } from './copies.ts'
import { signIn, startKit } from './kit.ts'
import { emptyDatabase, seeing } from './postgres.ts'

const ROWS = 5_000

test('a sign-in reads no more of its tables than its own rows, though its connections were there when they were empty', async () => {
  // Of its own: what was learned of the tables of another test stays with them, and plans are made by it.
  const database = await emptyDatabase()
  const began = performance.now()
  const kit = await startKit({ database: database.url, now: Date.now })
  await signIn(kit, 'ada@example.net')
  const engine = await openEngine(database.url)
  await copyRows(engine, ROWS)
  await engine.close()
  // So long that no plan is young enough to be kept. Autovacuum would come by within a minute.
  await new Promise((resolve) => setTimeout(resolve, 300 + performance.now() - began))
  const before = await read(database.url)
  await signIn(kit, 'eve@example.net')
  // What a connection has read is told when it ends.
  await kit.close()
  expect((await read(database.url)) - before).toBeLessThan(ROWS / 10)
  await database.drop()
})

/** How many entries of indexes were read so far. */
async function read(url: string): Promise<number> {
  const client = new pg.Client(seeing(url, 'default'))
  await client.connect()
  const { rows } = await client.query('select sum(idx_tup_read)::int as read from pg_stat_user_indexes')
  await client.end()
  return (rows[0] as { read: number }).read
}
