// Mail over a real SMTP conversation with a server in another process: what is sent, what is never sent, and what each way a server
// can fail means for the mail. What the mail says is tested beside src/mail/sign-in.tsx.
import { afterEach, describe, expect, test } from 'vitest'
import type { Message } from '../src/mail/message.ts'
import { signInMail } from '../src/mail/sign-in.tsx'
import { smtpTransport } from '../src/mail/smtp.ts'
import type { MailTransport } from '../src/mail/transport.ts'
import { type SmtpBehaviour, type SmtpTestServer, startSmtpServer, testAuthority } from './smtp-server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

async function serve(behaviour: SmtpBehaviour): Promise<SmtpTestServer> {
  const server = await startSmtpServer(behaviour)
  open.push({ close: () => server.stop() })
  return server
}

function transportTo(
  server: { port: number },
  more: { scheme?: string; login?: string; host?: string; query?: string } = {},
): MailTransport {
  const { scheme = 'smtp', login = '', host = '127.0.0.1', query = '' } = more
  const transport = smtpTransport({ url: `${scheme}://${login}${host}:${server.port}?timeout=3000ms${query}` })
  open.push(transport)
  return transport
}

const withTls = `&tls=required&ca=${encodeURIComponent(testAuthority)}`

const link = 'https://auth.example.com/l/kf3Zq0WvYc8mTnRx2#HbYwqTzKfJxNvGmRcLpSdWkQhBtZyXnVgMrCjPlFsDw'
const at = Date.UTC(2026, 4, 4, 13, 55)

function message(changes: Partial<Message> & { brand?: string } = {}): Message {
  const { brand = 'Acme', ...rest } = changes
  const parts = signInMail({
    brand: { name: brand, mailFrom: 'signin@example.com', support: 'mailto:help@example.com' },
    locale: 'en',
    to: 'Ada@example.org',
    link,
    code: '482913',
    codeOff: false,
    notMe: null,
    network: null,
    linkExpiresAt: at + 15 * 60_000,
    codeExpiresAt: at + 10 * 60_000,
    sentAt: at,
    device: 'Firefox on Linux',
    askedAt: at,
    codeInSubject: true,
    host: 'auth.example.com',
  })
  return {
    ...parts,
    to: 'Ada@example.org',
    from: { name: brand, address: 'signin@example.com' },
    messageId: '<kf3Zq0WvYc8mTnRx2@example.com>',
    date: new Date(at),
    ...rest,
  }
}

