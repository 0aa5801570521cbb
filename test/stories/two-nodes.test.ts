// The races once more with real processes: two nodes on one SQLite file, and two on one PostgreSQL database. What one of them has
// answered, the other must know.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCampaign } from '../campaign.ts'
import { faultsOf, faultsOfRecords } from '../history.ts'
import { wrongCode } from '../kit.ts'
import { type Nodes, type OpenedMail, type Reply, sharedDatabases, startNodes, type TestDatabase } from '../nodes.ts'
import { seedOfRun } from '../seed.ts'

/** Exact counts of what is admitted: nothing comes back while a test runs. */
const starts = {
  network: { count: 30, per: '30d' },
  networkWide: { count: 3_000, per: '30d' },
  browser: { count: 20, per: '30d' },
  tenant: { count: 60_000, per: '30d' },
} as const

let people = 0
interface Person {
  readonly email: string
  readonly browser: string
  readonly address: string
}

/** Somebody new, in a network of their own. */
function person(email?: string): Person {
  const number = ++people
  return {
    email: email ?? `person-${number}@example.net`,
    browser: `person${number}`.padEnd(43, 'x'),
    address: `198.${number >> 8}.${number & 255}.7`,
  }
}

function countBy(replies: readonly Reply[], nameOf: (reply: Reply) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const reply of replies) counts[nameOf(reply)] = (counts[nameOf(reply)] ?? 0) + 1
  return counts
}

const outcomeOf = ({ status, body }: Reply): string =>
  status === 200 ? (body.replayed ? 'replayed' : 'signed_in') : `${status} ${body.reason}`

