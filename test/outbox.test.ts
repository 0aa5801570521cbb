// The outbox worker on a real database, with a mail server as slow as the test wants: how many mails are on their way at once, and
// what happens to those that wait too long.
import { expect, test, vi } from 'vitest'
import { readPolicy } from '../src/core/policy.ts'
import type { Context } from '../src/flow/context.ts'
import { startOutbox } from '../src/flow/outbox.ts'
import { start } from '../src/flow/sign-in.ts'
import { createPostkey } from '../src/index.ts'
import type { Message } from '../src/mail/message.ts'
import type { MailTransport } from '../src/mail/transport.ts'
import { keyring, mintId } from '../src/secret.ts'
import { openStore } from '../src/store/open.ts'
import type { Store } from '../src/store/store.ts'
import { sharedDatabases } from './nodes.ts'

const SECRET = 'a secret for tests that is long enough to be taken for one'

interface Options {
  readonly atOnce: number
  readonly leaseMs: number
  readonly inHand?: number
  readonly database?: string
  /** What the mail server does with a mail before it takes it. */
  readonly before?: (to: string, signal: AbortSignal | undefined) => Promise<void> | void
}

async function outboxOf(sendMs: number, { database = 'file::memory:', before, ...options }: Options) {
  const sent: string[] = []
  const messages: Message[] = []
  let now = 0
  let most = 0
  const transport: MailTransport = {
    name: 'slow',
    send: async (message, signal) => {
      messages.push(message)
      most = Math.max(most, ++now)
      try {
        await before?.(message.to, signal)
        await new Promise((resolve) => setTimeout(resolve, sendMs))
      } finally {
        now--
      }
      sent.push(message.to)
      return { class: 'accepted', text: '250 ok' }
    },
    verify: async () => {},
    close: async () => {},
  }
  const store = await openStore(database)
  const { versions } = await createPostkey({
    url: 'http://localhost',
    secret: SECRET,
    database: store,
    mail: { from: 'a@example.com', transport },
    sendsMail: false,
  })
  const policy = readPolicy({})
  if (!policy.ok) throw new Error('the standard policy is valid')
  const problems: string[] = []
  const context = {
    tenant: 'default',
    store,
    keys: keyring([SECRET]),
    policy: policy.policy,
    versions,
    brand: { name: 'Example', mailFrom: 'a@example.com', support: undefined, accent: undefined },
    origin: 'http://localhost',
    basePath: '',
    returnBelow: '',
    returnOrigins: [],
    defaultReturn: '/account',
    bounceAddress: null,
    operators: [],
    log: { event: () => {}, warn: () => {}, error: (name: string) => void problems.push(name) },
    now: Date.now,
    tell: () => {},
    mailUnusableSince: () => null,
    tracing: null,
    rollOut: null,
    findOwnUser: null,
    mailboxes: { find: async () => 'other' as const, unanswered: () => 0 },
    mailboxOf: () => 'other' as const,
    dispatches: { wanted: () => undefined, wake: () => {} },
    everywhere: () => undefined,
    views: { saw: () => {}, isFirst: () => true, counts: () => ({ written: 0, dropped: 0, unknown: 0, beyond: 0 }) },
  }
  const noHand = { reserve: () => null, take: () => {}, wake: () => {} }
  /** One more worker, on the same store or, as another process has it, one of its own. */
  const another = (own: Store = store) => startOutbox({ ...context, store: own, hand: noHand } as Context, transport, options)
  const outbox = another()
  const whole = { ...context, hand: outbox } as Context
  const askIn = (where: Context, name: string) => {
    const asker = {
      requestId: mintId(Date.now()),
      browser: null,
      session: null,
      recovery: null,
      device: '',
      network: `${name}/24`,
      networkWide: `${name}/16`,
    }
    return start(where, asker, { email: `${name}@example.net` })
  }
  const ask = (name: string) => askIn(whole, name)
  /** A mail for show. */
  const pretend = (name: string) => askIn({ ...whole, policy: { ...policy.policy, signUp: 'closed' } }, name)
  /** Into the queue, for whoever looks next. With a secret of its own: sealed with a key that no worker has. */
  const queue = (name: string, secret = SECRET) => askIn({ ...context, keys: keyring([secret]), hand: noHand } as Context, name)
  const stop = async (): Promise<void> => {
    await outbox.stop()
    await store.close()
  }
  return { ask, pretend, queue, sent, messages, store, stop, outbox, another, problems, most: () => most }
}

