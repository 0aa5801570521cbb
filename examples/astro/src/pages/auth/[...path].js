import { postkey } from '../../lib/postkey.js'

export async function ALL({ request, clientAddress }) {
  return (await postkey()).handler(request, { clientAddress })
}