describe('a mail that arrives', () => {
  test('UN-03: goes in one RCPT TO with exactly the bytes of the stored address', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    // Whatever was typed, these are stored; nothing on the way may fold, lower or repair them.
    const stored = ['Ada@example.org', "o'neil+tag=x@sub.xn--bcher-kva.example", '-f/tmp/x@example.org', '{a|b}~%!@example.org']
    for (const to of stored) expect((await transport.send(message({ to }))).class).toBe('accepted')
    const messages = await server.messages()
    expect(messages.map(({ rcptTo }) => rcptTo.length)).toEqual([1, 1, 1, 1])
    expect(messages.every(({ mailFrom }) => mailFrom === 'signin@example.com')).toBe(true)
    expect((await server.heard()).match(/^RCPT TO:.*$/gim)).toEqual(stored.map((to) => `RCPT TO:<${to}>`))
  })

  test('has the text part first, the link whole on its own line, and one code in each part', async () => {
    const server = await serve({ mode: 'accept' })
    const sent = message()
    const reply = await transportTo(server).send(sent)
    expect(reply).toMatchObject({ class: 'accepted', code: 250 })
    const [got] = await server.messages()
    expect(got?.subject).toBe('482913 is your Acme sign-in code')
    expect(got?.text.replaceAll('\r\n', '\n').trimEnd()).toBe(sent.text.trimEnd())
    expect(got?.html.replaceAll('\r\n', '\n').trimEnd()).toBe(sent.html)
    expect(got?.text.split(/\r?\n/)).toContain(link)
    expect(got?.text.match(/\d{6,}/g)).toEqual(['482913'])
    expect(got?.html.match(/\d{6,}/g)).toEqual(['482913'])
    expect(got?.raw.indexOf('Content-Type: text/plain')).toBeLessThan(got?.raw.indexOf('Content-Type: text/html') ?? 0)
    expect(got?.raw).not.toMatch(/base64|format=flowed/i)
    expect(got?.raw.length).toBeLessThan(20_000)
  })

  test('carries our headers and no others', async () => {
    const server = await serve({ mode: 'accept' })
    await transportTo(server).send(message())
    const [got] = await server.messages()
    expect(Object.keys(got?.headers ?? {}).sort()).toEqual([
      'auto-submitted',
      'content-type',
      'date',
      'from',
      'message-id',
      'mime-version',
      'subject',
      'to',
      'x-auto-response-suppress',
      'x-entity-ref-id',
    ])
    expect(got?.headers).toMatchObject({
      'auto-submitted': 'auto-generated',
      'x-auto-response-suppress': 'All',
      'message-id': '<kf3Zq0WvYc8mTnRx2@example.com>',
      date: 'Mon, 04 May 2026 13:55:00 +0000',
    })
  })

  test('IN-01: line breaks in the name of the application or in the subject make no header and no recipient', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    const evil = 'Acme\r\nBcc: eve@evil.example\r\n\r\n<b>hello</b>\u2028X: y\0'
    expect((await transport.send(message({ brand: evil }))).class).toBe('accepted')
    expect((await transport.send(message({ subject: `hi\r\nBcc: eve@evil.example\n\nX-Evil: 1\rY: 2` }))).class).toBe('accepted')
    for (const got of await server.messages()) {
      expect(got.rcptTo).toEqual(['Ada@example.org'])
      expect(got.headers).not.toHaveProperty('bcc')
      expect(Object.keys(got.headers)).toHaveLength(10)
      expect(got.parsed.from?.address).toBe('signin@example.com')
    }
    expect((await server.heard()).match(/RCPT TO/gi)).toHaveLength(2)
  })

  test('IN-01, IN-02: an address that is not one plain address never reaches the conversation', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    const refused = [
      'a@x.example\r\nRCPT TO:<eve@evil.example>',
      'a@x.example, b@y.example',
      'a@x.example;b@y.example',
      'a@x.example b@y.example',
      '<a@x.example>b@y.example',
      'Name <a@x.example>',
      '"e@attacker.example"@victim.example',
      'a@x.example>',
      'a(comment)@x.example',
      'mıke@example.org',
      'a@gmaıl.com',
      'a@[127.0.0.1]',
      'group: a@x.example;',
      'a@x.example\0',
      'a@x.example\n',
      '',
    ]
    for (const to of refused) await expect(transport.send(message({ to })), JSON.stringify(to)).rejects.toThrow(TypeError)
    await expect(transport.send(message({ to: ['a@x.example', 'b@y.example'] as unknown as string }))).rejects.toThrow(TypeError)
    await expect(transport.send(message({ headers: { 'X-A': 'b\r\nBcc: eve@evil.example' } }))).rejects.toThrow(TypeError)
    expect(await server.heard()).toBe('')
  })

  test('IN-05: dots, bare line ends, long lines and NUL arrive as they were meant, in CRLF lines of at most 998 octets', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    const texts = [
      '.',
      '..',
      'a\n.\nb',
      'a\r\n.\r\nb',
      'x\r.\ry',
      `${'w'.repeat(10_000)}`,
      'a\0b',
      'a\n..c\n',
      'z\n.\r\nMAIL FROM:<eve@evil.example>\r\n',
    ]
    for (const text of texts) expect((await transport.send(message({ text, html: `<p>${text}</p>` }))).class).toBe('accepted')
    const messages = await server.messages()
    expect(messages).toHaveLength(texts.length)
    for (const [index, got] of messages.entries()) {
      const meant = (texts[index] ?? '').replace(/\r\n?|\n/g, '\n')
      expect(got.text.replaceAll('\r\n', '\n').trimEnd()).toBe(meant.trimEnd())
      expect(got.raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/)
      expect(Math.max(...got.raw.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998)
    }
  })

  test('an application called <b>&"\' keeps its name everywhere and is markup nowhere', async () => {
    const server = await serve({ mode: 'accept' })
    await transportTo(server).send(message({ brand: `<b>&"'` }))
    const [got] = await server.messages()
    expect(got?.subject).toBe(`482913 is your <b>&"' sign-in code`)
    expect(got?.parsed.from).toMatchObject({ name: `<b>&"'`, address: 'signin@example.com' })
    expect(got?.html).not.toContain('<b>')
    expect(got?.html).toContain('&lt;b&gt;&amp;&quot;&#39;')
  })
})

