// How long people took, told back: exactly, from a day of real requests; and from seeded numbers whose distribution is known. On both
// engines, through the command line.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Policy, readPolicy } from '../../src/core/policy.ts'
import { spanExactly } from '../../src/core/span.ts'
import { main } from '../../src/run/command.ts'
import { idsOf } from '../../src/secret.ts'
import { openEngine, openStore, storeOver } from '../../src/store/open.ts'
import { nothing, run } from '../../src/store/operation.ts'
import type { RecordedView } from '../../src/store/record-store.ts'
import { policyVersion } from '../../src/versions.ts'
import { dnsOf } from '../dns-server.ts'
import { type Answer, askAndOpen, type Browser, type Kit, MINUTE, signIn, startKit } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { Dice } from '../seed.ts'
import { sized } from '../size.ts'

const SECOND = 1_000

interface Distribution {
  readonly count: number
  readonly p50: number | null
  readonly p90: number | null
  readonly p95: number | null
  readonly p99: number | null
}

interface Measured {
  readonly links: { readonly sinceQueued: Distribution; readonly sinceAccepted: Distribution }
  readonly codes: { readonly sinceQueued: Distribution; readonly sinceAccepted: Distribution }
  readonly landings: { readonly human: number; readonly expired: number; readonly rate: number | null }
  readonly lives: { readonly p90: number | null; readonly p95: number | null; readonly p99: number | null }
}

interface Report {
  readonly ok: boolean
  readonly challenges: number
  readonly policy: { readonly version: string; readonly linkTtl: number; readonly codeTtl: number } | null
  readonly tenants: { readonly default: { readonly all: Measured; readonly byMailbox: Readonly<Record<string, Measured>> } }
  readonly advice: Readonly<Record<string, unknown>> | null
}

dnsOf({
  'google.test': { mx: ['aspmx.l.google.com'] },
  'mimecast.test': { mx: ['eu-smtp-inbound-1.mimecast.com'] },
  'elsewhere.test': { mx: ['mx.elsewhere.test'] },
  'silent.test': 'silent',
})

async function calibrate(url: string, ...more: string[]): Promise<{ readonly code: number; readonly out: string }> {
  const out: string[] = []
  const code = await main(['calibrate', '--since', '2026-11-01', '--database-url', url, ...more], {
    env: {},
    folder: '.',
    interactive: false,
    out: (text) => void out.push(text),
    err: (text) => void out.push(text),
  })
  return { code, out: out.join('\n') }
}

async function reportOf(url: string): Promise<Report> {
  const { code, out } = await calibrate(url, '--json')
  expect(code, out).toBe(0)
  return JSON.parse(out) as Report
}

/** Everybody asks, and looks so many minutes later; those in time are signed in. The mail server takes ten seconds. */
async function live(kit: Kit): Promise<void> {
  const click = async (email: string, minutes: number): Promise<void> => {
    const { browser, linkId, secret } = await askAndOpen(kit, email)
    // A scanner looks first, and one that presses every button comes along.
    await kit.browser().send(`/l/${linkId}`, { method: 'HEAD' })
    await kit.browser().post(`/l/${linkId}`, { secret })
    kit.clock.forward(minutes * MINUTE)
    await browser.get(`/l/${linkId}`)
    if (minutes < 15) {
      kit.clock.forward(SECOND)
      await browser.post(`/l/${linkId}`, { secret })
      await browser.get(`/l/${linkId}`)
    }
  }
  for (const minutes of [1, 2, 3, 4]) await click(`g${minutes}@google.test`, minutes)
  for (const minutes of [10, 20, 40]) await click(`m${minutes}@mimecast.test`, minutes)
  const { browser, challenge, code } = await askAndOpen(kit, 'typist@elsewhere.test')
  kit.clock.forward(30 * SECOND)
  await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
}

interface Person {
  readonly domain: string
  readonly askedAt: number
  /** Since the mail was queued. */
  readonly acceptedAfter: number
  readonly clickedAfter: number
  /** Whether the view of the click was written down. */
  readonly seen: boolean
}

const LIFE = 15 * MINUTE
const PEOPLE = sized(600, 2_000)
/** Medians, and how wide: the logarithms are normal with this deviation. */
const MAILBOXES = {
  google: { domain: 'google.test', median: 40 * SECOND, sigma: 0.8 },
  mimecast: { domain: 'mimecast.test', median: 12 * MINUTE, sigma: 0.9 },
  other: { domain: 'elsewhere.test', median: 90 * SECOND, sigma: 1.1 },
} as const

