// Getting back in without the mailbox: by a printed code, or by the backup address. What it opens, what it does not, and who hears of it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEngine } from '../../src/store/open.ts'
import { all } from '../../src/store/operation.ts'
import { askForChange, challengeOf, notMeLink, typeChange, undoLink } from '../account.ts'
import { brokenRows } from '../examine.ts'
import {
  askAndOpen,
  type Browser,
  Clock,
  DAY,
  HOUR,
  type Kit,
  type KitOptions,
  MINUTE,
  ORIGIN,
  signIn,
  startKit,
  wrongCode,
} from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { policyOf } from '../page-samples.ts'
import { nameAddress, printCodes, setBackup, typeNew } from '../recovery.ts'

const ADA = 'ada@example.net'
const NEW = 'ada@new.example'
const BACKUP = 'ada@backup.example'
const EVE = 'eve@evil.example'
const NOBODY = 'nobody@example.net'
const RECOVERY = '__Host-postkey-recovery'
const SESSION = '__Host-postkey-session'

const { recovery: STANDARD } = policyOf()

let visits = 0
/** From somewhere else each time: networks have limits of their own. */
const visitor = (kit: Kit): Browser => kit.browser({ address: `45.${++visits}.9.7` })
const enter = (kit: Kit, email: string): Promise<Browser> => signIn(kit, email, visitor(kit))

const subjects = (kit: Kit, to: string): readonly string[] => kit.mailbox.all(to).map(({ subject }) => subject)
const present = (browser: Browser, code: string, email = ADA) => browser.post('/recover', { email, code })

async function query<R>(url: string, sql: string): Promise<readonly R[]> {
  const engine = await openEngine(url)
  try {
    return await engine.write({ locks: { tenant: '', keys: [], limits: [] }, run: () => all<R>(sql) })
  } finally {
    await engine.close()
  }
}

