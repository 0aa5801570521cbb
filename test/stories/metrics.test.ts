// AU-10: numbers for whoever runs it, on a port that strangers do not reach, and nothing in them that is about one person.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/run/config.ts'
import { createLog } from '../../src/run/log.ts'
import { type RunningServer, startServer } from '../../src/server.ts'
import { dnsOf } from '../dns-server.ts'
import { freePort } from '../free-port.ts'
import { askAndOpen, type Kit, MINUTE, signIn, startKit, wrongCode } from '../kit.ts'
import { SERVE_SECRET } from '../server.ts'

const ADA = 'ada@example.net'

dnsOf({
  'example.net': { mx: ['mx.example.net'] },
  'google.test': { mx: ['aspmx.l.google.com'] },
  'mimecast.test': { mx: ['eu-smtp-inbound-1.mimecast.com'] },
  'silent.test': 'silent',
})
const dev = { list: () => [], get: () => undefined }

/** Every sample of a name, by its labels as they are written. */
async function samples(kit: Kit, name: string): Promise<Record<string, number>> {
  const lines = (await kit.postkey.metrics()).split('\n').filter((line) => line.startsWith(`postkey_${name}`))
  const read = lines.flatMap((line) => {
    const [, sample = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    return sample === `postkey_${name}` ? [[labels.replaceAll('"', ''), Number(value)] as const] : []
  })
  return Object.fromEntries(read.filter(([, value]) => value !== 0))
}

describe('what is counted', () => {
  test('each thing that happens is counted once, under its reason', async () => {
    await using kit = await startKit()
    await kit.postkey.metrics()
    // By code, after a wrong one, and the same again.
    const desk = await askAndOpen(kit, ADA)
    await desk.browser.post('/sign-in/code', { c: desk.challenge, code: wrongCode(desk.code) })
    kit.clock.forward(40_000)
    for (let twice = 0; twice < 2; twice++) await desk.browser.post('/sign-in/code', { c: desk.challenge, code: desk.code ?? '' })
    // By link on a phone, after a second mail.
    const bob = await askAndOpen(kit, 'bob@example.net')
    kit.clock.forward(2 * MINUTE)
    await bob.browser.post('/sign-in/resend', { c: bob.challenge })
    await bob.browser.post('/sign-in/resend', { c: bob.challenge })
    await kit.settle()
    await kit.browser().post(`/l/${bob.linkId}`, { secret: bob.secret, email: 'bob@example.net' })
    // Too late, no address at all, from another site.
    const late = await askAndOpen(kit, 'carla@example.net')
    kit.clock.forward(20 * MINUTE)
    await late.browser.get(`/l/${late.linkId}`)
    await late.browser.post(`/l/${late.linkId}`, { secret: late.secret })
    await late.browser.send(`/l/${bob.linkId}`, { method: 'HEAD' })
    await late.browser.get(`/l/${'y'.repeat(17)}`)
    await kit.browser().post('/sign-in', { email: 'no address' })
    await kit.browser().post('/sign-in', { email: ADA }, { origin: 'null' })
    await kit.browser().get('/nothing/here')

    expect(await samples(kit, 'challenges_total')).toEqual({ 'outcome=mail_queued': 3, 'outcome=address_invalid': 1 })
    expect(await samples(kit, 'resends_total')).toEqual({ 'outcome=mail_queued': 1, 'outcome=too_many_mails': 1 })
    expect(await samples(kit, 'mails_total')).toEqual({ 'transport=mailbox,outcome=mail_sent': 4 })
    expect(await samples(kit, 'verifications_total')).toEqual({
      'method=code,outcome=code_wrong': 1,
      'method=code,outcome=signed_in': 1,
      'method=code,outcome=replayed': 1,
      'method=link,outcome=signed_in': 1,
      'method=link,outcome=link_expired': 1,
    })
    expect(await samples(kit, 'code_checks_total')).toEqual({ 'result=right': 1, 'result=wrong': 1 })
    expect(await samples(kit, 'wrong_codes_refunded_total')).toEqual({ '': 1 })
    expect(await samples(kit, 'replays_total')).toEqual({ 'method=code': 1 })
    expect(await samples(kit, 'sign_ins_total')).toEqual({ 'method=code,browser=same': 1, 'method=link,browser=other': 1 })
    expect(await samples(kit, 'refusals_total')).toEqual({ 'reason=origin_null': 1, 'reason=route_unknown': 1 })
    expect(await samples(kit, 'mails_per_success_bucket')).toMatchObject({ 'le=1': 1, 'le=2': 2 })
    expect(await samples(kit, 'time_to_verify_seconds_bucket')).toMatchObject({
      'le=45,method=code': 1,
      'le=120,method=link': 1,
      'le=300,method=link': 1,
    })
    expect((await samples(kit, 'time_to_verify_seconds_bucket'))['le=30,method=code']).toBe(undefined)
    expect(await samples(kit, 'link_age_at_click_seconds_sum')).toEqual({ 'state=expired,mailbox=other': 1_200 })
    expect(await samples(kit, 'link_views_total')).toEqual({
      'method=GET,class=same_browser,state=expired': 1,
      'method=HEAD,class=likely_scanner,state=used': 1,
      'method=GET,class=other_browser,state=unknown': 1,
    })
    expect(await samples(kit, 'views_dropped_total')).toEqual({})
    expect(await samples(kit, 'mail_accept_seconds_count')).toEqual({ '': 4 })
    expect(await samples(kit, 'http_requests_total')).toMatchObject({
      'route=/sign-in,status=3xx': 3,
      'route=/sign-in,status=4xx': 1,
      'route=/l/…,status=4xx': 4,
      'route=-,status=4xx': 2,
    })
    const { app, schema, policy, template } = kit.postkey.versions
    expect(await samples(kit, 'build_info')).toEqual({ [`version=${app},schema=${schema},policy=${policy},template=${template}`]: 1 })
    expect(await kit.postkey.metrics()).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m)
  })

  test('the age of a link counts when a person first opens it, by who receives the mail', async () => {
    await using kit = await startKit()
    await kit.postkey.metrics()
    for (const [domain, minutes] of [
      ['google.test', 1],
      ['mimecast.test', 20],
      ['silent.test', 2],
    ] as const) {
      const { browser, linkId, secret } = await askAndOpen(kit, `ada@${domain}`)
      // The answer of the DNS server comes long before the person.
      await new Promise((resolve) => setTimeout(resolve, 100))
      await browser.send(`/l/${linkId}`, { method: 'HEAD', headers: { cookie: 'none' } })
      kit.clock.forward(minutes * MINUTE)
      for (let again = 0; again < 3; again++) await browser.get(`/l/${linkId}`)
      await browser.post(`/l/${linkId}`, { secret })
      await browser.get(`/l/${linkId}`)
    }
    expect(await samples(kit, 'link_age_at_click_seconds_sum')).toEqual({
      'state=live,mailbox=google': 60,
      'state=expired,mailbox=mimecast': 1_200,
      'state=live,mailbox=other': 120,
    })
    expect(await samples(kit, 'link_age_at_click_seconds_count')).toEqual({
      'state=live,mailbox=google': 1,
      'state=expired,mailbox=mimecast': 1,
      'state=live,mailbox=other': 1,
    })
  })

  test('a reason is there before it first happens, so that its first time is a rise', async () => {
    await using kit = await startKit()
    const text = await kit.postkey.metrics()
    for (const sample of [
      'verifications_total{method="code",outcome="code_locked"} 0',
      'mails_total{transport="mailbox",outcome="mail_dead"} 0',
    ])
      expect(text).toContain(`postkey_${sample}`)
  })

  test('I8: nothing in it names a person, a request or a secret, and no stranger makes it grow', async () => {
    await using kit = await startKit()
    await kit.postkey.metrics()
    const asked = await askAndOpen(kit, ADA)
    const answer = await asked.browser.post('/sign-in/code', { c: asked.challenge, code: asked.code ?? '' })
    const { session, user } = (await asked.browser.api('GET', '/api/session')).json() as Record<'session' | 'user', { id: string }>
    const before = (await kit.postkey.metrics()).split('\n').length
    for (let nth = 0; nth < 50; nth++) {
      await kit.browser().get(`/l/${'x'.repeat(nth)}`)
      await kit.browser().get(`/stranger-${nth}`)
      await kit.browser().send(`/sign-in?${nth}`, { method: `VERB${nth}` })
    }
    const text = await kit.postkey.metrics()
    // What is met for the first time: a route, a status, a kind of view.
    expect(text.split('\n').length).toBeLessThan(before + 20)
    const requestId = answer.headers.get('x-request-id') ?? 'missing'
    const hidden = [ADA, 'example.net', asked.challenge, asked.secret, asked.linkId, requestId, session.id, user.id]
    for (const value of hidden) expect(text).not.toContain(value)
    // Six digits alone may be part of any number of bytes.
    expect(text).not.toMatch(new RegExp(`(?<![\\d.])${asked.code}(?![\\d.])`))
  })

  test('the age of the queue is that of the mail which waits longest', async () => {
    // No worker: mails wait.
    await using kit = await startKit({ sendsMail: false })
    expect(await samples(kit, 'mail_queue_age_seconds')).toEqual({})
    await kit.browser().ask(ADA)
    kit.clock.forward(3 * MINUTE)
    await kit.browser().ask('bob@example.net')
    kit.clock.forward(MINUTE)
    expect(await samples(kit, 'mail_queue_age_seconds')).toEqual({ '': 240 })
  })

  test('whoever does not ask for the numbers pays nothing for them: counting begins with the first look', async () => {
    await using kit = await startKit()
    await signIn(kit, ADA)
    expect(await samples(kit, 'challenges_total')).toEqual({})
    await signIn(kit, ADA)
    expect(await samples(kit, 'challenges_total')).toEqual({ 'outcome=mail_queued': 1 })
  })
})

