// Classes of mailboxes, asked of a real DNS server.
import { Resolver } from 'node:dns/promises'
import { afterEach, expect, test } from 'vitest'
import { type DnsServer, startDns, type Zone } from '../../test/dns-server.ts'
import { type Mailboxes, type MxResolver, mailboxesBy } from './mailboxes.ts'

const servers: DnsServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const clock = { at: 0 }

async function over(zone: Zone, atOnce?: number): Promise<{ server: DnsServer; mailboxes: Mailboxes }> {
  const server = await startDns(zone)
  servers.push(server)
  const resolver = new Resolver({ timeout: 200, tries: 1 })
  resolver.setServers([server.address])
  return { server, mailboxes: mailboxesBy({ resolver, timeoutMs: 300, now: () => clock.at, ...(atOnce ? { atOnce } : {}) }) }
}

const GOOGLE = { mx: ['aspmx.l.google.com'] }

test('a domain is asked for once, whoever waits, and again after a day', async () => {
  const { server, mailboxes } = await over({ 'a.example': GOOGLE, 'b.example': { mx: ['mx1.pphosted.com'] } })
  const found = await Promise.all(['a.example', 'b.example', 'a.example', null].map((domain) => mailboxes.find(domain)))
  expect(found).toEqual(['google', 'proofpoint', 'google', 'other'])
  expect(await mailboxes.find('a.example')).toBe('google')
  expect(server.asked.toSorted()).toEqual(['a.example', 'b.example'])
  clock.at += 24 * 3_600_000
  expect(await mailboxes.find('a.example')).toBe('google')
  expect(server.asked.length).toBe(3)
  expect(mailboxes.unanswered()).toBe(0)
})

test('who does not wait hears "other" until it is known', async () => {
  const { mailboxes } = await over({ 'a.example': GOOGLE })
  expect(mailboxes.known('a.example')).toBe('other')
  await mailboxes.find('a.example')
  expect(mailboxes.known('a.example')).toBe('google')
  expect(mailboxes.known(null)).toBe('other')
})

test('a domain without MX, one that does not exist, and silence are all "other"; silence alone is counted, and asked again after a minute', async () => {
  const zone: Record<string, Zone[string]> = { 'none.example': {}, 'silent.example': 'silent', 'broken.example': 'servfail' }
  const { server, mailboxes } = await over(zone)
  const domains = ['none.example', 'unknown.example', 'silent.example', 'broken.example']
  const begun = Date.now()
  expect(await Promise.all(domains.map((domain) => mailboxes.find(domain)))).toEqual(['other', 'other', 'other', 'other'])
  expect(Date.now() - begun).toBeLessThan(2_000)
  expect(mailboxes.unanswered()).toBe(2)
  zone['silent.example'] = GOOGLE
  expect(await mailboxes.find('silent.example')).toBe('other')
  clock.at += 60_000
  expect(await mailboxes.find('silent.example')).toBe('google')
  expect(server.asked.filter((name) => name === 'unknown.example').length).toBe(1)
})

/** Answers when told, and knows how many wait. */
function patient(): MxResolver & { readonly open: (() => void)[]; most: number } {
  const open: (() => void)[] = []
  const resolver = {
    open,
    most: 0,
    resolveMx: () =>
      new Promise<[]>((resolve) => {
        open.push(() => resolve([]))
        resolver.most = Math.max(resolver.most, open.length)
      }),
  }
  return resolver
}

test('no more questions are under way at once than were allowed, and none is lost', async () => {
  const resolver = patient()
  const mailboxes = mailboxesBy({ resolver, timeoutMs: 10_000, now: () => 0, atOnce: 3 })
  const all = Promise.all(Array.from({ length: 20 }, (_, nth) => mailboxes.find(`${nth}.example`)))
  for (let answered = 0; answered < 20; answered++) {
    while (resolver.open.length === 0) await new Promise((resolve) => setImmediate(resolve))
    resolver.open.shift()?.()
  }
  expect((await all).length).toBe(20)
  expect(resolver.most).toBe(3)
})

test('where nobody answers at all, few are waited for', async () => {
  let asked = 0
  const resolver: MxResolver = {
    resolveMx: () => {
      asked++
      return new Promise(() => {})
    },
  }
  const mailboxes = mailboxesBy({ resolver, timeoutMs: 20, now: () => 0, atOnce: 4 })
  const found = await Promise.all(Array.from({ length: 500 }, (_, nth) => mailboxes.find(`${nth}.example`)))
  expect(new Set(found)).toEqual(new Set(['other']))
  expect(mailboxes.unanswered()).toBe(500)
  expect(asked).toBeGreaterThanOrEqual(32)
  expect(asked).toBeLessThan(60)
})

test('a resolver that throws is silence too', async () => {
  const resolver: MxResolver = {
    resolveMx: () => {
      throw new TypeError('no name')
    },
  }
  const mailboxes = mailboxesBy({ resolver, timeoutMs: 20, now: () => 0 })
  expect(await mailboxes.find('a.example')).toBe('other')
  expect(mailboxes.unanswered()).toBe(1)
})
