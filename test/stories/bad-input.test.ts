// Whatever is sent: too much, broken, of a wrong type, twice, for ids that are unknown or somebody else's. Every route and every
// method answers with a reason and a next step, never with a failure of ours, and nothing of anybody's is used up by it.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { paths } from '../../src/core/paths.ts'
import { type Dump, type TestDatabase, temporaryDatabase } from '../database.ts'
import { Answer, type AskedFor, askAndOpen, type Browser, type Kit, ORIGIN, signIn, startKit } from '../kit.ts'
import { sized, someOf } from '../size.ts'

const BROWSER = '__Host-postkey-browser'
const SESSION = '__Host-postkey-session'
const A16 = 'A'.repeat(16)
const A43 = 'A'.repeat(43)

interface Village {
  readonly kit: Kit
  readonly database: TestDatabase
  /** Ada has asked for a mail and not used it yet. */
  readonly ada: AskedFor
  readonly bob: Browser
  readonly before: Dump
}

/** Tables of which each row is somebody's. */
const rowsOf = (dump: Dump): string[] =>
  ['users', 'sessions', 'challenges', 'mails', 'limits'].flatMap((table) =>
    (dump[table] ?? []).filter((row) => table !== 'limits' || /"(mails|codes|bounces)\b/.test(row)).map((row) => `${table} ${row}`),
  )

async function village(database: TestDatabase): Promise<Village> {
  const kit = await startKit({ database: database.url })
  const bob = await signIn(kit, 'bob@example.net')
  const ada = await askAndOpen(kit, 'ada@example.net', { browser: await signIn(kit, 'ada@example.net') })
  return { kit, database, ada, bob, before: database.dump() }
}

async function nothingWasSpent({ database, before, ada, bob }: Village): Promise<void> {
  const after = new Set(rowsOf(database.dump()))
  expect(rowsOf(before).filter((row) => !after.has(row))).toEqual([])
  expect(await bob.whoAmI()).toBe('bob@example.net')
  expect(await ada.browser.whoAmI()).toBe('ada@example.net')
}

/** The proofs Ada held all the time still work. */
async function theMailIsStillGood({ ada, kit }: Village): Promise<void> {
  const other = kit.browser()
  expect((await other.post(`/l/${ada.linkId}`, { secret: ada.secret, email: 'ada@example.net' })).status).toBe(303)
  expect((await ada.browser.post('/sign-in/code', { c: ada.challenge, code: ada.code ?? '' })).status).toBe(303)
}

/** A "no" names what happened and leads on; a "yes" is one that changes nothing of others. */
function legible(answer: Answer, method: string): void {
  expect(answer.status).toBeLessThan(500)
  expect([200, 202, 204, 303]).toContain(answer.status >= 400 ? 200 : answer.status)
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9A-Za-z]{16}$/)
  if (answer.status < 400 || method === 'HEAD') return
  if (answer.headers.get('content-type') === 'application/problem+json') {
    const { reason, nextStep } = answer.json() as { reason?: string; nextStep?: string }
    expect([typeof reason, (nextStep ?? '').length > 5]).toEqual(['string', true])
  } else {
    expect(answer.text).toContain('<h1>')
    expect(answer.text).toContain(answer.headers.get('x-request-id'))
    expect(answer.text).toMatch(/<a [^>]*href=|<button/)
  }
}

interface Sent {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array | null
  /** Without a length, as a chunked request comes. */
  readonly chunked: boolean
}

let networks = 0

