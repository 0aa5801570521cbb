// Reports of mails that came back, from services and from the mail system: whom they are about, and that they are settled once each.
import { readAddress } from '../core/address.ts'
import type { Reporter } from '../core/bounce.ts'
import type { ReasonCode } from '../core/reason.ts'
import type { Delivery, ReadReport, Report } from '../mail/report/report.ts'
import { replyText } from '../mail/transport.ts'
import { addressKey, readBounceTag } from '../secret.ts'
import type { BounceInput, Scope } from '../store/store.ts'
import type { Context } from './context.ts'
import { addressInEvent, readLinkId } from './sign-in.ts'

export interface BounceContext extends Pick<Context, 'store' | 'tenant' | 'keys' | 'policy' | 'log'> {
  /** A new one each time it is asked for. */
  readonly scope: () => Scope
  readonly tell: Context['tell']
}

/** A message of ours is named by its link. null: by somebody else's program. */
function mailOf(id: string): BounceInput['mail'] {
  const { challenge, ordinal } = readLinkId(id)
  return challenge === '' ? null : { challenge, ordinal }
}

function mailOfMessage(messageId: string | null): BounceInput['mail'] {
  const id = /^\s*<?([0-9A-Za-z]{17})@/.exec(messageId ?? '')?.[1]
  return id === undefined ? null : mailOf(id)
}

export type Taken = { readonly ok: true; readonly settled: number } | { readonly ok: false; readonly why: 'forged' | 'unreadable' }

/** By the service. */
export type ReportReaders = ReadonlyMap<Reporter, ReadReport>

export async function takeReport(context: BounceContext, reporter: Reporter, read: ReadReport, delivery: Delivery): Promise<Taken> {
  const reading = await read(delivery)
  if (!reading.ok) return reading
  let settled = 0
  for (const report of reading.reports) if (await settleReport(context, reporter, report)) settled++
  return { ok: true, settled }
}

async function settleReport(context: BounceContext, reporter: Reporter, report: Report): Promise<boolean> {
  const address = readAddress(report.address)
  if (!address.ok) return false
  const { kind, detail, messageId } = report
  return (await settle(context, { reporter, kind, detail, mail: mailOfMessage(messageId), address: address.address.email })) !== null
}

/** @param tags from return paths that a message came in for; null: none of them is ours, and nothing was done. */
export async function takeDsn(context: BounceContext, tags: readonly string[], detail: string): Promise<ReasonCode | null> {
  const { keys, tenant } = context
  const id = tags.map((tag) => readBounceTag(keys, tenant, tag)).find((found) => found !== null)
  const mail = id === undefined ? null : mailOf(id)
  return mail === null ? null : await settle(context, { reporter: 'dsn', kind: 'bounced', detail, mail, address: null })
}

async function settle(context: BounceContext, report: Omit<BounceInput, 'addressInEvent'>): Promise<ReasonCode | null> {
  const { store, log, keys, tenant } = context
  const scope = context.scope()
  const decision = await store.settleBounce(scope, {
    ...report,
    detail: replyText(report.detail),
    addressInEvent: (email) => addressInEvent(context, email),
  })
  if (decision === null) return null
  context.tell({ kind: 'bounce', reason: decision.reason })
  log.event('bounce', {
    requestId: scope.requestId,
    kind: report.reporter,
    reason: decision.reason,
    challenge: report.mail?.challenge ?? null,
    address: report.address === null ? null : addressKey(keys, tenant, report.address),
  })
  return decision.reason
}
