// Which webmail an address is read in, for the few domains where that is certain. A domain not listed gets no button: guessing
// wrong costs more than it helps.

interface Provider {
  readonly name: string
  readonly domains: readonly string[]
  /** Finds the mail by its sender; the person's own address stays out of the link. */
  href(sender: string): string
}

const providers: readonly Provider[] = [
  {
    name: 'Gmail',
    domains: ['gmail.com', 'googlemail.com'],
    href: (sender) => `https://mail.google.com/mail/u/0/#search/${encodeURIComponent(`from:${sender} in:anywhere newer_than:1h`)}`,
  },
  {
    name: 'Outlook',
    domains: ['outlook.com', 'hotmail.com', 'live.com', 'msn.com'],
    href: () => 'https://outlook.live.com/mail/0/',
  },
  {
    name: 'Yahoo Mail',
    domains: ['yahoo.com', 'ymail.com', 'rocketmail.com'],
    href: (sender) => `https://mail.yahoo.com/d/search/keyword=${encodeURIComponent(`from:${sender}`)}`,
  },
  { name: 'iCloud Mail', domains: ['icloud.com', 'me.com', 'mac.com'], href: () => 'https://www.icloud.com/mail/' },
]

export function mailProvider(email: string, sender: string): { readonly name: string; readonly href: string } | null {
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase()
  const provider = providers.find(({ domains }) => domains.includes(domain))
  const address = /<([^<>]+)>\s*$/.exec(sender)?.[1] ?? sender
  return provider === undefined ? null : { name: provider.name, href: provider.href(address) }
}
