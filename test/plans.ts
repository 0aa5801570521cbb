// How the databases find the rows of a request: every statement that the product sends while people sign in, and its plan. A plan that
// reads a table is fast as long as the table is small, and nobody notices.
import pg from 'pg'
import type { SearchKey } from '../src/core/search.ts'
import { verifyRecord } from '../src/flow/verify-record.ts'
import type { Reply } from '../src/index.ts'
import { mintId } from '../src/secret.ts'
import { openEngine, openStore, storeOver } from '../src/store/open.ts'
import { nothing, run } from '../src/store/operation.ts'
import { type Database, SqliteEngine } from '../src/store/sqlite.ts'
import type { Store } from '../src/store/store.ts'
import { askForChange, notMeLink, stepUp, typeChange } from './account.ts'
import { askAndOpen, type Browser, Clock, type Kit, MINUTE, ORIGIN, signIn, startKit, wrongCode } from './kit.ts'
import { seeing } from './postgres.ts'
import { nameAddress, printCodes, setBackup, typeNew } from './recovery.ts'
import { beginToWait, linkIn } from './recovery-wait.ts'

/** Tables that grow with people or time. */
const GROWING = [
  'users',
  'challenges',
  'mails',
  'sessions',
  'limits',
  'events',
  'views',
  'seals',
  'dispatches',
  'attempts',
  'suppressions',
  'address_changes',
  'recoveries',
  'recovery_codes',
  'recovery_approvals',
] as const

/** Hold what is queued and nothing else: to read all of a tenant's part of one is to read its queue. */
const QUEUES = ['mails_due', 'dispatches_due', 'recoveries_waiting']

/** What is sent while time passes, people sign in, and all that they left grows old and is removed. In the words of the engine. */
export async function statementsOf(database: string): Promise<readonly string[]> {
  const clock = new Clock(Date.now())
  const time = { clock, forward: (ms: number) => clock.forward(ms) }
  return [...(database.startsWith('file:') ? await sentToSqlite(database, time) : await sentToPostgres(database, time))]
}

/** Each step of a statement that reads a whole table, or all that a tenant has in it. On PostgreSQL, with the settings among them. */
export async function scansOf(database: string, statements: readonly string[]): Promise<readonly string[]> {
  const about = statements.filter((sql) => /^(select|insert|update|delete|with)\b/.test(sql))
  if (database.startsWith('file:')) {
    const engine = await sqliteEngine(database, Date.now)
    const scans = about.flatMap((sql) => scansInSqlite(engine, sql))
    await engine.close()
    return scans
  }
  const client = new pg.Client(seeing(database, 'default'))
  await client.connect()
  // Those that our connections have, or these would be the plans of somebody else.
  for (const sql of statements.filter((sql) => sql.startsWith('set enable_'))) await client.query(sql)
  const scans: string[] = []
  const seconds = await secondColumns(client)
  for (const sql of about) scans.push(...(await scansInPostgres(client, sql, seconds)))
  await client.end()
  return scans
}

interface Time {
  readonly clock: Clock
  forward(ms: number): void
}

async function sentToSqlite(url: string, time: Time): Promise<ReadonlySet<string>> {
  const { now } = time.clock
  const engine = await sqliteEngine(url, now)
  await engine.migrate()
  const { database } = engine
  const sent = new Set<string>()
  const heard: Database = {
    exec: (sql) => database.exec(sql),
    prepare: (sql) => {
      sent.add(sql)
      return database.prepare(sql)
    },
    close: () => database.close(),
  }
  database.exec(invited(now()))
  await useEverything(storeOver(new SqliteEngine(heard, { now })), time)
  return sent
}

async function sqliteEngine(url: string, now: () => number): Promise<SqliteEngine> {
  const engine = await openEngine(url, { now })
  if (!(engine instanceof SqliteEngine)) throw new Error(`${url} is not a file`)
  return engine
}

function scansInSqlite(engine: SqliteEngine, sql: string): string[] {
  const steps = engine.database.prepare(`explain query plan ${sql}`).all() as { detail: string }[]
  const names = aliasesOf(sql)
  return steps
    .filter(({ detail }) => {
      const [, verb, name = '', how = ''] = /^(SCAN|SEARCH) (\S+)(.*)$/.exec(detail) ?? []
      if (verb === undefined || !names.has(name) || QUEUES.some((queue) => how.includes(` ${queue}`))) return false
      return verb === 'SCAN' || /\(tenant=\?\)$/.test(how)
    })
    .map(({ detail }) => `${detail} — ${sql}`)
}

