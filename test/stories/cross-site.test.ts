// Requests that other sites make a browser send: forged, framed, preflighted, disguised. All checks are on, as everywhere in
// these stories; each refusal is followed by the honest request, to show that nothing was used up.
import { describe, expect, test } from 'vitest'
import { temporaryDatabase } from '../database.ts'
import { type Answer, type AskedFor, askAndOpen, type Browser, type Kit, ORIGIN, signIn, startKit } from '../kit.ts'

const ADA = 'ada@example.net'
const SESSION = '__Host-postkey-session'

/** Every route that changes something, as the browser of `asked` would use it. */
function changing({
  browser,
  challenge,
  code,
  linkId,
  secret,
}: AskedFor): Record<string, (headers: Record<string, string>) => Promise<Answer>> {
  return {
    'POST /sign-in': (headers) => browser.post('/sign-in', { email: ADA }, headers),
    'POST /sign-in/code': (headers) => browser.post('/sign-in/code', { c: challenge, code: code ?? '' }, headers),
    'POST /sign-in/resend': (headers) => browser.post('/sign-in/resend', { c: challenge }, headers),
    'POST /l/ID': (headers) => browser.post(`/l/${linkId}`, { secret }, headers),
    'POST /account/sessions/end': (headers) => browser.post('/account/sessions/end', { session: 'x' }, headers),
    'POST /account/sessions/end-others': (headers) => browser.post('/account/sessions/end-others', {}, headers),
    'POST /sign-out': (headers) => browser.post('/sign-out', {}, headers),
    'POST /api/sign-in': (headers) => browser.api('POST', '/api/sign-in', { email: ADA }, headers),
    'POST /api/sign-in/resend': (headers) => browser.api('POST', '/api/sign-in/resend', { challenge }, headers),
    'POST /api/sign-in/verify, code': (headers) => browser.api('POST', '/api/sign-in/verify', { challenge, code }, headers),
    'POST /api/sign-in/verify, link': (headers) => browser.api('POST', '/api/sign-in/verify', { link: { id: linkId, secret } }, headers),
    'DELETE /api/session': (headers) => browser.api('DELETE', '/api/session', undefined, headers),
    'DELETE /api/sessions/ID': (headers) => browser.api('DELETE', '/api/sessions/x', undefined, headers),
  }
}

/** A browser that is signed in, and has asked again. */
async function busy(kit: Kit): Promise<AskedFor> {
  const browser = await signIn(kit, ADA)
  kit.clock.forward(kit.postkey.policy.resendAfter)
  return askAndOpen(kit, ADA, { browser })
}

/** Origin and Sec-Fetch-Site as they come from elsewhere, and the reason each is refused with. */
const elsewhere: Record<string, [headers: Record<string, string>, reason: string]> = {
  'CS-02: Origin null': [{ origin: 'null', 'sec-fetch-site': '' }, 'origin_null'],
  'CS-02: Origin null, although the fetch is said to be same-origin': [{ origin: 'null' }, 'origin_null'],
  'CS-04: a sibling subdomain': [{ origin: 'https://blog.example.com', 'sec-fetch-site': 'same-site' }, 'origin_foreign'],
  'CS-04: a sibling that claims our origin': [{ 'sec-fetch-site': 'same-site' }, 'origin_foreign'],
  'CS-05: another site': [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 'origin_foreign'],
  'CS-05: another site that claims our origin': [{ 'sec-fetch-site': 'cross-site' }, 'origin_foreign'],
  'CS-05: another origin of a browser without fetch metadata': [{ origin: 'https://evil.example', 'sec-fetch-site': '' }, 'origin_foreign'],
  'CS-05: our host on another port': [{ origin: `${ORIGIN}:8443`, 'sec-fetch-site': '' }, 'origin_foreign'],
  'CS-05: our host without TLS': [{ origin: ORIGIN.replace('https', 'http'), 'sec-fetch-site': '' }, 'origin_foreign'],
  'CS-05: a longer name that begins like ours': [{ origin: `${ORIGIN}.evil.example`, 'sec-fetch-site': '' }, 'origin_foreign'],
  'CS-06: neither header': [{ origin: '', 'sec-fetch-site': '' }, 'origin_missing'],
  'CS-06: only fetch metadata': [{ origin: '' }, 'origin_missing'],
}

