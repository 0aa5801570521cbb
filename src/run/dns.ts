// What the DNS says about the domain our mails come from: may our server send for it (SPF), are its mails signed (DKIM), what
// should receivers do with fakes (DMARC), and do answers arrive (MX). For `doctor`; it reads, and judges nothing else.
import { Resolver } from 'node:dns/promises'

export interface Finding {
  readonly check: string
  readonly status: 'ok' | 'warn' | 'fail' | 'unknown'
  readonly detail: string
  readonly remedy?: string
}

/** The part of node:dns we use; a Resolver with its own servers in tests. */
export interface TxtAndMx {
  resolveTxt(name: string): Promise<string[][]>
  resolveMx(name: string): Promise<{ readonly exchange: string; readonly priority: number }[]>
}

export interface DnsOptions {
  readonly resolver?: TxtAndMx | undefined
  readonly timeoutMs: number
  /** DKIM selectors of the mail service, e.g. ["s1"]: DNS cannot list them. */
  readonly selectors?: readonly string[] | undefined
}

/** Never throws, and answers within the timeout: what DNS did not tell by then is `unknown`. */
export async function checkMailDns(domain: string, options: DnsOptions): Promise<Finding[]> {
  const { timeoutMs, selectors = [] } = options
  const resolver = options.resolver ?? new Resolver({ timeout: timeoutMs, tries: 1 })
  const ask: Ask = {
    txt: answered((name) => resolver.resolveTxt(name), timeoutMs),
    mx: answered((name) => resolver.resolveMx(name), timeoutMs),
  }
  return (await Promise.all([spf(domain, ask), dmarc(domain, ask), dkim(domain, selectors, ask), mx(domain, ask)])).flat()
}

type Looked<T> = { readonly found: T } | { readonly silent: string }

interface Ask {
  readonly txt: (name: string) => Promise<Looked<string[][]>>
  readonly mx: (name: string) => Promise<Looked<{ readonly exchange: string; readonly priority: number }[]>>
}

