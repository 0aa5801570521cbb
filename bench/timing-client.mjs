// The attacker of the timing test, in a process of its own: asks for an address of one kind and for one of another, in an order that is drawn for
// each pair, and measures every ask and what is sent right behind it. Before the next ask it waits until the server is at rest: else
// what the one causes would be counted against the other of its pair.
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { lots } from './auc.mjs'
import { Connection, header, person } from './browser.mjs'
import { addressOf } from './timing-plan.mjs'

const SETTLED_WITHIN_MS = 20_000
/** How many people a pair may take, so that both of it and those of all pairs come from networks and browsers never seen before. */
const PEOPLE_A_PAIR = 20
/** As many kinds of browsers as there are: both of a pair have the same one. */
const AGENTS = 5

const settled = new Map()
const waiting = new Map()
let draw = null
let pairs = 0

/** One stretch of pairs, on two new connections: a server ends those that have lasted for long. */
async function measure({ port, seed, kinds, count, expected, leak }) {
  draw ??= lots(seed)
  const asking = new Connection(port)
  const probing = new Connection(port)
  const samples = { ask: [], live: [], third: [] }
  try {
    for (const connection of [asking, probing]) await expect(connection, person(0, port).get('/livez', ''), 200)
    for (let pair = 0; pair < count; pair++) {
      const took = {}
      for (const [place, kind] of (draw() < 0.5 ? kinds : kinds.toReversed()).entries()) {
        const number = pairs * PEOPLE_A_PAIR + place * AGENTS
        const ask = askOf(
          person(number, port),
          addressOf(seed, kind, pairs),
          leak === undefined ? null : kind === kinds[0] ? leak : '0000 0000',
        )
        const third = askOf(person(number + 2 * AGENTS, port), addressOf(seed, `third ${place}`, pairs), null)
        took[kind] = await one({ asking, probing, ask, third, look: person(number, port).get('/livez', ''), expected: expected[kind] })
      }
      for (const probe of Object.keys(samples)) samples[probe].push(kinds.map((kind) => took[kind][probe]))
      pairs += 1
    }
  } finally {
    asking.close()
    probing.close()
  }
  return samples
}

async function one({ asking, probing, ask, third, look, expected }) {
  // Between timers of the server and ours there must be no beat.
  await new Promise((resolve) => setTimeout(resolve, 1 + Math.floor(draw() * 3)))
  const began = performance.now()
  const answer = await asking.send(ask)
  const answered = performance.now()
  const alive = await probing.send(look)
  const looked = performance.now()
  const after = await probing.send(third)
  const ended = performance.now()
  if (answer.status !== 303 || alive.status !== 200 || after.status !== 303) {
    throw new Error(
      `answered ${answer.status}, ${alive.status} and ${after.status} instead of 303, 200 and 303: ${answer.body.slice(0, 300)}`,
    )
  }
  const [got] = await Promise.all([answer, after].map((asked) => settling(header(asked.head, 'location').split('?c=')[1])))
  if (got !== expected) throw new Error(`decided ${got} instead of ${expected}`)
  return { ask: answered - began, live: looked - answered, third: ended - looked }
}

function askOf(who, email, leak) {
  const request = who.post('/sign-in', `email=${encodeURIComponent(email)}`, '')
  return leak === null ? request : request.replace('\r\n', `\r\nX-Leak: ${leak}\r\n`)
}

async function expect(connection, request, status) {
  const answer = await connection.send(request)
  if (answer.status !== status) throw new Error(`answered ${answer.status} instead of ${status}`)
}

/** What was decided of a challenge, once its mail is settled. */
function settling(challenge) {
  const reasons = settled.get(challenge)
  if (reasons !== undefined) {
    settled.delete(challenge)
    return reasons
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`a mail was not settled within ${SETTLED_WITHIN_MS} ms`)), SETTLED_WITHIN_MS)
    waiting.set(challenge, (reasons) => {
      clearTimeout(timer)
      waiting.delete(challenge)
      resolve(reasons)
    })
  })
}

function hear(line) {
  const challenge = line.slice(0, line.indexOf(' '))
  const reasons = line.slice(challenge.length + 1)
  const wanted = waiting.get(challenge)
  if (wanted === undefined) settled.set(challenge, reasons)
  else wanted(reasons)
}

const { socket } = JSON.parse(process.env.BENCH_OPTIONS)
rmSync(socket, { force: true })
const listener = createServer((connection) => {
  let rest = ''
  connection.setEncoding('latin1')
  connection.on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()
    for (const line of lines) hear(line)
  })
})
listener.listen(socket, () => process.send({ ready: {} }))
process.on('message', async ({ id, ask, options }) => {
  if (ask === 'stop') process.exit(0)
  try {
    process.send({ id, answer: await measure(options) })
  } catch (error) {
    process.send({ id, error: String(error?.message ?? error) })
  }
})
process.on('disconnect', () => process.exit(0))
