// The mailbox of `postkey dev`: a transport that delivers to a list instead of a mail server, so that trying Postkey needs no
// SMTP and tests can open their mail. Never for production: it keeps live secrets in clear.
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Message } from './message.ts'
import type { MailTransport, Reply } from './transport.ts'

export interface DevMail {
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly headers: Readonly<Record<string, string>>
  /** ISO 8601 */
  readonly receivedAt: string
  readonly link: string | null
  readonly code: string | null
}

export interface DevInbox extends MailTransport {
  /** Newest first. `after` (milliseconds or ISO 8601) is exclusive. */
  list(filter?: { readonly to?: string | undefined; readonly after?: number | string | undefined }): DevMail[]
  get(id: string): DevMail | undefined
}

const KEPT = 200

/** In the text part the link and the code each are a paragraph of their own, and nothing else ever is (mail/sign-in.tsx). */
const PARAGRAPH = { link: /\n\n(https?:\/\/\S+)\n\n/, code: /\n\n(\d{6,10})\n\n/ }

export function devInbox(options: { readonly directory?: string | undefined; readonly now?: (() => number) | undefined } = {}): DevInbox {
  const { directory, now = Date.now } = options
  const mails: DevMail[] = directory === undefined ? [] : open(directory)
  let last = mails.at(-1) ? Number.parseInt(mails.at(-1)?.id ?? '', 36) : 0

  /** Names sort by age, also within one millisecond and after a restart. */
  function nextId(): string {
    last = Math.max(last + 1, now() * 1000)
    return last.toString(36).padStart(11, '0')
  }

  async function send(message: Message): Promise<Reply> {
    const mail: DevMail = {
      id: nextId(),
      to: message.to,
      subject: message.subject,
      text: message.text,
      html: message.html,
      headers: {
        From: `${message.from.name} <${message.from.address}>`,
        To: message.to,
        Subject: message.subject,
        Date: message.date.toUTCString(),
        'Message-ID': message.messageId,
        ...message.headers,
      },
      receivedAt: new Date(now()).toISOString(),
      link: PARAGRAPH.link.exec(message.text)?.[1] ?? null,
      code: PARAGRAPH.code.exec(message.text)?.[1] ?? null,
    }
    mails.push(mail)
    if (directory !== undefined) write(directory, mail)
    while (mails.length > KEPT) {
      const oldest = mails.shift()
      if (oldest && directory !== undefined) rmSync(join(directory, fileName(oldest.id)), { force: true })
    }
    return { class: 'accepted', code: 250, text: '250 kept in the dev inbox' }
  }

  return {
    name: 'dev-inbox',
    send,
    verify: async () => {},
    close: async () => {},
    list(filter = {}) {
      const after = filter.after === undefined || filter.after === '' ? -Infinity : instant(filter.after)
      const found = mails.filter(
        (mail) => (filter.to === undefined || mail.to === filter.to.toLowerCase()) && Date.parse(mail.receivedAt) > after,
      )
      return found.reverse()
    },
    get: (id) => mails.find((mail) => mail.id === id),
  }
}

/** Milliseconds, also as text in a query string, or ISO 8601; anything else is no limit rather than an empty mailbox. */
function instant(value: number | string): number {
  const text = String(value)
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  return Number.isNaN(ms) ? -Infinity : ms
}

const fileName = (id: string): string => `${id}.json`

function open(directory: string): DevMail[] {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(directory, 0o700)
  const names = readdirSync(directory)
    .filter((name) => /^[0-9a-z]{11}\.json$/.test(name))
    .sort()
  for (const name of names.splice(0, Math.max(0, names.length - KEPT))) rmSync(join(directory, name), { force: true })
  return names.flatMap((name) => read(join(directory, name)))
}

/** A file that is not a mail (a half-written one from an older crash, an edit by hand) must not keep `postkey dev` from starting. */
function read(path: string): DevMail[] {
  try {
    const mail = JSON.parse(readFileSync(path, 'utf8')) as DevMail
    return typeof mail.id === 'string' && typeof mail.to === 'string' && typeof mail.receivedAt === 'string' ? [mail] : []
  } catch {
    return []
  }
}

/** Written beside and renamed: a process killed in between leaves no half mail. 0600: it holds live secrets. */
function write(directory: string, mail: DevMail): void {
  const target = join(directory, fileName(mail.id))
  const draft = join(directory, `.${mail.id}.${randomBytes(4).toString('hex')}`)
  writeFileSync(draft, JSON.stringify(mail, null, 2), { mode: 0o600 })
  renameSync(draft, target)
}
