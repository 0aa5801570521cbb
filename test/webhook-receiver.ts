// An application that takes webhooks: a real server on this machine, which answers as it is told and remembers what came.
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { main, type Terminal } from '../src/run/command.ts'
import { migrate } from '../src/store/open.ts'

export interface Taken {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface AnswerOf {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly taken: readonly Taken[]
  /** Types that came, in their order. */
  types(): readonly string[]
  /** What stands in those of a type. */
  data(type: string): readonly Readonly<Record<string, unknown>>[]
  /** From now on; 204 unless told. `null`: says nothing at all. */
  answer: (taken: Taken, nth: number) => AnswerOf | null
}

export async function startReceiver(tls?: { readonly key: string; readonly cert: string }): Promise<Receiver> {
  const taken: Taken[] = []
  const listener: RequestListener = (incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => void chunks.push(chunk))
    incoming.on('end', () => {
      const one = { path: incoming.url ?? '', headers: incoming.headers, body: Buffer.concat(chunks).toString('utf8') }
      taken.push(one)
      const answer = receiver.answer(one, taken.length)
      if (answer !== null) outgoing.writeHead(answer.status, answer.headers).end(answer.body)
    })
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const read = (one: Taken): { type: string; data: Record<string, unknown> } => JSON.parse(one.body)
  const receiver: Receiver = {
    url: `http://localhost:${port}/hooks`,
    port,
    taken,
    types: () => taken.map((one) => read(one).type),
    data: (type) =>
      taken
        .map(read)
        .filter((one) => one.type === type)
        .map(({ data }) => data),
    answer: () => ({ status: 204 }),
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}

export interface Told {
  readonly code: number
  readonly out: string
  readonly err: string
  /** With --json. */
  readonly json: Readonly<Record<string, unknown>>
}

/** A command as somebody types it, with the secret of the server in the environment. */
export async function typed(url: string, secret: string, words: readonly string[], more: Partial<Terminal> = {}): Promise<Told> {
  const [out, err]: [string[], string[]] = [[], []]
  const terminal = {
    env: { POSTKEY_SECRET: secret },
    folder: '.',
    interactive: false,
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    ...more,
  }
  const code = await main([...words, '--database-url', url], terminal)
  return { code, out: out.join('\n'), err: err.join('\n'), json: words.includes('--json') ? JSON.parse(out.at(-1) ?? '{}') : {} }
}

/** An endpoint in a database that may be new; what it is called, and its secret. */
export async function addEndpoint(
  database: string,
  secret: string,
  url: string,
  types?: string,
): Promise<{ endpoint: string; secret: string }> {
  await migrate(database)
  const { code, err, json } = await typed(database, secret, [
    'webhooks',
    'add',
    url,
    '--json',
    ...(types === undefined ? [] : ['--types', types]),
  ])
  if (code !== 0) throw new Error(err)
  return json as { endpoint: string; secret: string }
}
