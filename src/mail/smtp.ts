// Mail over SMTP, by nodemailer. Its library is loaded with the first mail (100 ms that no start-up needs to pay). No retry here:
// the outbox decides that. Nothing of ours is ever parsed on the way out; what the other side answers is judged in smtp-reply.ts.
// A mail for show (decision 014) is made here as well, and not said.
import { Readable } from 'node:stream'
import type { MailComposerOptions } from 'nodemailer/lib/mail-composer'
import type { Message } from './message.ts'
import { judge, operatorHint } from './smtp-reply.ts'
import { type Envelope, type SmtpSession, SmtpSessions } from './smtp-sessions.ts'
import { type Mute, readSmtpUrl } from './smtp-url.ts'
import type { MailTransport, Reply } from './transport.ts'

/** Composed whole, before a word of it is said: a message that is made while it is sent leaves in a dozen pieces, each a system call. */
interface Composed {
  readonly envelope: Envelope
  readonly bytes: Buffer
}

interface Asked extends MailComposerOptions {
  readonly envelope: { readonly from: string; readonly to: string[] }
}

/** @example smtpTransport({ url: 'smtp://user:password@mail.example.com:587' }) */
export function smtpTransport(options: { readonly url: string }): MailTransport {
  const settings = readSmtpUrl(options.url)
  const { mute } = settings
  const sessions = new SmtpSessions(settings.connection)
  // A server that answers one byte at a time never goes quiet; the outbox's lease must not run out meanwhile.
  const deadline = (signal?: AbortSignal): AbortSignal => {
    const timeout = AbortSignal.timeout(settings.deadlineMs)
    return signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  }

  return {
    name: 'smtp',
    async send(message: Message, signal?: AbortSignal): Promise<Reply> {
      const { envelope, bytes } = await composed(message)
      // One that was read has gone out after the server's 354.
      const bodies: Readable[] = []
      const bytesLeft = (): boolean => bodies.some((body) => body.readableDidRead)
      const job = (session: SmtpSession): Promise<string> => {
        const body = bodyOf(bytes)
        bodies.push(body)
        return session.send(envelope, body)
      }
      try {
        const response = await sessions.use({ signal: deadline(signal), job, begun: bytesLeft })
        return judge({ response, bytesLeft: true }, mute)
      } catch (error) {
        if (error instanceof TypeError) throw error
        return judge({ error, bytesLeft: bytesLeft() }, mute)
      }
    },
    async pretend(message: Message, signal?: AbortSignal): Promise<Reply> {
      const { bytes } = await composed(message)
      // As often to and fro as with a real mail, whose sender, recipient and DATA go out at once where the server lets them.
      const job = async (session: SmtpSession): Promise<void> => {
        await session.reset()
        await read(bodyOf(bytes))
        await session.reset()
      }
      try {
        await sessions.use({ signal: deadline(signal), job, begun: () => false })
      } catch (error) {
        // A server that does not like to be asked for nothing would have taken a mail.
        if (!isReset(error)) return judge({ error, bytesLeft: false }, mute)
      }
      return { class: 'accepted', text: '' }
    },
    async verify(): Promise<void> {
      try {
        await sessions.verify(deadline())
      } catch (error) {
        throw hinted(error, settings.place, mute)
      }
    },
    close: async () => sessions.close(),
  }
}

const bodyOf = (bytes: Buffer): Readable => Readable.from([bytes], { objectMode: false })

const read = (body: Readable): Promise<void> => new Promise((resolve) => void body.once('end', resolve).resume())

/** It is to RSET that the server says no: 421 would be its word to anything. */
function isReset(error: unknown): boolean {
  const { command, responseCode } = error as { readonly command?: string; readonly responseCode?: number }
  return command === 'RSET' && responseCode !== 421
}

/** Without the original as `cause`: it may hold what we muted. */
function hinted(error: unknown, place: string, mute: Mute): Error {
  return new Error(`smtp: ${judge({ error, bytesLeft: false }, mute).text} (${place}) — ${operatorHint(error)}`)
}

async function composed(message: Message): Promise<Composed> {
  const asked = addressed(message)
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer')
  const node = new MailComposer(asked).compile()
  const { from, to } = node.getEnvelope()
  // The library has more than once turned one address into another (CVE-2025-13033): what it would say in RCPT TO is held against
  // what we asked for, byte for byte.
  const same = from === asked.envelope.from && to.length === 1 && to[0] === asked.envelope.to[0]
  if (!same) throw new TypeError('the envelope of a mail was altered on its way out')
  return { envelope: asked.envelope, bytes: await node.build() }
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
const ADDRESS = new RegExp(`^${ATOM}(?:\\.${ATOM})*@${LABEL}(?:\\.${LABEL})*$`)

/** Addresses were settled long before (core/address.ts); one that needs parsing here is a bug, and must not leave. */
function addressed(message: Message): Asked {
  const { to, from, returnPath = from.address } = message
  if (typeof to !== 'string' || to.length > 254 || !ADDRESS.test(to))
    throw new TypeError('the recipient of a mail is not one plain address')
  if (!ADDRESS.test(from.address)) throw new TypeError('the sender of a mail is not one plain address')
  if (!ADDRESS.test(returnPath)) throw new TypeError('the return path of a mail is not one plain address')
  for (const [name, value] of Object.entries(message.headers)) {
    if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(name) || !/^[ -~]*$/.test(value)) throw new TypeError('a header of a mail is not one line of ASCII')
  }
  return {
    envelope: { from: returnPath, to: [to] },
    from: { name: from.name, address: from.address },
    to: { name: '', address: to },
    subject: message.subject,
    text: message.text,
    html: message.html,
    messageId: message.messageId,
    date: message.date,
    headers: { ...message.headers },
    // Never base64, which some filters distrust; and never format=flowed: the link's line stays as it is.
    textEncoding: 'quoted-printable',
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
