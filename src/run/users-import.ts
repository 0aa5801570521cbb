// `postkey users import FILE`: people from elsewhere, as many as there are. Each batch is done when it is written, and what is there is left alone:
// after a crash, a kill or an interrupt the same command goes on.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { closest, distance } from 'fastest-levenshtein'
import { type Columns, type PresetSource, presets } from '../core/import-presets.ts'
import { type ImportField, importFields, rowFaults } from '../core/user-import.ts'
import { type ImportSummary, importUsers, type RowProblem } from '../flow/users-import.ts'
import type { Store } from '../store/store.ts'
import type { ExitCode, Request } from './command.ts'
import type { Config } from './config.ts'
import { startProgress } from './progress.ts'
import { withWritableStore } from './reading.ts'
import { BadFile, type RowFormat, readRows } from './user-rows.ts'
import { careOf } from './users-care.ts'

const COMMAND = 'users import'

interface Asked {
  /** null: what comes in. */
  readonly file: string | null
  readonly format: RowFormat
  readonly columns: Columns
  readonly errors: string | null
  readonly dryRun: boolean
}

export async function importFile(request: Request): Promise<ExitCode> {
  const asked = readAsked(request)
  if (typeof asked === 'string') {
    request.terminal.err(`postkey ${COMMAND}: ${asked}`)
    return 2
  }
  return await withWritableStore(request, COMMAND, (store, config) => importInto(request, store, config, asked), { mode: 'users' })
}

/** A text: what was not understood. */
function readAsked({ terminal, words, flags, switches }: Request): Asked | string {
  const given = words[1] ?? ''
  const file = given === '-' ? null : resolve(terminal.folder, given)
  if (file !== null && !(existsSync(file) && !statSync(file).isDirectory())) return `there is no file ${file}`
  if (file !== null && /\.(gz|zip)$/i.test(file))
    return `${file} is compressed — unpack it on the way: gunzip -c FILE | postkey users import -`
  const format = flags['format'] ?? (/\.(jsonl|ndjson|json)$/i.test(given) ? 'jsonl' : file === null ? undefined : 'csv')
  if (format === undefined) return 'of which format is what comes in? — say --format csv or --format jsonl'
  if (format !== 'csv' && format !== 'jsonl') return `--format ${format} is not known — write csv or jsonl`
  const columns = columnsOf(flags['from'], flags['map'])
  if (typeof columns === 'string') return columns
  const errors = flags['errors'] === undefined ? null : resolve(terminal.folder, flags['errors'])
  if (errors !== null && existsSync(errors)) return `${errors} exists — name a file that does not (--errors), or move that one away`
  return { file, format, columns, errors, dryRun: switches.has('dry-run') }
}

/** Our own names, those of the system it comes from, and what was said of single columns over both. */
function columnsOf(from: string | undefined, map: string | undefined): Columns | string {
  if (from !== undefined && !Object.hasOwn(presets, from))
    return `--from ${from} is not known${near(from, Object.keys(presets))} — there are: ${Object.keys(presets).join(', ')}; or say --map`
  const columns: Partial<Record<ImportField, readonly string[]>> = {
    ...(from === undefined ? Object.fromEntries(importFields.map((field) => [field, [field]])) : presets[from as PresetSource]),
  }
  for (const part of map?.split(',') ?? []) {
    const [, field = '', column = ''] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(part) ?? []
    if (!(importFields as readonly string[]).includes(field) || column === '')
      return `--map ${part} is not understood${near(field, importFields)} — write FIELD=COLUMN; fields are ${importFields.join(', ')}`
    columns[field as ImportField] = [column]
  }
  return columns
}

function near(given: string, known: readonly string[]): string {
  const nearest = closest(given, known as string[])
  return given !== '' && distance(given, nearest) <= 4 ? `; did you mean ${nearest}?` : ''
}

/** So many are told on the terminal, and in JSON. */
const TOLD = 20
const TOLD_IN_JSON = 100

