// A case: what a hostile inbox, a careless person or another site does, and what must then be true. It ends with its evidence, or throws
// what was found wrong.
import type { Answer, Browser } from './browser.ts'
import type { Mailbox } from './mailbox.ts'
import type { Opened } from './open-mail.ts'
import type { Chromium } from './real-browser.ts'
import type { Asked, Mail, System } from './system.ts'
import { sent } from './visits.ts'

export type Area =
  | 'scanners'
  | 'real browser'
  | 'twice'
  | 'other browser'
  | 'other sites'
  | 'way back'
  | 'strangers'
  | 'limits'
  | 'cookies'
  | 'headers'
  | 'mail'
  | 'sender'
  | 'network'

export interface Case {
  /** As in the catalogue of attacks, where it stands there; else a name of its own. */
  readonly id: string
  readonly area: Area
  /** What must be true. */
  readonly title: string
  readonly remedy: string
  /** Reads a mail: left out where no mailbox is given. */
  readonly mail: boolean
  run(scene: Scene): Promise<string>
}

export interface Scene {
  readonly system: System
  /** A new one, in the same network as all others: from one machine there is only one. */
  browser(agent?: string): Browser
  /** The same, on the page where people ask for a mail. */
  person(): Promise<Browser>
  /** An address whose mail can be read, and that nobody has asked for yet. */
  address(): string
  /** The newest mail to an address, once there are so many. */
  mail(email: string, nth?: number): Promise<Mail>
  /** Of those that somebody asked for: the same for all cases that only look at one. */
  anyMail(): Promise<Mail>
  wait(ms: number, why: string): Promise<void>
  /** Asks again for as long as the answer is to wait. `system.ask` does so by itself. */
  patiently<T>(ask: () => Promise<T>, answerOf: (asked: T) => Answer): Promise<T>
  /** A real browser, the same for all cases. Throws NotHere where there is none. */
  chromium(): Promise<Chromium>
  /** null: no mail can be read. */
  readonly mailbox: Mailbox | null
  /** A new browser in which somebody is signed in. */
  signedIn(): Promise<AskedFor>
  /** So many addresses of people who have signed in before. */
  known(count: number): Promise<readonly string[]>
  /** By the mail, in the browser that asked. */
  signIn(asked: AskedFor): Promise<void>
  /** Asks for a mail with a new browser, and opens it. */
  asked(more?: { readonly returnTo?: string }): Promise<AskedFor>
}

export interface AskedFor extends Opened {
  readonly browser: Browser
  readonly email: string
  readonly asked: Asked
  readonly mail: Mail
}

/** A page that says that something went wrong, or a way to one. */
export function isError({ status, location }: Answer): boolean {
  return status >= 400 || /[?&]error=/.test(location)
}

/** It is not as it must be. */
export class Wrong extends Error {}
/** It cannot be tried here. */
export class NotHere extends Error {}

export function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Wrong(otherwise)
}

export interface Result {
  readonly case: Case
  readonly outcome: 'pass' | 'fail' | 'not tried'
  readonly evidence: string
  readonly ms: number
}

export async function tryCase(one: Case, scene: Scene): Promise<Result> {
  const began = performance.now()
  const end = (outcome: Result['outcome'], evidence: string): Result => ({
    case: one,
    outcome,
    evidence: evidence.replace(/\s+/g, ' ').slice(0, 300),
    ms: Math.round(performance.now() - began),
  })
  try {
    return end('pass', await one.run(scene))
  } catch (error) {
    if (error instanceof NotHere) return end('not tried', error.message)
    return end('fail', error instanceof Wrong ? error.message : `it could not be tried to its end: ${String(error)}`)
  }
}

/** Of a mail that has one. */
export function linkOf({ link }: Opened): string {
  if (link === null) throw new NotHere('the mail has no link')
  return link
}

export function codeOf({ code }: Opened): string {
  if (code === null) throw new NotHere('the mail has no code')
  return code
}

/** A link as a server sees it. */
export const sentOf = (opened: Opened): string => sent(linkOf(opened))

export function wrongCode(right: string, nth: number): string {
  const digits = (Number(right) + 1 + nth) % 10 ** right.length
  return String(digits).padStart(right.length, '0')
}

export async function isIn({ system }: Scene, { browser, email }: Pick<AskedFor, 'browser' | 'email'>): Promise<boolean> {
  return (await system.whoAmI(browser))?.toLowerCase() === email.toLowerCase()
}

export const isRefused = (system: System, answer: Answer): boolean =>
  system.refused?.(answer) ?? (answer.status >= 400 && answer.status < 500)

export function firstPage({ url, pages }: System): string {
  const [first] = pages
  if (first === undefined) throw new NotHere('it has no pages of its own')
  return `${url}${first}`
}

/** @param look throws what is wrong with a page. */
export async function everyPage({ system, browser }: Scene, look: (page: Answer) => void): Promise<string> {
  firstPage(system)
  let looked = 0
  for (const path of system.pages) {
    const answer = await browser().get(`${system.url}${path}`)
    // A redirect shows nothing that could be framed, kept or run.
    if (answer.status >= 300 && answer.status < 400) continue
    try {
      look(answer)
    } catch (error) {
      throw error instanceof Wrong ? new Wrong(`${path}: ${error.message}`) : error
    }
    looked++
  }
  return `${looked} pages`
}
