// A person opens the link, in a real browser against a real server: in the browser that asked, in another one, with somebody else
// signed in, twice at once, with the first answer lost, and ahead of time.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { browserFor } from '../chromium.ts'
import { type LiveMail, type Person, type Received, startLive, startLiveBehind, startOther } from '../live.ts'
import { sized, someOf } from '../size.ts'

const ADA = 'ada@example.net'
const GRACE = 'grace@example.net'
const browser = browserFor()

/** Long enough for anything that a page would do by itself. */
const settle = (page: Page): Promise<void> => page.waitForTimeout(350)

/** The browser's own page that says the answer did not come. */
const lost = (page: Page): Promise<void> =>
  expect.poll(() => page.evaluate(() => location.protocol).catch(() => ''), { timeout: 5_000 }).toBe('chrome-error:')

const headed = (page: Page, name: string): Promise<void> => page.getByRole('heading', { level: 1, name }).waitFor()

const heading = (page: Page): Promise<string | null> => page.getByRole('heading', { level: 1 }).textContent()

describe('in the browser that asked', () => {
  test('it submits itself exactly once, and by then the secret has left the address bar', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link, bare } = await ada.askOnPage(ADA, { returnTo: '/account' })
    const { page } = ada
    let atSubmit = ''
    await page.route('**/l/*', async (route) => {
      if (route.request().method() === 'POST') atSubmit = page.url()
      await route.continue()
    })
    await page.goto(link)
    await page.waitForURL('**/account')
    await settle(page)
    expect(atSubmit).toBe(bare)
    expect(ada.linkPosts).toBe(1)
    expect(await ada.whoAmI()).toBe(ADA)
    expect(await ada.sessions()).toBe(1)
  })

  test('CS-01: the page’s own POST carries our Origin, a Referer without path, and is accepted', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    await ada.page.goto(link)
    await ada.page.waitForURL(`${live.url}/`)
    const post = ada.received.find(({ method, url }) => method === 'POST' && url.startsWith('/l/'))
    expect(post?.headers).toMatchObject({
      origin: live.url,
      referer: `${live.url}/`,
      'sec-fetch-site': 'same-origin',
      'sec-fetch-mode': 'navigate',
    })
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('a link that a mail program glued a full stop to works', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    await ada.page.goto(`${link}.`)
    await ada.page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('a wrong secret ends on a page that says so once, and neither link nor code is spent', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link, bare, code } = await ada.ask(ADA)
    const { page } = ada
    await page.goto(`${bare}#${'x'.repeat(43)}`)
    await page.getByText('Nothing was used up').waitFor()
    await settle(page)
    expect(ada.linkPosts).toBe(1)
    await page.getByRole('link', { name: 'Type the code' }).click()
    await page.locator('#code').waitFor()
    await ada.typeCode(code)
    await page.waitForURL(`${live.url}/`)
    await page.goto(link)
    await page.waitForURL((url) => url.pathname === '/')
    expect(await ada.sessions()).toBe(1)
  })
})

