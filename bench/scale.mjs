// What a big database costs: Postkey on one that has lived against Postkey on an empty one, in turns within one run; then how fast old rows
// are removed while people sign in, how large tables are, and how the database finds its rows.
//   npm run bench:scale                            both engines, ten million users each or as many as fit
//   npm run bench:scale -- --quick                 two minutes, to see that it works
//   npm run bench:scale -- --engine postgres       one of them
//   npm run bench:scale -- --users 3000000         fewer sign-ins of the past
//   npm run bench:scale -- --minutes 10            time for filling, of each engine (15)
//   npm run bench:scale -- --gigabytes 10          room for the filled database (20)
//   npm run bench:scale -- --lock /path            takes turns with others on this machine while it measures, not while it fills
//   npm run bench:scale -- --write                 also writes the tables of docs/scale.md
// A soak is a command of its own: npm run bench:soak.
import { spawn } from 'node:child_process'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { importTestFile } from './bundle.mjs'
import { whole } from './figures.mjs'
import { measure, startAll } from './measure.mjs'
import { wait } from './process.mjs'
import { connect, eventTemplates, fill, sizesOf } from './scale-fill.mjs'
import { scaleReport, writeScale } from './scale-report.mjs'
import { EVENTS_EACH, SPAN_DAYS } from './scale-rows.mjs'
import { postkey } from './servers.mjs'

const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    users: { type: 'string' },
    minutes: { type: 'string' },
    gigabytes: { type: 'string', default: '20' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    lock: { type: 'string' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
  },
})
const { quick, dist } = values
const wanted = Number(values.users ?? (quick ? 60_000 : 10_000_000))
const minutes = Number(values.minutes ?? (quick ? 0.5 : 15))
const rounds = Number(values.rounds ?? (quick ? 2 : 6))
const seconds = Number(values.seconds ?? (quick ? 1 : 4))
const engines = values.engine === undefined ? ['sqlite', 'postgres'] : [values.engine]
if (!engines.every((engine) => ['sqlite', 'postgres'].includes(engine))) refuse('--engine takes sqlite or postgres')
if (!(wanted >= 10_000 && minutes > 0 && rounds > 0 && seconds > 0))
  refuse('--users takes 10000 or more; --minutes, --rounds and --seconds a number above 0')
if (values.write && (quick || engines.length < 2)) refuse('--write takes a whole run: docs/scale.md shows all of it')

