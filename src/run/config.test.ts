import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ConfigResult, readConfig } from './config.ts'
import { ensureSecretFile, readSecretFile } from './secret-file.ts'
import type { ConfigProblem, ConfigSources } from './sources.ts'

const SECRET = 'q4bX0hT9mZ2vR7nK1sW8yC5dJ6gL3fPaEuIoQwTzMxNe'
const OLDER = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'
const SAFE = {
  POSTKEY_URL: 'https://auth.example.com',
  POSTKEY_SECRET: SECRET,
  POSTKEY_SMTP_URL: 'smtps://user:hunter2pass@mail.example.com:465',
  POSTKEY_MAIL_FROM: 'Example <sign-in@example.com>',
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postkey-config-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const read = (env: Record<string, string | undefined>, more: Partial<ConfigSources> = {}): ConfigResult =>
  readConfig({ env, mode: 'serve', folder, ...more })

function problemsOf(result: ConfigResult): readonly ConfigProblem[] {
  return result.ok ? [] : result.problems
}

function told(result: ConfigResult): string {
  return problemsOf(result)
    .map(({ key, what, remedy }) => `${key} ${what}: ${remedy}`)
    .join('\n')
}

describe('serve', () => {
  test('runs with four settings', () => {
    const result = read(SAFE)
    expect(told(result)).toBe('')
    expect(result).toMatchObject({
      ok: true,
      config: {
        url: 'https://auth.example.com',
        secrets: [SECRET],
        smtpUrl: SAFE.POSTKEY_SMTP_URL,
        mailFrom: { name: 'Example', address: 'sign-in@example.com' },
        databaseUrl: 'file:.postkey/postkey.db',
        seals: true,
        host: '127.0.0.1',
        port: 3000,
      },
      origins: { url: 'env', port: 'default', support: 'unset' },
    })
  })

  test('HH-04, TK-17: with nothing set it names everything that is missing at once, each with a remedy', () => {
    const problems = problemsOf(read({}))
    expect(problems.map(({ key, what }) => `${key} ${what}`)).toEqual([
      'POSTKEY_URL is missing',
      'POSTKEY_SECRET is missing',
      'POSTKEY_SMTP_URL is missing',
      'POSTKEY_MAIL_FROM is missing',
    ])
    for (const { why, remedy } of problems) expect([why.length > 10, remedy.length > 10]).toEqual([true, true])
  })

  test.each([
    ['HH-04: plain http', 'http://auth.example.com', 'POSTKEY_URL is plain http'],
    ['HH-04: no scheme', 'auth.example.com', 'POSTKEY_URL is not an http(s) URL'],
    ['HH-04: another scheme', 'javascript://auth.example.com', 'POSTKEY_URL is not an http(s) URL'],
    ['HH-04: localhost only in the name', 'http://localhost.example.com', 'POSTKEY_URL is plain http'],
    ['HH-04: a loopback address only in the name', 'http://127.0.0.1.example.com', 'POSTKEY_URL is plain http'],
    ['a path', 'https://example.com/auth', 'POSTKEY_URL contains the path /auth'],
    ['credentials', 'https://user:pass@example.com', 'POSTKEY_URL contains a user name or password'],
    ['a query', 'https://example.com/?a=1', 'POSTKEY_URL contains a query'],
  ])('refuses a public URL with %s', (_, url, problem) => {
    expect(told(read({ ...SAFE, POSTKEY_URL: url }))).toContain(problem)
  })

  test.each(['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000', 'https://auth.example.com/'])(
    'takes the public URL %s',
    (url) => {
      expect(read({ ...SAFE, POSTKEY_URL: url })).toMatchObject({ ok: true, config: { url: url.replace(/\/$/, '') } })
    },
  )

  test.each([
    ['short', 'q4bX0hT9mZ2vR7nK1sW8yC5dJ6gL3fPa', 'too short: 24 bytes'],
    ['short as hex', OLDER.slice(0, 62), 'too short: 31 bytes'],
    ['a default of somebody’s example', 'changeme-changeme-changeme-changeme-changeme', 'contains a word'],
    ['a word with digits around', `Secret${SECRET}`, 'contains a word'],
    ['one letter over and over', 'A'.repeat(64), 'repeats itself'],
    ['a short random text over and over', 'Xk29aQ'.repeat(9), 'repeats itself'],
    ['zeros as hex', '0'.repeat(64), 'repeats itself'],
    ['an alphabet', 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz', 'too regular'],
    ['few different characters', 'xXyYxXyYyXxYyYxXyxYXyxYXyxYXYyxXyYyxXYXyxyYXyX', 'too regular'],
    ['a sentence', 'correct horse battery staple, and then some more words of it', 'not written as base64'],
    ['a good one with a weak one before it', `${SECRET},Zz9Zz9`, 'previous secret'],
    ['three', `${SECRET},${OLDER},${OLDER}`, 'more than two'],
    ['the same twice', `${SECRET},${SECRET}`, 'the same secret twice'],
  ])('TK-17: refuses a secret that is %s, and never prints it', (_, secret, problem) => {
    const result = read({ ...SAFE, POSTKEY_SECRET: secret })
    expect(told(result)).toContain(`POSTKEY_SECRET`)
    expect(told(result)).toContain(problem)
    const printed = JSON.stringify(problemsOf(result))
    for (const part of secret.split(',')) expect(printed).not.toContain(part)
  })

  test('takes a new secret with the previous one after a comma', () => {
    expect(read({ ...SAFE, POSTKEY_SECRET: `${SECRET}, ${OLDER}` })).toMatchObject({ ok: true, config: { secrets: [SECRET, OLDER] } })
  })

  test.each(['mail.example.com', 'https://user:hunter2pass@mail.example.com', 'smtp://user:hunter2pass@', 'smtp://user@mail.example.com'])(
    'refuses the mail server %s without quoting it',
    (url) => {
      const result = read({ ...SAFE, POSTKEY_SMTP_URL: url })
      expect(problemsOf(result).map(({ key }) => key)).toEqual(['POSTKEY_SMTP_URL'])
      expect(told(result)).not.toContain(url)
    },
  )

  test('PostgreSQL is taken; what is no address of one is refused without showing the password in it', () => {
    expect(problemsOf(read({ ...SAFE, POSTKEY_DATABASE_URL: 'postgres://postkey:hunter2pass@db/postkey' }))).toEqual([])
    for (const url of ['postgres://postkey:hunter2pass@', 'mysql://postkey:hunter2pass@db/postkey']) {
      const result = read({ ...SAFE, POSTKEY_DATABASE_URL: url })
      expect(told(result)).toContain('postgres://USER:PASSWORD@HOST/DATABASE')
      expect(told(result)).not.toContain('hunter2pass')
    }
  })

  test.each([
    ['sslmode=prefer', 'encryption that anybody on the way can turn off'],
    ['sslmode=allow', 'encryption that anybody on the way can turn off'],
    ['sslmode=verify_full', 'has an unknown sslmode'],
    ['sslmode=verify-ca', 'without an authority'],
    ['sslmode=verify-full&sslrootcert=/nowhere.pem', 'sslrootcert that cannot be read'],
    ['sslmode=disable&sslrootcert=/nowhere.pem', 'names certificates and turns encryption off'],
    ['ssl=yes', 'unknown value of ssl'],
  ])('a PostgreSQL address with %s is refused without showing the password in it', (words, problem) => {
    const result = read({ ...SAFE, POSTKEY_DATABASE_URL: `postgres://postkey:hunter2pass@db.example.com/postkey?${words}` })
    expect(problemsOf(result).map(({ key }) => key)).toEqual(['POSTKEY_DATABASE_URL'])
    expect(told(result)).toContain(problem)
    expect(told(result)).not.toContain('hunter2pass')
  })

  test.each([
    ['POSTKEY_MAIL_FROM', 'Example <sign-in@example.com>\r\nBcc: evil@example.net', 'control character'],
    ['POSTKEY_MAIL_FROM', 'nobody', 'no valid e-mail address'],
    ['POSTKEY_MAIL_FROM', 'a@example.com, b@example.com', 'no valid e-mail address'],
    ['POSTKEY_TRUSTED_PROXIES', '0.0.0.0/0', 'every client could claim any address'],
    ['POSTKEY_TRUSTED_PROXIES', '010.0.0.1/8', 'is no network'],
    ['POSTKEY_TRUSTED_PROXIES', '10.0.0.0/33', 'is no network'],
    ['POSTKEY_TRUSTED_PROXIES', 'proxy.internal', 'is no network'],
    ['POSTKEY_OPERATORS', 'ops@example.com, nobody', 'not an e-mail address'],
    ['POSTKEY_ACCENT', 'red', 'is not a colour'],
    ['POSTKEY_ACCENT', '#ffee00,#8fb0ff', 'too pale'],
    ['POSTKEY_ACCENT', '#1f4ed8,#000033', 'too dark'],
    ['POSTKEY_LOGO', 'no-such.svg', 'cannot be read (ENOENT)'],
    ['POSTKEY_DATABASE_CONNECTIONS', '2', 'use a number from 3 to 100'],
    ['POSTKEY_DATABASE_CONNECTIONS', '101', 'use a number from 3 to 100'],
    ['POSTKEY_DATABASE_CONNECTIONS', 'many', 'use a number from 3 to 100'],
    ['POSTKEY_BASE_PATH', 'auth', 'is not a path'],
    ['POSTKEY_BASE_PATH', '//evil.example', 'is not a path'],
    ['POSTKEY_LOG', 'verbose', 'is not a level'],
    ['POSTKEY_SEALS', 'no', 'is neither on nor off'],
    ['POSTKEY_ROLL_OUT', './absent.json', 'cannot be read'],
    ['POSTKEY_POLICY', 'lax', 'does not exist'],
    ['POSTKEY_POLICY', './absent.json', 'cannot be read'],
    ['POSTKEY_RETURN_ORIGINS', 'https://app.example.com/path', 'contains the path'],
    ['POSTKEY_RETURN_TO', 'https://elsewhere.example', 'not allowed'],
    ['POSTKEY_RETURN_TO', '//elsewhere.example', 'not allowed'],
    ['POSTKEY_SUPPORT', 'javascript:alert(1)', 'neither an e-mail address nor'],
    ['POSTKEY_BOUNCE_ADDRESS', 'bounces', 'is no e-mail address'],
    ['POSTKEY_BOUNCE_ADDRESS', 'bounces+x@mail.example.com', 'no room for a tag'],
    ['POSTKEY_BOUNCE_ADDRESS', 'mails-come-back@mail.example.com', 'no room for a tag'],
    ['POSTKEY_MAIL_REPORTS', 'mailjet=0123456789abcdef', 'not known'],
    ['POSTKEY_MAIL_REPORTS', 'mailgun=0123456789abcdef,mailgun=fedcba9876543210', 'names mailgun twice'],
    ['POSTKEY_MAIL_REPORTS', 'ses=my-topic', 'no usable key for ses'],
    ['POSTKEY_MAIL_REPORTS', 'postmark=postkey:short', 'no usable key for postmark'],
    ['POSTKEY_MAIL_REPORTS', 'sendgrid=0123456789abcdef', 'no usable key for sendgrid'],
    ['POSTKEY_MAIL_REPORTS', 'mailgun=short', 'no usable key for mailgun'],
    ['POSTKEY_MAIL_REPORTS', `signed=${'A'.repeat(44)}`, 'no usable key for signed'],
    // As long as one, and not what 24 bytes can be in base64.
    ['POSTKEY_MAIL_REPORTS', `signed=whsec_${'A'.repeat(33)}`, 'no usable key for signed'],
    ['PORT', '70000', 'is not a port'],
    ['PORT', '3000x', 'is not a port'],
  ])('refuses %s=%j', (key, value, problem) => {
    const result = read({ ...SAFE, [key]: value })
    expect(told(result)).toContain(problem)
    expect(problemsOf(result).map((found) => found.key)).toEqual([key])
  })

  test('takes every setting there is', () => {
    const result = read({
      ...SAFE,
      POSTKEY_BASE_PATH: '/auth/',
      POSTKEY_POLICY: 'corporate',
      POSTKEY_TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8,192.0.2.7',
      POSTKEY_OPERATORS: 'Ops@Example.com',
      POSTKEY_NAME: 'Example',
      POSTKEY_SUPPORT: 'help@example.com',
      POSTKEY_ACCENT: '#1f4ed8',
      POSTKEY_RETURN_ORIGINS: 'https://app.example.com',
      POSTKEY_RETURN_TO: 'https://app.example.com/home',
      POSTKEY_DATABASE_CONNECTIONS: '12',
      POSTKEY_SEALS: 'Off',
      POSTKEY_BOUNCE_ADDRESS: 'bounces@mail.example.com',
      POSTKEY_MAIL_REPORTS: `postmark=postkey:0123456789abcdef, signed=whsec_${'A'.repeat(43)}=`,
      POSTKEY_LOG: 'warn',
      HOST: '0.0.0.0',
      PORT: '8080',
    })
    expect(told(result)).toBe('')
    expect(result).toMatchObject({
      config: {
        basePath: '/auth',
        policy: { linkTtl: 3_600_000 },
        trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.7/32'],
        operators: ['ops@example.com'],
        brand: { name: 'Example', support: 'mailto:help@example.com', accent: { light: '#1f4ed8' } },
        returnTo: 'https://app.example.com/home',
        databaseConnections: 12,
        bounceAddress: 'bounces@mail.example.com',
        mailReports: { postmark: 'postkey:0123456789abcdef', signed: `whsec_${'A'.repeat(43)}=` },
        seals: false,
        log: 'warn',
        host: '0.0.0.0',
        port: 8080,
      },
    })
    // The dark twin was made from the light colour, which could not be read on a dark page.
    expect(result.ok && result.config.brand.accent?.dark).not.toBe('#1f4ed8')
  })
})

describe('where values come from', () => {
  test('a flag beats the environment, which beats the file, which beats the default', () => {
    writeFileSync(
      join(folder, 'postkey.config.json'),
      JSON.stringify({ port: 1001, host: '0.0.0.0', POSTKEY_NAME: 'File', trustedProxies: ['10.0.0.0/8'] }),
    )
    const result = read({ ...SAFE, PORT: '1002', HOST: '::1' }, { flags: { port: '1003' } })
    expect(result).toMatchObject({
      config: { port: 1003, host: '::1', brand: { name: 'File' }, trustedProxies: ['10.0.0.0/8'] },
      origins: { port: 'flag', host: 'env', name: 'file', log: 'default' },
    })
  })

  test('an empty variable counts as not set', () => {
    expect(read({ ...SAFE, PORT: '', POSTKEY_SECRET: '' })).toMatchObject({ ok: false, origins: { port: 'default', secret: 'unset' } })
  })

  test('a misspelled variable or key is an error with a suggestion', () => {
    writeFileSync(join(folder, 'postkey.config.json'), JSON.stringify({ mailform: 'x', policyy: 'strict' }))
    const text = told(read({ ...SAFE, POSTKEY_SMTPURL: 'x', POSTKEY_SECRETS: 'y', POSTKEY_TEST_CHROMIUM: '/x' }))
    expect(text).toContain('POSTKEY_SMTPURL is no environment variable that Postkey knows: did you mean POSTKEY_SMTP_URL?')
    expect(text).toContain('did you mean POSTKEY_SECRET?')
    expect(text).toContain('did you mean mailFrom?')
    expect(text).toContain('did you mean policy?')
    expect(text).not.toContain('POSTKEY_TEST_CHROMIUM')
  })

  test('a roll-out stands in a file of its own or in the config file, and is judged beside the policy', () => {
    const write = (change: object): void =>
      writeFileSync(join(folder, 'roll-out.json'), JSON.stringify({ name: 'codes', percent: 10, change }))
    write({ methods: ['code'] })
    const given = { ...SAFE, POSTKEY_ROLL_OUT: './roll-out.json' }
    expect(read(given)).toMatchObject({ config: { rollOut: { name: 'codes', percent: 10 } } })
    write({ codeLength: 8 })
    expect(told(read(given))).toContain('codeLength cannot differ between people')
    write({ linkTtl: '5m' })
    expect(told(read(given))).toContain('codeTtl: is longer than linkTtl')
  })

  test('a policy can stand in the config file or in a file of its own', () => {
    writeFileSync(join(folder, 'strict.json'), JSON.stringify({ preset: 'strict', linkTtl: '12m' }))
    expect(read({ ...SAFE, POSTKEY_POLICY: './strict.json' })).toMatchObject({ config: { policy: { linkTtl: 720_000, codeLength: 8 } } })
    writeFileSync(join(folder, 'postkey.config.json'), JSON.stringify({ policy: { linkTtl: '20m' } }))
    expect(read(SAFE)).toMatchObject({ config: { policy: { linkTtl: 1_200_000 } }, origins: { policy: 'file' } })
  })

  test('a config file that is named must exist, and a broken one is never quoted', () => {
    expect(told(read(SAFE, { file: 'absent.json' }))).toContain('cannot be read (ENOENT)')
    writeFileSync(join(folder, 'broken.json'), `{ "secret": "${SECRET}", }`)
    const result = read(SAFE, { file: 'broken.json' })
    expect(told(result)).toContain('is not valid JSON')
    expect(told(result)).not.toContain(SECRET)
  })
})

describe('secrets in files', () => {
  test('every secret can stand in a file, by variable, key or flag', () => {
    writeFileSync(join(folder, 's'), `${SECRET}\n`)
    writeFileSync(join(folder, 'm'), `${SAFE.POSTKEY_SMTP_URL}\n`)
    writeFileSync(join(folder, 'd'), 'file:/tmp/x.db')
    const env = { ...SAFE, POSTKEY_SECRET: undefined, POSTKEY_SMTP_URL: undefined, POSTKEY_SECRET_FILE: 's' }
    writeFileSync(join(folder, 'postkey.config.json'), JSON.stringify({ smtpUrlFile: 'm' }))
    expect(read(env, { flags: { databaseUrlFile: 'd' } })).toMatchObject({
      ok: true,
      config: { secrets: [SECRET], smtpUrl: SAFE.POSTKEY_SMTP_URL, databaseUrl: 'file:/tmp/x.db' },
    })
  })

  test('FA-29: a secret file that is absent, empty, a folder or unreadable is a refusal, and nothing weaker takes its place', () => {
    writeFileSync(join(folder, 'empty'), ' \n')
    writeFileSync(join(folder, 'locked'), SECRET, { mode: 0o000 })
    mkdirSync(join(folder, 'sub'))
    // Root reads everything: there the locked file is a good secret.
    const unreadable = process.getuid?.() === 0 ? ['absent', 'empty', 'sub'] : ['absent', 'empty', 'sub', 'locked']
    for (const file of unreadable) {
      for (const mode of ['serve', 'dev'] as const) {
        const env = mode === 'serve' ? { ...SAFE, POSTKEY_SECRET: undefined } : {}
        const result = read({ ...env, POSTKEY_SECRET_FILE: file }, { mode })
        expect(problemsOf(result).map(({ key }) => key)).toEqual(['POSTKEY_SECRET_FILE'])
      }
    }
    expect(existsSync(join(folder, '.postkey/secret'))).toBe(false)
  })

  test('a secret given directly and as a file is refused: one of the two is out of date', () => {
    writeFileSync(join(folder, 's'), SECRET)
    expect(told(read({ ...SAFE, POSTKEY_SECRET_FILE: 's' }))).toContain('given twice')
  })

  test('the secret of a development server is made once, readable by its owner only', () => {
    const path = join(folder, 'deep/secret')
    const first = ensureSecretFile(path)
    expect(first.made).toBe(true)
    expect(Buffer.from(first.text, 'base64url')).toHaveLength(33)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(ensureSecretFile(path)).toEqual({ text: first.text, made: false })
    expect(readSecretFile(path)).toEqual({ ok: true, text: first.text })
  })

  test('FA-29: an existing but useless secret file is not replaced', () => {
    const path = join(folder, 'secret')
    writeFileSync(path, '')
    expect(() => ensureSecretFile(path)).toThrow('is empty')
    expect(readFileSync(path, 'utf8')).toBe('')
  })
})

describe('dev', () => {
  test('needs nothing at all', () => {
    const result = read({}, { mode: 'dev' })
    expect(told(result)).toBe('')
    expect(result).toMatchObject({
      config: { url: 'http://localhost:3000', smtpUrl: null, mailFrom: { name: 'Postkey', address: 'sign-in@localhost.test' } },
      origins: { secret: 'generated', url: 'default' },
    })
    const again = read({}, { mode: 'dev' })
    expect(again.ok && result.ok && again.config.secrets).toEqual(result.ok && result.config.secrets)
  })

  test('the URL follows the port', () => {
    expect(read({ PORT: '4321' }, { mode: 'dev' })).toMatchObject({ config: { url: 'http://localhost:4321', port: 4321 } })
  })

  test('does not run in production, nor for the world', () => {
    expect(told(read({ NODE_ENV: 'production' }, { mode: 'dev' }))).toContain('run `postkey serve`')
    expect(told(read({ POSTKEY_URL: 'https://auth.example.com' }, { mode: 'dev' }))).toContain('is not on localhost')
  })

  test('says so when it cannot keep its secret', () => {
    writeFileSync(join(folder, '.postkey'), 'a file where the folder should be')
    chmodSync(folder, 0o700)
    expect(told(read({}, { mode: 'dev' }))).toContain('POSTKEY_SECRET cannot be kept')
  })
})

test('migrate asks for nothing but the database', () => {
  expect(read({ POSTKEY_DATABASE_URL: 'file:/tmp/x.db', PORT: 'nonsense' }, { mode: 'migrate' })).toMatchObject({
    ok: true,
    config: { databaseUrl: 'file:/tmp/x.db' },
  })
  expect(told(read({ POSTKEY_DATABASE_URL: 'mysql://x' }, { mode: 'migrate' }))).toContain('is not a database URL')
})

test('who verifies the record needs the secret and the policy besides, and can do without', () => {
  const env = { POSTKEY_DATABASE_URL: 'file:/tmp/x.db', POSTKEY_SECRET: SECRET, POSTKEY_POLICY: 'corporate', PORT: 'nonsense' }
  expect(read(env, { mode: 'verify' })).toMatchObject({
    ok: true,
    config: { databaseUrl: 'file:/tmp/x.db', secrets: [SECRET], policy: { linkTtl: 3_600_000 } },
  })
  expect(read({ POSTKEY_DATABASE_URL: 'file:/tmp/x.db' }, { mode: 'verify' })).toMatchObject({ ok: true, config: { secrets: [] } })
  expect(told(read({ POSTKEY_SECRET: 'short' }, { mode: 'verify' }))).toContain('POSTKEY_SECRET')
})

describe('who verifies the record of `postkey dev`', () => {
  const dev = (): readonly string[] => {
    const made = read({}, { mode: 'dev' })
    return made.ok ? made.config.secrets : []
  }

  test('has the secret that it made', () => {
    const secrets = dev()
    expect(secrets).toHaveLength(1)
    expect(read({}, { mode: 'verify' })).toMatchObject({ ok: true, config: { secrets }, origins: { secret: 'generated' } })
  })

  test('has it for no other database, in the place of none that is given, and makes none', () => {
    expect(read({}, { mode: 'verify' })).toMatchObject({ ok: true, config: { secrets: [] } })
    dev()
    expect(read({ POSTKEY_DATABASE_URL: 'file:/tmp/x.db' }, { mode: 'verify' })).toMatchObject({ ok: true, config: { secrets: [] } })
    expect(read({ POSTKEY_SECRET: SECRET }, { mode: 'verify' })).toMatchObject({ ok: true, config: { secrets: [SECRET] } })
  })

  test('is told when it cannot be read', () => {
    mkdirSync(join(folder, '.postkey'))
    writeFileSync(join(folder, '.postkey', 'secret'), '')
    expect(told(read({}, { mode: 'verify' }))).toMatch(/POSTKEY_SECRET is not given, and \S+secret is empty/)
  })
})
