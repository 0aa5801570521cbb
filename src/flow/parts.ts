// In which part of a funnel an event belongs: told by the challenge it is about, of which the event itself seldom says enough.
import type { Split } from '../core/funnel.ts'
import type { RecordedEvent } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import { domainSaid } from './domains.ts'
import { Lately } from './lately.ts'
import type { Mailboxes } from './mailboxes.ts'

export interface PartsOptions {
  readonly store: Pick<Store, 'findAskers'>
  readonly tenant: string
  readonly mailboxes: Pick<Mailboxes, 'find'>
}

/** A name for each event; null: it is about no challenge, or needs none. */
export type Parts = (events: readonly RecordedEvent[]) => Promise<readonly (string | null)[]>

/** As in domains.ts. */
const REMEMBERED = 50_000
/** Of a challenge that was removed nobody knows which browser asked. */
const UNKNOWN_DEVICE = 'unknown'

export function partsBy(by: Split | null, { store, tenant, mailboxes }: PartsOptions): Parts {
  if (by === null || by === 'method') return async () => []
  /** Domains, devices, or the policies under which they began; '': nobody knows. */
  const known = new Lately<string>(REMEMBERED)

  const learn = async (events: readonly RecordedEvent[]): Promise<void> => {
    const missing = new Set<string>()
    for (const { challenge, facts, policyVersion } of events) {
      if (challenge === null || known.get(challenge) !== undefined) continue
      if (by === 'policy') {
        known.set(challenge, policyVersion)
        continue
      }
      const domain = by === 'mailbox' ? domainSaid(facts) : null
      if (domain !== null) known.set(challenge, domain)
      else missing.add(challenge)
    }
    if (missing.size === 0) return
    const askers = new Map((await store.findAskers(tenant, [...missing])).map((asker) => [asker.challenge, asker]))
    for (const challenge of missing) {
      const asker = askers.get(challenge)
      known.set(challenge, (by === 'mailbox' ? asker?.domain : asker?.device) ?? '')
    }
  }

  const nameOf = async (challenge: string): Promise<string> => {
    const said = known.get(challenge) ?? ''
    if (by === 'mailbox') return mailboxes.find(said === '' ? null : said)
    if (by === 'policy') return said
    return said === '' ? UNKNOWN_DEVICE : said
  }

  return async (events) => {
    await learn(events)
    return Promise.all(events.map(({ challenge }) => (challenge === null ? null : nameOf(challenge))))
  }
}
