// Numbered .sql files, never edited after release; one that ends in the name of an engine is empty for the other. Each runs in one transaction together with the note that it ran, so a
// killed migration leaves nothing half-done, and of ten processes that start together one runs it and nine find it done.
import { readdirSync, readFileSync } from 'node:fs'
import type { Ms } from '../core/model.ts'
import { type EngineName, speak } from './fragments.ts'

interface Migration {
  readonly number: number
  readonly name: string
  sql(): string
}

/** What a migration needs of an engine: one connection, and texts without parameters. */
export interface MigrationConnection {
  readonly engine: EngineName
  /** Begins a transaction that no other migration can run beside. */
  begin(): Promise<void>
  run(sql: string): Promise<void>
  /** The one number that a query gives. */
  number(sql: string): Promise<number>
}

export interface Migrated {
  readonly from: number
  readonly to: number
  readonly applied: readonly string[]
}

export async function migrateOver(connection: MigrationConnection, now: Ms): Promise<Migrated> {
  const all = migrations(connection.engine)
  const newest = all.at(-1)?.number ?? 0
  const applied: string[] = []
  const within = async (work: () => Promise<void>): Promise<void> => {
    await connection.begin()
    try {
      await work()
      await connection.run('commit')
    } catch (error) {
      await connection.run('rollback')
      throw error
    }
  }
  const current = (): Promise<number> => connection.number('select coalesce(max(number), 0) as n from migrations')
  const table = 'create table if not exists migrations (number {int} primary key, name text not null, applied_at {int} not null) {table}'
  await within(() => connection.run(speak(connection.engine, table)))
  const from = await current()
  if (from > newest) {
    throw new Error(
      `the database has schema ${from}, this Postkey knows ${newest} — start the newer version that made it, or restore a backup`,
    )
  }
  for (const migration of all.filter(({ number }) => number > from)) {
    await within(async () => {
      if (migration.number <= (await current())) return
      await connection.run(migration.sql())
      await connection.run(`insert into migrations (number, name, applied_at) values (${migration.number}, '${migration.name}', ${now})`)
      applied.push(migration.name)
    })
  }
  return { from, to: newest, applied }
}

function migrations(engine: EngineName): readonly Migration[] {
  const folder = new URL('./migrations/', import.meta.url)
  return readdirSync(folder)
    .map((file) => ({ file, parts: /^(\d+-[a-z-]+)(?:\.(sqlite|postgres))?\.sql$/.exec(file) }))
    .filter(({ parts }) => parts !== null)
    .sort((one, other) => (one.file < other.file ? -1 : 1))
    .map(({ file, parts }) => {
      const [, name = '', only = engine] = parts as RegExpExecArray
      return {
        number: Number.parseInt(file, 10),
        name,
        sql: () => (only === engine ? speak(engine, readFileSync(new URL(file, folder), 'utf8')) : ''),
      }
    })
}
