// A quarter of a million strangers, each from a network of their own and for another mailbox: a million limits. What they leave behind is rows,
// which go, and nothing in the memory of the process.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { LIMITS_EVERY } from '../../src/core/keep.ts'
import { openEngine } from '../../src/store/open.ts'
import { one } from '../../src/store/operation.ts'
import { HOUR, startKit } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const STRANGERS = 250_000
const TOGETHER = 500
/** So many bytes would a single key in memory take at least, whatever holds it. */
const A_KEY = 64

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

async function heapUsed(): Promise<number> {
  // What the last requests have left to be done is done first.
  await new Promise((resolve) => setTimeout(resolve, 500))
  collectGarbage()
  return process.memoryUsage().heapUsed
}

test.each(sharedDatabases)('RL-20: a million limits on %s are rows that go, and no memory', async (_, fresh) => {
  const database = await fresh()
  try {
    await using kit = await startKit({ database: database.url, policy: { preset: 'standard', signUp: 'invited' } })
    const engine = await openEngine(database.url, { now: kit.clock.now })
    const limits = async (): Promise<number> =>
      await engine.read(function* () {
        return Number((yield* one<{ rows: number }>('select count(*) as rows from limits'))?.rows)
      })
    let asked = 0
    const ask = async (until: number): Promise<void> => {
      for (; asked < until; asked += TOGETHER) {
        const answers = await Promise.all(
          Array.from({ length: TOGETHER }, (_, nth) => {
            const stranger = asked + nth
            const address = `2001:${(stranger >> 12).toString(16)}:${(stranger & 4_095).toString(16)}::1`
            return kit.browser({ address }).api('POST', '/api/sign-in', { email: `stranger-${stranger}@example.net` })
          }),
        )
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
        // The limit of the tenant is a hundred a second.
        kit.clock.forward(TOGETHER * 10)
      }
    }
    await ask(STRANGERS / 5)
    const early = await heapUsed()
    await ask(STRANGERS)
    const grown = (await heapUsed()) - early
    const rows = await limits()
    console.log(`${rows} limits; the heap grew by ${(grown / 1e6).toFixed(1)} MB from the first fifth on`)
    expect(rows).toBeGreaterThan(990_000)
    expect(grown).toBeLessThan((rows * A_KEY) / 2)

    kit.clock.forward(26 * HOUR)
    await kit.postkey.purge()
    // The background may have begun a pass before they were idle, and then this was the rest of it.
    kit.clock.forward(LIMITS_EVERY)
    await kit.postkey.purge()
    expect(await limits()).toBe(0)
    await engine.close()
  } finally {
    await database.drop()
  }
})
