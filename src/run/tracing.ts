// Spans for OpenTelemetry: the one room that knows it. The package is the host's: nothing here loads it unless an SDK is set up in this
// process, and the types that are needed are written out, so that nobody has to have it. Every attribute is from a fixed list and holds what
// the log line holds; no path, address or User-Agent, and no message of an error.
import { reasons } from '../core/reason.ts'
import type { Log } from '../flow/context.ts'
import type { Tracing } from '../flow/tracing.ts'
import { knownMethod } from '../http/exchange.ts'
import type { MailTransport, Reply } from '../mail/transport.ts'
import type { Store } from '../store/store.ts'
import { appVersion } from '../versions.ts'

/** What of `@opentelemetry/api` is used: `import * as opentelemetry from '@opentelemetry/api'` fits. */
export interface OpenTelemetry {
  readonly ROOT_CONTEXT: TraceContext
  readonly trace: {
    getTracer(name: string, version?: string): Tracer
    getTracerProvider(): object
    getSpan(context: TraceContext): object | undefined
    setSpan(context: TraceContext, span: OpenSpan): TraceContext
  }
  readonly context: {
    active(): TraceContext
    with<T>(context: TraceContext, work: () => T): T
  }
  readonly propagation: {
    extract<C>(
      context: TraceContext,
      carrier: C,
      getter: { get(carrier: C, name: string): string | undefined; keys(carrier: C): string[] },
    ): TraceContext
  }
}

export interface TraceContext {
  getValue(key: symbol): unknown
}

type Attributes = Record<string, string | number>

interface Beginning {
  readonly kind: number
  readonly attributes: Attributes
}

interface Tracer {
  startSpan(name: string, options?: Beginning, context?: TraceContext): OpenSpan
}

interface OpenSpan {
  setAttribute(name: string, value: string | number): unknown
  setStatus(status: { code: number }): unknown
  updateName(name: string): unknown
  end(): void
}

// The numbers of the specification.
const [INTERNAL, SERVER, CLIENT] = [0, 1, 2]
const ERROR = 2

export interface OpenTracing extends Tracing {
  /** What requests and mails ask of the store becomes part of them. */
  store(store: Store): Store
  transport(transport: MailTransport): MailTransport
}

export interface TracingOptions {
  readonly origin: string
  readonly basePath: string
  /** As OpenTelemetry names it; null: a store of the host's own. */
  readonly system: 'sqlite' | 'postgresql' | null
}

export function openTracing(telemetry: OpenTelemetry, { origin, basePath, system }: TracingOptions): OpenTracing {
  const { trace, context, propagation, ROOT_CONTEXT } = telemetry
  const tracer = trace.getTracer('postkey', appVersion)
  const scheme = origin.slice(0, origin.indexOf(':'))
  const dbSystem: Attributes = system === null ? {} : { 'db.system.name': system }

  const begin = (name: string, beginning: Beginning, parent: TraceContext) => {
    const span = tracer.startSpan(name, beginning, parent)
    const inside = trace.setSpan(parent, span)
    return { span, run: <T>(work: () => T): T => context.with(inside, work) }
  }

  /** What is done for a request or a mail; what is done for neither is not traced, or there would be no end of it. */
  const part = async <T>(
    name: string,
    beginning: Beginning,
    work: () => Promise<T>,
    tell: (span: OpenSpan, outcome: T) => void,
  ): Promise<T> => {
    const active = context.active()
    if (trace.getSpan(active) === undefined) return await work()
    const { span, run } = begin(name, beginning, active)
    try {
      const outcome = await run(work)
      tell(span, outcome)
      return outcome
    } catch (error) {
      fail(span, error instanceof Error && error.name === 'Unavailable' ? 'unavailable' : 'failed')
      throw error
    } finally {
      span.end()
    }
  }

  return {
    request({ requestId, method, header }) {
      const active = context.active()
      // Where the host traces its requests, ours is a part of one of them. Else the client may have begun the trace.
      const isPart = trace.getSpan(active) !== undefined
      const parent = isPart ? active : propagation.extract(active, header, HEADERS)
      const known = knownMethod(method)
      const attributes = { 'http.request.method': known ?? '_OTHER', 'url.scheme': scheme, 'postkey.request_id': requestId }
      const { span, run } = begin(known ?? 'HTTP', { kind: isPart ? INTERNAL : SERVER, attributes }, parent)
      return {
        run,
        end: ({ route, status, reason }) => {
          span.setAttribute('http.response.status_code', status)
          if (route !== '-') {
            span.updateName(`${known ?? 'HTTP'} ${basePath}${route}`)
            span.setAttribute('http.route', `${basePath}${route}`)
          }
          if (reason !== '') span.setAttribute('postkey.reason', reason)
          if (status >= 500) fail(span, reason === '' ? String(status) : reason)
          span.end()
        },
      }
    },
    mail(requestId) {
      const { span, run } = begin('mail', { kind: INTERNAL, attributes: { 'postkey.request_id': requestId } }, context.active())
      return {
        run,
        end: ({ reason }) => {
          if (reason === null) fail(span, 'failed')
          else span.setAttribute('postkey.reason', reason)
          span.end()
        },
      }
    },
    apart: (work) => context.with(ROOT_CONTEXT, work),
    store(store) {
      const traced = Object.fromEntries(
        ASKED.map((name) => {
          const operation = store[name] as (...given: readonly unknown[]) => Promise<unknown>
          const kind = system === 'postgresql' ? CLIENT : INTERNAL
          const ask = (...given: readonly unknown[]): Promise<unknown> =>
            part(
              `store.${name}`,
              { kind, attributes: { ...dbSystem, 'db.operation.name': name, ...requestOf(given[0]) } },
              () => operation(...given),
              (span, outcome) => {
                const reason = reasonOf(outcome)
                if (reason !== null) span.setAttribute('postkey.reason', reason)
              },
            )
          return [name, ask]
        }),
      )
      return { ...store, ...traced }
    },
    transport(transport) {
      const { name, pretend } = transport
      const sent = (work: () => Promise<Reply>): Promise<Reply> =>
        part(`send ${name}`, { kind: CLIENT, attributes: {} }, work, (span, reply) => {
          span.setAttribute('postkey.mail.reply', reply.class)
          if (reply.class !== 'accepted') fail(span, reply.class)
        })
      return {
        name,
        send: (message, signal) => sent(() => transport.send(message, signal)),
        ...(pretend && { pretend: (message, signal) => sent(() => pretend.call(transport, message, signal)) }),
        verify: () => transport.verify(),
        close: () => transport.close(),
      }
    },
  }
}

