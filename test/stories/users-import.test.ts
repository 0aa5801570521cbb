// People from elsewhere: what of a file is taken, what is left out and why, that nothing that is there is changed, and that a run which was killed
// goes on. On both engines; the export of one goes into the other.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { presets } from '../../src/core/import-presets.ts'
import { openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { postkey, type Ran } from '../cli.ts'
import { brokenRows } from '../examine.ts'
import { signIn, startKit } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const ADA = 'ada@example.net'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postkey-import-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function query<R>(url: string, sql: string): Promise<readonly R[]> {
  const engine = await openEngine(url)
  try {
    return await engine.read(() => all<R>(sql))
  } finally {
    await engine.close()
  }
}

interface Summary {
  readonly ok: boolean
  readonly rows: number
  readonly created: number
  readonly linked: number
  readonly there: number
  readonly passedOver: number
  readonly refused: number
  readonly problems: readonly { readonly line: number; readonly fault: string; readonly first?: number }[]
}

interface Place {
  readonly url: string
  /** `postkey users …` there, with what is piped in. */
  users(words: readonly string[], input?: string): Promise<Ran>
  /** Imports a text of CSV; what --json says. */
  take(csv: string, ...words: string[]): Promise<Summary>
}

async function onDatabase(
  fresh: () => Promise<{ url: string; drop(): Promise<void> }>,
  story: (place: Place) => Promise<void>,
): Promise<void> {
  const database = await fresh()
  const { url } = database
  const users: Place['users'] = (words, input) =>
    postkey(['users', ...words, '--database-url', url], { folder, ...(input === undefined ? {} : { input }) })
  try {
    expect((await postkey(['migrate', '--database-url', url])).code).toBe(0)
    const take: Place['take'] = async (csv, ...words) => {
      const ran = await users(['import', '-', '--format', 'csv', '--json', ...words], csv)
      const summary = ran.json<Summary>()
      expect([ran.err, ran.code]).toEqual(['', summary.ok ? 0 : 1])
      return summary
    }
    await story({ url, users, take })
    expect(await brokenRows(url)).toEqual([])
  } finally {
    await database.drop()
  }
}

const list = (url: string) =>
  query<{ email: string; externalId: string | null; status: string; createdAt: number; confirmedAt: number | null }>(
    url,
    'select email, external_id as "externalId", status, created_at as "createdAt", confirmed_at as "confirmedAt" from users order by email',
  )

const FILE = `email,external_id,created_at,status,confirmed
${ADA},1,2024-03-11T09:30:00Z,active,true
bob@example.net,2,1710149400,disabled,false
"carla@example.net",,,,
`

describe.each(sharedDatabases)('%s', (_, fresh) => {
  test('RV-01: rows become users of their time and status, and nobody is confirmed; the first proof does that', async () => {
    await onDatabase(fresh, async ({ url, take }) => {
      expect(await take(FILE)).toMatchObject({ ok: true, rows: 3, created: 3, there: 0, refused: 0 })
      const at = Date.UTC(2024, 2, 11, 9, 30)
      expect(await list(url)).toMatchObject([
        { email: ADA, externalId: '1', status: 'active', createdAt: at, confirmedAt: null },
        { email: 'bob@example.net', externalId: '2', status: 'disabled', createdAt: at, confirmedAt: null },
        { email: 'carla@example.net', externalId: null, status: 'active', confirmedAt: null },
      ])
      await using kit = await startKit({ database: url, now: Date.now, policy: { signUp: 'closed' } })
      const ada = await signIn(kit, ADA)
      expect((await ada.api('GET', '/api/session')).json()).toMatchObject({ user: { email: ADA, externalId: '1', signInCount: 1 } })
      await kit.browser().ask('bob@example.net')
      await kit.settle()
      expect(kit.mailbox.messages.map(({ to }) => to)).toEqual([ADA])
    })
  })

  test('a second time everything is there, and nothing is written, not even an event', async () => {
    await onDatabase(fresh, async ({ url, take }) => {
      await take(FILE)
      const before = [await query(url, 'select * from users order by id'), await query(url, 'select id from events order by id')]
      expect(await take(FILE)).toMatchObject({ ok: true, created: 0, linked: 0, there: 3 })
      expect([await query(url, 'select * from users order by id'), await query(url, 'select id from events order by id')]).toEqual(before)
    })
  })

  test('who came by themselves meanwhile keeps all they have, and gets the external id', async () => {
    await onDatabase(fresh, async ({ url, take }) => {
      await using kit = await startKit({ database: url, now: Date.now })
      const ada = await signIn(kit, ADA)
      const [before] = await list(url)
      expect(await take(FILE)).toMatchObject({ created: 2, linked: 1 })
      expect((await list(url))[0]).toEqual({ ...before, externalId: '1' })
      expect(await ada.whoAmI()).toBe(ADA)
    })
  })

  test('UN-09: two rows of one address are a collision, told by their lines, and the first is taken', async () => {
    await onDatabase(fresh, async ({ url, take }) => {
      const csv = `email,external_id\nAda@Example.NET,1\n${ADA},2\nbob@example.net,3\n ADA@example.net ,1\nada@example.net.,4\n`
      const collisions = [
        { line: 3, fault: 'same_address', first: 2 },
        { line: 5, fault: 'same_address', first: 2 },
      ]
      for (const words of [['--dry-run'], [], []]) {
        const { problems, refused } = await take(csv, ...words)
        expect([refused, problems.toSorted((one, other) => one.line - other.line)]).toMatchObject([
          3,
          [...collisions, { line: 6, fault: 'domain' }],
        ])
      }
      expect((await list(url)).map(({ email, externalId }) => [email, externalId])).toEqual([
        [ADA, '1'],
        ['bob@example.net', '3'],
      ])
    })
  })

  test('each row that cannot be taken says why, by its line, and the others go on', async () => {
    await onDatabase(fresh, async ({ url, users, take }) => {
      await users(['add', 'there@example.net', '--external-id', 'T'])
      const [{ id: there = '' } = {}] = await query<{ id: string }>(url, 'select id from users')
      const csv = [
        'email,id,external_id,created_at,status,disabled,disabled_until',
        ',,,,,,',
        'no address,,,,,,',
        'x@erased.invalid,,,,,,',
        'a@example.net,12,,,,,',
        'a@example.net,,a b,,,,',
        'a@example.net,,,yesterday,,,',
        'a@example.net,,,2024-02-31,,,',
        'a@example.net,,,2199-01-01,,,',
        'a@example.net,,,,gone,,',
        'a@example.net,,,,,maybe,',
        'a@example.net,,,,,,soon',
        '"a@example.net"x,,,,,,',
        'there@example.net,,U,,,,',
        'there@example.net,AAAAAAAAAAAAAAAA,,,,,',
        'a@example.net,,T,,,,',
        `a@example.net,${there},,,,,`,
        'last@example.net,,L,,,,',
        'after@example.net,,L,,,,',
        '',
      ].join('\n')
      const { problems, created, refused } = await take(csv)
      expect(
        problems.map(({ line, fault }) => `${line} ${fault}`).sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10)),
      ).toEqual([
        '2 empty',
        '3 characters',
        '4 erased',
        '5 id',
        '6 external_id',
        '7 created_at',
        '8 created_at',
        '9 future',
        '10 status',
        '11 disabled',
        '12 disabled_until',
        '13 malformed',
        '14 external_id_differs',
        '15 same_address',
        '16 external_id_taken',
        '17 same_address',
        '19 external_id_taken',
      ])
      expect([created, refused]).toEqual([1, 17])
      expect((await list(url)).map(({ email }) => email)).toEqual(['last@example.net', 'there@example.net'])
    })
  })

  test('a dry run says what a run then does, and writes nothing', async () => {
    await onDatabase(fresh, async ({ url, take }) => {
      await take(`email\nbob@example.net\n`)
      const before = await query(url, 'select * from users')
      const { created, linked, there, refused } = await take(`${FILE}${ADA},9,,,\n`, '--dry-run')
      expect(await query(url, 'select * from users')).toEqual(before)
      expect(await take(`${FILE}${ADA},9,,,\n`)).toMatchObject({ created, linked, there, refused })
      expect([created, linked, there, refused]).toEqual([2, 1, 0, 1])
    })
  })

  test('people who sign in for the first time while they are imported are one user each, and nobody sees an error', async () => {
    await onDatabase(fresh, async ({ url, users }) => {
      await using kit = await startKit({ database: url, now: Date.now })
      const people = Array.from({ length: 40 }, (_, nth) => `person${nth}@example.net`)
      const csv = ['email,external_id', ...people.map((email, nth) => `${email},${nth}`)].join('\n')
      const [ran] = await Promise.all([
        users(['import', '-', '--format', 'csv', '--json'], csv),
        ...people.slice(0, 15).map((email) => signIn(kit, email)),
      ])
      expect(ran.json<Summary>()).toMatchObject({ ok: true, rows: 40 })
      expect(await query(url, 'select count(*) as n, count(external_id) as e, count(distinct email) as d from users')).toEqual([
        { n: 40, e: 40, d: 40 },
      ])
    })
  })

  test('exported and imported elsewhere, everybody has the same id, external id, status and time', async () => {
    await onDatabase(fresh, async ({ url, take, users }) => {
      await take(FILE)
      await users(['delete', 'carla@example.net', '--yes'])
      const before = await query(
        url,
        "select id, email, external_id, status, created_at from users where email like '%example.net' order by id",
      )
      expect(before).toHaveLength(2)
      for (const format of ['csv', 'jsonl']) {
        expect((await users(['export', '--format', format, '--out', `all.${format}`])).out).toMatch(/^2 users in /)
        expect(statSync(join(folder, `all.${format}`)).mode & 0o777).toBe(0o600)
        for (const [, elsewhere] of sharedDatabases)
          await onDatabase(elsewhere, async (other) => {
            const ran = await other.users(['import', `all.${format}`])
            expect([ran.code, ran.out]).toEqual([0, '2 rows: 2 made, 0 there already, 0 left out.'])
            expect(ran.err).toBe('postkey users import: not taken over: confirmed_at, sign_in_count, last_sign_in_at')
            expect(await query(other.url, 'select id, email, external_id, status, created_at from users order by id')).toEqual(before)
          })
      }
      const piped = await users(['export', '--out', '-', '--status', 'disabled'])
      expect(piped.out.trim().split('\r\n')).toEqual([
        'id,email,external_id,status,created_at,confirmed_at,sign_in_count,last_sign_in_at',
        expect.stringMatching(/^\w{16},bob@example\.net,2,disabled,2024-03-11T09:30:00\.000Z,,0,$/),
      ])
    })
  })
})

