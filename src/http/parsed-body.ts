// A body that a parser of the host has read already (express.json and the like) and left in `request.body`: written out again as it was sent,
// so that our own readers judge it as strictly as any other.
import type { IncomingMessage } from 'node:http'

/** @throws Error when nothing was left of it. Waiting for it would never end. */
export function parsedBody(incoming: IncomingMessage): string {
  const { body } = incoming as { readonly body?: unknown }
  if (typeof body === 'string') return body
  if (Buffer.isBuffer(body)) return body.toString('utf8')
  if (typeof body !== 'object' || body === null)
    throw new Error(
      'the body was read before Postkey could, and request.body does not hold it — mount Postkey before whatever reads bodies',
    )
  return /^application\/json\b/i.test(incoming.headers['content-type'] ?? '') ? JSON.stringify(body) : asForm(body)
}

function asForm(body: object): string {
  const form = new URLSearchParams()
  for (const [name, given] of Object.entries(body)) {
    for (const value of Array.isArray(given) ? given : [given]) {
      // No form of ours has names with brackets in them: what becomes of those is refused, as it would have been.
      form.append(name, typeof value === 'string' ? value : '\uFFFD')
    }
  }
  return form.toString()
}
