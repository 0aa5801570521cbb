// From a database URL to a store: opens the engine, brings the schema up, and hands each method its operation.
import { chmodSync, existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Ms } from '../core/model.ts'
import { addAdminKey, endAdminKey, findAdminKey, listAdminKeys } from './admin-keys.ts'
import { countEvents, findPlaceBefore, findPolicy, listPolicies, readEvents, readEventsByChallenge } from './audit.ts'
import { bounceLocks, liftBounces, liftLocks, listSuppressions, settleBounce } from './bounce.ts'
import { changeLocks, confirmChange, confirmLocks, startChange, undoChange, undoLocks, viewChange } from './change.ts'
import { steadyClock } from './clock.ts'
import { webhookStoreOver } from './endpoint.ts'
import { type Voided, voidAll, voidIfCopy } from './epoch.ts'
import { writeEvent } from './event.ts'
import { invite, inviteLocks } from './invite.ts'
import { methodsOver } from './methods.ts'
import type { Migrated } from './migrate.ts'
import { notMe, notMeLocks } from './not-me.ts'
import { type Engine, EVERYBODY, nothing, type Operations, one, run } from './operation.ts'
import { makeOperators, makeOperatorsLocks, operate, operateLocks } from './operator.ts'
import { claimLocks, claimMails, nextMailDue, settleLocks, settleMail } from './outbox.ts'
import { eraseLocks, eraseSelf, listSignIns, readOwnData } from './own.ts'
import { hasUser, viewPerson } from './person.ts'
import { explainPostgres } from './postgres-url.ts'
import { findDuePurges, purge } from './purge.ts'
import { viewQueue } from './queue.ts'
import { findAskers, findBreaker, findChallenge, keepPolicy } from './read.ts'
import { recoveryStoreOver } from './recovery-engine.ts'
import { findUserOrNext } from './rows.ts'
import { appendSeal, findSealing, readEventRows, readSeals, readToSeal } from './seal.ts'
import { readTrace, search } from './search.ts'
import { endLocks, endSessions, findSession, listSessions, touchSession } from './session.ts'
import { openSqlite } from './sqlite.ts'
import { resend, resendLocks, start, startLocks } from './start.ts'
import { renew, renewLocks, startStepUp, stepUpLocks } from './step-up.ts'
import type { Store } from './store.ts'
import { changeTenant, changeTenantLocks, eraseTenant, readTenants } from './tenants.ts'
import { administer, administerLocks, countUsers, createLocks, createUser, findUser, listUsers } from './users.ts'
import { importLocks, importUsers, tryImport } from './users-import.ts'
import { verify, verifyLocks } from './verify.ts'
import { readViews, readViewsAfter, writeViews } from './views.ts'
import { askWait, askWaitLocks, beginWait, beginWaitLocks } from './wait-begin.ts'
import { announceWait, announceWaitLocks, openWait, openWaitLocks } from './wait-open.ts'
import { cancelWait, cancelWaitLocks } from './wait-stop.ts'
import { listWaits, viewWait, waitsOf } from './wait-view.ts'
import type { NoWall } from './wall.ts'

export interface OpenOptions {
  /** In place of the deciding clock: the wall clock on SQLite, the database's on PostgreSQL. For tests. */
  readonly now?: (() => Ms) | undefined
  /** PostgreSQL: connections from this process. Two are for looks, so that writers do not keep session checks waiting. */
  readonly connections?: number | undefined
  /**
   * PostgreSQL: hears once a minute by how much this machine's clock is ahead of the database's, or behind (negative), where that is more
   * than two seconds.
   */
  readonly onSkew?: ((ms: Ms) => void) | undefined
  /** Reads whole tables and writes nothing. */
  readonly examines?: boolean | undefined
}

interface Heard {
  readonly onRestore?: (voided: Voided) => void
  readonly onNoWall?: (why: NoWall) => void
}

