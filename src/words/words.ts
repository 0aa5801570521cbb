// The words of a language, ready to be said: `words.ask.title` is a text, `words.ask.heading({ brand })` says a message with its
// values. Made from the language's texts at its first use; English is what is said where a language is not known.
import type { Ms } from '../core/model.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { en } from './en.ts'
import { operators } from './en-console.ts'
import { dev } from './en-dev.ts'
import { type Face, type FaceParams, type FaceTexts, type FaceWords, faceGaps } from './face.ts'
import { ago, clock, duration, inTime, list } from './format.ts'
import type { Language } from './language.ts'
import { translations } from './languages.generated.ts'
import { type Message, messageOf, type Say, type Tongue } from './message.ts'

export type Words = Bound<Omit<typeof en, 'faces'>> & Bound<typeof dev> & Said

type Bound<T> = { readonly [K in keyof T]: T[K] extends string ? Message<T[K]> : Bound<T[K]> }

interface Said {
  readonly lang: string
  readonly dir: 'ltr' | 'rtl'
  /** For Intl: `lang`, and more where it needs to be told. */
  readonly locale: string
  /** What parts two sentences. */
  readonly gap: string
  readonly faces: Readonly<Record<Face, FaceWords>>
  /** For operators, in English. */
  readonly console: typeof operators
  /** "15 minutes" */
  duration(ms: Ms): string
  /** "14:20 UTC", with the day where it is another one */
  clock(at: Ms, now: Ms): string
  /** "3 minutes ago" */
  ago(at: Ms, now: Ms): string
  /** "in 3 minutes" */
  inTime(ms: Ms): string
  /** "a, b and c" */
  list(items: readonly string[]): string
  /** A browser's name as it is stored, "Firefox on Linux", in this language. */
  device(name: string): string
}

export const english: Language = { lang: 'en', dir: 'ltr', name: 'English', texts: en }

/** By tag in lower case, and in its order. */
export const languages: ReadonlyMap<string, Language> = new Map(
  [english, ...translations].map((language) => [language.lang.toLowerCase(), language] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
)

/** The language that a tag ("de-AT") asks for; null: we do not have it. */
export function languageFor(tag: string): string | null {
  for (let range = tag.toLowerCase(); range !== ''; range = range.slice(0, Math.max(0, range.lastIndexOf('-')))) {
    const found = languages.get(range)
    if (found !== undefined) return found.lang
  }
  return null
}

const made = new Map<string, Words>()

/** @param tag a language we have, else it is English */
export function wordsFor(tag: string): Words {
  const ready = made.get(tag)
  if (ready !== undefined) return ready
  const lang = languageFor(tag) ?? 'en'
  // Under its own name only, so that strangers' tags do not fill the memory.
  const words = made.get(lang) ?? speak(languages.get(lang.toLowerCase()) ?? english)
  made.set(lang, words)
  return words
}

/** The words of a reason, by its face. A reason that is never shown gets those of a defect: it should not have come here. */
export function faceWords(words: Words, reason: ReasonCode): FaceWords {
  const face = reasons[reason].face
  return Object.hasOwn(words.faces, face) ? words.faces[face as Face] : words.faces.failed
}

/** Costs a closure for each text, and parses none. */
export function speak({ lang, dir, texts, ...more }: Language): Words {
  const locale = more.locale ?? lang
  const tongue = { locale, dir }
  const { faces, ...others } = en
  const bound = bind(others, texts, tongue) as Bound<typeof others>
  const two = (first: string, second: string): string => bound.time.two({ first, second })
  const day = (date: string, time: string): string => bound.time.day({ day: date, time })
  const words: Words = {
    ...bound,
    ...developers,
    console: operators,
    lang,
    dir,
    locale,
    gap: more.gap ?? ' ',
    faces: Object.fromEntries(
      Object.keys(faces).map((face) => [face, faceOf(texts.faces[face as Face], tongue, () => words)]),
    ) as Words['faces'],
    duration: (ms) => duration(locale, ms, two),
    clock: (at, now) => clock(locale, at, now, day),
    ago: (at, now) => ago(locale, at, now) ?? bound.time.justNow,
    inTime: (ms) => inTime(locale, ms),
    list: (items) => list(locale, items),
    device: (name) => {
      const [browser = '', system] = name.split(' on ')
      const said = browser === en.browser.unknown ? bound.browser.unknown : browser === en.browser.app ? bound.browser.app : browser
      return system === undefined ? said : bound.browser.on({ browser: said, system })
    },
  }
  return words
}

interface Texts {
  readonly [key: string]: string | Texts
}

/** Whether something is a text or is said with values is the same in every language: English tells. */
function bind(model: Texts, texts: Texts, tongue: Tongue): object {
  return Object.fromEntries(
    Object.entries(model).map(([key, text]) => {
      const own = texts[key]
      return [key, typeof text === 'string' ? messageOf(own as string, tongue, text.includes('{')) : bind(text, own as Texts, tongue)]
    }),
  )
}

const developers = bind(dev, dev, { locale: 'en', dir: 'ltr' }) as Bound<typeof dev>

function faceOf(texts: FaceTexts, tongue: Tongue, words: () => Words): FaceWords {
  const sentence = (text: string): ((params: FaceParams) => string) => {
    if (!text.includes('{')) return () => text
    const say = messageOf(text, tongue, true) as Say<object>
    const named = new Set([...text.matchAll(/\{(\w+)[,}]/g)].map(([, name]) => name))
    const gaps = Object.entries(faceGaps).filter(([name]) => named.has(name))
    return (params) => say(Object.fromEntries(gaps.map(([name, fill]) => [name, fill(words(), params)])))
  }
  const { heading, why, next, nextLabel } = texts
  return { heading, why: sentence(why), next: sentence(next), nextLabel }
}
