// What sealing the record costs, and how fast it is verified: sign-ins by code on a server, then their events sealed here, by the same code
// that a server runs in the background. Nothing of it is in a sign-in; it takes CPU beside it.
//   npm run bench:seal                             both engines
//   npm run bench:seal -- --engine postgres        one of them
//   npm run bench:seal -- --seconds 20             more events (8)
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machine, ms, table, today, whole } from './figures.mjs'
import { measure, startAll } from './measure.mjs'
import { connect } from './scale-fill.mjs'
import { postkey } from './servers.mjs'

const dist = fileURLToPath(new URL('../dist', import.meta.url))
const { values } = parseArgs({ options: { engine: { type: 'string' }, seconds: { type: 'string', default: '8' } } })
const engines = values.engine === undefined ? ['sqlite', 'postgres'] : [values.engine]
if (!engines.every((engine) => ['sqlite', 'postgres'].includes(engine)) || !(Number(values.seconds) > 0)) {
  console.error('--engine takes sqlite or postgres; --seconds a number above 0')
  process.exit(2)
}
const { openEngine, storeOver } = await import(`${dist}/store/open.js`)
const { sealClosed } = await import(`${dist}/flow/seal.js`)
const { verifyRecord } = await import(`${dist}/flow/verify-record.js`)
const { keyring } = await import(`${dist}/secret.js`)
const { readPolicy } = await import(`${dist}/core/policy.js`)

const { policy } = readPolicy('standard')
const keys = keyring(['bench-secret-of-at-least-32-bytes-0123456789'])
const log = { event: () => {}, warn: () => {}, error: () => {} }
/** As if it were so much later: everything is closed, and no mail is waited for. */
const LATER_MS = 3 * 3_600_000

/** Each event so often, under other ids: enough for the code to be warm. */
const COPIES = 30

const rows = []
for (const engine of engines) rows.push(await measureEngine(engine))
console.log(`\nOn ${today()}: ${machine()}. CPU of the process that seals, and of the database beside it.\n`)
console.log(table(['', 'events', 'seals', 'µs an event', 'database µs', 'bytes an event', 'ms longest look', 'verified events/s'], rows))

async function measureEngine(engine) {
  const all = await startAll({ lived: postkey(dist) }, engine)
  try {
    const { lived } = all.servers
    await measure(all.load, lived, { scenario: 'code', connections: 64, seconds: Number(values.seconds) })
    await copy(lived.databaseUrl)
    const store = storeOver(await openEngine(lived.databaseUrl, { now: () => Date.now() + LATER_MS }))
    let longest = 0
    const timed = {
      ...store,
      readToSeal: async (input) => {
        const began = performance.now()
        const found = await store.readToSeal(input)
        longest = Math.max(longest, performance.now() - began)
        return found
      },
    }
    const [before, databaseBefore] = [process.cpuUsage(), await lived.database.usage()]
    await sealClosed({ store: timed, tenant: 'default', policy, keys, log }, async () => true)
    const [used, databaseAfter] = [process.cpuUsage(before), await lived.database.usage()]
    const seals = await store.readSeals('default', 0, 1_000_000)
    const events = seals.reduce((sum, seal) => sum + seal.events, 0)
    const bytes = seals.reduce((sum, seal) => sum + JSON.stringify(seal).length, 0)
    const began = performance.now()
    const verified = await verifyRecord({
      store,
      tenant: 'default',
      keys,
      policy,
      since: 0,
      after: null,
      head: null,
      onStep: async () => true,
      onDifference: (difference) => console.error(difference),
      onLate: () => {},
    })
    const perSecond = (1_000 * verified.events) / (performance.now() - began)
    if (verified.events !== events || verified.differences > 0) throw new Error('what was sealed is not what is there')
    await store.close()
    const each = (microseconds) => (microseconds / events).toFixed(1)
    const database = databaseBefore === null || databaseAfter === null ? '' : each(databaseAfter.cpu - databaseBefore.cpu)
    const name = engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'
    return [
      name,
      whole(events),
      whole(seals.length),
      each(used.user + used.system),
      database,
      (bytes / events).toFixed(0),
      ms(longest),
      whole(perSecond),
    ]
  } finally {
    await all.stopAll()
  }
}

async function copy(url) {
  const database = await connect(url)
  const numbers = Array.from({ length: COPIES - 1 }, (_, nth) => `select '${nth + 10}' as n`).join(' union all ')
  await database.run(
    `insert into events select tenant, id || n, at, request_id || n, challenge, user_id, session_id, kind, reason, facts, decision, versions, cost from events cross join (${numbers}) as numbers`,
  )
  await database.close()
}