/** What a statement calls the tables that grow. */
function aliasesOf(sql: string): ReadonlySet<string> {
  const table = new RegExp(
    `\\b(?:from|join|into|update) (${GROWING.join('|')})\\b(?: (?:as )?(?!on\\b|where\\b|set\\b|join\\b|order\\b)(\\w+))?`,
    'g',
  )
  return new Set([...sql.matchAll(table)].flatMap(([, name = '', alias]) => (alias === undefined ? [name] : [name, alias])))
}

async function sentToPostgres(url: string, time: Time): Promise<ReadonlySet<string>> {
  const sent = new Set<string>()
  const { query } = pg.Client.prototype
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [what] = given
    sent.add(typeof what === 'string' ? what : String((what as pg.QueryConfig).text))
    return (query as (...given: unknown[]) => unknown).apply(this, given)
  } as typeof query
  try {
    const engine = await openEngine(url)
    await engine.migrate()
    await engine.write({ locks: nothing, run: () => run(invited(time.clock.at)) })
    await engine.close()
    await useEverything(url, time)
  } finally {
    pg.Client.prototype.query = query
  }
  return sent
}

interface Node {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly Node[]
}

/** What the keys of an index go on with behind the tenant, by its name. */
async function secondColumns(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query(
    'select i.relname as name, pg_get_indexdef(x.indexrelid, 2, true) as second from pg_index x join pg_class i on i.oid = x.indexrelid where x.indnkeyatts > 1',
  )
  return new Map((rows as { name: string; second: string }[]).map(({ name, second }) => [name, second]))
}

/**
 * A bitmap's index scan names no table, but the key of every table begins with its name. A condition that leaves out the second column, whatever
 * it says of later ones, has all of the tenant read.
 */
async function scansInPostgres(client: pg.Client, sql: string, seconds: ReadonlyMap<string, string>): Promise<string[]> {
  const { rows } = await client.query(`explain (generic_plan, format json) ${sql}`)
  const nodes = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodes)]
  const [{ Plan }] = (rows[0] as { 'QUERY PLAN': [{ Plan: Node }] })['QUERY PLAN']
  return nodes(Plan)
    .filter((node) => {
      const index = node['Index Name'] ?? ''
      const what = node['Relation Name'] ?? index
      if (!GROWING.some((table) => what.startsWith(table)) || QUEUES.includes(index)) return false
      if (node['Node Type'] === 'Seq Scan') return true
      const by = node['Index Cond'] ?? ''
      const second = seconds.get(index)
      return (
        /Index/.test(node['Node Type']) && !(by.includes('tenant = ') && (second === undefined || new RegExp(`\\(${second}\\b`).test(by)))
      )
    })
    .map((node) => `${node['Node Type']} ${node['Index Name'] ?? node['Relation Name']} ${node['Index Cond'] ?? ''} — ${sql}`)
}

/** Somebody whom an operator made: the first proof of the mailbox ends whatever was there before. */
const INVITED = 'invited'
const invited = (at: number): string =>
  `insert into users (tenant, id, email, status, created_at, sign_in_count) values ('default', '${INVITED}${at}', '${INVITED}-${at}@example.net', 'active', ${at}, 0)`

/** Getting back in by waiting: stopped in every way, agreed to, opened, and over. */
async function waitForAccounts(kit: Kit, { clock, forward }: Time): Promise<void> {
  const mark = clock.at
  const account = (nth: number): string => `waits-${mark}-${nth}@example.net`
  const begin = async (nth: number, browser?: Browser) => beginToWait(kit, account(nth), `new-${mark}-${nth}@new.example`, browser)
  const operator = await signIn(kit, `operator-${mark}@example.net`)
  const [one, two] = [await signIn(kit, account(1)), await signIn(kit, account(2))]
  await signIn(kit, account(3))
  await signIn(kit, account(4))
  await operator.post('/console/recoveries', { act: 'start', account: account(4), email: `new-${mark}-4@new.example` })
  const operate = async (act: string): Promise<void> => {
    const { text } = await operator.get('/console/recoveries')
    const named = (name: string): string => new RegExp(`name="${name}" value="(\\w+)"`).exec(text)?.[1] ?? ''
    await operator.post('/console/recoveries', { act, recovery: named('recovery'), person: named('person') })
  }
  await operate('cancel')
  await begin(1)
  // Of what they began themselves nobody may.
  await operate('approve')
  await one.get('/account')
  await one.post('/account/recovery/stop', '')
  const { stop } = await begin(2)
  await two.get(stop?.path ?? '')
  await two.post(stop?.path ?? '', { secret: stop?.secret ?? '' })
  await begin(3)
  await signIn(kit, account(3))
  await begin(4)
  const ready = await waitedFor(kit, forward, `new-${mark}-4@new.example`)
  await two.get(ready?.path ?? '')
  await two.post(ready?.path ?? '', { secret: ready?.secret ?? '', email: account(4) })
  forward(15 * 24 * 60 * MINUTE)
  await kit.postkey.announce()
}

