// Whatever opens a link before its reader does: scanners, prefetchers, unfurl bots, gateways that cut the fragment. Those that
// run scripts in a real browser have a file of their own; here they do over HTTP what such a browser would send.
import { describe, expect, test } from 'vitest'
import { changes, temporaryDatabase } from '../database.ts'
import { askAndOpen, type Browser, startKit } from '../kit.ts'
import { sized } from '../size.ts'

/** Views are noted beside all that anything is decided by. */
const SEEN = ['views']

const ADA = 'ada@example.net'

/** Safe Links, Mimecast and Proofpoint as far as HTTP shows; some call themselves a browser. */
const SCANNERS = [
  'python-requests/2.31',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  '',
]

/** Opens the page, sends every form it could find, with and without a guess at the address. */
async function pressEverything(scanner: Browser, linkId: string, secret: string): Promise<void> {
  await scanner.get(`/l/${linkId}`)
  await scanner.post(`/l/${linkId}`, { secret })
  await scanner.post(`/l/${linkId}`, { secret, email: '' })
  await scanner.post(`/l/${linkId}`, { secret, email: 'test@example.com' })
  await scanner.post(`/l/${linkId}`, { secret: '' })
}

describe('GET and HEAD are inert', () => {
  test('SC-01: fifty HEADs from ten networks change nothing, and the link signs in afterwards', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const before = database.dump(SEEN)
    const scanners = Array.from({ length: 10 }, (_, at) => kit.browser({ userAgent: SCANNERS[at % SCANNERS.length] ?? '' }))
    for (let round = 0; round < 5; round++) {
      for (const scanner of scanners) {
        const answer = await scanner.send(`/l/${linkId}`, { method: 'HEAD' })
        expect([answer.status, answer.text]).toEqual([200, ''])
      }
    }
    expect(changes(before, database.dump(SEEN))).toEqual({})
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })

  test('SC-02: two hundred prefetches get one and the same inert page, and change nothing', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const before = database.dump(SEEN)
    const purposes: Record<string, string>[] = [
      { 'sec-purpose': 'prefetch' },
      { 'sec-purpose': 'prefetch;prerender' },
      { 'x-moz': 'prefetch' },
      { purpose: 'prefetch' },
      {},
    ]
    const pages = new Set<string>()
    for (let i = 0; i < 200; i++) {
      const answer = await kit.browser().get(`/l/${linkId}`, purposes[i % purposes.length])
      expect(answer.status).toBe(200)
      expect(answer.headers.get('cache-control')).toBe('no-store')
      pages.add(answer.text.replaceAll(answer.headers.get('x-request-id') ?? '?', 'REQUEST'))
    }
    expect(pages.size).toBe(1)
    expect(changes(before, database.dump(SEEN))).toEqual({})
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })

  test('SC-01, SC-02: a thousand GETs and HEADs of everybody change no row but those of views, and of those there are fifty', async () => {
    await using database = await temporaryDatabase()
    const kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const before = database.dump(SEEN)
    const scanner = kit.browser()
    for (let i = 0; i < 500; i++) {
      const [asker, other, path] = [i % 3 === 0 ? browser : scanner, i % 2 === 0 ? scanner : kit.browser(), `/l/${linkId}`]
      await asker.send(path, { method: i % 5 === 0 ? 'HEAD' : 'GET' })
      await other.get(i % 4 === 0 ? `/l/${'A'.repeat(16)}0` : path, i % 7 === 0 ? { 'sec-purpose': 'prefetch' } : {})
    }
    expect(changes(before, database.dump(SEEN))).toEqual({})
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
    await kit.close()
    expect(database.rows('select challenge, count(*) as n from views group by challenge')).toEqual([
      { challenge: linkId.slice(0, 16), n: 50 },
    ])
  })

  test('SC-02: a signed-in browser that prefetches its account page does not keep the session from going idle', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    await browser.post(`/l/${linkId}`, { secret })
    kit.clock.forward(5 * 60_000)
    const before = database.dump()
    expect((await browser.get('/account', { 'sec-purpose': 'prefetch;prerender' })).status).toBe(200)
    expect((await browser.get('/api/session', { 'sec-purpose': 'prefetch' })).status).toBe(200)
    // A touch would be written after the answer: give it the time.
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(changes(before, database.dump())).toEqual({})
  })

  test('SC-03: only the browser that asked gets a page that submits itself; every other page asks for the address', async () => {
    await using kit = await startKit()
    const { browser, linkId } = await askAndOpen(kit, ADA)
    expect((await browser.get(`/l/${linkId}`)).text).toContain('data-auto-submit')
    const scanner = (await kit.browser().get(`/l/${linkId}`)).text
    expect(scanner).not.toContain('data-auto-submit')
    expect(scanner).toMatch(/<input[^>]* name="email"[^>]* required/)
    expect(scanner).not.toMatch(/ name="email"[^>]* value=/)
  })

  test('SC-12: unfurl bots get the same inert page, without a word of whom or what for', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret, code } = await askAndOpen(kit, ADA)
    for (const userAgent of ['Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)', 'facebookexternalhit/1.1', 'Twitterbot/1.0']) {
      const { status, text, headers } = await kit.browser({ userAgent }).get(`/l/${linkId}`, { 'sec-fetch-site': '' })
      expect(status).toBe(200)
      for (const told of [ADA, 'example.net', code ?? '?', secret, 'og:', 'twitter:']) expect(text).not.toContain(told)
      expect(headers.get('x-robots-tag')).toContain('noindex')
    }
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })
})

