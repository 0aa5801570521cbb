// The record read for one question: how long did people take? By challenge, so that views and decisions of one meet.
import { addClicks, noSamples, type SamplesByMailbox } from '../core/calibrate.ts'
import { clicksOf } from '../core/clicks.ts'
import type { Policy } from '../core/policy.ts'
import type { RecordedEvent } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import { type ChallengeRecord, type ChallengeStore, challengesAfter } from './by-challenge.ts'
import { type DomainStore, domainsOf } from './domains.ts'
import type { Mailboxes } from './mailboxes.ts'

export interface Calibrate {
  readonly store: ChallengeStore & DomainStore & Pick<Store, 'findPolicy'>
  readonly tenant: string
  /** How the ids begin of the first challenges that are looked at. */
  readonly after: string
  readonly mailboxes: Pick<Mailboxes, 'find'>
  /** Told after each few challenges how many events were looked at; false ends it there. */
  readonly onStep: (looked: number) => Promise<boolean>
}

export interface Collected {
  readonly challenges: number
  readonly byMailbox: SamplesByMailbox
  /** The one that decided last; null: nothing was decided, or it is not in the database. */
  readonly policy: Policy | null
  /** false: it was ended before all was seen. */
  readonly whole: boolean
}

const STEP = 200

export async function collectClicks({ store, tenant, after, mailboxes, onStep }: Calibrate): Promise<Collected> {
  const byMailbox = noSamples()
  const domains = domainsOf({ store, tenant })
  let challenges = 0
  let looked = 0
  let newest: RecordedEvent | null = null
  let batch: ChallengeRecord[] = []

  const take = async (): Promise<void> => {
    const classes = await Promise.all(batch.map(async (record) => mailboxes.find(await domainIn(record, domains.find))))
    for (const [index, { events, views }] of batch.entries()) {
      addClicks(byMailbox[classes[index] as keyof SamplesByMailbox], clicksOf(events, views))
    }
    batch = []
  }

  let whole = true
  for await (const record of challengesAfter(store, tenant, after)) {
    batch.push(record)
    challenges++
    looked += record.events.length
    for (const event of record.events) if (newest === null || event.at > newest.at) newest = event
    if (batch.length < STEP) continue
    await take()
    whole = await onStep(looked)
    if (!whole) break
  }
  await take()
  const policy = newest === null ? null : await store.findPolicy(tenant, (newest as RecordedEvent).policyVersion)
  return { challenges, byMailbox, policy, whole }
}

/** Any event of it may tell the address; where none does, the challenge is looked up. */
async function domainIn(
  { challenge, events }: ChallengeRecord,
  find: (event: Pick<RecordedEvent, 'challenge' | 'facts'>) => Promise<string | null>,
): Promise<string | null> {
  const telling = events.find(({ kind }) => kind === 'start' || kind === 'resend')
  return find({ challenge, facts: telling?.facts ?? {} })
}
