// Starting the processes of a benchmark, each on a core of its own where the system can pin, and asking them things.
import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

export const pinned = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** Room for short-lived objects, as the systemd unit of docs/operating.md gives it: for the floor and the peers alike. */
export const NODE_FLAGS = ['--max-semi-space-size=32']

/** A process of this folder; resolves when it says that it is ready. Without a core it runs wherever the system puts it. */
export async function startProcess(file, options, core) {
  const script = fileURLToPath(new URL(file, import.meta.url))
  const node = [process.execPath, ...NODE_FLAGS, script]
  const command = pinned && core !== null ? ['taskset', '-c', String(core), ...node] : node
  const child = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', BENCH_OPTIONS: JSON.stringify(options) },
  })
  const asked = new Map()
  let asks = 0
  const fail = (error) => {
    for (const { reject } of asked.values()) reject(error)
    asked.clear()
  }
  const ready = new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message.ready) return resolve(message.ready)
      const question = asked.get(message.id)
      asked.delete(message.id)
      if (message.error) question?.reject(new Error(message.error))
      else question?.resolve(message.answer)
    })
    child.on('exit', (code) => {
      const error = new Error(`${file} ended with ${code}`)
      reject(error)
      fail(error)
    })
  })
  const answer = await ready
  return {
    ...answer,
    pid: child.pid,
    ask(what, about) {
      asks += 1
      return new Promise((resolve, reject) => {
        asked.set(asks, { resolve, reject })
        child.send({ id: asks, ask: what, options: about })
      })
    },
    stop() {
      // It ended by itself: whoever waited for its answer has heard of that.
      if (!child.connected) return Promise.resolve()
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.send({ id: 0, ask: 'stop' })
      // A big PostgreSQL writes all it holds before it ends, and only then can its folder be removed.
      const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
      return gone.then(() => clearTimeout(timer))
    },
    kill: () => child.kill('SIGKILL'),
  }
}

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export function median(values) {
  const sorted = values.filter((value) => value !== null && value !== undefined).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