async function waitedFor(kit: Kit, forward: Time['forward'], email: string): Promise<ReturnType<typeof linkIn>> {
  forward(3 * 24 * 60 * MINUTE)
  await kit.postkey.announce()
  await kit.settle()
  return linkIn(kit.mailbox.all(email).at(-1))
}

/** All that people and scanners can do here, several at once, since PostgreSQL is sent other statements for many than for one. */
async function useEverything(database: string | Store, { clock, forward }: Time): Promise<void> {
  const deferred = new Set<string>()
  const reply = ({ to }: { readonly to: string }): Reply => {
    if (to.startsWith('refused')) return { class: 'permanent', text: '550 no such user' }
    if (!to.startsWith('later') || deferred.has(to)) return { class: 'accepted', text: '250 ok' }
    deferred.add(to)
    return { class: 'temporary', text: '450 come again' }
  }
  // Not of the ends of sessions: whoever wants those asks which ended.
  const told = { signedIn: () => {}, addressConfirmed: () => {} }
  await using kit = await startKit({
    database,
    now: clock.now,
    reply,
    operators: [`operator-${clock.at}@example.net`],
    hooks: told,
    policy: { newDeviceNotice: true, quietAfterNotMe: '1h', session: { most: MOST } },
    mailOptions: { bounces: 'bounces@example.com', reports: { postmark: REPORTER } },
  })
  await waitForAccounts(kit, { clock, forward })
  const addresses = Array.from({ length: 4 }, (_, index) => `plan-${clock.at}-${index}@example.net`)
  await Promise.all(addresses.map((address) => once(kit, address)))
  await signIn(kit, `${INVITED}-${clock.at}@example.net`)
  await once(kit, `plan-alone-${clock.at}@example.net`)
  await Promise.all(addresses.slice(0, 2).map((address) => complain(kit, `never-${address}`)))
  const flooded = `plan-flooded-${clock.at}@example.net`
  await flood(kit, flooded)
  for (const name of ['refused', 'later']) await kit.browser().ask(`${name}-${clock.at}@example.net`)
  await kit.settle()
  forward(2 * MINUTE)
  await kit.settle()
  // Views are written a moment later.
  await new Promise((resolve) => setTimeout(resolve, 700))
  const again = await Promise.all(addresses.map((address) => signIn(kit, address)))
  const session = await (again[0] as Browser).api('GET', '/api/session')
  const { user } = session.json() as { readonly user: { readonly id: string } }
  await searchEverything(database, [flooded, ...addresses], user.id)
  forward(2 * MINUTE)
  for (const which of ['/api/session', '/account', '/api/sessions']) await Promise.all(again.map((browser) => browser.get(which)))
  await Promise.all(again.slice(0, 2).map((browser, index) => proveAgain(kit, browser, addresses[index] ?? '')))
  await changeAddress(kit, clock, `plan-moves-${clock.at}@example.net`)
  await disown(kit, `plan-disowns-${clock.at}@example.net`)
  await displace(kit, clock, `plan-displaces-${clock.at}@example.net`)
  await recover(kit, `plan-lost-${clock.at}@example.net`)
  await operate(kit, clock.at, addresses)
  await administer(kit, clock.at)
  await importSome(database, clock.at)
  await Promise.all(again.map((browser) => browser.api('DELETE', '/api/session')))
  await kit.postkey.hostTold()
  await kit.postkey.purge()
  await sealAndVerify(kit, database, forward)
  forward(400 * 24 * 60 * MINUTE)
  await kit.postkey.purge()
  // Seals of what is gone go with the next ones that are made.
  for (let twice = 0; twice < 2; twice++) {
    await signIn(kit, `plan-later-${clock.at}@example.net`)
    forward(60 * MINUTE)
    await kit.postkey.seal()
  }
}

/** Prepared, lost, and got back by either way. */
async function recover(kit: Kit, address: string): Promise<void> {
  const home = await signIn(kit, address)
  await setBackup(kit, home, `backup-${address}`)
  const [code = ''] = await printCodes(home)
  await home.get('/account/recovery')
  const browser = kit.browser()
  await browser.post('/recover', { email: address, code })
  await browser.get('/recover/address')
  await typeNew(browser, (await nameAddress(kit, browser, address, `new-${address}`)).toNew)
  const other = kit.browser()
  const { location } = await other.post('/recover/backup', { email: `new-${address}` })
  await kit.settle()
  const mail = kit.mailbox.newest(`backup-${address}`)
  await other.get(location)
  await other.post('/recover/backup/code', { c: mail.linkId.slice(0, 16), code: mail.code ?? '' })
  await (await signIn(kit, `new-${address}`)).post('/account/recovery/backup/remove', {})
}

