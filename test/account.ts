// What somebody who is signed in does with their account, for stories.
import type { RecentProof } from '../src/index.ts'
import { type AskedFor, type Browser, type Kit, ORIGIN } from './kit.ts'

/** Asks for a proof of the own mailbox, and opens the mail. */
export async function stepUp(kit: Kit, browser: Browser, email: string, returnTo?: string): Promise<AskedFor> {
  const answer = await browser.post('/account/confirm', returnTo === undefined ? {} : { return_to: returnTo })
  if (answer.status !== 303) throw new Error(`asking to confirm answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  const challenge = new URL(answer.location, ORIGIN).searchParams.get('c') ?? ''
  await kit.settle()
  return { browser, challenge, ...kit.mailbox.newest(email) }
}

/** As the host asks, for a request of this browser to a page of its own. */
export function requireRecentProof(kit: Kit, browser: Browser, maxAge?: number | string): Promise<RecentProof> {
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  return kit.postkey.requireRecentProof(new Request(`${ORIGIN}/danger?a=1`, { headers: { cookie } }), maxAge)
}
