// Words of its own that an application says in the place of ours: for each language some texts, laid over those of the language.
import { type Overlay, overlay } from './overlay.ts'
import { languageFor, languages, type Words, wordsFor } from './words.ts'

/** By language, as `de`: some of its texts, under the keys of src/words/en.ts. */
export type OwnTexts = { readonly [lang: string]: Overlay }
export type OwnWords = ReadonlyMap<string, Words>

export interface ReadOwnWords {
  /** Of the languages of which nothing is wrong. */
  readonly words: OwnWords
  /** Each with where it is: `de.ask.heading: {user} is not known here, only {brand}`. */
  readonly problems: readonly string[]
}

/** @param given from outside; nothing is taken for granted */
export function readOwnWords(given: unknown): ReadOwnWords {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return { words: new Map(), problems: ['it is no object of languages — write { "en": { "ask": { "heading": "Welcome to {brand}" } } }'] }
  const words = new Map<string, Words>()
  const problems: string[] = []
  for (const [lang, over] of Object.entries(given)) {
    const language = languages.get(lang)
    if (language === undefined) {
      problems.push(`${lang}: is none of our languages — ${[...languages.keys()].join(', ')}`)
      continue
    }
    const laid = overlay(lang, over)
    if (laid.ok) words.set(language.lang, laid.words)
    else problems.push(...laid.problems.map((problem) => `${lang}.${problem}`))
  }
  return { words, problems }
}

export const wordProblems = (given: object): readonly string[] => readOwnWords(given).problems

/** What is said in a language by whoever has a name of their own, and perhaps words. */
export function wordsOf({ words }: { readonly words?: ReadonlyMap<string, object> | undefined }, tag: string): Words {
  const own = words === undefined || words.size === 0 ? undefined : words.get(languageFor(tag) ?? 'en')
  return own === undefined ? wordsFor(tag) : (own as Words)
}
