// Reading a form strictly: application/x-www-form-urlencoded text in, named values out. Two values for one field, broken
// encodings and control characters are refused here, so that nothing behind this line has two meanings. What a value means is
// for others to say. Own code, because URLSearchParams repairs in silence what must be refused.

export interface FieldRule {
  /** Longest value, in UTF-16 units. */
  readonly max: number
  /** Must be sent; it may be sent empty, which is for the page to answer. */
  readonly required: boolean
  /** May have several: a break counts as one character, however it was sent. */
  readonly lines?: boolean
}

export type FieldValues<F extends Readonly<Record<string, FieldRule>>> = {
  readonly [K in keyof F]: F[K]['required'] extends true ? string : string | undefined
}

export type FormResult<F extends Readonly<Record<string, FieldRule>>> =
  | { readonly ok: true; readonly values: FieldValues<F> }
  /** Names at most a field of ours, never what was sent. */
  | { readonly ok: false; readonly why: string }

const FIELDS_MAX = 32

/** All C0 controls but the tab, which a paste out of a table brings along; the mark of broken UTF-8; lone surrogates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
const UNFIT = /[\0-\x08\x0a-\x1f\x7f\ufffd\p{Cs}]/u

export function readForm<const F extends Readonly<Record<string, FieldRule>>>(body: string, fields: F): FormResult<F> {
  const values: Record<string, string | undefined> = {}
  let from = 0
  for (let sent = 1; from <= body.length; sent++) {
    if (sent > FIELDS_MAX) return refuse('too many fields')
    const and = body.indexOf('&', from)
    const to = and < 0 ? body.length : and
    const equals = body.indexOf('=', from)
    const nameTo = equals < 0 || equals > to ? to : equals
    const name = decode(body.slice(from, nameTo))
    if (name === null) return refuse('a field name is not readable')
    if (Object.hasOwn(fields, name)) {
      const rule = fields[name] as FieldRule
      const { max } = rule
      if (values[name] !== undefined) return refuse(`${name}: sent twice`)
      const raw = body.slice(nameTo + 1, to)
      // Nine characters encode one at most; longer text is not worth decoding.
      if (raw.length > 9 * max) return refuse(`${name}: too long`)
      const value = decode(raw, rule.lines)
      if (value === null) return refuse(`${name}: not readable`)
      if (value.length > max) return refuse(`${name}: too long`)
      values[name] = value
    }
    from = to + 1
  }
  for (const name in fields) if (fields[name]?.required && values[name] === undefined) return refuse(`${name}: missing`)
  return { ok: true, values: values as FieldValues<F> }
}

function refuse(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why }
}

/** null: broken percent-encoding, broken UTF-8 or a character that no field takes. */
function decode(raw: string, lines = false): string | null {
  let text = raw.includes('+') ? raw.replaceAll('+', ' ') : raw
  if (text.includes('%')) {
    try {
      text = decodeURIComponent(text)
    } catch {
      return null
    }
  }
  if (!lines) return UNFIT.test(text) ? null : text
  text = text.replaceAll('\r\n', '\n')
  return UNFIT.test(text.replaceAll('\n', ' ')) ? null : text
}
