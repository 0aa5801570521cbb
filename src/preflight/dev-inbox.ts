// Mails by the inbox of `postkey dev`: any address has one.
import type { Mail } from './system.ts'

/** A queue that is slower lets people wait, too. */
const PATIENCE_MS = 30_000
const AGAIN_MS = 100

export interface Mailbox {
  /** For one try; every address of a mailbox can be read. */
  addressFor(name: string): string
  mail(email: string, nth: number): Promise<Mail | null>
  close(): Promise<void>
}

export function devInboxAt(url: string): Mailbox {
  return {
    addressFor: (name) => `${name}@preflight.example`,
    close: async () => {},
    mail: async (email, nth) => {
      for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))) {
        const response = await fetch(`${url}/dev/inbox.json?to=${encodeURIComponent(email)}`)
        if (response.status !== 200) return null
        const mails = (await response.json()) as Mail[]
        const found = mails[mails.length - nth]
        if (found !== undefined) return found
      }
      return null
    },
  }
}

/** Is there one? */
export async function hasDevInbox(url: string): Promise<boolean> {
  const response = await fetch(`${url}/dev/inbox.json?to=nobody@preflight.example`).catch(() => null)
  return response?.status === 200 && (response.headers.get('content-type') ?? '').includes('json')
}
