// The client as it is built, in a real browser: an application with sign-in forms of its own (test/client-app.ts), a real mail server, and
// people who mistype, double-click, lose the network, open the link elsewhere, and have two tabs. With PAGES_LOOK=directory it leaves
// screenshots of the component there for people to look at.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client, ClientOptions, Failure, takeLink } from '../../src/client/client.ts'
import { browserFor } from '../chromium.ts'
import { type App, startApp, type Visitor } from '../client-app.ts'
import { wrongCode } from '../kit.ts'
import { startOther } from '../live.ts'
import { type SmtpTestServer, startSmtpServer } from '../smtp-server.ts'

/** What the pages without a form leave for the stories to use. */
declare const postkey: Client
declare const link: ReturnType<typeof takeLink>
declare const heard: (string | null)[]
declare const createClient: (options: ClientOptions) => Client

const browser = browserFor()
let smtp: SmtpTestServer
let app: App

beforeAll(async () => {
  smtp = await startSmtpServer()
  app = await startApp(smtp)
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await smtp.stop()
})

const email = (page: Page) => page.getByLabel('E-mail address')
const code = (page: Page) => page.getByLabel('6-digit code from the mail')
const alert = (page: Page) => page.getByRole('alert')
const signedInAs = (page: Page, address: string): Promise<void> => page.getByText(`You are signed in as ${address}.`).waitFor()

/** The focused element, inside of the component. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const element = document.querySelector('postkey-sign-in')?.shadowRoot?.activeElement
    return element === null || element === undefined ? '' : element.id || (element.getAttribute('part') ?? '')
  })

/** The person is back at this tab. */
const comeBack = (page: Page): Promise<unknown> => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))

/** Asks in the component; the page is the one with the code field. */
async function ask(visitor: Visitor, address: string, path = '/form'): Promise<{ code: string; link: string; secret: string }> {
  const page = await visitor.open(path)
  await email(page).fill(address)
  await page.keyboard.press('Enter')
  await code(page).waitFor()
  return await mail(address)
}

async function mail(address: string, nth = 1): Promise<{ code: string; link: string; secret: string }> {
  const opened = await app.mail(address, nth)
  return { code: opened.code ?? '', link: opened.link ?? '', secret: opened.secret }
}

