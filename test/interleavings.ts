// RC-15 on PostgreSQL: every order in which the statements of concurrent requests can reach the server. The engine, the driver and
// the server are real; only when each statement is sent is chosen, by fast-check. What came of it is judged as a history.
import fc from 'fast-check'
import pg from 'pg'
import { readPolicy } from '../src/core/policy.ts'
import { openEngine, storeOver } from '../src/store/open.ts'
import type { Scope, Store, VerifyInput } from '../src/store/store.ts'
import { type Answer, type Ask, type Call, faultsOf, type Rules } from './history.ts'
import { freshDatabase } from './postgres.ts'
import { seedOfRun } from './seed.ts'

const asks = ['link', 'link elsewhere', 'code', 'older code', 'wrong code', 'resend', 'sign out'] as const
type Does = (typeof asks)[number]

/** Time stands still: what is judged is the order alone. */
const FOREVER = 1e12
const rules: Rules = { linkTtl: FOREVER, codeTtl: FOREVER, codeTries: 5, replayWindow: FOREVER, skew: 0 }
const NODES = 3
const AT = Date.UTC(2026, 10, 21, 9)

/** Fails with the plan, the order and the seed of a run that no register per secret explains. */
export async function everyInterleaving(runs: number): Promise<void> {
  const database = await freshDatabase()
  const stores: Store[] = []
  for (let node = 0; node < NODES; node++) {
    const engine = await openEngine(database.url, { now: () => AT, connections: 4 })
    await engine.migrate()
    stores.push(storeOver(engine))
  }
  const gate = new Gate()
  let challenges = 0
  const plan = fc.array(fc.record({ node: fc.nat(NODES - 1), does: fc.constantFrom(...asks) }), { minLength: 2, maxLength: 9 })
  try {
    await fc.assert(
      fc.asyncProperty(plan, fc.scheduler(), async (steps, scheduler) => {
        const run = new Run(stores, `challenge${++challenges}`)
        await run.begin()
        gate.open(scheduler)
        // To the end, whatever fails: a transaction left open would keep its locks from the next run.
        const ends = await scheduler.waitFor(Promise.allSettled(steps.map(({ node, does }) => run.step(node, does))))
        gate.open(null)
        for (const end of ends) if (end.status === 'rejected') throw end.reason
        const faults = faultsOf(rules, run.calls)
        if (faults.length > 0) throw new Error(faults.join('\n'))
      }),
      { numRuns: runs, seed: seedOfRun() },
    )
  } finally {
    gate[Symbol.dispose]()
    for (const store of stores) await store.close()
    await database.drop()
  }
}

/** Stands before every connection of this process: while it has a scheduler, a statement is sent when its turn comes. */
class Gate {
  readonly #query = pg.Client.prototype.query
  readonly #last = new WeakMap<pg.Client, Promise<unknown>>()
  #scheduler: fc.Scheduler | null = null

  constructor() {
    const gate = this
    pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
      return gate.#pass(this, given)
    } as typeof pg.Client.prototype.query
  }

  open(scheduler: fc.Scheduler | null): void {
    this.#scheduler = scheduler
  }

  #pass(client: pg.Client, given: unknown[]): unknown {
    const send = (): Promise<unknown> => Reflect.apply(this.#query, client, given) as Promise<unknown>
    const scheduler = this.#scheduler
    if (scheduler === null) return send()
    const [asked] = given as [string | { readonly text: string }]
    const label = (typeof asked === 'string' ? asked : asked.text).slice(0, 48)
    // A connection sends in the order in which it was asked, without waiting for answers: what one of them waits for may be a lock
    // whose holder has not been let in yet.
    const turn = (this.#last.get(client) ?? Promise.resolve()).then(() => scheduler.schedule(Promise.resolve(), label))
    this.#last.set(client, turn)
    return turn.then(send)
  }

  [Symbol.dispose](): void {
    pg.Client.prototype.query = this.#query
  }
}

/** One challenge with two mails, and what is asked of it. */
class Run {
  readonly calls: Call[] = []
  readonly #stores: readonly Store[]
  readonly #challenge: string
  #now = 0
  #ids = 0

  constructor(stores: readonly Store[], challenge: string) {
    this.#stores = stores
    this.#challenge = challenge
  }

  /** Signed in elsewhere, too, so that there is a session to end. */
  async begin(): Promise<void> {
    await this.step(0, 'start')
    await this.step(0, 'link of the first mail in a third browser')
    await this.step(0, 'resend')
  }