/**
 * `file:PATH` opens SQLite, `file::memory:` one that is gone when closed; `postgres://…` a server for many nodes. A copy that was put in
 * the place of a database is told by its mark: `onRestore` hears of the epoch that begins.
 */
export async function openStore(databaseUrl: string, options: OpenOptions & Heard = {}): Promise<Store> {
  const engine = await openSound(databaseUrl, options)
  const noWall = options.onNoWall === undefined ? null : await engine.wall()
  if (noWall !== null) options.onNoWall?.(noWall)
  const voided = await engine.write({ locks: nothing, run: voidIfCopy })
  if (voided !== null) options.onRestore?.(voided)
  return storeOver(engine)
}

/** Up to this size every page is looked at before a start: an eighth of a second. Beyond it, `postkey doctor` does. */
const LOOKED_AT_BYTES = 64 * 1_048_576

/** Damage grows, and what is written over it is lost: a file that is known to be damaged is not served (FA-14). */
async function openSound(databaseUrl: string, options: OpenOptions): Promise<OpenEngine> {
  let damage: string | null
  let cause: unknown
  try {
    const engine = await openEngine(databaseUrl, options)
    // PostgreSQL looks after its pages itself.
    damage = isPostgres(databaseUrl) || (await bytesOf(engine)) > LOOKED_AT_BYTES ? null : await engine.damage()
    if (damage === null) {
      await migrateOrExplain(databaseUrl, engine)
      return engine
    }
    // Not closed: closing would write what stands in the -wal file over the damage.
  } catch (error) {
    damage = error instanceof Error ? error.message : String(error)
    cause = error
    if (!/malformed|corrupt|not a database/i.test(damage)) throw error
  }
  throw new Error(
    `the database is damaged: ${damage.replaceAll(/\s+/g, ' ').slice(0, 200)} — nothing is served from it: keep a copy of the file with its -wal and -shm, then restore a backup (docs/operating.md, "Backup and restore")`,
    { cause },
  )
}

async function bytesOf(engine: Operations): Promise<number> {
  const size = 'select page_count * page_size as bytes from pragma_page_count, pragma_page_size'
  for (const until = performance.now() + 5_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
    try {
      return (await engine.read(() => one<{ bytes: number }>(size)))?.bytes ?? 0
    } catch (error) {
      // Another process starts at the same time and brings the file in order.
      if (!/busy|locked/i.test(String(error)) || performance.now() > until) throw error
    }
  }
}

/** After a restore that carries no mark: begins an epoch. */
export async function voidDatabase(databaseUrl: string, options: OpenOptions = {}): Promise<Voided> {
  const engine = await openEngine(databaseUrl, options)
  try {
    await migrateOrExplain(databaseUrl, engine)
    return await engine.write({ locks: nothing, run: voidAll })
  } finally {
    await engine.close()
  }
}

export async function migrate(databaseUrl: string, options: OpenOptions = {}): Promise<Migrated> {
  const engine = await openEngine(databaseUrl, options)
  try {
    return await migrateOrExplain(databaseUrl, engine)
  } finally {
    await engine.close()
  }
}

/** The first that is asked of a database: whoever cannot be reached is not reached here. */
async function migrateOrExplain(databaseUrl: string, engine: OpenEngine): Promise<Migrated> {
  try {
    return await engine.migrate()
  } catch (error) {
    throw explain(databaseUrl, error)
  }
}

/** With what an operator can do about it, where that is known. */
export function explain(databaseUrl: string, error: unknown): unknown {
  return isPostgres(databaseUrl) ? explainPostgres(databaseUrl, error) : error
}

const isPostgres = (databaseUrl: string): boolean => /^postgres(ql)?:\/\//.test(databaseUrl)

/** null: no `file:` address. */
export function sqlitePath(databaseUrl: string): string | null {
  const path = databaseUrl.replace(/^file:(\/\/(?=\/))?/, '')
  return path === databaseUrl ? null : path
}

