// Pages of your own behind a sign-in, with Express 4, in an application that has its body parsers at the top.
import express from 'express'
import { postkey } from './postkey.js'

const app = express()
app.use(express.json(), express.urlencoded({ extended: true }))
app.use(postkey.listener) // answers what is below /auth

// Express 4 does not look at what a promise became: errors have to be handed on.
const handing = (handler) => (request, response, next) => handler(request, response, next).catch(next)

const requireUser = handing(async (request, response, next) => {
  const { live, goTo } = await postkey.requireUser(request)
  if (!live) return response.redirect(303, goTo)
  response.locals.user = live.user
  next()
})

const requireRecentProof = handing(async (request, response, next) => {
  const { live, goTo } = await postkey.requireRecentProof(request, '10m')
  if (!live) return response.redirect(303, goTo)
  response.locals.user = live.user
  next()
})

const home = handing(async (request, response) => {
  const { live } = await postkey.getSession(request)
  response.type('text').send(live ? `Hello ${live.user.email}` : 'Nobody is signed in. Go to /private')
})

app.get('/', home)

app.get('/private', requireUser, (_request, response) => {
  response.set('cache-control', 'private, no-store').type('text').send(`For ${response.locals.user.email} only`)
})

app.get('/private/keys', requireRecentProof, (_request, response) => {
  response.set('cache-control', 'private, no-store').type('text').send(`Keys of ${response.locals.user.email}`)
})

const server = app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? 'localhost')
process.once('SIGTERM', () => server.close(() => postkey.close()))
