// What keeps others from reading and changing what is said on the way.
import { isIP } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { type Case, must, NotHere, type Scene, Wrong } from '../case.ts'
import { isThisMachine } from '../place.ts'

const DAYS_LEFT = 14
const DAY_MS = 86_400_000
const PATIENCE_MS = 10_000

interface Place {
  readonly host: string
  readonly port: number
}

function placeOf({ system }: Scene): Place {
  const { hostname, port, protocol } = new URL(system.url)
  if (protocol === 'https:') return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) }
  if (isThisMachine(system.url)) throw new NotHere('not applicable: plain http on this machine, which nobody else is in between of')
  throw new Wrong('it is on plain http: links, codes and cookies can be read and changed on the way')
}

/** @param look at the connection; what it does is over when that is. */
function overTls({ host, port }: Place, options: object, look: (socket: TLSSocket) => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...options }, () => {
      try {
        resolve(look(socket))
      } catch (error) {
        reject(error as Error)
      } finally {
        socket.destroy()
      }
    })
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer')))
    socket.on('error', reject)
  })
}

const OLD = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const

export const tls: readonly Case[] = [
  {
    id: 'NT-01',
    area: 'network',
    title: `it is served by https, with a certificate that is good for ${DAYS_LEFT} days more`,
    remedy: 'serve https alone; renew the certificate in time, by machine',
    mail: false,
    run: async (scene) =>
      await overTls(placeOf(scene), { minVersion: 'TLSv1.2' }, (socket) => {
        const { valid_to: end } = socket.getPeerCertificate()
        const days = Math.floor((Date.parse(end) - Date.now()) / DAY_MS)
        must(days >= DAYS_LEFT, `the certificate ends in ${days} days, on ${end}`)
        return `${socket.getProtocol()}, the certificate is good for ${days} days`
      }),
  },
  {
    id: 'NT-02',
    area: 'network',
    title: 'plain http leads to https, or is not served',
    remedy: 'answer every plain request with 301 or 308 to the same path on https, and with nothing else',
    mail: false,
    run: async (scene) => {
      const { port } = placeOf(scene)
      if (port !== 443) throw new NotHere(`not applicable: it is on port ${port}, and has no plain http beside it`)
      const { hostname, pathname } = new URL(scene.system.url)
      const plain = `http://${hostname}${pathname}`
      const answer = await scene
        .browser()
        .get(plain)
        .catch(() => null)
      if (answer === null) return 'nobody answers to plain http'
      const { status, location } = answer
      if (status >= 400) return `plain http answers ${status}`
      must(status >= 300, `plain http answers ${status}, with a page`)
      must(location.startsWith(`https://${hostname}/`), `plain http leads to ${location}`)
      return `${status} to ${location}`
    },
  },
  {
    id: 'NT-03',
    area: 'network',
    title: 'TLS 1.0 and 1.1 are refused',
    remedy: 'allow TLS 1.2 and 1.3 alone',
    mail: false,
    run: async (scene) => {
      const place = placeOf(scene)
      try {
        const spoken = await overTls(place, OLD, (socket) => String(socket.getProtocol()))
        throw new Wrong(`it speaks ${spoken}`)
      } catch (error) {
        if (error instanceof Wrong) throw error
        const { code, message } = error as NodeJS.ErrnoException
        if (code === 'ERR_SSL_NO_PROTOCOLS_AVAILABLE') throw new NotHere('this Node cannot speak them')
        must(/SSL|TLS|EPROTO|ECONNRESET/i.test(`${code} ${message}`), `no answer to it: ${message}`)
        return 'refused'
      }
    },
  },
]
