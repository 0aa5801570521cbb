// The engine for many nodes. A transaction of many round trips would make every sign-in wait for a dozen network hops, so the
// operations that wait together run in step within one transaction: each round sends the next statement of every one of them
// in one pipeline. Who may not run beside whom is known before: each operation names its locks.
import pg from 'pg'
import { POUR_MAX } from '../core/bucket.ts'
import type { Ms } from '../core/model.ts'
import { DatabaseClock } from './database-clock.ts'
import { HeldLimits, type Poured, type States } from './held-limits.ts'
import { inStep, together, type Within } from './in-step.ts'
import { Lanes, laneOf } from './lanes.ts'
import { type Migrated, type MigrationConnection, migrateOver } from './migrate.ts'
import {
  type Engine,
  EVERYBODY,
  type Locks,
  type Operation,
  type Operations,
  ownerOf,
  type Tx,
  Unavailable,
  type Write,
} from './operation.ts'
import { asUnavailable, isDeadlock, isOutOfReach } from './outage.ts'
import { renewPlans } from './plan-age.ts'
import { connectionBounds, readPostgresUrl } from './postgres-url.ts'
import { lookForWall, type NoWall } from './wall.ts'
import { waves } from './waves.ts'
import { byTenant, gather, inTransaction, roundByRound } from './way.ts'

export interface PostgresOptions {
  /** From this node: LOOKERS of them for looks, the others write. */
  readonly connections?: number | undefined
  /** Operations in one transaction at most. */
  readonly batchMax?: number
  /** Operations that may wait; one more is told to come again later (FA-19). */
  readonly waitingMax?: number
  /** Reads whole tables, however long it takes, and writes nothing. */
  readonly examines?: boolean
  /** In place of the database's clock. For tests. */
  readonly now?: (() => Ms) | undefined
  /** As in OpenOptions. */
  readonly onSkew?: ((ms: Ms) => void) | undefined
}

interface Look {
  readonly tenant: string
  readonly operation: (tx: Tx) => Operation<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Job {
  readonly tenant: string
  readonly write: Write<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Connections for looks, beside those of the writers, so that a full house of these does not keep session checks waiting. */
const LOOKERS = 2
const CONNECTIONS = 4
const LOOKS_MAX = 100

const CONNECT_MS = 5_000
const LOCK_MS = 5_000
const STATEMENT_MS = 10_000
/** How often the loser of a deadlock begins again, and who was told the wrong names. */
const RETRIES = 3

/**
 * What the names of an operation's locks were found by was changed before it had them, by an erasure: found again, they are right. If
 * they never are, the operation forgot to name one.
 */
class NotNamed extends Error {}

/** Times and counts are whole numbers below 2^53; `pg` hands 64-bit integers out as text. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text'),
}

/** Taken in one order by everybody, so that nobody waits for somebody who waits for him. */
const LOCK =
  'select pg_advisory_xact_lock(key) from (select distinct hashtextextended(name, 0) as key from unnest($1::text[]) as name order by 1) as keys'
const READ_LIMITS = 'select tenant, name, state from limits where (tenant, name) in (select * from unnest($1::text[], $2::text[]))'
const WRITE_LIMITS =
  'insert into limits (tenant, name, state) select * from unnest($1::text[], $2::text[], $3::text[]) on conflict (tenant, name) do update set state = excluded.state'
/** $3 now, $4 what is added (below zero: taken back), $5 how long a full one takes to run empty. The same as `pour` in core/bucket.ts. */
const POUR = `insert into limits as l (tenant, name, state) values ($1, $2, ($3::bigint + greatest($4::bigint, 0))::text)
on conflict (tenant, name) do update set state = (case
  when $4::bigint > 0 then least(greatest(l.state::bigint, $3::bigint) + $4::bigint, $3::bigint + ${POUR_MAX} * $5::bigint)
  when l.state::bigint >= $3::bigint + $5::bigint then l.state::bigint
  else greatest(0, l.state::bigint + $4::bigint)
end)::text`
const DROP_LIMITS = 'delete from limits where (tenant, name) in (select * from unnest($1::text[], $2::text[]))'
const NOW = 'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now'

/**
 * Every statement of ours finds its rows by a key. A plan made while tables are small or unknown would read them whole; or would go by an index
 * that has its columns with a gap between them, since what that reads in vain is little yet: so each entry that is read costs as much as 25 pages.
 */
const PLANNER =
  'set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set cpu_index_tuple_cost = 100; set plan_cache_mode = force_generic_plan; set jit = off'

/** Whole tables are joined, perhaps of a dump restored a minute ago: without statistics other joins than by hash look cheap, and take hours. */
const EXAMINING =
  'set default_transaction_read_only = on; set statement_timeout = 0; set enable_mergejoin = off; set enable_nestloop = off; set jit = off'

export class PostgresEngine implements Engine, Operations {
  readonly oneWriter = false
  readonly #pool: pg.Pool
  readonly #options: Required<Omit<PostgresOptions, 'now' | 'connections' | 'onSkew'>> & { readonly writers: number }
  readonly #givenNow: (() => Ms) | undefined
  readonly #lanes: Lanes<Job>
  #looks: Look[] = []
  #looking = 0
  #closed = false
  readonly #clock: DatabaseClock

  constructor(url: string, options: PostgresOptions = {}) {
    const { now, onSkew = () => {}, connections = CONNECTIONS, ...rest } = options
    const { min, max } = connectionBounds
    if (!Number.isInteger(connections) || connections < min || connections > max)
      throw new Error(`${connections} database connections are not possible — use a number from ${min} to ${max}`)
    this.#options = { writers: connections - LOOKERS, batchMax: 100, waitingMax: 5_000, examines: false, ...rest }
    this.#lanes = new Lanes(this.#options, (jobs) => this.#batch(jobs))
    this.#givenNow = now
    this.#clock = new DatabaseClock(onSkew)
    this.#pool = new pg.Pool({
      ...readPostgresUrl(url).connection,
      max: connections,
      connectionTimeoutMillis: CONNECT_MS,
      lock_timeout: LOCK_MS,
      statement_timeout: STATEMENT_MS,
      idle_in_transaction_session_timeout: STATEMENT_MS,
      application_name: 'postkey',
      pipeline: true,
      types,
    } as pg.PoolConfig)
    this.#pool.on('connect', (client) => void client.query(this.#options.examines ? EXAMINING : PLANNER).catch(ignore))
    // Without a listener a connection that the server closes ends the process; the pool listens only to those that rest in it.
    this.#pool.on('error', ignore)
  }

