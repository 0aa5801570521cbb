// The table: what is said → whether people are told to come again (503), or that we erred (500).
import { expect, test } from 'vitest'
import { Unavailable } from './operation.ts'
import { asUnavailable, isDeadlock, isOutOfReach } from './outage.ts'

const said = (code: string | undefined, message = 'said so'): Error => Object.assign(new Error(message), code === undefined ? {} : { code })

test.each([
  // The network.
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EPROTO',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  // TLS, as Node names it.
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'CRL_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_TLS_HANDSHAKE_TIMEOUT',
  'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  // The server: connection, full, stopping, disk, lock, statement, read-only, broken file.
  '08006',
  '53100',
  '53200',
  '53300',
  '55P03',
  '57014',
  '57P01',
  '57P03',
  '58030',
  '25006',
  '25P03',
  'XX000',
  // It has another password for us, does not know us, or has lost the database.
  '28P01',
  '28000',
  '3D000',
  // Or a table, or lets us read it no more.
  '42P01',
  '42501',
])('%s is an outage', (code) => {
  const error = said(code)
  expect(asUnavailable(error)).toBeInstanceOf(Unavailable)
  expect((asUnavailable(error) as Error).cause).toBe(error)
})

test.each([
  'Connection terminated unexpectedly',
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
  'The server does not support SSL connections',
  'SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match',
])('"%s", without a code, is an outage', (message) => {
  expect(asUnavailable(said(undefined, message))).toBeInstanceOf(Unavailable)
})

test.each([
  // Our SQL or our data.
  ['23505', 'duplicate key'],
  ['42601', 'syntax error'],
  ['42703', 'column does not exist'],
  ['22P02', 'invalid input syntax'],
  ['26000', 'prepared statement does not exist'],
  ['40P01', 'deadlock detected'],
  ['ERR_INVALID_ARG_TYPE', 'connection must be a string'],
  ['ERR_ASSERTION', 'timeout'],
  [undefined, 'the limit mailbox was not named among the locks'],
] as const)('%s (%s) is a defect, whatever its words', (code, message) => {
  const error = said(code, message)
  expect(asUnavailable(error)).toBe(error)
})

test('what is no error, or an outage already, stays what it is; only a deadlock is one', () => {
  const outage = new Unavailable('gone')
  expect([asUnavailable(outage), asUnavailable('gone')]).toEqual([outage, 'gone'])
  expect([isDeadlock(said('40P01')), isDeadlock(said('40001')), isDeadlock('40P01')]).toEqual([true, false, false])
})

test('a table out of reach is told from an outage of all, which would only fail its neighbours again', () => {
  const of = (code: string): boolean => isOutOfReach(asUnavailable(said(code)))
  expect([of('42P01'), of('42501'), of('57P01'), of('23505')]).toEqual([true, true, false, false])
  expect([isOutOfReach(new Unavailable('gone')), isOutOfReach('gone')]).toEqual([false, false])
})
