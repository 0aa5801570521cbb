// AU-01, AU-11: secrets with a name, sent through every path there is, the wrong ones above all; then everything that was said is searched
// for them. Whatever the process writes, shows, counts or exports is a channel here: a new one belongs into this file.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { paths } from '../../src/core/paths.ts'
import type { Log } from '../../src/flow/context.ts'
import type { Message } from '../../src/index.ts'
import { commands, main } from '../../src/run/command.ts'
import { createLog, type LogFields } from '../../src/run/log.ts'
import { openEngine } from '../../src/store/open.ts'
import { all, nothing, type Operations, run } from '../../src/store/operation.ts'
import { forms, type Leak, leaks, type Said } from '../canaries.ts'
import { type Answer, askAndOpen, type Browser, type Kit, type KitOptions, MINUTE, openMail, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'
import { type ServeProcess, startServe } from '../server.ts'
import { type SmtpTestServer, startSmtpServer, testAuthority } from '../smtp-server.ts'
import { collectSpans, textOf } from '../spans.ts'

const OPS = 'ops@example.net'
const ADA = 'ada@example.net'
const SESSION = '__Host-postkey-session'
const BROWSER = '__Host-postkey-browser'

/** With every sign that has to be written otherwise in a URL. */
const SETTINGS = {
  secret: 'Zq3b0T9rW2mZxVY7kLs5dHu8PfGc1NaE4oRiQwXyBtM7',
  'SMTP password': 'kanari+smtp/7@wort',
  'database password': 'kanari+base/7@wort',
}
const smtpWith = (place: string): string => `smtp://mailer:${encodeURIComponent(SETTINGS['SMTP password'])}@${place}`
const databaseWith = (place: string): string => `postgres://postkey:${encodeURIComponent(SETTINGS['database password'])}@${place}`

const { tracing, take } = collectSpans()

class Ears {
  readonly said: Record<string, string[]> = {}
  readonly canaries: Record<string, string> = { ...SETTINGS }

  hear(channel: string, ...texts: string[]): void {
    const heard = this.said[channel] ?? []
    this.said[channel] = heard
    heard.push(...texts)
  }

  /** @param own what was typed stands in its field again: only the headers are looked at. */
  answer(answer: Answer, { own = false } = {}): Answer {
    const headers = [...answer.headers].filter(([name]) => name !== 'set-cookie' && name !== 'postkey-browser')
    this.hear('headers', `${answer.status}`, ...headers.map((pair) => pair.join(': ')))
    if (!own) this.hear(answer.status >= 500 ? 'pages of what failed' : answer.status >= 400 ? 'pages of a no' : 'pages', answer.text)
    return answer
  }

  canary(name: string, secret: string | null | undefined): void {
    if (secret) this.canaries[name] = secret
  }

  mail(message: Message): void {
    const { code, secret, linkId } = openMail(message)
    this.canary(`code of ${linkId}`, code)
    this.canary(`link secret of ${linkId}`, secret)
  }

  leaks(): Leak[] {
    return leaks(this.said, this.canaries)
  }
}

/** The log as it goes to stdout, in both forms, at the level that lets most through. */
function listeningLog(ears: Ears): Log {
  const logs = (['json', 'pretty'] as const).map((format) =>
    createLog({
      level: 'debug',
      format,
      destination: { write: (line) => ears.hear(`log, ${format}`, line), flush: async () => {} },
    }),
  )
  return {
    event: (name, fields) => logs.forEach((log) => void log.event(name, fields as LogFields)),
    warn: (name, fields) => logs.forEach((log) => void log.warn(name, fields as LogFields)),
    error: (name, error, fields) => logs.forEach((log) => void log.error(name, error, fields as LogFields)),
  }
}

/** A secret wherever a client, a gateway or a person in a hurry might put it, but where it belongs. */
async function misplace(ears: Ears, browser: Browser, operator: Browser, secret: string, linkId: string, challenge: string): Promise<void> {
  const { link, signIn: ask, code, resend, check, apiVerify, apiSessions, consoleFound, consoleSearch, consolePeople } = paths
  const typed = encodeURIComponent(secret)
  const wrongPlaces: readonly (() => Promise<Answer>)[] = [
    () => browser.get(`${link}/${linkId}%23${typed}`),
    () => browser.get(`${link}/${linkId}/${typed}?email=${ADA}`),
    () => browser.get(`/${typed}`),
    () => browser.get(`${check}?c=${typed}`),
    () => browser.get(`${paths.switched}?c=${typed}`),
    () => browser.get(`${paths.account}?notice=${typed}`),
    () => browser.post(`${link}/${typed}`, { secret: linkId, email: ADA }),
    () => browser.post(`${link}/${linkId}`, `${typed}&${typed}`),
    () => browser.post(resend, { c: secret }),
    () => browser.post(code, { c: secret, code: '12' }),
    () => browser.post(code, { c: challenge, code: '12', [secret]: secret }),
    () => browser.post(paths.endSession, { session: secret }),
    () => browser.post(ask, { email: `${secret}${'a'.repeat(20_000)}` }),
    () => browser.post(ask, { email: ADA }, { 'content-type': secret }),
    () => browser.post(ask, { email: ADA }, { origin: `https://${secret.replaceAll(/\W/g, '-')}.example` }),
    () => browser.post(ask, { email: ADA }, { 'sec-fetch-site': secret }),
    () => browser.api('POST', `/api/${typed}`, { secret }),
    () => browser.api('POST', apiVerify, { challenge: secret, code: 1 }),
    () => browser.api('POST', apiVerify, { link: { id: secret, secret: 'x'.repeat(43) } }),
    () => browser.api('POST', paths.apiSignIn, { email: [secret], locale: secret }),
    () => browser.send(apiVerify, { method: 'POST', body: `{"${secret}`, headers: { 'content-type': 'application/json', origin: secret } }),
    () => browser.api('DELETE', `${apiSessions}/${typed}`),
    () => browser.send(ask, { method: secret.replaceAll(/\W/g, '') }),
    () => browser.get(ask, { authorization: `Bearer ${secret}`, 'postkey-browser': `${secret}!` }),
    () => browser.get(paths.account, { cookie: `${SESSION}=${secret}; other=${secret}` }),
    () =>
      browser.get(ask, {
        'user-agent': `Mozilla/5.0 ${secret}`,
        referer: `https://mail.example/${typed}`,
        'x-forwarded-for': secret,
        'x-request-id': secret,
        traceparent: `00-${secret}-01`,
        baggage: `secret=${typed}`,
        'accept-language': secret,
      }),
    () => operator.post(consoleSearch, { q: secret }),
    () => operator.get(`${consoleFound}?q=${typed}`),
    () => operator.get(`${consolePeople}/${typed}`),
    () => operator.post(`${consolePeople}/${typed}`, { act: 'resend', challenge: secret }),
  ]
  for (const go of wrongPlaces) ears.answer(await go())
  // What a person typed into a field stands there again.
  for (const go of [
    () => browser.get(`${ask}?return_to=${typed}`),
    () => browser.post(ask, { email: secret }),
    () => browser.post(ask, { email: `${secret}, ${ADA}`, return_to: `https://evil.example/${typed}` }),
    () => browser.post(code, { c: challenge, code: `${secret}${secret}` }),
  ])
    ears.answer(await go(), { own: true })
}

const renamed = (engine: Operations, table: string, from: string, to: string): Promise<void> =>
  engine.write({ locks: nothing, run: () => run(`alter table ${table} rename column ${from} to ${to}`) })

async function count(engine: Operations, table: string): Promise<number> {
  return Number((await engine.read(() => all<{ n: number }>(`select count(*) as n from ${table}`)))[0]?.n)
}

async function everyRow(engine: Operations, url: string): Promise<string[]> {
  const tables = await engine.read(() =>
    all<{ name: string }>(
      url.startsWith('file:')
        ? "select name from sqlite_schema where type = 'table'"
        : "select tablename as name from pg_tables where schemaname = 'public'",
    ),
  )
  const rows: string[] = []
  for (const { name } of tables) rows.push(JSON.stringify(await engine.read(() => all(`select * from ${name}`))))
  return rows
}

/** Each way in which a mail server, or a transport of the host's, may take a mail badly; in turn. */
const badly: readonly NonNullable<KitOptions['reply']>[] = [
  () => ({ class: 'temporary', code: 451, text: '451 later' }),
  () => ({ class: 'permanent', code: 550, text: '550 no such user' }),
  () => ({ class: 'unreachable', text: 'no route' }),
  ({ subject, text, html }) => {
    throw new Error(`could not send "${subject}"\n${text}\n${html}`)
  },
  ({ text }) => {
    const { code, link, secret } = openMail({ text } as Message)
    throw Object.assign(new TypeError(`bad code:${code}. And code=${code}: ${link}`, { cause: new Error(`${secret}, ${code}.`) }), {
      code: secret,
    })
  },
]

describe.each(sharedDatabases)('a day full of mistakes, %s', (_, fresh) => {
  test('AU-01, I8: no secret is in log, record, views, numbers, spans, pages, headers or commands, whatever goes wrong', async () => {
    const database = await fresh()
    const ears = new Ears()
    let reply: NonNullable<KitOptions['reply']> = () => ({ class: 'accepted', code: 250, text: '250 ok' })
    const kit = await startKit({
      database: database.url,
      operators: [OPS],
      secret: SETTINGS.secret,
      policy: { resendAfter: 0, mailsPerLinkTtl: 20, mailsPerAddress: [{ count: 100, per: '24h' }], breaker: null },
      tracing,
      log: listeningLog(ears),
      reply: (message) => {
        ears.mail(message)
        return reply(message)
      },
    })
    const engine = await openEngine(database.url)
    try {
      await kit.postkey.metrics()
      const operator = await signIn(kit, OPS)
      const bob = await signIn(kit, 'bob@example.net')
      await live(kit, ears, operator, bob)
      for (const way of badly) {
        reply = way
        const browser = kit.browser()
        const challenge = await browser.ask(ADA)
        await kit.settle()
        ears.answer(await browser.get(`${paths.check}?c=${challenge}`))
        ears.canary(`browser of ${challenge}`, browser.cookies.get(BROWSER))
      }
      reply = () => ({ class: 'accepted', code: 250, text: '250 ok' })
      await fail(kit, ears, engine)
      await look(kit, ears, operator)
      for (let wait = 0; wait < 200 && (await count(engine, 'views')) === 0; wait++) await new Promise((resolve) => setTimeout(resolve, 20))
      ears.hear('views', JSON.stringify(await engine.read(() => all('select * from views'))))
      ears.hear('record', JSON.stringify(await engine.read(() => all('select * from events'))))
      ears.hear('database', ...(await everyRow(engine, database.url)))
    } finally {
      await engine.close()
      await kit.close()
    }
    // The database is gone.
    const late = kit.browser()
    const secret = Object.values(ears.canaries).at(-1) ?? ''
    ears.answer(await late.post(paths.signIn, { email: ADA }))
    ears.answer(await late.post(paths.code, { c: 'A'.repeat(16), code: secret.slice(0, 6) }))
    ears.answer(await late.post(`${paths.link}/${'A'.repeat(17)}`, { secret }))
    ears.answer(await late.get('/readyz'))
    ears.hear('spans', ...take().map(textOf))
    await command(ears, database.url)
    await database.drop()

    const lines = ears.said['log, json'] ?? []
    for (const event of ['request', 'sign_in_start', 'sign_in_verify', 'mail', 'mail_not_made', 'request_failed', 'console'])
      expect(
        lines.some((line) => line.includes(`"event":"${event}"`)),
        event,
      ).toBe(true)
    for (const channel of ['log, pretty', 'record', 'views', 'numbers', 'spans', 'console', 'commands', 'access log of a proxy'])
      expect(ears.said[channel]?.join('').length, channel).toBeGreaterThan(100)
    for (const channel of ['headers', 'pages', 'pages of a no', 'pages of what failed'])
      expect(ears.said[channel]?.length).toBeGreaterThan(3)
    expect(Object.keys(ears.canaries).length).toBeGreaterThan(25)
    expect(ears.leaks()).toEqual([])
    // Addresses are shown to whom they belong, and to operators: not here.
    for (const channel of ['log, json', 'log, pretty', 'record', 'views', 'numbers', 'spans'])
      expect(leaks({ [channel]: ears.said[channel] ?? [] }, { address: ADA })).toEqual([])
  }, 60_000)
})

/** One sign-in as it should be, and between its steps everything that should not be. */
async function live(kit: Kit, ears: Ears, operator: Browser, bob: Browser): Promise<void> {
  const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
  ears.canary('browser', browser.cookies.get(BROWSER))
  ears.canary('session of bob', bob.cookies.get(SESSION))
  ears.canary('browser of bob', bob.cookies.get(BROWSER))
  ears.canary('session of an operator', operator.cookies.get(SESSION))
  const other = kit.browser()
  for (const misplaced of [secret, code ?? '', ...[BROWSER].map((name) => browser.cookies.get(name) ?? '')])
    await misplace(ears, other, operator, misplaced, linkId, challenge)
  // Sent by its own forms, in which it stands again where the person may try once more.
  ears.hear(
    'access log of a proxy',
    `POST ${paths.code}`,
    `POST ${paths.link}/${linkId}`,
    `GET ${paths.link}/${linkId}`,
    `GET ${paths.check}?c=${challenge}`,
  )
  ears.answer(await browser.get(`${paths.link}/${linkId}`))
  ears.answer(await other.post(`${paths.link}/${linkId}`, { secret, email: 'eve@example.net' }), { own: true })
  ears.answer(await other.post(`${paths.link}/${linkId}`, { secret: `${secret}x` }))
  ears.answer(await other.post(paths.code, { c: challenge, code: code ?? '' }), { own: true })
  ears.answer(await browser.post(paths.code, { c: challenge, code: wrongCode(code) }))
  ears.answer(await browser.post(paths.code, { c: challenge, code: code ?? '' }))
  ears.canary('session', browser.cookies.get(SESSION))
  await misplace(ears, other, operator, browser.cookies.get(SESSION) ?? '', linkId, challenge)
  ears.answer(await browser.post(`${paths.link}/${linkId}`, { secret }))
  ears.answer(await other.post(`${paths.link}/${linkId}`, { secret, email: ADA }))
  for (const path of [paths.account, paths.apiSession, paths.apiSessions, `${paths.check}?c=${challenge}`, `${paths.link}/${linkId}`])
    ears.answer(await browser.get(path))
  ears.answer(await browser.post(paths.signOut, {}))
  ears.answer(await browser.post(`${paths.link}/${linkId}`, { secret }))
  await kit.settle()
}

/** Handlers that fall over what they did not expect. */
async function fail(kit: Kit, ears: Ears, engine: Operations): Promise<void> {
  const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
  ears.canary('browser of what fails', browser.cookies.get(BROWSER))
  for (const [table, column] of [
    ['sessions', 'proof'],
    ['challenges', 'device'],
    ['events', 'facts'],
  ] as const) {
    await renamed(engine, table, column, 'away')
    const statuses = [
      ears.answer(await browser.post(paths.code, { c: challenge, code: code ?? '' })).status,
      ears.answer(await browser.post(`${paths.link}/${linkId}`, { secret })).status,
      ears.answer(await browser.api('POST', paths.apiVerify, { challenge, code })).status,
    ]
    ears.answer(await browser.get(paths.account, { cookie: `${SESSION}=${'A'.repeat(65)}` }))
    expect(statuses, table).toEqual([500, 500, 500])
    await renamed(engine, table, 'away', column)
  }
}

/** All that an operator can see of it. */
async function look(kit: Kit, ears: Ears, operator: Browser): Promise<void> {
  kit.clock.forward(MINUTE)
  const { location } = await operator.post(paths.consoleSearch, { q: ADA })
  const pages = [paths.console, paths.consoleMails, paths.consolePolicy, paths.consoleVersions, location]
  for (const path of pages) ears.hear('console', (await operator.get(path)).text)
  for (const id of new Set(Object.keys(ears.canaries).flatMap((name) => /^code of (\w{16})/.exec(name)?.[1] ?? [])))
    ears.hear('console', (await operator.get(`${paths.consoleFound}?q=${id}`)).text)
  for (const path of ['/livez', '/readyz', '/version', paths.reasons, paths.stylesheet, paths.script]) ears.answer(await operator.get(path))
  // Of the process itself they are numbers of any length.
  ears.hear('numbers', ...(await kit.postkey.metrics()).split('\n').filter((line) => /postkey_/.test(line)))
}

interface Ran {
  readonly code: number
  readonly texts: readonly string[]
}

async function ran(line: readonly string[], env: Record<string, string>, folder = '.'): Promise<Ran> {
  const texts: string[] = []
  const code = await main(line, {
    env: { POSTKEY_LOG: 'debug', ...env },
    folder,
    interactive: false,
    out: (text) => void texts.push(text),
    err: (text) => void texts.push(text),
  })
  return { code, texts }
}

const good = (databaseUrl: string): Record<string, string> => ({
  POSTKEY_URL: 'https://auth.example.com',
  POSTKEY_SECRET: SETTINGS.secret,
  POSTKEY_DATABASE_URL: databaseUrl,
  POSTKEY_SMTP_URL: `${smtpWith('127.0.0.1:1')}?timeout=500ms`,
})

/** Without it no server starts, and `doctor` asks no DNS. */
const SENDER = { POSTKEY_MAIL_FROM: 'Example <sign-in@localhost.test>' }

/** What commands tell of the same database, asked for by what may and by what must not be asked for. */
async function command(ears: Ears, databaseUrl: string): Promise<void> {
  const env = good(databaseUrl)
  const some = Object.values(ears.canaries).slice(0, 8)
  const lines = [
    ['audit', 'search', ADA],
    ['audit', 'search', ADA, '--json'],
    ...some.flatMap((secret) => [
      ['audit', 'search', secret],
      ['audit', 'show', secret, '--json'],
    ]),
    ['audit', 'replay', '--since', '2026-11-01', '--json'],
    ['audit', 'try', '--policy', 'strict', '--since', '2026-11-01'],
    ['funnel', '--since', '2026-11-01', '--json'],
    ['doctor', '--json'],
    ['doctor', '--deep'],
    ['migrate', '--json'],
  ]
  for (const line of lines) ears.hear('commands', line.slice(0, 2).join(' '), ...(await ran(line, env)).texts)
}

/** What that Node says when it loads its own SQLite. */
const SQLITE_OF_NODE_22 = /^\(node:\d+\) ExperimentalWarning: SQLite .*\n.*trace-warnings.*\n/

describe('commands with wrong settings', () => {
  const wrong: readonly [string, Record<string, string>][] = [
    ['a secret that is too short', { POSTKEY_SECRET: SETTINGS.secret.slice(0, 30) }],
    ['a secret with a word in it', { POSTKEY_SECRET: `postkey${SETTINGS.secret}` }],
    ['three secrets', { POSTKEY_SECRET: `${SETTINGS.secret},${SETTINGS.secret}x,y` }],
    ['a secret twice', { POSTKEY_SECRET: `${SETTINGS.secret},${SETTINGS.secret}` }],
    ['the secret in place of its file', { POSTKEY_SECRET: '', POSTKEY_SECRET_FILE: SETTINGS.secret }],
    ['a database that nobody knows', { POSTKEY_DATABASE_URL: databaseWith('h/d').replace('postgres', 'mysql') }],
    ['a database address that is none', { POSTKEY_DATABASE_URL: databaseWith('h:port/d') }],
    ['a database without its scheme', { POSTKEY_DATABASE_URL: SETTINGS['database password'] }],
    ['a database that is not there', { POSTKEY_DATABASE_URL: databaseWith('127.0.0.1:1/d') }],
    ['a database and an unknown sslmode', { POSTKEY_DATABASE_URL: `${databaseWith('127.0.0.1:1/d')}?sslmode=some` }],
    [
      'the database password as a parameter',
      { POSTKEY_DATABASE_URL: `postgres://postkey@127.0.0.1:1/d?password=${encodeURIComponent(SETTINGS['database password'])}` },
    ],
    ['the database address in place of its file', { POSTKEY_DATABASE_URL: '', POSTKEY_DATABASE_URL_FILE: databaseWith('127.0.0.1:1/d') }],
    ['a mail server that nobody knows', { POSTKEY_SMTP_URL: smtpWith('h').replace('smtp', 'ftp') }],
    ['a mail server address that is none', { POSTKEY_SMTP_URL: smtpWith('h:port') }],
    ['a mail server without its user', { POSTKEY_SMTP_URL: `smtp://:${encodeURIComponent(SETTINGS['SMTP password'])}@h` }],
    ['a password that is not percent-encoded', { POSTKEY_SMTP_URL: `smtp://mailer:${SETTINGS['SMTP password']}@h` }],
    ['a password that breaks off the address', { POSTKEY_SMTP_URL: `smtp://h?${SETTINGS.secret}` }],
    ['a mail server with an unknown option', { POSTKEY_SMTP_URL: `${smtpWith('h')}?pool=${SETTINGS.secret}` }],
    ['an address with a password', { POSTKEY_URL: `https://me:${encodeURIComponent(SETTINGS['SMTP password'])}@auth.example.com` }],
  ]

  /** What some commands want behind their name. */
  const words: Readonly<Record<string, readonly string[]>> = {
    audit: ['search', ADA],
    keys: ['rotate'],
    backup: [join(tmpdir(), 'nowhere', 'copy.db')],
    webhooks: ['list'],
    bounces: ['list'],
  }

  test.each(wrong)('AU-01: %s: no command repeats it', async (_, settings) => {
    const ears = new Ears()
    // As far as it is given, a part of a secret is one.
    ears.canary('part of the secret', SETTINGS.secret.slice(0, 30))
    const env = Object.fromEntries(Object.entries({ ...good('file::memory:'), ...settings }).filter(([, value]) => value !== ''))
    for (const name of Object.keys(commands)) {
      // It makes up what is missing, and would run on.
      if (name === 'dev') continue
      for (const more of [[], ['--json']])
        ears.hear(`postkey ${name}`, ...(await ran([name, ...(words[name] ?? []), ...more], env, tmpdir())).texts)
    }
    if (env['POSTKEY_DATABASE_URL']?.startsWith('postgres')) {
      const { code, texts } = await ran(['serve'], { ...env, ...SENDER }, tmpdir())
      expect(code).not.toBe(0)
      ears.hear('postkey serve', ...texts)
    }
    expect(ears.said['postkey doctor']?.join('').length).toBeGreaterThan(100)
    expect(ears.leaks()).toEqual([])
  })

  test('AU-01: a config file that holds secrets and is none', async () => {
    const ears = new Ears()
    const folder = mkdtempSync(join(tmpdir(), 'postkey-canaries-'))
    try {
      const file = { secret: SETTINGS.secret, smtpUrl: smtpWith('127.0.0.1:1'), databaseUrl: databaseWith('127.0.0.1:1/d') }
      for (const text of [
        `${JSON.stringify(file)},`,
        JSON.stringify({ ...file, smtpurl: smtpWith('127.0.0.1:1') }),
        JSON.stringify([file]),
        JSON.stringify(file).slice(0, 60),
      ]) {
        writeFileSync(join(folder, 'postkey.config.json'), text)
        for (const name of ['serve', 'doctor', 'migrate', 'funnel']) ears.hear(`postkey ${name}`, ...(await ran([name], {}, folder)).texts)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    expect(ears.leaks()).toEqual([])
  })

  test('AU-01: help and version hold nothing of the environment', async () => {
    const ears = new Ears()
    const lines = [['--help'], ['--version'], ['--version', '--json'], ...Object.keys(commands).map((name) => [name, '--help'])]
    for (const line of lines) ears.hear('help', ...(await ran(line, good(databaseWith('127.0.0.1:1/d')))).texts)
    for (const line of [['serv'], ['serve', '--secret', SETTINGS.secret], ['doctor', SETTINGS.secret]])
      ears.hear('misuse', ...(await ran(line, good('file::memory:'))).texts)
    // A word that nobody asked for is repeated, so that it can be found: the shell has shown it already.
    expect(ears.leaks().filter(({ channel }) => channel !== 'misuse')).toEqual([])
  })
})

describe('a server as it runs', () => {
  const running: { stop(): Promise<unknown> }[] = []
  afterEach(async () => {
    for (const one of running.splice(0).reverse()) await one.stop()
  })

  async function serve(
    env: Record<string, string>,
  ): Promise<{ readonly server: ServeProcess; readonly smtp: SmtpTestServer; readonly ears: Ears }> {
    const smtp = await startSmtpServer({ mode: 'auth', user: 'mailer', pass: 'another one' })
    running.push(smtp)
    const server = await startServe({
      POSTKEY_SECRET: SETTINGS.secret,
      POSTKEY_SMTP_URL: `${smtpWith(`localhost:${smtp.port}`)}?tls=required&ca=${testAuthority}&timeout=2000ms`,
      POSTKEY_LOG: 'debug',
      ...env,
    })
    running.push(server)
    return { server, smtp, ears: new Ears() }
  }

  async function until(server: ServeProcess, event: string): Promise<void> {
    for (let wait = 0; wait < 300 && !server.stdout().includes(`"event":"${event}"`); wait++)
      await new Promise((resolve) => setTimeout(resolve, 20))
    expect(server.stdout()).toContain(`"event":"${event}"`)
  }

  test('AU-01: a mail server that repeats our login in its refusal is not repeated in the log', async () => {
    const { server, ears } = await serve({})
    await fetch(`${server.url}/readyz`)
    await fetch(`${server.url}/sign-in`, {
      method: 'POST',
      headers: { origin: server.url },
      body: new URLSearchParams({ email: ADA }),
      redirect: 'manual',
    })
    await until(server, 'mail')
    await until(server, 'mail_server_unusable')
    ears.canary('login, as it is sent', Buffer.from(`\0mailer\0${SETTINGS['SMTP password']}`).toString('base64'))
    ears.hear('stdout', server.stdout())
    ears.hear('stderr', server.stderr())
    expect(ears.said['stdout']?.join('')).toContain('535')
    expect(ears.leaks()).toEqual([])
  })

  test('AU-01: a crash is a line of the log like any other, and nothing of what it stumbled over is dumped', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postkey-crash-'))
    running.push({ stop: async () => rmSync(folder, { recursive: true, force: true }) })
    const secret = 'q4bX0hT9mZ2vR7nK1sW8yC5dJ6gL3fPaEuIoQwTzMxN'
    const crash = join(folder, 'crash.mjs')
    const thrown = `Object.assign(new Error('cannot read session=${secret} of ${ADA}, code 493817.'), { token: '${secret}', cause: { secret: '${secret}' } })`
    writeFileSync(
      crash,
      `process.on('SIGUSR2', () => { setImmediate(() => { throw ${thrown} }) })\nprocess.on('SIGHUP', () => { Promise.reject(${thrown}) })\n`,
    )
    for (const signal of ['SIGUSR2', 'SIGHUP'] as const) {
      const { server, ears } = await serve({ NODE_OPTIONS: `--import ${pathToFileURL(crash).href}` })
      ears.canary('session', secret)
      ears.canary('code', '493817')
      process.kill(server.pid, signal)
      await until(server, 'crashed')
      expect(await server.stop()).toBe(1)
      ears.hear('stdout', server.stdout())
      ears.hear('stderr', server.stderr())
      expect([signal, server.stderr().replace(SQLITE_OF_NODE_22, '')]).toEqual([signal, ''])
      expect(server.stdout()).not.toContain(ADA)
      expect(ears.leaks()).toEqual([])
    }
  }, 30_000)

  test('AU-11: what would send a request back to whoever sent it is refused', async () => {
    const { server } = await serve({})
    for (const method of ['TRACE', 'TRACK', 'DEBUG']) {
      const said = await raw(
        server.port,
        `${method} /sign-in HTTP/1.1\r\nHost: x\r\nCookie: marker=q4bX0hT9mZ2v\r\nConnection: close\r\n\r\n`,
      )
      expect([method, /^HTTP\/1\.1 (\d+)/.exec(said)?.[1]]).toEqual([method, expect.stringMatching(/^40[035]$/)])
      expect(said).not.toContain('q4bX0hT9mZ2v')
    }
  })
})

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let said = ''
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(said))
  })
}

