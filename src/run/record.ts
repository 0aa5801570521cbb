// What commands that look at all of the record share: from which moment on, with a bar that tells how far it is, and an interrupt
// that ends it where it can go on.
import type { Ms } from '../core/model.ts'
import { CONFIGURED } from '../core/place.ts'
import { idsOf } from '../secret.ts'
import type { EventPlace } from '../store/record-store.ts'
import type { Request } from './command.ts'
import { startProgress } from './progress.ts'
import { readSince } from './since.ts'

/** By --tenant; whether there is such a one is looked up with the store. */
export const tenantOf = ({ flags }: Request): string => flags['tenant'] ?? CONFIGURED

/** By --since, or another flag that names a time; null: it says none, and the person was told. */
export function sinceOf({ terminal, flags }: Request, command: string, unless: string, flag = 'since'): Ms | null {
  const text = flags[flag] ?? unless
  const since = readSince(text, Date.now())
  if (since === null) terminal.err(`postkey ${command}: --${flag} ${text} is no time — write 30d, 12h, or a date such as 2026-11-01`)
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
