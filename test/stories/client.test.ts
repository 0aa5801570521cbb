// The client against the server, without a browser: through the whole handler, guards on. What a page sees of it is in
// browser-client.test.ts; here are the answers that no honest server gives, clocks that are wrong, and the waits.
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Client, type ClientOptions, createClient, type Failure, type Started } from '../../src/client/client.ts'
import { type Browser, type Kit, type KitOptions, MINUTE, ORIGIN, startKit, wrongCode } from '../kit.ts'

const ADA = 'ada@example.com'

afterEach(() => {
  vi.useRealTimers()
})

/** At the time of this machine, which the client goes by. */
async function startedKit(options: KitOptions = {}): Promise<Kit> {
  const kit = await startKit(options)
  kit.clock.at = Date.now()
  return kit
}

/** A client in a browser of the kit: cookies, Origin and Fetch-Metadata as a page of the same origin sends them. */
function clientIn(browser: Browser, options: ClientOptions = {}): Client {
  return createClient({
    ...options,
    fetch: async (input, init) => {
      const { method = 'GET', headers, body } = init ?? {}
      const answer = await browser.send(String(input), {
        method,
        headers: { origin: ORIGIN, 'sec-fetch-site': 'same-origin', ...(headers as Record<string, string>) },
        ...(typeof body === 'string' ? { body } : {}),
      })
      return new Response(answer.status === 204 ? null : answer.text, { status: answer.status, headers: answer.headers })
    },
  })
}

/** A client whose server answers as told, in order; the last one for ever. */
function clientOf(...answers: (Response | Error)[]): { client: Client; asked: string[] } {
  const asked: string[] = []
  const client = createClient({
    fetch: async (input, init) => {
      asked.push(`${init?.method} ${String(input)}`)
      const answer = answers[Math.min(asked.length, answers.length) - 1]
      if (answer instanceof Response) return answer.clone()
      throw answer
    },
  })
  return { client, asked }
}

const json = (body: unknown, init: ResponseInit = {}): Response =>
  new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' }, ...init })

async function asked(kit: Kit, client: Client, email = ADA): Promise<{ code: string; linkId: string; secret: string }> {
  expect(await client.start({ email })).toMatchObject({ ok: true })
  await kit.settle()
  const { code, linkId, secret } = kit.mailbox.newest(email)
  return { code: code ?? '', linkId, secret }
}

