import { postkey } from '#lib/server/postkey.js'

export async function fallback({ request, getClientAddress }) {
  return (await postkey()).handler(request, { clientAddress: getClientAddress() })
}
