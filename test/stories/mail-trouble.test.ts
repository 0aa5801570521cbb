// A bad day of the mail server: what becomes of the mails, what the people see meanwhile (nothing), and what the operator is told.

import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createPostkey, type Message, type Reply } from '../../src/index.ts'
import { Clock, DAY, type Kit, MINUTE, ORIGIN, SECRET, startKit } from '../kit.ts'
import { type SmtpBehaviour, startSmtpServer, testAuthority } from '../smtp-server.ts'

const accepted: Reply = { class: 'accepted', code: 250, text: '250 ok' }

/** Time goes by, and the outbox does what is due. */
async function pass(kit: Kit, ms: number): Promise<void> {
  for (let gone = 0; gone < ms; gone += 5_000) {
    kit.clock.forward(5_000)
    await kit.settle()
  }
}

/** What a person sees who asks: without what is different each time. */
async function ask(kit: Kit, email: string): Promise<{ seen: string; signIn: () => Promise<number> }> {
  const browser = kit.browser()
  const answer = await browser.post('/sign-in', { email })
  const page = await browser.get(answer.location)
  await kit.settle()
  const c = new URL(answer.location, 'https://auth.example.com').searchParams.get('c') ?? ''
  return {
    seen: `${answer.status} ${page.status} ${page.text
      .replaceAll(email, 'EMAIL')
      .replaceAll(/[0-9A-Za-z]{16,}/g, 'ID')
      .replaceAll(/(\d{4}-\d\d-\d\dT)?\d\d:\d\d(:[\d.]+Z)?/g, 'TIME')}`,
    signIn: async () => (await browser.post('/sign-in/code', { c, code: kit.mailbox.newest(email).code ?? '' })).status,
  }
}

test.each<Reply['class']>(['unreachable', 'temporary'])(
  'FA-05: nine minutes without a mail server (%s), then it is back: mails of use arrive once, the others never; the pages do not change',
  async (trouble) => {
    let up = true
    const handed: { readonly message: Message; readonly at: number }[] = []
    const kit = await startKit({
      policy: { preset: 'strict', otherBrowser: 'address' },
      reply: (message) => {
        if (!up) return { class: trouble, text: 'connect ECONNREFUSED' }
        handed.push({ message, at: kit.clock.at })
        return accepted
      },
    })
    const usual = await ask(kit, 'zoe@example.net')
    up = false
    const early = await ask(kit, 'ada@example.net')
    await pass(kit, 5 * MINUTE)
    const late = await ask(kit, 'bob@example.net')
    await pass(kit, 4 * MINUTE)
    up = true
    await pass(kit, 6 * MINUTE)
    expect(handed.map(({ message }) => message.to)).toEqual(['zoe@example.net', 'bob@example.net'])
    // strict: everything in a mail lives for ten minutes, and two of them must be left.
    for (const { message, at } of handed) expect(at - message.date.getTime()).toBeLessThanOrEqual(8 * MINUTE)
    expect([early.seen, late.seen]).toEqual([usual.seen, usual.seen])
    await kit.close()
  },
)

test('FA-07: greylisted for five minutes: the mail comes once, and its code is good', async () => {
  let first: number | null = null
  let tries = 0
  const kit = await startKit({
    reply: () => {
      tries++
      first ??= kit.clock.at
      return kit.clock.at - first < 5 * MINUTE ? { class: 'temporary', code: 451, text: '451 4.7.1 try again later' } : accepted
    },
  })
  const ada = await ask(kit, 'ada@example.net')
  await pass(kit, 8 * MINUTE)
  expect(kit.mailbox.all('ada@example.net')).toHaveLength(1)
  // Soon at first, since somebody waits; then less often.
  expect(tries).toBeLessThan(10)
  expect(await ada.signIn()).toBe(303)
  await kit.close()
})

test('FA-07: a mailbox that does not exist is given up at once; after three such mails nobody is troubled with more for a week', async () => {
  let refused = 0
  const kit = await startKit({
    reply: () => {
      refused++
      return { class: 'permanent', code: 550, text: '550 5.1.1 no such user' }
    },
  })
  const seen = new Set<string>()
  for (let mail = 1; mail <= 5; mail++) {
    seen.add((await ask(kit, 'nobody@example.net')).seen)
    await pass(kit, 20 * MINUTE)
    expect(refused).toBe(Math.min(mail, 3))
  }
  // Whoever asks cannot tell.
  expect(seen.size).toBe(1)
  kit.clock.forward(7 * DAY)
  await ask(kit, 'nobody@example.net')
  expect(refused).toBe(4)
  await kit.close()
})

test('FA-08: the data went out and the answer never came: the same mail again, with the same Message-ID and secrets', async () => {
  const handed: Message[] = []
  const kit = await startKit({
    reply: (message) => {
      handed.push(message)
      return handed.length === 1 ? { class: 'unknown', text: 'connection reset' } : accepted
    },
  })
  const ada = await ask(kit, 'ada@example.net')
  await pass(kit, MINUTE)
  expect(handed).toHaveLength(2)
  const [first, again] = handed.map(({ to, messageId, subject, text, date }) => ({ to, messageId, subject, text, date }))
  expect(again).toEqual(first)
  expect(await ada.signIn()).toBe(303)
  await kit.close()
})

