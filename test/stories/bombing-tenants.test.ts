// RL-09: one mailbox is asked for at every tenant of a server, at each within its own limits. All together send it no more than a mailbox gets from
// one server in a day, and nobody at one of them learns that another was asked.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { everywhereRule } from '../../src/core/start.ts'
import { openEngine, openStore } from '../../src/store/open.ts'
import { all, nothing, type Operation, type Tx } from '../../src/store/operation.ts'
import { type Answer, type Browser, DAY, decideAgain, type Kit, MINUTE, signIn, startKit } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

const TENANTS = Array.from({ length: 51 }, (_, nth) => `t${nth}`)
/** One mailbox, in fifty spellings. */
const spelt = (nth: number): string => `${['victim', 'v.ictim', 'Vic.tim'][nth % 3]}+${nth}@gmail.com`
const at = (kit: Kit, tenant: string): Browser => kit.browser({ base: `/t/${tenant}` })
const sentTo = (kit: Kit): number => kit.mailbox.messages.filter(({ to }) => /gmail/.test(to)).length

const shape = ({ status, location, headers, text }: Answer): unknown => [
  status,
  location.replace(/c=\w+/, '').replace(/^\/t\/\w+/, ''),
  [...headers.keys()],
  text.length,
]

/** As often as a browser may ask within one challenge, and once more. */
async function asksAndAsks(kit: Kit, tenant: string, email: string): Promise<unknown[]> {
  const browser = at(kit, tenant)
  const asked = await browser.api('POST', '/api/sign-in', { email })
  const { challenge } = asked.json() as { challenge: string }
  const seen: unknown[] = [asked.status]
  for (let nth = 0; nth < 4; nth++) {
    kit.clock.forward(MINUTE)
    const again = await browser.api('POST', '/api/sign-in/resend', { challenge })
    const { reason, methods, retryAfter } = again.json() as Record<string, unknown>
    seen.push([again.status, reason, methods, retryAfter, [...again.headers.keys()]])
  }
  return seen
}

// biome-ignore lint/correctness/useYield: an operation without a statement
function* settle({ limits }: Tx): Operation<void> {
  limits.settle()
}

describe.each(sharedDatabases)('RL-09, %s', (_, fresh) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await fresh()
  })
  afterEach(() => database.drop())

  const shared = async (): Promise<readonly { tenant: string; name: string }[]> => {
    const engine = await openEngine(database.url)
    // Of those that the embedded engine keeps in its journal, too.
    await engine.write({ locks: nothing, run: settle })
    const rows = await engine.read(() =>
      all<{ tenant: string; name: string }>("select tenant, name from limits where name like 'everywhere:%'"),
    )
    await engine.close()
    return rows
  }

  test('a mailbox asked for at fifty tenants gets what it may get of them all; the answers are those of any other day', async () => {
    await using kit = await startKit({ database: database.url })
    for (const tenant of TENANTS) await kit.postkey.tenants.add(tenant, { name: 'A tenant', prefix: `/t/${tenant}` })
    const owner = await signIn(kit, spelt(0), at(kit, 't0'))
    await owner.post('/sign-out', {})

    const answers = new Set<string>()
    for (const [nth, tenant] of TENANTS.slice(0, 50).entries()) {
      answers.add(JSON.stringify(shape(await at(kit, tenant).post('/sign-in', { email: spelt(nth) }))))
      kit.clock.forward(10_000)
    }
    answers.add(JSON.stringify(shape(await at(kit, 't7').post('/sign-in', { email: 'nobody@example.net' }))))
    expect(answers.size).toBe(1)
    await kit.settle()
    expect(sentTo(kit)).toBe(everywhereRule.count)

    // At a tenant that sent it nothing all is as for an address that nobody asks for anywhere, up to what a browser is told of its own asking.
    expect(await asksAndAsks(kit, 't50', spelt(900))).toEqual(await asksAndAsks(kit, 't50', 'quiet@example.net'))
    await kit.settle()
    expect(sentTo(kit)).toBe(everywhereRule.count)

    // The owner has a share that no stranger fills; elsewhere, and to another spelling, the same browser is a stranger.
    expect(await (await signIn(kit, spelt(0), owner)).whoAmI()).toBe(spelt(0).toLowerCase())
    expect(sentTo(kit)).toBe(everywhereRule.count + 1)
    await kit.browser({ base: '/t/t1', cookies: owner.cookies }).ask(spelt(1))
    await kit.settle()
    expect(sentTo(kit)).toBe(everywhereRule.count + 1)

    const store = await openStore(database.url, { now: kit.clock.now })
    const events = await store.readEvents('t50', { requestId: '', id: '' }, 100)
    const held = events.filter(({ reason }) => reason === 'mailbox_full')
    // What the record of one tenant says of the others is one word.
    expect(held[0]?.facts).toMatchObject({ everywhere: 'full', mails: [] })
    expect(held[0]?.decision).toMatchObject({ verdict: 'pretend', mail: { link: true, code: true } })
    expect(await decideAgain(store)).toEqual([])
    await store.close()
    const rows = await shared()
    expect(rows.map(({ tenant }) => tenant)).toEqual(['default', 'default', 'default'])
    expect(JSON.stringify(rows)).not.toMatch(/victim|gmail|quiet|example/)

    kit.clock.forward(DAY)
    expect(await (await signIn(kit, spelt(3), at(kit, 't3'))).whoAmI()).toBe(spelt(3).toLowerCase())
  })

  test('two asks at the same time, at two tenants, are two', async () => {
    await using kit = await startKit({ database: database.url })
    const asked = TENANTS.slice(0, 25)
    for (const tenant of asked) await kit.postkey.tenants.add(tenant, { name: 'A tenant', prefix: `/t/${tenant}` })
    await Promise.all(asked.map((tenant, nth) => at(kit, tenant).ask(spelt(nth))))
    await kit.settle()
    expect(sentTo(kit)).toBe(everywhereRule.count)
  })

  test('who has no tenants counts nothing beside what is their own', async () => {
    await using kit = await startKit({ database: database.url })
    await signIn(kit, spelt(0))
    expect(await shared()).toEqual([])
  })
})
