// The limits of one commit, held in memory between its first read of them and its end.
import type { Limits } from './operation.ts'

export interface LimitRow {
  readonly tenant: string
  readonly name: string
  readonly state: string
}

export class HeldLimits implements Limits {
  readonly #held = new Map<string, LimitRow | null>()
  readonly #changed = new Set<string>()
  readonly #find: (tenant: string, name: string) => string | null

  /** `find`: what the table says of a limit that is not held yet. */
  constructor(find: (tenant: string, name: string) => string | null) {
    this.#find = find
  }

  /** Holds what was read before; `rows` lacks the names that the table does not have. */
  hold(names: readonly { readonly tenant: string; readonly name: string }[], rows: readonly LimitRow[]): void {
    for (const { tenant, name } of names) this.#held.set(key(tenant, name), null)
    for (const row of rows) this.#held.set(key(row.tenant, row.name), row)
  }

  get(tenant: string, name: string): string | null {
    const at = key(tenant, name)
    const held = this.#held.get(at)
    if (held !== undefined) return held?.state ?? null
    const state = this.#find(tenant, name)
    this.#held.set(at, state === null ? null : { tenant, name, state })
    return state
  }

  set(tenant: string, name: string, state: string): void {
    const at = key(tenant, name)
    this.#held.set(at, { tenant, name, state })
    this.#changed.add(at)
  }

  /** What the commit must write. */
  changed(): LimitRow[] {
    return [...this.#changed].map((at) => this.#held.get(at) as LimitRow)
  }
}

function key(tenant: string, name: string): string {
  return `${tenant}\0${name}`
}
