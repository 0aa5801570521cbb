// AU-09, seed 1: "why could she not get in?" People ask with whatever they have at hand, and one search answers: the verdict, and what led to
// it. On both engines.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPostkey, type Message, type Reply } from '../../src/index.ts'
import { main } from '../../src/run/command.ts'
import { migrate, openEngine } from '../../src/store/open.ts'
import { nothing, run } from '../../src/store/operation.ts'
import {
  type AskedFor,
  askAndOpen,
  Browser,
  Clock,
  HOUR,
  type Kit,
  MINUTE,
  ORIGIN,
  openMail,
  SECRET,
  signIn,
  startKit,
  wrongCode,
} from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { type Received, type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'

interface Found {
  readonly challenge: string | null
  readonly request: string | null
  readonly address: string | null
  readonly verdict: string
  readonly entries: readonly {
    readonly at: string
    readonly what: string
    readonly text: string
    readonly requestId: string | null
    readonly count: number
  }[]
}

interface Answer {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly matches: readonly Found[]
  readonly more: boolean
}

async function audit(url: string, ...words: string[]): Promise<Answer> {
  const [out, err]: [string[], string[]] = [[], []]
  const terminal = {
    env: {},
    folder: '.',
    interactive: false,
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
  }
  const code = await main(['audit', ...words, '--database-url', url], terminal)
  const report = words.includes('--json')
    ? (JSON.parse(out.at(-1) ?? '{}') as Pick<Answer, 'matches' | 'more'>)
    : { matches: [], more: false }
  return { code, out: out.join('\n'), err: err.join('\n'), ...report }
}

const accepted: Reply = { class: 'accepted', text: '250 2.0.0 Ok: queued' }

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  let kit: Kit
  const clock = new Clock(Date.now() - 6 * HOUR)
  let reply: (message: Message) => Reply = () => accepted

  beforeAll(async () => {
    database = await fresh()
    kit = await startKit({ database: database.url, now: clock.now, reply: (message) => reply(message) })
  })
  afterAll(async () => {
    await kit.close()
    await database.drop()
  })

  const search = (text: string, ...more: string[]): Promise<Answer> => audit(database.url, 'search', text, '--json', ...more)
  /** Views are written a moment after the answer. */
  async function only(text: string, seen = 0): Promise<Found> {
    for (const end = Date.now() + 5_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
      const { code, matches, err } = await search(text)
      expect([code, err, matches.length]).toEqual([0, '', 1])
      const views = (matches[0]?.entries ?? []).filter(({ what }) => what === 'view').reduce((sum, { count }) => sum + count, 0)
      if (views >= seen || Date.now() > end) return matches[0] as Found
    }
  }
  const wait = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += 5_000) {
      clock.forward(Math.min(5_000, ms - gone))
      await kit.settle()
    }
  }
  const open = (asked: AskedFor): Promise<{ readonly status: number }> => asked.browser.post(`/l/${asked.linkId}`, { secret: asked.secret })
  const told = ({ entries }: Found): string[] => entries.map(({ what, text, count }) => `${what}: ${text}${count > 1 ? ` ×${count}` : ''}`)

  test('a scanner came first, then the person: by link, and every key that anybody has leads there', async () => {
    const asked = await askAndOpen(kit, 'ada@example.net')
    const { browser, challenge, linkId, message } = asked
    clock.forward(22_000)
    const scanner = kit.browser({ userAgent: 'python-requests/2.31' })
    await scanner.send(`/l/${linkId}`, { method: 'HEAD' })
    await scanner.send(`/l/${linkId}`, { headers: { cookie: 'none' } })
    clock.forward(38_000)
    await browser.get(`/l/${linkId}`, { 'sec-fetch-mode': 'navigate' })
    clock.forward(2_000)
    expect((await open(asked)).status).toBe(303)
    const who = (await browser.api('GET', '/api/session')).json() as { user: { id: string }; session: { id: string; network: string } }
    clock.forward(5 * MINUTE)
    const left = await browser.post('/sign-out', {})

    const found = await only('ada@example.net', 3)
    expect(found).toMatchObject({ challenge, request: null, address: 'ada@example.net' })
    expect(found.verdict).toBe('Signed in by link on Firefox on Linux 62 s after asking.')
    expect(told(found)).toEqual([
      `asked: Asked on Firefox on Linux from ${who.session.network}: A mail is in the outbox.`,
      'mail: Mail 1, try 1: The mail server accepted the mail. The answer: 250 2.0.0 Ok: queued',
      'view: Link of mail 1 opened most likely by a mail scanner ×2',
      'view: Link of mail 1 opened in the browser that asked',
      'submit: Link submitted in the browser that asked: The proof was right; a session exists.',
      `session: Session began on Firefox on Linux from ${who.session.network}`,
      'end: Session ended: The person ended this session.',
    ])
    const [start] = found.entries
    const keys = {
      address: ' ADA@Example.NET',
      challenge,
      'link id': linkId,
      link: asked.link ?? '',
      'Message-ID': message.messageId,
      'session id': who.session.id,
      'user id': who.user.id,
      'request id of the start': start?.requestId ?? '',
      'request id of the sign-out': left.headers.get('x-request-id') ?? '',
      network: who.session.network,
      'client address': who.session.network.replace('0/24', '7'),
    }
    for (const [name, key] of Object.entries(keys)) expect([name, (await search(key)).matches]).toEqual([name, [found]])
  })

  test('an expired click after a greylisted mail', async () => {
    const began = clock.at
    reply = () => (clock.at < began + 9 * MINUTE ? { class: 'temporary', text: '451 4.7.1 <bob@example.net>: Greylisted' } : accepted)
    const browser = kit.browser()
    await browser.ask('bob@example.net')
    await wait(10 * MINUTE)
    reply = () => accepted
    const { linkId, secret } = kit.mailbox.newest('bob@example.net')
    await wait(17 * MINUTE)
    await browser.get(`/l/${linkId}`)
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(410)
    const found = await only('bob@example.net', 1)
    expect(found.verdict).toMatch(/^Did not sign in: the link expired 12 min before the click; the mail took 9 min to be accepted\.$/)
    expect(told(found).filter((text) => text.startsWith('mail'))).toContainEqual(
      'mail: Mail 1, try 1: The mail server was unreachable or said later; the mail will be tried again while its secrets live. Again in 5 s. The answer: 451 4.7.1 … Greylisted',
    )
    expect(told(found)).toContain('view: Link of mail 1 opened in the browser that asked; it had expired')
  })

  test('a wrong code, a resend, and the right one', async () => {
    const asked = await askAndOpen(kit, 'eve@example.net')
    await asked.browser.post('/sign-in/code', { c: asked.challenge, code: wrongCode(asked.code) })
    await wait(2 * MINUTE)
    await asked.browser.post('/sign-in/resend', { c: asked.challenge })
    await kit.settle()
    expect((await only('eve@example.net')).verdict).toMatch(/^(Not signed in yet|Did not sign in): 1 wrong code, and no right one\.$/)
    const { code } = kit.mailbox.newest('eve@example.net')
    await wait(30_000)
    await asked.browser.post('/sign-in/code', { c: asked.challenge, code: code ?? '' })
    const found = await only('eve@example.net')
    expect(found.verdict).toBe('Signed in by code on Firefox on Linux 3 min after asking; 1 wrong code before; it took 2 mails.')
    expect((await only(kit.mailbox.all('eve@example.net').at(-1)?.messageId ?? '')).challenge).toBe(asked.challenge)
  })

  test('a mailbox that does not exist; then one too many mails; a browser that had not asked', async () => {
    reply = () => ({ class: 'permanent', text: '550 5.1.1 <cyd@example.net>: no such user' })
    await kit.browser().ask('cyd@example.net')
    await kit.settle()
    reply = () => accepted
    expect((await only('cyd@example.net')).verdict).toBe('No mail arrived: the mail server refused it for good (550 5.1.1 … no such user).')

    for (let nth = 0; nth < 4; nth++) await kit.browser().ask('dan@example.net')
    await kit.settle()
    const { matches } = await search('dan@example.net')
    expect(matches.map(({ verdict }) => verdict.replace(/\d\d:\d\d/, 'TIME').replace(/(2\d{3}-\d\d-\d\d )?TIME/, 'TIME'))).toContain(
      'No mail was sent: the address has too many mails until TIME UTC.',
    )
    expect(matches).toHaveLength(4)

    const zoe = await askAndOpen(kit, 'zoe@example.net')
    const other = kit.browser()
    const refused = await other.post('/sign-in/code', { c: zoe.challenge, code: zoe.code ?? '' })
    const found = await only(refused.headers.get('x-request-id') ?? '')
    expect(found.challenge).toBe(zoe.challenge)
    expect(found.verdict).toContain('the code was typed in a browser that had not asked')
  })

  test('a request that was refused before there was anything is found by the id that its page showed', async () => {
    const answer = await kit.browser().post('/sign-in', { email: 'no address' })
    const id = answer.headers.get('x-request-id') ?? ''
    for (const end = Date.now() + 5_000; (await search(id)).matches.length === 0 && Date.now() < end; );
    expect(await only(id)).toMatchObject({
      challenge: null,
      request: id,
      address: null,
      verdict: 'No mail was sent: what was typed is not one plain e-mail address.',
    })
  })

  test('many are listed, newest first, as many as asked for, and from when', async () => {
    for (let nth = 0; nth < 3; nth++) {
      await signIn(kit, 'fay@example.net')
      clock.forward(20 * MINUTE)
    }
    const all = await search('fay@example.net')
    expect(all.matches).toHaveLength(3)
    expect(all.more).toBe(false)
    const ids = all.matches.map(({ challenge }) => challenge ?? '')
    expect(ids).toEqual(ids.toSorted().toReversed())
    const two = await search('fay@example.net', '--limit', '2')
    expect([two.more, two.matches.map(({ challenge }) => challenge)]).toEqual([true, ids.slice(0, 2)])
    const minutes = Math.ceil((Date.now() - clock.at + 50 * MINUTE) / MINUTE)
    expect((await search('fay@example.net', '--since', `${minutes}m`)).matches.map(({ challenge }) => challenge)).toEqual(ids.slice(0, 2))

    const listed = await audit(database.url, 'search', 'fay@example.net')
    expect(listed.out).toMatch(/^3 found, newest first\./)
    for (const id of ids)
      expect(listed.out).toContain(`challenge ${id}  fay@example.net\n  Signed in by code on Firefox on Linux 1 s after asking.`)
    const shown = await audit(database.url, 'show', ids[1] ?? '')
    expect(shown.out).toMatch(/^[\d-]{10} [\d:]{8} UTC {2}challenge \w+ {2}fay@example\.net\nSigned in by code/)
    expect(shown.out).toContain('  Code submitted in the browser that asked: The proof was right; a session exists.  [')
  })

  test('what nobody knows is said to be unknown, and nothing that was typed by mistake is repeated', async () => {
    for (const text of ['nobody@example.net', 'A'.repeat(16), '198.51.100.0/24', `<${'A'.repeat(17)}@example.com>`]) {
      expect(await search(text)).toMatchObject({ code: 0, matches: [] })
    }
    expect((await audit(database.url, 'search', 'nobody@example.net')).out).toMatch(/^Nothing is known of that/)
    expect(await audit(database.url, 'show', 'A'.repeat(16), '--json')).toMatchObject({ code: 1, matches: [] })
    const secret = 'S'.repeat(43)
    const refused = await audit(database.url, 'search', secret)
    expect([refused.code, refused.err.includes(secret)]).toEqual([2, false])
  })

  test('whole: neither codes, secrets nor whole User-Agents are told, and of addresses only whose it is', async () => {
    const { out } = await audit(database.url, 'search', 'eve@example.net')
    expect(out.match(/\S+@\S+/g)).toEqual(['eve@example.net'])
    for (const { text } of kit.mailbox.all('eve@example.net')) {
      const [code = '?'] = /(?<!\d)\d{6}(?!\d)/.exec(text) ?? []
      const [, secret = '?'] = /#([0-9A-Za-z]{43})/.exec(text) ?? []
      expect(out).not.toContain(secret)
      expect(out).not.toMatch(new RegExp(`(?<![0-9A-Za-z])${code}(?![0-9A-Za-z])`))
    }
    expect(out).not.toMatch(/Mozilla|Gecko|#/)
  })
})

