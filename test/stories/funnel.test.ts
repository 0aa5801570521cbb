// The numbers of `postkey funnel` against the record itself, counted by other means; and against what the process counted while it ran.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { classesOfViews, type View, type ViewClass } from '../../src/core/view.ts'
import type { Message, Reply } from '../../src/index.ts'
import { main } from '../../src/run/command.ts'
import { type OpenEngine, openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { dnsOf } from '../dns-server.ts'
import { askAndOpen, type Browser, type Kit, MINUTE, openMail, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

dnsOf({
  'google.test': { mx: ['aspmx.l.google.com'] },
  'mimecast.test': { mx: ['eu-smtp-inbound-1.mimecast.com'] },
  'example.net': { mx: ['mx.example.net'] },
})

interface Report extends Counts {
  readonly ok: boolean
  readonly events: number
  readonly by?: string
  readonly parts: Readonly<Record<string, Counts>>
}

interface Counts {
  readonly flows: Record<'requested' | 'forShow' | 'accepted' | 'seen' | 'verified', number>
  readonly numbers: readonly { readonly id: string; readonly value: number | null; readonly of: number; readonly warned: boolean }[]
  readonly codes: Record<'right' | 'older' | 'wrong' | 'refunded', number>
  readonly posts: Record<'all' | 'inVain', number>
  readonly signIns: Record<'link' | 'code' | 'otherBrowser', number>
  readonly views: Record<ViewClass | 'expired', number>
  readonly outcomes: Record<string, number>
}

async function postkey(line: string, interactive = false): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const said = { out: '', err: '' }
  const code = await main(line.split(' '), {
    env: {},
    folder: '.',
    interactive,
    out: (text) => {
      said.out += `${text}\n`
    },
    err: (text) => {
      said.err += `${text}\n`
    },
  })
  return { code, ...said }
}

async function report(url: string, since = '2026-11-01', more = ''): Promise<Report> {
  const { code, out, err } = await postkey(`funnel --json --since ${since} --database-url ${url}${more}`)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return JSON.parse(out) as Report
}

/** The same every time. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * sides)
  }
}

/** Some mailboxes refuse, some mails have to be tried again. */
function mailServer(): (message: { readonly to: string }) => Reply {
  const deferred = new Set<string>()
  return ({ to }) => {
    if (to.startsWith('gone')) return { class: 'permanent', text: '550 no such user' }
    if (!to.startsWith('slow') || deferred.has(to)) return { class: 'accepted', text: '250 ok' }
    deferred.add(to)
    return { class: 'temporary', text: '450 come again' }
  }
}

const SECOND = 1_000
/** In turn. */
const MAILBOXES = ['google.test', 'mimecast.test', 'example.net']
const DEVICES = {
  'Firefox on Linux': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Safari on iPhone':
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
}

/** Sixty people: each asks, waits, and does one thing or the other, more than once. */
async function liveThrough(kit: Kit): Promise<void> {
  const roll = dice(7)
  for (let person = 0; person < 60; person++) {
    const email = `${['ada', 'bob', 'slow', 'gone'][roll(10) < 7 ? roll(2) : 2 + roll(2)]}-${person}@${MAILBOXES[person % 3]}`
    const desk = kit.browser({ userAgent: Object.values(DEVICES)[person % 2] as string })
    const challenge = await desk.ask(email)
    await kit.settle()
    kit.clock.forward((10 + roll(30)) * SECOND)
    await kit.settle()
    for (let more = roll(6) === 0 ? 4 : roll(3); more > 1; more--) {
      kit.clock.forward(61 * SECOND)
      await desk.post('/sign-in/resend', { c: challenge })
      await kit.settle()
    }
    const mail = kit.mailbox.all(email).at(-1)
    if (mail !== undefined) await use(kit, { desk, challenge, email, ...openMail(mail) }, roll)
    if (roll(8) === 0) await kit.browser().post('/sign-in', { email: 'no address' })
    if (roll(8) === 0) await kit.browser().post('/sign-in/code', { c: challenge, code: '123456' }, { origin: 'null', 'sec-fetch-site': '' })
    if (roll(8) === 0) await kit.browser().get('/sign-in', { 'sec-fetch-site': 'cross-site' })
    kit.clock.forward(roll(5) * MINUTE)
  }
  await kit.settle()
}

interface Use {
  readonly desk: Browser
  readonly challenge: string
  readonly email: string
  readonly code: string | null
  readonly linkId: string
  readonly secret: string
}

async function use(kit: Kit, { desk, challenge, email, code, linkId, secret }: Use, roll: (sides: number) => number): Promise<void> {
  const phone = kit.browser()
  // One after the other: what happens in one millisecond has no order in the record.
  const post = (who: Browser, path: string, form: Record<string, string>) => {
    kit.clock.forward(SECOND)
    return who.post(path, form)
  }
  const open = (who: Browser, headers: Record<string, string>) => {
    kit.clock.forward(SECOND)
    return who.get(`/l/${linkId}`, headers)
  }
  if (roll(4) === 0) for (let twice = 0; twice < 2; twice++) await kit.browser().get(`/l/${linkId}`, { 'sec-fetch-site': '' })
  if (roll(6) === 0) await open(desk, { 'sec-purpose': 'prefetch' })
  if (roll(6) === 0) await kit.browser().get(`/l/${'y'.repeat(17)}`)
  const typed = (value: string | null) => post(desk, '/sign-in/code', { c: challenge, code: value ?? '' })
  const ways = [
    async () => void (await typed(code)),
    async () => {
      for (let nth = roll(4); nth > 0; nth--) await typed(wrongCode(code, nth))
      await typed(code)
    },
    async () => {
      for (let nth = 0; nth < 6; nth++) await typed(wrongCode(code, nth))
    },
    async () => {
      await typed('12')
      await open(desk, { 'sec-fetch-mode': 'navigate' })
      await post(desk, `/l/${linkId}`, { secret })
      await post(desk, `/l/${linkId}`, { secret })
      await typed(code)
    },
    async () => {
      await open(phone, { 'sec-fetch-mode': 'navigate' })
      await post(phone, `/l/${linkId}`, { secret })
      await post(phone, `/l/${linkId}`, { secret, email: 'somebody@else.example' })
      await post(phone, `/l/${linkId}`, { secret, email })
      // And at the desk as well: two sign-ins of one challenge.
      await typed(wrongCode(code))
      await typed(code)
    },
    async () => {
      kit.clock.forward(20 * MINUTE)
      await open(roll(2) === 0 ? desk : phone, { 'sec-fetch-mode': 'navigate' })
      await post(desk, `/l/${linkId}`, { secret })
      await typed(code)
    },
    async () => void (await post(phone, '/sign-in/code', { c: challenge, code: code ?? '' })),
    async () => void (await post(phone, `/l/${linkId}`, { secret: 'x'.repeat(43) })),
    async () => {
      await typed(openMail(kit.mailbox.all(email)[0] as Message).code)
      await typed(code)
    },
    // Too late, and away.
    async () => {
      kit.clock.forward(20 * MINUTE)
      await open(phone, { 'sec-fetch-mode': 'navigate' })
    },
    async () => undefined,
  ]
  await ways[roll(ways.length)]?.()
}

/** Straight from the rows, by nothing of what it is compared with; of some challenges, if told so. */
async function recount(engine: OpenEngine, only = '1 = 1') {
  const events = `(select * from events where ${only}) e`
  const rows = async <R>(sql: string): Promise<readonly R[]> => engine.read(() => all<R>(sql))
  const count = async (what: string, where: string): Promise<number> =>
    Number((await rows<{ n: number }>(`select count(${what}) as n from ${events} where ${where}`))[0]?.n)
  const challenges = (where: string): Promise<number> => count('distinct challenge', where)
  const queued = `kind in ('start', 'resend') and decision like '%"mail":{%'`
  const compared = `kind = 'verify' and reason not in ('replayed', 'code_used') and facts like`
  const signIns = await rows<{ took: number; mails: number; back: number }>(
    `select v.at - s.at as took, (select count(*) from events m where m.challenge = v.challenge and m.at <= v.at and ${queued}) as mails, (select count(*) from events w where w.challenge = v.challenge and w.at <= v.at and w.id < v.id and w.reason <> 'signed_in' and (${compared} '%"code":"wrong"%' or ${compared} '%"code":"older"%') and not exists (select 1 from events b where b.challenge = v.challenge and b.reason = 'signed_in' and b.id > w.id and b.id < v.id)) as back from (select * from events where ${only}) v join events s on s.challenge = v.challenge and s.kind = 'start' where v.reason = 'signed_in'`,
  )
  const views = await rows<{ challenge: string; at: number; facts: string }>(
    `select challenge, at, facts from (select * from views where ${only}) v`,
  )
  const actions = await rows<{ challenge: string; at: number }>("select challenge, at from events where kind = 'verify'")
  const classed = views.map(({ challenge, at, facts }) => {
    const all = views
      .filter((view) => view.challenge === challenge)
      .map((view) => ({ ...view, at: Number(view.at), ordinal: 0, facts: JSON.parse(view.facts) as View['facts'] }))
    const times = actions.filter((action) => action.challenge === challenge).map((action) => Number(action.at))
    const own = all.findIndex((view) => view.at === Number(at) && JSON.stringify(view.facts) === JSON.stringify(JSON.parse(facts)))
    const { state } = JSON.parse(facts) as View['facts']
    return { challenge, state, class: classesOfViews(all, times)[own] as ViewClass }
  })
  const human = classed.filter(({ class: kind }) => kind === 'same_browser' || kind === 'other_browser')
  const ofClass = (kind: ViewClass): number => classed.filter((view) => view.class === kind).length
  const used = await rows<{ challenge: string }>(
    `select distinct challenge from ${events} where kind = 'verify' and ((facts like '%"proof":"link"%' and facts like '%"linkMatches":true%') or (facts like '%"proof":"code"%' and facts like '%"bound":true%' and facts not like '%"code":"malformed"%'))`,
  )
  const byReason = await rows<{ kind: string; proof: string; reason: string; n: number }>(
    `select kind, case when kind <> 'verify' then kind when facts like '%"proof":"link"%' then 'link' else 'code' end as proof, reason, count(*) as n from ${events} where kind in ('start', 'resend', 'deliver', 'verify', 'guard') group by 1, 2, 3`,
  )
  const posted = `(kind = 'verify' or (kind = 'guard' and facts like '%"method":"POST"%'))`
  return {
    flows: {
      requested: await challenges(`kind = 'start' and decision like '%"mail":{%'`),
      forShow: await challenges(`kind = 'start' and decision like '%"verdict":"pretend"%'`),
      accepted: await challenges("kind = 'deliver' and reason = 'mail_sent'"),
      seen: new Set([...used, ...human].map(({ challenge }) => challenge)).size,
      verified: await challenges("reason = 'signed_in'"),
    },
    codes: {
      right: await count('*', `${compared} '%"code":"right"%'`),
      older: await count('*', `${compared} '%"code":"older"%'`),
      wrong: await count('*', `${compared} '%"code":"wrong"%'`),
      refunded: signIns.reduce((sum, { back }) => sum + Number(back), 0),
    },
    posts: {
      all: await count('*', posted),
      inVain: await count('*', `${posted} and reason not in ('signed_in', 'replayed')`),
    },
    signIns: {
      link: await count('*', `reason = 'signed_in' and facts like '%"proof":"link"%'`),
      code: await count('*', `reason = 'signed_in' and facts like '%"proof":"code"%'`),
      otherBrowser: await count('*', `reason = 'signed_in' and facts like '%"bound":false%'`),
    },
    views: {
      same_browser: ofClass('same_browser'),
      other_browser: ofClass('other_browser'),
      prefetch: ofClass('prefetch'),
      likely_scanner: ofClass('likely_scanner'),
      expired: human.filter(({ state }) => state === 'expired').length,
    },
    states: Object.fromEntries(['live', 'expired', 'used'].map((state) => [state, classed.filter((view) => view.state === state).length])),
    outcomes: Object.fromEntries(byReason.map(({ proof, reason, n }) => [`${proof} ${reason}`, Number(n)])),
    took: signIns.map(({ took }) => Number(took) / SECOND).sort((one, other) => one - other),
    mails: signIns.map(({ mails }) => Number(mails)),
  }
}

const nearestRank = (sorted: readonly number[], share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN

/** Of a report, or of a part of it, what a recount counts as well. */
const countsOf = ({ flows, codes, posts, signIns, views, outcomes }: Omit<Counts, 'numbers'>) => ({
  flows,
  codes,
  posts,
  signIns,
  views,
  outcomes,
})

function sumOf(parts: readonly Counts[]): Record<string, Record<string, number>> {
  const sum: Record<string, Record<string, number>> = {}
  for (const part of parts)
    for (const [group, counts] of Object.entries(countsOf(part)))
      for (const [name, count] of Object.entries(counts)) {
        const own = sum[group] ?? {}
        sum[group] = { ...own, [name]: (own[name] ?? 0) + count }
      }
  return sum
}

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  /** What the process had counted in the end, and what the console showed by then. */
  let text = ''
  const shown: Record<string, string> = {}
  beforeAll(async () => {
    database = await fresh()
    const kit = await startKit({ database: database.url, reply: mailServer(), operators: ['ops@example.net'] })
    await kit.postkey.metrics()
    await liveThrough(kit)
    const { browser: operator, challenge, code } = await askAndOpen(kit, 'ops@example.net')
    // What happens in one millisecond has no order in the record.
    kit.clock.forward(30 * SECOND)
    await operator.post('/sign-in/code', { c: challenge, code: code ?? '' })
    // Until the views are written.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    for (const by of ['mailbox', 'device', 'method']) shown[by] = (await operator.get(`/console?of=7d&by=${by}`)).text
    text = await kit.postkey.metrics()
    // With it the last views are written.
    await kit.close()
  })
  afterAll(() => database.drop())

  test('every number is that of a recount by SQL, and what the process counted is the same', async () => {
    const engine = await openEngine(database.url)
    const counted = await recount(engine).finally(() => engine.close())
    const { flows, codes, posts, signIns, views, outcomes, numbers } = await report(database.url)
    const { took, mails, states, ...rest } = counted
    expect({ flows, codes, posts, signIns, views, outcomes }).toEqual(rest)
    // Nothing of it is trivially so.
    for (const some of [
      flows.verified,
      flows.accepted,
      codes.wrong,
      codes.older,
      codes.refunded,
      signIns.link,
      signIns.otherBrowser,
      ...Object.values(views),
    ])
      expect(some).toBeGreaterThan(0)
    expect(new Set(took).size).toBeGreaterThan(10)

    const values = Object.fromEntries(numbers.map(({ id, value }) => [id, value]))
    const sum = (list: readonly number[]): number => list.reduce((all, one) => all + one, 0)
    const dead = counted.outcomes['deliver mail_dead'] ?? 0
    const replays = (counted.outcomes['link replayed'] ?? 0) + (counted.outcomes['code replayed'] ?? 0)
    const looked = codes.right + codes.older + codes.wrong
    expect(values).toMatchObject({
      verified: counted.flows.verified / counted.flows.requested,
      posts_in_vain: counted.posts.inVain / counted.posts.all,
      time_to_verify_p50: nearestRank(took, 0.5),
      time_to_verify_p90: nearestRank(took, 0.9),
      time_to_verify_p99: nearestRank(took, 0.99),
      four_mails: mails.filter((count) => count >= 4).length / mails.length,
      mails_per_success: sum(mails) / mails.length,
      bounced: dead / (dead + (counted.outcomes['deliver mail_sent'] ?? 0)),
      wrong_codes: (codes.wrong + codes.older) / looked,
      by_link: counted.signIns.link / took.length,
      by_code: counted.signIns.code / took.length,
      other_browser: counted.signIns.otherBrowser / took.length,
      expired_landings: views.expired / (views.same_browser + views.other_browser),
      scanners: views.likely_scanner / (views.same_browser + views.other_browser + views.prefetch + views.likely_scanner),
      replays: replays / (replays + took.length),
    })

    // The other way of counting: as it happened.
    const sample = (name: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`postkey_${name} `))
          ?.split(' ')[1],
      )
    const names: Record<string, (reason: string) => string> = {
      start: (reason) => `challenges_total{outcome="${reason}"}`,
      resend: (reason) => `resends_total{outcome="${reason}"}`,
      deliver: (reason) => `mails_total{transport="mailbox",outcome="${reason}"}`,
      link: (reason) => `verifications_total{method="link",outcome="${reason}"}`,
      code: (reason) => `verifications_total{method="code",outcome="${reason}"}`,
      guard: (reason) => `refusals_total{reason="${reason}"}`,
    }
    for (const [outcome, count] of Object.entries(counted.outcomes)) {
      const [kind = '', reason = ''] = outcome.split(' ')
      expect([outcome, sample(names[kind]?.(reason) ?? '')]).toEqual([outcome, count])
    }
    for (const result of ['right', 'older', 'wrong'] as const) expect(sample(`code_checks_total{result="${result}"}`)).toBe(codes[result])
    const viewed = text.split('\n').filter((line) => line.startsWith('postkey_link_views_total{'))
    for (const [state, count] of Object.entries(states))
      expect(sum(viewed.filter((line) => line.includes(`state="${state}"`)).map((line) => Number(line.split(' ')[1])))).toBe(count)
    expect(sample('wrong_codes_refunded_total')).toBe(codes.refunded)
    expect(sample('mails_per_success_sum')).toBe(sum(mails))
    expect(sample('time_to_verify_seconds_sum{method="link"}') + sample('time_to_verify_seconds_sum{method="code"}')).toBe(sum(took))
  }, 60_000)

  test('told apart, each part is that of a recount of it, all parts are the whole, and the console tells the same', async () => {
    const engine = await openEngine(database.url)
    const of = async (only: string) => countsOf(await recount(engine, only))
    const asked = (where: string): string => `challenge in (select id from challenges where ${where})`
    const domains = { google: "email like '%@google.test'", mimecast: "email like '%@mimecast.test'", other: "email like '%@example.net'" }
    const expected = {
      mailbox: Object.entries(domains).map(([name, where]) => [name, asked(where)] as const),
      device: Object.keys(DEVICES).map((name) => [name, asked(`device = '${name}'`)] as const),
    }
    try {
      for (const [by, parts] of Object.entries(expected)) {
        const told = await report(database.url, '2026-11-01', ` --by ${by}`)
        expect(Object.keys(told.parts).sort()).toEqual([...parts.map(([name]) => name), 'none'].sort())
        for (const [name, only] of [...parts, ['none', 'challenge is null'] as const])
          expect([name, countsOf(told.parts[name] as Counts)]).toEqual([name, await of(only)])
        expect(sumOf(Object.values(told.parts))).toEqual(countsOf(told))
        for (const [name] of parts) {
          const { requested, verified } = (told.parts[name] as Counts).flows
          expect(requested).toBeGreaterThan(15)
          const label = by === 'mailbox' && name !== 'other' ? name.replace(/^./, (letter) => letter.toUpperCase()) : name
          expect(shown[by]).toContain(
            `<th scope="row">${label}</th><td class="number">${requested}</td><td class="number">${verified}</td>`,
          )
        }
        // A slow and a refused mail of each domain: the parts have numbers of their own.
        expect(new Set(Object.values(told.parts).map(({ numbers }) => JSON.stringify(numbers))).size).toBe(parts.length + 1)
      }

      const { parts, ...whole } = await report(database.url, '2026-11-01', ' --by method')
      expect(Object.keys(parts).sort()).toEqual(['code', 'link', 'none'])
      expect(sumOf(Object.values(parts))).toEqual(countsOf(whole))
      const firsts = await engine.read(() =>
        all<{ proof: string; n: number }>(
          `select case when facts like '%"proof":"link"%' then 'link' else 'code' end as proof, count(*) as n from events v where reason = 'signed_in' and not exists (select 1 from events e where e.challenge = v.challenge and e.reason = 'signed_in' and e.at < v.at) group by 1`,
        ),
      )
      for (const { proof, n } of firsts) expect([proof, parts[proof]?.flows.verified]).toEqual([proof, Number(n)])
      for (const proof of ['link', 'code'] as const) {
        const other = proof === 'link' ? 'code' : 'link'
        expect(parts[proof]?.signIns).toMatchObject({ [proof]: whole.signIns[proof], [other]: 0 })
        expect(parts[proof]?.posts.all).toBe(
          Object.entries(whole.outcomes).reduce((sum, [name, count]) => sum + (name.startsWith(`${proof} `) ? count : 0), 0),
        )
        const { requested, verified } = parts[proof]?.flows ?? { requested: -1, verified: -1 }
        expect(shown['method']).toContain(
          `<th scope="row">the ${proof}</th><td class="number">${requested}</td><td class="number">${verified}</td>`,
        )
      }
      expect(parts['none']?.flows).toMatchObject({ verified: 0 })
      expect(parts['none']?.flows.requested).toBeGreaterThan(0)
    } finally {
      await engine.close()
    }
  }, 60_000)

  test('a window begins where it is said to', async () => {
    const other = await fresh()
    const kit = await startKit({ database: other.url })
    for (const email of ['ada@example.net', 'bob@example.net']) {
      await kit.browser().ask(email)
      await kit.settle()
      kit.clock.forward(60 * MINUTE)
    }
    expect((await report(other.url)).flows.requested).toBe(2)
    expect((await report(other.url, '2026-11-21T09:30Z')).flows.requested).toBe(1)
    expect(await report(other.url, '2026-11-22')).toMatchObject({ events: 0, flows: { requested: 0, verified: 0 } })
    await kit.close()
    await other.drop()
  })
})