describe('the whole way', () => {
  test('by code: asked, mistyped, typed, known, out', async () => {
    await using kit = await startedKit()
    const client = clientIn(kit.browser())
    expect(await client.session()).toMatchObject({ ok: false, reason: 'session_unknown', nextStep: 'sign_in' })
    const { code } = await asked(kit, client)
    expect(client.pending).toMatchObject({ email: ADA, methods: ['link', 'code'], codeLength: 6, returnTo: null })
    expect(await client.verify({ code: '12345' })).toMatchObject({ reason: 'code_malformed', triesLeft: null })
    expect(await client.verify({ code: wrongCode(code) })).toMatchObject({ reason: 'code_wrong', triesLeft: 4, retryAt: null })
    expect(await client.verify({ code: `${code.slice(0, 3)} ${code.slice(3)}` })).toMatchObject({
      ok: true,
      user: { email: ADA, signInCount: 1 },
      session: { proof: 'code' },
      returnTo: `${ORIGIN}/account`,
      replayed: false,
    })
    expect(client.pending).toBeNull()
    expect(await client.session()).toMatchObject({ ok: true, user: { email: ADA } })
    expect(await client.signOut()).toEqual({ ok: true })
    expect(await client.session()).toMatchObject({ ok: false, reason: 'session_unknown' })
    // What was wanted is so.
    expect(await client.signOut()).toEqual({ ok: true })
  })

  test('by link, under a base path; elsewhere only with the address', async () => {
    await using kit = await startedKit({ basePath: '/auth' })
    const client = clientIn(kit.browser(), { basePath: '/auth/' })
    const { linkId: id, secret } = await asked(kit, client)
    const other = clientIn(kit.browser(), { basePath: '/auth' })
    const link = { id, secret }
    expect(await other.verify({ link })).toMatchObject({ reason: 'address_needed', nextStep: 'type_address' })
    expect(await other.verify({ link, email: 'eve@example.com' })).toMatchObject({ reason: 'address_mismatch', triesLeft: 4 })
    expect(await client.verify({ link })).toMatchObject({ ok: true, user: { email: ADA }, session: { proof: 'link' } })
    expect(await client.verify({ link })).toMatchObject({ ok: true, replayed: true })
    expect(await other.verify({ link, email: ADA })).toMatchObject({ reason: 'link_used', nextStep: 'sign_in' })
  })

  test('without cookies: the browser’s secret and the session’s token travel in headers, as docs/client.md shows', async () => {
    await using kit = await startedKit()
    const kept = { browser: 'new', token: '' }
    const plain: typeof fetch = async (input, init) => await kit.postkey.handler(new Request(input, init), { clientAddress: '203.0.113.9' })
    const client = createClient({
      basePath: ORIGIN,
      fetch: async (input, init) => {
        const headers = new Headers(init?.headers)
        headers.set('postkey-browser', kept.browser)
        if (kept.token !== '') headers.set('authorization', `Bearer ${kept.token}`)
        const answer = await plain(input, { ...init, headers })
        kept.browser = answer.headers.get('postkey-browser') ?? kept.browser
        return answer
      },
    })
    const { code } = await asked(kit, client)
    const result = await client.verify({ code })
    if (!result.ok) throw new Error(result.reason)
    kept.token = result.session.token ?? ''
    expect(await client.session()).toMatchObject({ ok: true, user: { email: ADA } })
    expect(await client.signOut()).toEqual({ ok: true })
    expect(await client.session()).toMatchObject({ ok: false, reason: 'session_ended' })
  })

  test('a return address that is not allowed is refused when the mail is asked for', async () => {
    await using kit = await startedKit()
    const client = clientIn(kit.browser())
    expect(await client.start({ email: ADA, returnTo: 'https://evil.example' })).toMatchObject({ reason: 'return_invalid' })
    expect(await client.start({ email: ADA, returnTo: 'javascript:alert(1)' })).toMatchObject({ reason: 'return_invalid' })
    expect(client.pending).toBeNull()
    expect(await client.start({ email: ADA, returnTo: '/notes', locale: 'de' })).toMatchObject({ ok: true })
    expect(client.pending?.returnTo).toBe('/notes')
  })

  test('nothing was asked for here: a reason, and no request', async () => {
    const { client, asked: requests } = clientOf(new Error('asked'))
    for (const result of [await client.verify({ code: '123456' }), await client.resend(), await client.poll()])
      expect(result).toMatchObject({ ok: false, reason: 'challenge_unknown', nextStep: 'start_again' })
    expect(requests).toEqual([])
  })
})

describe('a double click', () => {
  test('is one request: of start, verify, resend, session and signOut alike', async () => {
    await using kit = await startedKit()
    const browser = kit.browser()
    const client = clientIn(browser)
    const twice = async <T>(run: () => Promise<T>): Promise<T> => {
      const [one, two] = await Promise.all([run(), run()])
      expect(two).toBe(one)
      return one
    }
    await twice(() => client.start({ email: ADA }))
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toHaveLength(1)
    kit.clock.forward(MINUTE)
    await twice(() => client.resend())
    await kit.settle()
    expect(kit.mailbox.all(ADA)).toHaveLength(2)
    const code = kit.mailbox.newest(ADA).code ?? ''
    expect(await twice(() => client.verify({ code }))).toMatchObject({ ok: true, replayed: false })
    await twice(() => client.session())
    await twice(() => client.signOut())
  })

  test('other words are another request', async () => {
    await using kit = await startedKit()
    const client = clientIn(kit.browser())
    const { code } = await asked(kit, client)
    const [wrong, right] = await Promise.all([client.verify({ code: wrongCode(code) }), client.verify({ code })])
    expect(wrong).toMatchObject({ ok: false, reason: 'code_wrong' })
    expect(right).toMatchObject({ ok: true })
  })
})

