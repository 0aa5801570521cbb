// Posting, against real servers and a real DNS that changes its mind.

import dns from 'node:dns'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dnsOf, startDns } from '../../test/dns-server.ts'
import { type Receiver, startReceiver } from '../../test/webhook-receiver.ts'
import { poster, readRetryAfter } from './post.ts'

const certificate = (name: string): string => readFileSync(new URL(`../../test/certificates/${name}.pem`, import.meta.url), 'utf8')
const message = { headers: { 'content-type': 'application/json' }, body: '{}' }
/** No address of a test is public: this one may be connected to, and 127.0.0.2 may not. */
const allows = (address: string): boolean => address === '127.0.0.1'

let plain: Receiver
let secure: Receiver
beforeAll(async () => {
  plain = await startReceiver()
  secure = await startReceiver({ key: certificate('key'), cert: certificate('elsewhere') })
})
afterAll(async () => {
  await plain[Symbol.asyncDispose]()
  await secure[Symbol.asyncDispose]()
})

describe('WH4', () => {
  dnsOf({
    'mail.elsewhere.test': { a: ['127.0.0.1'] },
    'private.test': { a: ['127.0.0.1'] },
    'mixed.test': { a: ['8.8.8.8', '127.0.0.1'] },
    'silent.test': 'silent',
  })
  const post = poster({ local: false, allows, ca: certificate('authority'), timeoutMs: 2_000 })

  test('over TLS, to the name of the certificate', async () => {
    expect(await post({ ...message, url: `https://mail.elsewhere.test:${secure.port}/hooks?a=1` })).toMatchObject({
      reply: 'accepted',
      status: 204,
    })
    expect(secure.taken.at(-1)).toMatchObject({
      path: '/hooks?a=1',
      // Kept, it would take the next message to where the name led.
      headers: { host: `mail.elsewhere.test:${secure.port}`, connection: 'close' },
      body: '{}',
    })
  })

  test('a certificate for another name is not good enough', async () => {
    expect(await post({ ...message, url: `https://private.test:${secure.port}/` })).toMatchObject({ reply: 'unreachable', status: null })
  })

  test.each([
    ['a name that leads to a private address', 'https://private.test/'],
    ['a name that leads to a public one and a private one', 'https://mixed.test/'],
    ['an address', 'https://127.0.0.1/'],
    ['an address of IPv6', 'https://[::1]/'],
  ])('%s: nothing is sent', async (_, url) => {
    const at = new URL(url)
    at.port = String(secure.port)
    const before = secure.taken.length
    const answer = await poster({ local: false, ca: certificate('authority') })({ ...message, url: at.href })
    expect(answer).toMatchObject({ reply: 'unreachable', status: null, text: expect.stringContaining('not public') })
    expect(secure.taken).toHaveLength(before)
  })

  test('plain http goes nowhere but to localhost, and there only for who develops', async () => {
    const url = `http://localhost:${plain.port}/hooks`
    expect(await post({ ...message, url })).toMatchObject({ reply: 'unreachable', text: 'not https, and not sent' })
    const developing = poster({ local: true })
    expect(await developing({ ...message, url })).toMatchObject({ reply: 'accepted' })
    expect(await developing({ ...message, url: `http://mail.elsewhere.test:${plain.port}/` })).toMatchObject({ reply: 'unreachable' })
    expect(plain.taken).toHaveLength(1)
  })

  test('a name that nobody has, and a DNS that says nothing', async () => {
    expect(await post({ ...message, url: 'https://nobody.test/' })).toMatchObject({ reply: 'unreachable', text: 'the name leads nowhere' })
    const hasty = poster({ local: false, allows, timeoutMs: 300 })
    expect((await hasty({ ...message, url: 'https://silent.test/' })).reply).toBe('unreachable')
  })
})

test('WH4: DNS that leads elsewhere after the look leads nobody there', async () => {
  const before = dns.getServers()
  // Allowed when it is looked at; 127.0.0.2, where nobody listens, for whoever asks a second time.
  const server = await startDns({ 'mail.elsewhere.test': { a: [['127.0.0.1'], ['127.0.0.2']] } })
  dns.setServers([server.address])
  try {
    const post = poster({ local: false, allows, ca: certificate('authority'), timeoutMs: 2_000 })
    expect(await post({ ...message, url: `https://mail.elsewhere.test:${secure.port}/` })).toMatchObject({ reply: 'accepted', text: '' })
    // And the other way round: what leads to a bad address now is not sent, though it was good before.
    expect(await post({ ...message, url: `https://mail.elsewhere.test:${secure.port}/` })).toMatchObject({
      reply: 'unreachable',
      text: expect.stringContaining('not public'),
    })
    // IPv4 and IPv6, once for each message.
    expect(server.asked).toHaveLength(4)
  } finally {
    dns.setServers(before)
    server.close()
  }
})

describe('answers', () => {
  const developing = poster({ local: true, timeoutMs: 400 })
  const at = (): string => `http://localhost:${plain.port}/`

  test.each([
    [200, 'accepted'],
    [299, 'accepted'],
    [301, 'refused'],
    [308, 'refused'],
    [404, 'refused'],
    [410, 'gone'],
    [429, 'busy'],
    [500, 'refused'],
    [502, 'busy'],
    [503, 'busy'],
    [504, 'busy'],
  ])('%d is %s', async (status, reply) => {
    plain.answer = () => ({ status, headers: { location: '/again' }, body: 'said' })
    expect(await developing({ ...message, url: at() })).toEqual({ reply, status, text: 'said', retryAfterMs: null })
  })

  test('of an endless answer only the beginning is read, cleaned', async () => {
    plain.answer = () => ({ status: 500, body: `ada@example.net said 123456\n${'x'.repeat(5_000_000)}` })
    expect(await developing({ ...message, url: at() })).toMatchObject({ reply: 'refused', text: '•@• said •' })
    // Nobody waits for the rest: this one would last for longer than a test may.
    await using held = await startHolding(`HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n${'x'.repeat(2_000)}`)
    expect(await poster({ local: true, timeoutMs: 60_000 })({ ...message, url: held.url })).toMatchObject({ status: 200 })
    await held.closed
  })

  test('no answer in time', async () => {
    plain.answer = () => null
    expect(await developing({ ...message, url: at() })).toEqual({
      reply: 'unreachable',
      status: null,
      text: 'no answer in time',
      retryAfterMs: null,
    })
  })

  test('an answer that never ends in time counts by its status, or not at all, and does not hang', async () => {
    await using held = await startHolding('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx')
    expect(await developing({ ...message, url: held.url })).toMatchObject({ status: 200 })
  })

  test.each([
    ['120', 120_000],
    ['Thu, 26 Nov 2026 04:02:00 GMT', 120_000],
    ['Thu, 26 Nov 2026 03:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
  ] as const)('Retry-After: %s', (text, ms) => {
    expect(readRetryAfter(text, Date.UTC(2026, 10, 26, 4, 0, 0))).toBe(ms)
  })
})

/** Says the beginning of an answer, and then nothing more. */
async function startHolding(beginning: string): Promise<AsyncDisposable & { readonly url: string; readonly closed: Promise<unknown> }> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    // What nobody reads hides that the other side has hung up.
    socket.resume()
    socket.write(beginning)
  })
  const closed = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    closed,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
