// Mail over SMTP, by nodemailer. Its library is loaded with the first mail (100 ms that no start-up needs to pay). No retry here:
// the outbox decides that. Nothing of ours is ever parsed on the way out; what the other side answers is judged in smtp-reply.ts.
import type { SendMailOptions } from 'nodemailer'
import type { Message } from './message.ts'
import { judge, operatorHint } from './smtp-reply.ts'
import { type Mute, readSmtpUrl, type SmtpSettings } from './smtp-url.ts'
import type { MailTransport, Reply } from './transport.ts'

interface Bytes {
  readonly readableDidRead: boolean
}

/** A mail to the pool, with what we want to know of it afterwards. */
interface Handed extends SendMailOptions {
  readonly signal: AbortSignal
  /** The bytes of the message, once per connection tried. One that was read has gone out after the server's 354. */
  readonly streams: Bytes[]
}

interface Composed {
  readonly data: Handed
  readonly message: { createReadStream(options?: unknown): Bytes; getEnvelope(): { readonly from: unknown; readonly to: unknown } }
}

interface Pool {
  use(step: 'stream', plugin: (mail: Composed, done: (error?: Error) => void) => void): void
  sendMail(mail: Handed): Promise<{ readonly response: string }>
  verify(): Promise<unknown>
  close(): void
}

/** @example smtpTransport({ url: 'smtp://user:password@mail.example.com:587' }) */
export function smtpTransport(options: { readonly url: string }): MailTransport {
  const settings = readSmtpUrl(options.url)
  const { mute } = settings
  let opening: Promise<Pool> | null = null
  const pool = (): Promise<Pool> => {
    opening ??= openPool(settings)
    return opening
  }

  return {
    name: 'smtp',
    async send(message: Message): Promise<Reply> {
      const handed = addressed(message, settings.deadlineMs)
      const opened = await pool()
      try {
        const { response } = await opened.sendMail(handed)
        return judge({ response, bytesLeft: true }, mute)
      } catch (error) {
        if (error instanceof TypeError) throw error
        return judge({ error, bytesLeft: handed.streams.some((stream) => stream.readableDidRead) }, mute)
      }
    },
    async verify(): Promise<void> {
      const opened = await pool()
      try {
        await opened.verify()
      } catch (error) {
        throw hinted(error, settings.place, mute)
      }
    },
    async close(): Promise<void> {
      const opened = await opening
      opening = null
      opened?.close()
    },
  }
}

/** Without the original as `cause`: it may hold what we muted. */
function hinted(error: unknown, place: string, mute: Mute): Error {
  return new Error(`smtp: ${judge({ error, bytesLeft: false }, mute).text} (${place}) — ${operatorHint(error)}`)
}

async function openPool(settings: SmtpSettings): Promise<Pool> {
  const { createTransport } = await import('nodemailer')
  const pool = createTransport({
    ...settings.connection,
    pool: true,
    maxConnections: 5,
    maxMessages: 100,
    // One more try where an idle connection turned out to be dead before a byte of the mail was sent.
    maxRequeues: 1,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  } as Parameters<typeof createTransport>[0]) as unknown as Pool
  pool.use('stream', (mail, done) => {
    const { to, from } = mail.message.getEnvelope()
    const asked = mail.data.envelope as { from: string; to: string[] }
    // The library has more than once turned one address into another (CVE-2025-13033): what it is about to say in RCPT TO is
    // held against what we asked for, byte for byte.
    const same = from === asked.from && Array.isArray(to) && to.length === 1 && to[0] === asked.to[0]
    if (!same) return done(new TypeError('the envelope of a mail was altered on its way out'))
    const create = mail.message.createReadStream.bind(mail.message)
    mail.message.createReadStream = (streamOptions) => {
      const stream = create(streamOptions)
      mail.data.streams.push(stream)
      return stream
    }
    done()
  })
  return pool
}

const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
const ADDRESS = new RegExp(`^${ATOM}(?:\\.${ATOM})*@${LABEL}(?:\\.${LABEL})*$`)

/** Addresses were settled long before (core/address.ts); one that needs parsing here is a bug, and must not leave. */
function addressed(message: Message, deadlineMs: number): Handed {
  const { to, from } = message
  if (typeof to !== 'string' || to.length > 254 || !ADDRESS.test(to))
    throw new TypeError('the recipient of a mail is not one plain address')
  if (!ADDRESS.test(from.address)) throw new TypeError('the sender of a mail is not one plain address')
  for (const [name, value] of Object.entries(message.headers)) {
    if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(name) || !/^[ -~]*$/.test(value)) throw new TypeError('a header of a mail is not one line of ASCII')
  }
  return {
    envelope: { from: from.address, to: [to] },
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
    xMailer: false,
    // A server that answers one byte at a time never goes quiet; the outbox's lease must not run out meanwhile.
    signal: AbortSignal.timeout(deadlineMs),
    streams: [],
  }
}
