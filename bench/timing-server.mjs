// Postkey as `serve` runs it, with a real mail server behind it, for the timing test. What is raised is the limit of the whole site, which
// one machine's asks would meet; all others are those of the preset. Told to, it also plays a server with a leak.
// Without a mail server a mail is tried twice and not for minutes: the tries of all asks before would fill the time between two.
import diagnostics from 'node:diagnostics_channel'
import { createConnection } from 'node:net'
import { answerRunner } from './control.mjs'

const { socket, databaseUrl, secret, dist, signUp, smtp, smtpPort, leaks } = JSON.parse(process.env.BENCH_OPTIONS)
const [{ readConfig }, { createLog }, { startServer }] = await Promise.all([
  import(`${dist}/run/config.js`),
  import(`${dist}/run/log.js`),
  import(`${dist}/server.js`),
])

const env = {
  POSTKEY_URL: 'http://localhost:0',
  POSTKEY_SECRET: secret,
  POSTKEY_DATABASE_URL: databaseUrl,
  POSTKEY_SMTP_URL: `smtp://127.0.0.1:${smtpPort}?tls=off`,
  POSTKEY_MAIL_FROM: 'sign-in@example.com',
  POSTKEY_TRUSTED_PROXIES: '127.0.0.1',
  POSTKEY_LOG: 'info',
  PORT: '0',
}
const read = readConfig({ env, mode: 'serve', folder: new URL('.', import.meta.url).pathname })
if (!read.ok) throw new Error(JSON.stringify(read.problems))
const { policy } = read.config
const SECOND = 1_000
const twice = smtp === 'down' ? { linkTtl: 60 * SECOND, codeTtl: 60 * SECOND, mailUsefulFor: 50 * SECOND } : {}
const config = {
  ...read.config,
  policy: { ...policy, ...twice, signUp, starts: { ...policy.starts, tenant: { count: 1_000_000_000, per: 60_000 } } },
}

// The asker is told when the mail of a challenge was settled, and what was decided, so that every ask finds the server at rest.
const asker = createConnection(socket)
const decided = new Map()
const log = createLog({ level: config.log, format: 'json' })
const listening = {
  ...log,
  event(name, fields) {
    log.event(name, fields)
    if (name === 'sign_in_start') decided.set(fields.challenge, fields.reason)
    if (name !== 'mail' || !decided.has(fields.challenge)) return
    asker.write(`${fields.challenge} ${decided.get(fields.challenge)} ${fields.reason}\n`)
    decided.delete(fields.challenge)
  },
}

if (leaks) {
  diagnostics.subscribe('http.server.request.start', ({ request, response }) => {
    const [before, after] = (request.headers['x-leak'] ?? '0 0').split(' ').map(Number)
    if (after > 0) response.once('finish', () => spin(after))
    spin(before)
  })
}

function spin(microseconds) {
  const until = performance.now() + microseconds / 1_000
  while (performance.now() < until);
}

const server = await startServer(config, { mode: 'serve', log: listening })
answerRunner({
  port: server.port,
  stop: async () => {
    asker.destroy()
    await server.close()
  },
})
