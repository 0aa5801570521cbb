// Commands that write to the database of a server that may be running: settings, a store, and its end. The schema is left as it is.
import type { Store } from '../store/store.ts'
import type { ExitCode, Request } from './command.ts'
import { type Config, readConfig } from './config.ts'
import { sourcesOf, tellProblems } from './problems.ts'
import { configFor, withDatabase } from './reading.ts'
import { tenantOf } from './record.ts'
import type { ConfigProblem, Mode } from './sources.ts'

export async function withWriting(
  request: Request,
  command: string,
  mode: Mode,
  work: (store: Store, config: Config) => Promise<ExitCode>,
): Promise<ExitCode> {
  const result = readConfig(sourcesOf(request, mode))
  const problems: ConfigProblem[] = result.ok ? [] : [...result.problems]
  if (result.ok && result.config.secrets.length === 0)
    problems.push({
      key: 'POSTKEY_SECRET',
      what: 'is missing',
      why: 'what this command writes or reads is sealed with it',
      remedy: 'set it as the server has it, or name its file with --secret-file (of `postkey dev`: .postkey/secret)',
    })
  if (!result.ok || problems.length > 0) {
    tellProblems(request, command, problems)
    return 2
  }
  const { config } = result
  const { openEngine } = await import('../store/open.ts')
  return await withDatabase(config.databaseUrl, openEngine, async (store) => work(store, await configFor(store, tenantOf(request), config)))
}
