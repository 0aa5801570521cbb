// What people prepare and do without their mailbox, for stories.
import { undoLink } from './account.ts'
import { type Answer, type Browser, type Kit, type Opened, ORIGIN } from './kit.ts'

/** Printed by a browser that is signed in, with a recent proof. */
export async function printCodes(browser: Browser): Promise<readonly string[]> {
  const answer = await browser.post('/account/recovery/codes', {})
  if (answer.status !== 200) throw new Error(`printing recovery codes answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  return [...answer.text.matchAll(/<code dir="ltr">([0-9A-Z-]+)<\/code>/g)].map(([, code]) => code ?? '')
}

/** Names a backup address and proves it. */
export async function setBackup(kit: Kit, browser: Browser, email: string): Promise<void> {
  const answer = await browser.post('/account/recovery/backup', { email })
  if (answer.status !== 303) throw new Error(`naming a backup address answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  await kit.settle()
  const c = new URL(answer.location, ORIGIN).searchParams.get('c') ?? ''
  const done = await browser.post('/account/recovery/backup/code', { c, code: kit.mailbox.newest(email).code ?? '' })
  if (done.status !== 303) throw new Error(`proving a backup address answered ${done.status}: ${done.text.slice(0, 300)}`)
  await kit.settle()
}

export interface Named {
  readonly toNew: Opened
  readonly undo: { readonly path: string; readonly secret: string }
}

/** By a browser with a limited session. */
export async function nameAddress(kit: Kit, browser: Browser, from: string, to: string): Promise<Named> {
  const answer = await browser.post('/recover/address', { email: to })
  if (answer.status !== 303) throw new Error(`naming an address answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  await kit.settle()
  return { toNew: kit.mailbox.newest(to), undo: undoLink(kit.mailbox.all(from).at(-1)) }
}

export function typeNew(browser: Browser, { linkId, code }: Opened): Promise<Answer> {
  return browser.post('/recover/check/code', { c: linkId.slice(0, 16), code: code ?? '' })
}
