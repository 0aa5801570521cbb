// Pages of your own behind a sign-in, for users of your own in a table that Prisma looks after.
import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { Hono } from 'hono'
import { postkey } from './postkey.js'

const app = new Hono()
app.all('/auth/*', (c) => postkey.handler(c.req.raw, { clientAddress: getConnInfo(c).remote.address }))

app.get('/', async (c) => {
  const { live } = await postkey.getSession(c.req.raw)
  return c.text(live ? `Hello ${live.user.email}` : 'Nobody is signed in. Go to /private')
})

app.get('/private', async (c) => {
  const { live, goTo } = await postkey.requireUser(c.req.raw)
  if (!live) return c.redirect(goTo, 303)
  c.header('cache-control', 'private, no-store')
  return c.text(`For ${live.user.email} only, number ${live.user.externalId ?? 'not given yet'}`)
})

app.get('/private/keys', async (c) => {
  const { live, goTo } = await postkey.requireRecentProof(c.req.raw, '10m')
  if (!live) return c.redirect(goTo, 303)
  c.header('cache-control', 'private, no-store')
  return c.text(`Keys of ${live.user.email}`)
})

const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: process.env.HOST ?? 'localhost' })
process.once('SIGTERM', () => server.close(() => postkey.close()))
