// Does it stay as it is? One server under light, mixed load for a long time: memory and handles every few seconds, and their slopes.
//   npm run bench:soak                              twenty minutes on SQLite
//   npm run bench:soak -- --minutes 60 --engine postgres
import { parseArgs } from 'node:util'
import { measure, startAll } from './measure.mjs'
import { median } from './process.mjs'
import { postkey } from './servers.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    engine: { type: 'string', default: 'sqlite' },
    connections: { type: 'string', default: '4' },
    dist: { type: 'string' },
  },
})
const minutes = Number(values.minutes)
if (!(minutes > 0) || !['sqlite', 'postgres'].includes(values.engine)) {
  console.error('--minutes takes a number above 0, --engine sqlite or postgres')
  process.exit(2)
}
const SLICE_SECONDS = 5
/** Compilers and caches have their fill by then. */
const WARM_SHARE = 0.25
const scenarios = ['code', 'link', 'session', 'start']

const { load, servers, stopAll } = await startAll({ postkey: postkey(values.dist) }, values.engine)
const samples = []
try {
  const began = performance.now()
  const connections = Number(values.connections)
  let done = 0
  for (let slice = 0; performance.now() - began < minutes * 60_000; slice++) {
    const { perSecond } = await measure(load, servers.postkey, {
      scenario: scenarios[slice % scenarios.length],
      connections,
      seconds: SLICE_SECONDS,
    })
    done += perSecond * SLICE_SECONDS
    const { rss, heapUsed, handles } = await servers.postkey.ask('memory')
    samples.push({ at: (performance.now() - began) / 3_600_000, rss: rss / 1e6, heapUsed: heapUsed / 1e6, handles })
    if (slice % 6 === 0) console.log(line(samples.at(-1)))
  }
  const steady = samples.slice(Math.floor(samples.length * WARM_SHARE))
  console.log(
    `\n${samples.length} samples in ${minutes} minutes, about ${Math.round(done).toLocaleString('en')} operations; after the first quarter:`,
  )
  for (const [name, unit] of [
    ['rss', 'MB'],
    ['heapUsed', 'MB'],
    ['handles', ''],
  ]) {
    const all = steady.map((sample) => sample[name])
    console.log(
      `  ${name.padEnd(9)} median ${median(all).toFixed(1)} ${unit}, from ${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)}, slope ${slope(steady, name).toFixed(1)} ${unit} an hour`,
    )
  }
} finally {
  await stopAll()
}
process.exit(0)

function line({ at, rss, heapUsed, handles }) {
  return `${(at * 60).toFixed(1).padStart(6)} min  rss ${rss.toFixed(0).padStart(4)} MB  heap ${heapUsed.toFixed(0).padStart(4)} MB  handles ${handles}`
}

/** Least squares, by the hour. */
function slope(points, name) {
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length
  const middle = mean(({ at }) => at)
  const level = mean((point) => point[name])
  const across = points.reduce((sum, { at }) => sum + (at - middle) ** 2, 0)
  return points.reduce((sum, point) => sum + (point.at - middle) * (point[name] - level), 0) / across
}
