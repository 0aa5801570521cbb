// Pages of your own behind a sign-in, with nothing but node:http.
import { createServer } from 'node:http'
import { postkey } from './postkey.js'

const server = createServer((request, response) => {
  if (request.url.startsWith('/auth/')) return postkey.listener(request, response)
  answer(request, response).catch((error) => {
    console.error(error)
    response.writeHead(500).end()
  })
})

async function answer(request, response) {
  const path = request.url.split('?')[0]
  if (path === '/') {
    const { live } = await postkey.getSession(request)
    return send(response, live ? `Hello ${live.user.email}` : 'Nobody is signed in. Go to /private')
  }
  if (path === '/private') {
    const { live, goTo } = await postkey.requireUser(request)
    return live ? send(response, `For ${live.user.email} only`) : redirect(response, goTo)
  }
  if (path === '/private/keys') {
    const { live, goTo } = await postkey.requireRecentProof(request, '10m')
    return live ? send(response, `Keys of ${live.user.email}`) : redirect(response, goTo)
  }
  response.writeHead(404).end()
}

function send(response, text) {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'private, no-store' }).end(text)
}

function redirect(response, location) {
  response.writeHead(303, { location }).end()
}

server.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? 'localhost')
process.once('SIGTERM', () => server.close(() => postkey.close()))
