// Better Auth as its documents say to run it: its magic-link and email-otp plugins behind its own handler for node:http, its own
// schema. In its favour: limits so high that they never bite, no telemetry, log of errors only, and no sweep of expired proofs with
// every verification, which it would do by default.
import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { emailOTP, magicLink } from 'better-auth/plugins'
import { openChannel } from '../channel.mjs'
import { answerRunner } from '../control.mjs'
import { openPool } from '../postgres.mjs'
import { openSqlite } from '../sqlite.mjs'
import { sqliteDialect } from './kysely-sqlite.mjs'

const { socket, databaseUrl, schema } = JSON.parse(process.env.BENCH_OPTIONS)
const MANY = 1_000_000_000

const channel = openChannel(socket)
const pool = databaseUrl.startsWith('file:') ? null : openPool(databaseUrl)
const server = createServer()
server.keepAliveTimeout = 60_000
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address()

const options = {
  baseURL: `http://localhost:${port}`,
  secret: 'the benchmark signs cookies with this',
  database: pool ?? { dialect: sqliteDialect(await openSqlite(databaseUrl)), type: 'sqlite', transaction: true },
  plugins: [
    magicLink({ sendMagicLink: ({ email, url }) => channel.send(email, '-', '-', url.slice(url.indexOf('/api/'))) }),
    emailOTP({ sendVerificationOTP: async ({ email, otp }) => channel.send(email, otp, '-', '-') }),
  ],
  rateLimit: { enabled: true, window: 10, max: MANY, customRules: { '/**': { window: 10, max: MANY } } },
  verification: { disableCleanup: true },
  telemetry: { enabled: false },
  logger: { level: 'error' },
}
if (schema !== 'ready') await (await getMigrations(options)).runMigrations()
server.on('request', toNodeHandler(betterAuth(options)))

answerRunner({
  port,
  stop: async () => {
    channel.close()
    server.closeAllConnections()
    await pool?.end()
  },
})
