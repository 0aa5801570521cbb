import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { main } from './command.ts'
import { readSecrets } from './setting.ts'

const SECRET = 'q4bX0hT9mZ2vR7nK1sW8yC5dJ6gL3fPaEuIoQwTzMxNe'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postkey-keys-'))
  file = join(folder, 'secret')
  writeFileSync(file, `${SECRET}\n`, { mode: 0o600 })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What it answers, which must never hold a secret that is or was in the file. */
async function run(line: string, env: Record<string, string> = {}): Promise<{ code: number; said: string; out: string }> {
  const before = secrets()
  const lines: { readonly to: 'out' | 'err'; readonly text: string }[] = []
  const code = await main(line.split(' ').filter(Boolean), {
    env,
    folder,
    interactive: false,
    out: (text) => void lines.push({ to: 'out', text }),
    err: (text) => void lines.push({ to: 'err', text }),
  })
  const said = lines.map(({ text }) => text).join('\n')
  for (const secret of [SECRET, ...before, ...secrets()]) expect(said).not.toContain(secret)
  return { code, said, out: lines.flatMap(({ to, text }) => (to === 'out' ? [text] : [])).join('\n') }
}

const secrets = (): string[] => readFileSync(file, 'utf8').trim().split(',')
const rotate = (more = '') => run(`keys rotate ${more}`, { POSTKEY_SECRET_FILE: file })

test('a new secret goes before the old one, which --drop-old takes away', async () => {
  const { code, said } = await rotate()
  expect(code).toBe(0)
  expect(said).toContain('Restart the server')
  const [fresh, old, ...more] = secrets()
  expect([old, more]).toEqual([SECRET, []])
  expect(readSecrets(`${fresh},${old}`)).toMatchObject({ ok: true })
  // A third one would put out the first before its time.
  expect(await rotate()).toMatchObject({ code: 1, said: expect.stringContaining('--drop-old') })
  expect(secrets()).toEqual([fresh, SECRET])
  expect((await rotate('--drop-old')).code).toBe(0)
  expect(secrets()).toEqual([fresh])
  expect(await rotate('--drop-old')).toMatchObject({ code: 1, said: expect.stringContaining('only one secret') })
  expect(secrets()).toEqual([fresh])
})

test('for several servers a new secret is announced first, and used when all of them know it', async () => {
  expect(await rotate('--switch')).toMatchObject({ code: 1 })
  expect(await rotate('--announce')).toMatchObject({ code: 0, said: expect.stringContaining('Restart every server') })
  const [present, announced] = secrets()
  expect(present).toBe(SECRET)
  expect((await rotate('--switch')).code).toBe(0)
  expect(secrets()).toEqual([announced, SECRET])
  expect((await rotate('--drop-old')).code).toBe(0)
  expect(secrets()).toEqual([announced])
})

test('every rotation makes another secret', async () => {
  const made = new Set<string>()
  for (let round = 0; round < 20; round++) {
    await rotate()
    await rotate('--drop-old')
    made.add(secrets()[0] ?? '')
  }
  expect(made.size).toBe(20)
})

test('the file is named by flag, variable or config file, and the answer can be JSON', async () => {
  expect((await run(`keys rotate --secret-file ${file}`)).code).toBe(0)
  writeFileSync(join(folder, 'postkey.config.json'), JSON.stringify({ secretFile: './secret' }))
  const { code, out } = await run('keys rotate --drop-old --json')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toEqual({ ok: true, file, step: 'drop-old', secrets: 1, next: expect.stringContaining('Restart') })
  const again = await run('keys rotate --drop-old --json')
  expect(again.code).toBe(1)
  expect(JSON.parse(again.out)).toMatchObject({ ok: false, error: expect.stringContaining('only one secret') })
})

test('the file stays its owner’s, and is read by nobody who could not read it before; no draft is left', async () => {
  if (process.getuid?.() === 0) chownSync(file, 65_534, 65_534)
  for (const [before, after] of [
    [0o600, 0o600],
    [0o640, 0o640],
    [0o666, 0o640],
    [0o400, 0o600],
  ] as const) {
    chmodSync(file, before)
    await rotate()
    await rotate('--drop-old')
    const { mode, uid, gid } = statSync(file)
    expect(mode & 0o777).toBe(after)
    if (process.getuid?.() === 0) expect([uid, gid]).toEqual([65_534, 65_534])
  }
  expect(readdirSync(folder)).toEqual(['secret'])
})

test('a link stays a link; a file that cannot be replaced stays as it is', async () => {
  symlinkSync(file, join(folder, 'link'))
  expect((await run(`keys rotate --secret-file ${join(folder, 'link')}`)).code).toBe(0)
  expect(secrets()).toHaveLength(2)
  // Another rotation is under way.
  writeFileSync(`${file}.new`, '')
  const before = secrets()
  expect(await rotate('--drop-old')).toMatchObject({ code: 1, said: expect.stringContaining('another rotation is under way') })
  expect(secrets()).toEqual(before)
  expect(readdirSync(folder).sort()).toEqual(['link', 'secret', 'secret.new'])
})

test.each([
  ['in the environment', { POSTKEY_SECRET: SECRET }, null],
  ['in the config file', {}, { secret: SECRET }],
])('a secret %s is not touched: what to do is said', async (where, env, config) => {
  if (config !== null) writeFileSync(join(folder, 'postkey.config.json'), JSON.stringify(config))
  const { code, said } = await run('keys rotate', env as Record<string, string>)
  expect(code).toBe(2)
  expect(said).toContain(`the secret stands ${where}`)
  expect(said).toContain('POSTKEY_SECRET="$(openssl rand -base64 33),$POSTKEY_SECRET"')
})

test.each([
  ['no secret at all', 'keys rotate', {}, 2, 'no file holds a secret'],
  ['a file that is not there', 'keys rotate --secret-file /nowhere/secret', {}, 1, 'cannot be read (ENOENT)'],
  ['no action', 'keys', {}, 2, 'postkey keys rotate'],
  ['another action', 'keys burn', {}, 2, 'postkey keys rotate'],
  ['two steps at once', 'keys rotate --announce --drop-old', {}, 2, 'one step at a time'],
  ['a config file that is not there', 'keys rotate --config /nowhere.json', {}, 2, 'cannot be read'],
])('with %s it does nothing and says why', async (_, line, env, code, what) => {
  expect(await run(line, env)).toMatchObject({ code, said: expect.stringContaining(what) })
  expect(secrets()).toEqual([SECRET])
})

test('a weak secret is not carried along', async () => {
  writeFileSync(file, 'changeme-changeme-changeme-changeme-changeme')
  expect(await rotate()).toMatchObject({ code: 1, said: expect.stringContaining('contains a word') })
  expect(secrets()).toEqual(['changeme-changeme-changeme-changeme-changeme'])
})

test('keys --help shows its flags and examples', async () => {
  const { code, said } = await run('keys --help')
  expect(code).toBe(0)
  for (const word of ['--drop-old', '--announce', '--switch', '--secret-file', 'EXAMPLES', 'postkey keys rotate'])
    expect(said).toContain(word)
})