/** By Box and Muller. */
function normal(dice: Dice): number {
  return Math.sqrt(-2 * Math.log(1 - dice.next())) * Math.cos(2 * Math.PI * dice.next())
}

function draw(dice: Dice, each = PEOPLE): Person[] {
  const people: Person[] = []
  for (const { domain, median, sigma } of Object.values(MAILBOXES)) {
    for (let nth = 0; nth < each; nth++) {
      people.push({
        domain,
        askedAt: Date.UTC(2026, 10, 2) + Math.floor(dice.next() * 20 * 24 * 60 * MINUTE),
        acceptedAfter: Math.floor(SECOND * Math.exp(0.5 * normal(dice))),
        clickedAfter: Math.round(median * Math.exp(sigma * normal(dice))),
        seen: dice.next() < 0.9,
      })
    }
  }
  return people
}

const policy = (readPolicy('standard') as { policy: Policy }).policy
const versions = JSON.stringify({ app: '0', schema: 0, policy: policyVersion(policy), template: '0' })

/** As Postkey would have written it down. */
async function write(url: string, people: readonly Person[]): Promise<void> {
  const store = await openStore(url)
  await store.keepPolicy('default', policyVersion(policy), policy)
  await store.close()
  const engine = await openEngine(url)
  const views: RecordedView[] = []
  const events: (readonly [id: string, at: number, challenge: string, kind: string, reason: string, facts: object, decision: object])[] = []
  for (const [nth, person] of people.entries()) {
    const { domain, askedAt, acceptedAfter, clickedAfter, seen } = person
    const challenge = idsOf(askedAt) + String(nth).padStart(9, '0')
    const id = (part: number): string => idsOf(askedAt + part) + String(nth).padStart(9, '0')
    const note = (part: number, after: number, kind: string, reason: string, facts: object, decision: object = {}): void => {
      events.push([
        id(part),
        askedAt + after,
        challenge,
        kind,
        reason,
        { now: askedAt + after, ...facts },
        { verdict: 'x', reason, ...decision },
      ])
    }
    note(0, 0, 'start', 'mail_queued', { address: `p•••@${domain}` }, { mail: { link: true, code: true } })
    note(1, acceptedAfter, 'deliver', 'mail_sent', { ordinal: 0 })
    const late = clickedAfter >= LIFE
    if (!late) {
      const mail = { ordinal: 0, createdAt: askedAt }
      note(2, clickedAfter, 'verify', 'signed_in', { proof: 'link', bound: true, linkMatches: true, code: null, address: 'absent', mail })
    }
    const facts = { method: 'GET', state: late ? 'expired' : 'live', bound: true, cookie: true, prefetch: false, navigation: true } as const
    if (seen) views.push({ challenge, at: askedAt + clickedAfter, id: 'b', ordinal: 0, facts: { ...facts, ageMs: clickedAfter } })
    const scanner = { ...facts, state: 'live', bound: false, cookie: false, navigation: null, ageMs: 2 * SECOND } as const
    if (domain === 'mimecast.test') views.push({ challenge, at: askedAt + 2 * SECOND, id: 'a', ordinal: 0, facts: scanner })
  }
  const writing: Promise<unknown>[] = []
  for (let from = 0; from < events.length; from += 500) {
    const some = events.slice(from, from + 500)
    writing.push(
      engine.write({
        locks: nothing,
        run: function* () {
          for (const [id, at, challenge, kind, reason, facts, decision] of some)
            yield* run(
              "insert into events (tenant, id, at, request_id, challenge, kind, reason, facts, decision, versions, cost) values ('default', ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}')",
              id,
              at,
              id,
              challenge,
              kind,
              reason,
              JSON.stringify(facts),
              JSON.stringify(decision),
              versions,
            )
        },
      }),
    )
  }
  await Promise.all(writing)
  for (let from = 0; from < views.length; from += 500) await storeOver(engine).writeViews('default', views.slice(from, from + 500))
  await engine.close()
}

/** Looks again until it is whole. */
async function patiently(operator: Browser, path: string): Promise<Answer> {
  for (const until = Date.now() + 30_000; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    const answer = await operator.get(path)
    expect(answer.status).toBe(200)
    if (!answer.text.includes('It is being read') || Date.now() > until) return answer
  }
}

