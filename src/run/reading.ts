// Commands that read the database and write nothing: settings, a store to look into, and its end.
import type { Store } from '../store/store.ts'
import { schemaVersion } from '../versions.ts'
import type { ExitCode, Request } from './command.ts'
import { readConfig } from './config.ts'
import { sourcesOf, tellProblems } from './problems.ts'
import type { ConfigProblem } from './sources.ts'

/** @param problems found in what else the command was given; all are told at once. */
export async function withStore(
  request: Request,
  command: string,
  work: (store: Store) => Promise<ExitCode>,
  problems: readonly ConfigProblem[] = [],
): Promise<ExitCode> {
  const result = readConfig(sourcesOf(request, 'migrate'))
  if (!result.ok || problems.length > 0) {
    tellProblems(request, command, [...(result.ok ? [] : result.problems), ...problems])
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
