// A person signs in by code, in a real browser against a real server: what the field does by itself, and what it leaves to the person.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { browserFor } from '../chromium.ts'
import { startLive, wrongCode } from '../live.ts'

const ADA = 'ada@example.net'
const browser = browserFor()

/** Long enough for anything that a page would do by itself. */
const settle = (page: Page): Promise<void> => page.waitForTimeout(350)

/** The page with the "no" is there, and its script has put the focus on the summary. */
const refused = (page: Page): Promise<void> =>
  expect
    .poll(() => page.evaluate(() => document.activeElement?.hasAttribute('data-summary')).catch(() => false), { timeout: 5_000 })
    .toBe(true)

/** What is marked in the focused text field. */
const marked = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const field = document.activeElement as HTMLInputElement
    return field.value.slice(field.selectionStart ?? 0, field.selectionEnd ?? 0)
  })

describe('the code from the mail', () => {
  test('the sixth digit sends it, once, and the person is where they wanted to go', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { code } = await ada.askOnPage(ADA, { returnTo: '/account' })
    expect(await ada.page.evaluate(() => document.activeElement?.id)).toBe('code')
    await ada.typeCode(code.slice(0, 5))
    await settle(ada.page)
    expect(ada.codePosts).toBe(0)
    await ada.typeCode(code.slice(5))
    await ada.page.waitForURL('**/account')
    expect(ada.codePosts).toBe(1)
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test.each([
    ['123 456', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['Your code is 123456.', (code: string) => `Your code is ${code}.`],
  ])('pasted as "%s" it signs in, with one POST', async (_, written) => {
    await using live = await startLive()
    await using ada = await live.person(await browser(), { permissions: ['clipboard-read', 'clipboard-write'] })
    const { code } = await ada.ask(ADA)
    await ada.page.evaluate((text) => navigator.clipboard.writeText(text), written(code))
    await ada.page.locator('#code').press('ControlOrMeta+v')
    await ada.page.waitForURL(`${live.url}/`)
    expect(ada.codePosts).toBe(1)
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('RC-08: the sixth digit, Enter and the button within one moment are one POST', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { code } = await ada.askOnPage(ADA)
    await ada.page.evaluate((value) => {
      const field = document.querySelector<HTMLInputElement>('#code')
      const form = field?.form
      if (!field || !form) throw new Error('no code field')
      field.value = value
      field.dispatchEvent(new Event('input', { bubbles: true }))
      form.requestSubmit()
      form.querySelector('button')?.click()
    }, code)
    await ada.page.waitForURL(`${live.url}/`)
    expect(ada.codePosts).toBe(1)
    expect(await ada.sessions()).toBe(1)
  })

  test('a wrong one is kept and marked, the focus is on the summary, nothing is sent again by itself, and a reload is a GET', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { code } = await ada.ask(ADA)
    const { page } = ada
    const check = page.url()
    await ada.typeCode(wrongCode(code))
    await refused(page)
    await settle(page)
    expect(ada.codePosts).toBe(1)
    expect(await page.title()).toMatch(/^Error: /)
    const field = page.locator('#code')
    expect(await field.inputValue()).toBe(wrongCode(code))
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    expect(await page.getByRole('alert').textContent()).toContain('4 tries are left')
    await page.getByRole('alert').getByRole('link').click()
    expect(await marked(page)).toBe(wrongCode(code))

    await page.reload()
    expect(page.url()).toBe(check)
    expect(await page.title()).not.toMatch(/^Error: /)
    await settle(page)
    expect(ada.codePosts).toBe(1)
    await ada.typeCode(code)
    await page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('Enter and the button send what is there, also the same wrong code again', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { code } = await ada.ask(ADA)
    const { page } = ada
    await ada.typeCode(wrongCode(code))
    await page.getByText('4 tries are left').first().waitFor()
    await page.locator('#code').press('Enter')
    await page.getByText('3 tries are left').first().waitFor()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('2 tries are left').first().waitFor()
    await refused(page)
    expect(ada.codePosts).toBe(3)
    // The first key replaces what was refused.
    await page.getByRole('alert').getByRole('link').click()
    await page.keyboard.type(code)
    await page.waitForURL(`${live.url}/`)
    expect(ada.codePosts).toBe(4)
  })

  test('too short, it costs no try, and the page says what is missing', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { code } = await ada.ask(ADA)
    const { page } = ada
    await ada.typeCode(code.slice(0, 5))
    await page.getByRole('button', { name: 'Sign in' }).click()
    await refused(page)
    expect(await page.title()).toMatch(/^Error: /)
    expect(await page.getByRole('alert').textContent()).not.toContain('left')
    await page.getByRole('alert').getByRole('link').click()
    await page.keyboard.type(code)
    await page.waitForURL(`${live.url}/`)
  })

  test('TK-13: after five wrong ones the field is gone, and the link of the same mail signs in', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { code, link } = await ada.ask(ADA)
    const { page } = ada
    for (const [nth, said] of [
      '4 tries are left',
      '3 tries are left',
      '2 tries are left',
      '1 try is left',
      'This code is locked',
    ].entries()) {
      await page.locator('#code').fill(wrongCode(code, nth))
      await page.getByRole('alert').filter({ hasText: said }).waitFor()
      await refused(page)
    }
    expect(await page.locator('#code').count()).toBe(0)
    await page.goto(link)
    await page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
  })
})

describe('while no mail is there', () => {
  test('the wait for the next mail counts down on the button, which then works; the code of the first mail is superseded', async () => {
    await using live = await startLive({ policy: { resendAfter: '2s' } })
    await using ada = await live.person(await browser())
    const first = await ada.ask(ADA)
    const { page } = ada
    const button = page.getByRole('button', { name: /^Send a new mail/ })
    expect(await button.textContent()).toMatch(/^Send a new mail in 0:0[12]$/)
    await button.click({ force: true })
    await page.getByText('You can ask for a new mail now.').waitFor()
    expect(ada.posts).not.toContain('/sign-in/resend')
    expect(await button.textContent()).toBe('Send a new mail')
    await button.click()
    await page.waitForURL('**&sent=again')
    expect(await page.getByRole('status').first().textContent()).toBe('A new mail is on its way.')
    const second = await live.mail(ADA, 2)
    await ada.typeCode(first.code)
    await refused(page)
    await page.locator('#code').fill(second.code)
    await page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('another address is asked for without a reload; the first one stays in the field, marked, and the way back is kept', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    await ada.ask('ada@exmaple.net', { returnTo: '/account' })
    const { page } = ada
    const before = ada.received.length
    await page.getByRole('link', { name: 'Use another address' }).click()
    const field = page.getByLabel('E-mail address')
    expect(await field.inputValue()).toBe('ada@exmaple.net')
    expect(ada.received.length).toBe(before)
    await page.keyboard.type(ADA)
    expect(await field.inputValue()).toBe(ADA)
    await page.keyboard.press('Enter')
    const { code } = await live.mail(ADA)
    await page.getByText(ADA).first().waitFor()
    await ada.typeCode(code)
    await page.waitForURL('**/account')
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('the request number is copied at one press, and is the one in the header', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser(), { permissions: ['clipboard-read', 'clipboard-write'] })
    const { page } = ada
    const answer = await page.goto('/sign-in')
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(answer?.headers()['x-request-id'])
  })

  test('where the browser refuses to copy, the request number is marked for the person to copy', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { page } = ada
    const answer = await page.goto('/sign-in')
    await page.getByRole('button', { name: 'Copy' }).click()
    await expect.poll(() => page.evaluate(() => getSelection()?.toString())).toBe(answer?.headers()['x-request-id'])
    expect(await page.getByRole('button', { name: 'Copied' }).count()).toBe(0)
  })

  test('a double click on the first button is one mail', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { page } = ada
    await page.goto('/sign-in')
    await page.getByLabel('E-mail address').fill(ADA)
    await page.getByRole('button', { name: 'Send me the mail' }).dblclick()
    await page.waitForURL('**/sign-in/check?c=*')
    await live.mail(ADA)
    expect(ada.posts).toEqual(['/sign-in'])
  })
})
