// The files that the record is exported to: what they hold comes back as it was, and runs in nobody's spreadsheet.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cellOf, exportFormats } from './export.ts'
import type { EventRow } from './seal.ts'

const row: EventRow = {
  tenant: 'default',
  requestId: 'VbZn4BxWE0HlobsK',
  id: 'VbZn4BxWE0Hlobsq',
  at: Date.UTC(2026, 10, 21, 9, 0, 0, 5),
  challenge: 'VbZn4BxWE0HlobsK',
  user: null,
  session: null,
  kind: 'deliver',
  reason: 'mail_sent',
  facts: '{"now":1,"replyText":"250 ok; \\"queued\\", thanks"}',
  decision: '{"verdict":"settle"}',
  versions: '{"app":"0.1.0"}',
  cost: '{"mails":1}',
}

describe('JSON, a line for each event', () => {
  test('every column, and what is JSON in them as such', () => {
    const line = exportFormats.jsonl.line(row)
    expect(line).toMatch(/^[^\n]*\n$/)
    expect(JSON.parse(line)).toEqual({
      at: '2026-11-21T09:00:00.005Z',
      requestId: row.requestId,
      event: row.id,
      tenant: 'default',
      challenge: row.challenge,
      user: null,
      session: null,
      kind: 'deliver',
      reason: 'mail_sent',
      facts: { now: 1, replyText: '250 ok; "queued", thanks' },
      decision: { verdict: 'settle' },
      versions: { app: '0.1.0' },
      cost: { mails: 1 },
    })
    expect(exportFormats.jsonl.head).toBe('')
  })

  test('what somebody put there that is no JSON is told as it stands', () => {
    expect(JSON.parse(exportFormats.jsonl.line({ ...row, facts: '{"a":\n' }))).toMatchObject({ facts: '{"a":\n' })
  })
})

describe('CSV', () => {
  test('has a head, and as many cells in each line', () => {
    expect(exportFormats.csv.head).toBe('at,request_id,id,tenant,kind,reason,challenge,user_id,session_id,facts,decision,versions,cost\r\n')
    const [cells = [], ...others] = cellsOf(exportFormats.csv.line(row), ',')
    expect(others).toEqual([])
    expect(cells).toHaveLength(13)
    expect(cells.slice(0, 9)).toEqual([
      '2026-11-21T09:00:00.005Z',
      row.requestId,
      row.id,
      'default',
      'deliver',
      'mail_sent',
      row.challenge,
      '',
      '',
    ])
    expect(JSON.parse(cells[9] ?? '')).toEqual(JSON.parse(row.facts))
  })

  test.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    [' =1', `"' =1"`],
    ['\t=1', `"'\t=1"`],
    ['\r', `"'\r"`],
    ['＝1', "'＝1"],
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['a;b', '"a;b"'],
    ['say "a"', '"say ""a"""'],
    ['two\nlines', '"two\nlines"'],
    ['', ''],
  ])('%j is written as %j', (text, cell) => {
    expect(cellOf(text)).toBe(cell)
  })

  test('whatever a mail server says, no cell of it is a formula, where commas part cells and where semicolons or tabs do', () => {
    const nasty = fc.array(fc.constantFrom('=', '+', '-', '@', ';', ',', '"', '\t', '\r', '\n', '|', ' ', 'cmd', '\\', '\uFF1D'), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(nasty, nasty, (reply, id) => {
        const facts = JSON.stringify({ replyText: reply.join('') })
        const line = exportFormats.csv.line({ ...row, facts, challenge: id.join(''), kind: id.join('') })
        const [cells = [], ...others] = cellsOf(line, ',')
        expect(others).toEqual([])
        expect(JSON.parse(cells[9] ?? '')).toEqual({ replyText: reply.join('') })
        for (const cell of cells) expect(cell).not.toMatch(FORMULA)
        // Our own words hold none of these; what others wrote is in the JSON.
        const plain = exportFormats.csv.line({ ...row, facts })
        for (const separator of [';', '\t']) for (const cell of cellsOf(plain, separator).flat()) expect(cell).not.toMatch(FORMULA)
      }),
    )
  })
})

const FORMULA = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/

/** As a spreadsheet reads it: quotes count where a cell begins with one. */
function cellsOf(text: string, separator: string): string[][] {
  const lines: string[][] = []
  let cells: string[] = []
  for (let at = 0; at < text.length; ) {
    let cell = ''
    if (text[at] === '"') {
      for (at++; at < text.length; at++) {
        if (text[at] !== '"') cell += text.charAt(at)
        else if (text[at + 1] === '"') cell += text.charAt(++at)
        else break
      }
      at++
    }
    for (; at < text.length && text[at] !== separator && !text.startsWith('\r\n', at); at++) cell += text.charAt(at)
    cells.push(cell)
    if (text.startsWith('\r\n', at)) {
      lines.push(cells)
      cells = []
      at += 2
    } else if (text[at] === separator) {
      at++
      if (at === text.length || text.startsWith('\r\n', at)) {
        cells.push('')
        if (at < text.length) {
          lines.push(cells)
          cells = []
          at += 2
        }
      }
    }
  }
  if (cells.length > 0) lines.push(cells)
  return lines
}
