// Looks at every page in a real browser, light and wide, dark and at 320 px: no accessibility fault that axe knows, no sideways scroll,
// nothing that the content security policy had to block. With PAGES_LOOK=directory it leaves screenshots there for people to look at.
import { mkdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { icon, script, styles } from '../src/page/assets.generated.ts'
import { browserFor } from './chromium.ts'
import { samples } from './page-samples.ts'
import { someOf } from './size.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const csp =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
const shots = process.env['PAGES_LOOK']
const pages = samples()
const browser = browserFor()

const everything = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** Structure is the same in every look; colours and sizes are not. */
const looks = {
  light: { viewport: { width: 900, height: 760 }, colorScheme: 'light', rules: everything },
  // 320 px is also what 1280 px are at 400 % zoom. A narrow page hides nothing of a wide one.
  narrow: {
    viewport: { width: 320, height: 640 },
    colorScheme: 'dark',
    rules: ['color-contrast', 'link-in-text-block', 'target-size', 'scrollable-region-focusable'],
  },
} as const

let server: Server
let base = ''

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const send = (type: string, body: string, headers: Record<string, string> = {}): void => {
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, ...headers }).end(body)
    }
    if (path.endsWith('.css')) send('text/css', styles)
    else if (path.endsWith('.js')) send('text/javascript', script)
    else if (path.endsWith('.svg')) send('image/svg+xml', icon)
    else if (path.endsWith('/html'))
      send('text/html', '<!doctype html><html lang="en"><title>Mail</title><h1 style="font:20px sans-serif">A mail</h1></html>')
    else if (request.method === 'GET' && path === '/') send('text/html', '', { 'content-security-policy': csp })
    // What a page posts must not lead away from it: 204 keeps it on the screen.
    else response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  if (shots !== undefined) mkdirSync(shots, { recursive: true })
})

afterAll(() => {
  server.close()
})

test('every page is free of axe violations and sideways scroll, in every look', async () => {
  const context = await (await browser()).newContext({ timezoneId: 'UTC' })
  const page = await context.newPage()
  const faults: string[] = []
  let name = ''
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`${name}: ${message.text()}`)
  })
  await page.goto(base)
  await page.evaluate(axe)
  // Two looks are of the stylesheet more than of the page: half of the pages, others in each run, have the second one in place of the first.
  const names = Object.keys(pages)
  const narrow = new Set(someOf(names, Math.ceil(names.length / 2)))
  const both = shots !== undefined || narrow.size === names.length
  for (name of names) {
    await page.evaluate(show, pages[name] ?? '')
    for (const [look, { viewport, colorScheme, rules }] of Object.entries(looks)) {
      if (!both && (look === 'narrow') !== narrow.has(name)) continue
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      if (shots !== undefined) await page.screenshot({ path: join(shots, `${name}.${look}.png`), fullPage: true })
      faults.push(...(await page.evaluate(faultsIn, both ? rules : everything)).map((fault) => `${name}, ${look}: ${fault}`))
    }
  }
  await context.close()
  expect(faults).toEqual([])
}, 120_000)

/** In place of the page before it, under the same policy, and with all of its own scripts run: axe, once it has run, is twice as fast. */
async function show(html: string): Promise<void> {
  document.open()
  const loaded = new Promise((resolve) => addEventListener('load', resolve, { once: true }))
  document.write(html)
  document.close()
  await loaded
}

async function faultsIn(runOnly: readonly string[]): Promise<readonly string[]> {
  const { axe: run } = globalThis as unknown as {
    axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
  }
  const { violations } = await run.run({ runOnly, iframes: false, resultTypes: ['violations'] })
  return [
    ...(document.documentElement.scrollWidth > innerWidth ? ['scrolls sideways'] : []),
    ...violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`),
  ]
}