  within(tenant: string): Operations {
    return { write: (write) => this.#write(tenant, write), read: (operation) => this.#read(tenant, operation) }
  }

  write<T, F>(write: Write<T, F>): Promise<T> {
    return this.#write(EVERYBODY, write)
  }

  read<T>(operation: (tx: Tx) => Operation<T>): Promise<T> {
    return this.#read(EVERYBODY, operation)
  }

  #write<T, F>(tenant: string, write: Write<T, F>): Promise<T> {
    if (this.#closed) return Promise.reject(new Unavailable('the database is closed'))
    return new Promise<T>((resolve, reject) => {
      // A throw in here rejects.
      const job = { tenant, write: write as Write<unknown>, resolve: resolve as (value: unknown) => void, reject }
      this.#lanes.add(laneOf(write.locks), job)
    })
  }

  /** Looks that wait together are one statement where they ask the same: to be sent costs more than to be found. */
  #read<T>(tenant: string, operation: (tx: Tx) => Operation<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new Unavailable('the database is closed'))
    if (this.#looks.length >= this.#options.waitingMax) return Promise.reject(new Unavailable('too many operations are waiting'))
    return new Promise<T>((resolve, reject) => {
      this.#looks.push({ tenant, operation, resolve: resolve as (value: unknown) => void, reject })
      if (this.#looks.length === 1) setImmediate(() => this.#look())
    })
  }

  #look(): void {
    if (this.#looking >= LOOKERS || this.#looks.length === 0) return
    this.#looking++
    void this.#lookTogether(this.#looks.splice(0, LOOKS_MAX)).finally(() => {
      this.#looking--
      this.#look()
    })
    this.#look()
  }

