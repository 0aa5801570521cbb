// Pages of your own behind a sign-in, with Fastify.
import fastify from 'fastify'
import { postkey } from './postkey.js'

const app = fastify({ logger: { level: 'warn' } })

app.register(async (auth) => {
  // Postkey reads its bodies itself, and no more of them than it needs.
  auth.removeAllContentTypeParsers()
  auth.addContentTypeParser('*', (_request, _payload, done) => done(null))
  auth.all('/auth/*', (request, reply) => {
    reply.hijack()
    return postkey.listener(request.raw, reply.raw)
  })
})

app.decorateRequest('user', null)

async function requireUser(request, reply) {
  const { live, goTo } = await postkey.requireUser(request.raw)
  if (!live) return reply.redirect(goTo, 303)
  request.user = live.user
}

async function requireRecentProof(request, reply) {
  const { live, goTo } = await postkey.requireRecentProof(request.raw, '10m')
  if (!live) return reply.redirect(goTo, 303)
  request.user = live.user
}

app.get('/', async (request) => {
  const { live } = await postkey.getSession(request.raw)
  return live ? `Hello ${live.user.email}` : 'Nobody is signed in. Go to /private'
})

app.get('/private', { preHandler: requireUser }, async (request, reply) => {
  reply.header('cache-control', 'private, no-store')
  return `For ${request.user.email} only`
})

app.get('/private/keys', { preHandler: requireRecentProof }, async (request, reply) => {
  reply.header('cache-control', 'private, no-store')
  return `Keys of ${request.user.email}`
})

app.addHook('onClose', () => postkey.close())
process.once('SIGTERM', () => app.close())
await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? 'localhost' })
