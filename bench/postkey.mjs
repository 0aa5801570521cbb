// Postkey as it runs in production, in a process of its own: settings read by `serve`'s reader, its listener, pages, all limits,
// audit, sealed mail, the outbox worker, JSON log lines. Two things differ: the transport hands the mail to the load generator
// instead of a mail server, and the limits are high enough to let one machine's load through.
import { randomBytes } from 'node:crypto'
import { openChannel } from './channel.mjs'
import { answerRunner } from './control.mjs'

const { socket, databaseUrl, dist, policy = {} } = JSON.parse(process.env.BENCH_OPTIONS)
const [{ readConfig }, { createLog }, { startServer }] = await Promise.all([
  import(`${dist}/run/config.js`),
  import(`${dist}/run/log.js`),
  import(`${dist}/server.js`),
])

const MANY = 1_000_000_000
const env = {
  POSTKEY_URL: 'http://localhost:0',
  POSTKEY_SECRET: randomBytes(33).toString('base64'),
  POSTKEY_DATABASE_URL: databaseUrl,
  POSTKEY_SMTP_URL: 'smtp://localhost:2525',
  POSTKEY_MAIL_FROM: 'sign-in@example.com',
  POSTKEY_TRUSTED_PROXIES: '127.0.0.1',
  POSTKEY_LOG: 'info',
  PORT: '0',
}
const read = readConfig({ env, mode: 'serve', folder: new URL('.', import.meta.url).pathname })
if (!read.ok) throw new Error(JSON.stringify(read.problems))
const rate = { count: MANY, per: 60_000 }
const config = {
  ...read.config,
  policy: { ...read.config.policy, ...policy, starts: { network: rate, networkWide: rate, browser: rate, tenant: rate } },
}

const channel = openChannel(socket)
const transport = {
  name: 'bench',
  async send({ to, text }) {
    const link = text.indexOf('/l/') + 3
    channel.send(to, /^\d{6}$/m.exec(text)[0], text.slice(link, link + 17), text.slice(link + 18, link + 61))
    return { class: 'accepted', code: 250, text: '250 ok' }
  },
  verify: async () => {},
  close: async () => channel.close(),
}

// To standard output, which the runner leads to nowhere.
const log = createLog({ level: config.log, format: 'json' })
const server = await startServer(config, { mode: 'serve', log, transport })
answerRunner({ port: server.port, stop: () => server.close() })
