// A whole server as `postkey dev` runs it, on a port of its own: real listener, real cookies, real inbox, every guard on, limits as
// the policy has them. Stories with a real browser use it. Each person comes from an address of their own, which the server takes
// from the header of a trusted proxy, so that one person's limits are not another's.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener, request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { PolicyInput } from '../src/index.ts'
import { readConfig } from '../src/run/config.ts'
import { createLog } from '../src/run/log.ts'
import { startServer } from '../src/server.ts'

export interface LiveOptions {
  readonly policy?: PolicyInput & { readonly preset?: string }
  readonly flags?: Readonly<Record<string, string>>
}

/** A request as it arrived, before anything of ours looked at it. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
}

export interface LiveMail {
  readonly id: string
  readonly to: string
  /** Absolute address, fragment and all. */
  readonly link: string
  /** The same without the secret, and the secret. */
  readonly bare: string
  readonly secret: string
  readonly code: string
}

export interface Live extends AsyncDisposable {
  /** The public address. */
  readonly url: string
  /** Where the server itself listens. */
  readonly port: number
  readonly received: readonly Received[]
  /** What the server logged, line by line. */
  readonly log: readonly string[]
  person(browser: Browser, options?: BrowserContextOptions): Promise<Person>
  /** The `nth` mail to an address, waited for. */
  mail(to: string, nth?: number): Promise<LiveMail>
}

export async function startLive(options: LiveOptions = {}): Promise<Live> {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-live-'))
  writeFileSync(join(folder, 'policy.json'), JSON.stringify(options.policy ?? {}))
  const flags = {
    port: '0',
    databaseUrl: 'file::memory:',
    policy: './policy.json',
    trustedProxies: '127.0.0.1,::1',
    name: 'Fieldnotes',
    ...options.flags,
  }
  const read = readConfig({ env: {}, flags, mode: 'dev', folder })
  if (!read.ok) throw new Error(read.problems.map(({ key, what }) => `${key} ${what}`).join('; '))

  const lines: string[] = []
  const log = createLog({ level: 'debug', format: 'json', destination: { write: (line) => void lines.push(line), flush: async () => {} } })
  const server = await startServer(read.config, { mode: 'dev', log })
  const received: Received[] = []
  const note = (message: unknown): void => {
    const { request } = message as { request: IncomingMessage }
    if (request.socket.localPort !== server.port) return
    received.push({ method: request.method ?? '', url: request.url ?? '', headers: { ...request.headers } })
  }
  subscribe('http.server.request.start', note)

  const live: Live = {
    url: server.url,
    port: server.port,
    received,
    log: lines,
    person: (browser, contextOptions) => openPerson(live, browser, contextOptions),
    mail: async (to, nth = 1) => {
      // The mail leaves after the answer: the worker hands it over on its own.
      for (const until = Date.now() + 5_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 10))) {
        const mails = (await (await fetch(`http://localhost:${server.port}/dev/inbox.json?to=${encodeURIComponent(to)}`)).json()) as Record<
          'id' | 'to' | 'link' | 'code',
          string | null
        >[]
        const mail = mails.at(-nth)
        if (mail !== undefined) return openMail(mail)
      }
      throw new Error(`no mail number ${nth} to ${to}`)
    },
    [Symbol.asyncDispose]: async () => {
      unsubscribe('http.server.request.start', note)
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return live
}

