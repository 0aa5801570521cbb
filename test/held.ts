// Another node in the middle of a transaction, on PostgreSQL: nobody sees what it wrote, and whoever wants its locks waits for it. What a race
// between two nodes shows once in a while is so shown every time.
import { setTimeout as rest } from 'node:timers/promises'
import pg from 'pg'
import { seeing } from './postgres.ts'

export interface Held {
  /** As an operation names them. */
  readonly keys: readonly string[]
  /** What it has written by then. */
  readonly wrote: string
}

/** Commits as soon as somebody waits for it, and says what became of `work`. */
export async function besideHeld<T>(url: string, { keys, wrote }: Held, work: () => Promise<T>): Promise<T> {
  const [holder, looker] = [new pg.Client(seeing(url)), new pg.Client(url)]
  try {
    await Promise.all([holder.connect(), looker.connect()])
    await holder.query('begin')
    await holder.query('select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest($1::text[]) as name', [
      keys.map((key) => `default/${key}`),
    ])
    await holder.query(wrote)
    let over = false
    const result = work().finally(() => {
      over = true
    })
    result.catch(() => {})
    const waiting = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    while ((await looker.query(waiting)).rowCount === 0) {
      if (over) throw new Error('nobody waited')
      await rest(5)
    }
    await holder.query('commit')
    return await result
  } finally {
    await Promise.all([holder.end(), looker.end()])
  }
}