async function proveAgain(kit: Kit, browser: Browser, address: string): Promise<void> {
  const { challenge, code, linkId } = await stepUp(kit, browser, address)
  await browser.get(`/account/confirm?c=${challenge}`)
  await browser.get(`/l/${linkId}`)
  await browser.post('/account/confirm/code', { c: challenge, code: wrongCode(code) })
  await browser.post('/account/confirm/code', { c: challenge, code: code ?? '' })
}

/** A sign-in that was somebody else's, and a step-up. */
async function disown(kit: Kit, address: string): Promise<void> {
  await signIn(kit, address)
  const { browser, challenge, code, message } = await askAndOpen(kit, address)
  await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
  const step = await stepUp(kit, browser, address)
  for (const mail of [message, step.message]) {
    await kit.browser().get(notMeLink(mail))
    for (const email of ['other@example.net', address]) await kit.browser().post(notMeLink(mail), { email })
  }
}

/** More than anybody else here begins. */
const MOST = 5

async function displace(kit: Kit, clock: Clock, address: string): Promise<void> {
  for (let nth = 0; nth <= MOST; nth++) {
    await signIn(kit, address)
    clock.forward(10 * MINUTE)
  }
}

const REPORTER = 'postkey:7fJ2kQ9xVbN4sTwZ'

/** Somebody does not want our mail, and says so to the service that sends it. */
async function complain(kit: Kit, address: string): Promise<void> {
  const body = JSON.stringify({ RecordType: 'SpamComplaint', Email: address })
  const headers = { authorization: `Basic ${Buffer.from(REPORTER).toString('base64')}` }
  const answer = await kit.postkey.handler(new Request(`${ORIGIN}/webhooks/mail/postmark`, { method: 'POST', body, headers }))
  if (answer.status !== 200) throw new Error(`a report was answered ${answer.status}`)
}

/** There and back, over there for good, and then nobody is there any more. */
async function changeAddress(kit: Kit, clock: Clock, address: string): Promise<void> {
  const [browser, next] = [await signIn(kit, address), `moved-${address}`]
  const first = await askForChange(kit, browser, address, next)
  await browser.get(`/account/address/check?c=${first.challenge}`)
  await browser.get(`/l/${first.toNew.linkId}`)
  await browser.get(first.undo.path)
  await typeChange(browser, first.toNew, 'change_email', wrongCode(first.toNew.code))
  await typeChange(browser, first.toNew, 'change_email')
  await browser.post(first.undo.path, { secret: first.undo.secret })
  clock.forward(20 * MINUTE)
  const again = await signIn(kit, address)
  const second = await askForChange(kit, again, address, next)
  await typeChange(again, second.toNew, 'change_email')
  await again.get('/account/data.json')
  await again.post('/account/delete', { sure: 'yes' })
}

/** Every page of the console, and every act. */
async function operate(kit: Kit, at: number, addresses: readonly string[]): Promise<void> {
  const operator = await signIn(kit, `operator-${at}@example.net`)
  for (const page of ['', '/mails', '/policy', '/versions', '/webhooks', '/webhooks/hooks']) await operator.get(`/console${page}`)
  const asked = await askAndOpen(kit, `plan-console-${at}@example.net`)
  for (const [address, challenge] of [
    [addresses[0] ?? '', ''],
    [`plan-console-${at}@example.net`, asked.challenge],
  ] as const) {
    const { location } = await operator.post('/console/search', { q: address })
    await operator.get(location)
    await operator.get(`/console/found?q=${asked.challenge}`)
    for (const act of ['resend', 'lift_mails', 'lift_failures', 'lift_bounces', 'end_sessions', 'disable', 'enable', 'erase'])
      await operator.post(location, { act, challenge, sure: 'yes' })
  }
}

/** The same by library, which the command line shares. */
async function administer(kit: Kit, at: number): Promise<void> {
  const { users } = kit.postkey
  const user = { email: `plan-made-${at}@example.net`, externalId: `plan-${at}` }
  for (let twice = 0; twice < 2; twice++) await users.create(user)
  await users.list({ limit: 10 })
  await users.find({ externalId: user.externalId })
  for (const act of ['endSessions', 'disable', 'enable', 'delete', 'erase'] as const) await users[act]({ email: user.email })
}

