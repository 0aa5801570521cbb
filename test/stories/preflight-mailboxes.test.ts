// Where `postkey preflight` reads mails of a deployment that has no inbox to look into: a mail server of its own, and a mailbox by IMAP.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import Module from 'node:module'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { findPeer } from '../../src/run/peer.ts'
import { freePort } from '../free-port.ts'
import { type ImapTestServer, startImap } from '../imap-server.ts'
import { type Live, startLive } from '../live.ts'
import { outcomes, preflight, unlimited } from '../preflight.ts'
import { testAuthority } from '../smtp-server.ts'

const SOME = ['SC-01', 'TK-01', 'RL-14', 'EN-01', 'ML-01', 'ML-02', 'HH-02']
const sendingTo = (port: number): Promise<Live> =>
  startLive({ policy: { starts: unlimited }, flags: { smtpUrl: `smtp://127.0.0.1:${port}`, mailFrom: 'sign-in@example.net' } })

test('--mailbox smtp://…: preflight opens a mail server, and reads what the deployment sends there', async () => {
  const port = await freePort()
  await using live = await sendingTo(port)
  const tried = await preflight([live.url, '--mailbox', `smtp://127.0.0.1:${port}`, '--only', SOME.join(',')])
  expect([tried.code, outcomes(tried).toSorted()]).toEqual([0, SOME.map((id) => `${id} pass`).toSorted()])
  // It is closed with the run.
  const again = createServer()
  await new Promise<void>((resolve, reject) => again.once('error', reject).listen(port, '127.0.0.1', resolve))
  again.close()
})

describe('--mailbox imaps://…', () => {
  let imap: ImapTestServer
  let live: Live
  const OLD = 'To: preflight-old@sink.example.net\r\nSubject: from before\r\n\r\nnot for us\r\n'

  beforeAll(async () => {
    imap = await startImap('Sign-in', [OLD])
    live = await sendingTo(imap.smtpPort)
  })
  afterAll(async () => {
    await live[Symbol.asyncDispose]()
    await imap[Symbol.asyncDispose]()
  })
  afterEach(() => {
    imap.onTheWay = (raw) => raw
  })

  const at = (more = ''): string => `imaps://ada%40example.net@localhost:${imap.port}/Sign-in?ca=${testAuthority}${more}`
  const read = (only: string, env: Readonly<Record<string, string>> = { POSTKEY_PREFLIGHT_PASSWORD: imap.password }) =>
    preflight([live.url, '--mailbox', at(), '--addresses', '*@sink.example.net', '--only', only], env)

  test('reads what arrives in a folder of a mailbox, and leaves all as it was', async () => {
    let others = 0
    imap.onTheWay = (raw) => {
      if (others++ < 3) imap.put('To: somebody@example.net\r\nSubject: somebody’s own\r\n\r\nprivate\r\n')
      return raw
    }
    const before = imap.messages.length
    const tried = await read(SOME.join(','))
    expect([tried.code, tried.err, outcomes(tried).toSorted()]).toEqual([0, '', SOME.map((id) => `${id} pass`).toSorted()])
    expect(imap.messages.length).toBeGreaterThan(before + 5)
    expect(imap.said()).toContain('Auto-Submitted')
    expect(imap.said()).not.toMatch(/private|not for us/)
    expect(imap.messages.flatMap(({ flags }) => flags ?? [])).toEqual([])
    // How it was opened: nothing could have been marked or moved.
    expect(imap.said()).toContain('[READ-ONLY]')
    expect(imap.said()).not.toContain('[READ-WRITE]')
  })

  test('the password may stand in a file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postkey-preflight-'))
    writeFileSync(join(folder, 'password'), `${imap.password}\n`)
    const { code } = await read('ML-02', { POSTKEY_PREFLIGHT_PASSWORD_FILE: join(folder, 'password') })
    expect(code).toBe(0)
    rmSync(folder, { recursive: true })
  })

  test('judges the mail as it arrives, with what was done to it on the way', async () => {
    imap.onTheWay = (raw) => raw.replace(/^Auto-Submitted: .*\r\n/m, '')
    const tried = await read('ML-01')
    expect([tried.code, ...outcomes(tried)]).toEqual([1, 'ML-01 fail'])
    expect(tried.results[0]?.evidence).toContain('Auto-Submitted')
  })

  test('a wrong password is told, and not shown; so is one that is missing, and a folder that is not there', async () => {
    // A server that repeats it, as this one does by what it always says.
    const wrong = await read('ML-01', { POSTKEY_PREFLIGHT_PASSWORD: 'authentication failure' })
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringMatching(/does not let ada@example\.net in: .*•/)])
    expect(wrong.err).not.toContain('authentication failure')
    const none = await read('ML-01', {})
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('give it in POSTKEY_PREFLIGHT_PASSWORD')])
    const elsewhere = await preflight([live.url, '--mailbox', at().replace('/Sign-in', '/Nowhere'), '--addresses', '*@sink.example.net'], {
      POSTKEY_PREFLIGHT_PASSWORD: imap.password,
    })
    expect([elsewhere.code, elsewhere.err]).toEqual([2, expect.stringContaining('the folder Nowhere cannot be opened')])
  })

  test('a server whose certificate nobody vouches for gets no password', async () => {
    const { code, err } = await preflight([live.url, '--mailbox', at().replace(/\?ca=.*/, ''), '--addresses', '*@sink.example.net'], {
      POSTKEY_PREFLIGHT_PASSWORD: imap.password,
    })
    expect([code, err]).toEqual([2, expect.stringMatching(/does not let .* in: .*certificate/)])
  })

  test('on another machine TLS is not given up: without STARTTLS no password is sent', async () => {
    const heard: string[] = []
    const clear = createServer((socket) => {
      socket.write('* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n')
      socket.on('data', (data) => {
        heard.push(String(data))
        for (const [, tag, command] of String(data).matchAll(/^(\S+) (\S+)/gm))
          socket.write(
            `${command === 'CAPABILITY' ? '* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n' : ''}${tag} ${command === 'LOGOUT' || command === 'CAPABILITY' || command === 'ID' ? 'OK' : 'BAD'} done\r\n`,
          )
      })
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => clear.listen(0, '0.0.0.0', resolve))
    const { port } = clear.address() as AddressInfo
    // A name for this machine that does not say so.
    const { code, err } = await preflight([live.url, '--mailbox', `imap://ada@0.0.0.0:${port}`, '--addresses', '*@sink.example.net'], {
      POSTKEY_PREFLIGHT_PASSWORD: imap.password,
    })
    expect([code, err]).toEqual([2, expect.stringContaining('does not let ada in')])
    expect(heard.join('')).not.toMatch(/LOGIN|AUTHENTICATE/)
    clear.close()
  })
})

