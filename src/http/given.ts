// A request as the host application has it at hand: web-standard, of node:http and what is built on it, or, where a framework shows no more
// than that, its headers alone.
import type { IncomingMessage } from 'node:http'
import type { Incoming } from './exchange.ts'
import { fromFetch } from './fetch.ts'
import { fromNode } from './node.ts'
import type { RequestInfo } from './visit.ts'

export type GivenRequest = Request | IncomingMessage | Headers

/** By what it can do, not by its class: a process may hold several Requests. */
export function fromGiven(given: GivenRequest): Incoming {
  if (isHeaders(given)) return fromHeaders(given)
  return isRequest(given) ? fromFetch(given) : fromNode(given)
}

/** What node:http knows and a Request does not. */
export function infoOf(given: GivenRequest): RequestInfo {
  return isHeaders(given) || isRequest(given) ? {} : { clientAddress: given.socket?.remoteAddress }
}

/** What a GET asked for, as a path: behind a proxy the host of a Request is not the public one. Null: nothing to come back to. */
export function pageOf(given: GivenRequest): string | null {
  if (isHeaders(given) || given.method !== 'GET') return null
  const { path, search } = fromGiven(given)
  return search === '' ? path : `${path}?${search}`
}

function isHeaders(given: GivenRequest): given is Headers {
  // Those of Next.js have a property "headers", and requests of Express a method "get".
  return 'entries' in given && typeof given.entries === 'function'
}

function isRequest(given: Request | IncomingMessage): given is Request {
  return typeof given.headers.get === 'function'
}

function fromHeaders(headers: Headers): Incoming {
  return {
    method: 'GET',
    host: headers.get('host'),
    path: '/',
    search: '',
    header: (name) => headers.get(name),
    text: async () => '',
  }
}
