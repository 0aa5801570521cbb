// TE-03: every statement of src/store is bound to a tenant, for every table that it names. Read from the source, so that one which nobody
// runs in a test is seen too.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { ROWS } from '../src/store/tenants.ts'

const folder = fileURLToPath(new URL('../src/store/', import.meta.url))

/** As the migrations make them; the one without a tenant is about the database as a whole. */
const TABLES = readdirSync(`${folder}migrations/`)
  .flatMap((file) =>
    [...readFileSync(`${folder}migrations/${file}`, 'utf8').matchAll(/^create table (\w+)/gm)].map(([, name = '']) => name),
  )
  .filter((name) => name !== 'epochs')

/** What is about everybody, by file and how it begins; why. */
const EXCEPTIONS: readonly (readonly [file: string, begins: RegExp, why: string])[] = [
  ['outbox.ts', /^tenants \(tenant\) as \(/, 'which tenants have mails in the queue: one worker sends for all, one of each in turn'],
  ['outbox.ts', /^with recursive given/, 'the same, and the next mails of each; every row is found by its tenant'],
  ['outbox.ts', /^with recursive tenants/, 'when the next mail of anybody is due'],
  ['outbox.ts', /^update mails set due_at = \? from \{listed\}/, 'those that were claimed just now, each by its own tenant'],
  ['fragments.ts', /^cross join mails m on m\.state|^cross join lateral \(select \* from mails/, 'pieces of the claim'],
  ['endpoint.ts', /^select tenant, .* from endpoints order by tenant/, 'endpoints of all tenants: one worker tells for all'],
  ['endpoint.ts', /^with recursive waiting/, 'which endpoints have messages in the queue; every row is found by its tenant'],
  ['users-import.ts', / from users$/, 'the beginning of three others, in which it is filled in'],
  ['views.ts', /^insert into views/, 'rows that carry their tenant, counted by it'],
  ['epoch.ts', /^update (mails|sessions) set/, 'a copy was put in place: what was handed out before is void for everybody'],
  ['tenants.ts', /^select tenant, status, hosts/, 'the list of tenants itself'],
  ['limit-journal.ts', /limit_changes/, 'changes on their way to their rows, each of which names its tenant'],
  ['invariants.ts', /./, '`doctor --deep` looks at every row, joined by tenant'],
]

interface Statement {
  readonly file: string
  readonly sql: string
}

/** Texts of the source that are SQL, with constants of the file filled in, and … for what is known later. */
function statements(): Statement[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => sqlIn(readFileSync(`${folder}${file}`, 'utf8')).map((sql) => ({ file, sql })))
}

const LITERAL = /'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|`((?:\\[\s\S]|[^`\\])*)`/g

function sqlIn(source: string): string[] {
  const code = source.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '')
  const constants = new Map<string, string>()
  for (const [, name = '', value = ''] of code.matchAll(/const (\w+)(?:: string)? =\s*\n?\s*(['"`][^;]*?['"`])\s*\n/g))
    constants.set(name, value.slice(1, -1))
  const filled = (text: string, depth = 0): string =>
    depth > 3 ? text : text.replace(/\$\{(\w+)\}/g, (_, name: string) => filled(constants.get(name) ?? '…', depth + 1))
  return (
    [...code.matchAll(LITERAL)]
      .map(([, one, two, three]) =>
        filled(one ?? two ?? three ?? '')
          .replace(/\s+/g, ' ')
          .trim(),
      )
      // One that ends in "where" is the beginning of others, in which it is filled in.
      .filter((text) => SQL.test(text) && !text.endsWith(' where') && tablesIn(text).length > 0)
  )
}

const SQL = /^(?:select|insert into|update|delete from|with|tenants \(|cross join)/

/** Every place where one of our tables is read or written; … is one whose name is known later. */
function tablesIn(sql: string): string[] {
  const names = new RegExp(`\\b(?:from|join|into|update) (${TABLES.join('|')}|…)\\b|\\b(?:from|join|into|update) (…)`, 'g')
  return [...sql.matchAll(names)].map(([, one, two]) => one ?? two ?? '')
}

/** Every place where a tenant is asked for, or given with a new row. */
function boundIn(sql: string): number {
  return [...sql.matchAll(/\btenant = (?:\?|\$\d|\w+\.tenant)|\(tenant, |\(tenant\)|\b(?:where|and) …/g)].length
}

const isException = ({ file, sql }: Statement): boolean => EXCEPTIONS.some(([name, begins]) => name === file && begins.test(sql))

test('TE-03: every statement of the store names the tenant of every table in it', () => {
  const all = statements()
  expect(all.length).toBeGreaterThan(80)
  const loose = all.filter((statement) => !isException(statement) && boundIn(statement.sql) < tablesIn(statement.sql).length)
  expect(loose).toEqual([])
})

test('every exception is there', () => {
  const all = statements()
  const unused = EXCEPTIONS.filter(([file, begins]) => !all.some((one) => one.file === file && begins.test(one.sql)))
  expect(unused).toEqual([])
})

test('a tenant that is removed leaves rows in no table but its own', () => {
  // Changes of limits are on their way to their rows, and are erased there.
  expect([...Object.keys(ROWS), 'limit_changes', 'tenants'].toSorted()).toEqual(TABLES.toSorted())
})

test.each([
  "yield* one('select id from users where id = ?', id)",
  "yield* run('delete from sessions where user_id = ?', user)",
  'yield* all(`select m.ordinal from sessions s join mails m on m.challenge = s.challenge where s.tenant = ? and s.id = ?`)',
  "yield* run('insert into users (id, tenant) values (?, ?)')",
  "yield* run('update challenges set completed_at = ? where id = ?')",
])('one that does not is seen: %s', (source) => {
  const [sql = ''] = sqlIn(source)
  expect(boundIn(sql)).toBeLessThan(tablesIn(sql).length)
})

test('TE-03: what is done behind the wall of everybody is this, and nothing more', () => {
  const said = readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(`${folder}${file}`, 'utf8').matchAll(/^ {4}(\w+): [^\n]*=>\s+(?:engine\.within|write)\(EVERYBODY/gm),
    ])
  expect(said.map(([, method]) => method).toSorted()).toEqual([
    'changeTenant',
    'claimDispatches',
    'claimMails',
    'findDueDispatches',
    'listAllEndpoints',
    'nextMailDue',
    'readTenants',
  ])
})