describe.each(sharedDatabases)('%s', (_, fresh) => {
  // One for all of them, as for the database: time goes on.
  const clock = new Clock(Date.UTC(2026, 10, 21, 9, 0, 0))
  let database: TestDatabase
  beforeAll(async () => {
    database = await fresh()
  })
  afterAll(() => database.drop())
  const start = (options: KitOptions = {}): Promise<Kit> => startKit({ database: database.url, now: clock.now, ...options })
  let person = 0
  /** Nobody else has it, in a database that is shared. */
  const somebody = (): string => `p${++person}@example.net`

  test('a printed code opens a limited session; the new mailbox is proved, and the address is set', async () => {
    await using kit = await start()
    const ada = somebody()
    const next = `new-${ada}`
    const home = await enter(kit, ada)
    const codes = await printCodes(home)
    expect([
      codes.length,
      new Set(codes).size,
      codes.every((code) => /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/.test(code)),
    ]).toEqual([8, 8, true])
    await kit.settle()
    expect(subjects(kit, ada).at(-1)).toBe('New recovery codes at Example')

    const browser = visitor(kit)
    const opened = await browser.post('/recover', { email: ada, code: ` ${codes[3]?.toLowerCase().replaceAll('-', ' ')} ` })
    expect([opened.status, opened.location]).toEqual([303, '/recover/address#'])
    await kit.settle()
    expect(subjects(kit, ada).at(-1)).toBe('Somebody is recovering your account at Example')
    expect(await browser.whoAmI()).toBeNull()

    const named = await nameAddress(kit, browser, ada, next)
    expect(await home.whoAmI()).toBe(ada)
    const done = await typeNew(browser, named.toNew)
    expect([done.status, done.location]).toEqual([303, '/recover/done#'])
    expect([await home.whoAmI(), await browser.whoAmI(), browser.cookies.get(RECOVERY)]).toEqual([null, null, undefined])
    expect(await (await enter(kit, next)).whoAmI()).toBe(next)
    // The sheet has done its work, and so has the limited session.
    expect((await present(visitor(kit), codes[4] ?? '', next)).status).toBe(422)
    expect((await browser.get('/recover/address')).status).toBe(410)
  })

  test('RC-09, TK-01: an answer that was lost: the same browser gets the same limited session by the same code, once more and no longer', async () => {
    await using kit = await start()
    const ada = somebody()
    const [code = '', other = '', third = ''] = await printCodes(await enter(kit, ada))
    const visited = visitor(kit)
    await visited.get('/recover')
    /** The same browser, to which the answer never came. */
    const unanswered = (): Browser => kit.browser({ address: `45.${++visits}.9.7`, cookies: new Map(visited.cookies) })
    const [first, second] = [unanswered(), unanswered()]
    const both = await Promise.all([present(first, code, ada), present(second, code, ada)])
    expect(both.map(({ status, location }) => [status, location])).toEqual(Array(2).fill([303, '/recover/address#']))
    const token = first.cookies.get(RECOVERY)
    expect([token?.length, second.cookies.get(RECOVERY)]).toEqual([59, token])
    await kit.settle()
    const told = () => subjects(kit, ada).filter((subject) => subject.startsWith('Somebody is recovering')).length
    expect(told()).toBe(1)
    const until = async (browser: Browser) => /datetime="([^"]*)"/.exec((await browser.get('/recover/address')).text)?.[1]
    const before = await until(first)

    // The sheet in any other browser is a spent code, and so is another one's.
    const thief = visitor(kit)
    await thief.get('/recover')
    expect([(await present(thief, code, ada)).status, thief.cookies.get(RECOVERY)]).toEqual([422, undefined])
    clock.forward(2 * MINUTE - 1)
    const late = unanswered()
    expect([(await present(late, code, ada)).status, late.cookies.get(RECOVERY)]).toEqual([303, token])
    expect([await until(late), told()]).toEqual([before, 1])
    clock.forward(1)
    expect((await present(unanswered(), code, ada)).status).toBe(422)
    expect((await until(first)) === before).toBe(true)

    // What was opened by it is over: nothing is opened by it again.
    clock.forward(HOUR)
    await visited.get('/recover')
    await present(unanswered(), third, ada)
    clock.forward(1)
    await present(unanswered(), other, ada)
    expect((await present(unanswered(), third, ada)).status).toBe(422)
    await printCodes(await enter(kit, ada))
    expect((await present(unanswered(), other, ada)).status).toBe(422)
  })

  test('by the link of the new mailbox, in the browser of the limited session only', async () => {
    await using kit = await start()
    const ada = somebody()
    const next = `new-${ada}`
    const [code = ''] = await printCodes(await enter(kit, ada))
    const browser = visitor(kit)
    await present(browser, code, ada)
    const { toNew } = await nameAddress(kit, browser, ada, next)
    const other = visitor(kit)
    expect((await other.get(`/l/${toNew.linkId}`)).text).toContain('Somebody who lost the mailbox of an account')
    expect((await other.post(`/l/${toNew.linkId}`, { secret: toNew.secret, for: 'recover', email: next })).status).toBe(403)
    expect((await browser.get(`/l/${toNew.linkId}`)).text).toContain('Setting your new address')
    const done = await browser.post(`/l/${toNew.linkId}`, { secret: toNew.secret, for: 'recover' })
    expect([done.status, done.location]).toEqual([303, '/recover/done#'])
    expect(await (await enter(kit, next)).whoAmI()).toBe(next)
  })

  test('the notice to the old mailbox takes it back: codes and backup address are void, and everybody is out', async () => {
    await using kit = await start()
    const ada = somebody()
    const next = `new-${ada}`
    const home = await enter(kit, ada)
    await setBackup(kit, home, `backup-${ada}`)
    const codes = await printCodes(home)
    const thief = visitor(kit)
    await present(thief, codes[0] ?? '', ada)
    const { toNew, undo } = await nameAddress(kit, thief, ada, next)
    // The backup address is told as well, with a link of its own.
    expect(undoLink(kit.mailbox.all(`backup-${ada}`).at(-1)).secret).toHaveLength(43)
    await typeNew(thief, toNew)
    const inside = await enter(kit, next)
    const [fresh = ''] = await printCodes(inside)
    const reader = visitor(kit)
    expect((await reader.get(undo.path)).status).toBe(200)
    expect((await reader.post(undo.path, { secret: undo.secret })).status).toBe(303)
    expect([await inside.whoAmI(), await (await enter(kit, ada)).whoAmI()]).toEqual([null, ada])
    expect((await present(visitor(kit), fresh, ada)).status).toBe(422)
    expect(await query(database.url, `select backup_email as backup from users where email = '${ada}'`)).toEqual([{ backup: null }])
  })

  test('the backup mailbox can take it back too, where a code was used', async () => {
    await using kit = await start()
    const ada = somebody()
    const home = await enter(kit, ada)
    await setBackup(kit, home, `backup-${ada}`)
    const [code = ''] = await printCodes(home)
    const thief = visitor(kit)
    await present(thief, code, ada)
    const { toNew } = await nameAddress(kit, thief, ada, `new-${ada}`)
    const { path, secret } = undoLink(kit.mailbox.all(`backup-${ada}`).at(-1))
    expect((await visitor(kit).post(path, { secret })).status).toBe(303)
    expect((await typeNew(thief, toNew)).status).toBe(410)
    expect(await (await enter(kit, ada)).whoAmI()).toBe(ada)
  })

  test('RV-08: a mail to the backup address opens no session but the limited one, lives as long as the policy says, and is told of', async () => {
    await using kit = await start({ policy: { recovery: { ...STANDARD, mailTtl: '24h' } } })
    const ada = somebody()
    const backup = `backup-${ada}`
    const home = await enter(kit, ada)
    await setBackup(kit, home, backup)
    expect(subjects(kit, ada).at(-1)).toBe('The backup address at Example was changed')
    const browser = visitor(kit)
    const asked = await browser.post('/recover/backup', { email: ada })
    await kit.settle()
    const mail = kit.mailbox.newest(backup)
    expect(mail.message.text).toContain('24 hours')
    expect((await browser.get(asked.location)).text).not.toContain(backup)
    // Not to sign in, in no browser and by no other purpose.
    for (const purpose of ['sign_in', 'step_up', 'change_email', 'recover', 'confirm_backup'])
      await browser.post(`/l/${mail.linkId}`, { secret: mail.secret, for: purpose, email: backup })
    await browser.post('/sign-in/code', { c: challengeOf(mail), code: mail.code ?? '' })
    expect((await visitor(kit).post(`/l/${mail.linkId}`, { secret: mail.secret, for: 'recover_backup', email: backup })).status).toBe(403)
    expect(browser.cookies.get(SESSION)).toBeUndefined()
    clock.forward(23 * HOUR)
    const before = kit.mailbox.all(ada).length
    const opened = await browser.post('/recover/backup/code', { c: challengeOf(mail), code: mail.code ?? '' })
    expect([opened.status, opened.location]).toEqual([303, '/recover/address#'])
    await kit.settle()
    expect(subjects(kit, ada).slice(before)).toEqual(['Somebody is recovering your account at Example'])
    // An answer that never arrived: the same limited session once more.
    const token = browser.cookies.get(RECOVERY)
    const again = await browser.post(`/l/${mail.linkId}`, { secret: mail.secret, for: 'recover_backup' })
    expect([again.status, browser.cookies.get(RECOVERY)]).toEqual([303, token])
    const { toNew } = await nameAddress(kit, browser, ada, `new-${ada}`)
    await typeNew(browser, toNew)
    expect([await home.whoAmI(), await (await enter(kit, `new-${ada}`)).whoAmI()]).toEqual([null, `new-${ada}`])
  })

  test('who has the backup mailbox and did not ask says so: the mail is void, and the way back in that it opened is closed', async () => {
    await using kit = await start()
    const ada = somebody()
    const backup = `backup-${ada}`
    await setBackup(kit, await enter(kit, ada), backup)
    const thief = visitor(kit)
    await thief.post('/recover/backup', { email: ada })
    await kit.settle()
    const mail = kit.mailbox.newest(backup)
    await thief.post('/recover/backup/code', { c: challengeOf(mail), code: mail.code ?? '' })
    expect((await thief.get('/recover/address')).status).toBe(200)
    expect((await visitor(kit).post(notMeLink(mail.message), { email: backup })).status).toBe(303)
    expect((await thief.get('/recover/address')).status).toBe(410)
    expect((await thief.post('/recover/address', { email: `new-${ada}` })).status).toBe(410)
  })

  test('RV-08: a mail to the backup address is over when its time is, and when that address is removed', async () => {
    await using kit = await start()
    const ada = somebody()
    const backup = `backup-${ada}`
    const home = await enter(kit, ada)
    await setBackup(kit, home, backup)
    const ask = async (browser: Browser) => {
      await browser.post('/recover/backup', { email: ada })
      await kit.settle()
      return kit.mailbox.newest(backup)
    }
    const browser = visitor(kit)
    const late = await ask(browser)
    clock.forward(HOUR)
    expect((await browser.post('/recover/backup/code', { c: challengeOf(late), code: late.code ?? '' })).status).toBe(410)
    const mail = await ask(browser)
    const again = await enter(kit, ada)
    expect((await again.post('/account/recovery/backup/remove', {})).location).toContain('notice=backup_removed')
    expect((await browser.post('/recover/backup/code', { c: challengeOf(mail), code: mail.code ?? '' })).status).toBe(410)
    await kit.settle()
    expect(subjects(kit, backup).at(-1)).toBe('The backup address at Example was changed')
  })

  test('RV-12: whoever is erased leaves no backup address, no codes and no recovery behind', async () => {
    await using kit = await start()
    const ada = somebody()
    const backup = `backup-${ada}`
    const home = await enter(kit, ada)
    await setBackup(kit, home, backup)
    const codes = await printCodes(home)
    const browser = visitor(kit)
    await present(browser, codes[0] ?? '', ada)
    await nameAddress(kit, browser, ada, `new-${ada}`)
    expect(JSON.stringify(await (await home.get('/account/data.json')).json())).toContain(backup)
    expect((await home.post('/account/delete', { sure: 'yes' })).status).toBe(303)
    expect((await browser.get('/recover/address')).status).toBe(410)
    const again = await enter(kit, ada)
    expect(await again.whoAmI()).toBe(ada)
    expect((await present(visitor(kit), codes[1] ?? '', ada)).status).toBe(422)
    const rest = await query<{ text: string }>(
      database.url,
      `select email as text from recoveries union all select coalesce(new_email, '') from recoveries union all select coalesce(backup_email, '') from users union all select email from challenges`,
    )
    expect(rest.filter(({ text }) => text.includes(`-${ada}`))).toEqual([])
  })

  test('every row is sound after all of this', async () => {
    expect(await brokenRows(database.url)).toEqual([])
  })
})

