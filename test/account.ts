// What somebody who is signed in does with their account, for stories.
import type { Message, RecentProof } from '../src/index.ts'
import { type Answer, type AskedFor, type Browser, type Kit, type Opened, ORIGIN, openMail } from './kit.ts'

/** Asks for a proof of the own mailbox, and opens the mail. */
export async function stepUp(kit: Kit, browser: Browser, email: string, returnTo?: string): Promise<AskedFor> {
  await kit.settle()
  const answer = await browser.post('/account/confirm', returnTo === undefined ? {} : { return_to: returnTo })
  if (answer.status !== 303) throw new Error(`asking to confirm answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  const challenge = new URL(answer.location, ORIGIN).searchParams.get('c') ?? ''
  await kit.settle()
  return { browser, challenge, ...kit.mailbox.newest(email) }
}

export interface ChangeAsked {
  readonly browser: Browser
  readonly challenge: string
  /** To the new address; to the old one, where that has to agree. */
  readonly toNew: Opened
  readonly toOld: Opened | null
  readonly undo: { readonly path: string; readonly secret: string }
}

/** Asks for another address, and opens the mails. */
export async function askForChange(kit: Kit, browser: Browser, from: string, to: string): Promise<ChangeAsked> {
  const before = kit.mailbox.messages.length
  const answer = await browser.post('/account/address', { email: to })
  if (answer.status !== 303) throw new Error(`asking for another address answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  if (!answer.location.startsWith('/account/address/check?c=')) throw new Error(`asking for another address led to ${answer.location}`)
  const challenge = new URL(answer.location, ORIGIN).searchParams.get('c') ?? ''
  await kit.settle()
  const mails = kit.mailbox.messages.slice(before)
  const toOld = mails.filter((mail) => mail.to === from)
  const agree = toOld.find(({ text }) => !text.includes('/account/undo/'))
  return {
    browser,
    challenge,
    toNew: kit.mailbox.newest(to),
    toOld: agree === undefined ? null : openMail(agree),
    undo: undoLink(toOld.find(({ text }) => text.includes('/account/undo/'))),
  }
}

export function undoLink(mail: Message | undefined): { readonly path: string; readonly secret: string } {
  const [, path = '', secret = ''] = /(\/account\/undo\/[0-9A-Za-z]{17})[#/]([0-9A-Za-z]{43})/.exec(mail?.text ?? '') ?? []
  return { path, secret }
}

/** The challenge of a link's id. */
export const challengeOf = ({ linkId }: Opened): string => linkId.slice(0, 16)

export function typeChange(browser: Browser, mail: Opened, side: 'change_email' | 'leave_email', code = mail.code): Promise<Answer> {
  return browser.post('/account/address/code', { c: challengeOf(mail), for: side, code: code ?? '' })
}

/** As the host asks, for a request of this browser to a page of its own. */
export function requireRecentProof(kit: Kit, browser: Browser, maxAge?: number | string): Promise<RecentProof> {
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  return kit.postkey.requireRecentProof(new Request(`${ORIGIN}/danger?a=1`, { headers: { cookie } }), maxAge)
}

/** Where the mail says that its reader did not ask: the path; '' where it has no such link. */
export const notMeLink = (mail: Message | undefined): string => /\/not-me\/[0-9A-Za-z]+/.exec(mail?.text ?? '')?.[0] ?? ''
