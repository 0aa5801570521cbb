// The table of what is an address here and what is not (UN-06 documents the edges), and what holds for any text.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Address, type AddressFault, mailboxKey, maskAddress, readAddress } from './address.ts'

const emailOf = (typed: string): string | AddressFault => {
  const result = readAddress(typed)
  return result.ok ? result.address.email : result.why
}
const addressOf = (typed: string): Address => {
  const result = readAddress(typed)
  if (!result.ok) throw new Error(`not an address: ${result.why}`)
  return result.address
}

const label = 'a'.repeat(63)
const domainOf = (length: number): string => `${label}.${label}.${label}.${'b'.repeat(length - 192)}`

const accepted: readonly (readonly [string, string, string])[] = [
  ['UN-06', 'ada@example.com', 'ada@example.com'],
  ['UN-09', 'Ada.Lovelace@Example.COM', 'ada.lovelace@example.com'],
  ['UN-06', ' \t\r\n\fada@example.com\n ', 'ada@example.com'],
  ['RL-10', 'ada+tag@example.com', 'ada+tag@example.com'],
  ['UN-06', "o'brien@example.com", "o'brien@example.com"],
  ['UN-06', '#$&*/?=^_`{|}~-@example.com', '#$&*/?=^_`{|}~-@example.com'],
  ['IN-04', '-froot@example.com', '-froot@example.com'],
  ['UN-06', '0@1.de', '0@1.de'],
  ['UN-06', 'ada@3com.com', 'ada@3com.com'],
  ['UN-06', 'ada@mail.example.co.uk', 'ada@mail.example.co.uk'],
  ['UN-06', 'ada@a--b.example', 'ada@a--b.example'],
  ['UN-06', 'ada@bücher.example', 'ada@xn--bcher-kva.example'],
  ['UN-06', 'ada@BÜCHER.example', 'ada@xn--bcher-kva.example'],
  ['UN-06', 'ada@XN--BCHER-KVA.example', 'ada@xn--bcher-kva.example'],
  ['UN-01', 'ada@faß.de', 'ada@xn--fa-hia.de'],
  ['UN-06', 'ada@例え.jp', 'ada@xn--r8jz45g.jp'],
  ['UN-04', 'ada@gmaıl.com', 'ada@xn--gmal-nza.com'],
  ['UN-04', 'ada@gmáil.com', 'ada@xn--gmil-6na.com'],
  ['UN-13', 'ada@аpple.com', 'ada@xn--pple-43d.com'],
  ['UN-06', `${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ['UN-06', `a@${label}.de`, `a@${label}.de`],
  ['UN-06', `a@${domainOf(252)}`, `a@${domainOf(252)}`],
]

const refused: readonly (readonly [string, string, AddressFault])[] = [
  ['UN-06', '', 'empty'],
  ['UN-06', ' \n', 'empty'],
  ['UN-06', 'ada', 'at'],
  ['UN-06', 'ada@', 'domain'],
  ['UN-06', '@example.com', 'local'],
  ['UN-06', 'ada@example.com.', 'domain'],
  ['UN-06', 'ada@a..b', 'domain'],
  ['UN-06', 'ada@.example.com', 'domain'],
  ['UN-06', 'ada@-a.com', 'domain'],
  ['UN-06', 'ada@a-.com', 'domain'],
  ['UN-06', 'ada@a_b.com', 'domain'],
  ['UN-06', 'ada@[127.0.0.1]', 'domain'],
  ['UN-06', 'ada@[IPv6:::1]', 'domain'],
  ['UN-06', 'ada@127.0.0.1', 'domain'],
  ['UN-06', 'ada@1.2.3', 'domain'],
  ['UN-06', 'ada@example.0x7f', 'domain'],
  ['UN-06', 'ada@example.123', 'domain'],
  ['UN-06', 'ada@localhost', 'domain'],
  ['UN-06', 'ada@xn--.com', 'domain'],
  ['UN-06', 'ada@xn--a.com', 'domain'],
  ['UN-06', 'ada@mail.xn--a-ecp.ru', 'domain'],
  ['UN-06', 'ada@xn--999999999.com', 'domain'],
  ['UN-06', 'ada@xn--xn---epa.com', 'domain'],
  ['UN-06', 'ada@xn--abc-.com', 'domain'],
  ['UN-06', `a@${label}a.de`, 'domain'],
  ['UN-06', `a@${domainOf(253)}`, 'too_long'],
  ['UN-06', `a@${domainOf(254)}`, 'domain'],
  ['UN-06', `${'a'.repeat(65)}@example.com`, 'too_long'],
  ['UN-06', `a@${'a.'.repeat(600)}de`, 'too_long'],
  ['UN-06', '.ada@example.com', 'local'],
  ['UN-06', 'ada.@example.com', 'local'],
  ['UN-06', 'a..da@example.com', 'local'],
  ['UN-06', 'ada@example.com:25', 'domain'],
  ['UN-06', 'ada@example.com/x', 'domain'],
  ['UN-06', 'ada@ex%61mple.com', 'domain'],
  ['UN-06', 'ada@example.com?x', 'domain'],
  ['UN-06', 'ada@exam\\ple.com', 'domain'],
  ['IN-02', 'a@x.com,b@y.com', 'at'],
  ['IN-02', 'a@x.com;b@y.com', 'at'],
  ['IN-02', 'a@x.com b@y.com', 'characters'],
  ['IN-02', '<a@x.com>b@y.com', 'at'],
  ['IN-02', '<a@x.com>', 'local'],
  ['IN-02', 'Name <a@x.com>', 'characters'],
  ['IN-02', 'Name<a@x.com>', 'local'],
  ['IN-02', 'a@x.com,', 'domain'],
  ['IN-02', 'a,b@x.com', 'local'],
  ['IN-02', 'mailto:a@x.com', 'local'],
  ['IN-02', 'group:a@x.com;', 'local'],
  ['IN-02', 'a(comment)@x.com', 'local'],
  ['IN-02', 'a@x.com(comment)', 'domain'],
  ['IN-02', '"a"@x.com', 'local'],
  ['IN-02', '"e@attacker.example"@x.com', 'at'],
  ['IN-02', '"a b"@x.com', 'characters'],
  ['IN-02', 'a\\@b@x.com', 'at'],
  ['IN-02', 'victim%other.example@x.com', 'local'],
  ['IN-02', 'other.example!victim@x.com', 'local'],
  ['IN-02', '=?utf-8?q?a=40b?=@x.com', 'local'],
  ['IN-01', 'a@x.com\r\nBcc: b@y.com', 'characters'],
  ['IN-01', 'a@x.com\nb', 'characters'],
  ['IN-01', 'a\r@x.com', 'characters'],
  ['IN-01', 'a@x.com\0', 'characters'],
  ['IN-01', 'a@x\u2028.com', 'characters'],
  ['IN-01', 'a%0d%0aRCPT@x.com', 'local'],
  ['UN-11', 'a\u202eb@x.co', 'characters'],
  ['UN-11', 'a\u200b@x.com', 'characters'],
  ['UN-11', '\ufeffa@x.com', 'characters'],
  ['UN-11', 'a@ab\u00ad.co', 'characters'],
  ['UN-11', 'a@gm\ufe0fail.com', 'characters'],
  ['UN-11', 'a@gm\u034fail.com', 'characters'],
  ['UN-06', '\u00a0a@x.com', 'characters'],
  ['UN-06', 'a@x.com\u3000', 'characters'],
  ['UN-01', 'a\uff20x.com', 'characters'],
  ['UN-01', 'a\ufe6bx.com', 'characters'],
  ['UN-01', 'a@x\uff0ecom', 'characters'],
  ['UN-01', 'a@x\u3002com', 'characters'],
  ['UN-01', 'a@x\uff61com', 'characters'],
  ['UN-01', 'a@x\u2024com', 'characters'],
  ['UN-01', 'a@\uff10.com', 'characters'],
  ['UN-01', 'a@\ufb00.com', 'characters'],
  ['UN-01', 'a@\u212aelvin.com', 'characters'],
  ['UN-01', '\u212aate@x.com', 'characters'],
  ['UN-01', 'ſam@x.com', 'characters'],
  ['UN-01', 'ᴮᴵᴳᴮᴵᴿᴰ@x.com', 'characters'],
  ['UN-01', 'mıke@example.com', 'local'],
  ['UN-01', 'MİKE@example.com', 'local'],
  ['UN-01', 'straße@example.com', 'local'],
  ['UN-01', 'аda@example.com', 'local'],
  ['UN-08', 'üser@example.com', 'local'],
  ['UN-06', 'a@bu\u0308cher.example', 'characters'],
  ['UN-07', 'a@\u03aa\u0301.example', 'domain'],
  ['UN-06', 'a@x.com\ud800', 'characters'],
]

describe('an address as typed', () => {
  test.each(accepted)('%s: %j is %s', (_, typed, email) => {
    expect(emailOf(typed)).toBe(email)
  })

  test.each(refused)('%s: %j is refused: %s', (_, typed, why) => {
    expect(emailOf(typed)).toBe(why)
  })

  test('gives its parts', () => {
    expect(addressOf('Ada@Bücher.example')).toEqual({ email: 'ada@xn--bcher-kva.example', local: 'ada', domain: 'xn--bcher-kva.example' })
  })

  test('UN-01: no character outside ASCII stands for one inside, in neither part', () => {
    for (let point = 0x80; point <= 0x1_ffff; point++) {
      const character = String.fromCodePoint(point)
      const local = readAddress(`a${character}b@example.com`)
      if (local.ok) throw new Error(`local part took U+${point.toString(16)}`)
      if (/[\p{C}\p{Z}]/u.test(character) || (point >= 0x3400 && point <= 0xd7ff)) continue
      const domain = readAddress(`a@x${character}y.com`)
      if (domain.ok && !domain.address.domain.startsWith('xn--')) throw new Error(`domain took U+${point.toString(16)} for ASCII`)
    }
  })

  test('UN-07: what is accepted is canonical ASCII, and reads as itself', () => {
    const bit = fc.oneof(
      fc.constantFrom(
        'a',
        'B',
        '1',
        '.',
        '-',
        '+',
        '@',
        'ü',
        'ß',
        'İ',
        'ſ',
        'K',
        '例',
        'xn--',
        '＠',
        '。',
        '\u0307',
        '\u200d',
        'com',
        'ς',
        'Σ',
        'Ꭰ',
        'ꭰ',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    )
    const near = fc
      .tuple(fc.array(bit, { minLength: 1, maxLength: 4 }), fc.array(bit, { minLength: 1, maxLength: 6 }))
      .map(([local, domain]) => `${local.join('')}@${domain.join('')}.com`)
    fc.assert(
      fc.property(
        fc.oneof(
          { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
          { weight: 1, arbitrary: fc.emailAddress() },
          { weight: 8, arbitrary: near },
        ),
        (typed) => {
          const first = readAddress(typed)
          if (!first.ok) return
          const { email, local, domain } = first.address
          expect(email).toBe(`${local}@${domain}`)
          expect(email).toMatch(/^[!-?A-~]+@[a-z0-9-]+(\.[a-z0-9-]+)+$/)
          expect(email).toBe(email.toLowerCase())
          expect(email.length).toBeLessThanOrEqual(254)
          expect(readAddress(email)).toEqual(first)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('the key of a mailbox', () => {
  test.each([
    ['victim+1@example.com', 'victim@example.com'],
    ['victim+a+b@example.com', 'victim@example.com'],
    ['v.i.ctim+999@gmail.com', 'victim@gmail.com'],
    ['V.Ictim@googlemail.com', 'victim@gmail.com'],
    ['v.ictim@example.com', 'v.ictim@example.com'],
    ['victim-shop@yahoo.com', 'victim@yahoo.com'],
    ['victim-shop@example.com', 'victim-shop@example.com'],
    ['vic_ti-m@pm.me', 'victim@proton.me'],
    ['victim@me.com', 'victim@icloud.com'],
    ['vic-tim@ya.ru', 'victim@yandex.ru'],
    ['+@example.com', '+@example.com'],
    ['-@yandex.ru', '-@yandex.ru'],
  ])('RL-10: %s is counted as %s', (typed, key) => {
    expect(mailboxKey(addressOf(typed).email)).toBe(key)
  })

  test('RL-10: a thousand spellings are one mailbox, and a thousand identities', () => {
    const spellings = Array.from({ length: 999 }, (_, n) => addressOf(`victim+${n}@example.com`))
    expect(new Set(spellings.map(({ email }) => mailboxKey(email))).size).toBe(1)
    expect(new Set(spellings.map(({ email }) => email)).size).toBe(999)
  })
})

describe('a masked address', () => {
  test.each([
    ['jane@example.com', 'j•••@example.com'],
    ['jo@example.com', 'j•••@example.com'],
    ['j@example.com', '•••@example.com'],
    ['@example.com', '•••@example.com'],
    ['', '•••'],
    ['x', '•••'],
    ['𝒳@example.com', '•••@example.com'],
  ])('%j shows as %s', (email, masked) => {
    expect(maskAddress(email)).toBe(masked)
  })
})
