// An import from beginning to end: rows are read, held against those before them, and written batch by batch with rests between them, so that
// people go on signing in. What cannot be taken is told with its line, and the others go on.
import { BATCH_MIN, nextBatch } from '../core/keep.ts'
import { type Fields, IMPORT_BATCH, type ImportRow, type RowFault, readRow, restAfterImport } from '../core/user-import.ts'
import { mintId } from '../secret.ts'
import { Seen } from './seen.ts'
import { type Care, scopeOf } from './users.ts'

/** A line of the file, counted from 1; null: it could not be read. */
export interface FileRow {
  readonly line: number
  readonly fields: Fields | null
}

export interface RowProblem {
  readonly line: number
  readonly fault: RowFault
  /** For `same_address`: where it is first. */
  readonly first: number | null
}

export interface ImportSummary {
  /** That were looked at. */
  readonly rows: number
  readonly created: number
  /** Were there, and have the external id now. */
  readonly linked: number
  /** Were there as they are. */
  readonly there: number
  /** Were deleted where they come from. */
  readonly passedOver: number
  /** Each was told. */
  readonly refused: number
  /** It was ended before the end of the file. */
  readonly interrupted: boolean
}

export interface ImportOptions {
  readonly rows: AsyncIterable<readonly FileRow[]>
  /** Nothing is written. */
  readonly dryRun: boolean
  readonly onProblem: (problem: RowProblem) => Promise<void> | void
  /** After each batch, with the rows so far; answers whether to go on. */
  readonly onStep: (rows: number) => Promise<boolean>
}

type Count = 'created' | 'linked' | 'there' | 'passedOver' | 'refused'

interface Waiting {
  readonly line: number
  readonly row: ImportRow
  readonly newId: string
  /** Where the address was first; null: here. */
  readonly first: number | null
}

export async function importUsers(care: Care, { rows: source, dryRun, onProblem, onStep }: ImportOptions): Promise<ImportSummary> {
  const { store, tenant, now, by } = care
  const seen = new Seen()
  const counts: Record<Count, number> = { created: 0, linked: 0, there: 0, passedOver: 0, refused: 0 }
  let looked = 0
  let batch: Waiting[] = []
  let size = BATCH_MIN

  const refuse = async (line: number, fault: RowFault, first: number | null = null): Promise<void> => {
    counts.refused++
    await onProblem({ line, fault, first })
  }

  const write = async (): Promise<void> => {
    const rows = batch
    batch = []
    if (rows.length === 0) return
    let outcomes: Awaited<ReturnType<typeof store.tryImport>>
    if (dryRun) outcomes = await store.tryImport(tenant, rows)
    else {
      const written = await store.importUsers(scopeOf(care, mintId(now())), { by, rows })
      outcomes = written.outcomes
      size = written.othersWaited ? nextBatch(size, written.tookMs, true) : IMPORT_BATCH
      const rest = restAfterImport(written.tookMs, written.othersWaited)
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
    }
    for (const [at, { line, first }] of rows.entries()) {
      const outcome = outcomes[at] ?? 'there'
      // One that is made is none that was there, whatever the digests say.
      if (first !== null && (dryRun || outcome !== 'created')) await refuse(line, 'same_address', first)
      else if (outcome === 'created' || outcome === 'linked' || outcome === 'there') counts[outcome]++
      else await refuse(line, outcome)
    }
  }

  for await (const lines of source) {
    for (const { line, fields } of lines) {
      looked++
      const read = fields === null ? ({ ok: false, fault: 'malformed' } as const) : readRow(fields, now())
      if (read.ok) batch.push({ line, row: read.row, newId: mintId(now()), first: seen.note(read.row.email, line) })
      else if (read.fault === null) counts.passedOver++
      else await refuse(line, read.fault)
      if (batch.length < size) continue
      await write()
      if (!(await onStep(looked))) return { rows: looked, ...counts, interrupted: true }
    }
  }
  await write()
  return { rows: looked, ...counts, interrupted: false }
}
