// Commands that look into the database, or act on what is in it: settings, a store, and its end.
import { existsSync } from 'node:fs'
import { CONFIGURED } from '../core/place.ts'
import { readTenant } from '../core/tenant.ts'
import { findTenant, inputOf } from '../flow/tenant-admin.ts'
import type { OpenEngine } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { schemaVersion } from '../versions.ts'
import type { ExitCode, Request } from './command.ts'
import { type Config, readConfig } from './config.ts'
import { sourcesOf, tellProblems } from './problems.ts'
import { tenantOf } from './record.ts'
import type { ConfigProblem, Mode } from './sources.ts'

interface Reading {
  /** Found in what else the command was given; all are told at once. */
  readonly problems?: readonly ConfigProblem[]
  /** Which settings it needs. */
  readonly mode?: Mode
}

/** With the rules of the tenant that it is about. @throws Error when there is no such tenant. */
export async function configFor(store: Store, tenant: string, config: Config): Promise<Config> {
  if (tenant === CONFIGURED) return config
  const row = await findTenant({ store }, tenant)
  if (row === null) throw new Error(`there is no tenant "${tenant}" — see: postkey tenants list`)
  const read = readTenant(inputOf(row))
  return read.ok ? { ...config, policy: read.settings.policy, operators: read.settings.operators } : config
}

export async function withStore(
  request: Request,
  command: string,
  work: (store: Store, config: Config) => Promise<ExitCode>,
  reading: Reading = {},
): Promise<ExitCode> {
  const { openToRead } = await import('../store/open.ts')
  return await withEngine(request, command, openToRead, work, reading)
}

/** The same to write with. */
export async function withWritableStore(
  request: Request,
  command: string,
  work: (store: Store, config: Config) => Promise<ExitCode>,
  reading: Reading = {},
): Promise<ExitCode> {
  const { openEngine } = await import('../store/open.ts')
  return await withEngine(request, command, openEngine, work, reading)
}

async function withEngine(
  request: Request,
  command: string,
  open: (databaseUrl: string) => Promise<OpenEngine>,
  work: (store: Store, config: Config) => Promise<ExitCode>,
  { problems = [], mode = 'migrate' }: Reading,
): Promise<ExitCode> {
  const result = readConfig(sourcesOf(request, mode))
  if (!result.ok || problems.length > 0) {
    tellProblems(request, command, [...(result.ok ? [] : result.problems), ...problems])
    return 2
  }
  const { config } = result
  return await withDatabase(config.databaseUrl, open, async (store) => work(store, await configFor(store, tenantOf(request), config)))
}

/** One that is there, with the schema of this version: neither is made here. @throws Error else, with what to do. */
export async function withDatabase<T>(
  databaseUrl: string,
  open: (databaseUrl: string) => Promise<OpenEngine>,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const { explain, sqlitePath, storeOver } = await import('../store/open.ts')
  const path = sqlitePath(databaseUrl)
  // A slip in its name would be an empty installation.
  if (path !== null && !existsSync(path))
    throw new Error(`there is no database at ${path} — check POSTKEY_DATABASE_URL, or run postkey migrate`)
  const engine = await open(databaseUrl)
  try {
    const schema = await engine.schema().catch((error: unknown) => {
      throw explain(databaseUrl, error)
    })
    if (schema !== schemaVersion) throw new Error(`the database has schema ${schema} of ${schemaVersion} — run postkey migrate first`)
    return await work(storeOver(engine))
  } finally {
    await engine.close()
  }
}
