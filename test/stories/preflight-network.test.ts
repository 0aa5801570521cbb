// The cases of `postkey preflight` about what lies between: TLS, plain http beside it, and the records of the domain that mails come from.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as send } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SecureContextOptions } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Send } from '../../src/preflight/browser.ts'
import { NotHere } from '../../src/preflight/case.ts'
import { tryAll } from '../../src/preflight/run.ts'
import { postkeyAt } from '../../src/preflight/system.ts'
import { type CarelessProxy, startCarelessProxy } from '../careless-proxy.ts'
import { chromiumFile } from '../chromium.ts'
import { dnsOf } from '../dns-server.ts'
import { inMails } from '../faults.ts'
import { type Live, startLive } from '../live.ts'
import { outcomes, preflight, type Tried, unlimited } from '../preflight.ts'
import { testAuthority } from '../smtp-server.ts'

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

describe('on https', () => {
  let live: Live
  let front: Server
  let hsts = true

  const good: SecureContextOptions = {
    key: readFileSync(file('../certificates/key.pem')),
    cert: readFileSync(file('../certificates/localhost.pem')),
  }
  /** From the next connection on. */
  const speak = (tls: SecureContextOptions): void => front.setSecureContext({ ...good, ...tls })

  /** What stands before the deployment and speaks TLS, as a proxy does. It listens as long as the deployment is known by its port. */
  beforeAll(async () => {
    front = createServer(good, (request, response) => {
      const { method = 'GET', url = '/', headers } = request
      const onward = send({ port: live.port, host: 'localhost', method, path: url, headers }, (answer) => {
        const { 'strict-transport-security': kept, ...others } = answer.headers
        response.writeHead(answer.statusCode ?? 502, {
          ...others,
          ...(hsts && kept !== undefined ? { 'strict-transport-security': kept } : {}),
        })
        answer.pipe(response)
      })
      request.pipe(onward)
    })
    await new Promise<void>((resolve) => front.listen(0, 'localhost', resolve))
    const { port } = front.address() as AddressInfo
    live = await startLive({ policy: { starts: unlimited }, flags: { url: `https://localhost:${port}` } })
  })
  afterAll(async () => {
    front.closeAllConnections()
    await new Promise((resolve) => front.close(resolve))
    await live[Symbol.asyncDispose]()
  })

  /** In a process that trusts the authority of the tests, by a clock that may be wrong. */
  async function outside(
    only: string,
    { clock = 0, chromium }: { readonly clock?: number; readonly chromium?: string } = {},
  ): Promise<Tried> {
    const child = spawn(
      process.execPath,
      [
        '--import',
        file('../shifted-clock.mjs'),
        file('../../dist/cli.js'),
        'preflight',
        live.url,
        '--only',
        only,
        '--json',
        ...(chromium === undefined ? [] : ['--chromium', chromium]),
      ],
      { env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: testAuthority, POSTKEY_TEST_CLOCK: String(clock) } },
    )
    let [out, err] = ['', '']
    child.stdout.on('data', (text) => {
      out += text
    })
    child.stderr.on('data', (text) => {
      err += text
    })
    const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)))
    return { code, err, results: (JSON.parse(out) as { results?: Tried['results'] }).results ?? [] }
  }

  test('a sound front passes, with cookies that browsers keep for this host alone; plain http beside a port of its own is not applicable', async () => {
    speak({ minVersion: 'TLSv1.2' })
    const folder = mkdtempSync(join(tmpdir(), 'postkey-preflight-'))
    // The browser has a list of authorities of its own.
    const chromium = await chromiumFile(folder, '--ignore-certificate-errors')
    const tried = await outside('NT-01,NT-02,NT-03,HD-06,SE-02,TK-01,BR-01,BR-05', { chromium })
    rmSync(folder, { recursive: true })
    expect([tried.code, ...outcomes(tried)]).toEqual([
      0,
      ...['BR-01 pass', 'BR-05 pass', 'TK-01 pass', 'SE-02 pass', 'HD-06 pass', 'NT-01 pass', 'NT-02 not tried', 'NT-03 pass'],
    ])
    expect(tried.results.find(({ id }) => id === 'NT-01')?.evidence).toMatch(/^TLSv1\.3, the certificate is good for \d+ days$/)
  })

  test('NT-03, HD-06: one that speaks TLS 1.1 and lets browsers go back to plain http is found', async () => {
    hsts = false
    speak({ minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' })
    const tried = await outside('NT-03,HD-06')
    hsts = true
    expect([tried.code, ...outcomes(tried)]).toEqual([1, 'HD-06 fail', 'NT-03 fail'])
    expect(tried.results[1]?.evidence).toBe('it speaks TLSv1.1')
  })

  test('NT-01: a certificate that ends in less than two weeks is found', async () => {
    speak({})
    const tried = await outside('NT-01', { clock: Date.parse('2119-12-23T00:00:00Z') - Date.now() })
    expect([tried.code, ...outcomes(tried)]).toEqual([1, 'NT-01 fail'])
    expect(tried.results[0]?.evidence).toContain('ends in 8 days')
  })

  test('a certificate that has ended, or is another’s, is told before anything is tried', async () => {
    for (const [certificate, said] of [
      ['expired', 'expired'],
      ['elsewhere', "does not match certificate's altnames"],
    ] as const) {
      speak({ cert: readFileSync(file(`../certificates/${certificate}.pem`)) })
      const { code, err } = await outside('NT-01')
      expect([code, err]).toEqual([2, expect.stringContaining(said)])
    }
  })
})

