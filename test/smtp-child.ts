// The process behind smtp-server.ts. Well-behaved modes are played by the smtp-server package; those that break the protocol by a
// few lines of our own, since no decent package would send them.
import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { SMTPServer, type SMTPServerAddress, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server'

export type SmtpBehaviour =
  /** Plain, without STARTTLS; takes everything. */
  | { readonly mode: 'accept' }
  /** TLS by STARTTLS or from the first byte; with a certificate for localhost and 127.0.0.1, or a bad one. */
  | { readonly mode: 'starttls' | 'smtps'; readonly certificate?: Certificate }
  /** STARTTLS, then AUTH, without which nothing is taken. */
  | { readonly mode: 'auth'; readonly user: string; readonly pass: string }
  /** Every recipient is refused: with 550, or as told. */
  | { readonly mode: 'refuse'; readonly code?: number; readonly text?: string }
  /** 451 for each recipient: the first so many times, or for so long after its first. */
  | { readonly mode: 'greylist'; readonly attempts?: number; readonly ms?: number }
  /** So long before each answer. */
  | { readonly mode: 'slow'; readonly ms: number }
  /** The message arrives and is kept; the answer never comes. `times`: so often, then it accepts. */
  | { readonly mode: 'drop-after-data'; readonly times?: number }
  /** Nothing listens. */
  | { readonly mode: 'down' }
  /**
   * Answers word for word as told, by command ("GREETING", "EHLO", "RCPT", "DATA", "MESSAGE", …); the rest is decent. `endless`: the
   * answer to this command is said again and again.
   */
  | { readonly mode: 'script'; readonly replies: Readonly<Record<string, string>>; readonly endless?: string }

export type Certificate = 'localhost' | 'elsewhere' | 'expired'

export type Asked =
  | { readonly ask: 'start'; readonly behaviour: SmtpBehaviour; readonly port: number }
  | { readonly ask: 'behave'; readonly behaviour: SmtpBehaviour }
  | { readonly ask: 'messages' }
  | { readonly ask: 'heard' }

export interface Kept {
  readonly mailFrom: string
  readonly rcptTo: string[]
  /** base64 */
  readonly raw: string
}

export interface Answer {
  readonly to: number
  readonly error?: string
  readonly port?: number
  readonly messages?: Kept[]
  readonly heard?: string
}

const messages: Kept[] = []
const heard: string[] = []
const sockets = new Set<Socket>()
let listener: Server | null = null
let port = 0

process.on('disconnect', () => process.exit(0))
process.on('message', (asked: Asked & { id: number }) => {
  answer(asked).then(
    (said) => process.send?.({ to: asked.id, ...said }),
    (error: unknown) => process.send?.({ to: asked.id, error: String(error) }),
  )
})

async function answer(asked: Asked): Promise<Omit<Answer, 'to'>> {
  switch (asked.ask) {
    case 'messages':
      return { messages }
    case 'heard':
      return { heard: heard.join('') }
    case 'start':
      messages.length = 0
      heard.length = 0
      firstSeen.clear()
      port = asked.port
      await behave(asked.behaviour)
      return { port }
    case 'behave':
      await behave(asked.behaviour)
      return {}
  }
}

/** Always a new listener on the old port: connections that a client keeps open do not outlive the behaviour they began with. */
async function behave(behaviour: SmtpBehaviour): Promise<void> {
  await close()
  if (behaviour.mode === 'down') {
    // The port must be known even if nothing ever listened.
    if (port === 0) await listen(createServer()).then(close)
    return
  }
  await listen(behaviour.mode === 'script' ? scripted(behaviour.replies, behaviour.endless) : packaged(behaviour))
}

async function listen(server: Server): Promise<void> {
  listener = server
  server.prependListener('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : port
}

async function close(): Promise<void> {
  const closing = listener
  if (closing === null) return
  listener = null
  const closed = new Promise((resolve) => closing.close(resolve))
  for (const socket of sockets) socket.destroy()
  await closed
}

const pem = (name: string): string => readFileSync(join(process.cwd(), 'test', 'certificates', `${name}.pem`), 'utf8')

const refusal = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code })

const firstSeen = new Map<string, { at: number; count: number }>()

