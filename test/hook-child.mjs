// A Postkey with hooks that kills itself (SIGKILL): as soon as what a hook is to be told is committed, or in the middle of the call.
import { createServer } from 'node:http'
import { createPostkey } from '../dist/index.js'
import { openEngine, storeOver } from '../dist/store/open.js'

const { database, secret, die, offset } = JSON.parse(process.argv[2])
const now = () => Date.now() + offset
const kill = () => process.kill(process.pid, 'SIGKILL')

const engine = await openEngine(database, { now })
await engine.migrate()
const store = storeOver(engine)
const wrapped = {
  ...store,
  verify: async (...given) => {
    const outcome = await store.verify(...given)
    if (die === 'after commit' && outcome.decision.verdict === 'signed_in') kill()
    return outcome
  },
}
const told = (name) => async (what) => {
  process.send({ name, what })
  // Long enough for the message to leave.
  await new Promise((resolve) => setTimeout(resolve, 50))
  if (die === 'in the call') kill()
}
const postkey = await createPostkey({
  url: 'http://localhost:3999',
  secret,
  database: wrapped,
  now,
  mail: {
    from: 'sign-in@example.com',
    transport: {
      name: 'parent',
      send: async (message) => {
        process.send({ mail: message.text })
        return { class: 'accepted', text: 'ok' }
      },
      verify: async () => {},
      close: async () => {},
    },
  },
  hooks: { signedIn: told('signedIn'), addressConfirmed: told('addressConfirmed'), signedOut: told('signedOut') },
})
const server = createServer(postkey.listener)
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('disconnect', () => process.exit())
