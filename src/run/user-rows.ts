// The rows of a file of users, CSV or one JSON object a line, as they come in: however long the file is, no more than a piece of it is in memory.
import type { Columns } from '../core/import-presets.ts'
import { type Fields, type ImportField, importFields } from '../core/user-import.ts'
import type { FileRow } from '../flow/users-import.ts'
import { type CsvRecord, csvRecords } from './csv.ts'

export type RowFormat = 'csv' | 'jsonl'

export interface RowsOptions {
  readonly format: RowFormat
  readonly columns: Columns
  /** Hears once of columns that are in the file and in nobody's use. */
  readonly onUnused: (names: readonly string[]) => void
}

/** The file as a whole is not what was said of it; no row was read. */
export class BadFile extends Error {}

/** What stands in no row that a person wrote. */
const LONGEST_ROW = 1_000_000

export async function* readRows(input: AsyncIterable<Uint8Array>, options: RowsOptions): AsyncGenerator<readonly FileRow[]> {
  const source = textOf(input)
  let head = ''
  // A pipe may bring a letter at a time.
  while (!/\S[\s\S]*[\r\n]/.test(head) && head.length < LONGEST_ROW) {
    const next = await source.next()
    if (next.done) break
    head += next.value
  }
  const whole = (async function* () {
    yield head
    yield* source
  })()
  yield* options.format === 'csv' ? csvRows(csvRecords(whole, head), options) : jsonRows(whole, options)
}

async function* textOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let first = true
  for await (const chunk of input) {
    if (first && ((chunk[0] === 0xff && chunk[1] === 0xfe) || (chunk[0] === 0xfe && chunk[1] === 0xff)))
      throw new BadFile('the file is UTF-16 — save it as UTF-8')
    first = false
    yield decoder.decode(chunk, { stream: true })
  }
  yield decoder.decode()
}

async function* csvRows(input: AsyncIterable<readonly CsvRecord[]>, options: RowsOptions): AsyncGenerator<readonly FileRow[]> {
  let places: readonly (readonly [ImportField, number])[] | null = null
  for await (const records of input) {
    const rows: FileRow[] = []
    for (const { line, cells } of records) {
      if (places === null) places = placesOf(cells ?? [], options)
      else rows.push({ line, fields: cells && cellsOf(cells, places) })
    }
    yield rows
  }
  if (places === null) throw new BadFile('the file is empty — it needs a first line that names its columns')
}

function cellsOf(cells: readonly string[], places: readonly (readonly [ImportField, number])[]): Fields {
  const fields: Partial<Record<ImportField, string>> = {}
  for (const [field, at] of places) fields[field] = cells[at] ?? ''
  return fields
}

/** Which column says which field. */
function placesOf(header: readonly string[], { columns, onUnused }: RowsOptions): readonly (readonly [ImportField, number])[] {
  const names = header.map((name) => name.trim())
  const places = importFields.flatMap((field) => {
    const at = (columns[field] ?? []).map((name) => names.indexOf(name)).find((place) => place >= 0)
    return at === undefined ? [] : [[field, at] as const]
  })
  if (!places.some(([field]) => field === 'email')) {
    const listed = names.slice(0, 20).join(', ')
    throw new BadFile(`no column is called ${columns.email?.join(' or ')} — there are: ${listed}; say which one: --map email=COLUMN`)
  }
  onUnused(names.filter((name, at) => name !== '' && !places.some(([, place]) => place === at)))
  return places
}

async function* jsonRows(input: AsyncIterable<string>, { columns, onUnused }: RowsOptions): AsyncGenerator<readonly FileRow[]> {
  const paths = importFields.flatMap((field) => (columns[field] ?? []).map((name) => ({ field, path: name.split('.') })))
  let line = 0
  let told = false
  for await (const texts of linesOf(input)) {
    const rows: FileRow[] = []
    for (const text of texts) {
      line++
      if (text.trim() === '') continue
      if (line === 1 && text.startsWith('['))
        throw new BadFile("the file is one JSON array — make it one object a line: jq -c '.[]' FILE | postkey users import -")
      const value = parsed(text)
      if (value !== null && !told) {
        told = true
        onUnused(Object.keys(value).filter((name) => !paths.some(({ path }) => path[0] === name)))
      }
      rows.push({ line, fields: value && fieldsOf(value, paths) })
    }
    yield rows
  }
}

type JsonObject = Readonly<Record<string, unknown>>

function parsed(text: string): JsonObject | null {
  if (text.length > LONGEST_ROW) return null
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null
  } catch {
    return null
  }
}

function fieldsOf(value: JsonObject, paths: readonly { readonly field: ImportField; readonly path: readonly string[] }[]): Fields {
  const fields: Partial<Record<ImportField, string>> = {}
  for (const { field, path } of paths) {
    const said = textAt(value, path)
    if (fields[field] === undefined && said !== null) fields[field] = said
  }
  return fields
}

/** null: there is nothing of the kind. */
function textAt(value: JsonObject, path: readonly string[]): string | null {
  let at: unknown = value
  for (const name of path) at = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as JsonObject)[name] : null
  return typeof at === 'string' ? at : typeof at === 'number' || typeof at === 'boolean' ? String(at) : null
}

async function* linesOf(input: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest = ''
  for await (const text of input) {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    // Of what is longer than any row only so much is kept that it is seen to be.
    if (rest.length > 2 * LONGEST_ROW) rest = rest.slice(0, LONGEST_ROW + 1)
    yield lines
  }
  yield [rest]
}
