// One message in ICU syntax, said with values. A text without a gap stays the string it is; one with gaps is parsed at its first
// use and kept: that costs 0.1 ms once, and a microsecond each time it is said.
import { type Formatters, IntlMessageFormat } from 'intl-messageformat'

/** What a message wants filled in, read off its own text: `{name}` a text, `{n, plural, …}` and `{n, number}` a number. */
export type Values<M extends string> = { readonly [G in Gaps<M, 'text'> as G[0]]: G[1] }

/** A text, or how to say one. */
export type Message<M extends string> = [Gaps<M, 'text'>] extends [never] ? string : Say<Values<M>>

export interface Say<V> {
  (values: V): string
  /** In pieces, where something other than text fills a gap: an element of a page. What fills a gap is never read again. */
  pieces<T>(values: { readonly [K in keyof V]: V[K] | T }): (string | T)[]
}

// Braces alternate: in a text one opens a gap, in a gap one opens the text of a branch.
type Gaps<S extends string, In extends 'text' | 'gap'> = S extends `${infer Before}{${infer After}`
  ? Before extends `${string}}${string}`
    ? S extends `${string}}${infer Rest}`
      ? Gaps<Rest, In extends 'text' ? 'gap' : 'text'>
      : never
    : In extends 'gap'
      ? Gaps<After, 'text'>
      : Gap<After> | Gaps<After, 'gap'>
  : never

type Gap<S extends string> = S extends `${infer Head}}${string}`
  ? Head extends `${infer Name}, ${infer Kind}`
    ? [Name, Kind extends `${'plural' | 'selectordinal' | 'number'}${string}` ? number : string]
    : [Head, string]
  : never

/** What decides how numbers and plurals read, and whether names written the other way have to be kept apart. */
export interface Tongue {
  /** For Intl. */
  readonly locale: string
  readonly dir: 'ltr' | 'rtl'
}

type Given = Readonly<Record<string, unknown>>

/** `gaps`: said with values even if this text has none, as a translation may leave one out that a tenant finds superfluous. */
export function messageOf(text: string, tongue: Tongue, gaps: boolean): string | Say<Given> {
  if (!gaps) return text
  let parsed: IntlMessageFormat | undefined
  const format = (): IntlMessageFormat => {
    parsed ??= parse(text, tongue.locale)
    return parsed
  }
  const apart = tongue.dir === 'rtl' ? isolated : (values: Given): Given => values
  const say = (values: Given): string => format().format(apart(values) as never) as string
  const pieces = (values: Given): unknown[] =>
    format()
      .formatToParts(apart(values) as never)
      .map(({ value }) => value)
  return Object.assign(say, { pieces }) as Say<Given>
}

/** @throws SyntaxError if the text is not a message. */
export function parse(text: string, locale: string): IntlMessageFormat {
  return new IntlMessageFormat(text, locale, undefined, { ignoreTag: true, formatters })
}

/**
 * "auth.example.com)" in an Arabic sentence would turn its bracket about: what is more than one word is set apart, by the two
 * characters that Unicode has for it. A single word, a number or what a branch is chosen by reads right as it is.
 */
function isolated(values: Given): Given {
  const apart: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(values))
    apart[name] = typeof value === 'string' && /\p{L}/u.test(value) && /[^\p{L}\p{N}]/u.test(value) ? `\u2068${value}\u2069` : value
  return apart
}

/** The library's own find theirs by what JSON makes of the arguments, which costs more than to use them. */
const formatters: Formatters = {
  getNumberFormat: (locale) => keep(numbers, String(locale), () => new Intl.NumberFormat(locale)),
  getPluralRules: (locale, options) =>
    keep(options?.type === 'ordinal' ? ordinals : cardinals, String(locale), () => new Intl.PluralRules(locale, options)),
  getDateTimeFormat: (...given) => new Intl.DateTimeFormat(...given),
}
const numbers = new Map<string, Intl.NumberFormat>()
const cardinals = new Map<string, Intl.PluralRules>()
const ordinals = new Map<string, Intl.PluralRules>()

function keep<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const found = kept.get(key)
  if (found !== undefined) return found
  const made = make()
  kept.set(key, made)
  return made
}
