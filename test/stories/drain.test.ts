// A rolling restart while people are asking: the server that is told to stop answers what it has taken, and the mails it has not sent
// are sent by the next one.
import { Agent, type IncomingMessage, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { brokenRows } from '../examine.ts'
import { sharedDatabases, sqliteFile } from '../nodes.ts'
import { startServe } from '../server.ts'
import { type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'

const CLIENTS = 12
const UNDER_LOAD = 4 * CLIENTS

let smtp: SmtpTestServer
beforeAll(async () => {
  smtp = await startSmtpServer({ mode: 'accept' })
})
afterAll(() => smtp.stop())

test.each(sharedDatabases)(
  'I5: SIGTERM under load on %s: nobody is answered 5xx, and every mail that was promised arrives once',
  async (engine, fresh) => {
    const database = await fresh()
    const env = {
      POSTKEY_DATABASE_URL: database.url,
      POSTKEY_SMTP_URL: `smtp://127.0.0.1:${smtp.port}?timeout=2000ms`,
      POSTKEY_TRUSTED_PROXIES: '127.0.0.1/32,::1/128',
    }
    const first = await startServe(env)
    const statuses: Record<string, number> = {}
    const promised: string[] = []
    let stopping = false
    const client = async (name: number): Promise<void> => {
      for (let number = 0; ; number++) {
        const email = `${engine.toLowerCase()}-${name}-${number}@example.net`
        const answer = await fetch(`${first.url}/sign-in`, {
          method: 'POST',
          redirect: 'manual',
          headers: { origin: first.url, 'sec-fetch-site': 'same-origin', 'x-forwarded-for': `198.${name}.${number & 255}.7` },
          body: new URLSearchParams({ email }),
        }).catch((error: unknown) => {
          // Only once it was told to stop may it be gone, or hang up on a connection that rested.
          expect(stopping, String(error)).toBe(true)
          return null
        })
        if (answer === null) return
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
        if (answer.status === 303) promised.push(email)
      }
    }
    const clients = Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)))
    // However slow the machine is: there is load when the signal comes, and some of it is answered after that.
    while (promised.length < UNDER_LOAD) await new Promise((resolve) => setTimeout(resolve, 10))
    const before = promised.length
    stopping = true
    expect(await first.stop()).toBe(0)
    await clients
    expect(Object.keys(statuses)).toEqual(['303'])
    expect(promised.length).toBeGreaterThan(before)
    expect(first.lines().filter(({ level }) => level === 'error')).toEqual([])

    const second = await startServe(env)
    const arrived = async (): Promise<string[]> =>
      (await smtp.messages()).flatMap(({ rcptTo }) => rcptTo).filter((to) => promised.includes(to))
    for (const end = Date.now() + 15_000; (await arrived()).length < promised.length && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await arrived()).sort()).toEqual([...promised].sort())
    expect(await second.stop()).toBe(0)
    expect(await brokenRows(database.url)).toEqual([])
    await database.drop()
  },
  60_000,
)

test('I5: a request on a connection that rested when the server was told to stop is answered, and the connection ends with it', async () => {
  const database = await sqliteFile()
  const server = await startServe({ POSTKEY_DATABASE_URL: database.url, POSTKEY_SMTP_URL: `smtp://127.0.0.1:${smtp.port}` })
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (agent?: Agent) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(`${server.url}/livez`, { agent, method: 'GET' }, (answer) => {
        answer.resume()
        answer.once('end', () => resolve(answer))
      })
      sent.once('error', reject)
      sent.end()
    })
  expect((await ask(kept)).headers.connection).toBe('keep-alive')
  const stopped = server.stop()
  const fresh = () => ask().then(String, ({ code }) => code as string)
  while ((await fresh()) !== 'ECONNREFUSED');
  const last = await ask(kept)
  expect([last.statusCode, last.headers.connection]).toEqual([200, 'close'])
  expect(await stopped).toBe(0)
  kept.destroy()
  await database.drop()
})
