// Mailboxes as the DNS servers of this process know them.
import dns from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { type Mailboxes, mailboxesBy } from '../flow/mailboxes.ts'

const TIMEOUT_MS = 2_000

export function mailboxesByDns(): Mailboxes {
  let made: Resolver | null = null
  // By the first who asks: a server whose operators never look needs none.
  const resolver = (): Resolver => {
    if (made !== null) return made
    made = new Resolver({ timeout: TIMEOUT_MS, tries: 1 })
    // Asked for as a property: a name imported once goes on telling the servers of the start.
    made.setServers(dns.getServers())
    return made
  }
  return mailboxesBy({
    resolver: { resolveMx: (domain) => resolver().resolveMx(domain) },
    timeoutMs: TIMEOUT_MS,
    now: () => performance.now(),
  })
}

/** What a report says about it; null: DNS told everything. */
export function silenceOf(mailboxes: Mailboxes): string | null {
  const count = mailboxes.unanswered()
  if (count === 0) return null
  return `DNS gave no answer for ${count === 1 ? 'one domain' : `${count} domains`}, whose mailboxes count as "other".`
}
