// A copy of an SQLite database, made while others write to it. The copy knows that it is one: whoever opens it as a database begins a new
// epoch (epoch.ts), for it may be older than what was spent or ended since.
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup as copyPages, DatabaseSync } from '@photostructure/sqlite'
import type { Ms } from '../core/model.ts'
import { markCopy } from './epoch.ts'
import { type Database, SqliteEngine } from './sqlite.ts'

export interface Copied {
  readonly pages: number
  readonly bytes: number
}

/** About 4 MB: often enough to tell how far it is. */
const PAGES_AT_ONCE = 1_000

/**
 * @param onProgress is told the share that is done, from 0 to 1.
 * @throws Error when there is no database at `from`, something stands at `to` already, or the copy is not sound.
 */
export async function copyDatabase(from: string, to: string, now: Ms, onProgress: (share: number) => void): Promise<Copied> {
  if (!existsSync(from)) throw new Error(`there is no database at ${from} — check POSTKEY_DATABASE_URL`)
  if (existsSync(to)) throw new Error(`${to} exists — name a file that does not, or move that one away`)
  if (!existsSync(dirname(to))) throw new Error(`there is no folder ${dirname(to)} — make it, or name another`)
  const half = `${to}.part`
  rmSync(half, { force: true })
  try {
    const pages = await copyTo(half, from, onProgress)
    const bytes = await mark(half, now)
    // Never a file under its name that is not whole.
    renameSync(half, to)
    return { pages, bytes }
  } finally {
    for (const ending of ['', '-wal', '-shm', '-journal']) rmSync(`${half}${ending}`, { force: true })
  }
}

async function copyTo(to: string, from: string, onProgress: (share: number) => void): Promise<number> {
  const source = new DatabaseSync(from, { readOnly: true })
  try {
    // One look at one moment: without it every write of another process would begin the copy again.
    source.exec('begin')
    source.prepare('select count(*) from sqlite_schema').all()
    return await copyPages(source, to, {
      rate: PAGES_AT_ONCE,
      progress: ({ totalPages, remainingPages }) => onProgress(totalPages === 0 ? 1 : 1 - remainingPages / totalPages),
    })
  } finally {
    source.close()
  }
}

async function mark(path: string, now: Ms): Promise<number> {
  const database = new DatabaseSync(path) as unknown as Database
  const engine = new SqliteEngine(database, { now: () => now })
  try {
    chmodSync(path, 0o600)
    const damage = await engine.damage()
    if (damage !== null) throw new Error(`the copy is damaged: ${damage} — run \`postkey doctor\` on the database`)
    await engine.write({ locks: { tenant: '', keys: [], limits: [] }, run: markCopy })
    // One file, nothing beside it.
    database.exec('pragma journal_mode = delete')
    const [size] = database.prepare('select page_count * page_size as bytes from pragma_page_count, pragma_page_size').all() as {
      bytes: number
    }[]
    return size?.bytes ?? 0
  } finally {
    await engine.close()
  }
}
