// What another policy would have changed, counted from a day whose every difference was predicted by hand; on both engines.
import nodeDns from 'node:dns'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { main } from '../../src/run/command.ts'
import { openEngine } from '../../src/store/open.ts'
import { all, nothing, run } from '../../src/store/operation.ts'
import { type DnsServer, startDns } from '../dns-server.ts'
import { type AskedFor, askAndOpen, type Browser, HOUR, type Kit, MINUTE, startKit, wrongCode } from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'

interface Change {
  readonly more: number
  readonly less: number
}

interface Report {
  readonly ok: boolean
  readonly looked: number
  readonly verdicts: Readonly<Record<string, number>>
  readonly goOnAfter: string | null
  readonly tenants: {
    readonly default: {
      readonly changes: Readonly<Record<string, Change>>
      readonly byMailbox: Readonly<Record<string, Readonly<Record<string, Change>>>>
    }
  }
  readonly unreadable: readonly Record<string, unknown>[]
  readonly limits: readonly string[]
}

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

let folder: string
let dns: DnsServer
const before = nodeDns.getServers()
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postkey-try-'))
  dns = await startDns({
    'google.test': { mx: ['aspmx.l.google.com'] },
    'mimecast.test': { mx: ['eu-smtp-inbound-1.mimecast.com'] },
  })
  nodeDns.setServers([dns.address])
})
afterAll(() => {
  nodeDns.setServers(before)
  dns.close()
  rmSync(folder, { recursive: true, force: true })
})

async function postkey(...words: string[]): Promise<Ran> {
  const said = { out: '', err: '' }
  const code = await main(words, {
    env: {},
    folder,
    interactive: false,
    out: (text) => {
      said.out += `${text}\n`
    },
    err: (text) => {
      said.err += `${text}\n`
    },
  })
  return { code, ...said }
}

async function tryPolicy(url: string, policy: string | object, ...more: string[]): Promise<Report> {
  if (typeof policy === 'object') writeFileSync(join(folder, 'new.json'), JSON.stringify(policy))
  const name = typeof policy === 'object' ? './new.json' : policy
  const line = ['audit', 'try', '--policy', name, '--since', '2026-11-01', '--json', '--database-url', url, ...more]
  const { code, out, err } = await postkey(...line)
  expect(err).toBe('')
  const report = JSON.parse(out) as Report
  expect(code).toBe(report.ok ? 0 : 1)
  return report
}

/** Only what is not nothing. */
function changed(changes: Readonly<Record<string, Change>> | undefined): Record<string, Change> {
  return Object.fromEntries(Object.entries(changes ?? {}).filter(([, { more, less }]) => more + less > 0))
}

async function askAndWait(kit: Kit, email: string, minutes: number): Promise<AskedFor> {
  const asked = await askAndOpen(kit, email)
  kit.clock.forward(minutes * MINUTE)
  return asked
}

