// "This was not me": what whoever has a mail can end by it, and what nobody else can.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEngine, openStore } from '../../src/store/open.ts'
import { one } from '../../src/store/operation.ts'
import { askForChange, challengeOf, notMeLink, stepUp, typeChange } from '../account.ts'
import { brokenRows } from '../examine.ts'
import {
  type AskedFor,
  askAndOpen,
  type Browser,
  Clock,
  DAY,
  decideAgain,
  HOUR,
  type Kit,
  type KitOptions,
  MINUTE,
  signIn,
  startKit,
} from '../kit.ts'
import { sharedDatabases, type TestDatabase } from '../nodes.ts'
import { nameAddress, printCodes, typeNew } from '../recovery.ts'

const EVE = 'eve@evil.example'
const quiet: KitOptions = { policy: { quietAfterNotMe: '3d' } }
const told: KitOptions = { policy: { newDeviceNotice: true } }

/** Without its tags. */
const said = ({ text }: { readonly text: string }): string => text.replace(/<[^>]*>/g, '')
const typeCode = (browser: Browser, { challenge, code }: Pick<AskedFor, 'challenge' | 'code'>) =>
  browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
const openLink = (browser: Browser, { linkId, secret }: AskedFor, email?: string) =>
  browser.post(`/l/${linkId}`, { secret, ...(email === undefined ? {} : { email }) })
/** What the API says to the link, or to the code: the reason. */
const reasonOf = async (browser: Browser, proof: object): Promise<string> =>
  (await browser.api('POST', '/api/sign-in/verify', proof)).reason

/** Asked for, and neither made nor over. */
async function openChangesTo(url: string, email: string): Promise<number> {
  const engine = await openEngine(url)
  const row = await engine.read(() =>
    one<{ open: number }>(
      "select count(*) as open from address_changes where tenant = 'default' and new_email = ? and applied_at is null and ended_at is null",
      email,
    ),
  )
  await engine.close()
  return row?.open ?? -1
}

let people = 0