describe.each(sharedDatabases)('%s', (_, fresh) => {
  test('a real mail server: what it said stands there, without the address it said it of', async () => {
    const database = await fresh()
    const smtp = await startSmtpServer({ mode: 'greylist', attempts: 2 })
    const clock = new Clock(Date.now() - HOUR)
    const postkey = await createPostkey({
      url: ORIGIN,
      secret: SECRET,
      database: database.url,
      mail: { from: 'sign-in@example.com', transport: `smtp://127.0.0.1:${smtp.port}` },
      now: clock.now,
    })
    const verdicts = async (text: string): Promise<readonly string[]> =>
      (await audit(database.url, 'search', text, '--json')).matches.map(({ verdict }) => verdict)
    const browser = new Browser(postkey, ORIGIN)
    await browser.ask('ada@example.net')
    await postkey.mailsSent()
    for (const ms of [5_000, 15_000]) {
      clock.forward(ms)
      await postkey.mailsSent()
    }
    clock.forward(10_000)
    const { linkId, secret } = openMail(await onlyMail(smtp))
    expect((await browser.post(`/l/${linkId}`, { secret })).status).toBe(303)
    const { matches } = await audit(database.url, 'search', 'ada@example.net', '--json')
    expect(matches.map(({ verdict }) => verdict)).toEqual(['Signed in by link on Firefox on Linux 30 s after asking.'])
    const answers = (matches[0]?.entries ?? [])
      .filter(({ what }) => what === 'mail')
      .map(({ text }) => /The answer: (\d{3})/.exec(text)?.[1])
    expect(answers).toEqual(['451', '451', '250'])
    expect(JSON.stringify(matches[0]?.entries)).not.toContain('@')

    await smtp.setMode({ mode: 'refuse', text: '5.1.1 <bob@example.net>: Recipient address rejected' })
    await new Browser(postkey, ORIGIN).ask('bob@example.net')
    await postkey.mailsSent()
    expect(await verdicts('bob@example.net')).toEqual([
      expect.stringMatching(/^No mail arrived: the mail server refused it for good \(550 [^@]*\)\.$/),
    ])
    await postkey.close()
    await smtp.stop()
    await database.drop()
  })

  test('a database from before: its challenges are found by address, new ones by network too', async () => {
    const database = await fresh()
    const clock = new Clock(Date.now() - HOUR)
    const before = await startKit({ database: database.url, now: clock.now })
    await signIn(before, 'ada@example.net')
    await before.close()
    await takeBack(database.url)
    await migrate(database.url)
    await using kit = await startKit({ database: database.url, now: clock.now })
    clock.forward(MINUTE)
    const browser = kit.browser({ address: '192.0.2.9' })
    await signIn(kit, 'ada@example.net', browser)
    const count = async (text: string): Promise<number> => (await audit(database.url, 'search', text, '--json')).matches.length
    expect([await count('ada@example.net'), await count('192.0.2.9')]).toEqual([2, 1])
    await kit.close()
    await database.drop()
  })
})

