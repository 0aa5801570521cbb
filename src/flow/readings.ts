// What the console tells of the whole record: read in the background, one reading after the other, in steps with rests between them, so that
// people who sign in meanwhile have more than half of the process. It is bounded, and kept for a while, however many look.
import { type Advice, adviseOn, type MeasuredPart, measureEach, together } from '../core/calibrate.ts'
import type { Split } from '../core/funnel.ts'
import { add, type Seconds } from '../core/funnel-totals.ts'
import type { Ms } from '../core/model.ts'
import { idsOf, timeOf } from '../secret.ts'
import { collectClicks } from './calibrate.ts'
import type { Context } from './context.ts'
import { type FunnelRead, readFunnel } from './funnel.ts'

export type Reading<T> =
  | { readonly over: true; readonly at: Ms; readonly value: T }
  /** So many events so far: whoever looks again later finds it whole. */
  | { readonly over: false; readonly looked: number }

/** As long as a page may wait. */
const PATIENCE_MS = 1_500

interface Kept {
  /** The newest that is whole. */
  done: { readonly at: Ms; readonly value: unknown } | null
  underWay: { readonly over: Promise<void>; looked: number } | null
}

/** One for all tenants of a process: their readings stand in one row. */
interface Row {
  /** The last in it. */
  last: Promise<void>
  stopped: boolean
}

const shelves = new WeakMap<Context, Map<string, Kept>>()
const rows = new WeakMap<Context['store'], Row>()

function shelfOf(context: Context): Map<string, Kept> {
  const shelf = shelves.get(context) ?? new Map<string, Kept>()
  shelves.set(context, shelf)
  return shelf
}

function rowOf({ store }: Pick<Context, 'store'>): Row {
  const row = rows.get(store) ?? { last: Promise.resolve(), stopped: false }
  rows.set(store, row)
  return row
}

/** Told after each step how many events were looked at; false: to be ended there. */
type OnStep = (looked: number) => Promise<boolean>

async function read<T>(context: Context, name: string, goodForMs: Ms, work: (onStep: OnStep) => Promise<T>): Promise<Reading<T>> {
  const kept = shelfOf(context)
  const own = kept.get(name) ?? { done: null, underWay: null }
  kept.set(name, own)
  const now = context.now()
  const isGood = own.done !== null && now >= own.done.at && now < own.done.at + goodForMs
  if (!isGood) {
    own.underWay ??= begin(context, own, work)
    await Promise.race([own.underWay.over, rest(PATIENCE_MS)])
  }
  const { done, underWay } = own
  // An old one that says how old it is does better than none.
  return done === null ? { over: false, looked: underWay?.looked ?? 0 } : { over: true, at: done.at, value: done.value as T }
}

function begin(context: Context, own: Kept, work: (onStep: OnStep) => Promise<unknown>): NonNullable<Kept['underWay']> {
  const row = rowOf(context)
  const fresh = async (): Promise<void> => {
    if (row.stopped) return
    const at = context.now()
    let since = performance.now()
    const value = await work(async (looked) => {
      underWay.looked = looked
      await rest(performance.now() - since)
      since = performance.now()
      return !row.stopped
    })
    if (!row.stopped) own.done = { at, value }
  }
  const over = row.last.then(fresh).finally(() => {
    own.underWay = null
  })
  const underWay = { over, looked: 0 }
  // Who waits for it hears of it too; whoever looks next has it tried again.
  row.last = over.catch((error: unknown) => context.log.error('reading_failed', error))
  return underWay
}

function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

/** Ends what is under way, before the database is closed. */
export async function stopReadings(context: Pick<Context, 'store'>): Promise<void> {
  const row = rowOf(context)
  row.stopped = true
  await row.last
}

/** So many of the newest events are counted: some tenths of a second. */
const COUNTED_MAX = 20_000
const COUNT_AGAIN_MS: Ms = 60_000

export interface Numbers extends FunnelRead {
  /** There are more in this time than are counted. */
  readonly cut: boolean
}

/** The funnel of a time up to now. */
export function readNumbers(context: Context, ms: Ms, by: Split | null): Promise<Reading<Numbers>> {
  return read(context, `funnel ${ms} ${by}`, COUNT_AGAIN_MS, async (onStep) => {
    const { store, tenant, mailboxes } = context
    const until = context.now()
    const since = until - ms
    const notBefore = await boundOf(context, COUNTED_MAX)
    const counted = await readFunnel({ store, tenant, mailboxes, since, until, notBefore, by, onStep })
    return { ...counted, cut: notBefore > since }
  })
}

/** About ten thousand sign-ins: more would tell nothing more of how long people take. */
const MEASURED_MAX = 50_000
const MEASURE_AGAIN_MS: Ms = 10 * 60_000

export interface Calibration {
  readonly since: Ms
  readonly cut: boolean
  readonly challenges: number
  readonly parts: readonly [MeasuredPart, ...MeasuredPart[]]
  /** First clicks of all: whole seconds from when the mail was queued, and how many took so long. */
  readonly clicks: Seconds
  readonly advice: Advice
  /** Domains of which DNS said nothing, so that they count as others. */
  readonly unanswered: number
}

/** How long people took, of those who asked in a time up to now. */
export function readCalibration(context: Context, ms: Ms): Promise<Reading<Calibration>> {
  return read(context, `clicks ${ms}`, MEASURE_AGAIN_MS, async (onStep) => {
    const { store, tenant, mailboxes, policy } = context
    const asked = context.now() - ms
    const bound = await boundOf(context, MEASURED_MAX)
    const since = Math.max(asked, bound)
    const silences = mailboxes.unanswered()
    const { byMailbox, challenges } = await collectClicks({ store, tenant, after: idsOf(since), mailboxes, onStep })
    const clicks: Seconds = new Map()
    for (const took of together(byMailbox).links.sinceQueued) add(clicks, Math.round(took / 1_000))
    return {
      since,
      cut: bound > asked,
      challenges,
      parts: measureEach(byMailbox),
      clicks,
      // This process decides by it, whatever decided last.
      advice: adviseOn(policy, byMailbox),
      unanswered: mailboxes.unanswered() - silences,
    }
  })
}

/** From when on there are so many events and no more; 0: there are fewer. */
async function boundOf({ store, tenant }: Context, newest: number): Promise<Ms> {
  const place = await store.findPlaceBefore(tenant, { requestId: '', id: '' }, newest)
  return place === null ? 0 : timeOf(place.requestId)
}
