// No test here sets POSTKEY_MAIL_FROM: its domain would be looked up in the real DNS. What DNS answers mean is tested beside dns.ts.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import { SMTPServer } from 'smtp-server'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { main } from './command.ts'
import type { Check } from './doctor.ts'

const SECRET = 'q4bX0hT9mZ2vR7nK1sW8yC5dJ6gL3fPaEuIoQwTzMxNe'
const PASSWORD = 'hunter2pass'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postkey-doctor-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Report {
  readonly ok: boolean
  readonly checks: readonly Check[]
  readonly settings: readonly { readonly name: string; readonly value: string; readonly origin: string }[]
}

async function run(env: Record<string, string>, ...flags: string[]): Promise<{ code: number; out: string }> {
  let out = ''
  const say = (text: string): void => {
    out += `${text}\n`
  }
  const code = await main(['doctor', ...flags], { env, folder, interactive: false, out: say, err: say })
  return { code, out }
}

async function examine(env: Record<string, string>): Promise<Report & { code: number }> {
  const { code, out } = await run(env, '--json')
  return { code, ...(JSON.parse(out) as Report) }
}

async function mailServer(): Promise<string> {
  const server = new SMTPServer({
    hideSTARTTLS: true,
    allowInsecureAuth: true,
    authMethods: ['PLAIN'],
    onAuth: ({ username, password }, _, done) => (password === PASSWORD ? done(null, { user: username }) : done(new Error('bad login'))),
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return `127.0.0.1:${(server.server.address() as AddressInfo).port}`
}

const of = (report: Report, area: Check['area']): readonly Check[] => report.checks.filter((check) => check.area === area)

test('a sound installation: settings with their origin, database and mail server are well, and no secret is shown', async () => {
  const place = await mailServer()
  const file = join(folder, 'postkey.db')
  await main(['migrate', '--database-url', `file:${file}`], {
    env: {},
    folder,
    interactive: false,
    out: () => undefined,
    err: () => undefined,
  })
  const env = {
    POSTKEY_URL: 'https://auth.example.com',
    POSTKEY_SECRET: SECRET,
    POSTKEY_SMTP_URL: `smtp://user:${PASSWORD}@${place}`,
    POSTKEY_DATABASE_URL: `file:${file}`,
  }
  const report = await examine(env)
  expect(of(report, 'database').map(({ state }) => state)).toEqual(['ok', 'ok'])
  expect(of(report, 'mail server')).toEqual([{ area: 'mail server', state: 'ok', what: 'answers and lets us in' }])
  expect(report.settings).toContainEqual({ name: 'POSTKEY_URL', value: 'https://auth.example.com', origin: 'env' })
  expect(report.settings).toContainEqual({ name: 'POSTKEY_SECRET', value: '(hidden)', origin: 'env' })
  expect(report.settings).toContainEqual({ name: 'PORT', value: '3000', origin: 'default' })
  // What is missing is the only thing that fails.
  expect(report.checks.filter(({ state }) => state === 'fail').map(({ what }) => what)).toEqual(['POSTKEY_MAIL_FROM is missing'])
  expect(report.code).toBe(1)

  const { out } = await run(env)
  expect(out).toContain('POSTKEY_URL')
  expect(out).toContain('→ set it like')
  for (const text of [out, JSON.stringify(report)]) {
    expect(text).not.toContain(PASSWORD)
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain('\u001b')
  }
})

test('a mail server that refuses our login fails, with a remedy and without the password', async () => {
  const report = await examine({ POSTKEY_SMTP_URL: `smtp://user:${PASSWORD}x@${await mailServer()}` })
  const [check] = of(report, 'mail server')
  expect(check).toMatchObject({ state: 'fail', remedy: expect.stringMatching(/.{10}/) })
  expect(JSON.stringify(report)).not.toContain(PASSWORD)
})

test('a mail server that is not there fails', async () => {
  const report = await examine({ POSTKEY_SMTP_URL: 'smtp://127.0.0.1:1' })
  expect(of(report, 'mail server')).toMatchObject([{ state: 'fail' }])
})

test('a database that does not exist is no failure, and is not made', async () => {
  const file = join(folder, 'postkey.db')
  const report = await examine({ POSTKEY_DATABASE_URL: `file:${file}` })
  expect(of(report, 'database')).toMatchObject([{ state: 'warn', what: 'does not exist yet' }])
  expect(existsSync(file)).toBe(false)
})

test('a database file of something else fails, and is left as it was', async () => {
  const file = join(folder, 'postkey.db')
  const content = 'these are the notes of somebody, and no database. '.repeat(40)
  writeFileSync(file, content)
  const report = await examine({ POSTKEY_DATABASE_URL: `file:${file}` })
  expect(of(report, 'database')).toMatchObject([{ state: 'fail', remedy: expect.stringContaining('path') }])
  expect(readFileSync(file, 'utf8')).toBe(content)
})

test('a damaged database is found', async () => {
  const file = join(folder, 'postkey.db')
  const database = new DatabaseSync(file)
  database.exec(
    `create table t (x text); insert into t select hex(randomblob(500)) from (values (1), (2), (3), (4), (5), (6), (7), (8), (9))`,
  )
  database.close()
  const bytes = readFileSync(file)
  // The first page holds header and schema, so that the file still opens; those after it are overwritten.
  bytes.fill(0xa5, 4096)
  writeFileSync(file, bytes)
  const report = await examine({ POSTKEY_DATABASE_URL: `file:${file}` })
  expect(of(report, 'database').some(({ state }) => state === 'fail')).toBe(true)
})

test('links with their secret in the path are pointed out', async () => {
  writeFileSync(join(folder, 'policy.json'), JSON.stringify({ linkSecret: 'path' }))
  const place = await mailServer()
  const report = await examine({
    POSTKEY_URL: 'https://auth.example.com',
    POSTKEY_SECRET: SECRET,
    POSTKEY_SMTP_URL: `smtp://user:${PASSWORD}@${place}`,
    POSTKEY_POLICY: './policy.json',
    POSTKEY_TRUSTED_PROXIES: '10.0.0.0/8',
  })
  expect(of(report, 'settings')).toContainEqual(expect.objectContaining({ state: 'warn', what: expect.stringContaining('access log') }))
})

test.each([
  ['', 'is not encrypted: who is on the way reads and changes all of it'],
  ['?sslmode=disable', 'is not encrypted'],
  ['?sslmode=no-verify', 'is encrypted to whoever answers there'],
])('PostgreSQL on another machine with "%s" is pointed out', async (words, what) => {
  const report = await examine({ POSTKEY_DATABASE_URL: `postgres://postkey:${PASSWORD}@db.invalid/postkey${words}` })
  const remedy = expect.stringContaining('sslmode=verify-full')
  expect(of(report, 'settings')).toContainEqual({ area: 'settings', state: 'warn', what: expect.stringContaining(what), remedy })
  expect(JSON.stringify(report)).not.toContain(PASSWORD)
})

test('PostgreSQL on this machine, or by a verified certificate, is not', async () => {
  for (const place of [
    'localhost:1/postkey',
    '127.0.0.1:1/postkey',
    'db.invalid/postkey?sslmode=verify-full',
    'db.invalid/postkey?host=/nowhere',
  ]) {
    const report = await examine({ POSTKEY_DATABASE_URL: `postgres://postkey:${PASSWORD}@${place}` })
    expect(of(report, 'settings').filter(({ what }) => what.includes('PostgreSQL'))).toEqual([])
    expect(of(report, 'database')).toMatchObject([{ state: 'fail', remedy: expect.stringContaining('check') }])
  }
})
