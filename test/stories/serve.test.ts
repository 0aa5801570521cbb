// `postkey serve` with a real mail server beside it: an operator's day, good and bad.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { schemaVersion } from '../../src/versions.ts'
import { freePort } from '../free-port.ts'
import { freshDatabase } from '../postgres.ts'
import { SERVE_SECRET, type ServeProcess, startServe } from '../server.ts'
import { type SmtpTestServer, startSmtpServer, testAuthority } from '../smtp-server.ts'

const running: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop()
})

function keep<T extends { stop(): Promise<unknown> }>(one: T): T {
  running.push(one)
  return one
}

const smtpUrl = (smtp: SmtpTestServer): string => `smtp://127.0.0.1:${smtp.port}?timeout=2000ms`

/** A browser over real HTTP. */
class Visitor {
  cookie = ''
  readonly url: string
  constructor(server: ServeProcess) {
    this.url = server.url
  }

  async send(path: string, form?: Record<string, string>): Promise<Response> {
    const response = await fetch(this.url + path, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { origin: this.url, cookie: this.cookie, 'sec-fetch-site': 'same-origin' },
      ...(form ? { body: new URLSearchParams(form) } : {}),
    })
    const jar = new Map(
      this.cookie
        .split('; ')
        .filter(Boolean)
        .map((pair) => pair.split('=') as [string, string]),
    )
    for (const set of response.headers.getSetCookie()) jar.set(...((set.split(';')[0] as string).split('=') as [string, string]))
    this.cookie = [...jar].map((pair) => pair.join('=')).join('; ')
    return response
  }

  async ask(email: string): Promise<string> {
    const response = await this.send('/sign-in', { email })
    expect(response.status).toBe(303)
    return new URL(response.headers.get('location') ?? '', this.url).searchParams.get('c') ?? ''
  }
}

async function mailTo(smtp: SmtpTestServer, address: string, ms = 8_000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 30))) {
    const found = (await smtp.messages()).filter((message) => message.rcptTo.includes(address)).at(-1)
    if (found) return found
  }
  throw new Error(`no mail to ${address} within ${ms} ms`)
}

async function logged(
  server: ServeProcess,
  matches: (line: Record<string, unknown>) => boolean,
  ms = 8_000,
): Promise<Record<string, unknown>> {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 30))) {
    const line = server.lines().find(matches)
    if (line) return line
  }
  throw new Error(`no such line in the log:\n${server.stdout().slice(-2_000)}`)
}

const codeIn = (text: string): string => text.replace(/https?:\S+/g, '').match(/(?<!\d)\d{6}(?!\d)/)?.[0] ?? ''

