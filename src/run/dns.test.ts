// The DNS checks, against a real DNS server of 40 lines: it answers TXT and MX, says NXDOMAIN, or says nothing.
import { createSocket, type Socket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { afterEach, expect, test } from 'vitest'
import { checkMailDns } from './dns.ts'

type Zone = Readonly<Record<string, { readonly txt?: readonly string[]; readonly mx?: readonly string[] } | 'servfail' | 'silent'>>

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close()
})

const TXT = 16
const MX = 15

async function serve(zone: Zone): Promise<Resolver> {
  const socket = createSocket('udp4')
  sockets.push(socket)
  socket.on('message', (query, from) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const type = query.readUInt16BE(at + 1)
    const entry = zone[labels.join('.').toLowerCase()]
    if (entry === 'silent') return
    const known = typeof entry === 'object' ? entry : {}
    const answers = type === TXT ? (known.txt ?? []).map(txtData) : type === MX ? (known.mx ?? []).map(mxData) : []
    const header = Buffer.alloc(12)
    header.writeUInt16BE(query.readUInt16BE(0), 0)
    header.writeUInt16BE(0x8180 | (entry === undefined ? 3 : entry === 'servfail' ? 2 : 0), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(answers.length, 6)
    const records = answers.map((data) => {
      const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, 0])
      record.writeUInt16BE(data.length, 10)
      return Buffer.concat([record, data])
    })
    socket.send(Buffer.concat([header, query.subarray(12, at + 5), ...records]), from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  const resolver = new Resolver({ timeout: 300, tries: 1 })
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  return resolver
}

/** In pieces of at most 255 bytes, as long keys come. */
function txtData(text: string): Buffer {
  const pieces = text.match(/[\s\S]{1,255}/g) ?? ['']
  return Buffer.concat(pieces.map((piece) => Buffer.concat([Buffer.from([piece.length]), Buffer.from(piece, 'latin1')])))
}

function mxData(host: string): Buffer {
  const labels = host.split('.').filter((label) => label !== '')
  return Buffer.concat([
    Buffer.from([0, 10]),
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ])
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
