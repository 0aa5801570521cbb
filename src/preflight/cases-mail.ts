// What scanners, careless fingers and other browsers do to a mail that is out.
import { type Case, isError, must, NotHere, type Scene } from './case.ts'

const linkOf = (link: string | null): string => {
  if (link === null) throw new NotHere('the mail has no link')
  return link
}

const codeOf = (code: string | null): string => {
  if (code === null) throw new NotHere('the mail has no code')
  return code
}

/** As a server sees it: a fragment is never sent. */
const sent = (link: string): string => link.split('#', 1)[0] as string

async function isIn(scene: Scene, browser: Awaited<ReturnType<Scene['asked']>>['browser'], email: string): Promise<boolean> {
  return (await scene.system.whoAmI(browser))?.toLowerCase() === email.toLowerCase()
}

/** After whatever was done to the mail, the person who asked follows the link and is in. */
async function stillWorks(scene: Scene, { browser, email, link }: Awaited<ReturnType<Scene['asked']>>): Promise<string> {
  const answer = await scene.system.follow(browser, linkOf(link))
  must(await isIn(scene, browser, email), `the person who asked was kept out afterwards: ${answer.status}`)
  return 'the person who asked got in afterwards'
}

const SPENT = 'a GET must change nothing, and a page must not submit itself in a browser that did not ask'

