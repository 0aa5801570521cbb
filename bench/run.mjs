// The sign-in benchmark: Postkey, its floors and its peers, in turns within one run, since absolute figures of a shared machine say
// little. What is measured against what stands in plan.mjs.
//   npm run bench                          about six minutes; writes bench/results/speed.md
//   npm run bench -- --quick               under a minute, to see that it works
//   npm run bench -- --only postgres       one half: sqlite or postgres
//   npm run bench -- --no-peers            without Better Auth and Auth.js, which are otherwise installed into bench/peers
//   npm run bench -- --seconds 8           longer measurements
//   npm run bench -- --node 20.19.0        on another Node; without it on the newest that the tests run on, fetched where it is not there
//   npm run bench -- --write               also writes docs/speed.md, and the figures that README.md quotes
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fetchNode, NODES } from '../scripts/nodes.mjs'
import { measureCold } from './cold.mjs'
import { whole } from './figures.mjs'
import { installPeers } from './install-peers.mjs'
import { measure, startAll } from './measure.mjs'
import { planFor, plans, warmUps } from './plan.mjs'
import { pinned } from './process.mjs'
import { quoteInReadme } from './quote.mjs'
import { report } from './report.mjs'
import { floors, peers } from './servers.mjs'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    'no-peers': { type: 'boolean', default: false },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    write: { type: 'boolean', default: false },
    dist: { type: 'string' },
    node: { type: 'string', default: NODES.at(-1) },
  },
})
// Every server of a run, floor and peers too, is started with the Node that runs this file.
if (values.node !== process.versions.node) {
  const { status } = spawnSync(fetchNode(values.node), process.argv.slice(1), { stdio: 'inherit' })
  process.exit(status ?? 1)
}
const seconds = Number(values.seconds ?? (values.quick ? 0.4 : 2.5))
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
const warmFactor = values.quick ? 0.05 : 1
const coldTimes = values.quick ? { runs: 1, idleSeconds: 1 } : { runs: 5, idleSeconds: 5 }
// With slow servers, a round of 64 people takes longer than a short measurement.
const connectionsMax = values.quick ? 16 : 64
const withPeers = !values['no-peers']
const engines = values.only === undefined ? Object.keys(plans) : [values.only]
if (!(seconds > 0 && rounds > 0)) refuse('--seconds and --rounds take a number above 0')
if (!engines.every((engine) => engine in plans)) refuse(`--only takes ${Object.keys(plans).join(' or ')}`)
if (values.write && (values.quick || !withPeers || values.only !== undefined))
  refuse('--write takes a whole run: docs/speed.md shows all of it')

const began = performance.now()
const say = (line) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${line}`)

let versions = {}
try {
  if (withPeers) versions = installPeers(say)
} catch (error) {
  console.error(error.message)
  process.exit(1)
}

say(`${rounds} rounds; server on one core, load and PostgreSQL on another: ${pinned ? 'yes' : 'no, this system cannot pin'}`)
const measured = []
for (const engine of engines) measured.push(...(await measureAll(engine)))
const coldServers = [floors.floor, ...(withPeers ? Object.values(peers) : [])]
const cold = engines.includes('sqlite') ? await measureCold({ ...coldTimes, servers: coldServers, onProgress: say }) : null
const text = report({ measured, cold, rounds, seconds, warmFactor, connectionsMax, versions })
console.log(`\n${text}`)
save(new URL('results/speed.md', import.meta.url))
if (values.write) {
  save(new URL('../docs/speed.md', import.meta.url))
  quoteInReadme({ measured, cold })
  say('quoted in README.md')
}
process.exit(0)

async function measureAll(engine) {
  const { steps, servers: known } = planFor(engine, { dist: values.dist, withPeers, connectionsMax })
  say(`${engine}: starting ${Object.keys(known).length} servers`)
  const { load, servers, stopAll } = await startAll(known, engine)
  try {
    for (const [name, server] of Object.entries(servers)) {
      say(`${engine}: warming up ${known[name].title} for ${(known[name].warmSeconds * warmFactor).toFixed(1)} s`)
      for (const warmUp of warmUps(name, known[name], steps, warmFactor)) await measure(load, server, warmUp)
    }
    const rows = []
    for (let round = 0; round < rounds; round++) {
      for (const { servers: inTurn, share, ...what } of steps) {
        for (const name of inTurn) {
          const result = await measure(load, servers[name], { ...what, seconds: seconds * share })
          rows.push({ round, name, ...what, ...result })
          const label = `${what.scenario} at ${what.connections}`.padEnd(14)
          say(
            `${engine} ${round + 1}/${rounds}  ${label}  ${known[name].title.padEnd(22)}  ${result.perSecond.toFixed(0).padStart(6)} /s  ${whole(result.cpuEach).padStart(6)} µs`,
          )
        }
      }
    }
    return rows
  } finally {
    await stopAll()
  }
}

function save(file) {
  mkdirSync(new URL('.', file), { recursive: true })
  writeFileSync(file, text)
  say(`written to ${fileURLToPath(file)}`)
}

function refuse(why) {
  console.error(why)
  process.exit(2)
}
