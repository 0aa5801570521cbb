// AU-04, AU-13: a day in sixty steps, and everything that is then in the record: what each step is to leave stands beside it. Once each,
// nothing besides, in order; on both engines.
import { describe, expect, test } from 'vitest'
import type { ReplyClass } from '../../src/core/delivery.ts'
import { paths } from '../../src/core/paths.ts'
import type { ReasonCode } from '../../src/core/reason.ts'
import { main } from '../../src/run/command.ts'
import { openEngine } from '../../src/store/open.ts'
import { all, type Operations } from '../../src/store/operation.ts'
import { type Answer, type Browser, DAY, type Kit, MINUTE, type Opened, ORIGIN, openMail, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases } from '../nodes.ts'

const ADA = 'ada@example.net'
const BOB = 'bob@example.net'
const CARLA = 'carla@example.net'
const DAN = 'dan@example.net'
const OPS = 'ops@example.net'

/** Challenges, users and sessions by the names that they have in this story; what is left out is null in the record. */
interface About {
  readonly challenge?: string
  readonly user?: string
  readonly session?: string
  /** The step whose answer has the request id of the record; else this one. */
  readonly of?: string
}

type Expected = readonly [kind: string, reason: ReasonCode, about?: About]

interface Step {
  readonly name: string
  /** Time that passes before it; a second unless told. */
  readonly after?: number
  /** What the mail server says from now on. */
  readonly mailServer?: ReplyClass
  readonly go: (day: Day) => Promise<Answer>
  readonly leaves: readonly Expected[]
}

/** People by name, and what each of the ids that they were given is called. */
class Day {
  readonly kit: Kit
  readonly names = new Map<string, string>()
  /** Where the last search of an operator led. */
  found = ''
  readonly #browsers = new Map<string, Browser>()

  constructor(kit: Kit) {
    this.kit = kit
  }

  at(name: string): Browser {
    const browser = this.#browsers.get(name) ?? this.kit.browser()
    this.#browsers.set(name, browser)
    return browser
  }

  call(id: string, name: string): void {
    if (id === '' || (this.names.get(id) ?? name) !== name) throw new Error(`"${id}" cannot be called ${name}`)
    this.names.set(id, name)
  }

  id(name: string): string {
    for (const [id, called] of this.names) if (called === name) return id
    throw new Error(`nothing is called ${name}`)
  }

  /** The mails of a challenge, opened; the newest last. */
  mail(challenge: string, nth = -1): Opened {
    const id = this.id(challenge)
    const mail = this.kit.mailbox.messages
      .map(openMail)
      .filter(({ linkId }) => linkId.startsWith(id))
      .at(nth)
    if (mail === undefined) throw new Error(`no mail of ${challenge}`)
    return mail
  }

  /** The cookie begins with the id of the session, and the API knows whose it is. */
  async callSession(browser: Browser, session: string, user: string): Promise<void> {
    this.call((browser.cookies.get('__Host-postkey-session') ?? '').slice(0, 22), session)
    this.call(((await browser.api('GET', '/api/session')).json() as { user: { id: string } }).user.id, user)
  }
}

const looks =
  (who: string, path: string | ((day: Day) => string), headers?: Record<string, string>): Step['go'] =>
  (day) =>
    day.at(who).get(typeof path === 'string' ? path : path(day), headers)

const posts =
  (
    who: string,
    path: string | ((day: Day) => string),
    form: Record<string, string> | string,
    headers?: Record<string, string>,
  ): Step['go'] =>
  (day) =>
    day.at(who).post(typeof path === 'string' ? path : path(day), form, headers)

const asks =
  (who: string, email: string, challenge: string): Step['go'] =>
  async (day) => {
    const answer = await day.at(who).post(paths.signIn, { email })
    day.call(new URL(answer.location, ORIGIN).searchParams.get('c') ?? '', challenge)
    await day.kit.settle()
    return answer
  }

