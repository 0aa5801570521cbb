// Any other service, by way of a program that knows it: signed as our own webhooks are.
import { z } from 'zod'
import { readWebhookSecret } from '../../webhook/signature.ts'
import { verifyWebhook } from '../../webhook/verify.ts'
import { forged, type ReadReport, type Report, unreadable } from './report.ts'

const schema = z.object({ email: z.string(), messageId: z.string().optional(), detail: z.string().optional() })
const KINDS: ReadonlyMap<string, Report['kind']> = new Map([
  ['mail.bounced', 'bounced'],
  ['mail.complained', 'complained'],
])

/**
 * @param secret whsec_…
 * @throws TypeError where it is none
 */
export function signed(secret: string): ReadReport {
  // Else each report would find out.
  readWebhookSecret(secret)
  return ({ header, body, now }) => {
    const webhook = verifyWebhook(secret, { get: header }, body, now / 1_000)
    if (!webhook.ok) return webhook.why === 'body_malformed' ? unreadable : forged
    const kind = KINDS.get(webhook.type)
    const parsed = schema.safeParse(webhook.data)
    if (kind === undefined || !parsed.success) return unreadable
    const { email: address, messageId = null, detail = '' } = parsed.data
    return { ok: true, reports: [{ kind, address, messageId, detail }] }
  }
}
