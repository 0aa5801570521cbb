// Signatures of Standard Webhooks 1.0: HMAC-SHA256 over "id.timestamp.body", by secrets written as whsec_ and base64. The library of the
// standard would do the same in JavaScript of its own, without constants of Node that are checked and fast; it is what the tests hold this
// against, in both directions.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

export function mintWebhookSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64')
}

/**
 * The standard asks for 24 to 64 bytes.
 *
 * @throws TypeError where it is no such secret
 */
export function readWebhookSecret(secret: string): Buffer {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret
  const key = Buffer.from(text, 'base64')
  const exact = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '')
  if (exact && key.length >= 24 && key.length <= 64) return key
  throw new TypeError('a webhook secret is whsec_ and 24 to 64 bytes as base64')
}

function macOf(key: Buffer, id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}

/**
 * One signature for each secret: who still has the earlier one can check it as well.
 *
 * @param timestamp seconds since 1970
 * @throws TypeError where a secret is none
 */
export function sign(secrets: readonly string[], id: string, timestamp: number, body: string): string {
  return secrets.map((secret) => `v1,${macOf(readWebhookSecret(secret), id, String(timestamp), body).toString('base64')}`).join(' ')
}

/**
 * By any of the secrets. Takes as long for a signature that is nearly right as for one that is not.
 *
 * @throws TypeError where a secret is none
 */
export function isSigned(
  secrets: readonly string[],
  message: { readonly id: string; readonly timestamp: string; readonly body: string | Uint8Array },
  signatures: string,
): boolean {
  const given = signatures
    .split(' ')
    .filter((part) => part.startsWith('v1,'))
    .map((part) => Buffer.from(part.slice(3), 'base64'))
  let signed = false
  for (const secret of secrets) {
    const mac = macOf(readWebhookSecret(secret), message.id, message.timestamp, message.body)
    for (const one of given) if (one.length === mac.length && timingSafeEqual(one, mac)) signed = true
  }
  return signed
}
