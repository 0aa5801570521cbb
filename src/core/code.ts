// What a person typed or pasted as a code, read the same way by the server and by the page's script: this file is bundled into
// it, so it stays tiny and imports nothing. Nothing is compared here.

/**
 * The one code of `length` digits (6 to 10) that `typed` holds, as ASCII digits, or null.
 *
 * The folding, all of it:
 * 1. more than 200 characters are not looked at;
 * 2. invisible format characters (\p{Cf}: zero-width, bidi marks, soft hyphen, BOM) are dropped;
 * 3. Arabic-Indic, Persian and full-width digits become ASCII digits; no other script's do;
 * 4. digits with only spaces (\p{Zs}, tab) and dashes (\p{Pd}, minus sign, and the long-vowel mark that Japanese keyboards give
 *    for a dash) between them belong together; a line break or anything else parts them;
 * 5. what belongs together is a code if its digits number exactly `length`, or if it is one such code repeated;
 * 6. several codes must be the same code. Shorter and longer numbers ("valid 15 minutes") are passed over.
 */
export function readCode(typed: string, length: number): string | null {
  if (typed.length > 200 || length < 6 || length > 10) return null
  const text = typed.replace(/\p{Cf}/gu, '').replace(/[\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]/g, (digit) => `${digit.charCodeAt(0) & 15}`)
  let code: string | null = null
  for (const group of text.match(/\d[\d\t\u2212\u30fc\p{Zs}\p{Pd}]*/gu) ?? []) {
    const runs = group.match(/\d+/g) ?? []
    const whole = runs.join('')
    const found = whole.length === length ? whole : runs.every((run) => run === runs[0]) ? runs[0] : null
    if (found?.length !== length) continue
    // Two candidates: picking one would spend a try on a guess of ours.
    if (code !== null && code !== found) return null
    code = found
  }
  return code
}
