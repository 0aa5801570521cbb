// What other sites can make a browser send, and where they can have it led.
import { type Case, everyPage, firstPage, isRefused, must, type Scene } from '../case.ts'

const FOREIGN = 'https://evil.example'

/** Headers of a form that some other page sends. */
const others: readonly (readonly [id: string, title: string, headers: (origin: string) => Readonly<Record<string, string>>])[] = [
  ['CS-02', 'a form with Origin: null is refused', () => ({ origin: 'null', 'sec-fetch-site': '' })],
  ['CS-03', 'a form of another site is refused', () => ({ origin: FOREIGN, 'sec-fetch-site': 'cross-site' })],
  ['CS-04', 'a form of a sibling origin is refused', (origin) => ({ origin: sibling(origin), 'sec-fetch-site': 'same-site' })],
  ['CS-05', 'a form that says cross-site is refused, whatever its Origin says', (origin) => ({ origin, 'sec-fetch-site': 'cross-site' })],
  [
    'CS-06',
    'a form that says nothing of where it comes from is refused where it carries a cookie',
    () => ({ origin: '', 'sec-fetch-site': '' }),
  ],
]

function sibling(origin: string): string {
  const url = new URL(origin)
  return `${url.protocol}//sibling.${url.hostname}`
}

const forms: readonly Case[] = others.map(([id, title, headersOf]) => ({
  id,
  area: 'other sites' as const,
  title,
  remedy: 'compare Origin with your own on every POST, and believe Sec-Fetch-Site where it is sent',
  mail: false,
  run: async ({ system, person, signedIn, mailbox }: Scene) => {
    const browser = mailbox === null ? await person() : (await signedIn()).browser
    const headers = headersOf(new URL(system.url).origin)
    const asked = await system.ask(browser, 'somebody@preflight.example', { headers })
    const left = await system.signOut(browser, headers)
    must(isRefused(system, asked.answer), `asking for a mail answers ${asked.answer.status}`)
    must(isRefused(system, left), `signing out answers ${left.status}`)
    return 'asking for a mail and signing out are refused'
  },
}))

const RETURNS = [
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/%09/evil.example',
  '\t//evil.example',
  'https:evil.example',
  'https:/evil.example',
  'javascript:alert(1)',
  'data:text/html,x',
  '@evil.example',
  '//evil。example',
  'https://evil.example@HOST/',
  'https://HOST.evil.example/',
  'https://HOST@evil.example/',
  '/\r\nLocation: https://evil.example',
  '///evil.example',
  'http://evil.example:80',
  'blob:https://evil.example/x',
  '/.//evil.example',
]

export const otherSites: readonly Case[] = [
  ...forms,
  {
    id: 'CS-01',
    area: 'other sites',
    title: 'a form of the own page is taken, as browsers send it',
    remedy: 'send Referrer-Policy: strict-origin or same-origin; no-referrer makes the Origin of forms null',
    mail: false,
    run: async ({ system, person: newcomer, address }) => {
      const person = await newcomer()
      const { answer } = await system.ask(person, address())
      must(answer.status < 400, `asking for a mail answers ${answer.status}`)
      return `answers ${answer.status}`
    },
  },
  {
    id: 'CS-07',
    area: 'other sites',
    title: 'what changes something does not do so by GET, be it an image of another site, nor by a method that a field or header names',
    remedy: 'route by the real method, and answer 405 to others or lead back to a page',
    mail: true,
    run: async ({ system, signedIn }) => {
      const { browser, email } = await signedIn()
      for (const path of system.changing) {
        for (const [query, headers] of [
          ['', {}],
          ['?_method=POST', { 'x-http-method-override': 'POST' }],
          // As an image of another page.
          ['', { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }],
        ] as const) {
          const { status } = await browser.get(`${system.url}${path}${query}`, headers)
          must(status < 500, `GET ${path}${query} answers ${status}`)
          must((await system.whoAmI(browser)) === email, `signed out by GET ${path}${query}`)
        }
      }
      return `${system.changing.length} paths tried`
    },
  },
  {
    id: 'CS-10',
    area: 'other sites',
    title: 'a form of another site with a right link or code of its own signs nobody in',
    remedy: 'check where a form comes from before looking at what it holds',
    mail: true,
    run: async (scene) => {
      const { link, asked, code } = await scene.asked()
      const victim = await scene.person()
      const from = { origin: FOREIGN, 'sec-fetch-site': 'cross-site' }
      if (link !== null) must(isRefused(scene.system, await scene.system.forge(victim, link, from)), 'the link is taken')
      if (code !== null) must(isRefused(scene.system, await scene.system.typeCode(victim, asked, code, from)), 'the code is taken')
      must((await scene.system.whoAmI(victim)) === null, 'signed in by another site')
      return 'both are refused'
    },
  },
  {
    id: 'CS-14',
    area: 'other sites',
    title: 'no other site may read an answer with cookies',
    remedy: 'never reflect an Origin into Access-Control-Allow-Origin with credentials',
    mail: false,
    run: async ({ system, browser }) => {
      for (const method of ['GET', 'OPTIONS']) {
        const { headers } = await browser().send(system.pages.length > 0 ? firstPage(system) : system.url, {
          method,
          headers: { origin: FOREIGN, 'access-control-request-method': 'POST' },
        })
        const allowed = headers.get('access-control-allow-origin')
        must(allowed !== FOREIGN && !(allowed === '*' && headers.get('access-control-allow-credentials') === 'true'), `allows ${allowed}`)
      }
      return 'none is allowed'
    },
  },
  {
    id: 'CS-13',
    area: 'other sites',
    title: 'no other site can frame a page',
    remedy: "send Content-Security-Policy: frame-ancestors 'none'",
    mail: false,
    run: (scene) =>
      everyPage(scene, ({ headers }) => {
        const policy = headers.get('content-security-policy') ?? ''
        must(/frame-ancestors '(none|self)'/.test(policy), 'no frame-ancestors')
      }),
  },
  {
    id: 'RD-01',
    area: 'way back',
    title: `no sign-in leads to another site: ${RETURNS.length} ways to write one`,
    remedy: 'take paths, and origins of a list; parse as browsers do',
    mail: false,
    run: async ({ system, browser }) => {
      const { host } = new URL(system.url)
      const person = browser()
      for (const one of RETURNS) {
        const target = one.replace('HOST', host)
        const page = await person.get(
          `${firstPage(system)}?${['return_to', 'next', 'redirectTo', 'callbackUrl'].map((name) => `${name}=${encodeURIComponent(target)}`).join('&')}`,
        )
        must(page.location === '' || new URL(page.location).host === host, `${JSON.stringify(target)} leads to ${page.location}`)
        const kept = /name="return_to" value="([^"]*)"/.exec(page.text)?.[1]
        if (kept !== undefined) must(new URL(kept, system.url).host === host, `${JSON.stringify(target)} is kept as ${kept}`)
      }
      return `${RETURNS.length} tried`
    },
  },
]