/** As version 5 left it. */
async function takeBack(url: string): Promise<void> {
  const engine = await openEngine(url)
  for (const sql of [
    ...(url.startsWith('file:') ? [] : [NO_WALL]),
    'drop table views',
    'drop table seals',
    'drop table tenants',
    'drop table admin_keys',
    'drop index events_later',
    'drop index challenges_email',
    'drop index challenges_network',
    'alter table challenges drop column network',
    'alter table challenges drop column change_id',
    'alter table challenges drop column disowned_at',
    'alter table challenges drop column about',
    'alter table mails drop column not_me_tries',
    'alter table sessions drop column proved_at',
    'drop index users_external',
    'alter table users drop column external_id',
    'alter table mails drop column bounced_at',
    ...['backup_email', 'backup_proved_at', 'backup_challenge', 'recovering_until', 'awake_at'].map(
      (column) => `alter table users drop column ${column}`,
    ),
    ...['recoveries', 'recovery_approvals', 'recovery_codes'].map((table) => `drop table ${table}`),
    ...['endpoints', 'dispatches', 'attempts', 'suppressions', 'tenants', 'admin_keys', 'address_changes'].map(
      (table) => `drop table if exists ${table}`,
    ),
    'delete from migrations where number >= 6',
  ])
    await engine.write({ locks: nothing, run: () => run(sql) })
  await engine.close()
}

