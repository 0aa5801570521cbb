// Where `postkey preflight` reads mails: `--mailbox`, by the scheme of its address.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseUrl } from '../core/url.ts'
import { devInboxAt, hasDevInbox } from '../preflight/dev-inbox.ts'
import { openImap } from '../preflight/imap.ts'
import { ANY_ADDRESS, addressesOf, type Mailbox } from '../preflight/mailbox.ts'
import { openSmtpSink } from '../preflight/smtp-sink.ts'
import type { Request, Terminal } from './command.ts'
import { findPeer } from './peer.ts'
import { readSecretFile } from './secret-file.ts'
import { isLocalhost } from './setting.ts'

const PASSWORD = 'POSTKEY_PREFLIGHT_PASSWORD'
const KINDS =
  'write smtp://127.0.0.1:2525 for a mail server that preflight opens itself, imaps://USER@HOST/FOLDER for a mailbox, or the address of a `postkey dev`'

interface Asked {
  readonly url: URL
  readonly request: Request
  readonly addressFor: Mailbox['addressFor']
}

const kinds: Readonly<Record<string, (asked: Asked) => Promise<Mailbox>>> = {
  'http:': inbox,
  'https:': inbox,
  'smtp:': sink,
  'imap:': imap,
  'imaps:': imap,
}

/** @throws Error in words for a terminal: what is wrong with the flags, or with what they lead to. */
export async function openMailbox(given: string, request: Request): Promise<Mailbox> {
  // It is never repeated: somebody may have put a password there.
  const url = parseUrl(given)
  const open = url === null ? undefined : kinds[url.protocol]
  if (url === null || open === undefined) throw new Error(`--mailbox is no address of one — ${KINDS}`)
  if (url.password !== '') throw new Error(`--mailbox holds a password, which others on this machine can see — give it in ${PASSWORD}`)
  return await open({ url, request, addressFor: readAddresses(url, request.flags['addresses']) })
}

function readAddresses({ protocol }: URL, given: string | undefined): Mailbox['addressFor'] {
  if (given === undefined && protocol.startsWith('imap'))
    throw new Error('say which addresses end in that mailbox, like: --addresses "*@preflight.example.com"')
  const addressFor = addressesOf(given ?? ANY_ADDRESS)
  if (addressFor === null)
    throw new Error('--addresses is no pattern of addresses — write "*@preflight.example.com", or "ada+*@example.com"')
  return addressFor
}

async function inbox({ url, addressFor }: Asked): Promise<Mailbox> {
  const base = `${url.origin}${url.pathname.replace(/\/+$/, '')}`
  if (!(await hasDevInbox(base))) throw new Error(`there is no inbox of a \`postkey dev\` at ${base}`)
  return devInboxAt(base, addressFor)
}

async function sink({ url, request, addressFor }: Asked): Promise<Mailbox> {
  const { SMTPServer } = needed<typeof import('smtp-server')>('smtp-server', 'open a mail server', request.terminal)
  const [host, port] = [hostOf(url), Number(url.port || 25)]
  return await openSmtpSink(SMTPServer, { host, port, addressFor }).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EADDRINUSE' ? 'somebody else listens there' : error.message
    throw new Error(`no mail server can be opened at ${host}:${port} (${why}) — choose another port`)
  })
}

async function imap({ url, request, addressFor }: Asked): Promise<Mailbox> {
  const { ImapFlow } = needed<typeof import('imapflow')>('imapflow', 'read a mailbox by IMAP', request.terminal)
  const user = decodeURIComponent(url.username)
  if (user === '') throw new Error('--mailbox names no user — write imaps://USER@HOST/FOLDER')
  const tls = url.protocol === 'imaps:'
  const ca = url.searchParams.get('ca')
  return await openImap(ImapFlow, {
    host: hostOf(url),
    port: Number(url.port || (tls ? 993 : 143)),
    tls,
    local: isLocalhost(url.hostname),
    ca: ca === null ? null : readFileSync(resolve(request.terminal.folder, ca), 'utf8'),
    user,
    password: await readPassword(user, request),
    folder: decodeURIComponent(url.pathname.slice(1)) || 'INBOX',
    addressFor,
  })
}

const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')

function needed<T>(name: string, what: string, { folder }: Terminal): T {
  const found = findPeer<T>(name, resolve(folder))
  if (found === null) throw new Error(`to ${what}, preflight needs the package ${name}, which Postkey does not bring — npm install ${name}`)
  return found
}

async function readPassword(user: string, { terminal, json }: Request): Promise<string> {
  const { [PASSWORD]: text, [`${PASSWORD}_FILE`]: file } = terminal.env
  if (text) return text
  if (file) {
    const read = readSecretFile(resolve(terminal.folder, file))
    if (!read.ok) throw new Error(`${PASSWORD}_FILE: ${read.why}`)
    return read.text
  }
  if (!terminal.interactive || json)
    throw new Error(`the password of ${user} is missing — give it in ${PASSWORD}, or a file in ${PASSWORD}_FILE`)
  const { isCancel, password } = await import('@clack/prompts')
  const typed = await password({ message: `Password of ${user}` })
  if (isCancel(typed) || typed === '') throw new Error('no password was given')
  return typed
}
