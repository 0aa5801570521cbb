// What other sites, strangers and the network do, and what every page must say in its headers.
import type { Answer } from './browser.ts'
import { type Case, isError, must, NotHere, type Scene } from './case.ts'
import type { System } from './system.ts'

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

const csrf: readonly Case[] = others.map(([id, title, headersOf]) => ({
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

const isRefused = (system: System, answer: Answer): boolean => system.refused?.(answer) ?? (answer.status >= 400 && answer.status < 500)

function firstPage({ url, pages }: System): string {
  const [first] = pages
  if (first === undefined) throw new NotHere('it has no pages of its own')
  return `${url}${first}`
}

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

const INVALID = [
  'a@x.example,b@y.example',
  'a@x.example;b@y.example',
  'a@x.example b@y.example',
  'Name <a@x.example>',
  '<a@x.example>b@y.example',
  'a@x.example\r\nBcc: b@y.example',
  'a@[127.0.0.1]',
  '"a b"@x.example',
  'a@x',
  '-f@x..example',
]

/** Headers whose values are random or of the moment. */
const VARIABLE = /^(date|x-request-id|set-cookie|location|etag|cf-.*|report-to|nel|server-timing|age)$/

function shapeOf(headers: Headers): string {
  return [...headers]
    .map(([name, value]) => (VARIABLE.test(name) ? name : `${name}: ${value}`))
    .sort()
    .join('\n')
}

const cookieShapes = (set: readonly string[]): string =>
  set
    .map((line) => line.replace(/=[^;]*/, (value) => `=${value.length}`).replace(/expires=[^;]*/i, 'expires'))
    .sort()
    .join('\n')

/** Without what belongs to the request, or to the moment. */
function masked(text: string, email: string, id: string): string {
  return text
    .replaceAll(email, 'ADDRESS')
    .replaceAll(id === '' ? 'ID' : id, 'ID')
    .replaceAll(/(?<![0-9A-Za-z])[0-9A-Za-z]{16,43}(?![0-9A-Za-z])/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z?|\b\d\d:\d\d(?::\d\d)?\b|(?<=data-[a-z-]+=")\d+(?=")|\b\d{10,13}\b/g, 'TIME')
}

function firstDifference(one: string, other: string): string {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 30), at + 60))
  return `${around(one)} and ${around(other)}`
}