async function send(kit: Kit, sent: Sent): Promise<Answer> {
  networks++
  const headers = new Headers()
  for (const [name, value] of Object.entries(sent.headers)) headers.set(name, value)
  const body = sent.method === 'GET' || sent.method === 'HEAD' ? null : sent.body
  if (body !== null && !sent.chunked) headers.set('content-length', String(body.byteLength))
  const request = new Request(`${ORIGIN}${sent.path}`, { method: sent.method, headers, body: body as BodyInit | null })
  // From everywhere, so that what is looked at is the input and not the rate.
  const response = await kit.postkey.handler(request, { clientAddress: `${1 + (networks % 220)}.${(networks >> 8) & 255}.1.1` })
  return new Answer({ status: response.status, headers: response.headers, text: await response.text() })
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE']

function routes({ ada }: Village, sessionId: string): string[] {
  const own = [`${paths.link}/${ada.linkId}`, `${paths.check}?c=${ada.challenge}`, `${paths.apiSessions}/${sessionId}`]
  const junk = [
    `${paths.link}/${A16}0`,
    `${paths.link}/x`,
    `${paths.link}/${ada.linkId}/${A43}`,
    `${paths.link}/%E0%A4%A`,
    `${paths.link}/%00`,
    `${paths.link}/${'A'.repeat(5_000)}`,
  ]
  const others = [
    `${paths.check}?c=%E0%A4%A`,
    `${paths.check}?c=&c=${A16}`,
    `${paths.signIn}?return_to=%E0%A4%A`,
    `${paths.apiSessions}/%E0%A4%A`,
    '/livez',
    '/readyz',
    '/version',
    '/',
    '/api',
    '/api/',
    '//',
    '/%',
    '/..%2f',
    '/sign-in/',
    '/SIGN-IN',
  ]
  return [...Object.values(paths), ...own, ...junk, ...others]
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

function bodies({ ada }: Village): [name: string, type: string, body: Uint8Array | null][] {
  const { challenge, linkId } = ada
  return [
    ['nothing', '', null],
    ['an empty form', FORM, text('')],
    ['a form of unknown fields', FORM, text('a=b&c[]=d&__proto__=e')],
    [
      'a field twice',
      FORM,
      text(
        `c=${challenge}&c=${challenge}&code=123456&code=123457&email=a@b.example&email=c@d.example&secret=a&secret=b&session=a&session=b`,
      ),
    ],
    ['broken percent-encoding', FORM, text('email=%E0%A4%A&c=%zz&code=%&secret=%ff&session=%c3%28')],
    [
      'broken UTF-8',
      FORM,
      Uint8Array.from([
        ...text('email='),
        0xff,
        0xfe,
        ...text('&c='),
        0xc3,
        0x28,
        ...text('&code='),
        0xed,
        0xa0,
        0x80,
        ...text('&secret='),
        0xff,
        ...text('&session='),
        0xff,
      ]),
    ],
    ['too much', FORM, text(`email=${'a'.repeat(70_000)}&c=${challenge}`)],
    ['a thousand fields', FORM, text(Array.from({ length: 1_000 }, (_, at) => `f${at}=1`).join('&'))],
    ['fields of unknown ids', FORM, text(`c=${A16}&code=123456&email=nobody&secret=${A43}&session=${A16}`)],
    ['fields of other people’s ids', FORM, text(`c=${challenge}&code=000000&email=nobody&secret=${A43}&session=${linkId}`)],
    ['a form that is JSON', FORM, text(JSON.stringify({ email: 'x@example.net', challenge }))],
    ['JSON that is a form', JSON_TYPE, text(`c=${challenge}&code=123456`)],
    ['JSON that ends early', JSON_TYPE, text('{"email":"a@b.exam')],
    [
      'JSON of wrong types',
      JSON_TYPE,
      text(JSON.stringify({ email: 7, challenge: [challenge], code: 123456, link: 'x', returnTo: {}, locale: [] })),
    ],
    ['JSON that is null', JSON_TYPE, text('null')],
    ['JSON, deeply nested', JSON_TYPE, text(`${'['.repeat(7_000)}${']'.repeat(7_000)}`)],
    ['JSON with a prototype', JSON_TYPE, text('{"__proto__":{"email":"x@example.net"},"constructor":{"prototype":{"admin":true}}}')],
    ['JSON of broken UTF-8', JSON_TYPE, Uint8Array.from([...text('{"email":"'), 0xff, 0xfe, ...text('@example.net"}')])],
    ['JSON of unknown ids', JSON_TYPE, text(JSON.stringify({ challenge: A16, code: '123456' }))],
    ['JSON of other people’s ids', JSON_TYPE, text(JSON.stringify({ challenge, code: '000000' }))],
    ['a link and a code at once', JSON_TYPE, text(JSON.stringify({ challenge, code: '000000', link: { id: linkId, secret: A43 } }))],
    ['a made-up secret', JSON_TYPE, text(JSON.stringify({ link: { id: linkId, secret: A43, email: 'nobody@example.net' } }))],
    ['too much JSON', JSON_TYPE, text(JSON.stringify({ email: 'a'.repeat(70_000) }))],
    [
      'an upload',
      'multipart/form-data; boundary=x',
      text('--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na@b.example\r\n--x--'),
    ],
    ['plain text', 'text/plain', text('email=a@b.example')],
    ['XML', 'application/xml', text('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>')],
    ['a type that is none', ';;;', text('email=a@b.example')],
  ]
}

/** Half a surrogate pair cannot be encoded; it is sent as it is. */
function encode(value: string): string {
  try {
    return encodeURIComponent(value)
  } catch {
    return value
  }
}

const ownHeaders = { origin: ORIGIN, 'sec-fetch-site': 'same-origin' }

describe('every route, every method', () => {
  test('bodies of every wrong kind', async () => {
    await using database = await temporaryDatabase()
    const scene = await village(database)
    await using kit = scene.kit
    const sessionId = String(database.rows('select id from sessions')[0]?.id)
    for (const path of routes(scene, sessionId)) {
      for (const [name, type, body] of someOf(bodies(scene), 8)) {
        const answer = await send(kit, {
          method: 'POST',
          path,
          headers: { ...ownHeaders, ...(type === '' ? {} : { 'content-type': type }) },
          body,
          chunked: false,
        })
        // 303: to the sign-in page, where a session would be needed.
        const refused =
          answer.status === 303
            ? new URL(answer.location, ORIGIN).href.startsWith(`${ORIGIN}/sign-in`)
            : answer.status >= 400 && answer.status < 500
        expect([path, name, refused]).toEqual([path, name, true])
        legible(answer, 'POST')
      }
    }
    await nothingWasSpent(scene)
    await theMailIsStillGood(scene)
  })

  test('methods, with and without cookies of nobody, of somebody else, or two of one name', async () => {
    await using database = await temporaryDatabase()
    const scene = await village(database)
    await using kit = scene.kit
    const sessionId = String(database.rows('select id from sessions')[0]?.id)
    const stranger = kit.browser()
    await stranger.get('/sign-in')
    const foreign = stranger.cookies.get(BROWSER) ?? ''
    const cookies = [
      '',
      `${BROWSER}=${A43}; ${SESSION}=${A43}`,
      `${BROWSER}=${foreign}`,
      `${BROWSER}=${foreign}; ${BROWSER}=${A43}`,
      `;;=;${BROWSER}; ${SESSION}=`,
      `${SESSION}=${'x'.repeat(6_000)}`,
    ]
    for (const path of routes(scene, sessionId)) {
      for (const method of methods) {
        for (const cookie of someOf(cookies, 2)) {
          const answer = await send(kit, {
            method,
            path,
            headers: { ...ownHeaders, ...(cookie === '' ? {} : { cookie }) },
            body: null,
            chunked: false,
          })
          expect([method, path, cookie, answer.status < 500]).toEqual([method, path, cookie, true])
          legible(answer, method)
        }
      }
    }
    await nothingWasSpent(scene)
    await theMailIsStillGood(scene)
  })
})

test('whatever chance puts together', async () => {
  await using database = await temporaryDatabase()
  const scene = await village(database)
  await using kit = scene.kit
  const sessionId = String(database.rows('select id from sessions')[0]?.id)
  const { challenge, linkId } = scene.ada
  const word = fc.oneof(
    fc.constantFrom(
      challenge,
      linkId,
      sessionId,
      A16,
      A43,
      '',
      '0',
      '123456',
      'x@example.net',
      '//evil.example',
      '__proto__',
      'constructor',
      '\u0000',
      '%',
      '💥',
      '\ud800',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  const field = fc.constantFrom(
    'c',
    'code',
    'email',
    'secret',
    'session',
    'return_to',
    'challenge',
    'link',
    'returnTo',
    'locale',
    'id',
    '__proto__',
  )
  const form = fc
    .array(fc.tuple(field, word), { maxLength: 8 })
    .map((pairs) => text(pairs.map(([name, value]) => `${name}=${encode(value)}`).join('&')))
  const object = fc.dictionary(field, fc.oneof(word, fc.jsonValue({ maxDepth: 3 }))).map((value) => text(JSON.stringify(value)))
  const bytes = fc.uint8Array({ maxLength: 200 })
  const requests = fc.record({
    method: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('POST', 'DELETE') }, { weight: 1, arbitrary: fc.constantFrom(...methods) }),
    path: fc.oneof(
      fc.constantFrom(...routes(scene, sessionId)),
      fc.tuple(fc.constantFrom(...Object.values(paths)), word).map(([path, rest]) => `${path}/${encode(rest)}`),
    ),
    headers: fc.record(
      {
        'content-type': fc.constantFrom(
          FORM,
          JSON_TYPE,
          `${FORM}; charset=utf-16`,
          'application/json;;',
          'text/plain',
          'multipart/form-data',
        ),
        cookie: fc.constantFrom(`${BROWSER}=${A43}`, `${BROWSER}=; ${SESSION}=;`, `${SESSION}=${A43}; ${SESSION}=${A43}`, 'a=b'),
        origin: fc.constantFrom(ORIGIN, ORIGIN, ORIGIN, 'null', 'https://evil.example', 'x'),
        'sec-fetch-site': fc.constantFrom('same-origin', 'same-origin', 'cross-site', 'x'),
        authorization: fc.constantFrom('Bearer', `Bearer ${A43}`, 'Basic eDp5', 'bearer  '),
        'postkey-browser': fc.constantFrom(A43, 'x', ''),
        accept: fc.constantFrom('text/html', JSON_TYPE, '*/*', 'x'),
        'content-encoding': fc.constantFrom('gzip', 'br', 'x'),
        'accept-language': fc.constantFrom('de', '*', 'x'.repeat(200)),
        'x-forwarded-for': fc.constantFrom('1.2.3.4', ',,,', 'x'.repeat(500)),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>,
    body: fc.oneof(form, object, bytes, fc.constant(null)),
    chunked: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(requests, async (sent) => {
      const answer = await send(kit, sent)
      legible(answer, sent.method)
      for (const cookie of answer.headers.getSetCookie())
        expect(cookie.startsWith(`${SESSION}=`) && !cookie.includes('Max-Age=0')).toBe(false)
      const after = new Set(rowsOf(database.dump()))
      expect(rowsOf(scene.before).filter((row) => !after.has(row))).toEqual([])
    }),
    { numRuns: sized(100, 1_000) },
  )
  await nothingWasSpent(scene)
  await theMailIsStillGood(scene)
})
