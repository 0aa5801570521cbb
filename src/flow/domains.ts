// The domain that the mails of a challenge go to, for whoever counts by mailbox. Nothing more of an address is looked at.
import { domainOf } from '../core/mailbox.ts'
import type { RecordedEvent } from '../store/record-store.ts'
import type { Store } from '../store/store.ts'
import { Lately } from './lately.ts'

export type DomainStore = Pick<Store, 'findChallenge'>

export interface Domains {
  /** An event that tells an address, seen on the way. */
  note(event: RecordedEvent): void
  /** null: no challenge, or one whose address was hashed in the record and is gone from the database. */
  find(event: Pick<RecordedEvent, 'challenge' | 'facts'>): Promise<string | null>
}

/** A proof follows its mail within the hour, nearly always; for the others the challenge itself is looked up. */
const REMEMBERED = 50_000

export function domainsOf({ store, tenant }: { readonly store: DomainStore; readonly tenant: string }): Domains {
  const known = new Lately<string | null>(REMEMBERED)
  return {
    note: ({ challenge, facts }) => {
      const domain = domainSaid(facts)
      if (challenge !== null && domain !== null) known.set(challenge, domain)
    },
    find: async ({ challenge, facts }) => {
      const own = domainSaid(facts)
      if (own !== null || challenge === null) return own
      const noted = known.get(challenge)
      if (noted !== undefined) return noted
      const found = await store.findChallenge(tenant, challenge, null)
      const domain = found === null ? null : domainOf(found.challenge.email)
      known.set(challenge, domain)
      return domain
    },
  }
}

/** As an event itself tells it; null: it does not, or hashed. */
export function domainSaid(facts: object): string | null {
  return 'address' in facts && typeof facts.address === 'string' ? domainOf(facts.address) : null
}