describe('RC-08: more than once', () => {
  test.each(someOf([0, 1, 2, 3, 4, 5], 2))('the timer and a click %d ms after it are one POST and one session', async (ms) => {
    await using live = await startLive({ policy: { autoSubmitDelay: '20ms' } })
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    const { page } = ada
    const sent: string[] = []
    page.on('request', (request) => void (request.method() === 'POST' && sent.push(request.url())))
    await page.addInitScript((after) => {
      // Runs with the page's own timer: the click comes `after` milliseconds from it, the double click right behind.
      document.addEventListener('DOMContentLoaded', () => {
        const button = document.querySelector<HTMLButtonElement>('[data-auto-submit] button')
        for (const at of [0, 1]) setTimeout(() => button?.click(), 20 + after + at)
      })
    }, ms)
    await page.goto(link)
    await page.waitForURL(`${live.url}/`)
    expect(sent).toHaveLength(1)
    expect(ada.linkPosts).toBe(1)
    expect(await ada.sessions()).toBe(1)
  })

  test('the same link in many tabs at once is one session, and no tab shows an error', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    const tabs = await Promise.all(Array.from({ length: sized(4, 10) }, () => ada.context.newPage()))
    await Promise.all(tabs.map((tab) => tab.goto(link)))
    await Promise.all(tabs.map((tab) => tab.waitForURL((url) => url.pathname === '/')))
    expect(await ada.whoAmI()).toBe(ADA)
    expect(await ada.sessions()).toBe(1)
  })

  test('a double click on the button of the page that waits for a person is one POST', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    await using phone = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    await phone.page.goto(link)
    await phone.page.getByLabel('Which address was the mail sent to?').fill(ADA)
    await phone.page.getByRole('button', { name: 'Sign in here' }).dblclick()
    await phone.page.waitForURL(`${live.url}/`)
    expect(phone.linkPosts).toBe(1)
  })

  test('a first answer that never arrives: sent again by reload, it is the same session', async () => {
    let losses = 0
    await using live = await startLiveBehind({
      loses: ({ method, url }) => method === 'POST' && url?.startsWith('/l/') === true && losses++ === 0,
    })
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    const { page } = ada
    await page.goto(link)
    await lost(page)
    expect(losses).toBe(1)
    expect(await ada.sessionCookie()).toBeUndefined()
    await page.reload()
    await page.waitForURL(`${live.url}/`)
    expect(ada.linkPosts).toBe(2)
    expect(await ada.whoAmI()).toBe(ADA)
    expect(await ada.sessions()).toBe(1)
  })

  test('a first answer that never arrives: opened from the mail again, the link signs in, with the same session', async () => {
    let losses = 0
    await using live = await startLiveBehind({
      loses: ({ method, url }) => method === 'POST' && url?.startsWith('/l/') === true && losses++ === 0,
    })
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    const { page } = ada
    await page.goto(link)
    await lost(page)
    await page.goto(link)
    await page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
    expect(await ada.sessions()).toBe(1)
  })

  test('a code whose answer never arrives: typed again it is the same session', async () => {
    let losses = 0
    await using live = await startLiveBehind({ loses: ({ url }) => url === '/sign-in/code' && losses++ === 0 })
    await using ada = await live.person(await browser())
    const { code } = await ada.ask(ADA)
    const { page } = ada
    const check = page.url()
    await ada.typeCode(code)
    await lost(page)
    expect(losses).toBe(1)
    await page.goto(check)
    await page.locator('#code').waitFor()
    await ada.typeCode(code)
    await page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
    expect(await ada.sessions()).toBe(1)
  })
})

describe('RC-09: back, reload, duplicate', () => {
  test('after signing in by link none of them shows an error, asks to send anything again, or signs in anew', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link, bare } = await ada.askOnPage(ADA, { returnTo: '/account' })
    const { page } = ada
    await page.goto(link)
    await page.waitForURL('**/account')
    const ways: Record<string, () => Promise<unknown>> = {
      reload: () => page.reload(),
      back: () => page.goBack(),
      'back twice': () => page.goBack(),
      forward: () => page.goForward(),
      'the link again': () => page.goto(link),
      'without the fragment': () => page.goto(bare),
    }
    for (const [way, go] of Object.entries(ways)) {
      await go()
      await page.waitForLoadState()
      // No fragment: a browser carries that of the link along to where it is redirected, and with it the secret.
      const { pathname, hash } = new URL(page.url())
      expect([way, pathname, hash]).toEqual([way, '/account', ''])
      expect([way, await heading(page)]).toEqual([way, 'Your account'])
    }
    const copy = await ada.context.newPage()
    await copy.goto(link)
    await copy.waitForURL((url) => url.pathname === '/account')
    expect(ada.linkPosts).toBe(1)
    expect(await ada.sessions()).toBe(1)
  })

  test('an application on another origin gets the person back, first and again, and never the secret with them', async () => {
    await using app = await startOther((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>The application</h1>'),
    )
    await using live = await startLive({ flags: { returnOrigins: app.url } })
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA, { returnTo: `${app.url}/notes/7` })
    const { page } = ada
    for (const _ of ['first', 'again']) {
      await page.goto(link)
      await headed(page, 'The application')
      const { origin, pathname, hash } = new URL(page.url())
      expect([origin, pathname, hash]).toEqual([app.url, '/notes/7', ''])
    }
    expect(ada.linkPosts).toBe(1)
  })

  test('after signing in by code, "back" leads on to where the person is signed in', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { code } = await ada.askOnPage(ADA, { returnTo: '/account' })
    await ada.typeCode(code)
    await ada.page.waitForURL('**/account')
    const { page } = ada
    await page.goBack()
    expect(new URL(page.url()).pathname).toBe('/account')
    await page.reload()
    expect(await heading(page)).toBe('Your account')
    expect(ada.codePosts).toBe(1)
  })

  test('a second tab that waited with the code field is led on, too', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link, code } = await ada.ask(ADA)
    const waiting = ada.page
    const tab = await ada.context.newPage()
    await tab.goto(link)
    await tab.waitForURL(`${live.url}/`)
    await waiting.locator('#code').pressSequentially(code)
    await waiting.waitForURL(`${live.url}/`)
    expect(await ada.sessions()).toBe(1)
  })
})

