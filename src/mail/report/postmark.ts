// Postmark signs nothing: it sends a name and password that stand in the address it was given.
// https://postmarkapp.com/developer/webhooks/bounce-webhook
import { createHash, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { forged, parseJson, type ReadReport, type Report, unreadable } from './report.ts'

const schema = z.object({
  RecordType: z.string(),
  Type: z.string().optional(),
  Email: z.string(),
  Description: z.string().optional(),
})

/** Other types pass, or are about the message and not about the mailbox. */
const FOR_GOOD: ReadonlySet<string> = new Set(['HardBounce', 'BadEmailAddress'])

/** @param credentials `name:password` */
export function postmark(credentials: string): ReadReport {
  const wanted = digest(`Basic ${Buffer.from(credentials).toString('base64')}`)
  return ({ header, body }) => {
    // Of digests, so that the length tells nothing either.
    if (!timingSafeEqual(digest(header('authorization') ?? ''), wanted)) return forged
    const parsed = schema.safeParse(parseJson(body))
    if (!parsed.success) return unreadable
    const { RecordType, Type = '', Email: address, Description: detail = '' } = parsed.data
    const report = (kind: Report['kind']): Report => ({ kind, address, messageId: null, detail: `${Type}: ${detail}` })
    if (RecordType === 'SpamComplaint') return { ok: true, reports: [report('complained')] }
    return { ok: true, reports: RecordType === 'Bounce' && FOR_GOOD.has(Type) ? [report('bounced')] : [] }
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
