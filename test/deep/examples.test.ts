// Every example, with its framework, through its real server: one story for all of them. Every guard is on, and mails go through SMTP.
import { DatabaseSync } from '@photostructure/sqlite'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { examples, keepsUsers, prepareExample, type RunningExample, startExample } from '../example.ts'
import { openMail } from '../kit.ts'
import { type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'

const MINUTE = 60_000

let smtp: SmtpTestServer

describe.each(examples)('%s', (example) => {
  let app: RunningExample

  beforeAll(async () => {
    await prepareExample(example)
    smtp = await startSmtpServer({ mode: 'accept' })
    app = await startExample(example, smtp.port)
  }, 15 * MINUTE)

  afterAll(async () => {
    await app?.stop()
    await smtp?.stop()
  })

  test('sends whoever is not signed in to sign in, and back to the page they wanted, by the code', async () => {
    const ada = new Visitor(app.origin)
    expect(await ada.text('/')).toContain('Nobody is signed in')
    const sent = await ada.get('/private?tab=2')
    expect([302, 303, 307]).toContain(sent.status)
    const page = new URL(sent.headers.get('location') ?? '', app.origin)
    expect(page.href).toMatch(`${app.origin}/auth/sign-in?return_to=`)
    await expectPage(ada, page.pathname + page.search)
    const { challenge, code } = await ask(ada, 'ada@example.net', page.searchParams.get('return_to') ?? '')
    const signedIn = await ada.post('/auth/sign-in/code', { c: challenge, code: code ?? '' })
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, `${app.origin}/private?tab=2`])
    expect(signedIn.headers.getSetCookie().find((cookie) => cookie.startsWith('postkey-session='))).toMatch(/; HttpOnly; SameSite=Lax$/)
    expect(await ada.text('/private?tab=2')).toContain('ada@example.net')
    expect(await ada.text('/')).toContain('ada@example.net')
    // Where it came from has reached Postkey: else all people would share one set of limits.
    const { sessions } = (await (await ada.get('/auth/api/sessions')).json()) as { sessions: { network: string }[] }
    expect(sessions[0]?.network).toMatch(/^(127\.0\.0\.0\/24|::\/64)$/)
  })

  test('signs in by the link, which no number of looks uses up', async () => {
    const bea = new Visitor(app.origin)
    const { linkId, secret } = await ask(bea, 'bea@example.net', '/private')
    for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
      const looked = await new Visitor(app.origin).send(`/auth/l/${linkId}`, { method, headers: { 'sec-fetch-site': 'none' } })
      expect(looked.status).toBe(200)
      expect(looked.headers.getSetCookie().join()).not.toContain('postkey-session')
    }
    const signedIn = await bea.post(`/auth/l/${linkId}`, { secret })
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, `${app.origin}/private`])
    expect(await bea.text('/private')).toContain('bea@example.net')
  })

  test('signs in through the JSON API', async () => {
    const cem = new Visitor(app.origin)
    const started = await cem.json('/auth/api/sign-in', { email: 'cem@example.net' })
    expect(started.status).toBe(202)
    const { challenge } = (await started.json()) as { challenge: string }
    const { code } = await mailTo('cem@example.net')
    expect((await cem.json('/auth/api/sign-in/verify', { challenge, code })).status).toBe(200)
    expect(await cem.text('/private')).toContain('cem@example.net')
  })

  test('signs out', async () => {
    const dag = await signedIn('dag@example.net')
    expect((await dag.post('/auth/sign-out', {})).status).toBe(303)
    expect([302, 303, 307]).toContain((await dag.get('/private')).status)
    expect(await dag.text('/')).toContain('Nobody is signed in')
  })

  test('refuses what another site, a sandboxed frame or nobody known sends, signed in or not', async () => {
    const eva = await signedIn('eva@example.net')
    for (const [origin, site] of [
      ['https://evil.example', 'cross-site'],
      ['null', 'cross-site'],
      ['', ''],
    ] as const) {
      const headers = { origin, 'sec-fetch-site': site }
      expect((await eva.post('/auth/sign-out', {}, headers)).status).toBe(403)
      expect((await eva.json('/auth/api/sign-in', { email: 'lured@example.net' }, headers)).status).toBe(403)
    }
    expect(await eva.text('/private')).toContain('eva@example.net')
  })

  test('refuses a body that is too large, announced or not', async () => {
    const fay = new Visitor(app.origin)
    const big = `email=fay%40example.net&more=${'x'.repeat(20_000)}`
    expect((await fay.post('/auth/sign-in', big)).status).toBe(413)
    const headers = { ...fay.own(), 'content-type': 'application/x-www-form-urlencoded' }
    expect((await fay.send('/auth/sign-in', { method: 'POST', headers, body: inPieces(big) })).status).toBe(413)
    expect((await fay.post('/auth/sign-in', { email: 'fay@example.net' })).status).toBe(303)
  })

  test('answers for what is not there, and with a method that is not known there', async () => {
    const gus = new Visitor(app.origin)
    expect((await gus.get('/auth/nothing')).status).toBe(404)
    expect((await gus.send('/auth/sign-in', { method: 'PUT', headers: gus.own() })).status).toBe(405)
    expect((await gus.send('/auth/sign-in', { method: 'HEAD', headers: {} })).status).toBe(200)
  })

  test('wants a recent proof where it says so; a session outlives the server', async () => {
    const hal = await signedIn('hal@example.net')
    expect(await hal.text('/private/keys')).toContain('hal@example.net')
    await app.restart(20 * MINUTE)
    expect(await hal.text('/private')).toContain('hal@example.net')
    const sent = await hal.get('/private/keys')
    expect([302, 303, 307]).toContain(sent.status)
    const page = new URL(sent.headers.get('location') ?? '', app.origin)
    expect(`${page.origin}${page.pathname}`).toBe(`${app.origin}/auth/account/confirm`)
    expect(new URL(page.searchParams.get('return_to') ?? '', app.origin).pathname).toBe('/private/keys')
    expect((await new Visitor(app.origin).get('/private/keys')).headers.get('location')).toContain('/auth/sign-in?return_to=')
  })

  if (keepsUsers(example))
    test('whoever signs in is in its own table, under whose id they are known; who is blocked there is not let in', async () => {
      const ivy = await signedIn('ivy@example.net')
      const table = new DatabaseSync(app.users)
      try {
        const find = table.prepare('select id, blocked from users where email = ?')
        await vi.waitFor(() => expect(find.get('ivy@example.net')).toMatchObject({ blocked: 0 }), 20_000)
        const { id } = find.get('ivy@example.net') as { id: number }
        expect(await ivy.text('/private')).toContain('number not given yet')
        expect(await (await signedIn('ivy@example.net')).text('/private')).toContain(`number ${id}`)
        const again = new Visitor(app.origin)
        const { challenge, code } = await ask(again, 'ivy@example.net', '/private')
        table.prepare('update users set blocked = 1 where email = ?').run('ivy@example.net')
        expect((await again.post('/auth/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(403)
        expect((await again.get('/private')).status).toBe(303)
      } finally {
        table.close()
      }
    })

  test('told nobody a secret, and had no errors', () => {
    const said = app.output()
    expect(said).not.toMatch(/@example\.net/)
    expect(said).not.toMatch(/error/i)
  })

  async function signedIn(email: string): Promise<Visitor> {
    const visitor = new Visitor(app.origin)
    const { challenge, code } = await ask(visitor, email, '/private')
    expect((await visitor.post('/auth/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    return visitor
  }
})

async function ask(visitor: Visitor, email: string, returnTo: string) {
  const before = (await mailsTo(email)).length
  const asked = await visitor.post('/auth/sign-in', { email, return_to: returnTo })
  expect(asked.status, await asked.clone().text()).toBe(303)
  const challenge = new URL(asked.headers.get('location') ?? '', visitor.origin).searchParams.get('c') ?? ''
  return { challenge, ...(await mailTo(email, before)) }
}

async function mailsTo(email: string) {
  return (await smtp.messages()).filter(({ rcptTo }) => rcptTo.includes(email))
}

/** The one after so many. */
async function mailTo(email: string, before = 0) {
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const mail = (await mailsTo(email))[before]
    if (mail !== undefined) return openMail({ to: email, text: mail.text } as Parameters<typeof openMail>[0])
  }
  throw new Error(`no mail came for ${email}`)
}

/** The page, and all that it loads. */
async function expectPage(visitor: Visitor, path: string): Promise<void> {
  const page = await visitor.text(path)
  const assets = [...page.matchAll(/(?:href|src)="([^"]+\.(?:css|js|svg)[^"]*)"/g)].map((match) => match[1] ?? '')
  expect(assets.length).toBeGreaterThan(1)
  for (const asset of assets) expect((await visitor.get(asset)).status, asset).toBe(200)
}

function inPieces(text: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  let from = 0
  return new ReadableStream({
    pull(controller) {
      if (from >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(from, from + 4_000))
      from += 4_000
    },
  })
}

/** A browser as far as HTTP shows: cookies, Origin and Fetch-Metadata as real ones send them. */
class Visitor {
  readonly origin: string
  readonly #cookies = new Map<string, string>()

  constructor(origin: string) {
    this.origin = origin
  }

  own(): Record<string, string> {
    return { origin: this.origin, 'sec-fetch-site': 'same-origin' }
  }

  get(path: string): Promise<Response> {
    return this.send(path, { headers: { 'sec-fetch-site': 'none' } })
  }

  async text(path: string): Promise<string> {
    const response = await this.get(path)
    const text = await response.text()
    expect(response.status, text).toBe(200)
    return text
  }

  post(path: string, form: Record<string, string> | string, headers: Record<string, string> = {}): Promise<Response> {
    const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    return this.send(path, { method: 'POST', body, headers: { ...this.own(), ...type, ...headers } })
  }

  json(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const type = { 'content-type': 'application/json' }
    return this.send(path, { method: 'POST', body: JSON.stringify(body), headers: { ...this.own(), ...type, ...headers } })
  }

  /** Headers set to "" are left out. */
  async send(path: string, init: { method?: string; headers: Record<string, string>; body?: string | ReadableStream }): Promise<Response> {
    const headers = new Headers(Object.entries(init.headers).filter(([, value]) => value !== ''))
    headers.set('x-forwarded-proto', 'http')
    if (this.#cookies.size > 0) headers.set('cookie', [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const url = new URL(path, this.origin)
    const response = await fetch(url, { ...init, headers, redirect: 'manual', ...({ duplex: 'half' } as object) })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = cookie.split('; ')
      const at = pair.indexOf('=')
      if (attributes.includes('Max-Age=0')) this.#cookies.delete(pair.slice(0, at))
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return response
  }
}
