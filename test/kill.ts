// One person signs in by code while the server is killed at a given step and started again. What must then be true is checked
// here, for every step alike.
import { type ChildProcess, fork } from 'node:child_process'
import { openEngine } from '../src/store/open.ts'
import { all, one } from '../src/store/operation.ts'
import { childProgram } from './children.ts'
import { brokenRows } from './examine.ts'
import type { TestDatabase } from './nodes.ts'
import type { SmtpTestServer } from './smtp-server.ts'

const SECRET = 'kill-secret-of-at-least-32-bytes-0123456789abcdef'
/** Longer than the lease of a mail. */
const PAST_THE_LEASE = 125_000

export interface Killed {
  /** Where it was killed; null: the step never came. */
  readonly label: string | null
  readonly steps: number
  readonly faults: readonly string[]
  readonly copies: number
}

interface Child {
  readonly process: ChildProcess
  readonly port: number
  readonly dead: Promise<void>
  label(): string | null
  steps(): number
}

async function startChild(options: { database: string; smtp: string; killAt: number; offset: number }): Promise<Child> {
  const child = fork(await childProgram('kill-child'), [JSON.stringify({ ...options, secret: SECRET })], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let last: { step: number; label: string } | null = null
  const dead = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the server ended before it was ready: ${code}`)))
    child.on('message', (message: { port?: number; step?: number; label?: string }) => {
      if (message.step !== undefined) last = { step: message.step, label: message.label ?? '' }
      if (message.port !== undefined) {
        resolve({ process: child, port: message.port, dead, label: () => last?.label ?? null, steps: () => last?.step ?? 0 })
      }
    })
  })
}

export interface KillOptions {
  readonly fresh: () => Promise<TestDatabase>
  readonly smtp: SmtpTestServer
  /** At which step; 0: never. */
  readonly killAt: number
}

let people = 0

/** Kills at one step of one whole sign-in. */
export async function signInAndKillAt({ fresh, smtp, killAt }: KillOptions): Promise<Killed> {
  const { url: database, drop } = await fresh()
  const email = `ada${++people}@example.net`
  const faults: string[] = []
  let offset = 0
  let cookie = ''
  const options = { database, smtp: `smtp://127.0.0.1:${smtp.port}` }
  let child = await startChild({ ...options, killAt, offset })
  let label: string | null = null
  let steps = 0

  const restart = async (): Promise<void> => {
    if (child.process.exitCode === null && child.process.signalCode === null) child.process.kill('SIGKILL')
    await child.dead
    label ??= child.label()
    child = await startChild({ ...options, killAt: 0, offset })
  }
  /** A person's browser: sends the request again when the server did not answer. */
  const send = async (path: string, form: Record<string, string> | null): Promise<Response> => {
    for (let attempt = 0; attempt < 4; attempt++) {
      const headers = { origin: 'http://localhost:3999', cookie, 'sec-fetch-site': 'same-origin' }
      const body = form && new URLSearchParams(form)
      try {
        const response = await fetch(`http://127.0.0.1:${child.port}${path}`, {
          method: form ? 'POST' : 'GET',
          redirect: 'manual',
          headers,
          body,
        })
        for (const set of response.headers.getSetCookie()) {
          const pair = set.split(';')[0] as string
          cookie = [...cookie.split('; ').filter((one) => one !== '' && !one.startsWith(`${pair.split('=')[0]}=`)), pair].join('; ')
        }
        return response
      } catch {
        await restart()
      }
    }
    throw new Error('the server did not come back')
  }
  const mails = async () => (await smtp.messages()).filter((message) => message.rcptTo.includes(email))
  const mailOf = async (challenge: string) => (await mails()).find((message) => (message.headers['message-id'] ?? '').includes(challenge))

  try {
    // The browser has its cookie from the page already.
    await send('/sign-in', null)
    const asked = await send('/sign-in', { email })
    if (asked.status !== 303) faults.push(`asking answered ${asked.status}`)
    const challenge = new URL(asked.headers.get('location') ?? '', 'http://x').searchParams.get('c') ?? ''

    let mail = await until(() => mailOf(challenge), 1_500, child.dead)
    if (mail === undefined) {
      // Killed with the mail in its hands: the lease must run out first.
      offset = PAST_THE_LEASE
      await restart()
      mail = await until(() => mailOf(challenge), 5_000)
    }
    if (mail === undefined) throw new Error(`I5: the mail of an accepted start never came (step ${killAt}: ${label ?? child.label()})`)
    const code = mail.text.replace(/https?:\S+/g, '').match(/(?<!\d)\d{6}(?!\d)/)?.[0] ?? ''
    const verified = await send('/sign-in/code', { c: challenge, code })
    if (verified.status !== 303) faults.push(`I4: the right code answered ${verified.status}`)
    const again = await send('/sign-in/code', { c: challenge, code })
    if (again.status !== 303) faults.push(`the same form again answered ${again.status}`)
    steps = child.steps()
    if (killAt > 0 && (await queued(database)) > 0) {
      // What was handed over but not settled is sent once more when its lease has run out.
      offset = PAST_THE_LEASE
      await restart()
      await until(async () => ((await queued(database)) === 0 ? true : undefined), 5_000)
    }
    child.process.kill('SIGKILL')
    await child.dead

    const copies = await mails()
    for (const id of new Set(copies.map((message) => message.headers['message-id'] ?? ''))) {
      const same = copies.filter((message) => message.headers['message-id'] === id)
      if (same.length > 2) faults.push(`${same.length} copies of ${id}`)
      if (new Set(same.map(({ text }) => text)).size > 1) faults.push(`copies of ${id} differ`)
    }
    faults.push(...(await brokenRows(database, Date.now() + offset)), ...(await oneOfEach(database)))
    return { label, steps, faults, copies: copies.length }
  } finally {
    child.process.kill('SIGKILL')
    await child.dead
    await drop()
  }
}

async function until<T>(look: () => Promise<T | undefined>, ms: number, stop?: Promise<void>): Promise<T | undefined> {
  let stopped = false
  void stop?.then(() => {
    stopped = true
  })
  for (const end = Date.now() + ms; Date.now() < end && !stopped; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const found = await look()
    if (found !== undefined) return found
  }
  return look()
}

async function queued(database: string): Promise<number> {
  const engine = await openEngine(database)
  const [row] = await engine.read(() => all<{ n: number }>("select count(*) as n from mails where state = 'queued'"))
  await engine.close()
  return row?.n ?? -1
}

/** What is so besides, where one person signed in once and every mail found its way. */
async function oneOfEach(database: string): Promise<string[]> {
  const engine = await openEngine(database)
  const counts = await engine.read(() =>
    one<Record<string, number>>(
      "select (select count(*) from sessions) as sessions, (select count(*) from users) as users, (select count(*) from challenges where completed_at is not null) as completed, (select count(*) from mails where state <> 'sent') as unsent",
    ),
  )
  const damage = await engine.damage()
  await engine.close()
  const expected = JSON.stringify({ sessions: 1, users: 1, completed: 1, unsent: 0 })
  return [
    ...(JSON.stringify(counts) === expected ? [] : [`${JSON.stringify(counts)} instead of ${expected}`]),
    ...(damage === null ? [] : [damage]),
  ]
}
