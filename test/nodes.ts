// Several real processes on one database, which can be killed, paused and started again, and a client for their JSON API. Mails
// come back to this process and are opened here.
import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Message, PolicyInput } from '../src/index.ts'
import { childProgram } from './children.ts'
import { databaseFolder } from './folders.ts'
import { openMail } from './kit.ts'
import { emptyDatabase, freshDatabase } from './postgres.ts'
import { copyTemplate } from './sqlite-template.ts'

export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** A database of this version that nobody has used, and that several processes can open. */
export const sharedDatabases: readonly (readonly [string, () => Promise<TestDatabase>])[] = [
  ['SQLite', sqliteFile],
  ['PostgreSQL', () => freshDatabase()],
]

/** The same without a schema. */
export const emptyDatabases: typeof sharedDatabases = [
  ['SQLite', noFile],
  ['PostgreSQL', emptyDatabase],
]

export async function sqliteFile(): Promise<TestDatabase> {
  const database = await noFile()
  copyTemplate(database.url.slice('file:'.length))
  return database
}

async function noFile(): Promise<TestDatabase> {
  const folder = databaseFolder('postkey-nodes-')
  return { url: `file:${join(folder, 'postkey.db')}`, drop: async () => rmSync(folder, { recursive: true, force: true }) }
}

export interface NodesOptions {
  readonly database: string
  readonly count?: number
  readonly policy?: PolicyInput
  /** All at the same moment, on a database that may be empty; else one after the other. */
  readonly together?: boolean
  /** How many times faster than this machine's the nodes' clocks run. */
  readonly speed?: number
  /** Each node has the clock that it would have in production, so many milliseconds off. Without this, `speed` decides. */
  readonly clocks?: readonly number[]
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
  /** The secret of the browser: a name of 43 letters and digits. */
  readonly browser: string
  readonly session?: string | null
  /** Where it comes from. */
  readonly address?: string
}

export interface Reply {
  readonly status: number
  readonly requestId: string
  /** What the API says besides. */
  readonly body: Body
}

export interface Body {
  readonly reason?: string
  readonly challenge?: string
  readonly triesLeft?: number | null
  readonly replayed?: boolean
  readonly session?: { readonly id: string; readonly token?: string }
  readonly user?: { readonly email: string }
}

/** Nobody was there: the request did nothing. Any other error leaves open what it did. */
export class NobodyThere extends Error {}

export interface OpenedMail {
  readonly link: string
  readonly code: string
}

export interface Nodes {
  /** By link id: the challenge's, and a character for which of its mails. */
  readonly mails: ReadonlyMap<string, OpenedMail>
  readonly count: number
  /** By the clock of the nodes, with fractions: milliseconds since they began. */
  now(): number
  /** The same as a time of day. */
  wallClock(): number
  send(node: number, request: Request): Promise<Reply>
  /** SIGKILL; resolves when it is dead. */
  kill(node: number): Promise<void>
  start(node: number): Promise<void>
  /** From now on its machine's clock is so many milliseconds off. With `clocks` only. */
  setClock(node: number, shift: number): Promise<void>
  /** Stands still in the middle of whatever it does. */
  pause(node: number, ms: number): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

interface Running {
  readonly process: ChildProcess
  readonly port: number
  readonly dead: Promise<void>
}

const SECRET = 'nodes-secret-of-at-least-32-bytes-0123456789abcdef'
const ANSWER_MS = 15_000

export async function startNodes(given: NodesOptions): Promise<Nodes> {
  const { database, count = 2, policy = {}, together = false, speed = 1, clocks } = given
  const mails = new Map<string, OpenedMail>()
  const clock = { epoch: Date.now(), speed }
  const running: (Running | null)[] = Array.from({ length: count }, () => null)
  const options = JSON.stringify({ database, secret: SECRET, policy, clock: clocks === undefined ? clock : null })
  const shifts = clocks === undefined ? null : [...clocks]

  const start = async (node: number): Promise<void> => {
    running[node] = await startChild(options, shifts?.[node] ?? null, (message) => {
      const { linkId, secret, code } = openMail(message)
      mails.set(linkId, { link: secret, code: code ?? '' })
    })
  }
  const kill = async (node: number): Promise<void> => {
    const child = running[node]
    running[node] = null
    child?.process.kill('SIGKILL')
    await child?.dead
  }
  const all = Array.from({ length: count }, (_, node) => node)
  if (together) await Promise.all(all.map(start))
  else for (const node of all) await start(node)
  return {
    mails,
    count,
    now: () => (performance.timeOrigin + performance.now() - clock.epoch) * speed,
    wallClock: () => clock.epoch + (performance.timeOrigin + performance.now() - clock.epoch) * speed,
    send: async (node, request) => {
      const child = running[node]
      if (child == null) throw new NobodyThere()
      return send(`http://127.0.0.1:${child.port}`, request)
    },
    kill,
    start,
    setClock: async (node, shift) => {
      const child = running[node]?.process
      if (shifts === null || child === undefined) throw new Error(`node ${node} has no clock of its own`)
      shifts[node] = shift
      const set = new Promise<void>((resolve) => {
        const heard = (message: { clockSet?: true }): void => {
          if (message.clockSet === undefined) return
          child.off('message', heard)
          resolve()
        }
        child.on('message', heard)
      })
      child.send({ clock: shift })
      await set
    },
    pause: async (node, ms) => {
      const child = running[node]
      child?.process.kill('SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, ms))
      child?.process.kill('SIGCONT')
    },
    [Symbol.asyncDispose]: async () => {
      for (let node = 0; node < count; node++) await kill(node)
    },
  }
}

async function startChild(options: string, shift: number | null, arrived: (message: Message) => void): Promise<Running> {
  const child = fork(await childProgram('node-child'), [options], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
    execArgv: shift === null ? [] : ['--import', new URL('shifted-clock.mjs', import.meta.url).href],
    // Whatever instruments the test process is none of the node's business.
    env: {
      PATH: process.env['PATH'] ?? '',
      POSTKEY_TEST_SQLITE: process.env['POSTKEY_TEST_SQLITE'] ?? '',
      ...(shift === null ? {} : { POSTKEY_TEST_CLOCK: String(shift) }),
    },
  })
  const dead = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`a node ended before it was ready: ${signal ?? code}`)))
    child.on('message', (message: { port?: number; mail?: Message }) => {
      if (message.mail !== undefined) arrived(message.mail)
      if (message.port !== undefined) resolve({ process: child, port: message.port, dead })
    })
  })
}

async function send(origin: string, request: Request): Promise<Reply> {
  const { method, path, body, browser, session, address } = request
  const headers: Record<string, string> = {
    'postkey-browser': browser,
    ...(session == null ? {} : { authorization: `Bearer ${session}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(address === undefined ? {} : { 'x-forwarded-for': address }),
  }
  const init = { method, headers, signal: AbortSignal.timeout(ANSWER_MS), ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  const response = await fetch(`${origin}${path}`, init).catch((error: Error & { cause?: { code?: string } }) => {
    throw error.cause?.code === 'ECONNREFUSED' ? new NobodyThere() : error
  })
  const text = await response.text()
  return {
    status: response.status,
    requestId: response.headers.get('x-request-id') ?? '',
    body: text === '' ? {} : ((JSON.parse(text) as Body | null) ?? {}),
  }
}