describe.each(sharedDatabases)('two processes on %s', (_, fresh) => {
  let database: TestDatabase
  let nodes: Nodes

  beforeAll(async () => {
    database = await fresh()
    nodes = await startNodes({ database: database.url, policy: { starts, mailsPerLinkTtl: 10 } })
  })
  afterAll(async () => {
    await nodes?.[Symbol.asyncDispose]()
    await database?.drop()
  })

  /** So many requests at once, every other one to the other node. */
  const times = (count: number, send: (node: number, at: number) => Promise<Reply>): Promise<Reply[]> =>
    Promise.all(Array.from({ length: count }, (_, at) => send(at % 2, at)))

  const start = (node: number, { email, browser, address }: Person): Promise<Reply> =>
    nodes.send(node, { method: 'POST', path: '/api/sign-in', body: { email }, browser, address })

  const verify = (node: number, who: Person, body: object, session: string | null = null): Promise<Reply> =>
    nodes.send(node, { method: 'POST', path: '/api/sign-in/verify', body, browser: who.browser, address: who.address, session })

  const whoAmI = (node: number, who: Person, session: string): Promise<Reply> =>
    nodes.send(node, { method: 'GET', path: '/api/session', browser: who.browser, session })

  async function asked(who: Person): Promise<OpenedMail & { readonly challenge: string; readonly byLink: object }> {
    const { body } = await start(0, who)
    const challenge = body.challenge ?? ''
    for (let wait = 0; wait < 400; wait++) {
      const mail = nodes.mails.get(`${challenge}0`)
      if (mail !== undefined) return { ...mail, challenge, byLink: { link: { id: `${challenge}0`, secret: mail.link } } }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    throw new Error(`no mail to ${who.email}`)
  }

  async function signedIn(who: Person): Promise<{ readonly id: string; readonly token: string }> {
    const { challenge, code } = await asked(who)
    const { session } = (await verify(1, who, { challenge, code })).body
    return { id: session?.id ?? '', token: session?.token ?? '' }
  }

  test('RC-02, RC-01: two hundred POSTs of one link, a hundred to each: one session, 199 replays of it', async () => {
    const ada = person()
    const { byLink } = await asked(ada)
    const replies = await times(200, (node) => verify(node, ada, byLink))
    expect(countBy(replies, outcomeOf)).toEqual({ signed_in: 1, replayed: 199 })
    expect(new Set(replies.map(({ body }) => body.session?.token)).size).toBe(1)
  })

  test('RC-02, RC-01: the same in a hundred browsers that all know the address: one is in, the others hear that it is used', async () => {
    const ada = person()
    const { challenge, link } = await asked(ada)
    const body = { link: { id: `${challenge}0`, secret: link, email: ada.email } }
    const replies = await times(100, (node) => verify(node, person(ada.email), body))
    expect(countBy(replies, outcomeOf)).toEqual({ signed_in: 1, '410 link_used': 99 })
  })

  test('RC-02, RC-03: two hundred wrong codes, a hundred to each: five looks; then the right one is refused and the link works', async () => {
    const ada = person()
    const { challenge, code, byLink } = await asked(ada)
    const replies = await times(200, (node, at) => verify(node, ada, { challenge, code: wrongCode(code, at) }))
    expect(countBy(replies, outcomeOf)).toEqual({ '422 code_wrong': 4, '429 code_locked': 196 })
    expect(replies.flatMap(({ body }) => body.triesLeft ?? []).sort()).toEqual([1, 2, 3, 4])
    for (const node of [0, 1]) expect(outcomeOf(await verify(node, ada, { challenge, code }))).toBe('429 code_locked')
    expect(outcomeOf(await verify(1, ada, byLink))).toBe('signed_in')
  })

  test('RC-17: a hundred starts from one network, fifty at each node: thirty are admitted, not thirty each', async () => {
    const { address } = person()
    const replies = await times(100, (node) => start(node, { ...person(), address }))
    expect(countBy(replies, ({ status }) => String(status))).toEqual({ '202': 30, '429': 70 })
  })

  test('RC-17: eighty starts in one browser, wherever it is: twenty', async () => {
    const { browser } = person()
    const replies = await times(80, (node) => start(node, { ...person(), browser }))
    expect(countBy(replies, ({ status }) => String(status))).toEqual({ '202': 20, '429': 60 })
  })

  test('RC-05: fifty starts for one address at both nodes: the same answer for all, and ten mails', async () => {
    const { email } = person()
    const replies = await times(50, (node) => start(node, person(email)))
    expect(countBy(replies, ({ status }) => String(status))).toEqual({ '202': 50 })
    const links = replies.map(({ body }) => `${body.challenge}0`)
    const arrived = (): number => links.filter((link) => nodes.mails.has(link)).length
    for (let wait = 0; wait < 200 && arrived() < 10; wait++) await new Promise((resolve) => setTimeout(resolve, 5))
    // An eleventh would be on its way.
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(arrived()).toBe(10)
  })

  test('RC-13: two first sign-ins for one address, one at each node: both are in, as one user', async () => {
    const { email } = person()
    const pair = [person(email), person(email)]
    const mails = await Promise.all(pair.map(asked))
    const replies = await times(2, (node, at) =>
      verify(node, pair[at] as Person, { challenge: mails[at]?.challenge, code: mails[at]?.code }),
    )
    expect(replies.map(outcomeOf)).toEqual(['signed_in', 'signed_in'])
    expect(replies[0]?.body.user).toMatchObject({ id: (replies[1]?.body.user as { id?: string } | undefined)?.id, email })
  })

  test('RC-10: signing out at one node while the other repeats the proof: signed out, at both', async () => {
    for (let round = 0; round < 5; round++) {
      const ada = person()
      const { byLink } = await asked(ada)
      const { token = '' } = (await verify(0, ada, byLink)).body.session ?? {}
      const out = nodes.send(round % 2, { method: 'DELETE', path: '/api/session', browser: ada.browser, session: token })
      const replies = await times(10, (node) => verify(node, ada, byLink))
      expect((await out).status).toBeLessThan(300)
      for (const reply of replies) expect(['replayed', '410 link_used']).toContain(outcomeOf(reply))
      for (const node of [0, 1]) {
        expect((await whoAmI(node, ada, token)).body.reason).toBe('session_ended')
        expect(outcomeOf(await verify(node, ada, byLink))).toBe('410 link_used')
      }
    }
  })

  test('RC-11: one node ends a session while fifty requests use it: from its answer on, none succeeds at either', async () => {
    const ada = person()
    const phone = await signedIn(ada)
    const desk = person(ada.email)
    const lost = await signedIn(desk)
    const racing = times(50, (node) => whoAmI(node, desk, lost.token))
    const path = `/api/sessions/${lost.id}`
    expect((await nodes.send(0, { method: 'DELETE', path, browser: ada.browser, session: phone.token })).status).toBeLessThan(300)
    const afterwards = await times(50, (node) => whoAmI(node, desk, lost.token))
    expect(countBy(afterwards, ({ status }) => String(status))).toEqual({ '401': 50 })
    for (const { status } of await racing) expect([200, 401]).toContain(status)
    expect((await whoAmI(1, ada, phone.token)).status).toBe(200)
  })
})

describe.each(sharedDatabases)('RC-16: two processes on %s that are killed and started again, for three seconds', (_, fresh) => {
  test.each([seedOfRun()])('one register per secret explains every answer (POSTKEY_TEST_SEED=%i)', async (seed) => {
    const database = await fresh()
    try {
      const until = ['code code_wrong', 'link signed_in', 'check session_live']
      const { rules, history, records, brokenRows, kills, answers } = await runCampaign({ database: database.url, seed, seconds: 3, until })
      expect([...faultsOf(rules, history), ...faultsOfRecords(rules, history, records), ...brokenRows].join('\n\n')).toBe('')
      expect(Object.keys(answers)).toEqual(expect.arrayContaining(until))
      expect(kills).toBeGreaterThan(0)
    } finally {
      await database.drop()
    }
  })
})