const people = Array.from({ length: 12 }, (_, at) => `person${at}`)

test('mails minted here wait for their turn here: no more than so many are on their way, and each is sent once', async () => {
  const { ask, sent, stop, outbox, problems, most } = await outboxOf(20, { atOnce: 3, leaseMs: 60_000 })
  await Promise.all(people.map(ask))
  await outbox.idle()
  expect(sent.toSorted()).toEqual(people.map((name) => `${name}@example.net`).toSorted())
  expect(most()).toBe(3)
  expect(problems).toEqual([])
  await stop()
})

test('whoever asks is not told of a look that began before: a mail that came meanwhile is waited for', async () => {
  const { queue, sent, stop, outbox, another, store } = await outboxOf(5, { atOnce: 3, leaseMs: 60_000 })
  await outbox.stop()
  const answers: (() => void)[] = []
  // The database has answered, and the answer is on its way for as long as the test wants.
  const far = Object.assign(Object.create(store) as Store, {
    nextMailDue: async () => {
      const next = await store.nextMailDue()
      await new Promise<void>((resolve) => answers.push(resolve))
      return next
    },
  })
  const other = another(far)
  await vi.waitFor(() => expect(answers).toHaveLength(1))
  await queue('late')
  let resting = false
  const idle = other.idle().then(() => (resting = true))
  answers[0]?.()
  await vi.waitFor(() => expect(sent).toEqual(['late@example.net']))
  expect(resting).toBe(false)
  await vi.waitFor(() => expect(answers).toHaveLength(2))
  answers[1]?.()
  await idle
  await other.stop()
  await stop()
})

