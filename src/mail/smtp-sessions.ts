// Conversations with the mail server: a few connections that are kept open and used in turn. What is said on them is nodemailer's; who
// has one when is decided here and not by its pool, since a mail for show has to take one up as a real mail does, without a word
// of a mail in it (smtp.ts).
import type { Readable } from 'node:stream'
import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection'

const AT_ONCE = 5
/** Then a new connection. */
const USES = 50
/** Mail servers end connections on which too much was said that is no mail: Exim after ten such commands, and writes it where fail2ban looks. */
const RESETS = 10
const RESETS_PER_USE = 2

export interface Envelope {
  readonly from: string
  readonly to: readonly string[]
}

type Answered<T> = (error: Error | null | undefined, answer: T) => void

export class SmtpSession {
  uses = 0
  ended = false
  #resets = 0
  readonly #connection: SMTPConnection
  readonly #options: SMTPConnectionOptions
  readonly #auth: { readonly user: string; readonly pass: string } | null
  #ready = false
  #fail: ((error: Error) => void) | null = null

  constructor(Connection: typeof SMTPConnection, options: SMTPConnectionOptions, onEnd: (session: SmtpSession) => void) {
    this.#options = options
    this.#auth = (options as { auth?: { user: string; pass: string } }).auth ?? null
    this.#connection = new Connection({ ...options, logger: false })
    this.#connection.on('error', (error: Error) => this.#fail?.(error))
    this.#connection.once('end', () => {
      this.ended = true
      onEnd(this)
      // After the callback of what was under way, which knows better why.
      setImmediate(() => this.#fail?.(Object.assign(new Error('the mail server closed the connection'), { code: 'ECONNECTION' })))
    })
  }

  async open(): Promise<void> {
    if (this.#ready) return
    await this.#ask<void>((answered) => this.#connection.connect((error?: Error) => answered(error, undefined)))
    const auth = this.#auth
    if (auth !== null && (this.#connection.allowsAuth || (this.#options as { forceAuth?: boolean }).forceAuth)) {
      await this.#ask<unknown>((answered) => this.#connection.login({ ...auth, credentials: auth }, answered))
    }
    this.#ready = true
  }

  /** The server's last word. */
  async send({ from, to }: Envelope, message: Readable): Promise<string> {
    const { response } = await this.#ask<{ readonly response: string }>((answered) =>
      this.#connection.send({ from, to: [...to] }, message, answered as never),
    )
    return response
  }

  async reset(): Promise<void> {
    this.#resets++
    await this.#ask<unknown>((answered) => this.#connection.reset(answered))
  }

  get usedUp(): boolean {
    return this.uses >= USES || this.#resets + RESETS_PER_USE > RESETS
  }

  /** A server that is left without this word writes it down as a connection that was lost. */
  quit(): void {
    this.#connection.quit()
  }

  close(error?: Error): void {
    if (error) this.#fail?.(error)
    this.#connection.close()
  }

  #ask<T>(question: (answered: Answered<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#fail = reject
      question((error, answer) => (error ? reject(error) : resolve(answer)))
    }).finally(() => {
      this.#fail = null
    })
  }
}

export interface Use<T> {
  /** When it ends, so does the connection. */
  readonly signal: AbortSignal
  readonly job: (session: SmtpSession) => Promise<T>
  /** A kept connection may have died meanwhile: unless something has begun that must not happen twice, another one is tried, once. */
  readonly begun: () => boolean
}

export class SmtpSessions {
  readonly #options: SMTPConnectionOptions
  readonly #resting: SmtpSession[] = []
  readonly #waiting: (() => void)[] = []
  #open = 0
  #closed = false

  constructor(options: SMTPConnectionOptions) {
    this.#options = options
  }

  async use<T>(use: Use<T>): Promise<T> {
    for (let again = false; ; again = true) {
      const session = await this.#take(use.signal, again)
      const kept = session.uses > 0
      try {
        return await this.#run(use, session)
      } catch (error) {
        if (!kept || use.begun() || !isDead(error)) throw error
      }
    }
  }

  /** A connection of its own: does it come about? */
  async verify(signal: AbortSignal): Promise<void> {
    const session = await this.#new()
    // Also if it is the goodbye that never ends.
    closeAt(signal, session)
    try {
      await session.open()
    } catch (error) {
      session.close()
      throw error
    }
    session.quit()
  }

  close(): void {
    this.#closed = true
    for (const session of [...this.#resting]) session.close()
  }

  async #take(signal: AbortSignal, fresh: boolean): Promise<SmtpSession> {
    while (this.#open >= AT_ONCE && (fresh || this.#resting.length === 0)) {
      const [oldest] = this.#resting
      if (oldest === undefined) await this.#turn(signal)
      // Makes room for a new one, which would otherwise wait for as long as there are mails enough to keep the others from their end.
      else oldest.close()
    }
    return (fresh ? undefined : this.#resting.pop()) ?? (await this.#new())
  }

  async #new(): Promise<SmtpSession> {
    this.#open++
    try {
      const { default: Connection } = await import('nodemailer/lib/smtp-connection')
      return new SmtpSession(Connection, this.#options, (session) => this.#forget(session))
    } catch (error) {
      this.#open--
      throw error
    }
  }

  async #run<T>({ signal, job }: Use<T>, session: SmtpSession): Promise<T> {
    const inTime = closeAt(signal, session)
    session.uses++
    try {
      if (signal.aborted) throw new Error('no answer in time')
      await session.open()
      const answer = await job(session)
      this.#rest(session)
      return answer
    } catch (error) {
      // Refused was this message; the connection is as good as before.
      if (isRefusal(error) && !session.ended) void this.#restAgain(session, signal)
      else session.close()
      throw error
    } finally {
      inTime()
    }
  }

  async #restAgain(session: SmtpSession, signal: AbortSignal): Promise<void> {
    const inTime = closeAt(signal, session)
    try {
      await session.reset()
      this.#rest(session)
    } catch {
      session.close()
    } finally {
      inTime()
    }
  }

  #rest(session: SmtpSession): void {
    if (session.ended) return
    if (this.#closed || session.usedUp) {
      session.quit()
      session.close()
    } else {
      this.#resting.push(session)
      this.#waiting.shift()?.()
    }
  }

  #forget(session: SmtpSession): void {
    const at = this.#resting.indexOf(session)
    if (at >= 0) this.#resting.splice(at, 1)
    this.#open--
    this.#waiting.shift()?.()
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(new Error('no answer in time'))
      const go = (): void => {
        signal.removeEventListener('abort', late)
        resolve()
      }
      const late = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1)
        reject(new Error('no answer in time'))
      }
      signal.addEventListener('abort', late, { once: true })
      this.#waiting.push(go)
    })
  }
}

/** A server that answers one byte at a time never goes quiet, and would have the connection for ever. To be called when it has answered. */
function closeAt(signal: AbortSignal, session: SmtpSession): () => void {
  const late = (): void => session.close(new Error('no answer in time'))
  signal.addEventListener('abort', late, { once: true })
  return () => signal.removeEventListener('abort', late)
}

interface SmtpError {
  readonly code?: string
  readonly responseCode?: number
}

function isDead(thrown: unknown): boolean {
  const { code = '', responseCode } = thrown as SmtpError
  return responseCode === 421 || ['ECONNECTION', 'ESOCKET', 'ETIMEDOUT'].includes(code)
}

function isRefusal(thrown: unknown): boolean {
  const { code = '', responseCode } = thrown as SmtpError
  return ['EENVELOPE', 'EMESSAGE'].includes(code) && responseCode !== 421
}
