// A proxy that does to a sound deployment what careless ones do, one fault at a time: so that each case of preflight is seen to fail.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'

export interface Passing {
  readonly method: string
  /** Path and query. */
  url: string
  readonly headers: Record<string, string>
  body: string
}

export interface Passed {
  status: number
  headers: Headers
  text: string
}

export interface Fault {
  /** The request before it is passed on; an answer in its place ends it here. */
  readonly before?: (request: Passing) => Passed | undefined
  readonly after?: Change
}

export type Change = (answer: Passed, request: Passing) => void

export const answered = (status: number, text = '', headers: Record<string, string> = {}): Passed => ({
  status,
  text,
  headers: new Headers({ 'content-type': 'text/html', ...headers }),
})

export interface CarelessProxy extends AsyncDisposable {
  readonly url: string
  fault: Fault
}

/** `origin`: of the deployment. Requests come as if for it, whatever the port of the proxy is. */
export async function startCarelessProxy(origin: string): Promise<CarelessProxy> {
  const server = createServer(async (incoming, outgoing) => {
    const body = (await Readable.from(incoming).toArray()).map((chunk: Buffer) => chunk.toString()).join('')
    const request: Passing = { method: incoming.method ?? 'GET', url: incoming.url ?? '/', headers: flat(incoming.headers), body }
    // The proxy stands for the deployment: its own origin is that one's.
    if (request.headers['origin'] === proxy.url) request.headers['origin'] = origin
    for (const name of ['host', 'connection', 'content-length', 'transfer-encoding']) delete request.headers[name]
    const answer = proxy.fault.before?.(request) ?? (await passOn(request))
    proxy.fault.after?.(answer, request)
    const headers = [...answer.headers].filter(
      ([name]) => !/^(content-length|content-encoding|transfer-encoding|connection|set-cookie)$/.test(name),
    )
    outgoing.writeHead(answer.status, [
      ...headers.flatMap(([name, value]) => [name, value.replaceAll(origin, proxy.url)]),
      ...answer.headers.getSetCookie().flatMap((cookie) => ['set-cookie', cookie]),
    ])
    outgoing.end(incoming.method === 'HEAD' ? '' : answer.text.replaceAll(origin, proxy.url))
  })
  const passOn = async ({ method, url, headers, body }: Passing): Promise<Passed> => {
    const response = await fetch(new URL(url, origin), { method, headers, redirect: 'manual', ...(body === '' ? {} : { body }) })
    return { status: response.status, headers: new Headers(response.headers), text: await response.text() }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const proxy: CarelessProxy = {
    url: `http://localhost:${port}`,
    fault: {},
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]))
}
