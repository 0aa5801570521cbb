// Any other service, by way of a program that knows it: signed as our own webhooks are.
import { z } from 'zod'
import { verifyWebhook } from '../../webhook/verify.ts'
import { forged, type ReadReport, unreadable } from './report.ts'

const schema = z.object({ email: z.string(), messageId: z.string().optional(), detail: z.string().optional() })
const KINDS = { 'mail.bounced': 'bounced', 'mail.complained': 'complained' } as const

/** @param secret whsec_… */
export function signed(secret: string): ReadReport {
  return ({ header, body, now }) => {
    const webhook = verifyWebhook(secret, { get: header }, body, now / 1_000)
    if (!webhook.ok) return webhook.why === 'body_malformed' ? unreadable : forged
    const kind = Object.hasOwn(KINDS, webhook.type) ? KINDS[webhook.type as keyof typeof KINDS] : null
    const parsed = schema.safeParse(webhook.data)
    if (kind === null || !parsed.success) return unreadable
    const { email: address, messageId = null, detail = '' } = parsed.data
    return { ok: true, reports: [{ kind, address, messageId, detail }] }
  }
}
