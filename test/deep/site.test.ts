// The documents as a website: built as `npm run docs:site` does it, every link checked, and looked at in a real browser below a path
// of its own, as it will be served. With PAGES_LOOK=directory it leaves screenshots there for people to look at.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserFor } from '../chromium.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = join(root, 'site/dist')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const shots = process.env['PAGES_LOOK']
const browser = browserFor()
const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}
/** What a careful host would send. The search needs to compile its index. */
const CSP =
  "default-src 'none'; style-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; img-src 'self'; base-uri 'none'"
const BELOW = '/some/where'

const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? ''

let server: Server
let base = ''

beforeAll(async () => {
  const built = run('site/build.mjs')
  expect(lastLine(built.stdout), built.stderr).toMatch(/^\d{4,} passed, 0 failed$/)
  expect(built.status).toBe(0)
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    try {
      if (!path.startsWith(`${BELOW}/`)) throw new Error('outside')
      const file = join(dist, path.slice(BELOW.length).replace(/\/$/, '/index.html'))
      const body = readFileSync(file)
      response
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': CSP })
        .end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}${BELOW}`
  if (shots !== undefined) mkdirSync(shots, { recursive: true })
})

afterAll(() => {
  server?.close()
})

test('a dead page, a dead anchor, an absolute link, a foreign script and the like are each found', () => {
  const copy = mkdtempSync(join(tmpdir(), 'postkey-site-'))
  try {
    cpSync(dist, copy, { recursive: true })
    const wrong = {
      '<a href="nowhere.html">': 'leads to no file',
      '<a href="operating.html#nowhere">': 'leads to no anchor',
      '<a href="/operating.html">': 'works at one place only',
      '<script src="https://cdn.example/x.js"></script>': 'is loaded from elsewhere',
      '<p id="endpoints">': 'stands there twice',
      '<p style="color:red">': 'is an inline style',
    }
    const page = join(copy, 'webhooks.html')
    writeFileSync(page, readFileSync(page, 'utf8').replace('</main>', `${Object.keys(wrong).join('')}</main>`))
    const { status, stdout, stderr } = run('site/check.mjs', copy)
    expect(status).toBe(1)
    expect(lastLine(stdout)).toMatch(/passed, 6 failed$/)
    for (const why of Object.values(wrong)) expect(stderr).toContain(why)
  } finally {
    rmSync(copy, { recursive: true })
  }
})

test('every document is a page', () => {
  const documents = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md'))
  const pages = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  expect(documents.map((file) => file.replace(/md$/, 'html')).filter((file) => !pages.includes(file))).toEqual([])
  // And each is in the list that stands on all of them.
  const home = readFileSync(join(dist, 'index.html'), 'utf8')
  expect(
    documents.map((file) => file.replace(/md$/, 'html').replaceAll('\\', '/')).filter((file) => !home.includes(`href="${file}"`)),
  ).toEqual([])
})

const looks = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  narrow: { viewport: { width: 320, height: 800 }, colorScheme: 'light' },
} as const

test('pages are free of axe violations, sideways scroll and what a policy had to block, light, dark and narrow', async () => {
  const page = await (await browser()).newPage()
  await page.addInitScript(axe)
  const faults: string[] = []
  page.on('console', (message) => message.type() === 'error' && faults.push(`${page.url()}: ${message.text()}`))
  page.on('request', (request) => request.url().startsWith(base) || faults.push(`asks for ${request.url()}`))
  for (const name of ['index', 'get-started', 'policy', 'reasons', 'migrate/better-auth']) {
    await page.goto(`${base}/${name}.html`)
    for (const [look, { viewport, colorScheme }] of Object.entries(looks)) {
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      if (shots !== undefined) await page.screenshot({ path: join(shots, `${name.replace('/', '-')}.${look}.png`) })
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${name}, ${look}: scrolls sideways`)
      const violations = await page.evaluate(async () => {
        const { axe: run } = globalThis as unknown as {
          axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
        }
        return (await run.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
      })
      faults.push(...violations.map((violation) => `${name}, ${look}: ${violation}`))
    }
  }
  await page.close()
  expect(faults).toEqual([])
}, 180_000)

test('the search finds a setting and leads there, from a page in a folder and by the keyboard', async () => {
  const page = await (await browser()).newPage({ viewport: looks.light.viewport })
  await page.goto(`${base}/decisions/001-operations-are-generators.html`)
  await page.keyboard.press('/')
  await page.keyboard.type('codeFailures')
  const found = page.locator('search li a').first()
  await found.waitFor()
  if (shots !== undefined) await page.screenshot({ path: join(shots, 'search.png') })
  await found.click()
  expect(page.url()).toContain(`${BELOW}/policy.html`)
  await page.close()
})

test('without JavaScript every page can be read and reached', async () => {
  const context = await (await browser()).newContext({ javaScriptEnabled: false, viewport: looks.narrow.viewport })
  const page = await context.newPage()
  await page.goto(`${base}/`)
  expect(await page.locator('search').isVisible()).toBe(false)
  await page.click('text=All pages')
  await page.click('#-pages >> text=Threat model')
  expect(await page.textContent('h1')).toBe('Threat model')
  await context.close()
})
