// Every language: all texts, all gaps, all plural forms; what is said with values; and that the check bites.
import { describe, expect, test } from 'vitest'
import { type PolicyInput, readPolicy } from '../core/policy.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { deviceNames } from '../http/device.ts'
import { faultsOf } from './check.ts'
import { en } from './en.ts'
import { explain } from './explain.ts'
import { mailLimits } from './face.ts'
import { messageOf, type Say } from './message.ts'
import { overlay } from './overlay.ts'
import { languageFor, languages, wordsFor } from './words.ts'

const MINUTE = 60_000
const NOW = Date.UTC(2026, 10, 21, 14, 10, 20)
const all = [...languages.values()]
const others = all.filter(({ lang }) => lang !== 'en')

function policyOf(overrides: PolicyInput = {}) {
  const read = readPolicy(overrides)
  if (!read.ok) throw new Error(read.problems.join('; '))
  return read.policy
}

interface Texts {
  readonly [key: string]: string | Texts
}

function leaves(texts: Texts, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, text]) =>
    typeof text === 'string' ? [[`${path}${key}`, text] as [string, string]] : leaves(text, `${path}${key}.`),
  )
}

describe.each(all)('$name', (language) => {
  const { lang, texts } = language
  const words = wordsFor(lang)

  test('has every text with every gap, and all forms of plural', () => {
    expect(faultsOf(texts, { locale: language.locale ?? lang })).toEqual([])
  })

  test('speaks calmly: no exclamation marks, no straight quotes, nothing left open', () => {
    for (const [path, text] of leaves(texts)) expect(text, path).not.toMatch(/[!！"'`<>]|TODO|\?\?/)
  })

  const shown = (Object.keys(reasons) as ReasonCode[]).filter((code) => Object.hasOwn(en.faces, reasons[code].face))
  const numbers = { triesLeft: 3, retryAfterMs: 4 * MINUTE, at: NOW - MINUTE }

  test.each(shown)('says %s under every policy, with and without what may be known', (reason) => {
    for (const methods of [['link', 'code'], ['link'], ['code']] as const)
      for (const known of [numbers, {}, { triesLeft: 0 }, { triesLeft: 1 }, { at: NOW - 3 * 24 * 60 * MINUTE }]) {
        const { title, detail, nextStep } = explain(words, { reason, ...known }, policyOf({ methods: [...methods] }), NOW)
        for (const said of [title, detail, nextStep]) expect(said).not.toMatch(/[{}]|undefined|NaN|unknown|^\s|\s$| {2}/)
        for (const said of [detail, nextStep]) expect(said.replace(/\u2069/g, '')).toMatch(/[.。]$/)
      }
  })

  test('numbers are those of the policy in force', () => {
    const policy = policyOf({ linkTtl: '37m', mailsPerLinkTtl: 4, mailsPerAddress: [{ count: 17, per: '36h' }] })
    const limits = mailLimits(words, policy)
    for (const number of ['4', '37', '17', '36']) expect(limits).toContain(number)
    expect(explain(words, { reason: 'link_expired' }, policy, NOW).detail).toContain(words.duration(37 * MINUTE))
    expect(explain(words, { reason: 'code_wrong', triesLeft: 3 }, policy, NOW).detail).toContain('3')
  })

  test('browsers are told in it', () => {
    for (const name of deviceNames) {
      const told = words.device(name)
      expect(told).not.toMatch(/[{}]|undefined/)
      if (lang !== 'en') expect(told).not.toMatch(/\b(an|on|unknown)\b/)
    }
    if (lang === 'en') for (const name of deviceNames) expect(words.device(name)).toBe(name)
    // What stands first decides from where it is read, and it must not be a Latin name.
    if (language.dir === 'rtl') expect(words.device('Firefox on Linux')).toMatch(/^[^\p{L}]*\u200F/u)
  })

  test('times and ages are told in it, with the zone', () => {
    expect(words.clock(NOW, NOW)).toBe('14:10 UTC')
    const other = words.clock(NOW - 24 * 60 * MINUTE, NOW)
    expect(other).toContain('14:10 UTC')
    expect(other).toContain('20')
    expect(words.ago(NOW - 1_000, NOW)).not.toMatch(/\d/)
    expect(words.ago(NOW - 3 * MINUTE, NOW)).toContain('3')
    expect(words.duration(90 * MINUTE)).toContain('30')
  })
})

test('a translation is not English left as it was', () => {
  const own = new Map(leaves(en))
  // Short words may be the same in two languages.
  const long = (text: string): boolean => text.replace(/\{\w+\}/g, '').length > 12
  for (const { lang, texts } of others)
    for (const [path, text] of leaves(texts)) if (long(text)) expect(text, `${lang}: ${path}`).not.toBe(own.get(path))
})

test('a tag leads to the nearest language that we have', () => {
  expect(['de', 'DE-at', 'de-Latn-CH-1996', 'en-GB', 'xx', '', 'd', 'constructor', 'de_AT'].map(languageFor)).toEqual([
    'de',
    'de',
    'de',
    'en',
    null,
    null,
    null,
    null,
    null,
  ])
  expect(wordsFor('xx').lang).toBe('en')
})

describe('a message', () => {
  const left = { locale: 'en', dir: 'ltr' } as const
  const right = { locale: 'ar', dir: 'rtl' } as const

  test('without a gap is the text itself, whatever it looks like', () => {
    expect(messageOf('100 % # it’s', left, false)).toBe('100 % # it’s')
  })

  test('what fills a gap is never read again, and an element stays the element it is', () => {
    const say = messageOf('To {who}, {n, plural, one {# try} other {# tries}}', left, true) as Say<{ who: string; n: number }>
    expect(say({ who: '{n} <b> #', n: 2 })).toBe('To {n} <b> #, 2 tries')
    const element = { tag: 'bdi' }
    expect(say.pieces({ who: element, n: 1 })).toEqual(['To ', element, ', 1 try'])
  })

  test('in a language written from the right, names are set apart; numbers, words and branches are not', () => {
    const say = messageOf('{a} {b} {c} {d, select, both {x} other {y}}', right, true) as Say<object>
    expect(say({ a: 'auth.example.com', b: '482913', c: 'Acme', d: 'both' })).toBe('\u2068auth.example.com\u2069 482913 Acme x')
    expect((messageOf('{a}', left, true) as Say<object>)({ a: 'auth.example.com' })).toBe('auth.example.com')
  })
})

describe('the check', () => {
  const model = {
    a: {
      plain: 'Sign in',
      named: 'To {brand}',
      counted: '{n, plural, one {# try} other {# tries}}',
      way: '{m, select, both {x} other {y}}',
    },
  }
  const good = model.a
  const check = (texts: object, locale = 'en', partial = false): string[] => faultsOf({ a: texts }, { locale, partial }, model)

  test.each([
    ['a text that is missing', { plain: good.plain, named: good.named, way: good.way }, 'a.counted: is missing'],
    ['a text that English does not have', { ...good, titel: 'x' }, 'a.titel: there is no such text in English'],
    ['a gap that is missing', { ...good, named: 'To you' }, 'a.named: {brand} is missing'],
    ['a gap that nothing fills', { ...good, named: 'To {brand} {app}' }, 'a.named: {app} is not known here, only {brand}'],
    ['a gap where there is none', { ...good, plain: 'To {brand}' }, 'a.plain: {brand} is not known here'],
    [
      'a text that is counted',
      { ...good, named: '{brand, plural, one {a} other {b}}' },
      'a.named: {brand} is a text and cannot be counted',
    ],
    ['a branch that is never taken', { ...good, way: '{m, select, bth {x} other {y}}' }, 'a.way: {m} is never "bth"'],
    [
      'a form that the language has not',
      { ...good, counted: '{n, plural, one {#} few {#} other {#}}' },
      'a.counted: {n} has the form "few", which this language does not',
    ],
    ['a brace too few', { ...good, named: 'To {brand' }, /^a\.named: is not a message in ICU syntax/],
    ['a plural without "other"', { ...good, counted: '{n, plural, one {#}}' }, /^a\.counted: is not a message in ICU syntax/],
    ['a date', { ...good, named: '{brand, date, short}' }, 'a.named: {brand}: only {name}, number, plural and select are used here'],
    ['a straight quote', { ...good, plain: "it's" }, "a.plain: has a straight ' — write ’"],
    ['nothing', { ...good, plain: ' ' }, 'a.plain: is empty'],
    ['a line break', { ...good, plain: 'Sign\nin' }, 'a.plain: has a control character'],
    ['a mark of direction', { ...good, plain: 'Sign\u202ein' }, 'a.plain: has a control character'],
    ['a number', { ...good, plain: 1 }, 'a.plain: is not a text'],
    ['a text in place of texts', 'x', 'a: is not an object of texts'],
  ] as [string, object, string | RegExp][])('finds %s', (_, texts, fault) => {
    const found = check(texts)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(fault instanceof RegExp ? fault : new RegExp(`^${fault.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`))
  })

  test('finds a form of plural that is missing: Arabic has six', () => {
    expect(check(good, 'ar')).toEqual([
      'a.counted: {n} has no form "zero", "two", "few", "many" (zero, one, two, few, many, other are needed)',
    ])
    expect(check(good, 'fr')).toEqual([])
    expect(check({ ...good, counted: '{n, plural, other {#}}' }, 'ja')).toEqual([])
  })

  test('lets a tenant leave texts and gaps out, but not add any', () => {
    expect(check({ named: 'Welcome' }, 'en', true)).toEqual([])
    expect(check({ named: 'Welcome, {user}' }, 'en', true)).toEqual(['a.named: {user} is not known here, only {brand}'])
    expect(check({ other: 'x' }, 'en', true)).toEqual(['a.other: there is no such text in English'])
  })
})

describe('an overlay', () => {
  test('replaces what it names, in pages, answers and mails, and leaves the rest and the language itself alone', () => {
    const over = {
      ask: { heading: 'Willkommen bei {brand}' },
      faces: { code_wrong: { heading: 'Nicht dieser Code' }, link_expired: { why: 'Zu spät: {linkTtl}.' } },
      mail: { subjectLink: 'Hereinspaziert' },
    }
    const laid = overlay('de-AT', over)
    if (!laid.ok) throw new Error(laid.problems.join('; '))
    const { words } = laid
    expect(words.ask.heading({ brand: 'Acme' })).toBe('Willkommen bei Acme')
    expect(words.ask.title).toBe('Anmelden')
    expect(words.mail.subjectLink({ app: 'Acme' })).toBe('Hereinspaziert')
    const policy = policyOf({ linkTtl: '37m' })
    expect(explain(words, { reason: 'link_expired' }, policy, NOW)).toMatchObject({
      title: 'Dieser Link ist abgelaufen',
      detail: 'Zu spät: 37 Minuten.',
    })
    expect(words.faces.code_wrong.nextLabel).toBe('Noch einmal versuchen')
    expect(wordsFor('de').ask.heading({ brand: 'Acme' })).toBe('Bei Acme anmelden')
  })

  test.each([
    ['en', { ask: { heading: 'Hi {user}' } }, ['ask.heading: {user} is not known here, only {brand}']],
    ['en', { ask: { headline: 'Hi' } }, ['ask.headline: there is no such text in English']],
    ['en', { faces: { code_wrong: { why: 'No.{triesLeft}' } } }, ['faces.code_wrong.why: {triesLeft} is not known here, only {tries}']],
    [
      'ar',
      { limits: { first: '{count, plural, other {#}}' } },
      ['limits.first: {count} has no form "zero", "one", "two", "few", "many" (zero, one, two, few, many, other are needed)'],
    ],
    ['en', { ask: 'Hi', mail: { or: '' } }, ['mail.or: is empty', 'ask: is not an object of texts']],
    ['en', null, ['texts: is not an object of texts']],
    [
      'en',
      JSON.parse('{"__proto__":{"x":"y"},"constructor":"x"}'),
      ['__proto__: there is no such text in English', 'constructor: there is no such text in English'],
    ],
  ])('in %s refuses %j', (tag, over, problems) => {
    expect(overlay(tag, over)).toEqual({ ok: false, problems })
  })

  test('in a language that we do not have lies over English, and nothing is a fine overlay', () => {
    const laid = overlay('xx', {})
    expect(laid.ok && [laid.words.lang, laid.words.ask.title]).toEqual(['en', 'Sign in'])
  })
})
