// Whatever a request says of hosts, schemes and proxies: links, redirects and cookies are made from the configured address.
import { describe, expect, test } from 'vitest'
import { type Answer, askAndOpen, ORIGIN, startKit } from '../kit.ts'

const ADA = 'ada@example.net'

const poison: Record<string, string> = {
  host: 'evil.example',
  'x-forwarded-host': 'evil.example',
  'x-host': 'evil.example',
  'x-forwarded-server': 'evil.example',
  forwarded: 'for=1.2.3.4;host=evil.example;proto=http',
  'x-original-url': '/sign-out',
  'x-rewrite-url': '/sign-out',
  'x-original-host': 'evil.example',
  'x-forwarded-proto': 'http',
  'x-forwarded-scheme': 'http',
  'x-forwarded-ssl': 'off',
  'x-forwarded-prefix': '//evil.example',
  'x-forwarded-port': '8080',
  'x-url-scheme': 'http',
  'true-client-ip': '1.2.3.4',
}

/** What does not differ from one answer to the next. */
function lasting(answer: Answer): object {
  const mask = (text: string): string =>
    text
      .replaceAll(answer.headers.get('x-request-id') ?? '?', 'REQUEST')
      .replace(/=[0-9A-Za-z_-]{43};/g, '=SECRET;')
      .replace(/c=[0-9A-Za-z]{16}/g, 'c=CHALLENGE')
  return { status: answer.status, headers: [...answer.headers].map(([name, value]) => `${name}: ${mask(value)}`), body: mask(answer.text) }
}

describe('HH-02: headers that claim another host', () => {
  test('the link in the mail and every redirect stand on the configured origin', async () => {
    await using kit = await startKit()
    const browser = kit.browser()
    const asked = await browser.post('/sign-in', { email: ADA }, poison)
    expect(asked.location).toMatch(/^\/sign-in\/check\?c=\w{16}$/)
    await kit.settle()
    const { link, linkId, secret, message } = kit.mailbox.newest(ADA)
    expect(link?.startsWith(`${ORIGIN}/l/`)).toBe(true)
    expect(JSON.stringify(message)).not.toContain('evil.example')
    const answer = await browser.post(`/l/${linkId}`, { secret }, poison)
    expect([answer.status, answer.location]).toEqual([303, `${ORIGIN}/account`])
    expect((await browser.get('/account', poison)).status).toBe(200)
  })

  test('HH-07: not one byte of a page depends on them, and no page is stored by a cache', async () => {
    await using kit = await startKit()
    const { browser, challenge, linkId } = await askAndOpen(kit, ADA)
    const other = kit.browser()
    for (const who of [browser, other]) {
      for (const path of [
        '/sign-in',
        `/sign-in/check?c=${challenge}`,
        `/l/${linkId}`,
        '/account',
        '/api/session',
        '/nothing',
        '/version',
      ]) {
        const plain = await who.get(path)
        expect(lasting(await who.get(path, poison))).toEqual(lasting(plain))
        expect([path, plain.headers.get('cache-control')]).toEqual([path, 'no-store'])
      }
    }
  })
})

test('HH-04: without a public address, or with one that is not https, it does not start', async () => {
  for (const url of ['', 'auth.example.com', 'ftp://auth.example.com', 'http://auth.example.com', 'http://192.0.2.1']) {
    await expect(startKit({ url })).rejects.toThrow(/^url: /)
  }
  await using local = await startKit({ url: 'http://localhost:3000' })
  expect((await local.browser().get('/sign-in')).status).toBe(200)
})

test('HH-05: behind a proxy that takes TLS off and says nothing of it, cookies are still Secure and bound to the host', async () => {
  await using kit = await startKit()
  const { browser, linkId, secret } = await askAndOpen(kit, ADA)
  const answers = [await kit.browser().get('/sign-in', { 'x-forwarded-proto': 'http' }), await browser.post(`/l/${linkId}`, { secret })]
  for (const answer of answers) {
    const cookies = answer.headers.getSetCookie()
    expect(cookies.length).toBeGreaterThan(0)
    for (const cookie of cookies) expect(cookie).toMatch(/^__Host-.*; Path=\/; HttpOnly; SameSite=Lax; Secure$/)
    expect(answer.headers.get('strict-transport-security')).toContain('max-age=')
  }
})