interface Taken {
  readonly email: string
  readonly externalId: string
  readonly status: string
  readonly createdAt: string | null
}

const person = (email: string, externalId: string, createdAt: string | null, status = 'active'): Taken => ({
  email,
  externalId,
  status,
  createdAt,
})
const BOB = 'bob@example.net'
const CARLA = 'carla@example.net'

const samples: Readonly<Record<string, { readonly from: keyof typeof presets; readonly taken: readonly Taken[]; readonly says: string }>> =
  {
    'auth0.jsonl': {
      from: 'auth0',
      taken: [
        person(ADA, 'auth0|507f1f77bcf86cd799439011', '2024-03-11T09:30:00.123Z'),
        person(BOB, 'google-oauth2|103547991597142817347', '2024-04-01T00:00:00.000Z'),
        person(CARLA, 'auth0|5f7c8ec7c33c6c004bbafe82', '2024-05-02T12:00:00.000Z', 'disabled'),
      ],
      says: '4 rows: 3 made, 0 there already, 1 left out.',
    },
    'clerk.csv': {
      from: 'clerk',
      taken: [
        person(ADA, 'user_2yctV4p1Ez62WBVHbG6ScEj0v3O', '2024-03-11T09:30:00.000Z'),
        person(BOB, 'user_2ycqo9ILisOstvf9eVuHfjTGXBG', '2024-04-01T00:00:00.000Z'),
      ],
      says: '3 rows: 2 made, 0 there already, 1 left out.',
    },
    'clerk-cli.jsonl': {
      from: 'clerk',
      taken: [
        person(ADA, 'user_2yctV4p1Ez62WBVHbG6ScEj0v3O', '2024-03-11T09:30:00.000Z'),
        person(BOB, 'user_2ycqo9ILisOstvf9eVuHfjTGXBG', '2024-04-01T00:00:00.000Z', 'disabled'),
      ],
      says: '2 rows: 2 made, 0 there already, 0 left out.',
    },
    'supabase.csv': {
      from: 'supabase',
      taken: [
        person(ADA, '8d0fd2b3-9ca7-4d9e-a95f-9e13dded323e', '2024-03-11T09:30:00.123Z'),
        person(BOB, '7c9e6679-7425-40de-944b-e07fc1f90ae7', '2024-04-01T00:00:00.000Z'),
        person(CARLA, '550e8400-e29b-41d4-a716-446655440000', '2024-05-02T12:00:00.000Z', 'disabled'),
      ],
      says: '5 rows: 3 made, 0 there already, 1 deleted where they come from, 1 left out.',
    },
    'better-auth.csv': {
      from: 'better-auth',
      taken: [
        person(ADA, 'LAY0rSSeUyc4CztfnSeoA6MIj4MyjxIT', '2024-03-11T09:30:00.123Z'),
        person(BOB, '9LwbNRgGJfnqQ6VmSsHDqmvZq7kUGGkd', '2024-04-01T00:00:00.000Z'),
        person(CARLA, 'Z3FYm2gP1cuqDUmLxPK9a8PC2sMcNnVj', '2024-05-02T12:00:00.000Z', 'disabled'),
      ],
      says: '3 rows: 3 made, 0 there already, 0 left out.',
    },
    'authjs.csv': {
      from: 'authjs',
      taken: [person(ADA, '1', null), person(BOB, '2', null)],
      says: '2 rows: 2 made, 0 there already, 0 left out.',
    },
    'devise.csv': {
      from: 'devise',
      taken: [person(ADA, '1', '2024-03-11T09:30:00.123Z'), person(BOB, '2', '2024-04-01T00:00:00.000Z')],
      says: '2 rows: 2 made, 0 there already, 0 left out.',
    },
  }