/** To whoever opens the database itself it shows everybody's rows. */
export interface OpenEngine extends Engine, Operations {
  migrate(): Promise<Migrated>
  /** The number of the newest migration that ran; 0 for an empty database. */
  schema(): Promise<number>
  /** Why the database does not hold tenants apart by itself, though it could; null: it does, or it is SQLite. */
  wall(): Promise<NoWall | null>
  /** What is broken in the database itself, or null. */
  damage(): Promise<string | null>
}

export async function openEngine(databaseUrl: string, options: OpenOptions = {}): Promise<OpenEngine> {
  if (isPostgres(databaseUrl)) {
    // Loaded only where it is used: an embedded Postkey starts without it.
    const { PostgresEngine } = await import('./postgres.ts')
    const { now, connections, onSkew, examines = false } = options
    return new PostgresEngine(databaseUrl, { now, connections, onSkew, examines })
  }
  const path = sqlitePath(databaseUrl)
  if (path === null) throw new Error('that is no address of a database — use file:PATH or postgres://…')
  const now = options.now ?? steadyClock()
  if (path === ':memory:') return openSqlite(path, { now })
  mkdirSync(dirname(path), { recursive: true })
  const fresh = !existsSync(path)
  const engine = await openSqlite(path, { now })
  // Addresses and digests are nobody else's business on this machine; -wal and -shm inherit the mode.
  if (fresh) chmodSync(path, 0o600)
  return engine
}

/** For looks at everything, by somebody who waits for them: nothing can be written, and no statement is cut off for taking long. */
export async function openToRead(databaseUrl: string, options: OpenOptions = {}): Promise<OpenEngine> {
  const engine = await openEngine(databaseUrl, { ...options, examines: true })
  if (isPostgres(databaseUrl)) return engine
  // What a statement sorts on the way may be as long as the table: into a file with it.
  for (const pragma of ['pragma query_only = on', 'pragma temp_store = file']) await engine.read(() => run(pragma))
  return engine
}

