// What a sign-in mail says, in every shape; and that nothing put into it can become markup, a header, or another value.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { languages } from '../words/words.ts'
import { type SignInMailInput, signInMail } from './sign-in.tsx'

const MINUTE = 60_000
const at = Date.UTC(2026, 4, 4, 13, 55)
const link = 'https://auth.example.com/l/kf3Zq0WvYc8mTnRx2#HbYwqTzKfJxNvGmRcLpSdWkQhBtZyXnVgMrCjPlFsDw'
const notMe = 'https://auth.example.com/not-me/kf3Zq0WvYc8mTnRx2bcdfghjklmnpqrstbcdfghjk'
const both: SignInMailInput = {
  brand: { name: 'Acme', mailFrom: 'signin@example.com', support: 'mailto:help@example.com' },
  locale: 'en',
  to: 'ada@example.org',
  link,
  code: '482913',
  notMe,
  network: null,
  codeOff: false,
  linkExpiresAt: at + 15 * MINUTE,
  codeExpiresAt: at + 10 * MINUTE,
  sentAt: at,
  device: 'Firefox on Linux',
  askedAt: at,
  codeInSubject: true,
  host: 'auth.example.com',
}
const shapes: Record<string, SignInMailInput> = {
  both,
  'both, subject without code': { ...both, codeInSubject: false },
  'code only': { ...both, link: null },
  'link only': { ...both, code: null },
  'code withheld': { ...both, code: null, codeOff: true },
}

