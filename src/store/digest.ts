// Comparison of stored digests. Digests of 256-bit secrets would bear an early exit; a keyed digest of a code should not show one.

export function same(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}
