import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAddress } from './address.ts'
import { readExternalId } from './external-id.ts'
import { presets } from './import-presets.ts'
import { userFormats } from './user-export.ts'
import { Beside, type Fields, type ImportRow, importFields, readRow, readTime, rowFaults } from './user-import.ts'

const now = Date.UTC(2026, 10, 26)
const ada = { email: 'ada@example.net' }
const told = (fields: Fields): string => {
  const read = readRow(fields, now)
  return read.ok ? read.row.status : (read.fault ?? 'passed over')
}

describe('a row', () => {
  test('as little as an address', () => {
    expect(readRow({ email: ' Ada@Example.NET ' }, now)).toEqual({
      ok: true,
      row: { email: 'ada@example.net', id: null, externalId: null, status: 'active', createdAt: null },
    })
  })

  test.each([
    [{}, 'active'],
    [{ status: 'active' }, 'active'],
    [{ status: 'disabled' }, 'disabled'],
    [{ status: 'Disabled' }, 'status'],
    [{ disabled: 'true' }, 'disabled'],
    [{ disabled: 't' }, 'disabled'],
    [{ disabled: '1' }, 'disabled'],
    [{ disabled: 'false' }, 'active'],
    [{ disabled: 'f' }, 'active'],
    [{ disabled: '0' }, 'active'],
    [{ disabled: 'NULL' }, 'active'],
    [{ disabled: 'perhaps' }, 'disabled'],
    [{ disabled_until: '2027-01-01' }, 'disabled'],
    [{ disabled_until: '2026-01-01' }, 'active'],
    [{ disabled_until: 'infinity' }, 'disabled'],
    [{ disabled: 'true', disabled_until: '2026-01-01' }, 'active'],
    [{ disabled: 'true', disabled_until: '2027-01-01' }, 'disabled'],
    [{ disabled: 'false', disabled_until: '2027-01-01' }, 'active'],
    [{ status: 'disabled', disabled_until: '2026-01-01' }, 'disabled'],
    [{ deleted_at: '2026-01-01' }, 'passed over'],
    [{ deleted_at: '\\N' }, 'active'],
    [{ created_at: 'null' }, 'active'],
    [{ created_at: '2026-11-26T23:00:00Z' }, 'active'],
    [{ created_at: '2026-11-28' }, 'future'],
  ] as const)('%j: %s', (fields, expected) => {
    expect(told({ ...ada, ...fields })).toBe(expected)
  })

  test('one that was deleted is passed over, whatever else it says', () => {
    expect(told({ email: 'none', deleted_at: '2026-01-01' })).toBe('passed over')
  })
})

describe('a time', () => {
  test.each([
    ['2024-03-11T09:30:00Z', '2024-03-11T09:30:00.000Z'],
    ['2024-03-11T09:30:00.123456Z', '2024-03-11T09:30:00.123Z'],
    ['2024-03-11 09:30:00.123456+00', '2024-03-11T09:30:00.123Z'],
    ['2024-03-11 09:30:00+02', '2024-03-11T07:30:00.000Z'],
    ['2024-03-11T09:30:00-05:30', '2024-03-11T15:00:00.000Z'],
    ['2024-03-11 09:30:00 UTC', '2024-03-11T09:30:00.000Z'],
    ['2024-03-11 09:30', '2024-03-11T09:30:00.000Z'],
    ['2024-03-11', '2024-03-11T00:00:00.000Z'],
    ['1710149400', '2024-03-11T09:30:00.000Z'],
    ['1710149400.5', '2024-03-11T09:30:00.500Z'],
    ['1710149400123', '2024-03-11T09:30:00.123Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(new Date(readTime(text) ?? Number.NaN).toISOString()).toBe(expected)
  })

  test.each([
    '',
    'yesterday',
    '11.03.2024',
    '03/11/2024',
    '2024-02-31',
    '2024-13-01',
    '2024-03-11T25:00:00Z',
    '2024-03-11T09:61',
    '12e5',
    '-5',
  ])('%j is none', (text) => {
    expect(readTime(text)).toBeNull()
  })

  test('of whatever moment, as it is commonly written', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(Date.UTC(2200, 0)), noInvalidDate: true }), (date) => {
        expect(readTime(date.toISOString())).toBe(date.getTime())
        expect(readTime(date.toISOString().replace('T', ' ').replace('Z', '+00'))).toBe(date.getTime())
      }),
    )
  })
})

