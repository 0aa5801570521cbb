// Mails by a mail server of our own, that takes whatever it is given and hands on nothing: the deployment is told to send there.
import type { SMTPServer } from 'smtp-server'
import { awaited, keptMails, type Mailbox } from './mailbox.ts'
import { readMail } from './raw-mail.ts'

const PATIENCE = { patienceMs: 60_000, seldomMs: 200 }
const BYTES_MAX = 10_000_000

export interface SinkOptions {
  readonly host: string
  readonly port: number
  readonly addressFor: Mailbox['addressFor']
}

/** @throws Error of the system where it cannot listen there, such as EADDRINUSE. */
export async function openSmtpSink(Server: typeof SMTPServer, { host, port, addressFor }: SinkOptions): Promise<Mailbox> {
  const kept = keptMails()
  const server = new Server({
    // It has no certificate that anybody could trust, and asks nobody who they are.
    disabledCommands: ['STARTTLS', 'AUTH'],
    banner: 'postkey preflight',
    disableReverseLookup: true,
    logger: false,
    size: BYTES_MAX,
    // Whoever sends keeps connections for the next mail: there is none.
    closeTimeout: 200,
    onData: async (stream, { envelope }, done) => {
      try {
        const mail = await readMail(Buffer.concat(await stream.toArray()))
        for (const { address } of envelope.rcptTo) kept.keep(address, mail)
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  // A client that hangs up in the middle is no matter of ours: what did not come will be missed.
  server.on('error', () => {})
  return {
    addressFor,
    mail: async (email, nth) => await awaited(async () => kept.newest(email, nth), PATIENCE),
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}