  async step(node: number, does: Does | 'start' | 'link of the first mail in a third browser'): Promise<void> {
    const store = this.#stores[node] as Store
    const id = this.calls.length + 1
    const from = ++this.#now
    const ask = this.#askOf(does)
    const call: Call = { id, client: `node ${node}`, ask, from, to: Number.POSITIVE_INFINITY, answer: null }
    this.calls.push(call)
    const answer = await this.#send(store, ask, id)
    this.calls[id - 1] = { ...call, to: ++this.#now, answer }
  }

  #askOf(does: Parameters<Run['step']>[1]): Ask {
    const challenge = this.#challenge
    const verify = { challenge, browser: 'a', carries: null }
    switch (does) {
      case 'start':
        return { do: 'start', challenge, browser: 'a' }
      case 'resend':
        return { do: 'resend', challenge }
      case 'code':
        return { do: 'code', ...verify, code: 1 }
      case 'older code':
        return { do: 'code', ...verify, code: 0 }
      case 'wrong code':
        return { do: 'code', ...verify, code: 'wrong' }
      case 'link':
        return { do: 'link', ...verify, mail: 1 }
      case 'link elsewhere':
        return { do: 'link', ...verify, browser: 'b', mail: 1 }
      case 'link of the first mail in a third browser':
        return { do: 'link', ...verify, browser: 'c', mail: 0 }
      case 'sign out':
        return { do: 'sign_out', session: this.#session('c') }
    }
  }

  #session(browser: string): string {
    return `${this.#challenge}.${browser}`
  }

  async #send(store: Store, ask: Ask, call: number): Promise<Answer> {
    switch (ask.do) {
      case 'start': {
        const input = {
          ...this.#mail(0),
          email: this.#email(),
          mailbox: this.#email(),
          returnTo: '/',
          locale: 'en',
          device: 'test',
          network: '',
        }
        const { decision } = await store.start(this.#scope(), { ...input, addressInEvent: '' })
        return { reason: decision.verdict === 'send' ? 'queued' : decision.reason }
      }
      case 'resend': {
        // Which mail it becomes is not known before: its secrets are named for the call that made it, and nobody presents them.
        const input = { ...this.#mail(call === 3 ? 1 : call + 10), addressInEvent: () => '' }
        const { decision } = await store.resend(this.#scope(), input)
        return { reason: decision.verdict === 'send' ? 'queued' : decision.reason }
      }
      case 'code':
        return this.#verify(store, ask.browser, { proof: 'code', codeDigests: [`code${ask.code}`] })
      case 'link':
        return this.#verify(store, ask.browser, { proof: 'link', ordinal: ask.mail, linkDigest: `link${ask.mail}` })
      default: {
        const key = { id: this.#session('c'), digest: `digest of ${this.#session('c')}` }
        const { ended } = await store.endSessions(this.#scope(), { key, which: 'this' })
        return { reason: ended > 0 ? 'signed_out' : 'session_ended' }
      }
    }
  }

  async #verify(store: Store, browser: string, proof: Pick<VerifyInput, 'proof'> & Partial<VerifyInput>): Promise<Answer> {
    const id = this.#session(browser)
    const { decision, session } = await store.verify(this.#scope(), {
      purpose: 'sign_in',
      challenge: this.#challenge,
      ordinal: null,
      linkDigest: null,
      codeDigests: null,
      address: this.#email(),
      addressTyped: 'given',
      browserDigest: browser,
      sessionId: id,
      sessionDigests: [`digest of ${id}`],
      currentSession: null,
      device: 'test',
      network: 'test',
      newUser: `user of ${id}`,
      displacedEventId: `displaced by ${id}`,
      ...proof,
    })
    const triesLeft = decision.triesLeft === null ? {} : { triesLeft: decision.triesLeft }
    return { reason: decision.reason, ...triesLeft, ...(session === null ? {} : { session: session.id }) }
  }

  #email(): string {
    return `${this.#challenge}@example.net`
  }

  #mail(number: number) {
    const own = this.#challenge
    const buckets = { network: own, networkWide: own, browser: own, tenant: own }
    const secrets = { linkDigest: `link${number}`, codeDigest: `code${number}`, sealed: 'sealed' }
    return { purpose: 'sign_in', challenge: this.#challenge, browserDigest: 'a', buckets, secrets, leaseMs: null } as const
  }

  #scope(): Scope {
    const id = `${this.#challenge}/${++this.#ids}`
    return { tenant: 'default', policy, versions: { app: '', schema: 1, policy: '', template: '' }, requestId: id, eventId: id }
  }
}

const policy = (() => {
  // The wrong codes of thousands of orders would open the breaker, and the mails after that have no code.
  const read = readPolicy({ breaker: null, resendAfter: 0, mailsPerLinkTtl: 20, mailsPerAddress: [{ count: 100, per: '24h' }] })
  if (!read.ok) throw new Error(read.problems.join())
  return read.policy
})()
