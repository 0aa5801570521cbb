// Commands that read the database and write nothing: settings, a store to look into, and its end.
import { CONFIGURED } from '../core/place.ts'
import { readTenant } from '../core/tenant.ts'
import { findTenant, inputOf } from '../flow/tenant-admin.ts'
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
async function configFor(store: Store, tenant: string, config: Config): Promise<Config> {
  if (tenant === CONFIGURED) return config
  const row = await findTenant({ store }, tenant)
  if (row === null) throw new Error(`there is no tenant "${tenant}" — see: postkey tenants list`)
  const read = readTenant(inputOf(row))
  return read.ok ? { ...config, policy: read.settings.policy } : config
}

export async function withStore(
  request: Request,
  command: string,
  work: (store: Store, config: Config) => Promise<ExitCode>,
  { problems = [], mode = 'migrate' }: Reading = {},
): Promise<ExitCode> {
  const result = readConfig(sourcesOf(request, mode))
  if (!result.ok || problems.length > 0) {
    tellProblems(request, command, [...(result.ok ? [] : result.problems), ...problems])
    return 2
  }
  const { openToRead, storeOver } = await import('../store/open.ts')
  const engine = await openToRead(result.config.databaseUrl)
  try {
    const schema = await engine.schema()
    if (schema !== schemaVersion) throw new Error(`the database has schema ${schema} of ${schemaVersion} — run postkey migrate first`)
    const store = storeOver(engine)
    return await work(store, await configFor(store, tenantOf(request), result.config))
  } finally {
    await engine.close()
  }
}