export const webCases: readonly Case[] = [
  ...csrf,
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
    title: 'what changes something does not do so by GET, nor by a method that a field or header names',
    remedy: 'route by the real method, and answer 405 to others or lead back to a page',
    mail: true,
    run: async ({ system, signedIn }) => {
      const { browser, email } = await signedIn()
      for (const path of system.changing) {
        for (const [query, headers] of [
          ['', {}],
          ['?_method=POST', { 'x-http-method-override': 'POST' }],
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
    id: 'CS-12',
    area: 'other sites',
    title: 'an image of another site signs nobody out',
    remedy: 'sign out by POST only',
    mail: true,
    run: async (scene) => {
      const { browser, email, link } = await scene.asked()
      if (link === null) throw new NotHere('the mail has no link')
      await scene.system.follow(browser, link)
      await browser.get(`${scene.system.url}/sign-out`, {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-dest': 'image',
        'sec-fetch-mode': 'no-cors',
      })
      must((await scene.system.whoAmI(browser)) === email, 'signed out by a GET')
      return 'still signed in'
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
  {
    id: 'HH-02',
    area: 'network',
    title: 'headers that anybody can send do not change where the link leads',
    remedy: 'build links from a setting, never from Host or X-Forwarded-Host',
    mail: true,
    run: async ({ system, person: newcomer, address, mail }) => {
      const person = await newcomer()
      const email = address()
      const forged = {
        'x-forwarded-host': 'evil.example',
        forwarded: 'host=evil.example;proto=http',
        'x-original-url': 'https://evil.example/',
        'x-host': 'evil.example',
      }
      const { answer } = await system.ask(person, email, { headers: forged })
      must(answer.location === '' || new URL(answer.location).host === new URL(system.url).host, `leads to ${answer.location}`)
      const { text, html } = await mail(email)
      must(!text.includes('evil.example') && !html.includes('evil.example'), 'the mail names the other host')
      return 'the link leads here'
    },
  },
  {
    id: 'HH-07',
    area: 'network',
    title: 'headers that anybody can send do not change what a page says',
    remedy: 'ignore them, unless a trusted proxy sends them',
    mail: false,
    run: async ({ system, browser }) => {
      const { text } = await browser().get(firstPage(system), {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-prefix': '/evil.example',
      })
      must(!text.includes('evil.example'), 'the page says evil.example')
      return 'it says nothing of them'
    },
  },
  {
    id: 'EN-01',
    area: 'strangers',
    title: 'somebody who is known and somebody who is not get the same answer: status, headers, cookies, page',
    remedy: 'answer before you know, and write the same rows for both',
    mail: true,
    run: async (scene) => {
      const known = await scene.asked()
      if (known.link === null) await scene.system.typeCode(known.browser, known.asked, known.code ?? '')
      else await scene.system.follow(known.browser, known.link)
      const seen = async (email: string) => {
        const person = await scene.person()
        const before = person.set.length
        const { answer, id } = await scene.system.ask(person, email)
        const page = answer.location === '' ? answer : await person.get(answer.location)
        return {
          status: `${answer.status}, ${page.status}`,
          headers: `${shapeOf(answer.headers)}\n${shapeOf(page.headers)}`.replaceAll(/content-length: \d+/g, 'content-length'),
          cookies: cookieShapes(person.set.slice(before)),
          page: masked(page.text, email, id),
        }
      }
      const [one, other] = [await seen(known.email), await seen(scene.address())]
      for (const part of ['status', 'headers', 'cookies', 'page'] as const)
        must(one[part] === other[part], `different ${part}: ${firstDifference(one[part], other[part])}`)
      return 'the same, but for what is random'
    },
  },
  {
    id: 'IN-02',
    area: 'strangers',
    title: `what is no plain address is refused: ${INVALID.length} ways to write two, or none`,
    remedy: 'take one ASCII address, and nothing that a mail library might read as a list',
    mail: false,
    run: async ({ system, person: newcomer }) => {
      const person = await newcomer()
      for (const email of INVALID) {
        const { answer } = await system.ask(person, email)
        must(answer.status >= 400 && answer.status < 500, `${JSON.stringify(email)} answers ${answer.status}`)
      }
      return `${INVALID.length} refused`
    },
  },
  {
    id: 'IN-08',
    area: 'strangers',
    title: 'what was typed stands in the page as text only',
    remedy: 'escape it, and allow no inline script',
    mail: false,
    run: async ({ system, person: newcomer }) => {
      const person = await newcomer()
      const { answer } = await system.ask(person, '"><script>alert(1)</script>@x.example')
      must(!answer.text.includes('<script>alert'), 'the page holds the script')
      return 'escaped, or not there'
    },
  },
  {
    id: 'LO-05',
    area: 'limits',
    title: 'a body of a megabyte is refused',
    remedy: 'bound bodies before reading them',
    mail: false,
    run: async ({ system, person: newcomer }) => {
      const person = await newcomer()
      const { answer } = await system.ask(person, 'a'.repeat(1_000_000)).catch(() => ({ answer: null }))
      must(answer === null || (isError(answer) && answer.status < 500), `answers ${answer?.status}`)
      return answer === null ? 'the connection was closed' : `answers ${answer.status}`
    },
  },
  {
    id: 'SE-02',
    area: 'cookies',
    title: 'cookies are HttpOnly, SameSite, for this host and all its paths, and Secure behind https',
    remedy: 'name them __Host-…, with HttpOnly; Secure; SameSite=Lax; Path=/ and no Domain',
    mail: true,
    run: async (scene) => {
      const { browser, link, asked, code } = await scene.asked()
      if (link === null) await scene.system.typeCode(browser, asked, code ?? '')
      else await scene.system.follow(browser, link)
      const secure = scene.system.url.startsWith('https:')
      for (const line of browser.set) {
        const name = line.slice(0, line.indexOf('='))
        must(/;\s*httponly/i.test(line), `${name} is not HttpOnly`)
        must(/;\s*samesite=(lax|strict)/i.test(line), `${name} is not SameSite`)
        must(!/;\s*domain=/i.test(line), `${name} has a Domain: siblings can read and set it`)
        if (secure) must(/;\s*secure/i.test(line) && /^__(Host|Secure)-/.test(name), `${name} is not Secure, or has no prefix that says so`)
      }
      return `${browser.set.length} cookies set`
    },
  },
  {
    id: 'SE-03',
    area: 'cookies',
    title: 'a session that a stranger set before is not taken over by a sign-in',
    remedy: 'make a new session with each sign-in',
    mail: true,
    run: async (scene) => {
      const { browser, link, asked, code } = await scene.asked()
      const planted = new Map([...browser.cookies].filter(([name]) => /session/i.test(name)))
      if (link === null) await scene.system.typeCode(browser, asked, code ?? '')
      else await scene.system.follow(browser, link)
      for (const [name, value] of planted) must(browser.cookies.get(name) !== value, `${name} is the same before and after`)
      return 'the session is a new one'
    },
  },
  {
    id: 'SE-11',
    area: 'cookies',
    title: 'a made-up session opens nothing, and breaks nothing',
    remedy: 'look sessions up by a digest, and take what is malformed for none',
    mail: false,
    run: async ({ system, browser }) => {
      for (const value of ['x', 'A'.repeat(65), '"', "' or 1=1 --", '%00', 'a'.repeat(3_000)]) {
        const stranger = browser()
        for (const name of ['__Host-postkey-session', 'postkey-session', 'session', 'authjs.session-token', 'better-auth.session_token'])
          stranger.cookies.set(name, value)
        must((await system.whoAmI(stranger)) === null, `${JSON.stringify(value)} is somebody`)
      }
      return '6 tried'
    },
  },
  page('HD-01', 'no page is kept by a cache', 'send Cache-Control: no-store', ({ headers }) =>
    must(/no-store/.test(headers.get('cache-control') ?? ''), `Cache-Control: ${headers.get('cache-control')}`),
  ),
  page(
    'HD-02',
    'the Referrer-Policy neither tells the path to others nor makes the Origin of forms null',
    'send Referrer-Policy: strict-origin, or same-origin',
    ({ headers }) =>
      must(
        /^(strict-origin|same-origin|strict-origin-when-cross-origin)$/.test(headers.get('referrer-policy') ?? ''),
        `Referrer-Policy: ${headers.get('referrer-policy')}`,
      ),
  ),
  page(
    'HD-03',
    'a Content-Security-Policy allows no inline script and no third party',
    "send default-src 'none', and 'self' where it is needed",
    ({ headers }) => {
      const policy = headers.get('content-security-policy') ?? ''
      must(policy !== '', 'there is none')
      const scripts = /(?:script-src|default-src)[^;]*/.exec(policy)?.[0] ?? ''
      must(!/unsafe-inline|unsafe-eval|\*|https?:/.test(scripts), scripts)
    },
  ),
  page('HD-04', 'no type is guessed', 'send X-Content-Type-Options: nosniff', ({ headers }) =>
    must(headers.get('x-content-type-options') === 'nosniff', 'no nosniff'),
  ),
  page('HD-05', 'no page is found by search engines', 'send X-Robots-Tag: noindex', ({ headers }) =>
    must(/noindex/.test(headers.get('x-robots-tag') ?? ''), `X-Robots-Tag: ${headers.get('x-robots-tag')}`),
  ),
  page('CS-16', 'no page loads anything from elsewhere', 'serve styles, scripts and images yourself', ({ text, url }) => {
    const { host } = new URL(url)
    for (const [, found = ''] of text.matchAll(/(?:src|href)="(https?:\/\/[^"]+)"/g)) {
      if (/<a\s[^>]*href="$/.test(text.slice(0, text.indexOf(found)).slice(-200))) continue
      must(new URL(found).host === host, `loads ${found}`)
    }
  }),
  page('HD-06', 'browsers stay on https', 'send Strict-Transport-Security', ({ headers, url }) => {
    if (!url.startsWith('https:')) throw new NotHere('it is not on https')
    must(
      /max-age=\d{6,}/.test(headers.get('strict-transport-security') ?? ''),
      `Strict-Transport-Security: ${headers.get('strict-transport-security')}`,
    )
  }),
  {
    id: 'AU-11',
    area: 'strangers',
    title: 'nothing of the inside is served: sources, settings, metrics, traces',
    remedy: 'serve what is named, and keep numbers on a port of their own',
    mail: false,
    run: async ({ system, browser }) => {
      const { origin } = new URL(system.url)
      for (const path of ['/.git/HEAD', '/.env', '/debug', '/debug/pprof', '/server-status', '/actuator', '/package.json', '/postkey.db']) {
        const { status } = await browser().get(`${origin}${path}`)
        must(status >= 400, `${path} answers ${status}`)
      }
      return 'eight paths answer with an error'
    },
  },
  {
    id: 'ML-01',
    area: 'mail',
    title: 'the mail holds what it needs as plain text, says that it is automatic, and loads nothing',
    remedy: 'send text and HTML, Auto-Submitted: auto-generated, and no picture from elsewhere',
    mail: true,
    run: async (scene) => {
      if (scene.system.foreignMails === true) throw new NotHere('its mails are written by the application')
      const { mail, link, code } = await scene.asked()
      must(link !== null || code !== null, 'the text holds neither link nor code')
      must(!/<img[^>]+src="https?:/i.test(mail.html), 'it loads a picture')
      const headers = Object.fromEntries(Object.entries(mail.headers).map(([name, value]) => [name.toLowerCase(), value]))
      must(/auto-generated/i.test(headers['auto-submitted'] ?? ''), 'no Auto-Submitted: auto-generated')
      return 'text, automatic, no pictures'
    },
  },
  {
    id: 'ML-02',
    area: 'mail',
    title: 'the mail says which browser asked',
    remedy: 'name browser and time, so that people see that somebody else asked',
    mail: true,
    run: async (scene) => {
      if (scene.system.foreignMails === true) throw new NotHere('its mails are written by the application')
      const { mail } = await scene.asked()
      must(/firefox/i.test(mail.text), 'it does not name the browser')
      return 'it names the browser'
    },
  },
  {
    id: 'NT-01',
    area: 'network',
    title: 'it is served by https, with a certificate that is good for two weeks more',
    remedy: 'renew the certificate in time, by machine',
    mail: false,
    run: async ({ system }) => {
      const { hostname, port, protocol } = new URL(system.url)
      if (protocol !== 'https:') throw new NotHere('it is not on https')
      const { connect } = await import('node:tls')
      return await new Promise<string>((resolve, reject) => {
        const socket = connect({ host: hostname, port: Number(port || 443), servername: hostname, minVersion: 'TLSv1.2' }, () => {
          const days = Math.floor((Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / 86_400_000)
          const version = socket.getProtocol()
          socket.end()
          if (days < 14) reject(new Error(`the certificate ends in ${days} days`))
          else resolve(`${version}, the certificate is good for ${days} days`)
        })
        socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')))
        socket.on('error', reject)
      })
    },
  },
  {
    id: 'FA-21',
    area: 'network',
    title: 'its clock agrees with this one',
    remedy: 'let the machine keep time by NTP; people’s countdowns go by it',
    mail: false,
    run: async ({ system, browser }) => {
      const { headers } = await browser().get(system.pages.length > 0 ? firstPage(system) : system.url)
      const date = headers.get('date')
      if (date === null) throw new NotHere('it sends no Date')
      const apart = Math.abs(Date.parse(date) - Date.now()) / 1_000
      must(apart < 5, `${apart.toFixed(0)} s apart`)
      return `${apart.toFixed(1)} s apart`
    },
  },
]

function page(
  id: string,
  title: string,
  remedy: string,
  look: (answer: { readonly headers: Headers; readonly text: string; readonly url: string }) => void,
): Case {
  return { id, area: 'headers', title, remedy, mail: false, run: (scene) => everyPage(scene, look) }
}

async function everyPage(
  { system, browser }: Scene,
  look: (answer: { readonly headers: Headers; readonly text: string; readonly url: string }) => void,
): Promise<string> {
  firstPage(system)
  let looked = 0
  for (const path of system.pages) {
    const answer = await browser().get(`${system.url}${path}`)
    // A redirect shows nothing that could be framed, kept or run.
    if (answer.status >= 300 && answer.status < 400) continue
    try {
      look(answer)
    } catch (error) {
      if (error instanceof Error && error.constructor.name !== 'NotHere') error.message = `${path}: ${error.message}`
      throw error
    }
    looked++
  }
  return `${looked} pages`
}