describe('the web component', () => {
  test('the whole way by code: two clicks are one mail, the last digit, Enter and the button one proof; then out again', async () => {
    await using ada = await app.person(await browser())
    const page = await ada.open('/form')
    await email(page).waitFor()
    expect(await focused(page)).toBe('email')
    expect(await email(page).getAttribute('autocomplete')).toBe('email')
    await email(page).fill('ada@example.net')
    await page.getByRole('button', { name: 'Send me the mail' }).dblclick()
    await code(page).waitFor()
    expect(await focused(page)).toBe('code')
    expect(await code(page).getAttribute('autocomplete')).toBe('one-time-code')
    await page.getByText('If ada@example.net can sign in here').first().waitFor()
    const sent = await mail('ada@example.net')
    await page.evaluate((typed) => {
      const field = document.querySelector('postkey-sign-in')?.shadowRoot?.querySelector<HTMLInputElement>('#code')
      if (!field?.form) throw new Error('no code field')
      field.value = typed
      field.dispatchEvent(new Event('input', { bubbles: true }))
      field.form.requestSubmit()
      field.form.querySelector('button')?.click()
    }, sent.code)
    await signedInAs(page, 'ada@example.net')
    expect(ada.posts).toEqual(['/auth/api/sign-in', '/auth/api/sign-in/verify'])
    expect(await ada.whoAmI()).toBe('ada@example.net')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('You are signed out.').first().waitFor()
    expect(await ada.whoAmI()).toBeNull()
    // Nothing of it stands in any address, and every GET only looks.
    const urls = app.received
      .filter(({ headers }) => headers['x-forwarded-for'] !== undefined)
      .map(({ url, headers }) => `${url} ${headers.referer}`)
    expect(urls.join('\n')).not.toContain(sent.code)
    expect(urls.join('\n')).not.toContain('example.net')
    expect(ada.sent.filter((request) => request.startsWith('GET /auth') && request !== 'GET /auth/api/session')).toEqual([])
  })

  test('the link in another tab of the same browser: the form hears of it and goes where it was to lead', async () => {
    await using bea = await app.person(await browser())
    const sent = await ask(bea, 'bea@example.net', '/form/to-notes')
    const tab = await bea.context.newPage()
    await tab.goto(sent.link)
    await tab.waitForURL(/\/notes\?n=7/)
    await bea.page.waitForURL(/\/notes\?n=7#top$/)
    expect(await bea.whoAmI()).toBe('bea@example.net')
    expect(bea.posts.filter((path) => path.startsWith('/auth/api'))).toEqual(['/auth/api/sign-in'])
  })

  test('the link in another browser signs in there and not here; the code goes on working here', async () => {
    await using cleo = await app.person(await browser())
    await using phone = await app.person(await browser())
    const sent = await ask(cleo, 'cleo@example.net')
    await phone.open(sent.link)
    await phone.page.getByLabel('Which address was the mail sent to?').fill('cleo@example.net')
    await phone.page.keyboard.press('Enter')
    await phone.page.waitForURL('**/auth/account')
    await cleo.page.waitForTimeout(2_500)
    expect(await code(cleo.page).isVisible()).toBe(true)
    expect(await cleo.whoAmI()).toBeNull()
    await code(cleo.page).pressSequentially(sent.code)
    await signedInAs(cleo.page, 'cleo@example.net')
  })

  test('a wrong code is kept and marked, told twice, and not sent again by itself; after five the field is gone', async () => {
    await using dora = await app.person(await browser())
    const sent = await ask(dora, 'dora@example.net')
    const { page } = dora
    await code(page).pressSequentially(sent.code.slice(0, 4))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await alert(page).filter({ hasText: 'The code is not complete' }).waitFor()
    await code(page).fill(wrongCode(sent.code))
    await alert(page).filter({ hasText: '4 tries are left' }).waitFor()
    expect(await focused(page)).toBe('problem')
    expect(await code(page).getAttribute('aria-invalid')).toBe('true')
    expect(await code(page).getAttribute('aria-describedby')).toBe('code-hint code-problem')
    expect(await page.locator('#code-problem').textContent()).toContain('4 tries are left')
    await page.waitForTimeout(300)
    const verifies = (): number => dora.posts.filter((path) => path.endsWith('/verify')).length
    expect(verifies()).toBe(2)
    await alert(page).getByRole('button').click()
    expect(await focused(page)).toBe('code')
    // The first key replaces what was refused.
    await page.keyboard.type(wrongCode(sent.code, 1))
    await alert(page).filter({ hasText: '3 tries are left' }).waitFor()
    for (const [nth, said] of ['2 tries are left', '1 try is left', 'This code is locked'].entries()) {
      await code(page).fill(wrongCode(sent.code, nth + 2))
      await alert(page).filter({ hasText: said }).waitFor()
    }
    expect(verifies()).toBe(6)
    expect(await code(page).isVisible()).toBe(false)
    const tab = await dora.context.newPage()
    await tab.goto(sent.link)
    await tab.waitForURL('**/auth/account')
    await comeBack(page)
    await signedInAs(page, 'dora@example.net')
  })

  test('what is no address is told beside the field, which keeps it; another address: the first one stays, marked; and back', async () => {
    await using eve = await app.person(await browser())
    const page = await eve.open('/form')
    await email(page).fill('eve@localhost')
    await page.keyboard.press('Enter')
    await alert(page).filter({ hasText: 'Check the e-mail address' }).waitFor()
    expect(await email(page).getAttribute('aria-invalid')).toBe('true')
    await alert(page).getByRole('button').click()
    await page.keyboard.type('eve@gmial.com')
    expect(await email(page).inputValue()).toBe('eve@gmial.com')
    await page.getByRole('button', { name: 'Did you mean eve@gmail.com?' }).click()
    expect(await email(page).inputValue()).toBe('eve@gmail.com')
    await email(page).press('Enter')
    await code(page).waitFor()
    await page.getByRole('button', { name: 'Use another address' }).click()
    expect(await email(page).inputValue()).toBe('eve@gmail.com')
    await page.keyboard.type('other')
    expect(await email(page).inputValue()).toBe('other')
    await page.getByRole('button', { name: 'Back to the mail that is out' }).click()
    await code(page).fill((await mail('eve@gmail.com')).code)
    await signedInAs(page, 'eve@gmail.com')
  })

  test('the next mail: the button counts down, then works, and only the newest code does', async () => {
    await using fay = await app.person(await browser())
    const page = await fay.open('/form')
    await email(page).fill('fay@example.net')
    await page.keyboard.press('Enter')
    const button = page.getByRole('button', { name: /^Send a new mail/ })
    expect(await button.textContent()).toMatch(/^Send a new mail in 0:0[12]$/)
    await button.click({ force: true })
    await page.getByText('You can ask for a new mail now.').waitFor()
    const first = await mail('fay@example.net')
    expect(fay.posts).toEqual(['/auth/api/sign-in'])
    await button.click()
    await page.getByText('A new mail is on its way.').first().waitFor()
    const second = await mail('fay@example.net', 2)
    await code(page).fill(first.code)
    await alert(page).filter({ hasText: 'There is a newer mail' }).waitFor()
    await code(page).fill(second.code)
    await signedInAs(page, 'fay@example.net')
  })

  test('a phone drops the page while the mail is read: it comes back at the code; without network nothing is lost or spent', async () => {
    await using hal = await app.person(await browser())
    const sent = await ask(hal, 'hal@example.net')
    const { page } = hal
    await page.reload()
    await page.getByText('If hal@example.net can sign in here').first().waitFor()
    await hal.context.setOffline(true)
    await code(page).fill(sent.code)
    await alert(page).filter({ hasText: 'No answer came' }).waitFor()
    await hal.context.setOffline(false)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await signedInAs(page, 'hal@example.net')
    expect(hal.posts.filter((path) => path.endsWith('/verify'))).toHaveLength(1)
    await page.reload()
    await signedInAs(page, 'hal@example.net')
  })

  test('words, slots and addresses are text, whatever stands in them', async () => {
    await using jo = await app.person(await browser())
    const page = await jo.open('/empty')
    await page.evaluate(() => {
      const element = document.createElement('postkey-sign-in')
      element.setAttribute('base-path', '/auth')
      const intro = document.createElement('p')
      intro.slot = 'ask-intro'
      intro.textContent = 'Welcome back.'
      element.append(intro)
      document.querySelector('main')?.append(element)
      element.words = { askHeading: '<b>Anmelden</b>', email: 'E-Mail', fieldProblem: ({ reason }) => `<i>${reason}</i>` }
    })
    await page.getByRole('heading', { name: '<b>Anmelden</b>' }).waitFor()
    await page.getByText('Welcome back.').waitFor()
    await page.getByLabel('E-Mail').fill('jo@localhost')
    await page.keyboard.press('Enter')
    await alert(page).filter({ hasText: '<i>address_invalid</i>' }).waitFor()
  })
})

describe('when time has passed', () => {
  test('the code has expired: the field is gone, and a new mail is one tap away', async () => {
    let ahead = 0
    await using late = await startApp(smtp, { now: () => Date.now() + ahead })
    await using kim = await late.person(await browser())
    const sent = await ask(kim, 'kim@example.net')
    const { page } = kim
    ahead = 11 * 60_000
    await code(page).fill(sent.code)
    await alert(page).filter({ hasText: 'This code has expired' }).waitFor()
    expect(await code(page).isVisible()).toBe(false)
    ahead += 5 * 60_000
    await page.getByRole('button', { name: 'Send a new mail', exact: true }).click()
    await page.getByText('A new mail is on its way.').first().waitFor()
    await code(page).fill((await mail('kim@example.net', 2)).code)
    await signedInAs(page, 'kim@example.net')
  })

  test('nobody came: the wait ends when link and code have, and says so without taking the keyboard', async () => {
    await using lea = await app.person(await browser())
    await lea.context.clock.install()
    await ask(lea, 'lea@example.net')
    const { page } = lea
    await page.evaluate(() => (document.activeElement?.shadowRoot?.activeElement as HTMLElement | null)?.blur())
    const looks = (): number => lea.sent.filter((request) => request === 'GET /auth/api/session').length
    const before = looks()
    // Nor does it ask while nobody looks.
    await page.evaluate(() => Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true }))
    await lea.context.clock.fastForward('02:00')
    await page.waitForTimeout(300)
    expect(looks()).toBe(before)
    await page.evaluate(() => Reflect.deleteProperty(document, 'visibilityState'))
    await lea.context.clock.fastForward('12:00')
    await expect.poll(looks).toBeGreaterThan(before)
    expect(await code(page).isVisible()).toBe(true)
    await lea.context.clock.fastForward('02:00')
    await alert(page).filter({ hasText: 'This sign-in has run out' }).waitFor()
    expect(await code(page).isVisible()).toBe(false)
    expect(await focused(page)).toBe('')
    const after = looks()
    await lea.context.clock.fastForward('10:00')
    await page.waitForTimeout(300)
    expect(looks()).toBe(after)
  })
})

