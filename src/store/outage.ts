// What PostgreSQL and the way to it say when something is wrong: outages, deadlocks, and what is left are defects.
import { Unavailable } from './operation.ts'

/** Two transactions waited for each other, and this one was ended so that the other could go on: it has only to begin again. */
export function isDeadlock(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '40P01'
}

/**
 * Codes of the server: connection gone, server full or stopping, read-only, disk full, a lock or a statement timed out; and a server that
 * does not let us in any more, or has lost the database: somebody changed it while we ran.
 */
const OUTAGES = /^(08|28|3D000|53|55P03|57|58|25006|25P03|XX000)/

/** Codes of the network, and of Node's TLS: a certificate that ran out or was replaced says nothing about what was asked. */
const ON_THE_WAY =
  /^(E[A-Z]+|EAI_[A-Z]+|ERR_(TLS|SSL)_\w+|(CERT|CRL|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|ERROR_IN_C\w\w+)_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH)$/

/** Of what carries no code, the words. `SASL`: the two could not agree on who we are. */
const WORDS = /connection|timeout|terminated|not queryable|closed|^SASL/i

/** Codes of the server: a table is not there, or may not be read: somebody changed the database while we ran (RL-18). */
const OUT_OF_REACH = /^(42P01|42501)$/

/** Only whoever wanted that table hears of it; what it came in one transaction with may go on alone. */
export function isOutOfReach(error: unknown): boolean {
  const { code } = (error instanceof Unavailable ? (error.cause ?? {}) : {}) as { code?: unknown }
  return typeof code === 'string' && OUT_OF_REACH.test(code)
}

export function asUnavailable(error: unknown): unknown {
  if (error instanceof Unavailable || !(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  const outage =
    typeof code === 'string'
      ? OUTAGES.test(code) || OUT_OF_REACH.test(code) || ON_THE_WAY.test(code) || isOutdated(error, code)
      : WORDS.test(error.message)
  return outage ? new Unavailable(error.message, { cause: error }) : error
}

/** A migration changed what the connection had prepared: it is given up for a new one, and the same request may come again. */
function isOutdated(error: Error, code: string): boolean {
  return code === '0A000' && /cached plan/.test(error.message)
}
