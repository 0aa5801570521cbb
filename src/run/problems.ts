// How a refused configuration is told: everything at once, each with why it matters and what to do.

import type { Request } from './command.ts'
import type { ConfigProblem, ConfigSources, Mode } from './sources.ts'

export function sourcesOf(request: Request, mode: Mode): ConfigSources {
  return { env: request.terminal.env, flags: request.flags, file: request.file, folder: request.terminal.folder, mode }
}

export function tellProblems({ terminal, json }: Request, command: string, problems: readonly ConfigProblem[]): void {
  if (json) {
    terminal.out(JSON.stringify({ ok: false, problems }, null, 2))
    return
  }
  const count = problems.length === 1 ? 'one setting stands' : `${problems.length} settings stand`
  terminal.err(`postkey ${command} does not start: ${count} in the way.\n`)
  for (const { key, what, why, remedy } of problems) terminal.err(`  ${key} ${what}\n    why   ${why}\n    do    ${remedy}\n`)
}
