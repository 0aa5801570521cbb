// One node of several: a Postkey on the database that all of them share, which hands its mails to the process that started it
// and may be killed at any time. Its clock runs as fast as it is told, so that minutes of life pass in seconds; or is that of production.
import { createServer } from 'node:http'
import { createPostkey } from '../dist/index.js'

const { database, secret, policy, clock } = JSON.parse(process.argv[2])
const now = clock === null ? undefined : () => Math.floor(clock.epoch + (Date.now() - clock.epoch) * clock.speed)

const transport = {
  name: 'parent',
  send: async (message) => {
    process.send({ mail: message })
    return { class: 'accepted', code: 250, text: 'ok' }
  },
  verify: async () => {},
  close: async () => {},
}

const postkey = await createPostkey({
  // Not the real port: all nodes are one site.
  url: 'http://localhost:3999',
  secret,
  database,
  mail: { from: 'sign-in@example.com', transport },
  policy,
  // Each client comes through the proxy in front, from a network of its own.
  trustedProxies: ['127.0.0.1/32'],
  now,
})
const server = createServer((incoming, outgoing) => postkey.listener(incoming, outgoing))
server.listen(0, '127.0.0.1', 1_024, () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