describe('the client alone', () => {
  test('asked again too soon: a reason, and when to try again; two tabs: each hears what the other did', async () => {
    await using may = await app.person(await browser())
    const page = await may.open('/plain')
    const tab = await may.context.newPage()
    await tab.goto('/form')
    await email(tab).waitFor()
    expect(await page.evaluate(() => postkey.start({ email: 'may@example.net' }))).toMatchObject({ ok: true, codeLength: 6 })
    const result = await page.evaluate(async () => {
      const refused = (await postkey.resend()) as Failure
      return { ...refused, waitMs: (refused.retryAt ?? 0) - Date.now(), pendingWaitMs: (postkey.pending?.resendAt ?? 0) - Date.now() }
    })
    expect(result).toMatchObject({ ok: false, reason: 'too_many_mails', nextStep: 'wait', words: { title: 'No more mails for now' } })
    expect(result.requestId).toMatch(/^[0-9A-Za-z]{16}$/)
    // Kept for this tab, for whoever asks the same Postkey, and for no other tenant.
    const kept = await page.evaluate(() =>
      [{}, { tenant: 'other' }].map((more) => createClient({ basePath: '/auth', ...more }).pending?.email),
    )
    expect(kept).toEqual(['may@example.net', undefined])
    for (const ms of [result.waitMs, result.pendingWaitMs]) {
      expect(ms).toBeGreaterThan(0)
      expect(ms).toBeLessThanOrEqual(2_000)
    }
    const sent = await mail('may@example.net')
    const [one, two] = await page.evaluate(
      (typed) => Promise.all([postkey.verify({ code: typed }), postkey.verify({ code: typed })]),
      sent.code,
    )
    expect(one).toMatchObject({ ok: true, replayed: false, user: { email: 'may@example.net' } })
    expect(two).toEqual(one)
    expect(may.posts.filter((path) => path.endsWith('/verify'))).toHaveLength(1)
    await signedInAs(tab, 'may@example.net')
    await tab.getByRole('button', { name: 'Sign out' }).click()
    await expect.poll(() => page.evaluate(() => heard)).toEqual(['may@example.net', null])
    expect(await page.evaluate(() => postkey.session())).toMatchObject({ ok: false, reason: 'session_unknown', nextStep: 'sign_in' })
  })

  test('the application answers the link: the secret leaves the address bar first; a tab nobody looks at presents nothing', async () => {
    await using pia = await app.person(await browser())
    await using phone = await app.person(await browser())
    const page = await pia.open('/plain')
    await page.evaluate(() => postkey.start({ email: 'pia@example.net' }))
    const sent = await mail('pia@example.net')
    app.answersLinks = true
    try {
      await phone.open(sent.link)
      await phone.page.waitForFunction(() => 'postkey' in globalThis)
      expect(phone.page.url()).not.toContain(sent.secret)
      expect(await phone.page.evaluate(() => JSON.stringify(history.state))).toBe('null')
      const proof = (): Promise<unknown> => phone.page.evaluate(() => link && postkey.verify({ link }))
      expect(await proof()).toMatchObject({ ok: false, reason: 'address_needed', nextStep: 'type_address' })
      expect(await phone.page.evaluate(() => link && postkey.verify({ link, email: 'mallory@example.net' }))).toMatchObject({
        ok: false,
        reason: 'address_mismatch',
        triesLeft: 4,
      })
      expect(await phone.page.evaluate(() => link && postkey.verify({ link, email: 'pia@example.net' }))).toMatchObject({ ok: true })
      expect(await phone.whoAmI()).toBe('pia@example.net')
      expect(await pia.whoAmI()).toBeNull()

      await page.evaluate(() => postkey.start({ email: 'pia@example.net' }))
      const again = await mail('pia@example.net', 2)
      await page.addInitScript(() => {
        let state = 'hidden'
        Object.defineProperty(Document.prototype, 'visibilityState', { get: () => state })
        const reveal = (): void => {
          state = 'visible'
          document.dispatchEvent(new Event('visibilitychange'))
        }
        Object.assign(globalThis, { reveal })
      })
      await pia.open(`${again.link}.`)
      await page.evaluate(() => {
        if (link) Object.assign(globalThis, { proof: postkey.verify({ link }) })
      })
      await page.waitForTimeout(400)
      expect(pia.posts.filter((path) => path.endsWith('/verify'))).toEqual([])
      await page.evaluate(() => (globalThis as unknown as { reveal(): void }).reveal())
      expect(await page.evaluate(() => (globalThis as unknown as { proof: unknown }).proof)).toMatchObject({
        ok: true,
        user: { email: 'pia@example.net' },
      })
      const urls = app.received.map(({ url, headers }) => `${url} ${headers.referer}`).join('\n')
      for (const secret of [sent.secret, again.secret]) expect(urls).not.toContain(secret)
    } finally {
      app.answersLinks = false
    }
  })

  test('CS-04, CS-14: from another site, and from a sibling, nothing gets through, and the application is told that no answer came', async () => {
    await using other = await startOther((request, response) => {
      const [type, body] = request.url?.endsWith('.js')
        ? ['text/javascript', readFileSync(new URL('../../dist/client.js', import.meta.url), 'utf8')]
        : [
            'text/html',
            `<!doctype html><title>Other</title><script type="module">import * as client from '/client.js'; Object.assign(globalThis, client)</script>`,
          ]
      response.writeHead(200, { 'content-type': type }).end(body)
    })
    for (const place of [other.url, other.sibling]) {
      const context = await (await browser()).newContext()
      const page = await context.newPage()
      await page.goto(place)
      const before = app.received.length
      const result = await page.evaluate((basePath) => createClient({ basePath }).start({ email: 'rex@example.net' }), `${app.url}/auth`)
      expect(result).toMatchObject({ ok: false, reason: 'unreachable', nextStep: 'wait', requestId: null })
      expect(app.received.slice(before).filter(({ method }) => method === 'POST')).toEqual([])
      await context.close()
    }
    expect((await smtp.messages()).filter(({ rcptTo }) => rcptTo.includes('rex@example.net'))).toEqual([])
  })
})