const SAMPLES = fileURLToPath(new URL('../imports', import.meta.url))
const [, sqlite] = sharedDatabases[0] as (typeof sharedDatabases)[number]

describe('exports of other systems', () => {
  test('there is a sample of each, and each is of one', () => {
    expect(Object.keys(samples).sort()).toEqual(readdirSync(SAMPLES).sort())
    expect([...new Set(Object.values(samples).map(({ from }) => from))].sort()).toEqual(Object.keys(presets).sort())
  })

  test.each(Object.entries(samples))('%s', async (file, { from, taken, says }) => {
    await onDatabase(sqlite, async ({ url, users }) => {
      const before = Date.now()
      const ran = await users(['import', join(SAMPLES, file), '--from', from])
      expect([ran.out, ran.code]).toEqual([says, says.endsWith(' 0 left out.') ? 0 : 1])
      const rows = await list(url)
      expect(
        rows.map(({ email, externalId, status, createdAt }) => ({
          email,
          externalId,
          status,
          createdAt: createdAt >= before ? null : new Date(createdAt).toISOString(),
        })),
      ).toEqual(taken)
      expect(rows.every(({ confirmedAt }) => confirmedAt === null)).toBe(true)
    })
  })
})

describe('what was not understood', () => {
  test.each([
    [['import'], 'which? — a file of CSV or JSON lines'],
    [['import', 'gone.csv'], 'there is no file'],
    [['import', '-'], 'say --format csv or --format jsonl'],
    [['import', '-', '--format', 'xlsx'], '--format xlsx is not known'],
    [['import', '-', '--format', 'csv', '--from', 'auth1'], 'did you mean auth0?'],
    [['import', '-', '--format', 'csv', '--map', 'mail=Email'], 'did you mean email?'],
    [['import', '-', '--format', 'csv', '--map', 'email'], 'write FIELD=COLUMN'],
    [['import', '-', '--format', 'csv', '--yes'], 'import takes no --yes'],
    [['export', '--format', 'xlsx'], '--format xlsx is not known'],
    [['export', '--out', 'no/such/folder.csv'], 'there is no folder'],
    [['export', '--out', '-', '--json'], 'both want what comes out'],
    [['list', '--dry-run'], 'list takes no --dry-run'],
  ])('%j', async (words, said) => {
    await onDatabase(sqlite, async ({ users }) => {
      const ran = await users(words, 'email\n')
      expect([ran.code, ran.out, ran.err]).toEqual([2, '', expect.stringContaining(said)])
    })
  })

  test.each([
    ['csv', 'name,mail\nAda,ada@example.net\n', 'no column is called email — there are: name, mail; say which one: --map email=COLUMN'],
    ['csv', '', 'the file is empty'],
    ['csv', '\n\n', 'the file is empty'],
    ['jsonl', '[{"email":"ada@example.net"}]', "jq -c '.[]'"],
  ])('a file of %s that is none: %j', async (format, input, said) => {
    await onDatabase(sqlite, async ({ url, users }) => {
      const ran = await users(['import', '-', '--format', format], input)
      expect([ran.code, ran.out, ran.err]).toEqual([2, '', expect.stringContaining(said)])
      expect(await list(url)).toEqual([])
    })
  })

  test('UTF-16 is told, and not guessed at', async () => {
    await onDatabase(sqlite, async ({ users }) => {
      writeFileSync(join(folder, 'wide.csv'), Buffer.from(`\ufeffemail\n${ADA}\n`, 'utf16le'))
      expect((await users(['import', 'wide.csv'])).err).toContain('save it as UTF-8')
    })
  })
})

