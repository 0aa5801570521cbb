// What only a real browser shows: pages that run, forms whose headers nobody made up, frames, and what is asked for along the way.
import { type Case, codeOf, firstPage, isIn, isRefused, linkOf, must, NotHere, type Scene } from '../case.ts'
import { isThisMachine } from '../place.ts'
import { pressEverything } from '../press.ts'
import { answerOf, inRealBrowser, pageAt, type RealBrowser, SCRIPTS_MS, soon } from '../real-browser.ts'
import { damages } from '../rewriters.ts'
import type { Form } from '../system.ts'
import { SPENT, stillWorks } from './scanners.ts'

const NO_COOKIES: ReadonlyMap<string, string> = new Map()

/** Where the form of another site comes from. */
const others: readonly (readonly [name: string, origin: (own: URL) => string | null])[] = [
  ['another site', ({ protocol }) => `${protocol}//evil.example`],
  // Of localhost, and of numbers, there is no other name that is the same site.
  [
    'a sibling origin',
    ({ href, protocol, hostname, port }) =>
      isThisMachine(href) || /^[\d.:[\]a-f]+$/.test(hostname)
        ? `${protocol}//${hostname}:${port === '4000' ? 4001 : 4000}`
        : `${protocol}//sibling.${hostname}`,
  ],
  ['a page without an origin', () => null],
]

const escaped = (text: string): string => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`)

function submitting(action: string, fields: Form['fields']): string {
  const inputs = Object.entries(fields).map(([name, value]) => `<input name="${escaped(name)}" value="${escaped(value)}">`)
  return `<form method="post" action="${escaped(action)}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`
}

/** What the deployment answers to the form, before any redirect is followed. */
async function submitFrom(real: RealBrowser, origin: string | null, action: string, fields: Form['fields']) {
  const sent = real.page.waitForResponse((response) => response.request().method() === 'POST')
  const html = submitting(action, fields)
  const opened = origin === null ? real.page.goto(`data:text/html,${encodeURIComponent(html)}`) : pageAt(real, `${origin}/form`, html)
  const [response] = await Promise.all([sent, opened.catch(() => undefined)])
  await real.page.waitForLoadState()
  return await answerOf(response)
}

async function opens(real: RealBrowser, link: string, isIn: () => Promise<boolean>): Promise<boolean> {
  await real.page.goto(link)
  if (await soon(isIn)) return true
  const button = real.page.locator('button:visible, input[type=submit]:visible').first()
  if ((await button.count()) === 0) return false
  await button.click()
  return await soon(isIn)
}