/** No message and no stack: they quote what they stumbled over. */
function fail(span: OpenSpan, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: ERROR })
}

const HEADERS = {
  get: (header: (name: string) => string | null, name: string): string | undefined => header(name.toLowerCase()) ?? undefined,
  keys: (): string[] => [],
}

const ASKED = [
  'start',
  'resend',
  'verify',
  'startStepUp',
  'renew',
  'startChange',
  'confirmChange',
  'undoChange',
  'viewChange',
  'listSignIns',
  'readOwnData',
  'eraseSelf',
  'findChallenge',
  'findSession',
  'touchSession',
  'listSessions',
  'endSessions',
  'operate',
  'record',
  'hasUser',
  'viewPerson',
  'viewQueue',
  'listPolicies',
  'search',
  'readTrace',
  'settleMail',
] as const satisfies readonly (keyof Store)[]

/** Of a store operation that decides, by its scope. */
function requestOf(scope: unknown): Attributes {
  const id = typeof scope === 'object' && scope !== null && 'requestId' in scope ? scope.requestId : null
  return typeof id === 'string' ? { 'postkey.request_id': id } : {}
}

function reasonOf(outcome: unknown): string | null {
  if (typeof outcome !== 'object' || outcome === null) return null
  if ('decision' in outcome) return reasonOf(outcome.decision)
  return 'reason' in outcome && typeof outcome.reason === 'string' && Object.hasOwn(reasons, outcome.reason) ? outcome.reason : null
}

/** Under this an SDK registers itself, whichever copy of the package it has. Looked for first, so that where there is none nothing is loaded. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1')

/** The SDK that somebody has set up for traces in this process, with `node --import`; null: nobody has. */
export async function findOpenTelemetry(log: Pick<Log, 'event' | 'warn'>): Promise<OpenTelemetry | null> {
  if (!(REGISTERED in globalThis)) return null
  const telemetry = await import('@opentelemetry/api')
  if (telemetry.trace.getTracer('postkey') instanceof telemetry.ProxyTracer) {
    const detail = 'an OpenTelemetry SDK is set up, but not for traces, or by an older @opentelemetry/api than the one beside Postkey'
    log.warn('tracing_unusable', { detail })
    return null
  }
  log.event('tracing', {})
  return telemetry
}

const FLUSH_MS = 2_000

/** Hands over the spans that wait for their turn, since the process is about to end. */
export async function flushSpans({ trace }: OpenTelemetry, log: Pick<Log, 'error'>): Promise<void> {
  const provider = trace.getTracerProvider()
  const owner = 'getDelegate' in provider && typeof provider.getDelegate === 'function' ? (provider.getDelegate() as object) : provider
  if (!('forceFlush' in owner) || typeof owner.forceFlush !== 'function') return
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, FLUSH_MS)
  })
  const flushed = Promise.resolve(owner.forceFlush()).catch((error: unknown) => log.error('spans_not_handed_over', error))
  await Promise.race([flushed, late]).finally(() => clearTimeout(timer))
}
