// All cases against one deployment, one after the other, since from one machine all of them share the limits of its network.
import { openBrowser, type Send } from './browser.ts'
import { type Case, NotHere, type Result, type Scene, tryCase } from './case.ts'
import { cookies } from './cases/cookies.ts'
import { elsewhere } from './cases/elsewhere.ts'
import { limits } from './cases/limits.ts'
import { mails } from './cases/mails.ts'
import { network } from './cases/network.ts'
import { otherSites } from './cases/other-sites.ts'
import { pages } from './cases/pages.ts'
import { realBrowser } from './cases/real-browser.ts'
import { scanners } from './cases/scanners.ts'
import { sender } from './cases/sender.ts'
import { strangers } from './cases/strangers.ts'
import { tls } from './cases/tls.ts'
import { twice } from './cases/twice.ts'
import { ANY_ADDRESS, addressesOf, type Mailbox } from './mailbox.ts'
import type { Chromium } from './real-browser.ts'
import type { Mail, System } from './system.ts'

export const cases: readonly Case[] = [
  ...scanners,
  ...realBrowser,
  ...twice,
  ...elsewhere,
  ...otherSites,
  ...strangers,
  ...limits,
  ...cookies,
  ...pages,
  ...mails,
  ...sender,
  ...network,
  ...tls,
]

/** What limits may ask of whoever tries a case. */
const WAIT_MAX_MS = 15 * 60_000

export interface Trying {
  readonly system: System
  /** null: no mail can be read. */
  readonly mailbox: Mailbox | null
  /** Starts a real browser; throws NotHere where there is none. */
  readonly launch: () => Promise<Chromium>
  /** Before each case, and where one waits for long. */
  readonly onStep: (done: number, text: string) => void
  readonly only?: ReadonlySet<string> | undefined
  /** Default: over the network. */
  readonly through?: Send | undefined
}

export async function tryAll({ system, mailbox, launch, onStep, only, through }: Trying): Promise<readonly Result[]> {
  const chosen = cases.filter(({ id }) => only === undefined || only.has(id))
  const results: Result[] = []
  let addresses = 0
  const known: string[] = []
  let looked: Promise<Mail> | undefined
  let launched: Promise<Chromium> | undefined
  const run = Math.random().toString(36).slice(2, 8)
  const addressFor = mailbox?.addressFor ?? (addressesOf(ANY_ADDRESS) as Mailbox['addressFor'])
  const scene: Scene = {
    system: {
      ...system,
      ask: (browser, email, more) =>
        scene.patiently(
          () => system.ask(browser, email, more),
          ({ answer }) => answer,
        ),
    },
    // The cases ask for more mails than one network may, and where one limit has let go the next may begin.
    patiently: async (ask, answerOf) => {
      for (let waited = 0; ; ) {
        const asked = await ask()
        const { status, headers } = answerOf(asked)
        const ms = Number(headers.get('retry-after')) * 1_000
        if (status !== 429 || !(ms > 0)) return asked
        waited += ms
        if (waited > WAIT_MAX_MS) throw new NotHere(`the limits of this network ask to wait ${Math.ceil(waited / 60_000)} minutes`)
        await scene.wait(ms + 500, 'the limits of this network are reached')
      }
    },
    browser: (agent) => openBrowser(system.url, { agent, through }),
    mailbox,
    chromium: () => {
      launched ??= launch()
      return launched
    },
    signIn: async ({ browser, email, asked, link, code }) => {
      const answer = link === null ? await system.typeCode(browser, asked, code ?? '') : await system.follow(browser, link)
      if ((await system.whoAmI(browser)) === null) throw new Error(`nobody is signed in after it: ${answer.status}`)
      known.push(email)
    },
    known: async (count) => {
      while (known.length < count) await scene.signedIn()
      return known.slice(-count)
    },
    signedIn: async () => {
      const asked = await scene.asked()
      await scene.signIn(asked)
      return asked
    },
    person: async () => {
      const browser = openBrowser(system.url, { through })
      const [first] = system.pages
      if (first !== undefined) await browser.get(`${system.url}${first}`)
      return browser
    },
    address: () => addressFor(`preflight-${run}-${++addresses}`),
    mail: async (email, nth = 1) => {
      onStep(results.length, 'waiting for a mail')
      const found = await mailbox?.mail(email, nth)
      if (found != null) return found
      const hint = email.includes('+') ? ': such addresses share the limits of one mailbox' : ''
      throw new Error(`no mail number ${nth} to ${email} arrived${hint}`)
    },
    anyMail: () => {
      looked ??= scene.asked().then(({ mail }) => mail)
      return looked
    },
    wait: async (ms, why) => {
      if (ms > 1_000) onStep(results.length, `waiting ${Math.ceil(ms / 1_000)} s: ${why}`)
      await new Promise((resolve) => setTimeout(resolve, ms))
    },
    asked: async ({ returnTo } = {}) => {
      const browser = await scene.person()
      const email = scene.address()
      const asked = await scene.system.ask(browser, email, returnTo === undefined ? {} : { returnTo })
      if (asked.answer.status >= 400) throw new Error(`asking for a mail answers ${asked.answer.status}`)
      const mail = await scene.mail(email)
      return { browser, email, asked, mail, ...system.open(mail) }
    },
  }
  try {
    for (const one of chosen) {
      onStep(results.length, `${one.id} ${one.title}`)
      results.push(
        one.mail && mailbox === null
          ? { case: one, outcome: 'not tried', evidence: 'no mailbox to read', ms: 0 }
          : await tryCase(one, scene),
      )
    }
  } finally {
    await launched?.then(
      (chromium) => chromium.close(),
      () => undefined,
    )
  }
  return results
}
