// The load generator, in a process of its own: a closed loop on N connections. Each loop is one person after another who asks,
// waits for the mail, and presents the code or the link; or who is signed in and is recognised again and again. An answer other
// than the expected one ends the run.
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { Connection, cookie, header, person } from './browser.mjs'
import { readChannel } from './channel.mjs'

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

  constructor({ scenario, port, connections }) {
    const once = { code: signIn, link: signIn, session: recognise }[scenario]
    for (let i = 0; i < connections; i++) this.loops.push(this.#loop(new Connection(port), port, once, scenario))
  }

  async #loop(connection, port, once, proof) {
    try {
      const state = { port, proof, cookies: '' }
      while (!this.stopped && this.failure === null) {
        await once(connection, state, this.samples)
        this.done += 1
      }
    } catch (error) {
      if (!this.stopped) this.failure = String(error?.message ?? error)
    } finally {
      connection.close()
    }
  }
}

async function signIn(connection, { port, proof }, samples) {
  people += 1
  const { post } = person(people, port)
  const email = `person-${people}@example.com`
  const began = performance.now()
  const asked = await connection.send(post('/sign-in', `email=${encodeURIComponent(email)}`, ''))
  expect(asked, 303)
  const answered = performance.now()
  samples.ask.push(answered - began)
  const challenge = header(asked.head, 'location').split('?c=')[1]
  const browser = cookie(asked.head, 'postkey-browser') ?? ''
  const mail = await mailTo(email)
  const arrived = performance.now()
  samples.mail.push(arrived - answered)
  const verify =
    proof === 'link'
      ? post(`/l/${mail.linkId}`, `secret=${mail.linkSecret}`, browser)
      : post('/sign-in/code', `c=${challenge}&code=${mail.code}`, browser)
  const signedIn = await connection.send(verify)
  samples.verify.push(performance.now() - arrived)
  expect(signedIn, 303)
  const session = cookie(signedIn.head, 'postkey-session')
  if (session === null) throw new Error('signed in without a session cookie')
  return browser === '' ? session : `${browser}; ${session}`
}

async function recognise(connection, state, samples) {
  if (state.cookies === '') {
    state.cookies = await signIn(connection, { port: state.port, proof: 'code' }, { ask: [], mail: [], verify: [] })
    state.request = person(people, state.port).get('/api/session', state.cookies)
  }
  const began = performance.now()
  const answer = await connection.send(state.request)
  samples.session.push(performance.now() - began)
  expect(answer, 200)
}

function expect(answer, status) {
  if (answer.status !== status) throw new Error(`answered ${answer.status} instead of ${status}: ${answer.body.slice(0, 300)}`)
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
  start: (options) => {
    run = new Run(options)
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