/** Under `standard`: links live for 15 minutes, codes for 10. */
async function live(kit: Kit): Promise<void> {
  const click = ({ browser, linkId, secret }: AskedFor) => browser.post(`/l/${linkId}`, { secret })
  await click(await askAndWait(kit, 'ada@google.test', 1))
  await click(await askAndWait(kit, 'ben@google.test', 6))
  // Too late, and once more.
  const cat = await askAndWait(kit, 'cat@google.test', 20)
  await click(cat)
  await click(cat)
  await click(await askAndWait(kit, 'dan@mimecast.test', 29))
  await click(await askAndWait(kit, 'eve@mimecast.test', 31))
  // By code, after three wrong ones, and after six minutes.
  const fay = await askAndWait(kit, 'fay@google.test', 1)
  for (const nth of [0, 1, 2]) await fay.browser.post('/sign-in/code', { c: fay.challenge, code: wrongCode(fay.code, nth) })
  await fay.browser.post('/sign-in/code', { c: fay.challenge, code: fay.code ?? '' })
  const gus = await askAndWait(kit, 'gus@elsewhere.test', 6)
  await gus.browser.post('/sign-in/code', { c: gus.challenge, code: gus.code ?? '' })
  // On a phone, with the address.
  const hal = await askAndWait(kit, 'hal@mimecast.test', 2)
  await kit.browser().post(`/l/${hal.linkId}`, { secret: hal.secret, email: 'hal@mimecast.test' })
  kit.clock.forward(HOUR)
  await kit.settle()
}

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await fresh()
  })
  afterEach(() => database.drop())

  test('AU-13: the policy of the time changes nothing', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    const { verdicts, looked, tenants } = await tryPolicy(database.url, 'standard')
    expect(verdicts).toEqual({ same: looked, detail: 0, different: 0, moot: 0, not_replayable: 0, unreadable: 0 })
    expect(changed(tenants.default.changes)).toEqual({})
  })

  test('twice the life turns late links into sign-ins: those two that were predicted, and no other', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    const { tenants } = await tryPolicy(database.url, { linkTtl: '30m' })
    const { changes, byMailbox } = tenants.default
    // cat, who clicked twice and would have been signed in once, and dan; eve was later still.
    expect(changed(changes)).toEqual({ signIns: { more: 2, less: 0 }, expired: { more: 0, less: 3 } })
    expect(changed(byMailbox['google'])).toEqual({ signIns: { more: 1, less: 0 }, expired: { more: 0, less: 2 } })
    expect(changed(byMailbox['mimecast'])).toEqual({ signIns: { more: 1, less: 0 }, expired: { more: 0, less: 1 } })
    expect(changed(byMailbox['other'])).toEqual({})
  })

  test('a stricter policy loses exactly those that were predicted', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    const { tenants } = await tryPolicy(database.url, { linkTtl: '5m', codeTtl: '5m', codeTries: 3, otherBrowser: 'code' })
    const { changes, byMailbox } = tenants.default
    // ben and gus too late, fay's third try the last, hal only where it was asked.
    expect(changed(byMailbox['google'])).toEqual({
      signIns: { more: 0, less: 2 },
      expired: { more: 1, less: 0 },
      codesLocked: { more: 2, less: 0 },
    })
    expect(changed(byMailbox['mimecast'])).toEqual({ signIns: { more: 0, less: 1 }, otherBrowser: { more: 1, less: 0 } })
    expect(changed(byMailbox['other'])).toEqual({ signIns: { more: 0, less: 1 }, expired: { more: 1, less: 0 } })
    expect(changes['signIns']).toEqual({ more: 0, less: 4 })
  })

  test('closed to newcomers: their mails and their sign-ins are gone', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    const { tenants } = await tryPolicy(database.url, { signUp: 'closed' })
    // Eight who were nobody yet; five of them signed in.
    expect(changed(tenants.default.changes)).toEqual({ signIns: { more: 0, less: 5 }, mails: { more: 0, less: 8 } })
  })

  test('of a hashed address the challenge tells the mailbox, as long as it is there', async () => {
    await using kit = await startKit({ database: database.url, policy: { addressInEvents: 'hashed' } })
    await live(kit)
    const known = (await tryPolicy(database.url, { linkTtl: '30m' })).tenants.default.byMailbox
    expect([known['google'], known['mimecast'], known['other']].map((part) => part?.['signIns']?.more)).toEqual([1, 1, 0])
    const engine = await openEngine(database.url)
    await engine.write({ locks: nothing, run: () => run('delete from challenges') })
    await engine.close()
    const gone = (await tryPolicy(database.url, { linkTtl: '30m' })).tenants.default.byMailbox
    expect([gone['google'], gone['mimecast'], gone['other']].map((part) => part?.['signIns']?.more)).toEqual([0, 0, 2])
  })

  test('of a masked address the event itself tells the mailbox', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    const engine = await openEngine(database.url)
    await engine.write({ locks: nothing, run: () => run('delete from challenges') })
    await engine.close()
    const { byMailbox } = (await tryPolicy(database.url, { linkTtl: '30m' })).tenants.default
    expect(byMailbox['google']?.['signIns']?.more).toBe(1)
  })

  test('a mail that was given up would have gone out, whichever of its events has the smaller id', async () => {
    const down = () => ({ class: 'unreachable', text: 'nobody there' }) as const
    await using kit = await startKit({ database: database.url, reply: down })
    await kit.browser().ask('ivy@google.test')
    await kit.settle()
    kit.clock.forward(16 * MINUTE)
    await kit.settle()
    const given = { mailsGivenUp: { more: 0, less: 1 } }
    expect(changed((await tryPolicy(database.url, { linkTtl: '30m' })).tenants.default.byMailbox['google'])).toEqual(given)
    expect(changed((await tryPolicy(database.url, { linkTtl: '17m' })).tenants.default.changes)).toEqual({})
    // The clock of the node that sent it was behind.
    const engine = await openEngine(database.url)
    const behind = () => run("update events set id = '0000000000000000' where reason = 'mail_expired'")
    await engine.write({ locks: nothing, run: behind })
    await engine.close()
    expect(changed((await tryPolicy(database.url, { linkTtl: '30m' })).tenants.default.changes)).toEqual(given)
  })

  test('who only looks at an expired link is counted as a landing, scanners are not', async () => {
    const kit = await startKit({ database: database.url })
    const look = (asked: AskedFor, browser: Browser) => browser.get(`/l/${asked.linkId}`, { 'sec-fetch-mode': 'navigate' })
    const jan = await askAndWait(kit, 'jan@google.test', 20)
    await look(jan, jan.browser)
    const kim = await askAndWait(kit, 'kim@mimecast.test', 20)
    await look(kim, kit.browser())
    await kit.browser().send(`/l/${kim.linkId}`, { method: 'HEAD' })
    const lea = await askAndWait(kit, 'lea@google.test', 31)
    await look(lea, lea.browser)
    const max = await askAndWait(kit, 'max@google.test', 6)
    await look(max, max.browser)
    // In another browser, and then somebody acts; and where nobody does, it was most likely a machine.
    const ned = await askAndWait(kit, 'ned@mimecast.test', 6)
    await look(ned, kit.browser())
    kit.clock.forward(MINUTE)
    await ned.browser.post('/sign-in/code', { c: ned.challenge, code: ned.code ?? '' })
    await look(await askAndWait(kit, 'ole@mimecast.test', 6), kit.browser())
    // The views are written by then.
    await kit.close()

    const longer = (await tryPolicy(database.url, { linkTtl: '30m' })).tenants.default
    expect(changed(longer.changes)).toEqual({ expiredLandings: { more: 0, less: 2 } })
    expect(longer.byMailbox['google']?.['expiredLandings']).toEqual({ more: 0, less: 1 })
    expect(longer.byMailbox['mimecast']?.['expiredLandings']).toEqual({ more: 0, less: 1 })
    const shorter = (await tryPolicy(database.url, { linkTtl: '10m', codeTtl: '5m' })).tenants.default
    expect(changed(shorter.changes)).toEqual({ signIns: { more: 0, less: 1 }, expired: { more: 1, less: 0 } })
    const shortest = (await tryPolicy(database.url, { linkTtl: '5m', codeTtl: '5m' })).tenants.default
    expect(changed(shortest.changes)['expiredLandings']).toEqual({ more: 2, less: 0 })
    expect(shortest.byMailbox['mimecast']?.['expiredLandings']).toEqual({ more: 1, less: 0 })
  })

  test('what cannot be read is told, and the answer is 1', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    const engine = await openEngine(database.url)
    await engine.write({
      locks: nothing,
      run: () => run("update events set facts = '{}' where kind = 'verify' and reason = 'link_expired'"),
    })
    await engine.close()
    const line = ['audit', 'try', '--policy', 'corporate', '--since', '2026-11-01', '--database-url', database.url]
    const told = await postkey(...line)
    expect(told.code).toBe(1)
    expect(told.err.match(/not readable/g)?.length).toBe(4)
    const asJson = await postkey(...line, '--json')
    expect(asJson.code).toBe(1)
    expect(JSON.parse(asJson.out)).toMatchObject({ ok: false, verdicts: { unreadable: 4 }, unreadable: Array(4).fill({ kind: 'verify' }) })
  })

  test('for people: a table by mailbox, and what such a count cannot say', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    writeFileSync(join(folder, 'new.json'), JSON.stringify({ linkTtl: '30m' }))
    const { code, out } = await postkey('audit', 'try', '--policy', './new.json', '--since', '2026-11-01', '--database-url', database.url)
    expect(code).toBe(0)
    expect(out).toMatch(/^ +all +google +mimecast$/m)
    expect(out).toMatch(/^ {2}sign-ins +\+2 +\+1 +\+1$/m)
    expect(out).toMatch(/^ {2}links and codes submitted too late +-3 +-2 +-1$/m)
    expect(out).toContain('no simulation')
    // No address, not even a masked one.
    expect(out).not.toContain('@')
  })

  test('a run goes on where another ended, and the two make the whole', async () => {
    await using kit = await startKit({ database: database.url })
    await live(kit)
    const whole = await tryPolicy(database.url, { linkTtl: '30m' })
    const engine = await openEngine(database.url)
    const rows = await engine.read(() =>
      all<{ requestId: string; id: string }>('select request_id as "requestId", id from events order by request_id, id'),
    )
    await engine.close()
    // Behind the request that cat's first click was.
    const place = rows.findIndex((row, index) => index > 12 && row.requestId !== rows[index + 1]?.requestId)
    const rest = await tryPolicy(database.url, { linkTtl: '30m' }, '--after', `${rows[place]?.requestId}.${rows[place]?.id}`)
    expect(rest.looked).toBe(whole.looked - place - 1)
  })
})

test.each([
  ['audit try', 'under which policy?'],
  ['audit try --policy lax', '--policy preset "lax" does not exist'],
  ['audit try --policy ./absent.json', 'cannot be read (ENOENT)'],
  ['audit try --policy ./wrong.json', 'linkTtl: must lie between 1m and 1d'],
  ['audit try --policy ./broken.json', 'is not valid JSON'],
  ['audit try --policy strict --since yesterday', '--since yesterday is no time'],
  ['audit try --policy strict --after here', '--after here is no place'],
  ['audit replay --policy strict', 'replay takes no --policy'],
  ['audit search ada@example.net --policy strict', 'search takes no --policy'],
  ['audit try --policy strict --limit 3', 'try takes no --limit'],
])('postkey %s is told what is wrong, before anything is opened', async (line, said) => {
  writeFileSync(join(folder, 'wrong.json'), '{ "linkTtl": "48h" }')
  writeFileSync(join(folder, 'broken.json'), '{ "linkTtl": ')
  const { code, err } = await postkey(...line.split(' '))
  expect(err).toContain(said)
  expect(code).toBe(2)
})