const NAMES = { google: 'Google', mimecast: 'Mimecast', other: 'other' }

/** Normal quantiles, and the density there. */
const POINTS = [
  ['p50', 0.5, 0, 0.39894],
  ['p90', 0.9, 1.28155, 0.1755],
  ['p95', 0.95, 1.64485, 0.10314],
  ['p99', 0.99, 2.32635, 0.02665],
] as const

const exactly = (values: readonly number[], share: number): number =>
  values.toSorted((one, other) => one - other)[Math.ceil(share * values.length - 1e-9) - 1] as number

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await fresh()
  })
  afterEach(() => database.drop())

  test('a day of real requests is measured to the second, late clicks among them, scanners not', async () => {
    const kit = await startKit({ database: database.url })
    await live(kit)
    // The views are written by then.
    await kit.close()
    const { challenges, tenants, advice, policy: told } = await reportOf(database.url)
    const { all, byMailbox } = tenants.default
    expect(challenges).toBe(8)
    expect(told).toMatchObject({ linkTtl: LIFE })
    expect(byMailbox['google']?.links.sinceQueued).toEqual({ count: 4, p50: 2 * MINUTE, p90: 4 * MINUTE, p95: 4 * MINUTE, p99: 4 * MINUTE })
    expect(byMailbox['mimecast']?.links.sinceQueued).toEqual({
      count: 3,
      p50: 20 * MINUTE,
      p90: 40 * MINUTE,
      p95: 40 * MINUTE,
      p99: 40 * MINUTE,
    })
    expect(byMailbox['other']?.codes.sinceQueued).toMatchObject({ count: 1, p50: 30 * SECOND })
    expect(all.lives.p99).toBe(40 * MINUTE + SECOND)
    // Five signed in, and were seen before and after; two came too late.
    expect(all.landings).toEqual({ human: 12, expired: 2, rate: 2 / 12 })
    expect(advice).toEqual({ verdict: 'too_few', clicks: 7, needed: 100 })
    expect((await calibrate(database.url)).out).toContain('Too few to advise on: 7 first clicks, of 100 that it takes.')
  })

  test('the policy in force is the one that decided last', async () => {
    for (const [day, preset] of (['strict', 'corporate', 'standard'] as const).entries()) {
      await using kit = await startKit({ database: database.url, policy: preset })
      kit.clock.forward(day * 24 * 60 * MINUTE)
      await kit.browser().ask('ada@google.test')
      await kit.settle()
    }
    expect((await reportOf(database.url)).policy).toEqual({ version: policyVersion(policy), linkTtl: LIFE, codeTtl: 10 * MINUTE })
  })

  test('seeded numbers come back: exactly those that were drawn, and near those of their distribution', async () => {
    const people = draw(new Dice(20_261_125))
    await write(database.url, people)
    const { challenges, tenants, advice } = await reportOf(database.url)
    expect(challenges).toBe(3 * PEOPLE)
    // Of a late click nothing is left where its view was lost.
    const clicked = people.filter(({ clickedAfter, seen }) => clickedAfter < LIFE || seen)
    for (const [name, { domain, median, sigma }] of Object.entries(MAILBOXES)) {
      const measured = tenants.default.byMailbox[name] as Measured
      const own = clicked.filter((person) => person.domain === domain)
      const times = own.map(({ clickedAfter }) => clickedAfter)
      const accepted = own.map(({ clickedAfter, acceptedAfter }) => Math.max(0, clickedAfter - acceptedAfter))
      const { sinceQueued, sinceAccepted } = measured.links
      expect([sinceQueued.count, sinceAccepted.count]).toEqual([own.length, own.length])
      for (const [point, share, z, density] of POINTS) {
        expect(sinceQueued[point], `${name} ${point}`).toBe(exactly(times, share))
        expect(sinceAccepted[point], `${name} ${point}`).toBe(exactly(accepted, share))
        // Four standard errors of a quantile; and where one in ten late clicks is lost, the tail is that much thinner.
        const tolerance = (4 * sigma * Math.sqrt((share * (1 - share)) / PEOPLE)) / density + (name === 'mimecast' ? 0.1 : 0.01)
        const expected = median * Math.exp(sigma * z)
        expect(Math.abs((sinceQueued[point] as number) / expected - 1), `${name} ${point}`).toBeLessThan(tolerance)
      }
      const views = own.filter(({ seen }) => seen)
      const expired = views.filter(({ clickedAfter }) => clickedAfter >= LIFE)
      expect(measured.landings).toEqual({ human: views.length, expired: expired.length, rate: expired.length / views.length })
    }
    expect(advice).toMatchObject({
      verdict: 'longer',
      linkTtl: 45 * MINUTE,
      by: 'mimecast',
      policy: { preset: 'standard', linkTtl: '45m' },
    })

    const { code, out } = await calibrate(database.url)
    expect(code, out).toBe(0)
    expect(out).toMatch(/^ {2}mimecast +\d{3,4} +1\dm( \d+s)? /m)
    expect(out).toContain('Let them live for 45m')
    expect(out).toContain('    "linkTtl": "45m"')
    expect(out).not.toContain('@')
  })

  test('the console draws the same numbers, read slowly, with the policy to copy', async () => {
    await write(database.url, draw(new Dice(20_261_126), PEOPLE / 4))
    const now = () => Date.UTC(2026, 10, 25)
    await using kit = await startKit({ database: database.url, operators: ['ops@elsewhere.test'], now })
    const operator = await signIn(kit, 'ops@elsewhere.test')
    const { text } = await patiently(operator, '/console/calibrate')
    const { tenants, challenges, advice } = await reportOf(database.url)
    const { all, byMailbox } = tenants.default

    const told = [
      ['all mailboxes', all] as const,
      ...Object.entries(NAMES).map(([name, label]) => [label, byMailbox[name] as Measured] as const),
    ]
    const row = (label: string, cells: readonly string[]): string =>
      `<th scope="row">${label}</th>${cells.map((cell) => `<td class="number">${cell}</td>`).join('')}`
    const timesOf = (label: string, { count, p50, p90, p95, p99 }: Distribution): string =>
      row(`${label}<span class="hint aside"> ${count.toLocaleString('en')}</span>`, [p50, p90, p95, p99].map(spanExactly))
    // Not the whole page where a row is missing.
    const say = (said: string): void => expect([said, text.includes(said)]).toEqual([said, true])
    for (const [label, { links, codes, lives, landings }] of told) {
      say(timesOf(label, links.sinceQueued))
      say(timesOf(label, links.sinceAccepted))
      if (codes.sinceQueued.count > 0) say(timesOf(label, codes.sinceQueued))
      const rate = landings.rate === null ? '–' : `${Math.round(landings.rate * 1_000) / 10} %`
      say(row(label, [...[lives.p90, lives.p95, lives.p99].map(spanExactly), rate]))
    }
    say(`${challenges.toLocaleString('en')} sign-ins asked for since`)
    say(`${all.landings.expired.toLocaleString('en')} of ${all.landings.human.toLocaleString('en')} links that likely people opened`)
    const [, copied = ''] = /<pre id="policy-change">([^<]*)<\/pre>/.exec(text) ?? []
    expect(JSON.parse(copied.replaceAll('&quot;', '"'))).toEqual((advice as { policy: unknown }).policy)
    // A day in which nobody asked but the operator, whose code was typed at once.
    expect((await patiently(operator, '/console/calibrate?of=24h')).text).toContain('Too few to advise on: 0 first clicks')
  }, 60_000)

  test('as long as it is not whole, the page says so and waits for nobody; what DNS does not tell is told', async () => {
    await using kit = await startKit({ database: database.url, operators: ['ops@elsewhere.test'] })
    await signIn(kit, 'ada@silent.test')
    const operator = await signIn(kit, 'ops@elsewhere.test')
    // The DNS server is given two seconds, and no page as long as that.
    const { status, text } = await operator.get('/console/calibrate')
    expect([status, /It is being read, 0 events so far/.test(text), text.includes('<svg class="chart"')]).toEqual([200, true, false])
    const whole = (await patiently(operator, '/console/calibrate')).text
    expect(whole).toContain('DNS gave no answer for 1 domain, whose mailboxes count as other.')
    expect(whole).toContain('2 sign-ins asked for since')
  })

  test('of a database in which nothing happened, that is said', async () => {
    await (await openStore(database.url)).close()
    const { code, out } = await calibrate(database.url)
    expect(code, out).toBe(0)
    expect(out).toContain('No policy has decided here')
  })
})
