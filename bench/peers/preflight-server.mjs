// Better Auth or Auth.js as their documents say to run them, in memory, with a mailbox to read: what `npm run bench:preflight` tries. Nothing is
// changed in their favour or against them but for limits, which forty cases in a row would run into.
import { createServer } from 'node:http'
import { openSqlite } from '../sqlite.mjs'
import { sqliteDialect } from './kysely-sqlite.mjs'

const SECRET = 'a secret of a trial, of more than thirty-two bytes'

export const servers = { 'better-auth-link': betterAuth, 'better-auth-code': betterAuth, 'auth-js': authJs }

/** @returns {Promise<{ url: string, close: () => Promise<void> }>} */
export async function startPeer(name) {
  const mails = []
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://localhost:${server.address().port}`
  const listener = await servers[name](url, (to, text) => mails.push({ to, subject: '', text, html: '', headers: {} }))
  server.on('request', (incoming, outgoing) => {
    const { pathname, searchParams } = new URL(incoming.url, url)
    if (pathname !== '/mails') return listener(incoming, outgoing)
    outgoing.setHeader('content-type', 'application/json')
    // Newest first, as the inbox of `postkey dev` has them.
    outgoing.end(JSON.stringify(mails.filter(({ to }) => to === searchParams.get('to')).reverse()))
  })
  return {
    url,
    close: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function betterAuth(url, send) {
  const [{ betterAuth: create }, { getMigrations }, { toNodeHandler }, { emailOTP, magicLink }] = await Promise.all([
    import('better-auth'),
    import('better-auth/db/migration'),
    import('better-auth/node'),
    import('better-auth/plugins'),
  ])
  const options = {
    baseURL: url,
    secret: SECRET,
    database: { dialect: sqliteDialect(await openSqlite('file::memory:')), type: 'sqlite', transaction: true },
    plugins: [
      magicLink({ sendMagicLink: async ({ email, url: link }) => send(email, `Sign in: ${link}`) }),
      emailOTP({ sendVerificationOTP: async ({ email, otp }) => send(email, `Your code: ${otp}`) }),
    ],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { level: 'error' },
  }
  await (await getMigrations(options)).runMigrations()
  return toNodeHandler(create(options))
}

async function authJs(_, send) {
  const { Auth } = await import('@auth/core')
  const { openAdapter } = await import('./auth-js-adapter.mjs')
  const { adapter } = await openAdapter('file::memory:', 'new')
  const config = {
    adapter,
    providers: [
      {
        id: 'email',
        type: 'email',
        name: 'E-mail',
        maxAge: 86_400,
        sendVerificationRequest: async ({ identifier, url }) => send(identifier, `Sign in: ${url}`),
      },
    ],
    secret: SECRET,
    basePath: '/auth',
    trustHost: true,
    logger: { error: () => {}, warn: () => {}, debug: () => {} },
  }
  return async (incoming, outgoing) => {
    const chunks = []
    if (incoming.method === 'POST') for await (const chunk of incoming) chunks.push(chunk)
    const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method,
      headers: incoming.headers,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    })
    const answer = await Auth(request, config)
    const cookies = answer.headers.getSetCookie()
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => name !== 'set-cookie'))
    outgoing.writeHead(answer.status, { ...headers, ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}) })
    outgoing.end(Buffer.from(await answer.arrayBuffer()))
  }
}
