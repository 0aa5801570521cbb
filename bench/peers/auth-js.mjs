// Auth.js with sign-in by e-mailed link, database sessions and an official adapter for each engine. In its favour: indexes that its
// documents for PostgreSQL leave out, and a provider object that sends mail itself, so that no mail library is loaded.
import { createServer } from 'node:http'
import { Auth } from '@auth/core'
import { openChannel } from '../channel.mjs'
import { answerRunner } from '../control.mjs'
import { openAdapter } from './auth-js-adapter.mjs'

const { socket, databaseUrl, schema } = JSON.parse(process.env.BENCH_OPTIONS)

const channel = openChannel(socket)
const { adapter, close } = await openAdapter(databaseUrl, schema)
const email = {
  id: 'email',
  type: 'email',
  name: 'E-mail',
  maxAge: 600,
  sendVerificationRequest: ({ identifier, url }) => channel.send(identifier, '-', '-', url.slice(url.indexOf('/auth/'))),
}
const config = {
  adapter,
  providers: [email],
  secret: 'the benchmark signs cookies with this',
  basePath: '/auth',
  trustHost: true,
}

const server = createServer(async (incoming, outgoing) => {
  const chunks = []
  if (incoming.method === 'POST') for await (const chunk of incoming) chunks.push(chunk)
  const answer = await Auth(request(incoming, chunks), config)
  const cookies = answer.headers.getSetCookie()
  const headers = Object.fromEntries(answer.headers)
  const body = Buffer.from(await answer.arrayBuffer())
  outgoing.writeHead(answer.status, { ...headers, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}), 'content-length': body.length })
  outgoing.end(body)
})
server.keepAliveTimeout = 60_000

function request(incoming, chunks) {
  const url = `http://${incoming.headers.host}${incoming.url}`
  return new Request(url, {
    method: incoming.method,
    headers: incoming.headers,
    ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
  })
}

server.listen(0, '127.0.0.1', () => {
  const stop = async () => {
    channel.close()
    server.closeAllConnections()
    await close()
  }
  answerRunner({ port: server.address().port, stop })
})
