// `postkey audit replay`: every recorded decision once more, under the policy of its time. Reads only.
import type { Replayed } from '../core/replay.ts'
import { type ReplaySummary, replayEvents } from '../flow/replay.ts'
import { idsOf } from '../secret.ts'
import type { EventPlace, RecordedEvent, Store } from '../store/store.ts'
import type { ExitCode, Request } from './command.ts'
import { startProgress } from './progress.ts'
import { withStore } from './reading.ts'
import { sinceOf } from './since.ts'

const TENANT = 'default'

export async function replay(request: Request): Promise<ExitCode> {
  const { terminal, words, flags } = request
  if (words.length > 1) {
    terminal.err(`postkey audit replay: "${words.slice(1).join(' ')}" is not expected here`)
    return 2
  }
  const since = sinceOf(flags['since'] ?? '30d', Date.now())
  if (since === null) {
    terminal.err(`postkey audit replay: --since ${flags['since']} is no time — write 30d, 12h, or a date such as 2026-11-01`)
    return 2
  }
  const after = flags['after'] === undefined ? { requestId: idsOf(since), id: '' } : placeOf(flags['after'])
  if (after === null) {
    terminal.err(`postkey audit replay: --after ${flags['after']} is no place — copy it from what the run that was interrupted said`)
    return 2
  }
  return await withStore(request, (store) => replayFrom(request, store, after))
}

async function replayFrom(request: Request, store: Store, after: EventPlace): Promise<ExitCode> {
  const { terminal, json } = request
  const findings: object[] = []
  let interrupted = false
  const interrupt = (): void => {
    interrupted = true
  }
  process.once('SIGINT', interrupt)
  const of = await store.countEvents(TENANT, after)
  const progress = await startProgress(request, { title: 'Deciding again', end: 'Decided again', of })
  try {
    const summary = await replayEvents({
      store,
      tenant: TENANT,
      after,
      onStep: async (looked) => {
        progress.say(looked, `${looked} of ${of}`)
        // So that an interrupt is heard.
        await new Promise((resolve) => setImmediate(resolve))
        return !interrupted
      },
      onFinding: (event, replayed) => {
        if (json) findings.push(findingOf(event, replayed))
        else terminal.err(lineOf(event, replayed))
      },
    })
    progress.stop()
    const goOn = summary.goOnAfter && `${summary.goOnAfter.requestId}.${summary.goOnAfter.id}`
    if (json) terminal.out(JSON.stringify({ ok: isClean(summary), ...summary, goOnAfter: goOn, findings }))
    else terminal.out(sentenceOf(summary, goOn))
    return isClean(summary) ? 0 : 1
  } finally {
    progress.stop()
    process.off('SIGINT', interrupt)
  }
}

function isClean({ different, unreadable, goOnAfter }: ReplaySummary): boolean {
  return different === 0 && unreadable === 0 && goOnAfter === null
}

function sentenceOf({ looked, same, different, unreadable, notReplayable }: ReplaySummary, goOn: string | null): string {
  const counts = `${looked} events: ${same} decided as before, ${different} differently, ${unreadable} not readable, ${notReplayable} not decided by policy and facts.`
  return goOn === null ? counts : `${counts}\nInterrupted. To go on: postkey audit replay --after ${goOn}`
}

type Finding = Exclude<Replayed, { verdict: 'same' | 'not_replayable' }>

function findingOf({ requestId, id, at, challenge, kind, decision, policyVersion }: RecordedEvent, replayed: Finding): object {
  const where = { requestId, event: id, at: new Date(at).toISOString(), challenge, kind, policy: policyVersion }
  return replayed.verdict === 'different' ? { ...where, recorded: decision, now: replayed.decision } : { ...where, why: replayed.why }
}

function lineOf(event: RecordedEvent, replayed: Finding): string {
  const where = `${new Date(event.at).toISOString()}  request ${event.requestId}  ${event.kind}`
  if (replayed.verdict === 'unreadable') return `${where}: ${event.reason}, not readable: ${replayed.why}`
  return `${where}: recorded ${JSON.stringify(event.decision)}, now ${JSON.stringify(replayed.decision)}`
}

function placeOf(text: string): EventPlace | null {
  const [, requestId, id] = /^([0-9A-Za-z]{16})\.([0-9A-Za-z]{16})$/.exec(text) ?? []
  return requestId === undefined || id === undefined ? null : { requestId, id }
}