describe('every route that changes something, from elsewhere', () => {
  for (const [name, [headers, reason]] of Object.entries(elsewhere)) {
    test(`${name}: 403 on all of them, with the reason, and nothing is changed`, async () => {
      await using database = await temporaryDatabase()
      await using kit = await startKit({ database: database.url })
      const asked = await busy(kit)
      // In the background it would put the limits to their rows whenever chance has it.
      await kit.postkey.purge()
      const before = database.dump(['events'])
      for (const [route, send] of Object.entries(changing(asked))) {
        const answer = await send(headers)
        expect([route, answer.status]).toEqual([route, 403])
        expect(answer.headers.getSetCookie()).toEqual([])
        const event = await database.event(answer.headers.get('x-request-id'))
        expect([route, event.kind, event.reason]).toEqual([route, 'guard', reason])
      }
      expect(database.dump(['events'])).toEqual(before)
      expect(await asked.browser.whoAmI()).toBe(ADA)
    })
  }

  test('CS-01: the same requests from our own pages are let through', async () => {
    const routes = await (async () => {
      await using kit = await startKit()
      return Object.keys(changing(await busy(kit)))
    })()
    for (const route of routes) {
      await using kit = await startKit()
      const asked = await busy(kit)
      kit.clock.forward(kit.postkey.policy.resendAfter)
      const answer = await changing(asked)[route]?.({})
      expect([route, answer?.status === 403]).toEqual([route, false])
      expect(answer?.status).toBeLessThan(405)
    }
  })

  test('CS-01: the page of a link asks for strict-origin, with which a real browser sends its Origin; that POST signs in', async () => {
    await using kit = await startKit()
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    const page = await browser.get(`/l/${linkId}`, {
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
      'sec-fetch-site': 'cross-site',
    })
    expect(page.headers.get('referrer-policy')).toBe('strict-origin')
    expect(page.text).not.toContain('no-referrer"')
    const headers = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1', referer: `${ORIGIN}/` }
    expect((await browser.post(`/l/${linkId}`, { secret }, headers)).status).toBe(303)
  })

  test('CS-06: a program without cookies that carries a bearer token needs no Origin; with a cookie it does', async () => {
    await using kit = await startKit()
    const browser = await signIn(kit, ADA)
    const token = browser.cookies.get(SESSION) ?? ''
    const program = kit.browser()
    const bare = { origin: '', 'sec-fetch-site': '', authorization: `Bearer ${token}` }
    const withCookie = await browser.api('DELETE', '/api/session', undefined, bare)
    expect([withCookie.status, withCookie.reason]).toEqual([403, 'origin_missing'])
    expect((await program.api('DELETE', '/api/session', undefined, { ...bare, origin: 'https://evil.example' })).reason).toBe(
      'origin_foreign',
    )
    expect((await program.api('DELETE', '/api/session', undefined, bare)).status).toBe(204)
    expect(await browser.whoAmI()).toBeNull()
  })
})

describe('methods', () => {
  test('CS-07: GET, HEAD and method overrides change nothing on any route', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, challenge, code, linkId, secret } = await busy(kit)
    // The one thing a GET may write, that the session is in use (docs/decisions/006), is written before we look.
    expect(await browser.whoAmI()).toBe(ADA)
    await kit.settle()
    await kit.postkey.purge()
    const before = database.dump(['views'])
    const proof = new URLSearchParams({ c: challenge, challenge, code: code ?? '', secret, email: ADA, session: 'x', _method: 'POST' })
    const paths = [
      '/sign-in',
      '/sign-in/code',
      '/sign-in/resend',
      `/l/${linkId}`,
      '/account/sessions/end',
      '/account/sessions/end-others',
      '/sign-out',
      '/api/sign-in',
      '/api/sign-in/resend',
      '/api/sign-in/verify',
      '/api/session',
      '/api/sessions/x',
    ]
    for (const path of paths) {
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        const headers = {
          'x-http-method-override': 'POST',
          'x-http-method': 'DELETE',
          'x-method-override': 'POST',
          'sec-fetch-site': 'cross-site',
        }
        const answer = await browser.send(`${path}?${proof}`, { method, headers })
        expect([path, method, answer.status < 500]).toEqual([path, method, true])
        expect(answer.headers.getSetCookie().filter((cookie) => cookie.startsWith(SESSION))).toEqual([])
      }
    }
    expect(database.dump(['views'])).toEqual(before)
    expect(await browser.whoAmI()).toBe(ADA)
  })

  test('CS-07: a route that exists, with a method it does not take, says which it takes', async () => {
    await using kit = await startKit()
    const browser = kit.browser()
    for (const [path, allow] of [
      ['/sign-out', 'POST'],
      ['/account/sessions/end', 'POST'],
      ['/api/sign-in/verify', 'POST'],
      ['/api/session', 'GET, HEAD, DELETE'],
    ]) {
      const answer = await browser.send(path as string, { method: 'PUT', headers: { origin: ORIGIN } })
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, allow])
    }
  })

  test('CS-12: an image of another site cannot sign anybody out', async () => {
    await using kit = await startKit()
    const browser = await signIn(kit, ADA)
    for (const path of ['/sign-out', '/account/sessions/end-others', '/api/session']) {
      await browser.get(path, { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' })
    }
    expect(await browser.whoAmI()).toBe(ADA)
  })
})