describe('what goes wrong for an honest person is a value', () => {
  const cases: [string, Response | Error, Partial<Failure>][] = [
    ['no network', new TypeError('Failed to fetch'), { reason: 'unreachable', nextStep: 'wait' }],
    ['a page of a captive portal', new Response('<!doctype html>', { status: 200 }), { reason: 'answer_unknown' }],
    ['the host’s own 404', new Response('Not found', { status: 404 }), { reason: 'answer_unknown' }],
    ['JSON that is cut', new Response('{"challenge":"0123', { status: 202 }), { reason: 'answer_unknown' }],
    ['JSON that is no object', json(['challenge'], { status: 202 }), { reason: 'answer_unknown' }],
    ['null', json(null, { status: 202 }), { reason: 'answer_unknown' }],
    ['an answer without its fields', json({ challenge: 'x' }, { status: 202 }), { reason: 'answer_unknown' }],
    ['a proxy without a server', new Response('bad gateway', { status: 502 }), { reason: 'unavailable', nextStep: 'wait' }],
    ['a database that is gone', json({ reason: 'unavailable', retryAfter: 5 }, { status: 503 }), { reason: 'unavailable' }],
    ['a limit', json({ reason: 'too_many_requests', retryAfter: 60 }, { status: 429 }), { reason: 'too_many_requests' }],
  ]

  test.each(cases)('%s', async (_, answer, expected) => {
    const { client } = clientOf(answer)
    expect(await client.start({ email: ADA })).toMatchObject({ ok: false, ...expected })
    expect(client.pending).toBeNull()
    expect(await client.verify({ code: '123456', challenge: '0123456789abcdef' })).toMatchObject({ ok: false, ...expected })
    expect(await client.session()).toMatchObject({ ok: false, ...expected })
  })

  test('a body that breaks off', async () => {
    const { client } = clientOf(new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })))
    expect(await client.session()).toMatchObject({ ok: false, reason: 'unreachable' })
  })

  test('a server that never answers is given up after 20 seconds', async () => {
    vi.useFakeTimers()
    let ended = false
    const client = createClient({
      fetch: (_, init) =>
        new Promise((__, reject) => {
          init?.signal?.addEventListener('abort', () => {
            ended = true
            reject(new DOMException('aborted', 'AbortError'))
          })
        }),
    })
    const result = client.start({ email: ADA })
    await vi.advanceTimersByTimeAsync(19_000)
    expect(ended).toBe(false)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await result).toMatchObject({ ok: false, reason: 'unreachable' })
    expect(ended).toBe(true)
  })

  test('signed out cannot be said where no answer came', async () => {
    const { client } = clientOf(new TypeError('Failed to fetch'))
    expect(await client.signOut()).toMatchObject({ ok: false, reason: 'unreachable' })
  })
})

describe('what a programmer did wrong is thrown', () => {
  test.each(['auth', '//evil.example', '/auth?x', '/auth#x', 'ftp://example.com', '/a b', 'https://'])('basePath %j', (basePath) => {
    expect(() => createClient({ basePath })).toThrow(TypeError)
  })

  test.each(['', '/', '/auth', '/auth/', '/a/b', 'https://app.example.com', 'https://app.example.com/auth'])(
    'basePath %j is one',
    (basePath) => {
      expect(() => createClient({ basePath })).not.toThrow()
    },
  )

  test('no address, no proof', () => {
    const { client } = clientOf(new Error('asked'))
    expect(() => client.start({} as never)).toThrow(TypeError)
    expect(() => client.verify({} as never)).toThrow(TypeError)
    expect(() => client.verify({ code: 123456 } as never)).toThrow(TypeError)
  })
})

describe('a clock that is wrong', () => {
  const started = (server: number): Response =>
    json(
      {
        challenge: '0123456789abcdef',
        methods: ['link', 'code'],
        codeLength: 6,
        expiresAt: new Date(server + 15 * MINUTE).toISOString(),
        resendAt: new Date(server + MINUTE).toISOString(),
        requestId: '0123456789abcdef',
      },
      { status: 202, headers: { date: new Date(server).toUTCString() } },
    )

  test.each([0, -30 * MINUTE, 24 * 60 * MINUTE])('the server is %d ms ahead: a wait of a minute is one', async (ahead) => {
    const { client } = clientOf(started(Date.now() + ahead))
    const result = (await client.start({ email: ADA })) as Started
    const wait = result.resendAt - Date.now()
    expect(wait).toBeGreaterThan(55_000)
    expect(wait).toBeLessThan(63_000)
    expect(client.pending?.expiresAt).toBe(result.expiresAt)
  })
})

