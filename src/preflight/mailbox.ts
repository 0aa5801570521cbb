// Where the mails of a deployment can be read, and which addresses end there.
import type { Mail } from './system.ts'

export interface Mailbox {
  /** For one try; every address of a mailbox can be read. */
  addressFor(name: string): string
  /** The newest mail once there are `nth` to the address; null: they did not come in time. */
  mail(email: string, nth: number): Promise<Mail | null>
  close(): Promise<void>
}

const SOON_MS = 50

/** Looks again and again, ever less often, for so long at most. */
export async function awaited<T>(
  look: () => Promise<T | null>,
  { patienceMs, seldomMs }: { readonly patienceMs: number; readonly seldomMs: number },
): Promise<T | null> {
  const until = Date.now() + patienceMs
  for (let ms = SOON_MS; ; ms = Math.min(2 * ms, seldomMs)) {
    const found = await look()
    if (found !== null || Date.now() > until) return found
    await new Promise((resolve) => setTimeout(resolve, ms))
  }
}

export const ANY_ADDRESS = '*@preflight.example'

/** `*@sink.example.com` or `ada+*@example.com`: * is another for each address. null: it is no such thing. */
export function addressesOf(pattern: string): Mailbox['addressFor'] | null {
  if (!/^[\w.+-]*\*[\w.+-]*@[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(pattern)) return null
  return (name) => pattern.replace('*', name).toLowerCase()
}

/** What came in, by the address it came for. */
export interface Kept {
  keep(email: string, mail: Mail): void
  newest(email: string, nth: number): Mail | null
}

export function keptMails(): Kept {
  const mails = new Map<string, Mail[]>()
  const of = (email: string): Mail[] => mails.get(email.toLowerCase()) ?? []
  return {
    keep: (email, mail) => void mails.set(email.toLowerCase(), [...of(email), mail]),
    newest: (email, nth) => (of(email).length < nth ? null : (of(email).at(-1) ?? null)),
  }
}
