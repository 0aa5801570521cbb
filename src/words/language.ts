// What a language is made of: one file in languages/ with one object of this type. It is held against English, key by key; that the
// gaps are the same and the plurals complete is checked by check.ts, at each build.
import type { en } from './en.ts'

export interface Language {
  /** As in `<html lang>`; the file is named after it. */
  readonly lang: string
  readonly dir: 'ltr' | 'rtl'
  /** Its own name, as in the language switch. */
  readonly name: string
  /** For Intl, where it must be told more than `lang`, such as which digits. */
  readonly locale?: string
  /** What parts two sentences; a space unless told. */
  readonly gap?: string
  readonly texts: Translated<typeof en>
}

export type Translated<T> = { readonly [K in keyof T]: T[K] extends string ? string : Translated<T[K]> }