describe('waiting for the link', () => {
  const challenge = (life: number): Response =>
    json(
      {
        challenge: '0123456789abcdef',
        methods: ['link'],
        codeLength: 6,
        expiresAt: new Date(Date.now() + life).toISOString(),
        resendAt: new Date(Date.now()).toISOString(),
        requestId: '0123456789abcdef',
      },
      { status: 202 },
    )
  const nobody = json({ reason: 'session_unknown' }, { status: 401 })
  const who = (createdAt: number, id = 's1'): Response =>
    json({ user: { id: 'u', email: ADA }, session: { id, createdAt: new Date(createdAt).toISOString() } })

  /** Seconds after the start at which it looked. */
  async function watched(...answers: (Response | Error)[]): Promise<{ client: Client; at: number[]; began: number }> {
    const began = Date.now()
    const at: number[] = []
    let count = 0
    const client = createClient({
      fetch: async (_, init) => {
        if (init?.method === 'POST') return challenge(60_000)
        at.push((Date.now() - began) / 1_000)
        const answer = answers[Math.min(count++, answers.length - 1)]
        if (answer instanceof Response) return answer.clone()
        throw answer
      },
    })
    await client.start({ email: ADA })
    return { client, at, began }
  }

  test('it looks less and less often, and ends when the mail has run out', async () => {
    vi.useFakeTimers()
    const { client, at } = await watched(nobody)
    const result = client.poll()
    await vi.advanceTimersByTimeAsync(70_000)
    expect(await result).toMatchObject({ ok: false, reason: 'timed_out', nextStep: 'new_mail' })
    expect(at).toEqual([2, 4, 7, 11.5, 18.25, 28.25, 38.25, 48.25, 58.25, 60])
    expect(client.pending).not.toBeNull()
  })

  test('network failures and an ailing server do not end it, and a pause that is asked for is kept', async () => {
    vi.useFakeTimers()
    const gone = json({ reason: 'unavailable', retryAfter: 9 }, { status: 503 })
    const { client, at, began } = await watched(new TypeError('offline'), gone, who(Date.now() + 1_000))
    const result = client.poll()
    await vi.advanceTimersByTimeAsync(20_000)
    expect(await result).toMatchObject({ ok: true, user: { email: ADA } })
    expect(at).toEqual([2, 4, 13])
    expect(began).toBeLessThan(Date.now())
    expect(client.pending).toBeNull()
  })

  test('whoever was signed in before the mail was asked for is not the answer', async () => {
    vi.useFakeTimers()
    const old = who(Date.now() - MINUTE, 'old')
    const { client } = await watched(old, old, who(Date.now() + 3_000, 'new'))
    const result = client.poll()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(await result).toMatchObject({ ok: true, session: { id: 'new' } })
  })

  test('its signal ends it at once, and no request follows', async () => {
    vi.useFakeTimers()
    const { client, at } = await watched(nobody)
    const giveUp = new AbortController()
    const result = client.poll({ signal: giveUp.signal })
    await vi.advanceTimersByTimeAsync(3_000)
    giveUp.abort()
    expect(await result).toMatchObject({ ok: false, reason: 'aborted' })
    await vi.advanceTimersByTimeAsync(60_000)
    expect(at).toEqual([2])
    expect(await client.poll({ signal: giveUp.signal })).toMatchObject({ reason: 'aborted' })
  })

  test('what is forgotten is not waited for', async () => {
    vi.useFakeTimers()
    const { client } = await watched(nobody)
    const result = client.poll()
    client.forget()
    await vi.advanceTimersByTimeAsync(3_000)
    expect(await result).toMatchObject({ reason: 'aborted' })
  })

  test('a code that is typed meanwhile ends it with the same session', async () => {
    await using kit = await startedKit()
    const client = clientIn(kit.browser())
    const { code } = await asked(kit, client)
    const heard: (string | null)[] = []
    const stop = client.onChange((who) => heard.push(who?.user.email ?? null))
    const [waited, verified] = await Promise.all([client.poll(), client.verify({ code })])
    if (!waited.ok || !verified.ok) throw new Error('not signed in')
    expect(waited.session.id).toBe(verified.session.id)
    await client.signOut()
    stop()
    await asked(kit, client, 'eve@example.com')
    expect(heard).toEqual([ADA, null])
  })
})
