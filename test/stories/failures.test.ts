// Every "no" is a page, or a problem, that says what happened, why, and what can safely be done next, with the number that
// finds the event (seed 1). And what is never there: stack traces, files, debug routes.
import { describe, expect, test } from 'vitest'
import { type ReasonCode, reasons } from '../../src/core/reason.ts'
import { temporaryDatabase } from '../database.ts'
import { type Answer, askAndOpen, type Kit, signIn, startKit, wrongCode } from '../kit.ts'

const ADA = 'ada@example.net'

/** A way to each failure, by page and by API. */
const ways: Partial<Record<ReasonCode, (kit: Kit) => Promise<Answer[]>>> = {
  address_invalid: async (kit) => [
    await kit.browser().post('/sign-in', { email: 'x' }),
    await kit.browser().api('POST', '/api/sign-in', { email: 'x' }),
  ],
  return_invalid: async (kit) => [
    await kit.browser().get('/sign-in?return_to=//evil.example'),
    await kit.browser().api('POST', '/api/sign-in', { email: ADA, returnTo: '//evil.example' }),
  ],
  challenge_unknown: async (kit) => [
    await kit.browser().post('/sign-in/resend', { c: 'A'.repeat(16) }),
    await kit.browser().api('POST', '/api/sign-in/resend', { challenge: 'A'.repeat(16) }),
  ],
  too_many_mails: async (kit) => {
    const { browser, challenge } = await askAndOpen(kit, ADA)
    return [await browser.post('/sign-in/resend', { c: challenge }), await browser.api('POST', '/api/sign-in/resend', { challenge })]
  },
  link_unknown: async (kit) => [await kit.browser().post(`/l/${'A'.repeat(17)}`, { secret: 'A'.repeat(43) })],
  link_malformed: async (kit) => {
    const { browser, linkId } = await askAndOpen(kit, ADA)
    return [
      await browser.post(`/l/${linkId}`, { secret: 'cut' }),
      await browser.api('POST', '/api/sign-in/verify', { link: { id: linkId, secret: 'cut' } }),
    ]
  },
  link_expired: async (kit) => {
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    kit.clock.forward(kit.postkey.policy.linkTtl)
    return [
      await browser.post(`/l/${linkId}`, { secret }),
      await browser.api('POST', '/api/sign-in/verify', { link: { id: linkId, secret } }),
    ]
  },
  link_used: async (kit) => {
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    await browser.post(`/l/${linkId}`, { secret })
    return [
      await kit.browser().post(`/l/${linkId}`, { secret }),
      await kit.browser().api('POST', '/api/sign-in/verify', { link: { id: linkId, secret } }),
    ]
  },
  code_wrong: async (kit) => {
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    return [
      await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) }),
      await browser.api('POST', '/api/sign-in/verify', { challenge, code: wrongCode(code, 1) }),
    ]
  },
  code_expired: async (kit) => {
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    kit.clock.forward(kit.postkey.policy.codeTtl)
    return [
      await browser.post('/sign-in/code', { c: challenge, code: code ?? '' }),
      await browser.api('POST', '/api/sign-in/verify', { challenge, code }),
    ]
  },
  code_other_browser: async (kit) => {
    const { challenge, code } = await askAndOpen(kit, ADA)
    return [
      await kit.browser().post('/sign-in/code', { c: challenge, code: code ?? '' }),
      await kit.browser().api('POST', '/api/sign-in/verify', { challenge, code }),
    ]
  },
  origin_missing: async (kit) => [
    await kit.browser().post('/sign-in', { email: ADA }, { origin: '' }),
    await kit.browser().api('POST', '/api/sign-in', { email: ADA }, { origin: '' }),
  ],
}

