// Limits on the embedded engine. Every sign-in changes four of them, scattered over the table: written row by row they are more than
// half of all pages that a commit writes. So a commit appends its changes to a journal, in one row; they are held in memory, and put
// to their rows when they are many, in the order of names, so that a page takes many changes at once.
import type { LimitRow } from './held-limits.ts'
import type { Database } from './sqlite.ts'

/** Putting so many to their rows takes about 6 ms, once in a thousand sign-ins. */
const CHANGES_MAX = 4_000

const FIND = 'select state from limits where tenant = ? and name = ?'
const CHANGES = 'select tenant, changes from limit_changes order by number'
const APPEND = 'insert into limit_changes (tenant, changes) values (?, ?)'
const PUT =
  'insert into limits (tenant, name, state) select ?, key, value from json_each(?) where true on conflict (tenant, name) do update set state = excluded.state'

type States = Map<string, string>

export class LimitJournal {
  readonly #prepared: (sql: string) => ReturnType<Database['prepare']>
  /** By tenant and name: what is in the journal and not yet in the table. */
  readonly #ahead = new Map<string, States>()
  #count = 0
  #version = -1

  constructor(prepared: (sql: string) => ReturnType<Database['prepare']>) {
    this.#prepared = prepared
  }

  /** In a transaction, before anything else: another process may have written or emptied the journal. */
  catchUp(): void {
    const [row] = this.#prepared('pragma data_version').all() as { data_version: number }[]
    const version = row?.data_version ?? 0
    if (version === this.#version) return
    this.#forget()
    for (const { tenant, changes } of this.#prepared(CHANGES).all() as { tenant: string; changes: string }[]) {
      for (const [name, state] of Object.entries(JSON.parse(changes) as Record<string, string>)) this.#keep({ tenant, name, state })
    }
    this.#version = version
  }

  find(tenant: string, name: string): string | null {
    const ahead = this.#ahead.get(tenant)?.get(name)
    if (ahead !== undefined) return ahead
    const [row] = this.#prepared(FIND).all(tenant, name) as { state: string }[]
    return row?.state ?? null
  }

  /** In the transaction; what it answers is to be called once that is committed, for until then nothing has changed. */
  write(changed: readonly LimitRow[]): () => void {
    if (changed.length === 0) return () => {}
    if (this.#count + changed.length <= CHANGES_MAX) {
      for (const [tenant, states] of byTenant(changed)) this.#prepared(APPEND).all(tenant, json([...states]))
      return () => {
        for (const row of changed) this.#keep(row)
      }
    }
    const all = new Map([...this.#ahead].map(([tenant, states]) => [tenant, new Map(states)]))
    for (const { tenant, name, state } of changed) states(all, tenant).set(name, state)
    // Sorted as the table is, so that neighbours meet on a page.
    for (const [tenant, states] of all) this.#prepared(PUT).all(tenant, json([...states].sort(([one], [other]) => (one < other ? -1 : 1))))
    this.#prepared('delete from limit_changes').all()
    return () => this.#forget()
  }

  #keep({ tenant, name, state }: LimitRow): void {
    const held = states(this.#ahead, tenant)
    const before = held.size
    held.set(name, state)
    this.#count += held.size - before
  }

  #forget(): void {
    this.#ahead.clear()
    this.#count = 0
  }
}

function byTenant(rows: readonly LimitRow[]): Map<string, States> {
  const all = new Map<string, States>()
  for (const { tenant, name, state } of rows) states(all, tenant).set(name, state)
  return all
}

function states(all: Map<string, States>, tenant: string): States {
  let held = all.get(tenant)
  if (held === undefined) {
    held = new Map()
    all.set(tenant, held)
  }
  return held
}

/** An object of thousands of names costs more to make than to write. */
function json(states: readonly (readonly [string, string])[]): string {
  return `{${states.map(([name, state]) => `${JSON.stringify(name)}:${JSON.stringify(state)}`).join(',')}}`
}
