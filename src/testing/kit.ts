// A whole Postkey for one test: a database in memory, a clock to move, everybody's mailbox, and people with browsers. Nothing of Postkey is
// replaced: guards, limits and the outbox are those of production.
import { randomBytes } from 'node:crypto'
import { createPostkey, type Message, type Postkey, type PostkeyOptions, type Reply } from '../index.ts'
import { openBrowser, type Send } from '../preflight/browser.ts'
import type { Page } from '../preflight/press.ts'
import { postkeyAt } from '../preflight/system.ts'
import { Clock } from './clock.ts'
import { Mailbox, type Opened } from './mailbox.ts'
import { makePerson, type Person } from './person.ts'
import { refuseProduction } from './production.ts'
import { type Scanned, scan } from './scan.ts'

export interface KitOptions extends Partial<Omit<PostkeyOptions, 'mail' | 'now'>> {
  /** Your application around it: what people's requests go to. Default: Postkey alone. */
  readonly app?: (postkey: Postkey) => AppHandler | Promise<AppHandler>
  /** The clock it starts with. Default: one that stands at the moment of the start. */
  readonly clock?: Clock
  /** What the mail server says to each mail. Default: it takes it. */
  readonly reply?: (message: Message) => Reply | Promise<Reply>
  readonly mail?: Partial<PostkeyOptions['mail']>
}

/** As Hono, Next.js route handlers, SvelteKit and others have it. */
export type AppHandler = (request: Request) => Response | Promise<Response>

export interface Kit extends AsyncDisposable {
  readonly postkey: Postkey
  /** Public origin and base path. */
  readonly url: string
  readonly clock: Clock
  readonly mailbox: Mailbox
  /** Somebody with a browser of their own, in a network of their own. */
  person(): Person
  /** The newest mail to an address, once everything that is due was sent. */
  mail(to: string): Promise<Opened>
  /** Somebody who has asked for a mail and typed its code. */
  signIn(email: string): Promise<Person>
  /** Does to a link what mail gateways do before its reader sees it: docs/testing-your-app.md. With Playwright's page also in a real browser. */
  scan(link: string, page?: Page): Promise<Scanned>
  /** Resolves when every mail that is due was sent. */
  settle(): Promise<void>
  close(): Promise<void>
}

const URL_BY_DEFAULT = 'https://app.example.com'

/** @throws Error that names every bad option at once, as `createPostkey` does; and where NODE_ENV is "production". */
export async function startKit(options: KitOptions = {}): Promise<Kit> {
  const { postkey, clock, mailbox, url } = await startInner(options)
  const app = await options.app?.(postkey)
  let networks = 0
  const through = (): Send => {
    networks++
    // Each at home in a network of their own, so that one person's limits are not another's.
    const clientAddress = `203.${networks >> 8}.${networks & 255}.7`
    return async (request) => (app === undefined ? await postkey.handler(request, { clientAddress }) : await app(request))
  }
  return kitOf({ postkey, clock, mailbox, url, through, close: () => postkey.close() })
}

interface Inner {
  readonly postkey: Postkey
  readonly clock: Clock
  readonly mailbox: Mailbox
  readonly url: string
}

/** The parts, before anybody sends a request. */
export async function startInner(options: KitOptions): Promise<Inner> {
  refuseProduction()
  const { app: _, clock = new Clock(Date.now()), reply, mail, ...given } = options
  const mailbox = new Mailbox(reply)
  const url = given.url ?? URL_BY_DEFAULT
  const postkey = await createPostkey({
    url,
    // Nobody can know it, should a kit ever be where others reach it.
    secret: randomBytes(33).toString('base64'),
    database: 'file::memory:',
    name: 'Example',
    now: clock.now,
    ...given,
    mail: { from: 'sign-in@example.com', transport: mailbox.transport, ...mail },
  })
  return { postkey, clock, mailbox, url: `${url.replace(/\/+$/, '')}${given.basePath ?? ''}` }
}

export function kitOf(parts: Inner & { through(): Send | undefined; close(): Promise<void> }): Kit {
  const { postkey, clock, mailbox, url, through, close } = parts
  const settle = (): Promise<void> => postkey.mailsSent()
  const mail = async (to: string): Promise<Opened> => {
    await settle()
    return mailbox.newest(to)
  }
  const browser = (agent?: string) => openBrowser(url, { agent, through: through() })
  const person = (): Person => makePerson(postkeyAt(url), browser())
  return {
    postkey,
    url,
    clock,
    mailbox,
    person,
    mail,
    settle,
    close,
    signIn: async (email) => {
      const somebody = person()
      // Or the notice of an earlier sign-in may come behind the code, and be the newest mail.
      await settle()
      await somebody.ask(email)
      const { code } = await mail(email)
      if (code === null) throw new Error(`the mail to ${email} has no code: follow its link with person.follow(link)`)
      await somebody.typeCode(code)
      if ((await somebody.whoAmI()) === null) throw new Error(`nobody is signed in after the code was typed for ${email}`)
      return somebody
    },
    scan: (link, page) => scan(link, { system: postkeyAt(url), browser, page }),
    [Symbol.asyncDispose]: close,
  }
}
