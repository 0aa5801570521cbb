// The embedded engine. WAL with synchronous=FULL: a commit that a power cut could undo would un-spend a link. One sync costs
// more than all statements of a sign-in, so operations that wait together share one commit.
import { pour } from '../core/bucket.ts'
import type { Ms } from '../core/model.ts'
import { takeBatch } from './batch.ts'
import { speak } from './fragments.ts'
import { HeldLimits } from './held-limits.ts'
import { LimitJournal } from './limit-journal.ts'
import { type Migrated, type MigrationConnection, migrateOver } from './migrate.ts'
import {
  type Engine,
  type Limits,
  type Operation,
  type Operations,
  type Row,
  type Tx,
  Unavailable,
  type Value,
  type Write,
} from './operation.ts'

/** What both providers, node:sqlite and @photostructure/sqlite, have in common. */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): { all(...params: Value[]): unknown[]; run(...params: Value[]): unknown }
  close(): void
}

/** Prebuilt in Node from 22.13; before that the same API from a package that ships its binaries. No compiler, ever. */
async function openDatabase(path: string): Promise<Database> {
  const { DatabaseSync } = await loadProvider()
  return new DatabaseSync(path) as Database
}

async function loadProvider(): Promise<{ DatabaseSync: new (path: string) => unknown }> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (process.env.POSTKEY_TEST_SQLITE !== 'package' && (major > 22 || (major === 22 && minor >= 13))) {
    const provider = 'node:sqlite'
    return (await import(provider)) as { DatabaseSync: new (path: string) => unknown }
  }
  return (await import('@photostructure/sqlite')) as unknown as { DatabaseSync: new (path: string) => unknown }
}

export interface SqliteOptions {
  readonly now: () => Ms
  /**
   * Operations in one commit at most: a batch must not keep the event loop. A hundred are about 8 ms; against fifty they save a
   * tenth of a sign-in's CPU at 64 connections, since a page that two operations change is written once.
   */
  readonly batchMax?: number
  /** How long a write waits for another process's before it answers "unavailable". */
  readonly busyForMs?: Ms
}

export async function openSqlite(path: string, options: SqliteOptions): Promise<SqliteEngine> {
  const database = await openDatabase(path)
  // Waiting for a lock inside SQLite would block the event loop; the queue below waits without blocking.
  database.exec(
    'pragma busy_timeout = 20; pragma foreign_keys = off; pragma trusted_schema = off; pragma cache_size = -65536; pragma temp_store = memory',
  )
  await patiently(
    () => database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 4000'),
    options.busyForMs ?? 5_000,
  )
  return new SqliteEngine(database, options)
}

interface Look {
  readonly operation: (tx: Tx) => Operation<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Job {
  readonly write: Write<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  result?: unknown
}

export class SqliteEngine implements Engine, Operations {
  readonly oneWriter = true
  readonly database: Database
  readonly #options: Required<SqliteOptions>
  readonly #statements = new Map<string, ReturnType<Database['prepare']>>()
  readonly #journal = new LimitJournal((sql) => this.#prepared(sql))
  #queue: Job[] = []
  #looks: Look[] = []
  #scheduled = false
  #draining: Promise<void> = Promise.resolve()
  #closed = false

  constructor(database: Database, options: SqliteOptions) {
    this.database = database
    this.#options = { batchMax: 100, busyForMs: 5_000, ...options }
  }

  /** It knows no policies: each statement names its tenant. */
  within(): Operations {
    return this
  }

  async wall(): Promise<null> {
    return null
  }

