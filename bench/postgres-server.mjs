// The PostgreSQL of a benchmark, in a process of its own, so that it runs on the core where this process was put. It is the server
// that the tests start (test/postgres.ts), but its syncs are real.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { answerRunner } from './control.mjs'

const IN_MEMORY = 0x01021994
const TICKS_PER_SECOND = 100

const { folder, settings = {} } = JSON.parse(process.env.BENCH_OPTIONS)
// As root, PostgreSQL runs as "nobody", who may not be able to reach a folder of this repository.
const parent = process.getuid?.() === 0 ? '/var/tmp' : folder
if (statfsSync(parent).type === IN_MEMORY) throw new Error(`${parent} is in memory, where a sync costs nothing`)
const own = mkdtempSync(join(parent, 'postkey-bench-'))
chmodSync(own, 0o755)
process.env.TMPDIR = own

const bundle = fileURLToPath(new URL('results/postgres-for-tests.mjs', import.meta.url))
mkdirSync(new URL('results/', import.meta.url), { recursive: true })
await build({
  entryPoints: [fileURLToPath(new URL('../test/postgres.ts', import.meta.url))],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
})
const { startPostgres } = await import(pathToFileURL(bundle).href)
const server = await startPostgres({ fsync: 'on', ...settings })
// An interrupt reaches the whole group. The runner ends of it, and that ends this process in order.
process.on('SIGINT', () => {})
process.on('exit', () => rmSync(own, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))
answerRunner({ url: server.url, stop: () => server.stop(), usage })

/** What PostgreSQL's processes have used, those that have ended included; null where the system does not tell it in this way. */
function usage() {
  if (process.platform !== 'linux') return null
  const ticks = descendants(process.pid).reduce((sum, pid) => sum + ticksOf(pid), 0)
  return { at: performance.now() * 1_000, cpu: (ticks * 1e6) / TICKS_PER_SECOND }
}

function descendants(pid) {
  const children = (read(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter((text) => text !== '')
  return [...children, ...children.flatMap((child) => descendants(child))]
}

function ticksOf(pid) {
  const fields = (read(`/proc/${pid}/stat`) ?? '').replace(/^.*\) /, '').split(' ')
  return fields.length > 14 ? fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0) : 0
}

/** A process may end while it is looked at. */
function read(file) {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return null
  }
}
