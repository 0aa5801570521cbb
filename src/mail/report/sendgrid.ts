// SendGrid signs time and body with ECDSA; its public key stands in the settings of the webhook.
// https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { forged, isTimely, parseJson, type ReadReport, type Report, unreadable } from './report.ts'

const schema = z.array(
  z.object({
    event: z.string(),
    email: z.string().optional(),
    type: z.string().optional(),
    reason: z.string().optional(),
    'smtp-id': z.string().optional(),
  }),
)

/** @throws Error where it is no public key */
export function readSendgridKey(text: string): KeyObject {
  return createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
}

/** @param key as SendGrid shows it: base64 of a public key */
export function sendgrid(key: string): ReadReport {
  const publicKey = readSendgridKey(key)
  return ({ header, body, now }) => {
    const signature = header('x-twilio-email-event-webhook-signature')
    const timestamp = header('x-twilio-email-event-webhook-timestamp')
    if (signature === null || timestamp === null) return forged
    if (!verify('sha256', Buffer.from(timestamp + body), publicKey, Buffer.from(signature, 'base64'))) return forged
    if (!isTimely(Number(timestamp) * 1_000, now)) return forged
    const parsed = schema.safeParse(parseJson(body))
    return parsed.success ? { ok: true, reports: parsed.data.flatMap(reportOf) } : unreadable
  }
}

function reportOf({ event, email, type, reason = '', ...ids }: z.output<typeof schema>[number]): Report[] {
  // A bounce of type "blocked" is about this server or message, for now.
  const kind = event === 'spamreport' ? 'complained' : event === 'bounce' && type !== 'blocked' ? 'bounced' : null
  return kind === null || email === undefined ? [] : [{ kind, address: email, messageId: ids['smtp-id'] ?? null, detail: reason }]
}