const asksAgain =
  (who: string, challenge: string): Step['go'] =>
  async (day) => {
    const answer = await day.at(who).post(paths.resend, { c: day.id(challenge) })
    await day.kit.settle()
    return answer
  }

const types =
  (who: string, challenge: string, code: (mail: Opened, day: Day) => string): Step['go'] =>
  (day) =>
    day.at(who).post(paths.code, { c: day.id(challenge), code: code(day.mail(challenge), day) })

const right = ({ code }: Opened): string => code ?? ''
const wrong =
  (nth: number) =>
  ({ code }: Opened): string =>
    wrongCode(code, nth)

const clicks =
  (who: string, challenge: string, form: Record<string, string> = {}): Step['go'] =>
  (day) => {
    const { linkId, secret } = day.mail(challenge)
    return day.at(who).post(`${paths.link}/${linkId}`, { secret, ...form })
  }

/** With it somebody is signed in. */
const thenIn =
  (who: string, session: string, user: string, go: Step['go']): Step['go'] =>
  async (day) => {
    const answer = await go(day)
    await day.callSession(day.at(who), session, user)
    return answer
  }

const thenMails =
  (go: Step['go']): Step['go'] =>
  async (day) => {
    const answer = await go(day)
    await day.kit.settle()
    return answer
  }

const person = (user: string) => (day: Day) => `${paths.consolePeople}/${day.id(user)}`

/** Somebody who has no user has a name from the search alone. */
const finds =
  (email: string): Step['go'] =>
  async (day) => {
    const answer = await day.at('ops').post(paths.consoleSearch, { q: email })
    day.found = answer.location
    return answer
  }

