// The door "./server": config → postkey → listener, and a graceful stop. The first user of the library, with nothing that the
// library does not offer.
import { createServer, type Server } from 'node:http'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { dirname, join } from 'node:path'
import { createPostkey, type Listener, type MailTransport, type PostkeyOptions } from './index.ts'
import type { Config } from './run/config.ts'
import { renderWithoutAsyncContext } from './run/jsx.tsx'
import type { Log, LogFields } from './run/log.ts'
import { startOperations } from './run/operations.ts'
import { findOpenTelemetry, flushSpans, type OpenTelemetry } from './run/tracing.ts'

export interface ServerOptions {
  readonly mode: 'dev' | 'serve'
  readonly log: Log
  /** Takes the mails instead of the configured mail server: for who has a way of their own, and for benchmarks. */
  readonly transport?: MailTransport
}

export interface RunningServer {
  /** The public address, base path included. */
  readonly url: string
  readonly port: number
  /** Stops accepting, lets what is under way end, hands over mails that are on their way, closes the database. */
  close(): Promise<void>
}

/** Longer than any request of ours takes. */
const DRAIN_MS = 20_000
/** A connection that is in use has its next request by then; one that is not would have a restart wait for its keep-alive time. */
const LINGER_MS = 500

export async function startServer(config: Config, { mode, log, transport }: ServerOptions): Promise<RunningServer> {
  renderWithoutAsyncContext()
  let listener: Listener = async (_, outgoing) => {
    outgoing.writeHead(503, { 'retry-after': '1' }).end()
  }
  const server = createServer(
    // Node's defaults leave a slow sender a minute for its headers and five for its body.
    { headersTimeout: 10_000, requestTimeout: 20_000, connectionsCheckingInterval: 2_000, keepAliveTimeout: 10_000, maxHeaderSize: 16_384 },
    (incoming, outgoing) => void listener(incoming, outgoing),
  )
  server.maxRequestsPerSocket = 10_000

  // With port 0 the address of the server is not known before it listens; else it listens when it can answer.
  const early = config.port === 0
  if (early) await listen(server, config)
  const port = early ? (server.address() as AddressInfo).port : config.port
  const url = config.url.replace(/:0$/, `:${port}`)
  const inbox = mode === 'dev' && config.smtpUrl === null ? await openInbox(config) : null
  const tracing = await findOpenTelemetry(loosely(log))
  const postkey = await createPostkey(optionsOf(config, url, { inbox, transport: transport ?? inbox ?? config.smtpUrl, tracing }, log))
  // Counted from the start, not from the first look: who tries something and then looks wants to see it.
  if (mode === 'dev') postkey.metrics().catch((error: unknown) => log.error('metrics_failed', error))
  const stopAndThrow = async (error: unknown): Promise<never> => {
    server.close()
    await postkey.close()
    throw error
  }
  // Before anything is answered, so that everything is counted.
  const operations = config.metrics === null ? null : await startOperations(postkey, config.metrics, log).catch(stopAndThrow)
  listener = postkey.listener
  if (!early) {
    await listen(server, config).catch((error: unknown) => {
      operations?.close()
      return stopAndThrow(error)
    })
  }
  log.event('listening', { url: `${url}${config.basePath}`, port, mode, version: postkey.versions.app, policy: postkey.versions.policy })

  return {
    url: `${url}${config.basePath}`,
    port,
    close: async () => {
      await Promise.all([drain(server), operations && drain(operations)])
      await postkey.close()
      if (tracing !== null) await flushSpans(tracing, log)
      log.event('stopped')
    },
  }
}

type Inbox = MailTransport & NonNullable<PostkeyOptions['dev']>

async function openInbox(config: Config): Promise<Inbox> {
  const { devInbox } = await import('./mail/dev-inbox.ts')
  // Beside the database, or where `dev` keeps everything else.
  const path = config.databaseUrl.startsWith('file:') ? config.databaseUrl.slice('file:'.length) : '.postkey/postgres'
  return devInbox(path === ':memory:' ? {} : { directory: join(dirname(path), 'inbox') })
}

/** The library's log takes any field; what is not on the list of run/log.ts ends there. */
function loosely(log: Log): NonNullable<PostkeyOptions['log']> {
  return {
    event: (name, fields) => log.event(name, fields as LogFields),
    warn: (name, fields) => log.warn(name, fields as LogFields),
    error: (name, error, fields) => log.error(name, error, fields as LogFields),
  }
}

interface Given {
  readonly inbox: Inbox | null
  readonly transport: MailTransport | string | null
  readonly tracing: OpenTelemetry | null
}

function optionsOf(config: Config, url: string, { inbox, transport, tracing }: Given, log: Log): PostkeyOptions {
  const { brand, basePath } = config
  if (transport === null) throw new Error('no way to send mail — set POSTKEY_SMTP_URL')
  return {
    url,
    secret: config.secrets,
    database: config.databaseUrl,
    ...(config.databaseConnections === null ? {} : { databaseConnections: config.databaseConnections }),
    mail: {
      from: config.mailFrom.address,
      transport,
      reports: config.mailReports,
      ...(config.bounceAddress === null ? {} : { bounces: config.bounceAddress }),
    },
    policy: config.policy as NonNullable<PostkeyOptions['policy']>,
    ...(config.rollOut === null ? {} : { rollOut: config.rollOut }),
    name: brand.name,
    ...(brand.support === undefined ? {} : { support: brand.support }),
    ...(brand.accent === undefined ? {} : { accent: brand.accent }),
    ...(brand.logo === undefined ? {} : { logo: brand.logo }),
    ...(config.words === null ? {} : { words: config.words }),
    basePath,
    returnTo: config.returnTo ?? (inbox ? `${basePath}/` : `${basePath}/account`),
    returnOrigins: config.returnOrigins,
    operators: config.operators,
    trustedProxies: config.trustedProxies,
    seals: config.seals,
    log: loosely(log),
    ...(tracing === null ? {} : { tracing }),
    ...(inbox ? { dev: inbox } : { home: `${basePath}/account` }),
  }
}

function listen(server: Server, config: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${config.port} is taken by another program — stop it, or choose another one with PORT=${config.port + 1}`)
          : error,
      )
    })
    server.listen(config.port, config.host, resolve)
  })
}

/**
 * Stops listening, and ends each connection with its next answer. One that rests is left alone for a while: whoever keeps it, as proxies do, may
 * have sent a request on it that is not here yet, and a POST that meets a closing connection is a 502 to its person.
 */
function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const giveUp = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
    server.prependListener('request', (_, outgoing) => {
      outgoing.shouldKeepAlive = false
    })
    let tidy: NodeJS.Timeout | undefined
    const linger = setTimeout(() => {
      // A connection whose answer went out since is idle only then, and would linger for its keep-alive time.
      tidy = setInterval(() => server.closeIdleConnections(), 50)
    }, LINGER_MS)
    // The one of net: that of http hangs up on all that rest, at once.
    NetServer.prototype.close.call(server, () => {
      clearTimeout(giveUp)
      clearTimeout(linger)
      clearInterval(tidy)
      resolve()
    })
  })
}
