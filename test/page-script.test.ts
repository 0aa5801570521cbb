// The client script in a real browser, under the pages' own content security policy: what it does, and what it must never do.
// The server here only shows sample pages and writes down what is posted.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { icon, script, styles } from '../src/page/assets.generated.ts'
import { checkPage } from '../src/page/check.tsx'
import { landingPage } from '../src/page/landing.tsx'
import { browserFor } from './chromium.ts'
import { check, frameOf, landing, policyOf, samples } from './page-samples.ts'

const SECRET = 'Zk3vXxYyPq8W1aaBbCcDdEeFfGgHhIiJjKkLlMmNnOo'
const LINK = `/l/${landing.linkId}`
const CHECK = `/sign-in/check?c=${check.challenge}`
const csp =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
const browser = browserFor()

/** What GET shows at each path; tests put their own page in. */
let pages: Record<string, string> = {}
/** What a POST answers; null leaves the page where it is, as a slow network would. */
let answer: string | null = null
let posts: { path: string; fields: Record<string, string> }[] = []
let gets: string[] = []
let server: Server
let base = ''

beforeAll(async () => {
  server = createServer((request, response) => {
    void serve(request).then(([status, type, body]) =>
      response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': csp }).end(body),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.close()
})

beforeEach(() => {
  pages = { [LINK]: landingPage(frameOf(), landing), '/sign-in/check': checkPage(frameOf(), check), '/sign-in': samples()['ask'] ?? '' }
  answer = null
  posts = []
  gets = []
})

async function serve(request: IncomingMessage): Promise<[number, string, string]> {
  const url = new URL(request.url ?? '/', base)
  if (url.pathname.endsWith('.css')) return [200, 'text/css', styles]
  if (url.pathname.endsWith('.js')) return [200, 'text/javascript', script]
  if (url.pathname.endsWith('.svg')) return [200, 'image/svg+xml', icon]
  if (request.method === 'GET') {
    gets.push(url.pathname + url.search)
    const page = pages[url.pathname]
    return [page === undefined ? 404 : 200, 'text/html', page ?? 'nothing here']
  }
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  posts.push({ path: url.pathname, fields: Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString())) })
  return answer === null ? [204, 'text/html', ''] : [422, 'text/html', answer]
}

/** Most visits are in one tab, which a look at another page leaves as new. */
let tab: Promise<Page> | undefined

async function openTab(options: BrowserContextOptions): Promise<Page> {
  const context = await (await browser()).newContext({ timezoneId: 'UTC', ...options })
  return await context.newPage()
}

async function visit(
  path: string,
  options: BrowserContextOptions = {},
  use: (page: Page) => Promise<void> = async () => undefined,
): Promise<void> {
  if (Object.keys(options).length > 0) return await visitIn(await openTab(options), path, use)
  tab ??= openTab({})
  const page = await tab
  try {
    await page.goto(base + path)
    await use(page)
    await page.goto('about:blank')
  } catch (error) {
    // What a failed one left behind is nobody else's.
    tab = undefined
    await page.context().close()
    throw error
  }
}

async function visitIn(page: Page, path: string, use: (page: Page) => Promise<void>): Promise<void> {
  try {
    await page.goto(base + path)
    await use(page)
  } finally {
    await page.context().close()
  }
}

/** Long enough for anything that the page would do by itself. */
const settle = (page: Page): Promise<void> => page.waitForTimeout(250)

describe('the landing page of a link', () => {
  test('in the browser that asked it submits once, with the secret of the fragment, which leaves the address bar', async () => {
    await visit(`${LINK}#${SECRET}`, {}, async (page) => {
      await settle(page)
      expect(posts).toEqual([{ path: LINK, fields: { secret: SECRET } }])
      expect(page.url()).toBe(base + LINK)
      expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Signing you in')
    })
  })

  test('RC-08: the timer and a click at the same moment are one POST', async () => {
    pages[LINK] = landingPage(frameOf(policyOf({ autoSubmitDelay: '60ms' })), landing)
    for (const clickAfter of [0, 55, 60, 65, 250]) {
      posts = []
      await visit(`${LINK}#${SECRET}`, {}, async (page) => {
        await page.waitForTimeout(clickAfter)
        await page.getByRole('button', { name: 'Continue' }).click({ clickCount: 2, noWaitAfter: true })
        await settle(page)
        expect(posts).toHaveLength(1)
      })
    }
  })

  test('SC-03: in any other browser it runs all its script and posts nothing', async () => {
    pages[LINK] = landingPage(frameOf(), { ...landing, bound: false, email: null })
    await visit(`${LINK}#${SECRET}`, {}, async (page) => {
      // test/stories/browser-scanners.test.ts waits for seconds.
      await settle(page)
      expect(posts).toEqual([])
      expect(page.url()).toBe(base + LINK)
      expect(await page.getByLabel('Which address was the mail sent to?').isVisible()).toBe(true)
    })
  })

  test('SC-04: a scanner that presses every button there posts nothing, because the address is missing', async () => {
    pages[LINK] = landingPage(frameOf(), { ...landing, bound: false, email: null })
    await visit(`${LINK}#${SECRET}`, {}, async (page) => {
      for (const button of await page.locator('main button:visible').all()) await button.click({ noWaitAfter: true })
      await settle(page)
      expect(posts).toEqual([])
    })
  })

  test('the address that is typed there goes with the secret', async () => {
    pages[LINK] = landingPage(frameOf(), { ...landing, bound: false, email: null })
    await visit(`${LINK}#${SECRET}.`, {}, async (page) => {
      await page.getByLabel('Which address was the mail sent to?').fill('ada@example.com')
      await page.getByRole('button', { name: 'Sign in here' }).click()
      await settle(page)
      expect(posts).toEqual([{ path: LINK, fields: { secret: SECRET, email: 'ada@example.com' } }])
    })
  })

  test('a reload keeps the secret', async () => {
    pages[LINK] = landingPage(frameOf(), { ...landing, bound: false, email: null })
    await visit(`${LINK}#${SECRET}`, {}, async (page) => {
      await page.reload()
      expect(await page.locator('[name=secret]').inputValue()).toBe(SECRET)
      expect(await page.getByRole('button', { name: 'Sign in here' }).isVisible()).toBe(true)
    })
  })

  test.each(['', '#', '#tooshort', '#:~:text=hello'])('SC-09: with the fragment %j it asks for the code', async (fragment) => {
    await visit(LINK + fragment, {}, async (page) => {
      await settle(page)
      expect(posts).toEqual([])
      expect(await page.getByLabel('6-digit code from the mail').isVisible()).toBe(true)
    })
  })

  test('without script it asks for the code, and the form posts it', async () => {
    await visit(`${LINK}#${SECRET}`, { javaScriptEnabled: false }, async (page) => {
      await page.getByLabel('6-digit code from the mail').fill('123456')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await settle(page)
      expect(posts).toEqual([{ path: '/sign-in/code', fields: { c: landing.challenge, code: '123456' } }])
    })
  })

  test('with somebody else signed in it waits for the answer', async () => {
    pages[LINK] = landingPage(frameOf(), { ...landing, signedInAs: 'grace@example.com' })
    await visit(`${LINK}#${SECRET}`, {}, async (page) => {
      await settle(page)
      expect(posts).toEqual([])
      await page.getByRole('button', { name: 'Continue as ada.lovelace@gmail.com' }).click()
      await settle(page)
      expect(posts).toHaveLength(1)
    })
  })

  test('the secret in the path (linkSecret "path") leaves the address bar too', async () => {
    pages[`${LINK}/${SECRET}`] = landingPage(frameOf(policyOf({ linkSecret: 'path' })), { ...landing, secret: SECRET })
    await visit(`${LINK}/${SECRET}`, {}, async (page) => {
      await settle(page)
      expect(posts).toEqual([{ path: LINK, fields: { secret: SECRET } }])
      expect(page.url()).toBe(base + LINK)
    })
  })
})

describe('the code field', () => {
  const code = (page: Page) => page.getByLabel('6-digit code from the mail')

  test('typing the last digit sends it, once; the value is not sent again by itself', async () => {
    await visit(CHECK, {}, async (page) => {
      await code(page).pressSequentially('12345')
      await settle(page)
      expect(posts).toEqual([])
      await code(page).pressSequentially('6')
      await code(page).pressSequentially(' ')
      await settle(page)
      expect(posts).toEqual([{ path: '/sign-in/code', fields: { c: check.challenge, code: '123456' } }])
    })
  })

  test.each(['123 456', 'Your code is 123456.', '１２３４５６'])('pasting %j sends it', async (pasted) => {
    await visit(CHECK, {}, async (page) => {
      await code(page).focus()
      await page.keyboard.insertText(pasted)
      await settle(page)
      expect(posts.map((post) => post.fields['code']?.trim())).toEqual([pasted])
    })
  })

  test('typing and pressing Enter at once is one POST', async () => {
    await visit(CHECK, {}, async (page) => {
      await code(page).pressSequentially('123456')
      await page.keyboard.press('Enter')
      await settle(page)
      expect(posts).toHaveLength(1)
    })
  })

  test('after a wrong code the summary has the focus, nothing is sent again, and a reload is a GET', async () => {
    answer = checkPage(frameOf(), { ...check, code: '123456', problem: { reason: 'code_wrong', triesLeft: 4 } })
    await visit(CHECK, {}, async (page) => {
      await code(page).pressSequentially('123456')
      await page.getByRole('alert').waitFor()
      await settle(page)
      expect(posts).toHaveLength(1)
      expect(await page.evaluate(() => document.activeElement?.hasAttribute('data-summary'))).toBe(true)
      expect(await page.title()).toMatch(/^Error: /)
      expect(page.url()).toBe(base + CHECK)
      await page.getByRole('link', { name: /does not match/ }).click()
      expect(await page.evaluate(() => getSelection()?.toString() ?? '')).toBe('123456')
      gets = []
      await page.reload()
      expect(gets).toEqual([CHECK])
      expect(posts).toHaveLength(1)
    })
  })
})

describe('the check page', () => {
  test('the wait for a new mail counts down on the button, refuses until then, and is announced when over', async () => {
    pages['/sign-in/check'] = checkPage(frameOf(), { ...check, resendAt: frameOf().now + 2_200 })
    await visit(CHECK, {}, async (page) => {
      const button = page.getByRole('button', { name: /^Send a new mail/ })
      expect(await button.textContent()).toMatch(/^Send a new mail in 0:0[123]$/)
      await button.click({ force: true })
      expect(posts).toEqual([])
      await page.getByText('You can ask for a new mail now.').waitFor()
      expect(await button.textContent()).toBe('Send a new mail')
      await button.click()
      await settle(page)
      expect(posts).toEqual([{ path: '/sign-in/resend', fields: { c: check.challenge } }])
    })
  })

  test('another address is asked for without a reload, with the first one kept and selected', async () => {
    await visit(CHECK, {}, async (page) => {
      gets = []
      await page.getByRole('link', { name: 'Use another address' }).click()
      const field = page.getByLabel('E-mail address')
      expect(await field.inputValue()).toBe(check.email)
      await page.keyboard.type('bob@example.com')
      expect(await field.inputValue()).toBe('bob@example.com')
      await page.keyboard.press('Enter')
      await settle(page)
      expect(gets).toEqual([])
      expect(posts).toEqual([{ path: '/sign-in', fields: { return_to: '/notes/7', email: 'bob@example.com' } }])
    })
  })

  test('times are told in the time of the reader', async () => {
    await visit(CHECK, { timezoneId: 'Asia/Kolkata' }, async (page) => {
      expect(await page.getByText('until 19:50').count()).toBe(1)
      expect(await page.locator('main').textContent()).not.toContain('UTC')
    })
  })

  test('without script the button for a new mail is live and the other address is a link', async () => {
    await visit(CHECK, { javaScriptEnabled: false }, async (page) => {
      await page.getByRole('button', { name: 'Send a new mail' }).click()
      await settle(page)
      expect(posts).toHaveLength(1)
      await page.getByRole('link', { name: 'Use another address' }).click()
      expect(page.url()).toBe(`${base}/sign-in?return_to=%2Fnotes%2F7`)
    })
  })
})

describe('the address field', () => {
  test.each([
    ['mailto:ada@example.com?subject=x', 'ada@example.com'],
    ['Ada Lovelace <ada@example.com>', 'ada@example.com'],
    ['\u200bada@example.com\u200f ', 'ada@example.com'],
  ])('a pasted %j becomes an address', async (pasted, address) => {
    await visit('/sign-in', {}, async (page) => {
      await page.getByLabel('E-mail address').evaluate((field, text) => {
        const clipboardData = new DataTransfer()
        clipboardData.setData('text', text)
        field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
      }, pasted)
      expect(await page.getByLabel('E-mail address').inputValue()).toBe(address)
    })
  })

  test.each([
    ['ada@gmial.com', 'ada@gmail.com'],
    ['ada@gmail.co', 'ada@gmail.com'],
    ['ada@hotmaill.com', 'ada@hotmail.com'],
  ])('%s is asked about, and sent as typed unless the person agrees', async (typed, likely) => {
    await visit('/sign-in', {}, async (page) => {
      const field = page.getByLabel('E-mail address')
      await field.fill(typed)
      await page.getByRole('button', { name: `Did you mean ${likely}` }).click()
      expect(await field.inputValue()).toBe(likely)
      await field.fill(typed)
      await field.press('Enter')
      await settle(page)
      expect(posts.map((post) => post.fields['email'])).toEqual([typed])
    })
  })

  test.each(['ada@gmail.com', 'ada@example.com', 'ada@mail.com', 'ada@web.de'])('%s is not asked about', async (typed) => {
    // In a tab of its own, for whose script two seconds pass at once.
    await visitIn(await openTab({}), '/sign-in', async (page) => {
      await page.clock.install()
      await page.getByLabel('E-mail address').fill(typed)
      await page.clock.runFor(2_000)
      expect(await page.getByRole('button', { name: /Did you mean/ }).count()).toBe(0)
    })
  })
})
