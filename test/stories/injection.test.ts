// Text of strangers that wants to be more than text: headers, further recipients, markup, SQL, messages in our mails.
import { describe, expect, test } from 'vitest'
import { changes, temporaryDatabase } from '../database.ts'
import { askAndOpen, signIn, startKit } from '../kit.ts'

const ADA = 'ada@example.net'

describe('addresses', () => {
  test('IN-01: line breaks, their encodings and other controls end in a refusal, and no mail goes out', async () => {
    await using kit = await startKit()
    const breaks = ['\r\n', '\n', '\r', '\0', '\u2028', '\u2029', '\u0085', '\v', '\f', '%0d%0a', '%0a', '\\r\\n']
    for (const mark of breaks) {
      for (const email of [
        `ada${mark}Bcc:eve@example.net`,
        `ada${mark}@example.net`,
        `ada@example${mark}.net`,
        `ada@example.net${mark}Bcc: eve@example.net`,
      ]) {
        const browser = kit.browser()
        const page = await browser.post('/sign-in', { email })
        const api = await browser.api('POST', '/api/sign-in', { email })
        expect([email, page.status >= 400 && page.status < 500]).toEqual([email, true])
        expect([email, api.status >= 400 && api.status < 500]).toEqual([email, true])
      }
    }
    await kit.settle()
    expect(kit.mailbox.messages).toEqual([])
  })

  test('IN-01: in every other field they are refused, or change nothing of the mail', async () => {
    await using kit = await startKit()
    for (const mark of ['\r\n', '\n', '\u2028', '\0', '%0d%0a']) {
      const inject = `en${mark}Bcc: eve@example.net${mark}${mark}Call +1 555 0100`
      const browser = kit.browser({
        userAgent: `Mozilla/5.0 (X11; Linux x86_64; rv:145.0) ${encodeURIComponent(inject)} Firefox/145.0 call +1 555 0100`,
      })
      await browser.api('POST', '/api/sign-in', { email: ADA, locale: inject.slice(0, 35) })
      await browser.api('POST', '/api/sign-in', { email: ADA, locale: 'xx', name: inject })
      kit.clock.forward(20 * 60_000)
    }
    await kit.settle()
    expect(kit.mailbox.messages.length).toBeGreaterThan(0)
    for (const message of kit.mailbox.messages) {
      expect(message.to).toBe(ADA)
      for (const line of [message.subject, message.messageId, message.from.address, ...Object.entries(message.headers).flat()])
        expect(line).not.toMatch(/[\r\n\0]/)
      for (const text of [message.subject, message.text, message.html]) expect(text).not.toMatch(/eve@|555 0100|Bcc:/i)
    }
  })

  test('IN-02: more than one address, or one with a name, is none', async () => {
    await using kit = await startKit()
    const lists = [
      'a@x.example,b@y.example',
      'a@x.example;b@y.example',
      'a@x.example b@y.example',
      'a@x.example, b@y.example',
      '<a@x.example>b@y.example',
      'Name <a@x.example>',
      '<a@x.example>',
      '"a@x.example"@y.example',
      'a@x.example(comment)',
      'a(comment)@x.example',
      'group: a@x.example;',
      'a@b@x.example',
      'a@[192.0.2.1]',
      'a%b@x.example',
      'b!a@x.example',
      '@x.example:a@y.example',
      'mailto:a@x.example',
    ]
    for (const email of lists) {
      const page = await kit.browser().post('/sign-in', { email })
      expect([email, page.status]).toEqual([email, 422])
      const api = await kit.browser().api('POST', '/api/sign-in', { email })
      expect([email, api.reason]).toEqual([email, 'address_invalid'])
    }
    for (const email of [['a@x.example', 'b@y.example'], { 0: 'a@x.example' }, { email: 'a@x.example' }, null, 7, true]) {
      const answer = await kit.browser().api('POST', '/api/sign-in', { email })
      expect([answer.status, answer.reason]).toEqual([400, 'body_malformed'])
    }
    for (const body of ['email=a@x.example&email=b@y.example', 'email[]=a@x.example', 'email[0]=a@x.example&email[1]=b@y.example']) {
      expect([body, (await kit.browser().post('/sign-in', body)).status]).toEqual([body, 400])
    }
    await kit.settle()
    expect(kit.mailbox.messages).toEqual([])
  })
})

const markup = [
  '<script>alert(1)</script>',
  '"><script>alert(1)</script>',
  "'><img src=x onerror=alert(1)>",
  '<svg/onload=alert(1)>',
  '" autofocus onfocus="alert(1)',
  'javascript:alert(1)',
  '</title><script>alert(1)</script>',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '{{constructor.constructor("alert(1)")()}}',
]