describe('in another browser', () => {
  test('it says who asked, waits for the address, signs in there; the code in the first one works afterwards', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    await using phone = await live.person(await browser(), { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true })
    const { link, bare, code } = await ada.ask(ADA)
    const { page } = phone
    await page.goto(link)
    await settle(page)
    expect(phone.posts).toEqual([])
    expect(page.url()).toBe(bare)
    expect(await heading(page)).toBe('Where do you want to sign in?')
    expect(await page.locator('main').textContent()).not.toContain(ADA)
    const field = page.getByLabel('Which address was the mail sent to?')
    await field.fill('eve@example.net')
    await page.getByRole('button', { name: 'Sign in here' }).tap()
    await page.getByRole('alert').waitFor()
    expect(await page.title()).toMatch(/^Error: /)
    await expect.poll(() => page.evaluate(() => document.activeElement?.hasAttribute('data-summary'))).toBe(true)
    await page.reload()
    await settle(page)
    expect([phone.linkPosts, await page.title()]).toEqual([1, 'Sign in · Fieldnotes'])
    await field.fill('Ada@Example.net')
    await page.getByRole('button', { name: 'Sign in here' }).tap()
    await page.waitForURL(`${live.url}/`)
    expect(await phone.whoAmI()).toBe(ADA)
    expect(await ada.whoAmI()).toBeNull()

    await ada.typeCode(code)
    await ada.page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
    expect(await ada.sessions()).toBe(2)
  })

  test('where it may only say "go back to where you started", the secret leaves the address bar as well', async () => {
    await using live = await startLive({ policy: { preset: 'strict' } })
    await using ada = await live.person(await browser())
    await using phone = await live.person(await browser())
    const { link, bare, code } = await ada.ask(ADA)
    await phone.page.goto(link)
    await settle(phone.page)
    expect(phone.page.url()).toBe(bare)
    expect(await phone.page.locator('form').count()).toBe(0)
    expect(await heading(phone.page)).toBe('Go on where you started')
    await ada.typeCode(code)
    await ada.page.waitForURL(`${live.url}/`)
  })

  test('the button without an address posts nothing', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    await using phone = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    await phone.page.goto(link)
    await phone.page.getByRole('button', { name: 'Sign in here' }).click()
    await settle(phone.page)
    expect(phone.posts).toEqual([])
  })
})

describe('with somebody else signed in', () => {
  /** Ada is signed in; a mail for Grace was asked for in the same browser. */
  async function asked(ada: Person): Promise<LiveMail> {
    await ada.signIn(ADA)
    const mail = await ada.ask(GRACE)
    expect(await ada.page.locator('main').textContent()).toContain(`signed in as ${ADA}`)
    return mail
  }

  test('the link never submits itself and offers both ways; going on is said plainly, and the old session is dead', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link } = await asked(ada)
    const { page } = ada
    const old = await ada.sessionCookie()
    await page.goto(link)
    await settle(page)
    expect(ada.linkPosts).toBe(0)
    expect(await heading(page)).toBe('Change accounts?')

    await page.getByRole('link', { name: 'Keep the current session' }).click()
    await page.waitForURL('**/account')
    expect(await ada.whoAmI()).toBe(ADA)

    await page.goto(link)
    await page.getByRole('button', { name: `Continue as ${GRACE}` }).click()
    await page.waitForURL('**/sign-in/switched?c=*')
    expect(await page.locator('main').textContent()).toContain(`You are now signed in as ${GRACE}`)
    expect(ada.linkPosts).toBe(1)
    expect(await ada.whoAmI()).toBe(GRACE)
    const { status } = await fetch(`${live.url}/api/session`, { headers: { cookie: `postkey-session=${old}` } })
    expect(status).toBe(401)
    await page.getByRole('link', { name: 'Continue', exact: true }).click()
    await page.waitForURL(`${live.url}/`)
  })

  test('by code it is said just as plainly', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { code } = await asked(ada)
    await ada.typeCode(code)
    await ada.page.waitForURL('**/sign-in/switched?c=*')
    expect(await ada.whoAmI()).toBe(GRACE)
  })
})

