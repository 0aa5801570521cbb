// What receivers find out about who the mails come from: records of the DNS, and what the mail server at the other end wrote into the mail.
import dns from 'node:dns'
import { checkMailDns, type Finding } from '../../run/dns.ts'
import { type Case, must, NotHere, type Scene } from '../case.ts'
import { headersOf } from '../open-mail.ts'
import { isReserved } from '../place.ts'

const PATIENCE_MS = 5_000

async function senderOf(scene: Scene): Promise<{ readonly domain: string; readonly headers: Readonly<Record<string, string>> }> {
  const headers = headersOf(await scene.anyMail())
  const from = headers['from'] ?? ''
  const domain = (/@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? '').toLowerCase()
  if (domain === '') throw new NotHere('the mail names no sender')
  if (isReserved(domain)) throw new NotHere(`not applicable: mails come from ${domain}, which the DNS does not know`)
  return { domain, headers }
}

/** What comes straight from the deployment has not been where mails are signed and judged. */
function travelled(headers: Readonly<Record<string, string>>): void {
  if (headers['received'] === undefined)
    throw new NotHere('the mail came here without a mail service that would sign it: read it by --mailbox imaps://…')
}

async function found(domain: string, check: string, selectors: readonly string[] = []): Promise<string> {
  const resolver = new dns.promises.Resolver({ timeout: PATIENCE_MS, tries: 1 })
  resolver.setServers(dns.getServers())
  const findings = (await checkMailDns(domain, { resolver, timeoutMs: PATIENCE_MS, selectors })).filter((one) => one.check === check)
  const silent = findings.find(({ status }) => status === 'unknown')
  if (silent !== undefined) throw new NotHere(silent.detail)
  for (const { status, detail, remedy } of findings) must(status === 'ok', `${detail}${remedy === undefined ? '' : ` — ${remedy}`}`)
  return findings.map(({ detail }: Finding) => detail).join('; ')
}

export const sender: readonly Case[] = [
  record(
    'DN-01',
    'spf',
    'the domain that mails come from says which servers may send for it (SPF)',
    'publish an SPF record that ends with -all or ~all',
  ),
  record('DN-02', 'dmarc', 'the domain that mails come from says that fakes are refused (DMARC)', 'move to p=quarantine, then p=reject'),
  record('DN-03', 'mx', 'the domain that mails come from takes mail: bounces and answers arrive (MX)', 'publish an MX record'),
  {
    id: 'DN-04',
    area: 'sender',
    title: 'the mail is signed for its domain, and the key stands in the DNS (DKIM)',
    remedy: 'let the mail service sign for the domain of the sender, and publish its key',
    mail: true,
    run: async (scene) => {
      const { domain, headers } = await senderOf(scene)
      travelled(headers)
      const signatures = (headers['dkim-signature'] ?? '')
        .split('\n')
        .map((one) => ({ d: tagOf(one, 'd').toLowerCase(), s: tagOf(one, 's') }))
      const own = signatures.find(({ d }) => d !== '' && (domain === d || domain.endsWith(`.${d}`) || d.endsWith(`.${domain}`)))
      if (own === undefined) return must(false, `it is not signed for ${domain}`) as never
      return await found(own.d, 'dkim', [own.s])
    },
  },
  {
    id: 'DN-05',
    area: 'sender',
    title: 'the mail server at the other end finds the mail authentic',
    remedy: 'look at its Authentication-Results: SPF or DKIM has to pass for the domain of the sender',
    mail: true,
    run: async (scene) => {
      const { headers } = await senderOf(scene)
      travelled(headers)
      // The uppermost is of the last server; those below anybody may have written.
      const [results = ''] = (headers['authentication-results'] ?? '').split('\n')
      if (results === '') throw new NotHere('the mail server at the other end does not write down what it found')
      const verdict = (name: string): string => new RegExp(`\\b${name}=(\\w+)`, 'i').exec(results)?.[1]?.toLowerCase() ?? 'none'
      const [spf, dkim, dmarc] = ['spf', 'dkim', 'dmarc'].map(verdict)
      const told = `spf=${spf} dkim=${dkim} dmarc=${dmarc}`
      must(dmarc === 'pass' || (dmarc === 'none' && (spf === 'pass' || dkim === 'pass')), told)
      return told
    },
  },
]

function record(id: string, check: string, title: string, remedy: string): Case {
  return { id, area: 'sender', title, remedy, mail: true, run: async (scene) => await found((await senderOf(scene)).domain, check) }
}

/** Of a list of tags as DKIM writes it. */
function tagOf(signature: string, tag: string): string {
  return new RegExp(`(?:^|;)\\s*${tag}\\s*=\\s*([^;\\s]+)`).exec(signature)?.[1] ?? ''
}
