// Views of links on their way to the database. A GET leaves a note in memory and goes; every so often the notes are written, a batch at
// a time. Too many, or a database that is slow or gone, and notes are lost: they are counted, and that is all that happens.
import type { Ms } from '../core/model.ts'
import { VIEWS_KEPT, type ViewFacts } from '../core/view.ts'
import { mintId } from '../secret.ts'
import type { RecordedView } from '../store/store.ts'
import { Bell } from './bell.ts'
import type { Context } from './context.ts'
import { Lately } from './lately.ts'

export interface SeenView {
  /** null: no mail has such a link. Counted and not kept, or whoever guesses ids would fill the database. */
  readonly challenge: string | null
  readonly at: Ms
  readonly ordinal: number
  readonly facts: ViewFacts
}

/** Views since the process began. */
export interface ViewCounts {
  /** Handed to the database, which keeps no more than fifty of a challenge, whatever process they come from. */
  readonly written: number
  /** Lost, because too many waited or the database did not take them. */
  readonly dropped: number
  /** Of links that no mail has. */
  readonly unknown: number
  /** Of challenges of which enough is known. */
  readonly beyond: number
}

export interface Views {
  /** Takes no time and cannot fail. */
  saw(view: SeenView): void
  /** Of the mail's link, by a person; as far as this process knows. */
  isFirst(challenge: string, ordinal: number): boolean
  counts(): ViewCounts
  /** Writes what waits, if the database takes it. */
  stop(): Promise<void>
}

export interface ViewsOptions {
  readonly waitingMax?: number
  readonly flushAfterMs?: Ms
  /** After a failure: whoever waits for the database to come back is not to wait for views. */
  readonly restAfterFailureMs?: Ms
}

const BATCH = 100
const CHALLENGES_REMEMBERED = 5_000

export function startViews(context: Pick<Context, 'store' | 'tenant' | 'now' | 'log'>, options: ViewsOptions = {}): Views {
  const { waitingMax = 2_000, flushAfterMs = 500, restAfterFailureMs = 5_000 } = options
  const { store, tenant, log } = context
  const bell = new Bell()
  const perChallenge = new Map<string, number>()
  const opened = new Lately<true>(CHALLENGES_REMEMBERED)
  let waiting: RecordedView[] = []
  let count = { written: 0, dropped: 0, unknown: 0, beyond: 0 }
  let told = 0
  let working: Promise<void> | null = null
  let stopped = false

  const saw = (view: SeenView): void => {
    const lost = takes(view)
    if (lost !== null) add(lost, 1)
  }

  /** What it counts as, unless it is kept. */
  const takes = ({ challenge, ...view }: SeenView): 'unknown' | 'beyond' | 'dropped' | null => {
    if (challenge === null) return 'unknown'
    const nth = (perChallenge.get(challenge) ?? 0) + 1
    if (nth > VIEWS_KEPT) return 'beyond'
    if (stopped || waiting.length >= waitingMax) return 'dropped'
    remember(challenge, nth)
    waiting.push({ challenge, id: mintId(context.now()), ...view })
    working ??= work()
    return null
  }

  const add = (what: keyof ViewCounts, more: number): void => {
    count = { ...count, [what]: count[what] + more }
  }

  const remember = (challenge: string, nth: number): void => {
    perChallenge.set(challenge, nth)
    if (perChallenge.size <= CHALLENGES_REMEMBERED) return
    const [oldest] = perChallenge.keys()
    if (oldest !== undefined) perChallenge.delete(oldest)
  }

  /** Until nothing waits; the next view begins anew. */
  const work = async (): Promise<void> => {
    if (!stopped) await bell.heard(flushAfterMs)
    while (waiting.length > 0) {
      const took = await write(waiting.splice(0, BATCH))
      // Once: what the database does not take at the end is lost.
      if (!took && stopped) drop()
      else if (!took) await bell.heard(restAfterFailureMs)
    }
    working = null
    tell()
  }

  const write = async (batch: readonly RecordedView[]): Promise<boolean> => {
    try {
      await store.writeViews(tenant, batch)
      add('written', batch.length)
      return true
    } catch (error) {
      add('dropped', batch.length)
      log.error('views_not_written', error)
      return false
    }
  }

  const drop = (): void => {
    add('dropped', waiting.length)
    waiting = []
  }

  const tell = (): void => {
    if (count.dropped > told) log.warn('views_dropped', { count: count.dropped - told })
    told = count.dropped
  }

  return {
    saw,
    isFirst: (challenge, ordinal) => {
      const link = `${challenge} ${ordinal}`
      const first = opened.get(link) === undefined
      opened.set(link, true)
      return first
    },
    counts: () => count,
    stop: async () => {
      stopped = true
      bell.ring()
      await working
      tell()
    },
  }
}
