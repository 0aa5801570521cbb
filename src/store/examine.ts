// Looking at every row of a database, of all tenants, for what breaks an invariant. Reads only, one statement for each invariant, and
// names so many of the rows it finds: of a database of any size no more than that comes into memory here.
import type { Ms } from '../core/model.ts'
import { type Invariant, invariants } from './invariants.ts'
import { all, type Operations } from './operation.ts'

export interface Finding {
  readonly invariant: Invariant
  /** Tenant and id of rows that break it, the first of them. */
  readonly offenders: readonly Offender[]
  /** There are more than those. */
  readonly more: boolean
}

export interface Offender {
  readonly tenant: string
  readonly id: string
}

export interface ExamineOptions {
  /** How the ids begin that are minted at a time. */
  readonly idsOf: (at: Ms) => string
  /** How many rows to name of each. */
  readonly offendersMax?: number
  /** Told before each invariant is looked at. */
  readonly onStep?: (step: { readonly number: number; readonly of: number; readonly claim: string }) => Promise<void>
}

export interface Examined {
  /** So many invariants were looked at. */
  readonly looked: number
  /** What does not hold. */
  readonly findings: readonly Finding[]
}

export async function examineRows(engine: Operations, { idsOf, offendersMax = 20, onStep }: ExamineOptions): Promise<Examined> {
  const findings: Finding[] = []
  for (const [index, invariant] of invariants.entries()) {
    await onStep?.({ number: index + 1, of: invariants.length, claim: invariant.claim })
    const found = await engine.read(({ now }) =>
      all<Offender>(texts[index] as string, ...(invariant.params?.({ now, idsOf }) ?? []), offendersMax + 1),
    )
    const more = found.length > offendersMax
    if (found.length > 0) findings.push({ invariant, offenders: found.slice(0, offendersMax), more })
  }
  return { looked: invariants.length, findings }
}

const texts = invariants.map(({ offenders }) => `select tenant, id from (${offenders}) as offenders limit ?`)