  // One writer at a time: nothing has to be locked.
  write<T, F>(write: Write<T, F>): Promise<T> {
    if (this.#closed) return Promise.reject(new Unavailable('the database is closed'))
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ write: write as Write<unknown>, resolve: resolve as (value: unknown) => void, reject })
      this.#schedule()
    })
  }

  // Never in the middle of a batch: those run without yielding.
  read<T>(operation: (tx: Tx) => Operation<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Unavailable('the database is closed'))
    return new Promise<T>((resolve, reject) => {
      if (this.#looks.length === 0) setImmediate(() => this.#look(this.#looks.splice(0)))
      this.#looks.push({ operation, resolve: resolve as (value: unknown) => void, reject })
    })
  }

  /** Looks of one turn share a snapshot: to take one costs as much as to find a session in it. */
  #look(looks: readonly Look[]): void {
    const together = looks.length > 1
    if (together) this.database.exec('begin')
    for (const { operation, resolve, reject } of looks) {
      try {
        resolve(this.#step(operation(this.#tx(this.#limits()))))
      } catch (error) {
        reject(asUnavailable(error))
      }
    }
    if (together) this.database.exec('commit')
  }

  async check(): Promise<void> {
    await this.read(function* () {
      yield { sql: 'select 1', params: [] }
    })
  }

  migrate(): Promise<Migrated> {
    const { database } = this
    const connection: MigrationConnection = {
      engine: 'sqlite',
      begin: () => patiently(() => database.exec('begin immediate'), this.#options.busyForMs),
      run: async (sql) => database.exec(sql),
      number: async (sql) => (database.prepare(sql).all() as { n: number }[])[0]?.n ?? 0,
    }
    return migrateOver(connection, this.#options.now())
  }

  async schema(): Promise<number> {
    const made = this.database.prepare("select 1 from sqlite_schema where name = 'migrations'").all().length > 0
    if (!made) return 0
    const [row] = this.database.prepare('select coalesce(max(number), 0) as n from migrations').all() as { n: number }[]
    return row?.n ?? 0
  }

  async damage(): Promise<string | null> {
    const rows = this.database.prepare('pragma quick_check(1)').all() as Record<string, Value>[]
    const answer = rows.flatMap((row) => Object.values(row)).join('; ')
    return answer === 'ok' ? null : answer
  }

  async close(): Promise<void> {
    while (this.#scheduled) await this.#draining
    while (this.#looks.length > 0) await new Promise((resolve) => setImmediate(resolve))
    if (this.#closed) return
    this.#closed = true
    // The packaged driver frees a connection only with its last statement, whenever that is collected: so leave nothing in
    // the -wal file, and nothing that holds a statement.
    this.#statements.clear()
    this.database.exec('pragma wal_checkpoint(truncate)')
    this.database.close()
  }

  /**
   * Operations that wait together share the commit: those that one turn of the event loop brought in, and those of the next turns
   * as long as more come with each. What a commit sets free (the next request of a connection, a mail to settle) comes in before
   * the next batch and is part of it; an operation that is alone waits for nobody.
   */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#draining = new Promise((done) => {
      const gather = (before: number): void => {
        const waiting = this.#queue.length
        if (waiting > before && waiting < this.#options.batchMax) setImmediate(gather, waiting)
        else void this.#drain().finally(done)
      }
      setImmediate(gather, this.#queue.length)
    })
  }

  async #drain(): Promise<void> {
    await this.#commit(takeBatch(this.#queue, this.#options.batchMax))
    this.#scheduled = false
    if (this.#queue.length > 0) this.#schedule()
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    try {
      // `begin immediate`: a transaction that reads first and upgrades later can lose to another process in the middle.
      await patiently(() => this.database.exec('begin immediate'), this.#options.busyForMs)
    } catch (error) {
      for (const job of jobs) job.reject(asUnavailable(error))
      return
    }
    try {
      this.#journal.catchUp()
      const limits = this.#limits()
      this.#journal.hold(
        limits,
        jobs.map(({ write }) => write.locks).filter((locks) => typeof locks === 'object'),
      )
      for (const job of jobs) {
        const { ask, run } = job.write
        const tx = this.#tx(limits)
        job.result = this.#step(run(tx, ask && this.#step(ask())))
      }
      for (const { tenant, name, pour: poured } of limits.poured()) {
        const state = limits.get(tenant, name)
        limits.set(tenant, name, String(pour(state === null ? null : Number(state), poured)))
      }
      const written = this.#journal.write(limits.changed(), limits.dropped(), limits.settles)
      this.database.exec('commit')
      written()
    } catch (error) {
      this.#rollback()
      // One bad operation must not fail its neighbours: each alone, and only the bad one hears of it.
      if (jobs.length > 1) for (const job of jobs) await this.#commit([job])
      else jobs[0]?.reject(asUnavailable(error))
      return
    }
    for (const job of jobs) job.resolve(job.result)
  }

  #rollback(): void {
    try {
      this.database.exec('rollback')
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
  }

  #limits(): HeldLimits {
    return new HeldLimits((tenant, name) => this.#journal.find(tenant, name))
  }

  #tx(limits: Limits): Tx {
    const began = performance.now()
    return { now: this.#options.now(), elapsed: () => performance.now() - began, limits }
  }

  #prepared(sql: string): ReturnType<Database['prepare']> {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.database.prepare(speak('sqlite', sql))
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #step<T>(operation: Operation<T>): T {
    let step = operation.next()
    while (!step.done) {
      const { sql, params } = step.value
      // Also where nobody looks at rows: `run` makes an object of counts that nobody reads either, and `get` may leave the
      // statement standing on its row, which keeps the write-ahead log from starting over.
      step = operation.next(this.#prepared(sql).all(...params) as Row[])
    }
    return step.value
  }
}

/** Tries again while another process holds the lock, without blocking the event loop. */
async function patiently(attempt: () => void, forMs: Ms): Promise<void> {
  const until = performance.now() + forMs
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!/busy|locked/i.test(String((error as Error).message)) || performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

/** Outages (locked, full, read-only, gone, a table taken away) are told from defects: the first are worth a later try. */
function asUnavailable(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error)
  return /busy|locked|full|readonly|read-only|I\/O|unable to open|no such table|corrupt|malformed|closed|not open/i.test(message)
    ? new Unavailable(message, { cause: error })
    : error
}
