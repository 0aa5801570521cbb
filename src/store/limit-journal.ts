// Limits on the embedded engine. Every sign-in changes four of them, scattered over the table: written row by row they are more than
// half of all pages that a commit writes. So a commit appends its changes to a journal, in one row; they are held in memory, and put
// to their rows when they are many, in the order of names, so that a page takes many changes at once.
import { type HeldLimits, ofTenant, type States } from './held-limits.ts'
import { type Locks, ownerOf } from './operation.ts'
import type { Database } from './sqlite.ts'

/** Putting so many to their rows takes about 6 ms, once in a thousand sign-ins. */
const CHANGES_MAX = 4_000

const FIND = 'select state from limits where tenant = ? and name = ?'
const FIND_ALL =
  'select wanted.value as name, limits.state from json_each(?) as wanted cross join limits on limits.tenant = ? and limits.name = wanted.value'
const CHANGES = 'select tenant, changes from limit_changes order by number'
const APPEND = 'insert into limit_changes (tenant, changes) values (?, ?)'
const PUT =
  'insert into limits (tenant, name, state) select ?, key, value from json_each(?) where true on conflict (tenant, name) do update set state = excluded.state'
const DROP = 'delete from limits where tenant = ? and name in (select value from json_each(?))'

export class LimitJournal {
  readonly #prepared: (sql: string) => ReturnType<Database['prepare']>
  /** What is in the journal and not yet in the table. */
  readonly #ahead: States = new Map()
  #version = -1

  constructor(prepared: (sql: string) => ReturnType<Database['prepare']>) {
    this.#prepared = prepared
  }

  /** In a transaction, before anything else: another process may have written or emptied the journal. */
  catchUp(): void {
    const [row] = this.#prepared('pragma data_version').all() as { data_version: number }[]
    const version = row?.data_version ?? 0
    if (version === this.#version) return
    this.#ahead.clear()
    for (const { tenant, changes } of this.#prepared(CHANGES).all() as { tenant: string; changes: string }[]) {
      const states = ofTenant(this.#ahead, tenant)
      for (const [name, state] of Object.entries(JSON.parse(changes) as Record<string, string>)) states.set(name, state)
    }
    this.#version = version
  }

  find(tenant: string, name: string): string | null {
    const ahead = this.#ahead.get(tenant)?.get(name)
    if (ahead !== undefined) return ahead
    const [row] = this.#prepared(FIND).all(tenant, name) as { state: string }[]
    return row?.state ?? null
  }

  /** Hands over the limits that operations named among their locks: in one look, which costs a third of one for each. */
  hold(limits: HeldLimits, locks: readonly Locks[]): void {
    const wanted = new Map<string, string[]>()
    for (const { tenant: asking, limits: names } of locks) {
      for (const name of names) {
        const tenant = ownerOf(asking, name)
        const state = this.#ahead.get(tenant)?.get(name) ?? null
        limits.hold(tenant, name, state)
        if (state !== null) continue
        const rest = wanted.get(tenant)
        if (rest === undefined) wanted.set(tenant, [name])
        else rest.push(name)
      }
    }
    for (const [tenant, names] of wanted) {
      const found = this.#prepared(FIND_ALL).all(JSON.stringify(names), tenant) as { name: string; state: string }[]
      for (const { name, state } of found) limits.hold(tenant, name, state)
    }
  }

  /** In the transaction; what it answers is to be called once that is committed, for until then nothing has changed. */
  write(changed: States, dropped: ReadonlyMap<string, ReadonlySet<string>> = nobody, settles = false): () => void {
    if (changed.size === 0 && dropped.size === 0 && !settles) return nothingMore
    // A name that is to go stands in the journal too, in rows of many: they are put to the table now, and it is left out.
    if (dropped.size === 0 && !settles && count(this.#ahead) + count(changed) <= CHANGES_MAX) {
      for (const [tenant, states] of changed) this.#prepared(APPEND).all(tenant, json([...states]))
      return () => merge(this.#ahead, changed)
    }
    const all: States = new Map()
    merge(all, this.#ahead)
    merge(all, changed)
    for (const [tenant, names] of dropped) {
      for (const name of names) all.get(tenant)?.delete(name)
      this.#prepared(DROP).all(tenant, JSON.stringify([...names]))
    }
    // Sorted as the table is, so that neighbours meet on a page.
    for (const [tenant, states] of all) this.#prepared(PUT).all(tenant, json([...states].sort(([one], [other]) => (one < other ? -1 : 1))))
    this.#prepared('delete from limit_changes').all()
    return () => this.#ahead.clear()
  }
}

const nobody: ReadonlyMap<string, ReadonlySet<string>> = new Map()

function nothingMore(): void {}

function merge(into: States, from: States): void {
  for (const [tenant, states] of from) {
    const known = ofTenant(into, tenant)
    for (const [name, state] of states) known.set(name, state)
  }
}

function count(all: States): number {
  let names = 0
  for (const states of all.values()) names += states.size
  return names
}

/** An object of thousands of names costs more to make than to write. */
function json(states: readonly (readonly [string, string])[]): string {
  return `{${states.map(([name, state]) => `${JSON.stringify(name)}:${JSON.stringify(state)}`).join(',')}}`
}
