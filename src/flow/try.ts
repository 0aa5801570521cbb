// Past decisions made again under rules that are not in force: who wants to change them sees what it would have meant. Event by event,
// and no simulation: a mail that would not have been sent was clicked all the same.
import { peopleAmong } from '../core/clicks.ts'
import { type MailboxClass, mailboxClasses } from '../core/mailbox.ts'
import type { Policy } from '../core/policy.ts'
import type { StartDecision } from '../core/start.ts'
import { type Consequence, consequences, type Tried, tryEvent, tryView } from '../core/try.ts'
import type { RecordedEvent, RecordedView } from '../store/record-store.ts'
import { type ChallengeStore, viewsAfter } from './by-challenge.ts'
import { type DomainStore, domainsOf } from './domains.ts'
import type { Mailboxes } from './mailboxes.ts'
import { type Walk, type Walked, walkEvents } from './walk.ts'

export interface Try extends Walk {
  readonly store: Walk['store'] & DomainStore & ChallengeStore
  readonly policy: Policy
  readonly mailboxes: Pick<Mailboxes, 'find'>
  readonly onUnreadable: (event: RecordedEvent, why: string) => void
}

/** `expiredLandings`: views of expired links by likely people. Their page has nothing to submit, so most who come late are nowhere else. */
export const effects = [...consequences, 'expiredLandings'] as const
export type Effect = Consequence | 'expiredLandings'
export type Changes = Readonly<Record<Effect, { readonly more: number; readonly less: number }>>

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

  const landings = landingsAfter(walk, policy)
  const countLandings = async (upTo: string | null): Promise<void> => {
    for (const { challenge, changes } of await landings(upTo)) {
      const tally = byMailbox[await mailboxes.find(await domains.find({ challenge, facts: {} }))]
      for (const change of changes) tally.expiredLandings[change]++
    }
  }

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
    const last = events.at(-1)
    if (last !== undefined) await countLandings(last.requestId)
  })
  if (walked.goOnAfter === null) await countLandings(null)
  return { ...walked, verdicts, changes: sum(Object.values(byMailbox)), byMailbox }
}

interface Landings {
  readonly challenge: string
  readonly changes: readonly ('more' | 'less')[]
}

/**
 * The next views, of the challenges that began before a request; null: all that are left. A walk that is interrupted there goes on behind
 * the same id.
 */
function landingsAfter({ store, tenant, after }: Pick<Try, 'store' | 'tenant' | 'after'>, policy: Policy) {
  const groups = viewsAfter(store, tenant, after.requestId)
  let next = groups.next()
  return async (upTo: string | null): Promise<Landings[]> => {
    const found: Landings[] = []
    for (let group = (await next).value; group && (upTo === null || group.challenge <= upTo); group = (await next).value) {
      const { challenge, rows } = group
      const tried = rows.map(({ facts }) => tryView(policy, facts))
      if (tried.some((change) => change !== null)) {
        const people = peopleAmong(await eventsOf(store, tenant, challenge, rows), rows)
        found.push({ challenge, changes: tried.filter((change, index) => change !== null && people[index]) as Landings['changes'] })
      }
      next = groups.next()
    }
    return found
  }
}

const EVENTS_LOOKED_AT = 1_000

/** What else is known of a challenge: only views of strangers are judged by it. */
async function eventsOf(
  store: ChallengeStore,
  tenant: string,
  challenge: string,
  views: readonly RecordedView[],
): Promise<readonly RecordedEvent[]> {
  if (views.every(({ facts }) => facts.bound)) return []
  const events = await store.readEventsByChallenge(tenant, { challenge, requestId: '', id: '' }, EVENTS_LOOKED_AT)
  return events.filter((event) => event.challenge === challenge)
}

type Differing = Extract<Tried, { more: unknown }>
type Tally = Record<Effect, { more: number; less: number }>

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
  return Object.fromEntries(effects.map((name) => [name, { more: 0, less: 0 }])) as Tally
}

function sum(parts: readonly Changes[]): Changes {
  const whole = noChanges()
  for (const part of parts)
    for (const name of effects) {
      whole[name].more += part[name].more
      whole[name].less += part[name].less
    }
  return whole
}
