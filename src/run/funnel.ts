// `postkey funnel`: how many of those who asked got in, and where the others were lost. Reads only.
import { type FunnelNumber, LEAST, numbersOf } from '../core/funnel-numbers.ts'
import { type FunnelRead, readFunnel } from '../flow/funnel.ts'
import { idsOf } from '../secret.ts'
import type { Store } from '../store/store.ts'
import { schemaVersion } from '../versions.ts'
import type { ExitCode, Request } from './command.ts'
import { readConfig } from './config.ts'
import { sourcesOf, tellProblems } from './problems.ts'
import { startProgress } from './progress.ts'
import { sinceOf } from './since.ts'

const TENANT = 'default'

export async function funnel(request: Request): Promise<ExitCode> {
  const { terminal, flags } = request
  const window = flags['since'] ?? '24h'
  const since = sinceOf(window, Date.now())
  if (since === null) {
    terminal.err(`postkey funnel: --since ${window} is no time — write 24h, 30d, or a date such as 2026-11-01`)
    return 2
  }
  const result = readConfig(sourcesOf(request, 'migrate'))
  if (!result.ok) {
    tellProblems(request, 'migrate', result.problems)
    return 2
  }
  const { openToRead, storeOver } = await import('../store/open.ts')
  const engine = await openToRead(result.config.databaseUrl)
  try {
    const schema = await engine.schema()
    if (schema !== schemaVersion) throw new Error(`the database has schema ${schema} of ${schemaVersion} — run postkey migrate first`)
    const read = await readWithProgress(request, storeOver(engine), since)
    const at = new Date(since).toISOString()
    terminal.out(request.json ? JSON.stringify(reportOf(read, at)) : tableOf(read, at))
    return read.whole ? 0 : 1
  } finally {
    await engine.close()
  }
}

async function readWithProgress(request: Request, store: Store, since: number): Promise<FunnelRead> {
  let interrupted = false
  const interrupt = (): void => {
    interrupted = true
  }
  process.once('SIGINT', interrupt)
  const of = await store.countEvents(TENANT, { requestId: idsOf(since), id: '' })
  const progress = await startProgress(request, { title: 'Counting', end: 'Counted', of })
  try {
    return await readFunnel({
      store,
      tenant: TENANT,
      since,
      onStep: async (counted) => {
        progress.say(counted, `${counted} of ${of}`)
        // So that an interrupt is heard.
        await new Promise((resolve) => setImmediate(resolve))
        return !interrupted
      },
    })
  } finally {
    progress.stop()
    process.off('SIGINT', interrupt)
  }
}

function reportOf({ counted, whole, totals }: FunnelRead, since: string): object {
  const { outcomes, flows, codes, posts, signIns, views } = totals
  return {
    ok: whole,
    since,
    events: counted,
    flows,
    numbers: numbersOf(totals),
    codes,
    posts,
    signIns,
    views,
    outcomes: Object.fromEntries(outcomes),
  }
}

const STAGES = [
  ['requested', 'asked for a mail'],
  ['accepted', 'the mail server took it'],
  ['seen', 'a person likely opened the link, or typed the code'],
  ['verified', 'signed in'],
] as const

function tableOf({ counted, whole, totals }: FunnelRead, since: string): string {
  const { flows } = totals
  const stages = STAGES.map(([stage, words]) => {
    const part = flows.requested === 0 ? '' : ` ${percent(flows[stage] / flows.requested).padStart(6)}`
    return `  ${words.padEnd(WIDTH)} ${String(flows[stage]).padStart(8)}${part}`
  })
  return [
    `Since ${since}: ${counted} events${whole ? '' : ', interrupted before the end'}`,
    '',
    ...stages,
    ...(flows.forShow > 0 ? [`  ${flows.forShow} of the mails were for show: nobody was to receive them`] : []),
    '',
    ...numbersOf(totals).map(lineOf),
    '',
    `! is a warning; of fewer than ${LEAST} nothing is warned of. Whether a mail was opened is not known: there is no pixel in it. Who opened a link is a guess.`,
  ].join('\n')
}

const WIDTH = 54

function lineOf({ words, unit, value, of, warn, warned }: FunnelNumber): string {
  const said = value === null ? '–' : unit === 'share' ? percent(value) : unit === 'seconds' ? `${value} s` : value.toFixed(2)
  const line = `${warned ? '!' : ' '} ${words.padEnd(WIDTH)} ${said.padStart(8)} ${`of ${of}`.padStart(10)}`
  if (warn === null) return line
  const than = unit === 'share' ? percent(warn.than) : `${warn.than} s`
  return `${line}   warns ${warn.when} ${than}${warned ? `: ${warn.why}` : ''}`
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`