describe('FA-09: the mail server refuses our login', () => {
  test('mails wait, and one line of level error a minute says so; the server is alive and ready meanwhile; later they go out', async () => {
    let login = false
    const lines: { readonly name: string; readonly error: string; readonly level: 'error' | 'info' }[] = []
    const kit = await startKit({
      reply: () => (login ? accepted : { class: 'unreachable', code: 535, text: '535 5.7.8 authentication failed' }),
      log: {
        event: (name) => void lines.push({ name, error: '', level: 'info' }),
        warn: () => {},
        error: (name, error) => void lines.push({ name, error: String(error), level: 'error' }),
      },
    })
    const people = [await ask(kit, 'ada@example.net'), await ask(kit, 'bob@example.net')]
    await pass(kit, 2 * MINUTE)
    expect(lines.filter(({ level }) => level === 'error')).toEqual([
      { name: 'mail_server_unusable', error: 'Error: 535 5.7.8 authentication failed', level: 'error' },
    ])
    for (const path of ['/livez', '/readyz']) expect((await kit.browser().get(path)).status).toBe(200)
    login = true
    await pass(kit, 3 * MINUTE)
    expect(kit.mailbox.messages.map(({ to }) => to).toSorted()).toEqual(['ada@example.net', 'bob@example.net'])
    for (const person of people) expect(await person.signIn()).toBe(303)
    await kit.close()
  })

  test.each([
    ['is gone', { mode: 'down' }],
    ['knows another password', { mode: 'auth', user: 'postkey', pass: 'another' }],
    ['shows an expired certificate', { mode: 'starttls', certificate: 'expired' }],
  ] as const)(
    'the body of /readyz says since when the mail server %s, and that it is usable again; nobody has to ask for a mail',
    async (_, bad) => {
      const good: SmtpBehaviour = { mode: 'auth', user: 'postkey', pass: 'right-one' }
      const smtp = await startSmtpServer({ mode: 'down' })
      const lines: string[] = []
      const clock = new Clock(Date.UTC(2026, 10, 21, 9))
      const postkey = await createPostkey({
        url: ORIGIN,
        secret: SECRET,
        database: 'file::memory:',
        mail: { from: 'a@example.com', transport: `smtp://postkey:right-one@127.0.0.1:${smtp.port}?ca=${testAuthority}` },
        now: clock.now,
        log: { event: (name) => void lines.push(name), warn: () => {}, error: (name) => void lines.push(name) },
      })
      const ask = async (path: string): Promise<{ status: number; body: unknown }> => {
        const answer = await postkey.handler(new Request(`${ORIGIN}${path}`))
        return { status: answer.status, body: await answer.json() }
      }
      const until = async (body: object): Promise<void> => {
        for (const end = Date.now() + 5_000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
          const answer = await ask('/readyz')
          if (Date.now() < end && !isDeepStrictEqual(answer.body, body)) continue
          return expect(answer).toEqual({ status: 200, body })
        }
      }
      /** A look, if one is due, comes after its answer. */
      const looked = async (): Promise<void> => {
        await ask('/readyz')
        await new Promise((resolve) => setTimeout(resolve, 300))
      }
      const told = (): string[] => lines.filter((name) => name.startsWith('mail_server'))
      const degradedSince = (time: string): object => ({ status: 'degraded', mail: `unusable since 2026-11-21T${time}.000Z` })
      await until(degradedSince('09:00:00'))
      await smtp.setMode(good)
      clock.forward(MINUTE)
      await until({ status: 'ok' })
      await smtp.setMode(bad)
      // Not looked at again within the minute.
      clock.forward(MINUTE - 1)
      await looked()
      expect([(await ask('/readyz')).body, told()]).toEqual([{ status: 'ok' }, ['mail_server_unusable', 'mail_server_usable']])
      clock.forward(1)
      await until(degradedSince('09:02:00'))
      // Another look finds the same, and the time stays that of the first.
      clock.forward(5 * MINUTE)
      await looked()
      await until(degradedSince('09:02:00'))
      expect(await ask('/livez')).toEqual({ status: 200, body: { status: 'ok' } })
      await smtp.setMode(good)
      clock.forward(MINUTE)
      await until({ status: 'ok' })
      expect(told()).toEqual(['mail_server_unusable', 'mail_server_usable', 'mail_server_unusable', 'mail_server_usable'])
      await postkey.close()
      await smtp.stop()
    },
  )

  test('a process that sends no mail does not ask for the mail server', async () => {
    const postkey = await createPostkey({
      url: ORIGIN,
      secret: SECRET,
      database: 'file::memory:',
      mail: { from: 'a@example.com', transport: 'smtp://127.0.0.1:1' },
      sendsMail: false,
    })
    for (let look = 0; look < 5; look++) {
      const answer = await postkey.handler(new Request(`${ORIGIN}/readyz`))
      expect(await answer.json()).toEqual({ status: 'ok' })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await postkey.close()
  })
})
