// One measurement: load on one server for some seconds, and what both ends report of it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDatabases } from './databases.mjs'
import { startProcess, wait } from './process.mjs'

const results = fileURLToPath(new URL('results/', import.meta.url))
const RAMP_MS = 200
const SERVER_CORE = 0
const OTHER_CORE = 1

/** The load generator and the servers asked for, by name; each server with a new database on a real disk. */
export async function startAll(servers, engine = 'sqlite', settings = {}) {
  mkdirSync(results, { recursive: true })
  // Not in the system's folder for temporary files: that is often in memory, where a sync costs nothing.
  const folder = mkdtempSync(join(results, 'run-'))
  const socket = join(folder, 'mails')
  const started = []
  const stopAll = async () => {
    // The databases were started before the servers that use them.
    for (const one of started.toReversed()) await one.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const load = await startProcess('load.mjs', { socket }, OTHER_CORE)
    started.push({ stop: async () => load.kill() })
    const databases = await openDatabases[engine](folder, OTHER_CORE, settings)
    started.push(databases)
    /** On a database that is there; `options` beside its own. */
    const startOn = async (databaseUrl, { file, client, options }, more = {}) => {
      const process = await startProcess(file, { socket, databaseUrl, ...options, ...more }, SERVER_CORE)
      const server = { client, database: databases, databaseUrl, ...process }
      started.push(server)
      return server
    }
    const running = {}
    for (const [name, server] of Object.entries(servers)) running[name] = await startOn(await databases.create(name), server)
    return { load, servers: running, stopAll, startOn, createDatabase: databases.create }
  } catch (error) {
    await stopAll()
    throw error
  }
}

/** @throws when any answer was not the expected one: a fast refusal is not a sign-in. */
export async function measure(load, server, { scenario, connections, seconds, during }) {
  await load.ask('start', { scenario, port: server.port, client: server.client, connections })
  await wait(RAMP_MS)
  const [before, databaseBefore] = await Promise.all([server.ask('usage'), server.database.usage(), load.ask('begin')])
  await during?.start()
  await wait(seconds * 1_000)
  const [after, databaseAfter, seen] = await Promise.all([server.ask('usage'), server.database.usage(), load.ask('end')])
  const given = await during?.stop()
  const failure = (await load.ask('stop')) ?? seen.failure
  if (failure !== null) throw new Error(`${scenario} at ${connections} connections: ${failure}`)
  const cpu = (after.cpu - before.cpu) / (after.at - before.at)
  return {
    perSecond: seen.perSecond,
    /** Microseconds of the server's core for each sign-in or session check. */
    cpuEach: (cpu * 1e6) / seen.perSecond,
    /** Microseconds of PostgreSQL's processes for each; null for SQLite, which is part of the server. */
    databaseEach:
      databaseAfter && (databaseAfter.cpu - databaseBefore.cpu) / ((databaseAfter.at - databaseBefore.at) / 1e6) / seen.perSecond,
    busy: cpu,
    rss: after.rss,
    loadBusy: seen.ownCpu,
    times: seen.times,
    during: given,
  }
}
