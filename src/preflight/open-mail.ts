// What a person finds in a mail of Postkey's: its link and its code.
export interface Opened {
  /** Absolute address, fragment and all. */
  readonly link: string | null
  readonly code: string | null
}

export function openMail({ text }: { readonly text: string }): Opened {
  const link = /https?:\/\/\S*\/l\/\S+/.exec(text)?.[0] ?? null
  // Nor is any other link of it: what stands in them may look like one.
  const rest = text.replace(/https?:\/\/\S+/g, '')
  return { link, code: /(?<!\d)\d{6,10}(?!\d)/.exec(rest)?.[0] ?? null }
}

/** Empty, where a gateway left nothing of them. */
export function partsOf(link: string): { readonly id: string; readonly secret: string } {
  const [, id = '', secret = ''] = /\/l\/([0-9A-Za-z]{17})(?:[#/]([0-9A-Za-z]{43}))?/.exec(link) ?? []
  return { id, secret }
}

/** By lower-case name. */
export function headersOf({ headers }: { readonly headers: Readonly<Record<string, string>> }): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
