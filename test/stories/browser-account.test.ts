// The signed-in person in a real browser: the list of sessions, ending them, signing out, and what "back" may show after that.
import { describe, expect, test } from 'vitest'
import { browserFor } from '../chromium.ts'
import { startLive } from '../live.ts'

const ADA = 'ada@example.net'
const browser = browserFor()
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

describe('the account page', () => {
  test('it names every place, ends the one that is chosen, and then all others', async () => {
    await using live = await startLive({ policy: { resendAfter: 0, mailsPerLinkTtl: 10 } })
    await using desktop = await live.person(await browser())
    await using phone = await live.person(await browser(), { userAgent: PHONE })
    await using tablet = await live.person(await browser())
    await desktop.signIn(ADA, { returnTo: '/account' })
    await phone.signIn(ADA, { nth: 2 })
    await tablet.signIn(ADA, { nth: 3 })
    const { page } = desktop
    await page.reload()
    const rows = page.getByRole('region', { name: 'Where you are signed in' }).getByRole('listitem')
    expect(await rows.count()).toBe(3)
    expect(await rows.filter({ hasText: 'This browser' }).count()).toBe(1)

    await page.getByRole('button', { name: 'End the session in Safari on iPhone' }).click()
    await page.getByText('The session has ended.').waitFor()
    expect(await rows.count()).toBe(2)
    expect([await phone.whoAmI(), await tablet.whoAmI(), await desktop.whoAmI()]).toEqual([null, ADA, ADA])

    await page.getByRole('button', { name: 'End all other sessions' }).click()
    await page.getByText('All other sessions have ended.').waitFor()
    expect(await rows.count()).toBe(1)
    expect([await tablet.whoAmI(), await desktop.whoAmI()]).toEqual([null, ADA])
    expect(await page.getByRole('button', { name: 'End all other sessions' }).count()).toBe(0)
  })

  test('RC-09: after signing out, "back", "forward" and a tab that was open show nothing of the account', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    await ada.signIn(ADA, { returnTo: '/account' })
    const { page } = ada
    const other = await ada.context.newPage()
    await other.goto('/account')
    await page.goto('/')
    await page.goto('/account')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('You are signed out.').waitFor()
    expect(await ada.sessionCookie()).toBeUndefined()
    for (const go of [() => page.goBack(), () => page.goBack(), () => page.goForward(), () => page.reload()]) {
      await go()
      await page.waitForLoadState()
      expect(await page.locator('body').textContent()).not.toContain(ADA)
    }
    // The other tab still shows the list: whatever it asks for now leads to the sign-in page.
    await other.getByRole('button', { name: 'Sign out' }).click()
    await other.waitForURL('**/sign-in?*')
    await other.goBack()
    expect(await other.locator('body').textContent()).not.toContain(ADA)
  })

  test('a double click on "sign out" is no error', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    await ada.signIn(ADA, { returnTo: '/account' })
    await ada.page.getByRole('button', { name: 'Sign out' }).dblclick()
    await ada.page.getByText('You are signed out.').waitFor()
    expect(ada.posts.filter((path) => path === '/sign-out')).toHaveLength(1)
  })

  test('whoever is not signed in is asked to, and comes back to it', async () => {
    await using live = await startLive()
    await using ada = await live.person(await browser())
    const { page } = ada
    await page.goto('/account')
    await page.getByLabel('E-mail address').fill(ADA)
    await page.keyboard.press('Enter')
    const { link } = await live.mail(ADA)
    await page.waitForURL('**/sign-in/check?c=*')
    await page.goto(link)
    await page.waitForURL('**/account')
    expect(await ada.whoAmI()).toBe(ADA)
  })
})

describe('policies with one method', () => {
  test('codes only: the mail holds no link, the pages speak of none, its routes do not exist, and the code signs in', async () => {
    await using live = await startLive({ policy: { methods: ['code'] } })
    await using ada = await live.person(await browser())
    const { link, code } = await ada.ask(ADA)
    expect(link).toBe('')
    expect(await ada.page.locator('main').textContent()).not.toMatch(/link/i)
    const tab = await ada.context.newPage()
    expect((await tab.goto(`/l/${'A'.repeat(17)}#${'x'.repeat(43)}`))?.status()).toBe(404)
    await ada.typeCode(code)
    await ada.page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
  })

  test('links only: there is no code field anywhere, a cut link says what to do, and the whole one signs in', async () => {
    await using live = await startLive({ policy: { methods: ['link'] } })
    await using ada = await live.person(await browser())
    const { link, bare, code } = await ada.ask(ADA)
    expect(code).toBe('')
    const { page } = ada
    expect(await page.locator('#code').count()).toBe(0)
    expect(await page.locator('main').textContent()).toContain('Open the link in it to sign in.')
    expect(await page.locator('main').textContent()).not.toMatch(/code/i)
    await page.goto(bare)
    expect(await page.locator('#code').count()).toBe(0)
    expect(await page.getByRole('heading', { level: 1 }).first().textContent()).toBe('Open the whole link')
    expect(await page.locator('main').textContent()).not.toMatch(/code/i)
    await page.goto('about:blank')
    await page.goto(link)
    await page.waitForURL(`${live.url}/`)
    expect(await ada.whoAmI()).toBe(ADA)
  })
})
