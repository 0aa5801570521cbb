// `postkey migrate`.
import type { ExitCode, Request } from './command.ts'
import { readConfig } from './config.ts'
import { sourcesOf, tellProblems } from './problems.ts'

export async function migrate(request: Request): Promise<ExitCode> {
  const result = readConfig(sourcesOf(request, 'migrate'))
  if (!result.ok) {
    tellProblems(request, 'migrate', result.problems)
    return 2
  }
  const store = await import('../store/open.ts')
  const { from, to, applied } = await store.migrate(result.config.databaseUrl)
  if (request.json) request.terminal.out(JSON.stringify({ ok: true, from, to, applied }))
  else if (applied.length === 0) request.terminal.out(`The schema is up to date (${to}).`)
  else request.terminal.out(`Schema ${from} → ${to}: ${applied.join(', ')}.`)
  return 0
}
