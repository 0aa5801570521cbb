// The test kit in the hands of an adopter: a package of its own, the packed Postkey, and the real runners. Reads dist/, which
// `npm run build` makes.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Adopter, startAdopter } from '../adopter.ts'
import { chromiumAt } from '../chromium.ts'

const APP = `
  import { createServer } from 'node:http'
  import type { RequestListener } from 'node:http'
  import type { Postkey } from 'postkey'

  export const notes = (postkey: Postkey) => async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/auth/')) return postkey.handler(request)
    const { live } = await postkey.getSession(request)
    return live ? new Response('Notes of ' + live.user.email) : Response.redirect(new URL('/auth/sign-in?return_to=/notes', request.url), 303)
  }

  export const listener = (postkey: Postkey): RequestListener => (request, response) => {
    if (request.url?.startsWith('/auth/')) return void postkey.listener(request, response)
    const asked = new Request('http://localhost' + request.url, { headers: { cookie: request.headers.cookie ?? '' } })
    void postkey.getSession(asked).then(({ live }) => {
      if (live) response.setHeader('content-type', 'text/html').end('<h1>Notes of ' + live.user.email + '</h1>')
      else response.writeHead(303, { location: '/auth/sign-in?return_to=/notes' }).end()
    })
  }
`

const VITEST = `
  import { expect, test as base } from 'vitest'
  import { createPostkey } from 'postkey'
  import { Clock, damages, Mailbox, rewriters } from 'postkey/testing'
  import { type PostkeyFixtures, postkeyFixtures } from 'postkey/testing/vitest'
  import { notes } from './app.ts'

  const test = base.extend<PostkeyFixtures>(postkeyFixtures({ basePath: '/auth', app: notes, policy: { linkTtl: '5m', codeTtl: '5m' } }))

  test('signed in', async ({ kit }) => {
    const ada = await kit.signIn('ada@example.net')
    expect((await ada.get('/notes')).text).toBe('Notes of ada@example.net')
    kit.clock.forward('31d')
    expect((await ada.get('/notes')).status).toBe(303)
  })

  test('each test has its own', async ({ kit }) => {
    expect(kit.mailbox.messages).toEqual([])
    expect(() => kit.mailbox.newest('ada@example.net')).toThrow('no mail to ada@example.net: nobody got one')
  })

  test('the mail, and how long its link lives', async ({ kit }) => {
    const ada = kit.person()
    await ada.ask('ada@example.net', '/notes?n=7')
    const mail = await kit.mail('ada@example.net')
    expect(mail).toMatchObject({ subject: expect.stringContaining('Example'), code: expect.stringMatching(/^\\d{6}$/) })
    expect(mail.html).toContain(mail.code)
    kit.clock.forward('6m')
    expect((await ada.follow(mail.link ?? '')).text).toContain('expired')
    expect(await ada.whoAmI()).toBe(null)
  })

  test('a hostile inbox', async ({ kit }) => {
    const ada = kit.person()
    await ada.ask('ada@example.net', '/notes?n=7')
    const { link, code } = await kit.mail('ada@example.net')
    const { answers, signedIn, pressed } = await kit.scan(link ?? '')
    expect({ signedIn, pressed }).toEqual({ signedIn: false, pressed: 0 })
    expect(Object.keys(answers)).toEqual(['head', 'prefetch', 'getTwice', 'preview', 'submit'])
    for (const damage of Object.values(damages)) expect((await ada.get(damage(link ?? ''))).status).toBe(200)
    for (const { wrap, unwrap } of Object.values(rewriters)) expect(unwrap(wrap(link ?? ''))).toBe(link)
    const answer = await ada.follow(link ?? '')
    expect(answer.location).toBe(kit.url.replace('/auth', '/notes?n=7'))
    expect(await ada.whoAmI()).toBe('ada@example.net')
    await ada.signOut()
    expect(await ada.whoAmI()).toBe(null)
  })

  test('the parts, where the application calls createPostkey itself', async () => {
    const [clock, mailbox] = [new Clock(Date.UTC(2026, 0, 1)), new Mailbox()]
    const postkey = await createPostkey({
      url: 'https://app.example.com', secret: 'x'.repeat(44), database: 'file::memory:', now: clock.now,
      mail: { from: 'sign-in@example.com', transport: mailbox.transport },
    })
    await postkey.startSignIn({ email: 'ada@example.net' }, new Request('https://app.example.com/'))
    await postkey.mailsSent()
    expect(mailbox.newest('ada@example.net').message.date).toEqual(new Date(clock.at))
    await postkey.close()
    expect(() => clock.forward('soon')).toThrow('"soon" is no duration')
  })
`

