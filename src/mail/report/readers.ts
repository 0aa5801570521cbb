// Which services may report, and by what they are known: from the settings.
import { mailgun } from './mailgun.ts'
import { postmark } from './postmark.ts'
import type { ReadReport } from './report.ts'
import { sendgrid } from './sendgrid.ts'
import { type Amazon, ses } from './ses.ts'
import { signed } from './signed.ts'

/** One for each service that may report; docs/bounces.md says what each needs. */
export interface ReportSources {
  /** ARN of the SNS topic. */
  readonly ses?: string
  /** `name:password`, as in the address that Postmark was given. */
  readonly postmark?: string
  /** The public key of the signed event webhook. */
  readonly sendgrid?: string
  /** The HTTP webhook signing key. */
  readonly mailgun?: string
  /** `whsec_…`: for a program of your own. */
  readonly signed?: string
}

export const reportServices = ['ses', 'postmark', 'sendgrid', 'mailgun', 'signed'] as const
export type ReportService = (typeof reportServices)[number]

/** @throws Error where what a service is known by cannot be that */
export function readersOf(sources: ReportSources, amazon: Amazon): ReadonlyMap<ReportService, ReadReport> {
  const readers = new Map<ReportService, ReadReport>()
  if (sources.ses !== undefined) readers.set('ses', ses(sources.ses, amazon))
  if (sources.postmark !== undefined) readers.set('postmark', postmark(sources.postmark))
  if (sources.sendgrid !== undefined) readers.set('sendgrid', sendgrid(sources.sendgrid))
  if (sources.mailgun !== undefined) readers.set('mailgun', mailgun(sources.mailgun))
  if (sources.signed !== undefined) readers.set('signed', signed(sources.signed))
  return readers
}
