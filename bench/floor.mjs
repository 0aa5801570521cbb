// The floor: the least that a program on node:http and a database can do and still have signed somebody in. No pages, limits, audit,
// mail queue, users or origin check. Same driver, same durability, same code channel as Postkey.
//   ask      mint a code, insert a challenge (1 statement), 303
//   verify   spend it if it fits, insert a session (2 statements; on PostgreSQL in one round trip), 303 with a cookie
//   session  look it up (1 statement), JSON
import { createHmac, hash, randomBytes, randomInt } from 'node:crypto'
import { createServer } from 'node:http'
import { openChannel } from './channel.mjs'
import { answerRunner } from './control.mjs'

const { socket, databaseUrl, groupCommit } = JSON.parse(process.env.BENCH_OPTIONS)
const TTL_MS = 600_000

const { openStore } = await import(databaseUrl.startsWith('file:') ? './floor-sqlite.mjs' : './floor-postgres.mjs')
const store = await openStore(databaseUrl, { groupCommit })
const channel = openChannel(socket)
const key = randomBytes(32)

const server = createServer((request, response) => {
  if (request.method === 'GET') return session(request, response)
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    if (request.url === '/sign-in') ask(form, response)
    else verify(form, response)
  })
})
server.keepAliveTimeout = 60_000

function ask(form, response) {
  const email = form.get('email')
  const id = randomBytes(12).toString('base64url')
  const code = randomInt(0, 1_000_000).toString().padStart(6, '0')
  store.start(id, email, codeDigest(id, code), Date.now() + TTL_MS, () => {
    channel.send(email, code, '', '')
    response.writeHead(303, { location: `/sign-in/check?c=${id}`, 'content-length': '0' }).end()
  })
}

function verify(form, response) {
  const id = form.get('c')
  const token = randomBytes(32).toString('base64url')
  store.verify(id, codeDigest(id, form.get('code')), sessionDigest(token), Date.now(), (signedIn) => {
    if (signedIn) {
      const cookie = `postkey-session=${token}; Path=/; HttpOnly; SameSite=Lax`
      response.writeHead(303, { location: '/', 'set-cookie': cookie, 'content-length': '0' }).end()
    } else response.writeHead(422, { 'content-length': '0' }).end()
  })
}

function session(request, response) {
  const token = /(?:^|; )postkey-session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
  store.session(sessionDigest(token), (row) => {
    const body = JSON.stringify(row ?? null)
    response.writeHead(row ? 200 : 401, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
  })
}

function codeDigest(id, code) {
  return createHmac('sha256', key).update(`${id}\0${code}`).digest('base64url')
}

function sessionDigest(token) {
  return hash('sha256', token, 'base64url')
}

server.listen(0, '127.0.0.1', () => {
  const stop = async () => {
    channel.close()
    server.closeAllConnections()
    await store.close()
  }
  answerRunner({ port: server.address().port, stop })
})
