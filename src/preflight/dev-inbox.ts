// Mails by the inbox of `postkey dev`: any address has one.
import { ANY_ADDRESS, addressesOf, awaited, type Mailbox } from './mailbox.ts'
import type { Mail } from './system.ts'

/** A queue that is slower lets people wait, too. */
const PATIENCE = { patienceMs: 30_000, seldomMs: 200 }

export function devInboxAt(url: string, addressFor = addressesOf(ANY_ADDRESS) as Mailbox['addressFor']): Mailbox {
  return {
    addressFor,
    close: async () => {},
    mail: async (email, nth) =>
      await awaited(async () => {
        const response = await fetch(`${url}/dev/inbox.json?to=${encodeURIComponent(email)}`)
        if (response.status !== 200) throw new Error(`the inbox of postkey dev answers ${response.status}`)
        const mails = (await response.json()) as Mail[]
        return mails.length < nth ? null : (mails[0] ?? null)
      }, PATIENCE),
  }
}

/** Is there one? */
export async function hasDevInbox(url: string): Promise<boolean> {
  const response = await fetch(`${url}/dev/inbox.json?to=nobody@preflight.example`).catch(() => null)
  return response?.status === 200 && (response.headers.get('content-type') ?? '').includes('json')
}
