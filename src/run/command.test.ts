import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { appVersion, schemaVersion, templateVersion } from '../versions.ts'
import { type ExitCode, main } from './command.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postkey-command-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: ExitCode
  readonly out: string
  readonly err: string
}

async function run(line: string, env: Record<string, string> = {}): Promise<Ran> {
  const said = { out: '', err: '' }
  const code = await main(line.split(' ').filter(Boolean), {
    env,
    folder,
    interactive: false,
    out: (text) => {
      said.out += `${text}\n`
    },
    err: (text) => {
      said.err += `${text}\n`
    },
  })
  return { code, ...said }
}

test.each(['', '--help', '-h', 'help'])('postkey %s lists the commands with examples', async (line) => {
  const { code, out, err } = await run(line)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  for (const word of ['dev', 'serve', 'migrate', 'doctor', 'Examples']) expect(out).toContain(word)
})

test.each(['dev', 'serve', 'migrate', 'doctor'])('postkey %s --help shows its flags and examples, without colours', async (name) => {
  for (const line of [`${name} --help`, `${name} -h`, `help ${name}`]) {
    const { code, out } = await run(line)
    expect(code).toBe(0)
    expect(out).toContain('--database-url')
    expect(out).toContain('EXAMPLES')
    expect(out).toContain(`postkey ${name}`)
    expect(out).not.toContain('\u001b')
  }
})

test('no command takes a secret on its command line, where other users of the machine could read it', async () => {
  for (const name of ['dev', 'serve', 'doctor']) {
    const { out } = await run(`${name} --help`)
    expect(out).not.toMatch(/--secret(?!-file)/)
    expect((await run(`${name} --secret abc`)).code).toBe(2)
  }
})

test('--version prints the version alone, or as JSON', async () => {
  expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(JSON.parse((await run('--version --json')).out)).toEqual({ version: appVersion, schema: schemaVersion, template: templateVersion })
})

test.each([
  ['serv', 'did you mean serve?'],
  ['frobnicate', 'there is no command "frobnicate"'],
  ['serve --prot 80', 'did you mean --port?'],
  ['serve --port', '--port needs a value'],
  ['serve --port --json', '--port needs a value'],
  ['migrate --port 80', 'there is no flag --port'],
  ['doctor now', '"now" is not expected here'],
  ['--port 80', 'there is no command "--port"'],
])('postkey %s is not understood: exit 2, with a next step', async (line, told) => {
  const { code, out, err } = await run(line)
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toContain(told)
  expect(err).toMatch(/See: postkey .*--help/)
})

test('HH-04, TK-17: serve without settings starts nothing and says what is missing', async () => {
  const { code, err } = await run('serve')
  expect(code).toBe(2)
  for (const name of ['POSTKEY_URL', 'POSTKEY_SECRET', 'POSTKEY_SMTP_URL', 'POSTKEY_MAIL_FROM']) expect(err).toContain(`${name} is missing`)
  const json = await run('serve --json')
  expect(JSON.parse(json.out)).toMatchObject({ ok: false, problems: [{ key: 'POSTKEY_URL' }, {}, {}, {}] })
  expect(json.code).toBe(2)
})

test('dev does not start where NODE_ENV says production', async () => {
  const { code, err } = await run('dev', { NODE_ENV: 'production' })
  expect(code).toBe(2)
  expect(err).toContain('run `postkey serve`')
})

test('migrate makes the schema, and a second time has nothing to do', async () => {
  const file = join(folder, 'sub/postkey.db')
  expect(await run(`migrate --json --database-url file:${file}`)).toMatchObject({ code: 0, err: '' })
  expect(existsSync(file)).toBe(true)
  const again = await run(`migrate --json --database-url file:${file}`)
  expect(JSON.parse(again.out)).toMatchObject({ ok: true, applied: [] })
  expect((await run(`migrate --database-url file:${file}`)).out).toContain('up to date')
})

test('migrate of something that is no database fails with exit 1 and says why', async () => {
  const file = join(folder, 'postkey.db')
  writeFileSync(file, 'this is not a database, and it is long enough to have a header that says so. '.repeat(20))
  const { code, out, err } = await run(`migrate --database-url file:${file}`)
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toContain('postkey migrate: ')
})