  async #lookTogether(looks: readonly Look[]): Promise<void> {
    try {
      const values = await this.#connected(async (client) => {
        const tx = await this.#tx(client, new HeldLimits(() => null), 'close enough')
        return inStep(
          roundByRound(client),
          looks.map(({ tenant, operation }) => ({ tenant, operation: operation(tx) })),
        )
      })
      for (const [index, look] of looks.entries()) look.resolve(values[index])
    } catch (error) {
      if (looks.length > 1 && failsAlone(error)) for (const look of looks) await this.#lookTogether([look])
      else for (const look of looks) look.reject(error)
    }
  }

  async check(): Promise<void> {
    await this.#connected((client) => client.query('select 1'))
  }

  migrate(): Promise<Migrated> {
    return this.#connected(async (client) => {
      const connection: MigrationConnection = {
        engine: 'postgres',
        begin: async () => {
          await client.query('begin')
          await client.query(
            "set local statement_timeout = 0; set local lock_timeout = 0; set local postkey.tenant = '*'; select pg_advisory_xact_lock(hashtext('postkey migrations'))",
          )
        },
        run: async (sql) => void (await client.query(sql)),
        number: async (sql) => Number(((await client.query(sql)).rows[0] as { n: number }).n),
      }
      return migrateOver(connection, this.#givenNow?.() ?? Date.now())
    })
  }

  schema(): Promise<number> {
    return this.#connected(async (client) => {
      const made = await client.query("select to_regclass('migrations') is not null as made")
      if (!(made.rows[0] as { made: boolean }).made) return 0
      const { rows } = await client.query('select coalesce(max(number), 0) as n from migrations')
      return Number((rows[0] as { n: number }).n)
    })
  }

  /** PostgreSQL checks its own pages; that it answers is what can be asked. */
  async damage(): Promise<string | null> {
    await this.check()
    return null
  }

  wall(): Promise<NoWall | null> {
    return this.#connected(lookForWall)
  }

  async close(): Promise<void> {
    await this.#lanes.idle()
    while (this.#looking > 0 || this.#looks.length > 0) await new Promise((resolve) => setImmediate(resolve))
    if (this.#closed) return
    this.#closed = true
    await this.#pool.end()
  }

  async #batch(jobs: readonly Job[], retries = RETRIES): Promise<void> {
    try {
      const results = await this.#connected((client) => this.#transact(client, jobs))
      for (const [index, job] of jobs.entries()) job.resolve(results[index])
    } catch (error) {
      // One bad operation must not fail its neighbours. An outage would fail them all again, one time-out after the other.
      if (jobs.length > 1 && failsAlone(error)) for (const job of jobs) await this.#batch([job])
      else if ((isDeadlock(error) || error instanceof NotNamed) && retries > 0) await this.#batch(jobs, retries - 1)
      else for (const job of jobs) job.reject(error)
    }
  }

  async #transact(client: pg.PoolClient, jobs: readonly Job[]): Promise<unknown[]> {
    const locks = await locksOf(client, jobs)
    const names = distinct(locks.flatMap(({ tenant, limits }) => limits.map((name) => ({ tenant: ownerOf(tenant, name), name }))))
    const keys = [
      ...locks.flatMap(({ tenant, keys }) => keys.map((key) => `${tenant}/${key}`)),
      ...names.map(({ tenant, name }) => `${tenant}/limit:${name}`),
    ]
    const unheard: Promise<pg.QueryResult>[] = []
    const way = inTransaction(client)
    const runs = <T>(wave: readonly number[], operationOf: (job: Job, place: number) => Operation<T>): Within<T>[] =>
      wave.map((index, place) => {
        const job = jobs[index] as Job
        return { tenant: job.tenant, operation: operationOf(job, place) }
      })
    try {
      const [firstWave, ...laterWaves] = waves(locks) as [number[], ...number[][]]
      const ask = (wave: readonly number[]): Promise<unknown[]> =>
        inStep(
          way,
          runs(wave, ({ write }) => write.ask?.() ?? nothingToAsk()),
        )
      gather(client)
      // One round trip; what follows a lock runs when the lock is held, and sees what its last holder committed.
      const [[, , , ...limitRows], answers] = await both(
        together([
          client.query('begin'),
          keys.length === 0 ? null : client.query({ name: 'lock', text: LOCK, values: [keys] }),
          this.#measure(client),
          ...byTenant(names).map(([tenant, own]) => way.send(tenant, { name: 'read_limits', text: READ_LIMITS, values: columns(own) })),
        ]),
        ask(firstWave),
      )
      const limits = new HeldLimits((_, name) => {
        throw new NotNamed(`the limit ${name.split(':')[0]} was not named among the locks`)
      })
      for (const { tenant, name } of names) limits.hold(tenant, name, null)
      for (const { tenant, name, state } of limitRows.flatMap((found) => (found?.rows ?? []) as LimitRow[]))
        limits.hold(tenant, name, state)
      const tx = await this.#tx(client, limits, 'measured')
      const results: unknown[] = []
      const go = async (wave: readonly number[], found: readonly unknown[]): Promise<void> => {
        const values = await inStep(
          way,
          runs(wave, ({ write }, place) => write.run(tx, found[place])),
          unheard,
        )
        for (const [place, index] of wave.entries()) results[index] = values[place]
      }
      await go(firstWave, answers)
      for (const wave of laterWaves) await go(wave, await ask(wave))
      const writes = byTenant(rowsOf(limits.changed())).map(([tenant, own]) =>
        way.send(tenant, { name: 'write_limits', text: WRITE_LIMITS, values: [...columns(own), own.map(({ state }) => state)] }),
      )
      const dropped = [...limits.dropped()].flatMap(([tenant, names]) => [...names].map((name) => ({ tenant, name })))
      const drops = byTenant(dropped).map(([tenant, own]) =>
        way.send(tenant, { name: 'drop_limits', text: DROP_LIMITS, values: columns(own) }),
      )
      // Last: whoever else pours into the same waits for the commit, and for nothing else.
      const pours = limits.poured().map((poured) => way.send(poured.tenant, { name: 'pour', text: POUR, values: pourValues(poured) }))
      await together([...unheard, ...writes, ...drops, ...pours, client.query('commit')])
      return results
    } catch (error) {
      const [cause] = (await Promise.allSettled(unheard)).filter((one) => one.status === 'rejected')
      await client.query('rollback').catch(() => {})
      // What came after it only says that the transaction is broken.
      throw cause?.reason ?? error
    }
  }

  /** Runs with a connection; one that broke is not given back. */
  async #connected<T>(use: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | null = null
    try {
      client = await this.#pool.connect()
      client.on('error', ignore)
      renewPlans(client)
      const result = await use(client)
      client.off('error', ignore)
      client.release()
      return result
    } catch (error) {
      const outage = asUnavailable(error)
      // One that may have broken is closed, and goes on being listened to until it is.
      client?.release(outage instanceof Unavailable)
      if (!(outage instanceof Unavailable)) client?.off('error', ignore)
      throw outage
    }
  }

  async #tx(client: pg.PoolClient, limits: HeldLimits, clock: 'measured' | 'close enough'): Promise<Tx> {
    const began = performance.now()
    if (clock === 'close enough' && this.#clock.age() > 1_000) await this.#measure(client)
    const now = this.#givenNow?.() ?? this.#clock.now()
    return { now, elapsed: () => performance.now() - began, limits }
  }

  async #measure(client: pg.PoolClient): Promise<null> {
    const askedAt = performance.now()
    const { rows } = await client.query({ name: 'now', text: NOW })
    this.#clock.heard((rows[0] as { now: Ms }).now, askedAt)
    return null
  }
}

