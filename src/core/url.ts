// The one way to ask whether a text is a URL.

/**
 * Not by `URL.canParse`: on Node 20 and 22 it refuses letters such as "ü" in a host once it has been called a few thousand times and
 * its compiled form has taken over.
 */
export function parseUrl(text: string, base?: string): URL | null {
  try {
    return new URL(text, base)
  } catch {
    return null
  }
}
