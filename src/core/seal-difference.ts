// A window of the record held against its seal: which events are as they were, and what became of the others.
import type { Ms } from './model.ts'
import type { Place } from './seal.ts'

/** An event as it stands there now. */
export interface Present extends Place {
  readonly at: Ms
  readonly kind: string
  readonly reason: string
  readonly print: string
}

export type EventDifference =
  | { readonly what: 'event_changed' | 'event_added'; readonly event: Present }
  /** Between these two; null: nothing is left on that side of the window. */
  | { readonly what: 'events_missing'; readonly count: number; readonly after: Place | null; readonly before: Place | null }

export interface Compared {
  /** Stand there as they were sealed. */
  readonly same: number
  /** Came when the seal was made already, by what they say of themselves: from a node whose clock was far behind, or late about a mail. */
  readonly late: readonly Present[]
  /** Missing, and old enough to have been removed as old. */
  readonly gone: number
  /** In the order of their places. */
  readonly differences: readonly EventDifference[]
}

/** What a seal says of its window. */
export interface SealedWindow {
  /** The request of its first event. */
  readonly from: string
  readonly prints: readonly string[]
  readonly madeAt: Ms
  readonly goneBefore: string
}

/** As long as a transaction may take that began before the window was read. */
const UNDER_WAY: Ms = 60_000

/** @param present in the order of their places, as prints are. */
export function compareWindow({ from, prints, madeAt, goneBefore }: SealedWindow, present: readonly Present[]): Compared {
  const sealed = new Set(prints)
  const stands = new Set(present.map(({ print }) => print))
  const late: Present[] = []
  const differences: EventDifference[] = []
  let same = 0
  let gone = 0
  let before: Present | null = null
  for (let at = 0, row = 0; at < prints.length || row < present.length; ) {
    // Up to the next one that is as it was: what was there, and what is there now.
    let lost = 0
    for (; at < prints.length && !stands.has(prints[at] as string); at++) lost++
    const strangers: Present[] = []
    for (; row < present.length && !sealed.has((present[row] as Present).print); row++) strangers.push(present[row] as Present)
    const next = present[row] ?? null
    if (next === null) lost += prints.length - at
    const early = strangers.filter((event) => event.at < madeAt - UNDER_WAY)
    late.push(...strangers.filter((event) => event.at >= madeAt - UNDER_WAY))
    // Which of the lost a changed one was, nobody can say; that there were as many, makes it likely.
    for (const [nth, event] of early.entries()) differences.push({ what: nth < lost ? 'event_changed' : 'event_added', event })
    const missing = Math.max(0, lost - early.length)
    // The first that is missing is this one, or stood behind the one that is left before it.
    if ((before?.requestId ?? from) < goneBefore) gone += missing
    else if (missing > 0) differences.push({ what: 'events_missing', count: missing, after: placeOf(before), before: placeOf(next) })
    if (next === null) break
    if (next.print === prints[at]) same++
    else differences.push({ what: 'event_added', event: next })
    before = next
    at++
    row++
  }
  return { same, late, gone, differences }
}

function placeOf(event: Present | null): Place | null {
  return event === null ? null : { requestId: event.requestId, id: event.id }
}
