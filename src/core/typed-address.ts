// What a person typed or pasted as an address, made easier for them: bundled into the pages' script and the client's form. Nothing is
// judged here; that is core/address.ts, on the server.

/** `Ann <ann@example.com>` and `mailto:ann@example.com?subject=…` become the address; invisible marks go. */
export function tidied(pasted: string): string {
  const text = pasted.replace(/\p{Cf}/gu, '').trim()
  const inner = /<([^<>\s]+@[^<>\s]+)>/.exec(text)?.[1] ?? text
  return inner.replace(/^mailto:([^?]*).*$/i, '$1')
}

const COMMON = ['gmail.com', 'googlemail.com', 'outlook.com', 'hotmail.com', 'yahoo.com', 'icloud.com', 'proton.me', 'protonmail.com']
/** One letter from a common one, and real. */
const REAL = ['mail.com', 'email.com', 'ymail.com']

/** The address with the well-known domain that is one slip away from what was typed, or null. */
export function likelyAddress(typed: string): string | null {
  const at = typed.lastIndexOf('@')
  const domain = typed.slice(at + 1).toLowerCase()
  if (at < 1 || [...COMMON, ...REAL].includes(domain)) return null
  const likely = COMMON.find((known) => oneSlip(domain, known))
  return likely === undefined ? null : typed.slice(0, at + 1) + likely
}

/** One letter too many, too few, or other, or two neighbours swapped. */
function oneSlip(a: string, b: string): boolean {
  let from = 0
  while (from < a.length && a[from] === b[from]) from++
  const restA = a.slice(from)
  const restB = b.slice(from)
  return (
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    restA.slice(1) === restB.slice(1) ||
    (restA.slice(2) === restB.slice(2) && restA[0] === restB[1] && restA[1] === restB[0])
  )
}