const steps: readonly Step[] = [
  { name: 'ada looks at the page', go: looks('ada', paths.signIn), leaves: [] },
  { name: 'she types no address', go: posts('ada', paths.signIn, { email: 'ada at home' }), leaves: [['start', 'address_invalid']] },
  {
    name: 'somebody gave her a form that leads elsewhere',
    go: posts('ada', paths.signIn, { email: ADA, return_to: 'https://evil.example/' }),
    leaves: [['start', 'return_invalid']],
  },
  {
    name: 'another site posts for her',
    go: posts('ada', paths.signIn, { email: ADA }, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }),
    leaves: [['guard', 'origin_foreign']],
  },
  {
    name: 'a page without an origin posts for her',
    go: posts('ada', paths.signIn, { email: ADA }, { origin: 'null', 'sec-fetch-site': '' }),
    leaves: [['guard', 'origin_null']],
  },
  {
    name: 'a program posts, and does not say from where',
    go: posts('ada', paths.signIn, { email: ADA }, { origin: '', 'sec-fetch-site': '' }),
    leaves: [['guard', 'origin_missing']],
  },
  { name: 'a form is too large', go: posts('ada', paths.signIn, { email: 'a'.repeat(20_000) }), leaves: [] },
  { name: 'a form is none', go: posts('ada', paths.signIn, 'email=a&email=b'), leaves: [] },
  {
    name: 'ada asks',
    go: asks('ada', ADA, 'ada’s'),
    leaves: [
      ['start', 'mail_queued', { challenge: 'ada’s' }],
      ['deliver', 'mail_sent', { challenge: 'ada’s' }],
    ],
  },
  { name: 'a scanner opens the link', go: looks('scanner', (day) => `${paths.link}/${day.mail('ada’s').linkId}`), leaves: [] },
  {
    name: 'and submits what it finds',
    go: async (day) => day.at('scanner').post(`${paths.link}/${day.mail('ada’s').linkId}`, {}),
    leaves: [['verify', 'link_malformed', { challenge: 'ada’s' }]],
  },
  { name: 'ada waits at the page', go: looks('ada', (day) => `${paths.check}?c=${day.id('ada’s')}`), leaves: [] },
  {
    name: 'she types half a code',
    go: types('ada', 'ada’s', () => '12'),
    leaves: [['verify', 'code_malformed', { challenge: 'ada’s' }]],
  },
  { name: 'she types a wrong one', go: types('ada', 'ada’s', wrong(0)), leaves: [['verify', 'code_wrong', { challenge: 'ada’s' }]] },
  {
    name: 'somebody else types the right one',
    go: types('eve', 'ada’s', right),
    leaves: [['verify', 'code_other_browser', { challenge: 'ada’s' }]],
  },
  { name: 'she asks again, too soon', go: asksAgain('ada', 'ada’s'), leaves: [['resend', 'too_many_mails', { challenge: 'ada’s' }]] },
  {
    name: 'she asks again, a minute later',
    after: MINUTE,
    go: asksAgain('ada', 'ada’s'),
    leaves: [
      ['resend', 'mail_queued', { challenge: 'ada’s' }],
      ['deliver', 'mail_sent', { challenge: 'ada’s' }],
    ],
  },
  {
    name: 'she types the code of the first mail',
    go: types('ada', 'ada’s', (_, day) => right(day.mail('ada’s', 0))),
    leaves: [['verify', 'code_superseded', { challenge: 'ada’s' }]],
  },
  {
    name: 'she clicks',
    go: thenIn('ada', 'ada’s session', 'ada', clicks('ada', 'ada’s')),
    leaves: [['verify', 'signed_in', { challenge: 'ada’s', user: 'ada', session: 'ada’s session' }]],
  },
  {
    name: 'she clicks again',
    go: clicks('ada', 'ada’s'),
    leaves: [['verify', 'replayed', { challenge: 'ada’s', user: 'ada', session: 'ada’s session' }]],
  },
  {
    name: 'the scanner has the link as well',
    go: clicks('scanner', 'ada’s', { email: ADA }),
    leaves: [['verify', 'link_used', { challenge: 'ada’s', user: 'ada' }]],
  },
  {
    name: 'she types a wrong code after all',
    go: types('ada', 'ada’s', wrong(1)),
    leaves: [['verify', 'code_used', { challenge: 'ada’s', user: 'ada' }]],
  },
  {
    name: 'she asks for one more mail of what is over',
    go: asksAgain('ada', 'ada’s'),
    leaves: [['resend', 'challenge_completed', { challenge: 'ada’s' }]],
  },
  {
    name: 'bob asks, and the mail server says later',
    mailServer: 'temporary',
    go: asks('bob', BOB, 'bob’s'),
    leaves: [
      ['start', 'mail_queued', { challenge: 'bob’s' }],
      ['deliver', 'mail_deferred', { challenge: 'bob’s' }],
    ],
  },
  {
    name: 'it takes the mail',
    after: 6_000,
    mailServer: 'accepted',
    go: thenMails(looks('bob', '/livez')),
    leaves: [['deliver', 'mail_sent', { challenge: 'bob’s', of: 'bob asks, and the mail server says later' }]],
  },
  {
    name: 'bob clicks on his phone',
    go: clicks('phone', 'bob’s'),
    leaves: [['verify', 'address_needed', { challenge: 'bob’s' }]],
  },
  {
    name: 'he types another address',
    go: clicks('phone', 'bob’s', { email: ADA }),
    leaves: [['verify', 'address_mismatch', { challenge: 'bob’s' }]],
  },
  {
    name: 'he types his own',
    go: thenIn('phone', 'bob’s phone', 'bob', clicks('phone', 'bob’s', { email: BOB })),
    leaves: [['verify', 'signed_in', { challenge: 'bob’s', user: 'bob', session: 'bob’s phone' }]],
  },
  {
    name: 'at his desk he types the code',
    go: thenIn('bob', 'bob’s desk', 'bob', types('bob', 'bob’s', right)),
    leaves: [['verify', 'signed_in', { challenge: 'bob’s', user: 'bob', session: 'bob’s desk' }]],
  },
  {
    name: 'from there he ends the phone’s session',
    go: (day) => day.at('bob').post(paths.endSession, { session: day.id('bob’s phone') }),
    leaves: [['end_session', 'session_revoked', { challenge: 'bob’s', user: 'bob', session: 'bob’s desk' }]],
  },
  { name: 'the phone asks who it is', go: (day) => day.at('phone').api('GET', '/api/session'), leaves: [] },
  {
    name: 'the phone signs out of what has ended',
    go: posts('phone', paths.signOut, {}),
    leaves: [['end_session', 'session_ended', { challenge: 'bob’s', user: 'bob', session: 'bob’s phone' }]],
  },
  { name: 'somebody signs out who never was in', go: posts('eve', paths.signOut, {}), leaves: [] },
  {
    name: 'carla’s address is none',
    mailServer: 'permanent',
    go: asks('carla', CARLA, 'carla’s'),
    leaves: [
      ['start', 'mail_queued', { challenge: 'carla’s' }],
      ['deliver', 'mail_dead', { challenge: 'carla’s' }],
    ],
  },
  {
    name: 'she asks again, and nothing can be reached',
    after: MINUTE,
    mailServer: 'unreachable',
    go: asksAgain('carla', 'carla’s'),
    leaves: [
      ['resend', 'mail_queued', { challenge: 'carla’s' }],
      ['deliver', 'mail_deferred', { challenge: 'carla’s' }],
    ],
  },
  {
    name: 'until the mail is of no use',
    after: 15 * MINUTE,
    mailServer: 'accepted',
    go: thenMails(looks('carla', '/livez')),
    leaves: [['deliver', 'mail_expired', { challenge: 'carla’s', of: 'she asks again, and nothing can be reached' }]],
  },
  {
    name: 'dan asks',
    go: asks('dan', DAN, 'dan’s'),
    leaves: [
      ['start', 'mail_queued', { challenge: 'dan’s' }],
      ['deliver', 'mail_sent', { challenge: 'dan’s' }],
    ],
  },
  {
    name: 'he types the code too late',
    after: 10 * MINUTE,
    go: types('dan', 'dan’s', right),
    leaves: [['verify', 'code_expired', { challenge: 'dan’s' }]],
  },
  {
    name: 'he clicks too late',
    after: 5 * MINUTE,
    go: clicks('dan', 'dan’s'),
    leaves: [['verify', 'link_expired', { challenge: 'dan’s' }]],
  },
  {
    name: 'he has a link of nobody’s',
    go: posts('dan', `${paths.link}/${'A'.repeat(17)}`, { secret: 'A'.repeat(43) }),
    leaves: [['verify', 'link_unknown']],
  },
  {
    name: 'and asks again for what is unknown',
    go: posts('dan', paths.resend, { c: 'A'.repeat(16) }),
    leaves: [['resend', 'challenge_unknown']],
  },
  {
    name: 'he begins anew',
    go: asks('dan', DAN, 'dan’s second'),
    leaves: [
      ['start', 'mail_queued', { challenge: 'dan’s second' }],
      ['deliver', 'mail_sent', { challenge: 'dan’s second' }],
    ],
  },
  ...[0, 1, 2, 3].map(
    (nth): Step => ({
      name: `he guesses, ${nth + 1}`,
      go: types('dan', 'dan’s second', wrong(nth)),
      leaves: [['verify', 'code_wrong', { challenge: 'dan’s second' }]],
    }),
  ),
  {
    name: 'he guesses once too often',
    go: types('dan', 'dan’s second', wrong(4)),
    leaves: [['verify', 'code_locked', { challenge: 'dan’s second' }]],
  },
  {
    name: 'his link is good',
    go: thenIn('dan', 'dan’s session', 'dan', clicks('dan', 'dan’s second')),
    leaves: [['verify', 'signed_in', { challenge: 'dan’s second', user: 'dan', session: 'dan’s session' }]],
  },
  { name: 'dan looks for the console', go: looks('dan', paths.console), leaves: [['console', 'operator_unknown']] },
  {
    name: 'an operator asks',
    go: asks('ops', OPS, 'ops’'),
    leaves: [
      ['start', 'mail_queued', { challenge: 'ops’' }],
      ['deliver', 'mail_sent', { challenge: 'ops’' }],
    ],
  },
  {
    name: 'and types the code',
    go: thenIn('ops', 'ops’ session', 'ops', types('ops', 'ops’', right)),
    leaves: [['verify', 'signed_in', { challenge: 'ops’', user: 'ops', session: 'ops’ session' }]],
  },
  {
    name: 'ops looks at bob',
    go: looks('ops', person('bob')),
    leaves: [['console', 'operator_looked', { user: 'bob', session: 'ops’ session' }]],
  },
  {
    name: 'ops ends bob’s sessions',
    go: posts('ops', person('bob'), { act: 'end_sessions' }),
    leaves: [['console', 'operator_ended_sessions', { user: 'bob', session: 'ops’ session' }]],
  },
  { name: 'ops finds carla', go: finds(CARLA), leaves: [['console', 'operator_looked', { session: 'ops’ session' }]] },
  {
    name: 'ops has another mail sent to her',
    go: thenMails((day) => day.at('ops').post(day.found, { act: 'resend', challenge: day.id('carla’s') })),
    leaves: [
      ['console', 'operator_resent', { challenge: 'carla’s', session: 'ops’ session' }],
      ['resend', 'mail_queued', { challenge: 'carla’s' }],
      ['deliver', 'mail_sent', { challenge: 'carla’s' }],
    ],
  },
  {
    name: 'ops disables dan',
    go: posts('ops', person('dan'), { act: 'disable' }),
    leaves: [['console', 'operator_disabled_user', { user: 'dan', session: 'ops’ session' }]],
  },
  {
    name: 'dan asks, and gets nothing',
    go: asks('dan', DAN, 'dan’s third'),
    leaves: [
      ['start', 'user_disabled', { challenge: 'dan’s third' }],
      ['deliver', 'mail_suppressed', { challenge: 'dan’s third' }],
    ],
  },
  {
    name: 'ops would erase an operator',
    go: posts('ops', person('ops'), { act: 'erase', sure: 'yes' }),
    leaves: [['console', 'operator_protected', { user: 'ops', session: 'ops’ session' }]],
  },
  {
    name: 'ops comes back from lunch',
    after: 20 * MINUTE,
    go: posts('ops', person('bob'), { act: 'erase', sure: 'yes' }),
    leaves: [['console', 'operator_proof_old', { user: 'bob', session: 'ops’ session' }]],
  },
  {
    name: 'after a week, ada signs out of what has gone idle',
    after: 8 * DAY,
    go: posts('ada', paths.signOut, {}),
    leaves: [['end_session', 'session_idle', { challenge: 'ada’s', user: 'ada', session: 'ada’s session' }]],
  },
]

