// In an application of the host's own: where Express and its like mount us, behind what has read the body already, and asked with whatever
// the host holds of a request. With the real frameworks: test/deep/examples.test.ts.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Listener, Postkey } from '../../src/index.ts'
import { type Kit, ORIGIN, signIn, startKit } from '../kit.ts'

const FORM = 'application/x-www-form-urlencoded'

/** As Express does it: the rest of the path in `url`, the whole in `originalUrl`, and what a parser made of the body in `body`. */
interface Handled extends IncomingMessage {
  originalUrl?: string
  body?: unknown
}

type Parser = (text: string) => unknown

interface Host {
  readonly kit: Kit
  post(path: string, body: string, type?: string, headers?: Record<string, string>): Promise<Response>
  readonly errors: unknown[]
}

/** @param parser reads the body before Postkey does, as a parser that is mounted first. */
async function withHost(parser: Parser | null, work: (host: Host) => Promise<void>, at = ''): Promise<void> {
  await using kit = await startKit({ basePath: '/auth' })
  const errors: unknown[] = []
  const base = await serve(async (request: Handled, response) => {
    if (parser !== null) {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = parser(Buffer.concat(chunks).toString())
      if (body !== undefined) request.body = body
    }
    request.originalUrl = request.url ?? ''
    request.url = request.originalUrl.slice(at.length)
    await kit.postkey.listener(request, response, (error) => {
      if (error !== undefined) errors.push(error)
      response.writeHead(error === undefined ? 299 : 599).end()
    })
  })
  try {
    await work({
      kit,
      errors,
      post: (path, body, type = FORM, headers = {}) =>
        fetch(`${base.url}${path}`, {
          method: 'POST',
          redirect: 'manual',
          body,
          headers: { origin: ORIGIN, 'content-type': type, ...headers },
        }),
    })
  } finally {
    await base.close()
  }
}

async function serve(listener: RequestListener): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** As `querystring` makes it: several of one name become an array. */
const asObject: Parser = (text) => {
  const form = new URLSearchParams(text)
  return Object.fromEntries([...form.keys()].map((name) => [name, form.getAll(name).length > 1 ? form.getAll(name) : form.get(name)]))
}

describe('a parser that is mounted first', () => {
  test.each<[string, Parser | null]>([
    ['of forms', asObject],
    ['of text', (text) => text],
    ['of bytes', (text) => Buffer.from(text)],
    ['none', null],
  ])('%s: a form arrives', async (_, parser) => {
    await withHost(parser, async ({ post, kit }) => {
      expect((await post('/auth/sign-in', new URLSearchParams({ email: "o'neil+x&y@example.net" }).toString())).status).toBe(303)
      await kit.settle()
      expect(kit.mailbox.newest("o'neil+x&y@example.net").code).toMatch(/^\d{6}$/)
    })
  })

  test('of JSON: a body arrives', async () => {
    await withHost(JSON.parse, async ({ post }) => {
      expect((await post('/auth/api/sign-in', '{"email":"ada@example.net"}', 'application/json')).status).toBe(202)
    })
  })

  test('it loosens nothing: what is there twice, has brackets or is too large is refused', async () => {
    await withHost(asObject, async ({ post, kit }) => {
      expect((await post('/auth/sign-in', 'email=ada%40example.net&email=eve%40example.net')).status).toBe(400)
      expect((await post('/auth/sign-in', `email=ada%40example.net&more=${'x'.repeat(20_000)}`)).status).toBe(413)
      await kit.settle()
      expect(kit.mailbox.all()).toEqual([])
    })
    await withHost(
      () => ({ email: { is: 'ada@example.net' } }),
      async ({ post }) => {
        expect((await post('/auth/sign-in', 'email[is]=ada%40example.net')).status).toBe(400)
      },
    )
  })

  test('one that keeps nothing: an answer at once, and the log says what to do', async () => {
    const said: string[] = []
    await using kit = await startKit({ log: { event: () => {}, warn: () => {}, error: (_, error) => void said.push(String(error)) } })
    const host = await serve(async (request, response) => {
      request.resume()
      request.on('end', () => void kit.postkey.listener(request, response))
    })
    try {
      const headers = { origin: ORIGIN, 'content-type': FORM }
      const answer = await fetch(`${host.url}/sign-in`, { method: 'POST', headers, body: 'email=ada%40example.net' })
      expect(answer.status).toBe(500)
      expect(said.join()).toContain('mount Postkey before whatever reads bodies')
    } finally {
      await host.close()
    }
  })
})

