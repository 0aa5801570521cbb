// The record as files for others: what a line of each format is. Addresses are masked or hashed in the record already.
import type { EventRow } from './seal.ts'
import { iso } from './span.ts'

export interface ExportFormat {
  /** What stands before the first event. */
  readonly head: string
  readonly line: (row: EventRow) => string
}

function asObject({ at, requestId, id, facts, decision, versions, cost, ...rest }: EventRow): object {
  const [one, two, three, four] = [facts, decision, versions, cost].map(parsed)
  return { at: iso(at), requestId, event: id, ...rest, facts: one, decision: two, versions: three, cost: four }
}

/** What is no JSON was not written by us, and is told as it stands. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The names are those of the columns in the database. */
const COLUMNS: readonly (readonly [string, (row: EventRow) => string])[] = [
  ['at', ({ at }) => iso(at)],
  ['request_id', ({ requestId }) => requestId],
  ['id', ({ id }) => id],
  ['tenant', ({ tenant }) => tenant],
  ['kind', ({ kind }) => kind],
  ['reason', ({ reason }) => reason],
  ['challenge', ({ challenge }) => challenge ?? ''],
  ['user_id', ({ user }) => user ?? ''],
  ['session_id', ({ session }) => session ?? ''],
  ['facts', ({ facts }) => withoutSemicolons(facts)],
  ['decision', ({ decision }) => withoutSemicolons(decision)],
  ['versions', ({ versions }) => withoutSemicolons(versions)],
  ['cost', ({ cost }) => withoutSemicolons(cost)],
]

/** The same JSON. Where a spreadsheet takes the semicolon for the end of a cell, what others wrote behind one would begin a cell of its own. */
function withoutSemicolons(json: string): string {
  return json.replaceAll(';', '\\u003b')
}

function lineOf(cells: readonly string[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`
}

/** RFC 4180, and nothing that a spreadsheet takes for a formula: it would run what a mail server said. */
export function cellOf(text: string): string {
  const harmless = /^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/.test(text) ? `'${text}` : text
  return /[",;\s]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

export const exportFormats: Readonly<Record<'jsonl' | 'csv', ExportFormat>> = {
  jsonl: { head: '', line: (row) => `${JSON.stringify(asObject(row))}\n` },
  csv: { head: lineOf(COLUMNS.map(([name]) => name)), line: (row) => lineOf(COLUMNS.map(([, cell]) => cell(row))) },
}
