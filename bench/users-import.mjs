// How fast people come in from a file: `postkey users import` as it is run, on an empty database, a second time when everybody is there, and beside a
// server that people sign in to; how much memory it takes, and how long it keeps another writer of SQLite waiting.
//   npm run bench:users                            both engines, a million rows each
//   npm run bench:users -- --quick                 a minute, to see that it works
//   npm run bench:users -- --engine postgres       one of them
//   npm run bench:users -- --rows 100000           fewer
// Ends with 1 where another writer waited for longer than 50 ms at the 99th of a hundred batches.
import { spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { machine, megabytes, ms, table, today, whole } from './figures.mjs'
import { measure, startAll } from './measure.mjs'
import { postkey } from './servers.mjs'
import { openSqlite } from './sqlite.mjs'

const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    rows: { type: 'string' },
    quick: { type: 'boolean', default: false },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
  },
})
const { quick, dist } = values
const count = Number(values.rows ?? (quick ? 50_000 : 1_000_000))
const engines = values.engine === undefined ? ['sqlite', 'postgres'] : [values.engine]
if (!engines.every((engine) => ['sqlite', 'postgres'].includes(engine))) refuse('--engine takes sqlite or postgres')
if (!(count >= 10_000)) refuse('--rows takes 10000 or more')

const names = { sqlite: 'SQLite', postgres: 'PostgreSQL' }
const HELD_MS = 50
const began = performance.now()
const say = (line) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`)

const { migrate } = await import(`${dist}/store/open.js`)
const perSecond = (measured) => whole(measured.perSecond)
const p99 = (measured) => ms(measured.times.verify?.p99 ?? Object.values(measured.times)[0]?.p99)

const results = fileURLToPath(new URL('results/', import.meta.url))
mkdirSync(results, { recursive: true })
const folder = mkdtempSync(join(results, 'users-'))
const lines = []
let kept = true
try {
  const everybody = await writeRows(count, 'person')
  const beside = await writeRows(Math.min(count, 100_000), 'beside')
  for (const engine of engines) await measureEngine(engine, everybody, beside)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const head = ['', 'rows', 'rows/s', 'memory', 'others waited, ms p50', 'ms p99', 'ms longest', 'sign-ins/s beside', 'ms p99 of a code']
console.log(`\nOn ${today()}: ${machine()}. \`postkey users import\` of a CSV file with address, external id, time and status.\n`)
console.log(table(head, lines))
process.exit(kept ? 0 : 1)

/** In no order, as addresses are. */
async function writeRows(rows, name) {
  const file = join(folder, `${name}.csv`)
  const out = createWriteStream(file)
  out.write('email,external_id,created_at,status\n')
  for (let nth = 0; nth < rows; nth++) {
    const mixed = ((nth * 2_654_435_761) % 4_294_967_296).toString(36)
    const line = `${name}.${mixed}.${nth}@example${nth % 997}.com,auth0|${nth.toString(16).padStart(24, '0')},2024-03-11T09:30:00.123Z,active\n`
    if (!out.write(line)) await new Promise((resolve) => out.once('drain', resolve))
  }
  out.end()
  await finished(out)
  return { file, rows }
}

async function measureEngine(engine, everybody, beside) {
  const all = await startAll({ server: postkey(dist) }, engine)
  try {
    const url = await all.createDatabase('alone')
    await migrate(url)
    for (const what of ['nobody is there', 'everybody is there']) {
      say(`${engine}  ${what}`)
      row(engine, what, await importFile(url, everybody), null)
    }
    say(`${engine}  beside a server`)
    const { server } = all.servers
    const signIns = { scenario: 'code', connections: 4 }
    await measure(all.load, server, { ...signIns, seconds: quick ? 2 : 12 })
    const before = await measure(all.load, server, { ...signIns, seconds: 5 })
    lines.push([`${names[engine]}, a server alone`, '', '', '', '', '', '', perSecond(before), p99(before)])
    let done = null
    const during = {
      start: async () => {
        done = importFile(server.databaseUrl, beside)
      },
      stop: () => done,
    }
    const busy = await measure(all.load, server, { ...signIns, seconds: quick ? 3 : 8, during })
    row(engine, 'beside a server', busy.during, busy)
  } finally {
    await all.stopAll()
  }
}

function row(engine, what, { rows, tookMs, memory, waits }, measured) {
  const at = (share) => (waits.length === 0 ? Number.NaN : waits[Math.min(waits.length - 1, Math.floor(share * waits.length))])
  if (at(0.99) > HELD_MS) kept = false
  lines.push([
    `${names[engine]}, ${what}`,
    whole(rows),
    whole((rows / tookMs) * 1_000),
    megabytes(memory),
    ms(at(0.5)),
    ms(at(0.99)),
    ms(waits.at(-1) ?? Number.NaN),
    measured === null ? '' : perSecond(measured),
    measured === null ? '' : p99(measured),
  ])
}

async function importFile(url, { file, rows }) {
  const probe = url.startsWith('file:') ? await startProbe(url) : null
  const started = performance.now()
  const child = spawn(process.execPath, [`${dist}/cli.js`, 'users', 'import', file, '--json', '--database-url', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let memory = 0
  const look = setInterval(() => {
    memory = Math.max(memory, peakOf(child.pid))
  }, 100)
  let said = ''
  child.stdout.on('data', (text) => {
    said += text
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  clearInterval(look)
  const tookMs = performance.now() - started
  const waits = (await probe?.stop()) ?? []
  if (code !== 0) throw new Error(`the import ended with ${code}: ${said}`)
  return { rows, tookMs, memory, waits }
}

/** What a process has had at most. */
function peakOf(pid) {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1_024
  } catch {
    return 0
  }
}

/** Another writer, who wants to begin at every moment and never stays: for how long it could not, each time. */
async function startProbe(url) {
  const database = await openSqlite(url)
  database.exec('pragma busy_timeout = 0')
  const waits = []
  let since = null
  let going = true
  const done = (async () => {
    while (going) {
      const at = performance.now()
      try {
        database.exec('begin immediate; commit')
        if (since !== null) waits.push(at - since)
        since = null
      } catch (error) {
        if (!/busy|locked/i.test(String(error))) throw error
        since ??= at
      }
      await new Promise((resolve) => setTimeout(resolve, 0.5))
    }
  })()
  return {
    stop: async () => {
      going = false
      await done
      database.close()
      return waits.sort((one, other) => one - other)
    },
  }
}

function refuse(why) {
  console.error(why)
  process.exit(2)
}
