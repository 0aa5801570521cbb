// In which language a person is answered: what the address of the page asks for, else what this browser was told before, else
// what its settings say, else English. A choice is a preference: nothing is decided by it.
import { LANGUAGE_PARAMETER } from '../core/paths.ts'
import { languageFor } from '../words/words.ts'
import { type CookieNames, readCookie } from './cookies.ts'
import type { Incoming } from './exchange.ts'
import { Memory } from './memory.ts'

export interface Choice {
  readonly language: string
  /** Asked for in the address: to be remembered, so that the pages after it keep to it. */
  readonly asked: boolean
}

export function languageOf(request: Incoming, cookies: CookieNames): Choice {
  const asked = request.search.includes(LANGUAGE_PARAMETER) ? readAsked(request.search) : null
  if (asked !== null) return { language: asked, asked: true }
  const told = readCookie(request.header('cookie'), cookies.language)
  const language = (told === null ? null : languageFor(told.slice(0, TAG_MAX))) ?? acceptedLanguage(request.header('accept-language'))
  return { language, asked: false }
}

/** Of a mail: what the application says, else what the person's browser does. */
export function languageOfMail(locale: string | undefined, choice: Pick<Choice, 'language'>): string {
  return languageFor((locale ?? '').slice(0, TAG_MAX)) ?? choice.language
}

/** BCP 47 asks for 35 characters at least. */
const TAG_MAX = 35
const TAGS_MAX = 20

function readAsked(search: string): string | null {
  return firstOf((new URLSearchParams(search).get(LANGUAGE_PARAMETER) ?? '').split(' '))
}

function firstOf(tags: readonly string[]): string | null {
  for (const tag of tags.slice(0, TAGS_MAX)) {
    const found = languageFor(tag.slice(0, TAG_MAX))
    if (found !== null) return found
  }
  return null
}

const known = new Memory<string>(1_000)
const LONGEST = 200

/** The language that suits best of those we have; of equals, the one that stands first. */
export function acceptedLanguage(header: string | null): string {
  if (header === null || header === '') return 'en'
  // Not remembered: a slice would keep the whole long header in memory.
  return header.length > LONGEST ? readAccepted(header.slice(0, LONGEST)) : known.recall(header, readAccepted)
}

function readAccepted(header: string): string {
  const wanted = header
    .split(',')
    .slice(0, TAGS_MAX)
    .map((part) => {
      const [tag = '', ...parameters] = part.split(';').map((piece) => piece.trim())
      const weight = parameters.find((parameter) => /^q=/i.test(parameter))?.slice(2)
      return { tag, weight: weight === undefined ? 1 : Number(weight) }
    })
    // Not a number is refused here too.
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
  return firstOf(wanted.map(({ tag }) => tag)) ?? 'en'
}