describe('seed 1: failures are legible', () => {
  for (const [reason, way] of Object.entries(ways) as [ReasonCode, (kit: Kit) => Promise<Answer[]>][]) {
    test(`${reason}: status, reason, words, a next step, and a request id that finds the event with its facts`, async () => {
      await using database = await temporaryDatabase()
      await using kit = await startKit({ database: database.url })
      const { status } = reasons[reason]
      for (const answer of await way(kit)) {
        expect(answer.status).toBe(status)
        const requestId = answer.headers.get('x-request-id') ?? ''
        expect(requestId).toMatch(/^[0-9A-Za-z]{16}$/)
        if (answer.headers.get('content-type') === 'application/problem+json') {
          expect(answer.json()).toMatchObject({ reason, status, requestId })
          for (const part of ['title', 'detail', 'nextStep'] as const)
            expect((answer.json() as Record<string, string>)[part]?.length).toBeGreaterThan(8)
        } else {
          expect(answer.text).toContain(requestId)
          // Something to press: a way on, not a dead end.
          expect(answer.text).toMatch(/<a [^>]*class="button|<button type="submit"/)
        }
        if (reason === 'return_invalid' && answer.headers.get('content-type')?.startsWith('text/html')) continue
        const event = await database.event(requestId)
        expect(event.reason).toBe(reason)
        expect(JSON.parse(String(event.versions))).toEqual(kit.postkey.versions)
        expect(JSON.parse(String(event.decision))).toMatchObject({ reason })
      }
    })
  }

  test('the versions that decided are shown by the server, app and policy apart', async () => {
    await using kit = await startKit()
    const answer = await kit.browser().get('/version')
    expect(answer.json()).toEqual({ ...kit.postkey.versions })
    expect(Object.keys(answer.json() as object).sort()).toEqual(['app', 'policy', 'schema', 'template'])
    await using stricter = await startKit({ policy: 'strict' })
    expect(stricter.postkey.versions.policy).not.toBe(kit.postkey.versions.policy)
  })

  test('every answer carries a request id of its own, and takes none from the request', async () => {
    await using kit = await startKit()
    const browser = kit.browser()
    const ids = new Set<string>()
    for (let i = 0; i < 50; i++)
      ids.add((await browser.get('/sign-in', { 'x-request-id': 'chosen', 'x-correlation-id': 'chosen' })).headers.get('x-request-id') ?? '')
    expect([ids.size, ids.has('chosen')]).toEqual([50, false])
  })

  test('a server of ours that fails says that nothing was used up, and is right', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, linkId, secret } = await askAndOpen(kit, ADA)
    database.rows('alter table sessions rename column proof to away')
    const broken = await browser.post(`/l/${linkId}`, { secret })
    expect([broken.status, broken.text.includes('Nothing was used up')]).toEqual([500, true])
    expect(broken.text).not.toMatch(/sqlite|no such|no column|\.ts:|at .*\(|node_modules/i)
    database.rows('alter table sessions rename column away to proof')
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
  })
})

describe('AU-11: what is not there', () => {
  test('no files, debug routes or traces; each answers like any other unknown address', async () => {
    await using kit = await startKit()
    const browser = await signIn(kit, ADA)
    const paths = [
      '/.git/config',
      '/.env',
      '/debug',
      '/debug/pprof',
      '/server-status',
      '/actuator/env',
      '/package.json',
      '/src/index.ts',
      '/assets/postkey.js.map',
      '/assets/../package.json',
      '/assets/%2e%2e/%2e%2e/etc/passwd',
      '/assets/..%2f..%2fetc%2fpasswd',
      '/dev/inbox',
      '/dev/inbox.json',
      '/console',
      '/admin',
      '/.well-known/security.txt',
    ]
    for (const path of paths) {
      const answer = await browser.get(path)
      expect([path, answer.status]).toEqual([path, 404])
      expect(answer.text).not.toMatch(/root:|\[core\]|"dependencies"|\bat \S+ \(/)
    }
    expect((await browser.get('/assets/postkey.js')).text).not.toContain('sourceMappingURL')
  })

  test('no header names the software it is made of', async () => {
    await using kit = await startKit()
    for (const path of ['/sign-in', '/nothing', '/api/session', '/assets/postkey.js']) {
      const { headers } = await kit.browser().get(path)
      for (const name of ['server', 'x-powered-by', 'x-aspnet-version', 'via']) expect([path, headers.get(name)]).toEqual([path, null])
    }
  })

  test('a debugging method is refused', async () => {
    await using kit = await startKit()
    for (const method of ['DEBUG', 'PROPFIND', 'SEARCH']) {
      const answer = await kit.browser().send('/sign-in', { method, headers: { origin: 'https://auth.example.com' } })
      expect([method, answer.status]).toEqual([method, 405])
    }
  })
})
