// A process that does nothing but hand over the mails of a shared outbox to a real mail server, and that may be killed at any time.
import { createPostkey } from '../dist/index.js'
import { smtpTransport } from '../dist/mail/smtp.js'

const { database, secret, smtp, offset } = JSON.parse(process.argv[2])

const inner = smtpTransport({ url: smtp })
const transport = {
  ...inner,
  send: async (message, signal) => {
    const reply = await inner.send(message, signal)
    if (reply.class === 'accepted') process.send('handed over')
    return reply
  },
}
const log = {
  event: (name, fields) => {
    if (name === 'mail' && fields.reason === 'mail_sent') process.send('settled')
  },
  warn: console.warn,
  error: console.error,
}

await createPostkey({
  // Not a real port: all workers are of one site, and their mails are the same.
  url: 'http://localhost:3999',
  secret,
  database,
  mail: { from: 'sign-in@example.com', transport },
  now: () => Date.now() + offset,
  log,
})
process.send('ready')
process.on('disconnect', () => process.exit())
