// `npm run test:matrix`: the tests on every Node we promise, each with every provider of SQLite that it can use. The Nodes come from
// the npm registry into node_modules/.cache. The last line is the sum, "N passed, N failed"; a Node that cannot be had is a failure.
//   --quick   what .ci/run adds to `npm test`, and not again what that ran: the tests beside the sources and the files that try the
//             database hard; with a provider that is not the Node's first choice only the latter
import { spawn, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fetchNode, NODES } from './nodes.mjs'

const BUILT_IN = 'node:sqlite'
const PACKAGE = '@photostructure/sqlite'

/** Whatever a provider could do otherwise: the contract of the store, files that others hold open, crashes, copies, races. */
const HARD_ON_DATABASE =
  /^(?:src\/store\/.*|test\/(?:store|outbox|interleavings)|test\/stories\/(?:at-rest|kill|races|restore|sign-in|two-nodes))\.test\.tsx?$/

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
const quick = process.argv.includes('--quick')
const unknown = process.argv.slice(2).find((flag) => flag !== '--quick')
if (unknown !== undefined) {
  console.error(`matrix: ${unknown} is not known; the only flag is --quick`)
  process.exit(2)
}

const runs = NODES.flatMap((version) => providersOf(version).map((provider) => ({ version, provider }))).filter(
  ({ version, provider }) => !(quick && majorOf(version) === majorOf(process.versions.node) && provider === providersOf(version)[0]),
)
const rows = []
for (const [index, run] of runs.entries()) {
  const name = `Node ${run.version} × ${run.provider}`
  console.log(`== ${name} (${index + 1} of ${runs.length})`)
  const began = performance.now()
  const result = await outcome(run).catch((error) => ({ passed: 0, failed: 1, problem: error.message }))
  const seconds = Math.round((performance.now() - began) / 1_000)
  if (result.problem !== undefined) console.error(`== ${name} failed: ${result.problem}`)
  rows.push({ ...run, ...result, seconds })
}
printTable()
const sum = (key) => rows.reduce((total, row) => total + row[key], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed`)
process.exitCode = sum('failed') > 0 ? 1 : 0

function majorOf(version) {
  return Number(version.split('.')[0])
}

/** The one that is taken when nobody says otherwise comes first. */
function providersOf(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 13) ? [BUILT_IN, PACKAGE] : [PACKAGE]
}

async function outcome({ version, provider }) {
  const node = fetchNode(version)
  const env = {
    ...process.env,
    // For tests that start "node" by its name; those that start their own Node do so by its path.
    PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
    POSTKEY_TEST_SQLITE: provider === PACKAGE ? 'package' : '',
  }
  const sqlite = probe(node, version, provider, env)
  const { status, output } = await test(node, filesFor(version, provider), env)
  const counts = /^(\d+) passed, (\d+) failed$/.exec(output.trim().split('\n').at(-1) ?? '')
  const [passed, failed] = counts === null ? [0, 0] : [Number(counts[1]), Number(counts[2])]
  if (status === 0 && failed === 0 && passed > 0) return { sqlite, passed, failed }
  const from = output.search(/⎯ (?:Failed|Unhandled)/)
  console.error(from >= 0 ? output.slice(from) : output.split('\n').slice(-100).join('\n'))
  return { sqlite, passed, failed: Math.max(failed, 1), problem: counts === null ? `the run ended with ${status}` : counts[0] }
}

/** Is it the Node, and is it the provider? Otherwise the table would tell stories. Answers the version of SQLite. */
function probe(node, version, provider, env) {
  const script = `
    const { openSqlite } = await import('./dist/store/sqlite.js')
    const { DatabaseSync } = await import(process.argv[1])
    const engine = await openSqlite(':memory:', { now: Date.now })
    const [{ sqlite }] = engine.database.prepare('select sqlite_version() as sqlite').all()
    console.log(JSON.stringify([process.versions.node, engine.database instanceof DatabaseSync, sqlite]))
    await engine.close()`
  const { status, stdout, stderr } = spawnSync(node, ['--input-type=module', '--eval', script, provider], {
    cwd: root,
    env,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`it does not open a database: ${stderr.trim()}`)
  const [is, provided, sqlite] = JSON.parse(stdout)
  if (is !== version) throw new Error(`the Node that was fetched is ${is}`)
  if (!provided) throw new Error(`the store was not opened with ${provider}`)
  return sqlite
}

function filesFor(version, provider) {
  const all = testFiles()
  if (!quick) return all
  const beside = provider === providersOf(version)[0]
  return all.filter((file) => HARD_ON_DATABASE.test(file) || (beside && file.startsWith('src/')))
}

function test(node, wanted, env) {
  const tty = process.stdout.isTTY
  return new Promise((resolve) => {
    const child = spawn(node, [vitest, 'run', ...(quick ? wanted : [])], {
      cwd: root,
      env: { ...env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const began = performance.now()
    let output = ''
    let ticks = 0
    const tick = setInterval(() => {
      const done = new Set(output.match(/^ [✓❯×] \S+\.test\.tsx?(?= )/gm)).size
      const line = `   ${done} of ${wanted.length} files, ${Math.round((performance.now() - began) / 1_000)} s`
      if (tty) process.stdout.write(`\r${line} `)
      // A log wants a sign of life, and no more.
      else if (++ticks % 30 === 0) console.log(line)
    }, 1_000)
    const read = (chunk) => {
      output += chunk.toString()
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('close', (code, signal) => {
      clearInterval(tick)
      if (tty) process.stdout.write('\r\x1b[2K')
      resolve({ status: code ?? signal, output })
    })
  })
}

/** What vitest.config.ts includes. */
function testFiles() {
  return ['src', 'test']
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => /\.test\.tsx?$/.test(file) && !file.startsWith(join('test', 'deep')))
}

function printTable() {
  const head = ['Node', 'provider of SQLite', 'SQLite', 'passed', 'failed', 'seconds']
  const cells = rows.map((row) => [row.version, row.provider, row.sqlite ?? '–', row.passed, row.failed, row.seconds].map(String))
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at].length)))
  const line = (row) => row.map((cell, at) => (at < 3 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ')
  console.log(`\n${[head, widths.map((width) => '-'.repeat(width)), ...cells].map(line).join('\n')}\n`)
}