describe('RV-08: the limited session', () => {
  test('is accepted by no other route, and no session by its routes', async () => {
    await using kit = await startKit()
    const home = await enter(kit, ADA)
    const codes = await printCodes(home)
    const browser = visitor(kit)
    await present(browser, codes[0] ?? '')
    const token = browser.cookies.get(RECOVERY) ?? ''
    expect(token).toHaveLength(59)
    const forger = visitor(kit)
    forger.cookies.set(RECOVERY, `${token.slice(0, -2)}AA`)
    expect((await forger.get('/recover/address')).status).toBe(410)
    for (const path of ['/account', '/account/recovery', '/account/address', '/account/delete', '/account/data.json', '/console'])
      expect([path, [303, 404].includes((await browser.get(path)).status)]).toEqual([path, true])
    const thief = visitor(kit)
    thief.cookies.set(SESSION, token)
    expect(await thief.whoAmI()).toBeNull()
    const bearer = await kit.postkey.handler(new Request(`${ORIGIN}/api/session`, { headers: { authorization: `Bearer ${token}` } }))
    expect(bearer.status).toBe(401)
    for (const [path, body] of [
      ['/account/recovery/codes', {}],
      ['/account/recovery/backup', { email: EVE }],
      ['/account/address', { email: EVE }],
      ['/account/delete', { sure: 'yes' }],
      ['/account/sessions/end-others', {}],
    ] as const)
      expect([path, (await browser.post(path, body)).location.startsWith('/account')]).toEqual([path, false])
    expect(await home.whoAmI()).toBe(ADA)
    // The other way round.
    home.cookies.set(RECOVERY, home.cookies.get(SESSION) ?? '')
    expect((await home.post('/recover/address', { email: EVE })).status).toBe(410)
  })

  test('lives half an hour, and ends with new codes', async () => {
    await using kit = await startKit()
    const codes = await printCodes(await enter(kit, ADA))
    const browser = visitor(kit)
    await present(browser, codes[0] ?? '')
    const { toNew } = await nameAddress(kit, browser, ADA, NEW)
    kit.clock.forward(30 * MINUTE)
    expect((await browser.get('/recover/address')).status).toBe(410)
    expect((await typeNew(browser, toNew)).status).toBe(410)
    await present(browser, codes[1] ?? '')
    expect((await browser.get('/recover/address')).status).toBe(200)
    await printCodes(await enter(kit, ADA))
    expect((await browser.get('/recover/address')).status).toBe(410)
    expect(await (await enter(kit, ADA)).whoAmI()).toBe(ADA)
  })

  test('a later one ends the earlier one, and one person’s does nothing for another’s change', async () => {
    await using kit = await startKit()
    const codes = await printCodes(await enter(kit, ADA))
    const [first, second] = [visitor(kit), visitor(kit)]
    await present(first, codes[0] ?? '')
    await present(second, codes[1] ?? '')
    expect([(await first.get('/recover/address')).status, (await second.get('/recover/address')).status]).toEqual([410, 200])
    const [evil = ''] = await printCodes(await enter(kit, EVE))
    const { toNew } = await nameAddress(kit, second, ADA, NEW)
    // Eve holds Ada's browser cookie as well, and a limited session of her own.
    await second.post('/recover', { email: EVE, code: evil })
    expect((await typeNew(second, toNew)).status).toBe(410)
    expect(await (await enter(kit, ADA)).whoAmI()).toBe(ADA)
  })

  test('RV-06: what is set is what the mail went to; an address that somebody has is nobody’s to be had', async () => {
    await using kit = await startKit()
    const bob = await enter(kit, 'bob@example.net')
    const codes = await printCodes(await enter(kit, ADA))
    const browser = visitor(kit)
    await present(browser, codes[0] ?? '')
    const answer = await browser.post('/recover/address', { email: 'bob@example.net' })
    expect(answer.status).toBe(303)
    await kit.settle()
    const mail = kit.mailbox.all('bob@example.net').at(-1)
    expect([mail?.subject, mail?.text.includes('/l/')]).toEqual(['Somebody asked for your address at Example', false])
    expect(await bob.whoAmI()).toBe('bob@example.net')
    expect((await browser.post('/recover/address', { email: ADA })).status).toBe(422)
    const { toNew } = await nameAddress(kit, browser, ADA, NEW)
    const late = await nameAddress(kit, browser, ADA, EVE)
    // The first one is over as soon as another is named.
    expect((await typeNew(browser, toNew)).status).toBe(410)
    await typeNew(browser, late.toNew)
    expect(await (await enter(kit, EVE)).whoAmI()).toBe(EVE)
  })
})