/** "There is none" is an answer. No answer, a broken one, or one that comes too late is silence, and proves nothing. */
function answered<T>(look: (name: string) => Promise<T[]>, timeoutMs: number): (name: string) => Promise<Looked<T[]>> {
  return async (name) => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Looked<T[]>>((resolve) => {
      timer = setTimeout(() => resolve({ silent: 'no answer in time' }), timeoutMs)
    })
    const looked = look(name).then(
      (found): Looked<T[]> => ({ found }),
      (error: NodeJS.ErrnoException): Looked<T[]> =>
        error.code === 'ENOTFOUND' || error.code === 'ENODATA' ? { found: [] } : { silent: error.code ?? 'no answer' },
    )
    try {
      return await Promise.race([looked, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

const silence = (check: string, name: string, why: string): Finding[] => [
  {
    check,
    status: 'unknown',
    detail: `DNS did not say (${why}) for ${name}`,
    remedy: 'look again, or from a network that can reach a DNS server',
  },
]

async function spf(domain: string, ask: Ask): Promise<Finding[]> {
  const looked = await ask.txt(domain)
  if ('silent' in looked) return silence('spf', domain, looked.silent)
  const records = texts(looked.found).filter((text) => /^v=spf1(\s|$)/i.test(text))
  const [record] = records
  if (record === undefined)
    return [
      {
        check: 'spf',
        status: 'warn',
        detail: `${domain} has no SPF record`,
        remedy: `add a TXT record to ${domain}: "v=spf1 include:YOUR-MAIL-SERVICE -all"`,
      },
    ]
  if (records.length > 1)
    return [
      {
        check: 'spf',
        status: 'fail',
        detail: `${domain} has ${records.length} SPF records, which counts as none`,
        remedy: 'join them into one',
      },
    ]
  if (/\s\+?all(\s|$)/i.test(record))
    return [{ check: 'spf', status: 'fail', detail: `${shown(record)} lets the whole world send`, remedy: 'end it with -all or ~all' }]
  return [{ check: 'spf', status: 'ok', detail: shown(record) }]
}

/** The policy of the domain itself or, as receivers do, of the domain above it. */
async function dmarc(domain: string, ask: Ask): Promise<Finding[]> {
  const names = domain
    .split('.')
    .slice(0, -1)
    .map((_, at, labels) => ['_dmarc', ...domain.split('.').slice(at, labels.length + 1)].join('.'))
  for (const name of names) {
    const looked = await ask.txt(name)
    if ('silent' in looked) return silence('dmarc', name, looked.silent)
    const record = texts(looked.found).find((text) => /^v=DMARC1\s*(;|$)/i.test(text))
    if (record === undefined) continue
    const policy = /;\s*p\s*=\s*(\w+)/i.exec(record)?.[1]?.toLowerCase()
    if (policy === 'reject' || policy === 'quarantine') return [{ check: 'dmarc', status: 'ok', detail: `${name}: p=${policy}` }]
    const detail = policy === 'none' ? `${name}: p=none only watches` : `${name} names no policy`
    return [
      {
        check: 'dmarc',
        status: 'warn',
        detail,
        remedy:
          'move to p=quarantine, then p=reject, once the reports show your mail passing: others can send sign-in mails in your name until then',
      },
    ]
  }
  return [
    {
      check: 'dmarc',
      status: 'warn',
      detail: `${domain} has no DMARC record`,
      remedy: `add a TXT record to _dmarc.${domain}: "v=DMARC1; p=none; rua=mailto:you@${domain}", and tighten it later`,
    },
  ]
}

async function dkim(domain: string, selectors: readonly string[], ask: Ask): Promise<Finding[]> {
  if (selectors.length === 0) {
    return [
      {
        check: 'dkim',
        status: 'unknown',
        detail: 'DKIM keys can only be looked up by their selector',
        remedy: 'set POSTKEY_DKIM_SELECTORS: the s= in the DKIM-Signature header of a mail you sent',
      },
    ]
  }
  return (await Promise.all(selectors.map((selector) => dkimKey(`${selector}._domainkey.${domain}`, ask)))).flat()
}

async function dkimKey(name: string, ask: Ask): Promise<Finding[]> {
  const looked = await ask.txt(name)
  if ('silent' in looked) return silence('dkim', name, looked.silent)
  const record = texts(looked.found).find((text) => /(^|;)\s*p\s*=/.test(text))
  const key = record === undefined ? undefined : /(?:^|;)\s*p\s*=\s*([^;]*)/.exec(record)?.[1]?.trim()
  if (key === undefined)
    return [
      {
        check: 'dkim',
        status: 'fail',
        detail: `no key at ${name}`,
        remedy: 'publish the TXT or CNAME record that your mail service shows, or correct the selector',
      },
    ]
  if (key === '')
    return [
      {
        check: 'dkim',
        status: 'fail',
        detail: `the key at ${name} is revoked`,
        remedy: 'publish the current key, or use the current selector',
      },
    ]
  return [{ check: 'dkim', status: 'ok', detail: `a key at ${name}` }]
}

async function mx(domain: string, ask: Ask): Promise<Finding[]> {
  const looked = await ask.mx(domain)
  if ('silent' in looked) return silence('mx', domain, looked.silent)
  const hosts = [...looked.found].sort((a, b) => a.priority - b.priority).map(({ exchange }) => exchange)
  if (hosts.length === 0)
    return [
      {
        check: 'mx',
        status: 'warn',
        detail: `${domain} takes no mail`,
        remedy: 'answers and bounces get lost, and some receivers distrust such senders: add an MX record',
      },
    ]
  // RFC 7505: one empty or "." exchange says "no mail here, ever".
  if (hosts.every((host) => host === '' || host === '.'))
    return [
      {
        check: 'mx',
        status: 'fail',
        detail: `${domain} declares that it never takes mail`,
        remedy: 'remove the null MX record, or send from another domain',
      },
    ]
  return [{ check: 'mx', status: 'ok', detail: shown(hosts.join(', ')) }]
}

/** A TXT record comes in pieces of 255 bytes. */
const texts = (records: readonly string[][]): string[] => records.map((pieces) => pieces.join(''))

/** Records are written by others and end up in a terminal. */
const shown = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '').slice(0, 200)