function openMail({ id, to, link, code }: Record<'id' | 'to' | 'link' | 'code', string | null>): LiveMail {
  const [bare = '', secret = ''] = (link ?? '').split(/[#/](?=[0-9A-Za-z]{43}$)/)
  return { id: id ?? '', to: to ?? '', link: link ?? '', bare, secret, code: code ?? '' }
}

let people = 0

async function openPerson(live: Live, browser: Browser, options: BrowserContextOptions = {}): Promise<Person> {
  people++
  const network = `203.${people >> 8}.${people & 255}.7`
  const context = await browser.newContext({
    baseURL: live.url,
    timezoneId: 'UTC',
    ...options,
    extraHTTPHeaders: { 'x-forwarded-for': network },
  })
  // Well below the time of a test, so that the step which hangs is named.
  context.setDefaultTimeout(8_000)
  return new Person(live, context, await context.newPage(), network)
}

/** One browser profile: its cookies, its first tab, and what it posts. */
export class Person implements AsyncDisposable {
  readonly context: BrowserContext
  readonly page: Page
  readonly #live: Live
  readonly #network: string
  readonly #errors: string[] = []

  constructor(live: Live, context: BrowserContext, page: Page, network: string) {
    this.#live = live
    this.context = context
    this.page = page
    this.#network = network
    context.on('weberror', (error) => this.#errors.push(String(error.error())))
  }

  /** Every request of this browser that reached the server. */
  get received(): Received[] {
    return this.#live.received.filter(({ headers }) => headers['x-forwarded-for'] === this.#network)
  }

  /** The paths it posted to, in order. */
  get posts(): string[] {
    return this.received.filter(({ method }) => method === 'POST').map(({ url }) => url)
  }

  /** How many times it presented a link. */
  get linkPosts(): number {
    return this.posts.filter((path) => path.startsWith('/l/')).length
  }

  get codePosts(): number {
    return this.posts.filter((path) => path === '/sign-in/code').length
  }

  /**
   * Asks as the form of the sign-in page does, and waits for the newest mail. The page is the one with the code field. To type it there
   * takes a page more and a browser's waiting for it, and stories that are about something later need not.
   */
  async ask(email: string, options: { readonly nth?: number; readonly returnTo?: string } = {}): Promise<LiveMail> {
    const { nth, returnTo } = options
    const answer = await this.context.request.post('/sign-in', {
      form: { email, ...(returnTo === undefined ? {} : { return_to: returnTo }) },
      headers: { origin: this.#live.url, 'sec-fetch-site': 'same-origin' },
      maxRedirects: 0,
    })
    const { location } = answer.headers()
    if (answer.status() !== 303 || location === undefined) throw new Error(`asking for ${email} answered ${answer.status()}`)
    await this.page.goto(location)
    return this.#live.mail(email, nth)
  }

  /** The same by the page itself: types the address, and presses the button. */
  async askOnPage(email: string, options: { readonly nth?: number; readonly returnTo?: string } = {}): Promise<LiveMail> {
    const { nth, returnTo } = options
    await this.page.goto(returnTo === undefined ? '/sign-in' : `/sign-in?return_to=${encodeURIComponent(returnTo)}`)
    await this.page.getByLabel('E-mail address').fill(email)
    await this.page.getByRole('button', { name: 'Send me the mail' }).click()
    await this.page.waitForURL('**/sign-in/check?c=*')
    return this.#live.mail(email, nth)
  }

  /** Asks, and types the code. */
  async signIn(email: string, options: { readonly nth?: number; readonly returnTo?: string } = {}): Promise<void> {
    const { code } = await this.ask(email, options)
    await this.page.locator('#code').fill(code)
    await this.page.waitForURL((url) => !url.pathname.startsWith('/sign-in/c'))
  }

  async typeCode(code: string): Promise<void> {
    await this.page.locator('#code').pressSequentially(code)
  }

  async whoAmI(): Promise<string | null> {
    const answer = await this.context.request.get('/api/session')
    return answer.status() === 200 ? ((await answer.json()) as { user: { email: string } }).user.email : null
  }

  /** The sessions of whoever is signed in here. */
  async sessions(): Promise<number> {
    const answer = await this.context.request.get('/api/sessions')
    return ((await answer.json()) as { sessions: unknown[] }).sessions.length
  }

  async sessionCookie(): Promise<string | undefined> {
    return (await this.context.cookies()).find(({ name }) => name.endsWith('postkey-session'))?.value
  }

  /** No story ends well in which a script of ours threw. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close()
    if (this.#errors.length > 0) throw new Error(`a script failed on a page: ${this.#errors.join('; ')}`)
  }
}

export interface Other extends AsyncDisposable {
  /** By number: another site than our `localhost`. */
  readonly url: string
  /** By name: another origin, but the same site, as a sibling subdomain would be; it is sent our cookies. */
  readonly sibling: string
}

/** Some other server of this machine. */
export async function startOther(listener: RequestListener): Promise<Other> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    sibling: `http://localhost:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** What stands between the person and the server: the public address leads here. It can answer itself, or lose an answer. */
export interface Between {
  /** A page of its own instead of the server's. */
  page?(request: IncomingMessage): string | undefined
  /** True: the server gets the request, and its answer never arrives. */
  loses?(request: IncomingMessage): boolean
}

export async function startLiveBehind(between: Between, options: LiveOptions = {}): Promise<Live> {
  let port = 0
  const front = await startOther((request, response) => {
    const page = between.page?.(request)
    if (page !== undefined) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
      return
    }
    const { method, url: path, headers } = request
    const onward = send({ port, host: 'localhost', ...(method && { method }), ...(path && { path }), headers, agent: false }, (answer) => {
      // One connection for each request: on a kept one the browser would repeat a lost request by itself.
      if (between.loses?.(request)) {
        answer.resume()
        answer.on('end', () => request.socket.destroy())
      } else {
        response.writeHead(answer.statusCode ?? 502, { ...answer.headers, connection: 'close' })
        answer.pipe(response)
      }
    })
    onward.on('error', () => request.socket.destroy())
    request.pipe(onward)
  })
  const live = await startLive({ ...options, flags: { ...options.flags, url: front.sibling } })
  port = live.port
  return {
    ...live,
    person: (browser, contextOptions) => openPerson(live, browser, contextOptions),
    [Symbol.asyncDispose]: async () => {
      await front[Symbol.asyncDispose]()
      await live[Symbol.asyncDispose]()
    },
  }
}

/** A code of the same length that is not this one. */
export function wrongCode(code: string, nth = 0): string {
  const guess = String(nth).padStart(code.length, '0')
  return guess === code ? '9'.repeat(code.length) : guess
}