const DAY_MS = 86_400_000
const CONNECTIONS = 64
/** What somebody gives a database of this size, for both databases on the server. */
const SETTINGS = { shared_buffers: '2GB', max_wal_size: '8GB' }
const began = performance.now()
const say = (line) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`)

const { scansOf, statementsOf } = await importTestFile('plans', dist)
const { migrate } = await import(`${dist}/store/open.js`)
const prepared = []
const results = []
let unlock = () => {}
try {
  // Filling disturbs nobody's measurements much; measuring is done in one piece.
  for (const engine of engines) prepared.push(await prepareEngine(engine))
  say('waiting for the machine')
  unlock = await lockMachine()
  for (const one of prepared) results.push(await measureEngine(one))
} finally {
  unlock()
  for (const { stopAll } of prepared) await stopAll()
}
const report = scaleReport(results, { rounds, seconds })
console.log(`\n${report}`)
if (values.write) writeScale(report)
process.exit(0)

async function prepareEngine(engine) {
  const tell = (line) => say(`${engine}  ${line}`)
  const all = await startAll({ empty: postkey(dist) }, engine, engine === 'postgres' ? SETTINGS : {})
  try {
    await measure(all.load, all.servers.empty, { scenario: 'code', connections: 4, seconds: 1 })
    const templates = await eventTemplates(all.servers.empty.databaseUrl)
    const databaseUrl = await all.createDatabase('filled')
    await migrate(databaseUrl)
    setPriority(10)
    const filled = await fill(databaseUrl, { wanted, minutes, gigabytes: Number(values.gigabytes), templates, say: tell })
    setPriority(0)
    tell(`${whole(filled.bytes / 1e6)} MB`)
    return { engine, tell, ...all, databaseUrl, filled }
  } catch (error) {
    await all.stopAll()
    throw error
  }
}

async function measureEngine({ engine, tell, load, servers, startOn, createDatabase, databaseUrl, filled }) {
  const lived = await startOn(databaseUrl, postkey(dist))
  const rows = await inTurns(load, { empty: servers.empty, filled: lived }, tell)
  tell('how rows are found')
  const statements = await statementsOf(await createDatabase('small'))
  const plans = { statements, scans: await scansOf(databaseUrl, statements) }
  await lived.stop()
  const purge = await measurePurge({ load, startOn, databaseUrl, total: filled.total, tell })
  tell('sizes')
  return { engine, filled, rows, plans, purge, real: await sizesOf(servers.empty.databaseUrl) }
}

async function inTurns(load, servers, tell) {
  const rows = []
  for (const server of Object.values(servers)) {
    for (const scenario of ['code', 'session'])
      await measure(load, server, { scenario, connections: CONNECTIONS, seconds: quick ? 0.5 : 4 })
  }
  for (let round = 0; round < rounds; round++) {
    for (const scenario of ['code', 'session']) {
      // Forth and back, so that a machine that gets slower or faster meanwhile favours nobody.
      const names = round % 2 === 0 ? ['empty', 'filled'] : ['filled', 'empty']
      for (const name of names) {
        const result = await measure(load, servers[name], {
          scenario,
          connections: CONNECTIONS,
          seconds: scenario === 'code' ? seconds : seconds / 2,
        })
        rows.push({ round, name, scenario, ...result })
        tell(`${round + 1}/${rounds}  ${scenario.padEnd(8)} ${name.padEnd(7)} ${whole(result.perSecond).padStart(7)} /s`)
      }
    }
  }
  return rows
}

/** So many of the sign-ins of the past are old for a policy: enough to see a rate, and not all, so that each kind has its turn. */
const OLD = { share: 0.12, most: 60_000 }
const WINDOW_SECONDS = 2

async function measurePurge({ load, startOn, databaseUrl, total, tell }) {
  const ages = (span) => Math.round(SPAN_DAYS[span] * DAY_MS * (1 - Math.min(OLD.share, OLD.most / total)))
  const proofs = 3_600_000 + 900_000
  const policy = {
    challengeTtl: 3_600_000,
    session: { idle: 3_600_000, absolute: 3_600_000 },
    keep: {
      challenges: ages('sign_ins') - proofs,
      sessions: ages('sign_ins') - proofs - 3_600_000,
      events: ages('events'),
      limits: 3_600_000,
    },
  }
  const database = await connect(databaseUrl)
  await database.run("update purges set finished_at = 0 where kind = 'limits'")
  const server = await startOn(databaseUrl, postkey(dist), { policy })
  const deleted = async () =>
    Object.fromEntries((await database.all('select kind, deleted from purges')).map(({ kind, deleted }) => [kind, Number(deleted)]))
  const windows = []
  const kinds = ['challenges', 'sessions', 'events', 'limits']
  const until = performance.now() + (quick ? 80_000 : 150_000)
  let before = await deleted()
  while (performance.now() < until && !enough(windows, kinds)) {
    const row = await measure(load, server, { scenario: 'code', connections: CONNECTIONS, seconds: WINDOW_SECONDS })
    const after = await deleted()
    // The load begins before its samples do: what was removed meanwhile counts for all of that time.
    const at = performance.now()
    windows.push({ ...row, removed: Object.fromEntries(kinds.map((kind) => [kind, (after[kind] ?? 0) - (before[kind] ?? 0)])), at })
    before = after
  }
  await database.close()
  await server.stop()
  tell(
    `purged ${kinds.map((kind) => `${whole(windows.reduce((sum, { removed }) => sum + removed[kind], 0))} ${kind}`).join(', ')} of ${whole(total)} sign-ins`,
  )
  return { windows, kinds, eventsEach: EVENTS_EACH }
}

/** Two whole windows of the last kind: the others have been before it. */
function enough(windows, kinds) {
  const last = kinds.at(-1)
  return windows.filter(({ removed }) => removed[last] > 0).length > (quick ? 2 : 6)
}

/** @returns what lets go of it. */
async function lockMachine() {
  if (values.lock === undefined) return () => {}
  // It waits for the end of a pipe that is ours: whatever becomes of us, the lock is let go.
  const holder = spawn('flock', [values.lock, '-c', 'echo held; cat'], { stdio: ['pipe', 'pipe', 'inherit'] })
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  // Let what ran before come to rest.
  await wait(2_000)
  return () => holder.stdin.end()
}

function refuse(why) {
  console.error(why)
  process.exit(2)
}