export const mailCases: readonly Case[] = [
  {
    id: 'SC-01',
    area: 'scanners',
    title: 'HEAD on the link, twenty times, spends nothing',
    remedy: SPENT,
    mail: true,
    run: async (scene) => {
      const asked = await scene.asked()
      for (let time = 0; time < 20; time++) await scene.browser().send(sent(linkOf(asked.link)), { method: 'HEAD' })
      return await stillWorks(scene, asked)
    },
  },
  {
    id: 'SC-02',
    area: 'scanners',
    title: 'GET on the link, thirty times and as prefetch, spends nothing and is kept by no cache',
    remedy: SPENT,
    mail: true,
    run: async (scene) => {
      const asked = await scene.asked()
      const link = sent(linkOf(asked.link))
      const scanner = scene.browser('Mozilla/5.0 (compatible; MailScanner/1.0)')
      for (const purpose of ['', 'prefetch', 'prefetch;prerender']) {
        for (let time = 0; time < 10; time++) {
          const { headers } = await scanner.get(link, { 'sec-purpose': purpose })
          must(/no-store/.test(headers.get('cache-control') ?? ''), `the page may be kept: Cache-Control: ${headers.get('cache-control')}`)
        }
      }
      return await stillWorks(scene, asked)
    },
  },
  {
    id: 'SC-134',
    area: 'scanners',
    title: 'two GETs 134 ms apart, as a gateway was seen to send them before the person clicks',
    remedy: SPENT,
    mail: true,
    run: async (scene) => {
      const asked = await scene.asked()
      const gateway = scene.browser()
      await gateway.get(sent(linkOf(asked.link)))
      await scene.wait(134, 'the gateway looks again')
      await gateway.get(sent(linkOf(asked.link)))
      return await stillWorks(scene, asked)
    },
  },
  {
    id: 'SC-04',
    area: 'scanners',
    title: 'a scanner that submits the form of the page gets no session and spends nothing',
    remedy: 'in a browser that did not ask, let the person type the address, or the code where they asked',
    mail: true,
    run: async (scene) => {
      const asked = await scene.asked()
      const scanner = scene.browser()
      await scene.system.follow(scanner, linkOf(asked.link))
      await scene.system.follow(scanner, linkOf(asked.link), 'scanner@preflight.example')
      must((await scene.system.whoAmI(scanner)) === null, 'the scanner was signed in')
      return await stillWorks(scene, asked)
    },
  },
  {
    id: 'SC-06',
    area: 'scanners',
    title: 'whatever a scanner does with the link, the browser that waits for it is not signed in',
    remedy: 'a click elsewhere must never sign in the browser that asked: the person may not be who asked',
    mail: true,
    run: async (scene) => {
      const { browser, link } = await scene.asked()
      const scanner = scene.browser()
      await scanner.get(sent(linkOf(link)))
      await scene.system.follow(scanner, linkOf(link))
      must((await scene.system.whoAmI(browser)) === null, 'the browser that asked was signed in by somebody else’s visit')
      return 'the browser that asked was not signed in'
    },
  },
  {
    id: 'SC-09',
    area: 'scanners',
    title: 'a link whose fragment was cut off leads to a page, and the code of the same mail works',
    remedy: 'answer such a link with a page that asks for the code, never with an error',
    mail: true,
    run: async (scene) => {
      const asked = await scene.asked()
      if (!linkOf(asked.link).includes('#')) throw new NotHere('the secret is not in a fragment')
      const page = await asked.browser.get(sent(linkOf(asked.link)))
      must(page.status === 200, `the page answers ${page.status}`)
      await scene.system.typeCode(asked.browser, asked.asked, codeOf(asked.code))
      must(await isIn(scene, asked.browser, asked.email), 'the code did not sign in')
      return 'the page asks for the code, and the code worked'
    },
  },
  {
    id: 'SC-10',
    area: 'scanners',
    title: 'a link in which # became %23 leads to a page, and the code of the same mail works',
    remedy: 'take what follows the id for a mangled fragment, and ask for the code',
    mail: true,
    run: async (scene) => {
      const asked = await scene.asked()
      if (!linkOf(asked.link).includes('#')) throw new NotHere('the secret is not in a fragment')
      const page = await asked.browser.get(linkOf(asked.link).replace('#', '%23'))
      must(page.status < 500 && page.status !== 404, `the page answers ${page.status}`)
      must((await scene.system.whoAmI(asked.browser)) === null, 'the mangled link signed in by a GET')
      await scene.system.typeCode(asked.browser, asked.asked, codeOf(asked.code))
      must(await isIn(scene, asked.browser, asked.email), 'the code did not sign in')
      return 'the page asks for the code, and the code worked'
    },
  },
  {
    id: 'SC-11',
    area: 'scanners',
    title: 'rewriters (Safe Links, URL Defense 2 and 3, Mimecast, Barracuda) give the link back as it was',
    remedy: 'build links of letters, digits, /, # and : only, in one line, below 250 characters',
    mail: true,
    run: async (scene) => {
      const { link } = await scene.asked()
      const given = linkOf(link)
      for (const [name, through] of Object.entries(rewriters)) must(through(given) === given, `${name} gives back ${through(given)}`)
      must(given.length <= 250, `it has ${given.length} characters`)
      return `${Object.keys(rewriters).length} rewriters give it back; ${given.length} characters`
    },
  },
  {
    id: 'SC-12',
    area: 'scanners',
    title: 'a chat that unfurls the link shows neither address nor code',
    remedy: 'say nothing of the person on a page that anybody who has the link can open',
    mail: true,
    run: async (scene) => {
      const { link, email, code } = await scene.asked()
      for (const agent of ['Slackbot-LinkExpanding 1.0', 'facebookexternalhit/1.1', 'Twitterbot/1.0']) {
        const { text } = await scene.browser(agent).get(sent(linkOf(link)))
        must(!text.includes(email), `${agent} is shown the address`)
        must(code === null || !text.includes(code), `${agent} is shown the code`)
      }
      return 'three of them saw neither'
    },
  },
  {
    id: 'TK-01',
    area: 'twice',
    title: 'the link twice in the browser that asked: in both times, one session',
    remedy: 'answer a repeated proof of the same browser as the first one',
    mail: true,
    run: async (scene) => {
      const { browser, email, link } = await scene.asked()
      const first = await scene.system.follow(browser, linkOf(link))
      const again = await scene.system.follow(browser, linkOf(link))
      must(await isIn(scene, browser, email), `not signed in after it: ${first.status}, ${again.status}`)
      must(!isError(again), `the second time answers ${again.status}, ${again.location}`)
      return `${first.status}, then ${again.status}`
    },
  },
  {
    id: 'RC-01',
    area: 'twice',
    title: 'the link ten times at once in the browser that asked: in, and no error',
    remedy: 'decide in one transaction, and give the same browser the same session again',
    mail: true,
    run: async (scene) => {
      const { browser, email, link } = await scene.asked()
      const answers = await Promise.all(Array.from({ length: 10 }, () => scene.system.follow(browser, linkOf(link))))
      const bad = answers.filter(isError)
      must(bad.length === 0, `${bad.length} of 10 answered ${bad[0]?.status}, ${bad[0]?.location}`)
      must(await isIn(scene, browser, email), 'not signed in after it')
      return 'ten answers, none of them an error'
    },
  },
  {
    id: 'RC-02',
    area: 'twice',
    title: 'the code twice at once: in, and no error',
    remedy: 'decide in one transaction, and give the same browser the same session again',
    mail: true,
    run: async (scene) => {
      const { browser, email, asked, code } = await scene.asked()
      const both = await Promise.all([0, 1].map(() => scene.system.typeCode(browser, asked, codeOf(code))))
      must(await isIn(scene, browser, email), `not signed in after it: ${both.map(({ status }) => status).join(', ')}`)
      must(
        both.every(({ status }) => status < 400),
        `answered ${both.map(({ status }) => status).join(', ')}`,
      )
      return both.map(({ status }) => status).join(', ')
    },
  },
  {
    id: 'TK-02',
    area: 'twice',
    title: 'after signing out, neither link nor code of the mail signs in again',
    remedy: 'retire every proof of a request with its first sign-in, and the session with the sign-out',
    mail: true,
    run: async (scene) => {
      const { browser, link, asked, code } = await scene.asked()
      await scene.system.follow(browser, linkOf(link))
      await scene.system.signOut(browser)
      await scene.system.follow(browser, linkOf(link))
      must((await scene.system.whoAmI(browser)) === null, 'the link signed in again')
      if (code !== null) await scene.system.typeCode(browser, asked, code)
      must((await scene.system.whoAmI(browser)) === null, 'the code signed in after the link had')
      return 'both are over'
    },
  },
  {
    id: 'SE-04',
    area: 'cookies',
    title: 'after signing out, the old cookie opens nothing',
    remedy: 'keep sessions on the server, and end them there',
    mail: true,
    run: async (scene) => {
      const { browser, link } = await scene.asked()
      await scene.system.follow(browser, linkOf(link))
      const before = new Map(browser.cookies)
      await scene.system.signOut(browser)
      const thief = scene.browser()
      for (const [name, value] of before) thief.cookies.set(name, value)
      must((await scene.system.whoAmI(thief)) === null, 'whoever kept the cookie is still signed in')
      return 'the copy opens nothing'
    },
  },
  {
    id: 'TK-03',
    area: 'other browser',
    title: 'the link in another browser does not sign in by itself',
    remedy: 'bind a request to the browser that asked, by a cookie',
    mail: true,
    run: async (scene) => {
      const { link } = await scene.asked()
      const other = scene.browser()
      const answer = await scene.system.follow(other, linkOf(link))
      must((await scene.system.whoAmI(other)) === null, 'whoever opens the link is signed in')
      return `answered ${answer.status}`
    },
  },
  {
    id: 'CS-09',
    area: 'other browser',
    title: 'a link somebody sends signs nobody into the sender’s account: the address must be typed',
    remedy: 'let the person type the address before a session is made in a browser that did not ask',
    mail: true,
    run: async (scene) => {
      const { link } = await scene.asked()
      const victim = scene.browser()
      const answer = await scene.system.follow(victim, linkOf(link), 'victim@preflight.example')
      must((await scene.system.whoAmI(victim)) === null, 'signed in with another address than the mail’s')
      must(answer.status >= 400, `answered ${answer.status}`)
      return `answered ${answer.status}`
    },
  },
  {
    id: 'RL-14',
    area: 'other browser',
    title: 'codes typed in another browser are not compared, and spend none of the person’s tries',
    remedy: 'look at a code only where it was asked for',
    mail: true,
    run: async (scene) => {
      const { browser, email, asked, code } = await scene.asked()
      const right = codeOf(code)
      const other = scene.browser()
      for (let time = 0; time < 8; time++) await scene.system.typeCode(other, asked, wrongCode(right, time))
      await scene.system.typeCode(other, asked, right)
      must((await scene.system.whoAmI(other)) === null, 'the code signed in where it was not asked for')
      await scene.system.typeCode(browser, asked, right)
      must(await isIn(scene, browser, email), 'the person who asked was locked out')
      return 'the person who asked got in afterwards'
    },
  },
  {
    id: 'TK-13',
    area: 'limits',
    title: 'after a few wrong codes even the right one is refused, and the link still works',
    remedy: 'count tries before comparing, at most five, and let the link be a proof of its own',
    mail: true,
    run: async (scene) => {
      const { browser, email, asked, code, link } = await scene.asked()
      const right = codeOf(code)
      let last = 0
      for (let time = 0; time < 6; time++) last = (await scene.system.typeCode(browser, asked, wrongCode(right, time))).status
      await scene.system.typeCode(browser, asked, right)
      must(!(await isIn(scene, browser, email)), 'the right code works after six wrong ones')
      await scene.system.follow(browser, linkOf(link))
      must(await isIn(scene, browser, email), 'the person is locked out: the link does not work any more')
      return `the sixth answered ${last}; the link worked`
    },
  },
  {
    id: 'TK-05',
    area: 'limits',
    title: 'another mail is refused at once and sent after a while; then the newer code works, and the older link',
    remedy: 'make people wait on the server; keep unexpired links alive, and only the newest code',
    mail: true,
    run: async (scene) => {
      const { resend } = scene.system
      if (resend === undefined) throw new NotHere('there is no other mail of the same request')
      const { browser, email, asked, code, link } = await scene.asked()
      const early = await resend(browser, asked)
      const wait = Number(early.headers.get('retry-after') ?? '')
      must(early.status === 429, `asking again at once answers ${early.status}`)
      must(wait > 0 && wait <= 300, `Retry-After says "${early.headers.get('retry-after')}"`)
      await scene.wait(wait * 1_000 + 500, 'until another mail may be asked for')
      await resend(browser, asked)
      const newer = scene.system.open(await scene.mail(email, 2))
      const answer = await scene.system.typeCode(browser, asked, codeOf(code))
      must((await scene.system.whoAmI(browser)) === null, 'the code of the older mail works')
      await scene.system.follow(browser, linkOf(link))
      must(await isIn(scene, browser, email), 'the link of the older mail does not work')
      must(newer.code !== code, 'the newer mail has the same code')
      return `refused for ${wait} s; the older code answers ${answer.status}, the older link signs in`
    },
  },
]

