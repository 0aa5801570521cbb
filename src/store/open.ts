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
import { findChallengeWithMails, findUserOrNext } from './rows.ts'
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
  return {
    ...webhookStoreOver(engine),
    askWait: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: askWaitLocks(scope, input),
        ask: () => findUserOrNext(scope.tenant, input.email),
        run: (tx, next) => askWait(tx, scope, input, next),
      }),
    beginWait: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: () => beginWaitLocks(scope, input),
        ask: () => findChallengeWithMails(scope.tenant, input.purpose, input.challenge),
        run: (tx, found) => beginWait(tx, scope, input, found),
      }),
    cancelWait: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => cancelWaitLocks(scope, input), run: (tx) => cancelWait(tx, scope, input) }),
    announceWait: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => announceWaitLocks(scope, input), run: (tx) => announceWait(tx, scope, input) }),
    openWait: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => openWaitLocks(scope, input), run: (tx) => openWait(tx, scope, input) }),
    viewWait: (tenant, challenge) => engine.within(tenant).read((tx) => viewWait(tx, tenant, challenge)),
    waitsOf: (tenant, user) => engine.within(tenant).read(() => waitsOf(tenant, user)),
    listWaits: (tenant, after, limit) => engine.within(tenant).read((tx) => listWaits(tx, tenant, after, limit)),
    start: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: startLocks(scope, input),
        ask: () => findUserOrNext(scope.tenant, input.email),
        run: (tx, next) => start(tx, scope, input, next),
      }),
    resend: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: () => resendLocks(scope, input),
        ask: () => findChallengeWithMails(scope.tenant, input.purpose, input.challenge),
        run: (tx, found) => resend(tx, scope, input, found),
      }),
    verify: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: () => verifyLocks(scope, input),
        ask: () => findChallengeWithMails(scope.tenant, input.purpose, input.challenge),
        run: (tx, found) => verify(tx, scope, input, found),
      }),
    startStepUp: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => stepUpLocks(scope, input), run: (tx) => startStepUp(tx, scope, input) }),
    renew: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: () => renewLocks(scope, input),
        ask: () => findChallengeWithMails(scope.tenant, input.purpose, input.challenge),
        run: (tx, found) => renew(tx, scope, input, found),
      }),
    listSignIns: (tenant, user, limit) => engine.within(tenant).read(() => listSignIns(tenant, user, limit)),
    readOwnData: (tenant, policy, user) => engine.within(tenant).read((tx) => readOwnData(tx, tenant, policy, user)),
    eraseSelf: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => eraseLocks(scope, input), run: (tx) => eraseSelf(tx, scope, input) }),
    startChange: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => changeLocks(scope, input), run: (tx) => startChange(tx, scope, input) }),
    confirmChange: (scope, input) =>
      engine.within(scope.tenant).write({
        locks: () => confirmLocks(scope, input),
        ask: () => findChallengeWithMails(scope.tenant, input.purpose, input.challenge),
        run: (tx, found) => confirmChange(tx, scope, input, found),
      }),
    undoChange: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => undoLocks(scope, input), run: (tx) => undoChange(tx, scope, input) }),
    notMe: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => notMeLocks(scope, input), run: (tx) => notMe(tx, scope, input) }),
    ...recoveryStoreOver(engine),
    viewChange: (tenant, challenge) => engine.within(tenant).read((tx) => viewChange(tx, tenant, challenge)),
    findChallenge: (tenant, id, browser) => engine.within(tenant).read((tx) => findChallenge(tx, tenant, id, browser)),
    findSession: (tenant, policy, key) => engine.within(tenant).read((tx) => findSession(tx, tenant, policy, key)),
    touchSession: (tenant, id, seenAt) => engine.within(tenant).write({ locks: nothing, run: () => touchSession(tenant, id, seenAt) }),
    listSessions: (tenant, policy, user) => engine.within(tenant).read((tx) => listSessions(tx, tenant, policy, user)),
    endSessions: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => endLocks(scope, input), run: (tx) => endSessions(tx, scope, input) }),
    listPolicies: (tenant, limit) => engine.within(tenant).read(() => listPolicies(tenant, limit)),
    operate: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => operateLocks(scope, input), run: (tx) => operate(tx, scope, input) }),
    makeOperators: (scope, operators) =>
      engine.within(scope.tenant).write({ locks: makeOperatorsLocks(scope, operators), run: (tx) => makeOperators(tx, scope, operators) }),
    administer: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => administerLocks(scope, input), run: (tx) => administer(tx, scope, input) }),
    invite: (scope, input) =>
      engine.within(scope.tenant).write({ locks: inviteLocks(scope, input), run: (tx) => invite(tx, scope, input) }),
    createUser: (scope, input) =>
      engine.within(scope.tenant).write({ locks: createLocks(scope, input), run: (tx) => createUser(tx, scope, input) }),
    importUsers: async (scope, input) => {
      const done = await engine
        .within(scope.tenant)
        .write({ locks: importLocks(scope, input), alone: true, run: (tx) => importUsers(tx, scope, input) })
      return { ...done, othersWaited: engine.oneWriter }
    },
    tryImport: (tenant, rows) => engine.within(tenant).read(() => tryImport(tenant, rows)),
    findUser: (tenant, person) => engine.within(tenant).read(() => findUser(tenant, person)),
    listUsers: (tenant, after, limit) => engine.within(tenant).read(() => listUsers(tenant, after, limit)),
    countUsers: (tenant) => engine.within(tenant).read(() => countUsers(tenant)),
    hasUser: (tenant, id) => engine.within(tenant).read(() => hasUser(tenant, id)),
    viewPerson: (tenant, policy, person) => engine.within(tenant).read((tx) => viewPerson(tx, tenant, policy, person)),
    viewQueue: (tenant) => engine.within(tenant).read((tx) => viewQueue(tx, tenant)),
    claimMails: (limit, leaseMs) => engine.within(EVERYBODY).write({ locks: claimLocks, run: (tx) => claimMails(tx, limit, leaseMs) }),
    settleMail: (scope, input) =>
      engine.within(scope.tenant).write({ locks: settleLocks(input), run: (tx) => settleMail(tx, scope, input) }),
    settleBounce: (scope, input) =>
      engine.within(scope.tenant).write({ locks: () => bounceLocks(scope, input), run: (tx) => settleBounce(tx, scope, input) }),
    liftBounces: (scope, input) =>
      engine.within(scope.tenant).write({ locks: liftLocks(scope, input), run: (tx) => liftBounces(tx, scope, input) }),
    listSuppressions: (tenant, after, limit) => engine.within(tenant).read((tx) => listSuppressions(tx, tenant, after, limit)),
    findBreaker: (tenant) => engine.within(tenant).read((tx) => findBreaker(tx, tenant)),
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
    findSealing: (tenant) => engine.within(tenant).read((tx) => findSealing(tx, tenant)),
    readSeals: (tenant, after, limit) => engine.within(tenant).read(() => readSeals(tenant, after, limit)),
    readEventRows: (tenant, after, upTo, limit) => engine.within(tenant).read(() => readEventRows(tenant, after, upTo, limit)),
    readEvents: (tenant, after, limit) => engine.within(tenant).read(() => readEvents(tenant, after, limit)),
    readEventsByChallenge: (tenant, after, limit) => engine.within(tenant).read(() => readEventsByChallenge(tenant, after, limit)),
    countEvents: (tenant, after) => engine.within(tenant).read(() => countEvents(tenant, after)),
    findPlaceBefore: (tenant, after, newest) => engine.within(tenant).read(() => findPlaceBefore(tenant, after, newest)),
    findAskers: (tenant, challenges) => engine.within(tenant).read(() => findAskers(tenant, challenges)),
    findPolicy: (tenant, version) => engine.within(tenant).read(() => findPolicy(tenant, version)),
    writeViews: (tenant, views) => engine.within(tenant).write({ locks: nothing, alone: true, run: () => writeViews(tenant, views) }),
    readViews: (tenant, challenge) => engine.within(tenant).read(() => readViews(tenant, challenge)),
    readViewsAfter: (tenant, after, limit) => engine.within(tenant).read(() => readViewsAfter(tenant, after, limit)),
    search: (tenant, input) => engine.within(tenant).read(() => search(tenant, input)),
    readTrace: (tenant, ref) => engine.within(tenant).read((tx) => readTrace(tx, tenant, ref)),
    readTenants: (after, limit) => engine.within(EVERYBODY).read(() => readTenants(after, limit)),
    changeTenant: (scope, input) =>
      engine.within(EVERYBODY).write({ locks: changeTenantLocks, run: (tx) => changeTenant(tx, scope, input) }),
    eraseTenant: (tenant, limit) => engine.within(tenant).write({ locks: nothing, alone: true, run: () => eraseTenant(tenant, limit) }),
    addAdminKey: (key) => engine.within(key.tenant).write({ locks: nothing, run: (tx) => addAdminKey(tx, key) }),
    findAdminKey: (tenant, id, digest) => engine.within(tenant).read(() => findAdminKey(tenant, id, digest)),
    listAdminKeys: (tenant) => engine.within(tenant).read(() => listAdminKeys(tenant)),
    endAdminKey: (tenant, id) => engine.within(tenant).write({ locks: nothing, run: (tx) => endAdminKey(tx, tenant, id) }),
    check: () => engine.check(),
    close: () => engine.close(),
  }
}