interface Found {
  readonly id: string
  readonly at: number
  readonly tenant: string
  readonly kind: string
  readonly reason: string
  readonly requestId: string
  readonly challenge: string | null
  readonly user: string | null
  readonly session: string | null
}

const readAll = (engine: Operations): Promise<readonly Found[]> =>
  engine.read(() =>
    all<Found>(
      'select id, at, tenant, kind, reason, request_id as "requestId", challenge, user_id as "user", session_id as session from events order by at, id',
    ),
  )

/** Written in one transaction, at one time: by what comes before what. */
const KINDS = ['console', 'guard', 'start', 'resend', 'verify', 'end_session', 'deliver']

/** Refusals are written down after the answer: as many as there must be by now, or those that are there after a while. */
async function untilThere(engine: Operations, count: number): Promise<void> {
  for (let wait = 0; wait < 400; wait++) {
    if ((await readAll(engine)).length >= count) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe.each(sharedDatabases)('a day, %s', (_, fresh) => {
  test('AU-04: sixty steps leave exactly the records that stand beside them, each once, nothing besides, in order', async () => {
    expect(steps).toHaveLength(60)
    const database = await fresh()
    let says: ReplyClass = 'accepted'
    const kit = await startKit({
      database: database.url,
      operators: [OPS],
      reply: () => {
        // It takes its time.
        kit.clock.forward(200)
        return { class: says, text: 'as told' }
      },
    })
    const engine = await openEngine(database.url)
    const day = new Day(kit)
    const requests = new Map<string, string>()
    const expected: object[] = [
      { step: 'at the start', kind: 'console', reason: 'operator_made', tenant: 'default', challenge: null, user: 'ops', session: null },
    ]
    try {
      for (const { name, after = 1_000, mailServer, go, leaves } of steps) {
        kit.clock.forward(after)
        says = mailServer ?? says
        const answer = await go(day)
        const requestId = answer.headers.get('x-request-id') ?? ''
        expect(requests.has(requestId), name).toBe(false)
        requests.set(requestId, name)
        for (const [kind, reason, { of = name, challenge = null, user = null, session = null } = {}] of leaves)
          expected.push({ step: of, kind, reason, tenant: 'default', challenge, user, session })
        await untilThere(engine, expected.length)
      }
      await kit.settle()
      const nameOf = (id: string | null): string | null => (id === null ? null : (day.names.get(id) ?? `unknown: ${id}`))
      const found = (await readAll(engine)).toSorted(
        (one, other) => one.at - other.at || KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind),
      )
      const told = found.map(({ kind, reason, tenant, requestId, challenge, user, session }) => ({
        step: requests.get(requestId) ?? 'at the start',
        kind,
        reason,
        tenant,
        challenge: nameOf(challenge),
        user: nameOf(user),
        session: nameOf(session),
      }))
      expect(told).toEqual(expected)
      expect(new Set(found.map(({ id }) => id)).size).toBe(found.length)
      await expectNothingUnexplained(engine)
    } finally {
      await kit.close()
      await engine.close()
    }
    expect(await replay(database.url)).toMatchObject({ ok: true, different: 0, unreadable: 0 })
    await database.drop()
  })
})

/** AU-13: where each session comes from, and what became of each mail, from the record alone. */
async function expectNothingUnexplained(engine: Operations): Promise<void> {
  const sessions = await engine.read(() =>
    all<{ n: number }>(
      `select s.id, (select count(*) from events e where e.tenant = s.tenant and e.session_id = s.id and e.user_id = s.user_id and e.challenge = s.challenge and e.kind = 'verify' and e.reason = 'signed_in' and e.at = s.created_at) as n from sessions s`,
    ),
  )
  expect(sessions.map(({ n }) => Number(n))).toEqual(Array(5).fill(1))
  const mails = await engine.read(() =>
    all<{ state: string; decision: string | null }>(
      `select m.state, (select e.decision from events e where e.tenant = m.tenant and e.kind = 'deliver' and e.challenge = m.challenge and e.request_id = m.request_id order by e.at desc limit 1) as decision from mails m`,
    ),
  )
  expect(mails).toHaveLength(10)
  for (const { state, decision } of mails) expect((JSON.parse(decision ?? '{}') as { state?: string }).state).toBe(state)
}

async function replay(url: string): Promise<unknown> {
  const out: string[] = []
  await main(['audit', 'replay', '--since', '2026-11-01', '--json', '--database-url', url], {
    env: {},
    folder: '.',
    interactive: false,
    out: (text) => void out.push(text),
    err: () => {},
  })
  return JSON.parse(out.at(-1) ?? '{}')
}
