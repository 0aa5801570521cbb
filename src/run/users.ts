// `postkey users …`: the people who can sign in. Each of its actions is in a file of its own.
import type { ExitCode, Request } from './command.ts'
import { WHO } from './users-care.ts'

interface Action {
  /** What stands behind its name; null: nothing does. */
  readonly word: 'WHO' | 'ADDRESS' | 'FILE' | null
  /** Flags and switches that not all take. */
  readonly flags: readonly string[]
  readonly run: (request: Request) => Promise<ExitCode>
}

const act = (wants: 'end_sessions' | 'disable' | 'enable' | 'delete' | 'erase', flags: readonly string[] = []): Action => ({
  word: 'WHO',
  flags,
  run: async (request) => (await import('./users-act.ts')).act(request, wants),
})

const actions: Readonly<Record<string, Action>> = {
  list: {
    word: null,
    flags: ['status', 'domain', 'since', 'unconfirmed', 'limit', 'after'],
    run: async (request) => (await import('./users-list.ts')).list(request),
  },
  show: { word: 'WHO', flags: [], run: async (request) => (await import('./users-list.ts')).show(request) },
  add: { word: 'ADDRESS', flags: ['externalId'], run: async (request) => (await import('./users-act.ts')).add(request) },
  invite: {
    word: 'ADDRESS',
    flags: ['externalId', 'locale'],
    run: async (request) => (await import('./users-invite.ts')).inviteOne(request),
  },
  import: {
    word: 'FILE',
    flags: ['format', 'from', 'map', 'errors', 'dryRun'],
    run: async (request) => (await import('./users-import.ts')).importFile(request),
  },
  export: {
    word: null,
    flags: ['format', 'out', 'status', 'domain', 'since', 'unconfirmed'],
    run: async (request) => (await import('./users-export.ts')).exportUsers(request),
  },
  'end-sessions': act('end_sessions'),
  disable: act('disable'),
  enable: act('enable'),
  delete: act('delete', ['yes']),
  erase: act('erase', ['yes']),
}

const FLAGS = [...new Set(Object.values(actions).flatMap(({ flags }) => flags))]

export async function users(request: Request): Promise<ExitCode> {
  const [name = '', ...rest] = request.words
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined) return misunderstood(request, name === '' ? 'what?' : `"${name}" is not known`)
  const words = action.word === null ? 0 : 1
  if (rest.length > words) return misunderstood(request, `"${rest.slice(words).join(' ')}" is not expected after ${name}`)
  if (rest.length < words) {
    request.terminal.err(`postkey users ${name}: ${WANTED[action.word ?? 'WHO']}`)
    return 2
  }
  const [foreign] = FLAGS.filter((flag) => given(request, flag) && !action.flags.includes(flag))
  if (foreign !== undefined) return misunderstood(request, `${name} takes no --${dashed(foreign)}`)
  return await action.run(request)
}

const WANTED: Readonly<Record<NonNullable<Action['word']>, string>> = {
  WHO: `whom? — ${WHO}`,
  ADDRESS: 'whom? — an address',
  FILE: 'which? — a file of CSV or JSON lines, or - for what comes in',
}

const dashed = (flag: string): string => flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

function given({ flags, switches }: Request, flag: string): boolean {
  return flags[flag] !== undefined || switches.has(dashed(flag))
}

function misunderstood({ terminal }: Request, what: string): ExitCode {
  terminal.err(
    `postkey users: ${what} — ${Object.keys(actions)
      .map((one) => `postkey users ${one}`)
      .join(', ')}`,
  )
  return 2
}