const PLAYWRIGHT = `
  import { expect, test as base } from '@playwright/test'
  import { type PostkeyFixtures, postkeyFixtures } from 'postkey/testing/playwright'
  import { listener } from './app.ts'

  const test = base.extend<PostkeyFixtures>(postkeyFixtures({ basePath: '/auth', app: listener }))

  test('signs in by the pages, after a scanner pressed everything', async ({ page, kit, scan }) => {
    await page.goto('/notes')
    await page.getByLabel('E-mail address').fill('ada@example.net')
    await page.getByRole('button', { name: 'Send me the mail' }).click()
    await page.waitForURL('**/sign-in/check?c=*')
    const { link } = await kit.mail('ada@example.net')
    const { pressed, signedIn } = await scan(link ?? '')
    expect(pressed).toBeGreaterThan(2)
    expect(signedIn).toBe(false)
    await page.goto(link ?? '')
    await expect(page.getByRole('heading')).toHaveText('Notes of ada@example.net')
  })

  test('starts signed in', async ({ page, signIn, kit }) => {
    await signIn('bob@example.net')
    await page.goto('/notes')
    await expect(page.getByRole('heading')).toHaveText('Notes of bob@example.net')
    kit.clock.forward('31d')
    await page.reload()
    await expect(page).toHaveURL(/sign-in/)
  })
`

let adopter: Adopter

beforeAll(async () => {
  const { path, args, env } = await chromiumAt()
  adopter = await startAdopter({
    'app.ts': APP,
    'notes.test.ts': VITEST,
    'notes.spec.ts': PLAYWRIGHT,
    'vitest.config.ts': `export default { test: { include: ['*.test.ts'] } }`,
    'playwright.config.ts': `export default { testMatch: '*.spec.ts', workers: 1, reporter: 'line', use: { launchOptions: ${JSON.stringify({ executablePath: path, args, env, ignoreDefaultArgs: ['--headless'] })} } }`,
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'es2023',
        lib: ['es2023', 'dom', 'esnext.disposable'],
        types: ['node'],
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        allowImportingTsExtensions: true,
        exactOptionalPropertyTypes: true,
      },
      files: ['notes.test.ts', 'notes.spec.ts'],
    }),
    'load.mjs': `for (const door of ['', '/vitest', '/playwright'])
      await import('postkey/testing' + door).then(() => console.log('loaded'), ({ message }) => console.log(message))`,
  })
})
afterAll(async () => adopter?.[Symbol.asyncDispose]())

test('an adopter’s Vitest runs with it', async () => {
  const { code, text } = await adopter.node(['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=1'])
  expect(text).toMatch(/Tests\s+5 passed \(5\)/)
  expect(code).toBe(0)
})

test('an adopter’s Playwright runs with it, in a real browser', async () => {
  const { code, text } = await adopter.node(['node_modules/@playwright/test/cli.js', 'test'])
  expect(text).toContain('2 passed')
  expect(code).toBe(0)
})

test('its types fit those of Vitest and of Playwright', async () => {
  const { text } = await adopter.node(['node_modules/typescript/bin/tsc', '-p', '.', '--pretty', 'false'])
  // Of other people's declarations only ours and the adopter's own are of interest.
  expect(text.split('\n').filter((line) => /^(notes|app)\b|node_modules\/postkey\//.test(line))).toEqual([])
})

test('none of its doors opens in production, each opens elsewhere', async () => {
  const { text } = await adopter.node(['load.mjs'], { NODE_ENV: 'production' })
  expect(text.match(/^postkey\/testing does not load where NODE_ENV is "production"/gm)).toHaveLength(3)
  expect(text).not.toContain('loaded')
  expect(await adopter.node(['load.mjs'])).toEqual({ code: 0, text: 'loaded\nloaded\nloaded\n' })
})
