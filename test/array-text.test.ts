// What merged statements hand over: PostgreSQL reads of an array's text what was put into it.
import fc from 'fast-check'
import pg from 'pg'
import { expect, test } from 'vitest'
import { arrayText } from '../src/store/merge.ts'
import { freshDatabase } from './postgres.ts'
import { seedOfRun } from './seed.ts'

test('any texts and numbers reach PostgreSQL as they were, nulls among them', async () => {
  const database = await freshDatabase()
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    const back = async (type: 'text' | 'bigint', values: readonly (string | number | null)[]): Promise<unknown> => {
      const { rows } = await client.query(`select to_json($1::${type}[]) as back`, [arrayText(values)])
      return (rows[0] as { back: unknown }).back
    }
    // A text in PostgreSQL holds no NUL; half a surrogate pair is no text at all.
    const anyText = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', ''))
    const text = fc.oneof(
      anyText,
      fc.constantFrom('', 'null', 'NULL', '{}', '{"a","b"}', '"', '\\', '\\"', ' a ', ',', '\n', '{"now":1,"why":"\\"x\\""}'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text)), async (values) => void expect(await back('text', values)).toEqual(values)),
      { seed: seedOfRun() },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.maxSafeInteger())),
        async (values) => void expect(await back('bigint', values)).toEqual(values),
      ),
      { seed: seedOfRun() },
    )
  } finally {
    await client.end()
    await database.drop()
  }
})
