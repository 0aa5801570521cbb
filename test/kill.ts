// One person signs in by code while the server is killed at a given step and started again. What must then be true is checked
// here, for every step alike.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openEngine } from '../src/store/open.ts'
import { all } from '../src/store/operation.ts'
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

function startChild(options: { database: string; smtp: string; killAt: number; offset: number }): Promise<Child> {
  const child = fork(fileURLToPath(new URL('kill-child.mjs', import.meta.url)), [JSON.stringify({ ...options, secret: SECRET })], {
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

/** Kills at step `killAt` (0: never) of one whole sign-in. */
export async function signInAndKillAt(killAt: number, smtp: SmtpTestServer): Promise<Killed> {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-kill-'))
  const database = join(folder, 'postkey.db')
  const email = `ada${killAt}.${folder.slice(-6).toLowerCase()}@example.net`
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
    if (killAt > 0) {
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
    faults.push(...(await invariants(database)))
    return { label, steps, faults, copies: copies.length }
  } finally {
    child.process.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
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
  const engine = await openEngine(`file:${database}`, {})
  const [row] = await engine.read(() => all<{ n: number }>("select count(*) as n from mails where state = 'queued'"))
  await engine.close()
  return row?.n ?? -1
}

/** What the rows must say, wherever the kill was. */
async function invariants(database: string): Promise<string[]> {
  const engine = await openEngine(`file:${database}`, {})
  const rows = <R>(sql: string): Promise<readonly R[]> => engine.read(() => all<R>(sql))
  const count = async (sql: string): Promise<number> => (await rows<{ n: number }>(`select count(*) as n from ${sql}`))[0]?.n ?? -1
  const faults: string[] = []
  const claim = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault)
  }
  const sessions = await count('sessions')
  claim(sessions === 1, `I1: ${sessions} sessions`)
  claim((await count("events where reason = 'signed_in'")) === sessions, 'I9: a session without its event, or an event without its session')
  claim((await count('challenges where completed_at is not null')) === sessions, 'I4: a completed challenge without a session')
  claim((await count('users where confirmed_at is null or sign_in_count <> 1')) === 0, 'a user who was counted twice')
  claim(
    (await count('challenges')) === (await count("events where kind = 'start' and reason = 'mail_queued'")),
    'I9: a start without its event',
  )
  claim((await count('challenges')) === (await count('mails')), 'I5: a start without its mail')
  claim((await count("mails where state <> 'sent'")) === 0, 'I5: a mail that never came to rest')
  claim((await count("mails where state <> 'queued' and sealed is not null")) === 0, 'a settled mail that keeps its secrets')
  const check = await rows<{ integrity_check: string }>('pragma integrity_check')
  claim(check[0]?.integrity_check === 'ok', 'the database is damaged')
  await engine.close()
  return faults
}
