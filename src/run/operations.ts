// The port for whoever runs a server: its numbers and its versions, apart from the port that strangers reach.
import { createServer, type Server } from 'node:http'
import { METRICS_TYPE } from '../http/operations.ts'
import type { Postkey } from '../index.ts'
import type { Log } from './log.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

type Answer = readonly [status: number, type: string, body: string]

/** Resolves when it listens, and counts from then on. */
export async function startOperations(postkey: Pick<Postkey, 'metrics' | 'versions'>, { host, port }: Place, log: Log): Promise<Server> {
  await postkey.metrics()
  const answer = async (path: string): Promise<Answer> => {
    if (path === '/metrics') return [200, METRICS_TYPE, await postkey.metrics()]
    if (path === '/version') return [200, 'application/json', JSON.stringify(postkey.versions)]
    return [404, 'text/plain; charset=utf-8', 'here are /metrics and /version\n']
  }
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 20_000 }, (incoming, outgoing) => {
    const [path = ''] = (incoming.url ?? '').split('?')
    incoming.resume()
    answer(incoming.method === 'GET' || incoming.method === 'HEAD' ? path : '')
      .then(([status, type, body]) => {
        outgoing.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', 'content-length': Buffer.byteLength(body) })
        outgoing.end(incoming.method === 'HEAD' ? undefined : body)
      })
      .catch((error: unknown) => {
        log.error('answer_failed', error)
        outgoing.destroy()
      })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} is taken by another program — stop it, or choose another one with POSTKEY_METRICS=${host}:${port + 1}`)
          : error,
      ),
    )
    server.listen(port, host, resolve)
  })
  return server
}
