// How an application shows itself: what its name, its colours and the way to its support may be. A reader gets text from outside and
// returns a value, or what is wrong and how to put it right.
import { readAddress } from './address.ts'
import { parseUrl } from './url.ts'

export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly what: string; readonly remedy: string }

export interface Accent {
  readonly light: string
  readonly dark: string
}

const good = <T>(value: T): Read<T> => ({ ok: true, value })
const bad = (what: string, remedy: string): Read<never> => ({ ok: false, what, remedy })

export function readBrandName(text: string): Read<string> {
  const name = text.trim()
  if (/\p{Cc}/u.test(name) || name.length > 60)
    return bad('is longer than 60 characters or holds a control character', 'use the short name your users know')
  return good(name)
}

/** mailto: or https: of the people who help; a bare address becomes mailto:. */
export function readSupport(text: string): Read<string> {
  const read = readAddress(text.replace(/^mailto:/i, ''))
  if (read.ok) return good(`mailto:${read.address.email}`)
  return /^https:\/\/[^\s"'<>]+$/.test(text) && parseUrl(text) !== null
    ? good(text)
    : bad('is neither an e-mail address nor an https URL', 'for example help@example.com')
}

/** Of a page that is 30 kB with everything else. */
const LOGO_MAX = 16_384

/**
 * An SVG drawing, as text. Pages show it as an image, where nothing of it runs and nothing is loaded from elsewhere; so what would try to is
 * refused, as it would not be seen.
 */
export function readLogo(text: string): Read<string> {
  const svg = text.replace(/^\ufeff/, '').trim()
  if (svg.length > LOGO_MAX) return bad('is larger than 16 kB', 'take out what drawing programs leave in it, for example with svgo')
  if (!/^(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*)*<svg\s.*<\/svg>$/s.test(svg))
    return bad('is no SVG drawing', 'give one that begins with <svg and ends with </svg>')
  if (!/^[^>]*\sxmlns=["']http:\/\/www\.w3\.org\/2000\/svg["']/.test(svg.slice(svg.indexOf('<svg'))))
    return bad('is drawn by no browser', 'write <svg xmlns="http://www.w3.org/2000/svg" …>')
  if (/<script|<foreignObject|\son[a-z]+\s*=/i.test(svg)) return bad('holds a script or a page', 'take it out: nothing in an image runs')
  if (/(?:href\s*=\s*["']?|url\(\s*["']?|@import\s+["']?)(?!\s*(?:#|data:|url\())\s*[^\s"')]/i.test(svg))
    return bad('loads something from elsewhere', 'put it into the file: nothing is loaded from an image')
  return good(svg)
}

/** Backgrounds at least as hard as those of our pages; WCAG 2.2 asks for 4.5:1. */
const LIGHT_BACKGROUND = '#f5f5f3'
const DARK_BACKGROUND = '#1f2024'
const CONTRAST_MIN = 4.5

/** `#rrggbb`, or `#light,#dark`. With one colour given, the other is the nearest one that can be read on its background. */
export function readAccent(text: string): Read<Accent> {
  const colours = text.split(',').map((part) => part.trim().toLowerCase())
  const [light = '', dark] = colours
  if (colours.length > 2 || !colours.every((colour) => /^#[0-9a-f]{6}$/.test(colour)))
    return bad('is not a colour', 'write #1f4ed8, or two for light and dark: #1f4ed8,#8fb0ff')
  if (dark === undefined) return good({ light: readableOn(LIGHT_BACKGROUND, light), dark: readableOn(DARK_BACKGROUND, light) })
  if (contrast(light, LIGHT_BACKGROUND) < CONTRAST_MIN)
    return bad(`${light} is too pale to be read on a light page`, `take ${readableOn(LIGHT_BACKGROUND, light)}, the nearest that can`)
  if (contrast(dark, DARK_BACKGROUND) < CONTRAST_MIN)
    return bad(`${dark} is too dark to be read on a dark page`, `take ${readableOn(DARK_BACKGROUND, dark)}, the nearest that can`)
  return good({ light, dark })
}

function readableOn(background: string, colour: string): string {
  const towards = background === LIGHT_BACKGROUND ? 0 : 255
  for (let part = 0; part <= 1; part += 0.02) {
    const mixed = channels(colour).map((value) => Math.round(value + (towards - value) * part))
    const hex = `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
    if (contrast(hex, background) >= CONTRAST_MIN) return hex
  }
  return towards === 0 ? '#000000' : '#ffffff'
}

function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function channels(colour: string): readonly number[] {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16))
}
