// One request to the JSON API, and its answer as a value. Cookies are the transport: no token is read or kept here.
import { type Failure, failureOf, type Json, refusalOf } from './failure.ts'

export interface Answer {
  readonly ok: true
  readonly body: Json
}

export interface Wire {
  ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Answer | Failure>
  /** A time of the server by this machine's clock, which may be wrong: a wait of a minute must not become one of ten. NaN: it is none. */
  local(time: unknown): number
}

/** A request that has no answer by then is taken for lost: a dead button would strand the person. */
const LOST_AFTER_MS = 20_000
/** The server tells its time to the second. Below this the two clocks agree. */
const SKEW_MS = 2_000

const always: RequestInit = {
  // Never to another origin: Postkey refuses it, and the cookies would not go along.
  credentials: 'same-origin',
  cache: 'no-store',
  // The API leads nowhere else; what redirects is a portal or a wrong address, which gets no body of ours.
  redirect: 'error',
  // The path of the application's page may hold what is none of the server's business.
  referrerPolicy: 'strict-origin',
}

export function openWire(base: string, send: typeof fetch): Wire {
  let skew = 0
  return {
    ask: async (method, path, body) => {
      const lost = new AbortController()
      const timer = setTimeout(() => lost.abort(), LOST_AFTER_MS)
      try {
        const response = await send(base + path, {
          ...always,
          method,
          signal: lost.signal,
          headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }) },
          ...(body && { body: JSON.stringify(body) }),
        })
        const { status, headers } = response
        skew = skewOf(headers.get('date'))
        const answer = status === 204 ? {} : readJson(await response.text())
        if (!response.ok) return refusalOf(status, answer, headers.get('retry-after'))
        return answer === null ? failureOf('answer_unknown') : { ok: true, body: answer }
      } catch (cause) {
        return failureOf('unreachable', { cause })
      } finally {
        clearTimeout(timer)
      }
    },
    local: (time) => Date.parse(String(time)) - skew,
  }
}

function skewOf(date: string | null): number {
  const skew = date === null ? 0 : Date.parse(date) - Date.now()
  return Math.abs(skew) > SKEW_MS ? skew : 0
}

function readJson(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Json) : null
  } catch {
    return null
  }
}
