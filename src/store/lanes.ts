// Which of the waiting operations leave together, and when: the batches of the engine for many nodes.
import { takeBatch, type Waiting } from './batch.ts'
import { type Locks, Unavailable, type Write } from './operation.ts'

/**
 * Who spends from limits waits for everybody who does, on every node, until that one commits: one batch of these at a time is all that can
 * be under way. Who spends from none does not wait behind it.
 */
export type LaneName = 'limited' | 'free'

export function laneOf(locks: Write<unknown>['locks']): LaneName {
  return typeof locks === 'object' && spends(locks) ? 'limited' : 'free'
}

const spends = ({ limits }: Locks): boolean => limits.length > 0

interface Lane<J> {
  readonly jobs: J[]
  running: number
  /** Batches at once. */
  readonly most: number
}

export interface LanesOptions {
  /** Batches under way at once, of both lanes. */
  readonly writers: number
  /** Operations in one batch at most. */
  readonly batchMax: number
  /** Operations that may wait in a lane; one more is told to come again later (FA-19). */
  readonly waitingMax: number
}

export class Lanes<J extends Waiting> {
  readonly #options: LanesOptions
  /** Never rejects: every job hears of its own end. */
  readonly #run: (jobs: readonly J[]) => Promise<void>
  readonly #lanes: Readonly<Record<LaneName, Lane<J>>>
  /** Who departed last stands last: where there is one writer for both, they take turns. */
  #order: readonly Lane<J>[]
  #running = 0
  #scheduled = false
  #idle: (() => void)[] = []

  constructor(options: LanesOptions, run: (jobs: readonly J[]) => Promise<void>) {
    this.#options = options
    this.#run = run
    this.#lanes = {
      limited: { jobs: [], running: 0, most: 1 },
      free: { jobs: [], running: 0, most: Math.max(1, options.writers - 1) },
    }
    this.#order = Object.values(this.#lanes)
  }

  /** @throws Unavailable when too many wait already. */
  add(name: LaneName, job: J): void {
    const { jobs } = this.#lanes[name]
    if (jobs.length >= this.#options.waitingMax) throw new Unavailable('too many operations are waiting')
    jobs.push(job)
    this.#schedule()
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    while (this.#running > 0 || this.#isWaiting()) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #isWaiting(): boolean {
    return this.#order.some(({ jobs }) => jobs.length > 0)
  }

  /** A batch for what this turn of the event loop brought in, as soon as a writer is free. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      while (this.#running < this.#options.writers) {
        const lane = this.#order.find(({ jobs, running, most }) => jobs.length > 0 && running < most)
        if (lane === undefined) return
        this.#depart(lane)
      }
    })
  }

  #depart(lane: Lane<J>): void {
    this.#order = [...this.#order.filter((other) => other !== lane), lane]
    lane.running++
    this.#running++
    void this.#run(takeBatch(lane.jobs, this.#options.batchMax)).finally(() => {
      lane.running--
      this.#running--
      if (this.#isWaiting()) this.#schedule()
      else if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
    })
  }
}