describe('files as people have them', () => {
  test.each([
    ['a mark of byte order, and lines as on Windows', `\ufeffemail,external_id\r\n${ADA},1\r\n`],
    ['semicolons', `email;external_id\n${ADA};1\n`],
    ['tabs', `email\texternal_id\n${ADA}\t1\n`],
    ['quotes, line breaks and commas in them, and more columns than names', `name,email,external_id\n"Love,\n""lace""",${ADA},1,x,y\n`],
    ['empty lines', `\n\nemail,external_id\n\n${ADA},1\n\n\n`],
    ['names with spaces around them', ` email , external_id \n${ADA},1\n`],
  ])('%s', async (_, csv) => {
    await onDatabase(sqlite, async ({ url, take }) => {
      expect(await take(csv)).toMatchObject({ ok: true, rows: 1, created: 1 })
      expect(await list(url)).toMatchObject([{ email: ADA, externalId: '1' }])
    })
  })

  test('JSON lines, whose fields may stand in objects; a line that is none is one row less', async () => {
    await onDatabase(sqlite, async ({ url, users }) => {
      const input = [
        `{"profile":{"mail":"${ADA}"},"uid":7}`,
        '{"uid":8',
        '[]',
        '"x"',
        '',
        '{"profile":{"mail":"bob@example.net"},"uid":null}',
      ].join('\n')
      const words = ['import', '-', '--format', 'jsonl', '--map', 'email=profile.mail,external_id=uid', '--json']
      const ran = await users(words, input)
      expect(ran.json<Summary>()).toMatchObject({ rows: 5, created: 2, problems: [2, 3, 4].map((line) => ({ line, fault: 'malformed' })) })
      expect((await list(url)).map(({ email, externalId }) => [email, externalId])).toEqual([
        [ADA, '7'],
        [BOB, null],
      ])
    })
  })

  test('rows that were left out are kept in a file that only its owner reads, without an address in it', async () => {
    await onDatabase(sqlite, async ({ users }) => {
      const rows = Array.from({ length: 30 }, (_, nth) => `not an address ${nth}`)
      const ran = await users(['import', '-', '--format', 'csv', '--errors', 'left-out.jsonl'], ['email', ...rows].join('\n'))
      expect([ran.code, ran.err]).toEqual([1, ''])
      const kept = readFileSync(join(folder, 'left-out.jsonl'), 'utf8')
      expect(kept.trim().split('\n')).toHaveLength(30)
      expect(JSON.parse(kept.split('\n')[0] ?? '')).toEqual({ line: 2, fault: 'characters', problem: expect.any(String) as string })
      expect(kept).not.toContain('not an')
      expect(statSync(join(folder, 'left-out.jsonl')).mode & 0o777).toBe(0o600)
      const again = await users(['import', '-', '--format', 'csv', '--errors', 'left-out.jsonl'], 'email\n')
      expect([again.code, again.err]).toEqual([2, expect.stringContaining('left-out.jsonl exists')])
      const told = (await users(['import', '-', '--format', 'csv'], ['email', ...rows].join('\n'))).err.split('\n')
      expect([told[0], told.length, told.at(-1)]).toEqual([
        'line 2: the address has a character that no address has',
        21,
        '… and 10 more: --errors FILE keeps all of them',
      ])
    })
  })
})

