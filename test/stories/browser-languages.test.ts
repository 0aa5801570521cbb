// Languages in a real browser, with fonts that draw it: no accessibility fault that axe knows, no sideways scroll at 320 px, and
// the page as a whole runs from the right where the language does. With PAGES_LOOK=directory it leaves screenshots for people to look at.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { languages } from '../../src/words/words.ts'
import { browserFor } from '../chromium.ts'
import { dnsOf } from '../dns-server.ts'
import { startLive } from '../live.ts'
import { someOf } from '../size.ts'

const require = createRequire(import.meta.url)
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')
const everything = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const shots = process.env['PAGES_LOOK']
const browser = browserFor()

dnsOf({ 'example.net': { mx: ['mx.example.net'] } })

/** The browser that comes with the tests draws Latin letters only. Each file is fetched where a page has letters of its range. */
async function addFonts(context: BrowserContext): Promise<void> {
  const fonts = ['noto-sans-arabic', 'noto-sans-jp'].map((name) => dirname(require.resolve(`@fontsource-variable/${name}/package.json`)))
  const css = fonts
    .map((folder) => readFileSync(join(folder, 'index.css'), 'utf8').replaceAll('./files/', '/fonts/'))
    .join('\n')
    // First in the stacks of headings and of text; what the range leaves out is drawn as always.
    .replace(/(@font-face \{[^}]*?)font-family: '[^']*'([^}]*?unicode-range: (?!U\+0000)[^}]*\})/g, (_, before: string, after: string) =>
      ['Segoe UI', 'Iowan Old Style'].map((family) => `${before}font-family: '${family}'${after}`).join('\n'),
    )
  await context.route('**/fonts/*', (route) => {
    const file = new URL(route.request().url()).pathname.split('/').at(-1) ?? ''
    const folder = fonts.find((each) => file.startsWith(`${each.split('/').at(-1)}-`)) ?? ''
    return route.fulfill({ path: join(folder, 'files', file), contentType: 'font/woff2' })
  })
  await context.route(/\/assets\/postkey\.css|\/dev\/inbox\/\w+\/html/, async (route) => {
    const answer = await route.fetch()
    const body = await answer.text()
    await route.fulfill({
      response: answer,
      body: body.includes('<head>') ? body.replace('<head>', `<head><style>${css}</style>`) : css + body,
    })
  })
}

/** Chromium keeps how short texts look, also from before their font was there: a setting that changes no letter makes it look anew. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready
    document.documentElement.style.fontFeatureSettings = "'kern'"
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    await document.fonts.ready
  })
}

async function look(page: Page, name: string): Promise<string[]> {
  const faults: string[] = []
  await drawn(page)
  await page.evaluate(axe)
  for (const [way, width, height, colorScheme, rules] of [
    ['light', 900, 760, 'light', everything],
    // Structure is the same in every look; colours and sizes are not.
    ['narrow', 320, 640, 'dark', ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable']],
  ] as const) {
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme })
    if (shots !== undefined) {
      mkdirSync(shots, { recursive: true })
      await page.screenshot({ path: join(shots, `${name}.${way}.png`), fullPage: true })
    }
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${name}, ${way}: scrolls sideways`)
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

/** Another one in each run: each is seconds of a browser’s work. */
const spoken = shots === undefined ? someOf([...languages.values()], 1) : [...languages.values()]

test(`what is said fits, on the sign-in page and with a wrong code: ${spoken.map(({ lang }) => lang).join(', ')}`, async () => {
  await using live = await startLive({ flags: { support: 'mailto:help@fieldnotes.test' } })
  await using ada = await live.person(await browser(), { bypassCSP: true, timezoneId: 'Asia/Tokyo' })
  const { page, context } = ada
  await addFonts(context)
  const faults: string[] = []
  for (const { lang, dir, name } of spoken) {
    await page.goto('/sign-in')
    // As a person does it: the language by its own name, at the foot of the page.
    if ((await page.getAttribute('html', 'lang')) !== lang) await page.getByRole('link', { name, exact: true }).click()
    await page.waitForFunction((wanted) => document.documentElement.lang === wanted, lang)
    faults.push(...(await look(page, `ask-${lang}`)))
    const email = `ada-${lang}@example.net`
    await page.locator('#email').fill(email)
    await page.locator('main button[type=submit]').click()
    await page.waitForURL('**/sign-in/check?c=*')
    await page.locator('#code').fill('1')
    await page.locator('main form:has(#code) button').click()
    await page.getByRole('alert').waitFor()
    faults.push(...(await look(page, `check-${lang}`)))
    expect(await page.evaluate(() => getComputedStyle(document.body).direction)).toBe(dir)
    // What is written from the left stays so: address, code, times.
    expect(
      await page
        .locator('.address')
        .first()
        .evaluate((each) => getComputedStyle(each).direction),
    ).toBe('ltr')
    expect(await page.locator('#code').evaluate((each) => getComputedStyle(each).direction)).toBe('ltr')
    // In the reader's own time, in the digits of the page.
    expect(await page.locator('time').first().innerText()).toMatch(/\d{2}:\d{2}/)
    // The mail as a reader with its own styles shows it.
    const { id } = await live.mail(email)
    await page.goto(`/dev/inbox/${id}/html`)
    await page.setViewportSize({ width: 360, height: 640 })
    await drawn(page)
    if (shots !== undefined) await page.screenshot({ path: join(shots, `mail-${lang}.png`), fullPage: true })
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`mail, ${lang}: scrolls sideways`)
  }
  expect(faults).toEqual([])
}, 60_000)
