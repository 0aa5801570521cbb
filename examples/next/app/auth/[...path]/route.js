import { postkey } from '../../../lib/postkey.js'

async function handler(request) {
  return (await postkey()).handler(request, { clientAddress: '127.0.0.1' })
}

export { handler as DELETE, handler as GET, handler as POST }
