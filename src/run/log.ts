// The log: one line for each thing that happened, with named fields from a fixed list. Nothing else can be logged, so that no
// secret, full address or URL gets in by way of "log the whole object". The audit record is in the database; this is for operators.
import type { Writable } from 'node:stream'
import type { LogLevel } from './setting.ts'

/** Ids and digests of ours, times, and words from fixed lists: written as they are. */
const PLAIN = [
  'requestId',
  'tenant',
  'challenge',
  'user',
  'session',
  'address',
  'reason',
  'kind',
  'proof',
  'method',
  'route',
  'mode',
  'signal',
  'version',
  'policy',
  'level',
  'transport',
  'rule',
  'head',
  'until',
  'endpoint',
  'dispatch',
] as const
/** Numbers and yes or no. */
const NUMBERS = [
  'status',
  'ms',
  'dbMs',
  'bytes',
  'count',
  'ended',
  'tries',
  'port',
  'pid',
  'schema',
  'epoch',
  'waitMs',
  'dropped',
  'ok',
  'value',
  'threshold',
  'seq',
] as const
/** Written by others, so anything may be in them: cleaned. */
const TEXT = ['reply', 'detail', 'host', 'url', 'setting', 'database', 'network', 'device'] as const

type Plain = (typeof PLAIN)[number]
type Numeric = (typeof NUMBERS)[number]
type Text = (typeof TEXT)[number]

export type LogFields = { readonly [K in Plain | Text]?: string | null } & { readonly [K in Numeric]?: number | boolean | null }

export interface Log {
  event(name: string, fields?: LogFields): void
  warn(name: string, fields?: LogFields): void
  /** A bug or an outage. Of the error its kind, code, cleaned message and stack are kept. */
  error(name: string, error: unknown, fields?: LogFields): void
  /** Resolves when everything is written, or after a second: a reader that has stopped must not keep the process alive. */
  flush(): Promise<void>
}

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'json' | 'pretty'
  readonly colours?: boolean
  readonly destination?: Destination
}

export interface Destination {
  write(line: string): void
  flush(): Promise<void>
}

type Level = 'info' | 'warn' | 'error'

export function createLog(options: LogOptions): Log {
  const destination = options.destination ?? streamDestination(process.stdout)
  const put = options.format === 'json' ? jsonLines(options.level, destination) : prettyLines(options, destination)
  return {
    event: (name, fields) => put('info', name, fields),
    warn: (name, fields) => put('warn', name, fields),
    error: (name, error, fields) => put('error', name, fields, describe(error)),
    flush: () => destination.flush(),
  }
}

/** `described`: of an error, clean already. */
type Line = (level: Level, name: string, fields: LogFields | undefined, described?: Readonly<Record<string, string>>) => void

/** One object, one line. A logging library would do no more with fields from a fixed list, at five times the cost. */
function jsonLines(level: LogLevel, destination: Destination): Line {
  const passes = PASSES[level]
  return (severity, name, fields, described) => {
    if (!passes.includes(severity)) return
    let line = `{"level":"${severity}","time":"${timestamp()}","event":${json(name)}`
    for (const key in fields) {
      const value = allowed(key, fields[key as keyof LogFields])
      if (value !== undefined) line += `,"${key}":${json(value)}`
    }
    for (const key in described) line += `,"${key}":${json(described[key])}`
    destination.write(`${line}}\n`)
  }
}

/** Most values are ids and words of ours, which JSON writes as they are: to see that is cheaper than to ask for it. */
function json(value: unknown): string {
  return typeof value === 'string' && /^[\w./:-]*$/.test(value) ? `"${value}"` : JSON.stringify(value)
}

let stampedAt = 0
let stamp = ''

/** ISO 8601 in UTC, written once a millisecond. */
function timestamp(): string {
  const now = Date.now()
  if (now !== stampedAt) {
    stampedAt = now
    stamp = new Date(now).toISOString()
  }
  return stamp
}

const PASSES: Record<LogLevel, readonly Level[]> = {
  debug: ['info', 'warn', 'error'],
  info: ['info', 'warn', 'error'],
  warn: ['warn', 'error'],
  error: ['error'],
  silent: [],
}

