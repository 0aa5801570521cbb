// A drawing of one's own beside the name, on pages: from our own origin, drawn by a real browser in light and dark, and for whoever opens it
// by itself a picture and nothing more. A tenant's is shown to its own people.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { browserFor } from '../chromium.ts'
import { postkey } from '../cli.ts'
import { askAndOpen, startKit } from '../kit.ts'
import { startLive } from '../live.ts'
import { sqliteFile } from '../nodes.ts'

const browser = browserFor()

const drawing = (light: string, dark: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><style>rect{fill:${light}}@media (prefers-color-scheme:dark){rect{fill:${dark}}}</style><rect width="80" height="40"/></svg>`
const ACME = drawing('#aa0044', '#ff88bb')

test('TE-02: a tenant shows its own, nobody else does, and mails load none; a changed one has another address', async () => {
  await using kit = await startKit({ logo: drawing('#123456', '#abcdef') })
  const { tenants } = kit.postkey
  await tenants.add('acme', { name: 'Acme', prefix: '/t/acme', logo: ACME })
  await tenants.add('beta', { name: 'Beta', prefix: '/t/beta' })
  const addressOf = async (base: string): Promise<string | undefined> =>
    /<img class="logo" src="([^"]+)" alt=""/.exec((await kit.browser().get(`${base}/sign-in`)).text)?.[1]
  const [ours, acme, beta] = [await addressOf(''), await addressOf('/t/acme'), await addressOf('/t/beta')]
  expect([ours, acme, beta]).toEqual([
    expect.stringMatching(/^\/assets\/logo\.svg\?v=\w{10}$/),
    expect.stringMatching(/^\/t\/acme\/assets\/logo\.svg\?v=\w{10}$/),
    undefined,
  ])
  const answer = await kit.browser().get(acme as string)
  expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([200, ACME, 'image/svg+xml'])
  expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox$/)
  expect((await kit.browser().get('/t/beta/assets/logo.svg')).status).toBe(404)
  const { message } = await askAndOpen(kit, 'ada@example.net', { browser: kit.browser({ base: '/t/acme' }) })
  expect(message.html).not.toMatch(/<img|<svg|logo\./)
  await tenants.set('acme', { logo: drawing('#aa0045', '#ff88bb') })
  expect(await addressOf('/t/acme')).not.toBe(acme)
  await tenants.set('acme', { logo: null })
  expect(await addressOf('/t/acme')).toBeUndefined()
})

test('what is no drawing, or would run or load something, is refused with the remedy, wherever it is given', async () => {
  const bad = ACME.replace('<rect', '<script>alert(1)</script><rect')
  await expect(startKit({ logo: bad })).rejects.toThrow(/the logo holds a script or a page — take it out/)
  const database = await sqliteFile()
  await (await import('../../src/store/open.ts')).migrate(database.url)
  const folder = dirname(database.url.slice('file:'.length))
  const tenants = (...words: string[]) => postkey(['tenants', ...words, '--database-url', database.url], { folder })
  writeFileSync(join(folder, 'good.svg'), ACME)
  writeFileSync(join(folder, 'bad.svg'), bad)
  const added = await tenants('add', 'acme', '--name', 'Acme', '--prefix', '/t/acme', '--logo', 'good.svg')
  expect(added.code).toBe(0)
  expect(JSON.parse((await tenants('show', 'acme', '--json')).out)).toMatchObject({ tenant: { settings: { logo: ACME } } })
  for (const [file, said] of [
    ['bad.svg', 'bad.svg holds a script or a page — take it out'],
    ['none.svg', 'none.svg cannot be read (ENOENT) — check the path'],
  ] as const) {
    const wrong = await tenants('set', 'acme', '--logo', file)
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining(said)])
  }
  await database.drop()
})

test('drawn in light and in dark; opened by itself it is at no origin, and so acts for nobody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-logo-'))
  const file = join(folder, 'logo.svg')
  writeFileSync(file, ACME)
  await using live = await startLive({ flags: { logo: file } })
  const context = await (await browser()).newContext()
  const page = await context.newPage()
  await page.goto(`${live.url}/sign-in`)
  const colour = () =>
    page.evaluate(async () => {
      const image = document.querySelector<HTMLImageElement>('img.logo')
      if (image === null) return 'none'
      await image.decode()
      const canvas = document.createElement('canvas')
      const brush = canvas.getContext('2d')
      brush?.drawImage(image, 0, 0)
      return [image.width, image.height, ...(brush?.getImageData(5, 5, 1, 1).data ?? [])].join(' ')
    })
  expect(await colour()).toBe('80 40 170 0 68 255')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.reload()
  expect(await colour()).toBe('80 40 255 136 187 255')
  await page.goto(`${live.url}/assets/logo.svg`)
  expect(await page.evaluate(() => [self.origin, document.documentElement.nodeName])).toEqual(['null', 'svg'])
  await context.close()
  rmSync(folder, { recursive: true })
})
