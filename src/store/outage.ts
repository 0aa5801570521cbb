// What PostgreSQL and the way to it say when something is wrong: outages, deadlocks, and what is left are defects.
import { Unavailable } from './operation.ts'

/** Two transactions waited for each other, and this one was ended so that the other could go on: it has only to begin again. */
export function isDeadlock(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '40P01'
}

/** Outages are told from defects: connection gone, server full or stopping, read-only, disk full, a lock or a statement timed out. */
const OUTAGES = /^(08|53|55P03|57|58|25006|25P03|XX000)/

export function asUnavailable(error: unknown): unknown {
  if (error instanceof Unavailable || !(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  const network = typeof code === 'string' && /^E[A-Z]+$/.test(code)
  const gone = /connection|timeout|terminated|not queryable|closed/i.test(error.message) && typeof code !== 'string'
  // A migration changed what the connection had prepared: it is given up for a new one, and the same request may come again.
  const outdated = code === '0A000' && /cached plan/.test(error.message)
  return network || gone || outdated || (typeof code === 'string' && OUTAGES.test(code))
    ? new Unavailable(error.message, { cause: error })
    : error
}
