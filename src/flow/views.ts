// Views of links on their way to the database. A GET leaves a note in memory and goes; every so often the notes are written, a batch at
// a time. Too many, or a database that is slow or gone, and notes are lost: they are counted, and that is all that happens.
import type { Ms } from '../core/model.ts'
import { VIEWS_KEPT, type ViewFacts } from '../core/view.ts'
import { mintId } from '../secret.ts'
import type { RecordedView } from '../store/record-store.ts'
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

/** Of one tenant. */
export interface ViewsOf {
  /** Takes no time and cannot fail. */
  saw(view: SeenView): void
  /** Of the mail's link, by a person; as far as this process knows. */
  isFirst(challenge: string, ordinal: number): boolean
  /** Of all tenants. */
  counts(): ViewCounts
}

export interface Views {
  of(tenant: string): ViewsOf
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

interface Waiting {
  readonly tenant: string
  readonly view: RecordedView
}

export function startViews(context: Pick<Context, 'store' | 'now' | 'log'>, options: ViewsOptions = {}): Views {
  const { waitingMax = 2_000, flushAfterMs = 500, restAfterFailureMs = 5_000 } = options
  const { store, log } = context
  const bell = new Bell()
  const perChallenge = new Map<string, number>()
  const opened = new Lately<true>(CHALLENGES_REMEMBERED)
  let waiting: Waiting[] = []
  let count = { written: 0, dropped: 0, unknown: 0, beyond: 0 }
  let told = 0
  let working: Promise<void> | null = null
  let stopped = false

  const saw = (tenant: string, view: SeenView): void => {
    const lost = takes(tenant, view)
    if (lost !== null) add(lost, 1)
  }

  /** What it counts as, unless it is kept. */
  const takes = (tenant: string, { challenge, ...view }: SeenView): 'unknown' | 'beyond' | 'dropped' | null => {
    if (challenge === null) return 'unknown'
    const key = `${tenant} ${challenge}`
    const nth = (perChallenge.get(key) ?? 0) + 1
    if (nth > VIEWS_KEPT) return 'beyond'
    if (stopped || waiting.length >= waitingMax) return 'dropped'
    remember(key, nth)
    waiting.push({ tenant, view: { challenge, id: mintId(context.now()), ...view } })
    working ??= work()
    return null
  }

  const add = (what: keyof ViewCounts, more: number): void => {
    count = { ...count, [what]: count[what] + more }
  }

  const remember = (key: string, nth: number): void => {
    perChallenge.set(key, nth)
    if (perChallenge.size <= CHALLENGES_REMEMBERED) return
    const [oldest] = perChallenge.keys()
    if (oldest !== undefined) perChallenge.delete(oldest)
  }

  /** Until nothing waits; the next view begins anew. */
  const work = async (): Promise<void> => {
    if (!stopped) await bell.heard(flushAfterMs)
    while (waiting.length > 0) {
      const took = await write(nextBatch())
      // Once: what the database does not take at the end is lost.
      if (!took && stopped) drop()
      else if (!took) await bell.heard(restAfterFailureMs)
    }
    working = null
    tell()
  }

  /** Of whoever waits longest. */
  const nextBatch = (): readonly Waiting[] => {
    const tenant = waiting[0]?.tenant
    const batch = waiting.filter((one) => one.tenant === tenant).slice(0, BATCH)
    const taken = new Set(batch)
    waiting = waiting.filter((one) => !taken.has(one))
    return batch
  }

  const write = async (batch: readonly Waiting[]): Promise<boolean> => {
    try {
      await store.writeViews(
        batch[0]?.tenant ?? '',
        batch.map(({ view }) => view),
      )
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
    of: (tenant) => ({
      saw: (view) => saw(tenant, view),
      isFirst: (challenge, ordinal) => {
        const link = `${tenant} ${challenge} ${ordinal}`
        const first = opened.get(link) === undefined
        opened.set(link, true)
        return first
      },
      counts: () => count,
    }),
    stop: async () => {
      stopped = true
      bell.ring()
      await working
      tell()
    },
  }
}
