// `postkey audit search` and `postkey audit show`: why could she not get in? The verdict first, then what happened.
import type { Ms } from '../core/model.ts'
import { readSearch, type SearchFault, type SearchKey } from '../core/search.ts'
import { iso } from '../core/span.ts'
import type { Entry } from '../core/timeline.ts'
import { search as find, type Match } from '../flow/search.ts'
import { clientAddress } from '../http/client-address.ts'
import type { ExitCode, Request } from './command.ts'
import { withStore } from './reading.ts'
import { sinceOf, tenantOf } from './record.ts'

const LIMIT = 20
const LIMIT_MAX = 1_000

const FAULTS: Readonly<Record<SearchFault, string>> = {
  empty: 'for what? — give an address, a user, request, challenge, link or session id, a Message-ID, or a network',
  secret:
    'that looks like the secret of a link, browser or session: it is not looked up, and should not be kept — give an id, or the address',
  network: 'that is no network that is kept — give a client address, its /24 (IPv4) or its /64 (IPv6)',
  shape: 'that is nothing that can be searched for — ids have 16 characters, those of links 17, those of sessions 22',
  too_long: 'that is too long for an address',
  characters: 'the address has a character that no address has',
  at: 'an address has one "@"',
  local: 'the part before the "@" is none that can sign in',
  domain: 'the domain of the address is none',
}

export async function search(request: Request): Promise<ExitCode> {
  const keys = keysOf(request, 'search')
  return keys === null ? 2 : await answer(request, 'search', keys)
}

export async function show(request: Request): Promise<ExitCode> {
  const keys = keysOf(request, 'show')
  if (keys === null) return 2
  if (keys.some(({ by }) => by === 'address' || by === 'network')) {
    request.terminal.err(
      'postkey audit show: give the id of a challenge or request — postkey audit search finds them by address or network',
    )
    return 2
  }
  return await answer(request, 'show', keys)
}

function keysOf({ terminal, words }: Request, name: string): readonly SearchKey[] | null {
  const result = readSearch(words[1] ?? '', networkOf)
  if (result.ok) return result.keys
  // What was typed is not repeated: it may be a secret, and terminals are kept.
  terminal.err(`postkey audit ${name}: ${FAULTS[result.why]}`)
  return null
}

const addressOf = clientAddress({ trustedProxies: [] })

/** As the web side counts it. */
function networkOf(address: string): string | null {
  const { network } = addressOf(address, null)
  return network === 'unknown' ? null : network
}

async function answer(request: Request, name: 'search' | 'show', keys: readonly SearchKey[]): Promise<ExitCode> {
  const { terminal, flags, json } = request
  const since = flags['since'] === undefined ? 0 : sinceOf(request, `audit ${name}`, '')
  if (since === null) return 2
  const limit = limitOf(flags['limit'])
  if (limit === null) {
    terminal.err(`postkey audit ${name}: --limit ${flags['limit']} is no number from 1 to ${LIMIT_MAX}`)
    return 2
  }
  return await withStore(request, `audit ${name}`, async (store) => {
    const { matches, more } = await find({ store, tenant: tenantOf(request), keys, since, limit })
    const nothing = name === 'show' && matches.length === 0
    if (json) terminal.out(JSON.stringify({ ok: !nothing, more, matches: matches.map(plain) }))
    else if (matches.length === 0)
      terminal.out('Nothing is known of that: it may be older than what is kept, or have been typed otherwise.')
    else if (name === 'show' || matches.length === 1) terminal.out(matches.map(timelineText).join('\n\n'))
    else terminal.out(listText(matches, more))
    return nothing ? 1 : 0
  })
}

function limitOf(text: string | undefined): number | null {
  if (text === undefined) return LIMIT
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= LIMIT_MAX ? limit : null
}

function plain({ at, email, entries, ...match }: Match): object {
  return { ...match, at: iso(at), address: email, entries: entries.map((entry) => ({ ...entry, at: iso(entry.at) })) }
}

function listText(matches: readonly Match[], more: boolean): string {
  const lines = matches.map((match) => `${headOf(match)}\n  ${match.verdict}`)
  const count = more ? `The newest ${matches.length}; there are more: --limit, --since` : `${matches.length} found, newest first`
  return [`${count}. One of them whole: postkey audit show ID`, ...lines].join('\n\n')
}

function headOf({ at, challenge, request, email }: Match): string {
  const what = challenge === null ? `request ${request}` : `challenge ${challenge}`
  return `${secondOf(at)} UTC  ${what}${email === null ? '' : `  ${email}`}`
}

function timelineText(match: Match): string {
  const { verdict, entries } = match
  const guess = entries.some(({ what }) => what === 'view') ? ['', 'Who opened a link is a guess: by when and how it was opened.'] : []
  return [headOf(match), verdict, '', ...entries.map((entry, at) => lineOf(entry, entries[at - 1])), ...guess].join('\n')
}

/** The day is told where it is another than above. */
function lineOf({ at, text, count, requestId }: Entry, above: Entry | undefined): string {
  const [day, time] = secondOf(at).split(' ') as [string, string]
  const sameDay = above !== undefined && secondOf(above.at).startsWith(day)
  return `${sameDay ? ' '.repeat(day.length) : day}  ${time}  ${text}${count > 1 ? ` (${count} times)` : ''}${requestId === null ? '' : `  [${requestId}]`}`
}

const secondOf = (at: Ms): string => iso(at).slice(0, 19).replace('T', ' ')
