// Small inline pieces: words with elements in their gaps, addresses, times. Text is escaped by the JSX renderer, always.
import type { Child } from 'hono/jsx'
import type { Ms } from '../core/model.ts'
import { sameDay } from '../words/format.ts'
import type { Say } from '../words/message.ts'
import { wordsOf } from '../words/own.ts'
import type { Words } from '../words/words.ts'
import type { Frame } from './view.ts'

/**
 * Only the catalogue's own text is searched for `{gaps}`: what fills them is never read again, whatever it holds. A message of a
 * language finds its own; texts of the console, which has one language, are plain.
 */
export function fill<V>(message: Say<V> | string, parts: { readonly [K in keyof V]: Child }): Child[] {
  if (typeof message !== 'string') return message.pieces(parts as never)
  return message.split(/(\{\w+\})/).map((piece) => {
    const name = /^\{(\w+)\}$/.exec(piece)?.[1]
    return name !== undefined && Object.hasOwn(parts, name) ? parts[name as keyof V] : piece
  })
}

export function words(frame: Frame): Words {
  return wordsOf(frame.brand, frame.language)
}

/** Left to right in every script, and apart from the text around it, so that nothing in an address can turn the sentence about. */
export function Address({ children }: { children: string }) {
  return (
    <bdi dir="ltr" class="address">
      {children}
    </bdi>
  )
}

/** UTC as the server knows it; the client script puts the reader's own time in its place. `dated`: with its day, also today. */
export function Time({ frame, at, dated = false }: { frame: Frame; at: Ms; dated?: boolean }) {
  const now = dated ? 0 : frame.now
  return (
    <time datetime={new Date(at).toISOString()} data-day={sameDay(at, now) ? undefined : ''}>
      {words(frame).clock(at, now)}
    </time>
  )
}

/** A sentence of the catalogue that may mention `at`: that mention becomes a time element. */
export function timed(frame: Frame, text: string, at: Ms | undefined): Child[] {
  if (at === undefined) return [text]
  const [before = '', ...after] = text.split(words(frame).clock(at, frame.now))
  return after.length === 1 ? [before, <Time frame={frame} at={at} />, after[0]] : [text]
}

/** Anything but a path of this server or a web or mail address would be a way to run script from a link. */
export function safeHref(href: string, otherwise: string): string {
  return /^(?:https?:\/\/|mailto:|\/(?![/\\]))/i.test(href) ? href : otherwise
}
