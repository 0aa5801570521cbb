// kill -9 of the process that seals, at every step of it: nothing is lost, nothing is sealed twice, and the next process goes on.
import { fork } from 'node:child_process'
import { expect, test } from 'vitest'
import { EVENTS_MAX } from '../../src/core/seal.ts'
import { verifyRecord } from '../../src/flow/verify-record.ts'
import { keyring, mintId } from '../../src/secret.ts'
import { openEngine, storeOver } from '../../src/store/open.ts'
import { childProgram } from '../children.ts'
import { HOUR, SECRET, startKit } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

/** How many steps it took; null: it was killed. */
async function sealInChild(options: object): Promise<number | null> {
  const child = fork(await childProgram('seal-child'), [JSON.stringify(options)])
  let steps = 0
  child.on('message', (message) => {
    steps = (message as { steps: number }).steps
  })
  return new Promise((resolve, reject) => {
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(null)
      else if (code === 0) resolve(steps)
      else reject(new Error(`the child ended with ${code}`))
    })
  })
}

test.each(sharedDatabases)(
  'AU-03, %s: killed at any step, the next one goes on, and the chain is whole',
  async (_, fresh) => {
    const database = await fresh()
    await using kit = await startKit({ database: database.url, seals: false })
    const engine = await openEngine(database.url, { now: kit.clock.now })
    const store = storeOver(engine)
    const { policy, versions } = kit.postkey
    const count = 2 * EVENTS_MAX + 10
    const writes = Array.from({ length: count }, (_, nth) => {
      const scope = { tenant: 'default', policy, versions, requestId: mintId(kit.clock.at + nth), eventId: mintId(kit.clock.at) }
      return store.record(scope, { kind: 'guard', reason: 'origin_null', facts: {} })
    })
    await Promise.all(writes)
    kit.clock.forward(HOUR)

    const options = { database: database.url, at: kit.clock.at, secret: SECRET }
    const reached: number[] = []
    // Three windows: a look and a seal for each, and a step on both sides of either.
    let steps: number | null = null
    for (let kills = 0; steps === null && kills < 40; kills++) {
      // The first steps of what is left: 1, 2, 3, 4, 5, 1, 2 …
      steps = await sealInChild({ ...options, killAt: 1 + (kills % 5) })
      reached.push((await store.findSealing('default')).newest?.seq ?? 0)
      if (reached.at(-1) === 3) break
    }
    expect(new Set(reached)).toEqual(new Set([0, 1, 2, 3]))
    expect(reached).toEqual(reached.toSorted((one, other) => one - other))
    expect(await sealInChild({ ...options, killAt: 0 })).toBe(2)
    const verified = await verifyRecord({
      store,
      tenant: 'default',
      keys: keyring([SECRET]),
      policy,
      since: 0,
      after: null,
      head: null,
      onStep: async () => true,
      onDifference: (difference) => expect(difference).toBe(null),
      onLate: (late) => expect(late).toBe(null),
    })
    expect(verified).toMatchObject({ seals: 3, events: count, young: 0, differences: 0 })
    await engine.close()
    await database.drop()
  },
  120_000,
)
