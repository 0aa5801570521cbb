// A process that does nothing but hand over the mails of a shared outbox to a real mail server, and that may be killed at any time.
import { createPostkey } from '../dist/index.js'

const { database, secret, smtp, offset } = JSON.parse(process.argv[2])

await createPostkey({
  // Not a real port: all workers are of one site, and their mails are the same.
  url: 'http://localhost:3999',
  secret,
  database,
  mail: { from: 'sign-in@example.com', transport: smtp },
  now: () => Date.now() + offset,
})
process.send('ready')
process.on('disconnect', () => process.exit())