describe('TLS and login', () => {
  test('a mail goes out over STARTTLS and over TLS from the first byte, and verify() succeeds', async () => {
    for (const [mode, scheme, query] of [
      ['starttls', 'smtp', withTls],
      ['smtps', 'smtps', withTls],
    ] as const) {
      const server = await serve({ mode })
      for (const host of ['localhost', '127.0.0.1']) {
        const transport = transportTo(server, { scheme, host, query })
        await transport.verify()
        expect(await transport.send(message())).toMatchObject({ class: 'accepted' })
      }
      expect(await server.messages()).toHaveLength(2)
      // Had the ear been deaf, the silence below would prove nothing.
      expect(await server.heard()).toMatch(mode === 'starttls' ? /STARTTLS\r\n/ : /^$/)
      expect(await server.heard()).not.toMatch(/^(?:MAIL FROM|AUTH)/im)
    }
  })

  test('IN-14: without STARTTLS, or with it refused, nothing is said in clear and no login is tried', async () => {
    for (const behaviour of [
      { mode: 'accept' },
      { mode: 'script', replies: { EHLO: '250-test\r\n250 AUTH PLAIN LOGIN\r\n', STARTTLS: '502 not here\r\n' } },
      { mode: 'script', replies: { EHLO: '250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n', STARTTLS: '454 not now\r\n' } },
      { mode: 'script', replies: { EHLO: '502 what\r\n', HELO: '250 AUTH PLAIN\r\n' } },
    ] satisfies SmtpBehaviour[]) {
      const server = await serve(behaviour)
      const transport = transportTo(server, { login: 'mailer:s3cret-pass@', query: withTls })
      expect(await transport.send(message())).toMatchObject({ class: 'unreachable' })
      await expect(transport.verify()).rejects.toThrow(/STARTTLS/)
      expect(await server.heard()).toMatch(/^EHLO /)
      expect(await server.heard()).not.toMatch(/^(?:AUTH|MAIL|RCPT|DATA)|s3cret/im)
      expect(await server.messages()).toEqual([])
    }
  })

  test('IN-14: what is slipped in before the TLS handshake is not believed', async () => {
    const server = await serve({
      mode: 'script',
      replies: { EHLO: '250-test\r\n250 STARTTLS\r\n', STARTTLS: '220 go\r\n250-injected\r\n250 AUTH PLAIN\r\n235 welcome\r\n' },
    })
    const reply = await transportTo(server, { query: withTls }).send(message())
    // The library may go on over TLS or give up; in neither case does a byte of the mail travel in clear.
    expect(['accepted', 'unreachable']).toContain(reply.class)
    expect(await server.heard()).toMatch(/STARTTLS\r\n$/)
  })

  test('IN-14: a certificate for another name, an expired one and an unknown authority each defer the mail', async () => {
    const cases = [
      { certificate: 'elsewhere', query: withTls },
      { certificate: 'expired', query: withTls },
      { certificate: 'localhost', query: '&tls=required' },
    ] as const
    for (const { certificate, query } of cases) {
      for (const [mode, scheme] of [
        ['starttls', 'smtp'],
        ['smtps', 'smtps'],
      ] as const) {
        const server = await serve({ mode, certificate })
        const transport = transportTo(server, { scheme, host: 'localhost', login: 'mailer:s3cret-pass@', query })
        expect(await transport.send(message())).toMatchObject({ class: 'unreachable' })
        await expect(transport.verify()).rejects.toThrow(/certificate is not valid for this host/)
        expect(await server.messages()).toEqual([])
        expect(await server.heard()).not.toMatch(/^(?:AUTH|MAIL)/im)
      }
    }
  })

  test('FA-09: a login works; a refused one is our trouble and not the address’s, and its password is in no message', async () => {
    const server = await serve({ mode: 'auth', user: 'mailer', pass: 'p@ss/w%rd:1' })
    const right = transportTo(server, { login: `mailer:${encodeURIComponent('p@ss/w%rd:1')}@`, query: withTls })
    await right.verify()
    expect(await right.send(message())).toMatchObject({ class: 'accepted' })

    const wrong = transportTo(server, { login: 'mailer:s3cret-pass@', query: withTls })
    const reply = await wrong.send(message())
    expect(reply).toMatchObject({ class: 'unreachable', code: 535 })
    const error = await wrong.verify().then(
      () => new Error('verified'),
      (thrown: unknown) => thrown as Error,
    )
    expect(error.message).toMatch(/535.*check user and password in POSTKEY_SMTP_URL/)
    // The test server echoes both, as some servers do.
    for (const text of [reply.text, error.message, String(error.stack), JSON.stringify(error)])
      expect(text).not.toMatch(/s3cret-pass|mailer/)
    expect(error.cause).toBeUndefined()
  })
})

