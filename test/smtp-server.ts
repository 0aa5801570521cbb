// A real mail server in a process of its own, for tests: it can be told to behave as badly as mail servers do, to go down and come
// back on the same port. Its process serves one after the other, and ends when the test process ends, however that happens. What it
// plays is in smtp-child.ts.
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import PostalMime, { type Email } from 'postal-mime'
import type { Answer, Asked, Kept, SmtpBehaviour } from './smtp-child.ts'

export type { SmtpBehaviour } from './smtp-child.ts'

export interface Received {
  readonly mailFrom: string
  readonly rcptTo: readonly string[]
  /** The source as it came out of DATA, one character per byte. */
  readonly raw: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** By lower-case name; the last one where a name stands twice. */
  readonly headers: Readonly<Record<string, string>>
  readonly parsed: Email
}

export interface SmtpTestServer {
  readonly port: number
  /** What has arrived since the start, oldest first; also what was dropped after it had arrived. */
  messages(): Promise<Received[]>
  /** What clients said in clear, until TLS took over: commands, and messages if they came in clear. */
  heard(): Promise<string>
  setMode(behaviour: SmtpBehaviour): Promise<void>
  stop(): Promise<void>
}

/** For `?ca=` of an SMTP URL: the authority that signed the test certificates. */
export const testAuthority = fileURLToPath(new URL('certificates/authority.pem', import.meta.url))

let bundled: Promise<string> | undefined

interface Process {
  readonly child: ChildProcess
  ask(asked: Asked): Promise<Answer>
}

/** Of servers that were stopped: to start a process takes longer than most of what is asked of it. */
const idle: Process[] = []

/** @example const server = await startSmtpServer({ mode: 'greylist', attempts: 2 }) */
export async function startSmtpServer(options: SmtpBehaviour & { readonly port?: number } = { mode: 'accept' }): Promise<SmtpTestServer> {
  const { port = 0, ...behaviour } = options
  const server = idle.pop() ?? (await startProcess())
  let stopped = false
  const ask = (asked: Asked): Promise<Answer> =>
    stopped ? Promise.reject(new Error('the test mail server is stopped')) : server.ask(asked)
  const started = await ask({ ask: 'start', behaviour, port })
  return {
    port: started.port ?? 0,
    messages: async () => await Promise.all(((await ask({ ask: 'messages' })).messages ?? []).map(received)),
    heard: async () => (await ask({ ask: 'heard' })).heard ?? '',
    setMode: async (next) => void (await ask({ ask: 'behave', behaviour: next })),
    stop: async () => {
      if (stopped || !server.child.connected) return
      stopped = true
      await server.ask({ ask: 'behave', behaviour: { mode: 'down' } })
      idle.push(server)
    },
  }
}

async function startProcess(): Promise<Process> {
  bundled ??= bundle()
  const child = spawn(process.execPath, ['--input-type=module', '--eval', await bundled], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // Whatever instruments the test process is none of the mail server's business.
    env: { PATH: process.env['PATH'] ?? '' },
  })
  return { child, ask: conversation(child) }
}

/** Node 20 runs no TypeScript by itself. */
async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL('smtp-child.ts', import.meta.url))
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

function conversation(child: ChildProcess): (asked: Asked) => Promise<Answer> {
  const waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>()
  let last = 0
  child.on('message', (answer: Answer) => {
    const asker = waiting.get(answer.to)
    waiting.delete(answer.to)
    if (answer.error === undefined) asker?.resolve(answer)
    else asker?.reject(new Error(answer.error))
  })
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the test mail server ended by itself (${signal ?? code})`))
    waiting.clear()
  })
  return (asked) =>
    new Promise((resolve, reject) => {
      if (!child.connected) return reject(new Error('the test mail server ended'))
      waiting.set(++last, { resolve, reject })
      child.send({ ...asked, id: last })
    })
}

async function received(kept: Kept): Promise<Received> {
  const parsed = await PostalMime.parse(Buffer.from(kept.raw, 'base64'))
  return {
    mailFrom: kept.mailFrom,
    rcptTo: kept.rcptTo,
    raw: Buffer.from(kept.raw, 'base64').toString('latin1'),
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html ?? '',
    headers: Object.fromEntries(parsed.headers.map(({ key, value }) => [key, value])),
    parsed,
  }
}