describe('ahead of time', () => {
  test('SC-02: a prefetch by speculation rules gets the inert page, and the visit it was for signs in', async () => {
    await using live = await startLive()
    // Our own pages allow no script but ours; another page of the same site could be the one that prefetches.
    await using ada = await live.person(await browser(), { bypassCSP: true })
    const { link } = await ada.ask(ADA)
    const { page } = ada
    await page.evaluate(speculate, { rule: 'prefetch', link })
    await expect.poll(() => live.received.filter(({ headers }) => headers['sec-purpose'] === 'prefetch').length).toBe(1)
    await settle(page)
    expect(ada.linkPosts).toBe(0)
    await page.getByRole('link', { name: 'Speculated' }).click()
    await page.waitForURL(`${live.url}/`)
    expect(ada.linkPosts).toBe(1)
  })

  test('a prerendered landing page posts nothing until it is shown, then once', async () => {
    // Chromium prerenders when it sees fit, which a busy machine can keep it from: so it is asked up to three times.
    const prerendered = (await prerenderedVisit()) || (await prerenderedVisit()) || (await prerenderedVisit())
    expect(prerendered).toBe(true)
  })

  test('in a tab that nobody looks at it waits; when the tab is shown it submits once', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    const { page } = ada
    await page.addInitScript(() => {
      let state = 'hidden'
      Object.defineProperty(Document.prototype, 'visibilityState', { get: () => state, configurable: true })
      addEventListener('story:shown', () => {
        state = 'visible'
        document.dispatchEvent(new Event('visibilitychange'))
        document.dispatchEvent(new Event('visibilitychange'))
      })
    })
    await page.goto(link)
    await settle(page)
    expect(ada.linkPosts).toBe(0)
    await page.evaluate(() => dispatchEvent(new Event('story:shown')))
    await page.waitForURL(`${live.url}/`)
    expect(ada.linkPosts).toBe(1)
  })
})

describe('CS-13: in somebody else’s frame', () => {
  test.each(['url', 'sibling'] as const)('neither another site nor a sibling origin can frame it (%s)', async (where) => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { link } = await ada.ask(ADA)
    await using other = await startOther((_, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<!doctype html><title>other</title><iframe src="${link}"></iframe><object data="${link}" type="text/html"></object>`)
    })
    const { page } = ada
    await page.goto(other[where])
    await settle(page)
    const framed = page.frames().slice(1)
    expect(framed.length).toBeGreaterThan(0)
    for (const frame of framed) expect(await frame.locator('form, h1').count()).toBe(0)
    expect(ada.linkPosts).toBe(0)
    const answer = await page.goto(link.split('#')[0] ?? '')
    expect(answer?.headers()).toMatchObject({ 'x-frame-options': 'DENY', 'cross-origin-opener-policy': 'same-origin' })
    expect(answer?.headers()['content-security-policy']).toContain("frame-ancestors 'none'")
  })
})

/**
 * False: the browser did not prerender. Playwright forbids that in every tab it controls, so this one is opened without it and tells
 * by its requests how far it is. The page that prerenders stands before the server, at the same origin.
 */
async function prerenderedVisit(): Promise<boolean> {
  let told = ''
  await using live = await startLiveBehind({
    page: ({ url }) => (url === '/host' ? hostPage : url === '/host-link' ? told : undefined),
  })
  const landings = (method: string): Received[] => live.received.filter((one) => one.method === method && one.url.startsWith('/l/'))
  const cdp = await (await browser()).newBrowserCDPSession()
  const { browserContextId } = await cdp.send('Target.createBrowserContext')
  try {
    await cdp.send('Target.createTarget', { url: `${live.url}/host`, browserContextId })
    told = (await live.mail(ADA)).link
    for (const until = Date.now() + 4_000; landings('GET').length === 0; await new Promise((resolve) => setTimeout(resolve, 50))) {
      if (Date.now() > until) return false
    }
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(landings('GET').map(({ headers }) => headers['sec-purpose'])).toEqual(['prefetch;prerender'])
    expect(landings('POST')).toEqual([])
    // The host page follows the link when it is told so.
    told = 'go'
    await expect.poll(() => landings('POST').length, { timeout: 5_000 }).toBe(1)
    await expect.poll(() => live.log.filter((line) => line.includes('"signed_in"') && line.includes('"sign_in_verify"')).length).toBe(1)
    // Shown as it was prerendered, not fetched again.
    expect(landings('GET')).toHaveLength(1)
    return true
  } finally {
    await cdp.send('Target.disposeBrowserContext', { browserContextId })
  }
}

function speculate({ rule, link }: { rule: string; link: string }): void {
  const script = document.createElement('script')
  script.type = 'speculationrules'
  script.textContent = JSON.stringify({ [rule]: [{ source: 'list', urls: [link], eagerness: 'immediate' }] })
  const anchor = document.createElement('a')
  anchor.href = link
  anchor.textContent = 'Speculated'
  document.body.append(script, anchor)
}

/** Asks for a mail, waits to be told its link, prerenders it, waits to be told to go, and follows it. */
const hostPage = `<!doctype html><title>host</title><body><script>
const pause = () => new Promise((resolve) => setTimeout(resolve, 50))
const told = async () => (await fetch('/host-link')).text()
const run = async () => {
  await fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ email: '${ADA}' }) })
  let link = ''
  while ((link = await told()) === '') await pause()
  ;(${speculate.toString()})({ rule: 'prerender', link })
  while ((await told()) !== 'go') await pause()
  document.querySelector('a').click()
}
run()
</script>`
