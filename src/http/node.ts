// node:http in, node:http out: the way of the stand-alone server, and of any host that has Node's own request at hand.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { parseUrl } from '../core/url.ts'
import { type Incoming, type Outgoing, splitTarget } from './exchange.ts'
import { parsedBody } from './parsed-body.ts'

export function fromNode(incoming: IncomingMessage): Incoming {
  const { headers } = incoming
  const target = targetOf(incoming)
  const { path, search } = splitTarget(pathOf(target))
  return {
    method: incoming.method ?? 'GET',
    host: hostOf(target, headers.host),
    path,
    search,
    header: (name) => {
      const value = headers[name]
      return value === undefined ? null : typeof value === 'string' ? value : value.join(', ')
    },
    text: (bytesMax) => readText(incoming, bytesMax),
  }
}

export function toNode({ status, headers, cookies, body }: Outgoing, method: string, outgoing: ServerResponse): void {
  const lines: string[] = []
  for (const name in headers) lines.push(name, headers[name] as string)
  for (const cookie of cookies) lines.push('set-cookie', cookie)
  // A 204 has no body by definition, and no length.
  if (status !== 204) lines.push('content-length', String(body === null ? 0 : Buffer.byteLength(body)))
  outgoing.writeHead(status, lines)
  if (body === null || method === 'HEAD') outgoing.end()
  else outgoing.end(body)
}

/** Express and others cut off of `url` where they mounted us, and keep it in `originalUrl`. */
export function targetOf(incoming: IncomingMessage): string {
  const { originalUrl } = incoming as { readonly originalUrl?: string }
  return originalUrl ?? incoming.url ?? '/'
}

/** Where the request line holds the whole address, that is the one that counts (RFC 9112, 3.2.2). */
function hostOf(target: string, header: string | undefined): string | null {
  return target.startsWith('/') ? (header ?? null) : (parseUrl(target)?.host ?? null)
}

/** A proxy's request line may hold the whole address. */
export function pathOf(target: string): string {
  if (target.startsWith('/')) return target
  const url = parseUrl(target)
  return url === null ? '/' : url.pathname + url.search
}

function readText(incoming: IncomingMessage, bytesMax: number): Promise<string | null> {
  if (Number(incoming.headers['content-length'] ?? 0) > bytesMax) {
    // Answered before it has arrived: what still comes is thrown away, not kept.
    incoming.resume()
    return Promise.resolve(null)
  }
  if (incoming.readableDidRead) {
    const text = parsedBody(incoming)
    return Promise.resolve(Buffer.byteLength(text) > bytesMax ? null : text)
  }
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    let ended = false
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= bytesMax) chunks.push(chunk)
    })
    incoming.on('end', () => {
      ended = true
      resolve(bytes > bytesMax ? null : (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8'))
    })
    incoming.on('error', reject)
    // The client went away in the middle of its form: nobody waits for an answer. Every request closes; an Error costs 8 µs.
    incoming.on('close', () => {
      if (!ended) reject(new Error('the request ended early'))
    })
  })
}
