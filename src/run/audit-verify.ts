// `postkey audit verify`: is the record as it was sealed? Reads only.
import type { Ms } from '../core/model.ts'
import { BEHIND, type Head, type Place } from '../core/seal.ts'
import type { Present } from '../core/seal-difference.ts'
import { iso, span } from '../core/span.ts'
import { timeOf } from '../core/time-key.ts'
import { type Difference, type Late, type VerifiedRecord, verifyRecord } from '../flow/verify-record.ts'
import { keyring } from '../secret.ts'
import type { Store } from '../store/store.ts'
import type { ExitCode, Request } from './command.ts'
import type { Config } from './config.ts'
import { withStore } from './reading.ts'
import { sinceOf, tenantOf, watched } from './record.ts'

const COMMAND = 'audit verify'
/** So many are told in full; all are counted. */
const TOLD_MAX = 100

export async function auditVerify(request: Request): Promise<ExitCode> {
  const since = request.flags['since'] === undefined ? 0 : sinceOf(request, COMMAND, '')
  const head = headOf(request, 'head', 'copy `seq` and `head` of a log line record_sealed, like 812:')
  const after = headOf(request, 'after', 'copy it from what the run that was interrupted said, like 812:')
  if (since === null || head === 'bad' || after === 'bad') return 2
  return withStore(request, COMMAND, (store, config) => verify(request, store, config, { since, head, after }), { mode: 'verify' })
}

function headOf({ terminal, flags }: Request, name: 'head' | 'after', remedy: string): Head | null | 'bad' {
  const text = flags[name]
  if (text === undefined) return null
  const [, seq, digest] = /^(\d{1,15}):([0-9A-Za-z_-]{43})$/.exec(text) ?? []
  if (seq !== undefined && digest !== undefined && Number(seq) > 0) return { seq: Number(seq), digest }
  terminal.err(`postkey ${COMMAND}: --${name} ${text} names no seal — ${remedy}…`)
  return 'bad'
}

interface Asked {
  readonly since: number
  readonly head: Head | null
  readonly after: Head | null
}

async function verify(request: Request, store: Store, { secrets, policy }: Config, asked: Asked): Promise<ExitCode> {
  const { terminal, json } = request
  if (secrets.length === 0 && asked.head === null) {
    terminal.err(
      `postkey ${COMMAND}: nothing to hold the seals against — set POSTKEY_SECRET as for \`postkey serve\`, or give --head from your log`,
    )
    return 2
  }
  const differences: Difference[] = []
  const late: Late[] = []
  const tenant = tenantOf(request)
  const { newest, oldest } = await store.findSealing(tenant)
  const of = newest === null ? 0 : newest.seq - (asked.after?.seq ?? Math.max(0, oldest - 1))
  const verified = await watched(request, { title: 'Holding the record against its seals', end: 'Held against its seals', of }, (onStep) =>
    verifyRecord({
      store,
      tenant,
      keys: secrets.length === 0 ? null : keyring(secrets),
      policy,
      ...asked,
      onStep,
      onDifference: (difference) => void (differences.length < TOLD_MAX && differences.push(difference)),
      onLate: (event) => void (late.length < TOLD_MAX && late.push(event)),
    }),
  )
  const ok = isWhole(verified, secrets.length > 0)
  if (json) terminal.out(JSON.stringify(asJson(ok, verified, differences, late)))
  else terminal.out(report(verified, differences, late, secrets.length > 0))
  return ok ? 0 : 1
}

function isWhole(verified: VerifiedRecord, withSecret: boolean): boolean {
  const { differences, head, unconfirmed, newest, goOnAfter } = verified
  // Whoever removes all seals is not to be told that all is well.
  if (newest === null && waitsOf(verified) > BEHIND) return false
  return differences === 0 && head !== 'different' && (unconfirmed === null || !withSecret) && goOnAfter === null
}

function waitsOf({ waitingSince, now }: VerifiedRecord): Ms {
  return waitingSince === null ? 0 : now - waitingSince
}

function asJson(ok: boolean, verified: VerifiedRecord, differences: readonly Difference[], late: readonly Late[]): object {
  const { newest, goOnAfter, waitingSince, now, differences: count, late: lateCount, ...rest } = verified
  return {
    ok,
    ...rest,
    newest: headText(newest),
    waitingSince: waitingSince === null ? null : iso(waitingSince),
    now: iso(now),
    count,
    differences: differences.map((one) => ({ ...plain(one), says: sentenceOf(one) })),
    lateCount,
    late: late.map(({ seal, event }) => ({ seal, ...eventOf(event) })),
    goOnAfter: headText(goOnAfter),
  }
}

function plain(difference: Difference): object {
  const { madeAt, ...rest } = { madeAt: null, ...difference }
  const made = madeAt === null ? {} : { madeAt: iso(madeAt) }
  return 'event' in rest ? { ...rest, ...made, event: eventOf(rest.event) } : { ...rest, ...made }
}

function eventOf({ requestId, id, at, kind, reason }: Present): object {
  return { requestId, event: id, at: iso(at), kind, reason }
}

function headText(head: Head | null): string | null {
  return head === null ? null : `${head.seq}:${head.digest}`
}

