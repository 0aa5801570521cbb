import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CsvRecord, csvRecords } from './csv.ts'

async function* cut(text: string, size: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

async function read(text: string, size = 64_000): Promise<CsvRecord[]> {
  const records: CsvRecord[] = []
  for await (const some of csvRecords(cut(text, size), text)) records.push(...some)
  return records
}

const quoted = (cell: string): string => (/[",;\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

test('what was written is read, with the line of each record, wherever the stream was cut', async () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'ä', ';'), maxLength: 6 })
  const records = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(records, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (rows, size, ended) => {
      const lines = [['one', 'two'], ...rows].map((cells) => cells.map(quoted).join(','))
      const starts = lines.map((_, at) => 1 + lines.slice(0, at).reduce((sum, line) => sum + line.split('\n').length, 0))
      const found = await read(lines.join('\n') + (ended ? '\n' : ''), size)
      expect(found).toEqual([['one', 'two'], ...rows].map((cells, at) => ({ line: starts[at], cells })))
    }),
    { numRuns: 300 },
  )
})

describe('a quote that is wrong costs its line and no other', () => {
  const good = (line: number, ...cells: string[]): CsvRecord => ({ line, cells })
  const bad = (line: number): CsvRecord => ({ line, cells: null })

  test.each([
    ['goes on behind its end', 'a,b\n"x"y,1\nc,2\n', [good(1, 'a', 'b'), bad(2), good(3, 'c', '2')]],
    ['is never closed', 'a,b\n"x,1\nc,2\nd,3', [good(1, 'a', 'b'), bad(2), good(3, 'c', '2'), good(4, 'd', '3')]],
    ['is never closed, and another is', 'a,b\n"x,1\nc,"2"\nd,3', [good(1, 'a', 'b'), bad(2), good(3, 'c', '2'), good(4, 'd', '3')]],
    ['stands last', 'a,b\nc,2\n"x', [good(1, 'a', 'b'), good(2, 'c', '2'), bad(3)]],
    [
      'comes behind one of several lines',
      'a,b\n"c\nc",2\n"x"y,1\nd,3\n',
      [good(1, 'a', 'b'), good(2, 'c\nc', '2'), bad(4), good(5, 'd', '3')],
    ],
    ['in the middle of a cell is none', 'a,b\nx"y,1\n', [good(1, 'a', 'b'), good(2, 'x"y', '1')]],
  ])('one that %s', async (_, text, expected) => {
    for (const size of [1, 3, 1_000]) expect([size, await read(text, size)]).toEqual([size, expected])
  })

  test('one that is never closed in a long file', async () => {
    const rows = Array.from({ length: 200_000 }, (_, nth) => `row,${nth}`)
    const found = await read(['a,b', '"x,1', ...rows].join('\n'))
    expect([found.length, found[1], found[2], found.at(-1)]).toEqual([200_002, bad(2), good(3, 'row', '0'), good(200_002, 'row', '199999')])
  })
})