describe.each(sharedDatabases)('%s', (_, fresh) => {
  let database: TestDatabase
  /** One for all stories: they share a database, and the limits of what the kit's browsers have in common fill up. */
  const clock = new Clock(Date.UTC(2026, 10, 21, 9, 0, 0))
  const start = (options: KitOptions = {}): Promise<Kit> => {
    clock.forward(HOUR)
    return startKit({ database: database.url, now: clock.now, ...options })
  }
  /** Somebody of whom nothing is known yet. */
  const somebody = (): string => `person-${++people}@example.net`

  beforeAll(async () => {
    database = await fresh()
  })
  afterAll(async () => {
    expect(await brokenRows(database.url, clock.at)).toEqual([])
    const store = await openStore(database.url)
    expect(await decideAgain(store)).toEqual([])
    await store.close()
    await database.drop()
  })

  test('who did not ask says so in any browser: link, code and resend are over, and the browser that asked is told why', async () => {
    await using kit = await start()
    const ada = somebody()
    const asked = await askAndOpen(kit, ada)
    const phone = kit.browser()
    const path = notMeLink(asked.message)
    const page = await phone.get(path)
    expect([page.status, said(page).includes('A sign-in to Example was asked for in Firefox on Linux'), page.text.includes(ada)]).toEqual([
      200,
      true,
      false,
    ])
    const answer = await phone.post(path, { email: ada })
    expect([answer.status, answer.location]).toEqual([303, `${path}#`])
    expect((await phone.get(path)).text).toContain('Nothing of the mail works any more')
    // Said again, it is as it was.
    expect((await phone.post(path, {})).status).toBe(303)

    const { browser, challenge, code, linkId, secret } = asked
    expect(await reasonOf(browser, { challenge, code })).toBe('disowned')
    expect(await reasonOf(browser, { link: { id: linkId, secret } })).toBe('disowned')
    expect(await reasonOf(phone, { link: { id: linkId, secret, email: ada } })).toBe('disowned')
    clock.forward(MINUTE)
    for (const answer of [
      await browser.get(`/sign-in/check?c=${challenge}`),
      await browser.get(`/l/${linkId}`),
      await browser.post('/sign-in/resend', { c: challenge }),
    ])
      expect([answer.status, answer.text.includes('Whoever has the mail said')]).toEqual([410, true])
    // A request for another mail is another sign-in.
    await signIn(kit, ada, browser)
  })

  test.each(['code', 'link', 'link in another browser'] as const)(
    'TK-21: signed in by it (%s), the session ends, also one that went on under another token since; no other does',
    async (proof) => {
      await using kit = await start()
      const ada = somebody()
      const own = await signIn(kit, ada)
      clock.forward(MINUTE)
      const asked = await askAndOpen(kit, ada)
      const thief = proof === 'link in another browser' ? kit.browser() : asked.browser
      if (proof === 'code') await typeCode(thief, asked)
      else await openLink(thief, asked, thief === asked.browser ? undefined : ada)
      expect(await thief.whoAmI()).toBe(ada)
      clock.forward(20 * MINUTE)
      const step = await stepUp(kit, thief, ada)
      expect((await thief.post('/account/confirm/code', { c: step.challenge, code: step.code ?? '' })).status).toBe(303)
      expect(await thief.whoAmI()).toBe(ada)
      await kit.browser().post(notMeLink(asked.message), { email: ada })
      expect([await thief.whoAmI(), await own.whoAmI()]).toEqual([null, ada])
      // Nor does the old proof give it back.
      await (proof === 'code' ? typeCode(thief, asked) : openLink(thief, asked))
      expect(await thief.whoAmI()).toBeNull()
    },
  )

  test('SC-14: a scanner that opens it a hundred times, presses the button and types some address ends nothing, and may type five', async () => {
    await using kit = await start()
    const ada = somebody()
    const asked = await askAndOpen(kit, ada)
    const path = notMeLink(asked.message)
    const scanner = kit.browser()
    const store = await openStore(database.url)
    const before = await store.findChallenge('default', asked.challenge, null)
    for (let nth = 0; nth < 50; nth++) for (const method of ['GET', 'HEAD']) expect((await scanner.send(path, { method })).status).toBe(200)
    expect({ ...(await store.findChallenge('default', asked.challenge, null)), now: 0 }).toEqual({ ...before, now: 0 })
    await store.close()
    expect((await scanner.post(path, {})).status).toBe(422)
    for (let nth = 0; nth < 4; nth++) expect((await scanner.post(path, { email: EVE })).text).toContain('That is another address')
    expect((await scanner.post(path, { email: EVE })).status).toBe(403)
    // And then not by the right one either: nobody finds out by trying which it is.
    expect((await scanner.post(path, { email: ada })).status).toBe(403)
    expect((await typeCode(asked.browser, asked)).status).toBe(303)
    expect(await asked.browser.whoAmI()).toBe(ada)
  })

  test('a stranger who asked, and so knows challenge and address, cannot say it for the mailbox; nor with a tag of another mail', async () => {
    await using kit = await start(quiet)
    const [ada, bob] = [somebody(), somebody()]
    const asked = await askAndOpen(kit, ada)
    const eve = asked.browser
    const own = notMeLink((await askAndOpen(kit, bob)).message)
    const id = asked.linkId
    for (const given of [id, `${id}${'b'.repeat(24)}`, `${id}${own.slice(-24)}`, asked.challenge, '', 'x'.repeat(400)]) {
      for (const body of [{ email: ada }, { email: ada, secret: 'A'.repeat(43) }] as Record<string, string>[]) {
        const answer = await eve.post(`/not-me/${given}`, body)
        expect([answer.status, answer.text.includes('We do not know this mail')]).toEqual([404, true])
      }
      expect((await eve.get(`/not-me/${given}`)).status).toBe(404)
    }
    expect((await openLink(kit.browser(), asked, ada)).status).toBe(303)
  })

  test('the landing page of another browser has a way too, by the secret of the link: also of mails from before there was one', async () => {
    await using kit = await start()
    const ada = somebody()
    const asked = await askAndOpen(kit, ada)
    const phone = kit.browser()
    const { linkId, secret } = asked
    expect((await phone.get(`/l/${linkId}`)).text).toContain(`formaction="/not-me/${linkId}"`)
    const wrong = await phone.post(`/not-me/${linkId}`, { secret, email: EVE })
    expect([wrong.status, wrong.text.includes('That is another address'), wrong.text.includes(`value="${secret}"`)]).toEqual([
      422,
      true,
      true,
    ])
    const answer = await phone.post(`/not-me/${linkId}`, { secret, email: ada })
    expect([answer.status, answer.location]).toEqual([303, `${notMeLink(asked.message)}#`])
    expect(await reasonOf(asked.browser, { challenge: asked.challenge, code: asked.code })).toBe('disowned')
  })

  test('quietAfterNotMe: for so long a stranger’s request sends nothing and is answered as ever; a browser that signed in before gets mail', async () => {
    await using kit = await start(quiet)
    const ada = somebody()
    const own = await signIn(kit, ada)
    const asked = await askAndOpen(kit, ada)
    await typeCode(asked.browser, asked)
    expect((await kit.browser().get(notMeLink(asked.message))).text).toContain('goes to this mailbox for 3 days')
    await kit.browser().post(notMeLink(asked.message), { email: ada })
    expect((await kit.browser().get(notMeLink(asked.message))).text).toContain('no mail to sign in goes to this mailbox')
    // Of the mailbox nothing else is left to remember.
    clock.forward(2 * DAY)
    await kit.postkey.purge()
    const count = kit.mailbox.all(ada).length
    // Nor to the one that had got in by it: it is no browser of hers.
    for (const stranger of [asked.browser, kit.browser()]) {
      const answer = await stranger.post('/sign-in', { email: ada })
      expect([answer.status, answer.location.startsWith('/sign-in/check?c=')]).toEqual([303, true])
    }
    await kit.settle()
    expect(kit.mailbox.all(ada)).toHaveLength(count)
    await own.post('/sign-out', {})
    await signIn(kit, ada, own)
    clock.forward(DAY)
    await signIn(kit, ada)
  })

  test('an operator sees a quiet time while it lasts, and ends it by lifting the limit of mails', async () => {
    const ops = `ops-${somebody()}`
    await using kit = await start({ ...quiet, operators: [ops] })
    const ada = somebody()
    const { message, browser } = await askAndOpen(kit, ada)
    await browser.post(notMeLink(message), {})
    const operator = await signIn(kit, ops)
    const { location } = await operator.post('/console/search', { q: ada })
    const held = async (): Promise<string | undefined> => /held until .*?datetime="([^"]*)"/s.exec((await operator.get(location)).text)?.[1]
    expect(await held()).toBe(new Date(clock.now() + 3 * DAY).toISOString())
    await operator.post(location, { act: 'lift_mails' })
    expect(await held()).toBeUndefined()
    const again = await signIn(kit, ada)
    clock.forward(10 * MINUTE)
    await again.post(notMeLink((await askAndOpen(kit, ada, { browser: again })).message), {})
    expect(await held()).toBeDefined()
    clock.forward(3 * DAY)
    await signIn(kit, ops, operator)
    expect(await held()).toBeUndefined()
  })

  test('of a step-up mail: all sessions end, for one of them asked; of the mails of a change: the change ends', async () => {
    await using kit = await start({ policy: { changeEmail: { confirm: 'both', undo: '72h', asks: { count: 5, per: '24h' } } } })
    const [ada, next] = [somebody(), somebody()]
    const [own, thief] = [await signIn(kit, ada), await signIn(kit, ada)]
    const step = await stepUp(kit, thief, ada)
    await kit.browser().post(notMeLink(step.message), { email: ada })
    expect([await own.whoAmI(), await thief.whoAmI()]).toEqual([null, null])

    clock.forward(HOUR)
    await signIn(kit, ada, own)
    // The new mailbox is a stranger's: the question ends, and nobody is signed out.
    const first = await askForChange(kit, own, ada, next)
    await kit.browser().post(notMeLink(first.toNew.message), { email: next })
    expect(await own.whoAmI()).toBe(ada)
    for (const side of ['change_email', 'leave_email'] as const)
      await typeChange(own, side === 'change_email' ? first.toNew : (first.toOld ?? first.toNew), side)
    expect(await own.whoAmI()).toBe(ada)

    clock.forward(10 * MINUTE)
    const second = await askForChange(kit, own, ada, next)
    expect(notMeLink(kit.mailbox.all(ada).find(({ text }) => text.includes('/account/undo/')))).toBe('')
    expect(challengeOf(second.toNew)).toBe(second.challenge)
    await typeChange(own, second.toNew, 'change_email')
    await kit.browser().post(notMeLink(second.toOld?.message), { email: ada })
    expect(await own.whoAmI()).toBeNull()
    clock.forward(HOUR)
    const again = await signIn(kit, ada, own)
    if (second.toOld !== null) await typeChange(again, second.toOld, 'leave_email')
    expect(await again.whoAmI()).toBe(ada)
  })

  test('RV-03: once either mailbox of a change said so, no agreement makes it, before or after; a stranger at the new one stays signed in', async () => {
    await using kit = await start({ policy: { changeEmail: { confirm: 'both', undo: '72h', asks: { count: 5, per: '24h' } } } })
    const [ada, next, bob] = [somebody(), somebody(), somebody()]
    const own = await signIn(kit, ada)
    const first = await askForChange(kit, own, ada, next)
    await typeChange(own, first.toNew, 'change_email')
    expect((await kit.browser().post(notMeLink(first.toNew.message), { email: next })).status).toBe(303)
    if (first.toOld === null) throw new Error('the old mailbox was not asked')
    await typeChange(own, first.toOld, 'leave_email')
    expect(await own.whoAmI()).toBe(ada)

    clock.forward(10 * MINUTE)
    const second = await askForChange(kit, own, ada, next)
    if (second.toOld === null) throw new Error('the old mailbox was not asked')
    await typeChange(own, second.toOld, 'leave_email')
    expect((await kit.browser().post(notMeLink(second.toOld.message), { email: ada })).status).toBe(303)
    clock.forward(HOUR)
    await signIn(kit, ada, own)
    await typeChange(own, second.toNew, 'change_email')
    expect([await own.whoAmI(), await openChangesTo(database.url, next)]).toEqual([ada, 0])

    const third = await askForChange(kit, own, ada, bob)
    const stranger = await signIn(kit, bob)
    expect((await kit.browser().post(notMeLink(third.toNew.message), { email: bob })).status).toBe(303)
    expect(await stranger.whoAmI()).toBe(bob)
  })

  test('of the mail to an address that somebody names on the way back in: the code is over, and the naming with it', async () => {
    await using kit = await start()
    const [ada, next] = [somebody(), somebody()]
    const [code = ''] = await printCodes(await signIn(kit, ada))
    const back = kit.browser()
    await back.post('/recover', { email: ada, code })
    const { toNew } = await nameAddress(kit, back, ada, next)
    expect((await kit.browser().post(notMeLink(toNew.message), { email: next })).status).toBe(303)
    expect((await typeNew(back, toNew)).status).toBe(410)
    expect(await openChangesTo(database.url, next)).toBe(0)
  })

  test('TK-21: newDeviceNotice tells of a sign-in from a new browser, not of the first one nor of a known one; its button ends it', async () => {
    await using kit = await start(told)
    const ada = somebody()
    const notices = () => kit.mailbox.all(ada).filter(({ subject }) => subject.startsWith('A new device'))
    const own = await signIn(kit, ada)
    await own.post('/sign-out', {})
    clock.forward(HOUR)
    await signIn(kit, ada, own)
    await kit.settle()
    expect(notices()).toEqual([])
    clock.forward(HOUR)
    const thief = kit.browser({
      address: '198.51.100.77',
      userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
    })
    await signIn(kit, ada, thief)
    await kit.settle()
    const [notice, ...more] = notices()
    expect(more).toEqual([])
    expect(notice?.text.replaceAll('\n', ' ')).toContain('Firefox on Windows (198.51.100.0/24)')
    expect(notice?.text).not.toMatch(/\/l\/|(?<![\w-])\d{6}(?![\w-])/)
    const path = notMeLink(notice)
    expect(said(await own.get(path))).toContain('Somebody signed in to your account at Example in Firefox on Windows')
    expect((await own.post(path, { email: EVE })).status).toBe(422)
    expect((await own.post(path, { email: ada })).status).toBe(303)
    expect([await thief.whoAmI(), await own.whoAmI()]).toEqual([null, ada])
    // It is a stranger again.
    clock.forward(HOUR)
    await signIn(kit, ada, thief)
    await kit.settle()
    expect(notices()).toHaveLength(2)
  })

  test('nobody is told of the first sign-in of an account that was made for them', async () => {
    const ops = `ops-${somebody()}`
    await using kit = await start({ ...told, operators: [ops] })
    await signIn(kit, ops)
    await kit.settle()
    expect(kit.mailbox.all(ops)).toHaveLength(1)
  })

  test('with the policy as it is there are no notices; and a refused sign-in sends none', async () => {
    await using kit = await start()
    const ada = somebody()
    await signIn(kit, ada)
    await signIn(kit, ada)
    await kit.settle()
    expect(kit.mailbox.all(ada)).toHaveLength(2)
    await using telling = await start(told)
    clock.forward(DAY)
    const { browser, challenge } = await askAndOpen(telling, ada)
    await browser.post('/sign-in/code', { c: challenge, code: '12345' })
    await telling.settle()
    expect(telling.mailbox.all(ada)).toHaveLength(1)
  })
})
