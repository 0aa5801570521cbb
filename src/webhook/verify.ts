// The door "./webhooks", for whoever receives what Postkey sends: is this message from it, and is it new?
//
//   const webhook = verifyWebhook(secret, request.headers, await request.text())
//   if (!webhook.ok) return new Response(webhook.why, { status: 401 })
//   if (await isKnown(webhook.id)) return new Response(null, { status: 204 })
import { isSigned } from './signature.ts'

export type Webhook =
  | {
      readonly ok: true
      /** The same for every try: what was done for it once need not be done again. */
      readonly id: string
      readonly type: string
      /** When it happened. */
      readonly timestamp: Date
      readonly data: Readonly<Record<string, unknown>>
    }
  | { readonly ok: false; readonly why: 'headers_missing' | 'timestamp_wrong' | 'signature_wrong' | 'body_malformed' }

export type WebhookHeaders = { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>

/** A message that was recorded cannot be sent in later. */
const TOLERANCE_S = 5 * 60

/**
 * @param secret as `postkey webhooks add` or `rotate` printed it; several while it is replaced.
 * @param headers of the request: a `Headers` object, or an object with names in lower case as Node gives it.
 * @param body as it came, before anything parses it.
 * @param now seconds since 1970, for tests
 * @throws TypeError where a secret is none: that is a mistake of ours and not of the sender.
 */
export function verifyWebhook(
  secret: string | readonly string[],
  headers: WebhookHeaders,
  body: string | Uint8Array,
  now: number = Date.now() / 1_000,
): Webhook {
  const id = headerOf(headers, 'webhook-id')
  const timestamp = headerOf(headers, 'webhook-timestamp')
  const signatures = headerOf(headers, 'webhook-signature')
  if (id === null || timestamp === null || signatures === null) return { ok: false, why: 'headers_missing' }
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE_S) return { ok: false, why: 'timestamp_wrong' }
  const secrets = typeof secret === 'string' ? [secret] : secret
  if (!isSigned(secrets, { id, timestamp, body }, signatures)) return { ok: false, why: 'signature_wrong' }
  return read(id, typeof body === 'string' ? body : Buffer.from(body).toString('utf8'))
}

function read(id: string, text: string): Webhook {
  try {
    const { type, timestamp, data } = JSON.parse(text) as { type?: unknown; timestamp?: unknown; data?: unknown }
    const at = new Date(String(timestamp))
    if (typeof type === 'string' && typeof data === 'object' && data !== null && !Number.isNaN(at.getTime()))
      return { ok: true, id, type, timestamp: at, data: data as Record<string, unknown> }
  } catch {
    // It is signed, and still not what we send: answered below.
  }
  return { ok: false, why: 'body_malformed' }
}

function headerOf(headers: WebhookHeaders, name: string): string | null {
  if ('get' in headers && typeof headers.get === 'function') return headers.get(name)
  const value = (headers as Readonly<Record<string, string | readonly string[] | undefined>>)[name]
  return typeof value === 'string' ? value : null
}