describe('plain http', () => {
  const through =
    (plain: () => Response | Promise<Response>): Send =>
    async (request) =>
      request.url.startsWith('http:') ? await plain() : new Response('')
  const trying = async (url: string, answer: () => Response | Promise<Response>, only = 'NT-02') => {
    const results = await tryAll({
      system: postkeyAt(url),
      mailbox: null,
      launch: () => Promise.reject(new NotHere('no browser')),
      onStep: () => {},
      only: new Set(only.split(',')),
      through: through(answer),
    })
    return results.map(({ outcome, evidence }) => `${outcome}: ${evidence}`)
  }
  const leading = (to: string) => () => new Response(null, { status: 301, headers: { location: to } })

  test.each([
    ['pass: 301 to https://auth.example.com/sign-in', leading('https://auth.example.com/sign-in')],
    ['pass: plain http answers 403', () => new Response('', { status: 403 })],
    ['pass: nobody answers to plain http', () => Promise.reject(new Error('connect ECONNREFUSED'))],
    ['fail: plain http answers 200, with a page', () => new Response('<form>')],
    ['fail: plain http leads to http://www.example.com/', leading('http://www.example.com/')],
    ['fail: plain http leads to https://auth.example.com.evil.example/', leading('https://auth.example.com.evil.example/')],
  ] as const)('NT-02: %s', async (told, answer) => {
    expect(await trying('https://auth.example.com', answer)).toEqual([told])
  })

  test('NT-01: it is no way to serve people, but on this machine', async () => {
    const [away] = await trying('http://auth.example.com', () => new Response(''), 'NT-01')
    expect(away).toContain('fail: it is on plain http')
    const [here] = await trying('http://localhost:3000', () => new Response(''), 'NT-01')
    expect(here).toContain('not tried: not applicable')
  })
})

describe('the domain that mails come from', () => {
  dnsOf({
    'sound.net': { txt: ['v=spf1 mx -all'], mx: ['mx.sound.net'] },
    '_dmarc.sound.net': { txt: ['v=DMARC1; p=reject'] },
    's1._domainkey.sound.net': { txt: ['v=DKIM1; p=MIIB'] },
    'open.net': { txt: ['v=spf1 +all'] },
    '_dmarc.open.net': { txt: ['v=DMARC1; p=none'] },
    'silent.net': 'silent',
  })
  const RECORDS = 'DN-01,DN-02,DN-03,DN-04,DN-05'
  let live: Live
  let proxy: CarelessProxy
  beforeAll(async () => {
    live = await startLive({ policy: { starts: unlimited }, flags: { mailFrom: 'sign-in@sound.net' } })
    proxy = await startCarelessProxy(live.url)
  })
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]()
    await live[Symbol.asyncDispose]()
  })
  /** As the mail server at the other end hands it on. */
  async function arriving(headers: Readonly<Record<string, string>>, only = RECORDS): Promise<Tried> {
    proxy.fault = { after: inMails((mail) => ({ headers: { ...mail.headers, ...headers } })) }
    return await preflight([proxy.url, '--only', only])
  }
  const travelled = {
    Received: 'from mail.sound.net by mx.example.com',
    'DKIM-Signature': 'v=1; d=mailservice.com; s=x; b=abc\nv=1; a=rsa-sha256; d=sound.net; s=s1; b=abc',
    'Authentication-Results':
      'mx.example.com; spf=pass smtp.mailfrom=sound.net; dkim=pass header.d=sound.net; dmarc=pass\nforged; dmarc=fail',
  }

  test('DN-01 to DN-05: one that is well kept passes', async () => {
    const tried = await arriving(travelled)
    expect([tried.code, ...outcomes(tried)]).toEqual([0, ...RECORDS.split(',').map((id) => `${id} pass`)])
    expect(tried.results[1]?.evidence).toBe('_dmarc.sound.net: p=reject')
  })

  test('DN-01 to DN-05: one for which anybody can send is found, with what to do', async () => {
    const tried = await arriving({
      ...travelled,
      From: 'Fieldnotes <sign-in@open.net>',
      'DKIM-Signature': 'v=1; d=open.net; s=s1; b=abc',
      'Authentication-Results': 'mx.example.com; spf=softfail; dkim=fail; dmarc=fail\nforged; dmarc=pass',
    })
    expect([tried.code, ...outcomes(tried)]).toEqual([1, ...RECORDS.split(',').map((id) => `${id} fail`)])
    for (const [nth, said] of [
      'lets the whole world send',
      'p=none only watches',
      'takes no mail',
      'no key at s1._domainkey',
      'dmarc=fail',
    ].entries())
      expect(tried.results[nth]?.evidence).toContain(said)
  })

  test('DN-04: a mail that is signed for somebody else alone is not signed', async () => {
    const tried = await arriving({ ...travelled, 'DKIM-Signature': 'v=1; d=mailservice.com; s=x; b=abc' }, 'DN-04')
    expect([tried.code, tried.results[0]?.evidence]).toEqual([1, 'it is not signed for sound.net'])
  })

  test('what cannot be known is not tried, and says why', async () => {
    const straight = await arriving({}, 'DN-04,DN-05')
    expect(straight.results.map(({ outcome, evidence }) => [outcome, evidence.includes('--mailbox imaps')])).toEqual([
      ['not tried', true],
      ['not tried', true],
    ])
    const reserved = await arriving({ From: 'sign-in@localhost' }, 'DN-01')
    expect([reserved.code, reserved.results[0]?.evidence]).toEqual([
      0,
      expect.stringContaining('not applicable: mails come from localhost'),
    ])
    const silent = await arriving({ From: 'sign-in@silent.net' }, 'DN-03')
    expect([silent.code, ...outcomes(silent)]).toEqual([0, 'DN-03 not tried'])
    expect(silent.results[0]?.evidence).toContain('DNS did not say')
  })
})
