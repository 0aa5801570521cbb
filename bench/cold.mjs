// A cold start, as a deployment or an autoscaler sees it: from spawning the process to its first good answer, with real settings and
// a SQLite database; and the memory of a server that nobody uses. Postkey and the floor make a new database while they start; the
// peers find theirs made, since they make it by a command of its own.
//   node bench/cold.mjs
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, startProcess, wait } from './process.mjs'
import { floors } from './servers.mjs'

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const GIVE_UP_MS = 20_000

export async function measureCold({ runs = 5, idleSeconds = 5, servers = [floors.floor], onProgress = () => {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-cold-'))
  // Nobody asks for a code, so nobody listens to what comes.
  const mails = createServer((socket) => socket.resume()).listen(join(folder, 'mails'))
  const starters = ['serve', 'dev'].map((mode) => ({ title: `\`postkey ${mode}\``, start: () => startCommand(mode, folder) }))
  for (const server of servers) starters.push({ title: server.title, start: await prepareServer(server, folder) })
  try {
    const rows = []
    for (const { title, start } of starters) {
      const seen = []
      for (let run = 0; run < runs; run++) {
        onProgress(`cold start of ${title} ${run + 1}/${runs}`)
        const started = await start()
        seen.push(started)
        await started.stop()
      }
      rows.push({ title, answerMs: median(seen.map(({ answerMs }) => answerMs)), pageMs: median(seen.map(({ pageMs }) => pageMs)) })
    }
    onProgress('memory of idle servers')
    const idle = []
    for (const { start } of starters) idle.push(await start())
    await wait(idleSeconds * 1_000)
    rows.forEach((row, index) => {
      row.rss = memory(idle[index].pid)
    })
    await Promise.all(idle.map((started) => started.stop()))
    // What of it is Node itself.
    const bare = []
    for (let run = 0; run < runs; run++) bare.push(await bareStart())
    return { rows, idleSeconds, bareMs: median(bare) }
  } finally {
    mails.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startCommand(mode, parent) {
  const folder = mkdtempSync(join(parent, `${mode}-`))
  const port = await freePort()
  const settings = {
    POSTKEY_URL: `http://localhost:${port}`,
    POSTKEY_SECRET: randomBytes(33).toString('base64'),
    POSTKEY_DATABASE_URL: `file:${join(folder, 'postkey.db')}`,
    POSTKEY_SMTP_URL: 'smtp://localhost:2525',
    POSTKEY_MAIL_FROM: 'sign-in@example.com',
  }
  const env = { PATH: process.env.PATH, PORT: String(port), ...(mode === 'serve' ? settings : {}) }
  const began = performance.now()
  const child = spawn(process.execPath, [cli, mode], { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  const stop = async () => {
    child.kill('SIGTERM')
    await gone
  }
  try {
    const answerMs = await firstAnswer(port, '/livez', 200, began)
    const pageMs = await firstAnswer(port, '/sign-in', 200, began)
    return { answerMs, pageMs, pid: child.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A server of this folder, which says itself on which port it listens. */
async function prepareServer({ file, options, package: isPeer, firstAnswer: [path, status] }, parent) {
  const start = async (databaseUrl, schema) => {
    const began = performance.now()
    const child = await startProcess(file, { socket: join(parent, 'mails'), databaseUrl, schema, ...options }, null)
    const answerMs = await firstAnswer(child.port, path, status, began)
    return { answerMs, pageMs: null, pid: child.pid, stop: child.stop }
  }
  const fresh = () => `file:${join(mkdtempSync(join(parent, 'server-')), 'bench.db')}`
  if (!isPeer) return () => start(fresh())
  const made = fresh()
  await (await start(made)).stop()
  return () => start(made, 'ready')
}

async function firstAnswer(port, path, wanted, began) {
  while (performance.now() - began < GIVE_UP_MS) {
    if ((await status(port, path)) === wanted) return performance.now() - began
    await wait(3)
  }
  throw new Error(`no ${wanted} from ${path} within ${GIVE_UP_MS} ms`)
}

function status(port, path) {
  return new Promise((resolve) => {
    get({ port, path, host: '127.0.0.1', headers: { host: `localhost:${port}` }, agent: false }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    }).on('error', () => resolve(null))
  })
}

async function bareStart() {
  const began = performance.now()
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' })
  await new Promise((resolve) => child.once('exit', resolve))
  return performance.now() - began
}

/** Resident bytes; null where the system does not tell them in this way. */
function memory(pid) {
  const file = `/proc/${pid}/status`
  if (!existsSync(file)) return null
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))[1]) * 1_024
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { rows, bareMs } = await measureCold({ onProgress: (line) => console.log(line) })
  for (const { title, answerMs, pageMs, rss } of rows) {
    const page = pageMs === null ? '' : `, /sign-in ${pageMs.toFixed(0)} ms`
    const memoryText = rss === null ? '' : `, idle ${(rss / 1e6).toFixed(0)} MB`
    console.log(`${title}: first answer ${answerMs.toFixed(0)} ms${page}${memoryText}`)
  }
  console.log(`node alone: ${bareMs.toFixed(0)} ms`)
  process.exit(0)
}
