// Functions of the host are called at least once for what was committed, whatever is killed in between. On both engines.
import { type ChildProcess, fork } from 'node:child_process'
import { describe, expect, test, vi } from 'vitest'
import type { AddressConfirmed, SignedIn, SignedOut } from '../../src/index.ts'
import { childProgram } from '../children.ts'
import { askAndOpen, HOUR, signIn, startKit } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const ADA = 'ada@example.net'
const SECRET = 'hook-secret-of-at-least-32-bytes-0123456789abcdef'

test('who signs in, confirms and signs out is told, by ids alone', async () => {
  const told: [string, SignedIn | AddressConfirmed | SignedOut][] = []
  await using kit = await startKit({
    hooks: {
      signedIn: (what) => void told.push(['signedIn', what]),
      addressConfirmed: async (what) => void told.push(['addressConfirmed', what]),
      signedOut: (what) => void told.push(['signedOut', what]),
    },
  })
  const asked = await askAndOpen(kit, ADA)
  await asked.browser.post('/sign-in/code', { c: asked.challenge, code: asked.code ?? '' })
  await kit.postkey.hostTold()
  await signIn(kit, ADA)
  await asked.browser.post('/sign-out', {})
  await kit.postkey.hostTold()
  expect(told.map(([name]) => name).toSorted()).toEqual(['addressConfirmed', 'signedIn', 'signedIn', 'signedOut'])
  const [, first] = told.find(([name]) => name === 'signedIn') as [string, SignedIn]
  expect(first).toEqual({
    id: expect.any(String),
    tenant: 'default',
    at: kit.clock.at,
    requestId: expect.any(String),
    user: expect.any(String),
    session: expect.any(String),
    challenge: asked.challenge,
    proof: 'code',
  })
  expect(told.find(([name]) => name === 'signedOut')?.[1]).toMatchObject({
    user: first.user,
    sessions: [first.session],
    count: 1,
    reason: 'signed_out',
  })
  expect(JSON.stringify(told)).not.toContain('@')
})

test('who is signed out by the code of the host is told of at once, and not when somebody looks again', async () => {
  const told: SignedOut[] = []
  await using kit = await startKit({ hooks: { signedOut: (what) => void told.push(what) } })
  await signIn(kit, ADA)
  await kit.postkey.hostTold()
  const ended = await kit.postkey.users.endSessions({ email: ADA })
  // It looks by itself after ten seconds.
  await vi.waitFor(() => expect(told).toHaveLength(1), 5_000)
  expect(told).toMatchObject([{ count: 1, reason: 'operator_ended_sessions', requestId: ended.requestId }])
})

test('a function that fails is called again, with the same id, and what it threw is in the log alone', async () => {
  const told: SignedIn[] = []
  const errors: unknown[] = []
  await using kit = await startKit({
    log: { event: () => {}, warn: () => {}, error: (_, error) => void errors.push(error) },
    hooks: {
      signedIn: (what) => {
        told.push(what)
        if (told.length === 1) throw new Error('no room')
      },
    },
  })
  await signIn(kit, ADA)
  await kit.postkey.hostTold()
  expect(told).toHaveLength(1)
  expect(String(errors)).toContain('no room')
  kit.clock.forward(HOUR)
  await kit.postkey.hostTold()
  expect(told).toHaveLength(2)
  expect(told[1]).toEqual(told[0])
  kit.clock.forward(100 * HOUR)
  await kit.postkey.hostTold()
  expect(told).toHaveLength(2)
})

interface Heard {
  readonly name?: string
  readonly what?: { readonly id: string; readonly user: string }
  readonly mail?: string
}

interface Child {
  readonly process: ChildProcess
  readonly port: number
  readonly heard: Heard[]
  readonly dead: Promise<void>
}

async function startChild(options: object): Promise<Child> {
  const child = fork(await childProgram('hook-child'), [JSON.stringify({ secret: SECRET, offset: 0, ...options })], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const heard: Heard[] = []
  const dead = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended before it was ready: ${code}`)))
    child.on('message', (message: Heard & { port?: number }) => {
      if (message.port !== undefined) resolve({ process: child, port: message.port, heard, dead })
      else heard.push(message)
    })
  })
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const found = look()
    if (found !== undefined) return found
  }
  throw new Error('it did not come')
}

/** Longer than the lease of a call. */
const PAST_THE_LEASE = 65_000

describe.each(sharedDatabases)('FA-01, FA-03: %s', (_, fresh) => {
  test.each([
    ['after commit', 0],
    ['in the call', PAST_THE_LEASE],
  ] as const)(
    'killed %s, the next process calls',
    async (die, offset) => {
      const { url: database, drop } = await fresh()
      const first = await startChild({ database, die })
      let second: Child | null = null
      try {
        const headers = { origin: 'http://localhost:3999', 'sec-fetch-site': 'same-origin' }
        const post = (path: string, form: Record<string, string>, cookie: string): Promise<Response> =>
          fetch(`http://127.0.0.1:${first.port}${path}`, {
            method: 'POST',
            redirect: 'manual',
            headers: { ...headers, cookie },
            body: new URLSearchParams(form),
          })
        const asked = await post('/sign-in', { email: ADA }, '')
        const [cookie = ''] = asked.headers.getSetCookie().map((set) => set.split(';')[0])
        const challenge = new URL(asked.headers.get('location') ?? '', 'http://x').searchParams.get('c') ?? ''
        const text = await until(() => first.heard.find(({ mail }) => mail !== undefined)?.mail)
        const code = text.replace(/https?:\S+/g, '').match(/(?<!\d)\d{6}(?!\d)/)?.[0] ?? ''
        await post('/sign-in/code', { c: challenge, code }, cookie).catch(() => undefined)
        await first.dead
        expect(first.process.signalCode).toBe('SIGKILL')
        const before = first.heard.filter(({ name }) => name !== undefined)
        expect(before.length > 0).toBe(die === 'in the call')
        second = await startChild({ database, die: null, offset })
        const { heard } = second
        const told = (name: string) => heard.find((one) => one.name === name)?.what
        const signedIn = await until(() => told('signedIn'))
        const confirmed = await until(() => told('addressConfirmed'))
        expect(confirmed.user).toBe(signedIn.user)
        // What was told before it was killed is told again under the same id.
        for (const { name, what } of before) expect(told(name ?? '')).toEqual(what)
      } finally {
        for (const child of [first, second]) {
          child?.process.kill('SIGKILL')
          await child?.dead
        }
        await drop()
      }
    },
    60_000,
  )
})
