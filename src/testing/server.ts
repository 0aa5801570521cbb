// The same on a port of this machine, for tests with a real browser: your application's own listener in front, or Postkey alone.
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Postkey } from '../index.ts'
import { type Kit, type KitOptions, kitOf, startInner } from './kit.ts'

export interface ServerKitOptions extends Omit<KitOptions, 'app' | 'url'> {
  /** Your application around it, as Express, Fastify, Koa and node:http have it. Default: Postkey alone. */
  readonly app?: (postkey: Postkey) => RequestListener | Promise<RequestListener>
}

/** As `startKit`, at an `http://localhost` address. */
export async function startServerKit({ app, ...options }: ServerKitOptions = {}): Promise<Kit> {
  let listener: RequestListener = (_, response) => response.writeHead(503).end()
  const server = createServer((request, response) => listener(request, response))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, 'localhost', resolve))
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    })
  try {
    const inner = await startInner({ ...options, url: `http://localhost:${(server.address() as AddressInfo).port}` })
    const own: RequestListener = (request, response) => void inner.postkey.listener(request, response)
    listener = (await app?.(inner.postkey)) ?? own
    const close = async (): Promise<void> => {
      await stop()
      await inner.postkey.close()
    }
    return kitOf({ ...inner, through: () => undefined, close })
  } catch (error) {
    await stop()
    throw error
  }
}
