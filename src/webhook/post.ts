// Posts one message to one endpoint, and says what came of it. The name is resolved here, every address of it is looked at, and the connection
// goes to those and to no other: a name that leads elsewhere a moment later leads nobody there (WH4).

import dns from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { type ClientRequest, request as http, type IncomingMessage } from 'node:http'
import { request as https } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { DispatchReply } from '../core/dispatch.ts'
import type { Ms } from '../core/model.ts'
import { replyText } from '../mail/transport.ts'
import { isLocalName, isLoopback, isPublic, literalOf } from './target.ts'

export interface Posted {
  readonly reply: DispatchReply
  readonly status: number | null
  /** The beginning of what was answered, or why there was no answer: one line, cleaned. */
  readonly text: string
  readonly retryAfterMs: Ms | null
}

export interface PostInput {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Post = (input: PostInput) => Promise<Posted>

export interface PostOptions {
  /** Plain http to this machine, for who develops. */
  readonly local: boolean
  /** Which addresses may be connected to. For tests, which have none that is public. */
  readonly allows?: (address: string) => boolean
  readonly timeoutMs?: Ms
  /** More authorities than the system trusts. For tests. */
  readonly ca?: string
}

const TIMEOUT_MS = 15_000
/** More is not read: what an endpoint says is for a person who looks why it did not take a message. */
const ANSWER_BYTES = 1_024

export function poster({ local, allows = isPublic, timeoutMs = TIMEOUT_MS, ca }: PostOptions): Post {
  return async ({ url: text, headers, body }) => {
    const url = new URL(text)
    const here = local && isLocalName(url.hostname)
    if (url.protocol !== 'https:' && !here) return nothing('not https, and not sent')
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      const addresses = here ? ['127.0.0.1', '::1'] : await addressesOf(url.hostname, signal)
      if (addresses.length === 0) return nothing('the name leads nowhere')
      // One bad address is enough: somebody who mixes them wants to see which one is taken.
      if (!addresses.every(here ? isLoopback : allows))
        return nothing('the name leads to an address that is not public, and nothing was sent')
      const request = (url.protocol === 'https:' ? https : http)(url, {
        method: 'POST',
        // A connection is not kept: the next message looks again where the name leads.
        agent: false,
        lookup: onlyTo(addresses),
        signal,
        headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
        ...(ca === undefined ? {} : { ca }),
      })
      return await answerTo(request, body)
    } catch (error) {
      return nothing(signal.aborted ? 'no answer in time' : said(error))
    }
  }
}

function nothing(text: string): Posted {
  return { reply: 'unreachable', status: null, text: replyText(text), retryAfterMs: null }
}

const said = (error: unknown): string =>
  error instanceof Error ? error.message || String((error as { code?: unknown }).code) : String(error)

/** By DNS alone: what a file of this machine says of a name is for this machine. */
async function addressesOf(hostname: string, signal: AbortSignal): Promise<readonly string[]> {
  const literal = literalOf(hostname)
  if (literal !== null) return [literal]
  const resolver = new Resolver({ timeout: 3_000, tries: 2 })
  // Asked for as a property: a name imported once goes on telling the servers of the start.
  resolver.setServers(dns.getServers())
  const cancel = (): void => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const answers = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

/** In place of another look into DNS: the addresses that were looked at. */
function onlyTo(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const [first] = found as [(typeof found)[number]]
  return (_, options, callback) => {
    if (options.all === true) callback(null, found)
    else callback(null, first.address, first.family)
  }
}

function answerTo(request: ClientRequest, body: string): Promise<Posted> {
  return new Promise((resolve, reject) => {
    let answered = false
    // Once the status is here, what goes wrong with the rest does not matter; unheard, it would end the process.
    request.on('error', (error) => {
      if (!answered) reject(error)
    })
    request.once('response', (response) => {
      answered = true
      const { statusCode: status = 0, headers } = response
      const retryAfterMs = readRetryAfter(headers['retry-after'], Date.now())
      beginningOf(response)
        .then((text) => resolve({ reply: replyOf(status, retryAfterMs), status, text: replyText(text), retryAfterMs }))
        .catch(reject)
    })
    request.end(body)
  })
}

/** Also where the rest never comes: the answer is the status, and that has come. */
function beginningOf(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const done = (): void => {
      response.destroy()
      resolve(Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString('utf8'))
    }
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= ANSWER_BYTES) done()
    })
    response.once('end', done)
    response.on('error', done)
    response.once('close', done)
  })
}

const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504])

function replyOf(status: number, retryAfterMs: Ms | null): DispatchReply {
  if (status >= 200 && status < 300) return 'accepted'
  if (status === 410) return 'gone'
  return BUSY.has(status) || retryAfterMs !== null ? 'busy' : 'refused'
}

/** Seconds, or a date. */
export function readRetryAfter(text: string | undefined, now: number): Ms | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000
  // Date.parse takes nearly anything for a date.
  const at = /^[A-Z][a-z]{2},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
