// The limits of one commit, held in memory between its first read of them and its end.
import type { Pour } from '../core/bucket.ts'
import type { Limits } from './operation.ts'

/** States by tenant and name. */
export type States = Map<string, Map<string, string>>

export interface Poured {
  readonly tenant: string
  readonly name: string
  readonly pour: Pour
}

export class HeldLimits implements Limits {
  readonly #held = new Map<string, Map<string, string | null>>()
  readonly #changed: States = new Map()
  readonly #poured = new Map<string, Poured>()
  readonly #dropped = new Map<string, Set<string>>()
  #settles = false
  readonly #find: (tenant: string, name: string) => string | null

  /** `find`: what is written of a limit that is not held yet. */
  constructor(find: (tenant: string, name: string) => string | null) {
    this.#find = find
  }

  /** Holds what was read before; null: nothing is written of it. */
  hold(tenant: string, name: string, state: string | null): void {
    ofTenant(this.#held, tenant).set(name, state)
  }

  get(tenant: string, name: string): string | null {
    const held = ofTenant(this.#held, tenant)
    const state = held.get(name)
    if (state !== undefined) return state
    const found = this.#find(tenant, name)
    held.set(name, found)
    return found
  }

  set(tenant: string, name: string, state: string): void {
    ofTenant(this.#held, tenant).set(name, state)
    ofTenant(this.#changed, tenant).set(name, state)
    this.#dropped.get(tenant)?.delete(name)
  }

  drop(tenant: string, name: string): void {
    ofTenant(this.#held, tenant).set(name, null)
    ofTenant(this.#changed, tenant).delete(name)
    const dropped = this.#dropped.get(tenant)
    if (dropped === undefined) this.#dropped.set(tenant, new Set([name]))
    else dropped.add(name)
  }

  pour(tenant: string, name: string, pour: Pour): void {
    const key = `${tenant}/${name}`
    const before = this.#poured.get(key)
    this.#poured.set(key, { tenant, name, pour: { ...pour, hits: pour.hits + (before?.pour.hits ?? 0) } })
  }

  settle(): void {
    this.#settles = true
  }

  get settles(): boolean {
    return this.#settles
  }

  /** What the commit must add, in the order in which everybody does. */
  poured(): readonly Poured[] {
    return [...this.#poured]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flatMap(([, poured]) => (poured.pour.hits === 0 ? [] : [poured]))
  }

  /** What the commit must write. */
  changed(): States {
    return this.#changed
  }

  /** What the commit must remove: names by tenant. */
  dropped(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#dropped
  }
}

/** The states of a tenant; made where there are none yet. A joined key instead would be a new string to hash for each look. */
export function ofTenant<S>(all: Map<string, Map<string, S>>, tenant: string): Map<string, S> {
  let states = all.get(tenant)
  if (states === undefined) {
    states = new Map()
    all.set(tenant, states)
  }
  return states
}