describe('recovery codes', () => {
  test('want a recent proof, work once each, and new ones make the old ones void', async () => {
    await using kit = await startKit()
    const home = await enter(kit, ADA)
    const codes = await printCodes(home)
    expect((await present(visitor(kit), codes[0] ?? '')).status).toBe(303)
    expect((await present(visitor(kit), codes[0] ?? '')).status).toBe(422)
    const next = await printCodes(home)
    expect([(await present(visitor(kit), codes[1] ?? '')).status, (await present(visitor(kit), next[1] ?? '')).status]).toEqual([422, 303])
    expect((await home.get('/account/recovery')).text).toContain('7 of 8 are left')
    kit.clock.forward(15 * MINUTE)
    for (const [path, body] of [
      ['/account/recovery/codes', {}],
      ['/account/recovery/backup', { email: BACKUP }],
      ['/account/recovery/backup/remove', {}],
    ] as const)
      expect([path, (await home.post(path, body)).location.startsWith(`${ORIGIN}/account/confirm`)]).toEqual([path, true])
    expect((await present(visitor(kit), next[2] ?? '')).status).toBe(303)
  })

  test('are looked at five times a day; then not even the right one, but in a browser that the account knows', async () => {
    await using kit = await startKit()
    const home = await enter(kit, ADA)
    const codes = await printCodes(home)
    const guess = 'AAAA-AAAA-AAAA'
    for (let i = 0; i < 5; i++) expect((await present(kit.browser({ address: `198.51.${i}.7` }), guess)).status).toBe(422)
    const stranger = await present(kit.browser({ address: '203.0.113.9' }), codes[0] ?? '')
    expect([stranger.status, stranger.text.includes('Too many wrong recovery codes')]).toEqual([429, true])
    // A thing that is no code spends nothing.
    expect((await present(home, 'what?')).status).toBe(422)
    expect((await present(home, codes[0] ?? '')).status).toBe(303)
    kit.clock.forward(DAY)
    expect((await present(visitor(kit), codes[1] ?? '')).status).toBe(303)
  })

  test('EN-09: of an address that nobody has the answers are the same, and it runs out of tries too', async () => {
    await using kit = await startKit()
    const [code = ''] = await printCodes(await enter(kit, ADA))
    // Whose account is the next one in the table.
    expect((await present(visitor(kit), code, 'aaa@example.net')).status).toBe(422)
    const answers = async (email: string): Promise<readonly string[]> => {
      const seen: string[] = []
      for (let i = 0; i < 6; i++) {
        const answer = await kit.browser({ address: `198.51.${i}.7` }).post('/recover', { email, code: 'AAAA-AAAA-AAAA' })
        seen.push(`${answer.status} ${bare(answer.text, email)}`)
      }
      const browser = kit.browser({ address: '198.51.100.77' })
      const asked = await browser.post('/recover/backup', { email })
      const page = await browser.get(asked.location)
      const typed = await browser.post('/recover/backup/code', { c: asked.location.slice(-16), code: '000000' })
      return [...seen, `${asked.status}`, `${page.status} ${bare(page.text, email)}`, `${typed.status} ${bare(typed.text, email)}`]
    }
    expect(await answers(NOBODY)).toEqual(await answers(ADA))
    await kit.settle()
    expect(kit.mailbox.all(NOBODY)).toEqual([])
  })

  test('of somebody who is disabled, or an operator, open nothing', async () => {
    await using kit = await startKit()
    const codes = await printCodes(await enter(kit, ADA))
    await kit.postkey.users.disable({ email: ADA })
    expect((await present(visitor(kit), codes[0] ?? '')).status).toBe(403)
    await kit.postkey.users.enable({ email: ADA })
    expect((await present(visitor(kit), codes[0] ?? '')).status).toBe(303)
    await using desk = await startKit({ operators: [ADA] })
    const operator = await signIn(desk, ADA)
    expect((await operator.post('/account/recovery/codes', {})).status).toBe(403)
    expect((await operator.post('/account/recovery/backup', { email: BACKUP })).status).toBe(403)
  })

  test('and backup addresses are off where the policy says so', async () => {
    await using kit = await startKit({ policy: { recovery: { ...STANDARD, codes: 0, backup: false } } })
    const home = await enter(kit, ADA)
    expect((await present(visitor(kit), 'AAAA-AAAA-AAAA')).status).toBe(404)
    expect((await home.post('/account/recovery/codes', {})).status).toBe(404)
    expect((await home.post('/account/recovery/backup', { email: BACKUP })).status).toBe(404)
    expect((await visitor(kit).get('/sign-in')).text).not.toContain('/recover')
  })
})

