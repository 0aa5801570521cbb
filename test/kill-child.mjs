// A Postkey that kills itself (SIGKILL) at the n-th step: a step is each SQL text of a transaction that it is about to run, each
// commit before and after its answer, and each side of handing a mail over. Product code knows nothing of it: the driver and the
// transport are wrapped from outside.
import { createServer } from 'node:http'
import pg from 'pg'
import { createPostkey } from '../dist/index.js'
import { smtpTransport } from '../dist/mail/smtp.js'
import { openEngine, storeOver } from '../dist/store/open.js'
import { SqliteEngine } from '../dist/store/sqlite.js'

const { database, smtp, killAt, offset, secret } = JSON.parse(process.argv[2])
const now = () => Date.now() + offset
let steps = 0
let armed = false

function step(label) {
  if (!armed) return
  steps++
  process.send({ step: steps, label })
  if (steps === killAt) process.kill(process.pid, 'SIGKILL')
}

async function openSqlite() {
  const engine = await openEngine(database, { now })
  await engine.migrate()
  const inner = engine.database
  return new SqliteEngine(
    {
      exec: (sql) => {
        step(`before ${sql}`)
        inner.exec(sql)
        if (sql === 'commit') step('after commit')
      },
      prepare: (sql) => {
        const statement = inner.prepare(sql)
        const label = sql.slice(0, 60)
        // A GET's look and the worker's look for work are no steps: they come at any time and change nothing.
        const counts = !sql.startsWith('select')
        return {
          all: (...params) => {
            if (counts) step(label)
            return statement.all(...params)
          },
          run: (...params) => {
            step(label)
            return statement.run(...params)
          },
        }
      },
      close: () => inner.close(),
    },
    { now },
  )
}

/** Each connection of this process, statement by statement; looks outside of a transaction are no steps. */
async function openPostgres() {
  const engine = await openEngine(database, { now })
  await engine.migrate()
  const query = pg.Client.prototype.query
  const within = new WeakSet()
  pg.Client.prototype.query = function (...given) {
    const text = typeof given[0] === 'string' ? given[0] : given[0].text
    if (/^begin/.test(text)) within.add(this)
    if (!within.has(this)) return Reflect.apply(query, this, given)
    step(`before ${text.slice(0, 60)}`)
    const answer = Reflect.apply(query, this, given)
    if (!/^(commit|rollback)/.test(text)) return answer
    within.delete(this)
    // Sent, and nobody will ever know here what came of it (FA-16).
    setImmediate(() => step(`${text} sent`))
    return answer.finally(() => step(`after ${text}`))
  }
  return engine
}

const engine = database.startsWith('file:') ? await openSqlite() : await openPostgres()
const mailer = smtpTransport({ url: smtp })
const transport = {
  ...mailer,
  send: async (message) => {
    step('before handing the mail over')
    const reply = await mailer.send(message)
    step('after handing the mail over')
    return reply
  },
}

const server = createServer((incoming, outgoing) => listener(incoming, outgoing))
server.listen(0, '127.0.0.1', async () => {
  const { port } = server.address()
  const postkey = await createPostkey({
    // Not the real port: a restarted server is still the same site, and its mails are the same.
    url: 'http://localhost:3999',
    secret,
    database: storeOver(engine),
    mail: { from: 'sign-in@example.com', transport },
    now,
  })
  listener = postkey.listener
  armed = true
  process.send({ port })
})
let listener = (_, outgoing) => outgoing.writeHead(503).end()
process.on('disconnect', () => process.exit())
