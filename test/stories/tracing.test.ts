// OpenTelemetry: a request, what it asked of the database and the mail it sent are one trace, with the request id and the reason of the log
// line; nothing besides is in it, and who sets up no SDK loads nothing. With OpenTelemetry's own SDK.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Attributes, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Log } from '../../src/flow/context.ts'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, type Kit, type KitOptions, MINUTE, ORIGIN, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'
import { startServe } from '../server.ts'
import { startSmtpServer } from '../smtp-server.ts'
import { collectSpans } from '../spans.ts'

const ADA = 'ada@example.net'
const { tracing, take } = collectSpans()
beforeEach(() => void take())

interface Traced {
  readonly kit: Kit
  readonly lines: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[]
}

async function startTraced(options: KitOptions = {}): Promise<Traced> {
  const lines: Traced['lines'] = []
  const note = (event: string, fields: Readonly<Record<string, unknown>>): void => void lines.push({ event, fields })
  const log: Log = { event: note, warn: note, error: (event, _, fields = {}) => note(event, fields) }
  return { kit: await startKit({ ...options, tracing, log }), lines }
}

const idOf = (span: ReadableSpan): string => span.spanContext().spanId
const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId

/** As a tree of names, in the order of their beginnings. */
function tree(spans: readonly ReadableSpan[], parent?: string): unknown[] {
  return spans
    .filter((span) => (parent === undefined ? !spans.some((other) => idOf(other) === parentOf(span)) : parentOf(span) === parent))
    .toSorted((one, other) => one.startTime[0] - other.startTime[0] || one.startTime[1] - other.startTime[1])
    .map((span) => {
      const parts = tree(spans, idOf(span))
      return parts.length === 0 ? span.name : [span.name, ...parts]
    })
}

const only = (spans: readonly ReadableSpan[], name: string): ReadableSpan => {
  const found = spans.filter((span) => span.name === name)
  expect(found.map((span) => span.name)).toEqual([name])
  return found[0] as ReadableSpan
}

describe.each(sharedDatabases)('%s', (engine, fresh) => {
  test('a sign-in: each request is a trace of its own, with what it asked of the database and the mail that it sent', async () => {
    const database = await fresh()
    const { kit, lines } = await startTraced({ database: database.url })
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) })
    await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
    await browser.get('/account')
    await kit.close()
    const spans = take()
    expect(tree(spans)).toEqual([
      ['POST /sign-in', 'store.start', ['mail', 'send mailbox', 'store.settleMail']],
      ['POST /sign-in/code', 'store.verify', 'store.findChallenge'],
      ['POST /sign-in/code', 'store.verify'],
      ['GET /account', 'store.findSession', 'store.listSessions', 'store.listSignIns'],
    ])
    // The same words as in the log: no more, and no others.
    const requests = lines.filter(({ event }) => event === 'request').map(({ fields }) => fields)
    const told = spans.filter(({ kind }) => kind === SpanKind.SERVER)
    expect(told.map(({ attributes }) => attributes)).toEqual(
      requests.map(({ requestId, method, route, status, reason }) => ({
        'http.request.method': method,
        'http.route': route,
        'http.response.status_code': status,
        'url.scheme': 'https',
        'postkey.request_id': requestId,
        ...(reason === '' ? {} : { 'postkey.reason': reason }),
      })),
    )
    const [asked] = requests
    const system = engine === 'SQLite' ? 'sqlite' : 'postgresql'
    const operation = (name: string, reason: string): Attributes => ({
      'db.system.name': system,
      'db.operation.name': name,
      'postkey.request_id': asked?.['requestId'] as string,
      'postkey.reason': reason,
    })
    expect(only(spans, 'store.start').attributes).toEqual(operation('start', 'mail_queued'))
    expect(only(spans, 'store.settleMail').attributes).toEqual(operation('settleMail', 'mail_sent'))
    expect(only(spans, 'mail').attributes).toEqual({ 'postkey.request_id': asked?.['requestId'], 'postkey.reason': 'mail_sent' })
    expect(only(spans, 'send mailbox').attributes).toEqual({ 'postkey.mail.reply': 'accepted' })
    expect(spans.filter(({ status }) => status.code !== SpanStatusCode.UNSET)).toEqual([])
    expect(only(spans, 'store.start').kind).toBe(engine === 'SQLite' ? SpanKind.INTERNAL : SpanKind.CLIENT)
    expect(spans.every(({ instrumentationScope: { name, version } }) => name === 'postkey' && version === kit.postkey.versions.app)).toBe(
      true,
    )
    await database.drop()
  })
})

