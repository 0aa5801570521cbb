// `postkey calibrate`: how long people take from the mail to the click, by class of mailbox, and what life of links follows from it.
// Reads only.
import { type Advice, adviseOn, type Distribution, type Measured, type MeasuredPart, measureEach } from '../core/calibrate.ts'
import { adviceWords, limits, percent } from '../core/calibrate-words.ts'
import type { Ms } from '../core/model.ts'
import { spanExactly } from '../core/span.ts'
import { type Collected, collectClicks } from '../flow/calibrate.ts'
import type { Store } from '../store/store.ts'
import { policyVersion } from '../versions.ts'
import type { ExitCode, Request } from './command.ts'
import { mailboxesByDns, silenceOf } from './mailboxes.ts'
import { withStore } from './reading.ts'
import { beginningOf, tenantOf, watched } from './record.ts'
import { tableOf } from './table.ts'

const COMMAND = 'calibrate'

export async function calibrate(request: Request): Promise<ExitCode> {
  const beginning = beginningOf(request, COMMAND)
  return beginning === null ? 2 : await withStore(request, COMMAND, (store) => calibrateFrom(request, store, beginning.requestId))
}

async function calibrateFrom(request: Request, store: Store, after: string): Promise<ExitCode> {
  const { terminal, json } = request
  const mailboxes = mailboxesByDns()
  const tenant = tenantOf(request)
  const of = await store.countEvents(tenant, { requestId: after, id: '' })
  const collected = await watched(request, { title: 'Reading', end: 'Read', of }, (onStep) =>
    collectClicks({ store, tenant, after, mailboxes, onStep }),
  )
  const { policy, whole, byMailbox } = collected
  const advice = policy === null || !whole ? null : adviseOn(policy, byMailbox)
  const silence = silenceOf(mailboxes)
  if (json) terminal.out(JSON.stringify({ ok: whole, ...asJson(tenant, collected, advice), silence }))
  else terminal.out(report(collected, advice, silence))
  return whole ? 0 : 1
}

function asJson(tenant: string, { challenges, byMailbox, policy }: Collected, advice: Advice | null): object {
  const [{ measured: all }, ...classes] = measureEach(byMailbox)
  return {
    challenges,
    policy: policy === null ? null : { version: policyVersion(policy), linkTtl: policy.linkTtl, codeTtl: policy.codeTtl },
    tenants: {
      [tenant]: { all, byMailbox: Object.fromEntries(classes.map(({ name, measured }) => [name, measured])) },
    },
    advice,
    limits,
  }
}

function report({ challenges, byMailbox, policy, whole }: Collected, advice: Advice | null, silence: string | null): string {
  const parts = measureEach(byMailbox)
  const lines = [`Sign-ins asked for: ${challenges}.`, '', ...tables(parts)]
  const { human, expired, rate } = parts[0].measured.landings
  if (rate !== null) lines.push('', `Expired landings: ${expired} of ${human} views by likely people, ${percent(rate)}.`)
  if (silence !== null) lines.push('', silence)
  if (!whole) lines.push('', 'Interrupted: these are the older ones, and nothing is advised.')
  else if (advice === null || policy === null) lines.push('', 'No policy has decided here: nothing is advised.')
  else lines.push('', ...linesOf(advice, policy.linkTtl))
  return [...lines, '', 'What this cannot say', ...limits.map((limit) => `  - ${limit}`)].join('\n')
}

const HEADS = ['', 'count', '50 %', '90 %', '95 %', '99 %']

function tables(parts: readonly MeasuredPart[]): string[] {
  const table = (title: string, of: (measured: Measured) => Distribution): string[] => {
    const rows = parts.filter(({ measured }) => of(measured).count > 0).map(({ name, measured }) => rowOf(name, of(measured)))
    return rows.length === 0 ? [`${title}: none`, ''] : [title, tableOf([HEADS, ...rows]), '']
  }
  return [
    ...table('To the first click on a link, from when its mail was queued', ({ links }) => links.sinceQueued),
    ...table('  from when the mail server took it', ({ links }) => links.sinceAccepted),
    ...table('To the code, from when its mail was queued', ({ codes }) => codes.sinceQueued),
    ...table('  from when the mail server took it', ({ codes }) => codes.sinceAccepted),
    'Lives of links that would have caught so many of the first clicks, and expired landings',
    tableOf([
      ['', '90 %', '95 %', '99 %', 'expired'],
      ...parts.filter(({ measured }) => measured.links.sinceQueued.count > 0).map(({ name, measured }) => lifeRowOf(name, measured)),
    ]),
  ]
}

function rowOf(name: string, { count, p50, p90, p95, p99 }: Distribution): string[] {
  return [name, String(count), ...[p50, p90, p95, p99].map(spanExactly)]
}

function lifeRowOf(name: string, { lives: { p90, p95, p99 }, landings: { rate } }: Measured): string[] {
  return [name, ...[p90, p95, p99].map(spanExactly), rate === null ? '' : percent(rate)]
}

function linesOf(advice: Advice, linkTtl: Ms): string[] {
  const { said, policy } = adviceWords(advice, linkTtl)
  if (policy === null) return [said]
  return [
    said,
    'As POSTKEY_POLICY takes it, in a file (try it first: postkey audit try --policy FILE):',
    '',
    ...policy.split('\n').map((line) => `  ${line}`),
  ]
}