/** Somebody knows the id of a challenge, and more events are left of it than anybody wants to read. */
async function flood(kit: Kit, address: string): Promise<void> {
  const challenge = await kit.browser().ask(address)
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 50 }, () => kit.browser().post('/sign-in/code', { c: challenge, code: '123456' })))
}

/** A seal, and another one behind it; and what reads them. */
async function sealAndVerify(kit: Kit, database: string | Store, forward: (ms: number) => void): Promise<void> {
  for (let twice = 0; twice < 2; twice++) {
    await kit.browser().ask(`plan-sealed-${twice}@example.net`)
    await kit.settle()
    forward(60 * MINUTE)
    await kit.postkey.seal()
  }
  const store = typeof database === 'string' ? await openStore(database) : database
  const result = await verifyRecord({
    store,
    tenant: 'default',
    keys: null,
    policy: kit.postkey.policy,
    since: 0,
    after: null,
    head: null,
    onStep: async () => true,
    onDifference: (difference) => {
      throw new Error(JSON.stringify(difference))
    },
    onLate: () => {},
  })
  if (result.seals < 2) throw new Error('nothing was sealed')
  if (typeof database === 'string') await store.close()
}

/** Rows that are new, there, to be linked and in each other's way, for real and for show. */
async function importSome(database: string | Store, at: number): Promise<void> {
  const store = typeof database === 'string' ? await openStore(database) : database
  const [policy] = await store.listPolicies('default', 1)
  if (policy === undefined) throw new Error('nothing was decided')
  const versions = { app: '0', schema: 0, policy: policy.version, template: '0' }
  const rowOf = (nth: number, externalId: string | null) => ({
    row: {
      email: `plan-row-${nth}-${at}@example.net`,
      id: nth === 3 ? mintId(at) : null,
      externalId,
      status: 'active' as const,
      createdAt: null,
    },
    newId: mintId(at),
  })
  for (const rows of [
    [rowOf(1, null), rowOf(2, `row-2-${at}`)],
    [rowOf(1, `row-1-${at}`), rowOf(3, `row-2-${at}`)],
  ]) {
    await store.tryImport('default', rows)
    const scope = { tenant: 'default', policy: policy.policy, versions, requestId: mintId(at), eventId: mintId(at) }
    await store.importUsers(scope, { by: 'command_line', rows })
  }
  if (typeof database === 'string') await store.close()
}

/** As the support desk does, for one and for several at once. */
async function searchEverything(database: string | Store, addresses: readonly string[], user: string): Promise<void> {
  const store = typeof database === 'string' ? await openStore(database) : database
  const find = (...keys: SearchKey[]) => store.search('default', { keys, from: '', limit: 20 })
  const byAddress = addresses.map((email) => find({ by: 'address', email }))
  const [refs = []] = await Promise.all([...byAddress, find({ by: 'network', network: '203.0.113.0/24' })])
  const [one] = refs
  if (one?.challenge === undefined) throw new Error('nothing was found')
  const ofUser = await find({ by: 'id', id: user })
  if (ofUser.length === 0) throw new Error('nothing was found of a user')
  await find({ by: 'challenge', challenge: one.challenge })
  const [trace] = await Promise.all([...refs, ...ofUser].map((ref) => store.readTrace('default', ref)))
  const requests = (trace?.events ?? []).map(({ requestId }) => requestId)
  for (const id of requests.slice(0, 3)) await find({ by: 'id', id })
  await store.readTrace('default', { request: requests[0] ?? '' })
  await store.readViewsAfter('default', { challenge: '', at: 0, id: '' }, 10)
  if (typeof database === 'string') await store.close()
}

async function once(kit: Kit, address: string): Promise<void> {
  const { browser, challenge, code } = await askAndOpen(kit, address)
  await browser.get(`/sign-in/check?c=${challenge}`)
  await browser.post('/sign-in/resend', { c: challenge })
  await browser.post('/sign-in/code', { c: challenge, code: wrongCode(code) })
  await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
  await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
  const { linkId, secret } = await askAndOpen(kit, address)
  const other = kit.browser()
  await other.get(`/l/${linkId}`)
  await other.post(`/l/${linkId}`, { secret })
  await other.post(`/l/${linkId}`, { secret, email: address })
  const sessions = await other.api('GET', '/api/sessions')
  const [listed] = (sessions.json() as { sessions?: { id: string; current: boolean }[] }).sessions?.filter(({ current }) => !current) ?? []
  if (listed !== undefined) await other.api('DELETE', `/api/sessions/${listed.id}`)
  await other.post('/account/sessions/end-others', {})
}
