// Web-standard in, web-standard out: what any TypeScript application can mount.
import { type Incoming, type Outgoing, splitTarget } from './exchange.ts'

export function fromFetch(request: Request): Incoming {
  // After "https://host": parsing the whole address again would only undo what was sent.
  const start = request.url.indexOf('://') + 3
  const slash = request.url.indexOf('/', start)
  const target = request.url.slice(slash).split('#', 1)[0] as string
  const { path, search } = splitTarget(target)
  return {
    method: request.method,
    host: request.url.slice(start, slash),
    path,
    search,
    header: (name) => request.headers.get(name),
    text: (bytesMax) => readText(request, bytesMax),
  }
}

export function toFetch({ status, headers, cookies, body }: Outgoing, method: string): Response {
  const response = new Response(method === 'HEAD' ? null : body, { status, headers })
  for (const cookie of cookies) response.headers.append('set-cookie', cookie)
  return response
}

const THROWN_AWAY_MAX = 1_048_576

/** Counted as it arrives, whatever length was announced. */
async function readText(request: Request, bytesMax: number): Promise<string | null> {
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) return null
  if (request.body === null) return ''
  if (request.bodyUsed) throw new Error('the body was read before Postkey could — hand it the request before anything reads it')
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    // What comes after is thrown away, not kept: to stop reading makes some servers hang up before the answer is out.
    if (bytes <= bytesMax) chunks.push(chunk)
    else if (bytes > THROWN_AWAY_MAX) return null
  }
  if (bytes > bytesMax) return null
  return new TextDecoder().decode(Buffer.concat(chunks))
}
