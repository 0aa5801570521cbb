// Mailgun signs a time and a token that stand in the body; the rest of the body it does not sign. So whoever records one report could send it
// again with another address in it: only over TLS, and for a day.
// https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { forged, isTimely, parseJson, type ReadReport, type Report, unreadable } from './report.ts'

const signed = z.object({ signature: z.object({ timestamp: z.string(), token: z.string(), signature: z.string() }) })
const schema = z.object({
  'event-data': z.object({
    event: z.string(),
    severity: z.string().optional(),
    recipient: z.string().optional(),
    reason: z.string().optional(),
    message: z.object({ headers: z.object({ 'message-id': z.string().optional() }).optional() }).optional(),
    'delivery-status': z.object({ message: z.string().nullish(), description: z.string().nullish() }).optional(),
  }),
})

/** @param key the HTTP webhook signing key */
export function mailgun(key: string): ReadReport {
  return ({ body, now }) => {
    const json = parseJson(body)
    const signature = signed.safeParse(json)
    if (
      !signature.success ||
      !isSigned(key, signature.data.signature) ||
      !isTimely(Number(signature.data.signature.timestamp) * 1_000, now)
    )
      return forged
    const parsed = schema.safeParse(json)
    return parsed.success ? { ok: true, reports: reportOf(parsed.data['event-data']) } : unreadable
  }
}

function isSigned(key: string, { timestamp, token, signature }: z.output<typeof signed>['signature']): boolean {
  const mac = createHmac('sha256', key)
    .update(timestamp + token)
    .digest()
  const given = Buffer.from(signature, 'hex')
  return given.length === mac.length && timingSafeEqual(given, mac)
}

function reportOf(data: z.output<typeof schema>['event-data']): Report[] {
  const { event, severity, recipient, reason = '', message } = data
  const kind = event === 'complained' ? 'complained' : event === 'failed' && severity === 'permanent' ? 'bounced' : null
  if (kind === null || recipient === undefined) return []
  const said = data['delivery-status']?.message || data['delivery-status']?.description || reason
  return [{ kind, address: recipient, messageId: message?.headers?.['message-id'] ?? null, detail: said }]
}