test('the React hook: two components show one sign-in, by code and by the link in another tab', async () => {
  await using sue = await app.person(await browser())
  const page = await sue.open('/react')
  await page.getByLabel('Address').fill('sue@example.net')
  await page.getByRole('button', { name: 'Send' }).dblclick()
  await page.getByLabel('Code').waitFor()
  const first = await mail('sue@example.net')
  await page.getByLabel('Code').fill(wrongCode(first.code))
  await page.keyboard.press('Enter')
  await alert(page).filter({ hasText: 'code_wrong: That code does not match' }).waitFor()
  await page.getByLabel('Code').fill(first.code)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Hello sue@example.net' }).waitFor()
  expect(sue.posts).toEqual(['/auth/api/sign-in', '/auth/api/sign-in/verify', '/auth/api/sign-in/verify'])
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Address').fill('sue@example.net')
  await page.keyboard.press('Enter')
  const tab = await sue.context.newPage()
  await tab.goto((await mail('sue@example.net', 2)).link)
  await page.getByRole('heading', { name: 'Hello sue@example.net' }).waitFor()
})

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const everything = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const shots = process.env['PAGES_LOOK']

/** Structure is the same in every look; colours and sizes are not. */
const looks = [
  { name: 'light', colorScheme: 'light', width: 900, height: 760, rules: everything },
  {
    name: 'narrow',
    colorScheme: 'dark',
    width: 320,
    height: 640,
    rules: ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable'],
  },
] as const

