// A whole Postkey on a memory database, a clock to move, a mailbox to open, and browsers with cookie jars. Nothing of Postkey
// is replaced: guards, limits and the outbox are those of production. Stories talk to it through HTTP alone.
import { replayEvents } from '../src/flow/replay.ts'
import type { Message, Postkey, PostkeyOptions, Reply } from '../src/index.ts'
import { type Browser as Jar, openBrowser } from '../src/preflight/browser.ts'
import { openStore } from '../src/store/open.ts'
import type { Store } from '../src/store/store.ts'
import { Clock } from '../src/testing/clock.ts'
import { startInner } from '../src/testing/kit.ts'
import { type Mailbox, type Opened, openMail } from '../src/testing/mailbox.ts'
import { breachOf } from './contract.ts'
import { freshDatabase } from './postgres.ts'

export { Clock, type Opened, openMail }

export const ORIGIN = 'https://auth.example.com'
export const SECRET = 'kit-secret-of-at-least-32-bytes-0123456789abcdef'

export interface KitOptions extends Partial<Omit<PostkeyOptions, 'mail'>> {
  /** What the mail server says to each mail; accepted unless told. */
  readonly reply?: (message: Message) => Reply | Promise<Reply>
  /** Where mails come back to, and who may report them. */
  readonly mailOptions?: Pick<PostkeyOptions['mail'], 'bounces' | 'reports'>
  /** The story changes the record by hand. */
  readonly forges?: boolean
}

export interface Kit {
  readonly postkey: Postkey
  readonly clock: Clock
  readonly mailbox: Mailbox
  browser(options?: BrowserOptions): Browser
  /** Waits until the outbox has handed over what is due. */
  settle(): Promise<void>
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startKit(options: KitOptions = {}): Promise<Kit> {
  const clock = new Clock(Date.UTC(2026, 10, 21, 9, 0, 0))
  const { forges = false, mailOptions = {}, ...given } = options
  // The same stories on the other engine: POSTKEY_TEST_ENGINE=postgres npx vitest run test/stories
  const fresh = process.env['POSTKEY_TEST_ENGINE'] === 'postgres' && given.database === undefined ? await freshDatabase() : null
  const store = given.database === undefined ? await openStore(fresh?.url ?? 'file::memory:', { now: clock.now }) : null
  const { postkey, mailbox } = await startInner({
    url: ORIGIN,
    secret: SECRET,
    database: store ?? '',
    clock,
    mail: mailOptions,
    ...given,
  })
  const close = async (): Promise<void> => {
    const findings = store === null || forges ? [] : await decideAgain(store)
    await postkey.close()
    await fresh?.drop()
    if (findings.length > 0) throw new Error(`AU-13: what this story decided would come out differently now:\n${findings.join('\n')}`)
  }
  const kit: Kit = {
    postkey,
    clock,
    mailbox,
    browser: (browserOptions) => new Browser(postkey, given.url ?? ORIGIN, browserOptions),
    settle: () => postkey.mailsSent(),
    close,
    [Symbol.asyncDispose]: close,
  }
  return kit
}

/** At the end of every story: each of its decisions once more, from what was written down of it. */
export async function decideAgain(store: Store): Promise<string[]> {
  const findings: string[] = []
  for (const tenant of ['default', ...(await store.readTenants(0, 1_000)).map((row) => row.tenant)])
    await replayEvents({
      store,
      tenant,
      after: { requestId: '', id: '' },
      onStep: async () => true,
      onFinding: ({ kind, reason, facts }, replayed) => void findings.push(JSON.stringify({ kind, reason, facts, replayed })),
    })
  return findings
}

export interface BrowserOptions {
  readonly address?: string
  readonly userAgent?: string
  /** Whose pages it is at: of a tenant with a host of its own, or with a path below that of the others. */
  readonly origin?: string
  readonly base?: string
  /** The jar of another browser: the same person at another tenant of one host. */
  readonly cookies?: Map<string, string>
}

let clients = 0

/** A browser as far as HTTP shows: cookies, Origin and Fetch-Metadata as real ones send them. */
export class Browser {
  readonly cookies: Map<string, string>
  readonly #jar: Jar
  readonly #origin: string
  readonly #base: string

