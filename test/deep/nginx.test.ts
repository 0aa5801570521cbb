// Two nodes on one PostgreSQL behind a real nginx that takes TLS off and is configured as docs/operating.md prints it. People come
// from loopback addresses of their own (Linux), and the nodes from one that they trust as their proxy's.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from '../free-port.ts'
import { wrongCode } from '../kit.ts'
import { documentedConfig, hasIpv6, type Nginx, startNginx } from '../nginx.ts'
import { freshDatabase } from '../postgres.ts'
import { SERVE_SECRET, type ServeProcess, startServe } from '../server.ts'
import { type SmtpTestServer, startSmtpServer, testAuthority } from '../smtp-server.ts'

// All of it is a matter of seconds.
vi.setConfig({ testTimeout: 60_000 })

const NETWORK_LIMIT = 6
const authority = readFileSync(testAuthority)

let database: Awaited<ReturnType<typeof freshDatabase>>
let smtp: SmtpTestServer
let nginx: Nginx
let folder: string
let port: number
let plainPort: number
let origin: string
let nodes: [ServeProcess, ServeProcess]
/** All that nobody but its owner may read, as the stories met it. */
const secrets = new Set<string>()

const startNode = (ownPort: number): Promise<ServeProcess> =>
  startServe({
    PORT: String(ownPort),
    POSTKEY_URL: origin,
    POSTKEY_DATABASE_URL: database.url,
    POSTKEY_SMTP_URL: `smtp://127.0.0.1:${smtp.port}?timeout=2000ms`,
    POSTKEY_TRUSTED_PROXIES: '127.0.0.1/32',
    POSTKEY_POLICY: join(folder, 'policy.json'),
  })

beforeAll(async () => {
  database = await freshDatabase()
  smtp = await startSmtpServer({ mode: 'accept' })
  folder = mkdtempSync(join(tmpdir(), 'postkey-nginx-test-'))
  writeFileSync(join(folder, 'policy.json'), JSON.stringify({ starts: { network: { count: NETWORK_LIMIT, per: '1h' } } }))
  port = await freePort()
  plainPort = await freePort()
  origin = `https://localhost:${port}`
  nodes = [await startNode(await freePort()), await startNode(await freePort())]
  nginx = await startNginx({ port, plainPort, nodes: [nodes[0].port, nodes[1].port] })
})
afterAll(async () => {
  await nginx?.stop()
  for (const node of nodes ?? []) await node.stop()
  await smtp?.stop()
  await database?.drop()
  rmSync(folder, { recursive: true, force: true })
})

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly location: string
  readonly text: string
}

interface Sent {
  readonly form?: Readonly<Record<string, string>>
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly address?: string
  /** Another proxy than the one of all stories. */
  readonly at?: number
}

/** One request as a browser makes it, from an address of its own. No redirect is followed. */
function send(path: string, { form, body, headers = {}, address = '127.9.9.9', at = port }: Sent): Promise<Answer> {
  const content = form ? new URLSearchParams(form).toString() : body
  const options = {
    // Where an IPv6 client goes.
    host: address.includes(':') ? '::1' : '127.0.0.1',
    localAddress: address,
    port: at,
    path,
    method: content === undefined ? 'GET' : 'POST',
    servername: 'localhost',
    ca: authority,
    agent: false,
    headers: {
      host: `localhost:${at}`,
      ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      ...(content === undefined ? {} : { 'content-length': String(Buffer.byteLength(content)) }),
      ...headers,
    },
  } as const
  return new Promise((resolve, reject) => {
    const outgoing = (at === plainPort ? plainRequest : request)(options, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          location: incoming.headers.location ?? '',
          text: Buffer.concat(chunks).toString(),
        }),
      )
    })
    outgoing.once('error', reject)
    outgoing.end(content)
  })
}

let people = 0

class Person {
  readonly email: string
  readonly address: string
  readonly cookies = new Map<string, string>()
  readonly at: number | undefined

  /** At home in networks of their own, or at `address`. */
  constructor({ address, at }: { readonly address?: string; readonly at?: number } = {}) {
    people++
    this.email = `person-${people}@example.net`
    this.address = address ?? `127.${10 + (people % 240)}.${1 + Math.floor(people / 240)}.1`
    this.at = at
    secrets.add(this.email)
  }

  async send(path: string, form?: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await send(path, {
      ...(form ? { form } : {}),
      address: this.address,
      ...(this.at === undefined ? {} : { at: this.at }),
      headers: {
        origin,
        'sec-fetch-site': 'same-origin',
        ...(this.cookies.size === 0 ? {} : { cookie: [...this.cookies].map((pair) => pair.join('=')).join('; ') }),
        ...headers,
      },
    })
    for (const set of answer.headers['set-cookie'] ?? []) {
      const [name = '', value = ''] = (set.split(';')[0] ?? '').split('=')
      this.cookies.set(name, value)
      if (value !== '') secrets.add(value)
    }
    return answer
  }

  /** The challenge. */
  async ask(): Promise<string> {
    await this.send('/sign-in')
    const answer = await this.send('/sign-in', { email: this.email })
    expect([answer.status, answer.text]).toEqual([303, ''])
    return new URL(answer.location, origin).searchParams.get('c') ?? ''
  }

  async mail(): Promise<{
    readonly code: string
    readonly link: string
    readonly id: string
    readonly secret: string
    readonly text: string
  }> {
    for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 20))) {
      const text = (await smtp.messages()).findLast((message) => message.rcptTo.includes(this.email))?.text
      if (text === undefined) continue
      const [link = '', id = '', secret = ''] = text.match(/https?:\S+\/l\/(\w+)#(\w{43})/) ?? []
      const code = text.replace(/https?:\S+/g, '').match(/(?<!\d)\d{6}(?!\d)/)?.[0] ?? ''
      secrets.add(code).add(secret)
      return { code, link, id, secret, text }
    }
    throw new Error(`no mail to ${this.email}`)
  }

  async whoAmI(): Promise<string | null> {
    const answer = await this.send('/api/session')
    return answer.status === 200 ? (JSON.parse(answer.text) as { user: { email: string } }).user.email : null
  }

  async sessions(): Promise<{ readonly network: string }[]> {
    return (JSON.parse((await this.send('/api/sessions')).text) as { sessions: { network: string }[] }).sessions
  }
}

/** What a node says it answered, by request id. */
function answered(node: ServeProcess, { headers }: Answer): boolean {
  return node.lines().some((line) => line['event'] === 'request' && line['requestId'] === headers['x-request-id'])
}

async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 10_000; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 20)))
    if (Date.now() > end) throw new Error(`not within ten seconds: ${what}`)
}

/** Somebody who asked, with a mail in hand. */
async function asked(options: { readonly at?: number } = {}): Promise<{ person: Person; challenge: string; code: string }> {
  const person = new Person(options)
  const challenge = await person.ask()
  return { person, challenge, code: (await person.mail()).code }
}

async function kill(node: ServeProcess): Promise<void> {
  process.kill(node.pid, 'SIGKILL')
  expect(await node.stop()).toBe(null)
}

/** Started again where nginx looks for it, and trusted by nginx once more. */
async function revive(which: 0 | 1): Promise<void> {
  nodes[which] = await startNode(nodes[which].port)
  await eventually(async () => answered(nodes[which], await send('/livez', {})), 'the node that was started again gets requests')
}

function lives({ pid }: ServeProcess): boolean {
  try {
    return process.kill(pid, 'SIGCONT')
  } catch {
    return false
  }
}

describe('TLS ends at nginx', () => {
  test('HH-05: cookies are Secure and of the host, and link and redirects stand on POSTKEY_URL, whatever host was asked for', async () => {
    const ada = new Person()
    const evil = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' }
    await ada.send('/sign-in', undefined, evil)
    const asked = await ada.send('/sign-in', { email: ada.email }, evil)
    expect(asked.location).toMatch(/^\/sign-in\/check\?c=\w{16}$/)
    const { link, id, secret, text } = await ada.mail()
    expect(link).toBe(`${origin}/l/${id}#${secret}`)
    expect(text).not.toContain('evil.example')
    expect((await ada.send(`/l/${id}`)).status).toBe(200)
    const answer = await ada.send(`/l/${id}`, { secret }, evil)
    expect([answer.status, answer.location]).toEqual([303, `${origin}/account`])
    for (const cookie of answer.headers['set-cookie'] ?? []) expect(cookie).toMatch(/^__Host-.*; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
    expect([...ada.cookies.keys()].sort()).toEqual(['__Host-postkey-browser', '__Host-postkey-session'])
    expect(await ada.whoAmI()).toBe(ada.email)
  })

  test('the origin check compares with POSTKEY_URL: the address behind the proxy and plain http are foreign', async () => {
    const ada = new Person()
    await ada.send('/sign-in')
    const foreign = [`http://localhost:${port}`, `http://127.0.0.1:${nodes[0].port}`, 'http://postkey', 'https://localhost', 'null']
    for (const claimed of foreign)
      expect([claimed, (await ada.send('/sign-in', { email: ada.email }, { origin: claimed })).status]).toEqual([claimed, 403])
    expect((await ada.send('/sign-in', { email: ada.email })).status).toBe(303)
  })

  test('plain HTTP leads to POSTKEY_URL, path and query kept', async () => {
    const answer = await send('/l/abc?x=1', { at: plainPort, headers: { host: 'evil.example' } })
    expect([answer.status, answer.location]).toEqual([301, `${origin}/l/abc?x=1`])
  })

  test('nginx takes no header away and changes none', async () => {
    for (const path of ['/sign-in', '/account', '/api/session', '/l/abcdefghijklmnop0', '/nothing']) {
      const through = await send(path, {})
      const direct = await fetch(`http://127.0.0.1:${nodes[0].port}${path}`, { redirect: 'manual' })
      const own = [...direct.headers].filter(([name]) => !/^(date|connection|keep-alive|x-request-id|set-cookie)$/.test(name))
      expect(own.length).toBeGreaterThan(5)
      expect(through.headers).toMatchObject(Object.fromEntries(own))
      expect(through.status).toBe(direct.status)
    }
  })
})

describe("the client's address", () => {
  /** How many of so many requests from one address get a mail. */
  async function admitted(address: string, headersOf: (at: number) => Record<string, string> = () => ({}), at = port): Promise<number> {
    const statuses: number[] = []
    for (let i = 0; i < NETWORK_LIMIT + 4; i++) {
      const somebody = new Person({ address, at })
      await somebody.send('/sign-in')
      statuses.push((await somebody.send('/sign-in', { email: somebody.email }, headersOf(i))).status)
    }
    expect(statuses.slice().sort()).toEqual(statuses)
    expect(new Set(statuses)).toEqual(new Set([303, 429]))
    return statuses.filter((status) => status === 303).length
  }
  const forged = (i: number): Record<string, string> => ({
    'x-forwarded-for': `198.51.${i}.1, 203.0.${i}.7`,
    'x-real-ip': `198.51.${i}.1`,
    forwarded: `for=198.51.${i}.1`,
  })

  test('RL-06: limits are kept per client on both nodes together, and not per proxy', async () => {
    expect(await admitted('127.1.1.1')).toBe(NETWORK_LIMIT)
    expect(await admitted('127.2.1.1')).toBe(NETWORK_LIMIT)
  })

  test('RL-06: an X-Forwarded-For of the client is not believed', async () => {
    expect(await admitted('127.3.1.1', forged)).toBe(NETWORK_LIMIT)
  })

  test('RL-06: nor is it with $proxy_add_x_forwarded_for, which leaves it in the list', async () => {
    const other = await freePort()
    const variant: readonly [string, string] = ['X-Forwarded-For $remote_addr', 'X-Forwarded-For $proxy_add_x_forwarded_for']
    const second = await startNginx({ port: other, plainPort: await freePort(), nodes: [nodes[0].port, nodes[1].port], instead: [variant] })
    try {
      expect(await admitted('127.4.1.1', forged, other)).toBe(NETWORK_LIMIT)
    } finally {
      await second.stop()
    }
  })

  test('RL-05: a client that comes over IPv6 has limits of its own', async () => {
    expect(
      hasIpv6,
      'this machine has no IPv6 on loopback (::1): allow it, in a container with --sysctl net.ipv6.conf.lo.disable_ipv6=0',
    ).toBe(true)
    expect(await admitted('::1', forged)).toBe(NETWORK_LIMIT)
  })

  test("the person's list of sessions shows their network, and not the proxy's", async () => {
    const { person, challenge, code } = await asked()
    await person.send('/sign-in/code', { c: challenge, code }, forged(1))
    expect(await person.sessions()).toMatchObject([{ network: person.address.replace(/\d+$/, '0/24') }])
  })
})

describe('a node that dies', () => {
  // Also after a story that went wrong: the next one has two nodes again.
  afterEach(async () => {
    for (const which of [0, 1] as const) if (!lives(nodes[which])) await revive(which)
  })

  test('asked on one that is then killed with -9: the other serves the code', async () => {
    const ada = new Person()
    await ada.send('/sign-in')
    const answer = await ada.send('/sign-in', { email: ada.email })
    const { code } = await ada.mail()
    await eventually(() => nodes.some((node) => answered(node, answer)), 'the node that was asked says so')
    const which = answered(nodes[0], answer) ? 0 : 1
    // Enough people at once that nginx tries the dead node with some of them first.
    const others = await Promise.all(Array.from({ length: 4 }, () => asked()))
    const before = nginx.errorLog().length
    await kill(nodes[which])
    const challenge = new URL(answer.location, origin).searchParams.get('c') ?? ''
    const everybody = [{ person: ada, challenge, code }, ...others]
    const entered = await Promise.all(everybody.map(({ person, challenge: c, code }) => person.send('/sign-in/code', { c, code })))
    expect(entered.map(({ status, location }) => `${status} ${location}`)).toEqual(everybody.map(() => `303 ${origin}/account`))
    for (const { person } of everybody) {
      expect(await person.whoAmI()).toBe(person.email)
      expect(await person.sessions()).toHaveLength(1)
    }
    expect(nginx.errorLog().slice(before)).toMatch(/connect\(\) failed .* "POST \/sign-in\/code/)
  })

  test('killed with requests in its hands: a GET is answered by the other; a POST is not repeated, and sent again it signs in', async () => {
    const everybody = await Promise.all(Array.from({ length: 6 }, () => asked()))
    for (const node of nodes) process.kill(node.pid, 'SIGSTOP')
    const pages = everybody.map(({ person, challenge }) => person.send(`/sign-in/check?c=${challenge}`))
    const entered = everybody.map(({ person, challenge: c, code }) => person.send('/sign-in/code', { c, code }))
    // Both have some of them, and neither can answer.
    await new Promise((resolve) => setTimeout(resolve, 500))
    await kill(nodes[1])
    process.kill(nodes[0].pid, 'SIGCONT')

    expect((await Promise.all(pages)).map(({ status }) => status)).toEqual(everybody.map(() => 200))
    const statuses = (await Promise.all(entered)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([303, 502]))
    // Pressed again, by those who are in already, too.
    for (const { person, challenge: c, code } of everybody) {
      expect((await person.send('/sign-in/code', { c, code })).location).toBe(`${origin}/account`)
      expect(await person.sessions()).toHaveLength(1)
    }
  })

  test('FA-01: a wrong code in the hands of a node that dies is counted once at most', async () => {
    const { person, challenge: c, code } = await asked()
    for (const node of nodes) process.kill(node.pid, 'SIGSTOP')
    const guesses = [0, 1].map((at) => person.send('/sign-in/code', { c, code: wrongCode(code, at) }))
    await new Promise((resolve) => setTimeout(resolve, 500))
    await kill(nodes[1])
    process.kill(nodes[0].pid, 'SIGCONT')
    expect((await Promise.all(guesses)).map(({ status }) => status).sort()).toEqual([422, 502])
    // Five tries in all: the one that was answered, three more, and the right code.
    for (let at = 2; at < 5; at++) expect((await person.send('/sign-in/code', { c, code: wrongCode(code, at) })).status).toBe(422)
    expect((await person.send('/sign-in/code', { c, code })).status).toBe(303)
  })

  test('FA-03: nodes are restarted one after the other while people sign in, and nobody is turned away', async () => {
    let going = true
    const entered: string[] = []
    const guesses = new Set<number>()
    const comeAndGo = async (): Promise<void> => {
      while (going) {
        const { person, challenge: c, code } = await asked()
        const answer = await person.send('/sign-in/code', { c, code })
        const who = await person.whoAmI()
        entered.push(`${answer.status} ${who === person.email}`)
      }
    }
    // So many that one of them is on its way whenever a connection is ended.
    const guess = async (): Promise<void> => {
      const person = new Person()
      while (going) guesses.add((await person.send('/sign-in/code', { c: 'nobody', code: '123456' })).status)
    }
    const crowd = [comeAndGo(), comeAndGo(), comeAndGo(), guess(), guess(), guess(), guess()]
    for (const which of [0, 1, 0, 1, 0, 1] as const) {
      const before = entered.length
      await eventually(() => entered.length > before + 3, 'people sign in')
      expect(await nodes[which].stop()).toBe(0)
      await revive(which)
    }
    going = false
    await Promise.all(crowd)
    expect([new Set(entered), guesses], nginx.errorLog().slice(-2_000)).toEqual([new Set(['303 true']), new Set([403])])
  })
})

describe('what nginx keeps', () => {
  test('the longest address to return to fits, before and after signing in', async () => {
    const ada = new Person()
    const longest = `${origin}/account?x=`.padEnd(2_048, 'x')
    const page = await ada.send(`/sign-in?return_to=${encodeURIComponent(longest)}`)
    expect(page.status).toBe(200)
    const answer = await ada.send('/sign-in', { email: ada.email, return_to: longest })
    const { code } = await ada.mail()
    const c = new URL(answer.location, origin).searchParams.get('c') ?? ''
    expect((await ada.send('/sign-in/code', { c, code })).location).toBe(longest)
  })

  test('the largest form is kept in memory, and a larger one is refused', async () => {
    const ada = new Person()
    await ada.send('/sign-in')
    const filled = (bytes: number): Record<string, string> => ({ email: ada.email, filling: 'x'.repeat(bytes - 40) })
    const large = await ada.send('/sign-in', filled(16_384))
    expect(large.headers['x-request-id']).toBeDefined()
    expect((await ada.send('/sign-in', filled(17_000))).status).toBe(413)
    expect(nginx.spilled()).toBe('')
  })

  test('I8: its logs tell which paths were asked for, and hold no secret, code, cookie or address of anybody', () => {
    const access = nginx.accessLog()
    const logs = access + nginx.errorLog()
    expect(access).toMatch(/"POST \/sign-in\/code HTTP\/1\.1" 303 /)
    expect(access).toMatch(/"POST \/l\/\w{17} HTTP\/1\.1" 303 /)
    expect(secrets.size).toBeGreaterThan(50)
    const words = new Set(logs.split(/[^\w@.-]+/))
    expect([...secrets, SERVE_SECRET].filter((secret) => words.has(secret) || (secret.length > 6 && logs.includes(secret)))).toEqual([])
  })
})

test('the page lets nginx end an idle connection well before a node does', async () => {
  const direct = await fetch(`http://127.0.0.1:${nodes[0].port}/livez`)
  const [, nodeEnds] = /timeout=(\d+)/.exec(direct.headers.get('keep-alive') ?? '') ?? []
  const [, nginxEnds] = /keepalive_timeout (\d+)s;/.exec(documentedConfig()) ?? []
  expect(Number(nodeEnds)).toBeGreaterThanOrEqual(2 * Number(nginxEnds))
})

test('the page shows two nodes, TLS, and an address that the client cannot choose', () => {
  const config = documentedConfig()
  for (const part of ['server 127.0.0.1:3001', 'server 127.0.0.1:3002', 'ssl_certificate_key', 'X-Forwarded-For $remote_addr'])
    expect(config).toContain(part)
  expect(config).not.toContain('non_idempotent')
})
