// The load generator, in a process of its own: a closed loop on N connections. Each loop is one person after another who asks,
// waits for the mail, and presents the code or the link; or who is signed in and is recognised again and again. An answer other
// than the expected one ends the run.
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { Connection, person } from './browser.mjs'
import { readChannel } from './channel.mjs'
import { clients } from './clients.mjs'

const MAIL_WITHIN_MS = 10_000

let people = 0
const mails = new Map()
const waiting = new Map()

/** One measured run. Samples are taken between two marks, when all loops are under way. */
class Run {
  stopped = false
  done = 0
  failure = null
  samples = { ask: [], mail: [], verify: [], session: [] }
  loops = []
  /** When every loop has been round once, or none will: until then a session check is still a sign-in. */
  underWay = null

  constructor({ scenario, port, connections, client: kind }) {
    const once = { start, code: signIn, link: signIn, session: recognise }[scenario]
    const client = clients[kind]
    const proof = scenario === 'link' || scenario === 'code' ? scenario : client.proof
    const firsts = Array.from({ length: connections }, () => {
      const state = { port, client, proof, request: null }
      return new Promise((resolve) => this.loops.push(this.#loop(new Connection(port), once, state, resolve)))
    })
    this.underWay = Promise.all(firsts)
  }

  async #loop(connection, once, state, onceRound) {
    const send = async (request, status, part = '') => {
      const answer = await connection.send(request)
      if (answer.status !== status || !answer.body.includes(part))
        throw new Error(`answered ${answer.status} instead of ${status} ${part}: ${answer.body.slice(0, 300)}`)
      return answer
    }
    try {
      while (!this.stopped && this.failure === null) {
        await once(send, state, this.samples)
        this.done += 1
        onceRound()
      }
    } catch (error) {
      if (!this.stopped) this.failure = String(error?.message ?? error)
    } finally {
      connection.close()
      onceRound()
    }
  }
}

/** Asks, and waits until the mail has left: a server that answers first and mails later has not done its work yet. */
async function start(send, { port, client, proof }, samples) {
  people += 1
  const who = person(people, port)
  const email = `person-${people}@example.com`
  const began = performance.now()
  const asked = await client.ask(send, who, email, proof)
  const answered = performance.now()
  samples.ask.push(answered - began)
  const mail = await mailTo(email)
  samples.mail.push(performance.now() - answered)
  return { who, email, asked, mail }
}

async function signIn(send, state, samples) {
  const { who, email, asked, mail } = await start(send, state, samples)
  const arrived = performance.now()
  const session = await state.client.verify(send, who, mail, asked, state.proof, email)
  samples.verify.push(performance.now() - arrived)
  return { who, email, session }
}

async function recognise(send, state, samples) {
  if (state.request === null) {
    const { who, email, session } = await signIn(send, state, { ask: [], mail: [], verify: [] })
    state.request = who.get(state.client.session, session)
    state.email = email
  }
  const began = performance.now()
  await send(state.request, 200, state.email)
  samples.session.push(performance.now() - began)
}

function mailTo(email) {
  const mail = mails.get(email)
  if (mail !== undefined) {
    mails.delete(email)
    return mail
  }
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no mail within ${MAIL_WITHIN_MS} ms`)), MAIL_WITHIN_MS)
    waiting.set(email, (arrived) => {
      clearTimeout(timer)
      resolve(arrived)
    })
  })
}

function receive(email, mail) {
  const wanted = waiting.get(email)
  if (wanted === undefined) mails.set(email, mail)
  else {
    waiting.delete(email)
    wanted(mail)
  }
}

function quantile(samples, q) {
  if (samples.length === 0) return null
  const sorted = Float64Array.from(samples).sort()
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]
}

let run = null
let marked = null

function mark() {
  const { user, system } = process.cpuUsage()
  return { at: performance.now(), done: run.done, cpu: user + system }
}

const orders = {
  start: async (options) => {
    run = new Run(options)
    await run.underWay
  },
  begin: () => {
    for (const list of Object.values(run.samples)) list.length = 0
    marked = mark()
  },
  end: () => {
    const now = mark()
    const seconds = (now.at - marked.at) / 1_000
    const times = Object.entries(run.samples).map(([name, list]) => [name, { p50: quantile(list, 0.5), p99: quantile(list, 0.99) }])
    return {
      perSecond: (now.done - marked.done) / seconds,
      ownCpu: (now.cpu - marked.cpu) / 1e6 / seconds,
      times: Object.fromEntries(times),
      failure: run.failure,
    }
  },
  stop: async () => {
    run.stopped = true
    await Promise.all(run.loops)
    mails.clear()
    waiting.clear()
    return run.failure
  },
}

const { socket } = JSON.parse(process.env.BENCH_OPTIONS)
rmSync(socket, { force: true })
createServer((connection) => readChannel(connection, receive)).listen(socket, () => process.send({ ready: {} }))
process.on('message', async ({ id, ask, options }) => process.send({ id, answer: (await orders[ask](options)) ?? null }))
process.on('disconnect', () => process.exit(0))