describe('the backup address', () => {
  test('is proved by its own mailbox, in the browser that asked, while the same person is signed in', async () => {
    await using kit = await startKit()
    const home = await enter(kit, ADA)
    expect((await home.post('/account/recovery/backup', { email: ADA })).status).toBe(422)
    await home.post('/account/recovery/backup', { email: BACKUP })
    await kit.settle()
    const mail = kit.mailbox.newest(BACKUP)
    const backup = async (): Promise<boolean> => (await home.get('/account/recovery')).text.includes(BACKUP)
    const elsewhere = await visitor(kit).post('/account/recovery/backup/code', { c: challengeOf(mail), code: mail.code ?? '' })
    expect(elsewhere.location).toMatch(/^\/sign-in/)
    expect((await home.post('/account/recovery/backup/code', { c: challengeOf(mail), code: wrongCode(mail.code) })).status).toBe(422)
    expect(await backup()).toBe(false)
    // Another one was asked for since.
    await home.post('/account/recovery/backup', { email: EVE })
    expect((await home.post('/account/recovery/backup/code', { c: challengeOf(mail), code: mail.code ?? '' })).status).toBe(410)
    expect(await backup()).toBe(false)
    await setBackup(kit, home, BACKUP)
    expect(await backup()).toBe(true)
    // By link, as well.
    await home.post('/account/recovery/backup', { email: NEW })
    await kit.settle()
    const link = kit.mailbox.newest(NEW)
    expect((await home.get(`/l/${link.linkId}`)).text).toContain('Confirming the backup address')
    expect((await home.post(`/l/${link.linkId}`, { secret: link.secret, for: 'confirm_backup' })).location).toBe(
      '/account/recovery?notice=backup_set#',
    )
    expect(await backup()).toBe(false)
  })

  test('RV-07: of one person is not confirmed in the session of another', async () => {
    await using kit = await startKit()
    const browser = await enter(kit, ADA)
    await browser.post('/account/recovery/backup', { email: BACKUP })
    await kit.settle()
    const mail = kit.mailbox.newest(BACKUP)
    await signIn(kit, EVE, browser)
    expect((await browser.post('/account/recovery/backup/code', { c: challengeOf(mail), code: mail.code ?? '' })).status).toBe(410)
    expect((await browser.get('/account/recovery')).text).not.toContain(BACKUP)
  })

  test('goes when it becomes the address', async () => {
    await using kit = await startKit()
    const home = await enter(kit, ADA)
    await setBackup(kit, home, BACKUP)
    const [code = ''] = await printCodes(home)
    const browser = visitor(kit)
    await present(browser, code)
    const { toNew } = await nameAddress(kit, browser, ADA, BACKUP)
    await typeNew(browser, toNew)
    const again = await enter(kit, BACKUP)
    expect((await again.get('/account/recovery')).text).toContain('You have none.')
  })

  test('a change of address by whoever is signed in does not end a recovery, and ends it once it is made', async () => {
    await using kit = await startKit()
    const thief = await enter(kit, ADA)
    const [code = ''] = await printCodes(thief)
    const browser = visitor(kit)
    await present(browser, code)
    const { toNew } = await nameAddress(kit, browser, ADA, NEW)
    const { toNew: evil } = await askForChange(kit, thief, ADA, EVE)
    await typeNew(browser, toNew)
    expect((await typeChange(thief, evil, 'change_email')).location).toMatch(/^\/sign-in/)
    expect([await thief.whoAmI(), await (await enter(kit, NEW)).whoAmI()]).toEqual([null, NEW])
  })
})

