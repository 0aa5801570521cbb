// Who receives the mail of a domain, told by its MX hosts: the filters in front of a mailbox decide how late a link is seen, and who
// else opens it.

export const mailboxClasses = ['google', 'microsoft', 'proofpoint', 'mimecast', 'barracuda', 'other'] as const
export type MailboxClass = (typeof mailboxClasses)[number]

export interface MxHost {
  readonly exchange: string
  readonly priority: number
}

/** The domains that their mail servers stand in. A filter in front of somebody else's mailboxes counts as the filter. */
const HOSTS: Readonly<Record<Exclude<MailboxClass, 'other'>, readonly string[]>> = {
  google: ['google.com', 'googlemail.com', 'psmtp.com'],
  microsoft: ['outlook.com', 'hotmail.com', 'mx.microsoft', 'office365.us', 'partner.outlook.cn'],
  proofpoint: ['pphosted.com', 'ppe-hosted.com', 'gpphosted.com', 'proofpoint.com'],
  mimecast: ['mimecast.com', 'mimecast.co.za', 'mimecast-offshore.com'],
  barracuda: ['barracudanetworks.com', 'barracuda.com'],
}

const classes = Object.keys(HOSTS) as (keyof typeof HOSTS)[]

/** By the hosts that are asked first; those behind them see a mail only when these are down. */
export function mailboxClass(hosts: readonly MxHost[]): MailboxClass {
  const first = Math.min(...hosts.map(({ priority }) => priority))
  for (const { exchange, priority } of hosts) {
    if (priority !== first) continue
    const known = classes.find((name) => HOSTS[name].some((domain) => isWithin(exchange, domain)))
    if (known !== undefined) return known
  }
  return 'other'
}

function isWithin(host: string, domain: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  return name === domain || name.endsWith(`.${domain}`)
}

/** Of an address as it stands in an event, `j•••@example.com`, or in full; null: of a hashed one nobody can tell. */
export function domainOf(address: string): string | null {
  const at = address.lastIndexOf('@')
  return at < 0 || at === address.length - 1 ? null : address.slice(at + 1)
}
