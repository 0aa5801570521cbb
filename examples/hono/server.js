// Pages of your own behind a sign-in, with Hono on Node. On another runtime only `clientAddress` and the last lines differ.
import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { Hono } from 'hono'
import { postkey } from './postkey.js'

const app = new Hono()
app.all('/auth/*', (c) => postkey.handler(c.req.raw, { clientAddress: getConnInfo(c).remote.address }))

async function requireUser(c, next) {
  const { live, goTo } = await postkey.requireUser(c.req.raw)
  if (!live) return c.redirect(goTo, 303)
  c.set('user', live.user)
  await next()
}

async function requireRecentProof(c, next) {
  const { live, goTo } = await postkey.requireRecentProof(c.req.raw, '10m')
  if (!live) return c.redirect(goTo, 303)
  c.set('user', live.user)
  await next()
}

app.get('/', async (c) => {
  const { live } = await postkey.getSession(c.req.raw)
  return c.text(live ? `Hello ${live.user.email}` : 'Nobody is signed in. Go to /private')
})

app.get('/private', requireUser, (c) => {
  c.header('cache-control', 'private, no-store')
  return c.text(`For ${c.get('user').email} only`)
})

app.get('/private/keys', requireRecentProof, (c) => {
  c.header('cache-control', 'private, no-store')
  return c.text(`Keys of ${c.get('user').email}`)
})

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: process.env.HOST ?? 'localhost' })
process.once('SIGTERM', () => server.close(() => postkey.close()))