describe('the search itself', () => {
  const secrets = {
    'a link secret': 'q4bX0hT9mZ2vR7nK1sW8yC5dJ6gL3fPaEuIoQwTzMxN',
    'a code': '493817',
    'a password': SETTINGS['SMTP password'],
  }

  test.each(Object.entries(secrets))('it finds %s in every form, wherever it stands', (name, secret) => {
    const written = [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('hex').toUpperCase(),
      `%${Buffer.from(secret).toString('hex').match(/../g)?.join('%')}`,
      ...['', 'a', 'ab', '\0mailer\0'].flatMap((before) => [
        Buffer.from(`${before}${secret} and more`).toString('base64'),
        Buffer.from(`${before}${secret}`).toString('base64url'),
      ]),
    ]
    for (const text of written) expect(leaks({ log: [`{"detail":"${text}"}`] }, { [name]: secret }), text).not.toEqual([])
    expect(leaks({ log: ['nothing'], pages: [`… ${secret}.`] } satisfies Said, { [name]: secret })).toEqual([
      expect.objectContaining({ channel: 'pages', canary: name }),
    ])
    expect(Object.keys(forms(secret)).length).toBeGreaterThan(5)
  })

  test('a code is not any six digits of a longer number', () => {
    expect(leaks({ log: ['1493817 4938170 x493817 0.493817 1.493817'] }, { code: '493817' })).toEqual([])
  })
})
