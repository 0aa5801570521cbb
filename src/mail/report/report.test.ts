// What mail services send, in the forms of their documents, and what somebody else would send in their name.
import { createHmac, createSign, generateKeyPairSync, sign as signWith } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mintWebhookSecret, sign } from '../../webhook/signature.ts'
import { readDsn } from './dsn.ts'
import { mailgun } from './mailgun.ts'
import { postmark } from './postmark.ts'
import type { Delivery, Reading, ReadReport } from './report.ts'
import { sendgrid } from './sendgrid.ts'
import { ses } from './ses.ts'
import { signed } from './signed.ts'

const NOW = Date.UTC(2026, 10, 26, 4, 0, 0)
const SECONDS = String(NOW / 1_000)
const DAY = 86_400_000

const delivery = (body: string, headers: Record<string, string> = {}, now = NOW): Delivery => ({
  header: (name) => headers[name] ?? null,
  body,
  now,
})
const forged = { ok: false, why: 'forged' }
const unreadable = { ok: false, why: 'unreadable' }
const nothing = { ok: true, reports: [] }
const told = (reading: Reading): unknown =>
  reading.ok ? reading.reports.map(({ kind, address, messageId }) => [kind, address, messageId]) : reading

describe('RL-21: SES by SNS', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const topic = 'arn:aws:sns:eu-west-1:123456789012:bounces'
  const asked: string[] = []
  const confirmed: string[] = []
  const read = ses(topic, {
    certificate: async (url) => {
      asked.push(url)
      return pem
    },
    confirm: async (url) => void confirmed.push(url),
  })
  const bounce = {
    notificationType: 'Bounce',
    bounce: {
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [
        { emailAddress: 'ada@example.net', status: '5.1.1', action: 'failed', diagnosticCode: 'smtp; 550 5.1.1 no such user' },
      ],
    },
    mail: { messageId: '0000-ses', commonHeaders: { messageId: '<Vbb2l5kDZRh29KWG0@example.com>' } },
  }
  const message = (about: unknown, more: Record<string, string> = {}, key = privateKey, version: '1' | '2' = '2'): string => {
    const fields: Record<string, string> = {
      Type: 'Notification',
      MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
      TopicArn: topic,
      Message: typeof about === 'string' ? about : JSON.stringify(about),
      Timestamp: new Date(NOW).toISOString(),
      SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-x.pem',
      SignatureVersion: version,
      ...more,
    }
    const names =
      fields['Type'] === 'Notification'
        ? ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type']
        : ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type']
    const text = names.flatMap((name) => (fields[name] === undefined ? [] : [`${name}\n${fields[name]}\n`])).join('')
    const signer = createSign(version === '1' ? 'RSA-SHA1' : 'RSA-SHA256').update(text)
    return JSON.stringify({ ...fields, Signature: signer.sign(key, 'base64') })
  }

  test.each(['1', '2'] as const)('a bounce, signed by version %s', async (version) => {
    expect(told(await read(delivery(message(bounce, { Subject: 'Amazon SES' }, privateKey, version))))).toEqual([
      ['bounced', 'ada@example.net', '<Vbb2l5kDZRh29KWG0@example.com>'],
    ])
  })

  test('a complaint, by event publishing, of two people', async () => {
    const complaint = {
      eventType: 'Complaint',
      complaint: {
        complainedRecipients: [{ emailAddress: 'a@example.net' }, { emailAddress: 'b@example.net' }],
        complaintFeedbackType: 'abuse',
      },
      mail: {},
    }
    expect(told(await read(delivery(message(complaint))))).toEqual([
      ['complained', 'a@example.net', null],
      ['complained', 'b@example.net', null],
    ])
  })

  test.each([
    ['a bounce that may pass', { ...bounce, bounce: { ...bounce.bounce, bounceType: 'Transient' } }],
    [
      'not spam',
      {
        notificationType: 'Complaint',
        complaint: { complainedRecipients: [{ emailAddress: 'a@b.example' }], complaintFeedbackType: 'not-spam' },
      },
    ],
    ['a delivery', { notificationType: 'Delivery', mail: {} }],
    ['a sentence', 'Successfully validated SNS topic for Amazon SES event publishing.'],
  ])('%s is nothing', async (_, about) => {
    expect(await read(delivery(message(about)))).toEqual(nothing)
  })

  test('a subscription is confirmed at Amazon, and nowhere else', async () => {
    const confirmation = (url: string) => message('You have chosen …', { Type: 'SubscriptionConfirmation', Token: 'x', SubscribeURL: url })
    const url = 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=x'
    expect(await read(delivery(confirmation(url)))).toEqual(nothing)
    expect(await read(delivery(confirmation('https://evil.example/sns.eu-west-1.amazonaws.com/')))).toEqual(nothing)
    expect(confirmed).toEqual([url])
  })

  test.each([
    ['another key', message(bounce, {}, stranger)],
    ['another topic', message(bounce, { TopicArn: 'arn:aws:sns:eu-west-1:999999999999:bounces' })],
    ['another message', message(bounce).replace('ada@', 'bob@')],
    ['two days old', message(bounce, { Timestamp: new Date(NOW - 2 * DAY).toISOString() })],
    ['no time', message(bounce, { Timestamp: 'now' })],
    ['a certificate elsewhere', message(bounce, { SigningCertURL: 'https://evil.example/x.pem' })],
    ['a certificate nearly at Amazon', message(bounce, { SigningCertURL: 'https://sns.eu-west-1.amazonaws.com.evil.example/x.pem' })],
    ['a certificate over http', message(bounce, { SigningCertURL: 'http://sns.eu-west-1.amazonaws.com/x.pem' })],
    ['a certificate in a query', message(bounce, { SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/x?a.pem' })],
    ['a bucket of somebody', message(bounce, { SigningCertURL: 'https://sns.s3.amazonaws.com.pem' })],
    ['no JSON', 'x'],
    ['no message', '{}'],
  ])('%s is forged', async (name, body) => {
    const before = asked.length
    expect(await read(delivery(body))).toEqual(forged)
    if (name.startsWith('a certificate')) expect(asked).toHaveLength(before)
  })
})

describe('RL-21: Postmark', () => {
  const read = postmark('postkey:7fJ2kQ9xVbN4sT')
  const auth = (text: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  const good = auth('postkey:7fJ2kQ9xVbN4sT')
  const body = (more: object): string =>
    JSON.stringify({
      RecordType: 'Bounce',
      Type: 'HardBounce',
      Email: 'ada@example.net',
      MessageID: 'x',
      Description: 'unknown user',
      ...more,
    })

  test.each([
    ['a hard bounce', {}, [['bounced', 'ada@example.net', null]]],
    ['a bad address', { Type: 'BadEmailAddress' }, [['bounced', 'ada@example.net', null]]],
    ['a complaint', { RecordType: 'SpamComplaint', Type: 'SpamComplaint' }, [['complained', 'ada@example.net', null]]],
    ['a soft bounce', { Type: 'SoftBounce' }, []],
    ['one that waits', { Type: 'Transient' }, []],
    ['a delivery', { RecordType: 'Delivery', Type: undefined }, []],
  ])('%s', async (_, more, reports) => {
    expect(told(await read(delivery(body(more), good)))).toEqual(reports)
  })

  test.each([
    ['no password', {}],
    ['another password', auth('postkey:7fJ2kQ9xVbN4sU')],
    ['a longer one', auth('postkey:7fJ2kQ9xVbN4sTx')],
    ['another name', auth('postkez:7fJ2kQ9xVbN4sT')],
    ['a token', { authorization: 'Bearer postkey:7fJ2kQ9xVbN4sT' }],
  ])('%s is forged', async (_, headers) => {
    expect(await read(delivery(body({}), headers as Record<string, string>))).toEqual(forged)
  })

  test('what is known and not understood', async () => {
    expect(await read(delivery('{}', good))).toEqual(unreadable)
    expect(await read(delivery('x', good))).toEqual(unreadable)
  })
})

describe('RL-21: SendGrid', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const read = sendgrid(publicKey.export({ type: 'spki', format: 'der' }).toString('base64'))
  const headersOf = (body: string, timestamp = SECONDS): Record<string, string> => ({
    'x-twilio-email-event-webhook-signature': signWith('sha256', Buffer.from(timestamp + body), privateKey).toString('base64'),
    'x-twilio-email-event-webhook-timestamp': timestamp,
  })
  const events = JSON.stringify([
    {
      event: 'bounce',
      type: 'bounce',
      email: 'ada@example.net',
      'smtp-id': '<Vbb2l5kDZRh29KWG0@example.com>',
      reason: '550 no',
      status: '5.1.1',
    },
    { event: 'bounce', type: 'blocked', email: 'bob@example.net' },
    { event: 'spamreport', email: 'cy@example.net' },
    { event: 'processed', email: 'dee@example.net', timestamp: 1 },
    { event: 'deferred', email: 'eve@example.net' },
  ])

  test('what is for good is told apart', async () => {
    expect(told(await read(delivery(events, headersOf(events))))).toEqual([
      ['bounced', 'ada@example.net', '<Vbb2l5kDZRh29KWG0@example.com>'],
      ['complained', 'cy@example.net', null],
    ])
  })

  test('the example of its library is signed as it says', async () => {
    const own = sendgrid(
      'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA==',
    )
    const headers = {
      'x-twilio-email-event-webhook-signature':
        'MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=',
      'x-twilio-email-event-webhook-timestamp': '1588788367',
    }
    const body = JSON.stringify({ category: 'example_payload', event: 'test_event', message_id: 'message_id' })
    // Signed, and no list of events.
    expect(await own(delivery(body, headers, 1_588_788_367_000))).toEqual(unreadable)
    expect(await own(delivery(`${body} `, headers, 1_588_788_367_000))).toEqual(forged)
  })

  test.each([
    ['no signature', {}],
    ['of another time', { ...headersOf(events), 'x-twilio-email-event-webhook-timestamp': String(NOW / 1_000 + 1) }],
    ['two days old', headersOf(events, String((NOW - 2 * DAY) / 1_000))],
    ['of another body', headersOf('[]')],
    ['nonsense', { ...headersOf(events), 'x-twilio-email-event-webhook-signature': 'AAAA' }],
  ])('%s is forged', async (_, headers) => {
    expect(await read(delivery(events, headers as Record<string, string>))).toEqual(forged)
  })
})

describe('RL-21: Mailgun', () => {
  const KEY = 'key-3ax6xnjp29jd6fds4gc373sgvjxteol0'
  const read = mailgun(KEY)
  const body = (data: object, { timestamp = SECONDS, key = KEY, token = 't'.repeat(50) } = {}): string =>
    JSON.stringify({
      signature: {
        timestamp,
        token,
        signature: createHmac('sha256', key)
          .update(timestamp + token)
          .digest('hex'),
      },
      'event-data': data,
    })
  const failed = {
    event: 'failed',
    severity: 'permanent',
    recipient: 'ada@example.net',
    reason: 'bounce',
    message: { headers: { 'message-id': 'Vbb2l5kDZRh29KWG0@example.com' } },
    'delivery-status': { code: 550, message: '550 no such user', description: null },
  }

  test.each([
    ['for good', failed, [['bounced', 'ada@example.net', 'Vbb2l5kDZRh29KWG0@example.com']]],
    ['for now', { ...failed, severity: 'temporary' }, []],
    ['a complaint', { event: 'complained', recipient: 'ada@example.net' }, [['complained', 'ada@example.net', null]]],
    ['opened', { event: 'opened', recipient: 'ada@example.net' }, []],
  ])('%s', async (_, data, reports) => {
    expect(told(await read(delivery(body(data))))).toEqual(reports)
  })

  test.each([
    ['another key', body(failed, { key: 'key-other' })],
    ['two days old', body(failed, { timestamp: String((NOW - 2 * DAY) / 1_000) })],
    ['no signature', JSON.stringify({ 'event-data': failed })],
    ['no JSON', 'signature=x'],
    ['a short signature', body(failed).replace(/"signature":"(.{8})[^"]*"/, '"signature":"$1"')],
  ])('%s is forged', async (_, text) => {
    expect(await read(delivery(text))).toEqual(forged)
  })
})

describe('RL-21: any other, signed as our webhooks are', () => {
  const secret = mintWebhookSecret()
  const read = signed(secret)
  const send = (type: string, data: object, by = secret, at = NOW / 1_000): Delivery => {
    const body = JSON.stringify({ type, timestamp: new Date(NOW).toISOString(), data })
    return delivery(body, { 'webhook-id': 'x', 'webhook-timestamp': String(at), 'webhook-signature': sign([by], 'x', at, body) })
  }
  test('a bounce, a complaint, and what is neither', async () => {
    expect(told(await read(send('mail.bounced', { email: 'ada@example.net', messageId: '<x@y>' })))).toEqual([
      ['bounced', 'ada@example.net', '<x@y>'],
    ])
    expect(told(await read(send('mail.complained', { email: 'ada@example.net' })))).toEqual([['complained', 'ada@example.net', null]])
    for (const type of ['mail.opened', 'toString']) expect(await read(send(type, { email: 'ada@example.net' })), type).toEqual(unreadable)
    expect(await read(send('mail.bounced', {}))).toEqual(unreadable)
    expect(await read(send('mail.bounced', { email: 'ada@example.net' }, mintWebhookSecret()))).toEqual(forged)
    expect(await read(send('mail.bounced', { email: 'ada@example.net' }, secret, NOW / 1_000 - 400))).toEqual(forged)
    expect(() => signed('whsec_short')).toThrow(TypeError)
  })
})

test('no reader stumbles over what a stranger sends', async () => {
  const readers: ReadReport[] = [
    ses('arn:aws:sns:eu-west-1:123456789012:x', { certificate: async () => '', confirm: async () => {} }),
    postmark('a:b'),
    mailgun('x'),
    signed(mintWebhookSecret()),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(fc.string(), fc.json()),
      fc.dictionary(fc.constantFrom('authorization', 'webhook-id', 'webhook-timestamp', 'webhook-signature'), fc.string()),
      async (body, headers) => {
        for (const read of readers) expect((await read(delivery(body, headers))).ok).toBe(false)
      },
    ),
    { numRuns: 100 },
  )
})

describe('RFC 3464: messages of the mail system', () => {
  const report = (status: string, to = 'bounces+0a1b@mail.example.com'): string =>
    [
      'From: MAILER-DAEMON@mx.example.com (Mail Delivery System)',
      'Subject: Undelivered Mail Returned to Sender',
      `To: ${to}`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary="B"',
      '',
      '--B',
      'Content-Type: text/plain; charset=us-ascii',
      '',
      "I'm sorry to have to inform you that your message could not be delivered.",
      '',
      '--B',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example.com',
      'Arrival-Date: Thu, 26 Nov 2026 04:00:00 +0000',
      '',
      status,
      '',
      '--B',
      'Content-Type: message/rfc822',
      '',
      'From: sign-in@example.com',
      'To: ada@example.net',
      'Message-ID: <Vbb2l5kDZRh29KWG0@example.com>',
      'Subject: 123456 is your code',
      '',
      'Your code: 123456',
      '--B--',
      '',
    ].join('\r\n')
  const block = (action: string, status: string): string =>
    [
      `Final-Recipient: rfc822; ada@example.net`,
      `Action: ${action}`,
      `Status: ${status}`,
      'Diagnostic-Code: smtp; 550 5.1.1',
      ' no such user',
    ].join('\r\n')
  const read = (text: string) => readDsn(Buffer.from(text))

  test('what failed for good, why, and where the report came in', async () => {
    expect(await read(report(block('failed', '5.1.1')))).toEqual({
      failed: [{ status: '5.1.1', diagnostic: 'smtp; 550 5.1.1 no such user' }],
      sentTo: ['bounces+0a1b@mail.example.com'],
    })
  })

  test.each(['x', 'a@', ',', '<a@b>', '@'])('IN-13: a long header of %j takes no time', async (piece) => {
    const long = report(block('failed', '5.1.1')).replace(/^(?:To|Delivered-To|X-Original-To): .*$/im, `To: ${piece.repeat(100_000)}`)
    const began = performance.now()
    expect((await read(long))?.failed).toHaveLength(1)
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  test.each([
    ['delayed', block('delayed', '4.4.1')],
    ['failed for now', block('failed', '4.4.7')],
    ['delayed, in words of a failure', block('delayed', '5.4.1')],
    ['delivered', block('delivered', '2.0.0')],
    ['without a status', 'Action: failed'],
  ])('%s is no failure for good', async (_, status) => {
    expect((await read(report(status)))?.failed).toEqual([])
  })

  test('of several people, each is told', async () => {
    expect(
      (await read(report(`${block('failed', '5.1.1')}\r\n\r\n${block('delayed', '4.4.1')}\r\n\r\n${block('failed', '5.7.1')}`)))?.failed,
    ).toHaveLength(2)
  })

  test('an ordinary mail is no report, and nothing makes it stumble', async () => {
    expect(await read('From: a@b.example\r\nTo: c@d.example\r\n\r\nhello')).toBe(null)
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        await read(text)
        await read(report(text))
      }),
      { numRuns: 100 },
    )
  })
})
