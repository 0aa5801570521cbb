// The record, opened for a command that looks at all of it: from which moment on, with a bar that tells how far it is, and an interrupt
// that ends it where it can go on.
import type { Ms } from '../core/model.ts'
import { idsOf } from '../secret.ts'
import type { EventPlace, Store } from '../store/store.ts'
import { schemaVersion } from '../versions.ts'
import type { ExitCode, Request } from './command.ts'
import { readConfig } from './config.ts'
import { sourcesOf, tellProblems } from './problems.ts'
import { startProgress } from './progress.ts'
import { readSince } from './since.ts'
import type { ConfigProblem } from './sources.ts'

export const TENANT = 'default'

/** By --since; null: it says no time, and the person was told. */
export function sinceOf({ terminal, flags }: Request, command: string, unless: string): Ms | null {
  const text = flags['since'] ?? unless
  const since = readSince(text, Date.now())
  if (since === null) terminal.err(`postkey ${command}: --since ${text} is no time — write 30d, 12h, or a date such as 2026-11-01`)
  return since
}

/** By --since and --after; null: what they say was not understood, and the person was told. */
export function beginningOf(request: Request, command: string): EventPlace | null {
  const { terminal, flags } = request
  const since = sinceOf(request, command, '30d')
  if (since === null) return null
  if (flags['after'] === undefined) return { requestId: idsOf(since), id: '' }
  const [, requestId, id] = /^([0-9A-Za-z]{16})\.([0-9A-Za-z]{16})$/.exec(flags['after']) ?? []
  if (requestId !== undefined && id !== undefined) return { requestId, id }
  terminal.err(`postkey ${command}: --after ${flags['after']} is no place — copy it from what the run that was interrupted said`)
  return null
}

/** As --after takes it. */
export function placeText(place: EventPlace | null): string | null {
  return place === null ? null : `${place.requestId}.${place.id}`
}

/** @param problems found in what else the command was given; all are told at once. */
export async function withRecord(
  request: Request,
  command: string,
  look: (store: Store) => Promise<ExitCode>,
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
    return await look(storeOver(engine))
  } finally {
    await engine.close()
  }
}

/** @param bar `of` so many events. */
export async function watched<T>(
  request: Request,
  bar: { readonly title: string; readonly end: string; readonly of: number },
  walk: (onStep: (looked: number) => Promise<boolean>) => Promise<T>,
): Promise<T> {
  let interrupted = false
  const interrupt = (): void => {
    interrupted = true
  }
  process.once('SIGINT', interrupt)
  const progress = await startProgress(request, bar)
  try {
    return await walk(async (looked) => {
      progress.say(looked, `${looked} of ${bar.of}`)
      // So that an interrupt is heard.
      await new Promise((resolve) => setImmediate(resolve))
      return !interrupted
    })
  } finally {
    progress.stop()
    process.off('SIGINT', interrupt)
  }
}
