// Letters that look like other letters: an address is one person's or nobody's, and mail goes to the stored bytes.
import { describe, expect, test } from 'vitest'
import { temporaryDatabase } from '../database.ts'
import { askAndOpen, signIn, startKit } from '../kit.ts'

describe('UN-01: look-alikes of a person’s address', () => {
  const alike: Record<string, readonly string[]> = {
    'mike@example.net': [
      'mıke@example.net',
      'MİKE@example.net',
      'mi\u0307ke@example.net',
      'mіke@example.net',
      'ｍｉｋｅ@example.net',
      'mi\u212ae@example.net',
    ],
    'boss@example.net': [
      'boſs@example.net',
      'boß@example.net',
      'bo\u017f\u017f@example.net',
      'b\u043ess@example.net',
      'b\u200boss@example.net',
      'boss\u00ad@example.net',
      'ᵇoss@example.net',
    ],
    'ada@gmail.com': [
      'ada@gmaıl.com',
      'ada@gmáil.com',
      'ada@gmail.com.',
      'ada@gmaıl.com',
      'ada@ɡmail.com',
      'ada@gmail。com',
      'ada＠gmail.com',
      'ada@ｇmail.com',
      'ada@gmail．com',
    ],
  }

  test('are refused, or belong to somebody else; no mail to them reaches or opens the account', async () => {
    await using kit = await startKit()
    for (const [email, spellings] of Object.entries(alike)) {
      const owner = await signIn(kit, email)
      expect(await owner.whoAmI()).toBe(email)
      const mails = kit.mailbox.all(email).length
      for (const typed of spellings) {
        const answer = await kit.browser().post('/sign-in', { email: typed })
        expect([typed, [303, 422].includes(answer.status)]).toEqual([typed, true])
      }
      await kit.settle()
      expect([email, kit.mailbox.all(email).length]).toEqual([email, mails])
    }
    for (const message of kit.mailbox.messages) expect(message.to).toMatch(/^[!-~]+$/)
  })

  test('typed at a link in another browser they do not open it', async () => {
    for (const [email, spellings] of Object.entries(alike)) {
      for (const typed of spellings) {
        await using kit = await startKit()
        const { linkId, secret } = await askAndOpen(kit, email)
        const other = kit.browser()
        expect([typed, (await other.post(`/l/${linkId}`, { secret, email: typed })).status]).toEqual([typed, 422])
      }
    }
  })
})

test('UN-03: UN-09: capitals are one person; the mail goes to the stored bytes, not to those typed', async () => {
  await using database = await temporaryDatabase()
  await using kit = await startKit({ database: database.url })
  for (const typed of ['Ada@Example.NET', 'ADA@EXAMPLE.NET', '  ada@example.net\t']) {
    const { browser, challenge, code } = await askAndOpenAs(typed)
    expect((await browser.post('/sign-in/code', { c: challenge, code: code ?? '' })).status).toBe(303)
    expect(await browser.whoAmI()).toBe('ada@example.net')
    kit.clock.forward(20 * 60_000)
  }
  expect(kit.mailbox.messages.map(({ to }) => to)).toEqual(Array(3).fill('ada@example.net'))
  expect(database.rows('select email, sign_in_count as n from users')).toEqual([{ email: 'ada@example.net', n: 3 }])

  async function askAndOpenAs(typed: string) {
    const browser = kit.browser()
    const challenge = await browser.ask(typed)
    await kit.settle()
    return { browser, challenge, ...kit.mailbox.newest('ada@example.net') }
  }
})

test('UN-04: a domain in another script is its own domain, written in ASCII in the envelope', async () => {
  await using kit = await startKit()
  for (const [typed, to] of [
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
    ['ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    ['ada@gmáil.com', 'ada@xn--gmil-6na.com'],
  ] as const) {
    const browser = kit.browser()
    await browser.ask(typed)
    await kit.settle()
    expect([typed, kit.mailbox.messages.at(-1)?.to]).toEqual([typed, to])
  }
  expect(kit.mailbox.all('ada@gmail.com')).toEqual([])
})

test('UN-06: UN-08: what is an address, and what is not', async () => {
  await using kit = await startKit()
  const label = 'a'.repeat(63)
  const table: Record<string, 303 | 422> = {
    'a@b.example': 303,
    'a+tag@b.example': 303,
    'a.b.c@sub.domain.example': 303,
    "o'neill@b.example": 303,
    'a@1b.example': 303,
    [`${'a'.repeat(64)}@b.example`]: 303,
    [`${'a'.repeat(65)}@b.example`]: 422,
    [`a@${label}.example`]: 303,
    [`a@a${label}.example`]: 422,
    [`a@${[label, label, label].join('.')}.${'a'.repeat(60)}`]: 303,
    [`ab@${[label, label, label].join('.')}.${'a'.repeat(60)}`]: 422,
    'a@gmail.com.': 422,
    'a..b@b.example': 422,
    '.a@b.example': 422,
    'a.@b.example': 422,
    'a@b..example': 422,
    'a@-b.example': 422,
    'a@b-.example': 422,
    'a@b_c.example': 422,
    'a@localhost': 422,
    'a@192.0.2.1': 422,
    'a@[192.0.2.1]': 422,
    'a@[IPv6:2001:db8::1]': 422,
    '"a"@b.example': 422,
    'a b@b.example': 422,
    'ада@b.example': 422,
    'é@b.example': 422,
    a: 422,
    '@b.example': 422,
    'a@': 422,
    '': 422,
  }
  for (const [email, status] of Object.entries(table)) {
    kit.clock.forward(60_000)
    expect([email, (await kit.browser().post('/sign-in', { email })).status]).toEqual([email, status])
  }
})