test('docs/operating.md tells every number that is ours, with its labels, and no other', async () => {
  await using kit = await startKit()
  const text = await kit.postkey.metrics()
  const { browser, linkId } = await askAndOpen(kit, ADA)
  await browser.get(`/l/${linkId}`)
  const all = await kit.postkey.metrics()
  const names = [...text.matchAll(/^# TYPE (postkey_\w+)/gm)].map(([, name]) => name as string)
  const rows = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8').match(/^\| `postkey_.*$/gm) ?? []
  const wordsIn = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, word]) => word as string)
  const documented = rows.flatMap((row) => {
    const [, named = '', labels = ''] = row.split('|')
    return wordsIn(named).map((name) => [name, wordsIn(labels.replaceAll(/\(.*?\)/g, ''))] as const)
  })
  expect(documented.map(([name]) => name).sort()).toEqual(names.sort())
  for (const [name, labels] of documented) {
    const samples = [...all.matchAll(new RegExp(`^${name}(?:_bucket)?\\{(.*?)\\} `, 'gm'))].map(([, given = '']) =>
      [...given.matchAll(/(\w+)="/g)].map(([, label]) => label as string).filter((label) => label !== 'le'),
    )
    for (const given of samples) expect([name, given.sort()]).toEqual([name, [...labels].sort()])
  }
})

describe('AU-10: who may see it', () => {
  const running: RunningServer[] = []
  afterEach(async () => {
    for (const server of running.splice(0)) await server.close()
  })

  async function serve(flags: Record<string, string>, mode: 'serve' | 'dev' = 'serve'): Promise<RunningServer> {
    const env = { POSTKEY_SECRET: SERVE_SECRET, POSTKEY_SMTP_URL: 'smtp://127.0.0.1:1' }
    const needed = { url: 'http://localhost:0', port: '0', databaseUrl: 'file::memory:', mailFrom: 'a@example.com', ...flags }
    const read = readConfig({ env, flags: needed, mode, folder: '.' })
    if (!read.ok) throw new Error(JSON.stringify(read.problems))
    const server = await startServer(read.config, { mode, log: createLog({ level: 'silent', format: 'json' }) })
    running.push(server)
    return server
  }

  test('on a server not at the public port; at a place of its own when one is given', async () => {
    const port = await freePort()
    const server = await serve({ metrics: `127.0.0.1:${port}` })
    for (const path of ['/metrics', '/metrics/']) expect((await fetch(`http://127.0.0.1:${server.port}${path}`)).status).toBe(404)
    const metrics = await fetch(`http://127.0.0.1:${port}/metrics`)
    expect([metrics.status, metrics.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    expect(await metrics.text()).toContain('postkey_http_requests_total{route="-",status="4xx"} 2')
    expect(await (await fetch(`http://127.0.0.1:${port}/version`)).json()).toMatchObject({ policy: expect.any(String) })
    for (const path of ['/', '/sign-in', '/livez', '/metrics/x']) expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(404)
    expect((await fetch(`http://127.0.0.1:${port}/metrics`, { method: 'POST' })).status).toBe(404)
  })

  test('one version, wherever it is told: page, event and metric', async () => {
    await using kit = await startKit({ dev })
    const { app, policy } = kit.postkey.versions
    expect((await kit.browser().get('/sign-in')).text).toContain(`Postkey ${app}`)
    expect((await kit.browser().get('/metrics')).text).toMatch(new RegExp(`postkey_build_info{version="${app}",.*policy="${policy}"`))
  })

  test('a place that is taken is an error that says so, and nothing goes on running', async () => {
    const port = await freePort()
    const other = createServer().listen(port, '127.0.0.1')
    const taken = serve({ metrics: `127.0.0.1:${port}` })
    await expect(taken).rejects.toThrow(`port ${port} is taken by another program`)
    other.close()
  })

  test.each(['9464', 'localhost', 'localhost:99999', 'http://localhost:9464', '::1:9464', ':9464', 'a b:1'])(
    'POSTKEY_METRICS=%s is refused',
    (metrics) => {
      const read = readConfig({ env: { POSTKEY_METRICS: metrics }, flags: {}, mode: 'dev', folder: '/nowhere' })
      expect(read.ok ? [] : read.problems.map(({ key }) => key)).toContain('POSTKEY_METRICS')
    },
  )
})
