// Mails by IMAP, from a mailbox that somebody may live in: it is opened to read only, and of what came in meanwhile only mails to
// addresses of ours are fetched.
import type { ImapFlow } from 'imapflow'
import { awaited, keptMails, type Mailbox } from './mailbox.ts'
import { readMail } from './raw-mail.ts'

/** From one mail server to another it takes what it takes. */
const PATIENCE = { patienceMs: 120_000, seldomMs: 1_000 }

export interface ImapOptions {
  readonly host: string
  readonly port: number
  /** From the first byte; else STARTTLS, which only this machine may do without. */
  readonly tls: boolean
  readonly local: boolean
  /** One more authority to trust, as PEM. */
  readonly ca: string | null
  readonly user: string
  readonly password: string
  readonly folder: string
  readonly addressFor: Mailbox['addressFor']
}

/** @throws Error in words for a terminal, without the password. */
export async function openImap(Client: typeof ImapFlow, options: ImapOptions): Promise<Mailbox> {
  const { host, port, tls, local, ca, user, password, folder, addressFor } = options
  const client = new Client({
    host,
    port,
    secure: tls,
    ...(tls || local ? {} : { doSTARTTLS: true }),
    tls: { minVersion: 'TLSv1.2', ...(ca === null ? {} : { ca }) },
    auth: { user, pass: password },
    disableAutoIdle: true,
    logger: false,
  })
  // Whoever waits for an answer then is told.
  client.on('error', () => {})
  const began = async (what: string, work: Promise<unknown>): Promise<void> => {
    try {
      await work
    } catch (error) {
      client.close()
      throw new Error(`${what}: ${reasonOf(error).replaceAll(password, '•')}`)
    }
  }
  await began(`${host}:${port} does not let ${user} in`, client.connect())
  await began(`the folder ${folder} cannot be opened`, client.mailboxOpen(folder, { readOnly: true }))

  const ours = new Set<string>()
  const kept = keptMails()
  let next = client.mailbox === false ? 1 : client.mailbox.uidNext
  const look = async (): Promise<void> => {
    await client.noop()
    // The last one is in it however old it is.
    const arrived = await client.fetchAll(`${next}:*`, { uid: true, envelope: true }, { uid: true })
    for (const { uid, envelope } of arrived.filter((one) => one.uid >= next)) {
      const to = (envelope?.to ?? []).map(({ address = '' }) => address.toLowerCase()).filter((address) => ours.has(address))
      if (to.length > 0) {
        const message = await client.fetchOne(String(uid), { source: true }, { uid: true })
        if (message === false || message.source === undefined) throw new Error(`mail ${uid} cannot be read`)
        const mail = await readMail(message.source)
        for (const address of to) kept.keep(address, mail)
      }
      next = uid + 1
    }
  }
  return {
    addressFor: (name) => {
      const address = addressFor(name)
      ours.add(address.toLowerCase())
      return address
    },
    mail: async (email, nth) =>
      await awaited(async () => {
        await look()
        return kept.newest(email, nth)
      }, PATIENCE),
    close: async () => await client.logout().catch(() => client.close()),
  }
}

function reasonOf(error: unknown): string {
  const { message = '', responseText } = error as { readonly message?: string; readonly responseText?: string }
  return (responseText ?? message).replace(/\s+/g, ' ').slice(0, 200)
}