describe('postkey serve', () => {
  test('a mail goes out by STARTTLS, the code signs in, and the log tells the story without a secret or an address (I8)', async () => {
    const smtp = keep(await startSmtpServer({ mode: 'starttls' }))
    const server = keep(await startServe({ POSTKEY_SMTP_URL: `smtp://localhost:${smtp.port}?tls=required&ca=${testAuthority}` }))
    const ada = new Visitor(server)
    const challenge = await ada.ask('ada@example.net')
    const mail = await mailTo(smtp, 'ada@example.net')
    expect(mail.mailFrom).toBe('sign-in@example.com')
    const code = codeIn(mail.text)
    const secret = mail.text.match(/\/l\/\w+#(\w+)/)?.[1] ?? ''
    expect(secret).toHaveLength(43)
    const answer = await ada.send('/sign-in/code', { c: challenge, code })
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${server.url}/account`])
    const account = await ada.send('/account')
    expect(await account.text()).toContain('ada@example.net')

    // The request id of the page is in the header, in the log line and finds the event.
    const requestId = answer.headers.get('x-request-id') ?? ''
    const line = await logged(server, (entry) => entry['event'] === 'sign_in_verify' && entry['requestId'] === requestId)
    expect(line['reason']).toBe('signed_in')
    const said = server.stdout() + server.stderr()
    const session = ada.cookie.match(/postkey-session=([^;]+)/)?.[1] ?? 'missing'
    const browser = ada.cookie.match(/postkey-browser=([^;]+)/)?.[1] ?? 'missing'
    for (const hidden of [code, secret, session, browser, 'ada@example.net', SERVE_SECRET]) expect(said).not.toContain(hidden)
    expect(await server.stop()).toBe(0)
  }, 20_000)

  test('FA-07: a greylisting mail server gets the mail a second time, with the same secrets; the page never noticed', async () => {
    const smtp = keep(await startSmtpServer({ mode: 'greylist', attempts: 1 }))
    const server = keep(await startServe({ POSTKEY_SMTP_URL: smtpUrl(smtp) }))
    const ada = new Visitor(server)
    const challenge = await ada.ask('ada@example.net')
    await logged(server, (entry) => entry['event'] === 'mail' && entry['reason'] === 'mail_deferred')
    const mail = await mailTo(smtp, 'ada@example.net', 12_000)
    expect((await ada.send('/sign-in/code', { c: challenge, code: codeIn(mail.text) })).status).toBe(303)
  }, 25_000)

  test('a refused mail is given up and told to nobody outside; a slow or dead mail server does not slow the page', async () => {
    const smtp = keep(await startSmtpServer({ mode: 'refuse' }))
    const server = keep(await startServe({ POSTKEY_SMTP_URL: smtpUrl(smtp) }))
    const ada = new Visitor(server)
    await ada.ask('ada@example.net')
    await logged(server, (entry) => entry['event'] === 'mail' && entry['reason'] === 'mail_dead')
    await smtp.setMode({ mode: 'down' })
    const began = Date.now()
    const challenge = await new Visitor(server).ask('bob@example.net')
    expect(Date.now() - began).toBeLessThan(1_000)
    await logged(server, (entry) => entry['event'] === 'mail' && entry['challenge'] === challenge && entry['reason'] === 'mail_deferred')
    // FA-05: back again, the mail arrives.
    await smtp.setMode({ mode: 'accept' })
    await mailTo(smtp, 'bob@example.net', 12_000)
  }, 30_000)

  test('it answers livez, readyz and version, and stops on SIGTERM with the answer under way', async () => {
    const smtp = keep(await startSmtpServer({ mode: 'accept' }))
    const metrics = `127.0.0.1:${await freePort()}`
    const server = keep(await startServe({ POSTKEY_SMTP_URL: smtpUrl(smtp), POSTKEY_METRICS: metrics }))
    const visitor = new Visitor(server)
    expect((await visitor.send('/livez')).status).toBe(200)
    expect((await visitor.send('/readyz')).status).toBe(200)
    expect(await (await visitor.send('/version')).json()).toMatchObject({ app: '0.1.0', schema: schemaVersion })
    // AU-10: numbers on a port of their own.
    expect((await visitor.send('/metrics')).status).toBe(404)
    expect(await (await fetch(`http://${metrics}/metrics`)).text()).toContain('postkey_http_requests_total{route="/livez",status="2xx"}')
    expect((await visitor.send('/dev/inbox')).status).toBe(404)
    // Half of a form has arrived when the signal comes; the other half follows, and is answered.
    const body = 'email=ada%40example.net'
    const { hostname, port, origin } = new URL(server.url)
    const socket = connect(Number(port), hostname === 'localhost' ? '127.0.0.1' : hostname)
    socket.write(
      `POST /sign-in HTTP/1.1\r\nHost: x\r\nOrigin: ${origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\nemail=`,
    )
    await new Promise((resolve) => setTimeout(resolve, 100))
    const stopped = server.stop()
    await logged(server, (entry) => entry['event'] === 'stopping')
    socket.write(body.slice('email='.length))
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1.1 303 /)
    expect(await stopped).toBe(0)
  }, 20_000)

  test('two nodes on one PostgreSQL: asked on one, signed in on the other, signed out on both', async () => {
    const database = await freshDatabase()
    const smtp = keep(await startSmtpServer({ mode: 'accept' }))
    const env = { POSTKEY_SMTP_URL: smtpUrl(smtp), POSTKEY_DATABASE_URL: database.url }
    const [one, two] = [keep(await startServe(env)), keep(await startServe(env))]
    const here = new Visitor(one)
    const challenge = await here.ask('ada@example.net')
    const mail = await mailTo(smtp, 'ada@example.net')
    const there = new Visitor(two)
    there.cookie = here.cookie
    expect((await there.send('/sign-in/code', { c: challenge, code: codeIn(mail.text) })).status).toBe(303)
    here.cookie = there.cookie
    expect(await (await here.send('/account')).text()).toContain('ada@example.net')
    // The same form at the node that asked: the same session.
    expect((await here.send('/sign-in/code', { c: challenge, code: codeIn(mail.text) })).status).toBe(303)
    await there.send('/sign-out', {})
    expect((await here.send('/account')).status).toBe(303)
    for (const node of running.splice(0).reverse()) await node.stop()
    await database.drop()
  }, 30_000)
})