describe('what a failure means', () => {
  test('FA-07: 550, 552, 553 and 554 for the recipient are for good; 421, 450 and 451 are for now', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    for (const code of [550, 552, 553, 554]) {
      await server.setMode({ mode: 'refuse', code })
      expect(await transport.send(message())).toMatchObject({ class: 'permanent', code })
    }
    for (const code of [421, 450, 451]) {
      await server.setMode({ mode: 'refuse', code })
      expect(await transport.send(message())).toMatchObject({ class: 'temporary', code })
    }
    expect(await server.messages()).toEqual([])
  })

  test('FA-07: a greylisted mail is accepted when it comes again, once', async () => {
    const server = await serve({ mode: 'greylist', attempts: 2 })
    const transport = transportTo(server)
    const classes = []
    for (let time = 0; time < 3; time++) classes.push((await transport.send(message())).class)
    expect(classes).toEqual(['temporary', 'temporary', 'accepted'])
    expect(await server.messages()).toHaveLength(1)
  })

  test('a refusal after DATA is judged by its number; a refused sender or greeting is never held against the address', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    const cases: [Record<string, string>, string][] = [
      [{ MESSAGE: '451 try later\r\n' }, 'temporary'],
      [{ MESSAGE: '552 too big\r\n' }, 'permanent'],
      [{ DATA: '554 no\r\n' }, 'permanent'],
      [{ MAIL: '550 sender not yours\r\n' }, 'unreachable'],
      [{ MAIL: '452 full\r\n' }, 'temporary'],
      [{ MAIL: '530 login first\r\n' }, 'unreachable'],
      [{ GREETING: '554 go away\r\n' }, 'unreachable'],
      [{ GREETING: '421 busy\r\n' }, 'temporary'],
    ]
    for (const [replies, expected] of cases) {
      await server.setMode({ mode: 'script', replies })
      expect((await transport.send(message())).class, JSON.stringify(replies)).toBe(expected)
    }
  })

  test('FA-08: an answer that never comes after the data is unknown, and the mail may have arrived', async () => {
    const server = await serve({ mode: 'drop-after-data', times: 1 })
    const transport = transportTo(server)
    expect((await transport.send(message())).class).toBe('unknown')
    expect((await transport.send(message())).class).toBe('accepted')
    const ids = (await server.messages()).map(({ headers }) => headers['message-id'])
    expect(ids).toEqual(['<kf3Zq0WvYc8mTnRx2@example.com>', '<kf3Zq0WvYc8mTnRx2@example.com>'])
  })

  test('FA-05, FA-09: a server that is down, or whose name does not exist, is unreachable; when it is back the mail goes out', async () => {
    const server = await serve({ mode: 'down' })
    const transport = transportTo(server)
    expect(await transport.send(message())).toMatchObject({ class: 'unreachable' })
    await expect(transport.verify()).rejects.toThrow(/nothing listens there/)
    await server.setMode({ mode: 'accept' })
    await transport.verify()
    expect((await transport.send(message())).class).toBe('accepted')
    await server.setMode({ mode: 'down' })
    expect((await transport.send(message())).class).toBe('unreachable')

    const nowhere = transportTo(server, { host: 'mail.postkey.invalid' })
    expect((await nowhere.send(message())).class).toBe('unreachable')
    await expect(nowhere.verify()).rejects.toThrow(/check the host in POSTKEY_SMTP_URL/)
  })

  test('a server that is too slow is given up within the timeout', async () => {
    const server = await serve({ mode: 'slow', ms: 20 })
    const patient = transportTo(server)
    expect((await patient.send(message())).class).toBe('accepted')
    await server.setMode({ mode: 'slow', ms: 5_000 })
    const hasty = smtpTransport({ url: `smtp://127.0.0.1:${server.port}?timeout=200ms` })
    open.push(hasty)
    const begun = Date.now()
    expect((await hasty.send(message())).class).toBe('unreachable')
    expect(Date.now() - begun).toBeLessThan(2_000)
  })

  test('a mail that its sender has no more patience for is cut off, on its way and while it waits for a connection', async () => {
    const server = await serve({ mode: 'slow', ms: 400 })
    const transport = transportTo(server)
    const busy = Array.from({ length: 5 }, () => transport.send(message()))
    let waiting = true
    void Promise.race(busy).then(() => {
      waiting = false
    })
    for (const signal of [AbortSignal.timeout(100), AbortSignal.abort()]) {
      expect(await transport.send(message(), signal)).toEqual({ class: 'unreachable', text: 'no answer in time' })
      expect(waiting).toBe(true)
    }
    expect((await Promise.all(busy)).map((reply) => reply.class)).toEqual(Array(5).fill('accepted'))
    const begun = Date.now()
    expect(await transport.send(message(), AbortSignal.timeout(100))).toMatchObject({ class: 'unreachable' })
    expect(Date.now() - begun).toBeLessThan(1_000)
    expect(await server.messages()).toHaveLength(5)
  })

  test('a server that never goes quiet and never answers is given up as well', async () => {
    // An endless multi-line answer: each line comes before the socket would time out.
    const server = await serve({ mode: 'script', replies: { RCPT: '250-wait\r\n' } })
    const hasty = smtpTransport({ url: `smtp://127.0.0.1:${server.port}?timeout=200ms` })
    open.push(hasty)
    expect((await hasty.send(message())).class).toBe('unreachable')
  })

  test('nor does one that answers without end keep the connection of a mail that it refused, or the question whether it can be used', async () => {
    const server = await serve({ mode: 'script', replies: { RCPT: '550 no\r\n', RSET: '250-wait\r\n' }, endless: 'RSET' })
    const hasty = smtpTransport({ url: `smtp://127.0.0.1:${server.port}?timeout=300ms` })
    open.push(hasty)
    const classes = (many: number): Promise<string[]> =>
      Promise.all(Array.from({ length: many }, async () => (await hasty.send(message())).class))
    expect(await classes(5)).toEqual(Array(5).fill('permanent'))
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(await classes(5)).toEqual(Array(5).fill('permanent'))

    await server.setMode({ mode: 'script', replies: { EHLO: '250-wait\r\n' }, endless: 'EHLO' })
    await expect(hasty.verify()).rejects.toThrow(/no answer in time/)
  })

  test('a server whose answers are each in time, and all together not, is given up and its connection too', async () => {
    const server = await serve({ mode: 'slow', ms: 600 })
    const hasty = smtpTransport({ url: `smtp://127.0.0.1:${server.port}?timeout=780ms` })
    open.push(hasty)
    expect(['unreachable', 'unknown']).toContain((await hasty.send(message())).class)
  })

  test('IN-13: rubbish for an answer is cut to one harmless line and crashes nothing', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    const rubbish = [
      '550 \x1b[31mred\x07 Ada@example.org said 482913\r\n',
      `550 ${'x'.repeat(100_000)}\r\n`,
      `550-first\r\n550-\r\n550 last\r\n`,
      `550 gr\xfc\xdfe \xff\xfe \xe2\x80\xa8 next\r\n`,
      '550-a\r\nX-Evil: yes\r\n550 b\r\n',
    ]
    for (const RCPT of rubbish) {
      await server.setMode({ mode: 'script', replies: { RCPT } })
      const reply = await transport.send(message())
      expect(reply.class).toBe('permanent')
      expect(reply.text.length).toBeLessThanOrEqual(200)
      expect(reply.text).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]|Ada@example\.org|482913/u)
    }
    for (const reply of ['\x00\x01\x02\xff\r\n', 'hello\r\n', '\r\n\r\n\r\n', `${'x'.repeat(1_200_000)}`, '250-'.repeat(300_000)]) {
      for (const command of ['GREETING', 'EHLO', 'RCPT', 'MESSAGE']) {
        await server.setMode({ mode: 'script', replies: { [command]: reply } })
        const hasty = smtpTransport({ url: `smtp://127.0.0.1:${server.port}?timeout=250ms` })
        const { class: kind, text } = await hasty.send(message())
        await hasty.close()
        // An EHLO that is not understood may be followed by HELO, after which this server is decent.
        const fair = command === 'EHLO' ? ['unreachable', 'accepted'] : ['unreachable', 'unknown']
        expect(fair, `${command} ${reply.slice(0, 9)}`).toContain(kind)
        expect(text.length).toBeLessThanOrEqual(200)
      }
    }
  }, 60_000)

  test('fifty mails at once go out over at most five connections, each once', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    const replies = await Promise.all(Array.from({ length: 50 }, (_, n) => transport.send(message({ to: `user${n}@example.org` }))))
    expect(replies.filter(({ class: kind }) => kind === 'accepted')).toHaveLength(50)
    const recipients = (await server.messages()).flatMap(({ rcptTo }) => rcptTo)
    expect(new Set(recipients).size).toBe(50)
    expect(recipients).toHaveLength(50)
    expect((await server.heard()).match(/^EHLO/gm)?.length).toBeLessThanOrEqual(5)
  })
})

