// A cold start, as a deployment or an autoscaler sees it: from spawning the process to the first 200 of /livez and of /sign-in, with
// real settings and a new database; and the memory of a server that nobody uses.
//   node bench/cold.mjs
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, wait } from './process.mjs'

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const GIVE_UP_MS = 20_000
const IDLE_MS = 5_000

export async function measureCold({ runs = 5, onProgress = () => {} } = {}) {
  const rows = []
  for (const mode of ['serve', 'dev']) {
    const seen = []
    let rss = null
    for (let run = 0; run < runs; run++) {
      onProgress(`cold start of \`${mode}\` ${run + 1}/${runs}`)
      const started = await coldStart(mode)
      seen.push(started)
      if (run === runs - 1) {
        await wait(IDLE_MS)
        rss = memory(started.pid)
      }
      await started.stop()
    }
    rows.push({ mode, livezMs: median(seen.map(({ livezMs }) => livezMs)), signInMs: median(seen.map(({ signInMs }) => signInMs)), rss })
  }
  // What of it is Node itself.
  const bare = []
  for (let run = 0; run < runs; run++) bare.push(await bareStart())
  return { rows, bareMs: median(bare) }
}

async function coldStart(mode) {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-cold-'))
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
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const livezMs = await firstAnswer(port, '/livez', began)
    const signInMs = await firstAnswer(port, '/sign-in', began)
    return { livezMs, signInMs, pid: child.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function firstAnswer(port, path, began) {
  while (performance.now() - began < GIVE_UP_MS) {
    if ((await status(port, path)) === 200) return performance.now() - began
    await wait(3)
  }
  throw new Error(`no 200 from ${path} within ${GIVE_UP_MS} ms`)
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
  for (const { mode, livezMs, signInMs, rss } of rows) {
    const memoryText = rss === null ? '' : `, idle ${(rss / 1e6).toFixed(0)} MB`
    console.log(`${mode}: /livez ${livezMs.toFixed(0)} ms, /sign-in ${signInMs.toFixed(0)} ms${memoryText}`)
  }
  console.log(`node alone: ${bareMs.toFixed(0)} ms`)
}