describe('what is typed wrong is told', () => {
  let live: Live
  beforeAll(async () => {
    live = await startLive()
  })
  afterAll(() => live[Symbol.asyncDispose]())

  test.each([
    ['--mailbox is no address', ['--mailbox', 'pop3://mail.example.net']],
    ['--mailbox is no address', ['--mailbox', 'somewhere']],
    ['give it in POSTKEY_PREFLIGHT_PASSWORD', ['--mailbox', 'imaps://ada:kept-out@mail.example.net', '--addresses', '*@example.net']],
    ['say which addresses end in that mailbox', ['--mailbox', 'imaps://ada@mail.example.net']],
    ['--mailbox names no user', ['--mailbox', 'imaps://mail.example.net', '--addresses', '*@example.net']],
    ['--addresses is no pattern', ['--mailbox', 'smtp://127.0.0.1:2525', '--addresses', 'ada@example.net']],
    ['none is given', ['--addresses', '*@example.net']],
    ['there is no inbox of a `postkey dev` at http://127.0.0.1:1', ['--mailbox', 'http://127.0.0.1:1']],
  ])('%s: %j', async (said, argv) => {
    const { code, err } = await preflight([live.url, ...argv])
    expect([code, err]).toEqual([2, expect.stringContaining(said)])
    expect(err).not.toContain('kept-out')
  })

  test('a port that is taken', async () => {
    const { code, err } = await preflight([live.url, '--mailbox', `smtp://127.0.0.1:${live.port}`])
    expect([code, err]).toEqual([2, expect.stringContaining('somebody else listens there')])
  })

  test('a package that is not installed, and how to', async () => {
    const node = Module as unknown as { _resolveFilename(name: string, ...more: unknown[]): string }
    const { _resolveFilename: resolves } = node
    node._resolveFilename = (name, ...more) => {
      if (name === 'imapflow' || name === 'smtp-server') throw new Error(`Cannot find module '${name}'`)
      return resolves.call(Module, name, ...more)
    }
    try {
      const imap = await preflight([live.url, '--mailbox', 'imaps://ada@mail.example.net', '--addresses', '*@example.net'])
      expect([imap.code, imap.err]).toEqual([2, expect.stringContaining('npm install imapflow')])
      const smtp = await preflight([live.url, '--mailbox', 'smtp://127.0.0.1:2525'])
      expect([smtp.code, smtp.err]).toEqual([2, expect.stringContaining('npm install smtp-server')])
    } finally {
      node._resolveFilename = resolves
    }
  })
})

test('a package is found where the command is given, and else beside Postkey', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-preflight-'))
  mkdirSync(join(folder, 'node_modules', 'imapflow'), { recursive: true })
  writeFileSync(join(folder, 'node_modules', 'imapflow', 'index.js'), 'exports.here = true')
  expect(findPeer('imapflow', folder)).toEqual({ here: true })
  expect(findPeer<{ SMTPServer: unknown }>('smtp-server', folder)?.SMTPServer).toBeTypeOf('function')
  expect(findPeer('no-such-package', folder)).toBeNull()
  rmSync(folder, { recursive: true })
})
