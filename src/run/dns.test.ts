// The DNS checks, against a real DNS server.
import { Resolver } from 'node:dns/promises'
import { afterEach, expect, test } from 'vitest'
import { type DnsServer, startDns, type Zone } from '../../test/dns-server.ts'
import { checkMailDns } from './dns.ts'

const servers: DnsServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serve(zone: Zone): Promise<Resolver> {
  const server = await startDns(zone)
  servers.push(server)
  const resolver = new Resolver({ timeout: 300, tries: 1 })
  resolver.setServers([server.address])
  return resolver
}

async function statuses(zone: Zone, domain = 'example.com', selectors?: string[]): Promise<Record<string, string>> {
  const findings = await checkMailDns(domain, { resolver: await serve(zone), timeoutMs: 500, selectors })
  for (const { status, remedy } of findings) expect(remedy === undefined).toBe(status === 'ok')
  return Object.fromEntries(findings.map(({ check, status }) => [check, status]))
}

test('a domain that is set up well is all ok', async () => {
  const zone: Zone = {
    'example.com': { txt: ['google-site-verification=x', 'v=spf1 include:_spf.mail.example -all'], mx: ['mx1.example.com'] },
    '_dmarc.example.com': { txt: ['v=DMARC1; p=reject; rua=mailto:d@example.com'] },
    's1._domainkey.example.com': { txt: [`v=DKIM1; k=rsa; p=${'A'.repeat(380)}`] },
  }
  expect(await statuses(zone, 'example.com', ['s1'])).toEqual({ spf: 'ok', dmarc: 'ok', dkim: 'ok', mx: 'ok' })
})

test('a domain without records is told what to add', async () => {
  expect(await statuses({ 'example.com': {} }, 'example.com', ['s1'])).toEqual({ spf: 'warn', dmarc: 'warn', dkim: 'fail', mx: 'warn' })
  expect(await statuses({})).toEqual({ spf: 'warn', dmarc: 'warn', dkim: 'unknown', mx: 'warn' })
})

test('records that are there and wrong are failures or warnings', async () => {
  const spf = async (...txt: string[]): Promise<string | undefined> => (await statuses({ 'example.com': { txt } }))['spf']
  expect(await spf('v=spf1 +all')).toBe('fail')
  expect(await spf('v=spf1 a all')).toBe('fail')
  expect(await spf('v=spf1 -all', 'v=spf1 mx -all')).toBe('fail')
  expect(await spf('v=spf10 -all')).toBe('warn')
  const dmarc = async (txt: string): Promise<string | undefined> => (await statuses({ '_dmarc.example.com': { txt: [txt] } }))['dmarc']
  expect(await dmarc('v=DMARC1; p=none')).toBe('warn')
  expect(await dmarc('v=DMARC1; sp=reject')).toBe('warn')
  expect(await dmarc('v=DMARC1;p=quarantine')).toBe('ok')
  expect((await statuses({ 's1._domainkey.example.com': { txt: ['v=DKIM1; p='] } }, 'example.com', ['s1']))['dkim']).toBe('fail')
  expect((await statuses({ 'example.com': { mx: ['.'] } }))['mx']).toBe('fail')
})

test('a subdomain has the DMARC policy of the domain above it', async () => {
  expect((await statuses({ '_dmarc.example.com': { txt: ['v=DMARC1; p=reject'] } }, 'mail.example.com'))['dmarc']).toBe('ok')
})

test('FA-09: when DNS fails or says nothing, all is unknown, within the timeout', async () => {
  for (const trouble of ['servfail', 'silent'] as const) {
    const zone: Zone = { 'example.com': trouble, '_dmarc.example.com': trouble, 's1._domainkey.example.com': trouble }
    const begun = Date.now()
    expect(await statuses(zone, 'example.com', ['s1'])).toEqual({ spf: 'unknown', dmarc: 'unknown', dkim: 'unknown', mx: 'unknown' })
    expect(Date.now() - begun).toBeLessThan(2_000)
  }
})

test('a resolver that never settles is not waited for', async () => {
  const never = { resolveTxt: () => new Promise<never>(() => {}), resolveMx: () => new Promise<never>(() => {}) }
  const findings = await checkMailDns('example.com', { resolver: never, timeoutMs: 50 })
  expect(findings.map(({ status }) => status)).toEqual(['unknown', 'unknown', 'unknown', 'unknown'])
})

test('control characters in a record never reach the terminal', async () => {
  const resolver = await serve({ 'example.com': { txt: ['v=spf1 \x1b[31m-all'] } })
  const findings = await checkMailDns('example.com', { resolver, timeoutMs: 500 })
  expect(JSON.stringify(findings)).not.toContain('\\u001b')
})