export const realBrowser: readonly Case[] = [
  {
    id: 'SC-03',
    area: 'real browser',
    title: 'a scanner that opens the link, runs all scripts and waits gets no session and spends nothing',
    remedy: SPENT,
    mail: true,
    run: (scene) =>
      inRealBrowser(scene, NO_COOKIES, async ({ page, whoAmI }) => {
        const asked = await scene.asked()
        await page.goto(linkOf(asked))
        await page.mouse.move(200, 300)
        await scene.wait(SCRIPTS_MS, 'the scripts of the page run')
        must((await whoAmI()) === null, 'the scanner was signed in')
        return await stillWorks(scene, asked)
      }),
  },
  {
    id: 'BR-01',
    area: 'real browser',
    title: 'the person who asked opens the link in a browser that sends its own headers, and is in',
    remedy: 'let the page submit its form in the browser that asked; Referrer-Policy: no-referrer makes its Origin null',
    mail: true,
    run: async (scene) => {
      await scene.chromium()
      const asked = await scene.asked()
      return await inRealBrowser(scene, asked.browser.cookies, async (real) => {
        const signedIn = await opens(real, linkOf(asked), async () => (await real.whoAmI()) === asked.email)
        must(signedIn, `not signed in after it, at ${new URL(real.page.url()).pathname}`)
        return 'signed in'
      })
    },
  },
  {
    id: 'BR-02',
    area: 'real browser',
    title: 'a scanner that presses every button and submits every form gets no session, gives none to who waits, and spends nothing',
    remedy: 'in a browser that did not ask, let the person type the address, or the code where they asked',
    mail: true,
    run: (scene) =>
      inRealBrowser(scene, NO_COOKIES, async ({ page, whoAmI }) => {
        const asked = await scene.asked()
        const pressed = await pressEverything(page, linkOf(asked), { depth: 1 }).catch(async (error: Error) => {
          // A page that leaves by itself is not there to be pressed.
          if ((await whoAmI()) === null) throw error
          return 0
        })
        must((await whoAmI()) === null, 'the scanner was signed in')
        must((await scene.system.whoAmI(asked.browser)) === null, 'the browser that asked was signed in by it')
        return `${pressed} things pressed; ${await stillWorks(scene, asked)}`
      }),
  },
  {
    id: 'BR-03',
    area: 'real browser',
    title: `a link whose fragment was damaged on the way, in ${Object.keys(damages).length} ways, leads to a page to type on, and the code works`,
    remedy: 'answer such a link with a page that asks for the code, never with an error',
    mail: true,
    run: async (scene) => {
      await scene.chromium()
      const asked = await scene.asked()
      const link = linkOf(asked)
      if (!link.includes('#')) throw new NotHere('the secret is not in a fragment')
      await inRealBrowser(scene, asked.browser.cookies, async ({ page, whoAmI }) => {
        for (const [name, damage] of Object.entries(damages)) {
          const response = await page.goto(damage(link))
          // Where only the fragment is another, nothing is loaded.
          if (response !== null) must(response.status() < 400, `a gateway that ${name}: the page answers ${response.status()}`)
          const field = page.locator('input:not([type=hidden]):visible')
          must(await soon(async () => (await field.count()) > 0), `a gateway that ${name}: there is nothing to type into`)
          must((await whoAmI()) === null, `a gateway that ${name}: signed in all the same`)
        }
      })
      await scene.system.typeCode(asked.browser, asked.asked, codeOf(asked))
      must(await isIn(scene, asked), 'the code did not sign in')
      return 'each page lets the person type, and the code worked'
    },
  },
  {
    id: 'BR-04',
    area: 'real browser',
    title: `forms that ${others.length} kinds of other pages submit are refused, and sign nobody in or out`,
    remedy: 'compare Origin with your own on every POST, and believe Sec-Fetch-Site where it is sent',
    mail: true,
    run: async (scene) => {
      const { system } = scene
      if (system.forms === undefined) throw new NotHere('nothing is known of its forms')
      await scene.chromium()
      const attacker = await scene.asked()
      const forms = system.forms(attacker.asked, attacker)
      const victim = await scene.signedIn()
      const newcomer = await scene.person()
      const own = new URL(system.url)
      for (const { path, fields, signsIn } of forms) {
        const who = signsIn ? newcomer : victim.browser
        await inRealBrowser(scene, who.cookies, async (real) => {
          for (const [name, origin] of others) {
            const answer = await submitFrom(real, origin(own), `${system.url}${path}`, fields)
            const at = path.replace(/\w{17,}/, '…')
            must(isRefused(system, answer), `${at} from ${name} answers ${answer.status}`)
            const now = await real.whoAmI()
            must(
              now === (signsIn ? null : victim.email),
              `${at} from ${name}: ${now === null ? 'nobody' : 'somebody else'} is signed in after it`,
            )
          }
        })
      }
      return `${forms.length * others.length} forms are refused`
    },
  },
  {
    id: 'BR-05',
    area: 'real browser',
    title: 'a page in a frame of another site shows nothing',
    remedy: "send Content-Security-Policy: frame-ancestors 'none'",
    mail: false,
    run: (scene) =>
      inRealBrowser(scene, NO_COOKIES, async (real) => {
        const framed = firstPage(scene.system)
        const { origin, pathname } = new URL(framed)
        // Newer browsers let other sites into this machine's network only where they are secure and somebody agreed; older ones never ask.
        await real.context.grantPermissions(['local-network-access']).catch(() => undefined)
        const kept: string[] = []
        real.page.on('requestfailed', (request) => kept.push(request.failure()?.errorText ?? ''))
        const scheme = origin.startsWith('https:') || isThisMachine(origin) ? 'https:' : 'http:'
        await pageAt(real, `${scheme}//evil.example/frame`, `<iframe src="${escaped(framed)}"></iframe>`)
        if (kept.some((why) => why.includes('LOCAL_NETWORK'))) throw new NotHere('the browser lets no other site into this network')
        const frame = real.page.frames()[1]
        must(frame !== undefined && !frame.url().startsWith(origin), `${pathname} is shown`)
        return 'the frame stays empty'
      }),
  },
  {
    id: 'BR-06',
    area: 'real browser',
    title: 'the secret of a link is in no URL that is sent, in no Referer and not left in the address bar, and nothing is asked of others',
    remedy: 'put it into the fragment, take it out of the address bar by script, and load nothing from elsewhere',
    mail: true,
    run: async (scene) => {
      await scene.chromium()
      const asked = await scene.asked()
      const link = linkOf(asked)
      const [, secret] = link.split('#')
      must(secret !== undefined, 'the secret is in the URL that is sent, and so in the logs of every server on the way')
      const { origin } = new URL(scene.system.url)
      return await inRealBrowser(scene, asked.browser.cookies, async (real) => {
        const sent: string[] = []
        const elsewhere: string[] = []
        real.context.on('request', (request) => {
          const [url = ''] = request.url().split('#', 1)
          sent.push(url, request.headers()['referer'] ?? '')
          if (/^https?:/.test(url) && new URL(url).origin !== origin) elsewhere.push(new URL(url).host)
        })
        await opens(real, link, async () => (await real.whoAmI()) === asked.email)
        must(elsewhere.length === 0, `${elsewhere[0]} is asked for something`)
        must(!sent.some((text) => text.includes(secret as string)), 'it is in a URL or a Referer')
        must(!real.page.url().includes(secret as string), 'it is left in the address bar')
        return `${sent.length / 2} requests, to this origin alone`
      })
    },
  },
  {
    id: 'BR-07',
    area: 'real browser',
    title: 'no script of a page fails, and none is stopped by the Content-Security-Policy',
    remedy: 'look at the console of the page; what a proxy writes into pages must keep to their policy',
    mail: false,
    run: (scene: Scene) =>
      inRealBrowser(scene, NO_COOKIES, async ({ page }) => {
        const wrong: string[] = []
        page.on('pageerror', ({ message }) => wrong.push(message))
        page.on('console', (message) => {
          if (message.type() === 'error' && /content.security.policy/i.test(message.text())) wrong.push(message.text())
        })
        firstPage(scene.system)
        for (const path of scene.system.pages) {
          await page.goto(`${scene.system.url}${path}`)
          must(wrong.length === 0, `${path}: ${wrong[0]}`)
        }
        return `${scene.system.pages.length} pages`
      }),
  },
]
