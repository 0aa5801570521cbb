// `postkey audit …`: the record, for people who ask. Each of its actions is in a file of its own, and changes nothing in it.
import type { ExitCode, Request } from './command.ts'

interface Action {
  /** Words that it takes behind its name, and flags that not all take. */
  readonly words: number
  readonly flags: readonly string[]
  readonly run: (request: Request) => Promise<ExitCode>
}

const actions: Readonly<Record<string, Action>> = {
  search: { words: 1, flags: ['tenant', 'since', 'limit'], run: async (request) => (await import('./audit-search.ts')).search(request) },
  show: { words: 1, flags: ['tenant', 'since', 'limit'], run: async (request) => (await import('./audit-search.ts')).show(request) },
  replay: {
    words: 0,
    flags: ['tenant', 'since', 'after'],
    run: async (request) => (await import('./audit-replay.ts')).auditReplay(request),
  },
  verify: {
    words: 0,
    flags: ['tenant', 'since', 'after', 'head', 'secretFile'],
    run: async (request) => (await import('./audit-verify.ts')).auditVerify(request),
  },
  export: {
    words: 0,
    flags: ['tenant', 'format', 'since', 'until', 'kind', 'reason', 'out'],
    run: async (request) => (await import('./audit-export.ts')).auditExport(request),
  },
  try: {
    words: 0,
    flags: ['tenant', 'since', 'after', 'policy'],
    run: async (request) => (await import('./audit-try.ts')).auditTry(request),
  },
}

const FLAGS = [...new Set(Object.values(actions).flatMap(({ flags }) => flags))]

export async function audit(request: Request): Promise<ExitCode> {
  const [name = '', ...rest] = request.words
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined) return misunderstood(request, name === '' ? 'what?' : `"${name}" is not known`)
  if (rest.length > action.words) return misunderstood(request, `"${rest.slice(action.words).join(' ')}" is not expected after ${name}`)
  const [foreign] = FLAGS.filter((flag) => request.flags[flag] !== undefined && !action.flags.includes(flag))
  if (foreign !== undefined)
    return misunderstood(request, `${name} takes no --${foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`)
  return await action.run(request)
}

function misunderstood({ terminal }: Request, what: string): ExitCode {
  terminal.err(
    `postkey audit: ${what} — ${Object.keys(actions)
      .map((one) => `postkey audit ${one}`)
      .join(', ')}`,
  )
  return 2
}
