// Every state of the pages as the live server answers it, looked at in light and dark and at 320 px (which is also 1280 px at 400 %
// zoom): no accessibility fault that axe knows, no sideways scroll, no error in the console. What sample views can show is in
// test/pages-look.test.ts; here are the states that only a walk through the server reaches. With PAGES_LOOK=directory it leaves
// screenshots there for people to look at.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { browserFor } from '../chromium.ts'
import { dnsOf } from '../dns-server.ts'
import { type Live, type Person, startLive, startOther, wrongCode } from '../live.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const everything = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const shots = process.env['PAGES_LOOK']
const ADA = 'ada@example.net'
const GRACE = 'grace@example.net'
const OPS = 'ops@example.net'
const browser = browserFor()

dnsOf({ 'example.net': { mx: ['mx.example.net'] } })

/**
 * In the order of looking; the last one is only measured. Structure is the same in every look; colours and sizes are not.
 */
const looks = [
  { name: 'light', colorScheme: 'light', width: 900, height: 760, rules: everything },
  { name: 'dark', colorScheme: 'dark', width: 900, height: 760, rules: ['color-contrast', 'link-in-text-block'] },
  { name: 'narrow', colorScheme: 'light', width: 320, height: 640, rules: ['target-size', 'scrollable-region-focusable'] },
  { name: 'zoomed', colorScheme: 'dark', width: 320, height: 256, rules: [] },
] as const

async function look(name: string, page: Page): Promise<string[]> {
  const faults: string[] = []
  await page.evaluate(axe)
  for (const { name: way, colorScheme, width, height, rules } of looks) {
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme })
    if (shots !== undefined && way !== 'zoomed') {
      mkdirSync(shots, { recursive: true })
      await page.screenshot({ path: join(shots, `live-${name.replaceAll(/\W+/g, '-')}.${way}.png`), fullPage: true })
    }
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${name}, ${way}: scrolls sideways`)
    if (way === 'zoomed') continue
    const violations = await page.evaluate(async (tags) => {
      const { axe: run } = globalThis as unknown as {
        axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
      }
      const { violations: found } = await run.run({ runOnly: tags, iframes: false, resultTypes: ['violations'] })
      return found.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ')}`)
    }, rules)
    faults.push(...violations.map((violation) => `${name}, ${way}: ${violation}`))
  }
  return faults
}

/** Walks through the states one after the other; each leaves the page as it is to be looked at, and says how it is headed. */
type States = Record<string, (page: Page) => Promise<unknown>>

async function walk(person: Person, states: States): Promise<void> {
  const { page } = person
  const faults: string[] = []
  let state = ''
  page.on('console', (message) => {
    // That a page answered 4xx is what is looked at.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(`${state}: ${message.text()}`)
  })
  for (const [name, go] of Object.entries(states)) {
    state = name
    await go(page)
    faults.push(...(await look(name, page)))
  }
  expect(faults).toEqual([])
}

const headed = (page: Page, heading: string | RegExp): Promise<void> => page.getByRole('heading', { level: 1, name: heading }).waitFor()

/** A tab that nobody looks at: the landing page stays as it is. */
const unseen = (person: Person): Promise<unknown> =>
  person.page.addInitScript(() => Object.defineProperty(Document.prototype, 'visibilityState', { get: () => 'hidden' }))

/** Puts other values into the hidden fields of the form and sends it, as somebody who tinkers with it would. */
async function tinker(page: Page, form: string, fields: Record<string, string>): Promise<void> {
  await page.evaluate(
    ([selector, values]) => {
      const found = document.querySelector<HTMLFormElement>(selector)
      for (const [name, value] of Object.entries(values)) {
        const field = found?.elements.namedItem(name)
        if (field instanceof HTMLInputElement) field.value = value
      }
      if (found) HTMLFormElement.prototype.submit.call(found)
    },
    [form, fields] as const,
  )
}

async function startedLive(): Promise<Live> {
  return await startLive({ flags: { support: 'mailto:help@fieldnotes.test' } })
}