const NO_WALL = `do $$ declare name text; begin
  for name in select relname from pg_class where relrowsecurity loop
    execute format('drop policy tenant on %I', name);
    execute format('alter table %I disable row level security', name);
    execute format('alter table %I no force row level security', name);
  end loop;
  drop index challenges_email;
  drop index challenges_network;
  alter table challenges drop column hours;
  create index challenges_email on challenges (tenant, substr(id, 1, 3), email, id);
  create index challenges_network on challenges (tenant, substr(id, 1, 3), network, id);
end $$`

async function onlyMail(smtp: SmtpTestServer): Promise<Message> {
  const [mail, ...more] = await smtp.messages()
  expect([mail === undefined, more]).toEqual([false, []])
  return { ...(mail as Received), to: '' } as unknown as Message
}

test.each([
  ['audit search', 'for what?'],
  ['audit search ada bob', '"bob" is not expected here'],
  ['audit search ada', 'nothing that can be searched for'],
  ['audit search ada@localhost', 'the domain of the address is none'],
  ['audit search 203.0.113.0/16', 'no network that is kept'],
  ['audit search ada@example.net --since soon', '--since soon is no time'],
  ['audit search ada@example.net --limit 0', '--limit 0 is no number'],
  ['audit search ada@example.net --limit many', '--limit many is no number'],
  ['audit show', 'for what?'],
  ['audit show ada@example.net', 'give the id of a challenge or request'],
])('postkey %s is told what is wrong', async (line, said) => {
  const err: string[] = []
  const code = await main(line.split(' '), { env: {}, folder: '.', interactive: false, out: () => {}, err: (text) => void err.push(text) })
  expect(code).toBe(2)
  expect(err.join('\n')).toContain(said)
})