function packaged(behaviour: Exclude<SmtpBehaviour, { mode: 'down' | 'script' }>): Server {
  const { mode } = behaviour
  const tls = mode === 'starttls' || mode === 'smtps' || mode === 'auth'
  const pause = mode === 'slow' ? behaviour.ms : 0
  let drops = mode === 'drop-after-data' ? (behaviour.times ?? Infinity) : 0
  const later = (then: () => void): void => void (pause > 0 ? setTimeout(then, pause) : then())
  const options: SMTPServerOptions = {
    logger: false,
    disableReverseLookup: true,
    secure: mode === 'smtps',
    hideSTARTTLS: !tls,
    disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(mode === 'auth' ? [] : ['AUTH'])],
    authOptional: mode !== 'auth',
    ...(tls ? { key: pem('key'), cert: pem((mode !== 'auth' && behaviour.certificate) || 'localhost') } : {}),
    onConnect: (_session, done) => later(() => done()),
    onAuth: (auth, _session, done) => {
      const right = mode === 'auth' && auth.username === behaviour.user && auth.password === behaviour.pass
      return right ? done(null, { user: behaviour.user }) : done(refusal(535, `5.7.8 no such login ${auth.username} ${auth.password}`))
    },
    onMailFrom: (_address, _session, done) => later(() => done()),
    onRcptTo: (address, _session, done) => later(() => done(refused(behaviour, address))),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        keep(session, Buffer.concat(chunks))
        if (drops > 0) {
          drops--
          socketOf(server, session)?.destroy()
        } else later(() => done())
      })
    },
  }
  const server = new SMTPServer(options)
  server.on('error', () => {})
  // smtp-server's own `connection` handler waits for the greeting to be sent; a listener beside it only reads along.
  if (mode !== 'smtps')
    server.server.on('connection', (socket: Socket) => socket.on('data', (chunk) => heard.push(chunk.toString('latin1'))))
  return server.server as Server
}

function refused(behaviour: SmtpBehaviour, { address }: SMTPServerAddress): Error | null {
  if (behaviour.mode === 'refuse') return refusal(behaviour.code ?? 550, behaviour.text ?? `5.1.1 <${address}>: no such user here`)
  if (behaviour.mode !== 'greylist') return null
  const seen = firstSeen.get(address) ?? { at: Date.now(), count: 0 }
  firstSeen.set(address, { at: seen.at, count: seen.count + 1 })
  const waited = behaviour.ms === undefined ? seen.count >= (behaviour.attempts ?? 1) : Date.now() - seen.at >= behaviour.ms
  return waited ? null : refusal(451, '4.7.1 greylisted, please try again later')
}

function keep(session: SMTPServerSession, raw: Buffer): void {
  const { mailFrom, rcptTo } = session.envelope
  messages.push({
    mailFrom: mailFrom === false ? '' : mailFrom.address,
    rcptTo: rcptTo.map(({ address }) => address),
    raw: raw.toString('base64'),
  })
}

function socketOf(server: SMTPServer, session: SMTPServerSession): Socket | undefined {
  const { connections } = server as unknown as { connections: Set<{ id: string; _socket: Socket }> }
  return [...connections].find(({ id }) => id === session.id)?._socket
}

const decent: Record<string, string> = {
  GREETING: '220 test ESMTP\r\n',
  EHLO: '250-test\r\n250 8BITMIME\r\n',
  STARTTLS: '220 go ahead\r\n',
  DATA: '354 go ahead\r\n',
  MESSAGE: '250 kept\r\n',
  QUIT: '221 bye\r\n',
}

/** A parser just good enough to be rude at the right moment. */
function scripted(replies: Readonly<Record<string, string>>, endless: string | undefined): Server {
  const say = (socket: Socket, command: string): void => {
    const reply = replies[command] ?? decent[command] ?? '250 ok\r\n'
    socket.write(reply, 'latin1')
    if (command !== endless) return
    const again = setInterval(() => socket.write(reply, 'latin1'), 50)
    socket.on('close', () => clearInterval(again))
  }
  const converse = (socket: Socket, clear: boolean): void => {
    let buffer = ''
    let inData = false
    const read = (chunk: Buffer): void => {
      const text = chunk.toString('latin1')
      if (clear) heard.push(text)
      buffer += text
      for (;;) {
        const end = inData ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n')
        if (end === -1) return
        const line = buffer.slice(0, end)
        buffer = buffer.slice(end + (inData ? 5 : 2))
        if (inData) {
          inData = false
          messages.push({ mailFrom: '', rcptTo: [], raw: Buffer.from(`${line}\r\n`, 'latin1').toString('base64') })
          say(socket, 'MESSAGE')
          continue
        }
        const command = (/^[A-Za-z]+/.exec(line)?.[0] ?? '').toUpperCase()
        say(socket, command)
        if (command === 'DATA') inData = (replies['DATA'] ?? '354').startsWith('354')
        if (command === 'STARTTLS') {
          if (!(replies['STARTTLS'] ?? '220').startsWith('220')) continue
          socket.off('data', read)
          const secure = new TLSSocket(socket, { isServer: true, key: pem('key'), cert: pem('localhost') })
          secure.on('error', () => socket.destroy())
          converse(secure, false)
          return
        }
      }
    }
    socket.on('data', read)
  }
  // Or the second of several answers would wait until the client acknowledges the first: 40 ms.
  return createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {})
    converse(socket, true)
    say(socket, 'GREETING')
  })
}
