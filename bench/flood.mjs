// A tenant that is asked for a mail so many times a second, in a process of its own, whatever the answers take: an open loop. A request that
// finds no free connection is sent as soon as there is one.
import { Connection, person } from './browser.mjs'

const CONNECTIONS = 64
const TURN_MS = 10

const { port, prefix, perSecond } = JSON.parse(process.env.BENCH_OPTIONS)
const free = Array.from({ length: CONNECTIONS }, () => new Connection(port))
const answers = {}
let asked = 0
const began = performance.now()

function turn() {
  const due = Math.floor(((performance.now() - began) / 1_000) * perSecond)
  while (asked < due && free.length > 0) void ask(free.pop())
}

async function ask(connection) {
  asked += 1
  const who = person(1_000_000 + asked, port)
  const form = `email=noise-${asked}@example.com`
  const { status } = await connection.send(who.post(`${prefix}/sign-in`, form, ''))
  answers[status] = (answers[status] ?? 0) + 1
  free.push(connection)
}

setInterval(turn, TURN_MS)
process.send({ ready: {} })
process.on('message', ({ id, ask: what }) => {
  if (what === 'stop') process.exit(0)
  process.send({ id, answer: { asked, answers, seconds: (performance.now() - began) / 1_000 } })
})
process.on('disconnect', () => process.exit(0))
