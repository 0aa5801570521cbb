// A browser as far as a server can see one: cookies, Origin and Fetch-Metadata as real ones send them. What it does not have is a page
// that runs.
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Where it was sent on to, absolute; '': nowhere. */
  readonly location: string
  readonly url: string
  /** From the request to the end of the answer. */
  readonly ms: number
}

export interface Sending {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Browser {
  /** By name, as the server set them. */
  readonly cookies: Map<string, string>
  /** Set-Cookie lines as they came, newest last. */
  readonly set: string[]
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** A form of a page of the same origin. Headers that are '' are left out. */
  post(path: string, form: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** Nothing but the cookies is added. */
  send(path: string, sending: Sending): Promise<Answer>
}

const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0'
/** How a request gets to whatever answers it. */
export type Send = (request: Request) => Promise<Response>

export interface BrowserOptions {
  readonly agent?: string | undefined
  /** Sent with everything, unless a request has its own. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default: over the network. */
  readonly through?: Send | undefined
  /** The jar of another browser. */
  readonly cookies?: Map<string, string> | undefined
}

/** A page that takes longer has failed for whoever waits for it. */
const PATIENCE_MS = 15_000

const byNetwork: Send = (request) => fetch(request, { redirect: 'manual', signal: AbortSignal.timeout(PATIENCE_MS) })

export function openBrowser(base: string, options: BrowserOptions = {}): Browser {
  const { agent = AGENT, headers: always = { 'accept-language': 'en' }, through = byNetwork, cookies = new Map<string, string>() } = options
  const { origin } = new URL(base)
  const set: string[] = []
  const send = async (path: string, { method = 'GET', headers = {}, body }: Sending): Promise<Answer> => {
    const url = new URL(path, base)
    const sent = new Headers({ 'user-agent': agent, ...always })
    if (cookies.size > 0) sent.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    if (body !== undefined) sent.set('content-length', String(Buffer.byteLength(body)))
    for (const [name, value] of Object.entries(headers)) {
      if (value === '') sent.delete(name)
      else sent.set(name, value)
    }
    const began = performance.now()
    const response = await through(new Request(url, { method, headers: sent, ...(body === undefined ? {} : { body }) }))
    for (const line of response.headers.getSetCookie()) {
      set.push(line)
      const [pair = ''] = line.split(';')
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
      if (value === '' || /;\s*max-age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    const location = response.headers.get('location')
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      location: location === null ? '' : new URL(location, url).href,
      url: url.href,
      ms: performance.now() - began,
    }
  }
  return {
    cookies,
    set,
    send,
    get: (path, headers = {}) =>
      send(path, { headers: { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', accept: 'text/html', ...headers } }),
    post: (path, form, headers = {}) =>
      send(path, {
        method: 'POST',
        body: new URLSearchParams(form).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          accept: 'text/html',
          origin,
          'sec-fetch-site': 'same-origin',
          'sec-fetch-mode': 'navigate',
          ...headers,
        },
      }),
  }
}
