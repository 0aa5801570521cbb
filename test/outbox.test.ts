// The outbox worker on a real database, with a mail server as slow as the test wants: how many mails are on their way at once, and
// what happens to those that wait too long.
import { expect, test } from 'vitest'
import { readPolicy } from '../src/core/policy.ts'
import type { Context } from '../src/flow/context.ts'
import { startOutbox } from '../src/flow/outbox.ts'
import { start } from '../src/flow/sign-in.ts'
import { createPostkey } from '../src/index.ts'
import type { MailTransport } from '../src/mail/transport.ts'
import { keyring } from '../src/secret.ts'
import { openStore } from '../src/store/open.ts'

const SECRET = 'a secret for tests that is long enough to be taken for one'

async function outboxOf(sendMs: number, options: { readonly atOnce: number; readonly leaseMs: number; readonly inHand?: number }) {
  const sent: string[] = []
  let now = 0
  let most = 0
  const transport: MailTransport = {
    name: 'slow',
    send: async ({ to }) => {
      most = Math.max(most, ++now)
      await new Promise((resolve) => setTimeout(resolve, sendMs))
      now--
      sent.push(to)
      return { class: 'accepted', text: '250 ok' }
    },
    verify: async () => {},
    close: async () => {},
  }
  const store = await openStore('file::memory:')
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
    returnOrigins: [],
    defaultReturn: '/account',
    log: { event: () => {}, error: (name: string) => void problems.push(name) },
    now: Date.now,
  }
  const another = () =>
    startOutbox({ ...context, hand: { reserve: () => null, take: () => {}, wake: () => {} } } as Context, transport, options)
  const outbox = another()
  const whole = { ...context, hand: outbox } as Context
  const ask = (name: string) => {
    const asker = {
      requestId: name.padEnd(16, '0'),
      browser: null,
      session: null,
      device: '',
      network: `${name}/24`,
      networkWide: `${name}/16`,
    }
    return start(whole, asker, { email: `${name}@example.net` })
  }
  const stop = async (): Promise<void> => {
    await outbox.stop()
    await store.close()
  }
  return { ask, sent, stop, outbox, another, problems, most: () => most }
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
