// What a tenant feels of another one on the same server that is asked for hundreds of mails a second: its people sign in by code, a few at a time,
// in turns while the other is quiet and while it is not.
//   npm run bench:neighbours                         both engines
//   npm run bench:neighbours -- --quick              half a minute, to see that it works: too short to judge by
//   npm run bench:neighbours -- --engine postgres    one of them
//   npm run bench:neighbours -- --per-second 200     a smaller flood (500)
// Ends with 1 where, with the limits of a standard policy, the code of a person took more than twice as long at the 99th of a hundred.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machine, ms, ratio, table, times, today, took, value, whole } from './figures.mjs'
import { measure, startAll } from './measure.mjs'
import { startProcess } from './process.mjs'
import { postkey } from './servers.mjs'
import { addTenant } from './tenant.mjs'

const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    'per-second': { type: 'string', default: '500' },
    quick: { type: 'boolean', default: false },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
  },
})
const { quick, dist } = values
const perSecond = Number(values['per-second'])
const engines = values.engine === undefined ? ['sqlite', 'postgres'] : [values.engine]
if (!engines.every((engine) => ['sqlite', 'postgres'].includes(engine))) refuse('--engine takes sqlite or postgres')
if (!(perSecond >= 1 && perSecond <= 5_000)) refuse('--per-second takes a number up to 5000')

const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' }
const LIMIT = 2
const CONNECTIONS = 4
const FLOOD_CORE = 1
const ROUNDS = quick ? 2 : 8
const SECONDS = quick ? 2 : 6
const unlimited = { count: 1_000_000_000, per: '1m' }
/** Whether the limits of the noisy one stop most of it, as they do by default, or nothing does. */
const noisy = {
  held: { title: 'its limits hold it', policy: 'standard' },
  free: {
    title: 'without limits',
    policy: { preset: 'standard', starts: { network: unlimited, networkWide: unlimited, browser: unlimited, tenant: unlimited } },
  },
}
const began = performance.now()
const say = (line) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`)
const signIns = { scenario: 'code', connections: CONNECTIONS, seconds: SECONDS }

const { migrate } = await import(`${dist}/store/open.js`)
const lines = []
let kept = true
for (const engine of engines) await measureEngine(engine)
console.log(
  `\nOn ${today()}: ${machine()}. Medians of ${ROUNDS} rounds of ${SECONDS} s in turns; ${CONNECTIONS} connections sign in by code.\n`,
)
console.log(
  table(
    [
      '',
      'asked of the other /s',
      'of these refused',
      'sign-ins/s',
      'code, ms p50',
      'p99',
      '× p99 of quiet',
      'ask, ms p99',
      '× p99 of quiet',
    ],
    lines,
  ),
)
process.exit(kept || quick ? 0 : 1)

async function measureEngine(engine) {
  const all = await startAll({}, engine)
  try {
    const databaseUrl = await all.createDatabase('tenants')
    await migrate(databaseUrl)
    for (const [name, { policy }] of Object.entries(noisy)) addTenant(dist, databaseUrl, name, policy)
    const server = await all.startOn(databaseUrl, postkey(dist))
    say(`${engine}  warming up`)
    await measure(all.load, server, { ...signIns, seconds: quick ? 2 : 12 })
    const quiet = []
    const loud = { held: [], free: [] }
    for (let round = 1; round <= ROUNDS; round++) {
      quiet.push(await measure(all.load, server, signIns))
      for (const name of Object.keys(noisy)) loud[name].push(await measure(all.load, server, { ...signIns, during: flood(server, name) }))
      say(`${engine}  round ${round} of ${ROUNDS}`)
    }
    lines.push(line(`${names[engine]}, quiet`, quiet, quiet))
    for (const [name, { title }] of Object.entries(noisy)) {
      lines.push(line(`${names[engine]}, ${title}`, loud[name], quiet))
    }
    if (ratio(loud.held, quiet, took('verify', 'p99')) > LIMIT) kept = false
  } finally {
    await all.stopAll()
  }
}

function flood(server, name) {
  let noise = null
  return {
    start: async () => {
      noise = await startProcess('flood.mjs', { port: server.port, prefix: `/t/${name}`, perSecond }, FLOOD_CORE)
    },
    stop: async () => {
      const { asked, answers, seconds } = await noise.ask('count')
      await noise.stop()
      const { 303: taken = 0, 429: refused = 0, ...others } = answers
      if (Object.keys(others).length > 0 || taken === 0) throw new Error(`the other tenant answered ${JSON.stringify(answers)}`)
      return { perSecond: asked / seconds, refused: refused / (taken + refused) }
    },
  }
}

function line(title, rows, quiet) {
  const noise = (pick) =>
    value(
      rows.filter(({ during }) => during !== undefined).map(({ during }) => during),
      pick,
    )
  return [
    title,
    whole(noise((one) => one.perSecond)),
    rows === quiet ? '' : `${whole(noise((one) => one.refused) * 100)} %`,
    whole(value(rows, (row) => row.perSecond)),
    ms(value(rows, took('verify', 'p50'))),
    ms(value(rows, took('verify', 'p99'))),
    times(ratio(rows, quiet, took('verify', 'p99'))),
    ms(value(rows, took('ask', 'p99'))),
    times(ratio(rows, quiet, took('ask', 'p99'))),
  ]
}

function refuse(why) {
  console.error(why)
  process.exit(2)
}
