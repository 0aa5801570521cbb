// One challenge from beginning to end, as somebody reads it who is asked "why could she not get in?": the verdict, then what happened, in
// the order in which it did.
import type { Ms } from './model.ts'
import { span } from './span.ts'
import { type Ask, type Attempt, plainly, read, type Submit, type Told, type Trace, type TracedEvent } from './trace.ts'
import { meaning, verdictOf } from './verdict.ts'
import { classesOfViews, type View, type ViewClass } from './view.ts'

export interface Entry {
  readonly at: Ms
  readonly what: 'asked' | 'mail' | 'view' | 'submit' | 'session' | 'end' | 'other'
  readonly text: string
  readonly requestId: string | null
  readonly reason: string | null
  /** Alike and in a row, told once. */
  readonly count: number
}

export interface Timeline {
  /** One sentence, or two. */
  readonly verdict: string
  readonly entries: readonly Entry[]
}

export function timelineOf(trace: Trace): Timeline {
  const told = read(trace)
  const entries = [
    ...told.asks.map((ask) => asked(trace, ask)),
    ...viewed(told),
    ...told.attempts.map(handedOver),
    ...told.submits.map(submitted),
    ...sessions(trace, told),
    ...told.ends.map((event) => entryOf(event, 'end', `Session ended: ${meaning(event.reason)}`)),
    ...told.others.map((event) => entryOf(event, 'other', `${plainly(event.kind)}: ${meaning(event.reason)}`)),
  ]
  return { verdict: verdictOf(trace, told), entries: folded(entries.toSorted((one, other) => one.at - other.at)) }
}

function entryOf({ at, requestId, reason }: TracedEvent, what: Entry['what'], text: string): Entry {
  return { at, what, text, requestId, reason, count: 1 }
}

function asked({ challenge }: Trace, { event, retryAfterMs }: Ask): Entry {
  const from =
    challenge === null ? '' : ` on ${plainly(challenge.device)}${challenge.network === null ? '' : ` from ${plainly(challenge.network)}`}`
  const wait = retryAfterMs === null ? '' : ` To wait: ${span(retryAfterMs)}.`
  return entryOf(event, 'asked', `${event.kind === 'start' ? `Asked${from}` : 'Asked for another mail'}: ${meaning(event.reason)}${wait}`)
}

function handedOver({ event, ordinal, nth, said, retryInMs }: Attempt): Entry {
  const answer = said === '' ? '' : ` The answer: ${said}`
  const again = retryInMs === null ? '' : ` Again in ${span(retryInMs)}.`
  return entryOf(event, 'mail', `Mail ${ordinal + 1}, try ${nth}: ${meaning(event.reason)}${again}${answer}`)
}

function submitted({ event, proof, bound, triesLeft, retryAfterMs }: Submit): Entry {
  const what = proof === 'link' ? 'Link' : proof === 'code' ? 'Code' : 'Proof'
  const where = bound ? 'the browser that asked' : 'another browser'
  const left = triesLeft === null ? '' : ` Tries left: ${triesLeft}.`
  const wait = retryAfterMs === null ? '' : ` To wait: ${span(retryAfterMs)}.`
  return entryOf(event, 'submit', `${what} submitted in ${where}: ${meaning(event.reason)}${left}${wait}`)
}

const BY: Readonly<Record<ViewClass, string>> = {
  same_browser: 'in the browser that asked',
  other_browser: 'in another browser',
  prefetch: 'ahead of time, by a program that prefetches',
  likely_scanner: 'most likely by a mail scanner',
}

const STATE: Readonly<Record<View['facts']['state'], string>> = {
  live: '',
  expired: '; it had expired',
  used: '; it had been used',
  off: '; links were off',
  unknown: '; no mail has it',
}

function viewed({ views, submits }: Told): Entry[] {
  const actions = submits.map(({ event }) => event.at)
  const classes = classesOfViews(views, actions)
  // Called a scanner for nothing but that nobody did anything afterwards.
  const perhaps = classesOfViews(views, [Number.POSITIVE_INFINITY])
  return views.map(({ at, ordinal, facts }, index) => {
    const by = classes[index] === perhaps[index] ? BY[classes[index] as ViewClass] : 'in another browser, or by a mail scanner'
    const text = `Link of mail ${ordinal + 1} opened ${by}${STATE[facts.state]}`
    return { at, what: 'view', text, requestId: null, reason: null, count: 1 }
  })
}

function sessions(trace: Trace, { ends }: Told): Entry[] {
  return trace.sessions.flatMap(({ device, network, createdAt, endedAt }) => {
    const entry = (at: Ms, what: 'session' | 'end', text: string): Entry => ({ at, what, text, requestId: null, reason: null, count: 1 })
    const began = entry(createdAt, 'session', `Session began on ${plainly(device)} from ${plainly(network)}`)
    // Ended from elsewhere: by another session of the same person, by a first proof of the mailbox, by a sign-in over it.
    const silent = endedAt !== null && !ends.some(({ at }) => at === endedAt)
    return silent ? [began, entry(endedAt, 'end', `Session ended on ${plainly(device)}`)] : [began]
  })
}

const FOLDED: ReadonlySet<Entry['what']> = new Set(['view', 'submit'])

/** What says the same and stands together is one entry, of the time of the first. */
function folded(entries: readonly Entry[]): Entry[] {
  const out: Entry[] = []
  for (const entry of entries) {
    const last = out.at(-1)
    if (last !== undefined && FOLDED.has(entry.what) && last.what === entry.what && last.text === entry.text)
      out[out.length - 1] = { ...last, count: last.count + 1 }
    else out.push(entry)
  }
  return out
}