  constructor(postkey: Pick<Postkey, 'handler'>, origin: string, options: BrowserOptions = {}) {
    this.#origin = options.origin ?? origin
    this.#base = options.base ?? ''
    clients++
    // Each browser at home in a network of its own, so that one story's limits are not another's.
    const clientAddress = options.address ?? `203.${(clients >> 8) & 255}.${clients & 255}.7`
    this.#jar = openBrowser(this.#origin, {
      agent: options.userAgent,
      headers: {},
      cookies: options.cookies,
      through: (request) => postkey.handler(request, { clientAddress }),
    })
    this.cookies = this.#jar.cookies
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { method: 'GET', headers: { 'sec-fetch-site': 'none', ...headers } })
  }

  post(path: string, form: Record<string, string> | string, headers: Record<string, string> = {}): Promise<Answer> {
    const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
    const own = { origin: this.#origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
    return this.send(path, { method: 'POST', body, headers: { ...own, ...headers } })
  }

  api(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const own = {
      origin: this.#origin,
      'sec-fetch-site': 'same-origin',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    }
    return this.send(path, { method, headers: { ...own, ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  }

  /** A request with nothing added but cookies, address and User-Agent. Headers set to "" are left out. */
  async send(path: string, init: { method?: string; headers?: Record<string, string>; body?: string }): Promise<Answer> {
    const whole = path.startsWith('/') && !path.startsWith(`${this.#base}/`) ? `${this.#base}${path}` : path
    const { headers = {}, ...rest } = init
    // None, where a story says so: the jar leaves out what is empty.
    const sent = headers['cookie'] === 'none' ? { ...headers, cookie: '' } : headers
    const answer = new Answer(await this.#jar.send(whole, { ...rest, headers: sent }))
    const { status, text } = answer
    const breach = breachOf(init.method ?? 'GET', path, { status, text, type: answer.headers.get('content-type') })
    if (breach !== null) throw new Error(`the contract is broken: ${breach}`)
    return answer
  }

  /** Types an address on the sign-in page; the id of the challenge. */
  async ask(email: string, returnTo?: string): Promise<string> {
    const answer = await this.post('/sign-in', { email, ...(returnTo === undefined ? {} : { return_to: returnTo }) })
    if (answer.status !== 303) throw new Error(`asking for ${email} answered ${answer.status}: ${answer.text.slice(0, 300)}`)
    return new URL(answer.location, this.#origin).searchParams.get('c') ?? ''
  }

  async whoAmI(): Promise<string | null> {
    const answer = await this.api('GET', '/api/session')
    return answer.status === 200 ? (answer.json() as { user: { email: string } }).user.email : null
  }
}

export class Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string

  constructor({ status, headers, text }: { readonly status: number; readonly headers: Headers; readonly text: string }) {
    this.status = status
    this.headers = headers
    this.text = text
  }

  get location(): string {
    return this.headers.get('location') ?? ''
  }

  json(): unknown {
    return JSON.parse(this.text)
  }

  /** The public reason of a problem+json answer. */
  get reason(): string {
    return (this.json() as { reason: string }).reason
  }
}

export interface AskedFor extends Opened {
  readonly browser: Browser
  readonly challenge: string
}

/** Somebody asks for a mail and opens it. */
export async function askAndOpen(
  kit: Kit,
  email: string,
  options: { readonly browser?: Browser; readonly returnTo?: string } = {},
): Promise<AskedFor> {
  const browser = options.browser ?? kit.browser()
  // Or the notice of an earlier sign-in may come behind what is asked for, and be the newest.
  await kit.settle()
  const challenge = await browser.ask(email, options.returnTo)
  await kit.settle()
  return { browser, challenge, ...kit.mailbox.newest(email) }
}

/** Asks, and types the code from the mail. */
export async function signIn(kit: Kit, email: string, browser: Browser = kit.browser()): Promise<Browser> {
  const { challenge, code } = await askAndOpen(kit, email, { browser })
  const answer = await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })
  if (answer.status !== 303) throw new Error(`signing in as ${email} answered ${answer.status}: ${answer.text.slice(0, 300)}`)
  return browser
}

/** A code of the same length that is not this one. */
export function wrongCode(code: string | null, nth = 0): string {
  const length = code?.length ?? 6
  const guess = String(nth).padStart(length, '0')
  return guess === code ? '9'.repeat(length) : guess
}

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR
