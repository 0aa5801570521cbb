// Scanners, gateways and attackers in a real browser: whoever opens the mail before its reader does, or changes its link on the way.
import { describe, expect, test } from 'vitest'
import { pressEverything } from '../../src/preflight/press.ts'
import { damages } from '../../src/preflight/rewriters.ts'
import { browserFor } from '../chromium.ts'
import { type Live, type Person, startLive, startOther } from '../live.ts'
import { sized } from '../size.ts'

const ADA = 'ada@example.net'
const browser = browserFor()

async function isStranger(scanner: Person): Promise<void> {
  expect(await scanner.sessionCookie()).toBeUndefined()
  expect(await scanner.whoAmI()).toBeNull()
}

async function codeSignsIn(live: Live, person: Person, code: string): Promise<void> {
  await person.page.locator('#code').fill(code)
  await person.page.waitForURL(`${live.url}/`)
  expect(await person.whoAmI()).toBe(ADA)
}

async function linkSignsIn(live: Live, person: Person, link: string): Promise<void> {
  await person.page.goto(link)
  await person.page.waitForURL(`${live.url}/`)
  expect(await person.whoAmI()).toBe(ADA)
}

describe('a scanner with a real browser', () => {
  test('SC-03: it runs all scripts and waits, and posts nothing; the person’s link signs in afterwards', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    await using scanner = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    await scanner.page.goto(link)
    await scanner.page.mouse.move(200, 300)
    await scanner.page.waitForTimeout(3_000)
    expect(scanner.posts).toEqual([])
    await isStranger(scanner)
    await linkSignsIn(live, ada, link)
  })

  test.each(['link', 'code'] as const)(
    'SC-04: it presses everything on every page it gets, two pages deep, and is not signed in; then the person’s %s works',
    async (proof) => {
      await using live = await startLive()
      await using ada = await live.person(await browser())
      await using scanner = await live.person(await browser())
      const { link, code } = await ada.ask(ADA)
      const pressed = await pressEverything(scanner.page, link, { depth: 2 })
      expect(pressed).toBeGreaterThan(8)
      expect(scanner.linkPosts).toBeGreaterThan(0)
      await isStranger(scanner)
      await (proof === 'link' ? linkSignsIn(live, ada, link) : codeSignsIn(live, ada, code))
    },
  )

  test('SC-04: it types an address of its own into every field, too, and is stopped; the person’s code and link still work', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    await using scanner = await live.person(await browser())
    const { link, code } = await ada.ask(ADA)
    for (let round = 0; round < 3; round++) await pressEverything(scanner.page, link, { depth: 1, typing: 'someone@example.com' })
    await isStranger(scanner)
    await codeSignsIn(live, ada, code)
    await using bob = await live.person(await browser())
    const second = await bob.ask(ADA, { nth: 2 })
    await pressEverything(scanner.page, second.link, { depth: 1, typing: '123456' })
    await linkSignsIn(live, bob, second.link)
  })

  test('SC-05: between request and click of several people at once, every person signs in', async () => {
    await using live = await startLive()
    const story = async (email: string): Promise<void> => {
      await using person = await live.person(await browser())
      await using scanner = await live.person(await browser())
      const { link } = await person.ask(email)
      await pressEverything(scanner.page, link, { depth: 1 })
      expect(scanner.linkPosts).toBeGreaterThan(0)
      await isStranger(scanner)
      await person.page.goto(link)
      await person.page.waitForURL(`${live.url}/`)
      expect(await person.whoAmI()).toBe(email)
    }
    // test/deep/scanners.test.ts does it to two hundred.
    await Promise.all(Array.from({ length: sized(3, 5) }, (_, nth) => story(`person-${nth}@example.net`)))
  })

  test('SC-06: the window of an attacker who asked for somebody else’s address is not signed in by it', async () => {
    await using live = await startLive()
    await using attacker = await live.person(await browser())
    await using scanner = await live.person(await browser())
    const { link } = await attacker.ask(ADA)
    const waiting = attacker.page.url()
    await pressEverything(scanner.page, link, { depth: 1 })
    await isStranger(scanner)
    await attacker.page.reload()
    expect(attacker.page.url()).toBe(waiting)
    await isStranger(attacker)
    expect(live.log.some((line) => line.includes('"signed_in"'))).toBe(false)
  })
})

test('SC-14: a scanner presses everything that “This was not me” leads to, and types an address of its own; the person signs in all the same', async () => {
  await using live = await startLive()
  await using ada = await live.person(await browser())
  await using scanner = await live.person(await browser())
  const { code } = await ada.ask(ADA)
  const [mail] = (await (await fetch(`http://localhost:${live.port}/dev/inbox.json?to=${ADA}`)).json()) as { text: string }[]
  const path = /\/not-me\/\w+/.exec(mail?.text ?? '')?.[0] ?? ''
  for (const typing of [undefined, 'someone@example.com'])
    await pressEverything(scanner.page, `${live.url}${path}`, { depth: 2, ...(typing === undefined ? {} : { typing }) })
  expect(scanner.posts.filter((one) => one.startsWith('/not-me/')).length).toBeGreaterThan(2)
  await codeSignsIn(live, ada, code)

  // A person who types it, from the landing page of the link.
  const { link, secret } = await ada.ask(ADA, { nth: 2 })
  await scanner.page.goto(link)
  await scanner.page.getByLabel('Which address was the mail sent to?').fill(ADA)
  await scanner.page.getByRole('button', { name: 'This was not me' }).click()
  await scanner.page.getByRole('heading', { name: 'It is ended' }).waitFor()
  expect(scanner.page.url()).not.toContain(secret)
})

