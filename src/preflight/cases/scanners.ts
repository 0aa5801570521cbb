// What scanners and gateways do to a link before a person sees it.
import { type AskedFor, type Case, codeOf, isIn, linkOf, must, NotHere, type Scene, sentOf } from '../case.ts'
import { rewriters } from '../rewriters.ts'
import { visits } from '../visits.ts'

/** After whatever was done to the mail, the person who asked follows the link and is in. */
export async function stillWorks(scene: Scene, asked: AskedFor): Promise<string> {
  const answer = await scene.system.follow(asked.browser, linkOf(asked))
  must(await isIn(scene, asked), `the person who asked was kept out afterwards: ${answer.status}`)
  return 'the person who asked got in afterwards'
}

export const SPENT = 'a GET must change nothing, and a page must not submit itself in a browser that did not ask'

export const scanners: readonly Case[] = [
  {
    id: 'SC-01',
    area: 'scanners',
    title: 'HEAD on the link, twenty times, spends nothing',
    remedy: SPENT,
    mail: true,
    run: async (scene) => {
      const asked = await scene.asked()
      await visits.head(scene, linkOf(asked))
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
      for (const { headers } of await visits.prefetch(scene, linkOf(asked)))
        must(/no-store/.test(headers.get('cache-control') ?? ''), `the page may be kept: Cache-Control: ${headers.get('cache-control')}`)
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
      await visits.getTwice(scene, linkOf(asked))
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
      await visits.submit({ ...scene, browser: () => scanner }, linkOf(asked))
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
      const asked = await scene.asked()
      const scanner = scene.browser()
      await scanner.get(sentOf(asked))
      await scene.system.follow(scanner, linkOf(asked))
      must((await scene.system.whoAmI(asked.browser)) === null, 'the browser that asked was signed in by somebody else’s visit')
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
      if (!linkOf(asked).includes('#')) throw new NotHere('the secret is not in a fragment')
      const page = await asked.browser.get(sentOf(asked))
      must(page.status === 200, `the page answers ${page.status}`)
      await scene.system.typeCode(asked.browser, asked.asked, codeOf(asked))
      must(await isIn(scene, asked), 'the code did not sign in')
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
      if (!linkOf(asked).includes('#')) throw new NotHere('the secret is not in a fragment')
      const page = await asked.browser.get(linkOf(asked).replace('#', '%23'))
      must(page.status < 500 && page.status !== 404, `the page answers ${page.status}`)
      must((await scene.system.whoAmI(asked.browser)) === null, 'the mangled link signed in by a GET')
      await scene.system.typeCode(asked.browser, asked.asked, codeOf(asked))
      must(await isIn(scene, asked), 'the code did not sign in')
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
      const given = linkOf(await scene.asked())
      for (const [name, { wrap, unwrap }] of Object.entries(rewriters))
        must(unwrap(wrap(given)) === given, `${name} gives back ${unwrap(wrap(given))}`)
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
      const asked = await scene.asked()
      const { email, code } = asked
      for (const { text } of await visits.preview(scene, linkOf(asked))) {
        must(!text.includes(email), 'it is shown the address')
        must(code === null || !text.includes(code), 'it is shown the code')
      }
      return 'three of them saw neither'
    },
  },
]
