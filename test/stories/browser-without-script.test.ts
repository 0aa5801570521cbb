// JavaScript is off: every way in is still there, with one more tap.
import { describe, expect, test } from 'vitest'
import { browserFor } from '../chromium.ts'
import { dnsOf } from '../dns-server.ts'
import { startLive, wrongCode } from '../live.ts'

const ADA = 'ada@example.net'
const NO_SCRIPT = { javaScriptEnabled: false }
const browser = browserFor()

dnsOf({ 'example.net': { mx: ['mx.example.net'] } })

describe('without JavaScript', () => {
  test('the whole way by code: asked, mistyped, typed, in, and out again', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser(), NO_SCRIPT)
    const { code } = await ada.askOnPage(ADA, { returnTo: '/account' })
    const { page } = ada
    // What only a script could keep is not promised.
    expect(await page.getByText('as soon as the last digit is in').isVisible()).toBe(false)
    const press = page.getByRole('button', { name: 'Sign in' })
    await page.locator('#code').fill(wrongCode(code))
    await press.click()
    await page.getByRole('alert').waitFor()
    expect(await page.title()).toMatch(/^Error: /)
    expect(await page.locator('#code').inputValue()).toBe(wrongCode(code))
    await page.locator('#code').fill(`${code.slice(0, 3)} ${code.slice(3)}`)
    await press.click()
    await page.waitForURL('**/account')
    expect(await ada.whoAmI()).toBe(ADA)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('You are signed out.').waitFor()
    expect(await ada.whoAmI()).toBeNull()
  })

  test('SC-09: a link whose secret only a script could read asks for the code, which works there', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser(), NO_SCRIPT)
    const { link, code } = await ada.askOnPage(ADA)
    const answer = await ada.page.goto(link)
    expect(answer?.status()).toBe(200)
    await ada.page.locator('#code').fill(code)
    await ada.page.getByRole('button', { name: 'Sign in' }).click()
    await ada.page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('with linkSecret "path" the link signs in by its button', async () => {
    await using live = await startLive({ policy: { linkSecret: 'path' } })
    await using ada = await live.person(await browser(), NO_SCRIPT)
    const { link, bare } = await ada.askOnPage(ADA)
    expect(link).toMatch(/\/l\/[0-9A-Za-z]{17}\/[0-9A-Za-z]{43}$/)
    await ada.page.goto(link)
    expect(ada.linkPosts).toBe(0)
    await ada.page.getByRole('button', { name: 'Continue' }).click()
    await ada.page.waitForURL(`${live.url}/`)
    expect(ada.posts.at(-1)).toBe(new URL(bare).pathname)
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('with linkSecret "path" another browser signs in by typing the address; a slip keeps the secret', async () => {
    await using live = await startLive({ policy: { linkSecret: 'path' } })
    await using ada = await live.person(await browser(), NO_SCRIPT)
    await using phone = await live.person(await browser(), NO_SCRIPT)
    const { link, secret } = await ada.askOnPage(ADA)
    await phone.page.goto(link)
    const field = phone.page.getByLabel('Which address was the mail sent to?')
    await field.fill('eve@example.net')
    await phone.page.getByRole('button', { name: 'Sign in here' }).click()
    await phone.page.getByRole('alert').waitFor()
    expect(phone.page.url()).not.toContain(secret)
    await field.fill(ADA)
    await phone.page.getByRole('button', { name: 'Sign in here' }).click()
    await phone.page.waitForURL(`${live.url}/`)
    expect(await phone.whoAmI()).toBe(ADA)
  })

  test('with linkSecret "path" and JavaScript the link signs in by itself, and no Referer tells its path', async () => {
    await using live = await startLive({ policy: { linkSecret: 'path' } })
    await using ada = await live.person(await browser())
    const { link, secret } = await ada.askOnPage(ADA)
    await ada.page.goto(link)
    await ada.page.waitForURL(`${live.url}/`)
    expect(ada.linkPosts).toBe(1)
    expect(ada.received.filter(({ headers }) => headers.referer?.includes(secret) === true)).toEqual([])
    // The request line of the GET has it, as `doctor` warns; our own log still does not.
    expect(live.log.join('')).not.toContain(secret)
  })

  test('asking for another mail too soon answers with a page that says how long to wait, and the code still works', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser(), NO_SCRIPT)
    const { code } = await ada.askOnPage(ADA)
    const { page } = ada
    const [answer] = await Promise.all([
      page.waitForResponse('**/sign-in/resend'),
      page.getByRole('button', { name: 'Send a new mail' }).click(),
    ])
    expect(answer.status()).toBe(429)
    expect(Number(answer.headers()['retry-after'])).toBeGreaterThan(30)
    expect(await page.getByRole('alert').textContent()).toMatch(/ask again in (1 minute|\d+ seconds)/)
    await page.locator('#code').fill(code)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(`${live.url}/`)
  })

  test('the other address is a link to the first step, which keeps the way back', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser(), NO_SCRIPT)
    await ada.askOnPage('ada@exmaple.net', { returnTo: '/account' })
    const { page } = ada
    await page.getByRole('link', { name: 'Use another address' }).click()
    await page.getByLabel('E-mail address').fill(ADA)
    await page.getByRole('button', { name: 'Send me the mail' }).click()
    const { code } = await live.mail(ADA)
    await page.locator('#code').fill(code)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/account')
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('an operator sees the numbers drawn, tells them apart by plain links, and reads how long people took', async () => {
    await using live = await startLive({ flags: { operators: 'ops@example.net' } })
    await using ops = await live.person(await browser(), NO_SCRIPT)
    const { code } = await ops.askOnPage('ops@example.net', { returnTo: '/console' })
    const { page } = ops
    await page.locator('#code').fill(code)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/console')
    await page.getByRole('link', { name: 'method', exact: true }).click()
    await page.getByRole('img', { name: /^Bars: the code 1, 100 % got in/ }).waitFor()
    await page.getByText('the code', { exact: true }).last().click()
    await page.getByText('In numbers: the code').waitFor()
    await page.getByRole('link', { name: 'How long should links live?' }).click()
    await page.getByRole('heading', { level: 1, name: 'Calibrate' }).waitFor()
    await page.getByRole('img', { name: /^Bars: all mailboxes half within/ }).waitFor()
    await page.getByText('As a table').click()
    await page
      .getByRole('rowheader', { name: /^all mailboxes/ })
      .first()
      .waitFor()
  })

  test('an operator finds a person, sees what became of the mail, and ends the session', async () => {
    await using live = await startLive({ flags: { operators: 'ops@example.net' } })
    await using ada = await live.person(await browser())
    await using ops = await live.person(await browser(), NO_SCRIPT)
    await ada.signIn(ADA)
    const { page } = ops
    await page.goto('/console')
    await page.getByLabel('E-mail address').fill('ops@example.net')
    await page.getByRole('button', { name: 'Send me the mail' }).click()
    await page.waitForURL('**/sign-in/check?c=*')
    await page.locator('#code').fill((await live.mail('ops@example.net')).code)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL('**/console')
    await page.getByLabel('Address, id, Message-ID or network').fill(ADA)
    await page.getByRole('button', { name: 'Find' }).click()
    await page.getByRole('heading', { level: 1, name: ADA }).waitFor()
    expect(page.url()).not.toContain('example.net')
    expect(await page.locator('main').textContent()).toContain('taken by the mail server')
    await page.getByRole('button', { name: 'End all sessions' }).click()
    await page.getByText('An operator ended all sessions of a person.').waitFor()
    expect(await ada.whoAmI()).toBeNull()
  })
})
