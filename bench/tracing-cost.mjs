// What do spans cost a sign-in? Three processes, by turns: a Postkey that was told of no tracing, one that was given the API with no SDK behind
// it, and one whose spans are made and thrown away. CPU time, which other work on the machine disturbs little.
//   npm run bench:tracing-cost
//   npm run bench:tracing-cost -- --rounds 12 --sign-ins 400
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median } from './process.mjs'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, 'sign-ins': { type: 'string', default: '300' }, way: { type: 'string' } },
})
const signIns = Number(values['sign-ins'])
const WAYS = ['not told of it', 'given the API, no SDK', 'spans made and thrown away']
const ORIGIN = 'https://auth.example.com'

async function open(way) {
  const tracing = way === WAYS[0] ? null : await import('@opentelemetry/api')
  if (way === WAYS[2]) {
    const { BatchSpanProcessor, NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node')
    const exporter = { export: (_, done) => done({ code: 0 }), shutdown: async () => {} }
    new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 100_000 })] }).register()
  }
  const { createPostkey } = await import('../dist/index.js')
  const mails = new Map()
  const transport = {
    name: 'bench',
    send: async ({ to, text }) => {
      mails.set(to, /^\d{6}$/m.exec(text)?.[0])
      return { class: 'accepted', code: 250, text: '250 ok' }
    },
    verify: async () => {},
    close: async () => {},
  }
  const many = { count: 1_000_000_000, per: '1m' }
  const postkey = await createPostkey({
    url: ORIGIN,
    secret: 'bench-secret-of-at-least-32-bytes-0123456789abcdef',
    database: 'file::memory:',
    mail: { from: 'sign-in@example.com', transport },
    policy: { starts: { network: many, networkWide: many, browser: many, tenant: many } },
    ...(tracing === null ? {} : { tracing }),
  })
  return { postkey, mails }
}

async function signIn({ postkey, mails }, email) {
  const headers = { origin: ORIGIN, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
  const post = (path, form, more = {}) => {
    const init = { method: 'POST', headers: { ...headers, ...more }, body: new URLSearchParams(form).toString() }
    return postkey.handler(new Request(ORIGIN + path, init), { clientAddress: '203.0.113.7' })
  }
  const asked = await post('/sign-in', { email })
  const cookie = asked.headers.getSetCookie()[0].split(';')[0]
  const challenge = new URL(asked.headers.get('location'), ORIGIN).searchParams.get('c')
  await postkey.mailsSent()
  const answer = await post('/sign-in/code', { c: challenge, code: mails.get(email) }, { cookie })
  if (answer.status !== 303) throw new Error(`a sign-in was answered with ${answer.status}`)
}

async function runOne(way) {
  const opened = await open(way)
  let people = 0
  process.on('message', async () => {
    const before = process.cpuUsage()
    for (let nth = 0; nth < signIns; nth++) await signIn(opened, `person${++people}@example.net`)
    const { user, system } = process.cpuUsage(before)
    process.send((user + system) / signIns)
  })
  process.send('ready')
}

async function compare() {
  const children = new Map()
  for (const way of WAYS) {
    const child = fork(fileURLToPath(import.meta.url), ['--way', way, '--sign-ins', values['sign-ins']])
    await once(child, 'message')
    children.set(way, child)
  }
  const cpu = new Map(WAYS.map((way) => [way, []]))
  // Two rounds to warm up; forth and back, so that a machine that gets slower meanwhile favours nobody.
  for (let round = -2; round < Number(values.rounds); round++) {
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
      const child = children.get(way)
      child.send('go')
      const [each] = await once(child, 'message')
      if (round >= 0) cpu.get(way).push(each)
    }
  }
  for (const [way, each] of cpu) {
    const ratio = median(each.map((one, round) => one / cpu.get(WAYS[0])[round]))
    console.log(`${way.padEnd(28)} ${median(each).toFixed(0).padStart(6)} µs a sign-in (× ${ratio.toFixed(3)})`)
  }
  for (const child of children.values()) child.kill()
}

await (values.way === undefined ? compare() : runOne(values.way))
