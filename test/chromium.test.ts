import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserFor, launchChromium } from './chromium.ts'

const browser = browserFor()
let server: Server
let url: string
const seen: string[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(
      '<!doctype html><title>hello</title><form method=post action=/done><input name=email type=email><select name=a><option>b</select><button>Go</button></form><script>document.body.dataset.js=1</script>',
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => new Promise((resolve) => server.close(resolve)))

test('the test browser opens a page, runs its script and posts its form', async () => {
  const context = await (await browser()).newContext()
  const page = await context.newPage()
  await page.goto(`${url}/start`)
  expect(await page.title()).toBe('hello')
  expect(await page.getAttribute('body', 'data-js')).toBe('1')
  await page.click('text=Go')
  await page.waitForURL('**/done')
  expect(seen).toContain('POST /done')
  await context.close()
})

test('two browsers can be started at the same moment and know nothing of each other', async () => {
  const [one, other] = await Promise.all([launchChromium(), launchChromium()])
  try {
    expect(one.contexts()).toHaveLength(0)
    const page = await other.newPage()
    await page.goto(url)
    expect(one.contexts()).toHaveLength(0)
  } finally {
    await Promise.all([one.close(), other.close()])
  }
})
