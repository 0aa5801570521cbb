// Getting back in by waiting, as stories do it.
import type { Message } from '../src/index.ts'
import { type Answer, type Browser, type Kit, type Opened, ORIGIN, openMail } from './kit.ts'

export interface WaitAsked extends Opened {
  readonly browser: Browser
  readonly challenge: string
}

/** Names an account and a new address, and opens the mail that went there. */
export async function askToWait(kit: Kit, account: string, email: string, browser: Browser = kit.browser()): Promise<WaitAsked> {
  const answer = await browser.post('/recover/wait', { account, email })
  if (answer.status !== 303) throw new Error(`asking for ${account} answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  const challenge = new URL(answer.location, ORIGIN).searchParams.get('c') ?? ''
  await kit.settle()
  return { browser, challenge, ...kit.mailbox.newest(email) }
}

export function typeWait({ browser, challenge, code }: Pick<WaitAsked, 'browser' | 'challenge' | 'code'>): Promise<Answer> {
  return browser.post('/recover/wait/code', { c: challenge, code: code ?? '' })
}

export interface Linked {
  readonly path: string
  readonly secret: string
  readonly message: Message
}

/** The whole of it up to the wait: asked, proved, and the notices opened. */
export async function beginToWait(
  kit: Kit,
  account: string,
  email: string,
  browser?: Browser,
): Promise<WaitAsked & { readonly begun: Answer; readonly stop: Linked | null }> {
  const asked = await askToWait(kit, account, email, browser)
  const before = kit.mailbox.messages.length
  const begun = await typeWait(asked)
  await kit.settle()
  return { ...asked, begun, stop: linkIn(kit.mailbox.messages.slice(before).find(({ to }) => to === account)) }
}

/** The wait passes, and whoever may go on is told. */
export async function afterWaiting(kit: Kit, ms: number, to: string): Promise<Linked | null> {
  kit.clock.forward(ms)
  const before = kit.mailbox.messages.length
  await kit.postkey.announce()
  await kit.settle()
  return linkIn(kit.mailbox.messages.slice(before).find((message) => message.to === to))
}

export function linkIn(message: Message | undefined): Linked | null {
  const found = /(\/recover\/(?:stop|open)\/[0-9A-Za-z]{17})[#/]([0-9A-Za-z]{43})/.exec(message?.text ?? '')
  return message === undefined || found === null ? null : { path: found[1] ?? '', secret: found[2] ?? '', message }
}

export { openMail }
