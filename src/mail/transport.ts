// The port through which mails leave. A transport tells what the other side said and nothing more: whether and when to try
// again is decided in core/delivery.ts and done by the outbox.
import type { ReplyClass } from '../core/delivery.ts'
import type { Message } from './message.ts'

/**
 * - `temporary` / `permanent`: the mail server answered 4xx / 5xx to this mail
 * - `unreachable`: nothing was handed over (name, connection, TLS, login): our settings or an outage, never the address's fault
 * - `unknown`: the mail went out and the answer never came; it may have arrived
 */
export interface Reply {
  readonly class: ReplyClass
  readonly code?: number
  /** One line of at most 200 characters without addresses and codes: fit for events and logs. */
  readonly text: string
}

export interface MailTransport {
  readonly name: string
  /**
   * Never throws for what a mail server says or fails to say; a TypeError is a bug in the message. Once `signal` is aborted nothing
   * more may leave: another worker is about to send the same mail.
   */
  send(message: Message, signal?: AbortSignal): Promise<Reply>
  /**
   * Does all that `send` does, and takes as long, but nobody receives anything: for an address that must not be told from one
   * that gets a mail. Without it a mail for show costs less than a real one.
   */
  pretend?(message: Message, signal?: AbortSignal): Promise<Reply>
  /** Connects and logs in. Throws an Error that tells an operator what to change. */
  verify(): Promise<void>
  close(): Promise<void>
}

const REPLY_CHARS = 200

/**
 * Mail servers echo addresses, and sometimes the subject with its code, into their answers; a hostile one sends line breaks,
 * terminal escapes or a megabyte (IN-13). What is kept is the first line, harmless.
 */
export function replyText(raw: string): string {
  // Cut before the patterns run: their cost must not grow with what a stranger sends.
  const line =
    raw
      .slice(0, 4 * REPLY_CHARS)
      .trimStart()
      .split(/[\r\n\u2028\u2029]/, 1)[0] ?? ''
  const clean = line
    .replace(/[\p{Cc}\p{Cf}\p{Cs}]+/gu, ' ')
    .replace(/[^\s<>()[\],;:"']+@[^\s<>()[\],;:"']+/g, '•@•')
    .replace(/\d{6,}/g, '•')
    .trim()
  return clean.length > REPLY_CHARS ? `${clean.slice(0, REPLY_CHARS - 1)}…` : clean
}