describe('as a middleware', () => {
  test('it answers below its base path, also where its own path was cut off, and leaves the rest to the next', async () => {
    await withHost(
      null,
      async ({ post, errors }) => {
        expect((await post('/auth/sign-in', 'email=ada%40example.net')).status).toBe(303)
        expect((await post('/auth/nothing', '')).status).toBe(404)
        for (const path of ['/', '/authority', '/sign-in']) expect((await post(path, '')).status, path).toBe(299)
        expect(errors).toEqual([])
      },
      '/auth',
    )
  })

  test('it takes the address of the socket, so that people do not share one set of limits', async () => {
    await withHost(null, async ({ kit, post }) => {
      const asked = await post('/auth/sign-in', 'email=ada%40example.net')
      await kit.settle()
      const [cookie = ''] = asked.headers.getSetCookie().map((set) => set.split(';')[0])
      const c = new URL(asked.headers.get('location') ?? '', ORIGIN).searchParams.get('c') ?? ''
      const form = new URLSearchParams({ c, code: kit.mailbox.newest('ada@example.net').code ?? '' })
      const signedIn = await post('/auth/sign-in/code', form.toString(), FORM, { cookie })
      const cookies = new Map(signedIn.headers.getSetCookie().map((set) => (set.split(';')[0] ?? '').split('=') as [string, string]))
      const { sessions } = (await kit.browser({ cookies, base: '/auth' }).api('GET', '/api/sessions')).json() as { sessions: object[] }
      expect(sessions).toMatchObject([{ network: '127.0.0.0/24' }])
    })
  })

  test('an answer that cannot be written is handed to the next, and without one ends the connection and nothing else', async () => {
    const said: string[] = []
    await using kit = await startKit({ log: { event: () => {}, warn: () => {}, error: (name) => void said.push(name) } })
    const answer = async (response: ServerResponse, next?: (error?: unknown) => void): Promise<void> =>
      await (kit.postkey.listener as Listener)(
        { url: '/sign-in', method: 'GET', headers: {}, socket: {} } as IncomingMessage,
        response,
        next,
      )
    const errors: unknown[] = []
    let destroyed = 0
    const broken = {
      writeHead: () => {
        throw new Error('no wire')
      },
      destroy: () => {
        destroyed += 1
      },
    } as unknown as ServerResponse
    await answer(broken, (error) => void errors.push(String(error)))
    expect([errors, destroyed, said]).toEqual([['Error: no wire'], 0, []])
    await answer(broken)
    expect([errors.length, destroyed, said]).toEqual([1, 1, ['answer_failed']])
  })
})

describe('whatever the host holds of a request', () => {
  const ways: readonly [string, (postkey: Postkey, path: string, cookie: string) => Promise<{ live: object | null; goTo?: string }>][] = [
    ['a Request', (postkey, path, cookie) => postkey.requireUser(new Request(`http://10.0.0.1:8080${path}`, { headers: { cookie } }))],
    ['one of node:http', (postkey, path, cookie) => postkey.requireUser(nodeRequest(path, cookie))],
    [
      'one of Express, mounted',
      (postkey, path, cookie) => postkey.requireUser(Object.assign(nodeRequest('/', cookie), { originalUrl: path })),
    ],
    [
      'headers of Next.js and a path',
      (postkey, path, cookie) => postkey.requireUser(Object.assign(new Headers({ cookie }), { headers: {} }), path),
    ],
    ['headers and a path', (postkey, path, cookie) => postkey.requireUser(new Headers({ cookie }), path)],
  ]

  test.each(ways)(
    '%s: who is signed in is known; whoever is not is sent to sign in and back, whatever the proxy made of the host',
    async (_, ask) => {
      await using kit = await startKit()
      const { cookies } = await signIn(kit, 'ada@example.net')
      const cookie = [...cookies].map((pair) => pair.join('=')).join('; ')
      expect(await ask(kit.postkey, '/private?tab=2', cookie)).toMatchObject({ live: { user: { email: 'ada@example.net' } } })
      const sent = await ask(kit.postkey, '/private?tab=2', '')
      expect(sent).toEqual({
        live: null,
        reason: 'session_unknown',
        goTo: `${ORIGIN}/sign-in?return_to=${encodeURIComponent(`${ORIGIN}/private?tab=2`)}`,
      })
    },
  )

  test('a page that leads away is none to come back to, and what is no page is not either', async () => {
    await using kit = await startKit()
    const account = `${ORIGIN}/sign-in?return_to=${encodeURIComponent(`${ORIGIN}/account`)}`
    for (const path of ['//evil.example/x', '/\\evil.example'])
      expect(await kit.postkey.requireUser(nodeRequest(path, ''))).toMatchObject({ goTo: account })
    expect(await kit.postkey.requireUser(new Headers())).toMatchObject({ goTo: account })
    expect(await kit.postkey.requireUser(new Request(`${ORIGIN}/notes`, { method: 'POST' }))).toMatchObject({ goTo: account })
    expect(await kit.postkey.requireUser(new Headers(), 'https://evil.example/')).toMatchObject({ goTo: account })
  })
})

function nodeRequest(url: string, cookie: string): IncomingMessage {
  return {
    url,
    method: 'GET',
    headers: { cookie, host: '10.0.0.1' },
    socket: { remoteAddress: '203.0.113.7' },
  } as unknown as IncomingMessage
}
