// A database file for stories that must look at rest: what is stored, what a request changed, which event tells of it. And the
// two rows that no route makes yet: an account that an operator made, and a user who was disabled. Nothing else writes here.
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { mailboxLimit, readWindows, type Windows, writeWindows } from '../src/store/limits.ts'
import { openEngine } from '../src/store/open.ts'
import { nothing, type Operations } from '../src/store/operation.ts'
import type { Database, SqliteEngine } from '../src/store/sqlite.ts'
import { databaseFolder } from './folders.ts'
import { copyTemplate } from './sqlite-template.ts'

export type Row = Readonly<Record<string, string | number | null>>
/** Every row of every table, as JSON, sorted. */
export type Dump = Readonly<Record<string, readonly string[]>>

export interface TestDatabase {
  readonly url: string
  rows(sql: string, ...params: (string | number | null)[]): readonly Row[]
  /** The event of a request. Refusals before any decision are written after the answer, so it may take a moment to come. */
  event(requestId: string | null): Promise<Row>
  /** The hits on the limits of an address's mailbox. */
  windows(email: string): Promise<Windows>
  setHits(email: string, hits: Partial<Windows>): Promise<void>
  /** Without `except`, which names tables. */
  dump(except?: readonly string[]): Dump
  /** The bytes on disk, write-ahead log and all. */
  bytes(): string
  insertUser(user: { readonly id: string; readonly email: string; readonly confirmedAt?: number | null; readonly createdAt: number }): void
  setUserStatus(email: string, status: 'active' | 'disabled'): void
  [Symbol.asyncDispose](): Promise<void>
}

/** Of this version, and nobody has used it. */
export async function temporaryDatabase(): Promise<TestDatabase> {
  const folder = databaseFolder('postkey-')
  const path = join(folder, 'postkey.db')
  copyTemplate(path)
  const url = `file:${path}`
  const engine = (await openEngine(url)) as SqliteEngine
  const { database } = engine
  const rows = (sql: string, ...params: (string | number | null)[]): readonly Row[] => database.prepare(sql).all(...params) as Row[]
  return {
    url,
    rows,
    event: async (requestId) => {
      for (let wait = 0; wait < 200; wait++) {
        const [event] = rows('select kind, reason, facts, decision, versions from events where request_id = ?', requestId)
        if (event) return event
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      throw new Error(`no event of request ${requestId}`)
    },
    windows: (email) => windowsOf(engine, email),
    setHits: async (email, hits) => void (await windowsOf(engine, email, hits)),
    dump: (except = []) => dump(database, except),
    bytes: () =>
      readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'latin1'))
        .join('\n'),
    insertUser: ({ id, email, confirmedAt = null, createdAt }) => {
      database
        .prepare(
          "insert into users (tenant, id, email, status, created_at, confirmed_at, sign_in_count) values ('default', ?, ?, 'active', ?, ?, 0)",
        )
        .run(id, email, createdAt, confirmedAt)
    },
    setUserStatus: (email, status) => {
      const changed = database.prepare("update users set status = ? where tenant = 'default' and email = ? returning id").all(status, email)
      if (changed.length !== 1) throw new Error(`no user ${email}`)
    },
    [Symbol.asyncDispose]: async () => {
      await engine.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Through the engine, which alone knows where the states of limits are at the moment; with `hits` in place of what was there. */
export function windowsOf(engine: Operations, email: string, hits: Partial<Windows> = {}): Promise<Windows> {
  const name = mailboxLimit(email)
  return engine.write({
    locks: { ...nothing, tenant: 'default', limits: [name] },
    // biome-ignore lint/correctness/useYield: an operation without a statement
    run: function* ({ limits }) {
      const windows = { ...readWindows(limits, 'default', name), ...hits }
      if (Object.keys(hits).length > 0) writeWindows(limits, 'default', name, windows)
      return windows
    },
  })
}

function dump(database: Database, except: readonly string[]): Dump {
  const tables = database.prepare("select name from sqlite_master where type = 'table' order by name").all() as { name: string }[]
  return Object.fromEntries(
    tables
      .filter(({ name }) => !except.includes(name))
      .map(({ name }) => [name, (database.prepare(`select * from "${name}"`).all() as Row[]).map((row) => JSON.stringify(row)).sort()]),
  )
}

/** Rows that are in `after` and not in `before`, table by table; empty where nothing came or changed. */
export function changes(before: Dump, after: Dump): Record<string, string[]> {
  const found: Record<string, string[]> = {}
  for (const [table, rows] of Object.entries(after)) {
    const had = new Set(before[table])
    const fresh = rows.filter((row) => !had.has(row))
    const gone = (before[table] ?? []).length - (rows.length - fresh.length)
    if (fresh.length > 0 || gone > 0) found[table] = gone > 0 ? [...fresh, `${gone} rows gone or changed`] : fresh
  }
  return found
}
