// Seed 2: from links to codes and back while people sign in. Some have the new way first, nobody is stranded by a mail of the old one,
// and the record tells how either fares.
import { describe, expect, test } from 'vitest'
import type { RollOutInput } from '../../src/index.ts'
import { stepUp } from '../account.ts'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, type Browser, type Kit, startKit } from '../kit.ts'
import { freshDatabase } from '../postgres.ts'

const ADA = 'ada@example.net'
const BOB = 'bob@example.net'
/** Ada is the first to have codes. */
const codesFirst: RollOutInput = { name: 'codes', addresses: [ADA], change: { methods: ['code'] } }

function moved(kit: Kit, from: Browser): Browser {
  const to = kit.browser()
  for (const [name, value] of from.cookies) to.cookies.set(name, value)
  return to
}

async function signInByCode(kit: Kit, browser: Browser, email: string): Promise<number> {
  const { challenge, code } = await askAndOpen(kit, email, { browser })
  return (await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status
}

describe.each(['sqlite', 'postgres'])('some first, on %s', (engine) => {
  const start = async (options: Parameters<typeof startKit>[0]) => {
    if (engine === 'sqlite') return startKit(options)
    const database = await freshDatabase()
    const kit = await startKit({ ...options, database: database.url })
    const close = async (): Promise<void> => {
      await kit.close()
      await database.drop()
    }
    return { ...kit, close, [Symbol.asyncDispose]: close }
  }

  test('who is listed gets a code and no link, everybody else what they had; all get in, and a resend stays with its kind', async () => {
    await using kit = await start({ policy: { methods: ['link'] }, rollOut: codesFirst })
    const ada = await askAndOpen(kit, ADA)
    const bob = await askAndOpen(kit, BOB)
    expect([ada.link === null, ada.code === null, bob.link === null, bob.code === null]).toEqual([true, false, false, true])
    kit.clock.forward(kit.postkey.policy.resendAfter)
    for (const { browser, challenge } of [ada, bob]) await browser.post('/sign-in/resend', { c: challenge })
    await kit.settle()
    const again = { ada: kit.mailbox.newest(ADA), bob: kit.mailbox.newest(BOB) }
    expect([again.ada.link === null, again.bob.code === null]).toEqual([true, true])
    expect((await ada.browser.post('/sign-in/code', { c: ada.challenge, code: again.ada.code ?? '' })).status).toBe(303)
    expect((await bob.browser.post(`/l/${bob.linkId}`, { secret: bob.secret })).status).toBe(303)
    expect([await ada.browser.whoAmI(), await bob.browser.whoAmI()]).toEqual([ADA, BOB])
  })

  test('the pages and the API say what this person’s mail holds, known here or not', async () => {
    await using kit = await start({ policy: { methods: ['link'], signUp: 'invited' }, rollOut: codesFirst })
    expect((await kit.browser().get('/sign-in')).text).toContain('We send you a mail to sign in with')
    for (const [email, methods] of [
      [ADA, ['code']],
      [BOB, ['link']],
    ] as const) {
      const browser = kit.browser()
      const asked = (await browser.api('POST', '/api/sign-in', { email })).json() as { methods: string[]; challenge: string }
      expect(asked.methods).toEqual(methods)
      const page = (await browser.get(`/sign-in/check?c=${asked.challenge}`)).text
      expect(page.includes('action="/sign-in/code"')).toBe(methods[0] === 'code')
    }
  })

  test('also the mail itself, and another proof for who is signed in, are of the policy of this mailbox', async () => {
    await using kit = await start({
      policy: { methods: ['link'], codeInSubject: true },
      rollOut: { ...codesFirst, change: { methods: ['code'], codeInSubject: false } },
    })
    const ada = kit.browser()
    expect(await signInByCode(kit, ada, ADA)).toBe(303)
    const first = kit.mailbox.newest(ADA)
    expect(first.message.subject).not.toContain(first.code ?? '?')
    const { code, link } = await stepUp(kit, ada, ADA)
    expect([code === null, link]).toEqual([false, null])
  })

  test('who has one kind of mail is not let in by the other', async () => {
    await using kit = await start({ rollOut: codesFirst })
    const { browser, challenge, code } = await askAndOpen(kit, ADA)
    expect((await browser.get(`/l/${challenge}0`)).status).toBe(404)
    const verify = await browser.api('POST', '/api/sign-in/verify', { link: { id: `${challenge}0`, secret: 'A'.repeat(43) } })
    expect(verify.status).toBe(404)
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
  })
})

describe('from links to codes and back, with mails out', () => {
  test('a link from before leads to a page that says what helps, and one tap on it brings the code', async () => {
    await using database = await temporaryDatabase()
    const before = await startKit({ database: database.url, policy: { methods: ['link'] } })
    const { browser, challenge, linkId, secret } = await askAndOpen(before, ADA)
    await before.close()
    await using kit = await startKit({ database: database.url, policy: { methods: ['code'] } })
    kit.clock.forward(kit.postkey.policy.resendAfter)
    const same = moved(kit, browser)
    const page = await same.get(`/l/${linkId}`)
    expect([page.status, page.text.includes('Links are switched off'), page.text.includes('that one brings a code')]).toEqual([
      410,
      true,
      true,
    ])
    // That mail had no code: the page does not offer to type one.
    expect(page.text).not.toContain('>Type the code<')
    expect(page.text).toContain(`name="c" value="${challenge}"`)
    expect((await same.post(`/l/${linkId}`, { secret })).status).toBe(410)
    await same.post('/sign-in/resend', { c: challenge })
    await kit.settle()
    const { code, link } = kit.mailbox.newest(ADA)
    expect(link).toBeNull()
    expect((await same.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    expect(await same.whoAmI()).toBe(ADA)
  })

  test('a code from before leads to a page that says what helps, one tap brings the link, and once no code can live the route is gone', async () => {
    await using database = await temporaryDatabase()
    const before = await startKit({ database: database.url, policy: { methods: ['code'] } })
    const { browser, challenge, code } = await askAndOpen(before, ADA)
    const { codeTtl } = before.postkey.policy
    await before.close()
    await using kit = await startKit({ database: database.url, policy: { methods: ['link'] } })
    kit.clock.forward(kit.postkey.policy.resendAfter)
    const same = moved(kit, browser)
    const page = await same.post('/sign-in/code', { c: challenge, code: code ?? '' })
    expect([page.status, page.text.includes('If it has none, ask for a new mail')]).toEqual([422, true])
    await same.post('/sign-in/resend', { c: challenge })
    await kit.settle()
    const newest = kit.mailbox.newest(ADA)
    expect(newest.code).toBeNull()
    kit.clock.forward(codeTtl)
    expect((await same.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(404)
    expect((await same.post(`/l/${newest.linkId}`, { secret: newest.secret })).status).toBe(303)
  })

  test('links, both, codes, both, links: whoever asked under one gets in under the next by what is left of the mail, or by one more mail', async () => {
    await using database = await temporaryDatabase()
    const kinds = [['link'], ['link', 'code'], ['code'], ['link', 'code'], ['link']] as const
    let waiting: { browser: Browser; challenge: string; code: string | null; linkId: string; secret: string } | null = null
    let at: number | null = null
    for (const methods of kinds) {
      await using kit = await startKit({ database: database.url, policy: { methods: [...methods] } })
      if (at !== null) kit.clock.at = at
      kit.clock.forward(2 * 60_000)
      if (waiting !== null) {
        const { challenge } = waiting
        const same = moved(kit, waiting.browser)
        const both = waiting.linkId !== '' && waiting.code !== null
        const has = { link: waiting.linkId !== '', code: waiting.code !== null }
        const old = methods.find((method) => has[method])
        if (old === undefined) throw new Error('there is always one kind in common here')
        const answer =
          old === 'link'
            ? await same.post(`/l/${waiting.linkId}`, { secret: waiting.secret })
            : await same.post('/sign-in/code', { c: challenge, code: waiting.code ?? '' })
        expect([methods, both, answer.status, await same.whoAmI()]).toEqual([methods, both, 303, ADA])
      }
      // Past the share of mails of this mailbox.
      kit.clock.forward(kit.postkey.policy.linkTtl)
      waiting = await askAndOpen(kit, ADA)
      at = kit.clock.at
    }
  })
})

test('a share: the same people each time, those of a smaller share among those of a greater, and after a restart', async () => {
  const people = Array.from({ length: 24 }, (_, at) => `person${at}@example.net`)
  const withCodes = async (percent: number): Promise<string[]> => {
    await using kit = await startKit({ policy: { methods: ['link'] }, rollOut: { ...codesFirst, addresses: [], percent } })
    const found: string[] = []
    for (const email of people) if ((await askAndOpen(kit, email)).code !== null) found.push(email)
    return found
  }
  const [none, some, again, more, all] = [
    await withCodes(0),
    await withCodes(40),
    await withCodes(40),
    await withCodes(70),
    await withCodes(100),
  ]
  expect([none, all, again]).toEqual([[], people, some])
  expect(some.length).toBeGreaterThan(0)
  expect(some.length).toBeLessThan(more.length)
  expect(more).toEqual(expect.arrayContaining(some))
})

test('the console shows who has what, and the numbers by policy tell both apart', async () => {
  await using kit = await startKit({ policy: { methods: ['link'] }, rollOut: codesFirst, operators: ['ops@example.net'] })
  expect(await signInByCode(kit, kit.browser(), ADA)).toBe(303)
  await askAndOpen(kit, BOB)
  const operator = kit.browser()
  const { linkId, secret } = await askAndOpen(kit, 'ops@example.net', { browser: operator })
  await operator.post(`/l/${linkId}`, { secret })
  const page = (await operator.get('/console/policy')).text
  expect(page).toContain('0 % of all addresses and 1 address of a list')
  const versions = [...page.matchAll(/<code>([0-9a-f]{12})<\/code> <span class="tag">in force/g)].map(([, version]) => version)
  expect(versions.length).toBe(2)
  expect(versions).toContain(kit.postkey.versions.policy)
  let numbers = ''
  // Counted in the background, apart from whoever looks.
  await expect
    .poll(async () => (numbers = (await operator.get('/console?of=24h&by=policy')).text), { timeout: 20_000, interval: 100 })
    .toContain('Under which policy they asked')
  for (const version of versions) expect(numbers).toContain(version as string)
})

test('a roll-out that cannot be is refused with everything that is wrong', async () => {
  await expect(startKit({ rollOut: { name: 'codes', percent: 120, change: { codeLength: 8 } as never } })).rejects.toThrow(/percent/)
  await expect(startKit({ rollOut: { name: 'codes', change: { codeLength: 8 } } })).rejects.toThrow(
    /codeLength cannot differ between people/,
  )
})
