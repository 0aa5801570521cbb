// node:http in, node:http out: the way of the stand-alone server, and of any host that has Node's own request at hand.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Incoming, type Outgoing, splitTarget } from './exchange.ts'

export function fromNode(incoming: IncomingMessage): Incoming {
  const { headers } = incoming
  return {
    method: incoming.method ?? 'GET',
    ...splitTarget(pathOf(incoming.url ?? '/')),
    header: (name) => {
      const value = headers[name]
      return value === undefined ? null : typeof value === 'string' ? value : value.join(', ')
    },
    text: (bytesMax) => readText(incoming, bytesMax),
  }
}

export function toNode({ status, headers, cookies, body }: Outgoing, method: string, outgoing: ServerResponse): void {
  const bytes = body === null ? 0 : Buffer.byteLength(body)
  const all: Record<string, string | number | readonly string[]> = { ...headers }
  // A 204 has no body by definition, and no length.
  if (status !== 204) all['content-length'] = bytes
  if (cookies.length > 0) all['set-cookie'] = cookies
  outgoing.writeHead(status, all as Record<string, string>)
  outgoing.end(method === 'HEAD' ? undefined : (body ?? undefined))
}

/** A proxy's request line may hold the whole address. */
function pathOf(target: string): string {
  return target.startsWith('/') ? target : URL.canParse(target) ? new URL(target).pathname + new URL(target).search : '/'
}

function readText(incoming: IncomingMessage, bytesMax: number): Promise<string | null> {
  if (Number(incoming.headers['content-length'] ?? 0) > bytesMax) {
    // Answered before it has arrived: what still comes is thrown away, not kept.
    incoming.resume()
    return Promise.resolve(null)
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax) chunks.push(chunk)
    })
    incoming.once('end', () =>
      resolve(bytes > bytesMax ? null : (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8')),
    )
    incoming.once('error', reject)
    // The client went away in the middle of its form: nobody waits for an answer.
    incoming.once('close', () => reject(new Error('the request ended early')))
  })
}
