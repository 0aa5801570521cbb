import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { devInbox } from './dev-inbox.ts'
import type { Message } from './message.ts'
import { signInMail } from './sign-in.tsx'
import { replyText } from './transport.ts'

const at = Date.UTC(2026, 4, 4, 13, 55)

function message(to: string, secrets: { link?: string | null; code?: string | null } = {}): Message {
  const { link = 'https://auth.example.com/l/ABC#def', code = '482913' } = secrets
  const parts = signInMail({
    brand: { name: 'Acme', mailFrom: 'signin@example.com' },
    locale: 'en',
    to,
    link,
    code,
    notMe: null,
    network: null,
    codeOff: false,
    linkExpiresAt: at + 900_000,
    codeExpiresAt: at + 600_000,
    sentAt: at,
    device: 'Firefox on Linux',
    askedAt: at,
    codeInSubject: true,
    host: 'auth.example.com',
  })
  return { ...parts, to, from: { name: 'Acme', address: 'signin@example.com' }, messageId: '<1@example.com>', date: new Date(at) }
}

const made: string[] = []
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true })
})
function directory(): string {
  const parent = mkdtempSync(join(tmpdir(), 'postkey-inbox-'))
  made.push(parent)
  return join(parent, 'mails')
}

describe('the dev inbox', () => {
  test('lists the newest mail first, by recipient and by time', async () => {
    let now = at
    const inbox = devInbox({ now: () => now })
    for (const to of ['ada@example.org', 'bob@example.org', 'ada@example.org']) {
      expect(await inbox.send(message(to))).toMatchObject({ class: 'accepted' })
      now += 1_000
    }
    expect(inbox.list().map(({ receivedAt }) => receivedAt)).toEqual([
      '2026-05-04T13:55:02.000Z',
      '2026-05-04T13:55:01.000Z',
      '2026-05-04T13:55:00.000Z',
    ])
    expect(inbox.list({ to: 'ADA@example.org' })).toHaveLength(2)
    // Exclusive: "what came after the one I have".
    for (const after of [at + 1_000, String(at + 1_000), '2026-05-04T13:55:01.000Z']) expect(inbox.list({ after })).toHaveLength(1)
    expect(inbox.list({ to: 'eve@example.org' })).toEqual([])
    const [newest] = inbox.list()
    expect(inbox.get(newest?.id ?? '')).toBe(newest)
    expect(inbox.get('no such')).toBeUndefined()
  })

  test('finds link and code in every shape of mail', async () => {
    const inbox = devInbox()
    const link = 'http://localhost:3000/l/ABC123456#def654321'
    for (const secrets of [
      { link, code: '482913' },
      { link: null, code: '48291377' },
      { link, code: null },
    ]) {
      await inbox.send(message('ada@example.org', secrets))
      expect(inbox.list()[0]).toMatchObject(secrets)
    }
  })

  test('shows after a restart what it had, in files nobody else can read', async () => {
    const folder = directory()
    const before = devInbox({ directory: folder })
    for (let n = 0; n < 3; n++) await before.send(message(`user${n}@example.org`))
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    writeFileSync(join(folder, '00000000000.json'), '{"id": "half a ma')
    const after = devInbox({ directory: folder })
    expect(after.list()).toEqual(before.list())
    await after.send(message('late@example.org'))
    expect(after.list()[0]?.to).toBe('late@example.org')
    expect(new Set(after.list().map(({ id }) => id)).size).toBe(4)
  })

  test('keeps the newest 200, in memory and on disk', async () => {
    const folder = directory()
    const inbox = devInbox({ directory: folder })
    for (let n = 0; n < 205; n++) await inbox.send(message(`user${n}@example.org`))
    expect(inbox.list()).toHaveLength(200)
    expect(inbox.list().at(-1)?.to).toBe('user5@example.org')
    expect(readdirSync(folder)).toHaveLength(200)
    expect(existsSync(join(folder, `${inbox.list()[0]?.id}.json`))).toBe(true)
  })
})

describe('what a mail server says, before it reaches a log', () => {
  test('IN-13: is one line, short, without controls, addresses or codes', () => {
    expect(replyText('550 5.1.1 <Ada@example.org>: unknown')).toBe('550 5.1.1 <•@•>: unknown')
    expect(replyText('554 spam: "482913 is your code"')).toBe('554 spam: "• is your code"')
    expect(replyText('550-first\r\n550 second')).toBe('550-first')
    expect(replyText('550 a\x1b[31m\u202Eb\u2028c')).toBe('550 a [31m b')
    expect(replyText('x'.repeat(1_000_000))).toHaveLength(200)
    expect(replyText('')).toBe('')
  })

  test('IN-13: a megabyte of look-alikes takes no time', () => {
    const begun = performance.now()
    for (const piece of ['a@', '1', '<', ' \r', 'a.']) replyText(piece.repeat(500_000))
    expect(performance.now() - begun).toBeLessThan(200)
  })
})