test('a mail that is tried again later is a trace of its own, found by the request that it is sent for', async () => {
  let down = true
  const { kit, lines } = await startTraced({
    reply: () => (down ? { class: 'unreachable', text: 'no route' } : { class: 'accepted', text: 'ok' }),
  })
  await kit.browser().ask(ADA)
  await kit.settle()
  const first = take()
  expect(tree(first)).toEqual([['POST /sign-in', 'store.start', ['mail', 'send mailbox', 'store.settleMail']]])
  expect(only(first, 'send mailbox')).toMatchObject({ status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': 'unreachable' } })
  down = false
  kit.clock.forward(MINUTE)
  await kit.settle()
  const again = take()
  expect(tree(again)).toEqual([['mail', 'send mailbox', 'store.settleMail']])
  const requestId = lines.find(({ event }) => event === 'request')?.fields['requestId']
  expect(only(again, 'mail').attributes).toEqual({ 'postkey.request_id': requestId, 'postkey.reason': 'mail_sent' })
  expect(only(again, 'mail').spanContext().traceId).not.toBe(only(first, 'mail').spanContext().traceId)
  await kit.close()
})

test('what goes wrong is an error with a word from the list, and no message', async () => {
  await using database = await temporaryDatabase()
  const { kit } = await startTraced({ database: database.url })
  const ada = await signIn(kit, ADA)
  take()
  database.rows('alter table sessions rename column proof to away')
  await ada.get('/account')
  const failed = take()
  expect(only(failed, 'GET /account')).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'failed', 'http.response.status_code': 500, 'postkey.reason': 'failed' },
  })
  expect(only(failed, 'store.findSession')).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'failed' },
  })
  await kit.close()
  await ada.get('/account')
  expect(only(take(), 'GET /account').attributes).toMatchObject({ 'error.type': 'unavailable', 'http.response.status_code': 503 })
  // A no is none.
  const refused = await startTraced()
  await refused.kit.browser().get('/nothing')
  await refused.kit.browser().post('/sign-in', { email: ADA }, { origin: 'null' })
  await refused.kit.browser().send('/sign-in', { method: 'WHATEVER' })
  await refused.kit.close()
  const answers = take().filter(({ kind }) => kind === SpanKind.SERVER)
  expect(
    answers.map(({ name, status, attributes }) => [name, attributes['http.request.method'], attributes['postkey.reason'], status.code]),
  ).toEqual([
    ['GET', 'GET', 'route_unknown', SpanStatusCode.UNSET],
    ['POST', 'POST', 'origin_null', SpanStatusCode.UNSET],
    ['HTTP', '_OTHER', 'origin_missing', SpanStatusCode.UNSET],
  ])
})

describe('whose trace it is part of', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c'
  const SPAN = 'b7ad6b7169203331'

  test('that of the client, as W3C has it and the propagator that is set up reads it', async () => {
    const { kit } = await startTraced()
    await kit.browser().get('/sign-in', { traceparent: `00-${TRACE}-${SPAN}-01`, baggage: `who=${ADA}` })
    const [span] = take()
    expect([span?.spanContext().traceId, span && parentOf(span), span?.parentSpanContext?.isRemote]).toEqual([TRACE, SPAN, true])
    expect(JSON.stringify(span?.attributes)).not.toContain('example.net')
    // Not sampled by the client, who is believed by the sampler that the SDK has unless told otherwise.
    await kit.browser().get('/sign-in', { traceparent: `00-${TRACE}-${SPAN}-00` })
    expect(take()).toEqual([])
    await kit.close()
  })

  test.each([
    '',
    'nonsense',
    `00-${TRACE}-${SPAN}`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
  ])('of none where the header says "%s"', async (traceparent) => {
    const { kit } = await startTraced()
    await kit.browser().get('/sign-in', { traceparent })
    const [span] = take()
    expect([span?.name, span && parentOf(span), span?.spanContext().traceId === TRACE]).toEqual(['GET /sign-in', undefined, false])
    await kit.close()
  })

  test('that of the host, where it has one under way; and what goes on for ever is part of none', async () => {
    const tracer = tracing.trace.getTracer('host')
    // An application that makes its Postkey with the first request.
    const { kit, traceId, spanId } = await tracer.startActiveSpan('first', async (span) => {
      const first = await startTraced({ reply: () => ({ class: 'temporary', text: 'later' }) })
      await first.kit.browser().post('/sign-in', { email: ADA }, { traceparent: `00-${TRACE}-${SPAN}-01` })
      await first.kit.settle()
      span.end()
      return { kit: first.kit, ...span.spanContext() }
    })
    const spans = take()
    const request = only(spans, 'POST /sign-in')
    expect([request.kind, parentOf(request), request.spanContext().traceId]).toEqual([SpanKind.INTERNAL, spanId, traceId])
    expect(tree(spans)).toEqual([['first', ['POST /sign-in', 'store.start', ['mail', 'send mailbox', 'store.settleMail']]]])
    kit.clock.forward(MINUTE)
    await kit.settle()
    expect(take().map((span) => [span.name, span.spanContext().traceId === traceId])).toEqual([
      ['send mailbox', false],
      ['store.settleMail', false],
      ['mail', false],
    ])
    await kit.close()
  })

  test('the host’s own question who is signed in is part of what it does', async () => {
    const { kit } = await startTraced()
    const ada = await signIn(kit, ADA)
    take()
    const cookie = [...ada.cookies].map((pair) => pair.join('=')).join('; ')
    await kit.postkey.getSession(new Request(`${ORIGIN}/anything`, { headers: { cookie } }))
    expect(take()).toEqual([])
    await tracing.trace.getTracer('host').startActiveSpan('page', async (span) => {
      await kit.postkey.getSession(new Request(`${ORIGIN}/anything`, { headers: { cookie } }))
      span.end()
    })
    expect(tree(take())).toEqual([['page', 'store.findSession']])
    await kit.close()
  })
})

