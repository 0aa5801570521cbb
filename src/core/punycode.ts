// What an A-label says in Unicode, by RFC 3492. URL parsers used to check A-labels as they do Unicode; that of Node 24 lets
// "xn--a" pass, and two nodes of different versions would not agree on what an address is.

const BASE = 36
const T_MIN = 1
const T_MAX = 26

/** Of the part behind "xn--", in lower case; null if it says nothing. */
export function decodePunycode(text: string): string | null {
  const hyphen = text.lastIndexOf('-')
  const points = Array.from(text.slice(0, Math.max(hyphen, 0)), (character) => character.codePointAt(0) ?? 0)
  let point = 0x80
  let bias = 72
  let place = 0
  for (let at = hyphen + 1; at < text.length; ) {
    const before = place
    let weight = 1
    for (let k = BASE; ; k += BASE) {
      const digit = DIGITS.indexOf(text.charAt(at++) || '?')
      if (digit < 0) return null
      place += digit * weight
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX)
      if (digit < threshold) break
      weight *= BASE - threshold
    }
    const length = points.length + 1
    bias = adapted(place - before, length, before === 0)
    point += Math.floor(place / length)
    // Also when it is no number at all, after more digits than any label has room for.
    if (!(point <= 0x10_ffff)) return null
    place %= length
    points.splice(place++, 0, point)
  }
  return String.fromCodePoint(...points)
}

const DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789'

function adapted(delta: number, length: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? 700 : 2))
  rest += Math.floor(rest / length)
  let k = 0
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN))
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + 38))
}
