// CSV out of a stream, record by record, with the line of each. What the parser makes of one piece of text is Papa Parse's; here stands what it
// leaves to whoever streams: where to cut, which line it was, and how to go on behind a quote that is never closed.
import Papa from 'papaparse'

export interface CsvRecord {
  /** Where it begins, counted from 1. */
  readonly line: number
  /** null: a quote in it is never closed, or closed in the middle of a cell. */
  readonly cells: readonly string[] | null
}

/** What stands in no record that a person wrote. */
const LONGEST = 1_000_000

/** Without empty lines. `head`: enough of the beginning to tell what separates cells and lines. */
export async function* csvRecords(input: AsyncIterable<string>, head: string): AsyncGenerator<readonly CsvRecord[]> {
  // A carriage return before it is white space at the end of the last cell.
  const newline = head.includes('\n') || !head.includes('\r') ? '\n' : '\r'
  const parser = new Papa.Parser({ delimiter: delimiterOf(head), newline })
  let rest = ''
  let line = 1

  const take = (last: boolean): readonly CsvRecord[] => {
    const records: CsvRecord[] = []
    while (rest !== '') {
      const { data, errors, meta } = parser.parse(rest, 0, !last)
      // The last record of a piece is not whole yet, and looks bad wherever it was cut.
      const bad = errors.find(({ row }) => last || row < data.length)
      for (const cells of bad === undefined ? data : data.slice(0, bad.row)) {
        if (cells.length > 1 || cells[0]?.trim() !== '') records.push({ line, cells })
        line += 1 + cells.reduce((sum, cell) => sum + count(cell, newline), 0)
      }
      const stuck = bad === undefined && rest.length - meta.cursor > LONGEST
      rest = bad === undefined ? (last ? '' : rest.slice(meta.cursor)) : rest
      if (bad === undefined && !stuck) break
      records.push({ line, cells: null })
      // One line is lost, and the next begins anew: a bad quote must not swallow the rest of the file.
      const end = rest.indexOf(newline, bad?.index ?? 0)
      const lost = end < 0 ? rest.length : end + newline.length
      line = bad === undefined ? line + (end < 0 ? 0 : 1) : lineAt(rest, lost, line, data.slice(0, bad.row))
      rest = rest.slice(lost)
    }
    return records
  }

  /** The line behind so much of the text, of which records were counted up to `here`. */
  const lineAt = (text: string, at: number, here: number, counted: readonly (readonly string[])[]): number => {
    const before = counted.reduce((sum, cells) => sum + 1 + cells.reduce((lines, cell) => lines + count(cell, newline), 0), 0)
    return here - before + count(text.slice(0, at), newline)
  }

  for await (const text of input) {
    rest += text
    yield take(false)
  }
  yield take(true)
}

function count(text: string, what: string): number {
  let found = 0
  for (let at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + what.length)) found++
  return found
}

/** Of the first line: what separates its names. Some spreadsheets write semicolons or tabs. */
function delimiterOf(head: string): string {
  const [line = ''] = head
    .replaceAll(/"(?:[^"]|"")*"/g, '')
    .trimStart()
    .split(/[\r\n]/)
  const counted = [',', ';', '\t'].map((delimiter) => ({ delimiter, times: line.split(delimiter).length }))
  return counted.reduce((most, one) => (one.times > most.times ? one : most)).delimiter
}
