// Amazon SES tells through SNS, which signs with a key whose certificate lies at Amazon.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
// https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
import { createVerify } from 'node:crypto'
import { z } from 'zod'
import { forged, isTimely, parseJson, type Reading, type ReadReport, type Report, unreadable } from './report.ts'

const envelope = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  TopicArn: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.string(),
  SigningCertURL: z.string(),
  Subject: z.string().nullish(),
  Token: z.string().optional(),
  SubscribeURL: z.string().optional(),
})
type Envelope = z.output<typeof envelope>

const recipients = z.array(z.object({ emailAddress: z.string(), status: z.string().optional(), diagnosticCode: z.string().optional() }))
const schema = z.object({
  // Event publishing and feedback notifications name it differently.
  notificationType: z.string().optional(),
  eventType: z.string().optional(),
  bounce: z.object({ bounceType: z.string(), bouncedRecipients: recipients }).optional(),
  complaint: z.object({ complainedRecipients: recipients, complaintFeedbackType: z.string().nullish() }).optional(),
  mail: z.object({ commonHeaders: z.object({ messageId: z.string().optional() }).optional() }).optional(),
})

/** Both are asked with addresses of Amazon's only. */
export interface Amazon {
  /** As PEM. */
  readonly certificate: (url: string) => Promise<string>
  /** Of a subscription. */
  readonly confirm: (url: string) => Promise<void>
}

/** Where Amazon keeps certificates and takes confirmations: what a message names is asked for nowhere else. */
const AMAZON = /^https:\/\/sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?\//

/**
 * @param topic the ARN of the topic: anybody can have one of their own, and SNS signs for all of them
 */
export function ses(topic: string, amazon: Amazon): ReadReport {
  return async ({ body, now }) => {
    const read = envelope.safeParse(parseJson(body))
    if (!read.success) return forged
    const message = read.data
    if (message.TopicArn !== topic || !isCertificate(message.SigningCertURL) || !isTimely(Date.parse(message.Timestamp), now)) return forged
    const certificate = await amazon.certificate(message.SigningCertURL)
    const algorithm = message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256'
    if (!createVerify(algorithm).update(signedText(message)).verify(certificate, message.Signature, 'base64')) return forged
    if (message.Type === 'Notification') return reportsOf(message.Message)
    // So that the service begins to send.
    const { Type, SubscribeURL = '' } = message
    if (Type === 'SubscriptionConfirmation' && AMAZON.test(SubscribeURL)) await amazon.confirm(SubscribeURL)
    return { ok: true, reports: [] }
  }
}

const isCertificate = (url: string): boolean => AMAZON.test(url) && /^[^?#\s]+\.pem$/.test(url)

function signedText(message: Envelope): string {
  const names =
    message.Type === 'Notification'
      ? (['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const)
      : (['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const)
  return names.flatMap((name) => (message[name] == null ? [] : [`${name}\n${message[name]}\n`])).join('')
}

function reportsOf(text: string): Reading {
  // SNS sends a sentence when a subscription is made, and SES one to try the topic.
  const json = parseJson(text)
  if (json === undefined) return { ok: true, reports: [] }
  const parsed = schema.safeParse(json)
  if (!parsed.success) return unreadable
  const { notificationType, eventType, bounce, complaint, mail } = parsed.data
  const messageId = mail?.commonHeaders?.messageId ?? null
  const what = notificationType ?? eventType
  const told = (kind: Report['kind'], all: z.output<typeof recipients>): Reading => ({
    ok: true,
    reports: all.map(({ emailAddress, diagnosticCode = '' }) => ({ kind, address: emailAddress, messageId, detail: diagnosticCode })),
  })
  if (what === 'Bounce' && bounce?.bounceType === 'Permanent') return told('bounced', bounce.bouncedRecipients)
  if (what === 'Complaint' && complaint !== undefined && complaint.complaintFeedbackType !== 'not-spam')
    return told('complained', complaint.complainedRecipients)
  return { ok: true, reports: [] }
}