/** What a person sees, roughly: no head, no comments, no preheader, no tags. */
function visible(html: string): string {
  return html
    .replace(/<head>[\s\S]*<\/head>/, '')
    .replace(/<!--\[if mso\]>[\s\S]*?<!\[endif\]-->/g, '')
    .replace(/<div style="display:none[\s\S]*?<\/div>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
}

describe('the text part', () => {
  test('is complete, with the code and the link each a paragraph of its own', () => {
    expect(signInMail(both).text).toBe(
      `${[
        'Acme: Your sign-in code',
        'Type it on the page where you asked for it.',
        '482913',
        'It works for 10 minutes, until 14:05 UTC.',
        'or',
        'Sign in to Acme with this link:',
        link,
        'It works once, for 15 minutes, until 14:10 UTC.',
        '--',
        'Someone asked to sign in to Acme with Firefox on Linux at 13:55 UTC.',
        'Didn’t ask for this? Ignore this mail. Nobody can sign in without it.\nNever read this code to anyone, not even to us.',
        `To say that it was not you:\n${notMe}`,
        'Sent by Acme (auth.example.com). Sent to ada@example.org.',
        'Questions? help@example.com',
      ].join('\n\n')}\n`,
    )
  })

  test('says why the code is missing when it was withheld', () => {
    const { text, subject } = signInMail(shapes['code withheld'] as SignInMailInput)
    expect(text).toContain('This mail has only the link. Too many wrong codes were typed lately.\n')
    expect(text).not.toContain('read this code')
    expect(subject).toBe('Sign in to Acme')
    expect(signInMail(shapes['link only'] as SignInMailInput).text).not.toContain('wrong codes')
  })

  test('has lines under 78 characters, but for the links', () => {
    const long = {
      ...both,
      brand: { ...both.brand, name: 'The Very Long Name of a Company that Could Not Stop Adding Words to Its Own Name' },
    }
    for (const line of signInMail(long).text.split('\n')) expect(line === link || line === notMe || line.length < 78, line).toBe(true)
  })
})

describe.each(Object.entries(shapes))('a mail with %s', (_name, input) => {
  const mail = signInMail(input)

  test('holds one code, seen once in each part, and no other run of six digits', () => {
    const codes = input.code === null ? [] : [input.code]
    expect(mail.text.match(/\d{6,}/g) ?? []).toEqual(codes)
    expect(visible(mail.html).match(/\d{6,}/g) ?? []).toEqual(codes)
    // In the list of mails the code is shown once too: by the subject, or else by the preheader.
    const listed = input.code !== null && !input.codeInSubject ? [...codes, ...codes] : codes
    expect(mail.html.match(/\d{6,}/g) ?? []).toEqual(listed)
    if (input.code !== null) {
      expect(mail.html).toContain(`>${input.code}<`)
      expect(visible(mail.html)).toMatch(new RegExp(`sign-in code .{0,80}${input.code}`))
    }
  })

  test('has one link to follow and one to say that it was not asked for, behind words, and the host in plain text without a scheme', () => {
    const hrefs = [...mail.html.matchAll(/<a [^>]*href="([^"]*)"/g)].map((match) => match[1])
    expect(hrefs).toEqual(input.link === null ? [notMe] : [input.link, notMe])
    expect(mail.html.match(/https?:/g) ?? []).toHaveLength(input.link === null ? 1 : 3) // one of them for Outlook
    expect(visible(mail.html)).not.toContain('://')
    if (input.link !== null) {
      expect(visible(mail.html)).toContain('opens auth.example.com.')
      expect(mail.html).toMatch(/<v:roundrect [^>]*href="https:\/\/auth\.example\.com\/l\//)
    }
    expect(mail.html).not.toMatch(/<img|<script|url\(|@import|@font-face/i)
  })

  test('is small, says its language, and knows the dark', () => {
    expect(mail.html.length).toBeLessThan(10_000)
    expect(mail.html).toMatch(/^<!doctype html><html lang="en" dir="ltr"/)
    expect(mail.html).toContain('<meta name="color-scheme" content="light dark"/>')
    expect(mail.html).toContain('@media (prefers-color-scheme:dark)')
    for (const table of mail.html.match(/<table [^>]*>/g) ?? []) expect(table).toContain('role="presentation"')
    expect(mail.html).not.toMatch(/[\uE000\uE001]|undefined|\[object/)
  })

  test('asks no machine to answer and claims to be no list', () => {
    expect(mail.headers).toMatchObject({ 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' })
    expect(Object.keys(mail.headers).filter((name) => /^(precedence|list-)/i.test(name))).toEqual([])
    expect(mail.headers['X-Entity-Ref-ID']).not.toBe(signInMail(input).headers['X-Entity-Ref-ID'])
    expect(JSON.stringify(mail.headers)).not.toContain('482913')
  })
})

const confirming = Object.fromEntries(
  Object.entries(shapes).map(([name, input]) => [`${name}, to confirm`, { ...input, kind: 'step_up' as const }]),
)

const changing: Record<string, SignInMailInput> = {
  'both, to change the address': { ...both, kind: 'change_email' },
  'both, to leave an address': { ...both, kind: 'leave_email' },
  'a link, to take a change back': { ...both, code: null, notMe: null, kind: 'undo_email' },
  'nothing, to tell an owner': { ...both, code: null, link: null, notMe: null, kind: 'address_taken' },
  'a link, to tell of a new device': { ...both, code: null, notMe: null, network: '203.0.113.0/24', kind: 'new_device' },
  'a link, to stop somebody who waits to get in': { ...both, code: null, notMe: null, kind: 'cancel_recovery' },
  'a link, after the wait': { ...both, code: null, notMe: null, kind: 'open_recovery' },
  'a code, to begin the wait': { ...both, kind: 'begin_recovery' },
}

describe.each([...languages.values()])('in $name', ({ lang, dir }) => {
  test.each(Object.entries({ ...shapes, ...confirming, ...changing }))(
    'a mail with %s is whole, in one language, with one code and one link',
    (_name, input) => {
      const { subject, text, html } = signInMail({ ...input, locale: lang })
      expect(html).toContain(`<html lang="${lang}" dir="${dir}"`)
      for (const part of [subject, text, html]) expect(part).not.toMatch(/undefined|\[object|[\uE000\uE001]|\{\w+\}/)
      if (input.code !== null) {
        expect(text).toContain(`\n\n${input.code}\n\n`)
        expect(text.match(/\d{6,}/g)).toEqual([input.code])
        expect(subject.includes(input.code)).toBe(input.codeInSubject)
        // No mark beside the digits: programs look for the code there.
        if (input.codeInSubject) expect(subject).toMatch(new RegExp(`(^| )${input.code} `))
      }
      if (input.link !== null) expect(text).toContain(`\n\n${link}\n\n`)
      for (const line of text.split('\n')) expect(line === link || line === notMe || line.length < 78, line).toBe(true)
      const english = signInMail(input)
      if (lang !== 'en')
        for (const sentence of english.text.split('\n')) if (/^[A-Z].*\.$/.test(sentence)) expect(text).not.toContain(sentence)
      expect((html.match(/<[^/][^>]*>/g) ?? []).length).toBe((english.html.match(/<[^/][^>]*>/g) ?? []).length)
    },
  )

  test('a mail to confirm says so, in all that it is told from a sign-in by', () => {
    const [signing, confirms] = [both, { ...both, kind: 'step_up' as const }].map((input) => signInMail({ ...input, locale: lang }))
    const lines = (mail: typeof signing): string[] => (mail?.text ?? '').split('\n\n')
    const shared = lines(signing).filter((line) => lines(confirms).includes(line))
    // Where it is typed, the code, how long, "or", the link, how long, the rule, where to say no, who sent it, whom to ask.
    expect(shared).toHaveLength(10)
    expect(confirms?.subject).not.toBe(signing?.subject)
  })
})

test('how long things work comes from the mail’s own times, rounded down, with the day where it is another one', () => {
  const said = (ttl: number): string =>
    /It works once, for .*/
      .exec(signInMail({ ...both, linkExpiresAt: at + ttl }).text.replaceAll('\n', ' '))?.[0]
      .split(' -- ')[0]
      ?.trim() ?? ''
  expect(said(60 * MINUTE)).toBe('It works once, for 1 hour, until 14:55 UTC.')
  expect(said(15 * MINUTE - 1)).toBe('It works once, for 14 minutes, until 14:09 UTC.')
  expect(said(1)).toBe('It works once, for 1 minute, until 13:55 UTC.')
  expect(said(24 * 60 * MINUTE)).toBe('It works once, for 24 hours, until May 5, 13:55 UTC.')
})

test('the recipient is named, unless the address would look like a second code', () => {
  expect(signInMail(both).text).toContain('Sent to ada@example.org.')
  const { text, html } = signInMail({ ...both, to: 'user202611@example.org' })
  expect(text + html).not.toContain('202611')
})

describe('hostile values', () => {
  const evil = `<b>&"'</b><script>alert(1)</script>--><![endif]--><img src=x onerror=y>`

  test('an application called <b>&"\' and worse stays text, in comments and attributes too', () => {
    const { html, subject } = signInMail({
      ...both,
      brand: { ...both.brand, name: evil, support: evil },
      device: evil,
      host: evil,
      to: evil,
    })
    expect(html).not.toMatch(/<b>|<script|<img|-->\s*<!\[endif\]-->\s*<img/)
    expect(html).toContain('&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;')
    // As many tags and comments as the mail of an honest application.
    expect(html.match(/[<>]/g)).toHaveLength(signInMail(both).html.match(/[<>]/g)?.length ?? 0)
    expect(subject).toContain(evil)
  })

  test('a value that looks like a slot is not filled', () => {
    const { html } = signInMail({
      ...both,
      brand: { ...both.brand, name: '\uE000code\uE001\uE000href\uE001{{code}}$&$1' },
      device: '\uE000href\uE001',
    })
    expect(html.match(/482913/g)).toHaveLength(1)
    expect(html.match(/https:/g)).toHaveLength(3)
    expect(html).toContain('{{code}}$&amp;$1')
  })

  test('an accent that is not a plain colour is not used', () => {
    for (const light of ['red;}</style><script>', 'url(https://evil.example/x)', '#12345', '#1234567']) {
      const { html } = signInMail({ ...both, brand: { ...both.brand, accent: { light, dark: '#ffffff' } } })
      expect(html).not.toContain(light)
    }
    const { html } = signInMail({ ...both, brand: { ...both.brand, accent: { light: '#a1004f', dark: '#ffc0de' } } })
    expect(html).toContain('background-color:#a1004f')
    expect(html).toContain('.button{background-color:#ffc0de!important')
    expect(signInMail(both).html).not.toContain('#a1004f')
  })

  test('a link that is no plain http(s) address, a code that is no code, or neither of both, is a bug and makes no mail', () => {
    for (const bad of ['javascript:alert(1)', 'https://x.example/ y', 'https://x.example/\n', '//x.example', 'data:text/html,x', '']) {
      expect(() => signInMail({ ...both, link: bad }), bad).toThrow(TypeError)
      expect(() => signInMail({ ...both, notMe: bad }), bad).toThrow(TypeError)
    }
    for (const bad of ['12345', '482 913', '482913\n', '<b>', '']) expect(() => signInMail({ ...both, code: bad }), bad).toThrow(TypeError)
    expect(() => signInMail({ ...both, link: null, code: null })).toThrow(TypeError)
  })

  test('IN-01: whatever the strings, the subject is one line and the HTML has the same tags', () => {
    const tags = (html: string): string => (html.match(/<[^>]*>/g) ?? []).map((tag) => tag.replace(/".*"/g, '')).join('')
    const expected = tags(signInMail(both).html)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ unit: 'binary', maxLength: 60 }), (name, device) => {
        const { subject, html, text } = signInMail({ ...both, brand: { ...both.brand, name }, device })
        expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u)
        expect(tags(html)).toBe(expected)
        expect(text).toContain(`\n\n${link}\n\n`)
      }),
      { numRuns: 300 },
    )
  })
})