describe('RV-01', () => {
  test('what somebody prepared before the mailbox was proved for the first time is void at the first proof', async () => {
    for (const [, fresh] of sharedDatabases) {
      const database = await fresh()
      const kit = await startKit({ database: database.url })
      const squatter = await enter(kit, ADA)
      const [code = ''] = await printCodes(squatter)
      await setBackup(kit, squatter, EVE)
      const open = visitor(kit)
      await present(open, (await printCodes(squatter))[0] ?? '')
      const asked = visitor(kit)
      await asked.post('/recover/backup', { email: ADA })
      await kit.settle()
      const mail = kit.mailbox.newest(EVE)
      await query(database.url, `update users set confirmed_at = null where email = '${ADA}' returning id`)
      const { browser, linkId, secret } = await askAndOpen(kit, ADA)
      await browser.post(`/l/${linkId}`, { secret })
      expect((await open.get('/recover/address')).status).toBe(410)
      expect((await present(visitor(kit), code)).status).toBe(422)
      expect((await asked.post('/recover/backup/code', { c: challengeOf(mail), code: mail.code ?? '' })).status).toBe(410)
      expect((await browser.get('/account/recovery')).text).not.toContain(EVE)
      await kit.close()
      await database.drop()
    }
  })
})

/** Without what is of this request, and what was typed. */
function bare(text: string, email: string): string {
  return text.replaceAll(email, 'EMAIL').replace(/[0-9A-Za-z]{16}/g, 'ID')
}