export function wrongCode(right: string, nth: number): string {
  const digits = (Number(right) + 1 + nth) % 10 ** right.length
  return String(digits).padStart(right.length, '0')
}

/** There and back again: what the person's browser is sent to in the end. */
const rewriters: Readonly<Record<string, (link: string) => string>> = {
  'Safe Links': (link) => new URL(`https://eur01.safelinks.example/?url=${encodeURIComponent(link)}&data=05`).searchParams.get('url') ?? '',
  'URL Defense 2': (link) => {
    const there = encodeURIComponent(link).replaceAll('-', '-2D').replaceAll('_', '-5F').replaceAll('%', '-').replaceAll('-2F', '_')
    return decodeURIComponent(there.replaceAll('_', '%2F').replaceAll('-', '%'))
  },
  'URL Defense 3': (link) => {
    // Everything but these is replaced by * and written down beside it.
    const kept = /[A-Za-z0-9/:._~-]/
    const taken = [...link].filter((one) => !kept.test(one))
    let at = 0
    const there = [...link].map((one) => (kept.test(one) ? one : '*')).join('')
    return there.replaceAll('*', () => taken[at++] ?? '*')
  },
  // Theirs is a number; what it stands for is kept on their side, as text.
  Mimecast: (link) => JSON.parse(JSON.stringify(link)) as string,
  Barracuda: (link) => new URL(`https://linkprotect.example/url?a=${encodeURIComponent(link)}&c=E,1`).searchParams.get('a') ?? '',
}
