// What an operator reads out of the funnel: each number, from when on it should worry somebody, and why from there. Data: whoever shows
// them, on a page or in a terminal, adds nothing to it.
import { NO_PART } from './funnel.ts'
import { percentile, sumOf, type Totals } from './funnel-totals.ts'

export interface Row {
  readonly id: string
  readonly words: string
  /** Over a column; null: there is none where there is little room. */
  readonly short: string | null
  readonly unit: 'share' | 'seconds' | 'mean' | 'times'
  /** null: there was nothing to count it by. */
  readonly value: (totals: Totals) => Reading | null
  readonly warn: { readonly when: 'over' | 'under'; readonly than: number; readonly why: string } | null
}

interface Reading {
  readonly value: number
  /** Out of how many. */
  readonly of: number
}

export interface FunnelNumber {
  readonly id: string
  readonly words: string
  readonly short: string | null
  readonly unit: Row['unit']
  readonly value: number | null
  readonly of: number
  readonly warn: Row['warn']
  readonly warned: boolean
}

/** Of fewer nothing is warned of: one of three people who went for lunch is no trend. */
export const LEAST = 20

const share = (part: number, of: number): Reading | null => (of === 0 ? null : { value: part / of, of })
const within = (seconds: ReadonlyMap<number, number>, part: number): Reading | null => {
  const value = percentile(seconds, part)
  return value === null ? null : { value, of: sum(seconds) }
}
const sum = (counts: ReadonlyMap<number, number>): number => [...counts.values()].reduce((all, count) => all + count, 0)
const outcome = ({ outcomes }: Totals, name: string): number => outcomes.get(name) ?? 0
const proofs = ({ signIns }: Totals): number => signIns.link + signIns.code

export const rows: readonly Row[] = [
  {
    id: 'verified',
    words: 'signed in, of those who asked',
    short: 'got in',
    unit: 'share',
    value: ({ flows }) => share(flows.verified, flows.requested),
    warn: { when: 'under', than: 0.8, why: 'where the mail comes and the page is clear, some 18 % never finish' },
  },
  {
    id: 'expired_landings',
    words: 'links that people opened too late',
    short: 'too late',
    unit: 'share',
    value: ({ views }) => share(views.expired, views.same_browser + views.other_browser),
    warn: {
      when: 'over',
      than: 0.1,
      why: 'it was 40 % where links lived 15 minutes and companies kept the mail, and under 10 % with an hour',
    },
  },
  {
    id: 'posts_in_vain',
    words: 'links, codes and forms sent in for nothing',
    short: 'in vain',
    unit: 'share',
    value: ({ posts }) => share(posts.inVain, posts.all),
    warn: { when: 'over', than: 0.05, why: 'people mistype; when it was 27 % somewhere, it was a defect that nobody saw' },
  },
  {
    id: 'time_to_verify_p50',
    words: 'from asking to being in: half within',
    short: 'half in',
    unit: 'seconds',
    value: ({ toVerify }) => within(toVerify, 0.5),
    warn: { when: 'over', than: 45, why: 'some 35 seconds are usual; people wait for the mail, or look for it' },
  },
  {
    id: 'time_to_verify_p90',
    words: 'nine of ten within',
    short: '90 % in',
    unit: 'seconds',
    value: ({ toVerify }) => within(toVerify, 0.9),
    warn: null,
  },
  {
    id: 'time_to_verify_p99',
    words: '99 of 100 within',
    short: '99 % in',
    unit: 'seconds',
    value: ({ toVerify }) => within(toVerify, 0.99),
    warn: null,
  },
  {
    id: 'four_mails',
    words: 'needed four mails or more',
    short: '4 mails',
    unit: 'share',
    value: ({ mails }) => share(sum(new Map([...mails].filter(([count]) => count >= 4))), sum(mails)),
    warn: { when: 'over', than: 0.05, why: 'mails come late or land in spam; 11 % were a bad case' },
  },
  {
    id: 'mails_per_success',
    words: 'mails up to a sign-in',
    short: null,
    unit: 'mean',
    value: ({ mails }) =>
      share(
        [...mails].reduce((all, [count, times]) => all + count * times, 0),
        sum(mails),
      ),
    warn: null,
  },
  {
    id: 'bounced',
    words: 'mails refused for good',
    short: 'refused',
    unit: 'share',
    value: (totals) =>
      share(outcome(totals, 'deliver mail_dead'), outcome(totals, 'deliver mail_dead') + outcome(totals, 'deliver mail_sent')),
    warn: { when: 'over', than: 0.02, why: 'from there on mail providers begin to think of a sender as a spammer' },
  },
  {
    id: 'accept_p90',
    words: 'mail server said yes: nine of ten within',
    short: null,
    unit: 'seconds',
    value: ({ toAccept }) => within(toAccept, 0.9),
    warn: null,
  },
  {
    id: 'wrong_codes',
    words: 'codes that were wrong',
    short: 'wrong',
    unit: 'share',
    value: ({ codes }) => share(codes.wrong + codes.older, codes.right + codes.wrong + codes.older),
    warn: null,
  },
  {
    id: 'by_link',
    words: 'sign-ins by link',
    short: 'link',
    unit: 'share',
    value: (totals) => share(totals.signIns.link, proofs(totals)),
    warn: null,
  },
  {
    id: 'by_code',
    words: 'sign-ins by code',
    short: null,
    unit: 'share',
    value: (totals) => share(totals.signIns.code, proofs(totals)),
    warn: null,
  },
  {
    id: 'other_browser',
    words: 'sign-ins in another browser than the one that asked',
    short: 'elsewhere',
    unit: 'share',
    value: (totals) => share(totals.signIns.otherBrowser, proofs(totals)),
    warn: null,
  },
  {
    id: 'scanners',
    words: 'views of links that were likely a scanner',
    short: 'scanners',
    unit: 'share',
    value: ({ views: { same_browser: same, other_browser: other, prefetch, likely_scanner: scanner } }) =>
      share(scanner, same + other + prefetch + scanner),
    warn: null,
  },
  {
    id: 'scanner_jump',
    words: 'likely scanners of the last day, against the day before',
    short: null,
    unit: 'times',
    value: ({ days: { last, before } }) => {
      if (last.views === 0 || before.views < LEAST) return null
      // Of none at all nothing is a multiple.
      return { value: last.scanners / last.views / (Math.max(1, before.scanners) / before.views), of: last.views }
    },
    warn: { when: 'over', than: 2, why: 'somebody on the way of the mails has begun to open them, or opens more: harmless by itself' },
  },
  {
    id: 'replays',
    words: 'good proofs that came twice',
    short: null,
    unit: 'share',
    value: (totals) => {
      const replays = outcome(totals, 'link replayed') + outcome(totals, 'code replayed')
      return share(replays, replays + proofs(totals))
    },
    warn: null,
  },
]

