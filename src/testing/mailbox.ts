// Everybody's mailbox: a transport that keeps what it is given, and finds in a mail what a person would.
import type { Message } from '../mail/message.ts'
import type { MailTransport, Reply } from '../mail/transport.ts'
import { type Opened as Found, openMail as find, partsOf } from '../preflight/open-mail.ts'

export interface Opened extends Found {
  readonly message: Message
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The two halves of the link; '' where there is none. */
  readonly linkId: string
  readonly secret: string
}

export class Mailbox {
  readonly messages: Message[] = []
  /** Give it to `createPostkey` as `mail.transport`. */
  readonly transport: MailTransport

  /** @param reply what the mail server says to each mail. Default: accepted. */
  constructor(reply: (message: Message) => Reply | Promise<Reply> = () => ({ class: 'accepted', code: 250, text: 'ok' })) {
    this.transport = {
      name: 'mailbox',
      send: async (message) => {
        const answer = await reply(message)
        if (answer.class === 'accepted') this.messages.push(message)
        return answer
      },
      verify: async () => {},
      close: async () => {},
    }
  }

  /**
   * The newest mail to an address, opened.
   *
   * @throws Error that names who got mails, where this address got none.
   */
  newest(to: string): Opened {
    const message = this.all(to).at(-1)
    if (message) return openMail(message)
    const others = [...new Set(this.messages.map((one) => one.to))]
    throw new Error(`no mail to ${to}: ${others.length === 0 ? 'nobody got one' : `there are some to ${others.join(', ')}`}`)
  }

  /** Oldest first. */
  all(to?: string): Message[] {
    return to === undefined ? this.messages : this.messages.filter((message) => message.to === to)
  }
}

export function openMail(message: Message): Opened {
  const { subject, text, html } = message
  const found = find(message)
  const { id: linkId, secret } = partsOf(found.link ?? '')
  return { message, subject, text, html, ...found, linkId, secret }
}
