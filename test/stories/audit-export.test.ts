// U4, AU-12: the record as a file that nobody else can read, whole or not at all, with no secret in it.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../../src/run/command.ts'
import { openEngine, storeOver } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { type AskedFor, askAndOpen, HOUR, type Kit, SECRET, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

const ADA = 'ada@example.net'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postkey-export-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function postkey(...words: readonly string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []]
  const terminal = {
    env: {},
    folder,
    interactive: false,
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
  }
  const code = await main(words, terminal)
  return { code, out: out.join('\n'), err: err.join('\n') }
}

interface Line {
  readonly at: string
  readonly requestId: string
  readonly event: string
  readonly kind: string
  readonly reason: string
  readonly facts: Readonly<Record<string, unknown>>
}

const linesOf = (file: string): Line[] =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  let kit: Kit
  let asked: AskedFor
  const canaries: string[] = []

  beforeAll(async () => {
    database = await fresh()
    kit = await startKit({
      database: database.url,
      reply: () => ({ class: 'accepted', code: 250, text: '=HYPERLINK("http://evil.example");+1' }),
    })
    asked = await askAndOpen(kit, ADA)
    await asked.browser.get(`/l/${asked.linkId}`)
    await asked.browser.post('/sign-in/code', { c: asked.challenge, code: wrongCode(asked.code) })
    await asked.browser.post('/sign-in/code', { c: asked.challenge, code: asked.code ?? '' })
    canaries.push(asked.secret, ADA, SECRET, ...asked.browser.cookies.values())
    await asked.browser.post('/sign-out', {})
    kit.clock.forward(HOUR)
    const bob = await askAndOpen(kit, 'bob@example.net')
    await bob.browser.post('/sign-in', { email: 'bob@example.net' }, { origin: 'null' })
    canaries.push(bob.secret, 'bob@example.net', bob.browser.cookies.get('__Host-postkey-browser') ?? '?')
    // The refusal is written a moment after its answer.
    await new Promise((resolve) => setTimeout(resolve, 50))
  })
  afterAll(async () => {
    await kit.close()
    await database.drop()
  })

  const run = (...more: string[]): Promise<Ran> => postkey('audit', 'export', '--database-url', database.url, ...more)

  test('all of it, in the order of the record, in a file of its own that only its owner reads', async () => {
    const { code, out } = await run('--out', 'record.jsonl', '--json')
    expect(code).toBe(0)
    const engine = await openEngine(database.url)
    const rows = await engine.read(() => all<{ id: string }>('select id from events order by request_id, id'))
    await engine.close()
    const lines = linesOf('record.jsonl')
    expect(lines.map(({ event }) => event)).toEqual(rows.map(({ id }) => id))
    const { size, mode } = statSync(join(folder, 'record.jsonl'))
    expect(JSON.parse(out)).toEqual({ ok: true, file: join(folder, 'record.jsonl'), events: rows.length, bytes: size })
    expect(mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['record.jsonl'])
  })

  test.each(['jsonl', 'csv'])('AU-12: %s holds no secret, and no address', async (format) => {
    expect((await run('--format', format)).code).toBe(0)
    const [file = ''] = readdirSync(folder)
    expect(file).toMatch(new RegExp(`^postkey-audit-\\d{4}-\\d\\d-\\d\\d\\.${format}$`))
    const text = readFileSync(join(folder, file), 'utf8')
    expect(text).toContain(asked.challenge)
    expect(text).toContain('a•••@example.net')
    expect(canaries.filter((canary) => canary.length < 10)).toEqual([])
    for (const canary of canaries) expect(text).not.toContain(canary)
    expect(text).not.toMatch(new RegExp(`(?<![0-9A-Za-z])${asked.code}(?![0-9A-Za-z])`))
  })

  test('CSV: what the mail server said is no formula', async () => {
    expect((await run('--format', 'csv', '--kind', 'deliver', '--out', 'mails.csv')).code).toBe(0)
    const text = readFileSync(join(folder, 'mails.csv'), 'utf8')
    expect(text.split('\r\n')).toHaveLength(4)
    expect(text).toContain('HYPERLINK')
    expect(text).not.toMatch(/(^|[,;\t\r\n])"?\s*[=+@-]/)
  })

  test('of a time, of a kind, for a reason', async () => {
    const hour = new Date(kit.clock.at - HOUR / 2).toISOString()
    const parts = await Promise.all([
      run('--out', 'before.jsonl', '--until', hour),
      run('--out', 'since.jsonl', '--since', hour),
      run('--out', 'wrong.jsonl', '--reason', 'code_wrong'),
      run('--out', 'none.jsonl', '--kind', 'start', '--reason', 'code_wrong'),
    ])
    expect(parts.map(({ code }) => code)).toEqual([0, 0, 0, 0])
    const count = (file: string): number => linesOf(file).length
    expect(linesOf('before.jsonl').every(({ at }) => at < hour)).toBe(true)
    expect(linesOf('since.jsonl').every(({ at }) => at > hour)).toBe(true)
    expect([count('before.jsonl'), count('since.jsonl')]).toEqual([5, 3])
    expect(linesOf('wrong.jsonl').map(({ kind, reason }) => `${kind} ${reason}`)).toEqual(['verify code_wrong'])
    expect(count('none.jsonl')).toBe(0)
  })

  test('what stands there stays, and what a run left that was killed is in nobody’s way', async () => {
    writeFileSync(join(folder, 'there.jsonl'), 'mine')
    const { code, err } = await run('--out', 'there.jsonl')
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('exists — name a file that does not') })
    expect(readFileSync(join(folder, 'there.jsonl'), 'utf8')).toBe('mine')
    writeFileSync(join(folder, 'new.jsonl.part'), 'half a li')
    expect((await run('--out', 'new.jsonl')).code).toBe(0)
    expect(readdirSync(folder).sort()).toEqual(['new.jsonl', 'there.jsonl'])
    expect(linesOf('new.jsonl')).toHaveLength(8)
  })
})

