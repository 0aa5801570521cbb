// A mailbox of its own, served by IMAP over TLS, and a mail server that puts there whatever it is handed. Hoodiecrow is a small server, made
// for tests; Dovecot, which is none that npm could bring, was tried by hand.
import { readFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import hoodiecrow, { type Stored } from 'hoodiecrow-imap'
import { SMTPServer } from 'smtp-server'

export interface ImapTestServer extends AsyncDisposable {
  readonly port: number
  /** Of the mail server in front of it. */
  readonly smtpPort: number
  readonly password: string
  /** What becomes of a mail on its way there. */
  onTheWay: (raw: string) => string
  readonly messages: readonly Stored[]
  put(raw: string): void
  /** All that it said to clients. */
  said(): string
}

const certificate = (name: string): Buffer => readFileSync(new URL(`certificates/${name}.pem`, import.meta.url))

/** Of the user `ada@example.net`, in the folder `folder`, with these mails in it. */
export async function startImap(folder: string, before: readonly string[]): Promise<ImapTestServer> {
  const password = 'kept out of logs'
  const imap = hoodiecrow({
    plugins: ['ID', 'SASL-IR', 'AUTH-PLAIN', 'NAMESPACE', 'IDLE', 'ENABLE', 'LITERALPLUS', 'UNSELECT', 'SPECIAL-USE'],
    secureConnection: true,
    credentials: { key: certificate('key'), cert: certificate('localhost') },
    users: { 'ada@example.net': { password } },
    storage: { INBOX: {}, '': { folders: { [folder]: { messages: before.map((raw) => ({ raw })) } } } as object },
  })
  const sockets = new Set<Socket>()
  const said: string[] = []
  imap.server.on('secureConnection', (socket: Socket) => {
    sockets.add(socket)
    const write = socket.write.bind(socket) as (data: string | Uint8Array, ...more: never[]) => boolean
    socket.write = (data: string | Uint8Array, ...more: unknown[]) => {
      said.push(String(data))
      return write(data, ...(more as never[]))
    }
  })
  await new Promise<void>((resolve) => imap.listen(0, resolve))
  const put = (raw: string): void => imap.appendMessage(folder, [], new Date(), raw)
  const smtp = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData: async (stream, _, done) => {
      put(server.onTheWay(Buffer.concat(await stream.toArray()).toString('latin1')))
      done()
    },
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const server: ImapTestServer = {
    port: (imap.server.address() as AddressInfo).port,
    smtpPort: (smtp.server.address() as AddressInfo).port,
    password,
    onTheWay: (raw) => raw,
    get messages() {
      return imap.getMailbox(folder).messages
    },
    put,
    said: () => said.join(''),
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => imap.close(resolve))
      await new Promise<void>((resolve) => smtp.close(resolve))
    },
  }
  return server
}
