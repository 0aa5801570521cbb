// Holds the texts of a language, or what a tenant puts in their place, against English: the same keys, the same gaps, all plural
// forms that the language has. Run at each build (scripts/build.mjs), by the tests, and before a tenant's words are taken.
import { en } from './en.ts'
import { parse } from './message.ts'

interface Texts {
  readonly [key: string]: string | Texts
}

export interface Checked {
  /** For Intl. */
  readonly locale: string
  /** Some texts only, and gaps may be left out: what a tenant says is the tenant's. */
  readonly partial?: boolean
}

/** What is wrong, each with where it is: `ask.heading: …`. Empty: nothing. */
export function faultsOf(texts: unknown, checked: Checked, model: Texts = en, path = ''): string[] {
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts)) return [`${path || 'texts'}: is not an object of texts`]
  const given = texts as Record<string, unknown>
  const at = (key: string): string => (path === '' ? key : `${path}.${key}`)
  const strange = Object.keys(given)
    .filter((key) => !Object.hasOwn(model, key))
    .map((key) => `${at(key)}: there is no such text in English`)
  const unfit = Object.entries(model).flatMap(([key, own]) => {
    if (!Object.hasOwn(given, key)) return checked.partial ? [] : [`${at(key)}: is missing`]
    if (typeof own !== 'string') return faultsOf(given[key], checked, own, at(key))
    return faultsOfText(given[key], own, checked).map((fault) => `${at(key)}: ${fault}`)
  })
  return [...strange, ...unfit]
}

const LONGEST = 600

function faultsOfText(text: unknown, own: string, { locale, partial }: Checked): string[] {
  if (typeof text !== 'string') return ['is not a text']
  if (text.trim() === '') return ['is empty']
  if (text !== text.trim()) return ['begins or ends with a space']
  if (text.length > LONGEST) return [`is longer than ${LONGEST} characters`]
  // Line breaks would end a mail's header, and marks of direction turn about what follows.
  if (/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u.test(text)) return ['has a control character']
  // In ICU syntax it may or may not begin something quoted.
  if (text.includes("'")) return ["has a straight ' — write ’"]
  let gaps: Gaps
  try {
    gaps = gapsOf(text, locale)
  } catch (error) {
    return [error instanceof Unfit ? error.message : `is not a message in ICU syntax: ${(error as Error).message}`]
  }
  const wanted = gapsOf(own, 'en')
  return [
    ...[...wanted.keys()].filter((name) => !partial && !gaps.has(name)).map((name) => `{${name}} is missing`),
    ...[...gaps].flatMap(([name, gap]) => {
      const fits = wanted.get(name)
      if (fits === undefined)
        return [
          `{${name}} is not known here${wanted.size > 0 ? `, only ${[...wanted.keys()].map((known) => `{${known}}`).join(', ')}` : ''}`,
        ]
      if (gap.number && !fits.number) return [`{${name}} is a text and cannot be counted`]
      const branches = [...gap.branches].filter((branch) => !fits.branches.has(branch))
      return branches.map((branch) => `{${name}} is never "${branch}"`)
    }),
  ]
}

interface Gap {
  number: boolean
  /** Of a `select`. */
  readonly branches: Set<string>
}
type Gaps = Map<string, Gap>
type Element = ReturnType<ReturnType<typeof parse>['getAst']>[number]

class Unfit extends Error {}

// As the library numbers them.
const LITERAL = 0
const ARGUMENT = 1
const NUMBER = 2
const SELECT = 5
const PLURAL = 6
const POUND = 7

/** @throws Unfit, or the library's SyntaxError */
function gapsOf(text: string, locale: string): Gaps {
  const gaps: Gaps = new Map()
  // A text without a brace is never parsed when it is said either.
  if (text.includes('{')) collect(parse(text, locale).getAst(), locale, gaps)
  return gaps
}

function collect(elements: readonly Element[], locale: string, gaps: Gaps): void {
  for (const element of elements) {
    if (element.type === LITERAL || element.type === POUND) continue
    const gap = gaps.get(element.value) ?? { number: false, branches: new Set() }
    gaps.set(element.value, gap)
    if (element.type === ARGUMENT) continue
    if (element.type === NUMBER && element.style == null) gap.number = true
    else if (element.type === SELECT || element.type === PLURAL) {
      if (element.type === PLURAL) {
        gap.number = true
        checkPlurals(element.value, Object.keys(element.options), element.pluralType ?? 'cardinal', locale)
      } else for (const branch of Object.keys(element.options)) gap.branches.add(branch)
      for (const { value } of Object.values(element.options)) collect(value, locale, gaps)
    } else throw new Unfit(`{${element.value}}: only {name}, number, plural and select are used here`)
  }
}

function checkPlurals(name: string, given: readonly string[], type: 'cardinal' | 'ordinal', locale: string): void {
  const rules = new Intl.PluralRules(locale, { type })
  // Some languages have a form for millions alone, and nothing here is counted in millions.
  const needed = new Set(Array.from({ length: 1_001 }, (_, count) => rules.select(count)))
  const missing = [...needed].filter((category) => !given.includes(category))
  if (missing.length > 0) throw new Unfit(`{${name}} has no form "${missing.join('", "')}" (${[...needed].join(', ')} are needed)`)
  const has: readonly string[] = rules.resolvedOptions().pluralCategories
  const strange = given.filter((category) => category !== 'other' && !has.includes(category) && !/^=\d+$/.test(category))
  if (strange.length > 0) throw new Unfit(`{${name}} has the form "${strange.join('", "')}", which this language does not`)
}