/** For a person at a terminal: time, what happened, and what belongs to it. */
function prettyLines(options: LogOptions, destination: Destination): Line {
  const dim = (text: string): string => (options.colours ? `\u001b[2m${text}\u001b[22m` : text)
  const strong = (level: Level, text: string): string => {
    const colour = level === 'error' ? 31 : level === 'warn' ? 33 : 0
    return options.colours && colour > 0 ? `\u001b[${colour}m${text}\u001b[39m` : text
  }
  return (level, name, fields = {}, { stack, ...described } = {}) => {
    if (!PASSES[options.level].includes(level)) return
    const given = Object.entries(fields).map(([key, value]) => [key, allowed(key, value)] as const)
    const pairs = [...given, ...Object.entries(described)]
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${dim(`${key}=`)}${String(value).replace(/[\p{Cc}\p{Cf}]+/gu, ' ')}`)
    const mark = level === 'info' ? ' ' : level === 'warn' ? '!' : '×'
    const lines = stack === undefined ? '' : `\n${dim(stack)}`
    destination.write(`${dim(new Date().toTimeString().slice(0, 8))} ${strong(level, `${mark} ${name}`)}  ${pairs.join(' ')}${lines}\n`)
  }
}

const plain: ReadonlySet<string> = new Set([...PLAIN, ...NUMBERS])
const text: ReadonlySet<string> = new Set(TEXT)

/** The fixed list, enforced: an unknown field is left out where people sign in, and is a failed test where we develop. */
function allowed(key: string, value: unknown): unknown {
  if (value === null || value === undefined || value === '') return undefined
  if (plain.has(key)) return value
  if (text.has(key)) return typeof value === 'string' ? clean(value) : value
  if (process.env['VITEST'] !== undefined) throw new TypeError(`log field "${key}" is not on the list in run/log.ts`)
  return undefined
}

// Words of 20 letters exist in stack traces ("processTicksAndRejections"); secrets of that length have digits among the letters.
const SECRET = /[A-Za-z0-9_+=-]{20,}/g
const RUN = /[^\s<>()[\],;:"'=]+/g
const AT = /@|%40/
const DOMAIN = /^[^/]+?\.[^/]/
// Not what belongs to a longer number: 1.234567, 10:123456 (a place in a file), an IPv6 address.
const CODE = /(?<!\w|\d[.:])\d{6,10}(?!\w|[.:]\d)/g

/** Without anything that looks like an address, a code or a secret. */
export function clean(value: string): string {
  return value
    .slice(0, 4_000)
    .replace(RUN, withoutAddress)
    .replace(SECRET, (run) => (/\d/.test(run) || run.length > 40 ? '•' : run))
    .replace(CODE, '•')
}

/** By its parts: one pattern for an address tries every beginning with every end, which takes seconds for a stranger's "a@a@a@…". */
function withoutAddress(run: string): string {
  const parts = run.split(AT)
  const last = parts.findLastIndex((part, index) => index > 0 && DOMAIN.test(part))
  if (last < 1 || (last === 1 && parts[0] === '')) return run
  const path = (parts[last] as string).replace(/^[^/]*/, '')
  return `•@•${[path, ...parts.slice(last + 1)].join('@')}`
}

function describe(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { error: clean(String(error)) }
  const code = 'code' in error && typeof error.code === 'string' ? { code: clean(error.code) } : {}
  const cause = error.cause instanceof Error ? { cause: clean(`${error.cause.name}: ${error.cause.message}`) } : {}
  // The stack repeats the message, which may have several lines of any content; only the frames are kept.
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
  return {
    error: clean(`${error.name}: ${error.message}`),
    ...code,
    ...cause,
    ...(frames.length > 0 && { stack: clean(frames.join('\n')) }),
  }
}

/** As much as waits for a reader that does not read; what comes after it is counted and dropped. */
const WAITING_MAX = 4_000_000
const FLUSH_MS = 1_000

/**
 * Lines to a stream, never waiting for it. A pipe or terminal takes them when it can: a reader that has stopped costs memory up to
 * a bound, then lines. (Writing through node:fs instead puts a thread to sleep in the write, and the process can then not exit.)
 */
export function streamDestination(stream: Writable): Destination {
  let waiting = ''
  let dropped = 0
  const send = (done?: () => void): void => {
    const lines = waiting
    waiting = ''
    stream.write(lines, done)
  }
  return {
    write(line) {
      if (stream.writableLength + waiting.length > WAITING_MAX) {
        dropped += 1
        return
      }
      // Lines of one turn of the event loop leave together.
      if (waiting === '') setImmediate(() => send())
      if (dropped > 0) {
        waiting += `{"level":"warn","time":"${new Date().toISOString()}","dropped":${dropped},"event":"log_dropped"}\n`
        dropped = 0
      }
      waiting += line
    },
    flush() {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, FLUSH_MS)
        send(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    },
  }
}
