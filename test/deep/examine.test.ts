// `postkey doctor --deep` on a database that is not small, and that was filled a minute ago, as after a restore: PostgreSQL has no
// statistics of it, and a plan that is quadratic would not come to an end.
import { expect, test } from 'vitest'
import { idsOf } from '../../src/secret.ts'
import { examineRows } from '../../src/store/examine.ts'
import { openEngine, openToRead } from '../../src/store/open.ts'
import { copyRows } from '../copies.ts'
import { askAndOpen, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const COPIES = 20_000

test.each(sharedDatabases)(
  `%s: ${COPIES} sign-ins and three times as many wrong codes are looked at, by plans that come to an end`,
  async (engineName, fresh) => {
    const database = await fresh()
    const kit = await startKit({ database: database.url, now: Date.now })
    await signIn(kit, 'ada@example.net')
    const bob = await askAndOpen(kit, 'bob@example.net')
    for (let guess = 0; guess < 3; guess++) await bob.browser.post('/sign-in/code', { c: bob.challenge, code: wrongCode(bob.code, guess) })
    await kit.close()
    const engine = await openEngine(database.url)
    await copyRows(engine, COPIES)
    await engine.close()
    const reading = await openToRead(database.url)
    const began = performance.now()
    const { findings } = await examineRows(reading, { idsOf })
    const ms = performance.now() - began
    console.info(`${engineName}: ${COPIES} times two challenges and their events: ${Math.round(ms)} ms`)
    expect(findings).toEqual([])
    await reading.close()
    await database.drop()
  },
  180_000,
)
