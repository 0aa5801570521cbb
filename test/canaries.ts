// Secrets that must be nowhere, looked for in all that was said: as they are, and in the forms in which a careless hand writes them.

/** Digits and letters on both sides make another text of it; what follows "1." is the rest of a number. */
const alone = (code: string): RegExp => new RegExp(`(?<![0-9A-Za-z]|\\d\\.)${code}(?![0-9A-Za-z])`)

const isCode = (secret: string): boolean => /^\d{6,10}$/.test(secret)

/** By the name of the form: the text that would have to be found. */
export function forms(secret: string): Readonly<Record<string, string | RegExp>> {
  const bytes = Buffer.from(secret)
  const hex = bytes.toString('hex')
  return {
    plain: isCode(secret) ? alone(secret) : secret,
    ...(encodeURIComponent(secret) === secret ? {} : { 'in a URL': encodeURIComponent(secret) }),
    'percent by percent': hex.replaceAll(/../g, (byte) => `%${byte}`),
    hexadecimal: hex,
    ...Object.fromEntries([0, 1, 2].map((shift) => [`base64, behind ${shift} bytes`, inBase64(bytes, shift)])),
  }
}

/** What is the same whatever stands before and behind it; of both alphabets the part that they share is not enough for a secret with + or /. */
function inBase64(secret: Buffer, shift: number): RegExp {
  const text = Buffer.concat([Buffer.alloc(shift), secret, Buffer.alloc(3)]).toString('base64')
  const own = text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + secret.length) * 8) / 6))
  return new RegExp(own.replaceAll(/[+/]/g, (sign) => (sign === '+' ? '[+-]' : '[/_]')))
}

export interface Leak {
  readonly channel: string
  readonly canary: string
  readonly form: string
  /** What stood around it. */
  readonly near: string
}

/** Everything that was said, by the channel that it was said through. */
export type Said = Readonly<Record<string, readonly string[]>>

export function leaks(said: Said, canaries: Readonly<Record<string, string>>): Leak[] {
  const wanted = Object.entries(canaries).flatMap(([canary, secret]) => {
    if (secret.length < 6) throw new Error(`canary "${canary}" is too short to be told from anything`)
    return Object.entries(forms(secret)).map(([form, text]) => ({ canary, form, text }))
  })
  return Object.entries(said).flatMap(([channel, texts]) => {
    const whole = texts.join('\n')
    return wanted.flatMap(({ canary, form, text }) => {
      const at = typeof text === 'string' ? whole.toLowerCase().indexOf(text.toLowerCase()) : whole.search(text)
      return at < 0 ? [] : [{ channel, canary, form, near: whole.slice(Math.max(0, at - 60), at + 20) }]
    })
  })
}