test('what was killed in the middle goes on: nobody is missing, nobody is twice, and each is in one event', async () => {
  await onDatabase(sqlite, async ({ url, users }) => {
    const count = 12_000
    const rows = Array.from({ length: count }, (_, nth) => `person${nth}@example.net,${nth}\n`)
    writeFileSync(join(folder, 'people.csv'), ['email,external_id\n', ...rows].join(''))
    const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
    expect(existsSync(cli)).toBe(true)
    // Fed by hand, so that it is in the middle whenever it is killed.
    const child = spawn(process.execPath, [cli, 'users', 'import', '-', '--format', 'csv', '--database-url', url], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '' },
    })
    child.stdin.on('error', () => {})
    child.stdin.write(['email,external_id\n', ...rows.slice(0, count / 2)].join(''))
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
    const made = async (): Promise<number> => Number((await query<{ n: number }>(url, 'select count(*) as n from users'))[0]?.n)
    while ((await made()) === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    const before = await made()
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(count)
    const ran = await users(['import', 'people.csv', '--json'])
    expect(ran.json<Summary>()).toMatchObject({ ok: true, rows: count, created: count - before, there: before })
    expect(await query(url, 'select count(*) as n, count(distinct email) as e, count(distinct external_id) as x from users')).toEqual([
      { n: count, e: count, x: count },
    ])
    const events = await query<{ decision: string }>(url, "select decision from events where reason = 'operator_imported_users'")
    const named = events.flatMap(({ decision }) => (JSON.parse(decision) as { created: string[] }).created)
    expect([named.length, new Set(named).size]).toEqual([count, count])
  })
})
