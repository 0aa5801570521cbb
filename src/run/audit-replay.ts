// `postkey audit replay`: every recorded decision once more, under the policy of its time. Reads only.
import type { Replayed } from '../core/replay.ts'
import { type ReplaySummary, replayEvents } from '../flow/replay.ts'
import type { EventPlace, RecordedEvent } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import type { ExitCode, Request } from './command.ts'
import { withStore } from './reading.ts'
import { beginningOf, placeText, tenantOf, watched } from './record.ts'

const COMMAND = 'audit replay'

export async function auditReplay(request: Request): Promise<ExitCode> {
  const after = beginningOf(request, COMMAND)
  return after === null ? 2 : withStore(request, COMMAND, (store) => replayFrom(request, store, after))
}

async function replayFrom(request: Request, store: Store, after: EventPlace): Promise<ExitCode> {
  const { terminal, json } = request
  const findings: object[] = []
  const tenant = tenantOf(request)
  const of = await store.countEvents(tenant, after)
  const summary = await watched(request, { title: 'Deciding again', end: 'Decided again', of }, (onStep) =>
    replayEvents({
      store,
      tenant,
      after,
      onStep,
      onFinding: (event, replayed) => {
        if (json) findings.push(findingOf(event, replayed))
        else terminal.err(lineOf(event, replayed))
      },
    }),
  )
  const goOn = placeText(summary.goOnAfter)
  if (json) terminal.out(JSON.stringify({ ok: isClean(summary), ...summary, goOnAfter: goOn, findings }))
  else terminal.out(sentenceOf(summary, goOn))
  return isClean(summary) ? 0 : 1
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
