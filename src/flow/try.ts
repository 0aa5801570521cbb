// Past decisions made again under rules that are not in force: who wants to change them sees what it would have meant. Event by event,
// and no simulation: a mail that would not have been sent was clicked all the same.
import { type MailboxClass, mailboxClasses } from '../core/mailbox.ts'
import type { Policy } from '../core/policy.ts'
import type { StartDecision } from '../core/start.ts'
import { type Consequence, consequences, type Tried, tryEvent } from '../core/try.ts'
import type { RecordedEvent } from '../store/store.ts'
import { type DomainStore, domainsOf } from './domains.ts'
import type { Mailboxes } from './mailboxes.ts'
import { type Walk, type Walked, walkEvents } from './walk.ts'

export interface Try extends Walk {
  readonly store: Walk['store'] & DomainStore
  readonly policy: Policy
  readonly mailboxes: Pick<Mailboxes, 'find'>
  readonly onUnreadable: (event: RecordedEvent, why: string) => void
}

export type Changes = Readonly<Record<Consequence, { readonly more: number; readonly less: number }>>

export interface TrySummary extends Walked {
  readonly verdicts: Readonly<Record<Tried['verdict'], number>>
  readonly changes: Changes
  readonly byMailbox: Readonly<Record<MailboxClass, Changes>>
}

export async function tryEvents({ policy, mailboxes, onUnreadable, ...walk }: Try): Promise<TrySummary> {
  const domains = domainsOf(walk)
  const verdicts = { same: 0, detail: 0, different: 0, moot: 0, not_replayable: 0, unreadable: 0 }
  const byMailbox = Object.fromEntries(mailboxClasses.map((name) => [name, noChanges()])) as Record<MailboxClass, Tally>
  const gained = new Set<string>()

  const walked = await walkEvents(walk, async (events) => {
    const mails = new Map<string, StartDecision['mail']>()
    const found: { readonly event: RecordedEvent; readonly tried: Differing }[] = []
    for (const event of startsFirst(events)) {
      domains.note(event)
      const tried = tryEvent(policy, event, mails.get(event.requestId))
      verdicts[tried.verdict]++
      if (tried.verdict === 'unreadable') onUnreadable(event, tried.why)
      else if (tried.mail !== undefined) mails.set(event.requestId, tried.mail)
      if (tried.verdict === 'different') found.push({ event, tried })
    }
    const classes = await Promise.all(found.map(async ({ event }) => mailboxes.find(await domains.find(event))))
    for (const [index, { event, tried }] of found.entries()) {
      const tally = byMailbox[classes[index] as MailboxClass]
      // Who was told "expired" may try once more: it would have been one sign-in.
      for (const name of tried.more) if (name !== 'signIns' || isNew(gained, event.challenge)) tally[name].more++
      for (const name of tried.less) tally[name].less++
    }
  })
  return { ...walked, verdicts, changes: sum(Object.values(byMailbox)), byMailbox }
}

type Differing = Extract<Tried, { more: unknown }>
type Tally = Record<Consequence, { more: number; less: number }>

/** The events of a request stand in the order of their ids, which nodes with clocks of their own may give a delivery before its start. */
function startsFirst(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const isStart = ({ kind }: RecordedEvent): boolean => kind === 'start' || kind === 'resend'
  return [...events.filter(isStart), ...events.filter((event) => !isStart(event))]
}

function isNew(seen: Set<string>, challenge: string | null): boolean {
  if (challenge === null) return true
  return !seen.has(challenge) && Boolean(seen.add(challenge))
}

function noChanges(): Tally {
  return Object.fromEntries(consequences.map((name) => [name, { more: 0, less: 0 }])) as Tally
}

function sum(parts: readonly Changes[]): Changes {
  const whole = noChanges()
  for (const part of parts)
    for (const name of consequences) {
      whole[name].more += part[name].more
      whole[name].less += part[name].less
    }
  return whole
}
