// `postkey funnel`: how many of those who asked got in, and where the others were lost; all of them, and told apart. Reads only.
import { NO_PART, type Split, splits } from '../core/funnel.ts'
import { type FunnelNumber, LEAST, numbersOf, type Part, partsOf, unseen } from '../core/funnel-numbers.ts'
import type { Totals } from '../core/funnel-totals.ts'
import type { Ms } from '../core/model.ts'
import { type FunnelRead, readFunnel } from '../flow/funnel.ts'
import { idsOf } from '../secret.ts'
import type { Store } from '../store/store.ts'
import type { ExitCode, Request } from './command.ts'
import { mailboxesByDns, silenceOf } from './mailboxes.ts'
import { withStore } from './reading.ts'
import { sinceOf, tenantOf, watched } from './record.ts'
import { tableOf } from './table.ts'

const COMMAND = 'funnel'

export async function funnel(request: Request): Promise<ExitCode> {
  const since = sinceOf(request, COMMAND, '24h')
  const by = byOf(request)
  return since === null || by === undefined ? 2 : withStore(request, COMMAND, (store) => funnelFrom(request, store, { since, by }))
}

/** undefined: it names no split, and the person was told. */
function byOf({ terminal, flags }: Request): Split | null | undefined {
  const text = flags['by']
  if (text === undefined) return null
  const by = splits.find((split) => split === text)
  if (by === undefined)
    terminal.err(`postkey ${COMMAND}: --by ${text} tells nothing apart — write ${splits.slice(0, -1).join(', ')} or ${splits.at(-1)}`)
  return by
}

async function funnelFrom(request: Request, store: Store, { since, by }: { since: Ms; by: Split | null }): Promise<ExitCode> {
  const { terminal, json } = request
  const mailboxes = mailboxesByDns()
  const tenant = tenantOf(request)
  const of = await store.countEvents(tenant, { requestId: idsOf(since), id: '' })
  const read = await watched(request, { title: 'Counting', end: 'Counted', of }, (onStep) =>
    readFunnel({ store, tenant, mailboxes, since, until: Date.now(), by, onStep }),
  )
  const silence = silenceOf(mailboxes)
  terminal.out(json ? JSON.stringify(reportOf(tenant, read, silence)) : textOf(read, silence))
  return read.whole ? 0 : 1
}

function reportOf(tenant: string, { since, by, counted, whole, totals, parts }: FunnelRead, silence: string | null): object {
  return {
    ok: whole,
    tenant,
    since: new Date(since).toISOString(),
    events: counted,
    ...countsOf(totals),
    ...(by === null
      ? {}
      : { by, parts: Object.fromEntries(partsOf(parts).map(({ name, totals: own }) => [name, countsOf(own)])), silence }),
    unseen,
  }
}

function countsOf(totals: Totals): object {
  const { outcomes, flows, codes, posts, signIns, views } = totals
  return { flows, numbers: numbersOf(totals), codes, posts, signIns, views, outcomes: Object.fromEntries(outcomes) }
}

const STAGES = [
  ['requested', 'asked for a mail'],
  ['accepted', 'the mail server took it'],
  ['seen', 'a person likely opened the link, or typed the code'],
  ['verified', 'signed in'],
] as const

function textOf({ since, by, counted, whole, totals, parts }: FunnelRead, silence: string | null): string {
  const { flows } = totals
  const stages = STAGES.map(([stage, words]) => {
    const part = flows.requested === 0 ? '' : ` ${percent(flows[stage] / flows.requested).padStart(6)}`
    return `  ${words.padEnd(WIDTH)} ${String(flows[stage]).padStart(8)}${part}`
  })
  return [
    `Since ${new Date(since).toISOString()}: ${counted} events${whole ? '' : ', interrupted before the end'}`,
    '',
    ...stages,
    ...(flows.forShow > 0 ? [`  ${flows.forShow} of the mails were for show: nobody was to receive them`] : []),
    '',
    ...numbersOf(totals).map(lineOf),
    ...(by === null ? [] : ['', `By ${by}`, tableOf([headsOf(totals), ...partsOf(parts).map(rowOf)])]),
    ...(silence === null ? [] : ['', silence]),
    '',
    `! is a warning; of fewer than ${LEAST} nothing is warned of. Whether a mail was opened is not known: there is no pixel in it. Who opened a link is a guess.`,
    ...unseen,
    'How long links should live: postkey calibrate',
  ].join('\n')
}

const WIDTH = 56

function lineOf({ words, unit, value, of, warn, warned }: FunnelNumber): string {
  const said = value === null ? '–' : told(unit, value)
  const line = `${warned ? '!' : ' '} ${words.padEnd(WIDTH)} ${said.padStart(8)} ${`of ${of}`.padStart(10)}`
  if (warn === null) return line
  return `${line}   warns ${warn.when} ${told(unit, warn.than)}${warned ? `: ${warn.why}` : ''}`
}

/** In a row there is no room for all numbers: those that have a short name. With --json all are there. */
function headsOf(totals: Totals): string[] {
  return ['', 'asked', ...numbersOf(totals).flatMap(({ short }) => (short === null ? [] : [short]))]
}

function rowOf({ name, totals }: Part): string[] {
  const cells = numbersOf(totals).flatMap(({ short, unit, value, warned }) =>
    short === null ? [] : [value === null ? '–' : `${warned ? '! ' : ''}${told(unit, value)}`],
  )
  return [name === NO_PART ? `(${name})` : name, String(totals.flows.requested), ...cells]
}

function told(unit: FunnelNumber['unit'], value: number): string {
  if (unit === 'share') return percent(value)
  if (unit === 'seconds') return `${value} s`
  return unit === 'times' ? `×${value.toFixed(1)}` : value.toFixed(2)
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
