// A real DNS server of 40 lines: it answers A, TXT and MX, says NXDOMAIN, fails, or says nothing.
import { createSocket } from 'node:dgram'
import dns from 'node:dns'
import { afterAll, beforeAll } from 'vitest'

interface Records {
  readonly txt?: readonly string[]
  readonly mx?: readonly string[]
  /** IPv4 addresses; a list of lists: one for each time it is asked, the last for ever. */
  readonly a?: readonly string[] | readonly (readonly string[])[]
}

export type Zone = Readonly<Record<string, Records | 'servfail' | 'silent'>>

const A = 1

const TXT = 16
const MX = 15

export interface DnsServer {
  /** As `setServers` takes it. */
  readonly address: string
  /** Questions heard so far, by name. */
  readonly asked: readonly string[]
  close(): void
}

export async function startDns(zone: Zone): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  const times = new Map<string, number>()
  socket.on('message', (query, from) => {
    const labels: string[] = []
    let at = 12
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const type = query.readUInt16BE(at + 1)
    asked.push(labels.join('.').toLowerCase())
    const entry = zone[labels.join('.').toLowerCase()]
    if (entry === 'silent') return
    const known = typeof entry === 'object' ? entry : {}
    const answers =
      type === TXT
        ? (known.txt ?? []).map(txtData)
        : type === MX
          ? (known.mx ?? []).map(mxData)
          : type === A
            ? addressesAt(known.a ?? [], labels.join('.')).map(addressData)
            : []
    const header = Buffer.alloc(12)
    header.writeUInt16BE(query.readUInt16BE(0), 0)
    header.writeUInt16BE(0x8180 | (entry === undefined ? 3 : entry === 'servfail' ? 2 : 0), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(answers.length, 6)
    const records = answers.map((data) => {
      // Good for no time: some Nodes would remember it, and not ask again.
      const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 0, 0, 0])
      record.writeUInt16BE(data.length, 10)
      return Buffer.concat([record, data])
    })
    socket.send(Buffer.concat([header, query.subarray(12, at + 5), ...records]), from.port, from.address)
  })
  const addressesAt = (all: NonNullable<Records['a']>, name: string): readonly string[] => {
    const time = times.get(name) ?? 0
    times.set(name, time + 1)
    const at = all[Math.min(time, all.length - 1)]
    return typeof at === 'object' ? at : (all as readonly string[])
  }
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return { address: `127.0.0.1:${socket.address().port}`, asked, close: () => socket.close() }
}

/** For all tests of a file that ask for names: no question of theirs leaves this machine. */
export function dnsOf(zone: Zone): void {
  const before = dns.getServers()
  let server: DnsServer
  beforeAll(async () => {
    server = await startDns(zone)
    dns.setServers([server.address])
  })
  afterAll(() => {
    dns.setServers(before)
    server.close()
  })
}

/** In pieces of at most 255 bytes, as long keys come. */
function txtData(text: string): Buffer {
  const pieces = text.match(/[\s\S]{1,255}/g) ?? ['']
  return Buffer.concat(pieces.map((piece) => Buffer.concat([Buffer.from([piece.length]), Buffer.from(piece, 'latin1')])))
}

const addressData = (address: string): Buffer => Buffer.from(address.split('.').map(Number))

function mxData(host: string): Buffer {
  const labels = host.split('.').filter((label) => label !== '')
  return Buffer.concat([
    Buffer.from([0, 10]),
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ])
}
