// One measurement: load on one server for some seconds, and what both ends report of it.
import { mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProcess, wait } from './process.mjs'

const results = fileURLToPath(new URL('results/', import.meta.url))
const RAMP_MS = 300

/** The load generator and the servers asked for, by name; each server with a new database on a real disk. */
export async function startAll(servers) {
  // Not in the system's folder for temporary files: that is often in memory, where a sync costs nothing.
  const folder = mkdtempSync(join(results, 'run-'))
  const socket = join(folder, 'mails')
  const started = []
  const stopAll = async () => {
    await Promise.all(started.map((one) => one.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const load = await startProcess('load.mjs', { socket }, 1)
    started.push({ stop: async () => load.kill() })
    const running = {}
    for (const [name, { file, ...options }] of Object.entries(servers)) {
      running[name] = await startProcess(file, { socket, database: join(folder, `${name}.db`), ...options }, 0)
      started.push(running[name])
    }
    return { load, servers: running, stopAll }
  } catch (error) {
    await stopAll()
    throw error
  }
}

export const floors = { floor: { file: 'floor.mjs', groupCommit: true }, alone: { file: 'floor.mjs', groupCommit: false } }
export const postkey = (dist) => ({ file: 'postkey.mjs', dist: resolve(dist) })

/** @throws when any answer was not the expected one: a fast refusal is not a sign-in. */
export async function measure(load, server, { scenario, connections, seconds, during }) {
  await load.ask('start', { scenario, port: server.port, connections })
  await wait(RAMP_MS)
  const [before] = await Promise.all([server.ask('usage'), load.ask('begin')])
  await during?.start()
  await wait(seconds * 1_000)
  const [after, seen] = await Promise.all([server.ask('usage'), load.ask('end')])
  const given = await during?.stop()
  const failure = (await load.ask('stop')) ?? seen.failure
  if (failure !== null) throw new Error(`${scenario} at ${connections} connections: ${failure}`)
  const cpu = (after.cpu - before.cpu) / (after.at - before.at)
  return {
    perSecond: seen.perSecond,
    /** Microseconds of the server's core for each sign-in or session check. */
    cpuEach: (cpu * 1e6) / seen.perSecond,
    busy: cpu,
    rss: after.rss,
    loadBusy: seen.ownCpu,
    times: seen.times,
    during: given,
  }
}