describe('SC-09: a gateway that changes the link', () => {
  test.each(Object.entries(damages))(
    '%s: in another browser it says where the code is typed; here it is typed on that very page',
    async (_, damage) => {
      await using live = await startLive()
      await using ada = await live.person(await browser())
      await using phone = await live.person(await browser())
      const { link, bare, secret, code } = await ada.ask(ADA)

      expect((await phone.page.goto(damage(link)))?.status()).toBe(200)
      expect(await phone.page.locator('main p:visible').first().textContent()).toContain('Type the code from the mail there.')
      expect(await phone.page.locator('input:visible').count()).toBe(0)
      expect(phone.posts).toEqual([])

      expect((await ada.page.goto(damage(link)))?.status()).toBe(200)
      await ada.page.locator('#code').waitFor()
      expect(ada.linkPosts).toBe(0)
      // What the gateway wrote into the path leaves the address bar too.
      expect(ada.page.url()).toBe(bare)
      await codeSignsIn(live, ada, code)
      expect(live.log.join('')).not.toContain(secret)
    },
  )

  test('adds a query and keeps the fragment: the link signs in', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { bare, secret } = await ada.ask(ADA)
    await linkSignsIn(live, ada, `${bare}?utm_source=mail&utm_medium=email#${secret}`)
  })

  test('sends the click through its own address: from webmail the cookie arrives all the same, and the link signs in', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    await using webmail = await startOther((request, response) => {
      if (request.url?.startsWith('/safe') === true)
        response.writeHead(302, { location: new URL(request.url, live.url).searchParams.get('url') ?? '' }).end()
      else
        response
          .writeHead(200, { 'content-type': 'text/html' })
          .end(`<a target=_blank rel="noopener noreferrer" href="/safe?url=${encodeURIComponent(link)}">Sign in</a>`)
    })
    await ada.page.goto(webmail.url)
    const [tab] = await Promise.all([ada.context.waitForEvent('page'), ada.page.getByRole('link', { name: 'Sign in' }).click()])
    await tab.waitForURL(`${live.url}/`)
    const opened = ada.received.find(({ url }) => url.startsWith('/l/'))
    expect(opened?.headers['sec-fetch-site']).toBe('cross-site')
    expect(opened?.headers.cookie).toContain('postkey-browser=')
    expect(ada.linkPosts).toBe(1)
    expect(await ada.whoAmI()).toBe(ADA)
  })
})

describe('CS-16: what others could read along', () => {
  test('neither secret, code nor address is in any URL, Referer or log line of a whole sign-in, and nothing is fetched elsewhere', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    await using phone = await live.person(await browser())
    const asked: string[] = []
    for (const person of [ada, phone]) person.context.on('request', (request) => asked.push(request.url()))

    const { link, secret, code } = await ada.askOnPage(ADA, { returnTo: '/account' })
    await phone.page.goto(link)
    const field = phone.page.getByLabel('Which address was the mail sent to?')
    for (const typed of ['eve@example.net', ADA]) {
      await field.fill(typed)
      await phone.page.getByRole('button', { name: 'Sign in here' }).click()
      await phone.page.waitForLoadState()
    }
    await phone.page.waitForURL('**/account')
    await ada.page.locator('#code').fill(code === '000000' ? '000001' : '000000')
    await ada.page.getByRole('alert').waitFor()
    await ada.page.waitForLoadState()
    await ada.page.locator('#code').fill(code)
    await ada.page.waitForURL('**/account')
    const again = await ada.askOnPage(ADA, { nth: 2 })
    await ada.page.goto(again.link)
    await ada.page.waitForURL((url) => url.pathname === '/')
    await ada.page.goto('/account')
    await ada.page.getByRole('button', { name: 'Sign out' }).click()
    await ada.page.waitForURL('**/sign-in?notice=signed_out')

    const ours = live.received.filter(({ headers }) => headers['x-forwarded-for'] !== undefined)
    const urls = ours.map(({ url }) => url)
    const referers = [...new Set(ours.map(({ headers }) => headers.referer ?? ''))]
    expect(referers.toSorted()).toEqual(['', `${live.url}/`])
    expect(asked.filter((url) => !url.startsWith(`${live.url}/`))).toEqual([])
    const seen = [...urls, ...referers, ...live.log].join('\n')
    for (const kept of [secret, again.secret, code, again.code, ADA, encodeURIComponent(ADA), 'eve@', 'ada@'])
      expect(seen).not.toContain(kept)
  })
})