describe('beside what is there', () => {
  const row = (change: Partial<ImportRow> = {}): ImportRow => ({
    ...ada,
    id: null,
    externalId: null,
    status: 'active',
    createdAt: null,
    ...change,
  })
  const there = { id: 'A'.repeat(16), email: 'ada@example.net', externalId: '1' }

  test.each([
    ['somebody new', row({ email: 'bob@example.net', externalId: '2' }), 'created'],
    ['the same', row({ externalId: '1' }), 'there'],
    ['the same, who says less', row(), 'there'],
    ['the same with the id', row({ id: there.id }), 'there'],
    ['another external id', row({ externalId: '2' }), 'external_id_differs'],
    ['another id', row({ id: 'B'.repeat(16) }), 'id_differs'],
    ['the id of somebody else', row({ email: 'bob@example.net', id: there.id }), 'id_taken'],
    ['the external id of somebody else', row({ email: 'bob@example.net', externalId: '1' }), 'external_id_taken'],
  ])('%s', (_, given, expected) => {
    const beside = new Beside()
    beside.add(there)
    expect(beside.take(given, 'N'.repeat(16))).toBe(expected)
  })

  test('an external id for who has none, once', () => {
    const beside = new Beside()
    beside.add({ ...there, externalId: null })
    beside.add({ id: 'B'.repeat(16), email: 'bob@example.net', externalId: 'B' })
    expect(beside.take(row({ externalId: 'B' }), '')).toBe('external_id_taken')
    expect(beside.take(row({ externalId: '1' }), '')).toBe('linked')
    expect(beside.take(row({ externalId: '1' }), '')).toBe('there')
    expect(beside.take(row({ email: 'carla@example.net', externalId: '1' }), '')).toBe('external_id_taken')
  })

  test('a row that was taken is there for the next', () => {
    const beside = new Beside()
    expect(beside.take(row({ externalId: '1' }), 'N'.repeat(16))).toBe('created')
    expect(beside.take(row({ externalId: '2' }), 'M'.repeat(16))).toBe('external_id_differs')
    expect(beside.take(row({ email: 'bob@example.net', id: 'N'.repeat(16) }), '')).toBe('id_taken')
    expect(beside.idOf('ada@example.net')).toBe('N'.repeat(16))
  })
})

test('every system says the address, and fields that there are', () => {
  for (const columns of Object.values(presets)) {
    expect(Object.keys(columns)).toContain('email')
    for (const field of Object.keys(columns)) expect(importFields).toContain(field)
  }
  for (const words of Object.values(rowFaults)) expect(words).toMatch(/^[a-z].*[^.]$/)
})

test('a cell needs no quotes, and calls nothing in a spreadsheet: no address or external id has what it would take', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'=+-@a1,;"\'!()%| \t\n.{}`~*/&$#^?<>'), minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(letters, letters, (local, external) => {
      const read = readAddress(`${local}@example.net`)
      if (read.ok) expect(read.address.email).not.toMatch(/[",;!()\s]/)
      if (readExternalId(external) !== null) expect(external).not.toMatch(/[",;!()'\s]/)
    }),
  )
  const user = {
    id: 'A'.repeat(16),
    ...ada,
    status: 'active',
    createdAt: 0,
    confirmedAt: null,
    signInCount: 0,
    currentSignInAt: null,
  } as const
  const line = userFormats.csv.line({ ...user, lastSignInAt: null, externalId: 'auth0|1' })
  expect(line).toBe(`${'A'.repeat(16)},ada@example.net,auth0|1,active,1970-01-01T00:00:00.000Z,,0,\r\n`)
})