describe('a mail for show', () => {
  test('EN-12: takes up a connection as a real one does, and the mail server hears no word of it', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    expect(await transport.pretend?.(message())).toEqual({ class: 'accepted', text: '' })
    expect(await server.heard()).toMatch(/^EHLO \S+\r\nRSET\r\nRSET\r\n$/)
    expect((await transport.send(message())).class).toBe('accepted')
    expect(await transport.pretend?.(message())).toMatchObject({ class: 'accepted' })
    expect(await server.messages()).toHaveLength(1)
    const heard = await server.heard()
    expect(heard.match(/^EHLO/gm)).toHaveLength(1)
    expect(heard.match(/^MAIL FROM/gm)).toHaveLength(1)
  })

  test('EN-12: fails as a real one does where no mail could be handed over', async () => {
    const server = await serve({ mode: 'down' })
    const transport = transportTo(server)
    const troubles: SmtpBehaviour[] = [
      { mode: 'down' },
      { mode: 'script', replies: { GREETING: '421 busy\r\n' } },
      { mode: 'script', replies: { GREETING: '554 go away\r\n' } },
      // Whatever it is asked.
      { mode: 'script', replies: { MAIL: '421 shutting down\r\n', RSET: '421 shutting down\r\n' } },
    ]
    for (const trouble of troubles) {
      await server.setMode(trouble)
      const [real, show] = [await transport.send(message()), await transport.pretend?.(message())]
      expect(show).toEqual(real)
      expect(real.class).not.toBe('accepted')
    }
    const login = await serve({ mode: 'auth', user: 'mailer', pass: 'right-pass' })
    const wrong = transportTo(login, { login: 'mailer:wrong-pass@', query: withTls })
    expect(await wrong.pretend?.(message())).toEqual(await wrong.send(message()))
  })

  test('is none the worse for a server that refuses to be asked for nothing', async () => {
    const server = await serve({ mode: 'script', replies: { RSET: '554 too many nonmail commands\r\n' } })
    const transport = transportTo(server)
    expect(await transport.pretend?.(message())).toMatchObject({ class: 'accepted' })
    expect((await transport.send(message())).class).toBe('accepted')
  })

  test('a connection is given up before it has heard more than Exim listens to, ten words that are no mail; or after fifty mails', async () => {
    const server = await serve({ mode: 'accept' })
    const transport = transportTo(server)
    for (let mail = 0; mail < 11; mail++) await transport.pretend?.(message())
    const resets = (await server.heard()).split(/^EHLO.*$/m).map((said) => said.match(/^RSET/gm)?.length ?? 0)
    expect(resets).toEqual([0, 10, 10, 2])
    // Without it the mail server's log is full of connections that were lost.
    await expect.poll(async () => (await server.heard()).match(/^QUIT/gm)?.length).toBe(2)

    const other = await serve({ mode: 'accept' })
    const real = transportTo(other)
    for (let mail = 0; mail < 51; mail++) await real.send(message())
    expect((await other.heard()).match(/^EHLO/gm)).toHaveLength(2)
  })
})

