// The timing test: can an address that is known here be told from one that is not, by how long the server takes? An answer's own time,
// and what it leaves behind for the next request. What is compared stands in timing-plan.mjs.
//   npm run bench:timing                         all cases on both engines, 5,000 pairs each or as many as it takes; writes bench/results/timing.md
//   npm run bench:timing -- --pairs 1000         fewer; a case that is undecided goes on, to twice as many
//   npm run bench:timing -- --only invited       one case, without the controls; `--only control` for these alone
//   npm run bench:timing -- --engine sqlite      one engine: sqlite or postgres
//   npm run bench:timing -- --seed 7             the same addresses, and the same order in each pair, as a run before
//   npm run bench:timing -- --write              also writes docs/timing.md
// Ends with 0 if all that was measured lies within the limits, with 1 if something lies outside or a control failed, with 3 if
// nothing lies outside but something is undecided: its interval crosses a limit, and more pairs are needed.
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { auc, early, medianDifference, verdict } from './auc.mjs'
import { openDatabases } from './databases.mjs'
import { median, pinned, startProcess } from './process.mjs'
import { addTenant } from './tenant.mjs'
import { makeAccounts } from './timing-accounts.mjs'
import { addressOf, cases, controlCase, controls, ELSEWHERE, probes } from './timing-plan.mjs'
import { interval, report } from './timing-report.mjs'

const SERVER_CORE = 0
const OTHER_CORE = 1
/**
 * In life a mail server has a machine of its own. Beside PostgreSQL's processes it slows down whatever comes right behind a real mail
 * (measured: 0.55 of the third probe, 0.50 with it elsewhere), which is the cost of that mail server's work and not of ours.
 */
const MAIL_CORE = { sqlite: OTHER_CORE, postgres: SERVER_CORE }
const STRETCH = 250
const WARM_UP_PAIRS_MAX = 250
/** A case may end from here on: at a look after each stretch that leaves no doubt. */
const FIRST_LOOK = 1_000
/** An undecided case goes on to so many times the pairs that were asked for; a control that was not seen, to so many times its share. */
const GOES_ON = 2
const CONTROL_GOES_ON = 3

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5000' },
    only: { type: 'string' },
    engine: { type: 'string' },
    seed: { type: 'string' },
    write: { type: 'boolean', default: false },
    dist: { type: 'string', default: fileURLToPath(new URL('../dist', import.meta.url)) },
  },
})
const pairs = Number(values.pairs)
const warmUpPairs = Math.min(WARM_UP_PAIRS_MAX, pairs)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const engines = values.engine === undefined ? Object.keys(openDatabases) : [values.engine]
const chosen = values.only === undefined ? Object.keys(cases) : values.only === 'control' ? [] : [values.only]
if (!(Number.isInteger(pairs) && pairs >= 100)) refuse('--pairs takes a number of at least 100')
if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) refuse('--seed takes a number below 2^32')
if (!engines.every((engine) => engine in openDatabases)) refuse(`--engine takes ${Object.keys(openDatabases).join(' or ')}`)
if (!chosen.every((name) => name in cases)) refuse(`--only takes control, ${Object.keys(cases).join(', ')}`)
if (values.write && (values.only !== undefined || values.engine !== undefined || pairs < 1_000))
  refuse('--write takes a whole run of at least 1,000 pairs: docs/timing.md shows all of it')