/** What nobody can count yet, and why. */
export const unseen = [
  'Not counted: complaints, and refusals after the mail server said yes. Nobody tells Postkey of either.',
  'Nor who says "this was not me": the page tells them to close it, which needs no button and no count.',
] as const

export function numbersOf(totals: Totals): readonly FunnelNumber[] {
  return rows.map(({ id, words, short, unit, value, warn }) => {
    const reading = value(totals)
    return {
      id,
      words,
      short,
      unit,
      value: reading?.value ?? null,
      of: reading?.of ?? 0,
      warn,
      warned: reading !== null && isWarned(warn, reading),
    }
  })
}

function isWarned(warn: Row['warn'], { value, of }: Reading): boolean {
  if (warn === null || of < LEAST) return false
  return warn.when === 'over' ? value > warn.than : value < warn.than
}

export interface Part {
  readonly name: string
  readonly totals: Totals
}

/** What is beyond so many is told as one. */
export const OTHER_PARTS = 'others'

/** The one that most asked in first; last what belongs to no part. */
export function partsOf(parts: ReadonlyMap<string, Totals>, most = Number.POSITIVE_INFINITY): readonly Part[] {
  const all = [...parts].map(([name, totals]) => ({ name, totals })).sort(inOrder)
  const named = all.filter(({ name }) => name !== NO_PART)
  const rest = named.slice(most)
  const others = rest.length === 0 ? [] : [{ name: OTHER_PARTS, totals: sumOf(rest.map(({ totals }) => totals)) }]
  return [...named.slice(0, most), ...others, ...all.filter(({ name }) => name === NO_PART)]
}

function inOrder(one: Part, other: Part): number {
  return other.totals.flows.requested - one.totals.flows.requested || (one.name < other.name ? -1 : 1)
}
