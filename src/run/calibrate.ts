// `postkey calibrate`: how long people take from the mail to the click, by class of mailbox, and what life of links follows from it.
// Reads only.
import { type Advice, adviseOn, type Distribution, type Measured, measure, type SamplesByMailbox, together } from '../core/calibrate.ts'
import { type MailboxClass, mailboxClasses } from '../core/mailbox.ts'
import type { Ms } from '../core/model.ts'
import { readable } from '../core/policy.ts'
import { type Collected, collectClicks } from '../flow/calibrate.ts'
import type { Store } from '../store/store.ts'
import { policyVersion } from '../versions.ts'
import type { ExitCode, Request } from './command.ts'
import { mailboxesByDns, silenceOf } from './mailboxes.ts'
import { withStore } from './reading.ts'
import { beginningOf, TENANT, watched } from './record.ts'
import { tableOf } from './table.ts'

const COMMAND = 'calibrate'

export async function calibrate(request: Request): Promise<ExitCode> {
  const beginning = beginningOf(request, COMMAND)
  return beginning === null ? 2 : await withStore(request, COMMAND, (store) => calibrateFrom(request, store, beginning.requestId))
}

async function calibrateFrom(request: Request, store: Store, after: string): Promise<ExitCode> {
  const { terminal, json } = request
  const mailboxes = mailboxesByDns()
  const of = await store.countEvents(TENANT, { requestId: after, id: '' })
  const collected = await watched(request, { title: 'Reading', end: 'Read', of }, (onStep) =>
    collectClicks({ store, tenant: TENANT, after, mailboxes, onStep }),
  )
  const { policy, whole, byMailbox } = collected
  const advice = policy === null || !whole ? null : adviseOn(policy, byMailbox)
  const silence = silenceOf(mailboxes)
  if (json) terminal.out(JSON.stringify({ ok: whole, ...asJson(collected, advice), silence }))
  else terminal.out(report(collected, advice, silence))
  return whole ? 0 : 1
}

/** What can be read from the numbers, and what cannot. */
const LIMITS = [
  "A first use is the first view that was most likely a person's, or the first submit; scanners and prefetches are told by a guess.",
  'Who never clicked is in no number. Who was late and knew it, neither.',
  'Views are dropped when the server has too much to do, and a click on an expired link is nothing but a view.',
] as const

function asJson({ challenges, byMailbox, policy }: Collected, advice: Advice | null): object {
  return {
    challenges,
    policy: policy === null ? null : { version: policyVersion(policy), linkTtl: policy.linkTtl, codeTtl: policy.codeTtl },
    tenants: {
      [TENANT]: {
        all: measure(together(byMailbox)),
        byMailbox: Object.fromEntries(mailboxClasses.map((name) => [name, measure(byMailbox[name])])),
      },
    },
    advice,
    limits: LIMITS,
  }
}

function report({ challenges, byMailbox, policy, whole }: Collected, advice: Advice | null, silence: string | null): string {
  const all = measure(together(byMailbox))
  const lines = [`Sign-ins asked for: ${challenges}.`, '', ...tables(all, byMailbox)]
  const { human, expired, rate } = all.landings
  if (rate !== null) lines.push('', `Expired landings: ${expired} of ${human} views by likely people, ${percent(rate)}.`)
  if (silence !== null) lines.push('', silence)
  if (!whole) lines.push('', 'Interrupted: these are the older ones, and nothing is advised.')
  else if (advice === null || policy === null) lines.push('', 'No policy has decided here: nothing is advised.')
  else lines.push('', ...wordsOf(advice, policy.linkTtl))
  return [...lines, '', 'What this cannot say', ...LIMITS.map((limit) => `  - ${limit}`)].join('\n')
}

const HEADS = ['', 'count', '50 %', '90 %', '95 %', '99 %']

function tables(all: Measured, byMailbox: SamplesByMailbox): string[] {
  const parts: [MailboxClass | 'all', Measured][] = [
    ['all', all],
    ...mailboxClasses.map((name): [MailboxClass, Measured] => [name, measure(byMailbox[name])]),
  ]
  const table = (title: string, of: (measured: Measured) => Distribution): string[] => {
    const rows = parts.filter(([, measured]) => of(measured).count > 0).map(([name, measured]) => rowOf(name, of(measured)))
    return rows.length === 0 ? [`${title}: none`, ''] : [title, tableOf([HEADS, ...rows]), '']
  }
  const lives = parts.filter(([, { links }]) => links.sinceQueued.count > 0)
  return [
    ...table('To the first click on a link, from when its mail was queued', ({ links }) => links.sinceQueued),
    ...table('  from when the mail server took it', ({ links }) => links.sinceAccepted),
    ...table('To the code, from when its mail was queued', ({ codes }) => codes.sinceQueued),
    ...table('  from when the mail server took it', ({ codes }) => codes.sinceAccepted),
    'Lives of links that would have caught so many of the first clicks, and expired landings',
    tableOf([
      ['', '90 %', '95 %', '99 %', 'expired'],
      ...lives.map(
        ([
          name,
          {
            lives: { p90, p95, p99 },
            landings,
          },
        ]) => [name, ...[p90, p95, p99].map(time), landings.rate === null ? '' : percent(landings.rate)],
      ),
    ]),
  ]
}

function rowOf(name: string, { count, p50, p90, p95, p99 }: Distribution): string[] {
  return [name, String(count), ...[p50, p90, p95, p99].map(time)]
}

/** "47s", "12m 5s", "3h 20m": two units at most. */
function time(ms: Ms | null): string {
  if (ms === null) return ''
  const seconds = Math.round(ms / 1_000)
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const
  const first = parts.findIndex(([count]) => count > 0)
  if (first === -1) return '0s'
  const told = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return told.map(([count, unit]) => `${count}${unit}`).join(' ')
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`
}

function wordsOf(advice: Advice, linkTtl: Ms): string[] {
  if ('needed' in advice) {
    if (advice.verdict === 'too_few') return [`Too few to advise on: ${advice.clicks} first clicks, of ${advice.needed} that it takes.`]
    return ['No view of a link was recorded in this time, so nobody knows of clicks that came after its end: nothing is advised.']
  }
  const now = `Links live for ${readable(linkTtl)} now, which catches ${percent(advice.caught)} of ${advice.clicks} first clicks`
  if (advice.verdict === 'keep') return [`${now}: leave it so.`]
  const who = advice.by === 'all' ? 'all mailboxes together ask for it' : `mailboxes of the class "${advice.by}" ask for it`
  return [
    `${now}. Let them live for ${readable(advice.linkTtl)}: ${percent(advice.wouldCatch)}; ${who}.`,
    'As POSTKEY_POLICY takes it, in a file (try it first: postkey audit try --policy FILE):',
    '',
    ...JSON.stringify(advice.policy, null, 2)
      .split('\n')
      .map((line) => `  ${line}`),
  ]
}
