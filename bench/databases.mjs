// Where the databases of a benchmark are made: new ones, on a real disk.
import { join } from 'node:path'
import pg from 'pg'
import { startProcess } from './process.mjs'

export const openDatabases = {
  sqlite: async (folder) => ({
    create: async (name) => `file:${join(folder, `${name}.db`)}`,
    usage: async () => null,
    stop: async () => {},
  }),
  /** On the load generator's core, so that PostgreSQL takes nothing from the server that is measured. */
  postgres: async (folder, core, settings) => {
    const server = await startProcess('postgres-server.mjs', { folder, settings }, core)
    const create = async (name) => {
      const client = new pg.Client({ connectionString: server.url })
      await client.connect()
      await client.query(`create database "${name}"`)
      await client.end()
      return server.url.replace(/\/postgres$/, `/${name}`)
    }
    return { create, usage: () => server.ask('usage'), stop: server.stop }
  },
}
