// From a database URL to a store: opens the engine, brings the schema up, and hands each method its operation.
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Ms } from '../core/model.ts'
import { writeEvent } from './event.ts'
import { type Migrated, migrateSqlite } from './migrate.ts'
import type { Engine } from './operation.ts'
import { claimMails, nextMailDue, settleMail } from './outbox.ts'
import { findChallenge, keepPolicy } from './read.ts'
import { endSessions, findSession, listSessions, touchSession } from './session.ts'
import { openSqlite, type SqliteEngine } from './sqlite.ts'
import { resend, start } from './start.ts'
import type { Store } from './store.ts'
import { verify } from './verify.ts'

export interface OpenOptions {
  /** The deciding clock of SQLite; the wall clock unless told. */
  readonly now?: () => Ms
}

/** `file:…` opens SQLite; `file::memory:` one that is gone when closed. */
export async function openStore(databaseUrl: string, options: OpenOptions = {}): Promise<Store> {
  const engine = await openEngine(databaseUrl, options)
  migrateSqlite(engine.database, (options.now ?? Date.now)())
  return storeOver(engine)
}

export async function migrate(databaseUrl: string, options: OpenOptions = {}): Promise<Migrated> {
  const engine = await openEngine(databaseUrl, options)
  try {
    return migrateSqlite(engine.database, (options.now ?? Date.now)())
  } finally {
    await engine.close()
  }
}

export async function openEngine(databaseUrl: string, options: OpenOptions): Promise<SqliteEngine> {
  const path = databaseUrl.replace(/^file:(\/\/(?=\/))?/, '')
  if (path === databaseUrl) throw new Error(`cannot open a database at ${databaseUrl.split(':')[0]}: — use file:PATH`)
  if (path !== ':memory:') {
    mkdirSync(dirname(path), { recursive: true })
    const fresh = !existsSync(path)
    const engine = await openSqlite(path, { now: options.now ?? Date.now })
    // Addresses and digests are nobody else's business on this machine; -wal and -shm inherit the mode.
    if (fresh) chmodSync(path, 0o600)
    return engine
  }
  return openSqlite(path, { now: options.now ?? Date.now })
}

export function storeOver(engine: Engine): Store {
  return {
    start: (scope, input) => engine.write((tx) => start(tx, scope, input)),
    resend: (scope, input) => engine.write((tx) => resend(tx, scope, input)),
    verify: (scope, input) => engine.write((tx) => verify(tx, scope, input)),
    findChallenge: (tenant, id, browser) => engine.read((tx) => findChallenge(tx, tenant, id, browser)),
    findSession: (tenant, policy, digest) => engine.read((tx) => findSession(tx, tenant, policy, digest)),
    touchSession: (tenant, digest, seenAt) => engine.write(() => touchSession(tenant, digest, seenAt)),
    listSessions: (tenant, policy, user) => engine.read((tx) => listSessions(tx, tenant, policy, user)),
    endSessions: (scope, input) => engine.write((tx) => endSessions(tx, scope, input)),
    claimMails: (limit, leaseMs) => engine.write((tx) => claimMails(tx, limit, leaseMs)),
    settleMail: (scope, input) => engine.write((tx) => settleMail(tx, scope, input)),
    nextMailDue: () => engine.read((tx) => nextMailDue(tx)),
    record: (scope, event) => engine.write((tx) => writeEvent(tx, scope, { ...event, decision: { reason: event.reason } })),
    keepPolicy: (tenant, version, policy) => engine.write((tx) => keepPolicy(tx, tenant, version, policy)),
    check: () => engine.check(),
    close: () => engine.close(),
  }
}