describe('for a person', () => {
  test('a table with what is worth a warning, and why; without a pixel, and saying so', async () => {
    const [, fresh] = sharedDatabases[0] as (typeof sharedDatabases)[0]
    const database = await fresh()
    await using kit = await startKit({ database: database.url })
    for (let person = 0; person < 21; person++) {
      const browser = kit.browser()
      const challenge = await browser.ask(`ada-${person}@example.net`)
      await kit.settle()
      kit.clock.forward(90_000)
      await browser.post('/sign-in/code', { c: challenge, code: openMail(kit.mailbox.messages.at(-1) as Message).code ?? '' })
    }
    const { code, out } = await postkey(`funnel --since 2026-11-01 --database-url ${database.url}`)
    expect(code).toBe(0)
    expect(out).toMatch(/signed in {2,}21 100\.0 %/)
    expect(out).toMatch(/^! from asking to being in: half within +90 s +of 21 +warns over 45 s: some 35 seconds are usual/m)
    expect(out).toMatch(/^ {2}links, codes and forms sent in for nothing +0\.0 % +of 21 +warns over 5\.0 %$/m)
    expect(out).toContain('there is no pixel in it')
    expect(out).toContain('Not counted: complaints')

    const apart = await postkey(`funnel --since 2026-11-01 --by device --database-url ${database.url}`)
    expect(apart.out).toMatch(/^ +asked +got in +too late .* scanners$/m)
    expect(apart.out).toMatch(/^ {2}Firefox on Linux +21 +100\.0 % +– +0\.0 % +! 90 s/m)
    await database.drop()
  })

  test.each([
    ['funnel --since yesterday', '--since yesterday is no time'],
    ['funnel today', '"today" is not expected here'],
    ['funnel --since', '--since needs a value'],
    ['funnel --by country', '--by country tells nothing apart — write mailbox, device, method or policy'],
  ])('postkey %s is told what is wrong', async (line, said) => {
    const { code, err } = await postkey(line)
    expect(code).toBe(2)
    expect(err).toContain(said)
  })
})
