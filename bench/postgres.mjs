// A PostgreSQL database for a server that is measured.
import pg from 'pg'

/** Enough connections for the commits of waiting requests to share a sync, and not so many that they wait for each other. */
const CONNECTIONS = 16

export function openPool(connectionString) {
  const pool = new pg.Pool({ connectionString, max: CONNECTIONS })
  pool.on('error', (error) => console.error(error.message))
  return pool
}