test('a kept connection that has come to its end is replaced, once', async () => {
  const server = await serve({ mode: 'script', replies: { MAIL: '421 idle for too long\r\n' } })
  const transport = transportTo(server)
  await transport.pretend?.(message())
  expect(await transport.send(message())).toMatchObject({ class: 'temporary', code: 421 })
  expect((await server.heard()).match(/^EHLO/gm)).toHaveLength(2)
})

test('a mail whose kept connection has come to its end does not wait for the others to come to theirs', async () => {
  const server = await serve({ mode: 'script', replies: { MAIL: '421 idle for too long\r\n' } })
  const transport = smtpTransport({ url: `smtp://127.0.0.1:${server.port}?timeout=10000ms` })
  open.push(transport)
  const pretend = (): Promise<unknown> => transport.pretend?.(message()) ?? Promise.resolve()
  await Promise.all(Array.from({ length: 5 }, pretend))
  const began = performance.now()
  const real = Array.from({ length: 5 }, () => transport.send(message()))
  await Promise.all([...real, ...Array.from({ length: 15 }, pretend)])
  expect((await Promise.all(real)).map(({ class: kind }) => kind)).toEqual(Array(5).fill('temporary'))
  // Those that rest are closed after ten seconds.
  expect(performance.now() - began).toBeLessThan(5_000)
})