test('FA-03: a mail that waited for half its lease is left to whoever comes when the lease is over: two workers send one copy', async () => {
  const { ask, sent, stop, outbox, another } = await outboxOf(300, { atOnce: 1, leaseMs: 500 })
  const other = another()
  await Promise.all(people.slice(0, 3).map(ask))
  for (let round = 0; round < 40 && sent.length < 3; round++) {
    other.wake()
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await Promise.all([outbox.idle(), other.idle()])
  expect(new Set(sent).size).toBe(3)
  expect(sent).toHaveLength(3)
  await other.stop()
  await stop()
})

test('mails beyond what one process may have in hand wait in the queue, and are sent from there', async () => {
  const { ask, sent, stop, outbox } = await outboxOf(5, { atOnce: 2, leaseMs: 60_000, inHand: 2 })
  await Promise.all(people.map(ask))
  await outbox.idle()
  expect(sent).toHaveLength(people.length)
  expect(new Set(sent).size).toBe(people.length)
  await stop()
})

test.each(sharedDatabases)(
  'FA-03: ten workers on one queue on %s, each with connections of its own: one copy of each mail',
  async (_, fresh) => {
    const database = await fresh()
    const { queue, sent, stop, outbox, another, problems } = await outboxOf(10, { atOnce: 4, leaseMs: 60_000, database: database.url })
    const stores = await Promise.all(Array.from({ length: 9 }, () => openStore(database.url, { connections: 3 })))
    const others = stores.map((store) => another(store))
    const names = Array.from({ length: 100 }, (_, at) => `person${at}`)
    await Promise.all(names.map((name) => queue(name)))
    for (const worker of [outbox, ...others]) worker.wake()
    await Promise.all([outbox, ...others].map((worker) => worker.idle()))
    expect(sent.toSorted()).toEqual(names.map((name) => `${name}@example.net`).toSorted())
    expect(problems).toEqual([])
    for (const other of others) await other.stop()
    for (const store of stores) await store.close()
    await stop()
    await database.drop()
  },
)

test('mails that wait in the queue are not overtaken for ever by those that come', async () => {
  const { ask, sent, stop, outbox } = await outboxOf(10, { atOnce: 2, leaseMs: 60_000, inHand: 4 })
  const names = Array.from({ length: 80 }, (_, at) => `person${at}`)
  // More than this process may have in hand; and then a new one for each that leaves.
  await Promise.all(names.slice(0, 12).map(ask))
  for (let asked = 12; asked < names.length; ) {
    while (asked < names.length && asked - sent.length < 12) await ask(names[asked++] as string)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await outbox.idle()
  const late = names.map((name, at) => sent.indexOf(`${name}@example.net`) - at)
  expect(sent).toHaveLength(80)
  expect(Math.max(...late)).toBeLessThan(20)
  await stop()
})

test('mails that cannot be opened, that the transport throws at, or that it never answers to, are in nobody’s way', async () => {
  let ended = 0
  const { queue, sent, messages, store, stop, outbox, problems } = await outboxOf(1, {
    atOnce: 1,
    leaseMs: 400,
    before: async (to, signal) => {
      if (to.startsWith('thrown')) throw new TypeError('the recipient of a mail is not one plain address')
      if (!to.startsWith('silent')) return
      signal?.addEventListener('abort', () => ended++)
      await new Promise(() => {})
    },
  })
  for (const name of ['sealed1', 'sealed2']) await queue(name, 'a secret of somebody else that is long enough to be one')
  for (const name of ['thrown1', 'thrown2', 'silent1', ...people]) await queue(name)
  outbox.wake()
  for (let wait = 0; wait < 300 && sent.length < people.length; wait++) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(sent.toSorted()).toEqual(people.map((name) => `${name}@example.net`).toSorted())
  // Those that can never be sent are given up; the one without an answer comes again, after its pause.
  expect(problems.filter((name) => name !== 'mail_not_made')).toEqual([])
  expect(messages.filter(({ to }) => to.startsWith('thrown'))).toHaveLength(2)
  // Or two copies of it would be on their way.
  expect(ended).toBe(1)
  await expect.poll(async () => store.nextMailDue().then(({ now, dueAt }) => (dueAt ?? 0) - now)).toBeGreaterThan(2_000)
  await stop()
})

test('EN: a mail is handed over after its answer, which takes as long for a mail that only seems to be sent', async () => {
  const { ask, stop, outbox, most } = await outboxOf(1, { atOnce: 3, leaseMs: 60_000 })
  await ask('person0')
  expect(most()).toBe(0)
  await outbox.idle()
  expect(most()).toBe(1)
  await stop()
})

test('EN-12: a mail for show is settled when the slowest of the last real ones had its answer', async () => {
  const { ask, pretend, sent, stop, outbox } = await outboxOf(80, { atOnce: 3, leaseMs: 60_000 })
  await ask('person0')
  await outbox.idle()
  const began = performance.now()
  await pretend('person1')
  await outbox.idle()
  expect(performance.now() - began).toBeGreaterThan(75)
  expect(sent).toEqual(['person0@example.net'])
  await stop()
})

test('EN-12: and not sooner after real ones that no mail server was asked about, since their key is gone', async () => {
  const { ask, queue, pretend, stop, outbox, problems } = await outboxOf(80, { atOnce: 3, leaseMs: 60_000 })
  await ask('person0')
  await outbox.idle()
  for (let mail = 0; mail < 8; mail++) await queue(`sealed${mail}`, 'a secret of somebody else that is long enough to be one')
  await outbox.idle()
  const began = performance.now()
  await pretend('person1')
  await outbox.idle()
  expect(performance.now() - began).toBeGreaterThan(75)
  expect(problems).toEqual([])
  await stop()
})
