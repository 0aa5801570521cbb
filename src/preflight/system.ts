// What is tried: a deployment, by the few things that any sign-in by mail lets people do. An adapter says how they are done; this one is
// Postkey's, over its pages, as a browser without script would.
import type { Answer, Browser } from './browser.ts'
import { type Opened, openMail, partsOf } from './open-mail.ts'

/** One mail as it arrived. */
export interface Mail {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** Where a name stands several times, line by line, the uppermost first. */
  readonly headers: Readonly<Record<string, string>>
}

export interface Asked {
  readonly answer: Answer
  /** As far as the system names what was asked for, for the code and for another mail. */
  readonly id: string
}

export interface Form {
  /** Below the address of the system. */
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
  /** Else it does something to who is signed in. */
  readonly signsIn: boolean
}

export interface System {
  readonly name: string
  /** Public origin and base path. */
  readonly url: string
  /** Below it: the pages that people see before they are signed in; none: it has only an API. */
  readonly pages: readonly string[]
  /** Is that how it says no to a form of another site? Absent: by any status from 400 to 499. */
  refused?(answer: Answer): boolean
  ask(
    browser: Browser,
    email: string,
    more?: { readonly returnTo?: string; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<Asked>
  /** Another mail of the same request; absent: there is no such thing. */
  resend?(browser: Browser, asked: Asked): Promise<Answer>
  /** The host application writes the mails: what is in them is not this system's. */
  readonly foreignMails?: boolean
  /** Finds link and code in a mail. */
  open(mail: Mail): Opened
  /** Opens the link, and then does what its page does by itself or asks the person to do; `email`: what the person types if asked for. */
  follow(browser: Browser, link: string, email?: string): Promise<Answer>
  /** What a person who follows the link sends, made up by somebody else. */
  forge(browser: Browser, link: string, headers: Readonly<Record<string, string>>): Promise<Answer>
  typeCode(browser: Browser, asked: Asked, code: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** The address of who is signed in; null: nobody. */
  whoAmI(browser: Browser): Promise<string | null>
  signOut(browser: Browser, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** Its forms, as another site would make them up, for a mail that it asked for; absent: nothing is known of them. */
  forms?(asked: Asked, opened: Opened): readonly Form[]
  /** Paths that change something, to be tried by GET. */
  readonly changing: readonly string[]
}

export function postkeyAt(url: string): System {
  const at = (path: string): string => `${url}${path}`
  return {
    name: 'Postkey',
    url,
    pages: ['/sign-in', '/sign-in/check', '/l/00000000000000000', '/account'],
    changing: [
      '/sign-in/code',
      '/sign-in/resend',
      '/sign-out',
      '/account/sessions/end',
      '/account/sessions/end-others',
      '/api/sign-in/verify',
    ],
    ask: async (browser, email, { returnTo, headers } = {}) => {
      const form = { email, ...(returnTo === undefined ? {} : { return_to: returnTo }) }
      const answer = await browser.post(at('/sign-in'), form, headers)
      return { answer, id: answer.location === '' ? '' : (new URL(answer.location).searchParams.get('c') ?? '') }
    },
    resend: (browser, { id }) => browser.post(at('/sign-in/resend'), { c: id }),
    open: openMail,
    follow: async (browser, link, email) => {
      const { id, secret } = partsOf(link)
      const page = await browser.get(at(`/l/${id}`))
      if (page.status >= 300) return page
      return await browser.post(at(`/l/${id}`), { secret, ...(email === undefined ? {} : { email }) })
    },
    forge: (browser, link, headers) => {
      const { id, secret } = partsOf(link)
      return browser.post(at(`/l/${id}`), { secret }, headers)
    },
    typeCode: (browser, { id }, code, headers) => browser.post(at('/sign-in/code'), { c: id, code }, headers),
    whoAmI: async (browser) => {
      const { status, text } = await browser.send(at('/api/session'), { headers: { 'sec-fetch-site': 'same-origin' } })
      return status === 200 ? (JSON.parse(text) as { user: { email: string } }).user.email : null
    },
    signOut: (browser, headers) => browser.post(at('/sign-out'), {}, headers),
    forms: ({ id }, { link, code }) => {
      const { id: mail, secret } = partsOf(link ?? '')
      return [
        { path: '/sign-in', fields: { email: 'somebody@preflight.example' }, signsIn: false },
        { path: '/sign-out', fields: {}, signsIn: false },
        ...(link === null ? [] : [{ path: `/l/${mail}`, fields: { secret }, signsIn: true }]),
        ...(code === null ? [] : [{ path: '/sign-in/code', fields: { c: id, code }, signsIn: true }]),
      ]
    },
  }
}
