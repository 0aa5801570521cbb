// The sign-in benchmark: Postkey against two floors, in turns within one run, since absolute figures of a shared machine say little.
//   npm run bench                          about two minutes; writes bench/results/sign-in.md
//   npm run bench -- --quick               a quarter of a minute, to see that it works
//   npm run bench -- --seconds 8           longer measurements
//   npm run bench -- --write               also writes docs/speed.md
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measureCold } from './cold.mjs'
import { floors, measure, postkey, startAll } from './measure.mjs'
import { pinned } from './process.mjs'
import { report } from './report.mjs'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    write: { type: 'boolean', default: false },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
  },
})
const seconds = Number(values.seconds ?? (values.quick ? 1 : 4))
const rounds = Number(values.rounds ?? (values.quick ? 1 : 3))
if (!(seconds > 0 && rounds > 0)) {
  console.error('--seconds and --rounds take a number above 0')
  process.exit(2)
}

/** What is measured against what. The floor has one proof, so it stands beside both of Postkey's. */
const plan = [
  { scenario: 'code', connections: 64, servers: ['floor', 'postkey', 'alone'], seconds },
  { scenario: 'link', connections: 64, servers: ['postkey'], seconds },
  { scenario: 'session', connections: 64, servers: ['floor', 'postkey'], seconds: seconds / 2 },
  { scenario: 'code', connections: 8, servers: ['floor', 'postkey', 'alone'], seconds: seconds / 2 },
  { scenario: 'code', connections: 1, servers: ['floor', 'postkey', 'alone'], seconds: seconds / 2 },
]
const names = { floor: 'floor', alone: 'floor, one commit each', postkey: 'Postkey' }

const began = performance.now()
const say = (line) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(4)} s  ${line}`)

mkdirSync(new URL('results/', import.meta.url), { recursive: true })
say(`${rounds} rounds; server on one core, load on another: ${pinned ? 'yes' : 'no, this system cannot pin'}`)
const measured = await measureAll()
const cold = await measureCold({ runs: values.quick ? 1 : 5, onProgress: say })
const text = report({ plan, measured, cold, rounds, seconds })
console.log(`\n${text}`)
const file = new URL('results/sign-in.md', import.meta.url)
writeFileSync(file, text)
say(`written to ${fileURLToPath(file)}`)
if (values.write) {
  const page = new URL('../docs/speed.md', import.meta.url)
  mkdirSync(new URL('.', page), { recursive: true })
  writeFileSync(page, text)
  say(`written to ${fileURLToPath(page)}`)
}
process.exit(0)

async function measureAll() {
  const { load, servers, stopAll } = await startAll({ ...floors, postkey: postkey(values.dist) })
  try {
    for (const [name, server] of Object.entries(servers)) {
      say(`warming up ${names[name]}`)
      await measure(load, server, { scenario: 'code', connections: 64, seconds: values.quick ? 1 : 5 })
    }
    const rows = []
    for (let round = 0; round < rounds; round++) {
      for (const { servers: inTurn, ...what } of plan) {
        for (const name of inTurn) {
          const result = await measure(load, servers[name], what)
          rows.push({ round, name, ...what, ...result })
          const label = `${what.scenario} at ${what.connections}`.padEnd(14)
          say(`round ${round + 1}/${rounds}  ${label}  ${names[name].padEnd(22)}  ${result.perSecond.toFixed(0).padStart(6)} /s`)
        }
      }
    }
    return rows
  } finally {
    await stopAll()
  }
}
