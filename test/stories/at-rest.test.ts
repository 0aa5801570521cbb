// What a thief of the database or of a backup holds: digests. And what a stranger finds in our answers: no secret. Logs, spans, numbers and
// all else that is said: canaries.test.ts.
import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { codeDigests, keyring, mintCode } from '../../src/secret.ts'
import { temporaryDatabase } from '../database.ts'
import { type Answer, askAndOpen, SECRET, signIn, startKit } from '../kit.ts'

const ADA = 'ada@example.net'
const SESSION = '__Host-postkey-session'
const BROWSER = '__Host-postkey-browser'

/** A text in every form in which it might lie in a file. */
const forms = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('base64url'),
  Buffer.from(secret).toString('hex'),
]

describe('the database', () => {
  test('seed 1: hashes only: no link, code, browser, session or key lies in its files, before, between or after', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
    const secrets = [secret, browser.cookies.get(BROWSER) ?? '?', SECRET]
    const search = (): void => {
      const bytes = database.bytes()
      for (const text of secrets.flatMap(forms)) expect(bytes).not.toContain(text)
      // Six digits alone may be part of any number: looked for as a value.
      for (const rows of Object.values(database.dump()))
        for (const row of rows) expect(row).not.toMatch(new RegExp(`(?<![0-9A-Za-z])${code}(?![0-9A-Za-z])`))
    }
    search()
    await browser.post('/sign-in/code', { c: challenge, code: code === '000000' ? '000001' : '000000' })
    await kit.browser().post(`/l/${linkId}`, { secret, email: 'eve@example.net' })
    await browser.post(`/l/${linkId}`, { secret })
    secrets.push(browser.cookies.get(SESSION) ?? '?')
    await browser.post(`/l/${linkId}`, { secret })
    search()
    await browser.post('/sign-out', {})
    search()
    // The control: the search does find what is there in clear.
    expect(database.bytes()).toContain(challenge)
  })

  test('a queued mail holds its secrets sealed, and a sent one not at all', async () => {
    await using database = await temporaryDatabase()
    let down = true
    await using kit = await startKit({
      database: database.url,
      reply: () => (down ? { class: 'unreachable', text: 'no route' } : { class: 'accepted', text: 'ok' }),
    })
    const browser = kit.browser()
    await browser.ask(ADA)
    await kit.settle()
    const [queued] = database.rows('select sealed, state from mails')
    expect([queued?.state, String(queued?.sealed).length > 80]).toEqual(['queued', true])
    down = false
    kit.clock.forward(5_000)
    await kit.settle()
    const { secret, code } = kit.mailbox.newest(ADA)
    expect(Buffer.from(String(queued?.sealed), 'base64url').toString('latin1')).not.toContain(secret)
    expect(Buffer.from(String(queued?.sealed), 'base64url').toString('latin1')).not.toContain(code)
    expect(database.rows('select sealed, state from mails')).toEqual([{ sealed: null, state: 'sent' }])
  })

  test('TK-15: a stored code cannot be searched for without the key, and can be with it', async () => {
    await using database = await temporaryDatabase()
    await using kit = await startKit({ database: database.url })
    const { challenge, code } = await askAndOpen(kit, ADA)
    const stored = String(database.rows('select code_digest from mails')[0]?.code_digest)
    const search = (secret: string): string | null => {
      const keys = keyring([secret])
      for (let guess = 0; guess < 1_000_000; guess++) {
        const text = String(guess).padStart(6, '0')
        if (codeDigests(keys, 'default', 'sign_in', challenge, text)[0] === stored) return text
        // The whole search with the right key is a matter of seconds; near the code is proof enough.
        if (guess === 0) guess = Math.max(0, Number(code) - 2_000)
        if (guess > Number(code) + 2_000) return null
      }
      return null
    }
    expect(search(SECRET)).toBe(code)
    expect(search(`${SECRET}x`)).toBeNull()
    for (const plain of [
      code,
      `${challenge}${code}`,
      `code\0${code}`,
      ['code', 'default', 'sign_in', challenge, code].join('\0'),
      ['default', 'sign_in', challenge, code].join('\0'),
    ]) {
      for (const algorithm of ['sha256', 'sha512', 'sha1', 'md5']) {
        for (const encoding of ['base64url', 'hex', 'base64'] as const)
          expect(
            createHash(algorithm)
              .update(plain ?? '')
              .digest(encoding),
          ).not.toBe(stored)
      }
    }
  })

  test('TK-15: a key that was rotated out takes its codes with it; the previous key of a pair still opens them; people stay', async () => {
    await using database = await temporaryDatabase()
    const first = await startKit({ database: database.url })
    const ada = await signIn(first, ADA)
    const { browser, challenge, code } = await askAndOpen(first, 'bob@example.net')
    const other = await askAndOpen(first, 'cyd@example.net')
    await first.close()
    const move = (kit: Awaited<ReturnType<typeof startKit>>, from: typeof browser) => {
      const to = kit.browser()
      for (const [name, value] of from.cookies) to.cookies.set(name, value)
      return to
    }
    const fresh = 'another-secret-of-at-least-32-bytes-0123456789abcdef'

    const rotated = await startKit({ database: database.url, secret: [fresh, SECRET] })
    expect((await move(rotated, other.browser).post('/sign-in/code', { c: other.challenge, code: other.code ?? '' })).status).toBe(303)
    expect(await move(rotated, ada).whoAmI()).toBe(ADA)
    await rotated.close()

    await using replaced = await startKit({ database: database.url, secret: fresh })
    expect((await move(replaced, browser).post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(422)
    expect(await move(replaced, ada).whoAmI()).toBe(ADA)
    expect(await (await signIn(replaced, 'bob@example.net')).whoAmI()).toBe('bob@example.net')
  })

  test('TK-17: a secret that is missing, short or one of several that is short: it does not start', async () => {
    for (const secret of ['', 'short', 'x'.repeat(31), ['x'.repeat(40), 'short'], []]) {
      await expect(startKit({ secret })).rejects.toThrow(/secret/)
    }
  })
})

test('TK-09: codes are uniform over all million, leading zeros included, each independent of the one before', () => {
  const draws = 200_000
  const bins = new Array<number>(1_000).fill(0)
  const pairs = new Array<number>(100).fill(0)
  let zeros = 0
  let last = 0
  for (let i = 0; i < draws; i++) {
    const code = mintCode(6)
    if (code.length !== 6) expect(code).toHaveLength(6)
    const bin = Number(code.slice(0, 3))
    bins[bin] = (bins[bin] ?? 0) + 1
    const digit = Number(code[5])
    pairs[last * 10 + digit] = (pairs[last * 10 + digit] ?? 0) + 1
    last = digit
    if (code.startsWith('0')) zeros++
  }
  const chiSquare = (counts: readonly number[]): number =>
    counts.reduce((sum, count) => sum + (count - draws / counts.length) ** 2 / (draws / counts.length), 0)
  // Six standard deviations of either statistic: a false alarm in a thousand million runs.
  expect(Math.abs(chiSquare(bins) - 999)).toBeLessThan(6 * Math.sqrt(2 * 999))
  expect(Math.abs(chiSquare(pairs) - 99)).toBeLessThan(8 * Math.sqrt(2 * 99))
  expect(Math.abs(zeros - draws / 10)).toBeLessThan(6 * Math.sqrt(draws * 0.09))
})

describe('answers', () => {
  test('TK-16: no answer of any route holds the code or the secret that was mailed', async () => {
    await using kit = await startKit()
    const { browser, challenge, code, linkId, secret } = await askAndOpen(kit, ADA)
    const other = kit.browser()
    const answers: Answer[] = []
    for (const who of [browser, other]) {
      for (const path of [
        '/sign-in',
        `/sign-in/check?c=${challenge}`,
        `/sign-in/check?c=${challenge}&sent=again`,
        `/l/${linkId}`,
        '/account',
        '/api/session',
        '/api/sessions',
        '/version',
        '/livez',
        '/readyz',
        '/dev/inbox',
        '/dev/inbox.json',
        '/openapi.json',
        '/metrics',
      ])
        answers.push(await who.get(path))
      answers.push(
        await who.post('/sign-in', { email: ADA }),
        await who.post('/sign-in/code', { c: challenge, code: '12345' }),
        await who.post(`/l/${linkId}`, { email: ADA }),
      )
      answers.push(
        await who.api('POST', '/api/sign-in', { email: ADA }),
        await who.api('POST', '/api/sign-in/resend', { challenge }),
        await who.api('POST', '/api/sign-in/verify', { challenge, code: '12345' }),
      )
    }
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    answers.push(await browser.get('/account'), await browser.api('GET', '/api/session'), await browser.post(`/l/${linkId}`, { secret }))
    for (const answer of answers) {
      const whole = `${answer.status} ${[...answer.headers].join('\n')} ${answer.text}`
      expect(whole).not.toContain(secret)
      expect(whole).not.toMatch(new RegExp(`(?<![0-9A-Za-z])${code}(?![0-9A-Za-z])`))
    }
  })
})
