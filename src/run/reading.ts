// Commands that read the database and write nothing: settings, a store to look into, and its end.
import type { Store } from '../store/store.ts'
import { schemaVersion } from '../versions.ts'
import type { ExitCode, Request } from './command.ts'
import { readConfig } from './config.ts'
import { sourcesOf, tellProblems } from './problems.ts'

export async function withStore(request: Request, work: (store: Store) => Promise<ExitCode>): Promise<ExitCode> {
  const result = readConfig(sourcesOf(request, 'migrate'))
  if (!result.ok) {
    tellProblems(request, 'migrate', result.problems)
    return 2
  }
  const { openToRead, storeOver } = await import('../store/open.ts')
  const engine = await openToRead(result.config.databaseUrl)
  try {
    const schema = await engine.schema()
    if (schema !== schemaVersion) throw new Error(`the database has schema ${schema} of ${schemaVersion} — run postkey migrate first`)
    return await work(storeOver(engine))
  } finally {
    await engine.close()
  }
}