test('a Postkey that was not told of it makes no span, whatever is set up around it', async () => {
  await using kit = await startKit()
  await signIn(kit, ADA)
  await kit.settle()
  expect(take()).toEqual([])
})

test('below a base path, routes are told as the client asks for them', async () => {
  const { kit } = await startTraced({ basePath: '/auth' })
  await kit.browser().get('/auth/sign-in')
  await kit.browser().get(`/auth/l/${'A'.repeat(17)}`)
  expect(
    take()
      .filter(({ kind }) => kind === SpanKind.SERVER)
      .map(({ name, attributes }) => [name, attributes['http.route']]),
  ).toEqual([
    ['GET /auth/sign-in', '/auth/sign-in'],
    ['GET /auth/l/…', '/auth/l/…'],
  ])
  await kit.close()
})

describe('postkey serve', () => {
  const ending: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const end of ending.splice(0).reverse()) await end()
  })

  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'postkey-tracing-'))
    ending.push(async () => rmSync(path, { recursive: true, force: true }))
    return path
  }

  /** What a process has loaded, by its own account at its end. */
  const loaded = (path: string): string[] =>
    readdirSync(path).flatMap((file) =>
      (JSON.parse(readFileSync(join(path, file), 'utf8')) as { result: { url: string }[] }).result.map(({ url }) => url),
    )

  async function signInAt(env: Record<string, string>): Promise<{ readonly stdout: string; readonly requestId: string }> {
    const smtp = await startSmtpServer({ mode: 'accept' })
    ending.push(() => smtp.stop())
    const server = await startServe({ POSTKEY_SMTP_URL: `smtp://127.0.0.1:${smtp.port}?timeout=2000ms`, ...env })
    ending.push(() => server.stop())
    const answer = await fetch(`${server.url}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: server.url },
      body: new URLSearchParams({ email: ADA }),
    })
    expect(answer.status).toBe(303)
    for (let wait = 0; wait < 200 && !server.stdout().includes('"event":"mail"'); wait++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    await server.stop()
    return { stdout: server.stdout(), requestId: answer.headers.get('x-request-id') ?? '' }
  }

  test('nothing of OpenTelemetry is loaded where nobody has set it up, though it is installed', async () => {
    const coverage = folder()
    const { stdout } = await signInAt({ NODE_V8_COVERAGE: coverage })
    const files = loaded(coverage)
    expect(files.some((url) => url.endsWith('/dist/server.js'))).toBe(true)
    expect(files.filter((url) => url.includes('opentelemetry'))).toEqual([])
    expect(stdout).not.toContain('"event":"tracing"')
  })

  test('the example of docs/operating.md, as it stands there: spans reach the collector, the last ones too', async () => {
    const place = folder()
    symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(place, 'node_modules'))
    const [, example = ''] =
      /^```js\n(\/\/ otel\.mjs\n[\s\S]*?)^```$/m.exec(readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8')) ?? []
    expect(example).not.toBe('')
    writeFileSync(join(place, 'otel.mjs'), example)
    const collected: string[] = []
    const collector = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => {
        collected.push(`${request.method} ${request.url} ${body}`)
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      })
    })
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
    ending.push(() => new Promise((resolve) => collector.close(resolve)))
    const { port } = collector.address() as AddressInfo
    const { stdout, requestId } = await signInAt({
      NODE_OPTIONS: `--import ${pathToFileURL(join(place, 'otel.mjs')).href}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    })
    expect(stdout).toContain('"event":"tracing"')
    const text = collected.join('\n')
    expect(text).toMatch(/^POST \/v1\/traces /)
    for (const part of [
      '"POST /sign-in"',
      '"store.start"',
      '"mail"',
      '"send smtp"',
      requestId,
      '"mail_sent"',
      '"service.name"',
      '"postkey"',
    ])
      expect(text).toContain(part)
    for (const hidden of ['ada@', 'example.net', 'sign-in@']) expect(text).not.toContain(hidden)
  }, 30_000)

  test('an SDK that is of no use to it is told in the log, and nothing else happens', async () => {
    const place = folder()
    writeFileSync(join(place, 'old.mjs'), `globalThis[Symbol.for('opentelemetry.js.api.1')] = { version: '1.0.0', trace: {} }\n`)
    const { stdout } = await signInAt({ NODE_OPTIONS: `--import ${pathToFileURL(join(place, 'old.mjs')).href}` })
    expect(stdout).toContain('"event":"tracing_unusable"')
  })
})
