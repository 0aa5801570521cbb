// `postkey audit export`: the record as a file, for spreadsheets and for whoever must keep it elsewhere. Reads the database only; the file
// has its name when it is whole, and nobody else may read it.
import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { exportFormats } from '../core/export.ts'
import { eventKinds, type Ms } from '../core/model.ts'
import { reasons } from '../core/reason.ts'
import type { EventRow, Place } from '../core/seal.ts'
import { iso } from '../core/span.ts'
import { idsOf } from '../secret.ts'
import type { Store } from '../store/store.ts'
import type { ExitCode, Request } from './command.ts'
import { withStore } from './reading.ts'
import { sinceOf, tenantOf, watched } from './record.ts'

const COMMAND = 'audit export'
const STEP = 500
/** Behind every id. */
const END: Place = { requestId: '~', id: '' }

interface Asked {
  readonly format: keyof typeof exportFormats
  readonly file: string
  readonly after: Place
  readonly upTo: Place
  readonly wanted: (row: EventRow) => boolean
}

export async function auditExport(request: Request): Promise<ExitCode> {
  const asked = readAsked(request)
  if (typeof asked === 'string') {
    request.terminal.err(`postkey ${COMMAND}: ${asked}`)
    return 2
  }
  return asked === null ? 2 : await withStore(request, COMMAND, (store) => exportTo(request, store, asked))
}

/** null: a time was not understood, and the person was told; a text: what else was not. */
function readAsked(request: Request): Asked | string | null {
  const { terminal, flags } = request
  const { format = 'jsonl', kind, reason } = flags
  if (format !== 'jsonl' && format !== 'csv') return `--format ${format} is not known — write jsonl or csv`
  if (kind !== undefined && !(eventKinds as readonly string[]).includes(kind))
    return `--kind ${kind} is not known — write one of ${eventKinds.join(', ')}`
  if (reason !== undefined && !Object.hasOwn(reasons, reason)) return `--reason ${reason} is not known${near(reason)}`
  const since = timeOf(request, 'since')
  const until = timeOf(request, 'until')
  if (since === null || until === null) return null
  const file = resolve(terminal.folder, flags['out'] ?? `postkey-audit-${iso(Date.now()).slice(0, 10)}.${format}`)
  if (existsSync(file)) return `${file} exists — name a file that does not (--out), or move that one away`
  if (!existsSync(dirname(file))) return `there is no folder ${dirname(file)} — make it, or name another (--out)`
  return {
    format,
    file,
    after: { requestId: since === undefined ? '' : idsOf(since), id: '' },
    upTo: until === undefined ? END : { requestId: idsOf(until), id: '' },
    wanted: (row) => (kind === undefined || row.kind === kind) && (reason === undefined || row.reason === reason),
  }
}

function timeOf(request: Request, flag: 'since' | 'until'): Ms | null | undefined {
  return request.flags[flag] === undefined ? undefined : sinceOf(request, COMMAND, '', flag)
}

function near(reason: string): string {
  const nearest = closest(reason, Object.keys(reasons))
  return distance(reason, nearest) <= 4 ? ` — did you mean ${nearest}?` : ' — they stand in docs/reasons.md'
}

async function exportTo(request: Request, store: Store, asked: Asked): Promise<ExitCode> {
  const { terminal, json } = request
  const { file, after, upTo } = asked
  const part = `${file}.part`
  // Of a run that was killed.
  await rm(part, { force: true })
  const tenant = tenantOf(request)
  const of = (await store.countEvents(tenant, after)) - (await store.countEvents(tenant, upTo))
  try {
    const written = await watched(request, { title: 'Writing', end: 'Written', of }, (onStep) =>
      intoFile(part, (handle) => write(handle, { store, tenant }, asked, onStep)),
    )
    if (written === null) {
      terminal.err(`postkey ${COMMAND}: interrupted, and nothing was kept`)
      return 1
    }
    // Never a file under its name that is not whole.
    await rename(part, file)
    if (json) terminal.out(JSON.stringify({ ok: true, file, ...written }))
    else terminal.out(`${written.events} events in ${file} (${written.bytes} bytes).`)
    return 0
  } finally {
    await rm(part, { force: true })
  }
}

/** A new one, that only its owner reads; what was written is on the disk when this resolves. */
export async function intoFile<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, 'wx', 0o600)
  try {
    const result = await work(handle)
    await handle.sync()
    return result
  } finally {
    await handle.close()
  }
}

interface Written {
  readonly events: number
  readonly bytes: number
}

/** null: it was ended before. */
async function write(
  handle: FileHandle,
  { store, tenant }: { readonly store: Store; readonly tenant: string },
  { format, after, upTo, wanted }: Asked,
  onStep: (looked: number) => Promise<boolean>,
): Promise<Written | null> {
  const { head, line } = exportFormats[format]
  let bytes = 0
  let events = 0
  let looked = 0
  const put = async (text: string): Promise<void> => {
    await handle.appendFile(text)
    bytes += Buffer.byteLength(text)
  }
  await put(head)
  for (let place = after; ; ) {
    const rows = await store.readEventRows(tenant, place, upTo, STEP)
    const lines = rows.filter(wanted).map(line)
    await put(lines.join(''))
    events += lines.length
    looked += rows.length
    place = rows.at(-1) ?? place
    if (rows.length < STEP) return { events, bytes }
    if (!(await onStep(looked))) return null
  }
}