async function importInto(request: Request, store: Store, config: Config, asked: Asked): Promise<ExitCode> {
  const { terminal, json } = request
  const { file, format, columns, dryRun } = asked
  const began = performance.now()
  const care = await careOf(request, store, config)
  const errors = asked.errors === null ? null : await open(asked.errors, 'wx', 0o600)
  const size = file === null ? 0 : statSync(file).size
  const read = { bytes: 0 }
  const problems: RowProblem[] = []
  let refused = 0
  let interrupted = false
  const interrupt = (): void => {
    interrupted = true
  }
  process.once('SIGINT', interrupt)
  const progress = await startProgress(request, { title: dryRun ? 'Looking' : 'Importing', end: dryRun ? 'Looked' : 'Imported', of: size })
  try {
    const summary = await importUsers(care, {
      rows: readRows(counted(file === null ? (terminal.input ?? Readable.from([])) : createReadStream(file), read), {
        format,
        columns,
        onUnused: (names) => {
          if (names.length > 0 && !json) terminal.err(`postkey ${COMMAND}: not taken over: ${names.join(', ')}`)
        },
      }),
      dryRun,
      onProblem: async (problem) => {
        refused++
        if (problems.length < TOLD_IN_JSON) problems.push(problem)
        if (errors !== null) await tell(errors, problem)
        else if (!json && refused <= TOLD) terminal.err(sentenceOf(problem))
      },
      onStep: async (rows) => {
        progress.say(Math.min(read.bytes, size), `${rows} rows`)
        // So that an interrupt is heard.
        await new Promise((resolve) => setImmediate(resolve))
        return !interrupted
      },
    })
    progress.stop()
    if (errors === null && !json && refused > TOLD) terminal.err(`… and ${refused - TOLD} more: --errors FILE keeps all of them`)
    const ok = summary.refused === 0 && !summary.interrupted
    const tookMs = Math.round(performance.now() - began)
    if (json) terminal.out(JSON.stringify({ ok, dryRun, ...summary, tookMs, problems: problems.map(plain) }))
    else terminal.out(summaryOf(summary, asked))
    return ok ? 0 : 1
  } catch (error) {
    if (error instanceof BadFile) {
      terminal.err(`postkey ${COMMAND}: ${error.message}`)
      return 2
    }
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${message} — run the same again: what is there by now is left alone`, { cause: error })
  } finally {
    progress.stop()
    process.off('SIGINT', interrupt)
    await errors?.close()
  }
}

async function* counted(input: AsyncIterable<Uint8Array>, read: { bytes: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of input) {
    read.bytes += chunk.length
    yield chunk
  }
}

/** Without the address: the line finds it, and the file can be handed on. */
function plain({ line, fault, first }: RowProblem): object {
  return { line, fault, ...(first === null ? {} : { first }), problem: rowFaults[fault] }
}

async function tell(errors: FileHandle, problem: RowProblem): Promise<void> {
  await errors.appendFile(`${JSON.stringify(plain(problem))}\n`)
}

function sentenceOf({ line, fault, first }: RowProblem): string {
  return `line ${line}: ${rowFaults[fault]}${first === null ? '' : ` (line ${first})`}`
}

function summaryOf({ rows, created, linked, there, passedOver, refused, interrupted }: ImportSummary, { dryRun, errors }: Asked): string {
  const parts = [
    `${created} ${dryRun ? 'would be made' : 'made'}`,
    ...(linked > 0 ? [`${linked} there already ${dryRun ? 'would get' : 'have got'} their external id`] : []),
    `${there} there already`,
    ...(passedOver > 0 ? [`${passedOver} deleted where they come from`] : []),
    `${refused} left out${refused > 0 && errors !== null ? `, see ${errors}` : ''}`,
  ]
  const said = `${rows} rows: ${parts.join(', ')}.${dryRun ? ' Nothing was written.' : ''}`
  return interrupted ? `${said}\nInterrupted. Run the same again to go on: what is there is left alone.` : said
}
