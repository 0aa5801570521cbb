// What the table and the journal say together is what was last written, whoever wrote it and wherever it stands.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { openEngine } from './open.ts'
import { type Locks, nothing, run } from './operation.ts'
import type { SqliteEngine } from './sqlite.ts'

const opened: { readonly folder: string; readonly engines: SqliteEngine[] }[] = []

afterEach(async () => {
  for (const { folder, engines } of opened.splice(0)) {
    for (const engine of engines) await engine.close()
    rmSync(folder, { recursive: true })
  }
})

async function open(count: number): Promise<SqliteEngine[]> {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-journal-'))
  const engines: SqliteEngine[] = []
  opened.push({ folder, engines })
  for (let i = 0; i < count; i++) {
    const engine = (await openEngine(`file:${join(folder, 'postkey.db')}`)) as SqliteEngine
    await engine.migrate()
    engines.push(engine)
  }
  return engines
}

function set(engine: SqliteEngine, entries: readonly (readonly [string, string])[], tenant = 'default'): Promise<void> {
  return engine.write({
    locks: nothing,
    // biome-ignore lint/correctness/useYield: an operation without a statement
    run: function* ({ limits }) {
      for (const [name, state] of entries) limits.set(tenant, name, state)
    },
  })
}

/** Named before, as most operations do, and not: it makes no difference. */
async function get(engine: SqliteEngine, names: readonly string[], tenant = 'default'): Promise<(string | null)[]> {
  const look = (locks: Locks): Promise<(string | null)[]> =>
    engine.write({
      locks,
      run: function* ({ limits }) {
        return names.map((name) => limits.get(tenant, name))
      },
    })
  const named = await look({ tenant, keys: [], limits: names })
  expect(await look(nothing)).toEqual(named)
  return named
}

function rows(engine: SqliteEngine, table: 'limits' | 'limit_changes'): number {
  return (engine.database.prepare(`select count(*) as n from ${table}`).all() as { n: number }[])[0]?.n ?? -1
}

const many = (from: number, count: number): [string, string][] =>
  Array.from({ length: count }, (_, at) => [`name ${from + at}`, String(from + at)])

test('changes stand in the journal until they are many, and then in their rows', async () => {
  const [engine] = (await open(1)) as [SqliteEngine]
  await set(engine, many(0, 3_000))
  expect([rows(engine, 'limits'), rows(engine, 'limit_changes')]).toEqual([0, 1])
  await set(engine, many(2_500, 2_000))
  expect([rows(engine, 'limits'), rows(engine, 'limit_changes')]).toEqual([4_500, 0])
  await set(engine, [['name 0', 'again']])
  expect([rows(engine, 'limits'), rows(engine, 'limit_changes')]).toEqual([4_500, 1])
  expect(await get(engine, ['name 0', 'name 2999', 'name 4499', 'name 4500'])).toEqual(['again', '2999', '4499', null])
})

test('names and states of any characters come back as they were, each to its tenant', async () => {
  const [engine] = (await open(1)) as [SqliteEngine]
  const odd = ['__proto__', 'a"b\\c', 'mailbox:ada@example.net', '😀\u2028', '', '1'].map((name) => [name, `${name}!`] as const)
  await set(engine, odd, 'one')
  await set(engine, [['1', 'other']], 'two')
  await set(engine, many(0, 4_000), 'three')
  expect(rows(engine, 'limit_changes')).toBe(0)
  const names = odd.map(([name]) => name)
  expect(await get(engine, names, 'one')).toEqual(odd.map(([, state]) => state))
  expect(await get(engine, ['1', '__proto__'], 'two')).toEqual(['other', null])
})

test('a transaction that was rolled back leaves nothing in memory', async () => {
  const [engine] = (await open(1)) as [SqliteEngine]
  await set(engine, [['a', 'before']])
  const failing = engine.write({
    locks: nothing,
    run: function* ({ limits }) {
      limits.set('default', 'a', 'lost')
      yield* run('insert into nowhere values (1)')
    },
  })
  await expect(failing).rejects.toThrow()
  expect(await get(engine, ['a'])).toEqual(['before'])
})

test('I14: what is in the journal outlives the process', async () => {
  const [first] = (await open(1)) as [SqliteEngine]
  await set(first, [['a', '1']])
  const { folder } = opened[0] as { folder: string }
  const second = (await openEngine(`file:${join(folder, 'postkey.db')}`)) as SqliteEngine
  opened[0]?.engines.push(second)
  expect(await get(second, ['a', 'b'])).toEqual(['1', null])
})

test('two processes on one file see what the other wrote last, in the journal or in the rows', async () => {
  const step = fc.record({
    by: fc.constantFrom(0, 1),
    what: fc.oneof(
      fc.record({ name: fc.constantFrom('a', 'b', 'c'), state: fc.stringMatching(/^[0-9]{1,3}$/) }),
      // So many that all go to their rows.
      fc.record({ flood: fc.nat(9) }),
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const engines = await open(2)
      const model = new Map<string, string>()
      for (const { by, what } of steps) {
        const entries = 'flood' in what ? many(what.flood * 1_500, 1_500) : [[what.name, what.state] as const]
        await set(engines[by] as SqliteEngine, entries)
        for (const [name, state] of entries) model.set(name, state)
        const names = ['a', 'b', 'c', 'name 0', 'name 13500']
        for (const engine of engines) expect(await get(engine, names)).toEqual(names.map((name) => model.get(name) ?? null))
      }
    }),
    { numRuns: 15 },
  )
})
