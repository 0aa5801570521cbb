// What `postkey doctor --deep` would say of a database, in a line for each invariant that its rows break.
import { idsOf } from '../src/secret.ts'
import { examineRows } from '../src/store/examine.ts'
import { openToRead } from '../src/store/open.ts'

/** @param now is the time up to which the database has lived; by its own clock if absent. */
export async function brokenRows(database: string, now?: number): Promise<string[]> {
  const engine = await openToRead(database, now === undefined ? {} : { now: () => now })
  try {
    const { findings } = await examineRows(engine, { idsOf, offendersMax: 5 })
    return findings.map(
      ({ invariant: { of, claim }, offenders }) => `${of}: not true that ${claim}: ${offenders.map(({ id }) => id).join(', ')}`,
    )
  } finally {
    await engine.close()
  }
}
