// Fills a database with sign-ins of the past, as many as were asked for or as fit the time and the disk.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import pg from 'pg'
import { rowsOf } from './scale-rows.mjs'
import { openSqlite } from './sqlite.mjs'

const TABLES = ['users', 'challenges', 'mails', 'sessions', 'events', 'views', 'limits']
const CHUNKS = 40
const TRIAL = 20_000
/** Of the time: a table that grows is filled more slowly, and in the end indexes are made. */
const SHARE_OF_TIME = 0.5

/** One connection, as both engines have it. */
export async function connect(url) {
  if (url.startsWith('file:')) {
    const database = await openSqlite(url)
    database.exec('pragma busy_timeout = 5000')
    return {
      engine: 'sqlite',
      run: async (sql) => database.exec(sql),
      all: async (sql) => database.prepare(sql).all(),
      close: async () => database.close(),
    }
  }
  const client = new pg.Client({ connectionString: url, options: '-c postkey.tenant=*' })
  await client.connect()
  return {
    engine: 'postgres',
    run: async (sql) => void (await client.query(sql)),
    all: async (sql) => (await client.query(sql)).rows,
    close: () => client.end(),
  }
}

/** One event of each kind that a sign-in leaves, from a database in which somebody signed in. */
export async function eventTemplates(url) {
  const database = await connect(url)
  const kinds = ['start', 'deliver', 'verify']
  const rows = []
  for (const kind of kinds) {
    const [row] = await database.all(`select kind, reason, facts, decision, versions, cost from events where kind = '${kind}' limit 1`)
    if (row === undefined) throw new Error(`nobody has left a ${kind} event`)
    rows.push(row)
  }
  await database.close()
  return rows
}

/** @returns how many sign-ins fitted, the bytes they take, and why not more. */
export async function fill(url, { wanted, minutes, gigabytes, templates, say }) {
  const database = await connect(url)
  const now = Date.now()
  await prepare(database)
  const indexes = await dropIndexes(database)
  const began = performance.now()
  const write = async (from, to, total) => {
    for (const sql of rowsOf(database.engine, { from, to, total, now, templates })) await database.run(sql)
  }

  await write(0, TRIAL, TRIAL)
  const seconds = (performance.now() - began) / 1_000
  const bytesEach = (await sizeOf(database, url)) / TRIAL
  for (const table of TABLES) await database.run(database.engine === 'sqlite' ? `delete from ${table}` : `truncate ${table}`)
  const byTime = Math.floor((TRIAL / seconds) * minutes * 60 * SHARE_OF_TIME)
  // Indexes that are made in the end, and what the database writes beside its tables.
  const byDisk = Math.floor((gigabytes * 1e9) / (1.5 * bytesEach))
  const total = Math.min(wanted, byTime, byDisk)
  const limit = total === wanted ? null : total === byTime ? `${minutes} minutes` : `${gigabytes} GB`
  say(`${total.toLocaleString('en')} sign-ins of ${wanted.toLocaleString('en')}${limit === null ? '' : `: as many as fit ${limit}`}`)

  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    await write(Math.floor((total * chunk) / CHUNKS), Math.floor((total * (chunk + 1)) / CHUNKS), total)
    if (chunk % 8 === 7) say(`filled ${Math.round((100 * (chunk + 1)) / CHUNKS)} %`)
  }
  for (const sql of indexes) await database.run(sql)
  // This hour's look at all limits has been: it would otherwise begin with the measurements.
  await database.run(
    `insert into purges (tenant, kind, cursor, before, before_at, deleted, finished_at) values ('default', 'limits', '', '', 0, 0, ${now})`,
  )
  // And the record is sealed up to here: to seal that of years takes a fifth of a process for hours.
  await database.run(
    `insert into seals (tenant, seq, from_request, until_request, until_id, events, prints, gone_before, made_at, digest, mac) select 'default', 1, '', max(request_id), '~', 0, '', '', ${now}, '', '' from events`,
  )
  await finish(database)
  const bytes = await sizeOf(database, url)
  await database.close()
  if (database.engine === 'sqlite') await withWriteAheadLog(url)
  return { total, bytes, limit }
}

async function prepare({ engine, run }) {
  // Nobody else is here, and what breaks is made anew.
  if (engine === 'sqlite')
    await run('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -1000000; pragma temp_store = file')
  else await run("set synchronous_commit = off; set maintenance_work_mem = '1GB'; set jit = off")
}

/** Row by row into an index in no order takes longer than all else; made in the end it takes a sort. */
async function dropIndexes({ engine, run, all }) {
  const found =
    engine === 'sqlite'
      ? await all("select name, sql from sqlite_schema where type = 'index' and sql is not null")
      : await all(
          "select indexname as name, indexdef as sql from pg_indexes where schemaname = 'public' and indexname not in (select conname from pg_constraint)",
        )
  for (const { name } of found) await run(`drop index ${name}`)
  return found.map(({ sql }) => sql)
}

/** As the database would be after a while of rest: statistics known, nothing left to write. */
async function finish({ engine, run }) {
  if (engine === 'postgres') for (const sql of ['vacuum analyze', 'checkpoint']) await run(sql)
}

async function withWriteAheadLog(url) {
  const database = await openSqlite(url)
  database.exec('pragma wal_checkpoint(truncate)')
  database.close()
  // What the system still holds of the file would be written while something is measured.
  const file = url.slice('file:'.length)
  execFileSync('sync', ['-f', file])
  // As after a while of use: what fits into memory is there.
  execFileSync('dd', [`if=${file}`, 'of=/dev/null', 'bs=4M', 'status=none'])
}

export async function sizeOf({ engine, all }, url) {
  if (engine === 'sqlite') return statSync(url.slice('file:'.length)).size
  const [{ bytes }] = await all('select pg_database_size(current_database()) as bytes')
  return Number(bytes)
}

/** Bytes of each table and index. */
export async function sizesOf(url) {
  const database = await connect(url)
  const rows = await database.all(
    database.engine === 'sqlite'
      ? 'select d.name, coalesce(s.tbl_name, d.name) as "table", sum(d.pgsize) as bytes from dbstat d left join sqlite_schema s on s.name = d.name group by 1, 2'
      : `select c.relname as name, coalesce(t.relname, c.relname) as "table", pg_relation_size(c.oid) as bytes from pg_class c
         left join pg_index i on i.indexrelid = c.oid left join pg_class t on t.oid = i.indrelid
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'i')`,
  )
  const [{ n }] = await database.all('select count(*) as n from challenges')
  await database.close()
  return { signIns: Number(n), sizes: rows.map(({ bytes, ...row }) => ({ ...row, bytes: Number(bytes) })) }
}
