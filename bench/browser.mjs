// One keep-alive connection that speaks as a browser does, at the least cost: requests are strings, answers are searched and not
// parsed. An HTTP library here would use more of the machine than the servers under test.
import { createConnection } from 'node:net'

const HEAD_END = '\r\n\r\n'

export class Connection {
  #socket
  #received = ''
  #settle = null

  constructor(port) {
    this.#socket = createConnection({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text) => this.#read(text))
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')))
  }

  /** The answer's status, head and body. One request at a time. */
  send(request) {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#socket.write(request, 'latin1')
    })
  }

  close() {
    this.#socket.destroy()
  }

  #read(text) {
    this.#received += text
    const headEnd = this.#received.indexOf(HEAD_END)
    if (headEnd < 0) return
    const head = this.#received.slice(0, headEnd)
    const body = headEnd + HEAD_END.length
    const length = header(head, 'content-length')
    const complete = length === null ? this.#received.endsWith('0\r\n\r\n') : this.#received.length >= body + Number(length)
    if (!complete) return
    const answer = { status: Number(head.slice(9, 12)), head, body: this.#received.slice(body) }
    this.#received = ''
    const settle = this.#settle
    this.#settle = null
    settle.resolve(answer)
  }

  #fail(error) {
    this.#settle?.reject(error)
    this.#settle = null
  }
}

export function header(head, name) {
  const at = head.toLowerCase().indexOf(`\r\n${name}: `)
  if (at < 0) return null
  const from = at + name.length + 4
  const to = head.indexOf('\r\n', from)
  return head.slice(from, to < 0 ? undefined : to)
}

export function cookie(head, name) {
  const at = head.indexOf(`${name}=`)
  return at < 0 ? null : head.slice(at, head.indexOf(';', at))
}

/** All cookies that an answer sets, as a browser would send them back. */
export function cookies(head) {
  return [...head.matchAll(/\r\nset-cookie: ([^;\r]+)/gi)].map(([, pair]) => pair)
}

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
]

/** What a browser sends with every request, and the address its proxy adds: each person sits in a network of their own. */
export function person(number, port) {
  const address = `${11 + ((number >> 16) % 100)}.${(number >> 8) & 255}.${number & 255}.7`
  const origin = `http://localhost:${port}`
  const common =
    `Host: localhost:${port}\r\nConnection: keep-alive\r\nUser-Agent: ${AGENTS[number % AGENTS.length]}\r\n` +
    `Accept-Language: en-GB,en;q=0.9\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nX-Forwarded-For: ${address}\r\n`
  const page =
    'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n'
  const script = 'Accept: application/json\r\nSec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\n'
  const own = `Origin: ${origin}\r\nReferer: ${origin}/\r\n`
  const jar = (cookies) => (cookies ? `Cookie: ${cookies}\r\n` : '')
  const body = (type, text) => `Content-Type: ${type}\r\nContent-Length: ${text.length}\r\n\r\n${text}`
  return {
    origin,
    /** A form that is submitted. */
    post: (path, form, cookies) =>
      `POST ${path} HTTP/1.1\r\n${common}${page}Sec-Fetch-Site: same-origin\r\n${own}${jar(cookies)}${body('application/x-www-form-urlencoded', form)}`,
    /** What a script of the page sends. */
    postJson: (path, value) => `POST ${path} HTTP/1.1\r\n${common}${script}${own}${body('application/json', JSON.stringify(value))}`,
    get: (path, cookies) => `GET ${path} HTTP/1.1\r\n${common}${script}${jar(cookies)}\r\n`,
    /** A link in a mail program that is opened. */
    open: (path, cookies) => `GET ${path} HTTP/1.1\r\n${common}${page}Sec-Fetch-Site: none\r\n${jar(cookies)}\r\n`,
  }
}