describe('markup', () => {
  test('IN-08: what was typed comes back as text only, and the page forbids scripts of its own', async () => {
    await using kit = await startKit()
    for (const text of markup) {
      const { browser, challenge, linkId, secret } = await askAndOpen(kit, ADA)
      const answers = [
        await browser.post('/sign-in', { email: `${text}@example.net` }),
        await browser.post('/sign-in', { email: text }),
        await browser.post('/sign-in/code', { c: challenge, code: text }),
        await browser.post('/sign-in/code', { c: text, code: text }),
        await browser.post(`/l/${linkId}`, { secret: text }),
        await kit.browser().post(`/l/${linkId}`, { secret, email: text }),
        await browser.get(`/sign-in/check?c=${encodeURIComponent(text)}`),
        await browser.get(`/l/${encodeURIComponent(text)}`),
        await browser.get(`/sign-in?return_to=/${encodeURIComponent(text)}&notice=${encodeURIComponent(text)}`),
        await browser.get(`/account?notice=${encodeURIComponent(text)}`),
        await browser.get(`/${encodeURIComponent(text)}`),
      ]
      for (const { text: body, headers } of answers) {
        expect(body).not.toMatch(/<script>|<svg\/onload|<img src=x|" (?:autofocus )?onfocus=|href="javascript:/)
        // A redirect shows nothing that could run.
        if (body !== '') expect(headers.get('content-security-policy')).toContain("script-src 'self'")
      }
      kit.clock.forward(16 * 60_000)
    }
  })

  test('IN-08: an address whose local part is markup as far as RFC 5322 allows is shown as text, on the page and in the mail', async () => {
    await using kit = await startKit()
    const email = "a'&{x}`=b@example.net"
    const { browser, challenge, message } = await askAndOpen(kit, email)
    const { text } = await browser.get(`/sign-in/check?c=${challenge}`)
    for (const html of [text, message.html]) {
      expect(html).not.toContain("a'&{x}")
      expect(html).toMatch(/a(?:&#39;|&apos;|&#x27;|')&amp;\{x\}`=b@example\.net/)
    }
  })

  test('IN-12: a browser that calls itself by markup appears under a name from our list, in mail, page and list of sessions', async () => {
    await using kit = await startKit()
    for (const [at, text] of markup.entries()) {
      const email = `ada${at}@example.net`
      const browser = kit.browser({ userAgent: `Mozilla/5.0 ${text} Firefox/145.0 ${text}` })
      const { message, linkId } = await askAndOpen(kit, email, { browser })
      const landing = await kit.browser().get(`/l/${linkId}`)
      kit.clock.forward(kit.postkey.policy.resendAfter)
      await signIn(kit, email, browser)
      for (const seen of [
        message.text,
        message.html,
        landing.text,
        (await browser.get('/account')).text,
        (await browser.api('GET', '/api/sessions')).text,
      ]) {
        expect(seen).not.toMatch(/alert|onerror|onload|constructor/)
      }
    }
  })
})

describe('IN-10: SQL', () => {
  const sql = [
    "' or '1'='1",
    "'; drop table users; --",
    '" or ""="',
    "') union select * from sessions --",
    "\\'; select 1; --",
    "1; attach database '/tmp/x' as x",
    '%27%20or%201=1--',
    '?',
    '$1',
    ':name',
    '@p',
  ]

  test('in every field, cookie, path and query it is no more than text', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const ada = await signIn(kit, ADA)
    const { challenge, linkId } = await askAndOpen(kit, 'bob@example.net')
    const before = database.dump(['events', 'limits', 'views'])
    for (const text of sql) {
      const path = encodeURIComponent(text)
      const browser = kit.browser()
      const cookie = { cookie: `__Host-postkey-browser=${text.replaceAll(';', '')}; __Host-postkey-session=${text.replaceAll(';', '')}` }
      const answers = [
        await browser.post('/sign-in', { email: text }),
        await browser.post('/sign-in/code', { c: text, code: text }),
        await browser.post('/sign-in/code', { c: challenge, code: text }, cookie),
        await browser.post('/sign-in/resend', { c: text }, cookie),
        await browser.post(`/l/${path}`, { secret: text, email: text }),
        await browser.post(`/l/${linkId}`, { secret: text, email: text }, cookie),
        await browser.get(`/l/${path}`),
        await browser.get(`/sign-in/check?c=${path}`, cookie),
        await browser.get('/account', cookie),
        await browser.get('/api/session', { authorization: `Bearer ${text}` }),
        await browser.get(`/api/sessions?order=${path}&sort=${path}`, cookie),
        await ada.api('DELETE', `/api/sessions/${path}`),
        await ada.post('/account/sessions/end', { session: text }),
        await browser.api('POST', '/api/sign-in/verify', { challenge: text, code: text }),
        await browser.api('POST', '/api/sign-in/verify', { link: { id: text, secret: text, email: text } }),
        await browser.api('POST', '/api/sign-in/resend', { challenge: text }),
      ]
      expect([text, answers.map(({ status }) => status).filter((status) => status >= 500)]).toEqual([text, []])
    }
    expect(changes(before, database.dump(['events', 'limits', 'views']))).toEqual({})
    expect(await ada.whoAmI()).toBe(ADA)
  })
})