const { migrate } = await import(`${values.dist}/store/open.js`)
const began = performance.now()
const say = (line) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`)
const load = () => loadavg()[0].toFixed(1)
const loadBefore = load()
say(`seed ${seed}; server on one core, the asker and everything else on another: ${pinned ? 'yes' : 'no, this system cannot pin'}`)

const results = fileURLToPath(new URL('results/', import.meta.url))
mkdirSync(results, { recursive: true })
// Beside the repository's files, and not in the system's folder for temporary ones: that is often in memory, where nothing is noisy
// and nothing is as it would be.
const folder = mkdtempSync(join(results, 'run-'))
const rows = []
const checks = []
try {
  for (const engine of engines) {
    const databases = await openDatabases[engine](folder, OTHER_CORE)
    try {
      if (values.only === undefined || values.only === 'control') checks.push(...(await runControls(engine, databases)))
      for (const name of chosen) rows.push(...(await runCase(engine, databases, name)))
    } finally {
      await databases.stop()
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const text = report({ rows, checks, seed, pairs, load: [loadBefore, load()] })
console.log(`\n${text}`)
save(new URL('results/timing.md', import.meta.url))
if (values.write) save(new URL('../docs/timing.md', import.meta.url))
process.exit(outcome())

/** All controls on one server: they differ only in what the server is told to do beside its work. */
async function runControls(engine, databases) {
  const each = Math.max(100, Math.round(pairs / 5))
  const total = warmUpPairs + each * CONTROL_GOES_ON * controls.length
  return await withServer({ ...controlCase, leaks: true }, { engine, databases, name: 'control', total }, async (stretch) => {
    const found = []
    for (const { name, before, after, required } of controls) {
      const leak = `${String(before).padStart(4, '0')} ${String(after).padStart(4, '0')}`
      const samples = { ask: [], live: [], third: [] }
      let rows = []
      for (let round = 0; round < CONTROL_GOES_ON; round++) {
        const more = await collect(stretch, each, { leak })
        for (const probe of Object.keys(samples)) samples[probe].push(...more[probe])
        rows = judge(samples)
        if (rows.every((row) => required[row.probe] !== 'outside' || row.verdict === 'outside')) break
      }
      for (const row of rows) {
        const wanted = required[row.probe]
        const held = wanted === undefined ? null : wanted === 'outside' ? row.verdict === 'outside' : row.verdict !== 'outside'
        found.push({ engine, name, ...row, wanted, held })
      }
      say(`${engine}  control: ${name}`.padEnd(46) + rows.map(shown).join('   '))
    }
    return found
  })
}

async function runCase(engine, databases, name) {
  const about = cases[name]
  const total = warmUpPairs + pairs * GOES_ON
  return await withServer(about, { engine, databases, name, total }, async (stretch) => {
    const samples = { ask: [], live: [], third: [] }
    let judged = []
    for (let had = 0; had < pairs * GOES_ON; ) {
      const more = await collect(stretch, Math.min(STRETCH, pairs * GOES_ON - had))
      for (const probe of Object.keys(samples)) samples[probe].push(...more[probe])
      had = samples.ask.length
      judged = judge(samples)
      if (had % FIRST_LOOK === 0 || had % pairs === 0) say(`${engine}  ${name}, ${had} pairs`.padEnd(46) + judged.map(shown).join('   '))
      if (isOver(judged, had)) break
    }
    return judged.map((row) => ({ engine, name, ...about, ...row }))
  })
}

/** With more pairs, what lies outside would lie there still. */
function isOver(judged, had) {
  const verdictOf = had >= pairs ? (row) => row.verdict : had >= FIRST_LOOK ? early : () => 'undecided'
  const verdicts = judged.map(verdictOf)
  return verdicts.includes('outside') || verdicts.every((one) => one === 'within')
}

/** A new server with a new database, a mail server and an asker; warmed up. */
async function withServer({ signUp, smtp, one = 'known', other, reason, leaks = false }, { engine, databases, name, total }, use) {
  const started = []
  const start = async (...what) => {
    const process = await startProcess(...what)
    started.push(process)
    return process
  }
  try {
    const dist = values.dist
    const socket = join(folder, 'settled')
    const asker = await start('timing-client.mjs', { socket }, OTHER_CORE)
    const mail = await start('smtp-server.mjs', { mode: smtp }, MAIL_CORE[engine])
    const databaseUrl = await databases.create(name)
    const secret = randomBytes(33).toString('base64')
    if (one === ELSEWHERE) {
      await migrate(databaseUrl)
      addTenant(dist, databaseUrl, ELSEWHERE, 'standard')
    }
    const server = await start(
      'timing-server.mjs',
      { socket, databaseUrl, secret, dist, signUp, smtp, smtpPort: mail.port, leaks },
      SERVER_CORE,
    )
    say(`${engine}  ${name}: writing the accounts, warming up`)
    const kinds = [one, other]
    const people = Array.from({ length: total }, (_, number) => kinds.map((kind) => ({ email: addressOf(seed, kind, number), kind })))
    await makeAccounts(databaseUrl, dist, secret, seed, people.flat())
    const sent = smtp === 'down' ? 'mail_deferred' : 'mail_sent'
    // With the mail server down nobody's mail is settled, a pretended one as little as a real one.
    const settled = reason === 'mail_queued' || smtp === 'down' ? sent : 'mail_suppressed'
    const expected = { known: `mail_queued ${sent}`, elsewhere: `${reason} ${settled}`, [other]: `${reason} ${settled}` }
    const stretch = (count, more) => asker.ask('measure', { port: server.port, seed, kinds, count, expected, ...more })
    await collect(stretch, warmUpPairs, leaks ? { leak: '0000 0000' } : {})
    return await use(stretch)
  } finally {
    for (const one of started.toReversed()) await one.stop()
  }
}

async function collect(stretch, count, more) {
  const samples = { ask: [], live: [], third: [] }
  for (let had = 0; had < count; had += STRETCH) {
    // Overwritten by the next line.
    if (process.stdout.isTTY) process.stdout.write(`         ${had} of ${count} pairs\r`)
    const got = await stretch(Math.min(STRETCH, count - had), more)
    for (const [probe, list] of Object.entries(got)) samples[probe].push(...list)
  }
  return samples
}

function judge(samples) {
  return Object.keys(probes).map((probe) => {
    const ones = samples[probe].map(([one]) => one)
    const others = samples[probe].map(([, other]) => other)
    const area = auc(ones, others)
    return { probe, ...area, verdict: verdict(area), difference: medianDifference(ones, others), took: median(others) }
  })
}

function shown({ probe, value, low, high, verdict }) {
  return `${probe} ${interval({ value, low, high })} ${verdict}`
}

function outcome() {
  const verdicts = rows.map((row) => row.verdict)
  if (verdicts.includes('outside') || checks.some(({ held }) => held === false)) return 1
  return verdicts.includes('undecided') ? 3 : 0
}

function save(file) {
  writeFileSync(file, text)
  say(`written to ${fileURLToPath(file)}`)
}

function refuse(why) {
  console.error(why)
  process.exit(2)
}
