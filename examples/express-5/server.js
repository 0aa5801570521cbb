// Pages of your own behind a sign-in, with Express 5.
import express from 'express'
import { postkey } from './postkey.js'

const app = express()
app.use(postkey.listener) // answers what is below /auth
app.use(express.json(), express.urlencoded())

async function requireUser(request, response, next) {
  const { live, goTo } = await postkey.requireUser(request)
  if (!live) return response.redirect(303, goTo)
  response.locals.user = live.user
  next()
}

async function requireRecentProof(request, response, next) {
  const { live, goTo } = await postkey.requireRecentProof(request, '10m')
  if (!live) return response.redirect(303, goTo)
  response.locals.user = live.user
  next()
}

app.get('/', async (request, response) => {
  const { live } = await postkey.getSession(request)
  response.type('text').send(live ? `Hello ${live.user.email}` : 'Nobody is signed in. Go to /private')
})

app.get('/private', requireUser, (_request, response) => {
  response.set('cache-control', 'private, no-store').type('text').send(`For ${response.locals.user.email} only`)
})

app.get('/private/keys', requireRecentProof, (_request, response) => {
  response.set('cache-control', 'private, no-store').type('text').send(`Keys of ${response.locals.user.email}`)
})

const server = app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? 'localhost')
process.once('SIGTERM', () => server.close(() => postkey.close()))