describe('being lured into another account', () => {
  test('CS-09: who opens a link that an attacker asked for is not signed in by it, nor told whose it is', async () => {
    await using kit = await startKit()
    const { linkId, secret } = await askAndOpen(kit, 'attacker@example.net')
    const victim = await signIn(kit, ADA)
    const page = await victim.get(`/l/${linkId}`)
    expect([page.status, page.text.includes('attacker')]).toEqual([200, false])
    // The page names who would be signed out before anybody types anything.
    expect(page.text).toContain('Signing in here ends that session')
    expect((await victim.post(`/l/${linkId}`, { secret })).status).toBe(422)
    expect((await victim.post(`/l/${linkId}`, { secret, email: ADA })).status).toBe(422)
    expect(await victim.whoAmI()).toBe(ADA)
  })

  test('CS-09: whoever does type the other address is told on a page of its own that the accounts changed', async () => {
    await using kit = await startKit()
    const { linkId, secret } = await askAndOpen(kit, 'shared@example.net')
    const browser = await signIn(kit, ADA)
    const answer = await browser.post(`/l/${linkId}`, { secret, email: 'shared@example.net' })
    expect(answer.location).toContain('/sign-in/switched')
    expect((await browser.get(answer.location)).text).toContain('You are now signed in as')
  })

  test('CS-10: a form of another site that posts the attacker’s own good code sets no session', async () => {
    await using kit = await startKit()
    const { challenge, code } = await askAndOpen(kit, 'attacker@example.net')
    const victim: Browser = kit.browser()
    await victim.get('/sign-in')
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    const answer = await victim.post('/sign-in/code', { c: challenge, code: code ?? '' }, foreign)
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []])
    // Not even from our own page: the browser did not ask.
    expect((await victim.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(403)
    expect(await victim.whoAmI()).toBeNull()
  })
})

describe('what pages allow', () => {
  const pages = async (kit: Kit): Promise<Answer[]> => {
    const { browser, challenge, linkId } = await busy(kit)
    const other = kit.browser()
    return [
      await browser.get('/sign-in'),
      await browser.get(`/sign-in/check?c=${challenge}`),
      await browser.get(`/l/${linkId}`),
      await other.get(`/l/${linkId}`),
      await browser.get('/account'),
      await other.get('/l/nothing'),
      await other.get('/nothing'),
      await other.post('/sign-in', { email: 'no address' }),
    ]
  }

  test('CS-13: nobody frames them', async () => {
    await using kit = await startKit()
    for (const { headers } of await pages(kit)) {
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    }
  })

  test('CS-14: no other origin reads an answer, and no preflight is granted', async () => {
    await using kit = await startKit()
    const browser = await signIn(kit, ADA)
    for (const origin of ['https://evil.example', 'null', 'https://blog.example.com']) {
      for (const path of ['/api/session', '/api/sessions', '/api/sign-in', '/account', '/l/x']) {
        const preflight = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' }
        for (const answer of [await browser.get(path, { origin }), await browser.send(path, { method: 'OPTIONS', headers: preflight })]) {
          expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
          expect(answer.headers.get('vary')).toBe('Cookie, Origin, Sec-Fetch-Site, Accept-Language')
        }
      }
    }
  })

  test('CS-16: they load nothing from anywhere else, run nothing inline, and send no path along', async () => {
    await using kit = await startKit()
    for (const { headers, text } of await pages(kit)) {
      const csp = headers.get('content-security-policy') ?? ''
      expect(csp).toContain("default-src 'none'")
      expect(csp).toContain("base-uri 'none'")
      expect(csp).not.toMatch(/unsafe|https?:|\*|data:/)
      expect(headers.get('referrer-policy')).toBe('strict-origin')
      const loaded = [
        ...text.matchAll(/\b(?:src|srcset|action|poster|data|formaction)="([^"]*)"/g),
        ...text.matchAll(/<link[^>]*\bhref="([^"]*)"/g),
      ]
      expect(loaded.length).toBeGreaterThan(2)
      for (const [, address] of loaded) expect(address).toMatch(/^\/(?!\/)/)
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/)
    }
  })
})