async function faultsOf(page: Page, state: string): Promise<string[]> {
  const faults: string[] = []
  for (const { name, colorScheme, width, height, rules } of looks) {
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme })
    if (shots !== undefined) {
      mkdirSync(shots, { recursive: true })
      await page.screenshot({ path: join(shots, `element-${state.replaceAll(/\W+/g, '-')}.${name}.png`), fullPage: true })
    }
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${state}, ${name}: scrolls sideways`)
    const found = await page.evaluate(async (runOnly) => {
      const { axe: run } = globalThis as unknown as {
        axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      }
      const { violations } = await run.run({ runOnly, resultTypes: ['violations'] })
      return violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ')}`)
    }, rules)
    faults.push(...found.map((fault) => `${state}, ${name}: ${fault}`))
  }
  return faults
}

test('every state of the component is free of axe violations and sideways scroll, light and wide, dark and at 320 px', async () => {
  await using tess = await app.person(await browser())
  const { page } = tess
  await page.addInitScript(axe)
  const faults: string[] = []
  const states: Record<string, () => Promise<unknown>> = {
    ask: async () => {
      await tess.open('/form')
      await email(page).waitFor()
    },
    'ask, likely slip': async () => {
      await email(page).fill('tess@gmial.com')
      await page.getByRole('button', { name: /^Did you mean/ }).waitFor()
    },
    'ask, error': async () => {
      await email(page).fill('tess@localhost')
      await page.keyboard.press('Enter')
      await alert(page).waitFor()
    },
    check: async () => {
      await email(page).fill('tess-of-the-very-long-name@subdomain.of.example.net')
      await page.keyboard.press('Enter')
      await code(page).waitFor()
    },
    'check, wrong': async () => {
      await code(page).fill(wrongCode((await mail('tess-of-the-very-long-name@subdomain.of.example.net')).code))
      await alert(page).waitFor()
    },
    'check, other address': async () => {
      await page.getByRole('button', { name: 'Use another address' }).click()
      await email(page).waitFor()
    },
    'check, resent': async () => {
      await page.getByRole('button', { name: 'Back to the mail' }).click()
      await page.getByRole('button', { name: 'Send a new mail', exact: true }).click()
      await page.getByText('A new mail is on its way.').first().waitFor()
    },
    'check, offline': async () => {
      await tess.context.setOffline(true)
      await code(page).fill('000000')
      await alert(page).filter({ hasText: 'No answer came' }).waitFor()
      await tess.context.setOffline(false)
    },
    'check, locked': async () => {
      const { code: right } = await mail('tess-of-the-very-long-name@subdomain.of.example.net', 2)
      for (const nth of [1, 2, 3, 4, 5]) {
        await code(page).fill(wrongCode(right, nth))
        await alert(page)
          .filter({ hasText: nth === 5 ? 'locked' : nth === 4 ? '1 try is left' : `${5 - nth} tries are left` })
          .waitFor()
      }
    },
    'signed in': async () => {
      const tab = await tess.context.newPage()
      await tab.goto((await mail('tess-of-the-very-long-name@subdomain.of.example.net', 2)).link)
      await tab.waitForURL('**/auth/account')
      await tab.close()
      await comeBack(page)
      await signedInAs(page, 'tess-of-the-very-long-name@subdomain.of.example.net')
    },
    'signed out': async () => {
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByText('You are signed out.').first().waitFor()
    },
  }
  for (const [state, go] of Object.entries(states)) {
    await go()
    faults.push(...(await faultsOf(page, state)))
  }
  expect(faults).toEqual([])
}, 60_000)
