// `postkey audit …`: the record, for people who ask. Each of its actions is in a file of its own, and reads only.
import type { ExitCode, Request } from './command.ts'

type Action = (request: Request) => Promise<ExitCode>

const actions: Readonly<Record<string, Action>> = {
  search: async (request) => (await import('./audit-search.ts')).search(request),
  show: async (request) => (await import('./audit-search.ts')).show(request),
  replay: async (request) => (await import('./audit-replay.ts')).replay(request),
}

export async function audit(request: Request): Promise<ExitCode> {
  const [name] = request.words
  const action = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action !== undefined) return await action(request)
  const known = Object.keys(actions).map((one) => `postkey audit ${one}`)
  request.terminal.err(`postkey audit: ${name === undefined ? 'what?' : `"${name}" is not known`} — ${known.join(', ')}`)
  return 2
}