describe('the SMTP address in the settings', () => {
  test('a setting that cannot be right is refused at once, with a remedy and without its value', () => {
    const cases: [string, RegExp][] = [
      ['mailer:s3cret-pass@host', /neither with smtp|is not a URL/],
      ['http://mailer:s3cret-pass@host', /begins neither/],
      ['smtp://mailer:s3cret-pass@mail.example.com?tls=off', /another machine/],
      ['smtps://mailer:s3cret-pass@localhost?tls=off', /asks for TLS and for none/],
      ['smtp://mailer:s3cret-pass@localhost?tls=maybe', /unknown value of tls/],
      ['smtp://mailer:s3cret-pass@localhost?pool=false', /an option that is not known/],
      ['smtp://mailer:s3cret-pass@localhost?timeout=5', /unreadable timeout/],
      ['smtp://mailer:s3cret-pass@localhost?ca=/nowhere/ca.pem', /cannot be read/],
      ['smtp://mailer:s3cret%zz-pass@localhost', /percent-encoded/],
      ['smtp://mailer@localhost', /only one of user and password/],
      ['smtp://', /names no host|is not a URL/],
    ]
    for (const [url, words] of cases) {
      const refuse = (): unknown => smtpTransport({ url })
      expect(refuse, url).toThrow(words)
      expect(refuse, url).toThrow(/ — /)
      expect(refuse, url).not.toThrow(/s3cret/)
    }
  })
})
