// An application that mounts Postkey at /auth and has sign-in forms of its own, made with what `npm run build` puts into dist/: a page
// with the web component, one with React, and one with nothing but the client. Real listener, real mail server, every guard on; its pages
// allow no inline script or style, and no HTML out of text.
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { createPostkey, type Message, type PostkeyOptions } from '../src/index.ts'
import { type Opened, openMail } from './kit.ts'
import type { SmtpTestServer } from './smtp-server.ts'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))

export const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

interface Received {
  readonly method: string
  readonly url: string
  readonly network: string
  readonly headers: IncomingMessage['headers']
}

export interface App extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  /** From now on the application answers the mail's link with its own page. */
  answersLinks: boolean
  person(browser: Browser, options?: BrowserContextOptions): Promise<Visitor>
  /** The `nth` mail to an address, waited for. */
  mail(to: string, nth?: number): Promise<Opened>
}

export interface Visitor extends AsyncDisposable {
  readonly context: BrowserContext
  readonly page: Page
  /** What it sent, as "POST /auth/api/sign-in". */
  readonly sent: readonly string[]
  /** Paths it posted to. */
  readonly posts: readonly string[]
  open(path: string): Promise<Page>
  whoAmI(): Promise<string | null>
}

/** The same for every application of a test file. */
let files: Promise<Readonly<Record<string, string>>> | undefined

export async function startApp(smtp: SmtpTestServer, options: Partial<PostkeyOptions> = {}): Promise<App> {
  const received: Received[] = []
  files ??= filesOf()
  const served = await files
  let listener: (request: IncomingMessage, response: ServerResponse) => Promise<void> = async () => {}
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    received.push({
      method: request.method ?? '',
      url: request.url ?? '',
      network: String(request.headers['x-forwarded-for']),
      headers: { ...request.headers },
    })
    const own = served[app.answersLinks && pathname.startsWith('/auth/l/') && request.method === 'GET' ? '/landing' : pathname]
    if (own !== undefined) {
      const type = pathname.endsWith('.js') ? 'text/javascript' : pathname.endsWith('.css') ? 'text/css' : 'text/html'
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': CSP }).end(own)
    } else void listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const postkey = await createPostkey({
    url: `http://localhost:${port}`,
    basePath: '/auth',
    secret: 'application-secret-of-at-least-32-bytes-0123456789',
    database: 'file::memory:',
    mail: { from: 'sign-in@example.com', transport: `smtp://127.0.0.1:${smtp.port}?tls=off` },
    name: 'Fieldnotes',
    trustedProxies: ['127.0.0.1', '::1'],
    policy: { resendAfter: '2s' },
    ...options,
  })
  listener = postkey.listener

  const app: App = {
    url: `http://localhost:${port}`,
    received,
    answersLinks: false,
    person: (browser, contextOptions) => openVisitor(app, browser, contextOptions),
    mail: async (to, nth = 1) => {
      for (const until = Date.now() + 5_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 20))) {
        const mails = (await smtp.messages()).filter(({ rcptTo }) => rcptTo.includes(to))
        const mail = mails[nth - 1]
        if (mail !== undefined) return openMail({ to, subject: mail.subject, text: mail.text } as Message)
      }
      throw new Error(`no mail number ${nth} to ${to}`)
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await postkey.close()
    },
  }
  return app
}

const html = (body: string, script: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Fieldnotes</title><link rel="stylesheet" href="/page.css"><main>${body}</main><script type="module" src="${script}"></script></html>`

async function filesOf(): Promise<Readonly<Record<string, string>>> {
  return {
    '/form': html('<h1>Fieldnotes</h1><postkey-sign-in base-path="/auth" autofocus></postkey-sign-in>', '/client-element.js'),
    '/form/to-notes': html(
      '<h1>Fieldnotes</h1><postkey-sign-in base-path="/auth" return-to="/notes?n=7#top"></postkey-sign-in>',
      '/client-element.js',
    ),
    '/empty': html('<h1>Fieldnotes</h1>', '/client-element.js'),
    '/notes': html('<h1>Notes</h1>', '/plain.js'),
    '/plain': html('<h1>Plain</h1>', '/plain.js'),
    '/landing': html('<h1>One moment</h1>', '/plain.js'),
    '/react': html('<div id="root"></div>', '/react-page.js'),
    // axe takes a page without a background for a white one, in the dark too.
    '/page.css':
      'html{background:Canvas;color:CanvasText} body{margin:0;font:100% system-ui} main{max-inline-size:28rem;margin:0 auto;padding:1.25rem}',
    '/client.js': readFileSync(`${dist}client.js`, 'utf8'),
    '/client-element.js': readFileSync(`${dist}client-element.js`, 'utf8'),
    '/plain.js': `import { createClient, takeLink } from '/client.js'
      globalThis.link = location.pathname.includes('/l/') ? takeLink() : null
      globalThis.createClient = createClient
      globalThis.postkey = createClient({ basePath: '/auth' })
      globalThis.heard = []
      globalThis.postkey.onChange((who) => globalThis.heard.push(who?.user.email ?? null))`,
    '/react-page.js': await reactPage(),
  }
}

async function reactPage(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('client-react-page.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    define: { 'process.env.NODE_ENV': '"production"' },
    // Typed by the sources, run as it was built.
    plugins: [
      {
        name: 'as-built',
        setup: ({ onResolve }) => {
          onResolve({ filter: /src\/client\/client\.ts$/ }, () => ({ path: `${dist}client.js` }))
          onResolve({ filter: /src\/client\/react\.ts$/ }, () => ({ path: `${dist}client-react.js` }))
        },
      },
    ],
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

let visitors = 0

async function openVisitor(app: App, browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
  visitors++
  // Each at home in a network of its own, so that one person's limits are not another's.
  const network = `203.0.${visitors & 255}.7`
  const context = await browser.newContext({
    baseURL: app.url,
    timezoneId: 'UTC',
    ...options,
    extraHTTPHeaders: { 'x-forwarded-for': network },
  })
  context.setDefaultTimeout(8_000)
  const faults: string[] = []
  context.on('weberror', (error) => faults.push(String(error.error())))
  // Whatever the content security policy had to block, and whatever React has to complain about. That an answer was a "no" is none.
  context.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(message.text())
  })
  const page = await context.newPage()
  const sent = (): readonly Received[] => app.received.filter((request) => request.network === network)
  return {
    context,
    page,
    get sent() {
      return sent().map(({ method, url }) => `${method} ${url}`)
    },
    get posts() {
      return sent()
        .filter(({ method }) => method === 'POST')
        .map(({ url }) => url)
    },
    open: async (path) => {
      await page.goto(path)
      return page
    },
    whoAmI: async () => {
      const answer = await context.request.get('/auth/api/session')
      return answer.status() === 200 ? ((await answer.json()) as { user: { email: string } }).user.email : null
    },
    [Symbol.asyncDispose]: async () => {
      await context.close()
      if (faults.length > 0) throw new Error(`a page complained: ${faults.join('; ')}`)
    },
  }
}