/** It is about one of those who share the transaction; an outage is about them all. */
function failsAlone(error: unknown): boolean {
  return !(error instanceof Unavailable) || isOutOfReach(error)
}

/** What a broken connection says besides failing its queries: the same once more. */
function ignore(): void {}

// biome-ignore lint/correctness/useYield: an operation without a statement
function* nothingToAsk(): Operation<null> {
  return null
}

/** Both, or the error of the first once neither has answers to come: behind it in the pipeline, the second only says that all is broken. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second])
  if (a.status === 'rejected') throw a.reason
  if (b.status === 'rejected') throw b.reason
  return [a.value, b.value]
}

async function locksOf(client: pg.PoolClient, jobs: readonly Job[]): Promise<Locks[]> {
  const found = jobs.map(({ write }) => (typeof write.locks === 'function' ? null : write.locks))
  const searches = jobs.flatMap(({ tenant, write }, index) =>
    typeof write.locks === 'function' ? [{ tenant, index, search: write.locks }] : [],
  )
  if (searches.length > 0) {
    const answers = await inStep(
      roundByRound(client),
      searches.map(({ tenant, search }) => ({ tenant, operation: search() })),
    )
    for (const [place, { index }] of searches.entries()) found[index] = answers[place] as Locks
  }
  return found as Locks[]
}

function distinct(names: readonly { tenant: string; name: string }[]): { tenant: string; name: string }[] {
  return [...new Map(names.map((one) => [`${one.tenant}/${one.name}`, one])).values()]
}

interface LimitRow {
  readonly tenant: string
  readonly name: string
  readonly state: string
}

function rowsOf(all: States): LimitRow[] {
  return [...all].flatMap(([tenant, states]) => [...states].map(([name, state]) => ({ tenant, name, state })))
}

function pourValues({ tenant, name, pour: { rule, hits, now } }: Poured): (string | number)[] {
  const interval = Math.ceil(rule.per / rule.count)
  return [tenant, name, now, hits * interval, interval * rule.count]
}

function columns(names: readonly { tenant: string; name: string }[]): [string[], string[]] {
  return [names.map(({ tenant }) => tenant), names.map(({ name }) => name)]
}
