// Workers of one outbox, each a process of its own, killed at random and started again, while people ask. What became of the mails is
// counted at the mail server.
import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createPostkey, type PolicyInput } from '../src/index.ts'
import { openEngine } from '../src/store/open.ts'
import { all } from '../src/store/operation.ts'
import { brokenRows } from './examine.ts'
import type { TestDatabase } from './nodes.ts'
import type { Dice } from './seed.ts'
import type { Received, SmtpTestServer } from './smtp-server.ts'

const SECRET = 'workers-secret-of-at-least-32-bytes-0123456789abcdef'
/** Longer than the lease of a mail. */
const PAST_THE_LEASE = 125_000
const KILL_EVERY_MS = 100

/** Only the outbox is tried here. */
const policy: PolicyInput = {
  starts: {
    network: { count: 1_000_000, per: '1m' },
    networkWide: { count: 1_000_000, per: '1m' },
    browser: { count: 1_000_000, per: '1m' },
    tenant: { count: 1_000_000, per: '1m' },
  },
}

export interface WorkersOptions {
  readonly fresh: () => Promise<TestDatabase>
  readonly smtp: SmtpTestServer
  readonly dice: Dice
  readonly workers: number
  readonly seconds: number
}

export interface Worked {
  readonly kills: number
  readonly mails: number
  /** Mails that came once more, summed up. */
  readonly duplicates: number
  /** What those that were killed had handed over and not settled yet, as far as they could still say. */
  readonly inHand: number
  readonly faults: readonly string[]
}

export async function killWorkers({ fresh, smtp, dice, workers: count, seconds }: WorkersOptions): Promise<Worked> {
  const database = await fresh()
  const url = `smtp://127.0.0.1:${smtp.port}`
  const before = (await smtp.messages()).length
  const faults: string[] = []
  const start = (offset: number): Worker =>
    startWorker(
      { database: database.url, secret: SECRET, smtp: url, offset },
      (why) => void faults.push(`a worker ended by itself: ${why}`),
    )
  const postkey = await createPostkey({
    url: 'http://localhost:3999',
    secret: SECRET,
    database: database.url,
    mail: { from: 'sign-in@example.com', transport: url },
    policy,
    now: Date.now,
    sendsMail: false,
  })
  let workers = Array.from({ length: count }, () => start(0))
  let kills = 0
  let inHand = 0
  const accepted: string[] = []
  try {
    await Promise.all(workers.map(({ ready }) => ready))
    const end = performance.now() + 1_000 * seconds
    const asking = async (): Promise<void> => {
      while (performance.now() < end) {
        const email = `person${accepted.length}@example.net`
        const asked = await postkey.startSignIn({ email }, new Request('http://localhost:3999/'))
        if (!('challenge' in asked)) throw new Error(`asking answered ${JSON.stringify(asked)}`)
        accepted.push(email)
        await sleep(15)
      }
    }
    const killing = async (): Promise<void> => {
      while (performance.now() < end) {
        await sleep(KILL_EVERY_MS)
        // One that is still starting has nothing in its hands; and killed as soon as there is another, none lives until its first mail is out.
        const working = workers.filter(({ isReady }) => isReady())
        if (working.length <= count / 2) continue
        const victim = dice.pick(working)
        await victim.kill()
        kills++
        inHand += victim.inHand()
        workers[workers.indexOf(victim)] = start(0)
      }
    }
    await Promise.all([asking(), killing()])
    // What the dead had in their hands comes free when the leases are over.
    await Promise.all(workers.map((worker) => worker.kill()))
    kills += workers.length
    inHand += workers.reduce((sum, worker) => sum + worker.inHand(), 0)
    workers = Array.from({ length: count }, () => start(PAST_THE_LEASE))
    for (const until = performance.now() + 60_000; (await queued(database.url)) > 0 && performance.now() < until; ) await sleep(250)
    const unsent = await queued(database.url)
    if (unsent > 0) faults.push(`${unsent} mails are still in the queue`)
    await Promise.all(workers.map((worker) => worker.kill()))
    const arrived = (await smtp.messages()).slice(before)
    faults.push(...faultsOf(accepted, arrived), ...(await brokenRows(database.url, Date.now() + PAST_THE_LEASE)))
    return { kills, mails: accepted.length, duplicates: arrived.length - accepted.length, inHand, faults }
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()))
    await postkey.close()
    await database.drop()
  }
}

/** Each who asked has a mail, and each copy of it is the same. */
function faultsOf(accepted: readonly string[], arrived: readonly Received[]): string[] {
  const copies = new Map<string, Received[]>()
  for (const mail of arrived) copies.set(mail.rcptTo.join(), [...(copies.get(mail.rcptTo.join()) ?? []), mail])
  const faults: string[] = []
  for (const email of accepted) if (!copies.has(email)) faults.push(`${email} got no mail`)
  for (const [email, mails] of copies) {
    if (!accepted.includes(email)) faults.push(`${email} never asked`)
    const kinds = new Set(mails.map(({ headers, text, html }) => JSON.stringify([headers['message-id'], text, html])))
    if (kinds.size > 1) faults.push(`the ${mails.length} copies to ${email} differ`)
  }
  return faults
}

interface Worker {
  readonly ready: Promise<void>
  isReady(): boolean
  /** Mails that the mail server has and the database does not know of. */
  inHand(): number
  /** SIGKILL; resolves when it is dead. */
  kill(): Promise<void>
}

interface WorkerOptions {
  readonly database: string
  readonly secret: string
  readonly smtp: string
  readonly offset: number
}

function startWorker(options: WorkerOptions, endedByItself: (why: string) => void): Worker {
  const child: ChildProcess = fork(fileURLToPath(new URL('worker-child.mjs', import.meta.url)), [JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Whatever instruments the test process is none of the worker's business.
    env: { PATH: process.env['PATH'] ?? '', POSTKEY_TEST_SQLITE: process.env['POSTKEY_TEST_SQLITE'] ?? '' },
  })
  let isReady = false
  let inHand = 0
  child.on('message', (said) => {
    if (said === 'handed over') inHand++
    if (said === 'settled') inHand--
  })
  // Not at 'exit': what it still said is heard until it is disconnected.
  const gone = (event: string) => new Promise<void>((resolve) => child.once(event, () => resolve()))
  const dead = Promise.all([gone('exit'), gone('disconnect')])
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (said) => {
      if (said !== 'ready') return
      isReady = true
      resolve()
    })
    child.once('exit', (code, signal) => {
      reject(new Error('a worker ended before it was ready'))
      if (signal !== 'SIGKILL') endedByItself(String(signal ?? code))
    })
  })
  // Killed while it starts: nobody waits for it.
  ready.catch(() => {})
  return {
    ready,
    isReady: () => isReady,
    inHand: () => inHand,
    kill: async () => {
      child.kill('SIGKILL')
      await dead
    },
  }
}

async function queued(database: string): Promise<number> {
  const engine = await openEngine(database)
  const [row] = await engine.read(() => all<{ n: number }>("select count(*) as n from mails where state = 'queued'"))
  await engine.close()
  return row?.n ?? -1
}