test('a run that is interrupted leaves nothing', async () => {
  const [, fresh] = sharedDatabases[0] as (typeof sharedDatabases)[number]
  const database = await fresh()
  const kit = await startKit({ database: database.url })
  const engine = await openEngine(database.url, { now: kit.clock.now })
  const { policy, versions } = kit.postkey
  const id = (nth: number): string => `Vbb2l5k${String(nth).padStart(9, '0')}`
  await Promise.all(
    Array.from({ length: 2_600 }, (_, nth) =>
      storeOver(engine).record(
        { tenant: 'default', policy, versions, requestId: id(nth), eventId: id(nth) },
        { kind: 'guard', reason: 'origin_null', facts: {} },
      ),
    ),
  )
  const pressing = setInterval(() => process.emit('SIGINT'), 1)
  const { code, err } = await postkey('audit', 'export', '--database-url', database.url, '--out', 'record.csv', '--format', 'csv')
  clearInterval(pressing)
  expect({ code, err, left: readdirSync(folder) }).toEqual({
    code: 1,
    err: 'postkey audit export: interrupted, and nothing was kept',
    left: [],
  })
  expect((await postkey('audit', 'export', '--database-url', database.url, '--out', 'record.csv', '--format', 'csv')).code).toBe(0)
  expect(readFileSync(join(folder, 'record.csv'), 'utf8').split('\r\n')).toHaveLength(2_602)
  await engine.close()
  await kit.close()
  await database.drop()
})

test.each([
  ['audit export --format xml', '--format xml is not known'],
  ['audit export --kind sign_in', '--kind sign_in is not known'],
  ['audit export --reason code_wrog', 'did you mean code_wrong?'],
  ['audit export --until tomorrow', '--until tomorrow is no time'],
  ['audit export --out nowhere/at-all.csv', 'there is no folder'],
  ['audit export --limit 5', 'export takes no --limit'],
  ['audit export all', '"all" is not expected after export'],
])('postkey %s is told what is wrong', async (line, said) => {
  const { code, err } = await postkey(...line.split(' '))
  expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(said) })
})
