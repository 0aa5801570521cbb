// Some words of a language in the place of ours, as a tenant may want them. Held against English as a translation is.
import { faultsOf } from './check.ts'
import type { Language } from './language.ts'
import { english, languageFor, languages, speak, type Words } from './words.ts'

type Texts = Language['texts']

/** Some of the texts, under the same keys. */
export type Overlay<T = Texts> = { readonly [K in keyof T]?: T[K] extends string ? string : Overlay<T[K]> }

export type Overlaid =
  | { readonly ok: true; readonly words: Words }
  /** Each with where it is: `ask.heading: {user} is not known here, only {brand}`. */
  | { readonly ok: false; readonly problems: readonly string[] }

/**
 * Made anew each time: keep what it gives for as long as the overlay stays the same.
 * @param over from outside; nothing is taken for granted
 */
export function overlay(tag: string, over: unknown): Overlaid {
  const language = languages.get(languageFor(tag) ?? 'en') ?? english
  const problems = faultsOf(over, { locale: language.locale ?? language.lang, partial: true })
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, words: speak({ ...language, texts: laidOver(language.texts, over as Overlay) }) }
}

function laidOver<T extends object>(texts: T, over: Overlay<T>): T {
  const laid = Object.entries(over).map(([key, own]) => {
    const under = texts[key as keyof T]
    return [key, typeof under === 'string' ? own : laidOver(under as object, own as object)]
  })
  return { ...texts, ...Object.fromEntries(laid) }
}
