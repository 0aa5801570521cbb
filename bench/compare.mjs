// Builds side by side, in turns, in one run: what did a change do? Absolute figures wander on a shared machine; what is measured
// within seconds of each other can be compared. The word "floor" in a build's place is the floor (floor.mjs).
//   node bench/compare.mjs DIST_BEFORE DIST_AFTER … floor [--scenario start|code|link|session] [--rounds 6] [--seconds 3] [--connections 64] [--engine sqlite|postgres]
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { measure, startAll } from './measure.mjs'
import { median } from './process.mjs'
import { floors, postkey } from './servers.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    scenario: { type: 'string', default: 'code' },
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    engine: { type: 'string', default: 'sqlite' },
  },
})
const { scenario } = values
const connections = Number(values.connections)
const names = positionals.map((path) => basename(path))
const { load, servers, stopAll } = await startAll(
  Object.fromEntries(positionals.map((path) => [basename(path), path === 'floor' ? floors.floor : postkey(path)])),
  values.engine,
)
try {
  const seen = new Map(names.map((name) => [name, []]))
  for (const name of names) await measure(load, servers[name], { scenario, connections, seconds: 4 })
  for (let round = 0; round < Number(values.rounds); round++) {
    // Forth and back, so that a machine that gets slower or faster meanwhile favours nobody.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      seen.get(name).push(await measure(load, servers[name], { scenario, connections, seconds: Number(values.seconds) }))
    }
  }
  const first = seen.get(names[0])
  for (const name of names) {
    const rows = seen.get(name)
    const ratio = (key) => median(rows.map((row, round) => row[key] / first[round][key]))
    const time = (what, quantile) => median(rows.map(({ times }) => times[what][quantile]))
    const latency = Object.keys(rows[0].times).filter((what) => time(what, 'p50') !== null)
    console.log(
      `${name.padEnd(10)} ${median(rows.map((row) => row.perSecond))
        .toFixed(0)
        .padStart(6)} /s (× ${ratio('perSecond').toFixed(2)})  ` +
        `${median(rows.map((row) => row.cpuEach))
          .toFixed(0)
          .padStart(5)} µs (× ${ratio('cpuEach').toFixed(2)})  ` +
        latency.map((what) => `${what} ${time(what, 'p50').toFixed(1)} / ${time(what, 'p99').toFixed(1)}`).join('  '),
    )
  }
} finally {
  await stopAll()
}
process.exit(0)
