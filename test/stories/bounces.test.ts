// RL-21: mails that come back. The address is sent nothing more; whoever asks for it sees what anybody sees; who waits in the browser that asked, and
// operators, are told the truth; and nobody can make it up.
import { createHmac, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { migrate, openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { mintWebhookSecret, sign } from '../../src/webhook/signature.ts'
import { askAndOpen, Clock, DAY, HOUR, type Kit, type KitOptions, MINUTE, signIn, startKit } from '../kit.ts'
import { sharedDatabases, sqliteFile } from '../nodes.ts'
import { startReceiver, typed } from '../webhook-receiver.ts'

const ADA = 'ada@example.net'
const OPS = 'ops@example.net'
const SECRET = randomBytes(33).toString('base64')
const SIGNED = mintWebhookSecret()
const MAILGUN = 'key-3ax6xnjp29jd6fds4gc373sgvjxteol0'

interface Scene {
  readonly kit: Kit
  readonly clock: Clock
  readonly url: string
  /** Sends a report in somebody's name. */
  report(data: object, by?: string, type?: string): Promise<Response>
}

async function scene(
  fresh: () => Promise<{ url: string; drop: () => Promise<void> }>,
  work: (scene: Scene) => Promise<void>,
  options: KitOptions = {},
): Promise<void> {
  const { url, drop } = await fresh()
  const clock = new Clock(Date.now())
  const kit = await startKit({
    operators: [OPS],
    secret: SECRET,
    database: url,
    now: clock.now,
    ...options,
    mailOptions: { bounces: 'bounces@mail.example.com', reports: { signed: SIGNED, mailgun: MAILGUN } },
  })
  try {
    await work({
      kit,
      clock,
      url,
      report: (data, by = SIGNED, type = 'mail.bounced') => {
        const body = JSON.stringify({ type, timestamp: new Date(clock.at).toISOString(), data })
        const timestamp = Math.floor(clock.at / 1_000)
        return kit.postkey.handler(
          new Request('https://auth.example.com/webhooks/mail/signed', {
            method: 'POST',
            body,
            headers: {
              'content-type': 'application/json',
              'webhook-id': 'x',
              'webhook-timestamp': String(timestamp),
              'webhook-signature': sign([by], 'x', timestamp, body),
            },
          }),
        )
      },
    })
  } finally {
    await kit.close()
    await drop()
  }
}

/** What the page of the browser that asked shows, without what differs by request. */
const pageOf = async (browser: ReturnType<Kit['browser']>, challenge: string): Promise<string> =>
  (await browser.get(`/sign-in/check?c=${challenge}`)).text.replaceAll(challenge, 'C').replaceAll(/[0-9A-Za-z]{16}/g, 'I')

const TOLD = 'could not be delivered'

describe.each(sharedDatabases)('RL-21, %s', (_, fresh) => {
  test('a reported bounce suppresses the address; strangers see no difference, operators see it and lift it', async () => {
    await scene(fresh, async ({ kit, clock, report }) => {
      await signIn(kit, ADA)
      clock.forward(HOUR)
      const { message, browser, challenge } = await askAndOpen(kit, ADA)
      expect(
        (await report({ email: ADA, messageId: message.messageId, detail: '550 5.1.1 ada@example.net no such user 123456' })).status,
      ).toBe(200)
      // In the browser that asked for it.
      expect(await pageOf(browser, challenge)).toContain(TOLD)
      expect(await pageOf(kit.browser(), challenge)).not.toContain(TOLD)
      clock.forward(HOUR)
      const mails = kit.mailbox.messages.length
      const [stranger, other] = [kit.browser(), kit.browser()]
      const suppressed = await stranger.post('/sign-in', { email: ADA })
      const unknown = await other.post('/sign-in', { email: 'bob@example.net' })
      expect([suppressed.status, [...suppressed.headers.keys()]]).toEqual([unknown.status, [...unknown.headers.keys()]])
      const challengeOf = (location: string): string => new URL(location, 'https://x').searchParams.get('c') ?? ''
      const pages = await Promise.all([pageOf(stranger, challengeOf(suppressed.location)), pageOf(other, challengeOf(unknown.location))])
      expect(pages[0]?.replaceAll(ADA, 'A')).toBe(pages[1]?.replaceAll('bob@example.net', 'A'))
      await kit.settle()
      expect(kit.mailbox.messages.slice(mails).map(({ to }) => to)).toEqual(['bob@example.net'])

      const operator = await signIn(kit, OPS)
      const { location } = await operator.post('/console/search', { q: ADA })
      const person = await operator.get(location)
      expect(person.text).toContain('a mail came back')
      expect(person.text).toContain('No mail is sent')
      expect((await operator.post(location, { act: 'lift_bounces' })).location).toContain('operator_lifted_limit')
      expect((await operator.get(location)).text).not.toContain('a mail came back')
      clock.forward(HOUR)
      expect((await askAndOpen(kit, ADA)).code).toMatch(/^\d{6}$/)
    })
  })

  test('it stays so for as long as nobody lifts it, whatever is removed as old', async () => {
    await scene(fresh, async ({ kit, clock, report }) => {
      await askAndOpen(kit, ADA)
      expect((await report({ email: ADA }, SIGNED, 'mail.complained')).status).toBe(200)
      for (let day = 0; day < 3; day++) {
        clock.forward(200 * DAY)
        await kit.postkey.purge()
      }
      const before = kit.mailbox.all(ADA).length
      await kit.browser().ask(ADA)
      await kit.settle()
      expect(kit.mailbox.all(ADA)).toHaveLength(before)
    })
  })

  test('a forged report is refused, and in the record', async () => {
    await scene(fresh, async ({ kit, report, clock, url }) => {
      const forged = await report({ email: ADA }, mintWebhookSecret())
      expect(forged.status).toBe(400)
      expect(await forged.json()).toMatchObject({ reason: 'body_malformed' })
      const mailgun = (key: string, recipient: string): Promise<Response> => {
        const timestamp = String(Math.floor(clock.at / 1_000))
        const token = 't'.repeat(50)
        const signature = createHmac('sha256', key)
          .update(timestamp + token)
          .digest('hex')
        const body = JSON.stringify({
          signature: { timestamp, token, signature },
          'event-data': { event: 'failed', severity: 'permanent', recipient },
        })
        return kit.postkey.handler(new Request('https://auth.example.com/webhooks/mail/mailgun', { method: 'POST', body }))
      }
      expect((await mailgun('key-of-somebody-else', ADA)).status).toBe(400)
      expect((await mailgun(MAILGUN, 'Bob@Example.net')).status).toBe(200)
      // Of services that are not in the settings there is no route.
      for (const service of ['ses', 'postmark', 'sendgrid', 'dsn', 'other'])
        expect(
          (await kit.postkey.handler(new Request(`https://auth.example.com/webhooks/mail/${service}`, { method: 'POST', body: '{}' })))
            .status,
          service,
        ).not.toBe(200)
      expect(
        (
          await kit.postkey.handler(
            new Request('https://auth.example.com/webhooks/mail/signed', { method: 'POST', body: 'x'.repeat(1_100_000) }),
          )
        ).status,
      ).toBe(413)
      const listed = await typed(url, SECRET, ['bounces', 'list', '--json'])
      expect(listed.json).toMatchObject({ suppressed: [{ address: 'bob@example.net', why: 'bounced', until: null }] })
      expect((await askAndOpen(kit, ADA)).code).toMatch(/^\d{6}$/)
    })
  })

  test('a report on a mail of somebody else, or on none, suppresses only whom it names', async () => {
    await scene(fresh, async ({ kit, clock, report, url }) => {
      const { message, browser, challenge } = await askAndOpen(kit, ADA)
      expect((await report({ email: 'eve@example.net', messageId: message.messageId })).status).toBe(200)
      expect((await report({ email: 'not an address' })).status).toBe(200)
      expect(await pageOf(browser, challenge)).not.toContain(TOLD)
      const listed = await typed(url, SECRET, ['bounces', 'list', '--json'])
      expect((listed.json['suppressed'] as { address: string }[]).map(({ address }) => address)).toEqual(['eve@example.net'])
      clock.forward(HOUR)
      expect((await askAndOpen(kit, ADA)).code).toMatch(/^\d{6}$/)
    })
  })

  test('a mail that the server refuses: told at once to who waits; at the third time the address is listed for a week', async () => {
    await scene(
      fresh,
      async ({ kit, clock, url }) => {
        for (let time = 0; time < 3; time++) {
          const browser = kit.browser()
          const challenge = await browser.ask(ADA)
          await kit.settle()
          expect(await pageOf(browser, challenge)).toContain(TOLD)
          expect((await browser.api('POST', '/api/sign-in/resend', { challenge })).status).toBe(429)
          clock.forward(HOUR)
        }
        expect((await typed(url, SECRET, ['bounces', 'list', '--json'])).json).toMatchObject({
          suppressed: [{ address: ADA, why: 'refused', until: expect.any(String) }],
        })
        const browser = kit.browser()
        const challenge = await browser.ask(ADA)
        await kit.settle()
        expect(await pageOf(browser, challenge)).not.toContain(TOLD)
        clock.forward(8 * DAY)
        // Tried again, and refused again.
        const again = kit.browser()
        const late = await again.ask(ADA)
        await kit.settle()
        expect(await pageOf(again, late)).toContain(TOLD)
        const onTheList = async (): Promise<number> => {
          const engine = await openEngine(url)
          const rows = await engine.read(() => all('select address from suppressions'))
          await engine.close()
          return rows.length
        }
        await kit.postkey.purge()
        expect(await onTheList()).toBe(1)
        // When nothing else of the mailbox is kept either.
        for (const days of [400, 1]) {
          clock.forward(days * DAY)
          await kit.postkey.purge()
        }
        expect(await onTheList()).toBe(0)
      },
      { reply: ({ to }) => (to === ADA ? { class: 'permanent', text: '550 no' } : { class: 'accepted', text: '250 ok' }) },
    )
  })

  test.each(['invited', 'closed'] as const)(
    'EN-01: with sign-up %s a mail that came back is told to nobody: only who has an account was sent one',
    async (signUp) => {
      await scene(
        fresh,
        async ({ kit, clock }) => {
          const [known, unknown] = [kit.browser(), kit.browser()]
          const first = await known.ask(OPS)
          const second = await unknown.ask('nobody@example.net')
          await kit.settle()
          const pages = [await pageOf(known, first), await pageOf(unknown, second)]
          expect(pages[0]?.replaceAll(OPS, 'A')).toBe(pages[1]?.replaceAll('nobody@example.net', 'A'))
          expect(pages[0]).not.toContain(TOLD)
          clock.forward(MINUTE)
        },
        { policy: { signUp }, reply: () => ({ class: 'permanent', text: '550 no' }) },
      )
    },
  )

  test('WH1: the host is told, once for each mail', async () => {
    const { url, drop } = await fresh()
    await using receiver = await startReceiver()
    await migrate(url)
    await typed(url, SECRET, ['webhooks', 'add', receiver.url, '--types', 'mail.bounced'])
    const clock = new Clock(Date.now())
    const kit = await startKit({
      url: 'http://localhost:3999',
      secret: SECRET,
      database: url,
      now: clock.now,
      mailOptions: { bounces: 'bounces@mail.example.com' },
      reply: ({ to }) => (to === 'bob@example.net' ? { class: 'permanent', text: '550 no' } : { class: 'accepted', text: '250 ok' }),
    })
    await signIn(kit, ADA)
    const { message } = await askAndOpen(kit, ADA)
    for (let twice = 0; twice < 2; twice++) expect((await take(url, dsnTo(message.returnPath ?? ''))).json).toMatchObject({ taken: true })
    await kit.browser().ask('bob@example.net')
    await kit.settle()
    // The command has a clock of its own.
    clock.forward(MINUTE)
    await kit.postkey.hostTold()
    expect(
      receiver
        .data('mail.bounced')
        .map(({ why }) => why)
        .toSorted(),
    ).toEqual(['bounced', 'refused'])
    expect(receiver.data('mail.bounced').find(({ why }) => why === 'bounced')).toMatchObject({
      user: expect.any(String),
      challenge: expect.any(String),
    })
    await kit.close()
    await drop()
  })
})

function dsnTo(address: string, action = 'failed', status = '5.1.1'): string {
  return [
    'From: MAILER-DAEMON@mx.example.com',
    `To: ${address}`,
    'Content-Type: multipart/report; report-type=delivery-status; boundary="B"',
    'MIME-Version: 1.0',
    '',
    '--B',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.example.com',
    '',
    'Final-Recipient: rfc822; ada@example.net',
    `Action: ${action}`,
    `Status: ${status}`,
    'Diagnostic-Code: smtp; 550 no such user',
    '',
    '--B--',
    '',
  ].join('\r\n')
}

const take = (url: string, message: string, ...words: string[]) =>
  typed(url, SECRET, ['bounces', 'take', ...words, '--json'], {
    input: Readable.from([Buffer.from(message)]),
  })

describe('RFC 3464: `postkey bounces take`, from a pipe of the mail system', () => {
  test('each mail has a return path of its own, and what comes in there counts for its address alone', async () => {
    await scene(sqliteFile, async ({ kit, url, clock }) => {
      const first = await askAndOpen(kit, ADA)
      const second = await askAndOpen(kit, 'bob@example.net')
      const path = first.message.returnPath ?? ''
      expect(path).toMatch(/^bounces\+[0-9a-f]{50}@mail\.example\.com$/)
      expect(second.message.returnPath).not.toBe(path)
      expect(await take(url, dsnTo(path, 'delayed', '4.4.1'))).toMatchObject({ code: 0, json: { taken: false, why: 'not_for_good' } })
      expect(await take(url, 'Subject: hello\r\n\r\nhello')).toMatchObject({ code: 0, json: { taken: false, why: 'not_a_report' } })
      // Somebody who knows the id of a challenge, and not what only the mail holds.
      const guessed = `bounces+${Buffer.from(`${second.challenge}0`).toString('hex')}${'0'.repeat(16)}@mail.example.com`
      expect(await take(url, dsnTo(guessed))).toMatchObject({ code: 0, json: { taken: false, why: 'not_ours' } })
      expect(await take(url, dsnTo('sign-in@example.com'))).toMatchObject({ json: { taken: false, why: 'not_ours' } })
      // Some write local parts in capitals.
      expect(await take(url, dsnTo(path.toUpperCase()))).toMatchObject({ code: 0, json: { taken: true, reason: 'mail_bounced' } })
      expect((await typed(url, SECRET, ['bounces', 'list', '--json'])).json).toMatchObject({
        suppressed: [{ address: ADA, why: 'bounced' }],
      })
      expect(await pageOf(first.browser, first.challenge)).toContain(TOLD)
      clock.forward(HOUR)
      expect((await askAndOpen(kit, 'bob@example.net')).code).toMatch(/^\d{6}$/)
    })
  })

  test('the address may be given by the mail system; nothing on the pipe is an error', async () => {
    await scene(sqliteFile, async ({ kit, url }) => {
      const { message } = await askAndOpen(kit, ADA)
      expect(await take(url, dsnTo('postmaster@example.com'), message.returnPath ?? '')).toMatchObject({ json: { taken: true } })
      expect((await typed(url, SECRET, ['bounces', 'take'])).code).toBe(1)
      expect((await take(url, '')).code).toBe(1)
      for (const words of [['bounces'], ['bounces', 'give'], ['bounces', 'list', 'x'], ['bounces', 'lift'], ['bounces', 'lift', 'ada']])
        expect((await typed(url, SECRET, words)).code).toBe(2)
    })
  })

  test('by command an address is sent mail again, which is in the record', async () => {
    await scene(sqliteFile, async ({ kit, url, clock, report }) => {
      expect((await report({ email: 'v.i.ctim+1@gmail.com' })).status).toBe(200)
      expect(await typed(url, SECRET, ['bounces', 'lift', 'victim@gmail.com'])).toMatchObject({
        code: 0,
        out: 'Mail to this address goes out again.',
      })
      expect(await typed(url, SECRET, ['bounces', 'lift', 'victim@gmail.com'])).toMatchObject({ code: 1 })
      expect((await typed(url, SECRET, ['bounces', 'list'])).out).toBe('No address is suppressed.')
      clock.forward(MINUTE)
      expect((await askAndOpen(kit, 'victim@gmail.com')).code).toMatch(/^\d{6}$/)
    })
  })

  test('a person who is erased is on no list', async () => {
    await scene(sqliteFile, async ({ kit, url, report }) => {
      await signIn(kit, ADA)
      await report({ email: ADA })
      const operator = await signIn(kit, OPS)
      const { location } = await operator.post('/console/search', { q: ADA })
      await operator.post(location, { act: 'erase', sure: 'yes' })
      expect((await typed(url, SECRET, ['bounces', 'list', '--json'])).json).toMatchObject({ suppressed: [] })
    })
  })
})