export function storeOver(engine: Engine): Store {
  const { read, readNow, write, writeNamed, writeFound } = methodsOver(engine)
  return {
    ...webhookStoreOver(engine),
    askWait: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: askWaitLocks(scope, input),
        ask: () => findUserOrNext(scope.tenant, input.email),
        run: (tx, next) => askWait(tx, scope, input, next),
      }),
    beginWait: writeFound(beginWaitLocks, beginWait),
    cancelWait: write(cancelWaitLocks, cancelWait),
    announceWait: write(announceWaitLocks, announceWait),
    openWait: write(openWaitLocks, openWait),
    viewWait: readNow(viewWait),
    waitsOf: read(waitsOf),
    listWaits: readNow(listWaits),
    start: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: startLocks(scope, input),
        ask: () => findUserOrNext(scope.tenant, input.email),
        run: (tx, next) => start(tx, scope, input, next),
      }),
    resend: writeFound(resendLocks, resend),
    verify: writeFound(verifyLocks, verify),
    startStepUp: write(stepUpLocks, startStepUp),
    renew: writeFound(renewLocks, renew),
    listSignIns: read(listSignIns),
    readOwnData: readNow(readOwnData),
    eraseSelf: write(eraseLocks, eraseSelf),
    startChange: write(changeLocks, startChange),
    confirmChange: writeFound(confirmLocks, confirmChange),
    undoChange: write(undoLocks, undoChange),
    notMe: write(notMeLocks, notMe),
    ...recoveryStoreOver(engine),
    viewChange: readNow(viewChange),
    findChallenge: readNow(findChallenge),
    findSession: readNow(findSession),
    touchSession: (tenant, id, seenAt) => engine.within(tenant).write({ locks: nothing, run: () => touchSession(tenant, id, seenAt) }),
    listSessions: readNow(listSessions),
    endSessions: write(endLocks, endSessions),
    listPolicies: read(listPolicies),
    operate: write(operateLocks, operate),
    makeOperators: writeNamed(makeOperatorsLocks, makeOperators),
    administer: write(administerLocks, administer),
    invite: writeNamed(inviteLocks, invite),
    createUser: writeNamed(createLocks, createUser),
    importUsers: async (scope, input) => {
      const done = await engine
        .within(scope.tenant)
        .write({ locks: importLocks(scope, input), alone: true, run: (tx) => importUsers(tx, scope, input) })
      return { ...done, othersWaited: engine.oneWriter }
    },
    tryImport: read(tryImport),
    findUser: read(findUser),
    listUsers: read(listUsers),
    countUsers: read(countUsers),
    hasUser: read(hasUser),
    viewPerson: readNow(viewPerson),
    viewQueue: readNow(viewQueue),
    claimMails: (limit, leaseMs) => engine.within(EVERYBODY).write({ locks: claimLocks, run: (tx) => claimMails(tx, limit, leaseMs) }),
    settleMail: (scope, input) =>
      engine.within(scope.tenant).write({ locks: settleLocks(input), run: (tx) => settleMail(tx, scope, input) }),
    settleBounce: write(bounceLocks, settleBounce),
    liftBounces: writeNamed(liftLocks, liftBounces),
    listSuppressions: readNow(listSuppressions),
    findBreaker: readNow(findBreaker),
    nextMailDue: () => engine.within(EVERYBODY).read((tx) => nextMailDue(tx)),
    record: (scope, event) =>
      engine
        .within(scope.tenant)
        .write({ locks: nothing, run: (tx) => writeEvent(tx, scope, { ...event, decision: { reason: event.reason } }) }),
    keepPolicy: (tenant, version, policy) =>
      engine.within(tenant).write({ locks: nothing, run: (tx) => keepPolicy(tx, tenant, version, policy) }),
    findDuePurges: (input) => engine.within(input.tenant).read((tx) => findDuePurges(tx, input)),
    purge: async (input) => {
      const purged = await engine.within(input.tenant).write({ locks: nothing, alone: true, run: (tx) => purge(tx, input) })
      return { ...purged, othersWaited: engine.oneWriter }
    },
    readToSeal: (input) => engine.within(input.tenant).read((tx) => readToSeal(tx, input)),
    appendSeal: (seal, dropBelow) =>
      engine.within(seal.tenant).write({ locks: nothing, alone: true, run: () => appendSeal(seal, dropBelow) }),
    findSealing: readNow(findSealing),
    readSeals: read(readSeals),
    readEventRows: read(readEventRows),
    readEvents: read(readEvents),
    readEventsByChallenge: read(readEventsByChallenge),
    countEvents: read(countEvents),
    findPlaceBefore: read(findPlaceBefore),
    findAskers: read(findAskers),
    findPolicy: read(findPolicy),
    writeViews: (tenant, views) => engine.within(tenant).write({ locks: nothing, alone: true, run: () => writeViews(tenant, views) }),
    readViews: read(readViews),
    readViewsAfter: read(readViewsAfter),
    search: read(search),
    readTrace: readNow(readTrace),
    readTenants: (after, limit) => engine.within(EVERYBODY).read(() => readTenants(after, limit)),
    changeTenant: (scope, input) =>
      engine.within(EVERYBODY).write({ locks: changeTenantLocks, run: (tx) => changeTenant(tx, scope, input) }),
    eraseTenant: (tenant, limit) => engine.within(tenant).write({ locks: nothing, alone: true, run: () => eraseTenant(tenant, limit) }),
    addAdminKey: (key) => engine.within(key.tenant).write({ locks: nothing, run: (tx) => addAdminKey(tx, key) }),
    findAdminKey: read(findAdminKey),
    listAdminKeys: read(listAdminKeys),
    endAdminKey: (tenant, id) => engine.within(tenant).write({ locks: nothing, run: (tx) => endAdminKey(tx, tenant, id) }),
    check: () => engine.check(),
    close: () => engine.close(),
  }
}
