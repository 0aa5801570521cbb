// `postkey doctor --deep` on a database that is not small, and that was filled a minute ago, as after a restore: PostgreSQL has no
// statistics of it, and a plan that is quadratic would not come to an end.
import { expect, test } from 'vitest'
import { idsOf } from '../../src/secret.ts'
import { examineRows } from '../../src/store/examine.ts'
import { openEngine, openToRead } from '../../src/store/open.ts'
import { nothing, run } from '../../src/store/operation.ts'
import { askAndOpen, signIn, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const COPIES = 20_000

/** How a row is copied: with a number behind all that names it. */
const columns = {
  users:
    'tenant, id || i, i || email, status, created_at, confirmed_at, sign_in_count, current_sign_in_at, current_sign_in_place, last_sign_in_at, last_sign_in_place, browsers',
  challenges: 'tenant, id || i, purpose, i || email, browser, return_to, locale, device, created_at, completed_at',
  mails:
    'tenant, challenge || i, ordinal, request_id || i, created_at, link_digest, code_digest, link_expires_at, code_expires_at, link_used_at, code_tries, address_tries, decoy, state, sealed, tries, due_at, settled_at',
  sessions:
    'tenant, id || i, substr(digest, 1, 33) || (1000000000 + i), user_id || i, challenge || i, proof, device, network, created_at, seen_at, ended_at',
  events:
    'tenant, id || i, at, request_id || i, challenge || i, user_id || i, session_id || i, kind, reason, facts, decision, versions, cost',
} as const

test.each(sharedDatabases)(
  `%s: ${COPIES} sign-ins and three times as many wrong codes are looked at in seconds`,
  async (engineName, fresh) => {
    const database = await fresh()
    const kit = await startKit({ database: database.url, now: Date.now })
    await signIn(kit, 'ada@example.net')
    const bob = await askAndOpen(kit, 'bob@example.net')
    for (let guess = 0; guess < 3; guess++) await bob.browser.post('/sign-in/code', { c: bob.challenge, code: wrongCode(bob.code, guess) })
    await kit.close()
    const engine = await openEngine(database.url)
    // In pieces that PostgreSQL does not cut off.
    for (const [table, list] of Object.entries(columns)) {
      const once = `select ${list} from ${table} cross join (with recursive numbers(i) as (select cast(? as {int}) union all select i + 1 from numbers where i < ?) select i from numbers) numbers where substr(${table === 'mails' ? 'challenge' : 'id'}, 17) = ''`
      for (let from = 1; from <= COPIES; from += 5_000) {
        const rows = table === 'sessions' ? once.replace("substr(id, 17) = ''", "substr(id, 23) = ''") : once
        await engine.write({ locks: nothing, run: () => run(`insert into ${table} ${rows}`, from, from + 4_999) })
      }
    }
    await engine.close()
    const reading = await openToRead(database.url)
    const began = performance.now()
    const { findings } = await examineRows(reading, { idsOf })
    const ms = performance.now() - began
    console.info(`${engineName}: ${COPIES} times two challenges and their events: ${Math.round(ms)} ms`)
    expect(findings).toEqual([])
    expect(ms).toBeLessThan(60_000)
    await reading.close()
    await database.drop()
  },
  180_000,
)
