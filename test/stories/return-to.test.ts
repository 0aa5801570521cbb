// Where a sign-in leads: to our own origin or one from the list, as it was when it was asked for; never elsewhere.
import { describe, expect, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { type Answer, askAndOpen, Clock, ORIGIN, startKit } from '../kit.ts'

const ADA = 'ada@example.net'
const APP = 'https://app.example.com'

const hostile: readonly string[] = [
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '/%09/../\\evil.example',
  'https:evil.example',
  'https:/evil.example',
  'https:\\\\evil.example',
  'https:///evil.example',
  'https://evil.example',
  'HTTPS://EVIL.EXAMPLE',
  'http://auth.example.com/account',
  '@evil.example',
  'evil.example',
  'https://auth.example.com@evil.example',
  'https://user:password@auth.example.com/',
  'javascript:alert(1)',
  'java\nscript:alert(1)',
  'javascript://auth.example.com/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'ftp://auth.example.com/',
  'blob:https://auth.example.com/x',
  'filesystem:https://auth.example.com/x',
  '//evil。com',
  'https://evil。com',
  '/fine\r\nSet-Cookie: a=b',
  '/fine\r\n\r\n<script>alert(1)</script>',
  '/\u2028/evil.example',
  '/\u2029evil',
  '/\u200b/evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  '/fine\0',
]

/** Where the answer sends a browser, as a browser resolves it. */
const leadsTo = (answer: Answer): string => new URL(answer.location, ORIGIN).origin

describe('RD-01: forty ways to lead away', () => {
  test('none is accepted by the page, the form or the API, and none comes out as a link of the refusal', async () => {
    await using kit = await startKit({ returnOrigins: [APP] })
    for (const given of hostile) {
      const browser = kit.browser()
      const answers = [
        await browser.get(`/sign-in?return_to=${encodeURIComponent(given)}`),
        await browser.post('/sign-in', { email: ADA, return_to: given }),
        await browser.api('POST', '/api/sign-in', { email: ADA, returnTo: given }),
      ]
      for (const answer of answers) {
        expect([given, answer.status, answer.location]).toEqual([given, 400, ''])
        expect(answer.text).not.toMatch(/evil\b/)
        expect(answer.headers.get('set-cookie') ?? '').not.toContain('a=b')
      }
    }
    await kit.settle()
    expect(kit.mailbox.messages).toEqual([])
  })

  test('what is accepted leads to the list, whatever it looks like', async () => {
    await using kit = await startKit({ returnOrigins: [APP] })
    const fine = [
      '/account',
      '/%2f%2fevil.example',
      '/%5cevil.example',
      '/?next=//evil.example',
      '/@evil.example',
      '/ümläut',
      `${APP}/deep?a=b#c`,
      'HTTPS://APP.EXAMPLE.COM/',
    ]
    for (const [at, given] of fine.entries()) {
      const { browser, linkId, secret } = await askAndOpen(kit, `ada${at}@example.net`, { returnTo: given })
      const answer = await browser.post(`/l/${linkId}`, { secret })
      expect([given, answer.status]).toEqual([given, 303])
      expect([given, [ORIGIN, APP].includes(leadsTo(answer))]).toEqual([given, true])
    }
  })
})

test('a default that leads to an origin which is not on the list is refused at the start, not at the first sign-in', async () => {
  await expect(startKit({ returnTo: `${APP}/home` })).rejects.toThrow('not on an allowed origin')
  await using kit = await startKit({ returnTo: `${APP}/home`, returnOrigins: [APP] })
  const { browser, challenge, code } = await askAndOpen(kit, ADA)
  expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).location).toBe(`${APP}/home`)
})

test('RD-03: origins that resemble one of the list are not on it', async () => {
  await using kit = await startKit({ returnOrigins: [APP] })
  const alike = [
    'https://app.example.com.evil.com/',
    'https://evilapp.example.com/',
    'https://app.example.com@evil.com/',
    'https://app.example.com:8443/',
    'http://app.example.com/',
    'https://sub.app.example.com/',
    'https://example.com/',
    'https://app.example.com./',
    'https://app-example.com/',
    'https://аpp.example.com/',
  ]
  for (const given of alike) {
    const answer = await kit.browser().api('POST', '/api/sign-in', { email: ADA, returnTo: given })
    expect([given, answer.status, answer.reason]).toEqual([given, 400, 'return_invalid'])
  }
})

test('RD-04: what was asked for counts, not what is said later', async () => {
  await using kit = await startKit({ returnOrigins: [APP] })
  const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA, { returnTo: `${APP}/here` })
  const answers = [
    await browser.post(`/l/${linkId}?return_to=/elsewhere&next=https://evil.example`, {
      secret,
      return_to: '/elsewhere',
      returnTo: 'https://evil.example',
    }),
    await browser.post('/sign-in/code', { c: challenge, code: code ?? '', return_to: '/elsewhere' }),
    await browser.get(`/sign-in/check?c=${challenge}&return_to=https://evil.example`),
    await browser.get(`/l/${linkId}?return_to=https://evil.example`),
  ]
  // The empty fragment keeps a browser from taking along that of the link.
  for (const answer of answers) expect([answer.status, answer.location.replace(/#$/, '')]).toEqual([303, `${APP}/here`])
})

test('RD-04: an origin taken off the list after the mail was sent is not led to any more', async () => {
  const clock = new Clock(Date.UTC(2026, 10, 21))
  const store = await openStore('file::memory:', { now: clock.now })
  const before = await startKit({ database: store, now: clock.now, returnOrigins: [APP] })
  const { linkId, secret, browser } = await askAndOpen(before, ADA, { returnTo: `${APP}/here` })
  await using after = await startKit({ database: store, now: clock.now })
  const same = after.browser()
  for (const [name, value] of browser.cookies) same.cookies.set(name, value)
  const answer = await same.post(`/l/${linkId}`, { secret })
  expect([answer.status, answer.location]).toEqual([303, `${ORIGIN}/account`])
})

test('RD-07: four kilobytes, and a return to the sign-in page itself, end in a page', async () => {
  await using kit = await startKit()
  const long = await kit.browser().post('/sign-in', { email: ADA, return_to: `/${'a'.repeat(4_096)}` })
  expect([long.status, long.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8'])
  expect((await kit.browser().get(`/sign-in?return_to=/${'a'.repeat(4_096)}`)).status).toBe(400)

  const { browser, linkId, secret } = await askAndOpen(kit, ADA, { returnTo: '/sign-in?return_to=/sign-in' })
  const answer = await browser.post(`/l/${linkId}`, { secret })
  expect(answer.status).toBe(303)
  expect((await browser.get(answer.location)).status).toBe(200)
})