describe('a scanner that submits every form', () => {
  test('SC-04: it is not signed in, and spends neither link nor code', async () => {
    await using kit = await startKit()
    const { browser, challenge, linkId, secret, code } = await askAndOpen(kit, ADA)
    const scanner = kit.browser()
    await pressEverything(scanner, linkId, secret)
    await scanner.post('/sign-in/code', { c: challenge, code: code ?? '' })
    expect(await scanner.whoAmI()).toBeNull()
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
  })

  test('SC-05: between request and click, time and again, every person still signs in', async () => {
    const policy = {
      starts: {
        network: { count: 1_000, per: '10m' },
        networkWide: { count: 1_000, per: '10m' },
        browser: { count: 1_000, per: '10m' },
        tenant: { count: 1_000, per: '10m' },
      },
    }
    await using kit = await startKit({ policy })
    for (let i = 0; i < sized(20, 100); i++) {
      const email = `person-${i}@example.net`
      const { browser, linkId, secret } = await askAndOpen(kit, email)
      await pressEverything(kit.browser(), linkId, secret)
      expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
      expect(await browser.whoAmI()).toBe(email)
    }
  })

  test('SC-06: the waiting window of whoever asked is not signed in by it', async () => {
    await using kit = await startKit()
    const { browser: attacker, challenge, linkId, secret } = await askAndOpen(kit, ADA)
    await pressEverything(kit.browser(), linkId, secret)
    expect(await attacker.whoAmI()).toBeNull()
    expect((await attacker.get(`/sign-in/check?c=${challenge}`)).status).toBe(200)
    // Not even when the reader of the mail signs in on a device of their own.
    const owner = kit.browser()
    expect((await owner.post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(303)
    expect(await owner.whoAmI()).toBe(ADA)
    expect((await attacker.get(`/sign-in/check?c=${challenge}`)).status).toBe(200)
    expect(await attacker.whoAmI()).toBeNull()
  })

  test('SC-07: no account is made by a scanner for an address that nobody has proved', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { linkId, secret } = await askAndOpen(kit, 'new@example.net')
    await pressEverything(kit.browser(), linkId, secret)
    expect(database.rows('select email from users')).toEqual([])
    expect(database.rows('select id from sessions')).toEqual([])
  })

  test('SC-11: three scanners and the person at once, then one click: exactly one session', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const scanners = [kit.browser(), kit.browser(), kit.browser()]
    await Promise.all([browser.get(`/l/${linkId}`), ...scanners.map((scanner) => pressEverything(scanner, linkId, secret))])
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
    expect(database.rows('select id from sessions')).toHaveLength(1)
    for (const scanner of scanners) expect(await scanner.whoAmI()).toBeNull()
  })

  test('SC-04: one that tries addresses is stopped, and the person still has the code', async () => {
    await using kit = await startKit()
    const { browser, challenge, linkId, secret, code } = await askAndOpen(kit, ADA)
    const scanner = kit.browser()
    const { addressTries } = kit.postkey.policy
    for (let i = 0; i < addressTries + 3; i++) {
      const answer = await scanner.post(`/l/${linkId}`, { secret, email: `guess-${i}@example.net` })
      expect(answer.status).toBe(i < addressTries - 1 ? 422 : 403)
    }
    expect((await scanner.post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(403)
    expect(await scanner.whoAmI()).toBeNull()
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
  })
})

describe('SC-09: gateways that damage the link', () => {
  test('without its fragment the page asks for the code, which works', async () => {
    await using kit = await startKit()
    const { browser, challenge, linkId, code } = await askAndOpen(kit, ADA)
    const page = await browser.get(`/l/${linkId}`)
    expect(page.status).toBe(200)
    expect(page.text).toContain('6-digit code')
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
  })

  test('with "#" turned into "%23" too, and the secret that now stands in the path is not accepted from there', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    for (const path of [`/l/${linkId}%23${secret}`, `/l/${linkId}%2523${secret}`, `/l/${linkId}/${secret}`]) {
      const page = await browser.get(path)
      expect([path, page.status]).toEqual([path, 200])
      expect(page.text).toContain('6-digit code')
      expect(page.text).not.toContain(secret)
    }
    expect(await browser.whoAmI()).toBeNull()
  })

  test('a POST without the secret says what to do and spends nothing', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const answer = await browser.post(`/l/${linkId}`, {})
    expect(answer.status).toBe(404)
    expect(answer.text).toContain('Nothing was used up')
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })
})