function report(verified: VerifiedRecord, differences: readonly Difference[], late: readonly Late[], withSecret: boolean): string {
  const [first, ...others] = differences.map(sentenceOf)
  const lines = [
    ...(first === undefined ? [] : [`The first that is not as it was sealed:`, `  ${first}`]),
    ...others.map((line) => `  ${line}`),
    ...(verified.differences > differences.length ? [`  and ${verified.differences - differences.length} more`] : []),
    ...(first === undefined ? [] : ['']),
    sumOf(verified),
    ...youngOf(verified),
    ...lateOf(verified, late),
    ...belatedOf(verified),
    ...unconfirmedOf(verified, withSecret),
    ...headOfLog(verified, withSecret),
  ]
  const goOn = headText(verified.goOnAfter)
  if (goOn !== null) lines.push(`Interrupted. To go on: postkey ${COMMAND} --after ${goOn}`)
  return lines.join('\n')
}

function sumOf({ seals, events, differences, gone }: VerifiedRecord): string {
  const removed = gone === 0 ? '' : ` ${gone} more were removed since, as old.`
  if (seals === 0) return 'There is no seal to hold the record against.'
  const whole = differences === 0 ? 'as they were sealed' : 'as they were sealed, and what is told above is not'
  return `${events} events of ${seals} seals: ${whole}.${removed}`
}

function youngOf(verified: VerifiedRecord): string[] {
  const { young } = verified
  if (young === null || young === 0) return []
  const lines = [`${young} events are not sealed yet: what is younger than a quarter of an hour, or waits for a mail to be handed over.`]
  const waits = waitsOf(verified)
  if (waits > BEHIND)
    lines.push(`The first of them is ${span(waits)} old: look for sealing_failed in the log, and whether POSTKEY_SEALS is off.`)
  return lines
}

function lateOf({ late: count }: VerifiedRecord, late: readonly Late[]): string[] {
  const [first] = late
  if (first === undefined) return []
  const { requestId, at, kind, reason } = first.event
  return [
    `${count} events came into a window when it was sealed already, by what they say themselves: from a node whose clock was far behind, or about a mail that nobody had settled. The first: ${kind}, ${reason}, request ${requestId}, written ${secondOf(at)}, in the window of seal ${first.seal}. No seal holds them.`,
  ]
}

function belatedOf({ belated }: VerifiedRecord): string[] {
  if (belated === null) return []
  const which = belated.from === belated.upTo ? `Seal ${belated.from} was` : `Of seals ${belated.from} to ${belated.upTo} some were`
  return [
    `${which} made more than a day after the events: sealing was new, off or standing still then; or somebody removed seals, and what he left was sealed anew. A line record_sealed from before tells (--head).`,
  ]
}

function unconfirmedOf({ unconfirmed }: VerifiedRecord, withSecret: boolean): string[] {
  if (unconfirmed === null) return []
  const which = `Seals ${unconfirmed.from} to ${unconfirmed.upTo}`
  return withSecret
    ? [
        `${which} were made with a secret that is not given, and no later seal vouches for them: give the old one too, behind a comma, or compare with your log (--head). Whoever has no secret could have made them.`,
      ]
    : [`${which}: no secret was given, and they are behind what --head tells. Whoever could write to the database could have made them.`]
}

function headOfLog({ newest, head }: VerifiedRecord, withSecret: boolean): string[] {
  if (head === 'same') return ['The seal of --head is the one that is here: nothing up to it was changed, and its end was not cut off.']
  if (head === 'older') return ['The seal of --head was removed, since all of its events were, as old: take a newer line of the log.']
  if (head === 'different' || newest === null || !withSecret) return []
  return [
    `Whether the end was cut off, or an older database put in place of this one, only your log can tell: run this with --head and its newest line record_sealed. The newest here: ${headText(newest)}`,
  ]
}

function sentenceOf(difference: Difference): string {
  switch (difference.what) {
    case 'event_changed':
      return `${sealOf(difference)}: an event was changed: ${nameOf(difference.event)}`
    case 'event_added':
      return `${sealOf(difference)}: an event was added after it was sealed: ${nameOf(difference.event)}`
    case 'events_missing':
      return `${sealOf(difference)}: ${difference.count === 1 ? 'an event is' : `${difference.count} events are`} missing${between(difference)}`
    case 'seal_changed':
      return `${sealOf(difference)}: the seal itself was changed, or made by somebody without the secret; what is in its window cannot be told`
    case 'seals_missing':
      return difference.seal === difference.upTo
        ? `seal ${difference.seal} is missing, and what its window held cannot be told`
        : `seals ${difference.seal} to ${difference.upTo} are missing, and what their windows held cannot be told`
    case 'seal_replaced':
      return `seal ${difference.seal} is another than the one of --head: the record was made anew from somewhere before it, or the database is an older one that went on`
    case 'end_missing':
      return `the end is missing: seal ${difference.seal} was made, and the newest here is ${difference.newest === 0 ? 'none' : difference.newest}. It was cut off, or the database is an older one`
  }
}

function sealOf({ seal, madeAt }: { readonly seal: number; readonly madeAt: number }): string {
  return `seal ${seal} of ${secondOf(madeAt)}`
}

function nameOf({ requestId, id, at, kind, reason }: Present): string {
  return `${kind}, ${reason}, request ${requestId}, event ${id}, which says it was written ${secondOf(at)}`
}

function between({ after, before }: { readonly after: Place | null; readonly before: Place | null }): string {
  const behind = after === null ? 'from the beginning of its window' : `behind request ${after.requestId} (${timeText(after)})`
  const ahead = before === null ? 'up to its end' : `before request ${before.requestId} (${timeText(before)})`
  return ` ${behind}, ${ahead}`
}

function timeText({ requestId }: Place): string {
  return secondOf(timeOf(requestId))
}

function secondOf(at: number): string {
  return `${iso(at).slice(0, 19).replace('T', ' ')} UTC`
}