describe('every live state is free of axe violations, sideways scroll and console errors', () => {
  test('asking, and the code', async () => {
    await using live = await startedLive()
    await using ada = await live.person(await browser())
    let code = ''
    await walk(ada, {
      'demo, signed out': async (page) => {
        await page.goto('/')
        await headed(page, 'Sign in without a password')
      },
      ask: async (page) => {
        await page.goto('/sign-in')
        await headed(page, 'Sign in to Fieldnotes')
      },
      'ask, likely slip': async (page) => {
        await page.getByLabel('E-mail address').fill('ada@gmial.com')
        await page.getByRole('button', { name: /^Did you mean ada@gmail.com/ }).waitFor()
      },
      'ask, error': async (page) => {
        await page.getByLabel('E-mail address').fill('ada@localhost')
        await page.keyboard.press('Enter')
        await page.getByRole('alert').waitFor()
      },
      check: async (page) => {
        code = (await ada.ask(ADA)).code
        await headed(page, 'Check your mail')
      },
      'check, other address': async (page) => {
        await page.getByRole('link', { name: 'Use another address' }).click()
        await headed(page, 'Use another address')
      },
      'check, too short': async (page) => {
        await page.getByRole('button', { name: 'Back to the code' }).click()
        await page.locator('#code').fill(code.slice(0, 4))
        await page.keyboard.press('Enter')
        await page.getByRole('alert').waitFor()
      },
      'check, wrong': async (page) => {
        await page.locator('#code').fill(wrongCode(code))
        await page.getByText('4 tries are left').first().waitFor()
      },
      'check, too soon': async (page) => {
        await tinker(page, '[data-resend]', {})
        await page.getByText('ask again in').first().waitFor()
      },
      'check, locked': async (page) => {
        for (const [nth, said] of ['3 tries are left', '2 tries are left', '1 try is left', 'This code is locked'].entries()) {
          await page.waitForLoadState()
          await page.locator('#code').fill(wrongCode(code, nth + 1))
          await page.getByRole('alert').filter({ hasText: said }).waitFor()
        }
        await page.locator('#code').waitFor({ state: 'detached' })
      },
      'check, in another browser': async (page) => {
        await page.goto(`/sign-in/check?c=${'A'.repeat(16)}`)
        await headed(page, 'Go on where you started')
      },
      'code of another browser': async (page) => {
        await ada.ask('ada.elsewhere@example.net')
        await tinker(page, 'form[action$="/code"]', { c: 'A'.repeat(16), code: '123456' })
        await page.getByRole('alert').waitFor()
      },
      'mail of another browser': async (page) => {
        await ada.ask('ada.third@example.net')
        await tinker(page, '[data-resend]', { c: 'A'.repeat(16) })
        await headed(page, 'This sign-in is not open here')
      },
    })
  })

  test('the link', async () => {
    await using live = await startedLive()
    await using ada = await live.person(await browser())
    await using phone = await live.person(await browser())
    await unseen(ada)
    const { link, bare } = await ada.ask(ADA)
    await walk(ada, {
      'landing, bound': async (page) => {
        await page.goto(link)
        await headed(page, 'Signing you in')
      },
      'landing, cut': async (page) => {
        await page.goto('about:blank')
        await page.goto(bare)
        await headed(page, 'Type the code')
      },
      'link, altered': async (page) => {
        await page.goto('about:blank')
        await page.goto(`${bare}#${'x'.repeat(43)}`)
        await page.getByRole('button', { name: 'Continue' }).click()
        await page.getByText('Nothing was used up').waitFor()
      },
      'link, unknown': async (page) => {
        await page.goto(`/l/${'A'.repeat(17)}#${'x'.repeat(43)}`)
        await page
          .getByRole('link', { name: /sign-in|again/i })
          .first()
          .waitFor()
      },
    })
    const type = async (page: Page, email: string): Promise<void> => {
      await page.getByLabel('Which address was the mail sent to?').fill(email)
      await page.getByRole('button', { name: 'Sign in here' }).click()
    }
    await walk(phone, {
      'landing, other browser': async (page) => {
        await page.goto(link)
        await headed(page, 'Where do you want to sign in?')
      },
      'landing, other browser, mismatch': async (page) => {
        await type(page, 'eve@example.net')
        await page.getByRole('alert').waitFor()
      },
      'landing, other browser, cut': async (page) => {
        await page.goto('about:blank')
        await page.goto(bare)
        await headed(page, 'Go on where you started')
      },
      'link, other browser, no try left': async (page) => {
        await page.goto('about:blank')
        await page.goto(link)
        for (const said of ['3 tries are left', '2 tries are left', '1 try is left']) {
          await type(page, 'eve@example.net')
          await page.getByRole('alert').filter({ hasText: said }).waitFor()
        }
        await type(page, 'eve@example.net')
        await page.getByLabel('Which address was the mail sent to?').waitFor({ state: 'detached' })
      },
      'link, used': async (page) => {
        await ada.page.goto('about:blank')
        await ada.page.goto(link)
        await ada.page.getByRole('button', { name: 'Continue' }).click()
        await ada.page.waitForURL(`${live.url}/`)
        await page.goto('about:blank')
        await page.goto(link)
        await page.getByText('used').first().waitFor()
      },
    })
  })

  test('signed in', async () => {
    await using live = await startedLive()
    await using ada = await live.person(await browser())
    await using phone = await live.person(await browser())
    await using grace = await live.person(await browser())
    await walk(ada, {
      inbox: async (page) => {
        await page.goto('/dev/inbox')
        await headed(page, 'Dev inbox')
      },
      account: async (page) => {
        await ada.signIn(ADA, { returnTo: '/account' })
        await page.getByText('You are signed in nowhere else.').waitFor()
      },
      'account, two sessions': async (page) => {
        const { link } = await grace.ask(ADA, { nth: 2 })
        await phone.page.goto(link)
        await phone.page.getByLabel('Which address was the mail sent to?').fill(ADA)
        await phone.page.keyboard.press('Enter')
        await phone.page.waitForURL(`${live.url}/`)
        await page.reload()
        await page.getByRole('button', { name: 'End all other sessions' }).waitFor()
      },
      'account, session ended': async (page) => {
        await page.getByRole('button', { name: /^End the session/ }).click()
        await page.getByText('The session has ended.').waitFor()
      },
      demo: async (page) => {
        await page.goto('/')
        await headed(page, 'Hello')
      },
      'check, somebody else signed in': async (page) => {
        await ada.ask(GRACE)
        await page.getByText(`signed in as ${ADA}`).waitFor()
      },
      'landing, somebody else signed in': async (page) => {
        await page.goto((await live.mail(GRACE)).link)
        await headed(page, 'Change accounts?')
      },
      'landing, other browser, somebody else signed in': async (page) => {
        await page.goto((await grace.ask('bob@example.net')).link)
        await headed(page, 'Where do you want to sign in?')
      },
      switched: async (page) => {
        await page.goto((await live.mail(GRACE)).link)
        await page.getByRole('button', { name: `Continue as ${GRACE}` }).click()
        await headed(page, 'You are signed in')
      },
      'mail for a sign-in that is over': async (page) => {
        const check = new URL(page.url()).searchParams.get('c') ?? ''
        await ada.ask('hopper@example.net')
        await tinker(page, '[data-resend]', { c: check })
        await page.getByRole('heading', { level: 1 }).waitFor()
      },
      'inbox, mails': async (page) => {
        await page.goto('/dev/inbox')
        await page.getByRole('button', { name: 'Copy the code' }).first().waitFor()
      },
      'inbox, one mail': async (page) => {
        await page
          .getByRole('link', { name: /Fieldnotes/ })
          .first()
          .click()
        await page.getByRole('link', { name: 'Open the link' }).waitFor()
      },
      'signed out': async (page) => {
        await page.goto('/account')
        await page.getByRole('button', { name: 'Sign out' }).click()
        await page.getByText('You are signed out.').waitFor()
      },
    })
  })

  test('the console', async () => {
    await using live = await startLive({ flags: { operators: OPS } })
    await using ada = await live.person(await browser())
    await using ops = await live.person(await browser())
    await ada.signIn(ADA)
    await ada.ask('bob@example.net')
    const find = async (page: Page, whom: string): Promise<void> => {
      await page.goto('/console')
      await page.getByLabel('Address, id, Message-ID or network').fill(whom)
      await page.getByRole('button', { name: 'Find' }).click()
    }
    await walk(ops, {
      'console, overview': async (page) => {
        await ops.signIn(OPS, { returnTo: '/console' })
        await headed(page, 'Console')
        await page.getByRole('img', { name: /^Bars: asked 3/ }).waitFor()
      },
      'console, table behind the chart': async (page) => {
        for (const table of await page.getByText('As a table').all()) await table.click()
        await page.getByRole('cell', { name: '100 %', exact: true }).first().waitFor()
      },
      'console, nobody': async (page) => {
        await find(page, 'nobody at all')
        await page.getByRole('alert').waitFor()
      },
      'console, person': async (page) => {
        await find(page, ADA)
        await headed(page, ADA)
      },
      'console, the whole story': async (page) => {
        await page.getByRole('link', { name: 'The whole story' }).first().click()
        await page
          .getByText(/^Signed in/)
          .first()
          .waitFor()
        await page.getByRole('link', { name: ADA }).click()
        await headed(page, ADA)
        await page.getByRole('link', { name: 'The whole story' }).first().click()
        await headed(page, 'Sign-in')
      },
      'console, erase': async (page) => {
        await find(page, ADA)
        await page.getByText('Erase…').click()
        await page.getByRole('button', { name: 'Erase this person' }).waitFor()
      },
      'console, acted': async (page) => {
        await page.getByRole('button', { name: 'Disable' }).click()
        await page.getByText('An operator disabled a user').waitFor()
        expect(await ada.whoAmI()).toBeNull()
      },
      'console, somebody who only asked': async (page) => {
        await find(page, 'bob@example.net')
        await page.getByText('No user has this address.').waitFor()
      },
      'console, mail': async (page) => {
        await page.getByRole('link', { name: 'Mail', exact: true }).click()
        await headed(page, 'Mail queue')
      },
      'console, funnel by mailbox': async (page) => {
        await page.goto('/console')
        await page.getByRole('link', { name: 'mailbox', exact: true }).click()
        await page.getByRole('img', { name: /^Bars: other/ }).waitFor()
        for (const part of await page.locator('details summary').all()) await part.click()
        await page.getByText('In numbers: other').waitFor()
      },
      'console, calibrate': async (page) => {
        await page.getByRole('link', { name: 'Calibrate' }).click()
        await headed(page, 'Calibrate')
        await page.getByText('Too few to advise on').waitFor()
        for (const table of await page.getByText('As a table').all()) await table.click()
      },
      'console, policy': async (page) => {
        await page.getByRole('link', { name: 'Policy' }).click()
        await headed(page, 'Policy')
      },
      'console, versions': async (page) => {
        await page.getByRole('link', { name: 'Versions' }).click()
        await headed(page, 'Versions')
      },
    })
  })

  test('dead ends', async () => {
    await using live = await startedLive()
    await using ada = await live.person(await browser())
    await using other = await startOther((_, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<form method=post action="${live.url}/sign-in"><input name=email value=${ADA}><button>Post</button></form>`)
    })
    await walk(ada, {
      'no such page': async (page) => expect((await page.goto('/nothing/here'))?.status()).toBe(404),
      'bad return address': async (page) => expect((await page.goto('/sign-in?return_to=https://evil.example'))?.status()).toBe(400),
      'wrong method': async (page) => expect((await page.goto('/sign-out'))?.status()).toBe(405),
      'from another site': async (page) => {
        await page.goto(other.url)
        const [answer] = await Promise.all([page.waitForResponse('**/sign-in'), page.getByRole('button', { name: 'Post' }).click()])
        expect(answer.status()).toBe(403)
        await page.getByRole('heading', { level: 1 }).waitFor()
      },
      'a form that was tampered with': async (page) => {
        await page.goto('/sign-in')
        await page.evaluate(() => {
          const form = document.querySelector('form')
          form?.querySelector('input[name=email]')?.removeAttribute('name')
          if (form) HTMLFormElement.prototype.submit.call(form)
        })
        await page.waitForLoadState()
        await headed(page, 'We could not read this request')
      },
    })
  })

  test.each(['code', 'link'] as const)('with %ss only', async (method) => {
    await using live = await startLive({ policy: { methods: [method] } })
    await using ada = await live.person(await browser())
    await walk(ada, {
      [`ask, ${method} only`]: (page) => page.goto('/sign-in'),
      [`check, ${method} only`]: async () => await ada.ask(ADA),
      ...(method === 'link' ? { 'landing, cut, link only': async (page: Page) => await page.goto((await live.mail(ADA)).bare) } : {}),
    })
  })
})
