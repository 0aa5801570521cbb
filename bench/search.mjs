// How long "why could she not get in?" takes in a database that has lived: by each kind of key, in a process that is there, and by the
// command, which starts one. Ends with 1 where a search takes a second.
//   npm run bench:search                           both engines, ten million events each or as many as fit
//   npm run bench:search -- --quick                a minute, to see that it works
//   npm run bench:search -- --engine postgres      one of them
//   npm run bench:search -- --events 3000000       fewer
//   npm run bench:search -- --minutes 10           time for filling, of each engine (15)
//   npm run bench:search -- --gigabytes 10         room for the filled database (20)
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { machine, ms, table, today, whole } from './figures.mjs'
import { measure, startAll } from './measure.mjs'
import { connect, eventTemplates, fill } from './scale-fill.mjs'
import { EVENTS_EACH } from './scale-rows.mjs'
import { postkey } from './servers.mjs'

const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    events: { type: 'string' },
    minutes: { type: 'string' },
    gigabytes: { type: 'string', default: '20' },
    quick: { type: 'boolean', default: false },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
  },
})
const { quick, dist } = values
const wanted = Math.ceil(Number(values.events ?? (quick ? 200_000 : 10_000_000)) / EVENTS_EACH)
const minutes = Number(values.minutes ?? (quick ? 0.5 : 15))
const engines = values.engine === undefined ? ['sqlite', 'postgres'] : [values.engine]
if (!engines.every((engine) => ['sqlite', 'postgres'].includes(engine))) refuse('--engine takes sqlite or postgres')
if (!(wanted >= 20_000 && minutes > 0)) refuse('--events takes 100000 or more; --minutes a number above 0')

const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' }
const SEARCHES = quick ? 20 : 200
const LIMIT_MS = 1_000
const began = performance.now()
const say = (line) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`)

const { openToRead, storeOver } = await import(`${dist}/store/open.js`)
const { search } = await import(`${dist}/flow/search.js`)
const { migrate } = await import(`${dist}/store/open.js`)
const run = promisify(execFile)

const rows = []
let slowest = 0
for (const engine of engines) rows.push(...(await measureEngine(engine)))
console.log(`\nOn ${today()}: ${machine()}. ${SEARCHES} searches by each key, one after the other, for what was never asked before.\n`)
console.log(table(['', 'key', 'found', 'ms p50', 'ms p99', 'ms longest', 'ms by the command, with its start'], rows))
process.exit(slowest < LIMIT_MS ? 0 : 1)

async function measureEngine(engine) {
  const all = await startAll({ empty: postkey(dist) }, engine)
  try {
    await measure(all.load, all.servers.empty, { scenario: 'code', connections: 4, seconds: 1 })
    const templates = await eventTemplates(all.servers.empty.databaseUrl)
    const url = await all.createDatabase('filled')
    await migrate(url)
    const tell = (line) => say(`${engine}  ${line}`)
    const filled = await fill(url, { wanted, minutes, gigabytes: Number(values.gigabytes), templates, say: tell })
    tell(`${whole(filled.total * EVENTS_EACH)} events, ${whole(filled.bytes / 1e6)} MB`)
    const keys = await keysOf(url)
    const engineRows = []
    const store = storeOver(await openToRead(url))
    for (const [name, list] of Object.entries(keys)) engineRows.push(await measureKey({ engine, url, store, name, list }))
    await store.close()
    return engineRows
  } finally {
    await all.stopAll()
  }
}

async function measureKey({ engine, url, store, name, list }) {
  // The first is the command's: most of its time is that a process starts.
  const [{ typed }, ...others] = list
  const started = performance.now()
  await run(process.execPath, [`${dist}/cli.js`, 'audit', 'search', typed, '--json', '--database-url', url])
  const command = performance.now() - started
  const took = []
  let found = 0
  for (const { key } of others) {
    const at = performance.now()
    const { matches } = await search({ store, tenant: 'default', keys: [key], since: 0, limit: 20 })
    took.push(performance.now() - at)
    found += matches.length
  }
  if (found === 0) throw new Error(`${name}: nothing was found`)
  took.sort((one, other) => one - other)
  const at = (share) => took[Math.min(took.length - 1, Math.floor(share * took.length))]
  slowest = Math.max(slowest, took.at(-1))
  return [names[engine], name, (found / others.length).toFixed(1), ms(at(0.5)), ms(at(0.99)), ms(took.at(-1)), ms(command)]
}

/** Of each kind as many as are asked for, from all over the time. */
async function keysOf(url) {
  const database = await connect(url)
  const from = (column, name, where = '') =>
    database.all(
      `select ${column} as value from ${name} ${where} ${where === '' ? 'where' : 'and'} tenant = 'default' order by random() limit ${SEARCHES + 1}`,
    )
  const of = async (make, ...which) => (await from(...which)).map(({ value }) => ({ typed: value, key: make(value) }))
  const id = (value) => ({ by: 'id', id: value })
  const keys = {
    address: await of((email) => ({ by: 'address', email }), 'email', 'challenges'),
    network: await of((network) => ({ by: 'network', network }), 'network', 'challenges'),
    user: await of(id, 'id', 'users'),
    challenge: await of(id, 'id', 'challenges'),
    'challenge of last year': await of(id, 'challenge', 'events', 'where challenge is not null'),
    request: await of(id, 'request_id', 'events'),
    session: (await from('id', 'sessions')).map(({ value }) => ({ typed: value, key: { by: 'challenge', challenge: value.slice(0, 16) } })),
  }
  await database.close()
  return keys
}

function refuse(why) {
  console.error(why)
  process.exit(2)
}
