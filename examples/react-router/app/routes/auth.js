import { postkey } from '../postkey.server.js'

async function handler({ request }) {
  return (await postkey()).handler(request, { clientAddress: '127.0.0.1' })
}

export { handler as action, handler as loader }
