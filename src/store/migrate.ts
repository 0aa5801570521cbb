// Numbered .sql files, never edited after release. Each runs in one transaction together with the note that it ran, so a
// killed migration leaves nothing half-done and two processes that start together cannot both run it.
import { readdirSync, readFileSync } from 'node:fs'
import type { Ms } from '../core/model.ts'
import type { Database } from './sqlite.ts'

const FRAGMENTS = {
  sqlite: { int: 'integer', table: 'strict', compact: 'strict, without rowid' },
} as const

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

export function migrations(engine: keyof typeof FRAGMENTS): readonly Migration[] {
  const folder = new URL('./migrations/', import.meta.url)
  const words: Record<string, string> = FRAGMENTS[engine]
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({
      number: Number.parseInt(file, 10),
      name: file.replace(/\.sql$/, ''),
      sql: readFileSync(new URL(file, folder), 'utf8').replace(/\{(int|table|compact)\}/g, (_, word: string) => words[word] ?? ''),
    }))
}

export interface Migrated {
  readonly from: number
  readonly to: number
  readonly applied: readonly string[]
}

export function migrateSqlite(database: Database, now: Ms): Migrated {
  const all = migrations('sqlite')
  const newest = all.at(-1)?.number ?? 0
  database.exec(
    'create table if not exists migrations (number integer primary key, name text not null, applied_at integer not null) strict',
  )
  const current = (): number =>
    (database.prepare('select coalesce(max(number), 0) as n from migrations').all() as { n: number }[])[0]?.n ?? 0
  const from = current()
  if (from > newest) {
    throw new Error(
      `the database has schema ${from}, this Postkey knows ${newest} — start the newer version that made it, or restore a backup`,
    )
  }
  const applied: string[] = []
  for (const migration of all) {
    database.exec('begin immediate')
    try {
      if (migration.number > current()) {
        database.exec(migration.sql)
        database.prepare('insert into migrations (number, name, applied_at) values (?, ?, ?)').run(migration.number, migration.name, now)
        applied.push(migration.name)
      }
      database.exec('commit')
    } catch (error) {
      database.exec('rollback')
      throw error
    }
  }
  return { from, to: newest, applied }
}
