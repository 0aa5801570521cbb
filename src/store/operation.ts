// An operation is what happens in one transaction, written once for every engine: a generator that yields statements and is
// handed their rows. SQLite steps through it without waiting, so that many operations share one commit; PostgreSQL awaits
// each step. Inside it there is nothing slow, random or remote: statements and pure functions only.
import type { Pour } from '../core/bucket.ts'
import type { Ms } from '../core/model.ts'
import { CONFIGURED } from '../core/place.ts'

export type Value = string | number | null
export type Row = Readonly<Record<string, Value>>

export interface Statement {
  /** With `?` for each parameter. Texts are constants: engines prepare each once. */
  readonly sql: string
  readonly params: readonly Value[]
  /** Nobody looks at its rows: an engine may go on before it has run, as long as it runs before whatever comes after it. */
  readonly quiet?: true
}

export type Operation<T> = Generator<Statement, T, readonly Row[]>

/** The transaction as an operation sees it. */
export interface Tx {
  /** The deciding clock: the database's on PostgreSQL, the injected one on SQLite. */
  readonly now: Ms
  /** Milliseconds since the transaction began, for the event's cost. */
  elapsed(): number
  readonly limits: Limits
}

/**
 * The states of limits. Read, decide and write between two yields: nothing else runs there, so that what was read is still
 * true when it is written. Written to the table with the commit; a name that ten operations of one commit spend from is
 * read and written once.
 */
export interface Limits {
  get(tenant: string, name: string): string | null
  set(tenant: string, name: string, state: string): void
  /**
   * Adds to a bucket that everybody fills and few read, when the commit comes, and without having named it: whoever wants it would
   * otherwise wait for whoever has it.
   */
  pour(tenant: string, name: string, pour: Pour): void
  /** Leaves nothing of it, not even the name, in which an address may stand. */
  drop(tenant: string, name: string): void
  /** Has every state stand in its row once this is committed, where an engine keeps some elsewhere for a while. */
  settle(): void
}

/** What an operation will touch, named before it begins: an engine with many writers locks it, in one fixed order. */
export interface Locks {
  readonly tenant: string
  /** Things only one operation at a time may have in hand, e.g. "challenge:…". */
  readonly keys: readonly string[]
  /** Names of limits it may read or write; whose they are, `ownerOf` says. */
  readonly limits: readonly string[]
  /** Operations of one process that share such a name take turns; other processes are kept apart by the statements themselves. */
  readonly turn?: string
}

/** How the names of limits begin that all tenants have in common. */
export const EVERYWHERE = 'everywhere:'

/** In whose rows a limit stands: what all tenants have in common, in those of the tenant of the settings, which is always there. */
export function ownerOf(tenant: string, limit: string): string {
  return limit.startsWith(EVERYWHERE) ? CONFIGURED : tenant
}

export interface Write<T, F = unknown> {
  /** As a look-up where the names must be found first (whose challenge is this?). It runs unlocked: if that changes, it is asked again. */
  readonly locks: Locks | (() => Operation<Locks>)
  /** What has to be known whatever limits and clock say: an engine asks it in the same breath in which it takes the locks. */
  readonly ask?: () => Operation<F>
  readonly run: (tx: Tx, found: F) => Operation<T>
  /** In a transaction with nothing else: nobody's commit waits for it. */
  readonly alone?: true
}

/** Touches nothing that two operations could want at once: its statements guard themselves. */
export const nothing: Locks = { tenant: '', keys: [], limits: [] }

export function* all<R>(sql: string, ...params: Value[]): Operation<readonly R[]> {
  return (yield { sql, params }) as unknown as readonly R[]
}

export function* one<R>(sql: string, ...params: Value[]): Operation<R | null> {
  const rows = yield { sql, params }
  return (rows[0] as unknown as R | undefined) ?? null
}

export function* run(sql: string, ...params: Value[]): Operation<void> {
  yield { sql, params, quiet: true }
}

/** Where operations run, and whose rows they find there. */
export interface Operations {
  /** In a transaction; resolves when it is durable. A throw rolls back this operation and no other. */
  write<T, F>(write: Write<T, F>): Promise<T>
  /** Outside of a transaction: one look, nothing written. */
  read<T>(operation: (tx: Tx) => Operation<T>): Promise<T>
}

/** In place of a tenant: all of them. What has to be done for everybody at once says so by this. */
export const EVERYBODY = '*'

export interface Engine {
  /** Whoever writes keeps all others who would from it. */
  readonly oneWriter: boolean
  /** For one tenant, or EVERYBODY. Every statement names its tenant; PostgreSQL holds it to that. */
  within(tenant: string): Operations
  /** Rejects when the database does not answer. */
  check(): Promise<void>
  close(): Promise<void>
}

/** The database did not answer, or is full: nothing was written, and the same request may be tried again. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}
