// Cookies and sessions.
import { type Case, isIn, must } from '../case.ts'

const MADE_UP = ['x', 'A'.repeat(65), '"', "' or 1=1 --", '%00', 'a'.repeat(3_000)]

export const cookies: readonly Case[] = [
  {
    id: 'SE-02',
    area: 'cookies',
    title: 'cookies are HttpOnly, SameSite, for this host and all its paths, and Secure behind https',
    remedy: 'name them __Host-…, with HttpOnly; Secure; SameSite=Lax; Path=/ and no Domain',
    mail: true,
    run: async (scene) => {
      const { browser } = await scene.signedIn()
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
    title: 'a session that a stranger planted before is not gone on with by a sign-in',
    remedy: 'make a new session with each sign-in',
    mail: true,
    run: async (scene) => {
      const stranger = await scene.signedIn()
      const asked = await scene.asked()
      for (const [name, value] of stranger.browser.cookies) if (!asked.browser.cookies.has(name)) asked.browser.cookies.set(name, value)
      await scene.signIn(asked)
      must(await isIn(scene, asked), 'the person is not signed in as themselves')
      must((await scene.system.whoAmI(stranger.browser)) !== asked.email, 'the stranger is signed in as the person')
      return 'the session is a new one'
    },
  },
  {
    id: 'SE-04',
    area: 'cookies',
    title: 'after signing out, the old cookie opens nothing',
    remedy: 'keep sessions on the server, and end them there',
    mail: true,
    run: async (scene) => {
      const { browser } = await scene.signedIn()
      const before = new Map(browser.cookies)
      await scene.system.signOut(browser)
      const thief = scene.browser()
      for (const [name, value] of before) thief.cookies.set(name, value)
      must((await scene.system.whoAmI(thief)) === null, 'whoever kept the cookie is still signed in')
      return 'the copy opens nothing'
    },
  },
  {
    id: 'SE-11',
    area: 'cookies',
    title: 'a made-up session opens nothing, and breaks nothing',
    remedy: 'look sessions up by a digest, and take what is malformed for none',
    mail: true,
    run: async ({ system, browser, signedIn }) => {
      const names = [...(await signedIn()).browser.cookies.keys()]
      for (const value of MADE_UP) {
        const stranger = browser()
        for (const name of names) stranger.cookies.set(name, value)
        must((await system.whoAmI(stranger)) === null, `${JSON.stringify(value)} is somebody`)
      }
      return `${MADE_UP.length} tried`
    },
  },
]
